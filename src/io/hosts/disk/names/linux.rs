//! The names in a directory, read with `getdents64`, which fills a buffer with many of them.

use ::std::ffi::OsStr;
use ::std::fs::File;
use ::std::io;
use ::std::os::unix::ffi::OsStrExt;
use ::std::path::Path;
use ::std::vec::Vec;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, OFlags, RawDir, RawDirEntry};
use rustix::io::Errno;

use crate::io::hosts::disk::status::{Status, kind_of_raw};
use crate::listing::Kind;

/// Size of the buffer: room for about 500 names, and for the longest name of any file system.
const BUFFER: usize = 16 * 1024;

/// An open directory whose names are being read.
#[derive(Debug)]
pub(in super::super) struct Names {
    directory: File,
    buffer: Vec<u8>,
}

/// A name in the directory.
#[derive(Debug)]
pub(in super::super) struct Found<'n> {
    directory: &'n File,
    entry: RawDirEntry<'n>,
}

impl Names {
    /// Opens the directory at `path`. This requires permission to read the directory, but not to
    /// search it.
    pub(in super::super) fn open(root: &Dir, path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags((OFlags::DIRECTORY | OFlags::NONBLOCK).bits() as i32);
        let directory = root.open_with(path, &options)?.into_std();
        Ok(Self { directory, buffer: Vec::with_capacity(BUFFER) })
    }

    /// Passes the next names other than `.` and `..` to `found`. Returns `false` at the end.
    pub(in super::super) fn next(&mut self, mut found: impl FnMut(&Found<'_>)) -> io::Result<bool> {
        let directory = &self.directory;
        let mut entries = RawDir::new(directory, self.buffer.spare_capacity_mut());
        loop {
            match entries.next() {
                Some(Ok(entry)) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                Some(Ok(entry)) => found(&Found { directory, entry }),
                Some(Err(Errno::INTR)) => {}
                // The directory was removed.
                Some(Err(Errno::NOENT)) | None => return Ok(false),
                Some(Err(error)) => return Err(error.into()),
            }
            if entries.is_buffer_empty() {
                return Ok(true);
            }
        }
    }
}

impl Found<'_> {
    /// Examines the entry, without following a link.
    pub(in super::super) fn status(&self) -> io::Result<Status> {
        let name = self.entry.file_name();
        let status = rustix::fs::statat(self.directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Status::from(&status))
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
