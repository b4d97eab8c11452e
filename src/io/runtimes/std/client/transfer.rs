//! Transfers of a client whose calls block.

use ::std::fs::File;
use ::std::future::poll_fn;
use ::std::io::{self, Read, Write};

use super::{Blocking, Client, block_on};
use crate::io::{self as adapters, Error, Reply};
use crate::listing::{Clock, Formats, ListingLine};
use crate::transfer::Marker;

/// A download, which implements [`Read`].
///
/// The end, a read of 0 bytes, is reported only after the server has confirmed that it sent
/// everything. A truncated file is an error, and so is every read after an error. Dropping the
/// download before the end aborts the transfer; the client remains usable.
#[derive(Debug)]
pub struct Retrieve<'c>(pub(super) adapters::Retrieve<'c, Blocking>);

impl Retrieve<'_> {
    /// Returns the position in the file of the first byte read.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.0.offset()
    }

    /// Returns the size of the file, if the server's first reply mentions it.
    #[must_use]
    pub const fn size_hint(&self) -> Option<u64> {
        self.0.size_hint()
    }

    /// Returns the last restart marker before which every byte was read; see
    /// [`io::Retrieve::last_marker`](adapters::Retrieve::last_marker).
    #[must_use]
    pub fn last_marker(&self) -> Option<Marker> {
        self.0.last_marker()
    }

    /// Receives the rest of the data into `file`, at its current position, and returns the number
    /// of bytes.
    ///
    /// # Errors
    /// Fails if the file cannot be written, or the transfer fails.
    pub fn receive_into(self, file: &File) -> io::Result<u64> {
        block_on(self.0.receive_into(file))
    }

    /// Receives the rest of the data into `file` like [`receive_into`](Self::receive_into), and
    /// calls `progress` with the number of bytes received so far whenever some have been written.
    ///
    /// # Errors
    /// Those of [`receive_into`](Self::receive_into).
    pub fn receive_into_with(self, file: &File, progress: impl FnMut(u64)) -> io::Result<u64> {
        block_on(self.0.receive_into_with(file, progress))
    }

    /// Aborts the download with ABOR and waits for all replies to it. Dropping the download also
    /// aborts it, but leaves the replies to the next call.
    ///
    /// # Errors
    /// Fails if the connection is lost, or the server does not reply.
    pub fn abort(self) -> Result<(), Error> {
        block_on(self.0.abort())
    }
}

impl Retrieve<'static> {
    /// Returns the client of a transfer that owns it. A download that has not ended is aborted by
    /// the client's next call. Returns `None` if the transfer borrows its client.
    #[must_use]
    pub fn into_client(self) -> Option<Client> {
        self.0.into_client().map(Client)
    }
}

impl Read for Retrieve<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(block_on(poll_fn(|cx| self.0.poll_read(cx, buffer)))?)
    }
}

/// The downloads of many files; see [`io::Downloads`](adapters::Downloads).
#[derive(Debug)]
pub struct Downloads<'c, I: Iterator>(pub(super) adapters::Downloads<'c, Blocking, I>);

impl<I: Iterator<Item: AsRef<[u8]>>> Downloads<'_, I> {
    /// Opens the next file; see [`io::Downloads::next_file`](adapters::Downloads::next_file).
    pub fn next_file(&mut self) -> Option<(I::Item, Result<Retrieve<'_>, Error>)> {
        block_on(self.0.next_file()).map(|(path, download)| (path, download.map(Retrieve)))
    }
}

/// An upload, which implements [`Write`].
///
/// The upload is complete only when [`finish`](Self::finish) has returned `Ok`, which it does not
/// do after a failed write. Dropping the upload before that aborts the transfer; the client remains
/// usable.
#[derive(Debug)]
#[must_use = "an upload that is not finished is aborted"]
pub struct Store<'c>(pub(super) adapters::Store<'c, Blocking>);

impl Store<'_> {
    /// Returns the position in the file of the first byte written.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.0.offset()
    }

    /// Returns the name that the server chose, if it was asked to choose one and its first reply
    /// contains it.
    #[must_use]
    pub fn unique_name(&self) -> Option<&[u8]> {
        self.0.unique_name()
    }

    /// Returns the last restart marker that the server has sent so far; see
    /// [`io::Store::last_marker`](adapters::Store::last_marker).
    #[must_use]
    pub fn last_marker(&self) -> Option<Marker> {
        self.0.last_marker()
    }

    /// Sends the rest of `file` from its current position, and returns the number of bytes. If no
    /// conversion is needed, the kernel moves the bytes and they do not pass through this process.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or the transfer fails.
    pub fn send_file(&mut self, file: &File) -> io::Result<u64> {
        block_on(self.0.send_file(file))
    }

    /// Sends the rest of `file` like [`send_file`](Self::send_file), and calls `progress` with the
    /// number of bytes sent so far after each part.
    ///
    /// # Errors
    /// Those of [`send_file`](Self::send_file).
    pub fn send_file_with(&mut self, file: &File, progress: impl FnMut(u64)) -> io::Result<u64> {
        block_on(self.0.send_file_with(file, progress))
    }

    /// Aborts the upload with ABOR and waits for all replies to it. The server decides how much of
    /// the file it keeps.
    ///
    /// # Errors
    /// Fails if the connection is lost, or the server does not reply.
    pub fn abort(self) -> Result<(), Error> {
        block_on(self.0.abort())
    }

    /// Ends the upload and waits for the server to confirm it. Returns the server's final reply.
    ///
    /// # Errors
    /// Fails if the server does not confirm the upload, or the transfer has failed before.
    pub fn finish(self) -> Result<Option<Reply>, Error> {
        block_on(self.0.finish())
    }
}

impl Store<'static> {
    /// Ends the upload like [`finish`](Self::finish), and returns the client of a transfer that
    /// owns it along with the result. The client is `None` if the transfer borrows it.
    pub fn finish_owned(self) -> (Option<Client>, Result<Option<Reply>, Error>) {
        let (client, finished) = block_on(self.0.finish_owned());
        (client.map(Client), finished)
    }

    /// Returns the client of a transfer that owns it. An upload that was not finished is aborted by
    /// the client's next call. Returns `None` if the transfer borrows its client.
    #[must_use]
    pub fn into_client(self) -> Option<Client> {
        self.0.into_client().map(Client)
    }
}

impl Write for Store<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(block_on(poll_fn(|cx| self.0.poll_write(cx, bytes)))?)
    }

    /// Does nothing: an upload is complete only once it has been finished.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The entries of a listing, as they arrive: an [`Iterator`].
///
/// A line that is not an entry in any format is returned as [`ListingLine::Unparsed`], and entries
/// may follow it. The end is reported only after the server has confirmed the transfer.
#[derive(Debug)]
pub struct Entries<'c>(pub(super) adapters::Entries<'c, Blocking>);

impl Entries<'_> {
    /// Interprets dates with `clock`; see
    /// [`io::Entries::with_clock`](adapters::Entries::with_clock).
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self(self.0.with_clock(clock))
    }

    /// Returns the formats that the lines may have; see
    /// [`io::Entries::formats`](adapters::Entries::formats).
    #[must_use]
    pub const fn formats(&self) -> Formats {
        self.0.formats()
    }

    /// Returns whether the listing is only presumed to be empty; see
    /// [`io::Entries::is_presumed_empty`](adapters::Entries::is_presumed_empty). Do not remove
    /// anything on that evidence.
    #[must_use]
    pub const fn is_presumed_empty(&self) -> bool {
        self.0.is_presumed_empty()
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<ListingLine, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        block_on(poll_fn(|cx| self.0.poll_next(cx)))
    }
}
