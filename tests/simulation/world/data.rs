//! A machine's data connections: what it has done to them, what goes over them, and what goes wrong. A machine has
//! at most one.

use super::super::network::Socket;
use super::{CLIENT, Files, Machine, NAMES, World, measured};
use ftp_proto::action::{DataEvent, DataFailure, DataId, DataOp};
use ftp_proto::transfer::{Coding, Decoder, Encoder, LineEnds, TransferError};
use std::net::SocketAddr;

/// What either end of a data connection says in its TLS handshake.
const HELLO: &[u8] = b"\x16";

/// A machine's end of a data connection.
#[derive(Debug)]
pub enum End {
    /// The connection that it will be; `None` if it comes to nothing.
    Connecting(Option<Socket>),
    /// Somebody has come: `None` inside for a stranger.
    Listening(Option<Option<usize>>),
    Open(Socket),
    Securing(Socket),
    Receiving(Socket, Decoder),
    Sending(Socket, Encoder),
    /// Everything was sent.
    Flushed(Socket),
    /// The peer is to close it.
    AwaitingClose(Socket),
    /// Everything has come: it is yet to be closed.
    Over(Socket),
}

impl End {
    const fn socket(&self) -> Option<Socket> {
        match self {
            Self::Listening(_) => None,
            Self::Connecting(socket) => *socket,
            Self::Open(socket)
            | Self::Securing(socket)
            | Self::Receiving(socket, _)
            | Self::Sending(socket, _)
            | Self::Flushed(socket)
            | Self::AwaitingClose(socket)
            | Self::Over(socket) => Some(*socket),
        }
    }
}

impl Files {
    fn begin(&mut self) {
        self.uploading.clone_from(&self.upload);
        self.uploaded = 0;
        self.download.clear();
    }
}

impl World {
    /// A machine wants something done.
    pub(super) fn order(&mut self, side: usize, id: DataId, op: DataOp) {
        self.net.note(|| format!("{}: {op:?}", NAMES[side]));
        if let DataOp::Connect(_) | DataOp::Listen { .. } = op {
            assert!(self.sides[side].end.is_none(), "a data connection is left open");
            self.sides[side].files.begin();
        }
        let end = self.sides[side].end.take_if(|(other, _)| *other == id).map(|(_, end)| end);
        let end = match (op, end) {
            (DataOp::Connect(to), _) => self.connect(side, id, to),
            (DataOp::Listen { ports, .. }, _) => self.listen(side, id, *ports.start()),
            (DataOp::Admit, Some(End::Listening(Some(Some(link))))) => {
                self.net.stop_listening(side);
                self.open(side, Socket { link, which: 1 })
            }
            (DataOp::Reject, Some(End::Listening(Some(who)))) => {
                if let Some(link) = who {
                    self.net.reset(Socket { link, which: 1 });
                }
                End::Listening(None)
            }
            (DataOp::StartTls, Some(End::Open(socket))) => {
                if side % 2 == CLIENT {
                    self.net.send(socket, HELLO, b"");
                }
                End::Securing(socket)
            }
            (DataOp::SendTickets, Some(end)) => end,
            (op @ (DataOp::Receive(_) | DataOp::Send(_)), Some(End::Open(socket))) => {
                self.transfer(side, socket, op)
            }
            (DataOp::AwaitClose, Some(End::Flushed(socket))) => End::AwaitingClose(socket),
            (op @ (DataOp::Close | DataOp::Abort), Some(end)) => {
                self.sides[side].due.retain(|(_, other, _)| *other != id);
                self.close(side, &end, op == DataOp::Abort);
                return;
            }
            // It has failed already.
            (DataOp::Close | DataOp::Abort, None) => return,
            (op, None) => {
                assert!(self.net.harm.mild > 0 || self.lies(side), "{op:?} of what is not there");
                return;
            }
            (op, Some(end)) => panic!("{op:?} with {end:?}"),
        };
        self.sides[side].end = Some((id, end));
    }

    /// Returns whether the peer of a side may do what no machine does.
    fn lies(&self, side: usize) -> bool {
        matches!(self.sides[side ^ 1].machine, Machine::Liar(_) | Machine::Rogue(_))
    }

    fn open(&mut self, side: usize, socket: Socket) -> End {
        self.sides[side].last = Some(socket);
        End::Open(socket)
    }

    fn transfer(&mut self, side: usize, socket: Socket, op: DataOp) -> End {
        let receives = matches!(op, DataOp::Receive(_));
        let (DataOp::Receive(mut parameters) | DataOp::Send(mut parameters)) = op else { unreachable!() };
        let (structure, mode) = self.layout;
        if side % 2 == CLIENT {
            parameters.coding = Coding { structure, mode, ..parameters.coding };
        }
        assert_eq!((parameters.coding.structure, parameters.coding.mode), self.layout);
        self.sides[side].room = parameters.limit.map_or(u64::MAX, u64::from);
        // Every file is to come back as it was.
        parameters.line_ends = LineEnds::Literal;
        match receives {
            true => End::Receiving(socket, parameters.decoder().unwrap()),
            false => End::Sending(socket, parameters.encoder().unwrap()),
        }
    }

    fn connect(&mut self, side: usize, id: DataId, to: SocketAddr) -> End {
        if self.net.goes_wrong(self.net.plan.lost) {
            self.net.note(|| "-- it is lost".to_owned());
            return End::Connecting(None);
        }
        let refused = self.net.goes_wrong(self.net.plan.unreachable);
        let from = SocketAddr::new(self.sides[side].address, if side % 2 == CLIENT { 40_001 } else { 20 });
        let [connected, accepted] = self.net.handshake_delays();
        let at = self.net.now + connected;
        let socket = if refused { None } else { self.net.connect(from, to, accepted) };
        let failed = DataEvent::Failed(DataFailure::Unreachable);
        // Packets to a port that nobody listens on are dropped now and then.
        if socket.is_some() || !self.lies(side) || self.net.choices.below(3) < 2 {
            let event = if socket.is_some() { DataEvent::Connected } else { failed };
            self.sides[side].due.push_back((at, id, event));
        }
        End::Connecting(socket)
    }

    fn listen(&mut self, side: usize, id: DataId, port: u16) -> End {
        let at = self.net.now + self.net.local_delay();
        let event = match self.net.goes_wrong(self.net.plan.no_listener) {
            true => DataEvent::Failed(DataFailure::Unreachable),
            false => {
                let address = self.sides[side].address;
                let address = self.net.listen(side, address, (port > 0).then_some(port));
                if self.net.choices.chance(self.net.plan.strangers, 1000) {
                    self.net.intrude(side, at + 1);
                }
                DataEvent::Listening(address)
            }
        };
        self.sides[side].due.push_back((at, id, event));
        End::Listening(None)
    }

    fn close(&mut self, side: usize, end: &End, aborts: bool) {
        if let End::Listening(who) = end {
            self.net.stop_listening(side);
            if let Some(link) = who.flatten() {
                self.net.reset(Socket { link, which: 1 });
            }
        }
        let Some(socket) = end.socket() else { return };
        // What was neither begun nor ended is reset: nobody takes it for a file.
        self.net.close(socket, aborts || matches!(end, End::Connecting(_)));
    }

    /// Reports an event to a machine.
    fn event(&mut self, side: usize, id: DataId, event: DataEvent) {
        match event {
            DataEvent::Moved(_) => {
                super::super::trace::note_once(self.net.now, &format!("{}: data moves", NAMES[side]))
            }
            event => self.net.note(|| format!("{}: data: {event:?}", NAMES[side])),
        }
        let machine = &mut self.sides[side].machine;
        let taken = measured(|| match machine {
            Machine::Client(client) => client.data_event(id, event),
            Machine::Served(served) => served.session.data_event(id, event),
            _ => panic!("no machine"),
        });
        taken.unwrap_or_else(|error| panic!("{event:?} is not taken: {error}"));
        self.sides[side].wake(|wait| wait.data);
    }

    /// Lets something happen on a machine's data connection.
    pub(super) fn data(&mut self, side: usize) -> bool {
        let now = self.net.now;
        if let Some(at) = self.sides[side].due.iter().position(|(at, ..)| *at <= now) {
            let (_, id, event) = self.sides[side].due.remove(at).expect("it is there");
            match (event, &self.sides[side].end) {
                (DataEvent::Failed(_), _) => self.sides[side].end = None,
                (DataEvent::Connected, Some((_, End::Connecting(Some(socket))))) => {
                    let end = self.open(side, *socket);
                    self.sides[side].end = Some((id, end));
                }
                _ => {}
            }
            self.event(side, id, event);
            return true;
        }
        let Some((id, mut end)) = self.sides[side].end.take() else { return false };
        let event = match end {
            End::Listening(None) => self.arrival(side, &mut end),
            End::Open(_) | End::Securing(_) => self.secure(side, &mut end),
            End::Receiving(..) => self.receive_data(side, &mut end),
            End::Sending(..) => self.send_data(side, &mut end),
            End::Flushed(socket) if side % 2 == CLIENT => {
                let _ = socket;
                None
            }
            End::Flushed(socket) | End::AwaitingClose(socket) => self.await_end(socket, &mut end),
            End::Listening(_) | End::Connecting(_) | End::Over(_) => None,
        };
        match event {
            Some(DataEvent::Failed(_)) => self.close(side, &end, true),
            _ => self.sides[side].end = Some((id, end)),
        }
        if let Some(event) = event {
            self.event(side, id, event);
        }
        event.is_some()
    }

    fn arrival(&mut self, side: usize, end: &mut End) -> Option<DataEvent> {
        // Nobody comes before the listener is known to be there.
        if !self.sides[side].due.is_empty() {
            return None;
        }
        let arrival = self.net.arrived(side)?;
        *end = End::Listening(Some(arrival.link));
        Some(DataEvent::Arrived(arrival.from))
    }

    /// A step of the TLS handshake.
    fn secure(&mut self, side: usize, end: &mut End) -> Option<DataEvent> {
        let End::Securing(socket) = *end else { return None };
        let now = self.net.now;
        let pipe = self.net.inward(socket);
        if pipe.is_reset(now) || pipe.is_over(now) {
            return Some(DataEvent::Failed(DataFailure::Handshake));
        }
        let first = *pipe.arrived(now).first()?;
        pipe.take(1);
        let wrong = self.net.goes_wrong(self.net.plan.handshakes);
        if first != HELLO[0] || wrong {
            match self.net.choices.below(3) {
                0 | 1 => return Some(DataEvent::Failed(DataFailure::Handshake)),
                _ => {
                    self.net.links[socket.link].pipes.iter_mut().for_each(|pipe| pipe.swallows = true);
                    return None;
                }
            }
        }
        if side % 2 != CLIENT {
            self.net.send(socket, HELLO, b"");
        }
        let resumed = side % 2 == CLIENT || !self.net.goes_wrong(self.net.plan.not_resumed);
        *end = End::Open(socket);
        Some(DataEvent::Secured { resumed })
    }

    fn await_end(&mut self, socket: Socket, end: &mut End) -> Option<DataEvent> {
        let now = self.net.now;
        let pipe = self.net.inward(socket);
        if pipe.is_reset(now) {
            return Some(DataEvent::Failed(DataFailure::Broken));
        }
        let unread = pipe.arrived(now).len();
        pipe.take(unread);
        if !pipe.is_over(now) {
            return None;
        }
        *end = End::Over(socket);
        Some(DataEvent::Eof { clean: true })
    }

    /// Returns whether a machine has TLS on its data connections.
    fn protects(&self, side: usize) -> bool {
        match &self.sides[side].machine {
            Machine::Client(client) => client.protects_data(),
            Machine::Served(served) => served.session.protects_data(),
            _ => false,
        }
    }

    /// What goes wrong when a piece has moved.
    fn mishap(&mut self, side: usize, socket: Socket, receives: bool) -> Option<DataFailure> {
        let plan = &self.net.plan;
        let [breaks, forges, fails, stalls] = [plan.resets, plan.forged_ends, plan.local, plan.stalls];
        if self.net.goes_wrong(breaks) {
            self.net.note(|| "-- the data connection breaks".to_owned());
            self.net.broken = true;
            self.net.reset(socket);
            let now = self.net.now;
            self.net.inward(socket).reset(now, 0);
        }
        if receives && forges > 0 && self.protects(side) && self.net.goes_wrong(forges) {
            self.net.note(|| "-- an end is forged".to_owned());
            let now = self.net.now;
            self.net.inward(socket).forge_end(now);
        }
        if self.net.goes_wrong(stalls) {
            self.net.note(|| "-- the data connection is cut".to_owned());
            self.net.links[socket.link].pipes.iter_mut().for_each(|pipe| pipe.swallows = true);
        }
        if self.net.goes_wrong(fails) {
            self.sides[side].to_blame = true;
            // Only who writes runs out of room.
            let full = [DataFailure::Local, DataFailure::StorageFull, DataFailure::QuotaExceeded];
            return Some(if receives { self.net.choices.one(&full) } else { DataFailure::Local });
        }
        None
    }

    fn receive_data(&mut self, side: usize, end: &mut End) -> Option<DataEvent> {
        let End::Receiving(socket, decoder) = end else { return None };
        let (socket, now, secure) = (*socket, self.net.now, self.protects(side));
        let pipe = self.net.inward(socket);
        if pipe.is_reset(now) {
            return Some(DataEvent::Failed(DataFailure::Broken));
        }
        let over = pipe.is_over(now);
        if pipe.arrived(now).is_empty() && !over {
            return None;
        }
        let room = 2 + self.net.plan.piece - self.net.choices.below(self.net.plan.piece);
        let mut out = vec![0; room];
        if over {
            let finished = decoder.finish(&mut out);
            let cut = secure && self.net.inward(socket).is_forged();
            let event = match finished {
                Ok(0) => DataEvent::Eof { clean: !cut },
                Ok(_) => DataEvent::Moved(0),
                Err(TransferError::Truncated) => DataEvent::Eof { clean: false },
                Err(error) => panic!("what was sent cannot be read: {error}"),
            };
            self.write(side, &out[..finished.unwrap_or(0)]);
            if let DataEvent::Eof { .. } = event {
                *end = End::Over(socket);
            }
            return Some(event);
        }
        let pipe = &mut self.net.links[socket.link].pipes[socket.which];
        let arrived = pipe.arrived(now);
        let piece = arrived.len() - self.net.choices.below(arrived.len().min(self.net.plan.piece));
        let done = decoder.decode(&arrived[..piece], &mut out).expect("what was sent can be read");
        pipe.take(done.read);
        let Some(room) = self.sides[side].room.checked_sub(done.written as u64) else {
            return Some(DataEvent::Failed(DataFailure::QuotaExceeded));
        };
        self.sides[side].room = room;
        self.write(side, &out[..done.written]);
        match self.mishap(side, socket, true) {
            Some(failure) => Some(DataEvent::Failed(failure)),
            None => Some(DataEvent::Moved(done.read as u64)),
        }
    }

    fn write(&mut self, side: usize, bytes: &[u8]) {
        let side = &mut self.sides[side];
        match &mut side.machine {
            Machine::Served(served) => served.host.write(bytes),
            _ => side.files.download.extend_from_slice(bytes),
        }
    }

    fn send_data(&mut self, side: usize, end: &mut End) -> Option<DataEvent> {
        let End::Sending(socket, encoder) = end else { return None };
        let (socket, now, window) = (*socket, self.net.now, self.net.plan.window);
        if self.net.inward(socket).is_reset(now) {
            return Some(DataEvent::Failed(DataFailure::Broken));
        }
        if self.net.outward(socket).unread() >= window {
            return None;
        }
        let piece = self.net.plan.piece - self.net.choices.below(self.net.plan.piece);
        let mut out = vec![0; piece.max(2) + 2];
        let Self { sides, net, .. } = self;
        let sender = &mut sides[side];
        let rest = match &sender.machine {
            Machine::Served(served) => served.host.rest(),
            _ => &sender.files.uploading[sender.files.uploaded..],
        };
        if rest.is_empty() {
            let count = encoder.finish(&mut out);
            net.send(socket, &out[..count], b"");
            if count > 0 {
                return Some(DataEvent::Moved(count as u64));
            }
            net.end(socket);
            *end = End::Flushed(socket);
            return Some(DataEvent::Flushed);
        }
        let done = encoder.encode(&rest[..rest.len().min(piece)], &mut out);
        net.send(socket, &out[..done.written], &rest[..done.read]);
        match &mut sender.machine {
            Machine::Served(served) => served.host.read(done.read),
            _ => sender.files.uploaded += done.read,
        }
        match self.mishap(side, socket, false) {
            Some(failure) => Some(DataEvent::Failed(failure)),
            None => Some(DataEvent::Moved(done.written as u64)),
        }
    }
}
