//! An upload that is open.

use ::std::fmt;
use ::std::fs::File;
use ::std::future::poll_fn;
use ::std::io::{self, Read};
use ::std::mem::take;
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};

use super::transfer::{Finished, Lent, Transfer};
use super::{Client, Reply};
use crate::io::driver::data::CHUNK;
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;
use crate::transfer::Marker;

/// An upload.
///
/// The upload is complete only when [`finish`](Self::finish) has returned `Ok`, which it does not
/// do after a failed write. Dropping the upload before that aborts the transfer; the client remains
/// usable.
///
/// `'c` is the borrow of the client, or `'static` for a transfer that [owns the
/// client](super::Client::store_owned).
#[must_use = "an upload that is not finished is aborted"]
pub struct Store<'c, R: Runtime> {
    connection: Lent<'c, R>,
    transfer: Transfer,
    /// The server's final reply, kept until it is requested.
    finished: Finished,
}

impl<R: Runtime> Store<'_, R> {
    /// Returns the position in the file of the first byte written.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.transfer.offset
    }

    /// Returns the name that the server chose, if it was asked to choose one and its first reply
    /// contains it.
    #[must_use]
    pub fn unique_name(&self) -> Option<&[u8]> {
        self.transfer.unique_name.as_deref()
    }

    /// Returns the last restart marker that the server has sent so far, in block or compressed mode
    /// and with [`marker_interval`](crate::client::Config::marker_interval). Keep the marker in
    /// order to continue there with [`Client::store_at`](super::Client::store_at).
    #[must_use]
    pub fn last_marker(&self) -> Option<Marker> {
        self.connection.last_marker()
    }

    /// Sends some of `bytes` and returns their number, at least one unless `bytes` is empty.
    ///
    /// # Errors
    /// Fails if the transfer fails, or has failed before.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        self.connection.poll_write(&mut self.transfer, bytes, cx)
    }

    /// Ends the upload. Another call after `Ok` does nothing.
    ///
    /// # Errors
    /// Fails if the server does not confirm the upload, or the transfer has failed before.
    pub fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.transfer.is_complete() {
            self.finished = ready!(self.connection.poll_finish(&mut self.transfer, cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Sends the rest of `file` from its current position, and returns the number of bytes. If no
    /// conversion is needed, the kernel moves the bytes and they do not pass through this process.
    ///
    /// If this future is dropped, the number of bytes sent is unknown: abort the upload.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or the transfer fails.
    pub async fn send_file(&mut self, file: &File) -> io::Result<u64> {
        self.send_file_with(file, |_| {}).await
    }

    /// Sends the rest of `file` like [`send_file`](Self::send_file), and calls `progress` with the
    /// number of bytes sent so far after each part, of a size that the kernel chooses.
    ///
    /// # Errors
    /// Those of [`send_file`](Self::send_file).
    pub async fn send_file_with(&mut self, file: &File, mut progress: impl FnMut(u64)) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let Self { connection, transfer, .. } = self;
            match poll_fn(|cx| connection.poll_send_file(transfer, file, cx)).await? {
                Some(0) => return Ok(total),
                Some(count) => {
                    total += count as u64;
                    progress(total);
                }
                None => break,
            }
        }
        let file = Arc::new(file.try_clone()?);
        let mut buffer = vec![0; CHUNK];
        loop {
            let (file, mut chunk) = (Arc::clone(&file), take(&mut buffer));
            let (chunk, count) = R::unblock(move || {
                let count = read(&file, &mut chunk)?;
                io::Result::Ok((chunk, count))
            })
            .await?;
            if count == 0 {
                return Ok(total);
            }
            let mut sent = 0;
            while sent < count {
                sent += poll_fn(|cx| self.poll_write(cx, &chunk[sent..count])).await?;
            }
            total += count as u64;
            progress(total);
            buffer = chunk;
        }
    }

    /// Aborts the upload with ABOR and waits for all replies to it. The server decides how much of
    /// the file it keeps.
    ///
    /// # Errors
    /// Fails if the connection is lost, or the server does not reply.
    pub async fn abort(mut self) -> Result<(), Error> {
        self.connection.abort(self.transfer).await
    }

    /// Ends the upload and waits for the server to confirm it. Returns the server's final reply, if
    /// it has not been returned before.
    ///
    /// # Errors
    /// Fails if the server does not confirm the upload, or the transfer has failed before.
    pub async fn finish(mut self) -> Result<Option<Reply>, Error> {
        poll_fn(|cx| self.poll_finish(cx)).await?;
        Ok(self.finished.reply)
    }
}

impl<'c, R: Runtime> Store<'c, R> {
    pub(super) fn new(connection: Lent<'c, R>, transfer: Transfer) -> Self {
        Self { connection, transfer, finished: Finished::default() }
    }
}

impl<R: Runtime> Store<'static, R> {
    /// Ends the upload like [`finish`](Self::finish), and returns the client of a transfer that
    /// owns it along with the result. The client is `None` if the transfer borrows it.
    pub async fn finish_owned(mut self) -> (Option<Client<R>>, Result<Option<Reply>, Error>) {
        let finished = poll_fn(|cx| self.poll_finish(cx)).await;
        let Self { connection, finished: Finished { reply, .. }, .. } = self;
        (connection.into_client(), finished.map(|()| reply))
    }

    /// Returns the client of a transfer that owns it. An upload that was not finished is aborted by
    /// the client's next call. Returns `None` if the transfer borrows its client.
    #[must_use]
    pub fn into_client(self) -> Option<Client<R>> {
        self.connection.into_client()
    }
}

impl<R: Runtime> fmt::Debug for Store<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.transfer).finish()
    }
}

fn read(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
