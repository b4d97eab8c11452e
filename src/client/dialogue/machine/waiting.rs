//! Waiting for the server: what is waited for, and what happens when the time has run out.

use super::Client;
use crate::action::{Action, Wait};
use crate::buffer::{Rx, Span, Tx};
use crate::client::config::Profile;
use crate::client::dialogue::connection::TransferUpdate;
use crate::client::dialogue::deadlines::KeepAlive;
use crate::client::dialogue::machine_event::MachineEvent;
use crate::client::dialogue::session::Finding;
use crate::codec::Command;
use crate::error::{Awaited, PeerError};
use crate::time::Instant;

impl Client {
    /// Returns what to wait for; `None` after a timeout whose handling lets the loop continue.
    pub(super) fn wait(
        &mut self,
        now: Instant,
        rx: &Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Option<Action<MachineEvent>> {
        let alive = self.keep_alive(now, tx);
        let readable = rx.has_room() && !rx.is_eof();
        let mut wait = Wait { readable, writable: !tx.is_empty(), ..Wait::default() };
        let Some((awaited, limit)) = self.awaited() else {
            self.deadlines.restart();
            return Some(Action::Wait(Wait { application: true, ..wait }));
        };
        let Some(deadline) = self.deadlines.wait(awaited, limit, now) else {
            return self.timed_out(awaited, rx, tx);
        };
        wait.data = self.data.connection().is_some() || self.abort.is_securing();
        wait.deadline = Some(alive.map_or(deadline, |alive| alive.min(deadline)));
        Some(Action::Wait(wait))
    }

    /// Handles a timeout.
    fn timed_out(&mut self, awaited: Awaited, rx: &Rx<'_>, tx: &mut Tx<'_>) -> Option<Action<MachineEvent>> {
        match awaited {
            // The lenient rule: the reply ended with the previous line, which is no longer in the
            // window.
            Awaited::EndOfReply => {
                self.note(Finding::Is(Profile::ANY_CODE_ENDS));
                let end = self.incoming.end()?;
                return self.reply_line(rx, b"", &end, Span::default()).map(Action::Event);
            }
            Awaited::ReplyAhead => {
                self.ask_about_lost(tx);
                return None;
            }
            Awaited::Handshake if self.abort.is_securing() => self.abort.handshake_ended(),
            Awaited::Preliminary => {
                self.expected.assume_begun();
                self.update_transfer(TransferUpdate::AssumedBegun);
            }
            // One reply counts for both, unless the other one has begun to arrive, or ABOR has not
            // even left: it would be answered later.
            Awaited::Abort
                if self.abort.is_half_answered() && self.abort.is_idle() && !self.incoming.is_within() =>
            {
                match self.abort.may_be_answered() {
                    true => self.note(Finding::Is(Profile::ONE_ABORT_REPLY)),
                    // It may still come, and must not be taken for the answer to anything else.
                    false => self.expected.expect_strays(),
                }
                self.count_abort_as_answered();
            }
            _ if self.data.timed_out(awaited) => return None,
            _ => {
                let stray = self.expected.pending_stray().filter(|_| awaited == Awaited::ReplyAfterStray);
                let error = stray.map(|stray| PeerError::UnexpectedReply(stray.code()));
                self.fail(error.unwrap_or(PeerError::TimedOut(awaited)));
                return None;
            }
        }
        Some(Action::Event(MachineEvent::Changed))
    }

    /// Sends NOOP at intervals while data moves, if configured. Returns when the next is due.
    fn keep_alive(&mut self, now: Instant, tx: &mut Tx<'_>) -> Option<Instant> {
        let transferring = self.data.is_moving() && self.expected.is_transferring();
        let keep_alive = self.deadlines.keep_alive(self.config.keepalive.filter(|_| transferring), now);
        // NOOPs that a server leaves unanswered until the end must leave room for STAT and ABOR.
        if matches!(keep_alive, KeepAlive::Due(_)) && self.expected.room() > 2 {
            let _ = self.send_during_transfer(tx, &Command::Noop, self.generation());
        }
        keep_alive.next()
    }
}
