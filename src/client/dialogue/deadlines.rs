//! The two clocks of a client: how long it has waited for what it waits for, and when it was last kept alive.

use core::time::Duration;

use crate::error::Awaited;
use crate::time::Instant;

/// The clocks of a client. They run only while it is polled.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    waiting: Option<(Awaited, Instant)>,
    kept_alive: Option<Instant>,
}

/// The time to keep the control connection alive.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeepAlive {
    /// Not at all.
    Off,
    /// Not before this moment.
    At(Instant),
    /// Now, and then again at this moment.
    Due(Instant),
}

impl KeepAlive {
    /// Returns when the connection is to be used next.
    pub(super) const fn next(self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::At(next) | Self::Due(next) => Some(next),
        }
    }
}

impl Deadlines {
    /// Something happened that the client was waiting for: the next wait begins anew.
    pub(super) const fn restart(&mut self) {
        self.waiting = None;
    }

    /// A reply came. It says nothing of whether data moves, so that a wait for data runs on.
    pub(super) fn replied(&mut self) {
        if !matches!(self.waiting, Some((Awaited::Data | Awaited::DataConnection, _))) {
            self.waiting = None;
        }
    }

    /// Waits for this, and returns until when; `None` if the time is up, and the wait over.
    pub(super) fn wait(&mut self, awaited: Awaited, limit: Duration, now: Instant) -> Option<Instant> {
        let since = self.waiting.filter(|(same, _)| *same == awaited).map_or(now, |(_, since)| since);
        let deadline = since.after(limit);
        self.waiting = Some((awaited, since)).filter(|_| now < deadline);
        Some(deadline).filter(|_| now < deadline)
    }

    /// Returns whether the control connection has to be used now, while it is to be used at this interval.
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
