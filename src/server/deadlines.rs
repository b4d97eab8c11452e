//! The moments that the deadlines of a session count from.

use crate::time::Instant;

/// A moment that a deadline of the whole session counts from. A client that is not logged in has no upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Epoch {
    /// Nothing has begun.
    #[default]
    Unset,
    /// The time for a login began.
    Login(Instant),
    /// The control connection has ended.
    Orphaned(Instant),
}

/// When something last happened, and when the current phase of the session began.
#[derive(Debug)]
pub(super) struct Deadlines {
    since: Instant,
    /// Something has happened since the last poll, which alone knows the time.
    progress: bool,
    epoch: Epoch,
}

impl Deadlines {
    /// Creates the clock of a session that begins with its first poll.
    pub(super) fn new() -> Self {
        Self { since: Instant::default(), progress: true, epoch: Epoch::Unset }
    }

    /// Records progress at a time that the next poll tells.
    pub(super) const fn progressed(&mut self) {
        self.progress = true;
    }

    /// Takes note of the time. Returns whether there was progress since the last call.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        let progress = core::mem::take(&mut self.progress);
        if progress {
            self.since = now;
        }
        progress
    }

    /// Counts anew from now on.
    pub(super) const fn restart(&mut self, now: Instant) {
        self.since = now;
    }

    /// Returns the time of the last progress.
    pub(super) const fn since(&self) -> Instant {
        self.since
    }

    /// Returns when the time for a login began, which is now if it had not begun.
    pub(super) fn login_began(&mut self, now: Instant) -> Instant {
        match self.epoch {
            Epoch::Login(began) | Epoch::Orphaned(began) => began,
            Epoch::Unset => {
                self.epoch = Epoch::Login(now);
                now
            }
        }
    }

    /// Gives the client the whole time for a login again.
    pub(super) fn restart_login(&mut self) {
        self.epoch = Epoch::Unset;
    }

    /// Returns when the control connection ended, which is now if it had not ended.
    pub(super) fn orphaned(&mut self, now: Instant) -> Instant {
        match self.epoch {
            Epoch::Orphaned(ended) => ended,
            Epoch::Login(_) | Epoch::Unset => {
                self.epoch = Epoch::Orphaned(now);
                now
            }
        }
    }

    /// Returns whether the control connection has ended.
    pub(super) const fn is_orphaned(&self) -> bool {
        matches!(self.epoch, Epoch::Orphaned(_))
    }
}
