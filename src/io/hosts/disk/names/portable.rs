//! The names in a directory, read with cap-std.

use ::std::ffi::OsStr;
use ::std::io;
use ::std::path::Path;

use cap_std::fs::{Dir, DirEntry, ReadDir};

use crate::io::hosts::disk::status::{Status, kind_of};
use crate::listing::Kind;

/// An open directory whose names are being read.
#[derive(Debug)]
pub(in super::super) struct Names(ReadDir);

/// A name in the directory.
#[derive(Debug)]
pub(in super::super) struct Found<'n> {
    name: &'n OsStr,
    entry: &'n DirEntry,
}

impl Names {
    /// Opens the directory at `path`.
    pub(in super::super) fn open(root: &Dir, path: &Path) -> io::Result<Self> {
        root.open_dir(path)?.entries().map(Self)
    }

    /// Passes the next name, which is neither `.` nor `..`, to `found`. Returns `false` at the end.
    pub(in super::super) fn next(&mut self, mut found: impl FnMut(&Found<'_>)) -> io::Result<bool> {
        match self.0.next() {
            None => return Ok(false),
            Some(Ok(entry)) => found(&Found { name: &entry.file_name(), entry: &entry }),
            Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Some(Err(error)) => return Err(error),
        }
        Ok(true)
    }
}

impl Found<'_> {
    /// Examines the entry, without following a link.
    pub(in super::super) fn status(&self) -> io::Result<Status> {
        Ok(Status::from(&self.entry.metadata()?))
    }

    /// Returns the name as it is on disk.
    pub(in super::super) fn os_name(&self) -> &OsStr {
        self.name
    }

    /// Returns the kind that was read with the name.
    pub(in super::super) fn kind(&self) -> Kind<'static> {
        self.entry.file_type().map_or(Kind::Unknown, kind_of)
    }
}
