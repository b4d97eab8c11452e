//! Commands that are sent ahead in a series of transfers, and the replies to them: see `ahead`.
//!
//! The client stops sending ahead, and recovers, if the server
//!
//! - answers such a command before the transfer, or refuses it during the transfer
//!   ([`Profile::OUT_OF_ORDER`]): the reply is recognized by its code, or by the name of the
//!   command at the start of its text;
//! - does not answer such a command, because it takes one command from each read, or discards its
//!   input at the end of a transfer or at ABOR ([`Profile::NO_PIPELINING`]): after a while the
//!   client sends PWD, and whatever is unanswered when 257 arrives is not answered any more;
//! - ends the transfer on its own command's account and does not answer RETR either: likewise, and
//!   the transfer has failed;
//! - cannot be reached at the address: see [`Open`](crate::client::Open).

use super::Client;
use crate::buffer::Tx;
use crate::client::config::Profile;
use crate::client::dialogue::ahead::Ahead;
use crate::client::dialogue::expected_reply::ExpectedReply;
use crate::client::dialogue::outgoing::Outgoing;
use crate::client::dialogue::session::Finding;
use crate::client::reply_to::ReplyTo;
use crate::codec::{Command, ReplyLine, Verb};
use crate::error::{Awaited, PeerError};

impl Client {
    /// Returns whether commands may be sent together.
    pub(super) fn pipelines(&self) -> bool {
        self.config.pipelining && !self.session.server().is(Profile::NO_PIPELINING)
    }

    /// Requests the address of the next data connection, right behind the command of a transfer.
    /// Sends SYST instead, unless the server is known to take commands in order. Sends nothing if
    /// that is not possible.
    pub(in crate::client) fn send_ahead(&mut self, tx: &mut Tx<'_>) {
        let server = self.session.server();
        if !self.pipelines() || server.is(Profile::OUT_OF_ORDER) || self.expected.room() == 0 {
            return;
        }
        let requests = server.is(Profile::IN_ORDER);
        let command = if requests { self.passive_command() } else { Command::Syst };
        let outgoing = Outgoing::from(&command);
        if outgoing.put_behind(self.session.server().has_dot_paths(), tx).is_err() {
            return;
        }
        let to = command.known_verb().map_or(ReplyTo::Other, ReplyTo::Command);
        self.expect(ExpectedReply::ahead(to).owed_to(self.generation()));
        match requests {
            true => self.ahead.request(),
            false => self.ahead.attempt(),
        }
    }

    /// Takes the final reply to a command that was sent ahead. `is_early` says whether the transfer
    /// before it is unanswered.
    pub(super) fn ahead_answered(&mut self, answered: &ExpectedReply, line: &ReplyLine<'_>, is_early: bool) {
        if is_early {
            self.give_up_order();
        }
        match answered.verb() {
            Some(Verb::Syst) if self.ahead.attempt_answered() => self.note(Finding::Is(Profile::IN_ORDER)),
            Some(Verb::Syst) => {}
            // A server that refused the request during the transfer goes on with the transfer.
            _ if is_early && !line.code.is_success() => {}
            _ => self.ahead.answered(line, is_early),
        }
    }

    /// Records that the current transfer is over, before its data connection is closed.
    pub(super) fn transfer_over(&mut self) {
        if self.data.moved() > 0 && self.ahead.moved() {
            self.note(Finding::Is(Profile::IN_ORDER));
        }
    }

    /// Records that addresses cannot be requested ahead from this server.
    pub(in crate::client) fn give_up_order(&mut self) {
        self.note(Finding::IsNot(Profile::IN_ORDER));
        self.note(Finding::Is(Profile::OUT_OF_ORDER));
        self.ahead.give_up();
    }

    /// Uses the address that was requested ahead, if it is known.
    pub(in crate::client) fn take_ahead(&mut self) -> Option<core::net::SocketAddr> {
        let Ahead::Known(host, port) = self.ahead else { return None };
        self.ahead.give_up();
        Some(self.passive_target(host, port))
    }

    /// Sends PWD, to find out whether the replies that are owed will still come.
    pub(super) fn ask_about_lost(&mut self, tx: &mut Tx<'_>) {
        self.note(Finding::Is(Profile::NO_PIPELINING));
        let possible = self.expected.room() > 0 && self.send_probe(tx, Some(Verb::Pwd)).is_ok();
        if !possible {
            self.fail(PeerError::TimedOut(Awaited::ReplyAhead));
        }
    }

    /// Takes the reply at `place`. If it is the answer to PWD, replies before it will not come.
    /// Returns its new place.
    pub(super) fn drop_lost(&mut self, place: usize) -> usize {
        if place == 0 || !self.expected.get(place).is_some_and(ExpectedReply::is_probe) {
            return place;
        }
        self.note(Finding::Is(Profile::NO_PIPELINING));
        if self.expected.drop_before(place) {
            self.data.lost();
            self.ahead.transfer_answered();
        }
        self.ahead.give_up();
        0
    }
}
