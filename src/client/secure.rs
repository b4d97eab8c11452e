//! TLS (RFC 4217): AUTH, PBSZ and PROT as one operation, and CCC.

use super::login::LoginState;
use super::machine::Heard;
use super::{Client, Context, Next, Operation, ReplyTo, Sequence};
use crate::action::Action;
use crate::buffer::{Rx, Tx};
use crate::codec::{Command, ProtectionBufferSize, ProtectionLevel, ReplyCode, ReplyLine, Text, Verb};
use crate::error::{LocalError, PeerError};
use crate::security::{Control, Downgrade, Policy, TlsMode, Upgrade};
use crate::time::Instant;

/// How the control connection is protected.
#[derive(Debug)]
pub(super) struct Shield {
    control: Control,
    /// The server refused to protect data before the login: it is asked again behind it.
    after_login: bool,
}

impl Shield {
    pub(super) const fn new(mode: TlsMode) -> Self {
        Self { control: Control::new(mode), after_login: false }
    }

    pub(super) const fn is_changing(&self) -> bool {
        self.control.is_changing()
    }

    /// Whether data connections are to be protected as a part of the login.
    pub(super) const fn protects_after_login(&self) -> bool {
        self.after_login
    }
}

impl Client {
    /// Whether the control connection is protected by TLS.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.shield.control == Control::Secured
    }

    /// Whether data connections are protected by TLS: the server has granted PROT P.
    #[must_use]
    pub const fn protects_data(&self) -> bool {
        self.settings.protects_data()
    }

    /// What is protected by TLS now.
    #[must_use]
    pub fn protection(&self) -> Protected {
        Protected { control: self.is_secured(), data: self.protects_data() }
    }

    /// The handshake has succeeded: what comes and goes from now on is protected. What was learnt in the
    /// clear is forgotten: anybody may have said it.
    pub fn upgraded(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.shield.control = Control::Secured;
        self.profile = self.given_profile;
        self.settings.reset();
        self.clock = None;
    }

    /// The handshake failed, or the connection has ended in it: it is of no more use.
    pub fn upgrade_failed(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.shield.control = Control::Plain;
        self.fail(PeerError::Handshake);
    }

    /// TLS has ended in order: the dialogue goes on in the clear.
    pub fn downgraded(&mut self, token: Downgrade) {
        let Downgrade(()) = token;
        self.shield.control = Control::Plain;
        self.clock = None;
    }

    /// The server has granted AUTH: it is time for the handshake, unless somebody has put words behind the
    /// grant.
    pub(super) fn begin_upgrade(&mut self, rx: &Rx<'_>) {
        match rx.is_empty() {
            true => self.shield.control = Control::Due(true),
            false => self.fail(PeerError::Injected),
        }
    }

    /// The server has granted CCC or REIN.
    pub(super) fn begin_downgrade(&mut self, verb: Verb) {
        if verb == Verb::Rein {
            self.settings.reset();
            self.shield.after_login = false;
            if self.config.security.tls == TlsMode::Implicit {
                return;
            }
        }
        if self.is_secured() {
            self.shield.control = Control::Due(false);
        }
    }

    /// What the driver has to do to the control connection before anything else goes on, or is at.
    pub(super) fn change_protection(
        &mut self,
        now: Instant,
        tx: &Tx<'_>,
    ) -> Result<Option<Action<Heard>>, PeerError> {
        let change = self.shield.control.advance(now, self.config.timeouts.handshake, tx);
        change.inspect_err(|error| self.fail(*error))
    }

    /// Whether a transfer refused with this code may be granted once data connections are protected (521 by
    /// RFC 4217 10.2, 522 by its 11.4).
    pub(super) fn may_protect_data(&self, code: ReplyCode) -> bool {
        matches!(code, ReplyCode::DATA_PROTECTION_REFUSED | ReplyCode::DATA_TLS_FAILED)
            && self.is_secured()
            && !self.protects_data()
            && self.config.security.data != Policy::Never
    }

    /// Whether a command must not be sent as things are: it would tell a secret, or move data, in the clear.
    pub(super) fn is_denied(&self, verb: Option<Verb>) -> bool {
        let security = &self.config.security;
        let Some(verb) = verb.filter(|_| security.tls != TlsMode::None) else { return false };
        let secret = verb == Verb::User || verb.has_secret();
        (secret && security.control == Policy::Require && !self.is_secured())
            || (verb.opens_data_connection() && self.is_data_denied())
    }

    /// Whether no data connection may be opened as things are.
    pub(super) fn is_data_denied(&self) -> bool {
        let security = &self.config.security;
        security.tls != TlsMode::None && security.data == Policy::Require && !self.protects_data()
    }
}

/// Puts the connection under TLS, as far as the [configuration](super::Config::security) says: AUTH TLS
/// and the handshake, where that is how it comes about, then PBSZ and PROT for the data connections.
///
/// To be run right after the greeting: whatever was sent before went in the clear. It is refused when the
/// server refuses what is required; a server that merely has less than is preferred is no refusal.
pub fn secure() -> Operation<Secure> {
    Operation::new(Secure::new(Stage::Authenticate, None))
}

/// Protects data connections from now on, or no more (PBSZ and PROT, RFC 4217 9). The control connection
/// has to be [secured](secure).
pub fn protect_data(protect: bool) -> Operation<Secure> {
    let level = if protect { ProtectionLevel::Private } else { ProtectionLevel::Clear };
    Operation::new(Secure::new(Stage::Protect, Some(level)))
}

/// See [`secure`]. Comes to what is protected now.
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

/// What AUTH asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Tls,
    /// The older name, for servers that know no other.
    Ssl,
}

/// What is protected by TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Protected {
    /// The control connection.
    pub control: bool,
    /// Data connections.
    pub data: bool,
}

impl Secure {
    const fn new(stage: Stage, level: Option<ProtectionLevel>) -> Self {
        let protected = Protected { control: false, data: false };
        Self { stage, mechanism: Mechanism::Tls, protect: ProtectData::new(level), protected }
    }

    /// AUTH was refused: another name for the same may do.
    fn auth_refused(&mut self, cx: &Context<'_, '_>, code: ReplyCode) -> Next {
        let unknown = code.is_unknown_command() || code == ReplyCode::PARAMETER_NOT_IMPLEMENTED;
        if unknown && self.mechanism == Mechanism::Tls {
            (self.mechanism, self.stage) = (Mechanism::Ssl, Stage::Authenticate);
            return Next::Continue;
        }
        match cx.client.config.security.control {
            Policy::Require => Next::Refused,
            Policy::Prefer | Policy::Never => Next::Done,
        }
    }
}

impl Sequence for Secure {
    type Output<'b> = Protected;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        let (tls, policy) = (cx.client.config.security.tls, cx.client.config.security.control);
        if self.stage != Stage::Protect && cx.client.is_secured() {
            self.stage = Stage::Protect;
        }
        let next = match self.stage {
            Stage::Authenticate if tls == TlsMode::None || policy == Policy::Never => Next::Done,
            Stage::Authenticate => {
                let mechanism = match self.mechanism {
                    Mechanism::Tls => Text::literal("TLS"),
                    Mechanism::Ssl => Text::literal("SSL"),
                };
                if cx.send(&Command::Auth(mechanism))? {
                    self.stage = Stage::Asked;
                }
                Next::Continue
            }
            Stage::Asked => Next::Continue,
            Stage::Protect => self.protect.advance(cx)?,
        };
        self.protected = cx.client.protection();
        Ok(next)
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        let next = match to.verb() {
            Some(Verb::Auth) if line.code.is_success() || line.code.is_intermediate() => Next::Continue,
            Some(Verb::Auth) => self.auth_refused(cx, line.code),
            _ => self.protect.finished(cx, to, line.code),
        };
        self.protected = cx.client.protection();
        next
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> Protected {
        self.protected
    }
}

/// PBSZ and PROT, each sent once (RFC 4217 9).
#[derive(Debug)]
pub(super) struct ProtectData {
    /// What is asked for, where the policy does not say it.
    level: Option<ProtectionLevel>,
    sized: bool,
    asked: bool,
}

impl ProtectData {
    pub(super) const fn new(level: Option<ProtectionLevel>) -> Self {
        Self { level, sized: false, asked: false }
    }

    /// Sends what is due.
    pub(super) fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        let level = match (self.level, cx.client.config.security.data) {
            (Some(level), _) => level,
            (None, Policy::Never) => ProtectionLevel::Clear,
            (None, Policy::Prefer | Policy::Require) => ProtectionLevel::Private,
        };
        if level == ProtectionLevel::Private && cx.client.protects_data() && !self.asked {
            return Ok(Next::Done);
        }
        self.sized = self.sized
            || cx.client.settings.has_protection_buffer()
            || cx.send(&Command::Pbsz(ProtectionBufferSize(0)))?;
        if self.sized && !self.asked {
            self.asked = cx.send(&Command::Prot(level))?;
        }
        Ok(Next::Continue)
    }

    /// Takes the final reply to PBSZ or PROT.
    pub(super) fn finished(&self, cx: &mut Context<'_, '_>, to: ReplyTo, code: ReplyCode) -> Next {
        let required = self.level.is_some() || cx.client.config.security.data == Policy::Require;
        let client = &mut *cx.client;
        match to.verb() {
            Some(Verb::Prot) => {
                let before_login = client.login != LoginState::Done && !client.shield.after_login;
                client.shield.after_login = false;
                match code {
                    code if code.is_success() => Next::Done,
                    // Some servers protect data only for users who are logged in (aioftp, with implicit TLS).
                    // Nothing moves until it is asked again.
                    ReplyCode::BAD_SEQUENCE | ReplyCode::NOT_LOGGED_IN
                        if before_login && self.level.is_none() =>
                    {
                        client.shield.after_login = true;
                        Next::Done
                    }
                    _ if required => Next::Refused,
                    _ => Next::Done,
                }
            }
            // What PBSZ is answered says nothing: PROT's answer does.
            _ => Next::Continue,
        }
    }
}

/// Takes TLS off the control connection, and leaves it on the data connections (CCC, RFC 4217 5): for
/// firewalls that look into the dialogue. Everybody else can look into it, too, and put words into it.
pub fn clear_command_channel() -> Operation<ClearCommandChannel> {
    Operation::new(ClearCommandChannel { sent: false, granted: false })
}

/// See [`clear_command_channel`].
#[derive(Debug)]
pub struct ClearCommandChannel {
    sent: bool,
    granted: bool,
}

impl Sequence for ClearCommandChannel {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        self.sent = self.sent || cx.send(&Command::Ccc)?;
        Ok(if self.granted { Next::Done } else { Next::Continue })
    }

    fn finished(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, line: &ReplyLine<'_>) -> Next {
        self.granted = line.code.is_success();
        if self.granted { Next::Continue } else { Next::Refused }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
}
