//! What the machine and an operation tell each other.

use crate::action::DataId;
use crate::buffer::Span;
use crate::client::event::ReceivedLine;

/// What [`Client::step`](crate::client::Client::step) reports to the layer above.
#[derive(Debug)]
pub enum Heard {
    /// A line of a reply.
    Reply(ReceivedLine<Span>),
    /// What is owed has changed without a reply: ask the operation again.
    Changed,
}

/// What a sequence carries on that was begun before it. All else is brought to an end before it sends
/// its first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inherits {
    /// Nothing.
    Nothing,
    /// The greeting, while it has not come.
    Greeting,
    /// The transfer on this data connection, and what is said of it.
    Transfer(DataId),
}
