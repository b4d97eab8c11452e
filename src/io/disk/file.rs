//! An open file on disk.

use ::std::fs;
use ::std::io::{self, Read, Write};

use super::refusal::refusal;
use crate::io::host::{File, Refusal};

/// A regular file that [`Directory`](super::Directory) opened.
#[derive(Debug)]
pub struct DiskFile {
    file: fs::File,
    appends: bool,
    sync: Option<Sync>,
}

/// An upload that is to be on the disk when it is finished.
#[derive(Debug)]
struct Sync {
    /// The directory that has the file's name, where it can be synced by itself.
    parent: Option<fs::File>,
}

impl DiskFile {
    pub(super) fn reading(file: fs::File) -> Self {
        Self { file, appends: false, sync: None }
    }

    pub(super) fn writing(file: fs::File) -> Self {
        Self { file, appends: false, sync: None }
    }

    pub(super) fn appending(file: fs::File) -> Self {
        Self { file, appends: true, sync: None }
    }

    pub(super) fn synced(self, parent: Option<fs::File>) -> Self {
        Self { sync: Some(Sync { parent }), ..self }
    }
}

impl File for DiskFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.file.read(buffer))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| self.file.write(bytes))
    }

    fn finish(mut self) -> Result<(), Refusal> {
        let synced = match &self.sync {
            None => self.file.flush(),
            Some(Sync { parent }) => {
                self.file.sync_all().and_then(|()| parent.as_ref().map_or(Ok(()), fs::File::sync_all))
            }
        };
        synced.map_err(|error| refusal(&error))
    }

    /// None for a file that is appended to: Linux neither splices nor copies to one.
    fn as_file(&self) -> Option<&fs::File> {
        Some(&self.file).filter(|_| !self.appends)
    }
}

/// A signal is no reason to break off a transfer.
fn uninterrupted(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
