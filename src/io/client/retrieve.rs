//! A download that is open.

use ::std::fmt;
use ::std::fs::File;
use ::std::future::poll_fn;
use ::std::io::{self, Write};
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};

use super::Client;
use super::transfer::{Lent, Transfer};
use crate::io::driver::data::{CHUNK, is_unsupported};
use crate::io::error::Error;
use crate::io::net::intake::{Failure, Intake};
use crate::io::net::runtime::Runtime;
use crate::transfer::Marker;

/// Number of bytes received at a time for a reader that asks for less.
const READ_AHEAD: usize = 64 * 1024;

/// A download: the bytes of a file.
///
/// The end, a read of 0 bytes, is reported only after the server has confirmed that it sent
/// everything. A truncated file is an error, and so is every read after an error. Dropping the
/// download before the end aborts the transfer; the client remains usable.
///
/// `'c` is the borrow of the client, or `'static` for a transfer that [owns the
/// client](super::Client::retrieve_owned).
pub struct Retrieve<'c, R: Runtime> {
    pub(super) connection: Lent<'c, R>,
    pub(super) transfer: Transfer,
    /// Bytes received ahead of small reads, which would cost a system call each.
    ahead: Vec<u8>,
    start: usize,
    end: usize,
}

impl<R: Runtime> Retrieve<'_, R> {
    /// Returns the position in the file of the first byte read.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.transfer.offset
    }

    /// Returns the size of the file, if the server's first reply mentions it.
    #[must_use]
    pub const fn size_hint(&self) -> Option<u64> {
        self.transfer.size_hint
    }

    /// Returns the last restart marker that the server sent, in block or compressed mode, before
    /// which every byte was read. Keep the marker with the bytes in order to continue there with
    /// [`Client::retrieve_at`](super::Client::retrieve_at).
    #[must_use]
    pub fn last_marker(&self) -> Option<Marker> {
        self.connection.last_marker()
    }

    /// Reads bytes into `buffer` and returns their number: 0 at the end of the file, once the
    /// server has confirmed it.
    ///
    /// # Errors
    /// Fails if the transfer fails, or has failed before.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Error>> {
        self.connection.check_stop()?;
        if self.start == self.end {
            if buffer.len() >= READ_AHEAD || buffer.is_empty() {
                return self.connection.poll_read(&mut self.transfer, buffer, cx);
            }
            self.ahead.resize(READ_AHEAD, 0);
            let received = ready!(self.connection.poll_read(&mut self.transfer, &mut self.ahead, cx));
            (self.start, self.end) = (0, received?);
        }
        let rest = &self.ahead[self.start..self.end];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.start += count;
        Poll::Ready(Ok(count))
    }

    /// Receives the rest of the data into `file`, at its current position, and returns the number
    /// of bytes. If no conversion is needed, the kernel moves most of the bytes where it can
    /// (Linux), and they do not pass through this process.
    ///
    /// # Errors
    /// Fails if the file cannot be written, or the transfer fails. The error of a transfer is an
    /// [`Error`] inside of the [`io::Error`]: `io::Error::downcast` returns it.
    pub async fn receive_into(self, file: &File) -> io::Result<u64> {
        self.receive_into_with(file, |_| {}).await
    }

    /// Receives the rest of the data into `file` like [`receive_into`](Self::receive_into), and
    /// calls `progress` with the number of bytes received so far whenever some have been written to
    /// the file: every 256 KiB or so, or less often where the kernel moves them.
    ///
    /// # Errors
    /// Those of [`receive_into`](Self::receive_into).
    pub async fn receive_into_with(mut self, file: &File, mut progress: impl FnMut(u64)) -> io::Result<u64> {
        let file = Arc::new(file.try_clone()?);
        let mut buffer = vec![0; CHUNK];
        let mut total = 0;
        let mut kernel = true;
        loop {
            let count = poll_fn(|cx| self.poll_read(cx, &mut buffer)).await?;
            if count == 0 {
                return Ok(total);
            }
            let is_full = count == buffer.len();
            buffer = write::<R>(&file, buffer, count).await?;
            total += count as u64;
            progress(total);
            // So much data arrives that using the kernel is worthwhile.
            if let Some(intake) =
                Some(()).filter(|()| kernel && is_full).and_then(|()| self.connection.intake())
            {
                let (count, is_over) = self.take_into(&file, intake, |taken| progress(total + taken)).await?;
                if is_over {
                    return Ok(total + count);
                }
                (total, kernel) = (total + count, false);
            }
        }
    }

    /// Has the kernel move the data to `file`. Returns the number of bytes, and `true` at the end
    /// or `false` if the rest has to pass through this process.
    async fn take_into(
        &mut self,
        file: &Arc<File>,
        mut intake: Intake,
        mut progress: impl FnMut(u64),
    ) -> io::Result<(u64, bool)> {
        let Self { connection, transfer, .. } = self;
        let mut total = 0;
        loop {
            let most = poll_fn(|cx| connection.poll_arrived(transfer, cx)).await?;
            if most == 0 {
                return Ok((total, true));
            }
            let to = Arc::clone(file);
            let (lent, taken) = R::unblock(move || {
                let taken = intake.receive(&to, most);
                (intake, taken)
            })
            .await;
            intake = lent;
            total += taken.bytes as u64;
            connection.report_taken(transfer, Ok(taken.bytes)).await?;
            progress(total);
            match taken.failure {
                None => {}
                Some(Failure::Socket(error)) => connection.report_taken(transfer, Err(error)).await?,
                Some(Failure::File(error)) if is_unsupported(&error) => {
                    let count = taken.rest.len();
                    write::<R>(file, taken.rest, count).await?;
                    return Ok((total, false));
                }
                Some(Failure::File(error)) => return Err(error),
            }
        }
    }

    /// Aborts the download with ABOR and waits for all replies to it. Dropping the download also
    /// aborts it, but leaves the replies to the next call.
    ///
    /// # Errors
    /// Fails if the connection is lost, or the server does not reply.
    pub async fn abort(mut self) -> Result<(), Error> {
        self.connection.abort(self.transfer).await
    }
}

/// Writes the first `count` bytes of `buffer` where the call may block.
async fn write<R: Runtime>(file: &Arc<File>, buffer: Vec<u8>, count: usize) -> io::Result<Vec<u8>> {
    let file = Arc::clone(file);
    R::unblock(move || {
        (&*file).write_all(&buffer[..count])?;
        Ok(buffer)
    })
    .await
}

impl<'c, R: Runtime> Retrieve<'c, R> {
    pub(super) const fn new(connection: Lent<'c, R>, transfer: Transfer) -> Self {
        Self { connection, transfer, ahead: Vec::new(), start: 0, end: 0 }
    }
}

impl<R: Runtime> Retrieve<'static, R> {
    /// Returns the client of a transfer that owns it. A download that has not ended is aborted by
    /// the client's next call. Returns `None` if the transfer borrows its client.
    #[must_use]
    pub fn into_client(self) -> Option<Client<R>> {
        self.connection.into_client()
    }
}

impl<R: Runtime> fmt::Debug for Retrieve<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Retrieve").field(&self.transfer).finish()
    }
}
