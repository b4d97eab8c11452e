//! Decides how far the server's replies can be trusted, and what the client asks to make sure.
//!
//! The client judges a reply by its code alone, and commands share codes: 250 answers CWD as well
//! as DELE. A server that has sent one reply too many may send another. From then on the client
//! sends a *probe*, a command whose answer cannot belong to any other command: SYST, or PWD if the
//! server does not know SYST.
//!
//! - A probe is sent before a command that cannot be undone or that asks for a value. The probe is
//!   omitted if the last reply was certainly the last one in flight and cannot answer the command:
//!   229 belongs to EPSV and never answers STOR.
//! - A probe is sent once the server has granted a command that changes something (DELE, STOR, CWD
//!   and the like). The success is reported when the probe is answered. A refusal that arrives
//!   instead belongs to the command.
//!
//! The client confirms a success even without any doubt if its code is not in the command's row
//! (200 to DELE), or if more has arrived right behind the reply. If the answer to the probe comes
//! next, the reply was right and raises no doubt.
//!
//! # Limits of detection
//!
//! The client accepts a surplus reply if its code can answer the command, if it arrives after the
//! whole command was sent and before the command's own reply, and if one of these holds:
//!
//! - The client has seen no other surplus reply in this session, nothing has arrived behind this
//!   one yet, and its code is in the row of the command. Nothing distinguishes it from the right
//!   reply.
//! - The command changes nothing, so no probe follows it, and the reply arrives after the answer to
//!   the probe before it. Only a server that sends replies unasked, or at arbitrary times, can do
//!   that.
//! - The command's own reply never comes.
//! - The server knows neither SYST nor PWD.

use super::expected_reply::ExpectedReply;
use crate::client::reply_to::Generation;
use crate::codec::{ReplyCode, Verb};

/// The command that is sent as a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    Syst,
    /// The server does not know SYST.
    Pwd,
    /// The server knows neither SYST nor PWD, so only the order of its replies can be relied on.
    Unanswerable,
}

/// The trust in the server's replies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    /// Set once the server has sent a surplus reply in this session, or a reply whose code is not
    /// in the command's row.
    exists: bool,
    /// Code of the last final reply, if it could not have answered any other command.
    certain: Option<ReplyCode>,
    /// Granted command whose success is not yet confirmed.
    unconfirmed: Option<ExpectedReply>,
    probe: Probe,
}

impl Doubt {
    pub(super) const fn new() -> Self {
        Self { exists: false, certain: None, unconfirmed: None, probe: Probe::Syst }
    }

    /// Records that a command was sent.
    pub(super) fn sent(&mut self) {
        self.certain = None;
        self.set_aside();
    }

    /// Records a reply that answers nothing.
    pub(super) fn stray(&mut self) {
        self.exists = true;
    }

    /// Records a final reply. `is_last` says whether no other reply is owed, and `more` whether
    /// something has arrived behind it.
    pub(super) fn answered(&mut self, answered: &ExpectedReply, code: ReplyCode, is_last: bool, more: bool) {
        self.certain = Some(code).filter(|_| is_last && answered.is_certain(code));
        let is_strange = !answered.has_in_row(code);
        if answered.is_probe() {
            self.probed(answered, code);
            return;
        }
        let changes = answered.verb().is_some_and(|verb| verb.info().changes) && answered.is_by_row();
        let confirms = changes && code.is_success() && is_last && (self.exists || is_strange || more);
        self.unconfirmed = confirms.then_some(*answered);
        self.exists |= is_strange && !confirms;
    }

    /// Records the answer to a probe. Whatever the answer is, no reply sent before it is still in
    /// flight.
    fn probed(&mut self, answered: &ExpectedReply, code: ReplyCode) {
        if is_unknown(code) {
            self.probe = match self.probe {
                Probe::Syst => Probe::Pwd,
                Probe::Pwd | Probe::Unanswerable => Probe::Unanswerable,
            };
            return;
        }
        self.unconfirmed = None;
        self.certain = Some(match answered.verb() {
            Some(Verb::Syst) => ReplyCode::SYSTEM_TYPE,
            _ => ReplyCode::PATHNAME,
        });
    }

    /// Returns the probe to send before a command.
    pub(super) fn probe_before(&self, verb: Option<Verb>) -> Option<Verb> {
        let verb = verb.filter(|verb| verb.info().irrevocable || verb.info().carries_value)?;
        let is_certain = self.certain.is_some_and(|code| !verb.info().is_answered_by(code));
        if !self.exists || is_certain {
            return None;
        }
        match self.probe {
            Probe::Syst if verb == Verb::Syst => Some(Verb::Pwd),
            Probe::Syst => Some(Verb::Syst),
            // The answer to PWD proves nothing about a command that it can answer as well.
            Probe::Pwd => Some(Verb::Pwd).filter(|_| !verb.info().is_answered_by(ReplyCode::PATHNAME)),
            Probe::Unanswerable => None,
        }
    }

    /// Returns the probe that confirms the last success; `None` if no probe can make the success
    /// more certain.
    pub(super) fn confirmation(&mut self) -> Option<Verb> {
        self.unconfirmed?;
        match self.probe {
            Probe::Syst => Some(Verb::Syst),
            Probe::Pwd => Some(Verb::Pwd),
            Probe::Unanswerable => {
                self.set_aside();
                None
            }
        }
    }

    /// Returns whether the last success is to be confirmed.
    pub(super) const fn is_unconfirmed(&self) -> bool {
        self.unconfirmed.is_some()
    }

    /// Returns the state after a probe was sent to confirm the last success.
    pub(super) const fn probing(&self) -> Self {
        Self { certain: None, ..*self }
    }

    /// Gives up confirming the last success, so that the doubt remains.
    pub(super) fn set_aside(&mut self) {
        self.exists |= self.unconfirmed.take().is_some();
    }

    /// Assigns the unconfirmed command to this operation.
    pub(super) fn adopt(&mut self, generation: Generation) {
        if let Some(expected) = &mut self.unconfirmed {
            expected.adopt(generation);
        }
    }

    /// Returns the unconfirmed command if a final reply with this code refuses it, so that the
    /// command failed after all. A server refuses a probe only if it does not know the probe, and a
    /// server that answers 530 to a probe has not carried out the command before it either.
    pub(super) fn refused(&mut self, code: ReplyCode) -> Option<ExpectedReply> {
        if !code.is_failure() || is_unknown(code) || code == ReplyCode::SERVICE_NOT_AVAILABLE {
            return None;
        }
        let refused = self.unconfirmed.take()?;
        self.exists = true;
        Some(refused)
    }

    /// Returns whether a stray shows that the refusal taken for the probe's was in fact the
    /// unconfirmed command's.
    pub(super) fn is_contradicted_by(&self, code: ReplyCode) -> bool {
        self.unconfirmed.is_some() && self.probe != Probe::Syst && code == ReplyCode::SYSTEM_TYPE
    }
}

/// Returns whether a refusal says that the server does not have the command.
const fn is_unknown(code: ReplyCode) -> bool {
    matches!(code.get(), 500..=502 | 504)
}

#[cfg(test)]
mod tests {
    use super::super::expected_reply::Accepts;
    use super::*;
    use crate::client::reply_to::ReplyTo;

    const fn code(number: u16) -> ReplyCode {
        ReplyCode::literal(number)
    }

    const fn probe(verb: Verb) -> ExpectedReply {
        ExpectedReply::new(ReplyTo::Command(verb), Accepts::Row)
    }

    const fn owed(verb: Verb) -> ExpectedReply {
        probe(verb).owed_to(1)
    }

    /// Returns a doubt after a surplus reply.
    fn doubtful() -> Doubt {
        let mut doubt = Doubt::new();
        doubt.stray();
        doubt
    }

    /// Returns a doubt in which the success of DELE has to be confirmed.
    fn unconfirmed() -> Doubt {
        let mut doubt = doubtful();
        doubt.answered(&owed(Verb::Dele), code(250), true, false);
        doubt
    }

    #[test]
    fn a_success_is_confirmed_if_it_changes_something_and_there_is_a_reason() {
        for (verb, number, is_last, more, doubt, confirmed) in [
            (Verb::Dele, 250, true, false, Doubt::new(), false),
            (Verb::Dele, 250, true, true, Doubt::new(), true),
            (Verb::Dele, 250, true, false, doubtful(), true),
            (Verb::Dele, 250, false, true, doubtful(), false),
            (Verb::Dele, 200, true, false, Doubt::new(), true),
            (Verb::Dele, 550, true, true, doubtful(), false),
            (Verb::Noop, 200, true, true, doubtful(), false),
        ] {
            let mut doubt = doubt;
            doubt.answered(&owed(verb), code(number), is_last, more);
            assert_eq!(doubt.is_unconfirmed(), confirmed, "{verb} {number} {is_last} {more}");
            assert_eq!(doubt.confirmation(), confirmed.then_some(Verb::Syst));
        }
    }

    #[test]
    fn a_command_ends_what_its_predecessors_have_made_certain() {
        let mut doubt = unconfirmed();
        doubt.sent();
        assert!(!doubt.is_unconfirmed());
        assert_eq!(doubt.probe_before(Some(Verb::Dele)), Some(Verb::Syst), "the doubt remains");
        let mut doubt = doubtful();
        doubt.answered(&owed(Verb::Epsv), code(229), true, false);
        assert_eq!(doubt.probe_before(Some(Verb::Stor)), None, "229 is no answer to STOR");
        doubt.sent();
        assert_eq!(doubt.probe_before(Some(Verb::Stor)), Some(Verb::Syst));
    }

    #[test]
    fn a_refusal_of_an_unconfirmed_command_belongs_to_the_operation_that_has_adopted_it() {
        for (number, refuses) in
            [(550, true), (450, true), (530, true), (502, false), (421, false), (250, false)]
        {
            let mut doubt = unconfirmed();
            doubt.adopt(7);
            let refused = doubt.refused(code(number));
            assert_eq!(
                refused.map(|it| (it.verb(), it.generation())),
                refuses.then_some((Some(Verb::Dele), 7))
            );
            assert_eq!(doubt.is_unconfirmed(), !refuses, "{number}");
        }
    }

    #[test]
    fn only_a_late_answer_to_syst_contradicts_a_success_that_pwd_is_to_confirm() {
        for (doubt, knows_syst, number, contradicts) in [
            (unconfirmed(), false, 215, true),
            (unconfirmed(), false, 257, false),
            (unconfirmed(), true, 215, false),
            (doubtful(), false, 215, false),
        ] {
            let mut doubt = doubt;
            if !knows_syst {
                doubt.answered(&probe(Verb::Syst), code(502), true, false);
            }
            assert_eq!(doubt.is_contradicted_by(code(number)), contradicts, "{number}");
        }
    }
}
