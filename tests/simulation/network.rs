//! The clock, the connections, and what goes wrong with them. Nothing overtakes within a connection; it may be slow,
//! end, break, or swallow everything.
//!
//! Of the sides, those with even numbers are clients; each has its control connection to the server behind it.

use super::choices::Choices;
use super::trace;
use std::collections::VecDeque;
use std::net::SocketAddr;

pub const SECOND: u64 = 1_000_000;

/// How much of the control connection may be on its way before the sender has to wait.
const CONTROL_WINDOW: usize = 8000;

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Pipe {
    segments: VecDeque<(u64, Vec<u8>)>,
    last: u64,
    unread: usize,
    ended: Option<u64>,
    reset: Option<u64>,
    /// Set if the end was forged: nothing under TLS announces it.
    forged: bool,
    /// Nothing arrives any more, and nobody is told.
    pub swallows: bool,
}

impl Pipe {
    fn arrival(&mut self, now: u64, delay: u64) -> u64 {
        self.last = self.last.max(now.saturating_add(delay));
        self.last
    }

    pub fn send(&mut self, now: u64, delay: u64, bytes: &[u8]) {
        let at = self.arrival(now, delay);
        if !bytes.is_empty() && self.ended.is_none() && self.reset.is_none() {
            self.unread += bytes.len();
            self.segments.push_back((at, bytes.to_vec()));
        }
    }

    pub fn end(&mut self, now: u64, delay: u64) {
        let at = self.arrival(now, delay);
        self.ended.get_or_insert(at);
    }

    /// Ends the pipe for the receiver, in place of what is on its way.
    pub fn forge_end(&mut self, now: u64) {
        if self.ended.is_none() || !self.segments.is_empty() {
            self.segments.clear();
            (self.unread, self.ended, self.forged) = (0, Some(now), true);
        }
    }

    /// Ends the pipe, but not TLS on it.
    pub fn cut(&mut self, now: u64, delay: u64) {
        self.forged |= self.ended.is_none();
        self.end(now, delay);
    }

    pub const fn is_forged(&self) -> bool {
        self.forged
    }

    /// A reset does not wait for what is before it.
    pub fn reset(&mut self, now: u64, delay: u64) {
        self.reset.get_or_insert(now + delay);
    }

    pub fn is_reset(&self, now: u64) -> bool {
        !self.swallows && self.reset.is_some_and(|at| at <= now)
    }

    pub const fn unread(&self) -> usize {
        self.unread
    }

    /// What has arrived first.
    pub fn arrived(&self, now: u64) -> &[u8] {
        match self.segments.front() {
            Some((at, bytes)) if *at <= now && !self.swallows => bytes,
            _ => &[],
        }
    }

    pub fn take(&mut self, count: usize) {
        let Some((_, bytes)) = self.segments.front_mut() else { return };
        bytes.drain(..count);
        self.unread -= count;
        if bytes.is_empty() {
            self.segments.pop_front();
        }
    }

    pub fn is_over(&self, now: u64) -> bool {
        !self.swallows && self.segments.is_empty() && self.ended.is_some_and(|at| at <= now)
    }

    /// When the next thing arrives that has not.
    pub fn next(&self, now: u64) -> Option<u64> {
        if self.swallows {
            return None;
        }
        let first = self.segments.front().map(|(at, _)| *at);
        [first, self.ended, self.reset].into_iter().flatten().filter(|at| *at > now).min()
    }
}

/// A data connection: the pipes, each by the end that it leads to; 0 is the end that connected.
#[derive(Debug, Default)]
pub struct Link {
    pub pipes: [Pipe; 2],
    /// What was sent to each end, as the sender's application gave it.
    pub said: [Vec<u8>; 2],
}

/// One end of a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    pub link: usize,
    pub which: usize,
}

/// Somebody who comes to a listener.
#[derive(Debug)]
pub struct Arrival {
    pub at: u64,
    pub from: SocketAddr,
    /// The link; a stranger has none.
    pub link: Option<usize>,
}

#[derive(Debug)]
struct Listener {
    side: usize,
    address: SocketAddr,
    arrivals: VecDeque<Arrival>,
}

/// What has gone wrong, so that what comes of it is no surprise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// To data connections and to answers of the host.
    pub mild: usize,
    /// To the control connection, or to a peer's patience.
    pub fatal: usize,
}

pub struct Net {
    pub now: u64,
    pub choices: Choices,
    pub plan: Plan,
    pub harm: Harm,
    /// A data connection broke for no fault of either end.
    pub broken: bool,
    /// The control connections: pipes, each by the side that it leads to.
    pub control: Vec<Pipe>,
    pub links: Vec<Link>,
    listeners: Vec<Listener>,
    next_port: u16,
}

impl Net {
    pub fn new(choices: Choices, plan: Plan, sides: usize) -> Self {
        Self {
            now: 5,
            choices,
            plan,
            harm: Harm::default(),
            broken: false,
            control: (0..sides).map(|_| Pipe::default()).collect(),
            links: Vec::new(),
            listeners: Vec::new(),
            next_port: 5000,
        }
    }

    pub fn note(&self, line: impl FnOnce() -> String) {
        trace::note(self.now, line);
    }

    pub fn delay(&self) -> u64 {
        if let Some(latency) = self.plan.latency {
            return latency.one_way;
        }
        match self.plan.delay {
            0 => 0,
            most => match self.choices.below(3) {
                0 => 0,
                _ => self.choices.below(most as usize + 1) as u64,
            },
        }
    }

    /// Returns after which times a connection is open for the side that connects, and for the one that accepts.
    pub fn handshake_delays(&self) -> [u64; 2] {
        match self.plan.latency {
            Some(Latency { one_way, handshake: true }) => [2 * one_way, 3 * one_way],
            Some(_) => [0, 0],
            None => [self.delay(), self.delay()],
        }
    }

    /// Returns after which time a listener is there.
    pub fn local_delay(&self) -> u64 {
        if self.plan.latency.is_some() { 0 } else { self.delay() }
    }

    /// A time up to this many microseconds, mostly far less.
    pub fn some_time(&self, most: u64) -> u64 {
        let below = |most: u64| self.choices.below(most as usize + 1) as u64;
        match self.choices.below(4) {
            0 => 0,
            1 => below(most.min(2000)),
            2 => below(most / 20),
            _ => below(most),
        }
    }

    /// Returns whether something goes wrong that does so this often in a thousand times, and counts it.
    pub fn goes_wrong(&mut self, of: usize) -> bool {
        let wrong = self.choices.chance(of, 1000);
        self.harm.mild += usize::from(wrong);
        wrong
    }

    /// Puts bytes on the control connection to a side.
    pub fn say(&mut self, to: usize, bytes: &[u8]) {
        let delay = self.delay();
        self.control[to].send(self.now, delay, bytes);
    }

    /// Returns how much more may be put on the control connection to a side.
    pub fn room(&self, to: usize) -> usize {
        CONTROL_WINDOW.saturating_sub(self.control[to].unread())
    }

    pub fn hang_up(&mut self, to: usize) {
        let delay = self.delay();
        self.control[to].end(self.now, delay);
    }

    /// Opens a listener for a side, on a port of its own unless one is given.
    pub fn listen(&mut self, side: usize, ip: std::net::IpAddr, port: Option<u16>) -> SocketAddr {
        self.next_port += 1;
        let address = SocketAddr::new(ip, port.unwrap_or(self.next_port));
        self.listeners.push(Listener { side, address, arrivals: VecDeque::new() });
        address
    }

    /// Closes a side's listener. Whoever was there sees a reset.
    pub fn stop_listening(&mut self, side: usize) {
        let mut waiting = Vec::new();
        self.listeners.retain(|listener| {
            let own = listener.side == side;
            if own {
                waiting.extend(listener.arrivals.iter().filter_map(|arrival| arrival.link));
            }
            !own
        });
        for link in waiting {
            self.reset(Socket { link, which: 1 });
        }
    }

    fn listener(&mut self, side: usize) -> Option<&mut Listener> {
        self.listeners.iter_mut().find(|listener| listener.side == side)
    }

    /// Somebody without a link finds a side's listener.
    pub fn intrude(&mut self, side: usize, at: u64) {
        let from = "198.51.100.66:6666".parse().unwrap();
        if let Some(listener) = self.listener(side) {
            listener.arrivals.push_back(Arrival { at, from, link: None });
        }
    }

    /// Connects to a listener: the link, and whether it was made.
    pub fn connect(&mut self, from: SocketAddr, to: SocketAddr, delay: u64) -> Option<Socket> {
        let (at, link) = (self.now + delay, self.links.len());
        let listener = self.listeners.iter_mut().find(|listener| listener.address == to)?;
        listener.arrivals.push_back(Arrival { at, from, link: Some(link) });
        self.links.push(Link::default());
        Some(Socket { link, which: 0 })
    }

    /// Takes whoever has come to a side's listener.
    pub fn arrived(&mut self, side: usize) -> Option<Arrival> {
        let now = self.now;
        let arrivals = &mut self.listener(side)?.arrivals;
        arrivals.front().is_some_and(|arrival| arrival.at <= now).then(|| arrivals.pop_front())?
    }

    pub fn inward(&mut self, socket: Socket) -> &mut Pipe {
        &mut self.links[socket.link].pipes[socket.which]
    }

    pub fn outward(&mut self, socket: Socket) -> &mut Pipe {
        &mut self.links[socket.link].pipes[1 - socket.which]
    }

    /// Sends bytes of an application over a data connection, as they are on the wire.
    pub fn send(&mut self, socket: Socket, wire: &[u8], said: &[u8]) {
        let (now, delay) = (self.now, self.delay());
        let link = &mut self.links[socket.link];
        link.pipes[1 - socket.which].send(now, delay, wire);
        link.said[1 - socket.which].extend_from_slice(said);
    }

    pub fn end(&mut self, socket: Socket) {
        let (now, delay) = (self.now, self.delay());
        self.outward(socket).end(now, delay);
    }

    /// The other end sees a reset.
    pub fn reset(&mut self, socket: Socket) {
        let (now, delay) = (self.now, self.delay());
        self.outward(socket).reset(now, delay);
    }

    /// Closes an end, as an operating system does: with a reset if something was left unread.
    pub fn close(&mut self, socket: Socket, aborts: bool) {
        let resets = aborts || self.inward(socket).unread() > 0;
        match resets && !self.plan.no_resets {
            true => self.reset(socket),
            false if aborts => {
                let (now, delay) = (self.now, self.delay());
                self.outward(socket).cut(now, delay);
            }
            false => self.end(socket),
        }
    }

    /// When the next thing arrives anywhere.
    pub fn next(&self) -> Option<u64> {
        // Earlier links have long ended.
        let pipes = self.links.iter().rev().take(6).flat_map(|link| &link.pipes).chain(&self.control);
        let arrivals = self.listeners.iter().filter_map(|listener| listener.arrivals.front().map(|a| a.at));
        pipes.filter_map(|pipe| pipe.next(self.now)).chain(arrivals.filter(|at| *at > self.now)).min()
    }
}

/// How the world treats a session.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The longest delay of a segment, in microseconds.
    pub delay: u64,
    /// The largest piece that is moved at once.
    pub piece: usize,
    /// Bytes that a data pipe holds.
    pub window: usize,
    /// The longest that the host thinks about an answer, in microseconds.
    pub host_delay: u64,
    /// Of a thousand requests, how many the host refuses.
    pub refusals: usize,
    /// Of a thousand data connections, how many are refused.
    pub unreachable: usize,
    /// Of a thousand data connections, how many come to nothing, with nobody told.
    pub lost: usize,
    /// Of a thousand listeners, how many are not to be had, and how many a stranger finds first.
    pub no_listener: usize,
    pub strangers: usize,
    /// Of a thousand pieces, with how many the data connection breaks, is swallowed from then on, or the
    /// file fails.
    pub resets: usize,
    pub stalls: usize,
    pub local: usize,
    /// Of a thousand TLS handshakes, how many fail, are left unanswered or closed, and how many on data connections
    /// resume nothing.
    pub handshakes: usize,
    pub not_resumed: usize,
    /// Of a thousand pieces under TLS, with how many somebody on the path forges the end of the data connection.
    pub forged_ends: usize,
    /// Of a thousand pieces of the control connection, with how many it breaks, or is swallowed.
    pub control_resets: usize,
    pub control_stalls: usize,
    /// Of a thousand requests, how many the host never answers.
    pub silence: usize,
    /// Of a thousand times that time passes, how often it passes by minutes, as where a machine was suspended.
    pub jumps: usize,
    /// A data connection that is given up ends like any other: there are no resets.
    pub no_resets: bool,
    /// Every delay is the same, instead of one by choice.
    pub latency: Option<Latency>,
}

/// A distance that is always the same.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Time from one side to the other, in microseconds.
    pub one_way: u64,
    /// TCP's handshake takes its time: the side that connects may send after a round trip, and the
    /// other accepts after another half. Without this, a data connection is open at once.
    pub handshake: bool,
}

impl Plan {
    /// Nothing is slow and nothing goes wrong.
    pub fn calm() -> Self {
        Self { piece: 64, window: 200, ..Self::default() }
    }

    pub fn draw(choices: &Choices) -> Self {
        let delay = choices.one(&[0, 100, 20_000, SECOND]);
        let host_delay = choices.one(&[0, 0, 1_000, 4 * SECOND]);
        let (piece, window) = (1 + choices.one(&[4000, 400, 40, 4]), 50 + choices.below(4000));
        let mut plan = Self { delay, piece, window, host_delay, ..Self::default() };
        if choices.below(4) == 0 {
            return plan;
        }
        let some = |most: usize| if choices.below(3) == 2 { choices.below(most + 1) } else { 0 };
        plan.refusals = some(300);
        plan.unreachable = some(500);
        plan.lost = some(200);
        plan.no_listener = some(200);
        plan.strangers = some(700);
        plan.resets = some(60);
        plan.stalls = some(30);
        plan.local = some(30);
        plan.handshakes = some(300);
        plan.not_resumed = some(200);
        plan.forged_ends = some(40);
        plan.control_resets = some(4);
        plan.control_stalls = some(4);
        plan.silence = some(15);
        plan.jumps = some(30);
        plan.no_resets = some(1) == 1;
        plan
    }
}
