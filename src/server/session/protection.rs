//! The driver's reports about TLS on the control connection (RFC 4217).

use super::{Session, Step};
use crate::buffer::Tx;
use crate::error::PeerError;
use crate::security::{Downgrade, SessionBinding, Upgrade};
use crate::server::event::EventKind;
use crate::server::protection::Protection;
use crate::time::Instant;

impl<P> Session<P> {
    /// Returns whether the control connection is protected by TLS.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.protection.is_secured()
    }

    /// Returns whether data connections are protected by TLS, after PROT P, or after AUTH SSL,
    /// which implies PROT P.
    #[must_use]
    pub const fn protects_data(&self) -> bool {
        self.protection.covers_data()
    }

    /// Returns whether the client presented a certificate in the handshake of the current TLS
    /// session.
    #[must_use]
    pub const fn is_certified(&self) -> bool {
        self.protection.is_certified()
    }

    /// Returns whether data connections may resume the TLS sessions of this user's other control
    /// connections from the same address, and vice versa: `true` if the client is logged in and
    /// [`SessionBinding::User`] is set. This must not be applied to anonymous users, whom only the
    /// host can recognise.
    #[must_use]
    pub fn shares_tls_sessions(&self) -> bool {
        self.login.is_in() && self.config.security.session_binding == SessionBinding::User
    }

    /// Returns whether data connections need not resume a TLS session.
    pub(super) fn takes_any_tls_session(&self) -> bool {
        self.config.security.session_binding == SessionBinding::Off
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Reports that the handshake has succeeded and the connection is protected from now on.
    pub fn upgraded(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.protection_changed(Protection::secured);
    }

    /// Like [`upgraded`](Self::upgraded), for a handshake in which the client presented a
    /// certificate that the driver's TLS has verified. Until TLS ends, each USER asks the host
    /// whether the certificate is sufficient ([`Request::Identify`](super::Request::Identify)).
    pub fn upgraded_with_certificate(&mut self, token: Upgrade) {
        self.upgraded(token);
        self.protection.certified();
    }

    /// Reports that the handshake failed or the connection ended during it, which ends the session.
    pub fn upgrade_failed(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.pi.fail(PeerError::Handshake);
        self.protection_changed(Protection::cleared);
    }

    /// Reports that TLS has ended cleanly and the dialogue continues in the clear.
    pub fn downgraded(&mut self, token: Downgrade) {
        let Downgrade(()) = token;
        self.protection_changed(Protection::cleared);
    }

    fn protection_changed(&mut self, change: impl FnOnce(&mut Protection) -> Option<EventKind>) {
        if let Some(event) = change(&mut self.protection) {
            self.events.push(event);
        }
        self.deadlines.progressed();
    }

    /// Returns the pending or running TLS change.
    pub(super) fn change_protection(&mut self, now: Instant, tx: &Tx<'_>) -> Result<Option<Step>, PeerError> {
        let change = self.protection.advance(now, self.config.timeouts.handshake, tx);
        change.map_err(|error| self.pi.fail(error))
    }
}
