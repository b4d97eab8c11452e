//! SITE (RFC 959 4.1.3): the commands that the session knows; all others go to the host.

use super::super::{ForHost, Session};
use crate::buffer::{Span, Tx};
use crate::codec::{ReplyCode as Code, Sink, SiteCommand, Text};
use crate::error::LocalError;
use crate::server::event::TreeChange;
use crate::server::machine::Ticket;
use crate::server::request::{Changes, Request};

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes SITE (RFC 959 4.1.3), or passes an unknown SITE command to the host.
    pub(super) fn site(
        &mut self,
        ticket: Ticket,
        argument: Text<'_>,
        place: Span,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        let Ok(command) = SiteCommand::parse(argument) else {
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Invalid argument.", tx);
        };
        match command {
            SiteCommand::Chmod { mode, path } => {
                let changes = Changes { mode: Some(mode), ..Changes::default() };
                self.ask_about(ticket, path, Request::Change(changes), tx)
            }
            SiteCommand::Utime { modified, path } => {
                let changes = Changes { modified: Some(modified), ..Changes::default() };
                self.ask_about(ticket, path, Request::Change(changes), tx)
            }
            SiteCommand::Symlink { target, link } => {
                let start = argument.len() - link.len() - 1 - target.len();
                let target = place.after(start).first(target.len());
                self.ask_about(ticket, link, Request::Symlink { target }, tx)
            }
            SiteCommand::Umask(Some(mask)) if mask > 0o777 => {
                self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "The mask must not exceed 777.", tx)
            }
            SiteCommand::Umask(mask) => {
                if let Some(mask) = mask {
                    self.next.set_umask(mask);
                }
                let mask = self.next.umask().unwrap_or(0o022);
                self.reply_many(ticket, tx, |tx| tx.put_fmt(format_args!("200 UMASK is {mask:03o}.\r\n")));
                None
            }
            SiteCommand::Idle(seconds) => {
                let most = self.config.timeouts.idle;
                if let Some(seconds) = seconds {
                    self.next.set_idle(seconds);
                }
                let (idle, most) = (self.idle().as_secs(), most.as_secs());
                self.reply_many(ticket, tx, |tx| {
                    tx.put_fmt(format_args!("200 Idle timeout {idle} s, maximum {most} s.\r\n"))
                });
                None
            }
            SiteCommand::Help(_) => {
                self.reply_many(ticket, tx, |tx| {
                    tx.put(b"214")?;
                    SiteCommand::NAMES.iter().try_for_each(|name| tx.put_fmt(format_args!(" {name}")))?;
                    tx.put(b"\r\n")
                });
                None
            }
            SiteCommand::Other(_) => Some((ticket, Request::Site(place))),
        }
    }
    /// Answers a SITE command that the host has executed.
    ///
    /// # Errors
    /// Returns the ticket if the answer does not fit the request.
    pub(in crate::server::session) fn site_done(
        &mut self,
        ticket: Ticket,
        request: Request<()>,
        tx: &mut Tx<'_>,
    ) -> Result<(), (LocalError, Ticket)> {
        let (change, text) = match request {
            Request::Change(_) => (TreeChange::FactsSet, "Attributes changed."),
            Request::Symlink { .. } => (TreeChange::Linked, "Symbolic link created."),
            _ => return Err((LocalError::WrongAnswer, ticket)),
        };
        self.changed(change);
        self.reply(ticket, Code::COMMAND_OKAY, Text::fixed(text), tx);
        Ok(())
    }
}
