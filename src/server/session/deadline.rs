//! The deadlines of a session, and the consequences of missing them.

use core::time::Duration;

use super::Session;
use crate::action::DataFailure;
use crate::buffer::Tx;
use crate::codec::Text;
use crate::error::{Awaited, PeerError};
use crate::server::transfer::END_ROOM;
use crate::time::Instant;

impl<P> Session<P> {
    /// Returns the idle timeout: the requested one (SITE IDLE), but at most the configured one.
    pub(super) fn idle(&self) -> Duration {
        let most = self.config.timeouts.idle;
        self.next.idle().map_or(most, |seconds| Duration::from_secs(seconds.get().into()).min(most))
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Returns the event that is awaited from the client, its data connection or the host, and its
    /// deadline.
    pub(super) fn deadline(&mut self, now: Instant) -> (Awaited, Instant) {
        let timeouts = &self.config.timeouts;
        let started = self.deadlines.login_began(now);
        if let Some(due) = self.login.refusal_due(now, timeouts) {
            return (Awaited::Login, due.min(started.after(timeouts.login)));
        }
        let held = self.announcement_waits();
        let idle = self.idle();
        let timeouts = &self.config.timeouts;
        let since = self.deadlines.since();
        let listening = self.data.listening_since(now).map(|since| since.after(timeouts.accept));
        let (awaited, deadline) = match (&mut self.transfer, self.call.since(), held) {
            (_, Some(asked), _) => (Awaited::Host, asked.after(timeouts.host)),
            (_, None, Some(wait)) => (Awaited::Handshake, since.after(wait.min(timeouts.accept))),
            (Some(transfer), ..) if transfer.is_moving() => {
                if let Some(due) = transfer.reply_due(now) {
                    return (Awaited::FinalReply, due);
                }
                let stall = since.after(timeouts.stall);
                if self.config.limits.minimum_rate == 0 || timeouts.rate.is_zero() {
                    return (Awaited::Data, stall);
                }
                (Awaited::Data, stall.min(transfer.measured_since(now).after(timeouts.rate)))
            }
            (Some(_), ..) => (Awaited::DataConnection, since.after(timeouts.accept)),
            (None, ..) if self.login.is_in() => (Awaited::Command, since.after(idle)),
            (None, ..) => (Awaited::Login, started.after(timeouts.login)),
        };
        // A listener without a transfer keeps its port only until this deadline, whatever commands
        // arrive.
        match listening.filter(|end| !self.is_busy() && *end < deadline) {
            Some(end) => (Awaited::DataConnection, end),
            None => (awaited, deadline),
        }
    }

    /// Returns whether the deadline that has passed was only the end of a rate period in which the
    /// transfer kept the minimum rate, so that the transfer continues.
    pub(super) fn is_fast_enough(&mut self, now: Instant) -> bool {
        let (limits, timeouts) = (&self.config.limits, &self.config.timeouts);
        if now >= self.deadlines.since().after(timeouts.stall) {
            return false;
        }
        let measured = self
            .transfer
            .as_mut()
            .and_then(|transfer| transfer.measure(now, timeouts.rate, limits.minimum_rate));
        measured.unwrap_or(false)
    }

    /// Handles a deadline that has passed.
    pub(super) fn time_out(&mut self, awaited: Awaited, tx: &mut Tx<'_>) {
        if let Some(ticket) = self.login.take_refusal() {
            return self.refuse_login(ticket, tx);
        }
        match awaited {
            Awaited::Handshake => self.announcement_has_waited(),
            // The client does not read its replies, so there is no room for another one.
            _ if tx.free() < END_ROOM => self.give_up(awaited, tx),
            Awaited::Data => self.transfer_failed(DataFailure::Stalled, tx),
            Awaited::DataConnection => self.transfer_failed(DataFailure::Unreachable, tx),
            Awaited::Host => self.unanswered(tx),
            awaited => self.give_up(awaited, tx),
        }
    }

    fn give_up(&mut self, awaited: Awaited, tx: &mut Tx<'_>) {
        self.close(Text::literal("Timed out; closing the connection."), tx);
        self.pi.fail(PeerError::TimedOut(awaited));
    }
}
