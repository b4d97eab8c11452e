//! An upload whose control connection has ended: it is read on for a while. Why: see the [module](super).

use super::deadline::Epoch;
use super::pending::Pending;
use super::session::Session;
use super::transfer::Transfer;
use crate::action::Wait;
use crate::buffer::Tx;
use crate::time::Instant;

impl<P> Session<P> {
    /// Whether an upload was asked for and may still be kept: the host opens it, or it is on its way, or the host is
    /// to keep it. The end of the control connection alone does not end it.
    #[must_use]
    pub(crate) fn is_storing(&self) -> bool {
        match self.pending {
            Some(Pending::Open(access)) => access.stores(),
            Some(pending) => pending == Pending::Commit,
            None => self.transfer.as_ref().is_some_and(Transfer::receives),
        }
    }

    /// The control connection has ended: until when the session goes on for an upload's sake. None where there is
    /// none, and once its time is over.
    pub(super) fn reads_on_until(&mut self, now: Instant) -> Option<Instant> {
        if !self.is_storing() {
            return None;
        }
        let timeouts = &self.config.timeouts;
        let orphaned = self.epoch.of_orphan(now);
        let until = match self.pending {
            // It has come in whole, and its fate is the host's to decide.
            Some(Pending::Commit) => self.asked_at.after(timeouts.host),
            _ => orphaned.after(timeouts.orphaned_upload),
        };
        Some(until).filter(|until| now < *until)
    }

    /// Whether the control connection has ended, and nothing is left that the session goes on for: no deadline but that
    /// counts then, for nobody is there to be told of one.
    pub(super) fn is_orphan_over(&mut self, now: Instant) -> bool {
        matches!(self.epoch, Epoch::Orphaned(_)) && self.reads_on_until(now).is_none()
    }

    /// What such a session waits for: everything but the client's commands.
    pub(super) fn orphan_wait(&self, until: Instant, tx: &Tx<'_>) -> Wait {
        Wait {
            readable: false,
            writable: !tx.is_empty(),
            application: self.pending.is_some(),
            data: self.channel.is_open(),
            deadline: Some(until),
        }
    }
}
