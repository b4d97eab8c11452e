//! The protection of the control connection (RFC 4217), and when that of the data is asked for.

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
    /// The control connection.
    pub control: bool,
    /// Data connections.
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

/// When the server is asked to protect data connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedFor {
    /// Right behind AUTH, where that is how TLS comes about.
    BeforeLogin,
    /// The server refused it then: it is asked again behind the login.
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

    /// Returns whether data connections are to be protected as a part of the login.
    pub(super) fn is_data_due_after_login(&self) -> bool {
        self.data == AskedFor::AfterLogin
    }

    /// The server protects data only for users who are logged in.
    pub(super) const fn data_is_due_after_login(&mut self) {
        self.data = AskedFor::AfterLogin;
    }

    /// The server has answered the question for data protection, or a new session has begun.
    pub(super) const fn data_is_settled(&mut self) {
        self.data = AskedFor::BeforeLogin;
    }

    /// The server has granted AUTH: the handshake is due.
    pub(super) const fn upgrade_granted(&mut self) {
        self.control = Control::Due(true);
    }

    /// The server has granted CCC or REIN: TLS, if it is there, is to end.
    pub(super) fn downgrade_granted(&mut self) {
        if self.is_secured() {
            self.control = Control::Due(false);
        }
    }

    /// The handshake has succeeded.
    pub(super) const fn upgraded(&mut self) {
        self.control = Control::Secured;
    }

    /// TLS has ended, or has not come about.
    pub(super) const fn cleared(&mut self) {
        self.control = Control::Plain;
    }

    /// Returns the pending or running change of the protection; `None` when nothing changes.
    ///
    /// # Errors
    /// When the driver has been at it for longer than `limit`.
    pub(super) fn advance<E>(
        &mut self,
        now: Instant,
        limit: Duration,
        tx: &Tx<'_>,
    ) -> Result<Option<Action<E>>, PeerError> {
        self.control.advance(now, limit, tx)
    }
}
