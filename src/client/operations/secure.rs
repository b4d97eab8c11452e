//! TLS (RFC 4217): AUTH, PBSZ and PROT as one operation, and CCC.

use crate::client::dialogue::{Finding, LoginState};
use crate::client::{Advance, Context, Operation, Protected, ReplyTo, Sequence, Verdict};
use crate::codec::{Command, ProtectionBufferSize, ProtectionLevel, ReplyCode, ReplyLine, Text, Verb};
use crate::error::LocalError;
use crate::security::{Policy, TlsMode};

/// Secures the connection as the [configuration](crate::client::Config::security) demands: AUTH TLS
/// and the handshake, if TLS is explicit, then PBSZ and PROT for the data connections.
///
/// Run this right after the greeting: everything sent before it is in the clear. The operation is
/// refused if the server refuses something that is required, but not if it merely lacks something
/// that is preferred.
pub fn secure() -> Operation<Secure> {
    Operation::new(Secure::new(Stage::Authenticate, None))
}

/// Protects data connections from now on (PBSZ and PROT P, RFC 4217 9). The control connection has
/// to be [secured](secure).
pub fn protect_data() -> Operation<Secure> {
    Operation::new(Secure::new(Stage::Protect, Some(ProtectionLevel::Private)))
}

/// Leaves data connections in the clear from now on (PROT C, RFC 4217 9). The control connection
/// has to be [secured](secure).
pub fn unprotect_data() -> Operation<Secure> {
    Operation::new(Secure::new(Stage::Protect, Some(ProtectionLevel::Clear)))
}

/// The operation of [`secure`], [`protect_data`] and [`unprotect_data`]. Its output says which
/// connections are protected now.
#[derive(Debug)]
pub struct Secure {
    stage: Stage,
    mechanism: Mechanism,
    protect: ProtectData,
    protected: Protected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Authenticate,
    /// AUTH was sent.
    Asked,
    Protect,
}

/// The mechanism that AUTH asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Tls,
    /// The older name, for servers that know no other.
    Ssl,
}

impl Secure {
    const fn new(stage: Stage, level: Option<ProtectionLevel>) -> Self {
        let protected = Protected::NOTHING;
        Self { stage, mechanism: Mechanism::Tls, protect: ProtectData::new(level), protected }
    }

    /// Tries the other mechanism, or ends the operation, after AUTH was refused.
    fn auth_refused(&mut self, cx: &Context<'_, '_>, code: ReplyCode) -> Verdict {
        let unknown = code.is_unknown_command() || code == ReplyCode::PARAMETER_NOT_IMPLEMENTED;
        if unknown && self.mechanism == Mechanism::Tls {
            (self.mechanism, self.stage) = (Mechanism::Ssl, Stage::Authenticate);
            return Verdict::Continue;
        }
        match cx.client().config().security.control {
            Policy::Require => Verdict::Refused,
            Policy::Prefer | Policy::Never => Verdict::Done,
        }
    }
}

impl Sequence for Secure {
    type Output<'b> = Protected;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        let (tls, policy) = (cx.client().config().security.tls, cx.client().config().security.control);
        if self.stage != Stage::Protect && cx.client().is_secured() {
            self.stage = Stage::Protect;
        }
        let next = match self.stage {
            Stage::Authenticate if tls == TlsMode::None || policy == Policy::Never => Advance::Done,
            Stage::Authenticate => {
                let mechanism = match self.mechanism {
                    Mechanism::Tls => Text::literal("TLS"),
                    Mechanism::Ssl => Text::literal("SSL"),
                };
                if cx.send(&Command::Auth(mechanism))? {
                    self.stage = Stage::Asked;
                }
                Advance::Continue
            }
            Stage::Asked => Advance::Continue,
            Stage::Protect => self.protect.advance(cx)?,
        };
        self.protected = cx.client().protection();
        Ok(next)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Show;
        }
        let next = match to.verb() {
            Some(Verb::Auth) if line.code.is_success() || line.code.is_intermediate() => Verdict::Continue,
            Some(Verb::Auth) => self.auth_refused(cx, line.code),
            _ => self.protect.reply(cx, to, line.code),
        };
        self.protected = cx.client().protection();
        next
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> Protected {
        self.protected
    }
}

/// PBSZ and PROT, each sent at most once (RFC 4217 9).
#[derive(Debug)]
pub(super) struct ProtectData {
    /// Level to ask for; `None` if the policy decides.
    level: Option<ProtectionLevel>,
    step: Due,
}

/// The next command that protects data connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// PBSZ is due, unless it was granted already.
    Buffer,
    /// PROT is due.
    Level,
    /// No command is due: PROT was sent.
    Nothing,
}

impl ProtectData {
    pub(super) const fn new(level: Option<ProtectionLevel>) -> Self {
        Self { level, step: Due::Buffer }
    }

    /// Sends the next command.
    pub(super) fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        let level = match (self.level, cx.client().config().security.data) {
            (Some(level), _) => level,
            (None, Policy::Never) => ProtectionLevel::Clear,
            (None, Policy::Prefer | Policy::Require) => ProtectionLevel::Private,
        };
        if level == ProtectionLevel::Private && cx.client().protects_data() && self.step != Due::Nothing {
            return Ok(Advance::Done);
        }
        let is_set = cx.client().settings().has_protection_buffer();
        if self.step == Due::Buffer && (is_set || cx.send(&Command::Pbsz(ProtectionBufferSize(0)))?) {
            self.step = Due::Level;
        }
        if self.step == Due::Level && cx.send(&Command::Prot(level))? {
            self.step = Due::Nothing;
        }
        Ok(Advance::Continue)
    }

    /// Takes the final reply to PBSZ or PROT.
    pub(super) fn reply(&self, cx: &mut Context<'_, '_>, to: ReplyTo, code: ReplyCode) -> Verdict {
        let required = self.level.is_some() || cx.client().config().security.data == Policy::Require;
        match to.verb() {
            Some(Verb::Prot) => {
                let before_login =
                    cx.client().login_state() != LoginState::Done && !cx.client().protects_data_after_login();
                cx.client_mut().note(Finding::ProtectsData);
                match code {
                    code if code.is_success() => Verdict::Done,
                    // Some servers protect data only for users who are logged in (aioftp, with
                    // implicit TLS). No data moves until the server is asked again.
                    ReplyCode::BAD_SEQUENCE | ReplyCode::NOT_LOGGED_IN
                        if before_login && self.level.is_none() =>
                    {
                        cx.client_mut().note(Finding::ProtectsDataAfterLogin);
                        Verdict::Done
                    }
                    _ if required => Verdict::Refused,
                    _ => Verdict::Done,
                }
            }
            // The reply to PBSZ decides nothing; the reply to PROT does.
            _ => Verdict::Continue,
        }
    }
}

/// Removes TLS from the control connection and keeps it on the data connections (CCC, RFC 4217 5),
/// for firewalls that inspect the dialogue. Everyone else on the path can then also read the
/// dialogue and inject commands and replies into it.
pub fn clear_command_channel() -> Operation<ClearCommandChannel> {
    Operation::new(ClearCommandChannel(Clearing::Due))
}

/// The operation of [`clear_command_channel`].
#[derive(Debug)]
pub struct ClearCommandChannel(Clearing);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clearing {
    /// CCC is to be sent.
    Due,
    /// CCC was sent.
    Asked,
    /// CCC was granted; the operation is done once TLS is removed.
    Granted,
}

impl Sequence for ClearCommandChannel {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if self.0 == Clearing::Due && cx.send(&Command::Ccc)? {
            self.0 = Clearing::Asked;
        }
        Ok(if self.0 == Clearing::Granted { Advance::Done } else { Advance::Continue })
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Show;
        }
        if !line.code.is_success() {
            return Verdict::Refused;
        }
        self.0 = Clearing::Granted;
        Verdict::Continue
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
}
