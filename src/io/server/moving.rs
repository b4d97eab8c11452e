//! The host's side of a transfer: a file or a listing, and the bytes in transit.

use ::std::io;
use ::std::task::{Context, Poll, ready};

use super::Work;
use super::listed::{Below, Listed};
use super::pages::Pages;
use crate::action::{DataEvent, DataFailure};
use crate::io::driver::data::{CHUNK, Data, is_unsupported};
use crate::io::host::{AsyncFile, AsyncFilesystem};
use crate::io::net::intake::{Failure, Intake, Taken};
use crate::io::net::runtime::{Network, Timed};
use crate::server::Lister;

/// Initial number of bytes to receive at a time. The number grows for peers that send more than
/// that.
const FIRST_CHUNK: usize = CHUNK / 16;

/// A transfer, and the bytes between the host and the data connection.
pub(super) struct Moving<F: AsyncFilesystem> {
    what: What<F>,
    /// `true` for a file to be stored, which is aborted if the upload does not complete.
    upload: bool,
    /// Set while the kernel may be able to move the bytes.
    kernel: bool,
    /// The [`Intake`] with which the kernel moves bytes to a file to be stored, unless in use.
    intake: Option<Intake>,
    /// Empty while the host holds the buffer.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Number of bytes to receive at a time.
    chunk: usize,
    /// Set once there is nothing more to send.
    ended: bool,
    /// Number of bytes of the file so far.
    moved: u64,
    /// Maximum number of bytes that may be received.
    most: u64,
    /// Minimum size of the file to send, as reported when it was opened; 0 if unknown. An earlier
    /// end is an error.
    least: u64,
}

/// The [`Intake`] that has moved bytes, to be used again, and the result.
type HasTaken = io::Result<(Intake, Taken)>;

enum What<F: AsyncFilesystem> {
    /// A file, sent or received.
    File(F::File),
    Reading(Work<(F::File, Vec<u8>, io::Result<usize>)>),
    Writing(Work<(F::File, Vec<u8>, io::Result<()>)>),
    /// The kernel is moving incoming bytes to the file.
    Taking(Work<(F::File, HasTaken)>),
    Beginning(Work<(F::File, io::Result<()>)>),
    /// A listing to send.
    Entries(Box<Listed<F>>),
    /// The host has failed.
    Nothing,
}

impl<F: AsyncFilesystem> Moving<F> {
    /// Creates a transfer that stores a file.
    pub(super) const fn upload(file: F::File) -> Self {
        let mut moving = Self::new(What::File(file));
        (moving.upload, moving.kernel) = (true, true);
        moving
    }

    /// Creates a transfer that sends a file. `kernel` is `true` if the kernel may send it.
    pub(super) const fn file(file: F::File, kernel: bool) -> Self {
        let mut moving = Self::new(What::File(file));
        moving.kernel = kernel;
        moving
    }

    /// Creates a transfer that sends a listing, whose lines `lister` writes. `open` opens the
    /// directories below the listed one.
    pub(super) fn entries(pages: Pages<F::Entries>, lister: Lister, open: Below<F>) -> Self {
        Self::new(What::Entries(Box::new(Listed::new(pages, lister, open))))
    }

    const fn new(what: What<F>) -> Self {
        Self {
            what,
            upload: false,
            kernel: false,
            intake: None,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            chunk: FIRST_CHUNK,
            ended: false,
            moved: 0,
            most: u64::MAX,
            least: 0,
        }
    }

    /// Sets the size of the file to send, if the host knows it. An earlier end of the file is an
    /// error.
    pub(super) const fn of_size(mut self, size: Option<u64>) -> Self {
        if let Some(size) = size {
            self.least = size;
        }
        self
    }

    /// Returns the number of bytes of the file sent or received so far, before encoding.
    pub(super) const fn moved(&self) -> u64 {
        self.moved
    }

    /// Returns the file, once all of it has been received.
    pub(super) fn into_file(self) -> Option<F::File> {
        match self.what {
            What::File(file) => Some(file),
            _ => None,
        }
    }

    /// Returns the call that aborts the file of an upload, if such a call is needed.
    pub(super) fn abort(self) -> Option<Work<()>> {
        let in_order = <F::File as AsyncFile>::ABORTS_IN_ORDER;
        match self.what {
            _ if !self.upload => None,
            What::File(file) => Some(Box::pin(file.abort())),
            What::Beginning(work) if in_order => Some(Box::pin(async move { work.await.0.abort().await })),
            What::Taking(work) if in_order => Some(Box::pin(async move { work.await.0.abort().await })),
            What::Writing(work) if in_order => Some(Box::pin(async move { work.await.0.abort().await })),
            _ => None,
        }
    }

    /// Sends the next bytes.
    pub(super) fn poll_send<R: Network>(
        &mut self,
        data: &mut Data<R>,
        cx: &mut Context<'_>,
    ) -> Poll<DataEvent> {
        if data.is_complete() {
            // All that may be sent has been sent. The file may continue, and the rest of the buffer
            // is not needed.
            return data.poll_finish(cx);
        }
        if let (What::File(file), true) = (&mut self.what, self.kernel) {
            match file.as_file().filter(|_| !self.ended).map(|file| data.poll_send_file(cx, file)) {
                Some(Poll::Pending) => return Poll::Pending,
                Some(Poll::Ready(Ok(0))) => self.ended = true,
                Some(Poll::Ready(Ok(count))) => {
                    self.moved += count as u64;
                    return Poll::Ready(DataEvent::Moved(count as u64));
                }
                // The kernel cannot send this file on this socket, or not in this coding.
                Some(Poll::Ready(Err(error))) if is_unsupported(&error) => self.kernel = false,
                Some(Poll::Ready(Err(error))) => {
                    return Poll::Ready(data.fail(DataFailure::Broken, error));
                }
                None => self.kernel = false,
            }
        }
        if self.start == self.end && !self.ended {
            (self.start, self.end) = (0, 0);
            if let Err(error) = ready!(self.poll_refill(cx)) {
                return Poll::Ready(data.fail(DataFailure::Local, error));
            }
        }
        if self.start == self.end {
            if self.moved < self.least {
                let error =
                    io::Error::new(io::ErrorKind::UnexpectedEof, "the file shrank during the transfer");
                return Poll::Ready(data.fail(DataFailure::Local, error));
            }
            return data.poll_finish(cx);
        }
        let sent = data.poll_send(cx, &self.buffer[self.start..self.end]);
        if let What::Entries(listed) = &mut self.what {
            listed.write_ahead(cx);
        }
        sent.map(|(count, event)| {
            self.start += count;
            self.moved += count as u64;
            event
        })
    }

    /// Reads more from the host, or sets `ended`.
    fn poll_refill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let What::Entries(listed) = &mut self.what {
            self.buffer.clear();
            self.ended = ready!(listed.poll_lines(cx, &mut self.buffer))?;
            self.end = self.buffer.len();
            return Poll::Ready(Ok(()));
        }
        let mut buffer = ::std::mem::take(&mut self.buffer);
        self.change(|what| match what {
            What::File(file) => {
                buffer.resize(CHUNK, 0);
                What::Reading(Box::pin(file.read_owned(buffer)))
            }
            what => what,
        });
        let What::Reading(work) = &mut self.what else {
            return Poll::Ready(Err(io::Error::other("nothing to read from")));
        };
        let (file, buffer, read) = ready!(work.as_mut().poll(cx));
        self.what = What::File(file);
        self.buffer = buffer;
        self.end = read?.min(self.buffer.len());
        self.ended = self.end == 0;
        Poll::Ready(Ok(()))
    }

    /// Begins an upload of at most `most` bytes.
    pub(super) fn begin(&mut self, most: u64) {
        self.most = most;
        self.change(|what| match what {
            What::File(mut file) => What::Beginning(Box::pin(async move {
                let begun = file.begin().await;
                (file, begun)
            })),
            what => what,
        });
    }

    /// Waits until the host has stored the bytes that it was given. Returns the number of bytes
    /// that were not reported before, because the kernel has received them.
    fn poll_stored(&mut self, cx: &mut Context<'_>) -> Poll<Result<u64, (DataFailure, io::Error)>> {
        let (file, stored) = match &mut self.what {
            What::Beginning(work) => ready!(work.as_mut().poll(cx)),
            What::Writing(work) => {
                let (file, buffer, written) = ready!(work.as_mut().poll(cx));
                self.buffer = buffer;
                (file, written)
            }
            What::Taking(work) => {
                let (file, taken) = ready!(work.as_mut().poll(cx));
                return Poll::Ready(self.taken(file, taken));
            }
            _ => return Poll::Ready(Ok(0)),
        };
        self.what = What::File(file);
        Poll::Ready(stored.map(|()| 0).map_err(not_stored))
    }

    /// Continues after the kernel has moved bytes. If the kernel cannot move them, continues
    /// without it.
    fn taken(&mut self, file: F::File, taken: HasTaken) -> Result<u64, (DataFailure, io::Error)> {
        self.what = What::File(file);
        let (intake, Taken { bytes, rest, failure }) = match taken {
            Ok(taken) => taken,
            // Nothing was received.
            Err(error) if is_unsupported(&error) => {
                self.kernel = false;
                return Ok(0);
            }
            Err(error) => return Err(not_stored(error)),
        };
        let bytes = bytes as u64;
        self.moved += bytes;
        match failure {
            None => self.intake = Some(intake),
            Some(Failure::Socket(error)) => return Err((DataFailure::Broken, error)),
            Some(Failure::File(error)) if is_unsupported(&error) => {
                self.kernel = false;
                let count = rest.len();
                self.write(rest, count);
            }
            Some(Failure::File(error)) => return Err(not_stored(error)),
        }
        Ok(bytes)
    }

    /// Has the host store the first `count` bytes.
    fn write(&mut self, bytes: Vec<u8>, count: usize) {
        self.change(|what| match what {
            What::File(file) => What::Writing(Box::pin(file.write_owned(bytes, 0..count))),
            what => what,
        });
    }

    fn change(&mut self, next: impl FnOnce(What<F>) -> What<F>) {
        self.what = next(::std::mem::replace(&mut self.what, What::Nothing));
    }

    /// Receives the next bytes. Reports them before the host has stored them, but reports the end
    /// of the data only when all is stored.
    pub(super) fn poll_receive<R: Network>(
        &mut self,
        data: &mut Data<R>,
        runtime: &Timed<R>,
        cx: &mut Context<'_>,
    ) -> Poll<DataEvent> {
        loop {
            match ready!(self.poll_stored(cx)) {
                Ok(0) => {}
                Ok(count) => return Poll::Ready(DataEvent::Moved(count)),
                Err((failure @ DataFailure::Broken, error)) => return Poll::Ready(data.fail(failure, error)),
                Err((failure, error)) => return Poll::Ready(data.refuse(failure, error, runtime)),
            }
            if !self.may_take(data) {
                return self.poll_receive_chunk(data, runtime, cx);
            }
            let most = match ready!(data.poll_arrived(cx)) {
                Ok(most) => most.min(usize::try_from(self.most - self.moved).unwrap_or(usize::MAX)),
                Err(event) => return Poll::Ready(event),
            };
            if most == 0 {
                return Poll::Ready(too_large(data, runtime));
            }
            let Some(mut intake) = self.intake.take() else { continue };
            self.change(|what| match what {
                What::File(file) => What::Taking(Box::pin(file.with_file(move |file| {
                    let taken = intake.receive(file, most);
                    (intake, taken)
                }))),
                what => what,
            });
        }
    }

    /// Returns whether the kernel should move the next bytes to the file, which is worthwhile once
    /// there are many.
    fn may_take<R: Network>(&mut self, data: &mut Data<R>) -> bool {
        let What::File(file) = &self.what else { return false };
        if self.kernel && self.chunk == CHUNK && self.intake.is_none() {
            self.intake = file.as_file().and_then(|_| data.intake());
            self.kernel = self.intake.is_some();
        }
        self.kernel && self.intake.is_some()
    }

    /// Receives the next bytes into the buffer, and has the host store them.
    fn poll_receive_chunk<R: Network>(
        &mut self,
        data: &mut Data<R>,
        runtime: &Timed<R>,
        cx: &mut Context<'_>,
    ) -> Poll<DataEvent> {
        self.buffer.resize(self.chunk, 0);
        let received = match ready!(data.poll_receive(cx, &mut self.buffer)) {
            Ok(received) => received,
            Err(error) => return Poll::Ready(data.refuse(DataFailure::Malformed, error, runtime)),
        };
        self.moved += received.bytes as u64;
        if self.moved > self.most {
            return Poll::Ready(too_large(data, runtime));
        }
        if received.bytes == self.chunk {
            self.chunk = CHUNK.min(4 * self.chunk);
        }
        if received.bytes > 0 {
            let buffer = ::std::mem::take(&mut self.buffer);
            self.write(buffer, received.bytes);
            if matches!(self.what, What::Nothing) {
                let error = io::Error::other("nothing to write to");
                return Poll::Ready(data.refuse(DataFailure::Local, error, runtime));
            }
        }
        Poll::Ready(received.event)
    }
}

/// Returns the failure to report for an error of the host.
fn not_stored(error: io::Error) -> (DataFailure, io::Error) {
    let failure = match error.kind() {
        io::ErrorKind::StorageFull => DataFailure::StorageFull,
        // The file may also have reached the maximum size of its file system.
        io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => DataFailure::QuotaExceeded,
        _ => DataFailure::Local,
    };
    (failure, error)
}

fn too_large<R: Network>(data: &mut Data<R>, runtime: &Timed<R>) -> DataEvent {
    data.refuse(DataFailure::QuotaExceeded, io::ErrorKind::FileTooLarge.into(), runtime)
}
