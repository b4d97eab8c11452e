//! Whether the server's replies can be trusted to answer what they seem to, and what is asked to find out.
//!
//! A reply is judged by its code alone, and codes are shared: 250 is CWD's as well as DELE's. A server that has
//! once sent a reply too many may do so again, so from then on the client asks something whose answer nothing else
//! can have sent, a *probe*: SYST, or PWD where SYST is refused.
//!
//! - A probe goes before a command that cannot be taken back or whose answer is a value, unless the reply before it
//!   was certainly the last one on its way and could not answer the command: 229 is EPSV's, and no answer to STOR.
//! - A probe goes after a command that changes something (DELE, STOR, CWD and their like) was granted, and its
//!   success is reported when the probe is answered. A refusal that comes instead is the command's own.
//!
//! The second is done without any doubt, too, where the code is not in the row of the command (200 to DELE), or where
//! more has come right behind the reply. Where the probe is answered next, that server answers so, and there is no
//! doubt.
//!
//! # What cannot be told
//!
//! A reply too many is believed, since nothing sets it apart, if its code can answer the command and it arrives after
//! the whole command was sent and before the command's own reply, and
//!
//! - nothing was wrong with the server before: it is the first reply too many of the session, or the first after which
//!   the client heard nothing of the replies that it displaced, and its code is in the row of the command; or
//! - the command changes nothing, so that no probe follows it, and the reply arrives after the answer to the probe
//!   before it: only a server that speaks at times of its own, not in the order of commands, can do that; or
//! - the command's own reply never comes.

use super::expected::{Accepts, ExpectedReply, Generation, NO_OPERATION};
use crate::codec::{ReplyCode, Verb};

/// Which command is sent as a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    Syst,
    /// SYST was refused.
    Pwd,
    /// Both were refused: their order is all there is to go by.
    Unanswerable,
}

/// What is thought of the server's replies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    /// The server has sent a reply too many in this session, or one that is not in its row.
    exists: bool,
    /// The code of the last final reply, if that could not have answered anything but its command.
    certain: Option<ReplyCode>,
    /// The command that was granted, while its success is not confirmed.
    unconfirmed: Option<ExpectedReply>,
    probe: Probe,
}

impl Doubt {
    pub(super) const fn new() -> Self {
        Self { exists: false, certain: None, unconfirmed: None, probe: Probe::Syst }
    }

    /// Takes note of a command that goes out.
    pub(super) fn sent(&mut self) {
        self.certain = None;
        self.set_aside();
    }

    /// Takes note of a reply that answers nothing.
    pub(super) fn stray(&mut self) {
        self.exists = true;
    }

    /// Takes note of a final reply; `is_last` when no other is owed, and `more` when something has come behind it.
    pub(super) fn answered(&mut self, answered: &ExpectedReply, code: ReplyCode, is_last: bool, more: bool) {
        self.certain = Some(code).filter(|_| is_last && answered.is_certain(code));
        let is_strange = !answered.has_in_row(code);
        if answered.is_probe() {
            self.probed(answered, code);
            return;
        }
        let changes = answered.verb().is_some_and(changes) && answered.accepts == Accepts::Row;
        let confirms = changes && code.is_success() && is_last && (self.exists || is_strange || more);
        self.unconfirmed = confirms.then_some(*answered);
        self.exists |= is_strange && !confirms;
    }

    /// A probe was answered, or is not to be had. Whatever it was answered by, nothing is on its way that was sent
    /// before it.
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

    /// What is to be sent before a command.
    pub(super) fn probe_before(&self, verb: Option<Verb>) -> Option<Verb> {
        let verb = verb.filter(|verb| verb.info().irrevocable || tells(*verb))?;
        let is_certain = self.certain.is_some_and(|code| !verb.info().is_answered_by(code));
        if !self.exists || is_certain {
            return None;
        }
        match self.probe {
            Probe::Syst if verb == Verb::Syst => Some(Verb::Pwd),
            Probe::Syst => Some(Verb::Syst),
            // Its answer proves nothing for what has the same.
            Probe::Pwd => Some(Verb::Pwd).filter(|_| !verb.info().is_answered_by(ReplyCode::PATHNAME)),
            Probe::Unanswerable => None,
        }
    }

    /// What is to be sent to confirm the last success; `None` when it is as certain as it can be.
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

    /// Whether the last success is to be confirmed.
    pub(super) const fn is_unconfirmed(&self) -> bool {
        self.unconfirmed.is_some()
    }

    /// A probe goes out to confirm the last success.
    pub(super) const fn probing(&self) -> Self {
        Self { certain: None, ..*self }
    }

    /// Nobody wants the success confirmed any more.
    pub(super) fn set_aside(&mut self) {
        self.exists |= self.unconfirmed.take().is_some();
    }

    /// The unconfirmed command now belongs to this operation.
    pub(super) fn adopt(&mut self, generation: Generation) {
        if let Some(expected) = &mut self.unconfirmed {
            expected.generation = generation;
        }
    }

    /// A final reply comes while a probe is owed: gives the command back that it refuses, if what was taken for that
    /// command's success was not. A probe itself is refused only by a server that does not know it, and a server that
    /// says 530 to it has not carried out the command either.
    pub(super) fn refused(&mut self, code: ReplyCode) -> Option<ExpectedReply> {
        if !code.is_failure() || is_unknown(code) || code == ReplyCode::SERVICE_NOT_AVAILABLE {
            return None;
        }
        let refused = self.unconfirmed.take()?;
        self.exists = true;
        Some(refused)
    }

    /// Whether a stray shows that the refusal of the probe before was the command's own.
    pub(super) fn is_contradicted_by(&self, code: ReplyCode) -> bool {
        self.unconfirmed.is_some() && self.probe != Probe::Syst && code == ReplyCode::SYSTEM_TYPE
    }
}

impl Default for Doubt {
    fn default() -> Self {
        Self::new()
    }
}

impl ExpectedReply {
    /// Whether it is owed to a probe.
    pub(super) fn is_probe(&self) -> bool {
        self.generation == NO_OPERATION && matches!(self.verb(), Some(Verb::Syst | Verb::Pwd))
    }
}

/// Whether a refusal says that the server does not have the command.
const fn is_unknown(code: ReplyCode) -> bool {
    matches!(code.get(), 500..=502 | 504)
}

/// Whether the success of a command changes files or directories, or what later commands mean.
const fn changes(verb: Verb) -> bool {
    use Verb::{Appe, Cdup, Comb, Cwd, Dele, Mkd, Rest, Rmd, Rnto, Stor, Stou, Xcup, Xcwd, Xmkd, Xrmd};
    let names = matches!(verb, Cdup | Cwd | Mkd | Rnto | Xcup | Xcwd | Xmkd);
    names || matches!(verb, Appe | Comb | Dele | Rest | Rmd | Stor | Stou | Xrmd)
}

/// Whether the reply to a command tells something that is asked of many files: it may be another's.
const fn tells(verb: Verb) -> bool {
    use Verb::{Hash, Mdtm, Mlst, Pwd, Size, Syst, Xpwd};
    matches!(verb, Hash | Mdtm | Mlst | Pwd | Size | Syst | Xpwd)
}
