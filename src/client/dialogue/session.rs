//! The session with the server: what is known about it, who is logged in, what is protected, and
//! what was agreed.

use core::time::Duration;

use super::expected_reply::ExpectedReply;
use super::known_server::KnownServer;
use super::login_state::LoginState;
use super::outgoing::Outgoing;
use super::protection::Protection;
use super::settings::{Change, Settings};
use crate::action::Action;
use crate::buffer::Tx;
use crate::client::config::Profile;
use crate::codec::{ReplyCode, ReplyLine, Verb};
use crate::error::PeerError;
use crate::security::TlsMode;
use crate::time::Instant;

/// A fact about the server that an operation has found out.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) enum Finding<'l> {
    /// The server has this property.
    Is(Profile),
    /// The server does not have this property, or no longer.
    IsNot(Profile),
    /// The server answered a command with this line, which may show how the server writes paths.
    Said(Option<Verb>, &'l ReplyLine<'l>),
    /// The server refused a command because the type in force is not the one that the client
    /// assumed.
    TypeDiffers,
    /// The server has answered PROT, and is not asked again as part of the login.
    ProtectsData,
    /// The server protects data only for users who are logged in, and is asked again then.
    ProtectsDataAfterLogin,
}

/// The session with the server.
#[derive(Debug)]
pub(super) struct Session {
    server: KnownServer,
    login: LoginState,
    protection: Protection,
    settings: Settings,
    /// Number of commands sent that may alter the session.
    alterations: u32,
}

impl Session {
    pub(super) fn new(tls: TlsMode) -> Self {
        Self {
            server: KnownServer::default(),
            login: LoginState::No,
            protection: Protection::new(tls),
            settings: Settings::default(),
            alterations: 0,
        }
    }

    pub(super) const fn alterations(&self) -> u32 {
        self.alterations
    }

    pub(super) const fn server(&self) -> &KnownServer {
        &self.server
    }

    pub(super) const fn login(&self) -> LoginState {
        self.login
    }

    pub(super) const fn protection(&self) -> &Protection {
        &self.protection
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sets what the caller knows about the server.
    pub(super) const fn given(&mut self, profile: Profile) {
        self.server.given(profile);
    }

    /// Records what was found out about the server.
    pub(super) fn note(&mut self, finding: Finding<'_>) {
        match finding {
            Finding::Is(property) => self.server.learn(property),
            Finding::IsNot(property) => self.server.unlearn(property),
            Finding::Said(verb, line) => self.server.learn_paths(verb, line),
            Finding::TypeDiffers => self.settings.forget_type(),
            Finding::ProtectsData => self.protection.data_is_settled(),
            Finding::ProtectsDataAfterLogin => self.protection.data_is_due_after_login(),
        }
    }

    /// Records a command that is sent. Returns the setting that it changes once it is granted.
    pub(super) fn sent(&mut self, outgoing: &Outgoing<'_, '_>) -> Option<Change> {
        self.alterations = self.alterations.wrapping_add(u32::from(outgoing.alters_session()));
        outgoing.command().and_then(|command| self.settings.sent(command))
    }

    /// Takes a line of the reply to a command.
    pub(super) fn line(&mut self, expected: &ExpectedReply, line: &ReplyLine<'_>) {
        if expected.moves_file() && (line.code.is_preliminary() || line.code.is_success()) {
            self.settings.restart_used();
        }
        self.server.line(expected.verb(), line);
    }

    /// Records a final reply. `is_last` says whether nothing has arrived behind it, and `tls` how
    /// TLS is set up.
    ///
    /// # Errors
    /// If anything has arrived behind the reply that grants AUTH, since it may have been injected.
    pub(super) fn answered(
        &mut self,
        answered: &ExpectedReply,
        code: ReplyCode,
        is_last: bool,
        tls: TlsMode,
    ) -> Result<(), PeerError> {
        self.settings.answered(answered.verb(), answered.change(), code);
        self.login.answered(answered.to(), code);
        self.server.answered(answered.verb(), code);
        match answered.verb() {
            Some(Verb::Auth) if !(code.is_success() || code.is_intermediate()) => {}
            Some(Verb::Auth) if is_last => self.protection.upgrade_granted(),
            Some(Verb::Auth) => return Err(PeerError::Injected),
            Some(Verb::Ccc) if code.is_success() => self.protection.downgrade_granted(),
            // With TLS from the first byte on, REIN leaves TLS in place (RFC 4217 13).
            Some(Verb::Rein) if code.is_success() => {
                self.settings.reset();
                self.protection.data_is_settled();
                if tls != TlsMode::Implicit {
                    self.protection.downgrade_granted();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Records that TLS has begun. What was learnt in the clear is forgotten, and a new session
    /// begins with the defaults.
    pub(super) fn upgraded(&mut self) {
        self.protection.upgraded();
        self.server.secured();
        self.settings.reset();
    }

    /// Records that TLS has ended, or was not established.
    pub(super) const fn cleared(&mut self) {
        self.protection.cleared();
    }

    /// Returns the pending or running change of the protection; `None` when nothing changes.
    ///
    /// # Errors
    /// If the driver takes longer than `limit` for it.
    pub(super) fn change_protection<E>(
        &mut self,
        now: Instant,
        limit: Duration,
        tx: &Tx<'_>,
    ) -> Result<Option<Action<E>>, PeerError> {
        self.protection.advance(now, limit, tx)
    }
}
