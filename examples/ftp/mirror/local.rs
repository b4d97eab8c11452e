//! Reads a local directory.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{io, process};

use ftp_proto::codec::Timestamp;
use ftp_proto::io::local_name;

use super::tree::{self, File, Kind, Moment, Tree, directory_of};
use crate::failure::Failure;
use crate::filter::Filter;
use crate::names::remote_name;
use crate::part::Key;
use crate::session::Session;
use crate::url::join;

/// Reads everything below `root`. Links are not followed.
pub fn read(
    session: &mut Session,
    root: &Path,
    filter: &Filter,
    may_be_missing: bool,
) -> Result<Tree, Failure> {
    let mut tree = Tree::default();
    match fs::metadata(root) {
        Err(error) if may_be_missing && error.kind() == io::ErrorKind::NotFound => return Ok(tree),
        Err(error) => return Err(Failure::local(root)(error)),
        Ok(found) if !found.is_dir() => {
            return Err(Failure::here(format!("{}: not a directory", root.display())));
        }
        Ok(_) => {}
    }
    let mut directories = vec![(root.to_owned(), tree::Path::new())];
    while let Some((local, below)) = directories.pop() {
        let entries = match fs::read_dir(&local).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => {
                tree.is_partial = true;
                tree.kept.insert(below);
                session.attempt(Err(Failure::local(&local)(error)))?;
                continue;
            }
        };
        for entry in entries {
            let found = remote_name(&entry.file_name())
                .ok_or_else(|| {
                    Failure::here(format!("{}: a name that is not Unicode", entry.path().display()))
                })
                .and_then(|name| Ok((name, entry.metadata().map_err(Failure::local(&entry.path()))?)));
            let (name, metadata) = match found {
                Ok(found) => found,
                Err(failure) => {
                    tree.is_partial = true;
                    tree.kept.insert(below.clone());
                    session.attempt(Err(failure))?;
                    continue;
                }
            };
            let path = join(&below, &name);
            if !filter.admits(&path, metadata.is_dir()) {
                tree.kept.insert(below.clone());
            } else if metadata.is_file() && Key::is_part(&name) {
                tree.parts.insert(path, metadata.len());
            } else {
                if metadata.is_dir() {
                    directories.push((entry.path(), path.clone()));
                }
                tree.nodes.insert(path, kind(&metadata));
            }
        }
    }
    Ok(tree)
}

fn kind(metadata: &Metadata) -> Kind {
    match metadata.file_type() {
        kind if kind.is_file() => Kind::File(facts(metadata)),
        kind if kind.is_dir() => Kind::Directory,
        kind if kind.is_symlink() => Kind::Link,
        _ => Kind::Other,
    }
}

/// Returns the facts about a file that are compared.
pub fn facts(metadata: &Metadata) -> File {
    let time = metadata.modified().ok().and_then(|time| Timestamp::from_system_time(time).ok());
    let time = time.map(|time| Moment::exact(time.to_unix().0));
    File { size: Some(metadata.len()), is_size_exact: true, time }
}

/// Returns the system time of a moment.
pub fn system_time(moment: Moment) -> Option<SystemTime> {
    Timestamp::from_unix(moment.seconds, 0).ok()?.to_system_time()
}

/// Returns the local path of a path below the root, whose names were checked when the plan was
/// made.
pub fn path_of(root: &Path, path: &[u8]) -> Result<PathBuf, Failure> {
    let mut local = root.to_owned();
    for name in path.split(|byte| *byte == b'/') {
        let name = local_name(name).map_err(|error| Failure::here(format!("{}: {error}", root.display())))?;
        local.push(name);
    }
    Ok(local)
}

/// Returns whether the file system takes names that differ only in case for one. It is only asked,
/// by creating a file, if there are such names and that is allowed.
pub fn folds_case(root: &Path, tree: &Tree, may_write: bool) -> bool {
    let mut seen = std::collections::HashSet::new();
    let fold =
        |path: &tree::Path| (directory_of(path).to_vec(), String::from_utf8_lossy(path).to_lowercase());
    if tree.nodes.keys().all(|path| seen.insert(fold(path))) {
        return false;
    }
    let assumed = cfg!(any(windows, target_os = "macos"));
    if !may_write {
        return assumed;
    }
    // A directory that is to be created lies on the file system of its parent.
    let Some(directory) = root.ancestors().find(|path| path.is_dir()) else { return assumed };
    let name = |case: &str| directory.join(format!(".ftp-{case}-{}", process::id()));
    match fs::File::create_new(name("case")) {
        Ok(_) => {
            let folds = name("CASE").exists();
            let _ = fs::remove_file(name("case"));
            folds
        }
        Err(_) => assumed,
    }
}
