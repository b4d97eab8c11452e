//! The session's data connection (RFC 959 3.2 and 3.3).

use core::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use super::commands::Outcome as Answered;
use super::habit::Habit;
use super::machine::{Ticket, append_reply};
use super::session::Session;
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::buffer::Tx;
use crate::codec::{ReplyCode as Code, Sink, Text, address};
use crate::error::LocalError;
use crate::time::Instant;

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
    /// The client may come; since when it is waited for.
    Listening(DataId, Option<Instant>),
    /// PORT or EPRT: to be connected to when a transfer needs it.
    Address(SocketAddr),
    /// It is being connected to.
    Connecting(DataId),
    /// The connection stands.
    Ready(DataId),
    /// The TLS handshake is going on; the client has begun it, or not yet. It may before it sends its command.
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

    /// Whether it is known where the connection will be made, and none was.
    pub(super) const fn is_expected(&self) -> bool {
        matches!(self, Self::Listening(..) | Self::Address(_))
    }

    const fn id(&self) -> Option<DataId> {
        match self {
            Self::Binding { id, .. }
            | Self::Bound { id, .. }
            | Self::Listening(id, _)
            | Self::Connecting(id)
            | Self::Ready(id)
            | Self::Securing { id, .. }
            | Self::Secured(id) => Some(*id),
            Self::None | Self::Unbound { .. } | Self::Address(_) | Self::Failed(_) => None,
        }
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
        // Work that brings no byte over the wire does not put the deadline off.
        let moves = !matches!(event, DataEvent::Moved(0) | DataEvent::Decoded(_));
        self.progress |= !stranger && moves;
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
                Channel::Listening(id, _) if !stranger => {
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
                Channel::Securing { id, begun } if resumed || self.takes_any_tls_session() => {
                    self.channel = Channel::Secured(id);
                    if !begun {
                        // None follow.
                        self.habit = Habit::NeedsNone;
                    } else if self.habit == Habit::NeedsTickets {
                        self.order(id, DataOp::SendTickets);
                    }
                }
                Channel::Securing { .. } => {
                    // In order, so that the client comes to read why.
                    self.close_channel(DataOp::Close);
                    self.channel = Channel::Failed(DataFailure::NotResumed);
                }
                _ => return Err(unexpected),
            },
            DataEvent::Ahead => {
                if !self.is_announced() {
                    self.habit = Habit::NeedsNone;
                }
            }
            DataEvent::Moved(count) => {
                self.transfer.as_mut().ok_or(unexpected)?.count(count);
            }
            // A server need not know: it answers for bytes on the wire only.
            DataEvent::Decoded(_) => {}
            DataEvent::Marker(marker) => {
                let transfer = self.transfer.as_mut().filter(|transfer| transfer.receives());
                let transfer = transfer.ok_or(unexpected)?;
                transfer.mark(marker);
            }
            DataEvent::Eof { clean } => {
                if !self.transfer.as_mut().ok_or(unexpected)?.ended(clean) {
                    return Err(unexpected);
                }
            }
            DataEvent::Flushed => {
                self.transfer.as_mut().ok_or(unexpected)?.sent();
            }
            DataEvent::Failed(failure) => match core::mem::take(&mut self.channel) {
                Channel::Binding { ticket, .. } | Channel::Bound { ticket, .. } => {
                    self.channel = Channel::Unbound { ticket };
                }
                Channel::Securing { .. } => self.channel = Channel::Failed(failure),
                _ => {
                    if let Some(transfer) = &mut self.transfer {
                        transfer.broken(failure);
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
            (Channel::Listening(..), _) => "listened for",
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
    pub(super) fn connection_stands(&mut self, id: DataId) {
        self.channel = match self.protects_data() {
            true => {
                self.order(id, DataOp::StartTls);
                Channel::Securing { id, begun: false }
            }
            false => Channel::Ready(id),
        };
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

    /// Answers PASV, LPSV or EPSV once the listener stands.
    pub(super) fn tell_passive_address(&mut self, tx: &mut Tx<'_>) {
        match core::mem::take(&mut self.channel) {
            Channel::Bound { id, ticket, reply, address: bound } => {
                self.channel = Channel::Listening(id, None);
                let named = self.named_address(bound);
                let long = match bound.ip().to_canonical() {
                    IpAddr::V4(_) => named.into(),
                    IpAddr::V6(_) => bound,
                };
                let code = match reply {
                    PassiveReply::Plain => Code::ENTERING_PASSIVE_MODE,
                    PassiveReply::Long => Code::ENTERING_LONG_PASSIVE_MODE,
                    PassiveReply::Extended => Code::ENTERING_EXTENDED_PASSIVE_MODE,
                };
                let encode = |tx: &mut Tx<'_>| {
                    code.encode(tx)?;
                    tx.put(b" ")?;
                    match reply {
                        PassiveReply::Plain => address::encode_pasv_reply(named, tx)?,
                        PassiveReply::Long => address::encode_lpsv_reply(long, tx)?,
                        PassiveReply::Extended => address::encode_epsv_reply(bound.port(), tx)?,
                    }
                    tx.put(b"\r\n")
                };
                self.reply_many(ticket, tx, |tx| append_reply(code, tx, encode));
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

    pub(super) fn new_channel(&mut self) -> DataId {
        self.last_data = self.last_data.next();
        self.last_data
    }

    pub(super) fn close_channel(&mut self, op: DataOp) {
        if let Some(id) = core::mem::take(&mut self.channel).id() {
            self.ops.retain(|(other, _)| *other != id);
            self.order(id, op);
        }
    }
}
