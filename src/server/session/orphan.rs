//! Uploads whose control connection has ended, which continue for a limited time. See the [server's
//! module](crate::server) for the reasons.

use super::Session;
use crate::action::Wait;
use crate::buffer::Tx;
use crate::server::request::Request;
use crate::server::transfer::Transfer;
use crate::time::Instant;

impl<P> Session<P> {
    /// Returns whether an upload is in progress that may still be stored: the host is opening it,
    /// data is arriving, or the host is committing it. The end of the control connection alone does
    /// not end such an upload.
    #[must_use]
    pub(crate) fn is_storing(&self) -> bool {
        match self.call.waiting() {
            Some(Request::Open(access)) => access.stores(),
            Some(request) => request == Request::Commit,
            None => self.transfer.as_ref().is_some_and(Transfer::receives),
        }
    }

    /// Returns the time until which the session continues for an upload after the end of the
    /// control connection; `None` if there is no upload or that time is over.
    pub(super) fn reads_on_until(&mut self, now: Instant) -> Option<Instant> {
        if !self.is_storing() {
            return None;
        }
        let timeouts = &self.config.timeouts;
        let orphaned = self.deadlines.orphaned(now);
        let until = match (self.call.waiting(), self.call.since()) {
            // The upload has arrived in full, and the host decides on it.
            (Some(Request::Commit), Some(asked)) => asked.after(timeouts.host),
            _ => orphaned.after(timeouts.orphaned_upload),
        };
        Some(until).filter(|until| now < *until)
    }

    /// Returns whether the control connection has ended and nothing is left to wait for. No other
    /// deadline applies then, since there is no client to report a timeout to.
    pub(super) fn is_orphan_over(&mut self, now: Instant) -> bool {
        self.deadlines.is_orphaned() && self.reads_on_until(now).is_none()
    }

    /// Returns the wait of a session whose control connection has ended: for everything except
    /// commands.
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
