//! The session's data connection (RFC 959 3.2 and 3.3): how far it has come, and the orders for the driver.

use core::net::SocketAddr;
use core::ops::RangeInclusive;

use arrayvec::ArrayVec;

use super::machine::Ticket;
use crate::action::{DataFailure, DataId, DataOp};
use crate::time::Instant;

/// The command that asked for a listener, which says how the reply names its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassiveReply {
    /// PASV.
    Plain,
    /// LPSV.
    Long,
    /// EPSV.
    Extended,
}

/// The state of the data connection.
#[derive(Debug, Default)]
enum Channel {
    #[default]
    None,
    /// PASV or EPSV: the listener is being made.
    Binding { id: DataId, ticket: Ticket, reply: PassiveReply },
    /// The listener is open at this address; the client is to be told.
    Bound { id: DataId, ticket: Ticket, reply: PassiveReply, address: SocketAddr },
    /// There is no listener to be had; the client is to be told.
    Unbound { ticket: Ticket },
    /// The client may come; since when it is waited for.
    Listening(DataId, Option<Instant>),
    /// PORT or EPRT: the address to connect to when a transfer needs it.
    Address(SocketAddr),
    /// The connection is being made.
    Connecting(DataId),
    /// The connection is open.
    Ready(DataId),
    /// The TLS handshake is going on; the client has begun it, or not yet. It may before it sends its command.
    Securing { id: DataId, begun: bool },
    /// The connection is open and protected.
    Secured(DataId),
    /// Connected, but TLS setup failed: the transfer that it was for is refused.
    Failed(DataFailure),
}

/// A listener that a client is to be told of.
#[derive(Debug)]
pub(super) enum Passive {
    /// The listener is open at this address.
    Bound { ticket: Ticket, reply: PassiveReply, address: SocketAddr },
    /// There is none to be had.
    Unbound { ticket: Ticket },
}

/// The TLS handshake of a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handshake {
    /// The client is to begin it.
    Awaited,
    /// The client has begun it.
    Begun,
    /// The handshake is over.
    Done,
}

/// The use that a transfer which has begun can make of the data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// The connection is open, in the clear.
    Clear,
    /// The connection is open and protected.
    Protected,
    /// The server is to connect.
    Dials,
    /// The connection did not become what it should.
    Failed(DataFailure),
    /// The transfer has to wait.
    NotYet,
}

/// An event that makes no sense in the state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unexpected;

/// One data connection at a time, and the orders that the driver has not taken yet.
#[derive(Debug)]
pub(super) struct DataConnection {
    channel: Channel,
    last: DataId,
    orders: ArrayVec<(DataId, DataOp), { Self::ORDERS }>,
}

impl DataConnection {
    /// The number of orders that there is room for. A connection that is given up leaves one order, since its others
    /// are dropped with it, and the one after it has two at most.
    const ORDERS: usize = 3;

    /// The number of orders that one event of a driver leads to at most.
    const ORDERS_OF_AN_EVENT: usize = 2;

    pub(super) const fn new() -> Self {
        Self { channel: Channel::None, last: DataId::NONE, orders: ArrayVec::new_const() }
    }

    /// Returns whether a connection of this number was ever asked for.
    pub(super) fn was_issued(&self, id: DataId) -> bool {
        id != DataId::NONE && id <= self.last
    }

    /// Returns whether events of this connection still count.
    pub(super) fn is_current(&self, id: DataId) -> bool {
        self.id() == Some(id)
    }

    /// Returns whether the driver has taken so many of the orders that there is room for those of an event.
    pub(super) const fn has_room(&self) -> bool {
        self.orders.remaining_capacity() >= Self::ORDERS_OF_AN_EVENT
    }

    /// Returns whether a transfer can have it.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.channel, Channel::None | Channel::Unbound { .. })
    }

    /// Returns whether the place of the connection is known, and no connection was made.
    pub(super) const fn is_expected(&self) -> bool {
        matches!(self.channel, Channel::Listening(..) | Channel::Address(_))
    }

    /// Returns whether the connection is protected, or is about to be.
    pub(super) const fn is_protected(&self) -> bool {
        matches!(self.channel, Channel::Securing { .. } | Channel::Secured(_))
    }

    /// Returns how far the TLS handshake is, if there is one.
    pub(super) const fn handshake(&self) -> Option<Handshake> {
        match self.channel {
            Channel::Securing { begun: false, .. } => Some(Handshake::Awaited),
            Channel::Securing { begun: true, .. } => Some(Handshake::Begun),
            Channel::Secured(_) => Some(Handshake::Done),
            _ => None,
        }
    }

    /// Returns what a transfer that was announced can make of the connection.
    pub(super) const fn readiness(&self) -> Readiness {
        match self.channel {
            Channel::Ready(_) => Readiness::Clear,
            Channel::Secured(_) => Readiness::Protected,
            Channel::Address(_) => Readiness::Dials,
            Channel::Failed(failure) => Readiness::Failed(failure),
            _ => Readiness::NotYet,
        }
    }

    /// Returns since when a client is waited for, which is now if it was not waited for before; `None` without a
    /// listener.
    pub(super) fn listening_since(&mut self, now: Instant) -> Option<Instant> {
        match &mut self.channel {
            Channel::Listening(_, since) => Some(*since.get_or_insert(now)),
            _ => None,
        }
    }

    /// Completes the sentence "the data connection is ...", or returns `None` where that hangs on the transfer.
    pub(super) const fn describe(&self) -> Option<&'static str> {
        match self.channel {
            Channel::Binding { .. } | Channel::Bound { .. } => Some("getting its listener"),
            Channel::Listening(..) => Some("listened for"),
            Channel::Connecting(_) => Some("being dialled"),
            Channel::Securing { .. } => Some("in its TLS handshake"),
            Channel::Ready(_) | Channel::Secured(_) => None,
            Channel::None | Channel::Unbound { .. } | Channel::Address(_) | Channel::Failed(_) => {
                Some("over")
            }
        }
    }

    /// Asks for a listener instead of whatever there was (PASV, LPSV, EPSV).
    pub(super) fn listen(&mut self, ticket: Ticket, reply: PassiveReply, ports: RangeInclusive<u16>) {
        self.close(DataOp::Abort);
        let id = self.next_id();
        self.channel = Channel::Binding { id, ticket, reply };
        self.order(id, DataOp::Listen { address: None, ports });
    }

    /// Has the next transfer connect to this address (PORT, EPRT), instead of whatever there was.
    pub(super) fn connect_at_transfer(&mut self, address: SocketAddr) {
        self.close(DataOp::Abort);
        self.channel = Channel::Address(address);
    }

    /// Connects to the address that the client has named.
    pub(super) fn dial(&mut self) {
        if let Channel::Address(address) = self.channel {
            let id = self.next_id();
            self.channel = Channel::Connecting(id);
            self.order(id, DataOp::Connect(address));
        }
    }

    /// The listener is open.
    pub(super) fn bound(&mut self, address: SocketAddr) -> Result<(), Unexpected> {
        match core::mem::take(&mut self.channel) {
            Channel::Binding { id, ticket, reply } => {
                self.channel = Channel::Bound { id, ticket, reply, address };
                Ok(())
            }
            channel => {
                self.channel = channel;
                Err(Unexpected)
            }
        }
    }

    /// Takes what a client is to be told of its listener. It may come from now on.
    pub(super) fn take_passive(&mut self) -> Option<Passive> {
        match core::mem::take(&mut self.channel) {
            Channel::Bound { id, ticket, reply, address } => {
                self.channel = Channel::Listening(id, None);
                Some(Passive::Bound { ticket, reply, address })
            }
            Channel::Unbound { ticket } => Some(Passive::Unbound { ticket }),
            channel => {
                self.channel = channel;
                None
            }
        }
    }

    /// The peer has come that was waited for.
    pub(super) fn arrived(&mut self, id: DataId, protects: bool) {
        match self.channel {
            Channel::Listening(..) => {
                self.order(id, DataOp::Admit);
                self.opened(id, protects);
            }
            // A client can be here before it was told where: someone else can, too (RFC 2577 4).
            _ => self.order(id, DataOp::Reject),
        }
    }

    /// Another peer has come.
    pub(super) fn intruded(&mut self, id: DataId) {
        self.order(id, DataOp::Reject);
    }

    /// The server has connected.
    pub(super) fn connected(&mut self, protects: bool) -> Result<(), Unexpected> {
        let Channel::Connecting(id) = self.channel else { return Err(Unexpected) };
        self.opened(id, protects);
        Ok(())
    }

    /// Protects a connection that is open already.
    pub(super) fn protect(&mut self) {
        if let Channel::Ready(id) = self.channel {
            self.opened(id, true);
        }
    }

    /// The connection is open. Its TLS handshake is awaited from now on: some clients begin it before they send
    /// their command, most wait for the 150.
    fn opened(&mut self, id: DataId, protects: bool) {
        self.channel = match protects {
            true => {
                self.order(id, DataOp::StartTls);
                Channel::Securing { id, begun: false }
            }
            false => Channel::Ready(id),
        };
    }

    /// The client has begun its TLS handshake.
    pub(super) const fn securing(&mut self) -> Result<(), Unexpected> {
        match &mut self.channel {
            Channel::Securing { begun, .. } => {
                *begun = true;
                Ok(())
            }
            _ => Err(Unexpected),
        }
    }

    /// The TLS handshake has succeeded, and the session that it resumed counts. Returns whether it was seen to begin.
    pub(super) const fn secured(&mut self) -> Result<bool, Unexpected> {
        let Channel::Securing { id, begun } = self.channel else { return Err(Unexpected) };
        self.channel = Channel::Secured(id);
        Ok(begun)
    }

    /// The TLS handshake has succeeded, and has resumed no session that counts.
    pub(super) fn not_resumed(&mut self) -> Result<(), Unexpected> {
        let Channel::Securing { .. } = self.channel else { return Err(Unexpected) };
        // In order, so that the client comes to read why.
        self.close(DataOp::Close);
        self.channel = Channel::Failed(DataFailure::NotResumed);
        Ok(())
    }

    /// Sends the tickets of the connection.
    pub(super) fn send_tickets(&mut self) {
        if let Channel::Secured(id) = self.channel {
            self.order(id, DataOp::SendTickets);
        }
    }

    /// The connection, or what was to become one, has failed. Returns whether that is for the transfer to deal with.
    pub(super) fn failed(&mut self, failure: DataFailure) -> bool {
        match core::mem::take(&mut self.channel) {
            Channel::Binding { ticket, .. } | Channel::Bound { ticket, .. } => {
                self.channel = Channel::Unbound { ticket };
                false
            }
            Channel::Securing { .. } => {
                self.channel = Channel::Failed(failure);
                false
            }
            _ => true,
        }
    }

    /// Begins to move data.
    pub(super) fn begin(&mut self, op: DataOp) {
        if let Channel::Ready(id) | Channel::Secured(id) = self.channel {
            self.order(id, op);
        }
    }

    /// Gives the connection up, if there is one. Its orders that were not taken yet are void.
    pub(super) fn close(&mut self, op: DataOp) {
        if let Some(id) = self.id() {
            self.orders.retain(|(other, _)| *other != id);
            self.order(id, op);
        }
        self.channel = Channel::None;
    }

    /// Takes the next order for the driver.
    pub(super) fn next_order(&mut self) -> Option<(DataId, DataOp)> {
        self.orders.pop_at(0)
    }

    /// Returns whether there are orders for the driver.
    pub(super) fn has_orders(&self) -> bool {
        !self.orders.is_empty()
    }

    const fn id(&self) -> Option<DataId> {
        match self.channel {
            Channel::Binding { id, .. }
            | Channel::Bound { id, .. }
            | Channel::Listening(id, _)
            | Channel::Connecting(id)
            | Channel::Ready(id)
            | Channel::Securing { id, .. }
            | Channel::Secured(id) => Some(id),
            Channel::None | Channel::Unbound { .. } | Channel::Address(_) | Channel::Failed(_) => None,
        }
    }

    const fn next_id(&mut self) -> DataId {
        self.last = self.last.next();
        self.last
    }

    /// Queues an order. There is always room: an event is taken only where there is room for all that follows from
    /// it, and the session gives all orders out before it does anything else.
    fn order(&mut self, id: DataId, op: DataOp) {
        let queued = self.orders.try_push((id, op));
        debug_assert!(queued.is_ok(), "an order was dropped: {queued:?}");
    }
}
