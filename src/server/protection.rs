//! The protection of a session's connections by TLS (RFC 4217).

use core::time::Duration;

use super::event::EventKind;
use crate::action::Action;
use crate::buffer::Tx;
use crate::error::PeerError;
use crate::security::{Control, TlsMode};
use crate::time::Instant;

/// The state of TLS on the control connection, and what the client has agreed on for data connections.
#[derive(Debug)]
pub(super) struct Protection {
    control: Control,
    /// PBSZ was sent.
    sized: bool,
    /// Data connections are protected (PROT P, or AUTH SSL).
    data: bool,
    /// The client's certificate was verified in the handshake that is in force.
    certified: bool,
}

impl Protection {
    /// Creates the state of a connection that has just been made.
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

    /// Returns whether the client has shown a certificate.
    pub(super) const fn is_certified(&self) -> bool {
        self.certified
    }

    /// Returns whether PBSZ was sent.
    pub(super) const fn is_sized(&self) -> bool {
        self.sized
    }

    /// The client has sent PBSZ.
    pub(super) const fn size(&mut self) {
        self.sized = true;
    }

    /// The client has sent PROT P.
    pub(super) const fn protect_data(&mut self) {
        self.data = true;
    }

    /// The client has sent PROT C.
    pub(super) const fn clear_data(&mut self) {
        self.data = false;
    }

    /// TLS is to begin on the control connection (AUTH).
    pub(super) const fn begin(&mut self) {
        self.control = Control::Due(true);
    }

    /// TLS is to end on the control connection (CCC, REIN).
    pub(super) const fn end(&mut self) {
        self.control = Control::Due(false);
    }

    /// Forgets PBSZ and PROT (REIN).
    pub(super) const fn reset(&mut self) {
        (self.sized, self.data) = (false, false);
    }

    /// The handshake has succeeded.
    pub(super) fn secured(&mut self) -> Option<EventKind> {
        let asked = matches!(self.control, Control::Changing { secure: true, .. });
        self.change(Control::Secured);
        asked.then_some(EventKind::Secured)
    }

    /// The client has shown a certificate in the handshake that has succeeded.
    pub(super) const fn certified(&mut self) {
        self.certified = true;
    }

    /// TLS has ended, or did not come about.
    pub(super) fn cleared(&mut self) -> Option<EventKind> {
        let asked = matches!(self.control, Control::Changing { secure: false, .. });
        self.change(Control::Plain);
        asked.then_some(EventKind::Cleared)
    }

    fn change(&mut self, control: Control) {
        (self.control, self.certified) = (control, false);
    }

    /// Returns the change that the driver is to make, then the wait for its end; `None` when no change is pending.
    ///
    /// # Errors
    /// Fails when the driver has taken longer than `limit`.
    pub(super) fn advance<E>(
        &mut self,
        now: Instant,
        limit: Duration,
        tx: &Tx<'_>,
    ) -> Result<Option<Action<E>>, PeerError> {
        self.control.advance(now, limit, tx)
    }
}
