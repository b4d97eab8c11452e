//! A transfer of the session, from its command to its last reply (RFC 959 4.1.3, 5.4).
//!
//! ```text
//! RETR STOR ... ──► the host opens it        refused: 4yz, 5yz; REST and RANG are used up
//!                        │ opened
//!                        ▼
//!                     Opened ───────────────── the 150 may wait for TLS (see tickets)
//!                        │ 150
//!                        ▼
//!                     Waiting ──────────────── for the data connection, its TLS handshake
//!                        │ connected
//!                        ▼
//!                     Moving ───► Failed       425, 426, 451, 452, 522, 552
//!            upload      │    ▲      ▲
//!           ┌────────────┤    │      └──────── from Opened and Waiting too
//!           │            │ download
//!           ▼            ▼
//!       Received        Sent ───► Taken        the client has closed its end
//!           │            │          │
//!           ▼            ▼          ▼
//!     the host keeps it  └────┬─────┘
//!           │                 ▼
//!           ▼                226               5 ms after the 150 at the earliest, from Taken at once
//!       226, 4yz, 5yz
//! ```
//!
//! ABOR ends a transfer in any of these states: 426 for the transfer, then 226 for ABOR. From Sent and Taken nothing
//! is left to abort, and the transfer gets its 226. While the host opens or keeps a file, ABOR waits for the host.
//! What becomes of REST then is said at [`Part`](super::parameters::Part).

use core::time::Duration;

use super::machine::Ticket;
use crate::action::{DataFailure, DataOp};
use crate::codec::{Direction, Verb};
use crate::time::Instant;
use crate::transfer::{Marker, Parameters};

/// Room that the send queue must have before the reply that ends a transfer is made.
pub(super) const END_ROOM: usize = 256;

/// The time from the 150 to the 226 of a download at the least, unless the client has closed its end of the data
/// connection. Some clients (aria2) take both out of one read, wait for the second after it, and hang.
const REPLIES_APART: Duration = Duration::from_millis(5);

/// A transfer that the host has opened.
#[derive(Debug)]
pub(super) struct Transfer {
    ticket: Ticket,
    verb: Verb,
    state: State,
    announcement: Announcement,
    moved: u64,
    /// The last restart marker that came and was not told.
    marker: Option<Marker>,
    /// When the count for the minimum rate began, and how much had moved then.
    measured: Option<(Instant, u64)>,
}

/// The 150.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announcement {
    /// The 150 is to be sent. With the number of bytes that a download has, where the host knows.
    Due(Option<u64>),
    /// The 150 was sent, at this time.
    Made(Instant),
}

/// The progress of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The host has opened it; 150 is not out yet.
    Opened,
    /// 150 is out; the data connection does not stand yet.
    Waiting,
    /// Bytes are moved.
    Moving,
    /// The last byte was sent; the client's end of the connection may still be open.
    Sent,
    /// The last byte was sent, and the client has closed its end: it has seen the 150.
    Taken,
    /// The last byte was received.
    Received,
    /// The data connection failed.
    Failed(DataFailure),
}

impl Transfer {
    /// Creates a transfer that the host has opened. `size` is the number of bytes of a download, where it is known.
    pub(super) const fn new(ticket: Ticket, verb: Verb, size: Option<u64>) -> Self {
        let announcement = Announcement::Due(size);
        Self { ticket, verb, state: State::Opened, announcement, moved: 0, marker: None, measured: None }
    }

    /// Returns how far the transfer has come.
    pub(super) const fn state(&self) -> State {
        self.state
    }

    /// Returns the command that asked for the transfer.
    pub(super) const fn verb(&self) -> Verb {
        self.verb
    }

    /// Returns the right to the replies of the transfer.
    pub(super) const fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Ends the transfer: one reply is left.
    pub(super) fn into_ticket(self) -> Ticket {
        self.ticket
    }

    /// The 150 is out. Returns the number of bytes that it is to name, or `None` if it was out already.
    pub(super) fn announce(&mut self) -> Option<Option<u64>> {
        if self.state != State::Opened {
            return None;
        }
        self.state = State::Waiting;
        Some(match self.announcement {
            Announcement::Due(size) => size,
            Announcement::Made(_) => None,
        })
    }

    /// Takes note of when the 150 was out.
    pub(super) const fn announced(&mut self, now: Instant) {
        if let Announcement::Due(_) = self.announcement {
            self.announcement = Announcement::Made(now);
        }
    }

    /// Returns whether the client was told that the transfer begins.
    pub(super) fn is_announced(&self) -> bool {
        self.state != State::Opened
    }

    /// Begins to move bytes. Returns the order for the data connection.
    pub(super) fn begin(&mut self, parameters: Parameters) -> DataOp {
        self.state = State::Moving;
        match self.receives() {
            true => DataOp::Receive(parameters),
            false => DataOp::Send(parameters),
        }
    }

    /// Takes the last restart marker that came, if it was not taken.
    pub(super) const fn take_marker(&mut self) -> Option<Marker> {
        self.marker.take()
    }

    /// Returns since when the rate is measured, which is now if it was not measured before.
    pub(super) fn measured_since(&mut self, now: Instant) -> Instant {
        self.measured.get_or_insert((now, self.moved)).0
    }

    /// Measures the rate anew, each `period` long. Returns whether at least `minimum` bytes a second have moved since
    /// the last time, or `None` while the period lasts.
    pub(super) fn measure(&mut self, now: Instant, period: Duration, minimum: u32) -> Option<bool> {
        let (begun, moved) = self.measured.filter(|(begun, _)| now >= begun.after(period))?;
        let time = u64::try_from(now.since(begun).as_millis()).unwrap_or(u64::MAX);
        let needed = u64::from(minimum).saturating_mul(time) / 1000;
        self.measured = Some((now, self.moved));
        Some(self.moved.saturating_sub(moved) >= needed)
    }

    /// Returns whether the data connection has come about.
    pub(super) const fn is_moving(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting)
    }

    /// Returns how many bytes went over the wire.
    pub(super) const fn moved(&self) -> u64 {
        self.moved
    }

    /// More bytes went over the wire.
    pub(super) const fn count(&mut self, bytes: u64) {
        self.moved = self.moved.saturating_add(bytes);
    }

    /// A restart marker came. Where in the file an appended byte comes to lie is not known, so nobody could go on
    /// there.
    pub(super) fn mark(&mut self, marker: Marker) {
        self.marker = Some(marker).filter(|_| self.verb != Verb::Appe);
    }

    /// The client has closed its end: of an upload the last byte came, or there is no telling whether it was the last.
    /// `false` if that cannot be yet, while a download is sent.
    pub(super) fn ended(&mut self, clean: bool) -> bool {
        self.state = match self.state {
            _ if self.receives() && clean => State::Received,
            _ if self.receives() => State::Failed(DataFailure::Malformed),
            State::Sent | State::Taken => State::Taken,
            _ => return false,
        };
        true
    }

    /// The last byte was sent.
    pub(super) const fn sent(&mut self) {
        self.state = State::Sent;
    }

    /// The data connection failed. After the last byte that is one way for the client to close it.
    pub(super) fn broken(&mut self, failure: DataFailure) {
        if self.is_sent() {
            self.state = State::Taken;
        } else if !self.is_over() {
            self.state = State::Failed(failure);
        }
    }

    /// Returns whether all of a download was sent.
    pub(super) const fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent | State::Taken)
    }

    /// Until when the final reply waits.
    pub(super) fn reply_due(&self, now: Instant) -> Option<Instant> {
        match (self.state, self.announcement) {
            (State::Sent, Announcement::Made(at)) => Some(at.after(REPLIES_APART)).filter(|due| now < *due),
            _ => None,
        }
    }

    /// Returns whether no more bytes are moved.
    pub(super) const fn is_over(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting | State::Moving)
    }

    /// Returns whether the client sends.
    pub(super) fn receives(&self) -> bool {
        self.direction() == Direction::ToServer
    }

    /// Returns the direction in which the bytes go.
    pub(super) fn direction(&self) -> Direction {
        self.verb.info().data.unwrap_or(Direction::FromServer)
    }

    /// Returns whether a listing is sent.
    pub(super) const fn is_listing(&self) -> bool {
        matches!(self.verb, Verb::List | Verb::Nlst | Verb::Mlsd)
    }
}
