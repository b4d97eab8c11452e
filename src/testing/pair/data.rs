//! The data connection between a client and a session.

use alloc::collections::VecDeque;
use core::net::SocketAddr;

use super::{CLIENT, Pair, SERVER};
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::testing::script_error::Fault;
use crate::testing::{Random, SessionHost};
use crate::transfer::{Decoder, Encoder, LineEnds, Parameters, TransferError};

/// Number of bytes that a pipe holds before its sender has to wait.
const PIPE: usize = 100;

/// One end of the data connection.
#[derive(Debug)]
pub(super) enum End {
    /// There is no connection, or no data is transferred over it.
    Idle,
    Listening(DataId, u16),
    Receiving(DataId, Decoder),
    Sending(DataId, Source),
}

/// A file that is being sent.
#[derive(Debug)]
pub(super) struct Source {
    encoder: Encoder,
    /// Number of bytes of the file that may still be read.
    left: u64,
    /// Bytes that were read but not yet encoded.
    read: VecDeque<u8>,
}

impl Source {
    fn new(mut parameters: Parameters, line_ends: LineEnds) -> Option<Self> {
        parameters.line_ends = line_ends;
        let left = parameters.limit.map_or(u64::MAX, u64::from);
        Some(Self { encoder: parameters.encoder()?, left, read: VecDeque::new() })
    }

    /// Reads more bytes, unless some are waiting to be encoded.
    fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> usize) {
        if !self.read.is_empty() {
            return;
        }
        let mut piece = [0; 256];
        let allowed = piece.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = read(piece.get_mut(..allowed).unwrap_or_default());
        self.left -= count as u64;
        self.read.extend(piece.iter().take(count));
    }
}

/// One direction of the data connection.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    bytes: VecDeque<u8>,
    end: PipeEnd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PipeEnd {
    #[default]
    Open,
    Ended,
    Reset,
}

impl Pipe {
    pub(super) fn reset(&mut self) {
        self.bytes.clear();
        self.end = PipeEnd::Reset;
    }

    /// Ends the pipe cleanly, unless it was reset.
    fn end(&mut self) {
        if self.end == PipeEnd::Open {
            self.end = PipeEnd::Ended;
        }
    }

    fn is_reset(&self) -> bool {
        self.end == PipeEnd::Reset
    }
}

impl<H: SessionHost> Pair<H> {
    pub(super) fn client_op(&mut self, id: DataId, op: DataOp) -> Result<(), Fault> {
        let unsupported = Fault::Machine(
            "the client asked for a coding that is not supported (MODE Z needs the feature `deflate`)",
        );
        match op {
            DataOp::Connect(to) => {
                (self.data_up, self.data_down) = (Pipe::default(), Pipe::default());
                self.client_end = End::Idle;
                match self.server_end {
                    End::Listening(server, port)
                        if to == SocketAddr::new(SERVER.ip(), port) && !self.unreachable =>
                    {
                        self.server_end = End::Idle;
                        self.server_events.push_back((server, DataEvent::Arrived(CLIENT)));
                        self.client_events.push_back((id, DataEvent::Connected));
                    }
                    _ => self.client_events.push_back((id, DataEvent::Failed(DataFailure::Unreachable))),
                }
            }
            DataOp::Receive(parameters) => {
                self.client_end = End::Receiving(id, parameters.decoder().ok_or(unsupported)?);
            }
            DataOp::Send(parameters) => {
                let source = Source::new(parameters, self.line_ends).ok_or(unsupported)?;
                self.client_end = End::Sending(id, source);
            }
            DataOp::Close => {
                self.client_end = End::Idle;
                self.data_up.end();
            }
            DataOp::Abort => {
                self.client_events.clear();
                self.client_end = End::Idle;
                self.data_up.reset();
            }
            op => return Err(Fault::Misplaced { op, state: "passive and in the clear" }),
        }
        Ok(())
    }

    pub(super) fn server_op(&mut self, id: DataId, op: DataOp) -> Result<(), Fault> {
        let unsupported = Fault::Machine(
            "the session accepted a coding that is not supported (MODE Z needs the feature `deflate`)",
        );
        match op {
            DataOp::Listen { .. } => {
                self.next_port = self.next_port.wrapping_add(1).max(1024);
                self.server_end = End::Listening(id, self.next_port);
                let at = SocketAddr::new(SERVER.ip(), self.next_port);
                self.server_events.push_back((id, DataEvent::Listening(at)));
            }
            DataOp::Admit => self.server_end = End::Idle,
            DataOp::Receive(parameters) => {
                self.server_end = End::Receiving(id, parameters.decoder().ok_or(unsupported)?);
            }
            DataOp::Send(parameters) => {
                let source = Source::new(parameters, self.line_ends).ok_or(unsupported)?;
                self.server_end = End::Sending(id, source);
            }
            DataOp::Close => {
                self.server_end = End::Idle;
                self.data_down.end();
            }
            DataOp::Abort => {
                self.server_events.clear();
                self.server_end = End::Idle;
                self.data_down.reset();
            }
            op => return Err(Fault::Misplaced { op, state: "passive and in the clear" }),
        }
        Ok(())
    }

    pub(super) fn client_data(&mut self) -> Result<bool, Fault> {
        if let Some((id, event)) = self.client_events.pop_front() {
            if matches!(event, DataEvent::Failed(_)) {
                self.client_end = End::Idle;
            }
            self.client.data_event(id, event).map_err(Fault::Rejected)?;
            return Ok(true);
        }
        let (received, upload) = (&mut self.received, &mut self.upload);
        let event = match &mut self.client_end {
            End::Receiving(id, decoder) => {
                let (later, random) = (&mut self.client_events, &mut self.random);
                let write = |bytes: &[u8]| received.extend_from_slice(bytes);
                pull(*id, decoder, &mut self.data_down, random, later, write)
            }
            End::Sending(id, source) => {
                source.fill(|room| {
                    let count = upload.len().min(room.len());
                    room.iter_mut().zip(upload.drain(..count)).for_each(|(to, from)| *to = from);
                    count
                });
                push(*id, source, &mut self.data_up, self.data_down.is_reset(), &mut self.random)
            }
            _ => None,
        };
        let Some((id, event)) = event else { return Ok(false) };
        settle(&mut self.client_end, event);
        self.client.data_event(id, event).map_err(Fault::Rejected)?;
        Ok(true)
    }

    pub(super) fn server_data(&mut self) -> Result<bool, Fault> {
        if let Some((id, event)) = self.server_events.pop_front() {
            self.session.data_event(id, event).map_err(Fault::Rejected)?;
            return Ok(true);
        }
        let host = &mut self.host;
        let event = match &mut self.server_end {
            End::Receiving(id, decoder) => {
                let (later, random) = (&mut self.server_events, &mut self.random);
                pull(*id, decoder, &mut self.data_up, random, later, |bytes| host.write(bytes))
            }
            End::Sending(id, source) => {
                source.fill(|room| host.read(room));
                push(*id, source, &mut self.data_down, self.data_up.is_reset(), &mut self.random)
            }
            _ => None,
        };
        let Some((id, event)) = event else { return Ok(false) };
        settle(&mut self.server_end, event);
        self.session.data_event(id, event).map_err(Fault::Rejected)?;
        Ok(true)
    }
}

/// Updates the state of an end after an event.
fn settle(end: &mut End, event: DataEvent) {
    if matches!(event, DataEvent::Failed(_) | DataEvent::Eof { .. } | DataEvent::Flushed) {
        *end = End::Idle;
    }
}

/// Moves a piece from the pipe to the file.
fn pull(
    id: DataId,
    decoder: &mut Decoder,
    pipe: &mut Pipe,
    random: &mut Random,
    later: &mut VecDeque<(DataId, DataEvent)>,
    mut write: impl FnMut(&[u8]),
) -> Option<(DataId, DataEvent)> {
    if pipe.is_reset() {
        return Some((id, DataEvent::Failed(DataFailure::Broken)));
    }
    let mut out = [0; 64];
    let room = 2 + random.below(60);
    let out = out.get_mut(..room).unwrap_or_default();
    if pipe.bytes.is_empty() {
        if pipe.end == PipeEnd::Open {
            return None;
        }
        let event = match decoder.finish(out) {
            Ok(0) => DataEvent::Eof { clean: true },
            Ok(count) => {
                write(out.get(..count).unwrap_or_default());
                DataEvent::Moved(0)
            }
            Err(TransferError::Truncated) => DataEvent::Eof { clean: false },
            Err(_) => DataEvent::Failed(DataFailure::Malformed),
        };
        return Some((id, event));
    }
    let available = pipe.bytes.make_contiguous();
    let piece = random.piece(available.len());
    let Ok(done) = decoder.decode(available.get(..piece).unwrap_or_default(), out) else {
        return Some((id, DataEvent::Failed(DataFailure::Malformed)));
    };
    pipe.bytes.drain(..done.read);
    write(out.get(..done.written).unwrap_or_default());
    later.extend(done.marker.map(|marker| (id, DataEvent::Marker(marker))));
    Some((id, DataEvent::Moved(done.read as u64)))
}

/// Moves a piece from the file to the pipe, if the pipe has room.
fn push(
    id: DataId,
    source: &mut Source,
    pipe: &mut Pipe,
    reset: bool,
    random: &mut Random,
) -> Option<(DataId, DataEvent)> {
    if reset {
        return Some((id, DataEvent::Failed(DataFailure::Broken)));
    }
    if pipe.bytes.len() >= PIPE {
        return None;
    }
    let mut out = [0; 64];
    let room = 2 + random.below(60);
    let out = out.get_mut(..room).unwrap_or_default();
    let rest = source.read.make_contiguous();
    if rest.is_empty() {
        let count = source.encoder.finish(out);
        pipe.bytes.extend(out.iter().take(count));
        if count == 0 {
            pipe.end();
            return Some((id, DataEvent::Flushed));
        }
        return Some((id, DataEvent::Moved(count as u64)));
    }
    let piece = random.piece(rest.len());
    let done = source.encoder.encode(rest.get(..piece).unwrap_or_default(), out);
    source.read.drain(..done.read);
    pipe.bytes.extend(out.iter().take(done.written));
    Some((id, DataEvent::Moved(done.written as u64)))
}
