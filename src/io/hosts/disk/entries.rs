//! The entries of a directory on disk.

use ::std::ffi::OsStr;
use ::std::io;
use ::std::path::{Path, PathBuf};
use ::std::sync::Arc;

use cap_std::fs::Dir;

use super::atomic::is_temporary;
use super::names::{Found, Names};
use super::status::{Shown, bytes};
use crate::codec::Text;
use crate::listing::{Entry, Fields, Kind, OwnedEntry};

/// The entries of a directory, read while they are sent.
///
/// The iterator leaves out entries that vanish before they are examined, temporary files of [atomic
/// uploads](super::Directory::atomic_uploads), and names that no line of a listing can show: those
/// with CR or LF and, outside Unix, those that are not Unicode. For a listing of names alone,
/// nothing is examined. Entries that may not be examined have only a name and kind. On Unix that
/// applies to all entries of a directory that this process may read but not search. If reading the
/// directory fails, the iteration ends with the error.
#[derive(Debug)]
pub struct DiskEntries {
    /// `None` once reading has failed.
    names: Option<Names>,
    root: Arc<Dir>,
    /// Path of the directory below `root`, for finding out where its links lead.
    path: PathBuf,
    writable: bool,
    /// The fields to determine.
    fields: Fields,
}

impl DiskEntries {
    /// Lists the directory at `path`.
    pub(super) fn open(root: &Arc<Dir>, path: &Path, writable: bool, fields: Fields) -> io::Result<Self> {
        let names = Some(Names::open(root, path)?);
        Ok(Self { names, root: Arc::clone(root), path: path.to_owned(), writable, fields })
    }

    /// Returns the details of an entry, or `None` if the entry is left out.
    fn described(&self, names: &Names, found: &Found) -> Option<OwnedEntry> {
        let os_name = found.os_name();
        let name = Text::new(bytes(os_name).filter(|name| !is_temporary(name))?).ok()?;
        let bare = || Some(Entry::new(name, found.kind()).to_owned());
        if !self.needs_status(&found.kind()) {
            return bare();
        }
        match names.status(found) {
            Ok(status) => {
                let target = status.is_link().then(|| self.target(os_name)).flatten();
                let shown = Shown { writable: self.writable, is_root: false, fields: self.fields };
                Some(status.describe(name, target.as_deref(), shown))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => bare(),
        }
    }

    /// Returns whether an entry of this kind has to be examined. The kind itself is usually known
    /// from reading the name.
    fn needs_status(&self, kind: &Kind<'_>) -> bool {
        let is_known = match kind {
            Kind::File | Kind::Directory | Kind::Pipe | Kind::Socket => true,
            // Devices have numbers, and links a target.
            _ => !self.fields.contains(Fields::KIND),
        };
        !is_known || self.fields.intersects(Fields::KIND.complement())
    }

    /// Returns the target of a link, if that is inside the root.
    fn target(&self, name: &OsStr) -> Option<PathBuf> {
        read_link(&self.root, &self.path.join(name))
    }
}

impl Iterator for DiskEntries {
    type Item = io::Result<OwnedEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut names = self.names.take()?;
        loop {
            match names.next()? {
                Ok(found) => {
                    if let Some(described) = self.described(&names, &found) {
                        self.names = Some(names);
                        return Some(Ok(described));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Returns the target of the link at `path`, or `None` if it leads outside the root, since clients
/// must not learn that. A link within the root whose target does not exist is not considered to
/// lead outside.
pub(super) fn read_link(root: &Dir, path: &Path) -> Option<PathBuf> {
    // cap-std returns this error for a path that leads outside, and the operating system returns it
    // for a path through a directory that this process may not search.
    match root.metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        _ => root.read_link(path).ok(),
    }
}
