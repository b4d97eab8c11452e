//! The protection of the control connection (RFC 4217), and the time at which protection of the
//! data is requested.

use core::time::Duration;

use crate::action::Action;
use crate::buffer::Tx;
use crate::error::PeerError;
use crate::security::{Control, TlsMode};
use crate::time::Instant;

/// The connections that TLS protects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protected {
    /// `true` if the control connection is protected.
    pub control: bool,
    /// `true` if data connections are protected.
    pub data: bool,
}

impl Protected {
    /// Nothing is protected.
    pub(in crate::client) const NOTHING: Self = Self::new(false, false);

    pub(super) const fn new(control: bool, data: bool) -> Self {
        Self { control, data }
    }
}

/// The protection of the control connection.
#[derive(Debug)]
pub(super) struct Protection {
    control: Control,
    data: AskedFor,
}

/// The time at which the server is asked to protect data connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedFor {
    /// Before the login: right after AUTH, if TLS is set up that way.
    BeforeLogin,
    /// After the login, because the server refused the request before the login.
    AfterLogin,
}

impl Protection {
    pub(super) const fn new(mode: TlsMode) -> Self {
        Self { control: Control::new(mode), data: AskedFor::BeforeLogin }
    }

    pub(super) fn is_secured(&self) -> bool {
        self.control == Control::Secured
    }

    pub(super) const fn is_changing(&self) -> bool {
        self.control.is_changing()
    }

    /// Returns whether data connections are to be protected as part of the login.
    pub(super) fn is_data_due_after_login(&self) -> bool {
        self.data == AskedFor::AfterLogin
    }

    /// Records that the server protects data only for users who are logged in.
    pub(super) const fn data_is_due_after_login(&mut self) {
        self.data = AskedFor::AfterLogin;
    }

    /// Records that the server has answered the request to protect data, or that a new session has
    /// begun.
    pub(super) const fn data_is_settled(&mut self) {
        self.data = AskedFor::BeforeLogin;
    }

    /// Records that the server has granted AUTH: the handshake is due.
    pub(super) const fn upgrade_granted(&mut self) {
        self.control = Control::Due(true);
    }

    /// Records that the server has granted CCC or REIN: TLS has to end, if it is in use.
    pub(super) fn downgrade_granted(&mut self) {
        if self.is_secured() {
            self.control = Control::Due(false);
        }
    }

    /// Records that the handshake has succeeded.
    pub(super) const fn upgraded(&mut self) {
        self.control = Control::Secured;
    }

    /// Records that TLS has ended, or was not established.
    pub(super) const fn cleared(&mut self) {
        self.control = Control::Plain;
    }

    /// Returns the pending or running change of the protection; `None` when nothing changes.
    ///
    /// # Errors
    /// If the driver takes longer than `limit` for it.
    pub(super) fn advance<E>(
        &mut self,
        now: Instant,
        limit: Duration,
        tx: &Tx<'_>,
    ) -> Result<Option<Action<E>>, PeerError> {
        self.control.advance(now, limit, tx)
    }
}
