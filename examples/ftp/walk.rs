//! Transfers and removes directories with everything in them.
//!
//! File names from a server are never trusted: one becomes a local name only if it is a single,
//! plain component. Links are not followed, in either direction. If a file fails, that is reported
//! and the rest goes on.

use std::fs;
use std::path::Path;

use ftp_proto::client::ExpectedSize;
use ftp_proto::codec::pathname::UnsafeName;
use ftp_proto::io::{Listed, Removal, Removed, Unseen, Walker, local_name};
use ftp_proto::listing::{Entry, Kind, Modified};

use crate::failure::{Failure, Shown};
use crate::names::{confirm, foreign, is_plain, is_risky, make, make_new, make_parents, remote_name};
use crate::session::Session;
use crate::transfer::{Known, Ways};
use crate::url::join;
use crate::{download, upload};

/// Downloads the contents of the directory `remote` into the directory `local`, which is created.
pub fn get(session: &mut Session, remote: &[u8], local: &Path, ways: Ways) -> Result<(), Failure> {
    let walker = Walker::new(remote).map_err(Failure::remote(remote))?;
    let mut walker = walker.listing_limits(session.limits());
    // A directory that cannot be saved under its name is reported with its parent, and not entered.
    let enter = |_: &[u8], entry: &Entry<'_>| local_name(entry.file_name()).is_ok();
    loop {
        let result = match session.walk(&mut walker, enter) {
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
    let files = entries.iter().map(|entry| entry.entry()).filter(|entry| is_fetched(entry.kind));
    let sizes: Vec<u64> = files.map(|entry| entry.size.unwrap_or(0)).collect();
    session.shared.report.progress.expect(sizes.len() as u64, sizes.iter().sum());
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
            kind if is_fetched(kind) => {
                let result = download::get(session, &path, &local, ways, known(&entry));
                session.attempt(result)?;
            }
            Kind::Link { .. } => session.shared.report.skip(&path, "a link"),
            Kind::Pipe | Kind::Socket | Kind::BlockDevice(_) | Kind::CharacterDevice(_) => {
                session.shared.report.skip(&path, "not a file");
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

fn is_fetched(kind: Kind<'_>) -> bool {
    matches!(kind, Kind::File | Kind::Unknown)
}

fn not_saved(path: &[u8], unsafe_name: UnsafeName) -> Failure {
    Failure::here(format!("{}: not saved under this name: {unsafe_name}", Shown(path)))
}

/// Returns the facts that the server need not be asked for again. A time without seconds or zone is
/// worth asking for.
pub fn known(entry: &Entry<'_>) -> Known {
    let modified = entry.modified.filter(Modified::is_exact);
    let modified = modified.and_then(|modified| modified.to_system_time(0));
    Known { size: entry.size, expected: ExpectedSize::of(entry), modified }
}

/// Uploads the contents of the directory `local` into the directory `remote`, which is created. If
/// `local` is a file, that is uploaded.
pub fn put(session: &mut Session, local: &Path, remote: &[u8], ways: Ways) -> Result<(), Failure> {
    if !fs::metadata(local).map_err(Failure::local(local))?.is_dir() {
        return upload::put(session, local, remote, ways);
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
        let files = entries.iter().filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file);
        let sizes: Vec<u64> = files.map(|file| file.len()).collect();
        session.shared.report.progress.expect(sizes.len() as u64, sizes.iter().sum());
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
                let result = upload::put(session, &local, &remote, ways);
                if result.is_ok() && !is_plain(&name) {
                    doubtful.push(name);
                }
                session.attempt(result)?;
            } else {
                session.shared.report.skip(&remote, "not a file, but a link or a device");
            }
        }
        confirm(session, &remote, doubtful)?;
    }
    Ok(())
}

/// Removes `path`: a file, or a directory with everything in it. Nothing in a directory is removed
/// unless all of it was seen.
pub fn remove(session: &mut Session, path: &[u8], trust_paths: bool) -> Result<(), Failure> {
    let removal = Removal::new(path).map_err(Failure::remote(path))?;
    let mut removal = removal.trust_paths(trust_paths).listing_limits(session.limits());
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
            Ok(Some(Removed::File(path) | Removed::Directory(path))) => {
                session.shared.report.count(|tally| tally.removed += 1);
                session.shared.report.event("remove", &path, serde_json::json!({}));
                Ok(())
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
