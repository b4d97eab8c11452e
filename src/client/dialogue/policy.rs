//! The caller's policies: on what must not be sent in the clear (RFC 4217 10.3 and 10.4), and on
//! giving up a transfer.

use super::machine::Client;
use crate::action::DataOp;
use crate::client::config::AbortPolicy;
use crate::codec::{Direction, ReplyCode, Verb};
use crate::security::{Policy, TlsMode};

impl Client {
    /// Returns whether a transfer refused with this code may be granted once data connections are
    /// protected (521 by RFC 4217 10.2, 522 by its 11.4).
    pub(in crate::client) fn may_protect_data(&self, code: ReplyCode) -> bool {
        matches!(code, ReplyCode::DATA_PROTECTION_REFUSED | ReplyCode::DATA_TLS_FAILED)
            && self.is_secured()
            && !self.protects_data()
            && self.config().security.data != Policy::Never
    }

    /// Returns whether a command must not be sent now: it would reveal a secret, or move data, in
    /// the clear.
    pub(in crate::client) fn is_denied(&self, verb: Option<Verb>) -> bool {
        let security = &self.config().security;
        let Some(verb) = verb.filter(|_| security.tls != TlsMode::None) else { return false };
        let secret = verb == Verb::User || verb.has_secret();
        (secret && security.control == Policy::Require && !self.is_secured())
            || (verb.opens_data_connection() && self.is_data_denied())
    }

    /// Returns whether no data connection may be opened now.
    pub(in crate::client) fn is_data_denied(&self) -> bool {
        let security = &self.config().security;
        security.tls != TlsMode::None && security.data == Policy::Require && !self.protects_data()
    }

    /// Gives up the transfer that an earlier operation left behind.
    pub(super) fn give_up_by_policy(&mut self) {
        let by_abort = match (self.data().connection(), self.config().abort) {
            // There is no data connection here that could be closed instead.
            (None, _) => return self.give_up(),
            (Some(connection), AbortPolicy::AborUploads) => connection.direction() == Direction::ToServer,
            (Some(_), AbortPolicy::Abor | AbortPolicy::AborWithSynch) => true,
            (Some(_), AbortPolicy::CloseData) => false,
        };
        match by_abort && self.expected().awaits_transfer() {
            true => self.give_up(),
            false => self.close_data(Some(DataOp::Abort)),
        }
    }
}
