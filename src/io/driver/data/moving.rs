//! Moves the bytes of a transfer over an open data connection.

use ::std::io;
use ::std::task::{Context, Poll, ready};

use super::{CHUNK, Data, Received, SMALLEST, State, is_cut_short};
use crate::action::{DataEvent, DataFailure};
use crate::io::net::intake::Intake;
use crate::io::net::runtime::Network;
use crate::transfer::TransferError;

impl<R: Network> Data<R> {
    /// Receives bytes of the file into `out`, which is not empty.
    ///
    /// # Errors
    /// Fails if the data does not follow its coding. The connection is still there then, for the
    /// caller to [`fail`](Self::fail) or [`refuse`](Self::refuse).
    pub(in crate::io) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        if let Some(marker) = self.marker.take() {
            return Poll::Ready(Ok(Received { bytes: 0, event: DataEvent::Marker(marker) }));
        }
        let State::Receiving(wire, decoder) = &mut self.state else { return Poll::Pending };
        if decoder.is_identity() {
            let most = out.len().min(self.allowance);
            return Poll::Ready(Ok(match ready!(wire.poll_read(cx, &mut out[..most])) {
                Ok(0) => self.end_of_data(true, cx),
                Ok(count) => Received { bytes: count, event: DataEvent::Moved(count as u64) },
                Err(error) if is_cut_short(&error) => self.end_of_data(false, cx),
                Err(error) => Received { bytes: 0, event: self.fail(DataFailure::Broken, error) },
            }));
        }
        let decoded = loop {
            match decoder.decode(&self.buffer[self.start..self.end], out) {
                Ok(done) => {
                    self.start += done.read;
                    self.unreported += done.read;
                    if let (Some(marker), 0) = (done.marker, done.written) {
                        return Poll::Ready(Ok(Received { bytes: 0, event: DataEvent::Marker(marker) }));
                    }
                    self.marker = done.marker;
                    if done.written > 0 || decoder.is_ended() {
                        break Ok(done.written);
                    }
                }
                Err(error) => break Err(error),
            }
            if self.start < self.end {
                continue;
            }
            self.buffer.resize(self.allowance.clamp(SMALLEST, CHUNK), 0);
            match ready!(wire.poll_read(cx, &mut self.buffer)) {
                Ok(0) => break decoder.finish(out),
                Ok(count) => (self.start, self.end) = (0, count),
                // The encoding marks the end of the file, and that mark was received.
                Err(_) if decoder.is_whole() => break Ok(0),
                Err(error) if is_cut_short(&error) => break Err(TransferError::Truncated),
                Err(error) => {
                    let event = self.fail(DataFailure::Broken, error);
                    return Poll::Ready(Ok(Received { bytes: 0, event }));
                }
            }
        };
        Poll::Ready(match decoded {
            Ok(0) => Ok(self.end_of_data(true, cx)),
            Ok(bytes) => {
                let wire = ::std::mem::take(&mut self.unreported);
                Ok(Received { bytes, event: DataEvent::Moved(wire as u64) })
            }
            Err(TransferError::Truncated) => Ok(self.end_of_data(false, cx)),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        })
    }

    /// Returns an [`Intake`], with which the kernel can move the bytes to a file, if the coding and
    /// the system allow that.
    pub(in crate::io) fn intake(&mut self) -> Option<Intake> {
        match &mut self.state {
            State::Receiving(wire, decoder) if decoder.is_identity() => wire.intake().ok(),
            _ => None,
        }
    }

    /// Waits for bytes that an [`Intake`] may receive, and returns their maximum number, or the
    /// event if there are no more.
    pub(in crate::io) fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, DataEvent>> {
        let State::Receiving(wire, _) = &mut self.state else { return Poll::Pending };
        Poll::Ready(match ready!(wire.poll_arrived(cx)) {
            Ok(true) => Ok(self.allowance.min(4 * CHUNK)),
            Ok(false) => Err(self.end_of_data(true, cx).event),
            Err(error) => Err(self.fail(DataFailure::Broken, error)),
        })
    }

    fn end_of_data(&mut self, clean: bool, cx: &mut Context<'_>) -> Received {
        // The receiver ends TLS too, but need not wait for its close_notify to arrive.
        if let State::Receiving(wire, _) = &mut self.state {
            let _ = wire.poll_shut_down(cx);
        }
        // ProFTPD waits up to ten seconds for its client to close before it confirms.
        self.state = State::Closed;
        Received { bytes: 0, event: DataEvent::Eof { clean } }
    }

    /// Sends bytes of the file. Returns the number accepted, and the event to report to the
    /// machine.
    pub(in crate::io) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<(usize, DataEvent)> {
        let State::Sending(wire, encoder) = &mut self.state else { return Poll::Pending };
        let bytes = &bytes[..bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX))];
        let result = if encoder.is_identity() {
            let bytes = &bytes[..bytes.len().min(self.allowance)];
            ready!(wire.poll_write(cx, bytes)).map(|count| {
                self.left -= count as u64;
                (count, count)
            })
        } else {
            if self.start == self.end {
                self.buffer.resize(self.allowance.clamp(SMALLEST, CHUNK), 0);
                let progress = encoder.encode(bytes, &mut self.buffer);
                (self.start, self.end) = (0, progress.written);
                self.taken = progress.read;
                self.left -= progress.read as u64;
                if progress.written == 0 {
                    return Poll::Ready((::std::mem::take(&mut self.taken), DataEvent::Moved(0)));
                }
            }
            match ready!(wire.poll_write(cx, &self.buffer[self.start..self.end])) {
                Ok(count) => {
                    self.start += count;
                    Ok((::std::mem::take(&mut self.taken), count))
                }
                Err(error) => Err(error),
            }
        };
        Poll::Ready(match result {
            Ok((taken, wire)) => (taken, DataEvent::Moved(wire as u64)),
            Err(error) => (0, self.fail(DataFailure::Broken, error)),
        })
    }

    /// Sends at most four chunks of `file` without reading them, if the coding and the system allow
    /// that.
    pub(in crate::io) fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        file: &::std::fs::File,
    ) -> Poll<io::Result<usize>> {
        match &mut self.state {
            State::Sending(wire, encoder) if encoder.is_identity() => {
                let most =
                    usize::try_from(self.left).unwrap_or(usize::MAX).min(self.allowance).min(4 * CHUNK);
                if most == 0 {
                    return Poll::Ready(Ok(0));
                }
                let sent = ready!(wire.poll_send_file(cx, file, most));
                self.left -= sent.as_ref().map_or(0, |count| *count as u64);
                Poll::Ready(sent)
            }
            _ => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    /// Sends what the buffer and the encoder still hold, then shuts down the sending side. Call
    /// this only after all bytes of the file have been accepted.
    pub(in crate::io) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<DataEvent> {
        let State::Sending(wire, encoder) = &mut self.state else { return Poll::Pending };
        loop {
            while self.start < self.end {
                match ready!(wire.poll_write(cx, &self.buffer[self.start..self.end])) {
                    Ok(count) => self.start += count,
                    Err(error) => return Poll::Ready(self.fail(DataFailure::Broken, error)),
                }
            }
            if !encoder.is_identity() {
                self.buffer.resize(CHUNK, 0);
            }
            (self.start, self.end) = (0, encoder.finish(&mut self.buffer));
            if self.end == 0 {
                break;
            }
        }
        Poll::Ready(match ready!(wire.poll_shut_down(cx)) {
            Ok(()) => {
                self.change(|state| match state {
                    State::Sending(wire, _) => State::Sent(wire),
                    state => state,
                });
                DataEvent::Flushed
            }
            Err(error) => self.fail(DataFailure::Broken, error),
        })
    }
}
