//! The login of a client (RFC 959 4.1.1): its progress, the number of failures, and the delay of
//! the replies to them.

use core::num::NonZeroU64;
use core::time::Duration;

use super::config::Timeouts;
use super::machine::Ticket;
use crate::time::Instant;

/// User names of anonymous logins.
const ANONYMOUS_NAMES: [&[u8]; 2] = [b"anonymous", b"ftp"];

/// Returns whether a user name is one for anonymous logins: `anonymous` or `ftp`, in upper or lower
/// case. The password is then by custom the user's e-mail address (RFC 1635).
#[must_use]
pub fn is_anonymous_name(user: &[u8]) -> bool {
    ANONYMOUS_NAMES.iter().any(|name| name.eq_ignore_ascii_case(user))
}

/// The progress of a login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// No user name was sent.
    #[default]
    LoggedOut,
    /// A user name was sent, and a password is required.
    Named,
    /// The password was accepted, and an account is required too.
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
    /// Not computed yet. Holds the time of the failed request, from which the due time is computed.
    AskedAt(Instant),
    /// The computed time.
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
    /// Returns the progress of the login.
    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns whether the client is logged in.
    pub(super) fn is_in(&self) -> bool {
        self.stage == Stage::In
    }

    /// Returns the number of failed logins.
    pub(super) const fn failed(&self) -> u16 {
        self.failed
    }

    /// Records that the client sent a user name.
    pub(super) const fn named(&mut self) {
        self.stage = Stage::Named;
    }

    /// Records that the host requires an account.
    pub(super) const fn needs_account(&mut self) {
        self.stage = Stage::NeedsAccount;
    }

    /// Records that the host accepted the client.
    pub(super) const fn succeeded(&mut self) {
        self.stage = Stage::In;
    }

    /// Restarts the login. Returns whether the client was logged in.
    pub(super) fn reset(&mut self) -> bool {
        core::mem::take(&mut self.stage) == Stage::In
    }

    /// Restarts a login that failed, unless the client is already logged in. Returns whether the
    /// user name is to be forgotten.
    pub(super) fn give_up(&mut self) -> bool {
        if self.is_in() {
            return false;
        }
        self.stage = Stage::LoggedOut;
        true
    }

    /// Counts a failed login that was requested at `asked_at`. Its reply is delayed, to slow down
    /// password guessing.
    pub(super) fn fail(&mut self, ticket: Ticket, asked_at: Instant) {
        self.failed = self.failed.saturating_add(1);
        self.refusal = Some(Refusal { ticket, due: Due::AskedAt(asked_at) });
    }

    /// Returns the time at which the failure is answered. The time since PASS, not since the host's
    /// answer, is rounded up to a multiple of the delay, which hides how long the host took (RFC
    /// 2577 6). Each failure doubles the delay.
    pub(super) fn refusal_due(&mut self, now: Instant, timeouts: &Timeouts) -> Option<Instant> {
        let failed = u32::from(self.failed);
        let Refusal { due, .. } = self.refusal.as_mut()?;
        let at = match *due {
            Due::At(at) => at,
            Due::AskedAt(asked_at) => {
                let doubled = 1u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX);
                let delay = timeouts.login_delay.saturating_mul(doubled).min(timeouts.login_delay_most);
                let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                match NonZeroU64::new(micros(delay)) {
                    None => now,
                    Some(one) => {
                        let passed = micros(now.since(asked_at));
                        let delays = (passed / one + u64::from(passed % one > 0)).max(1);
                        asked_at.after(delay.saturating_mul(u32::try_from(delays).unwrap_or(u32::MAX)))
                    }
                }
            }
        };
        *due = Due::At(at);
        Some(at)
    }

    /// Takes the ticket of the failure, to answer it or to drop it.
    pub(super) fn take_refusal(&mut self) -> Option<Ticket> {
        self.refusal.take().map(|refusal| refusal.ticket)
    }
}
