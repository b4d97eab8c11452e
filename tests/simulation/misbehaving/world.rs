//! The client, what drives it, and the clock. The client is polled when something has happened that it waits for,
//! and only then; time passes only when nothing else can happen.

use super::super::support::client::{Outcome, Turn};
use super::Random;
use super::net::{Link, Net, SECOND};
use super::server::Server;
use ftp_proto::action::{DataEvent, DataFailure, DataId, DataOp, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{Client, Config, Operation, Sequence};
use ftp_proto::codec::Escaped;
use ftp_proto::error::Error;
use ftp_proto::time::Instant;
use std::collections::VecDeque;

/// The longest that an operation may take, whatever the server does. A limit that runs out ends an operation, apart
/// from those after which it goes on in another way: the end of the transfer before (2 minutes), two attempts at a
/// data connection (20 s each), the 1yz (10 s). The last limit is at most 2 minutes again, and the server is slow.
pub const LONGEST: u64 = 300 * SECOND;

/// How often an operation may be polled.
const POLLS: usize = 20_000;

/// The client's end of the data connection.
#[derive(Debug)]
enum End {
    /// The link that the connection will be, where there is a listener.
    Connecting(Option<usize>),
    Listening,
    Arrived(usize),
    Open(usize),
    Receiving(usize),
    Sending(usize),
    AwaitingClose(usize),
    Over(usize),
}

impl End {
    const fn link(&self) -> Option<usize> {
        match self {
            Self::Connecting(link) => *link,
            Self::Listening => None,
            Self::Arrived(link) | Self::Open(link) | Self::Receiving(link) | Self::Sending(link) => {
                Some(*link)
            }
            Self::AwaitingClose(link) | Self::Over(link) => Some(*link),
        }
    }
}

pub struct World {
    seed: u64,
    pub client: Client,
    pub server: Server,
    pub net: Net,
    /// What the client sends next, and what it has received last.
    pub upload: Vec<u8>,
    pub download: Vec<u8>,
    /// The lines that were shown of the last operation.
    pub shown: Vec<String>,
    /// The longest that an operation took, and the most often that one was polled.
    pub longest: u64,
    pub polls: usize,
    /// What it sends now, and how much of it is sent.
    uploading: Vec<u8>,
    uploaded: usize,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    /// What the client waits for; nothing when it is to be polled.
    wait: Option<Wait>,
    end: Option<(DataId, End)>,
    due: VecDeque<(u64, DataId, DataEvent, Option<End>)>,
    next_port: u16,
    ended: bool,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in self.net.trace() {
                eprintln!("{line}");
            }
            eprintln!("{:?}", self.server.faults);
            eprintln!("MISBEHAVING_SEED={} cargo test --test simulation misbehav", self.seed);
        }
    }
}

impl World {
    pub fn new(seed: u64, config: Config, random: &mut Random) -> Self {
        let net = Net::new(Random::new(seed ^ 0x6e65_7400));
        Self {
            seed,
            rx: RecvBuf::new(vec![0; config.limits.line + 2]),
            tx: SendBuf::new(vec![0; 512]),
            client: Client::new(config, "192.0.2.1:21".parse().unwrap()),
            server: Server::new(random),
            net,
            upload: Vec::new(),
            download: Vec::new(),
            shown: Vec::new(),
            longest: 0,
            polls: 0,
            uploading: Vec::new(),
            uploaded: 0,
            wait: None,
            end: None,
            due: VecDeque::new(),
            next_port: 40_100,
            ended: false,
        }
    }

    /// Runs an operation to its end.
    #[track_caller]
    pub fn run<S: Sequence, O: std::fmt::Debug>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Outcome<O> {
        self.run_for(operation, POLLS, own).unwrap_or_else(|| panic!("polled {POLLS} times, and not over"))
    }

    /// Runs an operation for so many polls.
    #[track_caller]
    pub fn run_for<S: Sequence, O: std::fmt::Debug>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        self.shown.clear();
        self.wait = None;
        let start = self.net.now;
        for poll in 0..polls {
            self.polls = self.polls.max(poll);
            let now = Instant::from_micros(self.net.now);
            match Turn::of(operation.poll(&mut self.client, now, &mut self.rx, &mut self.tx), &own) {
                Turn::Over(outcome) => {
                    self.net.note(&format!("-- {outcome:?}"));
                    self.longest = self.longest.max(self.net.now - start);
                    assert!(self.net.now - start <= LONGEST, "it took {} us", self.net.now - start);
                    self.check_end(&outcome);
                    return Some(outcome);
                }
                Turn::Wait(wait) => self.until(wait, start),
                Turn::Data(id, op) => self.order(id, op),
                Turn::Line(line) => self.shown.push(line),
                Turn::Upgrade(_) | Turn::Downgrade(_) => panic!("nobody asked for TLS"),
            }
        }
        self.net.note("-- dropped");
        None
    }

    fn check_end<O: std::fmt::Debug>(&mut self, outcome: &Outcome<O>) {
        match outcome {
            Outcome::Error(Error::Local(error)) => panic!("misuse: {error}"),
            Outcome::Error(_) => {
                assert!(self.client.is_closed(), "an error, and it is not closed");
                assert!(self.end.is_none(), "a data connection outlives the client");
            }
            _ => {}
        }
    }

    /// Lets things happen until one of those is among them that the client waits for.
    fn until(&mut self, wait: Wait, start: u64) {
        let deadline = wait.deadline.map(Instant::as_micros);
        if deadline == Some(self.net.now) {
            // Before it sends a command it reads what is there, and is polled at once.
            self.wait = Some(wait);
            self.receive();
            return;
        }
        assert!(
            deadline.is_some_and(|at| at > self.net.now),
            "it waits without an end, or for what has passed"
        );
        self.wait = Some(wait);
        while self.wait.is_some() {
            self.round(deadline);
            assert!(self.net.now - start <= LONGEST, "it waits for {} us", self.net.now - start);
        }
    }

    /// Lets the server finish whatever it is at, or do for some time what it likes.
    pub fn idle(&mut self, time: u64) {
        let until = self.net.now + time;
        while self.net.now < until {
            self.round(Some(until));
        }
    }

    /// A round of everything that can happen now; time passes when that is nothing.
    fn round(&mut self, deadline: Option<u64>) {
        let mut order: [usize; 5] = std::array::from_fn(|index| index);
        self.net.random.shuffle(&mut order);
        let mut progress = false;
        for task in order {
            progress |= match task {
                0 => self.send(),
                1 => self.server.receive(&mut self.net),
                2 => self.server.step(&mut self.net),
                3 => self.wait.is_some_and(|wait| wait.readable) && self.receive(),
                _ => self.data(),
            };
        }
        if progress {
            return;
        }
        let now = self.net.now;
        let due = self.due.iter().map(|(at, ..)| *at).filter(|at| *at > now);
        let others = [self.net.next(), self.server.next(now), deadline].into_iter().flatten();
        self.net.now = due.chain(others).min().expect("a deadline");
        if deadline.is_some_and(|at| at <= self.net.now) {
            self.wait = None;
        }
    }

    /// A piece of what the client queued goes out.
    fn send(&mut self) -> bool {
        let pending = self.tx.pending();
        if pending.is_empty() || !self.wait.is_some_and(|wait| wait.writable) {
            return false;
        }
        let count = self.net.random.piece(pending.len());
        let bytes = pending[..count].to_vec();
        self.tx.sent(count);
        self.net.note(&format!("C: {}", Escaped(&bytes)));
        let doubted = self.client.last_stray().is_some();
        self.net.dialogue.sends(&bytes, doubted);
        let (now, delay) = (self.net.now, self.net.delay());
        self.net.to_server.send(now, delay, &bytes);
        self.wait = None;
        true
    }

    /// A piece of what the server said comes in.
    fn receive(&mut self) -> bool {
        let now = self.net.now;
        let arrived = self.net.to_client.arrived(now);
        if arrived.is_empty() {
            if self.ended || !self.net.to_client.is_over(now) {
                return false;
            }
            self.ended = true;
            self.net.note("C: the server has closed the connection");
            self.rx.eof();
            self.wait = None;
            return true;
        }
        let length = arrived.len();
        let count = self.net.random.piece(length);
        let taken = self.rx.extend(&self.net.to_client.arrived(now)[..count]);
        assert!(taken > 0, "it waits for bytes and has no room for any");
        self.net.to_client.take(taken);
        self.net.dialogue.hears(taken);
        self.wait = None;
        true
    }

    fn order(&mut self, id: DataId, op: DataOp) {
        self.net.note(&format!("C: {op:?}"));
        match op {
            DataOp::Connect(to) => {
                self.begin();
                self.connect(id, to.port());
                return;
            }
            DataOp::Listen { .. } => {
                self.begin();
                self.next_port += 1;
                let at = std::net::SocketAddr::new("192.0.2.2".parse().unwrap(), self.next_port);
                self.net.active = Some((self.next_port, VecDeque::new()));
                self.end = Some((id, End::Listening));
                self.due.push_back((self.net.now, id, DataEvent::Listening(at), None));
                return;
            }
            _ => {}
        }
        let Some((_, end)) = self.end.take_if(|(open, _)| *open == id) else {
            assert!(matches!(op, DataOp::Close | DataOp::Abort), "{op:?} of what is not there");
            return;
        };
        let end = match (op, end) {
            (DataOp::Admit, End::Arrived(link)) => {
                self.net.active = None;
                End::Open(link)
            }
            (DataOp::Receive(_), End::Open(link)) => End::Receiving(link),
            (DataOp::Send(_), End::Open(link)) => End::Sending(link),
            (DataOp::AwaitClose, End::Over(link)) => End::AwaitingClose(link),
            (op @ (DataOp::Close | DataOp::Abort), end) => {
                self.due.retain(|(_, other, ..)| *other != id);
                self.close(&end, op == DataOp::Abort);
                return;
            }
            (op, end) => panic!("{op:?} with {end:?}"),
        };
        self.end = Some((id, end));
    }

    fn begin(&mut self) {
        assert!(self.end.is_none(), "a data connection is left open: {:?}", self.end);
        self.uploading.clone_from(&self.upload);
        self.uploaded = 0;
        self.download.clear();
        self.net.active = None;
    }

    fn connect(&mut self, id: DataId, port: u16) {
        let (now, delays) = (self.net.now, [self.net.delay(), self.net.delay()]);
        self.end = Some((id, End::Connecting(None)));
        let link = self.net.links.len();
        let free = |listener: &&mut super::net::Listener| listener.port == port && listener.link.is_none();
        match self.net.passive.as_mut().filter(free) {
            Some(listener) => {
                listener.link = Some((now + delays[1], link));
                self.net.links.push(Link::default());
                self.end = Some((id, End::Connecting(Some(link))));
                self.due.push_back((now + delays[0], id, DataEvent::Connected, Some(End::Open(link))));
            }
            // Packets to it are dropped now and then, and nobody is told.
            None if self.net.random.below(3) == 0 => {}
            None => {
                let event = DataEvent::Failed(DataFailure::Unreachable);
                self.due.push_back((now + delays[0], id, event, None));
            }
        }
    }

    fn close(&mut self, end: &End, aborts: bool) {
        let (now, delay) = (self.net.now, self.net.delay());
        for (_, link) in self.net.active.take().into_iter().flat_map(|(_, arrivals)| arrivals) {
            self.net.links[link].to_server.reset(now, delay);
        }
        let Some(link) = end.link() else { return };
        let link = &mut self.net.links[link];
        match aborts || link.to_client.unread() > 0 {
            true => link.to_server.reset(now, delay),
            false => link.to_server.end(now, delay),
        }
    }

    /// Something that happens on the client's data connection.
    fn data(&mut self) -> bool {
        let now = self.net.now;
        if let Some(at) = self.due.iter().position(|(at, ..)| *at <= now) {
            let (_, id, event, end) = self.due.remove(at).unwrap();
            if let (Some(end), Some((open, state))) = (end, &mut self.end) {
                assert_eq!(*open, id);
                *state = end;
            }
            self.event(id, event);
            return true;
        }
        let Some((id, _)) = self.end else { return false };
        let Some(event) = self.move_data() else { return false };
        self.event(id, event);
        true
    }

    fn event(&mut self, id: DataId, event: DataEvent) {
        self.net.note(&format!("C: data: {event:?}"));
        if matches!(event, DataEvent::Failed(_)) {
            if let Some((_, end)) = self.end.take() {
                self.close(&end, true);
            }
        }
        self.client.data_event(id, event).unwrap();
        self.wait = self.wait.take().filter(|wait| !wait.data);
    }

    fn move_data(&mut self) -> Option<DataEvent> {
        let (now, delay) = (self.net.now, self.net.delay());
        let (piece, window) = (1 + self.net.random.below(self.net.piece), self.net.window);
        let (_, end) = self.end.as_mut()?;
        if let End::Listening = end {
            let (_, arrivals) = self.net.active.as_mut()?;
            let (_, link) = *arrivals.front().filter(|(at, _)| *at <= now)?;
            arrivals.pop_front();
            *end = End::Arrived(link);
            return Some(DataEvent::Arrived("192.0.2.1:20".parse().unwrap()));
        }
        let number = end.link()?;
        let link = &mut self.net.links[number];
        let active = matches!(end, End::Receiving(_) | End::Sending(_) | End::AwaitingClose(_));
        if active && link.to_client.is_reset(now) {
            return Some(DataEvent::Failed(DataFailure::Broken));
        }
        match end {
            End::Receiving(_) => {
                let arrived = link.to_client.arrived(now);
                let count = arrived.len().min(piece);
                if count > 0 {
                    self.download.extend_from_slice(&arrived[..count]);
                    link.to_client.take(count);
                    return Some(DataEvent::Moved(count as u64));
                }
                if !link.to_client.is_over(now) {
                    return None;
                }
                *end = End::Over(number);
                Some(DataEvent::Eof { clean: true })
            }
            End::Sending(_) => {
                let rest = &self.uploading[self.uploaded..];
                let count = rest.len().min(piece);
                if rest.is_empty() {
                    link.to_server.end(now, delay);
                    *end = End::Over(number);
                    return Some(DataEvent::Flushed);
                }
                if link.to_server.unread() >= window {
                    return None;
                }
                link.to_server.send(now, delay, &rest[..count]);
                self.uploaded += count;
                Some(DataEvent::Moved(count as u64))
            }
            End::AwaitingClose(_) => {
                let unread = link.to_client.arrived(now).len();
                link.to_client.take(unread);
                if !link.to_client.is_over(now) {
                    return None;
                }
                *end = End::Over(number);
                Some(DataEvent::Eof { clean: true })
            }
            _ => None,
        }
    }
}
