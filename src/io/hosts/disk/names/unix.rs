//! The names in a directory, read with the system calls of Unix.

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
pub(in super::super) struct Found(DirEntry);

impl Names {
    /// Opens the directory at `path`. This requires permission to read the directory, but not to
    /// search it.
    pub(in super::super) fn open(root: &Dir, path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags((OFlags::DIRECTORY | OFlags::NONBLOCK).bits() as i32);
        let directory = root.open_with(path, &options)?.into_std();
        Ok(Self(rustix::fs::Dir::new(directory)?))
    }

    /// Returns the next name other than `.` and `..`.
    pub(in super::super) fn next(&mut self) -> Option<io::Result<Found>> {
        loop {
            match self.0.read()? {
                Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                Ok(entry) => return Some(Ok(Found(entry))),
                Err(error) => return Some(Err(error.into())),
            }
        }
    }

    /// Examines an entry, without following a link.
    pub(in super::super) fn status(&self, found: &Found) -> io::Result<Status> {
        let status = rustix::fs::statat(self.0.fd()?, found.0.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Status::from(&status))
    }
}

impl Found {
    /// Returns the name as it is on disk.
    pub(in super::super) fn os_name(&self) -> &OsStr {
        OsStr::from_bytes(self.0.file_name().to_bytes())
    }

    /// Returns the kind that was read with the name, without the numbers of a device. The kind is
    /// [`Kind::Unknown`] on a file system that does not store kinds with names.
    pub(in super::super) fn kind(&self) -> Kind<'static> {
        kind_of_raw(self.0.file_type())
    }
}
