//! TLS tickets: the clients that get them before their uploads end, and the 150 that waits for that.
//!
//! By TLS 1.3 the tickets for the next data connections follow the handshake of this one. On an upload one kind of client
//! needs them early, and the other must not get them early, and the first upload of a control connection shows which it is.
//!
//! - curl shakes hands before it sends its command, and begins to send when it has the 150. It uses each ticket once, keeps
//!   the last, and takes in what is there when it has written the last byte, and no later. Without a ticket by then, its
//!   next data connection resumes nothing and is refused.
//! - Others never read while they write. What they leave unread when they close makes the close a reset (RFC 9293 3.6.1),
//!   and the end of their file may be lost with it. Most shake hands once they have the 150 (lftp, all that use Go's or
//!   Python's libraries as they are); others send without waiting for it. They resume a session again and again, or have
//!   the tickets of the control connection.
//!
//! So the first 150 to an upload whose connection is open already is held back: for a moment, to see whether the handshake
//! begins without it, and then to see whether data comes without it. The client is of the first kind if the one does and
//! the other does not.

use core::time::Duration;

/// The time that the first 150 waits for a handshake: those that do not wait for it have begun it before their command.
const BEGINNING: Duration = Duration::from_millis(50);
/// The time that it waits for bytes of the file once the handshake is over: a client may encrypt all of it first.
const SENDING: Duration = Duration::from_millis(250);
/// The time that a 150 waits for the end of a handshake that has begun, or for the handshake of a client that has not waited
/// for the 150 before.
const PATIENCE: Duration = Duration::from_secs(2);

/// The use that a client makes of tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Habit {
    /// The client has not shown it yet.
    #[default]
    Unknown,
    /// The client needs those of a data connection before its upload ends.
    NeedsTickets,
    /// The client does not need them.
    NeedsNone,
}

impl Habit {
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

    /// A TLS handshake is over, and the driver has seen it [begin](crate::action::DataEvent::Securing) or not: in
    /// the latter case no tickets follow. Returns whether the tickets are to be sent at once.
    pub(super) fn secured(&mut self, begun: bool) -> bool {
        if !begun {
            *self = Self::NeedsNone;
        }
        *self == Self::NeedsTickets
    }

    /// Data has come before the 150.
    pub(super) const fn sent_ahead(&mut self) {
        *self = Self::NeedsNone;
    }

    /// An upload has broken off in its middle, perhaps because of tickets that were not read.
    pub(super) fn upload_has_broken(&mut self) {
        if *self == Self::NeedsTickets {
            *self = Self::NeedsNone;
        }
    }

    /// The 150 has waited for data after the handshake, and none has come: the client needs its tickets.
    pub(super) const fn waited_after_handshake(&mut self) {
        *self = Self::NeedsTickets;
    }

    /// The 150 has waited for a handshake: the client needs the 150 to begin it, or to go on with it.
    pub(super) const fn waited_for_handshake(&mut self) {
        *self = Self::NeedsNone;
    }
}
