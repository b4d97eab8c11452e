//! One reply that the server owes, and the codes that can answer it (RFC 959 5.4).
//!
//! Each reply is checked against the command that it would answer. [`VerbInfo::is_answered_by`]
//! says which codes can answer that command.
//!
//! [`VerbInfo::is_answered_by`]: crate::codec::VerbInfo::is_answered_by

use core::time::Duration;

use super::settings::Change;
use crate::client::Timeouts;
use crate::client::reply_to::{Generation, NO_OPERATION, ReplyTo};
use crate::codec::{Direction, ReplyCode, Verb, VerbInfo};
use crate::error::Awaited;

/// A reply that the server owes: to a command, or its greeting.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpectedReply {
    to: ReplyTo,
    accepts: Accepts,
    kind: Kind,
    /// Setting that the command changes, once it is granted.
    change: Option<Change>,
    generation: Generation,
    /// Preliminary replies received before any data.
    preliminaries: u32,
}

/// The final replies that can answer a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accepts {
    /// Those that the command's row in the table allows.
    Row,
    /// Those that the command's row allows, and 200: for EPSV ALL.
    RowAndOkay,
    /// Those that confirm a transfer, for a command that is not in the table.
    Transfer,
    /// Any reply, because the caller reads it.
    Any,
}

/// The relation of a command to a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The command has no data connection.
    Plain,
    /// The command was sent during a transfer: its reply may arrive before the transfer's.
    DuringTransfer,
    /// The command was sent right behind that of a transfer, and concerns the next one.
    Ahead,
    /// The command opens a transfer.
    Transfer(Direction),
    /// The command's data connection may now carry data: no reply is due before the data ends.
    Moving(Direction),
}

impl ExpectedReply {
    const fn of_kind(to: ReplyTo, accepts: Accepts, kind: Kind) -> Self {
        Self { to, accepts, kind, change: None, generation: NO_OPERATION, preliminaries: 0 }
    }

    /// Creates the reply to a command.
    pub(super) const fn new(to: ReplyTo, accepts: Accepts) -> Self {
        Self::of_kind(to, accepts, Kind::Plain)
    }

    /// Creates the reply to a command that is sent during a transfer.
    pub(super) const fn during_transfer(to: ReplyTo) -> Self {
        Self::of_kind(to, Accepts::Row, Kind::DuringTransfer)
    }

    /// Creates the reply to a command that is sent right behind that of a transfer.
    pub(super) const fn ahead(to: ReplyTo) -> Self {
        Self::of_kind(to, Accepts::Row, Kind::Ahead)
    }

    /// Creates the reply to a command with a data connection.
    pub(super) const fn transfer(to: ReplyTo, accepts: Accepts, direction: Direction) -> Self {
        Self::of_kind(to, accepts, Kind::Transfer(direction))
    }

    /// Returns the same reply, owed to this operation.
    pub(super) const fn owed_to(self, generation: Generation) -> Self {
        Self { generation, ..self }
    }

    /// Returns the same reply, owed to a command that makes this change once it is granted.
    pub(super) const fn with_change(self, change: Option<Change>) -> Self {
        Self { change, ..self }
    }

    pub(super) const fn to(&self) -> ReplyTo {
        self.to
    }

    pub(super) const fn verb(&self) -> Option<Verb> {
        self.to.verb()
    }

    pub(super) const fn change(&self) -> Option<Change> {
        self.change
    }

    pub(super) const fn generation(&self) -> Generation {
        self.generation
    }

    const fn direction(&self) -> Option<Direction> {
        match self.kind {
            Kind::Transfer(direction) | Kind::Moving(direction) => Some(direction),
            Kind::Plain | Kind::DuringTransfer | Kind::Ahead => None,
        }
    }

    pub(super) fn is_greeting(&self) -> bool {
        self.to == ReplyTo::Greeting
    }

    pub(super) const fn is_transfer(&self) -> bool {
        self.direction().is_some()
    }

    pub(super) fn is_upload(&self) -> bool {
        self.direction() == Some(Direction::ToServer)
    }

    pub(super) fn moves_file(&self) -> bool {
        self.is_upload() || self.verb() == Some(Verb::Retr)
    }

    /// Returns whether the command's data connection may carry data.
    pub(super) const fn is_moving(&self) -> bool {
        matches!(self.kind, Kind::Moving(_))
    }

    /// Returns whether the command was sent during a transfer.
    pub(super) fn is_during_transfer(&self) -> bool {
        self.kind == Kind::DuringTransfer
    }

    /// Returns whether the command was sent right behind that of a transfer.
    pub(super) fn is_ahead(&self) -> bool {
        self.kind == Kind::Ahead
    }

    /// Returns whether the text of a reply begins with the name of the command.
    pub(super) fn is_named_by(&self, text: &[u8]) -> bool {
        let name = self.verb().map_or("", |verb| verb.info().name).as_bytes();
        text.get(..name.len()).is_some_and(|start| !start.is_empty() && start.eq_ignore_ascii_case(name))
    }

    pub(super) fn is_abort(&self) -> bool {
        self.is_during_transfer() && self.verb() == Some(Verb::Abor)
    }

    /// Returns whether the reply is owed to a probe.
    pub(super) fn is_probe(&self) -> bool {
        self.generation == NO_OPERATION && matches!(self.verb(), Some(Verb::Syst | Verb::Pwd))
    }

    /// Returns whether the command's row alone decides what answers it.
    pub(super) fn is_by_row(&self) -> bool {
        self.accepts == Accepts::Row
    }

    /// Returns whether a reply with this code can be an answer to the command, preliminary or
    /// final.
    pub(super) fn is_answered_by(&self, code: ReplyCode) -> bool {
        if code.is_preliminary() {
            return true;
        }
        match (self.to, self.accepts) {
            (_, Accepts::Any) | (ReplyTo::Greeting, _) => true,
            (ReplyTo::Other, Accepts::Transfer) => Verb::Retr.info().is_answered_by(code),
            (ReplyTo::Other, _) => true,
            (ReplyTo::Command(Verb::Epsv), Accepts::Row) if code == ReplyCode::COMMAND_OKAY => false,
            (ReplyTo::Command(verb), _) => verb.info().is_answered_by(code),
        }
    }

    /// Returns whether the row of the command has a final reply with this code. Every failure
    /// counts as being in the row, and so does every reply if there is no row.
    pub(super) fn has_in_row(&self, code: ReplyCode) -> bool {
        match (self.to, self.accepts) {
            (ReplyTo::Command(verb), Accepts::Row | Accepts::RowAndOkay) => {
                code.is_failure() || verb.info().has_own(code)
            }
            _ => true,
        }
    }

    /// Returns whether a reply with this code shows that no other reply is in flight, because it
    /// could not have answered any other command.
    pub(super) fn is_certain(&self, code: ReplyCode) -> bool {
        VerbInfo::OWN.contains(&code) && self.verb().is_some_and(|verb| verb.info().has_own(code))
    }

    /// Returns how long the server may take for the reply, leaving data out of account.
    pub(super) fn awaited(&self, timeouts: &Timeouts) -> (Awaited, Duration) {
        match self.verb() {
            None if self.is_greeting() => (Awaited::Greeting, timeouts.greeting),
            // The server reads a whole file before it answers.
            Some(Verb::Hash | Verb::Xcrc | Verb::Xmd5 | Verb::Xsha1 | Verb::Xsha256 | Verb::Xsha512) => {
                (Awaited::Reply, timeouts.digest)
            }
            _ => (Awaited::Reply, timeouts.reply),
        }
    }

    /// Marks the command as begun: its data connection, if it has one, may carry data from now on.
    pub(super) const fn begun(&mut self) {
        if let Kind::Transfer(direction) = self.kind {
            self.kind = Kind::Moving(direction);
        }
    }

    /// Counts a preliminary reply, and returns the number counted so far. Preliminary replies after
    /// data has `moved` are not counted.
    pub(super) const fn preliminary(&mut self, moved: bool) -> u32 {
        self.begun();
        if !moved {
            self.preliminaries = self.preliminaries.saturating_add(1);
        }
        self.preliminaries
    }

    /// Assigns the reply to this operation.
    pub(super) const fn adopt(&mut self, generation: Generation) {
        self.generation = generation;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_what_its_command_and_its_operation_make_it() {
        let to = ReplyTo::Command;
        let plain = |verb| ExpectedReply::new(to(verb), Accepts::Row);
        let transfer = |verb, direction| ExpectedReply::transfer(to(verb), Accepts::Row, direction);
        #[rustfmt::skip]
        let table = [
            // the reply, and whether it is of an upload, moves a file, is a probe's, is by the row
            (ExpectedReply::new(ReplyTo::Greeting, Accepts::Any), [false, false, false, false]),
            (plain(Verb::Noop), [false, false, false, true]),
            (plain(Verb::Syst), [false, false, true, true]),
            (plain(Verb::Pwd), [false, false, true, true]),
            (plain(Verb::Syst).owed_to(1), [false, false, false, true]),
            (transfer(Verb::Stor, Direction::ToServer), [true, true, false, true]),
            (transfer(Verb::Retr, Direction::FromServer), [false, true, false, true]),
            (transfer(Verb::List, Direction::FromServer), [false, false, false, true]),
            (ExpectedReply::transfer(ReplyTo::Other, Accepts::Transfer, Direction::FromServer), [false, false, false, false]),
        ];
        for (reply, expected) in table {
            let is = [reply.is_upload(), reply.moves_file(), reply.is_probe(), reply.is_by_row()];
            assert_eq!(is, expected, "{reply:?}");
        }
    }
}
