//! The two clocks of a client: the time it has been waiting, and the time since it last kept the
//! connection alive.

use core::time::Duration;

use crate::error::Awaited;
use crate::time::Instant;

/// The clocks of a client. They run only while it is polled.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    waiting: Option<(Awaited, Instant)>,
    kept_alive: Option<Instant>,
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

    /// Records that a reply arrived. The reply does not show whether data moves, so a wait for data
    /// continues.
    pub(super) fn replied(&mut self) {
        if !matches!(self.waiting, Some((Awaited::Data | Awaited::DataConnection, _))) {
            self.waiting = None;
        }
    }

    /// Waits for `awaited`, and returns the deadline; `None` if the time has run out and the wait
    /// is over.
    pub(super) fn wait(&mut self, awaited: Awaited, limit: Duration, now: Instant) -> Option<Instant> {
        let since = self.waiting.filter(|(same, _)| *same == awaited).map_or(now, |(_, since)| since);
        let deadline = since.after(limit);
        self.waiting = Some((awaited, since)).filter(|_| now < deadline);
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
