//! The greeting and the login (RFC 959 5.4, "Connection Establishment" and "Login").

use super::{Context, Inherits, Next, Operation, Sequence};
use crate::codec::{Command, ReplyCode, ReplyLine, Secret, Text, Verb};
use crate::error::LocalError;

/// Waits for the server's greeting. 120 makes it wait for the next one; a refusal is 421 mostly. After 230
/// the client is logged in already: [`login`] has nothing to do then.
pub fn greeting() -> Operation<Greeting> {
    Operation::new(Greeting(()))
}

/// See [`greeting`]. Comes to the greeting's last line; code 230 there means that the server has
/// logged its client in already.
#[derive(Debug)]
pub struct Greeting(());

impl Sequence for Greeting {
    type Output<'b> = Option<ReplyLine<'b>>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        Ok(if cx.client.is_owed() { Next::Continue } else { Next::Done })
    }

    fn finished(&mut self, _: &mut Context<'_, '_>, _: Option<Verb>, line: &ReplyLine<'_>) -> Next {
        if line.code.is_success() { Next::Done } else { Next::Refused }
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        last
    }

    fn inherits(&self) -> Inherits {
        Inherits::Greeting
    }
}

/// Logs in: USER, then PASS and ACCT where the server asks for them. Where its greeting has logged the client
/// in already (230) nothing is sent, and there is no reply to come to. Next: [`setup`](super::setup()).
///
/// A server that asks for an account although none is given (332) refuses, as far as the operation
/// can tell.
pub fn login<'a>(user: Text<'a>, password: Secret<'a>, account: Option<Secret<'a>>) -> Operation<Login<'a>> {
    Operation::new(Login { next: Some(Command::User(user)), password: Some(password), account })
}

/// See [`login`]. Comes to the last reply.
#[derive(Debug)]
pub struct Login<'a> {
    next: Option<Command<'a>>,
    password: Option<Secret<'a>>,
    account: Option<Secret<'a>>,
}

impl Sequence for Login<'_> {
    type Output<'b> = Option<ReplyLine<'b>>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        // Where TLS is required, who says so in the clear may be anybody (CVE-2021-22946).
        if cx.client.logged_in && !cx.client.is_denied(Some(Verb::User)) {
            return Ok(Next::Done);
        }
        if let Some(command) = &self.next {
            if cx.send(command)? {
                self.next = None;
            }
        }
        Ok(Next::Continue)
    }

    fn finished(&mut self, _: &mut Context<'_, '_>, _: Option<Verb>, line: &ReplyLine<'_>) -> Next {
        self.next = match line.code {
            code if code.is_success() => return Next::Done,
            ReplyCode::NEED_PASSWORD => self.password.take().map(Command::Pass),
            ReplyCode::NEED_ACCOUNT => self.account.take().map(Command::Acct),
            _ => None,
        };
        if self.next.is_some() { Next::Continue } else { Next::Refused }
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        last
    }
}
