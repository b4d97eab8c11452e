//! The data connections: what the machines have done to them, what goes over them, and what goes wrong.

use super::{CLIENT, NAMES, World};
use ftp_proto::action::{DataEvent, DataFailure, DataId, DataOp};
use ftp_proto::transfer::{Coding, Decoder, Encoder, LineEnds, TransferError};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// One end of a data connection; the number is its link's.
#[derive(Debug)]
pub(super) enum End {
    Connecting(Option<usize>),
    Listening {
        port: u16,
        arrivals: VecDeque<(u64, SocketAddr, Option<usize>)>,
        offered: Option<Option<usize>>,
    },
    Open(usize),
    Receiving(usize, Decoder),
    Sending(usize, Encoder),
    /// All was sent, or all has come: it is yet to be closed.
    Over(usize),
}

impl End {
    pub(super) fn link(&self) -> Option<usize> {
        match self {
            Self::Open(link) | Self::Over(link) | Self::Receiving(link, _) | Self::Sending(link, _) => {
                Some(*link)
            }
            Self::Connecting(_) | Self::Listening { .. } => None,
        }
    }
}

impl World {
    pub(super) fn order(&mut self, side: usize, id: DataId, op: DataOp) {
        self.note(|| format!("{}: {id:?} {op:?}", NAMES[side]));
        if let DataOp::Connect(to) = op {
            self.begin(side);
            self.connect(side, id, to);
            return;
        }
        if let DataOp::Listen { .. } = op {
            self.begin(side);
            self.listen(side, id);
            return;
        }
        let ends = &mut self.sides[side].ends;
        let Some(at) = ends.iter().position(|(other, _)| *other == id) else {
            // It has failed already.
            let late = matches!(op, DataOp::Close | DataOp::Abort);
            assert!(late || self.harm.mild > 0, "{op:?} of what is not there");
            return;
        };
        let end = &mut ends[at].1;
        match op {
            DataOp::Admit => {
                let End::Listening { arrivals, offered, .. } = end else { panic!("admits with {end:?}") };
                let others: Vec<_> = arrivals.drain(..).filter_map(|(.., link)| link).collect();
                let link = offered.take().flatten().expect("a stranger is let in");
                *end = End::Open(link);
                for other in others {
                    self.break_link(side, other);
                }
            }
            DataOp::Reject => {
                let End::Listening { offered, .. } = end else { panic!("rejects with {end:?}") };
                let rejected = offered.take().expect("somebody to reject");
                assert!(rejected.is_none(), "the peer is turned away");
            }
            DataOp::Receive(mut parameters) | DataOp::Send(mut parameters) => {
                let End::Open(link) = *end else { panic!("{op:?} with {end:?}") };
                let (structure, mode) = self.layout;
                let coding = &mut parameters.coding;
                if side == CLIENT {
                    *coding = Coding { structure, mode, ..*coding };
                }
                assert_eq!((coding.structure, coding.mode), self.layout);
                // Every file is to come back as it was.
                parameters.line_ends = LineEnds::Literal;
                let receives = matches!(op, DataOp::Receive(_));
                *end = match receives {
                    true => End::Receiving(link, parameters.decoder().unwrap()),
                    false => End::Sending(link, parameters.encoder().unwrap()),
                };
            }
            DataOp::Close | DataOp::Abort => {
                let (_, end) = ends.swap_remove(at);
                self.sides[side].due.retain(|(_, other, _)| *other != id);
                let aborts = op == DataOp::Abort;
                self.close(side, end, aborts);
            }
            other => panic!("what is {other:?}?"),
        }
    }

    /// A new data connection: whatever there was before is gone.
    fn begin(&mut self, side: usize) {
        let ends = &self.sides[side].ends;
        assert!(ends.is_empty(), "a data connection is left open: {ends:?}");
        if side == CLIENT {
            self.uploading.clone_from(&self.upload);
            self.uploaded = 0;
            self.download.clear();
        }
    }

    fn connect(&mut self, side: usize, id: DataId, to: SocketAddr) {
        self.sides[side].ends.push((id, End::Connecting(None)));
        let other = 1 - side;
        assert_eq!(to.ip(), self.sides[other].address);
        if self.chance(self.plan.lost, 1000) {
            self.harm.mild += 1;
            self.note(|| "-- it is lost".to_owned());
            return;
        }
        let refused = self.chance(self.plan.unreachable, 1000);
        self.harm.mild += usize::from(refused);
        let from = SocketAddr::new(self.sides[side].address, 40_001);
        let delays = match self.plan.latency {
            Some(latency) if latency.handshake => [2 * latency.one_way, 3 * latency.one_way],
            Some(_) => [0, 0],
            None => [self.delay(), self.delay()],
        };
        let listener = self.sides[other].ends.iter_mut().find_map(|(_, end)| match end {
            End::Listening { port, arrivals, .. } if *port == to.port() => Some(arrivals),
            _ => None,
        });
        let at = self.now + delays[0];
        match listener.filter(|_| !refused) {
            Some(arrivals) => {
                let link = self.links.len();
                arrivals.push_back((self.now + delays[1], from, Some(link)));
                self.links.push(Default::default());
                if let Some((_, end)) = self.sides[side].ends.last_mut() {
                    *end = End::Connecting(Some(link));
                }
                self.sides[side].due.push((at, id, DataEvent::Connected));
            }
            None => {
                self.sides[side].due.push((at, id, DataEvent::Failed(DataFailure::Unreachable)));
            }
        }
    }

    fn listen(&mut self, side: usize, id: DataId) {
        self.next_port += 1;
        let port = self.next_port;
        let at = self.now + if self.plan.latency.is_some() { 0 } else { self.delay() };
        let mut arrivals = VecDeque::new();
        if self.chance(self.plan.strangers, 1000) {
            arrivals.push_back((at + 1, "198.51.100.66:6666".parse().unwrap(), None));
        }
        self.sides[side].ends.push((id, End::Listening { port, arrivals, offered: None }));
        let event = match self.chance(self.plan.no_listener, 1000) {
            true => {
                self.harm.mild += 1;
                DataEvent::Failed(DataFailure::Unreachable)
            }
            false => DataEvent::Listening(SocketAddr::new(self.sides[side].address, port)),
        };
        self.sides[side].due.push((at, id, event));
    }

    fn close(&mut self, side: usize, end: End, aborts: bool) {
        if let End::Listening { arrivals, offered, .. } = &end {
            let waiting: Vec<_> = arrivals.iter().map(|(.., link)| *link).chain(*offered).flatten().collect();
            for link in waiting {
                self.break_link(side, link);
            }
        }
        if let End::Connecting(Some(link)) = end {
            self.break_link(side, link);
        }
        let Some(link) = end.link() else { return };
        let delay = self.delay();
        let unread = self.links[link][side].unread() > 0;
        let resets = (aborts || unread) && !self.plan.no_resets;
        let pipe = &mut self.links[link][1 - side];
        match resets {
            true => pipe.reset(self.now, delay),
            false => pipe.end(self.now, delay),
        }
    }

    /// The other side sees it reset.
    fn break_link(&mut self, side: usize, link: usize) {
        let delay = self.delay();
        self.links[link][1 - side].reset(self.now, delay);
    }

    fn event(&mut self, side: usize, id: DataId, event: DataEvent) {
        let moves = format!("{}: {id:?} moves", NAMES[side]);
        if !matches!(event, DataEvent::Moved(_)) {
            self.note(|| format!("{}: {id:?} {event:?}", NAMES[side]));
        } else if self.trace.back().is_none_or(|last| !last.ends_with(&moves)) {
            self.note(|| moves);
        }
        match (side, event) {
            (CLIENT, event) => self.client.data_event(id, event).unwrap(),
            (_, event) => self.session.data_event(id, event).unwrap(),
        }
        self.sides[side].wake(|wait| wait.data);
    }

    /// Something that happens on a data connection.
    pub(super) fn data(&mut self, side: usize) -> bool {
        let now = self.now;
        if let Some(at) = self.sides[side].due.iter().position(|(at, ..)| *at <= now) {
            let (_, id, event) = self.sides[side].due.swap_remove(at);
            let ends = &mut self.sides[side].ends;
            let end = ends.iter_mut().find(|(other, _)| *other == id).expect("closed, and yet");
            match event {
                DataEvent::Failed(_) => ends.retain(|(other, _)| *other != id),
                DataEvent::Connected => {
                    let End::Connecting(Some(link)) = end.1 else { panic!("connected with {:?}", end.1) };
                    end.1 = End::Open(link);
                }
                _ => {}
            }
            self.event(side, id, event);
            return true;
        }
        for index in 0..self.sides[side].ends.len() {
            let id = self.sides[side].ends[index].0;
            if let Some(event) = self.move_data(side, index) {
                match event {
                    DataEvent::Failed(_) | DataEvent::Eof { .. } => {
                        let (_, end) = self.sides[side].ends.swap_remove(index);
                        self.close(side, end, matches!(event, DataEvent::Failed(_)));
                    }
                    DataEvent::Flushed => {
                        let end = &mut self.sides[side].ends[index].1;
                        *end = End::Over(end.link().unwrap());
                    }
                    _ => {}
                }
                self.event(side, id, event);
                return true;
            }
        }
        false
    }

    fn move_data(&mut self, side: usize, index: usize) -> Option<DataEvent> {
        let now = self.now;
        let mishaps = [self.plan.resets, self.plan.stalls, self.plan.local];
        let [breaks, stalls, fails] = mishaps.map(|of| self.chance(of, 1000));
        let delay = self.delay();
        let room = (2 + self.random.below(self.plan.piece)).max(2);
        let [piece, window] = [1 + self.random.below(self.plan.piece), self.plan.window];
        let end = &mut self.sides[side].ends[index].1;
        if let End::Listening { arrivals, offered, .. } = end {
            if offered.is_some() || arrivals.front().is_none_or(|(at, ..)| *at > now) {
                return None;
            }
            // Nobody comes before there is a listener.
            if self.sides[side]
                .due
                .iter()
                .any(|(_, _, event)| matches!(event, DataEvent::Listening(_) | DataEvent::Failed(_)))
            {
                return None;
            }
            let (_, from, link) = arrivals.pop_front()?;
            *offered = Some(link);
            return Some(DataEvent::Arrived(from));
        }
        let link = end.link()?;
        let [to_client, to_server] = &mut self.links[link];
        let (inward, outward) = if side == CLIENT { (to_client, to_server) } else { (to_server, to_client) };
        if inward.is_reset(now) && matches!(end, End::Receiving(..) | End::Sending(..)) {
            return Some(DataEvent::Failed(DataFailure::Broken));
        }
        let mut out = vec![0; room];
        let event = match end {
            End::Receiving(_, decoder) => {
                let arrived = inward.arrived(now);
                if arrived.is_empty() {
                    if !inward.is_over(now) {
                        return None;
                    }
                    let finished = decoder.finish(&mut out);
                    let event = match finished {
                        Ok(0) => DataEvent::Eof { clean: true },
                        Ok(_) => DataEvent::Moved(0),
                        Err(TransferError::Truncated) => DataEvent::Eof { clean: false },
                        Err(error) => panic!("what was sent cannot be read: {error}"),
                    };
                    let bytes = &out[..finished.unwrap_or(0)];
                    if side == CLIENT {
                        self.download.extend_from_slice(bytes)
                    } else {
                        self.host.write(bytes)
                    }
                    return Some(event);
                }
                let arrived = &arrived[..arrived.len().min(piece)];
                let done = decoder.decode(arrived, &mut out).expect("what was sent can be read");
                inward.take(done.read);
                let bytes = &out[..done.written];
                if side == CLIENT {
                    self.download.extend_from_slice(bytes)
                } else {
                    self.host.write(bytes)
                }
                DataEvent::Moved(done.read as u64)
            }
            End::Sending(_, encoder) => {
                if outward.unread() >= window {
                    return None;
                }
                let rest = if side == CLIENT { &self.uploading[self.uploaded..] } else { self.host.rest() };
                if rest.is_empty() {
                    let count = encoder.finish(&mut out);
                    outward.send(now, delay, &out[..count]);
                    if count == 0 {
                        outward.end(now, delay);
                        return Some(DataEvent::Flushed);
                    }
                    DataEvent::Moved(count as u64)
                } else {
                    let done = encoder.encode(&rest[..rest.len().min(piece)], &mut out);
                    outward.send(now, delay, &out[..done.written]);
                    if side == CLIENT {
                        self.uploaded += done.read
                    } else {
                        self.host.read(done.read)
                    }
                    DataEvent::Moved(done.written as u64)
                }
            }
            _ => return None,
        };
        if breaks || fails {
            self.harm.mild += 1;
            if breaks {
                inward.reset(now, 0);
                outward.reset(now, delay);
                return Some(event);
            }
            // Only who writes runs out of room.
            let receives = matches!(self.sides[side].ends[index].1, End::Receiving(..));
            let full = receives && self.random.below(2) == 0;
            return Some(DataEvent::Failed(if full { DataFailure::StorageFull } else { DataFailure::Local }));
        }
        if stalls {
            self.harm.mild += 1;
            self.note(|| "-- the data connection is cut".to_owned());
            for pipe in &mut self.links[link] {
                pipe.swallows = true;
            }
        }
        Some(event)
    }
}
