//! The session's clockwork: what has to happen until when, and what follows when it does not.

use core::time::Duration;

use super::data::Channel;
use super::machine::Ticket;
use super::session::{Login, Session};
use super::transfer::END_ROOM;
use crate::action::DataFailure;
use crate::buffer::Tx;
use crate::codec::Text;
use crate::error::{Awaited, PeerError};
use crate::time::Instant;

/// A moment that a deadline of the whole session counts from. Whoever is not logged in yet has no upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    /// Nothing has begun.
    Unset,
    /// The time for a login.
    Login(Instant),
    /// The control connection has ended.
    Orphaned(Instant),
}

impl Epoch {
    /// When the time for a login began: now, if it had not.
    fn of_login(&mut self, now: Instant) -> Instant {
        match *self {
            Self::Login(began) | Self::Orphaned(began) => began,
            Self::Unset => {
                *self = Self::Login(now);
                now
            }
        }
    }

    /// When the control connection ended: now, if it had not.
    pub(super) fn of_orphan(&mut self, now: Instant) -> Instant {
        match *self {
            Self::Orphaned(ended) => ended,
            Self::Login(_) | Self::Unset => {
                *self = Self::Orphaned(now);
                now
            }
        }
    }
}

impl<P> Session<P> {
    /// How long the client may say nothing: what it has asked for is never more than the configuration allows.
    pub(super) fn idle(&self) -> Duration {
        let most = self.config.timeouts.idle;
        self.idle.map_or(most, |seconds| Duration::from_secs(seconds.get().into()).min(most))
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// What the client, its data connection or the host has to do next, and until when.
    pub(super) fn deadline(&mut self, now: Instant) -> (Awaited, Instant) {
        if let Some(due) = self.refusal_due(now) {
            return (Awaited::Login, due);
        }
        let held = self.announcement_waits();
        let idle = self.idle();
        let timeouts = &self.config.timeouts;
        let started = self.epoch.of_login(now);
        let listening = match &mut self.channel {
            Channel::Listening(_, since) => Some(since.get_or_insert(now).after(timeouts.accept)),
            _ => None,
        };
        let (awaited, deadline) = match (&mut self.transfer, self.login) {
            _ if self.pending.is_some() => (Awaited::Host, self.asked_at.after(timeouts.host)),
            _ if held.is_some() => {
                let wait = held.unwrap_or_default();
                (Awaited::Handshake, self.since.after(wait.min(timeouts.accept)))
            }
            (Some(transfer), _) if transfer.reply_due(now).is_some() => {
                (Awaited::FinalReply, transfer.reply_due(now).unwrap_or(now))
            }
            (Some(transfer), _) if transfer.is_moving() => {
                let stall = self.since.after(timeouts.stall);
                if self.config.limits.minimum_rate == 0 || timeouts.rate.is_zero() {
                    return (Awaited::Data, stall);
                }
                let (begun, _) = *transfer.measured.get_or_insert((now, transfer.moved()));
                (Awaited::Data, stall.min(begun.after(timeouts.rate)))
            }
            (Some(_), _) => (Awaited::DataConnection, self.since.after(timeouts.accept)),
            (None, Login::In) => (Awaited::Command, self.since.after(idle)),
            (None, _) => (Awaited::Login, started.after(timeouts.login)),
        };
        // A listener that no transfer wants takes its port for so long, whatever is said meanwhile.
        match listening.filter(|end| self.pending.is_none() && self.transfer.is_none() && *end < deadline) {
            Some(end) => (Awaited::DataConnection, end),
            None => (awaited, deadline),
        }
    }

    /// The transfer keeps the minimum rate, and nothing else is wrong with it: it goes on.
    pub(super) fn is_fast_enough(&mut self, now: Instant) -> bool {
        let (limits, timeouts) = (&self.config.limits, &self.config.timeouts);
        let Some(transfer) = &mut self.transfer else { return false };
        let Some((begun, moved)) = transfer.measured else { return false };
        if now >= self.since.after(timeouts.stall) || now < begun.after(timeouts.rate) {
            return false;
        }
        let time = u64::try_from(now.since(begun).as_millis()).unwrap_or(u64::MAX);
        let needed = u64::from(limits.minimum_rate).saturating_mul(time) / 1000;
        let enough = transfer.moved().saturating_sub(moved) >= needed;
        transfer.measured = Some((now, transfer.moved()));
        enough
    }

    pub(super) fn time_out(&mut self, awaited: Awaited, tx: &mut Tx<'_>) {
        if let Some((ticket, _)) = self.refusing.take() {
            return self.refuse_login(ticket, tx);
        }
        match awaited {
            Awaited::Handshake => self.announcement_has_waited(),
            // It does not even take its replies.
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

    /// When a failed login is told. The time counts from the PASS and not from the host's answer, in whole
    /// delays: how long the host took does not show (RFC 2577 6). Each failure doubles the delay.
    fn refusal_due(&mut self, now: Instant) -> Option<Instant> {
        let (_, due): &mut (Ticket, Option<Instant>) = self.refusing.as_mut()?;
        let timeouts = &self.config.timeouts;
        Some(*due.get_or_insert_with(|| {
            let doubled =
                1u32.checked_shl(u32::from(self.failed_logins).saturating_sub(1)).unwrap_or(u32::MAX);
            let delay = timeouts.login_delay.saturating_mul(doubled).min(timeouts.login_delay_most);
            if delay < Duration::from_micros(1) {
                return now;
            }
            let delays = now.since(self.asked_at).as_micros().div_ceil(delay.as_micros()).max(1);
            self.asked_at.after(delay.saturating_mul(u32::try_from(delays).unwrap_or(u32::MAX)))
        }))
    }
}
