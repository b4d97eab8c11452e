//! AUTH, PBSZ, PROT and CCC (RFC 2228 3, RFC 4217), and the commands of RFC 2228 that TLS does not
//! need.

use super::super::{ForHost, Session};
use super::Carried;
use crate::action::DataOp;
use crate::buffer::{Rx, Tx};
use crate::codec::{Command, ProtectionLevel, ReplyCode as Code, Text};
use crate::error::PeerError;
use crate::security::{Policy, TlsMode};
use crate::server::machine::Ticket;

/// The mechanisms of AUTH, and whether each protects data connections from the start, as PROT P
/// does. RFC 4217 17 defines the first two. The others, with this meaning, come from drafts of that
/// RFC, and existing servers still support them.
const MECHANISMS: [(&str, bool); 4] = [("TLS", false), ("TLS-C", false), ("SSL", true), ("TLS-P", true)];

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes the commands of RFC 2228 and RFC 4217.
    pub(super) fn security_command<'r>(
        &mut self,
        ticket: Ticket,
        command: Command<'r>,
        rx: &Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Carried<'r> {
        Ok(match command {
            Command::Auth(mechanism) => self.authenticate(ticket, mechanism, rx, tx),
            Command::Pbsz(_) => self.size_protection_buffer(ticket, tx),
            Command::Prot(level) => self.protect(ticket, level, tx),
            Command::Ccc => self.clear_control(ticket, tx),
            Command::Adat(_) => self.security_data(ticket, tx),
            Command::Mic(_) | Command::Conf(_) | Command::Enc(_) => self.protected_command(ticket, tx),
            command => return Err((ticket, command)),
        })
    }

    /// Executes AUTH (RFC 4217 4). Granting AUTH resets the session, so that nothing sent in the
    /// clear remains in effect.
    fn authenticate(&mut self, ticket: Ticket, mechanism: Text<'_>, rx: &Rx<'_>, tx: &mut Tx<'_>) -> ForHost {
        let mechanism = mechanism.as_bytes().trim_ascii_end();
        let known = MECHANISMS.iter().find(|(name, _)| mechanism.eq_ignore_ascii_case(name.as_bytes()));
        let Some((_, protects_data)) = known else {
            return self.answer_now(
                ticket,
                Code::PARAMETER_NOT_IMPLEMENTED,
                "Unknown mechanism; use TLS.",
                tx,
            );
        };
        if self.is_secured() {
            return self.answer_now(ticket, Code::BAD_SEQUENCE, "TLS is already active.", tx);
        }
        if self.config.security.control == Policy::Never {
            return self.answer_now(ticket, Code::DENIED_BY_POLICY, "TLS is not available.", tx);
        }
        if *protects_data && self.config.security.data == Policy::Never {
            return self.answer_now(ticket, Code::DENIED_BY_POLICY, "Protection denied; use AUTH TLS.", tx);
        }
        if !rx.is_empty() {
            self.pi.fail(PeerError::Injected);
            self.close(Text::literal("Unencrypted data received after AUTH."), tx);
            return None;
        }
        self.reset();
        if *protects_data {
            self.protection.protect_data();
        } else {
            self.protection.clear_data();
        }
        self.protection.begin();
        self.answer_now(ticket, Code::SECURITY_EXCHANGE_COMPLETE, "Proceed with negotiation.", tx)
    }

    /// Executes PBSZ (RFC 4217 9). TLS needs no agreed buffer size, but PROT requires the command.
    fn size_protection_buffer(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> ForHost {
        if !self.is_secured() {
            return self.answer_now(ticket, Code::BAD_SEQUENCE, "Send AUTH TLS first.", tx);
        }
        self.protection.size();
        self.answer_now(ticket, Code::COMMAND_OKAY, "PBSZ=0", tx)
    }

    /// Executes PROT (RFC 4217 9).
    fn protect(&mut self, ticket: Ticket, level: ProtectionLevel, tx: &mut Tx<'_>) -> ForHost {
        if !self.is_secured() || !self.protection.is_sized() {
            return self.answer_now(ticket, Code::BAD_SEQUENCE, "Send PBSZ first.", tx);
        }
        let (private, policy) = match level {
            ProtectionLevel::Clear => (false, Policy::Require),
            ProtectionLevel::Private => (true, Policy::Never),
            _ => {
                let text = "Unsupported protection level; use C or P.";
                return self.answer_now(ticket, Code::PROT_LEVEL_NOT_SUPPORTED, text, tx);
            }
        };
        if self.config.security.data == policy {
            return self.answer_now(ticket, Code::DENIED_BY_POLICY, "Protection level not allowed.", tx);
        }
        if private {
            self.protection.protect_data();
        } else {
            self.protection.clear_data();
            if self.data.is_protected() {
                // TLS cannot be removed from an open data connection.
                self.data.close(DataOp::Abort);
            }
        }
        self.answer_now(ticket, Code::COMMAND_OKAY, "Protection level set.", tx)
    }

    /// Refuses ADAT (RFC 2228 3): TLS has no such data, and its handshake is over before ADAT can
    /// arrive.
    fn security_data(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> ForHost {
        let text = if self.is_secured() { "TLS is already active." } else { "Send AUTH first." };
        self.answer_now(ticket, Code::BAD_SEQUENCE, text, tx)
    }

    /// Refuses MIC, CONF and ENC (RFC 2228 3): TLS protects the connection, not single commands.
    fn protected_command(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> ForHost {
        match self.is_secured() {
            true => {
                let text = "Not used with TLS.";
                self.answer_now(ticket, Code::COMMAND_PROTECTION_NOT_SUPPORTED, text, tx)
            }
            false => self.answer_now(ticket, Code::BAD_SEQUENCE, "Send AUTH first.", tx),
        }
    }

    /// Executes CCC (RFC 4217 5).
    fn clear_control(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> ForHost {
        if !self.is_secured() {
            let text = "The control connection is not protected.";
            return self.answer_now(ticket, Code::COMMAND_PROTECTION_DENIED, text, tx);
        }
        if !self.config.security.clear_command_channel || !self.login.is_in() {
            return self.answer_now(ticket, Code::DENIED_BY_POLICY, "CCC is not allowed.", tx);
        }
        self.protection.end();
        self.answer_now(ticket, Code::COMMAND_OKAY, "Clearing command channel.", tx)
    }

    /// Resets the protection after REIN: explicit TLS ends once the reply is sent (RFC 4217 13).
    /// Implicit TLS stays, since such a connection has no clear-text state to return to.
    pub(super) fn reset_protection(&mut self) {
        self.protection.reset();
        if self.is_secured() && self.config.security.tls == TlsMode::Explicit {
            self.protection.end();
        }
    }
}
