//! TLS protection of a session's connections (RFC 4217).

use core::time::Duration;

use super::event::EventKind;
use crate::action::Action;
use crate::buffer::Tx;
use crate::error::PeerError;
use crate::security::{Control, TlsMode};
use crate::time::Instant;

/// The state of TLS on the control connection, and the protection that the client has selected for
/// data connections.
#[derive(Debug)]
pub(super) struct Protection {
    control: Control,
    /// Set once the client has sent PBSZ.
    sized: bool,
    /// Set while data connections are to be protected (PROT P, or AUTH SSL).
    data: bool,
    /// Set if the client's certificate was verified in the current TLS session.
    certified: bool,
}

impl Protection {
    /// Creates the state of a new connection.
    pub(super) const fn new(mode: TlsMode) -> Self {
        Self { control: Control::new(mode), sized: false, data: false, certified: false }
    }

    /// Returns whether the control connection is protected.
    pub(super) fn is_secured(&self) -> bool {
        self.control == Control::Secured
    }

    /// Returns whether data connections are to be protected.
    pub(super) const fn covers_data(&self) -> bool {
        self.data
    }

    /// Returns whether the client has presented a certificate.
    pub(super) const fn is_certified(&self) -> bool {
        self.certified
    }

    /// Returns whether the client has sent PBSZ.
    pub(super) const fn is_sized(&self) -> bool {
        self.sized
    }

    /// Records PBSZ.
    pub(super) const fn size(&mut self) {
        self.sized = true;
    }

    /// Records PROT P.
    pub(super) const fn protect_data(&mut self) {
        self.data = true;
    }

    /// Records PROT C.
    pub(super) const fn clear_data(&mut self) {
        self.data = false;
    }

    /// Requests TLS on the control connection (AUTH).
    pub(super) const fn begin(&mut self) {
        self.control = Control::Due(true);
    }

    /// Requests the end of TLS on the control connection (CCC, REIN).
    pub(super) const fn end(&mut self) {
        self.control = Control::Due(false);
    }

    /// Forgets PBSZ and PROT (REIN).
    pub(super) const fn reset(&mut self) {
        (self.sized, self.data) = (false, false);
    }

    /// Records that the handshake has succeeded. Returns the event to report if TLS was requested.
    pub(super) fn secured(&mut self) -> Option<EventKind> {
        let asked = matches!(self.control, Control::Changing { secure: true, .. });
        self.change(Control::Secured);
        asked.then_some(EventKind::Secured)
    }

    /// Records that the client presented a certificate in the handshake that has succeeded.
    pub(super) const fn certified(&mut self) {
        self.certified = true;
    }

    /// Records that TLS has ended, or that the handshake failed. Returns the event to report if the
    /// end was requested.
    pub(super) fn cleared(&mut self) -> Option<EventKind> {
        let asked = matches!(self.control, Control::Changing { secure: false, .. });
        self.change(Control::Plain);
        asked.then_some(EventKind::Cleared)
    }

    fn change(&mut self, control: Control) {
        (self.control, self.certified) = (control, false);
    }

    /// Returns the change that the driver has to make, and on later calls the wait for its
    /// completion; `None` if no change is pending.
    ///
    /// # Errors
    /// Fails if the driver has taken longer than `limit`.
    pub(super) fn advance<E>(
        &mut self,
        now: Instant,
        limit: Duration,
        tx: &Tx<'_>,
    ) -> Result<Option<Action<E>>, PeerError> {
        self.control.advance(now, limit, tx)
    }
}
