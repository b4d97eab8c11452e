//! What lies between the two: pipes with a delay of their own, in which nothing overtakes, and which can
//! swallow, end and break.

use ftp_proto::testing::Random;
use std::collections::VecDeque;

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Pipe {
    segments: VecDeque<(u64, Vec<u8>)>,
    last: u64,
    unread: usize,
    ended: Option<u64>,
    reset: Option<u64>,
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
    /// Of a hundred thousand pieces of the control connection, with how many it breaks, or is swallowed.
    pub control_resets: usize,
    pub control_stalls: usize,
    /// Of a thousand requests, how many the host never answers.
    pub silence: usize,
    /// A data connection that is given up ends like any other: there are no resets.
    pub no_resets: bool,
    /// Every delay is the same, instead of a random one.
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

    pub fn draw(random: &mut Random) -> Self {
        let delay = [0, 100, 20_000, 1_000_000][random.below(4)];
        let host_delay = [0, 0, 1_000, 4_000_000][random.below(4)];
        let (piece, window) = (1 + [4, 40, 400, 4000][random.below(4)], 50 + random.below(4000));
        let mut plan = Self { delay, piece, window, host_delay, ..Self::default() };
        if random.below(4) == 0 {
            return plan;
        }
        let mut some = |most: usize| if random.below(3) == 0 { random.below(most + 1) } else { 0 };
        plan.refusals = some(300);
        plan.unreachable = some(500);
        plan.lost = some(200);
        plan.no_listener = some(200);
        plan.strangers = some(700);
        plan.resets = some(60);
        plan.stalls = some(30);
        plan.local = some(30);
        plan.control_resets = some(300);
        plan.control_stalls = some(300);
        plan.silence = some(15);
        plan.no_resets = some(1) == 1;
        plan
    }
}
