//! An upload whose control connection has ended is read on for a while. The [server's module](crate::server) says why.

use super::Session;
use crate::action::Wait;
use crate::buffer::Tx;
use crate::server::request::Request;
use crate::server::transfer::Transfer;
use crate::time::Instant;

impl<P> Session<P> {
    /// Returns whether an upload was asked for and may still be kept: the host opens it, or it is on its way, or the host is
    /// to keep it. The end of the control connection alone does not end it.
    #[must_use]
    pub(crate) fn is_storing(&self) -> bool {
        match self.call.waiting() {
            Some(Request::Open(access)) => access.stores(),
            Some(request) => request == Request::Commit,
            None => self.transfer.as_ref().is_some_and(Transfer::receives),
        }
    }

    /// The control connection has ended. Returns until when the session goes on for an upload's sake; `None` without
    /// an upload, and once its time is over.
    pub(super) fn reads_on_until(&mut self, now: Instant) -> Option<Instant> {
        if !self.is_storing() {
            return None;
        }
        let timeouts = &self.config.timeouts;
        let orphaned = self.deadlines.orphaned(now);
        let until = match (self.call.waiting(), self.call.since()) {
            // It has come in whole, and its fate is the host's to decide.
            (Some(Request::Commit), Some(asked)) => asked.after(timeouts.host),
            _ => orphaned.after(timeouts.orphaned_upload),
        };
        Some(until).filter(|until| now < *until)
    }

    /// Returns whether the control connection has ended, and nothing is left that the session goes on for: no deadline but that
    /// counts then, for nobody is there to be told of one.
    pub(super) fn is_orphan_over(&mut self, now: Instant) -> bool {
        self.deadlines.is_orphaned() && self.reads_on_until(now).is_none()
    }

    /// Returns what such a session waits for: everything but the client's commands.
    pub(super) fn orphan_wait(&self, until: Instant, tx: &Tx<'_>) -> Wait {
        Wait {
            readable: false,
            writable: !tx.is_empty(),
            application: self.call.is_waiting(),
            data: self.data.is_open(),
            deadline: Some(until),
        }
    }
}
