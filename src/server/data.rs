//! The session's data connection (RFC 959 3.2 and 3.3), and the transfer on it.

use core::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use super::commands::Outcome as Answered;
use super::machine::Ticket;
use super::note::Outcome;
use super::pending::{Asked, Pending};
use super::session::Session;
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::buffer::{Span, Tx};
use crate::codec::{Direction, Full, ReplyCode as Code, Sink, Text, Verb, address};
use crate::error::LocalError;
use crate::time::Instant;
use crate::transfer::Marker;

/// Room that the send queue must have before the reply that ends a transfer is made.
pub(super) const END_ROOM: usize = 256;

/// How a client is told where to connect to: PASV, LPSV, EPSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PassiveReply {
    Plain,
    Long,
    Extended,
}

/// How far the data connection has come.
#[derive(Debug, Default)]
pub(super) enum Channel {
    #[default]
    None,
    /// PASV or EPSV: the listener is being made.
    Binding { id: DataId, ticket: Ticket, reply: PassiveReply },
    /// The listener stands, at this address; the client is to be told.
    Bound { id: DataId, ticket: Ticket, reply: PassiveReply, address: SocketAddr },
    /// There is no listener to be had; the client is to be told.
    Unbound { ticket: Ticket },
    /// The client may come.
    Listening(DataId),
    /// PORT or EPRT: to be connected to when a transfer needs it.
    Address(SocketAddr),
    /// It is being connected to.
    Connecting(DataId),
    /// The connection stands.
    Ready(DataId),
    /// The TLS handshake is going on. The client may begin it before it sends its command.
    Securing { id: DataId, begun: bool },
    /// The connection stands and is protected.
    Secured(DataId),
    /// It stood, and did not become what it should: the transfer that it was for is told so.
    Failed(DataFailure),
}

impl Channel {
    /// Whether a transfer can have it.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self, Self::None | Self::Unbound { .. })
    }

    /// Lets nothing wait any longer for what the client has begun.
    pub(super) const fn forget_beginning(&mut self) {
        if let Self::Securing { begun, .. } = self {
            *begun = false;
        }
    }

    const fn id(&self) -> Option<DataId> {
        match self {
            Self::Binding { id, .. }
            | Self::Bound { id, .. }
            | Self::Listening(id)
            | Self::Connecting(id)
            | Self::Ready(id)
            | Self::Securing { id, .. }
            | Self::Secured(id) => Some(*id),
            Self::None | Self::Unbound { .. } | Self::Address(_) | Self::Failed(_) => None,
        }
    }
}

/// A transfer that the host has opened.
#[derive(Debug)]
pub(super) struct Transfer {
    ticket: Ticket,
    verb: Verb,
    state: State,
    /// How many bytes a download has, where the host knows.
    size: Option<u64>,
    moved: u64,
    /// The last restart marker that came and was not told.
    marker: Option<Marker>,
    /// When the count for the minimum rate began, and how much had moved then.
    pub(super) measured: Option<(Instant, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The host has opened it; 150 is not out yet.
    Opened,
    /// 150 is out; the data connection does not stand yet.
    Waiting,
    Moving,
    /// The last byte was sent.
    Sent,
    /// The last byte was received.
    Received,
    Failed(DataFailure),
}

impl Transfer {
    pub(super) const fn new(ticket: Ticket, verb: Verb, size: Option<u64>) -> Self {
        Self { ticket, verb, state: State::Opened, size, moved: 0, marker: None, measured: None }
    }

    pub(super) fn is_moving(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting)
    }

    pub(super) const fn moved(&self) -> u64 {
        self.moved
    }

    fn is_over(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting | State::Moving)
    }

    fn receives(&self) -> bool {
        self.direction() == Direction::ToServer
    }

    fn direction(&self) -> Direction {
        self.verb.info().data.unwrap_or(Direction::FromServer)
    }

    fn is_listing(&self) -> bool {
        matches!(self.verb, Verb::List | Verb::Nlst | Verb::Mlsd)
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Tells what happened on a data connection. Events of one that is no longer wanted are ignored.
    ///
    /// # Errors
    /// When no such connection was ever asked for, or the event makes no sense in its state.
    pub fn data_event(&mut self, id: DataId, event: DataEvent) -> Result<(), LocalError> {
        if id == DataId::NONE || id > self.last_data {
            return Err(LocalError::UnknownData);
        }
        if self.channel.id() != Some(id) {
            return Ok(());
        }
        let unexpected = LocalError::UnexpectedDataEvent { event: event.name(), state: self.data_state() };
        let stranger = matches!(event, DataEvent::Arrived(peer) if !self.may_share_data(peer.ip()));
        self.progress |= !stranger;
        match event {
            DataEvent::Listening(address) => match core::mem::take(&mut self.channel) {
                Channel::Binding { id, ticket, reply } => {
                    self.channel = Channel::Bound { id, ticket, reply, address };
                }
                channel => {
                    self.channel = channel;
                    return Err(unexpected);
                }
            },
            // A client can be here before it was told where: someone else can, too (RFC 2577 4).
            DataEvent::Arrived(_) => match self.channel {
                Channel::Listening(id) if !stranger => {
                    self.order(id, DataOp::Admit);
                    self.connection_stands(id);
                }
                _ => self.order(id, DataOp::Reject),
            },
            DataEvent::Connected => match self.channel {
                Channel::Connecting(id) => self.connection_stands(id),
                _ => return Err(unexpected),
            },
            DataEvent::Securing => match &mut self.channel {
                Channel::Securing { begun, .. } => *begun = true,
                _ => return Err(unexpected),
            },
            DataEvent::Secured { resumed } => match self.channel {
                Channel::Securing { id, .. } if resumed || !self.config.security.bound_sessions => {
                    self.channel = Channel::Secured(id);
                }
                Channel::Securing { .. } => {
                    self.close_channel(DataOp::Abort);
                    self.channel = Channel::Failed(DataFailure::NotResumed);
                }
                _ => return Err(unexpected),
            },
            DataEvent::Moved(count) => {
                let transfer = self.transfer.as_mut().ok_or(unexpected)?;
                transfer.moved = transfer.moved.saturating_add(count);
            }
            // Where in the file an appended byte comes to lie is not known, so nobody could go on there.
            DataEvent::Marker(marker) => {
                let transfer = self.transfer.as_mut().filter(|transfer| transfer.receives());
                let transfer = transfer.ok_or(unexpected)?;
                transfer.marker = Some(marker).filter(|_| transfer.verb != Verb::Appe);
            }
            DataEvent::Eof { clean } => {
                let transfer = self.transfer.as_mut().ok_or(unexpected)?;
                transfer.state = if clean { State::Received } else { State::Failed(DataFailure::Malformed) };
            }
            DataEvent::Flushed => {
                let transfer = self.transfer.as_mut().ok_or(unexpected)?;
                transfer.state = State::Sent;
            }
            DataEvent::Failed(failure) => match core::mem::take(&mut self.channel) {
                Channel::Binding { ticket, .. } | Channel::Bound { ticket, .. } => {
                    self.channel = Channel::Unbound { ticket };
                }
                Channel::Securing { .. } => self.channel = Channel::Failed(failure),
                _ => {
                    // What comes of the connection after the last byte is of no matter.
                    if let Some(transfer) = self.transfer.as_mut().filter(|transfer| !transfer.is_over()) {
                        transfer.state = State::Failed(failure);
                    }
                }
            },
        }
        Ok(())
    }

    /// Completes the sentence "the data connection is ...".
    fn data_state(&self) -> &'static str {
        match (&self.channel, &self.transfer) {
            (Channel::Binding { .. } | Channel::Bound { .. }, _) => "getting its listener",
            (Channel::Listening(_), _) => "listened for",
            (Channel::Connecting(_), _) => "being dialled",
            (Channel::Securing { .. }, _) => "in its TLS handshake",
            (Channel::Ready(_) | Channel::Secured(_), None) => "standing, without a transfer",
            (Channel::Ready(_) | Channel::Secured(_), Some(transfer)) if transfer.receives() => "receiving",
            (Channel::Ready(_) | Channel::Secured(_), Some(_)) => "sending",
            _ => "over",
        }
    }

    /// Whether data may go to an address and come from it: the client's, be it that one is written as an
    /// IPv4-mapped one, or any where that is allowed.
    pub(super) fn may_share_data(&self, address: IpAddr) -> bool {
        self.config.foreign_addresses || address.to_canonical() == self.endpoints.peer.ip().to_canonical()
    }

    /// The data connection has come about. Its TLS handshake is awaited from now on: some clients begin it
    /// before they send their command, most wait for the 150.
    fn connection_stands(&mut self, id: DataId) {
        self.channel = match self.protects_data() {
            true => {
                self.order(id, DataOp::StartTls);
                Channel::Securing { id, begun: false }
            }
            false => Channel::Ready(id),
        };
    }

    /// Does what the events have made possible. Gives out the request that an upload that has come in
    /// whole makes.
    pub(super) fn advance_transfer(&mut self, tx: &mut Tx<'_>) -> Option<(Ticket, Asked)> {
        if tx.free() < END_ROOM {
            return None;
        }
        self.tell_passive_address(tx);
        self.tell_marker(tx);
        if tx.free() < END_ROOM {
            return None;
        }
        if self.holds_announcement() {
            return None;
        }
        self.announce(tx);
        let protects_data = self.protects_data();
        let transfer = self.transfer.as_mut()?;
        match (transfer.state, &self.channel) {
            // PROT P came when the connection stood already.
            (State::Waiting, Channel::Ready(id)) if protects_data => {
                let id = *id;
                self.connection_stands(id);
            }
            (State::Waiting, Channel::Failed(failure)) => {
                let failure = *failure;
                self.transfer_failed(failure, tx);
            }
            (State::Waiting, Channel::Ready(id) | Channel::Secured(id)) => {
                let id = *id;
                transfer.state = State::Moving;
                let op = match transfer.receives() {
                    true => DataOp::Receive(self.opening),
                    false => DataOp::Send(self.opening),
                };
                self.order(id, op);
            }
            (State::Waiting, Channel::Address(address)) => {
                let address = *address;
                let id = self.new_channel();
                self.channel = Channel::Connecting(id);
                self.order(id, DataOp::Connect(address));
            }
            (State::Opened | State::Waiting | State::Moving, _) => {}
            (State::Sent, _) => self.transfer_done(tx),
            (State::Received, _) => {
                let transfer = self.transfer.take()?;
                self.verb = transfer.verb;
                self.pi.end_transfer();
                self.close_channel(DataOp::Close);
                return Some((transfer.ticket, Asked { what: Pending::Commit, argument: Span::default() }));
            }
            (State::Failed(failure), _) => self.transfer_failed(failure, tx),
        }
        None
    }

    /// Whether the 150 waits for a handshake that the client has begun. The tickets for its next data connections
    /// are then there before it sends the file: curl leaves an upload without waiting for them, uses each once,
    /// and would be refused for want of one. Whoever downloads reads them anyway.
    pub(super) fn holds_announcement(&self) -> bool {
        let opened = |transfer: &Transfer| transfer.state == State::Opened && transfer.receives();
        self.config.security.bound_sessions
            && matches!(self.channel, Channel::Securing { begun: true, .. })
            && self.transfer.as_ref().is_some_and(opened)
    }

    /// Says that the transfer begins, unless that was said: 150.
    pub(super) fn announce(&mut self, tx: &mut Tx<'_>) {
        let Some(transfer) = &mut self.transfer else { return };
        if transfer.state != State::Opened {
            return;
        }
        transfer.state = State::Waiting;
        self.progress = true;
        let (verb, size, name) = (transfer.verb, transfer.size, self.paths.name());
        let sent = self.pi.preliminary_with(&transfer.ticket, &mut *tx, |tx| {
            Code::OPENING_DATA_CONNECTION.encode(tx)?;
            match (verb, size) {
                // RFC 1123 4.1.2.9 wants exactly this.
                (Verb::Stou, _) if !name.is_empty() => {
                    tx.put(b" FILE: ")?;
                    tx.put(name)?;
                }
                (Verb::Retr, Some(size)) => {
                    tx.put_fmt(format_args!(" Opening the data connection ({size} bytes)."))?;
                }
                _ => tx.put(b" Opening the data connection.")?,
            }
            tx.put(b"\r\n")
        });
        if sent.is_err() {
            // The name alone can be that long.
            let text = Text::default();
            let _ = self.pi.preliminary(&transfer.ticket, Code::OPENING_DATA_CONNECTION, text, tx);
        }
    }

    /// The client is told of the last restart marker and of what it is here (RFC 959 3.5): 110. While the
    /// transfer runs it waits until all before it has left, so that a client that does not listen has few.
    fn tell_marker(&mut self, tx: &mut Tx<'_>) {
        let Some(transfer) = &mut self.transfer else { return };
        if !tx.is_empty() && !transfer.is_over() {
            return;
        }
        let Some(marker) = transfer.marker.take() else { return };
        // It is shorter than the room that is there.
        let _ = self.pi.preliminary_with(&transfer.ticket, tx, |tx| {
            Code::RESTART_MARKER.encode(tx)?;
            tx.put(b" MARK ")?;
            marker.text().encode(tx)?;
            tx.put_fmt(format_args!(" = {}\r\n", marker.position()))
        });
    }

    fn transfer_done(&mut self, tx: &mut Tx<'_>) {
        self.close_channel(DataOp::Close);
        if let Some(transfer) = self.end_transfer(Outcome::Complete) {
            self.reply(
                transfer.ticket,
                Code::CLOSING_DATA_CONNECTION,
                Text::literal("Transfer complete."),
                tx,
            );
        }
    }

    /// Takes the transfer, if there is one, and notes what became of it.
    fn end_transfer(&mut self, outcome: Outcome) -> Option<Transfer> {
        let transfer = self.transfer.take()?;
        self.note_transfer(transfer.direction(), transfer.is_listing(), outcome);
        Some(transfer)
    }

    pub(super) fn transfer_failed(&mut self, failure: DataFailure, tx: &mut Tx<'_>) {
        self.announce(tx);
        // The codes for want of room are for what is stored (RFC 959 5.4).
        let receives = self.transfer.as_ref().is_some_and(Transfer::receives);
        let (code, text) = match failure {
            DataFailure::Unreachable => {
                (Code::CANNOT_OPEN_DATA_CONNECTION, Text::literal("The data connection could not be opened."))
            }
            DataFailure::Stalled => {
                (Code::TRANSFER_ABORTED, Text::literal("The data connection stalled; transfer aborted."))
            }
            DataFailure::Handshake => (Code::DATA_TLS_FAILED, Text::literal("The TLS handshake failed.")),
            DataFailure::NotResumed => (
                Code::DATA_TLS_FAILED,
                Text::literal("Resume the TLS session of the control connection: session reuse is required."),
            ),
            DataFailure::Broken => (Code::TRANSFER_ABORTED, Text::literal("The data connection broke.")),
            DataFailure::Malformed => {
                (Code::TRANSFER_ABORTED, Text::literal("The data is malformed or ends in its middle."))
            }
            DataFailure::StorageFull if receives => {
                (Code::INSUFFICIENT_STORAGE, Text::literal("No room left."))
            }
            DataFailure::QuotaExceeded if receives => {
                (Code::STORAGE_EXCEEDED, Text::literal("Storage allocation exceeded."))
            }
            DataFailure::Local | DataFailure::StorageFull | DataFailure::QuotaExceeded => {
                (Code::LOCAL_ERROR, Text::literal("Local error; transfer aborted."))
            }
        };
        self.close_channel(DataOp::Abort);
        if let Some(transfer) = self.end_transfer(Outcome::Failed(failure)) {
            self.reply(transfer.ticket, code, text, tx);
        }
    }

    /// ABOR (RFC 959 4.1.3): 426 for the transfer that it ends, then its own reply.
    pub(super) fn abort(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        if self.pending.is_some() {
            (self.aborting, self.tell_abort) = (Some(ticket), true);
            return;
        }
        self.announce(tx);
        let Some(transfer) = self.end_transfer(Outcome::Aborted) else {
            return self.reply(
                ticket,
                Code::DATA_CONNECTION_OPEN,
                Text::literal("No transfer is running."),
                tx,
            );
        };
        self.close_channel(DataOp::Abort);
        self.reply(transfer.ticket, Code::TRANSFER_ABORTED, Text::literal("Transfer aborted."), tx);
        self.reply(ticket, Code::CLOSING_DATA_CONNECTION, Text::literal("Abort done."), tx);
    }

    /// Bytes of the running transfer, for STAT.
    pub(super) fn moved(&self) -> Option<u64> {
        self.transfer.as_ref().map(|transfer| transfer.moved)
    }

    /// PASV and EPSV: asks for a listener in the place of whatever there was.
    pub(super) fn listen(&mut self, ticket: Ticket, reply: PassiveReply) -> Answered {
        self.close_channel(DataOp::Abort);
        let id = self.new_channel();
        self.channel = Channel::Binding { id, ticket, reply };
        let ports = self.config.passive_ports.clone();
        self.order(id, DataOp::Listen { address: None, ports });
        None
    }

    fn tell_passive_address(&mut self, tx: &mut Tx<'_>) {
        match core::mem::take(&mut self.channel) {
            Channel::Bound { id, ticket, reply, address: bound } => {
                self.channel = Channel::Listening(id);
                let named = self.named_address(bound);
                let long = match bound.ip().to_canonical() {
                    IpAddr::V4(_) => named.into(),
                    IpAddr::V6(_) => bound,
                };
                self.reply_many(ticket, tx, |tx| {
                    let code = match reply {
                        PassiveReply::Plain => Code::ENTERING_PASSIVE_MODE,
                        PassiveReply::Long => Code::ENTERING_LONG_PASSIVE_MODE,
                        PassiveReply::Extended => Code::ENTERING_EXTENDED_PASSIVE_MODE,
                    };
                    code.encode(tx)?;
                    tx.put(b" ")?;
                    match reply {
                        PassiveReply::Plain => address::encode_pasv_reply(named, tx)?,
                        PassiveReply::Long => address::encode_lpsv_reply(long, tx)?,
                        PassiveReply::Extended => address::encode_epsv_reply(bound.port(), tx)?,
                    }
                    tx.put(b"\r\n")
                });
            }
            Channel::Unbound { ticket } => {
                let text = Text::literal("No port to listen at.");
                self.reply(ticket, Code::CANNOT_OPEN_DATA_CONNECTION, text, tx);
            }
            channel => self.channel = channel,
        }
    }

    /// The address that 227 names: the masquerade, or the listener's own, or the control connection's.
    fn named_address(&self, listener: SocketAddr) -> SocketAddrV4 {
        let own = [listener.ip(), self.endpoints.local.ip()].map(|ip| ip.to_canonical());
        let ip = self.config.passive_address.or_else(|| {
            own.iter().find_map(|ip| match ip {
                IpAddr::V4(ip) if !ip.is_unspecified() => Some(*ip),
                _ => None,
            })
        });
        SocketAddrV4::new(ip.unwrap_or(Ipv4Addr::UNSPECIFIED), listener.port())
    }

    /// PORT and EPRT: where the next transfer connects to.
    pub(super) fn connect_at_transfer(&mut self, address: SocketAddr) {
        self.close_channel(DataOp::Abort);
        self.channel = Channel::Address(address);
    }

    fn new_channel(&mut self) -> DataId {
        self.last_data = self.last_data.next();
        self.last_data
    }

    /// Gives up the data connection, and the transfer on it unanswered: the session ends or begins
    /// anew.
    pub(super) fn abandon_data(&mut self) {
        self.end_transfer(Outcome::Cut);
        self.close_channel(DataOp::Abort);
    }

    pub(super) fn close_channel(&mut self, op: DataOp) {
        if let Some(id) = core::mem::take(&mut self.channel).id() {
            self.ops.retain(|(other, _)| *other != id);
            self.order(id, op);
        }
    }

    /// Queues a reply that is put together, or an apology when it finds no room.
    pub(super) fn reply_many(
        &mut self,
        ticket: Ticket,
        tx: &mut Tx<'_>,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) {
        let sent = self.pi.reply_with(ticket, &mut *tx, encode);
        self.or_too_long(sent, tx);
    }

    /// The apology for a reply that found no room: there is always room for that.
    pub(super) fn or_too_long(&mut self, sent: Result<(), (LocalError, Ticket)>, tx: &mut Tx<'_>) {
        if let Err((_, ticket)) = sent {
            self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("The answer is too long."), tx);
        }
    }
}
