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
//! ABOR ends a transfer in any of these states except Sent and Taken: 426 for the transfer, then
//! 226 for ABOR. In Sent and Taken nothing is left to abort, and the transfer gets its 226. While
//! the host opens or keeps a file, ABOR waits for the host. For the effect on REST, see
//! [`Part`](super::parameters::Part).

use core::time::Duration;

use super::machine::Ticket;
use crate::action::{DataFailure, DataOp};
use crate::codec::{Direction, Verb};
use crate::time::Instant;
use crate::transfer::{Marker, Parameters};

/// Room that the send queue must have before the reply that ends a transfer is written.
pub(super) const END_ROOM: usize = 256;

/// Minimum time from the 150 to the 226 of a download, unless the client has closed its end of the
/// data connection. Some clients (aria2) hang if one read returns both: they process the first and
/// wait for the second.
const REPLIES_APART: Duration = Duration::from_millis(5);

/// A transfer that the host has opened.
#[derive(Debug)]
pub(super) struct Transfer {
    ticket: Ticket,
    verb: Verb,
    state: State,
    announcement: Announcement,
    moved: u64,
    /// The last restart marker that arrived and has not been reported to the client.
    marker: Option<Marker>,
    /// Start of the current period of the minimum rate, and the number of bytes moved up to then.
    measured: Option<(Instant, u64)>,
}

/// The state of the 150 reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announcement {
    /// The 150 has not been sent. Holds the size of a download, if the host knows it.
    Due(Option<u64>),
    /// The 150 was sent at this time.
    Made(Instant),
}

/// The progress of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The host has opened the file; the 150 has not been sent.
    Opened,
    /// The 150 was sent; the data connection is not open yet.
    Waiting,
    /// Data is being transferred.
    Moving,
    /// The last byte was sent; the client's end of the connection may still be open.
    Sent,
    /// The last byte was sent, and the client has closed its end, so it has read the 150.
    Taken,
    /// The last byte was received.
    Received,
    /// The data connection failed.
    Failed(DataFailure),
}

impl Transfer {
    /// Creates a transfer that the host has opened. `size` is the number of bytes of a download, if
    /// known.
    pub(super) const fn new(ticket: Ticket, verb: Verb, size: Option<u64>) -> Self {
        let announcement = Announcement::Due(size);
        Self { ticket, verb, state: State::Opened, announcement, moved: 0, marker: None, measured: None }
    }

    /// Returns the progress of the transfer.
    pub(super) const fn state(&self) -> State {
        self.state
    }

    /// Returns the command that requested the transfer.
    pub(super) const fn verb(&self) -> Verb {
        self.verb
    }

    /// Returns the ticket for the replies of the transfer.
    pub(super) const fn ticket(&self) -> &Ticket {
        &self.ticket
    }

    /// Ends the transfer and returns the ticket for its final reply.
    pub(super) fn into_ticket(self) -> Ticket {
        self.ticket
    }

    /// Records that the 150 is being sent. Returns the size to state in it, which may be unknown,
    /// or `None` if the 150 was already sent.
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

    /// Records the time of the 150.
    pub(super) const fn announced(&mut self, now: Instant) {
        if let Announcement::Due(_) = self.announcement {
            self.announcement = Announcement::Made(now);
        }
    }

    /// Returns whether the 150 was sent.
    pub(super) fn is_announced(&self) -> bool {
        self.state != State::Opened
    }

    /// Starts to transfer data. Returns the operation for the data connection.
    pub(super) fn begin(&mut self, parameters: Parameters) -> DataOp {
        self.state = State::Moving;
        match self.receives() {
            true => DataOp::Receive(parameters),
            false => DataOp::Send(parameters),
        }
    }

    /// Takes the last restart marker that arrived, if it has not been taken.
    pub(super) const fn take_marker(&mut self) -> Option<Marker> {
        self.marker.take()
    }

    /// Returns the start of the current period of the minimum rate, which is `now` on the first
    /// call.
    pub(super) fn measured_since(&mut self, now: Instant) -> Instant {
        self.measured.get_or_insert((now, self.moved)).0
    }

    /// Measures the rate once per `period`. Returns whether at least `minimum` bytes per second
    /// have moved since the last measurement, or `None` before the period is over.
    pub(super) fn measure(&mut self, now: Instant, period: Duration, minimum: u32) -> Option<bool> {
        let (begun, moved) = self.measured.filter(|(begun, _)| now >= begun.after(period))?;
        let time = u64::try_from(now.since(begun).as_millis()).unwrap_or(u64::MAX);
        let needed = u64::from(minimum).saturating_mul(time) / 1000;
        self.measured = Some((now, self.moved));
        Some(self.moved.saturating_sub(moved) >= needed)
    }

    /// Returns whether the data connection was opened, or has failed.
    pub(super) const fn is_moving(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting)
    }

    /// Returns the number of bytes transferred on the wire.
    pub(super) const fn moved(&self) -> u64 {
        self.moved
    }

    /// Counts bytes transferred on the wire.
    pub(super) const fn count(&mut self, bytes: u64) {
        self.moved = self.moved.saturating_add(bytes);
    }

    /// Records a restart marker. Markers of APPE are dropped: the position of appended bytes in the
    /// file is unknown, so the transfer could not be restarted there.
    pub(super) fn mark(&mut self, marker: Marker) {
        self.marker = Some(marker).filter(|_| self.verb != Verb::Appe);
    }

    /// Records that the client has closed its end. An upload is then complete if the end was
    /// `clean`; otherwise it has failed, since data may be missing. Returns `false` if the event is
    /// not valid because a download is still being sent.
    pub(super) fn ended(&mut self, clean: bool) -> bool {
        self.state = match self.state {
            _ if self.receives() && clean => State::Received,
            _ if self.receives() => State::Failed(DataFailure::Malformed),
            State::Sent | State::Taken => State::Taken,
            _ => return false,
        };
        true
    }

    /// Records that the last byte was sent.
    pub(super) const fn sent(&mut self) {
        self.state = State::Sent;
    }

    /// Records that the data connection failed. After the last byte, this only means that the
    /// client has closed it with a reset.
    pub(super) fn broken(&mut self, failure: DataFailure) {
        if self.is_sent() {
            self.state = State::Taken;
        } else if !self.is_over() {
            self.state = State::Failed(failure);
        }
    }

    /// Returns whether a download was sent in full.
    pub(super) const fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent | State::Taken)
    }

    /// Returns the time until which the final reply is held back, or `None` if it may be sent.
    pub(super) fn reply_due(&self, now: Instant) -> Option<Instant> {
        match (self.state, self.announcement) {
            (State::Sent, Announcement::Made(at)) => Some(at.after(REPLIES_APART)).filter(|due| now < *due),
            _ => None,
        }
    }

    /// Returns whether no more data is transferred.
    pub(super) const fn is_over(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting | State::Moving)
    }

    /// Returns whether the client sends the data.
    pub(super) fn receives(&self) -> bool {
        self.direction() == Direction::ToServer
    }

    /// Returns the direction of the data.
    pub(super) fn direction(&self) -> Direction {
        self.verb.info().data.unwrap_or(Direction::FromServer)
    }

    /// Returns whether the transfer is a directory listing.
    pub(super) const fn is_listing(&self) -> bool {
        matches!(self.verb, Verb::List | Verb::Nlst | Verb::Mlsd)
    }
}
