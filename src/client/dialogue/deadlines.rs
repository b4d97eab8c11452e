//! The two clocks of a client: the time it has been waiting, and the time since it last kept the
//! connection alive.

use core::time::Duration;

use crate::error::Awaited;
use crate::time::Instant;

/// The clocks of a client. They run only while an operation is polled.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    waiting: Option<Waiting>,
    /// Set when an operation begins: nobody has polled, and so nobody has read, since the last one.
    resumes: bool,
    kept_alive: Option<Instant>,
}

/// A wait that has not ended.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    awaited: Awaited,
    since: Instant,
    /// The latest moment at which the client was known to wait.
    seen: Instant,
}

/// The time of the next keep-alive.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeepAlive {
    /// No keep-alive is sent.
    Off,
    /// The next keep-alive is due at this moment.
    At(Instant),
    /// A keep-alive is due now, and the next one at this moment.
    Due(Instant),
}

impl KeepAlive {
    /// Returns when the next keep-alive is due.
    pub(super) const fn next(self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::At(next) | Self::Due(next) => Some(next),
        }
    }
}

impl Deadlines {
    /// Ends the current wait, because what the client was waiting for has happened.
    pub(super) const fn restart(&mut self) {
        self.waiting = None;
    }

    /// Records that an operation begins. The time since the last one was polled does not count, but
    /// the time that was waited before does: operations that are dropped after a short time each do
    /// not keep a silent server alive.
    pub(super) const fn resume(&mut self) {
        self.resumes = true;
    }

    /// Records that a reply arrived. The reply does not show whether data moves, so a wait for data
    /// continues.
    pub(super) fn replied(&mut self) {
        let waiting = self.waiting.map(|waiting| waiting.awaited);
        if !matches!(waiting, Some(Awaited::Data | Awaited::DataConnection)) {
            self.waiting = None;
        }
    }

    /// Waits for `awaited`, and returns the deadline; `None` if the time has run out and the wait
    /// is over.
    pub(super) fn wait(&mut self, awaited: Awaited, limit: Duration, now: Instant) -> Option<Instant> {
        let resumes = core::mem::take(&mut self.resumes);
        let since = match self.waiting.filter(|waiting| waiting.awaited == awaited) {
            Some(waiting) if resumes => waiting.since.after(now.since(waiting.seen)),
            Some(waiting) => waiting.since,
            None => now,
        };
        let deadline = since.after(limit);
        self.waiting = Some(Waiting { awaited, since, seen: now }).filter(|_| now < deadline);
        Some(deadline).filter(|_| now < deadline)
    }

    /// Returns whether a keep-alive is due, if one is to be sent at this interval.
    pub(super) fn keep_alive(&mut self, every: Option<Duration>, now: Instant) -> KeepAlive {
        let Some(every) = every else {
            self.kept_alive = None;
            return KeepAlive::Off;
        };
        let due = self.kept_alive.get_or_insert(now).after(every);
        if now < due {
            return KeepAlive::At(due);
        }
        self.kept_alive = Some(now);
        KeepAlive::Due(now.after(every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn the_time_between_operations_does_not_count_and_that_of_all_of_them_does() {
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.wait(Awaited::Reply, LIMIT, at(0)), Some(at(60)));
        assert_eq!(deadlines.wait(Awaited::Reply, LIMIT, at(20)), Some(at(60)));
        // Nobody polls for 1,000 s.
        deadlines.resume();
        assert_eq!(deadlines.wait(Awaited::Reply, LIMIT, at(1020)), Some(at(1060)));
        assert_eq!(deadlines.wait(Awaited::Reply, LIMIT, at(1059)), Some(at(1060)));
        deadlines.resume();
        assert_eq!(deadlines.wait(Awaited::Reply, LIMIT, at(1059)), Some(at(1060)), "no time has passed");
        assert_eq!(deadlines.wait(Awaited::Reply, LIMIT, at(1060)), None);
        // Whatever comes next has all of its time.
        assert_eq!(deadlines.wait(Awaited::Reply, LIMIT, at(1060)), Some(at(1120)));
        assert_eq!(deadlines.wait(Awaited::Data, LIMIT, at(1100)), Some(at(1160)));
        deadlines.restart();
        assert_eq!(deadlines.wait(Awaited::Data, LIMIT, at(1150)), Some(at(1210)));
    }
}
