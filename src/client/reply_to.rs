//! The command that a reply answers, and the operation that the reply belongs to.

use crate::codec::Verb;

/// The number of an operation on its client. Each reply that is owed belongs to one.
pub(super) type Generation = u32;

/// The generation of the commands that the machine sends on its own account. No operation has it.
pub(super) const NO_OPERATION: Generation = 0;

/// The command, or the connection, that a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyTo {
    /// The connection itself: the reply is the server's greeting.
    Greeting,
    /// A command of the table.
    Command(Verb),
    /// A line that was sent as the caller wrote it, and that names no command of the table.
    Other,
}

impl ReplyTo {
    /// The command, if it is one of the table.
    #[must_use]
    pub const fn verb(self) -> Option<Verb> {
        match self {
            Self::Command(verb) => Some(verb),
            Self::Greeting | Self::Other => None,
        }
    }
}
