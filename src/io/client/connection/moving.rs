//! Moves the bytes of a transfer between its caller and the data connection.

use ::std::fs::File;
use ::std::future::poll_fn;
use ::std::io;
use ::std::mem::replace;
use ::std::task::{Context, Poll, ready};

use super::{Connection, Dialer};
use crate::action::{DataEvent, DataFailure};
use crate::client::abort;
use crate::codec::Direction;
use crate::io::client::transfer::{Finished, Transfer};
use crate::io::driver::data::{Data, is_unsupported};
use crate::io::error::Error;
use crate::io::net::intake::Intake;
use crate::io::net::runtime::Runtime;

impl<R: Runtime> Connection<R> {
    /// Reads bytes of a transfer into `out`, and returns their number: 0 once the transfer,
    /// including its final reply, is complete.
    pub(in crate::io::client) fn poll_read(
        &mut self,
        transfer: &mut Transfer,
        out: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Error>> {
        if out.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let moved = self.poll_move(transfer, cx, |data, cx| {
            data.poll_receive(cx, out).map(|received| match received {
                Ok(received) => (Some(received.bytes).filter(|bytes| *bytes > 0), received.event),
                Err(error) => (None, data.fail(DataFailure::Malformed, error)),
            })
        });
        moved.map_ok(|moved| moved.bytes().unwrap_or_default())
    }

    /// Sends bytes of a transfer, at least one unless `bytes` is empty, and returns their number.
    pub(in crate::io::client) fn poll_write(
        &mut self,
        transfer: &mut Transfer,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Error>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let moved = self.poll_move(transfer, cx, |data, cx| {
            data.poll_send(cx, bytes).map(|(count, event)| (Some(count).filter(|count| *count > 0), event))
        });
        moved.map(|moved| moved?.bytes().ok_or_else(|| transfer.cut_short()))
    }

    /// Has the kernel send a piece of `file` from its current position, and returns the length of
    /// the piece: 0 at the end of the file, or `None` if the bytes have to pass through this
    /// process.
    pub(in crate::io::client) fn poll_send_file(
        &mut self,
        transfer: &mut Transfer,
        file: &File,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<usize>, Error>> {
        let mut unsupported = false;
        let moved = self.poll_move(transfer, cx, |data, cx| {
            data.poll_send_file(cx, file).map(|sent| match sent {
                Ok(count) => (Some(count), DataEvent::Moved(count as u64)),
                Err(error) if is_unsupported(&error) => {
                    unsupported = true;
                    (Some(0), DataEvent::Moved(0))
                }
                Err(error) => (None, data.fail(DataFailure::Broken, error)),
            })
        });
        moved.map(|moved| {
            let count = moved?.bytes().ok_or_else(|| transfer.cut_short())?;
            Ok(Some(count).filter(|_| !unsupported))
        })
    }

    /// Returns an [`Intake`], with which the kernel can move incoming bytes to a file, if it can do
    /// so now.
    pub(in crate::io::client) fn intake(&mut self) -> Option<Intake> {
        self.data.intake()
    }

    /// Waits for bytes that an [`Intake`] may receive, and returns their maximum number: 0 once the
    /// transfer, including its final reply, is complete.
    pub(in crate::io::client) fn poll_arrived(
        &mut self,
        transfer: &mut Transfer,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Error>> {
        let mut most = 0;
        let moved = self.poll_move(transfer, cx, |data, cx| {
            data.poll_arrived(cx).map(|arrived| match arrived {
                Ok(room) => {
                    most = room;
                    (Some(0), DataEvent::Moved(0))
                }
                Err(event) => (None, event),
            })
        });
        moved.map_ok(|_| most)
    }

    /// Reports the bytes that an [`Intake`] has received, or its failure.
    pub(in crate::io::client) async fn report_taken(
        &mut self,
        transfer: &mut Transfer,
        mut taken: io::Result<usize>,
    ) -> Result<(), Error> {
        let report = poll_fn(|cx| {
            self.poll_move(transfer, cx, |data, _| {
                Poll::Ready(match replace(&mut taken, Ok(0)) {
                    Ok(count) => (Some(count), DataEvent::Moved(count as u64)),
                    Err(error) => (None, data.fail(DataFailure::Broken, error)),
                })
            })
        });
        report.await.map(drop)
    }

    /// Moves data with `attempt`, which returns the number of bytes for the caller, if any, and the
    /// event for the machine. Replies of the server are read when no data moves, and occasionally
    /// while it does.
    fn poll_move(
        &mut self,
        transfer: &mut Transfer,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&mut Data<Dialer<R>>, &mut Context<'_>) -> Poll<(Option<usize>, DataEvent)>,
    ) -> Poll<Result<Moved, Error>> {
        if transfer.span.is_none() && !transfer.is_over() {
            transfer.span = Some(self.span.transfer(None));
        }
        if let Some(error) = &transfer.failure {
            return Poll::Ready(Err(error.again()));
        }
        if let (false, Err(error)) = (transfer.is_over(), self.check(transfer.deadline)) {
            return Poll::Ready(Err(transfer.fail(error)));
        }
        loop {
            let was_moving = self.data.is_moving();
            while let (Some(id), true) = (self.data.id(), self.data.is_moving() && !transfer.is_over()) {
                if self.turns.poll_after(true, cx).is_pending() {
                    break;
                }
                let Poll::Ready((count, event)) = attempt(&mut self.data, cx) else { break };
                self.tell(id, event);
                if let (Some(count), true) = (count, self.data.is_decoding()) {
                    self.tell(id, DataEvent::Decoded(count as u64));
                }
                if let Some(count) = count {
                    self.turns.moved(count);
                    let sending = self.data.is_sending();
                    let direction = if sending { Direction::ToServer } else { Direction::FromServer };
                    if let Some(span) = &mut transfer.span {
                        span.moved(count, direction);
                    }
                    return Poll::Ready(Ok(Moved::Bytes(count)));
                }
            }
            match self.poll_complete(transfer, cx) {
                // The machine has just allowed data to flow.
                Poll::Pending if !was_moving && self.data.is_moving() => {}
                over => return over.map_ok(Moved::Over),
            }
        }
    }

    /// Ends an upload: sends the rest of the data and waits for the server's final reply.
    pub(in crate::io::client) fn poll_finish(
        &mut self,
        transfer: &mut Transfer,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Finished, Error>> {
        let moved = self.poll_move(transfer, cx, |data, cx| data.poll_finish(cx).map(|event| (None, event)));
        moved.map_ok(|moved| match moved {
            Moved::Over(finished) => finished,
            Moved::Bytes(_) => Finished::default(),
        })
    }

    /// Aborts a transfer unless it has ended, and waits for the server's replies to the abort.
    pub(in crate::io::client) async fn abort(&mut self, transfer: Transfer) -> Result<(), Error> {
        self.begin_call();
        match transfer.completion {
            Some(completion) => self.run_here(abort(completion.into_transfer()), |_| {}).await.map(drop),
            None => Ok(()),
        }
    }

    fn poll_complete(
        &mut self,
        transfer: &mut Transfer,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Finished, Error>> {
        let Some(operation) = &mut transfer.completion else { return Poll::Ready(Ok(Finished::default())) };
        match ready!(self.poll_run(operation, transfer.deadline, &mut |_| {}, cx)) {
            Ok(finished) => {
                transfer.completion = None;
                transfer.presumed_empty |= finished.presumed_empty;
                if let Some(mut span) = transfer.span.take() {
                    span.end(&"complete");
                }
                Poll::Ready(Ok(finished))
            }
            Err(error) => Poll::Ready(Err(transfer.fail(error))),
        }
    }
}

/// The result of one attempt to move data.
enum Moved {
    Bytes(usize),
    Over(Finished),
}

impl Moved {
    fn bytes(&self) -> Option<usize> {
        match self {
            Self::Bytes(count) => Some(*count),
            Self::Over(_) => None,
        }
    }
}
