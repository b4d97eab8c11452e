//! TLS tickets: which clients get them before their uploads end, and how long the 150 is held back
//! to find out.
//!
//! In TLS 1.3 the tickets for the next data connections follow the handshake of the current one.
//! During an upload, some clients need them early and others must not get them early. The first
//! upload of a control connection shows which kind a client is.
//!
//! - curl performs the handshake before it sends its command, and starts to send data after the
//!   150. It uses each ticket once, keeps the latest one, and, once it has written the last byte,
//!   reads what has arrived by then and nothing later. If curl has no ticket by then, its next data
//!   connection resumes nothing and is refused.
//! - Other clients never read while they write. Tickets left unread turn their close into a reset
//!   (RFC 9293 3.6.1), which may lose the end of the file. Most of them perform the handshake after
//!   the 150 (lftp, and everything that uses the libraries of Go or Python unchanged); some send
//!   data without waiting for the 150. They resume one session repeatedly, or use the tickets of
//!   the control connection.
//!
//! Therefore the first 150 to an upload whose connection is already open is held back: for a
//! moment, to see whether the handshake begins without it, and then for longer, to see whether data
//! arrives without it. The client is of the first kind if the handshake begins and no data arrives.

use core::time::Duration;

/// Time that the first 150 waits for a handshake. Clients that do not wait for the 150 begin the
/// handshake before they send their command.
const BEGINNING: Duration = Duration::from_millis(50);
/// Time that the first 150 waits for data once the handshake is over. A client may encrypt the
/// whole file first.
const SENDING: Duration = Duration::from_millis(250);
/// Time that a 150 waits for the end of a handshake that has begun, or for the handshake of a
/// client that did not wait for an earlier 150.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client's need for TLS tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TicketNeed {
    /// Not known yet.
    #[default]
    Unknown,
    /// The client needs the tickets of a data connection before its upload ends.
    NeedsTickets,
    /// The client does not need tickets early.
    NeedsNone,
}

impl TicketNeed {
    /// Returns how long the 150 to an upload waits for a TLS handshake that has not begun.
    pub(super) const fn wait_before_handshake(self) -> Option<Duration> {
        match self {
            Self::NeedsNone => None,
            Self::Unknown => Some(BEGINNING),
            Self::NeedsTickets => Some(PATIENCE),
        }
    }

    /// Returns how long the 150 to an upload waits for the end of a TLS handshake.
    pub(super) const fn wait_during_handshake(self) -> Option<Duration> {
        match self {
            Self::NeedsNone => None,
            Self::Unknown | Self::NeedsTickets => Some(PATIENCE),
        }
    }

    /// Returns how long the 150 to an upload waits for data once the TLS handshake is over.
    pub(super) const fn wait_after_handshake(self) -> Option<Duration> {
        match self {
            Self::Unknown => Some(SENDING),
            Self::NeedsTickets | Self::NeedsNone => None,
        }
    }

    /// Records that a TLS handshake is over. `begun` is `true` if the driver reported its
    /// [beginning](crate::action::DataEvent::Securing); otherwise no tickets are sent early.
    /// Returns whether the tickets are to be sent at once.
    pub(super) fn secured(&mut self, begun: bool) -> bool {
        if !begun {
            *self = Self::NeedsNone;
        }
        *self == Self::NeedsTickets
    }

    /// Records that data arrived before the 150.
    pub(super) const fn sent_ahead(&mut self) {
        *self = Self::NeedsNone;
    }

    /// Records that an upload broke off, perhaps because of unread tickets.
    pub(super) fn upload_has_broken(&mut self) {
        if *self == Self::NeedsTickets {
            *self = Self::NeedsNone;
        }
    }

    /// Records that no data arrived while the 150 waited after the handshake, so the client needs
    /// its tickets.
    pub(super) const fn waited_after_handshake(&mut self) {
        *self = Self::NeedsTickets;
    }

    /// Records that the 150 waited for a handshake: the client needs the 150 to begin or continue
    /// its handshake.
    pub(super) const fn waited_for_handshake(&mut self) {
        *self = Self::NeedsNone;
    }
}
