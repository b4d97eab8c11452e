//! An open file on disk.

use ::std::fs;
use ::std::io::{self, Read, Write};
use ::std::path::PathBuf;
use ::std::sync::Arc;

use cap_std::fs::{Dir, Metadata};

use super::atomic::Replacement;
use super::refusal::refusal;
use super::same;
use crate::io::host::{File, Refusal};

/// A regular file that [`Directory`](super::Directory) opened.
#[derive(Debug)]
pub struct DiskFile {
    file: fs::File,
    appends: bool,
    sync: Option<Sync>,
    /// The change to make when the upload begins.
    start: Start,
    /// The replacement to make when the upload is complete, if this is a temporary file.
    replacement: Option<Replacement>,
}

/// Changes that are made when an upload begins.
#[derive(Debug, Default)]
struct Start {
    /// The length to truncate the file to.
    length: Option<u64>,
    made: Option<Made>,
}

/// A file that was created for an upload, and is removed unless the upload begins.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) root: Arc<Dir>,
    pub(super) path: PathBuf,
    pub(super) what: Metadata,
    pub(super) begun: bool,
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.begun {
            return;
        }
        // Another process may have put a different file there, or written to this one.
        let found = self.root.symlink_metadata(&self.path);
        if found.is_ok_and(|found| found.len() == 0 && same(&found, &self.what, &self.path, &self.path)) {
            let _ = self.root.remove_file(&self.path);
        }
    }
}

/// Marks an upload that must be on disk when finished.
#[derive(Debug)]
struct Sync {
    /// The directory that contains the file, if a directory can be synced.
    parent: Option<fs::File>,
}

impl DiskFile {
    pub(super) fn reading(file: fs::File) -> Self {
        Self { file, appends: false, sync: None, start: Start::default(), replacement: None }
    }

    /// Wraps a file that is truncated to `length` when the upload begins. If the file was `made`
    /// for the upload and the upload does not begin, the file is removed.
    pub(super) fn writing(file: fs::File, length: Option<u64>, made: Option<Made>) -> Self {
        Self { start: Start { length, made }, ..Self::reading(file) }
    }

    /// Wraps a temporary file that replaces another.
    pub(super) fn replacing(file: fs::File, replacement: Replacement) -> Self {
        Self { replacement: Some(replacement), ..Self::reading(file) }
    }

    pub(super) fn appending(file: fs::File, made: Option<Made>) -> Self {
        Self { appends: true, ..Self::writing(file, None, made) }
    }

    pub(super) fn synced(self, parent: Option<fs::File>) -> Self {
        Self { sync: Some(Sync { parent }), ..self }
    }
}

impl File for DiskFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.file.read(buffer))
    }

    fn begin(&mut self) -> io::Result<()> {
        let Start { length, made } = &mut self.start;
        if let Some(length) = length.take() {
            self.file.set_len(length)?;
        }
        if let Some(mut made) = made.take() {
            made.begun = true;
        }
        match &mut self.replacement {
            Some(replacement) => replacement.copy_piece(&self.file),
            None => Ok(()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| self.begin())?;
        uninterrupted(|| self.file.write(bytes))
    }

    fn finish(mut self) -> Result<(), Refusal> {
        let stored = uninterrupted(|| self.begin())
            .and_then(|()| if self.sync.is_some() { self.file.sync_all() } else { self.file.flush() })
            .and_then(|()| self.replacement.take().map_or(Ok(()), Replacement::place))
            .and_then(|()| match &self.sync {
                Some(Sync { parent: Some(parent) }) => parent.sync_all(),
                _ => Ok(()),
            });
        stored.map_err(|error| refusal(&error))
    }

    /// Returns `None` for a file opened for appending: Linux neither splices nor copies to one.
    fn as_file(&self) -> Option<&fs::File> {
        Some(&self.file).filter(|_| !self.appends)
    }
}

/// Repeats a call that a signal interrupted.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
