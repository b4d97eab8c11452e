//! Downloads of many files, one after the other.

use ::std::fmt;
use ::std::iter::Peekable;

use super::connection::Connection;
use super::outcome::text;
use super::transfer::Transfer;
use super::{Error, Retrieve};
use crate::client;
use crate::codec::RepresentationType;
use crate::io::net::runtime::Runtime;

/// The downloads of many files, which [`Client::retrieve_many`](super::Client::retrieve_many)
/// returns. `I` is the iterator over the paths.
pub struct Downloads<'c, R: Runtime, I: Iterator> {
    connection: &'c mut Connection<R>,
    paths: Peekable<I>,
    /// Path of the file that is being opened.
    path: Option<I::Item>,
}

impl<'c, R: Runtime, I: Iterator> Downloads<'c, R, I> {
    pub(super) fn new(connection: &'c mut Connection<R>, paths: I) -> Self {
        Self { connection, paths: paths.peekable(), path: None }
    }
}

impl<R: Runtime, I: Iterator<Item: AsRef<[u8]>>> Downloads<'_, R, I> {
    /// Opens the next file. Returns its path and its download, or the error with which this file
    /// failed; the other files are not affected unless the error is [fatal](Error::is_fatal).
    /// Returns `None` after the last file.
    ///
    /// Read the download to its end: only then is the file complete. A download that is dropped
    /// before is aborted when the next file is opened. If the future is dropped, the next call
    /// opens the same file.
    ///
    /// Asks the iterator for the path after the next one, too.
    pub async fn next_file(&mut self) -> Option<(I::Item, Result<Retrieve<'_, R>, Error>)> {
        if self.path.is_none() {
            self.path = self.paths.next();
        }
        let more = self.paths.peek().is_some();
        let opened = self.connection.open_of_series(self.path.as_ref()?.as_ref(), more).await;
        let path = self.path.take()?;
        Some((path, opened.map(|transfer| Retrieve::new((&mut *self.connection).into(), transfer))))
    }
}

impl<R: Runtime, I: Iterator> fmt::Debug for Downloads<'_, R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Downloads").finish_non_exhaustive()
    }
}

impl<R: Runtime> Connection<R> {
    /// Opens a file of a series; `more` says whether another one follows.
    async fn open_of_series(&mut self, path: &[u8], more: bool) -> Result<Transfer, Error> {
        let path = self.wire_path(path)?;
        let operation = client::retrieve(text(&path)?, RepresentationType::Image, 0);
        Ok(self.open(operation.in_series(more)).await?.of_file(&path))
    }
}
