//! Reports of the driver about TLS, and what they say of the session (RFC 4217).

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

    /// Returns whether data connections are protected by TLS: the client has sent PROT P, or AUTH SSL, which implies it.
    #[must_use]
    pub const fn protects_data(&self) -> bool {
        self.protection.covers_data()
    }

    /// Returns whether the client has shown a certificate, in the handshake of the TLS that is in force.
    #[must_use]
    pub const fn is_certified(&self) -> bool {
        self.protection.is_certified()
    }

    /// Returns whether data connections may resume the TLS sessions of the other control connections of this user, from the same
    /// address, and theirs those of this one: the client is logged in, and [`SessionBinding::User`] is set. That does not
    /// go for anonymous users, which only the host can tell apart.
    #[must_use]
    pub fn shares_tls_sessions(&self) -> bool {
        self.login.is_in() && self.config.security.session_binding == SessionBinding::User
    }

    /// Returns whether a data connection counts whatever it resumes.
    pub(super) fn takes_any_tls_session(&self) -> bool {
        self.config.security.session_binding == SessionBinding::Off
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// The handshake has succeeded: what comes and goes from now on is protected.
    pub fn upgraded(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.protection_changed(Protection::secured);
    }

    /// Like [`upgraded`](Self::upgraded), where the client has shown a certificate in the handshake and the driver's
    /// TLS has verified it. From now on, until TLS ends, the host is asked at each USER whether the certificate
    /// is enough ([`Request::Identify`](super::Request::Identify)).
    pub fn upgraded_with_certificate(&mut self, token: Upgrade) {
        self.upgraded(token);
        self.protection.certified();
    }

    /// The handshake failed, or the connection has ended in it: so has the session.
    pub fn upgrade_failed(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.pi.fail(PeerError::Handshake);
        self.protection_changed(Protection::cleared);
    }

    /// TLS has ended in order: the dialogue goes on in the clear.
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
