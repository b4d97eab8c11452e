//! The commands that begin and end a session's login: USER, PASS, ACCT, HOST, REIN and QUIT (RFC
//! 959 4.1.1, RFC 7151).

use super::super::{ForHost, Session};
use super::Carried;
use crate::buffer::{Span, Tx};
use crate::codec::{Command, ReplyCode as Code, Sensitive, Text};
use crate::server::event::EventKind;
use crate::server::login::Stage;
use crate::server::machine::Ticket;
use crate::server::request::Request;

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes the commands of this group. `line` is the position of the command.
    pub(super) fn access_command<'r>(
        &mut self,
        ticket: Ticket,
        command: Command<'r>,
        line: Span,
        tx: &mut Tx<'_>,
    ) -> Carried<'r> {
        let sensitive = |argument: Text<'_>| Sensitive::new(super::place(line, argument));
        Ok(match command {
            Command::User(name) => self.user_command(ticket, name, tx),
            Command::Pass(password) => match self.login.stage() {
                Stage::Named => Some((ticket, Request::Login { password: sensitive(password.reveal()) })),
                Stage::LoggedOut => self.answer_now(ticket, Code::BAD_SEQUENCE, "Send USER first.", tx),
                Stage::NeedsAccount => {
                    self.answer_now(ticket, Code::BAD_SEQUENCE, "Account required; send ACCT.", tx)
                }
                Stage::In => self.answer_now(ticket, Code::SUPERFLUOUS, "Already logged in.", tx),
            },
            Command::Acct(account) => match self.login.stage() {
                Stage::NeedsAccount | Stage::In => {
                    Some((ticket, Request::Account { account: sensitive(account.reveal()) }))
                }
                Stage::LoggedOut | Stage::Named => {
                    self.answer_now(ticket, Code::BAD_SEQUENCE, "Log in with USER and PASS first.", tx)
                }
            },
            Command::Host(_) if self.login.is_in() => {
                self.answer_now(ticket, Code::BAD_SEQUENCE, "Already logged in.", tx)
            }
            Command::Host(name) => Some((ticket, Request::Host(super::place(line, name)))),
            Command::Rein => {
                self.reset();
                self.reset_protection();
                self.answer_now(ticket, Code::SERVICE_READY, "Service ready for new user.", tx)
            }
            Command::Quit => {
                self.reply(ticket, Code::SERVICE_CLOSING, Text::literal("Goodbye."), tx);
                self.abandon_data();
                self.events.push(EventKind::Left);
                self.ending.close();
                None
            }
            command => return Err((ticket, command)),
        })
    }

    fn user_command(&mut self, ticket: Ticket, name: Text<'_>, tx: &mut Tx<'_>) -> ForHost {
        if self.login.is_in() {
            return self.answer_now(ticket, Code::NOT_LOGGED_IN, "Cannot change to another user.", tx);
        }
        if !self.paths.keep_user(name.as_bytes()) {
            self.login.reset();
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "The user name is too long.", tx);
        }
        self.login.named();
        if self.is_certified() {
            return Some((ticket, Request::Identify));
        }
        self.need_password(ticket, tx);
        None
    }

    /// Requests the password, with the same reply whether or not the user exists (RFC 2577 6).
    pub(in crate::server::session) fn need_password(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        self.reply(ticket, Code::NEED_PASSWORD, Text::literal("Password required."), tx);
    }
}
