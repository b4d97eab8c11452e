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
use crate::io::host::DirectoryEntries;
use crate::listing::{Entry, Fields, Kind};

/// The entries of a directory, read while they are sent.
///
/// This leaves out entries that vanish before they are examined, temporary files of [atomic
/// uploads](super::Directory::atomic_uploads), and names that no line of a listing can show: those
/// with CR or LF and, outside Unix, those that are not Unicode. For a listing of names alone,
/// nothing is examined. Entries that may not be examined have only a name and kind. On Unix that
/// applies to all entries of a directory that this process may read but not search. If reading the
/// directory fails, the iteration ends with the error.
#[derive(Debug)]
pub struct DiskEntries {
    /// `None` at the end, and once reading has failed.
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

    /// Passes the details of an entry to `show`, unless the entry is left out.
    fn describe(&self, found: &Found<'_>, show: &mut dyn FnMut(&Entry<'_>)) {
        let os_name = found.os_name();
        let name = bytes(os_name).filter(|name| !is_temporary(name)).map(Text::new);
        let Some(Ok(name)) = name else { return };
        let status = if self.needs_status(&found.kind()) { Some(found.status()) } else { None };
        match status {
            Some(Ok(status)) => {
                let target = status.is_link().then(|| self.target(os_name)).flatten();
                let shown = Shown { writable: self.writable, is_root: false, fields: self.fields };
                status.describe(name, target.as_deref(), shown, show);
            }
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Some(Err(_)) | None => show(&Entry::new(name, found.kind())),
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

impl DirectoryEntries for DiskEntries {
    fn next_entries(&mut self, show: &mut dyn FnMut(&Entry<'_>)) -> io::Result<bool> {
        let Some(mut names) = self.names.take() else { return Ok(false) };
        let more = names.next(|found| self.describe(found, show))?;
        self.names = more.then_some(names);
        Ok(more)
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
