//! Data connections, which carry pieces of a file. Each side has at most one end.

use super::moves::{Fault, Side};
use super::world::World;
use ftp_proto::action::{DataEvent, DataFailure, DataId, DataOp};
use std::net::SocketAddr;

/// Number of pieces in every file and listing.
pub const PIECES: usize = 2;
/// Size of a piece in bytes.
pub const PIECE: u64 = 2;

/// One end of a data connection; the number is its link's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Listening(u16),
    Offered(u16, usize),
    Connecting(Option<usize>),
    Open(usize),
    Receiving(usize),
    Sending(usize, usize),
    Flushed(usize),
    AwaitingClose(usize),
}

impl End {
    const fn link(self) -> Option<usize> {
        match self {
            Self::Listening(_) => None,
            Self::Connecting(link) => link,
            Self::Offered(_, link)
            | Self::Open(link)
            | Self::Receiving(link)
            | Self::Sending(link, _)
            | Self::Flushed(link)
            | Self::AwaitingClose(link) => Some(link),
        }
    }
}

/// One direction of a data connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pipe {
    pieces: usize,
    ended: bool,
    reset: bool,
}

/// A data connection: the pipe to each side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    pipes: [Pipe; 2],
    /// Set once nothing arrives any more, and nobody is told.
    stalled: bool,
}

impl World {
    /// Returns a side's end and its link, as part of the state.
    pub fn end_state(&self, side: Side) -> impl std::fmt::Debug {
        let link = self.link(side).map(|link| self.links[link]);
        (self.ends[side as usize], link, &self.due[side as usize])
    }

    fn link(&self, side: Side) -> Option<usize> {
        self.ends[side as usize]?.1.link()
    }

    pub fn order(&mut self, side: Side, id: DataId, op: DataOp) {
        let end = self.ends[side as usize].filter(|(open, _)| *open == id).map(|(_, end)| end);
        if side == Side::Client && matches!(op, DataOp::Connect(_) | DataOp::Listen { .. }) {
            self.received = 0;
        }
        let end = match (op, end) {
            (DataOp::Connect(to), _) => return self.connect(side, id, to),
            (DataOp::Listen { .. }, _) => {
                self.port += 1;
                let address = SocketAddr::new(side.address().ip(), self.port);
                self.due[side as usize].push_back((id, DataEvent::Listening(address)));
                End::Listening(self.port)
            }
            (DataOp::Admit, Some(End::Offered(_, link))) => End::Open(link),
            (DataOp::Receive(_), Some(End::Open(link))) => End::Receiving(link),
            (DataOp::Send(_), Some(End::Open(link))) => End::Sending(link, PIECES),
            (DataOp::AwaitClose, Some(End::Flushed(link))) => End::AwaitingClose(link),
            (DataOp::Close | DataOp::Abort, None) => return,
            (op @ (DataOp::Close | DataOp::Abort), Some(end)) => {
                self.due[side as usize].retain(|(open, _)| *open != id);
                self.ends[side as usize] = None;
                return self.close(side, end, op == DataOp::Abort);
            }
            (_, None) if self.harmed => return,
            (op, end) => panic!("{side:?} orders {op:?}, with {end:?}"),
        };
        self.ends[side as usize] = Some((id, end));
    }

    fn connect(&mut self, side: Side, id: DataId, to: SocketAddr) {
        let other = side.other();
        assert_eq!(to.ip(), other.address().ip(), "connects to a stranger");
        let mut link = None;
        match &mut self.ends[other as usize] {
            Some((listener, end @ End::Listening(_))) if *end == End::Listening(to.port()) => {
                *end = End::Offered(to.port(), self.links.len());
                link = Some(self.links.len());
                let arrived = DataEvent::Arrived(SocketAddr::new(side.address().ip(), 40_001));
                self.due[other as usize].push_back((*listener, arrived));
                self.links.push(Link::default());
            }
            _ => {}
        }
        let failed = DataEvent::Failed(DataFailure::Unreachable);
        self.due[side as usize].push_back((id, if link.is_some() { DataEvent::Connected } else { failed }));
        self.ends[side as usize] = Some((id, End::Connecting(link)));
    }

    /// Closes an end, which the other side sees.
    pub fn close(&mut self, side: Side, end: End, aborts: bool) {
        let Some(link) = end.link() else { return };
        let unread = self.links[link].pipes[side as usize].pieces > 0;
        let pipe = &mut self.links[link].pipes[side.other() as usize];
        // A connection that was opened for nothing is reset too: nobody will read it.
        match aborts || unread || matches!(end, End::Offered(..) | End::Connecting(_)) {
            true => *pipe = Pipe { pieces: 0, ended: true, reset: true },
            false => pipe.ended = true,
        }
    }

    /// Returns the next event at an end.
    pub fn next_event(&self, side: Side) -> Option<(DataId, DataEvent)> {
        if let Some(event) = self.due[side as usize].front() {
            return Some(*event);
        }
        let (id, end) = self.ends[side as usize]?;
        let link = self.links[end.link()?];
        let [inward, outward] = [side, side.other()].map(|to| link.pipes[to as usize]);
        let event = match end {
            _ if link.stalled => return None,
            End::Open(_) | End::Offered(..) | End::Connecting(_) | End::Listening(_) => return None,
            // Only the client waits for this by an order of its own.
            End::Flushed(_) if side == Side::Client => return None,
            _ if inward.reset => DataEvent::Failed(DataFailure::Broken),
            End::Receiving(_) if inward.pieces > 0 => DataEvent::Moved(PIECE),
            // A pipe holds one piece.
            End::Sending(_, left) if left > 0 && outward.pieces > 0 => return None,
            End::Sending(_, left) if left > 0 => DataEvent::Moved(PIECE),
            End::Sending(..) => DataEvent::Flushed,
            _ if inward.ended => DataEvent::Eof { clean: true },
            _ => return None,
        };
        Some((id, event))
    }

    /// Lets the next event at an end happen, and reports it.
    pub fn happen(&mut self, side: Side) {
        let (id, event) = self.next_event(side).expect("an event");
        let due = self.due[side as usize].pop_front().is_some();
        if let Some((_, end)) = self.ends[side as usize].as_mut().filter(|(open, _)| *open == id) {
            match (event, *end) {
                (DataEvent::Connected, End::Connecting(Some(link))) => *end = End::Open(link),
                (DataEvent::Moved(_), End::Receiving(link)) => {
                    self.links[link].pipes[side as usize].pieces -= 1;
                    self.moved(side);
                }
                (DataEvent::Moved(_), End::Sending(link, left)) => {
                    *end = End::Sending(link, left - 1);
                    self.links[link].pipes[side.other() as usize].pieces += 1;
                }
                (DataEvent::Flushed, End::Sending(link, _)) => {
                    *end = End::Flushed(link);
                    self.links[link].pipes[side.other() as usize].ended = true;
                }
                (DataEvent::Eof { .. } | DataEvent::Failed(_), end) => {
                    self.ends[side as usize] = None;
                    self.close(side, end, !due && matches!(event, DataEvent::Failed(_)));
                }
                _ => {}
            }
        }
        self.report(side, id, event);
    }

    fn moved(&mut self, side: Side) {
        match side {
            Side::Client => self.received += 1,
            Side::Server => self.uploaded += 1,
        }
    }

    /// Returns what may go wrong with data connections now.
    pub fn data_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for side in Side::BOTH {
            let next = self.due[side as usize].front().map(|(_, event)| *event);
            if matches!(next, Some(DataEvent::Listening(_))) {
                faults.push(Fault::NoListener(side));
            }
            let arrives = |(_, event): &(DataId, DataEvent)| matches!(event, DataEvent::Arrived(_));
            if next == Some(DataEvent::Connected) && self.due[side.other() as usize].iter().any(arrives) {
                faults.extend([Fault::Unreachable(side), Fault::Lost(side)]);
            }
            if let Some((_, End::Receiving(_) | End::Sending(..))) = self.ends[side as usize] {
                faults.push(Fault::File(side));
            }
        }
        if self.open_link().is_some() {
            faults.extend([Fault::Break, Fault::Stall]);
        }
        faults
    }

    /// Returns the link that some data goes over.
    fn open_link(&self) -> Option<usize> {
        let link = Side::BOTH.into_iter().find_map(|side| match self.ends[side as usize]?.1 {
            End::Receiving(link) | End::Sending(link, _) => Some(link),
            _ => None,
        })?;
        let is_intact = |link: Link| !link.stalled && link.pipes.iter().all(|pipe| !pipe.reset);
        Some(link).filter(|link| is_intact(self.links[*link]))
    }

    pub fn go_wrong(&mut self, fault: Fault) {
        match fault {
            Fault::NoListener(side) => self.replace(side, Some(DataFailure::Unreachable)),
            Fault::Unreachable(side) | Fault::Lost(side) => {
                let other = side.other();
                self.due[other as usize].retain(|(_, event)| !matches!(event, DataEvent::Arrived(_)));
                if let Some((_, end)) = &mut self.ends[other as usize] {
                    let End::Offered(port, _) = *end else { panic!("{end:?} was offered nothing") };
                    *end = End::Listening(port);
                }
                if let Some((_, end)) = &mut self.ends[side as usize] {
                    *end = End::Connecting(None);
                }
                let fails = matches!(fault, Fault::Unreachable(_));
                self.replace(side, fails.then_some(DataFailure::Unreachable));
            }
            Fault::File(side) => {
                let (id, end) = self.ends[side as usize].take().expect("a transfer");
                self.close(side, end, true);
                self.report(side, id, DataEvent::Failed(DataFailure::Local));
            }
            Fault::Break => {
                let link = self.open_link().expect("a transfer");
                self.links[link].pipes = [Pipe { pieces: 0, ended: true, reset: true }; 2];
            }
            Fault::Stall => {
                let link = self.open_link().expect("a transfer");
                self.links[link].stalled = true;
            }
            fault => panic!("{fault:?} does not concern data"),
        }
    }

    /// Replaces the next event of a side by a failure, or by nothing at all.
    fn replace(&mut self, side: Side, failure: Option<DataFailure>) {
        let (id, _) = self.due[side as usize].pop_front().expect("an event");
        if let Some(failure) = failure {
            self.due[side as usize].push_front((id, DataEvent::Failed(failure)));
        }
    }
}
