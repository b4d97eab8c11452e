//! Open transfers: a reader and a writer that borrow the client.

use core::fmt;

use embedded_io_async::{Error as _, ErrorType, Read, Write};
use embedded_nal_async::TcpConnect;

use super::client::{Client, Driven};
use super::data::Payload;
use super::{Error, Timer};
use crate::action::DataFailure;
use crate::client::{self, Complete, Opened, Operation, TransferFailure};
use crate::listing::Formats;

/// The state of a transfer that is open.
#[derive(Debug)]
pub(super) struct Transfer<'p> {
    /// The operation that ends the transfer; `None` once it has ended.
    completion: Option<Operation<Complete<&'p [u8]>>>,
    /// The error with which the transfer failed, and with which every later call on it fails.
    failure: Option<Error>,
    offset: u64,
    size_hint: Option<u64>,
    pub(super) formats: Formats,
    pub(super) presumed_empty: bool,
}

impl<'p> Transfer<'p> {
    /// Creates the state of a transfer that was opened. `path` names the file whose size the server
    /// may be asked for, or is empty.
    pub(super) fn new(opened: Opened<'_>, path: &'p [u8]) -> Self {
        Self {
            completion: Some(client::complete(opened.transfer).confirm_size(path)),
            failure: None,
            offset: opened.offset,
            size_hint: opened.size_hint,
            formats: opened.formats,
            presumed_empty: false,
        }
    }

    /// Moves bytes of the payload. Returns their number, or `None` once the transfer is over.
    async fn advance<N: TcpConnect, T: Timer, B: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        client: &mut Client<'_, N, T, B>,
        payload: Payload<'_>,
    ) -> Result<Option<usize>, Error> {
        if let Some(error) = &self.failure {
            return Err(error.clone());
        }
        let Some(operation) = &mut self.completion else { return Ok(None) };
        match client.drive(operation, payload, &mut |_| {}, |done| done.presumed_empty).await {
            Ok(Driven::Moved(count)) => Ok(Some(count)),
            Ok(Driven::Over(presumed_empty)) => {
                self.completion = None;
                self.presumed_empty = presumed_empty;
                Ok(None)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.completion = None;
        self.failure = Some(error.clone());
        error
    }

    async fn abort<N: TcpConnect, T: Timer, B: AsRef<[u8]> + AsMut<[u8]>>(
        self,
        client: &mut Client<'_, N, T, B>,
    ) -> Result<(), Error> {
        match self.completion {
            Some(operation) => client.run(client::abort(operation.into_transfer()), drop).await,
            None => Ok(()),
        }
    }
}

/// A download, read through `embedded-io-async`'s [`Read`]. The end, a read of 0 bytes, is reported
/// only after the server has confirmed that it sent everything. Every read after an error fails
/// with the same error. A download that is dropped before its end is ended by the client's next
/// operation.
pub struct Retrieve<'c, 'n, 'p, N: TcpConnect, T, B> {
    pub(super) client: &'c mut Client<'n, N, T, B>,
    pub(super) transfer: Transfer<'p>,
}

impl<N: TcpConnect, T: Timer, B: AsRef<[u8]> + AsMut<[u8]>> Retrieve<'_, '_, '_, N, T, B> {
    /// Returns the position in the file of the first byte read.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.transfer.offset
    }

    /// Returns the size of the file, if the server's first reply states it.
    #[must_use]
    pub const fn size_hint(&self) -> Option<u64> {
        self.transfer.size_hint
    }

    /// Reads everything in pieces of at most the length of `buffer`, and passes each piece to
    /// `each`. Returns the number of bytes.
    ///
    /// # Errors
    /// Returns the error if the transfer fails. The pieces received before the failure were passed
    /// on.
    pub async fn read_all(mut self, buffer: &mut [u8], mut each: impl FnMut(&[u8])) -> Result<u64, Error> {
        let mut total = 0;
        loop {
            match self.read(buffer).await? {
                0 => return Ok(total),
                count => {
                    each(&buffer[..count]);
                    total += count as u64;
                }
            }
        }
    }

    /// Aborts the download and waits for all replies to the abort.
    ///
    /// # Errors
    /// Fails if the connection is lost, or if the server does not reply.
    pub async fn abort(self) -> Result<(), Error> {
        self.transfer.abort(self.client).await
    }
}

impl<N: TcpConnect, T, B> ErrorType for Retrieve<'_, '_, '_, N, T, B> {
    type Error = Error;
}

impl<N: TcpConnect, T: Timer, B: AsRef<[u8]> + AsMut<[u8]>> Read for Retrieve<'_, '_, '_, N, T, B> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let moved = self.transfer.advance(self.client, Payload::Receive(buffer)).await?;
        Ok(moved.unwrap_or_default())
    }
}

/// An upload, written through `embedded-io-async`'s [`Write`] and ended by
/// [`finish`](Self::finish), without which the server does not have the whole file. An upload that
/// is dropped before it is finished is aborted by the client's next operation.
#[must_use = "an upload that is not finished is aborted"]
pub struct Store<'c, 'n, N: TcpConnect, T, B> {
    pub(super) client: &'c mut Client<'n, N, T, B>,
    pub(super) transfer: Transfer<'static>,
}

impl<N: TcpConnect, T: Timer, B: AsRef<[u8]> + AsMut<[u8]>> Store<'_, '_, N, T, B> {
    /// Uploads everything that `source` yields, in pieces of at most the length of `buffer`, and
    /// finishes. Returns the number of bytes. If the source fails, the upload is aborted.
    ///
    /// # Errors
    /// Fails if the source or the transfer fails.
    pub async fn write_all_from(mut self, source: &mut impl Read, buffer: &mut [u8]) -> Result<u64, Error> {
        let mut total = 0;
        loop {
            match source.read(buffer).await {
                Ok(0) => break,
                Ok(count) => {
                    self.write_all(&buffer[..count]).await?;
                    total += count as u64;
                }
                Err(error) => {
                    self.abort().await?;
                    return Err(Error::Source(error.kind()));
                }
            }
        }
        self.finish().await?;
        Ok(total)
    }

    /// Ends the file and waits until the server has confirmed it.
    ///
    /// # Errors
    /// Fails if the server does not confirm that it has everything.
    pub async fn finish(mut self) -> Result<(), Error> {
        self.transfer.advance(self.client, Payload::Finish).await.map(drop)
    }

    /// Aborts the upload and waits for all replies to the abort.
    ///
    /// # Errors
    /// Fails if the connection is lost, or if the server does not reply.
    pub async fn abort(self) -> Result<(), Error> {
        self.transfer.abort(self.client).await
    }
}

impl<N: TcpConnect, T, B> ErrorType for Store<'_, '_, N, T, B> {
    type Error = Error;
}

impl<N: TcpConnect, T: Timer, B: AsRef<[u8]> + AsMut<[u8]>> Write for Store<'_, '_, N, T, B> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        match self.transfer.advance(self.client, Payload::Send(bytes)).await? {
            Some(count) => Ok(count),
            // The server ended the upload before it had everything, whatever its reply was.
            None => {
                Err(self.transfer.fail(Error::Data(TransferFailure::Connection(DataFailure::Broken), None)))
            }
        }
    }

    /// Does nothing: [`finish`](Store::finish) waits for the server.
    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<N: TcpConnect, T, B> fmt::Debug for Retrieve<'_, '_, '_, N, T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Retrieve").field(&self.transfer).finish()
    }
}

impl<N: TcpConnect, T, B> fmt::Debug for Store<'_, '_, N, T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.transfer).finish()
    }
}
