//! The types that the machine and an operation exchange.

use crate::action::DataId;
use crate::buffer::Span;
use crate::client::event::ReceivedLine;

/// The event that [`Client::step`](crate::client::Client::step) reports to the layer above.
#[derive(Debug)]
pub enum MachineEvent {
    /// A line of a reply.
    Reply(ReceivedLine<Span>),
    /// The owed replies have changed without a reply: advance the operation again.
    Changed,
}

/// The earlier work that a sequence continues. All other work is ended before the sequence sends
/// its first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inherits {
    /// No earlier work.
    Nothing,
    /// The greeting, if it has not arrived yet.
    Greeting,
    /// The transfer on this data connection, and the replies about it.
    Transfer(DataId),
    /// The address of a data connection that the transfer before has requested.
    Address,
}
