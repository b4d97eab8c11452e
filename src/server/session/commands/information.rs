//! The commands that report on the server and the session: STAT, HELP, SYST, NOOP, FEAT, LANG, CLNT
//! and CSID (RFC 959 4.1.3, RFC 2389, RFC 2640).

use super::super::{ForHost, Session};
use super::Carried;
use crate::buffer::Tx;
use crate::codec::{
    Command, FactChoice, Features, Full, NameCase, Position, ReplyCode as Code, ReplyLine, Sink, Text, Verb,
};
use crate::error::LocalError;
use crate::listing::{Entry, ListingWriter};
use crate::server::machine::{Ticket, framed};
use crate::server::parameters::SERVED_FACTS;
use crate::server::request::Request;
use crate::server::transfer::{END_ROOM, Transfer};

/// The only language of the replies (RFC 2640 4.1).
const LANGUAGE: &[u8] = b"en";

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes the commands of this group.
    pub(super) fn information_command<'r>(
        &mut self,
        ticket: Ticket,
        command: Command<'r>,
        tx: &mut Tx<'_>,
    ) -> Carried<'r> {
        Ok(match command {
            Command::Stat(None) => {
                self.status(ticket, tx);
                None
            }
            Command::Stat(Some(_)) if self.is_busy() => {
                self.answer_now(ticket, Code::FILE_BUSY, "Not available during a transfer.", tx)
            }
            Command::Stat(argument) => {
                let request = Request::Stat { follow: false };
                self.ask_reading(ticket, argument.unwrap_or_default(), request, tx)
            }
            Command::Syst => {
                self.reply(ticket, Code::SYSTEM_TYPE, self.config.system, tx);
                None
            }
            Command::Help(topic) => {
                self.help(ticket, topic, tx);
                None
            }
            Command::Noop => self.answer_now(ticket, Code::COMMAND_OKAY, "OK.", tx),
            Command::Feat => {
                self.features(ticket, tx);
                None
            }
            Command::Lang(tag) => self.language(ticket, tag, tx),
            Command::Clnt(_) => self.answer_now(ticket, Code::COMMAND_OKAY, "Noted.", tx),
            Command::Csid(_) => self.answer_now(
                ticket,
                Code::COMMAND_OKAY,
                concat!("Name=ftp-proto; Version=", env!("CARGO_PKG_VERSION"), ";"),
                tx,
            ),
            command => return Err((ticket, command)),
        })
    }

    /// Sends one entry of the directory for [`Request::Entries`]. After the last one, answer the
    /// request with [`Answer::Done`](crate::server::Answer::Done).
    ///
    /// # Errors
    /// Returns [`LocalError::NoRoom`] if the client has yet to read the previous entries: send the
    /// pending bytes, then send the same entry again. Returns [`LocalError::Ended`] if the request
    /// is no longer open, because the session has ended or the request timed out, and
    /// [`LocalError::WrongAnswer`] if the open request is another one.
    pub fn send_entry<'t>(
        &mut self,
        ticket: &Ticket,
        entry: &Entry<'_>,
        tx: impl Into<Tx<'t>>,
    ) -> Result<(), LocalError> {
        let tx = &mut tx.into();
        let all = match self.call.waiting_with(ticket) {
            Some(Request::Entries { all }) => all,
            Some(_) => return Err(LocalError::WrongAnswer),
            None => return Err(LocalError::Ended),
        };
        if !all && entry.name.as_bytes().starts_with(b".") {
            return Ok(());
        }
        let begun = self.call.has_begun_entries();
        let writer = ListingWriter::list(self.clock);
        let empty = tx.is_empty();
        let written = tx.append(|tx| {
            if !begun {
                ReplyLine::encode(Code::DIRECTORY_STATUS, Position::First, Text::literal("Status:"), tx)?;
            }
            writer.write(entry, tx)?;
            // Keep room for the last line of the reply.
            if tx.free() < END_ROOM { Err(Full) } else { Ok(()) }
        });
        match written {
            Ok(()) => {
                self.call.entry_sent();
                self.deadlines.progressed();
                Ok(())
            }
            // There will never be more room than now, so the entry is dropped.
            Err(Full) if empty => Ok(()),
            Err(Full) => Err(LocalError::NoRoom),
        }
    }

    /// Queues the last line of the reply with the entries.
    pub(in crate::server::session) fn end_entries(
        &mut self,
        ticket: Ticket,
        text: &'static str,
        tx: &mut Tx<'_>,
    ) {
        let begun = self.call.has_begun_entries();
        self.reply_many(ticket, tx, |tx| {
            if !begun {
                ReplyLine::encode(Code::DIRECTORY_STATUS, Position::First, Text::literal("Status:"), tx)?;
            }
            ReplyLine::encode(Code::DIRECTORY_STATUS, Position::Last, Text::fixed(text), tx)
        });
    }

    /// Answers FEAT (RFC 2389 3) with the configured features whose commands are served.
    fn features(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let (hash, facts) = (self.hash_in_force(), self.next.facts());
        let Self { pi, config, .. } = self;
        let served = |line: &str| {
            let word = line.split(' ').next().unwrap_or_default();
            Verb::from_bytes(word.as_bytes()).is_none_or(|verb| config.serves(verb))
        };
        if !config.features.lines().any(|(_, line)| served(line)) {
            return self.reply(ticket, Code::SYSTEM_STATUS, Text::literal("No extensions."), tx);
        }
        let sent = pi.reply_with(ticket, &mut *tx, |tx| {
            ReplyLine::encode(
                Code::SYSTEM_STATUS,
                Position::First,
                Text::literal("Extensions supported:"),
                tx,
            )?;
            for (feature, line) in config.features.lines().filter(|(_, line)| served(line)) {
                tx.put_fmt(format_args!(" {line}"))?;
                if feature.contains(Features::MLST) {
                    tx.put(b" ")?;
                    FactChoice { available: SERVED_FACTS, selected: facts }.encode(NameCase::Lower, tx)?;
                } else if feature == Features::HASH {
                    for (n, algorithm) in config.hashes.iter().enumerate() {
                        let separator = if n == 0 { " " } else { ";" };
                        let mark = if Some(*algorithm) == hash { "*" } else { "" };
                        tx.put_fmt(format_args!("{separator}{algorithm}{mark}"))?;
                    }
                } else if feature == Features::LANG {
                    tx.put(b" EN*")?;
                }
                tx.put(b"\r\n")?;
            }
            ReplyLine::encode(Code::SYSTEM_STATUS, Position::Last, Text::literal("End."), tx)
        });
        self.or_too_long(sent, tx);
    }

    /// Answers LANG (RFC 2640 4.1). There is only one language.
    fn language(&mut self, ticket: Ticket, tag: Option<Text<'_>>, tx: &mut Tx<'_>) -> ForHost {
        let primary =
            tag.and_then(|tag| tag.as_bytes().split(|byte| *byte == b'-').next()).unwrap_or(LANGUAGE);
        match primary.eq_ignore_ascii_case(LANGUAGE) {
            true => self.answer_now(ticket, Code::COMMAND_OKAY, "Replies are in English.", tx),
            false => self.answer_now(
                ticket,
                Code::PARAMETER_NOT_IMPLEMENTED,
                "Replies are available in English only.",
                tx,
            ),
        }
    }

    /// Answers HELP with the list of served commands, or with the syntax of one command.
    fn help(&mut self, ticket: Ticket, topic: Option<Text<'_>>, tx: &mut Tx<'_>) {
        let Some(topic) = topic else {
            let Self { pi, config, .. } = self;
            let sent = pi.reply_with(ticket, &mut *tx, |tx| {
                ReplyLine::encode(Code::HELP_MESSAGE, Position::First, Text::literal("Commands:"), tx)?;
                let mut verbs = Verb::ALL.iter().filter(|verb| config.serves(**verb)).peekable();
                while verbs.peek().is_some() {
                    for verb in verbs.by_ref().take(10) {
                        tx.put(b" ")?;
                        tx.put(verb.as_str().as_bytes())?;
                    }
                    tx.put(b"\r\n")?;
                }
                ReplyLine::encode(
                    Code::HELP_MESSAGE,
                    Position::Last,
                    Text::literal("Send HELP with a command for its syntax."),
                    tx,
                )
            });
            return self.or_too_long(sent, tx);
        };
        match Verb::from_bytes(topic.as_bytes()).filter(|verb| self.config.serves(*verb)) {
            None => self.reply(ticket, Code::ARGUMENT_SYNTAX_ERROR, Text::literal("Unknown command."), tx),
            Some(verb) => self.reply_many(ticket, tx, |tx| {
                let info = verb.info();
                let syntax = info.argument.syntax();
                let space = if syntax.is_empty() { "" } else { " " };
                tx.put_fmt(format_args!("214 {}{space}{syntax}: {}.\r\n", info.name, info.summary))
            }),
        }
    }

    /// Answers STAT without a path: the state of the session (RFC 959 4.1.3) and of a running
    /// transfer.
    fn status(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let (peer, coding, open) = (self.endpoints.peer, self.next.coding(), self.data.is_open());
        let moved = self.transfer.as_ref().map(Transfer::moved);
        let user = if self.login.is_in() { "" } else { "not " };
        self.reply_many(ticket, tx, |tx| {
            framed(Code::SYSTEM_STATUS, "Status:", tx, |tx| {
                tx.put_fmt(format_args!(" Connected from {}\r\n", peer.ip().to_canonical()))?;
                tx.put_fmt(format_args!(" {user}logged in\r\n TYPE "))?;
                coding.representation.encode(tx)?;
                tx.put(b"; STRU ")?;
                coding.structure.encode(tx)?;
                tx.put(b"; MODE ")?;
                coding.mode.encode(tx)?;
                match (moved, open) {
                    (Some(moved), _) => tx.put_fmt(format_args!("\r\n {moved} bytes transferred so far\r\n")),
                    (None, true) => tx.put(b"\r\n Data connection ready\r\n"),
                    (None, false) => tx.put(b"\r\n No data connection\r\n"),
                }
            })
        });
    }
}
