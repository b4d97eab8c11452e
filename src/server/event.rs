//! Events of a session that its owner may want to log. None of them needs an answer.

use arrayvec::ArrayVec;

use super::request::Refusal;
use crate::action::DataFailure;
use crate::codec::Direction;
use crate::transfer::Coding;

/// An event in a session. The path that it concerns is that of the last request before the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// TLS was started on the control connection.
    Secured,
    /// TLS was removed from the control connection.
    Cleared,
    /// The client has logged in or changed its account.
    LoggedIn,
    /// The host has refused a login or an account.
    LoginFailed,
    /// The session was reset (REIN, RFC 959 4.1.1, or AUTH): nobody is logged in, and no virtual
    /// host is selected.
    Reset,
    /// A transfer that the host had opened has ended.
    Transferred(TransferEnd),
    /// The host has changed the file tree at the path.
    Changed(TreeChange),
    /// The client has sent QUIT.
    Left,
}

/// The end of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferEnd {
    /// Direction of the data.
    pub direction: Direction,
    /// `true` for a listing, `false` for a file.
    pub listing: bool,
    /// Encoding of the file on the wire. Lines of a listing already end as TYPE A wants them, so they
    /// are sent unchanged, as TYPE I.
    pub coding: Coding,
    /// `true` if data connections were to be protected by TLS.
    pub protected: bool,
    /// Result of the transfer.
    pub outcome: TransferOutcome,
}

/// The result of a transfer. See [how an upload ends](crate::server#how-an-upload-ends) for the
/// causes, and for the view of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferOutcome {
    /// The transfer completed; an upload is stored.
    Complete,
    /// The client aborted the transfer.
    Aborted,
    /// The data connection or the host failed.
    Failed(DataFailure),
    /// The upload arrived in full, but the host did not keep it.
    Refused(Refusal),
    /// The session ended or was reset before the end of the transfer.
    Cut,
}

/// A change that a client made to the file tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeChange {
    /// A directory was made.
    DirectoryMade,
    /// A directory was removed.
    DirectoryRemoved,
    /// A file was removed.
    FileRemoved,
    /// An entry was moved to the path.
    Renamed,
    /// A symbolic link was made.
    Linked,
    /// Files were combined (COMB).
    Combined,
    /// Times or permissions were set.
    FactsSet,
}

/// Events that the owner of a session has not taken yet.
#[derive(Debug, Default)]
pub(super) struct Events(ArrayVec<EventKind, 4>);

impl Events {
    /// Adds an event, and drops the oldest one if there is no room.
    pub(super) fn push(&mut self, event: EventKind) {
        if self.0.is_full() {
            let _ = self.0.pop_at(0);
        }
        let added = self.0.try_push(event);
        debug_assert!(added.is_ok(), "there is room");
    }

    /// Takes the oldest event.
    pub(super) fn pop(&mut self) -> Option<EventKind> {
        self.0.pop_at(0)
    }
}
