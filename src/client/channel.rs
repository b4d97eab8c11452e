//! The data connection as the client sees it (RFC 959 3.2): dialled or listened for, admitted, moving,
//! over.

use core::net::{IpAddr, SocketAddr};

use super::{Client, PassiveAddress, Profile};
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::codec::{Command, EpsvArgument};
use crate::error::LocalError;
use crate::transfer::Parameters;

/// The data connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub(super) id: DataId,
    pub(super) phase: Phase,
    pub(super) moved: u64,
    pub(super) receives: bool,
    pub(super) parameters: Parameters,
    /// Its TLS handshake is done.
    secured: bool,
    /// The server has said 1yz to the transfer, or is taken to have.
    pub(super) announced: bool,
    /// The final reply has come, and was good.
    pub(super) confirmed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is dialled.
    Connecting,
    /// The listener is being made.
    Opening,
    /// The listener stands.
    Listening(SocketAddr),
    /// It stands.
    Connected,
    /// The TLS handshake is going on.
    Securing,
    Moving,
    Ended,
    Failed(DataFailure),
}

impl Phase {
    /// Completes the sentence "the data connection is ...".
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "being dialled",
            Self::Opening => "getting its listener",
            Self::Listening(_) => "listened for",
            Self::Connected => "standing, and may not carry data yet",
            Self::Securing => "in its TLS handshake",
            Self::Moving => "carrying data",
            Self::Ended | Self::Failed(_) => "over",
        }
    }
}

impl Channel {
    /// Whether data may flow, as far as the server's replies are concerned.
    pub(super) const fn may_move(&self) -> bool {
        self.announced || self.confirmed
    }

    /// Whether its TLS handshake is going on, or comes as soon as the server has connected.
    pub(super) const fn is_to_be_secured(&self) -> bool {
        match self.phase {
            Phase::Listening(_) => self.announced,
            Phase::Securing => true,
            _ => false,
        }
    }
}

impl Client {
    /// Tells what happened on a data connection. Events of one that is no longer wanted are ignored.
    ///
    /// # Errors
    /// When no such connection was ever asked for, or the event makes no sense in its state.
    pub fn data_event(&mut self, id: DataId, event: DataEvent) -> Result<(), LocalError> {
        if id == DataId::NONE || id > self.last_data {
            return Err(LocalError::UnknownData);
        }
        let peer = self.peer.ip().to_canonical();
        if self.gives_up(id) {
            match event {
                DataEvent::Arrived(from) if from.ip().to_canonical() != peer => {
                    self.order(id, DataOp::Reject)
                }
                DataEvent::Arrived(_) if self.secures_to_abort() => {
                    self.order(id, DataOp::Admit);
                    self.order(id, DataOp::StartTls);
                }
                DataEvent::Secured { .. } | DataEvent::Failed(_) => self.stop_securing(),
                _ => {}
            }
            return Ok(());
        }
        let Some(channel) = self.channel.as_mut().filter(|channel| channel.id == id) else {
            return Ok(());
        };
        match (event, channel.phase) {
            // Its end was told, or the time for it had run out.
            (_, Phase::Ended | Phase::Failed(_)) => return Ok(()),
            // That is the server's to heed.
            (DataEvent::Securing, _) => return Ok(()),
            (DataEvent::Moved(count), _) => channel.moved = channel.moved.saturating_add(count),
            (DataEvent::Marker(marker), Phase::Moving) if channel.receives => {
                self.last_marker = Some(marker);
            }
            (DataEvent::Connected, Phase::Connecting) => channel.phase = Phase::Connected,
            (DataEvent::Secured { .. }, Phase::Securing) => {
                channel.phase = Phase::Connected;
                channel.secured = true;
                self.let_data_move();
            }
            (DataEvent::Listening(at), Phase::Opening) => channel.phase = Phase::Listening(at),
            // Whoever else comes to the port would get the file, or give another (RFC 2577 4). The time
            // for the server to come runs on.
            (DataEvent::Arrived(from), Phase::Listening(_)) if from.ip().to_canonical() != peer => {
                self.order(id, DataOp::Reject);
                return Ok(());
            }
            (DataEvent::Arrived(_), Phase::Listening(_)) => {
                channel.phase = Phase::Connected;
                self.order(id, DataOp::Admit);
                self.let_data_move();
            }
            (DataEvent::Eof { clean: true } | DataEvent::Flushed, Phase::Moving) => {
                channel.phase = Phase::Ended;
            }
            (DataEvent::Eof { clean: false }, Phase::Moving) => {
                channel.phase = Phase::Failed(DataFailure::Malformed);
            }
            (DataEvent::Failed(failure), _) => channel.phase = Phase::Failed(failure),
            (event, phase) => {
                return Err(LocalError::UnexpectedDataEvent { event: event.name(), state: phase.as_str() });
            }
        }
        self.clock = None;
        Ok(())
    }

    /// Asks for a data connection to `port` of the control peer, or to `address` where the policy
    /// says so.
    pub(super) fn connect_data(
        &mut self,
        named: Option<IpAddr>,
        port: u16,
        receives: bool,
        parameters: Parameters,
    ) {
        let target = self.passive_target(named, port);
        self.open_data(Phase::Connecting, DataOp::Connect(target), receives, parameters);
    }

    /// Where the server listens: at `port` of the control peer, or of the address that it named where the
    /// policy says so.
    pub(super) fn passive_target(&self, named: Option<IpAddr>, port: u16) -> SocketAddr {
        let mut target = self.peer;
        target.set_port(port);
        // 0.0.0.0 names no host, but says that the server does not know its own address.
        let named = named.filter(|address| !address.is_unspecified());
        if let (Some(address), PassiveAddress::AsNamed) = (named, self.config.passive_address) {
            target.set_ip(address);
        }
        target
    }

    /// What asks the server to listen. Only EPSV leads to an IPv6 address.
    pub(super) fn passive_command(&self) -> Command<'static> {
        match self.profile.contains(Profile::NO_EPSV) && !self.peer_is_ipv6() {
            true => Command::Pasv,
            false => Command::Epsv(EpsvArgument::Unspecified),
        }
    }

    /// Asks for a listener that the server is to connect to.
    pub(super) fn listen_for_data(&mut self, receives: bool, parameters: Parameters) {
        let ports = self.config.active.ports.clone();
        self.open_data(Phase::Opening, DataOp::Listen { address: None, ports }, receives, parameters);
    }

    fn open_data(&mut self, phase: Phase, op: DataOp, receives: bool, parameters: Parameters) {
        self.last_marker = None;
        self.last_data = self.last_data.next();
        let id = self.last_data;
        self.channel = Some(Channel {
            id,
            phase,
            moved: 0,
            receives,
            parameters,
            secured: false,
            announced: false,
            confirmed: false,
        });
        self.order(id, op);
    }

    /// What to tell the server of a listener at `at`: an address that it can use.
    pub(super) fn announced_address(&self, at: SocketAddr) -> SocketAddr {
        let ip = self.config.active.address.unwrap_or(at.ip()).to_canonical();
        // A zone means nothing to others, and has no place in EPRT (RFC 2428 2): made anew, it is gone.
        SocketAddr::new(ip, at.port())
    }

    /// The transfer begins, whether or not the server has said so.
    pub(super) fn announce(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.announced = true;
        }
        if let Some(owed) = self.owed.first_mut() {
            owed.transferring |= owed.is_transfer();
        }
        self.let_data_move();
    }

    /// Lets data flow once the connection stands and the server has said that it may.
    pub(super) fn let_data_move(&mut self) {
        let Some(channel) = &mut self.channel else { return };
        if channel.phase != Phase::Connected || !channel.may_move() {
            return;
        }
        // After the 1yz and not before: a server that refuses the command does not want the handshake either
        // (RFC 4217 10.2).
        if self.shield.data && !channel.secured {
            channel.phase = Phase::Securing;
            let id = channel.id;
            return self.order(id, DataOp::StartTls);
        }
        channel.phase = Phase::Moving;
        let (id, parameters) = (channel.id, channel.parameters);
        let op = if channel.receives { DataOp::Receive(parameters) } else { DataOp::Send(parameters) };
        self.order(id, op);
    }

    pub(super) fn order(&mut self, id: DataId, op: DataOp) {
        if matches!(op, DataOp::Abort) {
            self.ops.retain(|(other, _)| *other != id);
        }
        // Four are never waiting: an operation orders one at a time, and an abort replaces them.
        let _ = self.ops.try_push((id, op));
    }

    /// Closes the data connection that the operation opened.
    pub(super) fn close_data(&mut self, op: DataOp) {
        if let Some(channel) = self.channel.take() {
            self.order(channel.id, op);
        }
    }

    /// A data operation that waits to be handed out.
    pub(super) fn next_op(&mut self) -> Option<(DataId, DataOp)> {
        self.ops.pop_at(0)
    }
}
