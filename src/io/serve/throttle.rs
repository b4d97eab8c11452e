//! Rate limits: a session's own, and the one that all sessions of a server share.

use ::std::num::NonZeroU64;
use ::std::sync::{Arc, Mutex, PoisonError};
use ::std::task::{Context, Poll, ready};
use ::std::time::Duration;

use crate::io::net::runtime::{Network, Timed};
use crate::time::Instant;

/// A rate as a queue of turns. Each caller is given the time at which it may move bytes, and the
/// next caller's turn follows that one. No caller can overtake another, however much is moved.
#[derive(Debug)]
struct Pace {
    rate: NonZeroU64,
    /// Time at which all turns reserved so far are over.
    free: Instant,
}

impl Pace {
    const fn new(rate: NonZeroU64) -> Self {
        Self { rate, free: Instant::from_micros(0) }
    }

    /// Reserves the next turn for `bytes`, and returns the time at which they may be moved.
    fn turn(&mut self, now: Instant, bytes: u64) -> Instant {
        let begin = self.free.max(now);
        let micros = bytes.saturating_mul(1_000_000).div_ceil(self.rate.get());
        self.free = begin.after(Duration::from_micros(micros));
        begin
    }
}

/// A rate shared by several sessions.
#[derive(Clone, Debug)]
pub(in crate::io) struct SharedPace {
    rate: NonZeroU64,
    pace: Arc<Mutex<Pace>>,
}

impl SharedPace {
    pub(in crate::io) fn new(rate: NonZeroU64) -> Self {
        Self { rate, pace: Arc::new(Mutex::new(Pace::new(rate))) }
    }

    fn turn(&self, now: Instant, bytes: u64) -> Instant {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).turn(now, bytes)
    }
}

/// The rate limits of a session.
#[derive(Debug)]
pub(in crate::io) struct Throttle {
    own: Option<Pace>,
    shared: Option<SharedPace>,
    /// The rest of the current turn in bytes.
    left: u64,
    /// Time at which the current turn begins.
    begin: Instant,
    /// The rate of work on bytes of a file that are not sent over the wire.
    work: Pace,
    /// Time at which the work so far would be done at this rate.
    worked: Instant,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Throttle {
    /// Maximum number of bytes of a file that a session may process per second without sending any
    /// of them. A disk easily reads that many, and the limit bounds the work between two deadlines.
    const WORK: NonZeroU64 = NonZeroU64::new(128 << 20).unwrap();
    /// Minimum and maximum number of bytes of a turn.
    const TURN: (u64, u64) = (1024, 1 << 20);

    /// Creates a throttle with these rates in bytes per second.
    pub(in crate::io) fn new(own: Option<NonZeroU64>, shared: Option<SharedPace>) -> Self {
        let (begin, worked) = (Instant::default(), Instant::default());
        Self { own: own.map(Pace::new), shared, left: 0, begin, work: Pace::new(Self::WORK), worked }
    }

    /// Waits until bytes may be moved. Returns their maximum number, which is at least 1.
    pub(in crate::io) fn poll_allowance<N: Network>(
        &mut self,
        runtime: &mut Timed<N>,
        cx: &mut Context<'_>,
    ) -> Poll<usize> {
        if runtime.now() < self.worked {
            ready!(runtime.poll_deadline(self.worked, cx));
        }
        let rates = [self.own.as_ref().map(|pace| pace.rate), self.shared.as_ref().map(|pace| pace.rate)];
        let Some(rate) = rates.into_iter().flatten().min() else { return Poll::Ready(usize::MAX) };
        if self.left == 0 {
            let now = runtime.now();
            // A hundredth of a second is long enough to be worth a timer, and short enough to go
            // unnoticed.
            self.left = (rate.get() / 100).clamp(Self::TURN.0, Self::TURN.1);
            let own = self.own.as_mut().map(|pace| pace.turn(now, self.left));
            let shared = self.shared.as_ref().map(|pace| pace.turn(now, self.left));
            self.begin = own.max(shared).unwrap_or(now);
        }
        if runtime.now() < self.begin {
            ready!(runtime.poll_deadline(self.begin, cx));
        }
        Poll::Ready(usize::try_from(self.left).unwrap_or(usize::MAX))
    }

    /// Counts bytes of a file that were processed without sending any.
    pub(in crate::io) fn worked(&mut self, now: Instant, bytes: u64) {
        self.work.turn(now, bytes);
        self.worked = self.work.free;
    }

    /// Counts bytes that were moved.
    pub(in crate::io) fn spend(&mut self, bytes: u64) {
        self.left = self.left.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Instant {
        Instant::from_micros(millis * 1000)
    }

    #[test]
    fn turns_follow_each_other_at_the_rate() {
        let pace = SharedPace::new(NonZeroU64::new(1000).unwrap());
        assert_eq!(pace.turn(at(5), 100), at(5));
        assert_eq!(pace.clone().turn(at(6), 50), at(105));
        assert_eq!(pace.turn(at(7), 1), at(155));
        assert_eq!(pace.turn(at(8), 1), at(156));
    }

    #[test]
    fn a_turn_that_nobody_took_is_not_made_up_for() {
        let mut pace = Pace::new(NonZeroU64::new(1000).unwrap());
        assert_eq!(pace.turn(at(0), 10), at(0));
        assert_eq!(pace.turn(at(5000), 10), at(5000));
        assert_eq!(pace.turn(at(5000), 10), at(5010));
    }

    #[test]
    fn bytes_that_are_only_gone_through_take_their_time() {
        let mut throttle = Throttle::default();
        for _ in 0..10 {
            throttle.worked(at(0), Throttle::WORK.get() / 10);
        }
        assert_eq!(throttle.worked, at(1000));
    }

    #[test]
    fn no_rate_and_no_count_is_too_large() {
        let mut pace = Pace::new(NonZeroU64::MAX);
        pace.turn(at(0), u64::MAX);
        let mut pace = Pace::new(NonZeroU64::MIN);
        pace.turn(at(0), u64::MAX);
        pace.turn(at(0), u64::MAX);
    }
}
