//! What the server tells of itself and of what it has, over the control connection: HELP and STAT
//! (RFC 959 4.1.3).

use super::machine::Ticket;
use super::pending::Pending;
use super::session::{Login, Session};
use super::transfer::END_ROOM;
use crate::buffer::Tx;
use crate::codec::{Full, Position, ReplyCode as Code, ReplyLine, Sink, Text, Verb};
use crate::error::LocalError;
use crate::listing::{Clock, Entry, ListingWriter};

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Tells one entry of the directory that [`Request::Entries`](super::Request::Entries) asks for. After
    /// the last one the request is answered with [`Answer::Done`](super::Answer::Done).
    ///
    /// # Errors
    /// [`LocalError::NoRoom`] when the client has yet to take what was told before: send what is pending,
    /// then tell the same entry again. [`LocalError::Ended`] when nobody waits for it any more: the session
    /// has ended, or it took too long. [`LocalError::WrongAnswer`] when something else was asked.
    pub fn tell_entry<'t>(
        &mut self,
        ticket: &Ticket,
        entry: &Entry<'_>,
        tx: impl Into<Tx<'t>>,
    ) -> Result<(), LocalError> {
        let tx = &mut tx.into();
        let all = match self.pending {
            Some(_) if ticket.number() != self.asked => return Err(LocalError::Ended),
            Some(Pending::Entries { all }) => all,
            Some(_) => return Err(LocalError::WrongAnswer),
            None => return Err(LocalError::Ended),
        };
        if !all && entry.name.as_bytes().starts_with(b".") {
            return Ok(());
        }
        let begun = self.entries_begun;
        let writer = ListingWriter::list(Clock::UNKNOWN);
        let empty = tx.is_empty();
        let told = tx.append(|tx| {
            if !begun {
                ReplyLine::encode(Code::DIRECTORY_STATUS, Position::First, Text::literal("Status:"), tx)?;
            }
            writer.write(entry, tx)?;
            // The last line must always find its room.
            if tx.free() < END_ROOM { Err(Full) } else { Ok(()) }
        });
        match told {
            Ok(()) => {
                self.entries_begun = true;
                self.progress = true;
                Ok(())
            }
            // There will never be more room than now.
            Err(Full) if empty => Ok(()),
            Err(Full) => Err(LocalError::NoRoom),
        }
    }

    /// The line that ends them.
    pub(super) fn end_entries(&mut self, ticket: Ticket, text: &'static str, tx: &mut Tx<'_>) {
        let begun = core::mem::take(&mut self.entries_begun);
        self.reply_many(ticket, tx, |tx| {
            if !begun {
                ReplyLine::encode(Code::DIRECTORY_STATUS, Position::First, Text::literal("Status:"), tx)?;
            }
            ReplyLine::encode(Code::DIRECTORY_STATUS, Position::Last, Text::literal(text), tx)
        });
    }

    /// HELP: the commands that are served, or one of them.
    pub(super) fn help(&mut self, ticket: Ticket, topic: Option<Text<'_>>, tx: &mut Tx<'_>) {
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
                    Text::literal("HELP and a command tells more."),
                    tx,
                )
            });
            return self.or_too_long(sent, tx);
        };
        match Verb::from_bytes(topic.as_bytes()).filter(|verb| self.config.serves(*verb)) {
            None => self.reply(ticket, Code::ARGUMENT_SYNTAX_ERROR, Text::literal("No such command."), tx),
            Some(verb) => self.reply_many(ticket, tx, |tx| {
                let info = verb.info();
                let syntax = info.argument.syntax();
                let space = if syntax.is_empty() { "" } else { " " };
                tx.put_fmt(format_args!("214 {}{space}{syntax}: {}.\r\n", info.name, info.summary))
            }),
        }
    }

    /// STAT without a path: the state of the session (RFC 959 4.1.3), and of the transfer if one runs.
    pub(super) fn status(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let (peer, moved, login, coding) = (self.endpoints.peer, self.moved(), self.login, self.coding);
        let open = self.channel.is_open();
        self.reply_many(ticket, tx, |tx| {
            framed(Code::SYSTEM_STATUS, "Status:", tx, |tx| {
                tx.put_fmt(format_args!(" Connected from {}\r\n", peer.ip().to_canonical()))?;
                let user = if login == Login::In { "" } else { "not " };
                tx.put_fmt(format_args!(" {user}logged in\r\n TYPE "))?;
                coding.representation.encode(tx)?;
                tx.put(b"; STRU ")?;
                coding.structure.encode(tx)?;
                tx.put(b"; MODE ")?;
                coding.mode.encode(tx)?;
                match (moved, open) {
                    (Some(moved), _) => tx.put_fmt(format_args!("\r\n {moved} bytes transferred so far\r\n")),
                    (None, true) => tx.put(b"\r\n The data connection is set up\r\n"),
                    (None, false) => tx.put(b"\r\n No data connection\r\n"),
                }
            })
        });
    }
}

/// A reply of many lines: the first and the last around what `encode` writes.
pub(super) fn framed(
    code: Code,
    title: &'static str,
    tx: &mut Tx<'_>,
    encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
    ReplyLine::encode(code, Position::First, Text::literal(title), tx)?;
    encode(tx)?;
    ReplyLine::encode(code, Position::Last, Text::literal("End."), tx)
}
