//! The address of the next data connection, requested ahead of its transfer.
//!
//! ```text
//!   None ──► Tried ──► None                     SYST was sent instead, and answered
//!    │
//!    └─────► Requested ──► Known ──► None       the next transfer uses the address
//!                │
//!                └───────► Overtaken ──► None   the reply came before that of the transfer
//! ```
//!
//! In a series of transfers the client sends EPSV or PASV for the next transfer right behind the
//! command of a transfer, in the same segment. A server that takes its commands in order listens
//! once that transfer is over, and the two replies arrive together. RFC 959 5.4 describes an
//! alternating dialogue, and not every server takes its commands in order: one that carries out
//! EPSV during a transfer may end that transfer. So the first command that is sent ahead is SYST,
//! which harms no transfer. Only if its reply follows that of a transfer with data
//! ([`Profile::IN_ORDER`](crate::client::Profile::IN_ORDER)) are addresses requested ahead. A
//! transfer without data shows nothing: it may be over before the server looks at SYST.
//!
//! A reply that comes too early, or not at all, ends this: see `machine/series.rs`.

use core::net::IpAddr;

use crate::codec::{ReplyLine, address};

/// The address of the next data connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::client) enum Ahead {
    /// No address was requested ahead, or it is no longer wanted.
    #[default]
    None,
    /// SYST was sent, to find out whether the server takes commands in order.
    Tried {
        /// The reply to SYST followed that of the transfer.
        answered: bool,
        /// The transfer has moved data.
        moved: bool,
    },
    /// An address was requested, and the reply is owed.
    Requested,
    /// The server listens at this port, and may have named this host.
    Known(Option<IpAddr>, u16),
    /// The reply to the request came before that of the transfer. The server may have ended the
    /// transfer without a reply.
    Overtaken,
}

impl Ahead {
    /// Records that SYST was sent.
    pub(super) const fn attempt(&mut self) {
        *self = Self::Tried { answered: false, moved: false };
    }

    /// Records that the reply to SYST has followed that of the transfer. Returns whether that shows
    /// that the server takes commands in order.
    pub(super) fn attempt_answered(&mut self) -> bool {
        if let Self::Tried { answered, .. } = self {
            *answered = true;
        }
        self.is_conclusive()
    }

    /// Records that the transfer has ended, and has moved data. Returns whether that shows that the
    /// server takes commands in order.
    pub(super) fn moved(&mut self) -> bool {
        if let Self::Tried { moved, .. } = self {
            *moved = true;
        }
        self.is_conclusive()
    }

    fn is_conclusive(self) -> bool {
        self == Self::Tried { answered: true, moved: true }
    }

    /// Records that an address was requested.
    pub(super) const fn request(&mut self) {
        *self = Self::Requested;
    }

    /// Takes the reply to the request. `is_early` says whether the transfer before it is still
    /// unanswered.
    pub(super) fn answered(&mut self, line: &ReplyLine<'_>, is_early: bool) {
        *self = match (*self, is_early) {
            (_, true) => Self::Overtaken,
            (Self::Requested, false) if line.code.is_success() => {
                address::parse_passive_reply(line).map_or(Self::None, |(host, port)| Self::Known(host, port))
            }
            _ => Self::None,
        };
    }

    /// Records that the transfer that was overtaken is over, with a reply or without.
    pub(super) fn transfer_answered(&mut self) {
        if *self == Self::Overtaken {
            *self = Self::None;
        }
    }

    /// Gives up the address, because no transfer will use it.
    pub(super) fn give_up(&mut self) {
        if *self != Self::Overtaken {
            *self = Self::None;
        }
    }
}
