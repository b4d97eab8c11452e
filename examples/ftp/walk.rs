//! Directories with all that is in them.
//!
//! What a server calls its files is never trusted: a name becomes a local one only if it is a single, plain
//! component. Links are not followed, in neither direction. One file that fails is told, and the rest goes on.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use ftp_proto::codec::pathname::UnsafeName;
use ftp_proto::io::{Error, Listed, Walker, local_name};
use ftp_proto::listing::{Entry, Format, Kind, Precision};

use crate::failure::{Failure, Shown};
use crate::session::Session;
use crate::transfer::{self, Known, Ways};
use crate::url::join;

/// Downloads what is in the directory `remote` into the directory `local`, which is made.
pub fn get(session: &mut Session, remote: &[u8], local: &Path, ways: Ways) -> Result<(), Failure> {
    let mut walker = Walker::new(remote).map_err(Failure::remote(remote))?;
    // One that cannot be saved under its name is told of where it is found, and not entered.
    let enter = |entry: &Entry<'_>| local_name(entry.file_name()).is_ok();
    loop {
        let listed = session.client.walk(&mut walker, enter);
        let result = match listed.map_err(Failure::remote(walker.path())) {
            Ok(None) => return Ok(()),
            Ok(Some(listed)) => get_directory(session, listed, local, ways),
            Err(failure) => Err(failure),
        };
        // The root's failure is that of all of it.
        match walker.path() == remote {
            true => result?,
            false => session.attempt(result)?,
        }
    }
}

/// Downloads what one directory holds, but for those in it, which come later.
fn get_directory(session: &mut Session, listed: Listed, root: &Path, ways: Ways) -> Result<(), Failure> {
    let path = &listed.path;
    let local = listed.local_path(root).map_err(|unsafe_name| not_saved(path, unsafe_name))?;
    if listed.left_out > 0 || listed.cut {
        let reason = format!("{}: too much to walk through all of it", Shown(path));
        session.attempt(Err(Failure::here(reason)))?;
    }
    let path = path.clone();
    let entries = session.sorted(&path, listed.entries, &listed.unread)?;
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
            Kind::Link { .. } => session.manner.note(format_args!("{}: a link, left out", Shown(&path))),
            _ => session.manner.note(format_args!("{}: no file, left out", Shown(&path))),
        }
    }
    Ok(())
}

fn not_saved(path: &[u8], unsafe_name: UnsafeName) -> Failure {
    Failure::here(format!("{}: not saved under this name: {unsafe_name}", Shown(path)))
}

/// What need not be asked of the server again. A time without seconds or zone is worth asking.
fn known(entry: &Entry<'_>) -> Known {
    let exact = |modified: &ftp_proto::listing::Modified| {
        modified.zone().is_some() && modified.precision() >= Precision::Second
    };
    let modified = entry.modified.filter(exact).and_then(|modified| modified.to_system_time(0));
    let is_fact = entry.format() == Some(Format::Mlsd) && entry.kind == Kind::File;
    Known { size: entry.size, fact: entry.size.filter(|_| is_fact), modified }
}

/// Uploads what is in the directory `local` into the directory `remote`, which is made. A file is uploaded too.
pub fn put(session: &mut Session, local: &Path, remote: &[u8], ways: Ways) -> Result<(), Failure> {
    if !fs::metadata(local).map_err(Failure::local(local))?.is_dir() {
        return transfer::put(session, local, remote, ways);
    }
    let mut directories = vec![(local.to_owned(), remote.to_vec())];
    while let Some((local, remote)) = directories.pop() {
        make(session, &remote)?;
        let entries = fs::read_dir(&local).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut entries = entries.map_err(Failure::local(&local))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let local = entry.path();
            let kind = entry.file_type().map_err(Failure::local(&local))?;
            let Some(name) = remote_name(&entry.file_name()) else {
                let reason = format!("{}: a name that is no Unicode", local.display());
                session.attempt(Err(Failure::here(reason)))?;
                continue;
            };
            let remote = join(&remote, &name);
            if kind.is_dir() {
                directories.push((local, remote));
            } else if kind.is_file() {
                let result = transfer::put(session, &local, &remote, ways);
                session.attempt(result)?;
            } else {
                session.manner.note(format_args!("{}: no file, left out", local.display()));
            }
        }
    }
    Ok(())
}

/// Makes a directory that may be there already.
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

/// Removes what is at `path`: a file, or a directory with all in it.
pub fn remove(session: &mut Session, path: &[u8]) -> Result<(), Failure> {
    enum Step {
        /// Whatever it is.
        Any,
        File,
        /// A directory, with what is in it.
        Directory,
        /// A directory, after what was in it.
        Emptied,
    }
    let mut steps = vec![(path.to_vec(), Step::Any)];
    while let Some((path, step)) = steps.pop() {
        match step {
            Step::Any => match session.client.delete(&path) {
                Ok(()) => {}
                // It may be a directory; if it is none, the first refusal says why.
                Err(refusal @ Error::Refused(_)) => match session.visit(&path) {
                    Ok(()) => steps.push((path, Step::Directory)),
                    Err(_) => session.attempt(Err(Failure::remote(&path)(refusal)))?,
                },
                Err(error) => session.attempt(Err(Failure::remote(&path)(error)))?,
            },
            Step::Directory => {
                let entries = match session.entries(&path) {
                    Ok(entries) => entries,
                    Err(failure) => {
                        session.attempt(Err(failure))?;
                        continue;
                    }
                };
                let inside = entries.iter().filter_map(|entry| {
                    let entry = entry.entry();
                    let name = entry.file_name();
                    let step = match entry.kind {
                        Kind::Directory => Step::Directory,
                        Kind::Unknown => Step::Any,
                        _ => Step::File,
                    };
                    (!matches!(name.as_bytes(), b"" | b"." | b".."))
                        .then(|| (join(&path, name.as_bytes()), step))
                });
                let mut inside: Vec<_> = inside.collect();
                steps.push((path, Step::Emptied));
                steps.append(&mut inside);
            }
            Step::File | Step::Emptied => {
                let result = match step {
                    Step::File => session.client.delete(&path),
                    _ => session.client.remove_directory(&path),
                };
                session.attempt(result.map_err(Failure::remote(&path)))?;
            }
        }
    }
    Ok(())
}

/// What a file here is called there: its bytes, or UTF-8.
pub fn remote_name(name: &OsStr) -> Option<Vec<u8>> {
    #[cfg(unix)]
    return Some(std::os::unix::ffi::OsStrExt::as_bytes(name).to_vec());
    #[cfg(not(unix))]
    name.to_str().map(Into::into)
}
