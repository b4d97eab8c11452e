//! The names in a directory, read with cap-std.

use ::std::ffi::{OsStr, OsString};
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
pub(in super::super) struct Found {
    name: OsString,
    entry: DirEntry,
}

impl Names {
    /// Opens the directory at `path`.
    pub(in super::super) fn open(root: &Dir, path: &Path) -> io::Result<Self> {
        root.open_dir(path)?.entries().map(Self)
    }

    /// Returns the next name other than `.` and `..`.
    pub(in super::super) fn next(&mut self) -> Option<io::Result<Found>> {
        Some(self.0.next()?.map(|entry| Found { name: entry.file_name(), entry }))
    }

    /// Examines an entry, without following a link.
    pub(in super::super) fn status(&self, found: &Found) -> io::Result<Status> {
        Ok(Status::from(&found.entry.metadata()?))
    }
}

impl Found {
    /// Returns the name as it is on disk.
    pub(in super::super) fn os_name(&self) -> &OsStr {
        &self.name
    }

    /// Returns the kind that was read with the name.
    pub(in super::super) fn kind(&self) -> Kind<'static> {
        self.entry.file_type().map_or(Kind::Unknown, kind_of)
    }
}
