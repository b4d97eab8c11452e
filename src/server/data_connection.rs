//! The session's data connection (RFC 959 3.2 and 3.3): its state, and the queued operations for
//! the driver.

use core::net::SocketAddr;
use core::ops::RangeInclusive;

use arrayvec::ArrayVec;

use super::machine::Ticket;
use crate::action::{DataFailure, DataId, DataOp};
use crate::time::Instant;

/// The command that requested a listener, which determines the form of the address in the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassiveReply {
    /// PASV, answered with 227.
    Plain,
    /// LPSV, answered with 228.
    Long,
    /// EPSV, answered with 229.
    Extended,
}

/// The state of the data connection.
#[derive(Debug, Default)]
enum Channel {
    #[default]
    None,
    /// The listener for PASV, LPSV or EPSV is being opened.
    Binding { id: DataId, ticket: Ticket, reply: PassiveReply },
    /// The listener is open at this address; the reply has not been sent.
    Bound { id: DataId, ticket: Ticket, reply: PassiveReply, address: SocketAddr },
    /// No listener could be opened; the reply has not been sent.
    Unbound { ticket: Ticket },
    /// The listener waits for the client. Holds the time at which the wait began, once known.
    Listening(DataId, Option<Instant>),
    /// A transfer was refused after the client had connected: a listener on the same port is being
    /// opened, without informing the client.
    Reopening(DataId),
    /// PORT, LPRT or EPRT named this address. The server connects to it when a transfer needs it.
    Address(SocketAddr),
    /// The server is connecting.
    Connecting(DataId),
    /// The connection is open.
    Ready(DataId),
    /// The TLS handshake is in progress. `begun` is set once the client has begun the handshake,
    /// which may be before it sends its command.
    Securing { id: DataId, begun: bool },
    /// The connection is open and protected.
    Secured(DataId),
    /// Connected, but TLS setup failed: the next transfer is refused for this reason.
    Failed(DataFailure),
}

/// The result of opening a listener, to be reported to the client.
#[derive(Debug)]
pub(super) enum Passive {
    /// The listener is open at this address.
    Bound { ticket: Ticket, reply: PassiveReply, address: SocketAddr },
    /// No listener could be opened.
    Unbound { ticket: Ticket },
}

/// The TLS handshake of a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handshake {
    /// The client has not begun the handshake.
    Awaited,
    /// The client has begun the handshake.
    Begun,
    /// The handshake is over.
    Done,
}

/// The state of the data connection, as seen by a transfer whose 150 was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// The connection is open, without TLS.
    Clear,
    /// The connection is open and protected.
    Protected,
    /// The server has to connect.
    Connects,
    /// TLS setup failed.
    Failed(DataFailure),
    /// The transfer has to wait.
    NotYet,
}

/// An event that is not valid in the state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unexpected;

/// The current data connection, and the operations that the driver has not taken yet.
#[derive(Debug)]
pub(super) struct DataConnection {
    channel: Channel,
    last: DataId,
    /// The port of the last listener.
    port: Option<u16>,
    orders: ArrayVec<(DataId, DataOp), { Self::ORDERS }>,
}

impl DataConnection {
    /// Capacity of the queue. A closed connection leaves one operation, since its other operations
    /// are dropped, and the connection after it adds at most two.
    const ORDERS: usize = 3;

    /// Maximum number of operations that one event of the driver causes.
    const ORDERS_OF_AN_EVENT: usize = 2;

    pub(super) const fn new() -> Self {
        Self { channel: Channel::None, last: DataId::NONE, port: None, orders: ArrayVec::new_const() }
    }

    /// Returns whether this identifier was ever assigned to a connection.
    pub(super) fn was_issued(&self, id: DataId) -> bool {
        id != DataId::NONE && id <= self.last
    }

    /// Returns whether this is the current connection. Events of others are ignored.
    pub(super) fn is_current(&self, id: DataId) -> bool {
        self.id() == Some(id)
    }

    /// Returns whether the queue has room for the operations of one event.
    pub(super) const fn has_room(&self) -> bool {
        self.orders.remaining_capacity() >= Self::ORDERS_OF_AN_EVENT
    }

    /// Returns whether a data connection was set up, so that a transfer can be requested.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.channel, Channel::None | Channel::Unbound { .. })
    }

    /// Returns whether the connection is protected or in its TLS handshake.
    pub(super) const fn is_protected(&self) -> bool {
        matches!(self.channel, Channel::Securing { .. } | Channel::Secured(_))
    }

    /// Returns the progress of the TLS handshake, if there is one.
    pub(super) const fn handshake(&self) -> Option<Handshake> {
        match self.channel {
            Channel::Securing { begun: false, .. } => Some(Handshake::Awaited),
            Channel::Securing { begun: true, .. } => Some(Handshake::Begun),
            Channel::Secured(_) => Some(Handshake::Done),
            _ => None,
        }
    }

    /// Returns the state of the connection for a transfer after its 150.
    pub(super) const fn readiness(&self) -> Readiness {
        match self.channel {
            Channel::Ready(_) => Readiness::Clear,
            Channel::Secured(_) => Readiness::Protected,
            Channel::Address(_) => Readiness::Connects,
            Channel::Failed(failure) => Readiness::Failed(failure),
            _ => Readiness::NotYet,
        }
    }

    /// Returns the time at which the listener began to wait for the client, which is `now` on the
    /// first call. Returns `None` without a listener.
    pub(super) fn listening_since(&mut self, now: Instant) -> Option<Instant> {
        match &mut self.channel {
            Channel::Listening(_, since) => Some(*since.get_or_insert(now)),
            _ => None,
        }
    }

    /// Completes the sentence "the data connection is ...", or returns `None` where the answer
    /// depends on the transfer.
    pub(super) const fn describe(&self) -> Option<&'static str> {
        match self.channel {
            Channel::Binding { .. } | Channel::Bound { .. } => Some("waiting for its listener"),
            Channel::Listening(..) | Channel::Reopening(_) => Some("waiting for the client to connect"),
            Channel::Connecting(_) => Some("being established"),
            Channel::Securing { .. } => Some("in its TLS handshake"),
            Channel::Ready(_) | Channel::Secured(_) => None,
            Channel::None | Channel::Unbound { .. } | Channel::Address(_) | Channel::Failed(_) => {
                Some("over")
            }
        }
    }

    /// Requests a listener and aborts the previous data connection, if any (PASV, LPSV, EPSV).
    pub(super) fn listen(&mut self, ticket: Ticket, reply: PassiveReply, ports: RangeInclusive<u16>) {
        self.close(DataOp::Abort);
        let id = self.next_id();
        self.channel = Channel::Binding { id, ticket, reply };
        self.order(id, DataOp::Listen { address: None, ports });
    }

    /// Makes the next transfer connect to this address and aborts the previous data connection, if
    /// any (PORT, LPRT, EPRT).
    pub(super) fn connect_at_transfer(&mut self, address: SocketAddr) {
        self.close(DataOp::Abort);
        self.port = None;
        self.channel = Channel::Address(address);
    }

    /// Connects to the address that the client named.
    pub(super) fn connect(&mut self) {
        if let Channel::Address(address) = self.channel {
            let id = self.next_id();
            self.channel = Channel::Connecting(id);
            self.order(id, DataOp::Connect(address));
        }
    }

    /// Records that the listener is open.
    pub(super) fn bound(&mut self, address: SocketAddr) -> Result<(), Unexpected> {
        match core::mem::take(&mut self.channel) {
            Channel::Binding { id, ticket, reply } => {
                self.port = Some(address.port());
                self.channel = Channel::Bound { id, ticket, reply, address };
                Ok(())
            }
            Channel::Reopening(id) => {
                self.channel = Channel::Listening(id, None);
                Ok(())
            }
            channel => {
                self.channel = channel;
                Err(Unexpected)
            }
        }
    }

    /// Takes the result of opening a listener, for the reply. From now on the client may connect.
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

    /// Handles an incoming connection from the expected address.
    pub(super) fn arrived(&mut self, id: DataId, protects: bool) {
        match self.channel {
            Channel::Listening(..) => {
                self.order(id, DataOp::Admit);
                self.opened(id, protects);
            }
            // A client might connect before the reply announces the port, but so might someone else
            // (RFC 2577 4).
            _ => self.order(id, DataOp::Reject),
        }
    }

    /// Rejects an incoming connection from any other address.
    pub(super) fn intruded(&mut self, id: DataId) {
        self.order(id, DataOp::Reject);
    }

    /// Records that the server has connected.
    pub(super) fn connected(&mut self, protects: bool) -> Result<(), Unexpected> {
        let Channel::Connecting(id) = self.channel else { return Err(Unexpected) };
        self.opened(id, protects);
        Ok(())
    }

    /// Starts TLS on a connection that is already open.
    pub(super) fn protect(&mut self) {
        if let Channel::Ready(id) = self.channel {
            self.opened(id, true);
        }
    }

    /// Records that the connection is open. If the connection is to be protected, TLS starts at
    /// once: some clients begin the handshake before they send their command, although most wait
    /// for the 150.
    fn opened(&mut self, id: DataId, protects: bool) {
        self.channel = match protects {
            true => {
                self.order(id, DataOp::StartTls);
                Channel::Securing { id, begun: false }
            }
            false => Channel::Ready(id),
        };
    }

    /// Records that the client has begun the TLS handshake.
    pub(super) const fn securing(&mut self) -> Result<(), Unexpected> {
        match &mut self.channel {
            Channel::Securing { begun, .. } => {
                *begun = true;
                Ok(())
            }
            _ => Err(Unexpected),
        }
    }

    /// Records that the TLS handshake has succeeded and is accepted. Returns whether the driver had
    /// reported the beginning of the handshake.
    pub(super) const fn secured(&mut self) -> Result<bool, Unexpected> {
        let Channel::Securing { id, begun } = self.channel else { return Err(Unexpected) };
        self.channel = Channel::Secured(id);
        Ok(begun)
    }

    /// Closes the connection: the TLS handshake has succeeded, but did not resume a required
    /// session.
    pub(super) fn not_resumed(&mut self) -> Result<(), Unexpected> {
        let Channel::Securing { .. } = self.channel else { return Err(Unexpected) };
        // Close cleanly, so that the client proceeds to read the reply, which gives the reason.
        self.close(DataOp::Close);
        self.channel = Channel::Failed(DataFailure::NotResumed);
        Ok(())
    }

    /// Sends the TLS tickets of the connection.
    pub(super) fn send_tickets(&mut self) {
        if let Channel::Secured(id) = self.channel {
            self.order(id, DataOp::SendTickets);
        }
    }

    /// Records that the connection, or the attempt to open one, has failed. Returns whether the
    /// transfer has to handle the failure.
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

    /// Starts to transfer data.
    pub(super) fn begin(&mut self, op: DataOp) {
        if let Channel::Ready(id) | Channel::Secured(id) = self.channel {
            self.order(id, op);
        }
    }

    /// Ends the connection, if there is one, with `op`. Drops the operations of the connection that
    /// the driver has not taken.
    pub(super) fn close(&mut self, op: DataOp) {
        if let Some(id) = self.id() {
            self.orders.retain(|(other, _)| *other != id);
            self.order(id, op);
        }
        self.channel = Channel::None;
    }

    /// Closes the connection of a transfer that ABOR ended before its 150. A port to which nobody
    /// has connected stays open.
    pub(super) fn transfer_aborted(&mut self) {
        if !self.is_expected() {
            self.close(DataOp::Close);
        }
    }

    /// Closes the connection of a transfer that was refused before its 150. The port stays usable
    /// for the next transfer (RFC 959 3.2), since a client might not expect the refused transfer to
    /// have used the port up: clients that connect only after sending their command would get out
    /// of step.
    pub(super) fn transfer_refused(&mut self) {
        if self.is_expected() {
            return;
        }
        self.close(DataOp::Close);
        if let Some(port) = self.port {
            let id = self.next_id();
            self.channel = Channel::Reopening(id);
            self.order(id, DataOp::Listen { address: None, ports: port..=port });
        }
    }

    /// Takes the next operation for the driver.
    pub(super) fn next_order(&mut self) -> Option<(DataId, DataOp)> {
        self.orders.pop_at(0)
    }

    /// Returns whether there are operations for the driver.
    pub(super) fn has_orders(&self) -> bool {
        !self.orders.is_empty()
    }

    /// Returns whether the address of the connection is known, but nobody has connected yet.
    const fn is_expected(&self) -> bool {
        matches!(self.channel, Channel::Listening(..) | Channel::Reopening(_) | Channel::Address(_))
    }

    const fn id(&self) -> Option<DataId> {
        match self.channel {
            Channel::Binding { id, .. }
            | Channel::Bound { id, .. }
            | Channel::Listening(id, _)
            | Channel::Reopening(id)
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

    /// Queues an operation. There is always room: an event is accepted only if there is room for
    /// every operation that it causes, and the session hands out all operations before it does
    /// anything else.
    fn order(&mut self, id: DataId, op: DataOp) {
        let queued = self.orders.try_push((id, op));
        debug_assert!(queued.is_ok(), "an order was dropped: {queued:?}");
    }
}
