//! Commands on their way out: when one may go, and what is to be kept in mind of it.
//!
//! A command goes when the one before it is answered, unless the caller asks for
//! [pipelining](super::Config::pipelining). Before it goes, what the server has sent already is read: a reply
//! that was there first answers nothing. The machine asks its driver for that by a [`Wait`](crate::action::Wait)
//! whose deadline is now.

use super::expected::{Accepts, ExpectedReply};
use super::{Client, Profile, ReplyTo, path_quirks};
use crate::buffer::Tx;
use crate::codec::{Command, Direction, EpsvArgument, Full, Sink, SiteCommand, Text, Verb};
use crate::error::{LocalError, PeerError};
use crate::time::Instant;

/// Whether the driver has read what the server had sent before a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Listening {
    /// No command is to go out.
    #[default]
    No,
    /// A command is to go out; the driver has to read first.
    Wanted,
    /// The driver was told to read. It is told again as long as something comes.
    Reading {
        /// Since when.
        since: Instant,
        /// How many bytes of a line were in the receive window.
        pending: usize,
    },
    /// The driver has read.
    Done {
        /// A part of a line has come, so that the line answers nothing.
        within_line: bool,
    },
}

impl Client {
    /// Whether commands may be sent while replies are owed.
    fn may_pipeline(&self) -> bool {
        self.config.pipelining && !self.profile.contains(Profile::NO_PIPELINING)
    }

    /// Queues a command. Returns `false` when it cannot go yet.
    pub(super) fn send(&mut self, tx: &mut Tx<'_>, command: &Command<'_>) -> Result<bool, LocalError> {
        let verb = command.known_verb();
        if let Some(direction) = verb.and_then(|verb| verb.info().data) {
            return self.send_transfer(tx, command, direction);
        }
        if !self.may_send(tx, verb)? {
            return Ok(false);
        }
        let accepts = match command {
            Command::Epsv(EpsvArgument::All) => Accepts::RowAndOkay,
            // Its caller reads the reply, whatever it is.
            Command::Line(_) => Accepts::Any,
            _ => Accepts::Row,
        };
        let to = verb.map_or(ReplyTo::Other, ReplyTo::Command);
        let dots = self.has_dot_paths();
        if !self.queue(tx, ExpectedReply::new(to, accepts), |tx| path_quirks::encode(command, dots, tx))? {
            return Ok(false);
        }
        let change = self.settings.sent(command);
        self.expected.set_last_change(change);
        self.quitting = verb == Some(Verb::Quit);
        Ok(true)
    }

    /// As [`send`](Self::send), for a SITE command.
    pub(super) fn send_site(
        &mut self,
        tx: &mut Tx<'_>,
        command: &SiteCommand<'_>,
    ) -> Result<bool, LocalError> {
        if !self.may_send(tx, Some(Verb::Site))? {
            return Ok(false);
        }
        let (to, dots) = (ReplyTo::Command(Verb::Site), self.has_dot_paths());
        self.queue(tx, ExpectedReply::new(to, Accepts::Any), |tx| path_quirks::encode_site(command, dots, tx))
    }

    /// As [`send`](Self::send), for CWD to a home directory, whose tilde is no part of a name.
    pub(super) fn send_home(&mut self, tx: &mut Tx<'_>, user: Text<'_>) -> Result<bool, LocalError> {
        if !self.may_send(tx, Some(Verb::Cwd))? {
            return Ok(false);
        }
        self.queue(tx, ExpectedReply::new(ReplyTo::Command(Verb::Cwd), Accepts::Row), |tx| {
            tx.put(b"CWD ~")?;
            user.encode(tx)
        })
    }

    /// As [`send`](Self::send), for a command with a data connection.
    pub(super) fn send_transfer(
        &mut self,
        tx: &mut Tx<'_>,
        command: &Command<'_>,
        direction: Direction,
    ) -> Result<bool, LocalError> {
        let verb = command.known_verb();
        if self.is_data_denied() {
            return Err(LocalError::Unprotected);
        }
        if !self.may_send(tx, verb)? {
            return Ok(false);
        }
        let expected = match verb {
            Some(verb) => ExpectedReply::new(ReplyTo::Command(verb), Accepts::Row),
            None => ExpectedReply::new(ReplyTo::Other, Accepts::Transfer),
        };
        let dots = self.has_dot_paths();
        let sent =
            self.queue(tx, expected.with_data(direction), |tx| path_quirks::encode(command, dots, tx))?;
        if sent {
            self.settings.sent(command);
        }
        Ok(sent)
    }

    /// Queues PRET: announces the command of a transfer.
    pub(super) fn send_announcement(
        &mut self,
        tx: &mut Tx<'_>,
        transfer: &Command<'_>,
    ) -> Result<bool, LocalError> {
        if !self.may_send(tx, Some(Verb::Pret))? {
            return Ok(false);
        }
        let (to, dots) = (ReplyTo::Command(Verb::Pret), self.has_dot_paths());
        self.queue(tx, ExpectedReply::new(to, Accepts::Row), |tx| {
            tx.put(b"PRET ")?;
            path_quirks::encode(transfer, dots, tx)
        })
    }

    /// Listens before a command: returns whether the driver has to read, and to come back at once.
    ///
    /// `heard` is whether a line has come since the last time, and `pending` how many bytes of the next.
    pub(super) fn listen(&mut self, now: Instant, heard: bool, pending: usize) -> bool {
        let since = match self.listening {
            Listening::No | Listening::Done { .. } => return false,
            Listening::Wanted => now,
            Listening::Reading { pending: before, .. } if !heard && pending == before => {
                self.listening = Listening::Done { within_line: pending > 0 };
                return false;
            }
            Listening::Reading { since, .. } => since,
        };
        // A server that never stops to talk leaves no moment at which a command could be answered.
        if let (true, Some(stray)) =
            (now > since.after(self.config.timeouts.stray), self.expected.last_stray())
        {
            self.fail(PeerError::UnexpectedReply(stray.code));
            return false;
        }
        self.listening = Listening::Reading { since, pending };
        true
    }

    /// Whether a command may go out now. What it has to wait for is set going.
    fn may_send(&mut self, tx: &mut Tx<'_>, verb: Option<Verb>) -> Result<bool, LocalError> {
        if self.is_denied(verb) {
            return Err(LocalError::Unprotected);
        }
        if !self.expected.is_empty() {
            return Ok(self.may_pipeline() && self.expected.room() > 0);
        }
        if !matches!(self.listening, Listening::Done { .. }) {
            self.listening = Listening::Wanted;
            return Ok(false);
        }
        match self.expected.probe_before(verb) {
            None => Ok(true),
            Some(probe) => {
                self.send_probe(tx, probe)?;
                Ok(false)
            }
        }
    }

    /// Whether the success that was told last is to be confirmed before it is reported.
    pub(super) const fn needs_confirmation(&self) -> bool {
        self.expected.is_unconfirmed() && self.channel.is_none()
    }

    /// Asks what is to be asked before a success is reported; returns whether it may be.
    pub(super) fn confirm(&mut self, tx: &mut Tx<'_>) -> Result<bool, LocalError> {
        if !self.expected.is_empty() {
            return Ok(false);
        }
        let Some(probe) = self.expected.confirmation() else { return Ok(true) };
        self.send_probe(tx, probe)?;
        Ok(false)
    }

    /// Sends SYST or PWD on the client's own account.
    fn send_probe(&mut self, tx: &mut Tx<'_>, probe: Verb) -> Result<(), LocalError> {
        let command = if probe == Verb::Syst { Command::Syst } else { Command::Pwd };
        if self.put(tx, Some(probe), |tx| command.encode(tx))? {
            let within_line = self.is_within_line();
            self.expected.probe_sent(probe, within_line);
        }
        Ok(())
    }

    fn queue(
        &mut self,
        tx: &mut Tx<'_>,
        expected: ExpectedReply,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) -> Result<bool, LocalError> {
        let queued = self.put(tx, expected.verb(), encode)?;
        if queued {
            let within_line = self.is_within_line();
            self.expected.sent(expected.owed_to(self.generation), within_line);
        }
        Ok(queued)
    }

    /// Puts a command into the send queue; `false` when it does not fit yet.
    fn put(
        &mut self,
        tx: &mut Tx<'_>,
        verb: Option<Verb>,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) -> Result<bool, LocalError> {
        let was_empty = tx.is_empty();
        let line = |tx: &mut Tx<'_>| {
            encode(tx)?;
            tx.put(b"\r\n")
        };
        // Firewalls that follow FTP look for a data address at the start of a segment only.
        let queued = match verb.is_some_and(Verb::names_data_address) {
            true => tx.append_segment(line),
            false => tx.append(line),
        };
        match queued {
            Ok(()) => self.clock = None,
            Err(_) if was_empty => return Err(LocalError::CommandTooLong),
            Err(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Whether a part of the next reply had come when the driver last read before a command.
    fn is_within_line(&mut self) -> bool {
        // What is left of a reply of many lines belongs to that one.
        matches!(core::mem::take(&mut self.listening), Listening::Done { within_line: true })
            && self.reply.within.is_none()
    }

    /// Sends a command while a transfer is running, whether or not the server takes commands together
    /// otherwise: RFC 959 has such for this (ABOR, STAT).
    pub(super) fn send_during_transfer(&mut self, tx: &mut Tx<'_>, command: &Command<'_>) -> bool {
        let clock = self.clock;
        let dots = self.has_dot_paths();
        let to = command.known_verb().map_or(ReplyTo::Other, ReplyTo::Command);
        let expected = ExpectedReply::during_transfer(to);
        let sent = self.expected.room() > 0
            && self.queue(tx, expected, |tx| path_quirks::encode(command, dots, tx)).unwrap_or(false);
        if sent {
            // The data does not move for it.
            self.clock = clock;
        }
        sent
    }
}
