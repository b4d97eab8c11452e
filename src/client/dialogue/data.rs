//! The data connection as the client sees it (RFC 959 3.2).
//!
//! ```text
//!   Connecting ──────────────┐
//!                            ├─► Connected ──► Securing ──► Connected ──► Moving ──► Ended
//!   Opening ──► Listening ───┘        (PROT P only)                         │          ▲
//!                                                                           └► Closing ┘   an unannounced upload
//! ```
//!
//! Data moves once the connection is open and the server has said that it may: by 1yz, by a final reply, or by its
//! silence for long enough.

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use core::time::Duration;

use arrayvec::ArrayVec;

use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::client::file_size::{KnownSize, Received};
use crate::client::{Timeouts, TransferFailure};
use crate::codec::{Direction, ReplyCode};
use crate::error::{Awaited, LocalError};
use crate::transfer::{Marker, Parameters};

/// How many orders one event can bring: the connection that arrived is admitted, and its handshake or its data begins.
const ORDERS_OF_AN_EVENT: usize = 2;

/// How many orders can wait for the driver. An operation hands out what waits before it goes on, and then brings two
/// at most: it drops one data connection and opens another.
const ORDERS: usize = ORDERS_OF_AN_EVENT + 2;

/// What a data connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Content {
    /// A listing.
    Listing,
    /// Bytes of a file, whose number says nothing of the size of the whole.
    File,
    /// The bytes of a file from the position on, all of them, as they are in the file: TYPE I, STRU F, no range.
    CountableFile,
}

/// What a data connection is for.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Purpose {
    direction: Direction,
    content: Content,
    parameters: Parameters,
    known_size: KnownSize,
}

impl Purpose {
    pub(in crate::client) const fn new(
        direction: Direction,
        content: Content,
        parameters: Parameters,
        known_size: KnownSize,
    ) -> Self {
        Self { direction, content, parameters, known_size }
    }

    fn receives(&self) -> bool {
        self.direction == Direction::FromServer
    }

    fn lists(&self) -> bool {
        self.content == Content::Listing
    }
}

/// How a data connection comes about.
#[derive(Clone, Debug)]
pub(super) enum Approach {
    /// The client connects to this address.
    Connect(SocketAddr),
    /// The server connects to one of these ports.
    Listen(RangeInclusive<u16>),
}

/// How far a data connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Phase {
    /// It is dialled.
    Connecting,
    /// The listener is being made.
    Opening,
    /// The listener is open.
    Listening(SocketAddr),
    /// It is connected.
    Connected,
    /// The TLS handshake is going on.
    Securing,
    /// Data moves.
    Moving,
    /// All was sent. The server is to close its side, too, as the only sign that it has taken it.
    Closing,
    /// It came to its end in order.
    Ended,
    /// It failed.
    Failed(DataFailure),
    /// The server did not close its side in order: nothing says that it has taken an upload.
    NotTaken,
}

impl Phase {
    /// Completes the sentence "the data connection is ...".
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "being dialled",
            Self::Opening => "getting its listener",
            Self::Listening(_) => "listened for",
            Self::Connected => "open, and may not carry data yet",
            Self::Securing => "in its TLS handshake",
            Self::Moving => "carrying data",
            Self::Closing => "waiting for the server to close it",
            Self::Ended | Self::Failed(_) | Self::NotTaken => "over",
        }
    }
}

/// The last thing that the server did on the connection itself. Any of them shows that an upload is its own, which a
/// final reply alone does not: that may be another command's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    None,
    /// The server connected to the client.
    Arrived,
    /// The TLS handshake is done.
    Secured,
    /// The server closed its side in order, after the client.
    Closed,
}

/// Why data may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// It may not, unless the final reply has come.
    Awaited,
    /// The server has said nothing in time, and data is taken without.
    Assumed,
    /// The server has said 1yz.
    Announced,
}

/// What the server's final replies have said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Owed,
    /// It says, or will say once it is complete, that the directory could not be listed.
    NotListed,
    /// A good one has come.
    Good,
    /// A good one has come, which says that the directory could not be listed.
    GoodNotListed,
}

/// One data connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Connection {
    id: DataId,
    phase: Phase,
    /// Bytes that went over the wire.
    moved: u64,
    /// Bytes of the file that were decoded, where the coding makes them differ from those on the wire.
    decoded: Option<u64>,
    purpose: Purpose,
    contact: Contact,
    start: Start,
    verdict: Verdict,
}

/// How a transfer stands, as far as its data connection and its replies say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Standing {
    /// It is not over.
    Running,
    /// It is done.
    Done,
    /// It failed.
    Failed(TransferFailure),
}

impl Connection {
    /// Bytes that went over the wire.
    pub(in crate::client) const fn moved(&self) -> u64 {
        self.moved
    }

    /// What is known of the size of the file.
    pub(in crate::client) const fn known_size(&self) -> KnownSize {
        self.purpose.known_size
    }

    /// Returns whether both ends have come, the good one or the bad one. `owed` is whether the server has yet to say
    /// how the transfer ended.
    pub(in crate::client) fn standing(&self, owed: bool) -> Standing {
        match self.phase {
            Phase::Ended | Phase::Failed(_) if self.verdict == Verdict::GoodNotListed => {
                Standing::Failed(TransferFailure::NotListed)
            }
            Phase::Ended if self.is_confirmed() && self.is_taken() => Standing::Done,
            Phase::Failed(_) if self.is_unused_listing() => Standing::Done,
            // What the server says of it comes first, whatever that is.
            Phase::Failed(failure) if !owed => Standing::Failed(failure.into()),
            Phase::NotTaken if !owed => Standing::Failed(TransferFailure::NotTaken),
            _ => Standing::Running,
        }
    }

    /// Whether it is a listing's, answered without a 1yz, and nothing came.
    pub(in crate::client) fn is_unused_listing(&self) -> bool {
        self.purpose.lists() && self.is_confirmed() && self.start != Start::Announced && self.moved == 0
    }

    /// What came of a file whose size can be compared.
    pub(in crate::client) fn received(&self) -> Option<Received> {
        let Purpose { direction, content, parameters, .. } = self.purpose;
        if direction != Direction::FromServer || content != Content::CountableFile {
            return None;
        }
        let bytes = match parameters.coding.is_identity() {
            true => self.moved,
            false => self.decoded?,
        };
        Some(Received::new(parameters.position, bytes))
    }

    const fn is_confirmed(&self) -> bool {
        matches!(self.verdict, Verdict::Good | Verdict::GoodNotListed)
    }

    /// Whether data may flow, as far as the server's replies are concerned.
    fn may_move(&self) -> bool {
        self.start != Start::Awaited || self.is_confirmed()
    }

    /// Whether something besides a final reply says that the server has to do with an upload.
    fn is_taken(&self) -> bool {
        self.purpose.receives() || self.start == Start::Announced || self.contact != Contact::None
    }

    /// Whether data is due from the server, and no byte has come.
    fn awaits_first_byte(&self) -> bool {
        self.purpose.receives() && self.moved == 0
    }

    /// Whether its TLS handshake is going on, or comes as soon as the server has connected.
    fn is_to_be_secured(&self) -> bool {
        match self.phase {
            Phase::Listening(_) => self.start == Start::Announced,
            Phase::Securing => true,
            _ => false,
        }
    }

    /// Returns the order that begins the next phase, if it can begin: data flows once the connection is open and the
    /// server has said that it may. TLS comes after the 1yz and not before: a server that refuses the command does
    /// not want the handshake either (RFC 4217 10.2). An upload that only a final reply speaks of is taken once the
    /// server closes its side in order.
    fn go_on(&mut self, protects: bool) -> Option<DataOp> {
        let parameters = self.purpose.parameters;
        let (phase, op) = match self.phase {
            Phase::Ended if self.is_confirmed() && !self.is_taken() => (Phase::Closing, DataOp::AwaitClose),
            Phase::Connected if !self.may_move() => return None,
            Phase::Connected if protects && self.contact != Contact::Secured => {
                (Phase::Securing, DataOp::StartTls)
            }
            Phase::Connected if self.purpose.receives() => (Phase::Moving, DataOp::Receive(parameters)),
            Phase::Connected => (Phase::Moving, DataOp::Send(parameters)),
            _ => return None,
        };
        self.phase = phase;
        Some(op)
    }

    /// Returns what the server has to do next on it, and how long it may take.
    fn awaited(&self, timeouts: &Timeouts) -> Option<(Awaited, Duration)> {
        let first_byte = |usual: Duration| match self.is_confirmed() {
            true => usual.min(timeouts.first_byte),
            false => usual,
        };
        Some(match self.phase {
            Phase::Connecting | Phase::Opening => (Awaited::DataConnection, timeouts.connect),
            Phase::Listening(_) if self.may_move() => (Awaited::DataConnection, first_byte(timeouts.accept)),
            Phase::Securing => (Awaited::Handshake, first_byte(timeouts.handshake)),
            Phase::Moving if self.awaits_first_byte() => (Awaited::Data, first_byte(timeouts.data_idle)),
            Phase::Moving => (Awaited::Data, timeouts.data_idle),
            Phase::Closing => (Awaited::DataClose, timeouts.first_byte),
            _ => return None,
        })
    }
}

/// Where the data of the current transfer goes.
#[derive(Clone, Copy, Debug)]
enum Transfer {
    /// There is no transfer.
    None,
    /// It goes over a data connection of this client's.
    Here(Connection),
    /// It goes between this server and another.
    Elsewhere(Elsewhere),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Elsewhere {
    Moving,
    /// The other server has reported its end.
    Ending,
}

/// The data connection of the current transfer, if there is one, and the orders for the driver.
#[derive(Debug)]
pub(in crate::client) struct Data {
    transfer: Transfer,
    last: DataId,
    orders: ArrayVec<(DataId, DataOp), ORDERS>,
    /// The last restart marker of the last transfer.
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

    // Questions.

    /// Returns the data connection, if there is one.
    pub(in crate::client) const fn connection(&self) -> Option<&Connection> {
        match &self.transfer {
            Transfer::Here(connection) => Some(connection),
            Transfer::None | Transfer::Elsewhere(_) => None,
        }
    }

    const fn connection_mut(&mut self) -> Option<&mut Connection> {
        match &mut self.transfer {
            Transfer::Here(connection) => Some(connection),
            Transfer::None | Transfer::Elsewhere(_) => None,
        }
    }

    /// Returns the data connection of this name, if it is the current one.
    pub(in crate::client) fn named(&self, id: DataId) -> Option<&Connection> {
        self.connection().filter(|connection| connection.id == id)
    }

    /// Returns the name of the data connection; `DataId::NONE` if there is none.
    pub(in crate::client) fn id(&self) -> DataId {
        self.connection().map_or(DataId::NONE, |connection| connection.id)
    }

    /// Returns how far the data connection has come, if there is one.
    pub(in crate::client) fn phase(&self) -> Option<Phase> {
        self.connection().map(|connection| connection.phase)
    }

    /// Returns how many bytes went over the data connection.
    pub(super) fn moved(&self) -> u64 {
        self.connection().map_or(0, Connection::moved)
    }

    /// Whether a connection of this name was ever asked for.
    pub(super) fn knows(&self, id: DataId) -> bool {
        id != DataId::NONE && id <= self.last
    }

    /// Whether there is a transfer whose data connection has this name; `DataId::NONE` stands for one between two
    /// servers.
    pub(super) fn is_transfer(&self, id: DataId) -> bool {
        match self.transfer {
            Transfer::None => false,
            Transfer::Here(connection) => connection.id == id,
            Transfer::Elsewhere(_) => id == DataId::NONE,
        }
    }

    /// Returns the direction of the data connection, if there is one.
    pub(super) fn direction(&self) -> Option<Direction> {
        self.connection().map(|connection| connection.purpose.direction)
    }

    /// Whether data moves now, here or elsewhere.
    pub(super) fn is_moving(&self) -> bool {
        self.phase() == Some(Phase::Moving) || self.is_moving_elsewhere()
    }

    fn is_moving_elsewhere(&self) -> bool {
        matches!(self.transfer, Transfer::Elsewhere(Elsewhere::Moving))
    }

    /// Whether a good final reply has come, and the data not to its end.
    pub(super) fn is_confirmed(&self) -> bool {
        self.connection().is_some_and(Connection::is_confirmed)
    }

    /// Whether a reply with this code shows that the final reply was not the last word on the transfer: one whose
    /// data has not ended can still be said to begin, or to have failed.
    pub(super) fn may_be_reopened(&self, code: ReplyCode) -> bool {
        self.connection().filter(|connection| connection.is_confirmed()).is_some_and(|connection| {
            (code.is_preliminary() && connection.start != Start::Announced)
                || (code.is_failure() && code != ReplyCode::SERVICE_NOT_AVAILABLE)
        })
    }

    /// Returns what the server has to do next on the data connection, and how long it may take.
    pub(super) fn awaited(&self, timeouts: &Timeouts) -> Option<(Awaited, Duration)> {
        self.connection()?.awaited(timeouts)
    }

    /// Returns how long the server may take to end a transfer that has begun.
    pub(super) fn final_reply_limit(&self, timeouts: &Timeouts) -> Duration {
        match self.is_moving_elsewhere() {
            true => timeouts.elsewhere,
            false => timeouts.final_reply,
        }
    }

    /// Whether the data connection of a download is open, and nothing has said that data may move.
    pub(super) fn awaits_start(&self) -> bool {
        self.phase() == Some(Phase::Connected) && self.direction() == Some(Direction::FromServer)
    }

    pub(super) const fn last_marker(&self) -> Option<Marker> {
        self.last_marker
    }

    // What happens.

    /// Asks for a data connection.
    pub(super) fn open(&mut self, approach: Approach, purpose: Purpose) {
        let (phase, op) = match approach {
            Approach::Connect(target) => (Phase::Connecting, DataOp::Connect(target)),
            Approach::Listen(ports) => (Phase::Opening, DataOp::Listen { address: None, ports }),
        };
        self.last_marker = None;
        self.last = self.last.next();
        self.transfer = Transfer::Here(Connection {
            id: self.last,
            phase,
            moved: 0,
            decoded: None,
            purpose,
            contact: Contact::None,
            start: Start::Awaited,
            verdict: Verdict::Owed,
        });
        self.order(self.last, op);
    }

    /// Takes an event of a data connection, and returns whether it changed anything. One that is no longer wanted
    /// changes nothing. `peer` is the server's address, and `protects` whether data connections are protected.
    ///
    /// # Errors
    /// When the event makes no sense in the state of the connection, or before its orders were taken.
    pub(super) fn event(
        &mut self,
        id: DataId,
        event: DataEvent,
        peer: IpAddr,
        protects: bool,
    ) -> Result<bool, LocalError> {
        let may_order = self.orders.remaining_capacity() >= ORDERS_OF_AN_EVENT;
        let Some(connection) = self.connection_mut().filter(|connection| connection.id == id) else {
            return Ok(false);
        };
        let (mut marker, mut op) = (None, None);
        match (event, connection.phase) {
            // Its end was reported, or the time for it had run out.
            (_, Phase::Ended | Phase::Failed(_) | Phase::NotTaken) => return Ok(false),
            // That is for the server to heed.
            (DataEvent::Securing, _) => return Ok(false),
            (DataEvent::Moved(count), _) => connection.moved = connection.moved.saturating_add(count),
            (DataEvent::Decoded(count), _) => {
                connection.decoded = Some(connection.decoded.unwrap_or(0).saturating_add(count));
            }
            (DataEvent::Marker(told), Phase::Moving) if connection.purpose.receives() => marker = Some(told),
            (DataEvent::Connected, Phase::Connecting) => connection.phase = Phase::Connected,
            (DataEvent::Listening(at), Phase::Opening) => connection.phase = Phase::Listening(at),
            (DataEvent::Arrived(_) | DataEvent::Secured { .. } | DataEvent::Flushed, phase) if !may_order => {
                return Err(LocalError::UnexpectedDataEvent { event: event.name(), state: phase.as_str() });
            }
            (DataEvent::Secured { .. }, Phase::Securing) => {
                (connection.phase, connection.contact) = (Phase::Connected, Contact::Secured);
                op = connection.go_on(protects);
            }
            // Whoever else comes to the port would get the file, or give another (RFC 2577 4). The time for the
            // server to come runs on.
            (DataEvent::Arrived(from), Phase::Listening(_)) if from.ip().to_canonical() != peer => {
                self.order(id, DataOp::Reject);
                return Ok(false);
            }
            (DataEvent::Arrived(_), Phase::Listening(_)) => {
                (connection.phase, connection.contact) = (Phase::Connected, Contact::Arrived);
                op = connection.go_on(protects);
                self.order(id, DataOp::Admit);
            }
            (DataEvent::Flushed, Phase::Moving) => {
                connection.phase = Phase::Ended;
                op = connection.go_on(protects);
            }
            (DataEvent::Eof { clean: true }, Phase::Moving) => connection.phase = Phase::Ended,
            (DataEvent::Eof { clean: true }, Phase::Closing) => {
                (connection.phase, connection.contact) = (Phase::Ended, Contact::Closed);
            }
            (DataEvent::Eof { clean: false } | DataEvent::Failed(_), Phase::Closing) => {
                connection.phase = Phase::NotTaken;
            }
            (DataEvent::Eof { clean: false }, Phase::Moving) => {
                connection.phase = Phase::Failed(DataFailure::Malformed);
            }
            (DataEvent::Failed(failure), _) => connection.phase = Phase::Failed(failure),
            (event, phase) => {
                return Err(LocalError::UnexpectedDataEvent { event: event.name(), state: phase.as_str() });
            }
        }
        self.last_marker = marker.or(self.last_marker);
        if let Some(op) = op {
            self.order(id, op);
        }
        Ok(true)
    }

    /// The server has said 1yz to the transfer.
    pub(super) fn announced(&mut self, protects: bool) {
        if let Some(connection) = self.connection_mut() {
            connection.start = Start::Announced;
            self.go_on(protects);
        }
    }

    /// The server has not said 1yz in time: data moves without.
    pub(super) fn assume_begun(&mut self, protects: bool) {
        if let Some(connection) = self.connection_mut() {
            if connection.start == Start::Awaited {
                connection.start = Start::Assumed;
            }
            self.go_on(protects);
        }
    }

    /// A good final reply came. Returns whether a byte has to come soon from now on.
    pub(super) fn confirmed(&mut self, protects: bool) -> bool {
        let Some(connection) = self.connection_mut() else { return false };
        connection.verdict = match connection.verdict {
            Verdict::Owed | Verdict::Good => Verdict::Good,
            Verdict::NotListed | Verdict::GoodNotListed => Verdict::GoodNotListed,
        };
        let awaits_first_byte = connection.awaits_first_byte();
        self.go_on(protects);
        awaits_first_byte
    }

    /// A line of the final reply says that the directory could not be listed.
    pub(super) fn not_listed(&mut self) {
        if let Some(connection) = self.connection_mut().filter(|connection| connection.purpose.lists()) {
            connection.verdict = match connection.is_confirmed() {
                true => Verdict::GoodNotListed,
                false => Verdict::NotListed,
            };
        }
    }

    /// The final reply was not the last word on the transfer: 1yz came behind it, or a failure.
    pub(super) fn reopened(&mut self, code: ReplyCode) {
        let Some(connection) = self.connection_mut() else { return };
        connection.verdict = match connection.verdict {
            Verdict::Owed | Verdict::Good => Verdict::Owed,
            Verdict::NotListed | Verdict::GoodNotListed => Verdict::NotListed,
        };
        if code.is_preliminary() {
            connection.start = Start::Announced;
        }
        if connection.phase == Phase::Closing {
            connection.phase = Phase::Ended;
        }
    }

    /// The server begins at the start of the file after all.
    pub(super) fn start_over(&mut self) {
        if let Some(connection) = self.connection_mut() {
            connection.purpose.parameters.position = 0;
        }
    }

    /// The text of the 150 names a size.
    pub(super) fn size_hinted(&mut self, hint: Option<u64>) {
        if let Some(connection) = self.connection_mut() {
            connection.purpose.known_size.hint(hint);
        }
    }

    /// The server named this restart marker, of an upload.
    pub(super) fn marked(&mut self, marker: Option<Marker>) {
        self.last_marker = marker.or(self.last_marker);
    }

    /// The time for what was awaited on the data connection is up. Returns whether there is one, which has failed
    /// then.
    pub(super) fn timed_out(&mut self, awaited: Awaited) -> bool {
        let phase = match awaited {
            Awaited::DataConnection => Phase::Failed(DataFailure::Unreachable),
            Awaited::Data => Phase::Failed(DataFailure::Stalled),
            Awaited::Handshake => Phase::Failed(DataFailure::Handshake),
            Awaited::DataClose => Phase::NotTaken,
            _ => return false,
        };
        let Some(connection) = self.connection_mut() else { return false };
        connection.phase = phase;
        let id = connection.id;
        self.order(id, DataOp::Abort);
        true
    }

    /// A transfer between this server and another has begun.
    pub(super) const fn begun_elsewhere(&mut self) {
        self.transfer = Transfer::Elsewhere(Elsewhere::Moving);
    }

    /// The other server has reported the end of the transfer, if there is one between the two.
    pub(super) const fn ended_elsewhere(&mut self) {
        if let Transfer::Elsewhere(_) = self.transfer {
            self.transfer = Transfer::Elsewhere(Elsewhere::Ending);
        }
    }

    /// The server has reported the end of the transfer. One between two servers is over.
    pub(super) const fn transfer_answered(&mut self) {
        if let Transfer::Elsewhere(_) = self.transfer {
            self.transfer = Transfer::None;
        }
    }

    /// Takes the transfer out of here, to be given up by ABOR. Returns the name of its data connection, `DataId::NONE`
    /// if the data goes between two servers, and whether its TLS handshake is going on or about to begin.
    pub(super) fn given_up(&mut self) -> Option<(DataId, bool)> {
        match core::mem::replace(&mut self.transfer, Transfer::None) {
            Transfer::None => None,
            Transfer::Here(connection) => Some((connection.id, connection.is_to_be_secured())),
            Transfer::Elsewhere(_) => Some((DataId::NONE, false)),
        }
    }

    // Orders.

    /// Closes the data connection: its data and its reply have come to their end.
    pub(super) fn close(&mut self) {
        self.end(DataOp::Close);
    }

    /// Closes the data connection with whatever is in it.
    pub(super) fn abort(&mut self) {
        self.end(DataOp::Abort);
    }

    fn end(&mut self, op: DataOp) {
        if let Some(connection) = self.connection() {
            let id = connection.id;
            self.transfer = Transfer::None;
            self.order(id, op);
        }
    }

    /// Forgets the data connection, which the driver has closed already.
    pub(super) const fn forget(&mut self) {
        if let Transfer::Here(_) = self.transfer {
            self.transfer = Transfer::None;
        }
    }

    /// Lets the data connection go on, if it can.
    fn go_on(&mut self, protects: bool) {
        if let Some(connection) = self.connection_mut() {
            let (id, op) = (connection.id, connection.go_on(protects));
            if let Some(op) = op {
                self.order(id, op);
            }
        }
    }

    /// Queues an order. Abort replaces what else was ordered of the connection.
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

    /// Returns an order that waits for the driver.
    pub(super) fn next_order(&mut self) -> Option<(DataId, DataOp)> {
        self.orders.pop_at(0)
    }
}
