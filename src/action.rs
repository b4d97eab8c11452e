//! The interface between a machine and its driver: actions in one direction, events in the other.
//!
//! A driver is a loop: it polls, performs the returned [`Action`] and reports the result, until it
//! gets [`Action::Wait`]. Each action is returned once; a driver that cannot perform it immediately
//! has to store it.

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;

use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;
use crate::transfer::{Marker, Parameters};

/// An action for the driver to perform.
#[derive(Debug)]
#[must_use = "an action is returned once: carry it out now or keep it for later"]
#[non_exhaustive]
pub enum Action<E> {
    /// An event for the application.
    Event(E),
    /// An operation on a data connection. The driver reports its result as a [`DataEvent`].
    Data(DataId, DataOp),
    /// Put TLS on the control connection.
    UpgradeControl(Upgrade),
    /// Remove TLS from the control connection and continue in the clear.
    DowngradeControl(Downgrade),
    /// Send what is pending, then close the control connection: the dialogue is over.
    Close,
    /// Nothing to do until one of these conditions holds.
    Wait(Wait),
}

impl<E> Action<E> {
    /// Converts the event, if this action is an event.
    pub fn map<F>(self, convert: impl FnOnce(E) -> F) -> Action<F> {
        self.into_event().map_or_else(|action| action, |event| Action::Event(convert(event)))
    }

    /// Separates an event from the actions for the driver, which are the same in every layer.
    ///
    /// # Errors
    /// Returns the action itself, for any layer's event type, if it is not an event.
    pub fn into_event<F>(self) -> Result<E, Action<F>> {
        Err(match self {
            Self::Event(event) => return Ok(event),
            Self::Data(id, op) => Action::Data(id, op),
            Self::UpgradeControl(token) => Action::UpgradeControl(token),
            Self::DowngradeControl(token) => Action::DowngradeControl(token),
            Self::Close => Action::Close,
            Self::Wait(wait) => Action::Wait(wait),
        })
    }
}

/// The conditions that a machine waits for. Poll again as soon as one of them holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// `true` if bytes from the peer are wanted, while the receive window has room for them.
    pub readable: bool,
    /// `true` if pending bytes have to be sent.
    pub writable: bool,
    /// `true` if a call by the application is awaited: an answer, or a new operation.
    pub application: bool,
    /// `true` if an event of the data connection is awaited.
    pub data: bool,
    /// The time at which to poll again, whatever else happens.
    ///
    /// This may be the current time: a client does not send a command before its driver has read
    /// what the server has already sent. Read what is available without blocking and poll again
    /// immediately, even if nothing arrived. A driver that ignores the deadline and blocks in a
    /// read waits for a server that is waiting for the command.
    pub deadline: Option<Instant>,
}

impl Wait {
    /// Returns whether nothing at all is awaited, which is a bug in the machine.
    pub(crate) const fn is_void(&self) -> bool {
        !self.readable && !self.writable && !self.application && !self.data && self.deadline.is_none()
    }
}

/// Identifies one data connection of a session. Each connection gets a new identifier, so that a
/// late event of an earlier connection is not mistaken for an event of the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataId(u32);

impl DataId {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// An operation on a data connection (RFC 959 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataOp {
    /// Connect to this address. The result is [`DataEvent::Connected`] or `Failed`.
    Connect(SocketAddr),
    /// Listen on a port from the range, chosen so that others cannot predict it; with `0..=0` the
    /// system chooses. The result is [`DataEvent::Listening`], followed by a [`DataEvent::Arrived`]
    /// for each connection.
    Listen {
        /// The address to listen on; `None` for the local address of the control connection.
        address: Option<IpAddr>,
        /// The ports to choose from.
        ports: RangeInclusive<u16>,
    },
    /// Accept the connection that arrived, and close the listener.
    Admit,
    /// Close the connection that arrived, since it is not from the expected peer, and keep
    /// listening.
    Reject,
    /// Run the TLS handshake on the open connection. A client is the TLS client and a server the
    /// TLS server, whichever of them connected (RFC 4217 7). The result is [`DataEvent::Secured`]
    /// or `Failed`.
    StartTls,
    /// Send the TLS tickets that were held back after the handshake: the client needs them before
    /// its upload ends. Only a server asks for this, at most once, after
    /// [`Secured`](DataEvent::Secured).
    SendTickets,
    /// Take bytes from the application, [encode](Parameters::encoder) and send them. At their end,
    /// or at the [limit](Parameters::limit), flush and shut down the sending side. The driver
    /// reports any number of [`DataEvent::Moved`], then `Flushed` or `Failed`.
    Send(Parameters),
    /// Receive bytes, [decode](Parameters::decoder) them and give them to the application. The
    /// driver reports any number of [`DataEvent::Moved`], `Decoded` and `Marker`, then `Eof` or
    /// `Failed`.
    Receive(Parameters),
    /// After everything was [sent](DataEvent::Flushed), wait until the peer closes its side, and
    /// discard what it sends. The result is [`DataEvent::Eof`], clean if the peer closed in an
    /// orderly way, or `Failed`. Only a client asks for this, after an upload that only a final
    /// reply has confirmed.
    AwaitClose,
    /// Close the connection after a completed transfer.
    Close,
    /// Close the connection or listener immediately and discard what is in flight. The peer should
    /// notice (by a reset, where possible), so that it does not mistake a truncated file for a
    /// complete one.
    Abort,
}

/// An event on a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataEvent {
    /// The listener is open at this address.
    Listening(SocketAddr),
    /// A peer connected to the listener. Nothing is read from it or sent to it until the machine
    /// returns [`DataOp::Admit`].
    Arrived(SocketAddr),
    /// The connection to the peer is open.
    Connected,
    /// The peer has begun a TLS 1.3 handshake; tickets will follow it. Reported at most once,
    /// between [`DataOp::StartTls`] and [`Secured`](Self::Secured) or `Failed`. From this event and
    /// from [`Ahead`](Self::Ahead), a server learns whether its client needs
    /// [tickets](DataOp::SendTickets) before an upload ends. A driver may omit this event; a client
    /// does not need it.
    Securing,
    /// The TLS handshake succeeded.
    Secured {
        /// `true` if the handshake resumed a TLS session of this control connection, which proves
        /// that the peer is the same; or, where a server [allows](crate::security::SessionBinding)
        /// it, a TLS session of the same user's other control connections.
        resumed: bool,
    },
    /// The peer has sent bytes on the [`Secured`](Self::Secured) connection before
    /// [`DataOp::Receive`] asked for them. Reported at most once. A driver may omit this event; a
    /// client does not need it.
    Ahead,
    /// This many more bytes went over the wire.
    Moved(u64),
    /// This many more bytes of the file were decoded. Reported where the
    /// [coding](crate::transfer::Coding::is_identity) changes them on the wire. A client compares
    /// the sum with the size of the file, and cannot do so without this event.
    Decoded(u64),
    /// A restart marker arrived (RFC 959 3.5), and the application has all bytes before it.
    Marker(Marker),
    /// Everything was received and the connection is closed. Some servers confirm a transfer only
    /// after their client has closed its side too.
    ///
    /// After [`Flushed`](Self::Flushed) this event reports that the peer has closed its side too. A
    /// server that has sent a file within 5 ms of its 150 waits for this event, or for the rest of
    /// the 5 ms, before it sends 226, because some clients cannot handle two replies in one read.
    /// Its driver reads on, as for [`DataOp::AwaitClose`], and reports this event or `Failed`; a
    /// driver that omits the event costs its clients these few milliseconds.
    Eof {
        /// `true` if the end cannot have been forged or cut short: the coding or TLS marked it. In
        /// stream mode without TLS a TCP FIN suffices.
        clean: bool,
    },
    /// Everything was sent and the sending side was shut down.
    Flushed,
    /// The connection failed and is closed.
    Failed(DataFailure),
}

impl DataEvent {
    /// Returns the name of the event.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Listening(_) => "Listening",
            Self::Arrived(_) => "Arrived",
            Self::Connected => "Connected",
            Self::Securing => "Securing",
            Self::Secured { .. } => "Secured",
            Self::Ahead => "Ahead",
            Self::Moved(_) => "Moved",
            Self::Decoded(_) => "Decoded",
            Self::Marker(_) => "Marker",
            Self::Eof { .. } => "Eof",
            Self::Flushed => "Flushed",
            Self::Failed(_) => "Failed",
        }
    }
}

/// The reason why a data connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataFailure {
    /// The connection could not be opened, or no peer connected.
    Unreachable,
    /// The connection was reset or timed out during the transfer.
    Broken,
    /// No bytes moved for too long.
    Stalled,
    /// The TLS handshake failed.
    Handshake,
    /// The TLS session is not the control connection's, so the peer may be anyone.
    NotResumed,
    /// The received data violates the transfer mode. Data that ends too early is an
    /// [`Eof`](DataEvent::Eof) that is not clean.
    Malformed,
    /// The application's side failed: a file could not be read or written.
    Local,
    /// No space is left to store the file.
    StorageFull,
    /// The account has exhausted its quota.
    QuotaExceeded,
}

impl core::fmt::Display for DataFailure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "the data connection could not be opened",
            Self::Broken => "the data connection broke",
            Self::Stalled => "the data connection stalled",
            Self::Handshake => "the TLS handshake on the data connection failed",
            Self::NotResumed => {
                "the data connection does not resume the TLS session of the control connection"
            }
            Self::Malformed => "the data does not follow the transfer mode, or ends in its middle",
            Self::Local => "the file could not be read or written",
            Self::StorageFull => "there is no room left to store the file",
            Self::QuotaExceeded => "the account has used up what it may store",
        })
    }
}
