//! What became of a session, for its owner's books: nothing of it needs an answer.

use super::session::Session;

/// Something that has happened and that the host cannot know from what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The client has begun anew (RFC 959 4.1.1, REIN): nobody is logged in, and no virtual host is chosen.
    Reset,
}

impl<P> Session<P> {
    /// The next note, the oldest first. Ask after each poll: four are kept, and the oldest gives way.
    pub fn take_note(&mut self) -> Option<Note> {
        self.notes.pop_at(0)
    }

    pub(super) fn note(&mut self, note: Note) {
        if self.notes.is_full() {
            self.notes.pop_at(0);
        }
        let _ = self.notes.try_push(note);
    }
}
