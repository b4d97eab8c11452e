//! The data connection: the operation that the machine requested, and the bytes in transit.
//!
//! Everything that must outlive a wait is a field here and not in a future, so that a future may be
//! dropped whenever it is not ready.

use core::future::pending;

use embedded_io_async::{ErrorKind, Read, Write};

use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::transfer::{Decoder, Encoder, Marker, TransferError};

/// The part of a call that moves data.
#[derive(Debug)]
pub(super) enum Payload<'b> {
    /// The call moves no data.
    None,
    Receive(&'b mut [u8]),
    Send(&'b [u8]),
    /// All bytes of the file were accepted.
    Finish,
}

/// The number of bytes of the file that were moved for the caller, if any, and the event for the
/// machine.
pub(super) type Moved = (Option<usize>, DataEvent);

pub(super) struct Data<C, B> {
    pub(super) id: Option<DataId>,
    state: State<C>,
    /// Bytes still to be decoded, or encoded bytes to be sent: `encoded[start..end]`.
    encoded: B,
    start: usize,
    end: usize,
    /// Number of bytes decoded but not reported to the machine.
    unreported: usize,
    /// A restart marker that followed the bytes returned last.
    marker: Option<Marker>,
    /// The error behind the last failure event.
    pub(super) error: Option<ErrorKind>,
}

enum State<C> {
    Closed,
    Open(C),
    Receiving(C, Decoder),
    Sending(C, Encoder),
}

impl<C: Read + Write, B: AsRef<[u8]> + AsMut<[u8]>> Data<C, B> {
    pub(super) const fn new(encoded: B) -> Self {
        Self {
            id: None,
            state: State::Closed,
            encoded,
            start: 0,
            end: 0,
            unreported: 0,
            marker: None,
            error: None,
        }
    }

    /// Begins a connection, which the caller opens.
    pub(super) fn begin(&mut self, id: DataId) {
        self.close();
        (self.id, self.error) = (Some(id), None);
    }

    /// Takes the connection that was opened, or the error.
    pub(super) fn opened(&mut self, connection: Result<C, ErrorKind>) -> DataEvent {
        match connection {
            Ok(connection) => {
                self.state = State::Open(connection);
                DataEvent::Connected
            }
            Err(error) => self.fail(DataFailure::Unreachable, error),
        }
    }

    /// Performs any operation except connecting. Returns the resulting event if there is one
    /// immediately.
    pub(super) fn act(&mut self, id: DataId, op: DataOp) -> Option<DataEvent> {
        match op {
            DataOp::Listen { .. } => {
                self.begin(id);
                return Some(self.fail(DataFailure::Unreachable, ErrorKind::Unsupported));
            }
            _ if self.id != Some(id) => {}
            DataOp::StartTls => return Some(self.fail(DataFailure::Handshake, ErrorKind::Unsupported)),
            // The connection was closed when everything was sent, so it is unknown whether the
            // server closed its side cleanly.
            DataOp::AwaitClose => return Some(DataEvent::Eof { clean: false }),
            DataOp::Close | DataOp::Abort => {
                self.close();
                self.id = None;
            }
            DataOp::Receive(parameters) => return self.start(parameters.decoder(), State::Receiving),
            DataOp::Send(parameters) => return self.start(parameters.encoder(), State::Sending),
            DataOp::Connect(_) | DataOp::Admit | DataOp::Reject | DataOp::SendTickets => {}
        }
        None
    }

    fn start<K>(&mut self, coding: Option<K>, moving: impl FnOnce(C, K) -> State<C>) -> Option<DataEvent> {
        match (coding, core::mem::replace(&mut self.state, State::Closed)) {
            (Some(coding), State::Open(connection)) => {
                self.state = moving(connection, coding);
                None
            }
            _ => Some(self.fail(DataFailure::Local, ErrorKind::Unsupported)),
        }
    }

    fn close(&mut self) {
        (self.state, self.start, self.end) = (State::Closed, 0, 0);
        (self.unreported, self.marker) = (0, None);
    }

    fn fail(&mut self, failure: DataFailure, error: ErrorKind) -> DataEvent {
        self.close();
        self.error = Some(error);
        DataEvent::Failed(failure)
    }

    /// Returns whether the bytes received differ from those of the file.
    pub(super) fn is_decoding(&self) -> bool {
        matches!(&self.state, State::Receiving(_, decoder) if !decoder.is_identity())
    }

    /// Moves some bytes, in at most one read or write. Pending while there is nothing to do.
    pub(super) async fn advance(&mut self, payload: &mut Payload<'_>) -> Moved {
        let moved = match payload {
            Payload::None => Ok(None),
            Payload::Receive(out) => self.receive(out).await,
            Payload::Send(bytes) => self.send(bytes).await,
            Payload::Finish => self.finish().await,
        };
        match moved {
            Ok(Some(moved)) => moved,
            Ok(None) => pending().await,
            Err((failure, error)) => (None, self.fail(failure, error)),
        }
    }

    async fn receive(&mut self, out: &mut [u8]) -> Result<Option<Moved>, (DataFailure, ErrorKind)> {
        let State::Receiving(connection, decoder) = &mut self.state else { return Ok(None) };
        if let Some(marker) = self.marker.take() {
            return Ok(Some((None, DataEvent::Marker(marker))));
        }
        let encoded = self.encoded.as_mut();
        if decoder.is_identity() {
            return Ok(Some(match connection.read(out).await.map_err(broken)? {
                0 => self.end_of_data(true),
                count => (Some(count), DataEvent::Moved(count as u64)),
            }));
        }
        if encoded.is_empty() {
            return Err((DataFailure::Local, ErrorKind::OutOfMemory));
        }
        let decoded = loop {
            let done = match decoder.decode(&encoded[self.start..self.end], out) {
                Ok(done) => done,
                Err(error) => break Err(error),
            };
            self.start += done.read;
            self.unreported += done.read;
            match done.marker {
                Some(marker) if done.written == 0 => return Ok(Some((None, DataEvent::Marker(marker)))),
                marker => self.marker = marker,
            }
            if done.written > 0 || decoder.is_ended() {
                break Ok(done.written);
            }
            if self.start < self.end {
                continue;
            }
            match connection.read(encoded).await.map_err(broken)? {
                0 => break decoder.finish(out),
                count => (self.start, self.end) = (0, count),
            }
        };
        Ok(Some(match decoded {
            Ok(0) => self.end_of_data(true),
            Ok(count) => {
                let wire = core::mem::take(&mut self.unreported);
                (Some(count), DataEvent::Moved(wire as u64))
            }
            Err(TransferError::Truncated) => self.end_of_data(false),
            Err(_) => return Err((DataFailure::Malformed, ErrorKind::InvalidData)),
        }))
    }

    /// Closes the connection at once: some servers wait for the close before they confirm.
    fn end_of_data(&mut self, clean: bool) -> Moved {
        self.close();
        (None, DataEvent::Eof { clean })
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<Option<Moved>, (DataFailure, ErrorKind)> {
        let State::Sending(connection, encoder) = &mut self.state else { return Ok(None) };
        if encoder.is_identity() {
            let count = written(connection.write(bytes).await)?;
            return Ok(Some((Some(count), DataEvent::Moved(count as u64))));
        }
        if self.start < self.end {
            return self.send_encoded().await;
        }
        // The bytes are accepted once they are encoded, without a wait in between: if the future is
        // dropped, the next call may pass other bytes.
        let done = encoder.encode(bytes, self.encoded.as_mut());
        (self.start, self.end) = (0, done.written);
        match done.read + done.written {
            0 => Err((DataFailure::Local, ErrorKind::OutOfMemory)),
            _ => Ok(Some((Some(done.read).filter(|read| *read > 0), DataEvent::Moved(0)))),
        }
    }

    async fn send_encoded(&mut self) -> Result<Option<Moved>, (DataFailure, ErrorKind)> {
        let State::Sending(connection, _) = &mut self.state else { return Ok(None) };
        let count = written(connection.write(&self.encoded.as_ref()[self.start..self.end]).await)?;
        self.start += count;
        Ok(Some((None, DataEvent::Moved(count as u64))))
    }

    async fn finish(&mut self) -> Result<Option<Moved>, (DataFailure, ErrorKind)> {
        if self.start < self.end {
            return self.send_encoded().await;
        }
        let State::Sending(connection, encoder) = &mut self.state else { return Ok(None) };
        (self.start, self.end) = (0, encoder.finish(self.encoded.as_mut()));
        if self.end > 0 {
            return Ok(Some((None, DataEvent::Moved(0))));
        }
        connection.flush().await.map_err(broken)?;
        self.close();
        Ok(Some((None, DataEvent::Flushed)))
    }
}

fn broken(error: impl embedded_io_async::Error) -> (DataFailure, ErrorKind) {
    (DataFailure::Broken, error.kind())
}

fn written<E: embedded_io_async::Error>(count: Result<usize, E>) -> Result<usize, (DataFailure, ErrorKind)> {
    match count.map_err(broken)? {
        0 => Err((DataFailure::Broken, ErrorKind::WriteZero)),
        count => Ok(count),
    }
}
