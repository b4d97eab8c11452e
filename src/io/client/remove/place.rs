//! Navigation of a removal: enters a directory of its tree, and verifies that the session is there.

use super::{Removal, Unseen};
use crate::client::{self, FactsReader, Location, change_directory};
use crate::codec::ReplyLine;
use crate::io::client::connection::Connection;
use crate::io::client::outcome::{optional, text};
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;

/// Maximum length of a path that is sent. GNU ftpd takes what follows the 512th byte of a line for
/// another command.
const LONGEST_PATH: usize = 400;

/// The result of an attempt to go to a directory.
pub(super) enum Gone {
    There,
    /// The listing did not report the kind of the entry, and the entry is not a directory.
    NoDirectory,
    Not(Unseen),
}

/// Makes a directory of the tree the working directory, and verifies the result.
pub(super) async fn go_to<R: Runtime>(
    connection: &mut Connection<R>,
    removal: &mut Removal,
    at: usize,
) -> Result<Gone, Error> {
    let Some(base) = removal.base.clone() else {
        // Entries are removed by path, and below the root only if the unique fact identifies their
        // directory.
        connection.go_home().await?;
        let path = connection.wire_name(&removal.path_of(at))?.into_owned();
        if at > 0 && !removal.trust_paths && !has_fact(connection, removal, at, &path).await? {
            return Ok(Gone::Not(Unseen::Unconfirmed));
        }
        return Ok(Gone::There);
    };
    if removal.place == Some((connection.visits(), at)) {
        return Ok(Gone::There);
    }
    if removal.place.take().is_none_or(|(visit, _)| visit != connection.visits()) {
        connection.go_home().await?;
        match connection.place().await? {
            Some(home) => connection.leave(home.path),
            None => return Ok(Gone::Not(Unseen::Unconfirmed)),
        }
    }
    let mut names = Vec::new();
    for name in removal.names(at) {
        names.push(connection.wire_name(name)?.into_owned());
    }
    let names: Vec<&[u8]> = names.iter().map(|name| &name[..]).collect();
    let location = Location::new(&base);
    // Sends one command if the form of the server's paths is known and the line is short enough for
    // it, otherwise one command per name.
    let steps = match location.path(&names).filter(|path| path.len() <= LONGEST_PATH) {
        Some(path) => vec![path],
        None => [&base[..]].iter().chain(&names).map(|name| name.to_vec()).collect(),
    };
    for step in &steps {
        match connection.run_here(change_directory(text(step)?), |_| {}).await {
            Ok(_) => {}
            Err(Error::Refused(_)) if !removal.tree[at].is_sure => return Ok(Gone::NoDirectory),
            Err(error) => return Err(error),
        }
    }
    let place = connection.whereabouts().await?;
    let is_right = place.as_ref().is_some_and(|place| location.is_confirmed_by(&names, &place.text));
    let is_elsewhere = place.as_ref().is_some_and(|place| {
        location.is_contradicted_by(&names, &place.text) || removal.home.as_ref() == Some(&place.path)
    });
    let mut is_there = is_right || removal.trust_paths;
    if !is_there && at > 0 && !is_elsewhere {
        is_there = has_fact(connection, removal, at, b"").await?;
    }
    if is_there {
        removal.place = Some((connection.visits(), at));
        return Ok(Gone::There);
    }
    let elsewhere = place.map(|place| place.path).filter(|path| !path.is_empty());
    Ok(Gone::Not(elsewhere.map_or(Unseen::Unconfirmed, Unseen::Elsewhere)))
}

/// Returns whether the directory at `path` has the unique fact that its entry had, and no other
/// entry that was seen has that fact.
async fn has_fact<R: Runtime>(
    connection: &mut Connection<R>,
    removal: &mut Removal,
    at: usize,
    path: &[u8],
) -> Result<bool, Error> {
    let Some(unique) = removal.tree[at].unique.clone().filter(|_| removal.is_identified(at)) else {
        return Ok(false);
    };
    if unique_of(connection, path).await?.as_ref() != Some(&unique) {
        return Ok(false);
    }
    if removal.landmarks.is_none() {
        // Without a base the session is in the home directory.
        let (root, home) = match &removal.base {
            Some(base) => (base.clone(), removal.home.clone().unwrap_or_default()),
            None => (connection.wire_name(&removal.root)?.into_owned(), Vec::new()),
        };
        removal.landmarks = Some([unique_of(connection, &root).await?, unique_of(connection, &home).await?]);
    }
    // If the server does not report the facts of the root and home directories, this fact may be
    // theirs.
    let differs = |landmark: &Option<Vec<u8>>| landmark.as_ref().is_some_and(|fact| *fact != unique);
    removal.tree[at].by_fact = removal.landmarks.iter().flatten().all(differs);
    Ok(removal.tree[at].by_fact)
}

/// Returns the unique fact of what is at `path`, if the server reports it.
async fn unique_of<R: Runtime>(
    connection: &mut Connection<R>,
    path: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let mut reader = FactsReader::new(vec![0; 8192]);
    let mut unique = None;
    let keep = |line: &ReplyLine<'_>| {
        if let Some(Ok(entry)) = reader.line(line) {
            unique = entry.unique.map(|fact| fact.as_bytes().to_vec());
        }
    };
    match connection.run_here(client::facts(optional(path)?), keep).await {
        Ok(()) => Ok(unique),
        Err(Error::Refused(_) | Error::Unreadable(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
