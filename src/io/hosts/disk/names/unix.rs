//! The names in a directory, read with the interface of Unix.

use ::std::ffi::OsStr;
use ::std::io;
use ::std::os::unix::ffi::OsStrExt;
use ::std::path::Path;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, DirEntry, OFlags};

use crate::io::hosts::disk::status::{Status, kind_of_raw};
use crate::listing::Kind;

/// An open directory whose names are being read.
#[derive(Debug)]
pub(in super::super) struct Names(rustix::fs::Dir);

/// A name in the directory.
#[derive(Debug)]
pub(in super::super) struct Found<'n> {
    names: &'n rustix::fs::Dir,
    entry: DirEntry,
}

impl Names {
    /// Opens the directory at `path`. This requires permission to read the directory, but not to
    /// search it.
    pub(in super::super) fn open(root: &Dir, path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags((OFlags::DIRECTORY | OFlags::NONBLOCK).bits() as i32);
        let directory = root.open_with(path, &options)?.into_std();
        Ok(Self(rustix::fs::Dir::new(directory)?))
    }

    /// Passes the next name to `found`, unless it is `.` or `..`. Returns `false` at the end.
    pub(in super::super) fn next(&mut self, mut found: impl FnMut(&Found<'_>)) -> io::Result<bool> {
        match self.0.read() {
            None => return Ok(false),
            Some(Ok(entry)) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
            Some(Ok(entry)) => found(&Found { names: &self.0, entry }),
            Some(Err(rustix::io::Errno::INTR)) => {}
            Some(Err(error)) => return Err(error.into()),
        }
        Ok(true)
    }
}

impl Found<'_> {
    /// Examines the entry, without following a link.
    pub(in super::super) fn status(&self) -> io::Result<Status> {
        let name = self.entry.file_name();
        Ok(Status::from(&rustix::fs::statat(self.names.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// Returns the name as it is on disk.
    pub(in super::super) fn os_name(&self) -> &OsStr {
        OsStr::from_bytes(self.entry.file_name().to_bytes())
    }

    /// Returns the kind that was read with the name, without the numbers of a device. The kind is
    /// [`Kind::Unknown`] on a file system that does not store kinds with names.
    pub(in super::super) fn kind(&self) -> Kind<'static> {
        kind_of_raw(self.entry.file_type())
    }
}
