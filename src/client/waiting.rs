//! What the client waits for, how long, and what it does when the time is up.

use core::time::Duration;

use super::channel::{Channel, Phase};
use super::expected::ExpectedReply;
use super::fxp::Elsewhere;
use super::machine::Heard;
use super::{Client, Profile, ReplyTo};
use crate::action::{Action, DataFailure, DataOp, Wait};
use crate::buffer::{Rx, Tx};
use crate::codec::{Command, ReplyCode, Verb};
use crate::error::{Awaited, PeerError};
use crate::time::Instant;

impl Client {
    /// What to wait for; nothing when a deadline has passed and something is to do about it.
    pub(super) fn wait(&mut self, now: Instant, rx: &Rx<'_>, tx: &mut Tx<'_>) -> Option<Action<Heard>> {
        let alive = self.keep_alive(now, tx);
        let mut wait = Wait { readable: !rx.is_eof(), writable: !tx.is_empty(), ..Wait::default() };
        let Some((awaited, limit)) = self.awaited() else {
            self.clock = None;
            wait.application = true;
            return Some(Action::Wait(wait));
        };
        let since = match self.clock {
            Some((same, since)) if same == awaited => since,
            _ => now,
        };
        self.clock = Some((awaited, since));
        let deadline = since.after(limit);
        if now < deadline {
            wait.data = self.channel.is_some() || self.secures_to_abort();
            wait.deadline = Some(alive.map_or(deadline, |alive| alive.min(deadline)));
            return Some(Action::Wait(wait));
        }
        self.clock = None;
        let failure = match awaited {
            Awaited::EndOfReply => {
                return self.resynchronise(rx).map(|line| Action::Event(Heard::Reply(line)));
            }
            Awaited::DataConnection => Some(Phase::Failed(DataFailure::Unreachable)),
            Awaited::Data => Some(Phase::Failed(DataFailure::Stalled)),
            Awaited::Handshake if self.secures_to_abort() => {
                self.stop_securing();
                return Some(Action::Event(Heard::Changed));
            }
            Awaited::Handshake => Some(Phase::Failed(DataFailure::Handshake)),
            Awaited::Preliminary => {
                self.assume_begun();
                return Some(Action::Event(Heard::Changed));
            }
            Awaited::DataClose => Some(Phase::NotTaken),
            Awaited::ReplyAfterStray => {
                let code = self.expected.pending_stray().map_or(ReplyCode::COMMAND_OKAY, |stray| stray.code);
                self.fail(PeerError::UnexpectedReply(code));
                return None;
            }
            // Within a reply it is clear that another was meant to come.
            Awaited::Abort if self.abort_answered && self.reply.within.is_none() => {
                // One reply for the two of them.
                if self.abort_said {
                    self.profile |= Profile::ONE_ABORT_REPLY;
                }
                self.count_abort_as_answered();
                return Some(Action::Event(Heard::Changed));
            }
            _ => None,
        };
        match (failure, &mut self.channel) {
            (Some(failure), Some(channel)) => {
                channel.phase = failure;
                let id = channel.id;
                self.order(id, DataOp::Abort);
            }
            _ => self.fail(PeerError::TimedOut(awaited)),
        }
        None
    }

    /// What the server has to do next, and how long it may take.
    fn awaited(&self) -> Option<(Awaited, Duration)> {
        let timeouts = &self.config.timeouts;
        let phase = self.channel.map(|channel| channel.phase);
        let channel = |is: fn(&Channel) -> bool| self.channel.as_ref().is_some_and(is);
        if self.reply.within.is_some() && self.reply.may_be_over {
            return Some((Awaited::EndOfReply, timeouts.end_of_reply.min(timeouts.reply)));
        }
        if self.secures_to_abort() {
            return Some((Awaited::Handshake, timeouts.handshake));
        }
        let is_confirmed = channel(|channel| channel.confirmed);
        let computes = |expected: &ExpectedReply| expected.verb().is_some_and(computes);
        Some(match (phase, self.expected.first()) {
            (Some(Phase::Connecting | Phase::Opening), _) => (Awaited::DataConnection, timeouts.connect),
            (Some(Phase::Listening(_)), _) if is_confirmed => {
                (Awaited::DataConnection, timeouts.first_byte.min(timeouts.accept))
            }
            (Some(Phase::Listening(_)), _) if channel(Channel::may_move) => {
                (Awaited::DataConnection, timeouts.accept)
            }
            (Some(Phase::Securing), _) if is_confirmed => {
                (Awaited::Handshake, timeouts.first_byte.min(timeouts.handshake))
            }
            (Some(Phase::Securing), _) => (Awaited::Handshake, timeouts.handshake),
            (Some(Phase::Moving), _) if is_confirmed && channel(Channel::awaits_first_byte) => {
                (Awaited::Data, timeouts.first_byte.min(timeouts.data_idle))
            }
            (Some(Phase::Moving), _) => (Awaited::Data, timeouts.data_idle),
            (Some(Phase::Closing), _) => (Awaited::DataClose, timeouts.first_byte),
            (_, Some(_)) if self.expected.awaits_abort() || self.abort_answered => {
                (Awaited::Abort, timeouts.abort)
            }
            (_, Some(_)) if self.expected.pending_stray().is_some() => {
                (Awaited::ReplyAfterStray, timeouts.stray)
            }
            (_, Some(expected)) if expected.transferring => match self.elsewhere {
                Elsewhere::Moving => (Awaited::FinalReply, timeouts.elsewhere),
                _ => (Awaited::FinalReply, timeouts.final_reply),
            },
            (Some(Phase::Connected), Some(expected))
                if expected.is_transfer() && channel(|channel| channel.purpose.receives) =>
            {
                (Awaited::Preliminary, timeouts.preliminary)
            }
            (_, Some(expected)) if expected.to == ReplyTo::Greeting => (Awaited::Greeting, timeouts.greeting),
            (_, Some(expected)) if computes(expected) => (Awaited::Reply, timeouts.digest),
            (_, Some(_)) => (Awaited::Reply, timeouts.reply),
            (_, None) => return None,
        })
    }

    /// Sends NOOP now and then while data moves, where the policy says so: says when the next is due.
    fn keep_alive(&mut self, now: Instant, tx: &mut Tx<'_>) -> Option<Instant> {
        let moving = self.channel.is_some_and(|channel| channel.phase == Phase::Moving)
            || self.elsewhere == Elsewhere::Moving;
        let transferring = self.expected.first().is_some_and(|expected| expected.transferring);
        let every = self.config.keepalive.filter(|_| moving && transferring);
        let Some(every) = every else {
            self.kept_alive = None;
            return None;
        };
        let since = *self.kept_alive.get_or_insert(now);
        if now < since.after(every) {
            return Some(since.after(every));
        }
        self.kept_alive = Some(now);
        // Those that a server leaves unanswered until the end must leave room for STAT and ABOR.
        if self.expected.room() > 2 {
            let _ = self.send_during_transfer(tx, &Command::Noop);
        }
        Some(now.after(every))
    }
}

/// Whether a command makes the server read a whole file before it answers.
fn computes(verb: Verb) -> bool {
    matches!(verb, Verb::Hash | Verb::Xcrc | Verb::Xmd5 | Verb::Xsha1 | Verb::Xsha256 | Verb::Xsha512)
}
