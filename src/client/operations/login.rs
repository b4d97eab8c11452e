//! The greeting and the login (RFC 959 5.4, "Connection Establishment" and "Login").

use super::secure::ProtectData;
use crate::client::dialogue::LoginState;
use crate::client::{Advance, Context, Inherits, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::{Command, ReplyCode, ReplyLine, Secret, Text, Verb};
use crate::error::LocalError;

/// Waits for the server's greeting. After 120 the operation waits for the next greeting; a refusal
/// is usually 421. After 230 the client is already logged in, and [`login`] has nothing to do.
pub fn greeting() -> Operation<Greeting> {
    Operation::new(Greeting(()))
}

/// The operation of [`greeting`]. Its output is the greeting's last line; the code 230 means that
/// the server has already logged the client in.
#[derive(Debug)]
pub struct Greeting(());

impl Sequence for Greeting {
    type Output<'b> = Option<ReplyLine<'b>>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        Ok(if cx.client().is_owed() { Advance::Continue } else { Advance::Done })
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Show;
        }
        if line.code.is_success() { Verdict::Done } else { Verdict::Refused }
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        last
    }

    fn inherits(&self) -> Inherits {
        Inherits::Greeting
    }
}

/// Logs in: USER, then PASS and ACCT if the server asks for them. If the greeting has already
/// logged the client in (230), nothing is sent and the output is `None`. A server that refused to
/// protect data connections before the login (PBSZ and PROT in [`secure`](crate::client::secure()))
/// is asked again here. Continue with [`setup`](crate::client::setup()).
///
/// If the server asks for an account (332) and none was given, the operation is refused.
pub fn login<'a>(user: Text<'a>, password: Secret<'a>, account: Option<Secret<'a>>) -> Operation<Login<'a>> {
    Operation::new(Login {
        next: Some(Command::User(user)),
        password: Some(password),
        account,
        protect: None,
    })
}

/// The operation of [`login`]. Its output is the last reply.
#[derive(Debug)]
pub struct Login<'a> {
    next: Option<Command<'a>>,
    password: Option<Secret<'a>>,
    account: Option<Secret<'a>>,
    /// Set while data connections are protected as part of the login.
    protect: Option<ProtectData>,
}

impl Login<'_> {
    /// Ends the login, or continues by protecting data connections.
    fn logged_in(&mut self, cx: &Context<'_, '_>) -> Advance {
        if !cx.client().protects_data_after_login() {
            return Advance::Done;
        }
        self.protect = Some(ProtectData::new(None));
        Advance::Continue
    }
}

impl Sequence for Login<'_> {
    type Output<'b> = Option<ReplyLine<'b>>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        // If TLS is required, a 230 in the clear may come from anyone (CVE-2021-22946).
        let by_greeting =
            cx.client().login_state() == LoginState::ByGreeting && !cx.client().is_denied(Some(Verb::User));
        if by_greeting && self.protect.is_none() && self.logged_in(cx) == Advance::Done {
            return Ok(Advance::Done);
        }
        if let Some(protect) = &mut self.protect {
            return protect.advance(cx);
        }
        if let Some(command) = &self.next {
            if cx.send(command)? {
                self.next = None;
            }
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Show;
        }
        if let Some(protect) = &mut self.protect {
            return protect.reply(cx, to, line.code);
        }
        self.next = match line.code {
            code if code.is_success() => return self.logged_in(cx).into(),
            ReplyCode::NEED_PASSWORD => self.password.take().map(Command::Pass),
            ReplyCode::NEED_ACCOUNT => self.account.take().map(Command::Acct),
            _ => None,
        };
        if self.next.is_some() { Verdict::Continue } else { Verdict::Refused }
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        last
    }
}
