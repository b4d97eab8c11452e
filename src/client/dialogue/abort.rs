//! The progress of an abort (RFC 959 4.1.3, ABOR).
//!
//! ```text
//!           ┌─► Securing ──┐
//!   Idle ───┤              ├─► Due ──► Sent ──► Idle        the data connection
//!           └──────────────┘     │               ▲
//!                                └───────────────┘          the server has ended the transfer by itself
//! ```
//! ABOR is sent first and the data connection is closed after it: a server that saw the end of the
//! data first could mistake a truncated upload for a complete one. The data connection is closed
//! without waiting for an answer: a server may look at ABOR only between two writes, and would
//! otherwise hang in a write whose data nobody reads.
//!
//! Servers answer ABOR during a transfer with two replies (426 and 226, 226 and 226, 226 and 225),
//! with one for both, or not at all. The replies are taken in order, and 225 always belongs to
//! ABOR. After the first reply the client waits a bounded time for the second. Pure-FTPd sends a
//! single reply to an aborted download, which says that ABOR succeeded: the client waits for a
//! second reply only once, and then remembers that this server sends none
//! (`Profile::ONE_ABORT_REPLY`). Without any reply the connection is abandoned, since a later reply
//! could not be matched to a command.

use core::net::IpAddr;

use crate::action::{DataEvent, DataId, DataOp};
use crate::client::reply_to::Generation;

/// Number of bytes in IAC IP IAC DM ABOR CRLF.
const SYNCHED_ABORT: usize = 4 + 6;

/// The abort of a transfer, if one is under way, and the replies to it.
#[derive(Debug)]
pub(super) struct Abort {
    stage: Stage,
    replies: Replies,
}

/// The progress of closing the data connection.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// No transfer is being given up.
    Idle,
    /// The TLS handshake on the data connection is in progress or about to begin, and is completed
    /// first: breaking it off would waste the ticket that it resumes with, and would make vsftpd
    /// end the whole session.
    Securing(DataId, Generation),
    /// ABOR is to be sent.
    Due(DataId, Generation),
    /// ABOR is in the send queue; the data connection is closed once ABOR has been sent.
    Sent(DataId),
}

/// The replies received so far, of the two due to an aborted transfer and its ABOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replies {
    /// None, or both.
    Even,
    /// One of the two.
    One,
    /// One of the two, which reports success and names ABOR: the transfer might not get a reply of
    /// its own.
    OneNamingAbort,
}

/// The next step of an abort.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Nothing, for now.
    Wait,
    /// Send ABOR on behalf of this operation.
    Send(Generation),
    /// Close this data connection: ABOR has been sent, or is not needed.
    Close(DataId),
}

impl Abort {
    pub(super) const fn new() -> Self {
        Self { stage: Stage::Idle, replies: Replies::Even }
    }

    /// Begins to give up the transfer on this data connection; `DataId::NONE` is the name of a
    /// transfer between two servers.
    pub(super) const fn begin(&mut self, id: DataId, generation: Generation, is_to_be_secured: bool) {
        self.stage = match is_to_be_secured {
            true => Stage::Securing(id, generation),
            false => Stage::Due(id, generation),
        };
    }

    /// Returns the next step. `transfer_owed` says whether the server still has to end the
    /// transfer, `capacity` is the size of the send storage, and `is_flushed` says whether the send
    /// storage is empty.
    pub(super) fn step(&mut self, transfer_owed: bool, capacity: usize, is_flushed: bool) -> Step {
        let id = match self.stage {
            Stage::Idle => return Step::Wait,
            Stage::Securing(..) if transfer_owed => return Step::Wait,
            Stage::Due(_, generation) if transfer_owed && capacity >= SYNCHED_ABORT => {
                return Step::Send(generation);
            }
            Stage::Sent(_) if !is_flushed => return Step::Wait,
            // A server that has ended the transfer needs no ABOR, and does not continue the
            // handshake either.
            Stage::Securing(id, _) | Stage::Due(id, _) | Stage::Sent(id) => id,
        };
        self.stage = Stage::Idle;
        Step::Close(id)
    }

    /// Returns whether ABOR and the Synch before it fit into this much room.
    pub(super) const fn fits(room: usize) -> bool {
        room >= SYNCHED_ABORT
    }

    /// Records that ABOR was queued.
    pub(super) const fn sent(&mut self) {
        if let Stage::Due(id, _) = self.stage {
            self.stage = Stage::Sent(id);
        }
        self.replies = Replies::Even;
    }

    /// Returns the orders that an event requires on the data connection being given up; `None` if
    /// the event is of another connection.
    pub(super) fn data_event(
        &mut self,
        id: DataId,
        event: &DataEvent,
        peer: IpAddr,
    ) -> Option<&'static [DataOp]> {
        let (Stage::Securing(given_up, _) | Stage::Due(given_up, _) | Stage::Sent(given_up)) = self.stage
        else {
            return None;
        };
        if given_up != id {
            return None;
        }
        Some(match event {
            DataEvent::Arrived(from) if from.ip().to_canonical() != peer => &[DataOp::Reject],
            DataEvent::Arrived(_) if self.is_securing() => &[DataOp::Admit, DataOp::StartTls],
            DataEvent::Secured { .. } | DataEvent::Failed(_) => {
                self.handshake_ended();
                &[]
            }
            _ => &[],
        })
    }

    /// Returns whether the abort waits for the TLS handshake on the data connection.
    pub(super) const fn is_securing(&self) -> bool {
        matches!(self.stage, Stage::Securing(..))
    }

    /// Records that the handshake has ended, or has timed out.
    pub(super) const fn handshake_ended(&mut self) {
        if let Stage::Securing(id, generation) = self.stage {
            self.stage = Stage::Due(id, generation);
        }
    }

    /// Returns whether no transfer is being given up. Replies may still be owed.
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// Records that the connection has failed. Returns the data connection that is still to be
    /// closed.
    pub(super) const fn connection_failed(&mut self) -> Option<DataId> {
        let (Stage::Securing(id, _) | Stage::Due(id, _) | Stage::Sent(id)) = self.stage else { return None };
        self.stage = Stage::Idle;
        Some(id)
    }

    /// Records a final reply. `concerns` says whether it answers a transfer or ABOR, `other_owed`
    /// whether the other of the two is then still owed, and `names_abort` whether its text names
    /// ABOR and its code is a success.
    pub(super) fn answered(&mut self, concerns: bool, other_owed: bool, names_abort: bool) {
        let one = other_owed || (self.is_half_answered() && !concerns);
        self.replies = match (one, names_abort) {
            (false, _) => Replies::Even,
            (true, true) => Replies::OneNamingAbort,
            (true, false) => Replies::One,
        };
    }

    /// Returns whether one of the two replies has arrived.
    pub(super) fn is_half_answered(&self) -> bool {
        self.replies != Replies::Even
    }

    /// Returns whether the reply that has arrived names ABOR, so that it may be the only one.
    pub(super) fn may_be_answered(&self) -> bool {
        self.replies == Replies::OneNamingAbort
    }

    /// Counts the one reply that has arrived for both.
    pub(super) const fn counted_as_answered(&mut self) {
        self.replies = Replies::Even;
    }
}

/// Returns whether a reply's text names ABOR.
pub(super) fn mentions_abort(text: &[u8]) -> bool {
    text.windows(4).any(|word| word.eq_ignore_ascii_case(b"ABOR"))
}
