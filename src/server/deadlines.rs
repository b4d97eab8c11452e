//! The start times of a session's deadlines.

use crate::time::Instant;

/// The start of a phase of the session. One field serves for both phases: a client that is not
/// logged in has no upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Epoch {
    /// No phase has begun.
    #[default]
    Unset,
    /// The login timeout started at this time.
    Login(Instant),
    /// The control connection ended at this time.
    Orphaned(Instant),
}

/// The times of the last progress and of the start of the current phase.
#[derive(Debug)]
pub(super) struct Deadlines {
    since: Instant,
    /// Set if there was progress since the last poll. Only a poll knows the time.
    progress: bool,
    epoch: Epoch,
}

impl Deadlines {
    /// Creates the state of a session that begins with its first poll.
    pub(super) fn new() -> Self {
        Self { since: Instant::default(), progress: true, epoch: Epoch::Unset }
    }

    /// Records progress; the next poll supplies its time.
    pub(super) const fn progressed(&mut self) {
        self.progress = true;
    }

    /// Dates recorded progress to `now`. Returns whether there was progress since the last call.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        let progress = core::mem::take(&mut self.progress);
        if progress {
            self.since = now;
        }
        progress
    }

    /// Restarts the deadlines at `now`.
    pub(super) const fn restart(&mut self, now: Instant) {
        self.since = now;
    }

    /// Returns the time of the last progress.
    pub(super) const fn since(&self) -> Instant {
        self.since
    }

    /// Returns the time at which the login timeout started. Starts the timeout at `now` if it was
    /// not running. For a session without a control connection, returns the time at which that
    /// connection ended.
    pub(super) fn login_began(&mut self, now: Instant) -> Instant {
        match self.epoch {
            Epoch::Login(began) | Epoch::Orphaned(began) => began,
            Epoch::Unset => {
                self.epoch = Epoch::Login(now);
                now
            }
        }
    }

    /// Restarts the login timeout.
    pub(super) fn restart_login(&mut self) {
        self.epoch = Epoch::Unset;
    }

    /// Returns the time at which the control connection ended, which is `now` on the first call.
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
