//! The greeting and the login (RFC 959 5.4, "Connection Establishment" and "Login").

use super::secure::ProtectData;
use crate::client::dialogue::LoginState;
use crate::client::{Context, Inherits, Next, Operation, ReplyTo, Sequence};
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
        Ok(if cx.client().is_owed() { Next::Continue } else { Next::Done })
    }

    fn finished(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, line: &ReplyLine<'_>) -> Next {
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
/// in already (230) nothing is sent, and there is no reply to come to. A server that refused to protect data
/// connections before the login (PBSZ and PROT in [`secure`](crate::client::secure())) is asked again here. Next:
/// [`setup`](crate::client::setup()).
///
/// A server that asks for an account although none is given (332) refuses, as far as the operation
/// can tell.
pub fn login<'a>(user: Text<'a>, password: Secret<'a>, account: Option<Secret<'a>>) -> Operation<Login<'a>> {
    Operation::new(Login {
        next: Some(Command::User(user)),
        password: Some(password),
        account,
        protect: None,
    })
}

/// See [`login`]. Comes to the last reply.
#[derive(Debug)]
pub struct Login<'a> {
    next: Option<Command<'a>>,
    password: Option<Secret<'a>>,
    account: Option<Secret<'a>>,
    /// Data connections are protected as a part of the login.
    protect: Option<ProtectData>,
}

impl Login<'_> {
    /// The user is logged in.
    fn logged_in(&mut self, cx: &Context<'_, '_>) -> Next {
        if !cx.client().protects_data_after_login() {
            return Next::Done;
        }
        self.protect = Some(ProtectData::new(None));
        Next::Continue
    }
}

impl Sequence for Login<'_> {
    type Output<'b> = Option<ReplyLine<'b>>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        // Where TLS is required, who says so in the clear may be anybody (CVE-2021-22946).
        let by_greeting =
            cx.client().login_state() == LoginState::ByGreeting && !cx.client().is_denied(Some(Verb::User));
        if by_greeting && self.protect.is_none() && self.logged_in(cx) == Next::Done {
            return Ok(Next::Done);
        }
        if let Some(protect) = &mut self.protect {
            return protect.advance(cx);
        }
        if let Some(command) = &self.next {
            if cx.send(command)? {
                self.next = None;
            }
        }
        Ok(Next::Continue)
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        if let Some(protect) = &mut self.protect {
            return protect.finished(cx, to, line.code);
        }
        self.next = match line.code {
            code if code.is_success() => return self.logged_in(cx),
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
