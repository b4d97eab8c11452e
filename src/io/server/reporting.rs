//! Reports the events of a session to the server's owner and to the TLS layer.

use ::std::sync::Arc;
use ::std::vec::Vec;

use super::Connection;
use super::events::{Closed, Happening};
use super::login::Login;
use crate::io::host::{AsyncAccounts, Visitor};
use crate::io::net::runtime::Network;
use crate::server::EventKind;

impl<R: Network, A: AsyncAccounts> Connection<R, A> {
    pub(super) fn take_events(&mut self) {
        while let Some(event) = self.session.take_event() {
            self.event(event);
        }
    }

    pub(super) fn event(&mut self, event: EventKind) {
        if event == EventKind::Reset {
            (self.filesystem, self.host, self.user) = (None, None, Vec::new());
        }
        self.tell_login(&event);
        let certificates = self.certificates();
        let reporter = &mut self.reporter;
        // A failed login is reported under the name that was refused.
        if !matches!(event, EventKind::LoginFailed) {
            reporter.visitor.user.clone_from(&self.user);
        }
        reporter.visitor.host.clone_from(&self.host);
        reporter.visitor.secured = self.session.is_secured();
        reporter.visitor.failed_logins = self.session.failed_logins();
        reporter.visitor.set_certificates(certificates);
        match event {
            EventKind::Secured => reporter.report(Happening::Secured),
            EventKind::Cleared => reporter.report(Happening::Cleared),
            EventKind::LoggedIn => reporter.report(Happening::LoggedIn),
            EventKind::LoginFailed => {
                if let Some(guesses) = &self.guesses {
                    guesses.failed(self.endpoints.peer.ip(), self.runtime.now());
                }
                reporter.report(Happening::LoginFailed);
                reporter.visitor.user.clone_from(&self.user);
            }
            EventKind::Reset => reporter.report(Happening::Reset),
            EventKind::Transferred(end) => {
                reporter.transferred(end, self.runtime.now());
            }
            EventKind::Changed(change) => reporter.changed(change),
            EventKind::Left => reporter.closed = Closed::Left,
        }
    }

    /// Reports logins to the TLS layer, which shares sessions between the connections of a user.
    pub(super) fn tell_login(&self, event: &EventKind) {
        let Some(endpoint) = &self.endpoint else { return };
        endpoint.tell_login(match event {
            EventKind::LoggedIn
                if self.session.shares_tls_sessions() && !self.accounts.is_anonymous(&self.visitor()) =>
            {
                let address = self.endpoints.peer.ip();
                Login::User { host: self.host.as_deref(), name: &self.user, address }
            }
            EventKind::LoggedIn => Login::Unshared,
            EventKind::Reset => Login::Nobody,
            _ => return,
        });
    }

    /// Returns what is known about the client, with the attempted user name before login.
    pub(super) fn visitor(&self) -> Visitor {
        let logged_in = self.session.is_logged_in();
        let user = if logged_in { self.user.clone() } else { self.session.user().to_vec() };
        let mut visitor = Visitor::new(user, self.endpoints.peer, self.endpoints.local);
        visitor.secured = self.session.is_secured();
        visitor.host.clone_from(&self.host);
        visitor.failed_logins = self.session.failed_logins();
        visitor.set_certificates(self.certificates());
        visitor
    }

    /// Returns the client's certificates, while the TLS connection that verified them is in use.
    pub(super) fn certificates(&self) -> Arc<[Vec<u8>]> {
        if self.session.is_certified() { Arc::clone(&self.certificates) } else { Arc::default() }
    }
}
