//! A client's transfers, over any runtime: what its `Retrieve`, `Store` and `Entries` are made of.

use ::std::fmt;
use ::std::fs::File;
use ::std::future::poll_fn;
use ::std::io::{self, Read, Write};
use ::std::mem::take;
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};

use super::client::{Connection, Finished, Transfer};
use super::data::CHUNK;
use super::error::Error;
use super::names::{LineDecoder, Names};
use super::runtime::Runtime;
use crate::listing::{Clock, Formats, ListingLine, ListingParser};
use crate::transfer::Marker;

/// How much is received at a time for a reader that asks for less.
const READ_AHEAD: usize = 64 * 1024;
/// The longest line of a listing.
const LONGEST_LINE: usize = 8 * 1024;
/// How much of a listing is read at a time.
const LISTING_CHUNK: usize = 32 * 1024;

/// A download.
pub(super) struct Download<'c, R: Runtime> {
    connection: &'c mut Connection<R>,
    pub(super) transfer: Transfer,
    /// What was received for reads of a few bytes, which would cost a system call each.
    ahead: Vec<u8>,
    start: usize,
    end: usize,
}

impl<R: Runtime> fmt::Debug for Download<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.transfer.fmt(f)
    }
}

impl<'c, R: Runtime> Download<'c, R> {
    pub(super) const fn new(connection: &'c mut Connection<R>, transfer: Transfer) -> Self {
        Self { connection, transfer, ahead: Vec::new(), start: 0, end: 0 }
    }

    pub(super) const fn last_marker(&self) -> Option<Marker> {
        self.connection.last_marker()
    }

    /// Reads bytes, 0 once all were read and the server has confirmed them.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, Error>> {
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

    pub(super) async fn receive_into(mut self, file: &File) -> io::Result<u64> {
        let file = Arc::new(file.try_clone()?);
        let mut buffer = vec![0; CHUNK];
        let mut total = 0;
        loop {
            let count = poll_fn(|cx| self.poll_read(cx, &mut buffer)).await?;
            if count == 0 {
                return Ok(total);
            }
            let file = Arc::clone(&file);
            buffer = R::unblock(move || {
                (&*file).write_all(&buffer[..count])?;
                io::Result::Ok(buffer)
            })
            .await?;
            total += count as u64;
        }
    }

    pub(super) async fn abort(self) -> Result<(), Error> {
        self.connection.abort(self.transfer).await
    }
}

/// An upload.
pub(super) struct Upload<'c, R: Runtime> {
    connection: &'c mut Connection<R>,
    pub(super) transfer: Transfer,
    /// What the server said at its end, until somebody asks.
    finished: Finished,
}

impl<R: Runtime> fmt::Debug for Upload<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.transfer.fmt(f)
    }
}

impl<'c, R: Runtime> Upload<'c, R> {
    pub(super) fn new(connection: &'c mut Connection<R>, transfer: Transfer) -> Self {
        Self { connection, transfer, finished: Finished::default() }
    }

    pub(super) const fn last_marker(&self) -> Option<Marker> {
        self.connection.last_marker()
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        self.connection.poll_write(&mut self.transfer, bytes, cx)
    }

    /// Ends the upload, once. One that failed does not end well afterwards.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.transfer.is_complete() {
            self.finished = ready!(self.connection.poll_finish(&mut self.transfer, cx))?;
        }
        Poll::Ready(Ok(()))
    }

    pub(super) async fn finish(mut self) -> Result<Finished, Error> {
        poll_fn(|cx| self.poll_finish(cx)).await?;
        Ok(self.finished)
    }

    pub(super) async fn send_file(&mut self, file: &File) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let Self { connection, transfer, .. } = self;
            match poll_fn(|cx| connection.poll_send_file(transfer, file, cx)).await? {
                Some(0) => return Ok(total),
                Some(count) => total += count as u64,
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
            buffer = chunk;
        }
    }

    pub(super) async fn abort(self) -> Result<(), Error> {
        self.connection.abort(self.transfer).await
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

/// The entries of a listing, as they arrive.
pub(super) struct Listing<'c, R: Runtime> {
    data: Download<'c, R>,
    parser: ListingParser<Vec<u8>>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    stage: Stage,
    names: Option<(Arc<Names>, LineDecoder)>,
    /// Lines that could not be decoded, last first.
    undecoded: Vec<Vec<u8>>,
}

#[derive(Debug, PartialEq)]
enum Stage {
    Receiving,
    /// Nothing more is received; what was is still to be parsed.
    Ending,
    Ended,
    /// The last line may be half a line.
    Failed,
}

impl<R: Runtime> fmt::Debug for Listing<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing")
            .field("data", &self.data)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

impl<'c, R: Runtime> Listing<'c, R> {
    pub(super) fn new(connection: &'c mut Connection<R>, transfer: Transfer) -> Self {
        let parser = ListingParser::new(vec![0; LONGEST_LINE], transfer.formats, Clock::now());
        let names = connection.shared_names().map(|names| (names, LineDecoder::default()));
        let data = Download::new(connection, transfer);
        let (buffer, undecoded) = (vec![0; LISTING_CHUNK], Vec::new());
        Self { data, parser, buffer, start: 0, end: 0, stage: Stage::Receiving, names, undecoded }
    }

    pub(super) const fn is_presumed_empty(&self) -> bool {
        self.data.transfer.presumed_empty
    }

    pub(super) const fn set_clock(&mut self, clock: Clock) {
        self.parser.set_clock(clock);
    }

    pub(super) const fn formats(&self) -> Formats {
        self.data.transfer.formats
    }

    /// The next entry; none after the last, once the server has confirmed the transfer, or after an error.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ListingLine, Error>>> {
        while matches!(self.stage, Stage::Receiving | Stage::Ending) {
            if let Err(stopped) = self.data.connection.check_stop() {
                self.stage = Stage::Failed;
                return Poll::Ready(Some(Err(stopped)));
            }
            let mut input = &self.buffer[self.start..self.end];
            let line = self.parser.next(&mut input).map(ListingLine::from);
            self.start = self.end - input.len();
            if let Some(line) = line {
                return Poll::Ready(Some(Ok(line)));
            }
            if let Some(line) = self.undecoded.pop() {
                return Poll::Ready(Some(Ok(ListingLine::Unparsed(line))));
            }
            if self.stage == Stage::Ending {
                self.stage = Stage::Ended;
                break;
            }
            let Download { connection, transfer, .. } = &mut self.data;
            self.buffer.resize(LISTING_CHUNK, 0);
            let received = ready!(connection.poll_read(transfer, &mut self.buffer, cx));
            (self.start, self.end) = match received {
                Ok(count) => (0, count),
                Err(error) => {
                    self.stage = Stage::Failed;
                    return Poll::Ready(Some(Err(error)));
                }
            };
            if self.end == 0 {
                self.stage = Stage::Ending;
            }
            if let Some((names, decoder)) = &mut self.names {
                let decoded = decoder.decode(names, &self.buffer[..self.end], self.end == 0);
                (self.end, self.undecoded) = (decoded.bytes.len(), decoded.failed);
                self.undecoded.reverse();
                self.buffer = decoded.bytes;
            }
        }
        Poll::Ready(match self.stage {
            Stage::Failed => None,
            _ => self.parser.finish().map(|line| Ok(line.into())),
        })
    }
}

/// Makes `Retrieve`, `Store` and `Entries`, of clients that run on `$runtime`; `$expand` as for
/// [`operations`](super::operations::operations). How bytes are read and written is left to the runtime's own
/// traits.
macro_rules! transfers {
    ($expand:ident, $runtime:ident) => {
        use ::std::fs::File;

        use $crate::io::error::Error;
        use $crate::io::outcome::Reply;
        use $crate::io::transfer::{Download, Listing, Upload};
        use $crate::listing::{Clock, Formats, ListingLine};
        use $crate::transfer::Marker;

        /// A download: the bytes of a file.
        ///
        /// The end (a read of 0 bytes) comes only once the server has confirmed that all was sent: whatever
        /// is cut short is an error, and so is every read after an error. Dropped before that, the transfer is
        /// given up, and the client goes on.
        #[derive(Debug)]
        pub struct Retrieve<'c>(pub(super) Download<'c, $runtime>);

        impl Retrieve<'_> {
            /// The byte of the file that the first byte read is.
            #[must_use]
            pub const fn offset(&self) -> u64 {
                self.0.transfer.offset
            }

            /// What the server hints the size to be.
            #[must_use]
            pub const fn size_hint(&self) -> Option<u64> {
                self.0.transfer.size_hint
            }

            /// The last restart marker that the server sent, in block or compressed mode, before which every
            /// byte was read: keep it with what was, to go on there by [`Client::retrieve_at`].
            ///
            /// [`Client::retrieve_at`]: super::Client::retrieve_at
            #[must_use]
            pub const fn last_marker(&self) -> Option<Marker> {
                self.0.last_marker()
            }

            $expand! {
                /// Receives all that is left into `file`, at its position: how many bytes that were.
                ///
                /// # Errors
                /// When the file cannot be written, or the transfer fails.
                pub async fn receive_into(self, file: &File) -> ::std::io::Result<u64> {
                    self.0.receive_into(file).await
                }

                /// Gives the download up by ABOR, and hears all that the server says to that. To drop it does
                /// as well; this tells at once when the connection does not survive it.
                ///
                /// # Errors
                /// When the connection is gone, or the server answers nothing.
                pub async fn abort(self) -> Result<(), Error> {
                    self.0.abort().await
                }
            }
        }

        /// An upload.
        ///
        /// It counts only once [`finish`](Self::finish) has returned `Ok`, which it does not after a write that
        /// failed. Dropped before that, the transfer is given up, and the client goes on.
        #[derive(Debug)]
        #[must_use = "an upload that is not finished is aborted"]
        pub struct Store<'c>(pub(super) Upload<'c, $runtime>);

        impl Store<'_> {
            /// The byte of the file that the first byte written is.
            #[must_use]
            pub const fn offset(&self) -> u64 {
                self.0.transfer.offset
            }

            /// The name that the server chose, where it was asked to and says so at the start.
            #[must_use]
            pub fn unique_name(&self) -> Option<&[u8]> {
                self.0.transfer.unique_name.as_deref()
            }

            /// The last restart marker that the server has told so far, in block or compressed mode and with
            /// [`marker_interval`](crate::client::Config::marker_interval): keep it, to go on there by
            /// [`Client::store_at`].
            ///
            /// [`Client::store_at`]: super::Client::store_at
            #[must_use]
            pub const fn last_marker(&self) -> Option<Marker> {
                self.0.last_marker()
            }

            $expand! {
                /// Sends the rest of `file`, from its position on: how many bytes that were. Where nothing
                /// has to be converted the kernel moves them, and none of them passes through this process.
                ///
                /// Given up halfway, there is no telling how much was sent: give the upload up too.
                ///
                /// # Errors
                /// When the file cannot be read, or the server does not take it.
                pub async fn send_file(&mut self, file: &File) -> ::std::io::Result<u64> {
                    self.0.send_file(file).await
                }

                /// Gives the upload up by ABOR, and hears all that the server says to that. What it keeps of
                /// the file is its own matter.
                ///
                /// # Errors
                /// When the connection is gone, or the server answers nothing.
                pub async fn abort(self) -> Result<(), Error> {
                    self.0.abort().await
                }

                /// Ends the upload and waits for the server to confirm it.
                ///
                /// # Errors
                /// When it does not.
                pub async fn finish(self) -> Result<Option<Reply>, Error> {
                    self.0.finish().await.map(|finished| finished.reply)
                }
            }
        }

        /// The entries of a listing, as they arrive.
        ///
        /// A line that is no entry in any format comes as [`ListingLine::Unparsed`], and others may follow. The
        /// end comes only once the server has confirmed the transfer.
        #[derive(Debug)]
        pub struct Entries<'c>(pub(super) Listing<'c, $runtime>);

        impl Entries<'_> {
            /// Reads dates by `clock`: it may know the server's zone, and the order in which the server writes the
            /// numbers of dates. Without this, dates are read by the system's clock, which knows neither. To be
            /// called before the first entry is read.
            #[must_use]
            pub const fn with_clock(mut self, clock: Clock) -> Self {
                self.0.set_clock(clock);
                self
            }

            /// The formats that its lines may have, which tells what the server was asked:
            /// [`Formats::MLSD`], where it knows that; [`Formats::LIST`], where anything may come and not all
            /// of it be told; [`Formats::NLST`], where only names were wanted. Which of them a line has, and
            /// the line itself, are the entry's to say.
            #[must_use]
            pub const fn formats(&self) -> Formats {
                self.0.formats()
            }

            /// Returns whether there is no listing because the server refused it in words that it has for
            /// empty directories. Do not remove anything on the strength of that.
            #[must_use]
            pub const fn is_presumed_empty(&self) -> bool {
                self.0.is_presumed_empty()
            }
        }
    };
}
pub(super) use transfers;
