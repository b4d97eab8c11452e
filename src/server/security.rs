//! The session's side of TLS: AUTH, PBSZ, PROT and CCC (RFC 2228 3, RFC 4217), and what goes without.

use super::commands::Outcome;
use super::data::Channel;
use super::machine::Ticket;
use super::note::Note;
use super::session::{Login, Session, Step};
use crate::action::DataOp;
use crate::buffer::{Rx, Tx};
use crate::codec::{ProtectionLevel, ReplyCode as Code, Text, Verb};
use crate::error::PeerError;
use crate::security::{Control, Downgrade, Policy, SessionBinding, TlsMode, Upgrade};
use crate::time::Instant;

/// The mechanisms of AUTH, and whether each protects data connections from the start, as PROT P does. RFC 4217 17
/// has the first two. Its drafts had the others, with that meaning, and servers in use have kept it.
const MECHANISMS: [(&str, bool); 4] = [("TLS", false), ("TLS-C", false), ("SSL", true), ("TLS-P", true)];

/// What of the session is protected.
#[derive(Debug)]
pub(super) struct Shield {
    control: Control,
    /// PBSZ was sent.
    sized: bool,
    /// Data connections are protected (PROT P, or AUTH SSL).
    data: bool,
    /// The client's certificate was verified in the handshake that is in force.
    certified: bool,
}

impl Shield {
    pub(super) const fn new(mode: TlsMode) -> Self {
        Self { control: Control::new(mode), sized: false, data: false, certified: false }
    }
}

impl<P> Session<P> {
    /// Whether the control connection is protected by TLS.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.shield.control == Control::Secured
    }

    /// Whether data connections are protected by TLS: the client has sent PROT P, or AUTH SSL, which implies it.
    #[must_use]
    pub const fn protects_data(&self) -> bool {
        self.shield.data
    }

    /// Whether the client has shown a certificate, in the handshake of the TLS that is in force.
    #[must_use]
    pub const fn is_certified(&self) -> bool {
        self.shield.certified
    }

    /// Whether data connections may resume the TLS sessions of the other control connections of this user, from the same
    /// address, and theirs those of this one: the client is logged in, and [`SessionBinding::User`] is set. That does not
    /// go for anonymous users, whom only the host knows.
    #[must_use]
    pub fn shares_tls_sessions(&self) -> bool {
        self.login == Login::In && self.config.security.session_binding == SessionBinding::User
    }

    /// Whether a data connection counts whatever it resumes.
    pub(super) fn takes_any_tls_session(&self) -> bool {
        self.config.security.session_binding == SessionBinding::Off
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// The handshake has succeeded: what comes and goes from now on is protected.
    pub fn upgraded(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.change(Control::Secured);
    }

    /// As [`upgraded`](Self::upgraded), where the client has shown a certificate in the handshake and the driver's
    /// TLS has verified it. From now on, until TLS ends, the host is asked at each USER whether the certificate
    /// is enough ([`Request::Identify`](super::Request::Identify)).
    pub fn upgraded_with_certificate(&mut self, token: Upgrade) {
        self.upgraded(token);
        self.shield.certified = true;
    }

    /// The handshake failed, or the connection has ended in it: so has the session.
    pub fn upgrade_failed(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.pi.fail(PeerError::Handshake);
        self.change(Control::Plain);
    }

    /// TLS has ended in order: the dialogue goes on in the clear.
    pub fn downgraded(&mut self, token: Downgrade) {
        let Downgrade(()) = token;
        self.change(Control::Plain);
    }

    fn change(&mut self, control: Control) {
        match (&self.shield.control, &control) {
            (Control::Changing { secure: true, .. }, Control::Secured) => self.note(Note::Secured),
            (Control::Changing { secure: false, .. }, Control::Plain) => self.note(Note::Cleared),
            _ => {}
        }
        self.shield.control = control;
        self.shield.certified = false;
        self.progress = true;
    }

    /// What the driver has to do to the control connection before anything else goes on, or is at.
    pub(super) fn change_protection(&mut self, now: Instant, tx: &Tx<'_>) -> Result<Option<Step>, PeerError> {
        let change = self.shield.control.advance(now, self.config.timeouts.handshake, tx);
        change.map_err(|error| self.pi.fail(error))
    }

    /// Why a command may not be served as things are: it would go in the clear, and must not.
    pub(super) fn protection_denied(&self, verb: Verb) -> Option<(Code, &'static str)> {
        let required = |policy| policy == Policy::Require && self.config.security.tls != TlsMode::None;
        match verb {
            Verb::User | Verb::Pass | Verb::Acct
                if required(self.config.security.control) && !self.is_secured() =>
            {
                // 534 is USER's alone; the others come out of order anyway.
                let code = if verb == Verb::User { Code::DENIED_BY_POLICY } else { Code::BAD_SEQUENCE };
                Some((code, "Protect this connection by AUTH TLS first."))
            }
            verb if verb.opens_data_connection()
                && required(self.config.security.data)
                && !self.shield.data =>
            {
                Some((Code::DATA_PROTECTION_REFUSED, "Protect data connections by PROT P first."))
            }
            _ => None,
        }
    }

    /// AUTH (RFC 4217 4): once it is granted nothing that was sent in the clear counts any more.
    pub(super) fn authenticate(
        &mut self,
        ticket: Ticket,
        mechanism: Text<'_>,
        rx: &Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        let mechanism = mechanism.as_bytes().trim_ascii_end();
        let known = MECHANISMS.iter().find(|(name, _)| mechanism.eq_ignore_ascii_case(name.as_bytes()));
        let Some((_, protects_data)) = known else {
            return self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, "Only TLS is known.", tx);
        };
        if self.is_secured() {
            return self.answer_now(ticket, Code::BAD_SEQUENCE, "TLS is in force already.", tx);
        }
        if self.config.security.control == Policy::Never {
            return self.answer_now(ticket, Code::DENIED_BY_POLICY, "There is no TLS here.", tx);
        }
        if *protects_data && self.config.security.data == Policy::Never {
            return self.answer_now(
                ticket,
                Code::DENIED_BY_POLICY,
                "Data stays clear here: send AUTH TLS.",
                tx,
            );
        }
        if !rx.is_empty() {
            self.pi.fail(PeerError::Injected);
            self.close(Text::literal("Nothing may follow AUTH in the clear."), tx);
            return None;
        }
        self.reset();
        self.shield.data = *protects_data;
        self.shield.control = Control::Due(true);
        self.answer_now(ticket, Code::SECURITY_EXCHANGE_COMPLETE, "Begin TLS.", tx)
    }

    /// PBSZ (RFC 4217 9): TLS needs no buffers of an agreed size, and the command has to come all the same.
    pub(super) fn size_protection_buffer(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> Outcome {
        if !self.is_secured() {
            return self.answer_now(ticket, Code::BAD_SEQUENCE, "Send AUTH TLS first.", tx);
        }
        self.shield.sized = true;
        self.answer_now(ticket, Code::COMMAND_OKAY, "PBSZ=0", tx)
    }

    /// PROT (RFC 4217 9).
    pub(super) fn protect(&mut self, ticket: Ticket, level: ProtectionLevel, tx: &mut Tx<'_>) -> Outcome {
        if !self.is_secured() || !self.shield.sized {
            return self.answer_now(ticket, Code::BAD_SEQUENCE, "Send PBSZ first.", tx);
        }
        let (private, policy) = match level {
            ProtectionLevel::Clear => (false, Policy::Require),
            ProtectionLevel::Private => (true, Policy::Never),
            _ => {
                let text = "TLS has levels C and P.";
                return self.answer_now(ticket, Code::PROT_LEVEL_NOT_SUPPORTED, text, tx);
            }
        };
        if self.config.security.data == policy {
            return self.answer_now(ticket, Code::DENIED_BY_POLICY, "Not here.", tx);
        }
        self.shield.data = private;
        if !private && matches!(self.channel, Channel::Securing { .. } | Channel::Secured(_)) {
            // What is protected already cannot be cleared.
            self.close_channel(DataOp::Abort);
        }
        self.answer_now(ticket, Code::COMMAND_OKAY, "Data protection set.", tx)
    }

    /// ADAT (RFC 2228 3): TLS has no such data, and its exchange is over when this can come.
    pub(super) fn security_data(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> Outcome {
        let text = if self.is_secured() { "TLS is in force already." } else { "AUTH comes first." };
        self.answer_now(ticket, Code::BAD_SEQUENCE, text, tx)
    }

    /// MIC, CONF and ENC (RFC 2228 3): TLS protects the connection, not commands.
    pub(super) fn protected_command(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> Outcome {
        match self.is_secured() {
            true => {
                let text = "TLS protects commands as they are.";
                self.answer_now(ticket, Code::COMMAND_PROTECTION_NOT_SUPPORTED, text, tx)
            }
            false => self.answer_now(ticket, Code::BAD_SEQUENCE, "AUTH comes first.", tx),
        }
    }

    /// CCC (RFC 4217 5).
    pub(super) fn clear_control(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> Outcome {
        if !self.is_secured() {
            let text = "The connection is clear already.";
            return self.answer_now(ticket, Code::COMMAND_PROTECTION_DENIED, text, tx);
        }
        if !self.config.security.clear_command_channel || self.login != Login::In {
            return self.answer_now(ticket, Code::DENIED_BY_POLICY, "The connection stays protected.", tx);
        }
        self.shield.control = Control::Due(false);
        self.answer_now(ticket, Code::COMMAND_OKAY, "In the clear from now on.", tx)
    }

    /// REIN: TLS ends too, once the reply is out (RFC 4217 13). Where it began with the connection there is
    /// nothing to go back to.
    pub(super) fn reset_protection(&mut self) {
        (self.shield.sized, self.shield.data) = (false, false);
        if self.is_secured() && self.config.security.tls == TlsMode::Explicit {
            self.shield.control = Control::Due(false);
        }
    }
}
