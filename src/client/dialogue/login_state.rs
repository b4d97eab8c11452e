//! The login of a session (RFC 959 5.4).

use crate::client::reply_to::ReplyTo;
use crate::codec::{ReplyCode, Verb};

/// The progress of the login of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::client) enum LoginState {
    /// Nobody is logged in.
    #[default]
    No,
    /// The greeting was 230: no login is needed.
    ByGreeting,
    /// The server has granted USER, PASS or ACCT.
    Done,
}

impl LoginState {
    /// Records a final reply. A granted AUTH or REIN voids the login (RFC 4217 4); 334 also grants
    /// AUTH.
    pub(super) fn answered(&mut self, to: ReplyTo, code: ReplyCode) {
        *self = match to {
            ReplyTo::Greeting if code == ReplyCode::LOGGED_IN => Self::ByGreeting,
            ReplyTo::Command(Verb::User | Verb::Pass | Verb::Acct) if code.is_success() => Self::Done,
            ReplyTo::Command(Verb::Auth | Verb::Rein) if code.is_success() || code.is_intermediate() => {
                Self::No
            }
            _ => *self,
        };
    }
}
