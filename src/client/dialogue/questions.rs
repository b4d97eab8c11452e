//! Queries about the state of a client, for its caller, for operations and for the machine itself.

use core::time::Duration;

use super::ahead::Ahead;
use super::login_state::LoginState;
use super::machine::Client;
use super::protection::Protected;
use super::settings::Settings;
use crate::client::config::Profile;
use crate::client::offers::Offers;
use crate::client::reply_to::Generation;
use crate::codec::{EndRule, ReplyCode};
use crate::error::Awaited;
use crate::transfer::Marker;

impl Client {
    pub(in crate::client) const fn settings(&self) -> &Settings {
        self.session().settings()
    }

    pub(in crate::client) const fn login_state(&self) -> LoginState {
        self.session().login()
    }

    /// Returns what was learnt about the server, which is worth keeping for the next connection to
    /// it.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.session().server().profile()
    }

    /// Returns the features that the server listed when it last answered FEAT; `None` before that,
    /// and after AUTH or REIN, which void them.
    #[must_use]
    pub const fn offers(&self) -> Option<Offers> {
        self.session().server().offers()
    }

    /// Returns the bytes transferred over the running transfer's data connection.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.data().moved()
    }

    /// Returns the point from which the last transfer in block or compressed mode can be resumed if
    /// it did not complete (RFC 959 3.5): the server's marker, for
    /// [`Operation::<Open>::restart_at`], at a position in the caller's own file. `None` if the
    /// transfer had no marker.
    ///
    /// [`Operation::<Open>::restart_at`]: crate::client::Operation::restart_at
    #[must_use]
    pub const fn last_marker(&self) -> Option<Marker> {
        self.data().last_marker()
    }

    /// Returns a number that changes with every command that may alter the session for those after
    /// it: a login, another directory, mode, structure, protection or option, and any raw command.
    /// A session that is to be used by somebody else afterwards, as those of a pool are, is still
    /// as it was if the number is the same.
    #[must_use]
    pub const fn alterations(&self) -> u32 {
        self.session().alterations()
    }

    /// Returns whether the connection is no longer usable.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.ending().failure().is_some()
    }

    /// Returns the last reply of this session that answered nothing, if there was one: its code,
    /// and the first bytes of its text (up to 48). After
    /// [`PeerError::UnexpectedReply`](crate::error::PeerError::UnexpectedReply) it is the reply
    /// that the error is about.
    #[must_use]
    pub fn last_stray(&self) -> Option<(ReplyCode, &[u8])> {
        self.expected().last_stray().map(|stray| (stray.code(), stray.text()))
    }

    /// Returns whether the control connection is protected by TLS.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.session().protection().is_secured()
    }

    /// Returns whether data connections are protected by TLS: the server has granted PROT P.
    #[must_use]
    pub const fn protects_data(&self) -> bool {
        self.settings().protects_data()
    }

    /// Returns what is protected by TLS now.
    #[must_use]
    pub fn protection(&self) -> Protected {
        Protected::new(self.is_secured(), self.protects_data())
    }

    /// Returns the rule that ends a reply of many lines.
    #[must_use]
    pub const fn end_of_reply(&self) -> EndRule {
        self.session().server().end_of_reply(self.config().end_of_reply)
    }

    /// Returns whether the server refused to protect data before the login, so that it is asked
    /// again after the login.
    pub(in crate::client) fn protects_data_after_login(&self) -> bool {
        self.session().protection().is_data_due_after_login()
    }

    /// Returns whether a reply is owed.
    pub(in crate::client) fn is_owed(&self) -> bool {
        !self.expected().is_empty()
    }

    /// Returns whether the reply to a command that was sent ahead is owed.
    pub(in crate::client) fn owes_ahead(&self) -> bool {
        self.expected().owes_ahead()
    }

    /// Returns whether the server still has to report the end of the transfer.
    pub(in crate::client) fn awaits_transfer(&self) -> bool {
        self.expected().awaits_transfer()
    }

    /// Returns whether a transfer that was given up is over: its replies have arrived, and its data
    /// connection is closed.
    pub(in crate::client) fn is_given_up(&self) -> bool {
        self.abort().is_idle() && !self.is_owed()
    }

    /// Returns whether every owed reply belongs to this operation, and nothing keeps the operation
    /// from sending.
    pub(in crate::client) fn is_settled(&self, generation: Generation) -> bool {
        self.expected().all_belong_to(generation) && !self.session().protection().is_changing()
    }

    /// Returns whether TLS is about to begin or to end on the control connection.
    pub(in crate::client) fn is_changing_protection(&self) -> bool {
        self.ending().failure().is_none() && self.session().protection().is_changing()
    }

    /// Returns the current operation.
    pub(in crate::client) const fn generation(&self) -> Generation {
        self.expected().generation()
    }

    /// Returns the number of replies in this session that answered nothing.
    pub(in crate::client) const fn strays(&self) -> u32 {
        self.expected().strays()
    }

    /// Returns what the server has to do next, and how long it may take.
    pub(super) fn awaited(&self) -> Option<(Awaited, Duration)> {
        let timeouts = &self.config().timeouts;
        if let Some(awaited) = self.incoming().awaited(timeouts) {
            return Some(awaited);
        }
        if self.abort().is_securing() {
            return Some((Awaited::Handshake, timeouts.handshake));
        }
        if let Some(awaited) = self.data().connection().and_then(|connection| connection.awaited(timeouts)) {
            return Some(awaited);
        }
        let first = self.expected().first()?;
        Some(if self.expected().awaits_abort() || self.abort().is_half_answered() {
            (Awaited::Abort, timeouts.abort)
        } else if self.is_reply_doubtful() && !self.expected().is_probing() {
            (Awaited::ReplyAhead, timeouts.stray)
        } else if self.expected().pending_stray().is_some() {
            (Awaited::ReplyAfterStray, timeouts.stray)
        } else if first.is_moving() {
            (Awaited::FinalReply, self.data().final_reply_limit(timeouts))
        } else if first.is_transfer() && self.data().awaits_start() {
            (Awaited::Preliminary, timeouts.preliminary)
        } else {
            first.awaited(timeouts)
        })
    }

    /// Returns whether the oldest reply may never come: it answers a command that was sent ahead,
    /// which some servers drop, or a transfer that was overtaken by such a command.
    fn is_reply_doubtful(&self) -> bool {
        let overtaken = self.ahead() == Ahead::Overtaken;
        self.expected().first().is_some_and(|first| first.is_ahead() || (overtaken && first.is_moving()))
    }

    /// Returns whether the last success has to be confirmed before the operation ends.
    pub(in crate::client) const fn needs_confirmation(&self) -> bool {
        self.expected().is_unconfirmed() && self.data().connection().is_none()
    }
}
