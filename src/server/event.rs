//! Events of a session that its owner may want to record: none of them needs an answer.

use arrayvec::ArrayVec;

use super::request::Refusal;
use crate::action::DataFailure;
use crate::codec::Direction;
use crate::transfer::Coding;

/// Something that has happened. The path that it concerns is that of the last request before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// TLS protects the control connection from now on.
    Secured,
    /// TLS was removed from the control connection.
    Cleared,
    /// The client is logged in, or has changed its account.
    LoggedIn,
    /// The host has refused a login or an account.
    LoginFailed,
    /// The client has begun anew (RFC 959 4.1.1, REIN): nobody is logged in, and no virtual host is chosen.
    Reset,
    /// A transfer that the host had opened has ended.
    Transferred(TransferEnd),
    /// The host has changed what is at the path.
    Changed(TreeChange),
    /// The client has sent QUIT.
    Left,
}

/// The end of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferEnd {
    /// The direction in which the bytes went.
    pub direction: Direction,
    /// `true` for a listing, `false` for a file.
    pub listing: bool,
    /// The form that the file had on the wire.
    pub coding: Coding,
    /// The data connection was to be under TLS.
    pub protected: bool,
    /// The result of the transfer.
    pub outcome: TransferOutcome,
}

/// The result of a transfer. See [how an upload ends](crate::server#how-an-upload-ends) for the reasons behind each,
/// and for what its host sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferOutcome {
    /// In whole: an upload is kept.
    Complete,
    /// The client has aborted it.
    Aborted,
    /// The data connection or the host failed.
    Failed(DataFailure),
    /// The upload came in whole, and the host does not keep it.
    Refused(Refusal),
    /// The session ended, or began anew, before it did.
    Cut,
}

/// A change that a client has made to the tree of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeChange {
    /// A directory was made.
    DirectoryMade,
    /// A directory was removed.
    DirectoryRemoved,
    /// A file was removed.
    FileRemoved,
    /// Something was moved to the path.
    Renamed,
    /// A symbolic link was made.
    Linked,
    /// Files were put together (COMB).
    Combined,
    /// Times or permissions were set.
    FactsSet,
}

/// The events that the owner of a session has not taken yet.
#[derive(Debug, Default)]
pub(super) struct Events(ArrayVec<EventKind, 4>);

impl Events {
    /// Adds an event. The oldest gives way where there is no room.
    pub(super) fn push(&mut self, event: EventKind) {
        if self.0.is_full() {
            self.0.remove(0);
        }
        self.0.push(event);
    }

    /// Takes the oldest event.
    pub(super) fn pop(&mut self) -> Option<EventKind> {
        self.0.pop_at(0)
    }
}
