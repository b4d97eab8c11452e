//! The client's end of the data connection.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddr};

use super::ScriptedServer;
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::testing::Attempt;
use crate::testing::pipe::{decode, encode, finish};
use crate::testing::script_error::Fault;
use crate::transfer::{Decoder, Encoder, Parameters, TransferError};

#[derive(Debug, Default)]
enum End {
    #[default]
    None,
    Connecting(DataId),
    Opening(DataId),
    Listening(DataId),
    Arrived(DataId),
    Open(DataId),
    Securing(DataId),
    Receiving(DataId, Decoder),
    /// The client sends. Holds the number of bytes of the file that may still be sent.
    Sending(DataId, Encoder, u64),
    /// Everything was sent, and the client waits for the server to close its side.
    AwaitingClose(DataId),
}

impl End {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "closed",
            Self::Connecting(_) => "connecting",
            Self::Opening(_) => "not yet listening",
            Self::Listening(_) => "listening",
            Self::Arrived(_) => "yet to be admitted",
            Self::Open(_) => "open",
            Self::Securing(_) => "in a TLS handshake",
            Self::Receiving(..) => "receiving",
            Self::Sending(..) => "sending",
            Self::AwaitingClose(_) => "waiting for the server to close it",
        }
    }
}

/// The progress of the latest data connection, as the server sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    UnderWay,
    Finished,
    Aborted,
}

/// The client's end of the data connection, and the results of its operations.
#[derive(Debug)]
pub(super) struct ClientData {
    pub(super) connects: Attempt,
    pub(super) handshakes: Attempt,
    pub(super) listens_at: Option<SocketAddr>,
    end: End,
    progress: Progress,
    arrivals: VecDeque<SocketAddr>,
    /// Bytes for the server to send.
    served: Option<Vec<u8>>,
    broken: Option<DataFailure>,
    /// Set if the server has to close its side.
    closes: bool,
    uploads: VecDeque<Vec<u8>>,
    /// Events that result from the last one.
    later: VecDeque<DataEvent>,
    received: Vec<u8>,
    sent: Vec<u8>,
}

impl Default for ClientData {
    fn default() -> Self {
        Self {
            connects: Attempt::Succeeds,
            handshakes: Attempt::Succeeds,
            listens_at: Some(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 77), 1025))),
            end: End::None,
            progress: Progress::UnderWay,
            arrivals: VecDeque::new(),
            served: None,
            broken: None,
            closes: false,
            uploads: VecDeque::new(),
            later: VecDeque::new(),
            received: Vec::new(),
            sent: Vec::new(),
        }
    }
}

impl ClientData {
    pub(super) fn arrive(&mut self, from: SocketAddr) {
        self.arrivals.push_back(from);
    }

    pub(super) fn upload(&mut self, bytes: &[u8]) {
        self.uploads.push_back(bytes.to_vec());
    }

    pub(super) fn clear_upload(&mut self) {
        self.uploads.clear();
    }

    pub(super) fn serve(&mut self, bytes: Vec<u8>) {
        self.served = Some(bytes);
    }

    pub(super) const fn break_with(&mut self, failure: DataFailure) {
        self.broken = Some(failure);
    }

    pub(super) const fn close_by_server(&mut self) {
        self.closes = true;
    }

    pub(super) fn received(&self) -> &[u8] {
        &self.received
    }

    pub(super) fn sent(&self) -> &[u8] {
        &self.sent
    }

    pub(super) fn clear_records(&mut self) {
        self.received.clear();
        self.sent.clear();
    }

    /// Returns whether the server has to connect.
    pub(super) const fn is_listening(&self) -> bool {
        matches!(self.end, End::Listening(_) | End::Arrived(_))
    }

    /// Returns whether the client has neither finished nor aborted the latest data connection.
    pub(super) fn is_under_way(&self) -> bool {
        self.progress == Progress::UnderWay
    }

    /// Returns whether the client has aborted the data connection: `true` once per abort.
    pub(super) fn take_abort(&mut self) -> bool {
        let aborted = self.progress == Progress::Aborted;
        if aborted {
            self.progress = Progress::Finished;
        }
        aborted
    }

    fn begin(&mut self, end: End) {
        self.end = end;
        self.progress = Progress::UnderWay;
    }

    fn finish(&mut self, end: End) {
        self.end = end;
        self.progress = Progress::Finished;
    }

    fn operate(&mut self, id: DataId, op: DataOp) -> Result<(), Fault> {
        let unsupported = Fault::Machine(
            "the client asked for a coding that is not supported (MODE Z needs the feature `deflate`)",
        );
        match (op, &self.end) {
            (DataOp::Connect(_), _) => self.begin(End::Connecting(id)),
            (DataOp::Listen { .. }, _) => {
                self.arrivals.clear();
                self.begin(End::Opening(id));
            }
            (DataOp::Admit, End::Arrived(arrived)) if *arrived == id => self.end = End::Open(id),
            (DataOp::Reject, End::Arrived(arrived)) if *arrived == id => self.end = End::Listening(id),
            (DataOp::StartTls, End::Open(open)) if *open == id => self.end = End::Securing(id),
            (DataOp::Receive(parameters), End::Open(open)) if *open == id => {
                self.end = End::Receiving(id, parameters.decoder().ok_or(unsupported)?);
            }
            (DataOp::Send(parameters), End::Open(open)) if *open == id => {
                let Parameters { limit, .. } = parameters;
                let encoder = parameters.encoder().ok_or(unsupported)?;
                self.end = End::Sending(id, encoder, limit.map_or(u64::MAX, u64::from));
            }
            (DataOp::AwaitClose, End::Open(open)) if *open == id => self.end = End::AwaitingClose(id),
            (DataOp::Close | DataOp::Abort, End::None) => {}
            (DataOp::Close, _) => self.finish(End::None),
            (DataOp::Abort, _) => {
                self.end = End::None;
                (self.served, self.broken) = (None, None);
                if self.progress != Progress::Finished {
                    self.progress = Progress::Aborted;
                }
            }
            (op, end) => return Err(Fault::Misplaced { op, state: end.as_str() }),
        }
        self.later.clear();
        Ok(())
    }

    /// Returns the next event of the data connection.
    fn event(&mut self) -> Option<(DataId, DataEvent)> {
        match &mut self.end {
            End::None | End::Open(_) | End::Arrived(_) => None,
            End::Connecting(id) => {
                let id = *id;
                Some((id, self.attempt(self.connects, id, DataEvent::Connected)?))
            }
            End::Securing(id) => {
                let id = *id;
                Some((id, self.attempt(self.handshakes, id, DataEvent::Secured { resumed: true })?))
            }
            End::Opening(id) => {
                let id = *id;
                let event = match self.listens_at {
                    Some(at) => {
                        self.end = End::Listening(id);
                        DataEvent::Listening(at)
                    }
                    None => {
                        self.end = End::None;
                        DataEvent::Failed(DataFailure::Unreachable)
                    }
                };
                Some((id, event))
            }
            End::Listening(id) => {
                let (id, from) = (*id, self.arrivals.pop_front()?);
                self.end = End::Arrived(id);
                Some((id, DataEvent::Arrived(from)))
            }
            End::Receiving(id, _) | End::Sending(id, ..) if self.broken.is_some() => {
                let event = (*id, DataEvent::Failed(self.broken.take()?));
                self.finish(End::None);
                Some(event)
            }
            End::Receiving(id, decoder) => {
                let id = *id;
                if let Some(event) = self.later.pop_front() {
                    return Some((id, event));
                }
                let bytes = self.served.as_mut()?;
                if bytes.is_empty() {
                    let clean = decoder.finish(&mut [0; 64]) != Err(TransferError::Truncated);
                    self.served = None;
                    self.finish(End::Open(id));
                    return Some((id, DataEvent::Eof { clean }));
                }
                let bytes = core::mem::take(bytes);
                match decode(decoder, &bytes, &mut self.received) {
                    Ok(events) => self.later.extend(events),
                    Err(_) => {
                        self.served = None;
                        self.finish(End::None);
                        return Some((id, DataEvent::Failed(DataFailure::Malformed)));
                    }
                }
                Some((id, DataEvent::Moved(bytes.len() as u64)))
            }
            End::Sending(id, encoder, left) => {
                let (id, before) = (*id, self.sent.len());
                // A piece may produce no output yet, for example when it is compressed.
                while self.sent.len() == before {
                    let Some(piece) = self.uploads.pop_front() else { break };
                    let allowed = piece.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= allowed as u64;
                    encode(encoder, piece.get(..allowed).unwrap_or_default(), &mut self.sent);
                }
                if self.sent.len() == before {
                    finish(encoder, &mut self.sent);
                }
                match self.sent.len() - before {
                    0 => {
                        self.finish(End::Open(id));
                        Some((id, DataEvent::Flushed))
                    }
                    moved => Some((id, DataEvent::Moved(moved as u64))),
                }
            }
            End::AwaitingClose(id) => {
                let id = *id;
                if !core::mem::take(&mut self.closes) {
                    return None;
                }
                self.end = End::Open(id);
                Some((id, DataEvent::Eof { clean: true }))
            }
        }
    }

    /// Returns the event with the result of an attempt.
    fn attempt(&mut self, attempt: Attempt, id: DataId, success: DataEvent) -> Option<DataEvent> {
        let secures = matches!(self.end, End::Securing(_));
        match attempt {
            Attempt::Hangs => None,
            Attempt::Succeeds => {
                self.end = End::Open(id);
                Some(success)
            }
            Attempt::Fails(failure) => {
                self.end = End::None;
                if secures {
                    self.progress = Progress::Finished;
                }
                Some(DataEvent::Failed(failure))
            }
        }
    }
}

impl ScriptedServer {
    /// Performs a data operation of the client.
    pub(super) fn operate(&mut self, id: DataId, op: DataOp) -> Result<(), Fault> {
        self.records.ops.push(op.clone());
        self.data.operate(id, op)
    }

    /// Reports an event of the data connection. Returns whether there was any.
    pub(super) fn data_event(&mut self) -> Result<bool, Fault> {
        let Some((id, event)) = self.data.event() else { return Ok(false) };
        self.client.data_event(id, event).map_err(Fault::Rejected)?;
        Ok(true)
    }
}
