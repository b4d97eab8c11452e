//! The data connection as the client sees it (RFC 959 3.2): dialled or listened for, admitted, moving,
//! over.

use core::net::{IpAddr, SocketAddr};

use super::file_size::{KnownSize, Received};
use super::{Client, PassiveAddress, Profile};
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::codec::{Command, EpsvArgument};
use crate::error::LocalError;
use crate::transfer::Parameters;

/// What a data connection is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose {
    /// Data comes from the server.
    pub(super) receives: bool,
    /// It is a listing, and no file.
    pub(super) lists: bool,
    /// The bytes that come are those of the file from `position` on, all of them: TYPE I, STRU F, no range.
    pub(super) countable: bool,
    pub(super) parameters: Parameters,
    pub(super) known_size: KnownSize,
}

/// The data connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub(super) id: DataId,
    pub(super) phase: Phase,
    /// Bytes that went over the wire.
    pub(super) moved: u64,
    /// Bytes of the file that were decoded, where the coding makes them differ from those on the wire.
    decoded: Option<u64>,
    pub(super) purpose: Purpose,
    /// Its TLS handshake is done.
    secured: bool,
    /// The server connected to us.
    arrived: bool,
    /// The server closed its side in order, after ours.
    closed: bool,
    /// The server has said 1yz to the transfer.
    pub(super) announced: bool,
    /// The server has said nothing in time, and data is taken without.
    pub(super) assumed: bool,
    /// The final reply has come, and was good.
    pub(super) confirmed: bool,
    /// It says that the directory could not be listed.
    pub(super) says_not_listed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
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
    Moving,
    /// All was sent. The server is to close its side, too, as the only sign that it has taken it.
    Closing,
    Ended,
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

impl Channel {
    /// Whether data may flow, as far as the server's replies are concerned.
    pub(super) const fn may_move(&self) -> bool {
        self.announced || self.assumed || self.confirmed
    }

    /// Whether something besides a final reply says that the server has to do with an upload. A reply alone may be
    /// another command's.
    pub(super) const fn is_taken(&self) -> bool {
        self.purpose.receives || self.announced || self.arrived || self.secured || self.closed
    }

    /// Whether it is a listing's, answered without a 1yz, and nothing came.
    pub(super) const fn is_unused_listing(&self) -> bool {
        self.purpose.lists && self.confirmed && !self.announced && self.moved == 0
    }

    /// Whether data is due from the server, and no byte has come.
    pub(super) const fn awaits_first_byte(&self) -> bool {
        self.purpose.receives && self.moved == 0
    }

    /// The final reply was not the last word on it: `announced` by a 1yz behind it, or by a failure.
    pub(super) fn reopen(&mut self, announced: bool) {
        self.confirmed = false;
        self.announced |= announced;
        if self.phase == Phase::Closing {
            self.phase = Phase::Ended;
        }
    }

    /// What came of a file whose size can be compared.
    pub(super) fn received(&self) -> Option<Received> {
        let Purpose { receives: true, lists: false, countable: true, parameters, .. } = self.purpose else {
            return None;
        };
        let bytes = match parameters.coding.is_identity() {
            true => self.moved,
            false => self.decoded?,
        };
        Some(Received { offset: parameters.position, bytes })
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
            (_, Phase::Ended | Phase::Failed(_) | Phase::NotTaken) => return Ok(()),
            // That is the server's to heed.
            (DataEvent::Securing, _) => return Ok(()),
            (DataEvent::Moved(count), _) => channel.moved = channel.moved.saturating_add(count),
            (DataEvent::Decoded(count), _) => {
                channel.decoded = Some(channel.decoded.unwrap_or(0).saturating_add(count));
            }
            (DataEvent::Marker(marker), Phase::Moving) if channel.purpose.receives => {
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
                channel.arrived = true;
                self.order(id, DataOp::Admit);
                self.let_data_move();
            }
            (DataEvent::Flushed, Phase::Moving) => {
                channel.phase = Phase::Ended;
                self.await_close();
            }
            (DataEvent::Eof { clean: true }, Phase::Moving) => channel.phase = Phase::Ended,
            (DataEvent::Eof { clean: true }, Phase::Closing) => {
                channel.closed = true;
                channel.phase = Phase::Ended;
            }
            (DataEvent::Eof { clean: false }, Phase::Closing) => {
                channel.phase = Phase::NotTaken;
            }
            (DataEvent::Failed(_), Phase::Closing) => channel.phase = Phase::NotTaken,
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
    pub(super) fn connect_data(&mut self, named: Option<IpAddr>, port: u16, purpose: Purpose) {
        let target = self.passive_target(named, port);
        self.open_data(Phase::Connecting, DataOp::Connect(target), purpose);
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
    pub(super) fn listen_for_data(&mut self, purpose: Purpose) {
        let ports = self.config.active.ports.clone();
        self.open_data(Phase::Opening, DataOp::Listen { address: None, ports }, purpose);
    }

    fn open_data(&mut self, phase: Phase, op: DataOp, purpose: Purpose) {
        self.last_marker = None;
        self.last_data = self.last_data.next();
        let id = self.last_data;
        self.channel = Some(Channel {
            id,
            phase,
            moved: 0,
            decoded: None,
            purpose,
            secured: false,
            arrived: false,
            closed: false,
            announced: false,
            assumed: false,
            confirmed: false,
            says_not_listed: false,
        });
        self.order(id, op);
    }

    /// What to tell the server of a listener at `at`: an address that it can use.
    pub(super) fn announced_address(&self, at: SocketAddr) -> SocketAddr {
        let ip = self.config.active.address.unwrap_or(at.ip()).to_canonical();
        // A zone means nothing to others, and has no place in EPRT (RFC 2428 2): made anew, it is gone.
        SocketAddr::new(ip, at.port())
    }

    /// The transfer begins, although the server has not said so.
    pub(super) fn assume_begun(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.assumed = true;
        }
        self.expected.assume_begun();
        self.let_data_move();
    }

    /// The server has confirmed the transfer.
    pub(super) fn confirm_data(&mut self) {
        let Some(channel) = &mut self.channel else { return };
        channel.confirmed = true;
        if channel.awaits_first_byte() {
            // From now on a byte has to come soon.
            self.clock = None;
        }
        self.await_close();
        self.let_data_move();
    }

    /// An upload that only a final reply speaks of is taken once the server closes its side in order.
    fn await_close(&mut self) {
        let Some(channel) = self.channel.as_mut().filter(|channel| channel.confirmed) else { return };
        if channel.phase == Phase::Ended && !channel.is_taken() {
            channel.phase = Phase::Closing;
            let id = channel.id;
            self.order(id, DataOp::AwaitClose);
        }
    }

    /// Lets data flow once the connection stands and the server has said that it may.
    pub(super) fn let_data_move(&mut self) {
        let Some(channel) = &mut self.channel else { return };
        if channel.phase != Phase::Connected || !channel.may_move() {
            return;
        }
        // After the 1yz and not before: a server that refuses the command does not want the handshake either
        // (RFC 4217 10.2).
        if self.settings.protects_data() && !channel.secured {
            channel.phase = Phase::Securing;
            let id = channel.id;
            return self.order(id, DataOp::StartTls);
        }
        channel.phase = Phase::Moving;
        let (id, parameters) = (channel.id, channel.purpose.parameters);
        let op = match channel.purpose.receives {
            true => DataOp::Receive(parameters),
            false => DataOp::Send(parameters),
        };
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
