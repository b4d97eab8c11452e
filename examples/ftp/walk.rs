//! Transfers and removes directories with everything in them.
//!
//! File names from a server are never trusted: one becomes a local name only if it is a single,
//! plain component. Links are not followed, in either direction. If a file fails, that is reported
//! and the rest goes on.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use ftp_proto::codec::pathname::UnsafeName;
use ftp_proto::io::{Error, Listed, Removal, Removed, Unseen, Walker, local_name};
use ftp_proto::listing::{Entry, Format, Kind, Precision};

use crate::client::Store;
use crate::failure::{Failure, Shown};
use crate::session::Session;
use crate::transfer::{self, Known, Ways};
use crate::url::join;

/// Downloads the contents of the directory `remote` into the directory `local`, which is created.
pub fn get(session: &mut Session, remote: &[u8], local: &Path, ways: Ways) -> Result<(), Failure> {
    let walker = Walker::new(remote).map_err(Failure::remote(remote))?;
    let mut walker = walker.listing_limits(session.manner.limits.of_listings());
    // A directory that cannot be saved under its name is reported with its parent, and not entered.
    let enter = |entry: &Entry<'_>| local_name(entry.file_name()).is_ok();
    loop {
        let listed = session.client.walk(&mut walker, enter);
        let result = match listed.map_err(Failure::remote(walker.path())) {
            Ok(None) => return Ok(()),
            Ok(Some(listed)) => get_directory(session, listed, local, ways),
            Err(failure) => Err(failure),
        };
        // A failure at the root is a failure of everything.
        match walker.path() == remote {
            true => result?,
            false => session.attempt(result)?,
        }
    }
}

/// Downloads the contents of one directory, except for its subdirectories, which follow later.
fn get_directory(session: &mut Session, listed: Listed, root: &Path, ways: Ways) -> Result<(), Failure> {
    let path = listed.path.clone();
    let local = listed.local_path(root).map_err(|unsafe_name| not_saved(&path, unsafe_name))?;
    if listed.left_out > 0 {
        let reason = format!("{}: too many directories to walk them all", Shown(&path));
        session.attempt(Err(Failure::unseen(reason)))?;
    }
    let entries = session.sorted(listed)?;
    if !local.is_dir() {
        fs::create_dir(&local).map_err(Failure::local(&local))?;
    }
    for entry in &entries {
        let entry = entry.entry();
        let name = entry.file_name();
        let path = join(&path, name.as_bytes());
        let local = match local_name(name) {
            Ok(name) => local.join(name),
            Err(unsafe_name) => {
                session.attempt(Err(not_saved(&path, unsafe_name)))?;
                continue;
            }
        };
        match entry.kind {
            Kind::Directory => {}
            Kind::File | Kind::Unknown => {
                let result = transfer::get(session, &path, &local, ways, known(&entry));
                session.attempt(result)?;
            }
            Kind::Link { .. } => session.manner.note(format_args!("{}: skipped: a link", Shown(&path))),
            Kind::Pipe | Kind::Socket | Kind::BlockDevice(_) | Kind::CharacterDevice(_) => {
                session.manner.note(format_args!("{}: skipped: not a file", Shown(&path)));
            }
            // An entry of an unknown kind may hold anything, such as a file's content.
            kind => {
                let kind = match kind {
                    Kind::Other(name) => Shown(name.as_bytes()).to_string(),
                    _ => "unknown".into(),
                };
                let what = format!("{}: skipped: an unknown kind of entry: {kind}", Shown(&path));
                session.attempt(Err(Failure::unseen(what)))?;
            }
        }
    }
    Ok(())
}

fn not_saved(path: &[u8], unsafe_name: UnsafeName) -> Failure {
    Failure::here(format!("{}: not saved under this name: {unsafe_name}", Shown(path)))
}

/// Returns the facts that the server need not be asked for again. A time without seconds or zone is
/// worth asking for.
fn known(entry: &Entry<'_>) -> Known {
    let exact = |modified: &ftp_proto::listing::Modified| {
        modified.zone().is_some() && modified.precision() >= Precision::Second
    };
    let modified = entry.modified.filter(exact).and_then(|modified| modified.to_system_time(0));
    let is_fact = entry.format() == Some(Format::Mlsd) && entry.kind == Kind::File;
    Known { size: entry.size, fact: entry.size.filter(|_| is_fact), modified }
}

/// Uploads the contents of the directory `local` into the directory `remote`, which is created. If
/// `local` is a file, that is uploaded.
pub fn put(session: &mut Session, local: &Path, remote: &[u8], ways: Ways) -> Result<(), Failure> {
    if !fs::metadata(local).map_err(Failure::local(local))?.is_dir() {
        return transfer::put(session, local, remote, ways);
    }
    make_parents(session, remote)?;
    let mut directories = vec![(local.to_owned(), remote.to_vec())];
    make(session, remote)?;
    while let Some((local, remote)) = directories.pop() {
        let entries = fs::read_dir(&local).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = match entries.map_err(Failure::local(&local)) {
            Ok(entries) => entries,
            Err(failure) => {
                session.attempt(Err(failure))?;
                continue;
            }
        };
        let files = entries.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        let names = files.filter_map(|entry| remote_name(&entry.file_name()));
        let foreign = foreign(session, &remote, names.filter(|name| is_risky(name)).collect())?;
        // The uploaded names that the server may have changed.
        let mut doubtful = Vec::new();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let local = entry.path();
            let kind = entry.file_type().map_err(Failure::local(&local))?;
            let Some(name) = remote_name(&entry.file_name()) else {
                let reason = format!("{}: a name that is not Unicode", local.display());
                session.attempt(Err(Failure::here(reason)))?;
                continue;
            };
            let remote = join(&remote, &name);
            if foreign.contains(&name) {
                let what = format!("{}: not sent, since the server has another name for it", Shown(&remote));
                session.attempt(Err(Failure::unseen(what)))?;
                continue;
            }
            if kind.is_dir() {
                // The directory is created here, so that one listing of its parent is enough for
                // all names in that.
                let result = make_new(session, &remote, &name);
                if result.is_ok() {
                    directories.push((local, remote));
                    doubtful.extend((!is_plain(&name)).then_some(name));
                }
                session.attempt(result)?;
            } else if kind.is_file() {
                let result = transfer::put(session, &local, &remote, ways);
                if result.is_ok() && !is_plain(&name) {
                    doubtful.push(name);
                }
                session.attempt(result)?;
            } else {
                session.manner.note(format_args!("{}: skipped: not a file", local.display()));
            }
        }
        confirm(session, &remote, doubtful)?;
    }
    Ok(())
}

/// Returns whether every server keeps this name unchanged.
fn is_plain(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(plain)
}

/// Returns those of `names` under which the server would store something else, possibly in place of
/// an existing file. To find out, appends nothing to each that is not listed yet: if the directory
/// then lists the name, the file may be sent.
fn foreign(
    session: &mut Session,
    directory: &[u8],
    names: Vec<Vec<u8>>,
) -> Result<HashSet<Vec<u8>>, Failure> {
    let mut asked = Vec::new();
    for name in missing(session, directory, names)? {
        let path = join(directory, &name);
        let appended = session.client.append(&path).and_then(Store::finish);
        match appended.map_err(Failure::remote(&path)) {
            Ok(()) => asked.push(name),
            Err(failure) if failure.is_fatal() => return Err(failure),
            // The server will refuse the file itself too, with the reason.
            Err(_) => {}
        }
    }
    missing(session, directory, asked).map(HashSet::from_iter)
}

/// Returns whether a server may change this name: because of a blank or dot at its end, characters
/// that Windows does not allow, or bytes that are not UTF-8.
fn is_risky(name: &[u8]) -> bool {
    name.ends_with(b" ")
        || name.ends_with(b".")
        || name.iter().any(|byte| b"\\:*?<>|\"".contains(byte))
        || std::str::from_utf8(name).is_err()
}

/// Checks that a directory lists these names. Some servers silently change names that they cannot
/// store.
fn confirm(session: &mut Session, directory: &[u8], names: Vec<Vec<u8>>) -> Result<(), Failure> {
    for name in missing(session, directory, names)? {
        let path = join(directory, &name);
        let what = format!("{}: sent, but the server does not list it under this name", Shown(&path));
        session.attempt(Err(Failure::unseen(what)))?;
    }
    Ok(())
}

/// Returns those of `names` that the directory does not list.
fn missing(session: &mut Session, directory: &[u8], names: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Failure> {
    if names.is_empty() {
        return Ok(names);
    }
    // If the directory can be written to but not listed, there is nothing to compare.
    let limits = session.manner.limits.of_listings();
    let listed = match session.client.list(directory, &limits) {
        Ok(listed) => listed,
        Err(error) if error.is_fatal() => return Err(Failure::remote(directory)(error)),
        Err(_) => return Ok(Vec::new()),
    };
    let entries: Vec<_> = listed.entries.iter().map(|entry| entry.entry()).collect();
    let found: HashSet<&[u8]> = entries.iter().map(|entry| entry.file_name().as_bytes()).collect();
    Ok(names.into_iter().filter(|name| !found.contains(&name[..])).collect())
}

/// Creates those parents of this directory that do not exist.
fn make_parents(session: &mut Session, remote: &[u8]) -> Result<(), Failure> {
    let parents = (1..remote.len()).filter(|&at| remote[at] == b'/').map(|at| &remote[..at]);
    let mut missing = Vec::new();
    for parent in parents.collect::<Vec<_>>().into_iter().rev() {
        match session.visit(parent) {
            Ok(()) => break,
            Err(failure) if failure.is_fatal() => return Err(failure),
            Err(_) => missing.push(parent),
        }
    }
    for parent in missing.into_iter().rev() {
        make(session, parent)?;
    }
    Ok(())
}

/// Like [`make`], but a directory that exists already may belong to another name, if the server may
/// change this one. The listing of its parent shows that.
fn make_new(session: &mut Session, remote: &[u8], name: &[u8]) -> Result<(), Failure> {
    if !is_risky(name) {
        return make(session, remote);
    }
    match session.client.make_directory(remote) {
        Err(refusal @ Error::Refused(_)) => {
            let parent = &remote[..remote.len() - name.len()];
            let is_there = missing(session, parent, vec![name.to_vec()])?.is_empty();
            if is_there { make(session, remote) } else { Err(Failure::remote(remote)(refusal)) }
        }
        result => result.map_err(Failure::remote(remote)),
    }
}

/// Creates a directory, which may exist already.
fn make(session: &mut Session, remote: &[u8]) -> Result<(), Failure> {
    if remote.is_empty() {
        return Ok(());
    }
    match session.client.make_directory(remote) {
        Err(refusal @ Error::Refused(_)) => {
            session.visit(remote).map_err(|_| Failure::remote(remote)(refusal))
        }
        result => result.map_err(Failure::remote(remote)),
    }
}

/// Removes `path`: a file, or a directory with everything in it. Nothing in a directory is removed
/// unless all of it was seen.
pub fn remove(session: &mut Session, path: &[u8], trust_paths: bool) -> Result<(), Failure> {
    let removal = Removal::new(path).map_err(Failure::remote(path))?;
    let mut removal = removal.trust_paths(trust_paths).listing_limits(session.manner.limits.of_listings());
    loop {
        let result = match session.client.remove_all(&mut removal) {
            Ok(None) => break,
            Ok(Some(Removed::Unseen(path, why))) => {
                let hint = match why {
                    Unseen::Elsewhere(_) | Unseen::Unconfirmed => " (use --trust-paths to remove it anyway)",
                    _ => "",
                };
                Err(Failure::unseen(format!("{}: {why}{hint}", Shown(&path))))
            }
            Ok(Some(_)) => Ok(()),
            Err(error) => Err(Failure::remote(removal.path())(error)),
        };
        session.attempt(result)?;
    }
    match removal.has_seen_all() {
        true => Ok(()),
        false => session.attempt(Err(Failure::unseen(format!(
            "{}: not all of it was removed, since not all of it could be seen",
            Shown(path)
        )))),
    }
}

/// Returns the remote name of a local file: its bytes, or UTF-8.
pub fn remote_name(name: &OsStr) -> Option<Vec<u8>> {
    #[cfg(unix)]
    return Some(std::os::unix::ffi::OsStrExt::as_bytes(name).to_vec());
    #[cfg(not(unix))]
    name.to_str().map(Into::into)
}
