//! Listening before a command: whether the driver has read what the server had sent already.
//!
//! A reply that was there before a command answers nothing. Before a command goes out, the machine asks its driver to
//! read by a [`Wait`](crate::action::Wait) whose deadline is now.

use core::time::Duration;

use crate::time::Instant;

/// The state of listening before a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Listening {
    /// No command is to go out.
    #[default]
    No,
    /// A command is to go out; the driver has to read first.
    Wanted,
    /// The driver was asked to read. It is asked again as long as something comes.
    Reading {
        /// Since when.
        since: Instant,
        /// Bytes of a line that were in the receive window.
        pending: usize,
    },
    /// The driver has read all there was.
    Silent,
    /// The driver has read, and a part of a line has come, so that the line answers nothing.
    WithinLine,
}

/// The result of listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listened {
    /// Nothing is to be read.
    Enough,
    /// The driver has to read, and to come back at once.
    Read,
    /// The server has not stopped to talk for longer than it may.
    TooLong,
}

impl Listening {
    /// A command is to go out. Returns whether it may, as far as this is concerned.
    pub(super) fn may_send(&mut self) -> bool {
        let has_read = matches!(self, Self::Silent | Self::WithinLine);
        if !has_read {
            *self = Self::Wanted;
        }
        has_read
    }

    /// A command was sent. Returns whether a part of the next reply had come when the driver last read.
    pub(super) fn sent(&mut self) -> bool {
        core::mem::take(self) == Self::WithinLine
    }

    /// No command is to go out, or something has to be done before it: what was read does not count.
    pub(super) const fn stop(&mut self) {
        *self = Self::No;
    }

    /// The caller goes on to something else. Only a read that was asked for counts until the next time.
    pub(super) const fn pause(&mut self) {
        if !matches!(self, Self::Reading { .. }) {
            *self = Self::No;
        }
    }

    /// Listens for at most `limit`. `heard` is whether a line has come since the last time, and `pending` how many
    /// bytes of the next.
    pub(super) fn listen(
        &mut self,
        now: Instant,
        heard: bool,
        pending: usize,
        limit: Option<Duration>,
    ) -> Listened {
        let since = match *self {
            Self::No | Self::Silent | Self::WithinLine => return Listened::Enough,
            Self::Wanted => now,
            Self::Reading { pending: before, .. } if !heard && pending == before => {
                *self = if pending > 0 { Self::WithinLine } else { Self::Silent };
                return Listened::Enough;
            }
            Self::Reading { since, .. } => since,
        };
        // A server that never stops to talk leaves no moment at which a command could be answered.
        if limit.is_some_and(|limit| now > since.after(limit)) {
            return Listened::TooLong;
        }
        *self = Self::Reading { since, pending };
        Listened::Read
    }
}
