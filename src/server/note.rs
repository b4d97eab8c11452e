//! What became of a session, for its owner's books: nothing of it needs an answer.

use super::request::Refusal;
use super::session::Session;
use crate::action::DataFailure;
use crate::codec::Direction;
use crate::transfer::Coding;

/// Something that has happened. The path that it concerns is that of the last request before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// TLS protects the control connection from now on.
    Secured,
    /// And now no more.
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
    Changed(Change),
    /// The client has taken its leave (QUIT).
    Left,
}

/// How a transfer went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferEnd {
    /// Which way the bytes went.
    pub direction: Direction,
    /// It was a listing and no file.
    pub listing: bool,
    /// What the file was on the wire.
    pub coding: Coding,
    /// The data connection was to be under TLS.
    pub protected: bool,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a transfer ended. Which of them an upload has for which reason, and what its host sees of it, is told
/// [with the host](crate::server#how-an-upload-ends).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// In whole: an upload is kept.
    Complete,
    /// The client has aborted it.
    Aborted,
    /// The data connection or the host failed.
    Failed(DataFailure),
    /// It came in whole, and the host does not keep it.
    Refused(Refusal),
    /// The session ended, or began anew, before it did.
    Cut,
}

/// What a client has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
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

impl<P> Session<P> {
    /// The next note, the oldest first. Ask after each answer and after each poll, one that fails included: four
    /// are kept, and the oldest gives way.
    pub fn take_note(&mut self) -> Option<Note> {
        self.notes.pop_at(0)
    }

    pub(super) fn note(&mut self, note: Note) {
        if self.notes.is_full() {
            self.notes.pop_at(0);
        }
        let _ = self.notes.try_push(note);
    }

    pub(super) fn note_transfer(&mut self, direction: Direction, listing: bool, outcome: Outcome) {
        let (coding, protected) = (self.opening.coding, self.protects_data());
        self.note(Note::Transferred(TransferEnd { direction, listing, coding, protected, outcome }));
    }
}
