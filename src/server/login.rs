//! The login of a client (RFC 959 4.1.1): how far it has come, how often it failed, and when a failure is answered.

use core::time::Duration;

use super::config::Timeouts;
use super::machine::Ticket;
use crate::time::Instant;

/// The progress of a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// No user was named.
    #[default]
    Nobody,
    /// A user was named, and a password is wanted.
    Named,
    /// The password was right, and an account is wanted too.
    NeedsAccount,
    /// The client is logged in.
    In,
}

/// A failed login that has not been answered yet.
#[derive(Debug)]
struct Refusal {
    ticket: Ticket,
    due: Due,
}

/// The time at which a failed login is answered.
#[derive(Clone, Copy, Debug)]
enum Due {
    /// Not decided yet: it follows from the time of the request that failed.
    AskedAt(Instant),
    /// This time.
    At(Instant),
}

/// The login of one control connection.
#[derive(Debug, Default)]
pub(super) struct Login {
    stage: Stage,
    failed: u16,
    refusal: Option<Refusal>,
}

impl Login {
    /// Returns how far the login has come.
    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns whether the client is logged in.
    pub(super) fn is_in(&self) -> bool {
        self.stage == Stage::In
    }

    /// Returns how many logins have failed.
    pub(super) const fn failed(&self) -> u16 {
        self.failed
    }

    /// The client has named a user.
    pub(super) const fn named(&mut self) {
        self.stage = Stage::Named;
    }

    /// The host wants an account.
    pub(super) const fn needs_account(&mut self) {
        self.stage = Stage::NeedsAccount;
    }

    /// The host has accepted the client.
    pub(super) const fn succeeded(&mut self) {
        self.stage = Stage::In;
    }

    /// Starts the login over. Returns whether the client was logged in.
    pub(super) fn reset(&mut self) -> bool {
        core::mem::take(&mut self.stage) == Stage::In
    }

    /// Starts a login over that has come to nothing, unless the client was logged in before. Returns whether the
    /// user's name is to be forgotten.
    pub(super) fn give_up(&mut self) -> bool {
        if self.is_in() {
            return false;
        }
        self.stage = Stage::Nobody;
        true
    }

    /// Counts a failure of the login that the host was asked for at this time. Its answer is held back, so that
    /// nobody can try many.
    pub(super) fn fail(&mut self, ticket: Ticket, asked_at: Instant) {
        self.failed = self.failed.saturating_add(1);
        self.refusal = Some(Refusal { ticket, due: Due::AskedAt(asked_at) });
    }

    /// Returns when the failure is answered. The time counts from the PASS and not from the host's answer, in
    /// whole delays: how long the host took does not show (RFC 2577 6). Each failure doubles the delay.
    pub(super) fn refusal_due(&mut self, now: Instant, timeouts: &Timeouts) -> Option<Instant> {
        let failed = u32::from(self.failed);
        let Refusal { due, .. } = self.refusal.as_mut()?;
        let at = match *due {
            Due::At(at) => at,
            Due::AskedAt(asked_at) => {
                let doubled = 1u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX);
                let delay = timeouts.login_delay.saturating_mul(doubled).min(timeouts.login_delay_most);
                if delay < Duration::from_micros(1) {
                    now
                } else {
                    let delays = now.since(asked_at).as_micros().div_ceil(delay.as_micros()).max(1);
                    asked_at.after(delay.saturating_mul(u32::try_from(delays).unwrap_or(u32::MAX)))
                }
            }
        };
        *due = Due::At(at);
        Some(at)
    }

    /// Takes the ticket of the failure that is to be answered now, or never.
    pub(super) fn take_refusal(&mut self) -> Option<Ticket> {
        self.refusal.take().map(|refusal| refusal.ticket)
    }
}
