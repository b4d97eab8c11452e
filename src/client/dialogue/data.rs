//! The data connection of the current transfer, and the orders for the driver (RFC 959 3.2).

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use core::time::Duration;

use arrayvec::ArrayVec;

use super::connection::{Connection, Effect, Phase, Purpose, ServerToServer, TransferUpdate};
use crate::action::{DataEvent, DataId, DataOp};
use crate::client::config::Timeouts;
use crate::codec::{Direction, ReplyCode};
use crate::error::{Awaited, LocalError};
use crate::transfer::Marker;

/// Maximum number of orders that one event causes: the connection that arrived is admitted, and its
/// handshake or its data begins.
const ORDERS_OF_AN_EVENT: usize = 2;

/// Maximum number of orders that wait for the driver. An operation hands out the waiting orders
/// before it continues, and then adds two at most: it drops one data connection and opens another.
const ORDERS: usize = ORDERS_OF_AN_EVENT + 2;

/// The way in which a data connection is opened.
#[derive(Clone, Debug)]
pub(in crate::client) enum Approach {
    /// The client connects to this address.
    Connect(SocketAddr),
    /// The server connects to one of these ports.
    Listen(RangeInclusive<u16>),
}

/// The route of the current transfer's data.
#[derive(Clone, Copy, Debug)]
enum Transfer {
    /// There is no transfer.
    None,
    /// The data goes over a data connection of this client.
    Here(Connection),
    /// The data goes between this server and another.
    ServerToServer(ServerToServer),
}

/// The data connection of the current transfer, if there is one, and the orders for the driver.
#[derive(Debug)]
pub(in crate::client) struct Data {
    transfer: Transfer,
    last: DataId,
    orders: ArrayVec<(DataId, DataOp), ORDERS>,
    /// Last restart marker of the last transfer.
    last_marker: Option<Marker>,
}

impl Data {
    pub(super) const fn new() -> Self {
        Self {
            transfer: Transfer::None,
            last: DataId::NONE,
            orders: ArrayVec::new_const(),
            last_marker: None,
        }
    }

    // Queries.

    /// Returns the data connection, if there is one.
    pub(in crate::client) const fn connection(&self) -> Option<&Connection> {
        match &self.transfer {
            Transfer::Here(connection) => Some(connection),
            Transfer::None | Transfer::ServerToServer(_) => None,
        }
    }

    const fn connection_mut(&mut self) -> Option<&mut Connection> {
        match &mut self.transfer {
            Transfer::Here(connection) => Some(connection),
            Transfer::None | Transfer::ServerToServer(_) => None,
        }
    }

    /// Returns the data connection with this name, if it is the current one.
    pub(in crate::client) fn named(&self, id: DataId) -> Option<&Connection> {
        self.connection().filter(|connection| connection.id() == id)
    }

    /// Returns the name of the data connection; `DataId::NONE` if there is none.
    pub(in crate::client) fn id(&self) -> DataId {
        self.connection().map_or(DataId::NONE, Connection::id)
    }

    /// Returns the phase of the data connection, if there is one.
    pub(in crate::client) fn phase(&self) -> Option<Phase> {
        self.connection().map(Connection::phase)
    }

    /// Returns the bytes transferred over the data connection.
    pub(super) fn moved(&self) -> u64 {
        self.connection().map_or(0, Connection::moved)
    }

    /// Returns whether a connection with this name was ever requested.
    pub(super) fn knows(&self, id: DataId) -> bool {
        id != DataId::NONE && id <= self.last
    }

    /// Returns whether there is a transfer whose data connection has this name; `DataId::NONE` is
    /// the name of a transfer between two servers.
    pub(super) fn is_transfer(&self, id: DataId) -> bool {
        match &self.transfer {
            Transfer::None => false,
            Transfer::Here(connection) => connection.id() == id,
            Transfer::ServerToServer(_) => id == DataId::NONE,
        }
    }

    /// See [`Connection::may_be_reopened`].
    pub(super) fn may_be_reopened(&self, code: ReplyCode) -> bool {
        self.connection().is_some_and(|connection| connection.may_be_reopened(code))
    }

    /// Returns whether data moves now, on a data connection or between two servers.
    pub(super) fn is_moving(&self) -> bool {
        self.phase() == Some(Phase::Moving) || self.is_moving_elsewhere()
    }

    const fn is_moving_elsewhere(&self) -> bool {
        matches!(self.transfer, Transfer::ServerToServer(ServerToServer::Moving))
    }

    /// Returns how long the server may take to end a transfer that has begun.
    pub(super) const fn final_reply_limit(&self, timeouts: &Timeouts) -> Duration {
        match self.is_moving_elsewhere() {
            true => timeouts.server_to_server,
            false => timeouts.final_reply,
        }
    }

    /// Returns whether the data connection of a download is open, but the server has not yet
    /// allowed data to move.
    pub(super) fn awaits_start(&self) -> bool {
        self.connection().is_some_and(|connection| {
            connection.phase() == Phase::Connected && connection.direction() == Direction::FromServer
        })
    }

    pub(super) const fn last_marker(&self) -> Option<Marker> {
        self.last_marker
    }

    // Events.

    /// Requests a data connection.
    pub(super) fn open(&mut self, approach: Approach, purpose: Purpose) {
        let (phase, op) = match approach {
            Approach::Connect(target) => (Phase::Connecting, DataOp::Connect(target)),
            Approach::Listen(ports) => (Phase::Opening, DataOp::Listen { address: None, ports }),
        };
        self.last_marker = None;
        self.last = self.last.next();
        self.transfer = Transfer::Here(Connection::new(self.last, phase, purpose));
        self.order(self.last, op);
    }

    /// Takes an event of a data connection, and returns whether it changed anything. Events of a
    /// connection that is no longer wanted change nothing. `peer` is the server's address, and
    /// `protects` says whether data connections are protected.
    ///
    /// # Errors
    /// If the event is not valid in the state of the connection, or if the driver has not yet taken
    /// the orders before it.
    pub(super) fn event(
        &mut self,
        id: DataId,
        event: DataEvent,
        peer: IpAddr,
        protects: bool,
    ) -> Result<bool, LocalError> {
        let is_busy = self.orders.remaining_capacity() < ORDERS_OF_AN_EVENT;
        let Some(connection) = self.connection_mut().filter(|connection| connection.id() == id) else {
            return Ok(false);
        };
        let phase = connection.phase();
        // The end of the connection was reported, or its time had run out.
        if phase.is_over() {
            return Ok(false);
        }
        if is_busy {
            return Err(LocalError::UnexpectedDataEvent { event: event.name(), state: phase.as_str() });
        }
        match connection.take(event, peer)? {
            Effect::Nothing => return Ok(false),
            Effect::StrangerCame => {
                self.order(id, DataOp::Reject);
                return Ok(false);
            }
            Effect::ServerCame => self.order(id, DataOp::Admit),
            Effect::Marked(marker) => self.last_marker = Some(marker),
            Effect::Change => {}
        }
        self.go_on(protects);
        Ok(true)
    }

    /// Takes an update of the transfer. Returns whether the first byte now has to arrive soon.
    pub(super) fn update(&mut self, update: TransferUpdate, protects: bool) -> bool {
        if let TransferUpdate::ServerToServer(server_to_server) = update {
            self.update_server_to_server(server_to_server);
        }
        let Some(connection) = self.connection_mut() else { return false };
        connection.update(update);
        let awaits_first_byte =
            matches!(update, TransferUpdate::Confirmed(_)) && connection.awaits_first_byte();
        self.go_on(protects);
        awaits_first_byte
    }

    /// Records the progress of a transfer between this server and another. The end of a transfer is
    /// ignored if there is none.
    const fn update_server_to_server(&mut self, server_to_server: ServerToServer) {
        self.transfer = match (&self.transfer, server_to_server) {
            (Transfer::None | Transfer::Here(_), ServerToServer::Ending) => return,
            _ => Transfer::ServerToServer(server_to_server),
        };
    }

    /// Records the restart marker that the server named for an upload.
    pub(super) fn marked(&mut self, marker: Option<Marker>) {
        self.last_marker = marker.or(self.last_marker);
    }

    /// Handles the timeout of `awaited`. Returns whether the timeout concerned the data connection,
    /// which has then failed.
    pub(super) fn timed_out(&mut self, awaited: Awaited) -> bool {
        let id = self.id();
        let failed = self.connection_mut().is_some_and(|connection| connection.timed_out(awaited));
        if failed {
            self.order(id, DataOp::Abort);
        }
        failed
    }

    /// Records that the server will not report the end of the transfer, which has therefore failed.
    pub(super) fn lost(&mut self) {
        let id = self.id();
        if self.connection_mut().is_some_and(Connection::lost) {
            self.order(id, DataOp::Abort);
        }
    }

    /// Records that the server has reported the end of the transfer. A transfer between two servers
    /// is then over.
    pub(super) const fn transfer_answered(&mut self) {
        if let Transfer::ServerToServer(_) = self.transfer {
            self.transfer = Transfer::None;
        }
    }

    /// Removes the transfer, to be given up with ABOR. Returns the name of its data connection,
    /// `DataId::NONE` if the data moves between two servers, and whether its TLS handshake is in
    /// progress or about to begin.
    pub(super) fn given_up(&mut self) -> Option<(DataId, bool)> {
        match core::mem::replace(&mut self.transfer, Transfer::None) {
            Transfer::None => None,
            Transfer::Here(connection) => Some((connection.id(), connection.is_to_be_secured())),
            Transfer::ServerToServer(_) => Some((DataId::NONE, false)),
        }
    }

    // Orders.

    /// Closes the data connection with `DataOp::Close` or `DataOp::Abort`; `None` if the driver has
    /// nothing left to close.
    pub(super) fn close(&mut self, op: Option<DataOp>) {
        let id = self.id();
        if id != DataId::NONE {
            self.transfer = Transfer::None;
        }
        if let Some(op) = op {
            self.order(id, op);
        }
    }

    /// Orders the next phase of the data connection, if it can begin.
    fn go_on(&mut self, protects: bool) {
        let id = self.id();
        if let Some(op) = self.connection_mut().and_then(|connection| connection.go_on(protects)) {
            self.order(id, op);
        }
    }

    /// Queues an order. An abort replaces all other orders on the connection.
    pub(super) fn order(&mut self, id: DataId, op: DataOp) {
        if id == DataId::NONE {
            return;
        }
        if matches!(op, DataOp::Abort) {
            self.orders.retain(|(other, _)| *other != id);
        }
        let ordered = self.orders.try_push((id, op));
        debug_assert!(ordered.is_ok(), "events leave room, and operations hand out what waits first");
    }

    /// Returns the next order that waits for the driver.
    pub(super) fn next_order(&mut self) -> Option<(DataId, DataOp)> {
        self.orders.pop_at(0)
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;
    use crate::client::dialogue::connection::Content;
    use crate::client::file_size::KnownSize;
    use crate::codec::RepresentationType;
    use crate::transfer::{Coding, Parameters};

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn connecting() -> (Data, DataId) {
        let coding = Coding {
            representation: RepresentationType::Image,
            structure: Default::default(),
            mode: Default::default(),
        };
        let parameters = Parameters::new(coding);
        let purpose = Purpose::new(Direction::FromServer, Content::File, parameters, KnownSize::default());
        let mut data = Data::new();
        data.open(Approach::Connect(SocketAddr::new(PEER, 20)), purpose);
        let id = data.id();
        (data, id)
    }

    #[test]
    fn events_of_a_driver_that_takes_no_orders_are_refused_and_no_order_is_lost() {
        let (mut data, id) = connecting();
        data.update(TransferUpdate::Announced(None), true);
        assert_eq!(data.event(id, DataEvent::Connected, PEER, true), Ok(true));
        assert_eq!(data.event(id, DataEvent::Secured { resumed: true }, PEER, true), Ok(true));
        let refused = data.event(id, DataEvent::Moved(1), PEER, true);
        assert!(matches!(refused, Err(LocalError::UnexpectedDataEvent { .. })), "{refused:?}");
        let mut names = std::vec::Vec::new();
        while let Some((of, op)) = data.next_order() {
            assert_eq!(of, id);
            names.push(std::format!("{op:?}").split(['(', ' ']).next().map(std::string::String::from));
        }
        assert_eq!(names, ["Connect", "StartTls", "Receive"].map(|name| Some(name.into())));
        assert_eq!(data.event(id, DataEvent::Moved(1), PEER, true), Ok(true));
        assert_eq!(data.moved(), 1);
    }

    #[test]
    fn an_abort_takes_the_place_of_all_that_was_ordered() {
        let (mut data, id) = connecting();
        data.close(Some(DataOp::Abort));
        assert_eq!(data.next_order(), Some((id, DataOp::Abort)));
        assert_eq!(data.next_order(), None);
        assert_eq!(data.event(id, DataEvent::Connected, PEER, false), Ok(false));
    }

    #[test]
    fn the_end_of_a_transfer_elsewhere_is_no_news_where_there_is_none() {
        let (mut data, id) = connecting();
        data.update(TransferUpdate::ServerToServer(ServerToServer::Ending), false);
        assert!(data.is_transfer(id) && !data.is_transfer(DataId::NONE));
        data.update(TransferUpdate::ServerToServer(ServerToServer::Moving), false);
        assert!(data.is_moving() && data.is_transfer(DataId::NONE));
        data.update(TransferUpdate::ServerToServer(ServerToServer::Ending), false);
        assert!(!data.is_moving() && data.is_transfer(DataId::NONE));
        data.transfer_answered();
        assert!(!data.is_transfer(DataId::NONE));
    }
}
