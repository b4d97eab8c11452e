//! The command that a reply answers, and the operation that the reply belongs to.

use crate::codec::Verb;

/// Number that identifies an operation of a client. Each owed reply carries one.
pub(super) type Generation = u32;

/// Generation of the commands that the machine sends on its own initiative. No operation has this
/// number.
pub(super) const NO_OPERATION: Generation = 0;

/// The command, or the connection, that a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyTo {
    /// The connection itself: the reply is the server's greeting.
    Greeting,
    /// A command in the table of verbs.
    Command(Verb),
    /// A line sent as the caller wrote it, whose command is not in the table.
    Other,
}

impl ReplyTo {
    /// Returns the command, if it is in the table.
    #[must_use]
    pub const fn verb(self) -> Option<Verb> {
        match self {
            Self::Command(verb) => Some(verb),
            Self::Greeting | Self::Other => None,
        }
    }
}
