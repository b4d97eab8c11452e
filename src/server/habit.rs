//! Which clients get TLS tickets before their uploads end, and when their 150 waits for that.
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
//! So the first 150 to an upload whose connection stands already is held back: for a moment, to see whether the handshake
//! begins without it, and then to see whether data comes without it. The client is of the first kind if the one does and
//! the other does not.

use core::time::Duration;

use super::data::Channel;
use super::session::Session;
use crate::action::DataOp;

/// How long the first 150 waits for a handshake: those that do not wait for it have begun it before their command.
const BEGINNING: Duration = Duration::from_millis(50);
/// How long it waits for bytes of the file once the handshake is over: a client may encrypt all of it first.
const SENDING: Duration = Duration::from_millis(250);
/// How long a 150 waits for the end of a handshake that has begun, or for the handshake of a client that has not waited
/// for the 150 before.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a client does with tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Habit {
    /// That is yet to be seen.
    #[default]
    Unknown,
    /// It needs those of a data connection before its upload ends.
    NeedsTickets,
    /// It does not.
    NeedsNone,
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// How long the 150 to an upload waits for what the client does without it, from the last that has happened on.
    pub(super) fn announcement_waits(&self) -> Option<Duration> {
        if self.takes_any_tls_session() || !self.is_unannounced_upload() {
            return None;
        }
        match (&self.channel, self.habit) {
            (_, Habit::NeedsNone) => None,
            (Channel::Securing { begun: false, .. }, Habit::Unknown) => Some(BEGINNING),
            (Channel::Securing { .. }, _) => Some(PATIENCE),
            (Channel::Secured(_), Habit::Unknown) => Some(SENDING),
            _ => None,
        }
    }

    /// An upload has broken off in its middle: it may be the tickets that were not read.
    pub(super) fn upload_has_broken(&mut self) {
        if self.habit == Habit::NeedsTickets {
            self.habit = Habit::NeedsNone;
        }
    }

    /// It has waited for so long.
    pub(super) fn announcement_has_waited(&mut self) {
        self.habit = match self.channel {
            Channel::Secured(id) => {
                self.order(id, DataOp::SendTickets);
                Habit::NeedsTickets
            }
            // Who needs the 150 to begin the handshake, or to go on with it, gets it.
            _ => Habit::NeedsNone,
        };
    }
}
