//! Listens before a command is sent, to make sure that the driver has read what the server has
//! already sent.
//!
//! A reply that arrived before a command does not answer it. Before a command is sent, the machine
//! asks its driver to read, with a [`Wait`](crate::action::Wait) whose deadline is now.

use core::time::Duration;

use crate::time::Instant;

/// The state of listening before a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Listening {
    /// No command is to be sent.
    #[default]
    No,
    /// A command is to be sent; the driver has to read first.
    Wanted,
    /// The driver was asked to read. It is asked again as long as something arrives.
    Reading {
        /// Time of the first request.
        since: Instant,
        /// Bytes of a line that were in the receive window.
        pending: usize,
    },
    /// The driver has read everything there was.
    Silent,
    /// The driver has read, and part of a line has arrived. That line answers nothing.
    WithinLine,
}

/// The result of listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listened {
    /// Nothing has to be read.
    Enough,
    /// The driver has to read and come back at once.
    Read,
    /// The server has kept sending for longer than it may.
    TooLong,
}

impl Listening {
    /// Asks to send a command. Returns whether listening allows it.
    pub(super) fn may_send(&mut self) -> bool {
        let has_read = matches!(self, Self::Silent | Self::WithinLine);
        if !has_read {
            *self = Self::Wanted;
        }
        has_read
    }

    /// Records that a command was sent. Returns whether part of the next reply had arrived when the
    /// driver last read.
    pub(super) fn sent(&mut self) -> bool {
        core::mem::take(self) == Self::WithinLine
    }

    /// Stops listening: no command is to be sent, or something has to be done before it. Earlier
    /// reads do not count.
    pub(super) const fn stop(&mut self) {
        *self = Self::No;
    }

    /// Pauses listening, because the caller turns to something else. Only a pending request to read
    /// is kept.
    pub(super) const fn pause(&mut self) {
        if !matches!(self, Self::Reading { .. }) {
            *self = Self::No;
        }
    }

    /// Listens for at most `limit`. `heard` says whether a line has arrived since the previous
    /// call, and `pending` how many bytes of the next line have.
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
        // A server that never stops sending leaves no moment at which a command could be answered.
        if limit.is_some_and(|limit| now > since.after(limit)) {
            return Listened::TooLong;
        }
        *self = Self::Reading { since, pending };
        Listened::Read
    }
}
