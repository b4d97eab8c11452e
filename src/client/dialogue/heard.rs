//! The words that the machine and an operation exchange.

use crate::action::DataId;
use crate::buffer::Span;
use crate::client::event::ReceivedLine;

/// The event that [`Client::step`](crate::client::Client::step) reports to the layer above.
#[derive(Debug)]
pub enum Heard {
    /// A line of a reply.
    Reply(ReceivedLine<Span>),
    /// The replies owed have changed without a reply: ask the operation again.
    Changed,
}

/// The work begun before a sequence that it carries on. All else is brought to an end before it sends
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
