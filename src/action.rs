//! What a machine asks of its driver, and what the driver tells it.
//!
//! A driver is a loop: poll, do what the [`Action`] says, tell what came of it, until the answer is
//! [`Action::Wait`]. An action comes once; a driver that cannot do it at once has to remember it.

use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;

use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;
use crate::transfer::{Marker, Parameters};

/// One thing to do for a machine.
#[derive(Debug)]
#[must_use = "an action comes once: what is not done now has to be remembered"]
#[non_exhaustive]
pub enum Action<E> {
    /// Something for the application.
    Event(E),
    /// Something to do on a data connection; what comes of it goes back as a [`DataEvent`].
    Data(DataId, DataOp),
    /// Put TLS on the control connection.
    UpgradeControl(Upgrade),
    /// Take TLS off the control connection, and go on in the clear.
    DowngradeControl(Downgrade),
    /// Send what is pending, then close the control connection: the dialogue is over.
    Close,
    /// Nothing to do until one of these.
    Wait(Wait),
}

/// What a machine waits for. Whichever comes first: then poll again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Bytes from the peer, while the receive window has room for them.
    pub readable: bool,
    /// Room in the send queue: something pending has to be sent.
    pub writable: bool,
    /// A call of the application: an answer, a new operation.
    pub application: bool,
    /// An event of the data connection.
    pub data: bool,
    /// This moment, whatever else happens.
    ///
    /// It may be now: a client does not send a command before its driver has read what the server has sent
    /// already. Read what can be read without blocking, and poll again at once, whether anything came or not. A
    /// driver that ignores the deadline and blocks in a read waits for a server that waits for the command.
    pub deadline: Option<Instant>,
}

impl Wait {
    /// Whether nothing at all is waited for: a bug of the machine.
    pub(crate) const fn is_void(&self) -> bool {
        !self.readable && !self.writable && !self.application && !self.data && self.deadline.is_none()
    }
}

/// Names one data connection of a session. A new one gets a new name, so that a late event of the
/// last one does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataId(u32);

impl DataId {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// What to do on a data connection (RFC 959 3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataOp {
    /// Open it to this address. Answered by [`DataEvent::Connected`] or `Failed`.
    Connect(SocketAddr),
    /// Listen on the address of the control connection's own end, or on `address` if there is one, at
    /// a port of the range that others cannot predict (0..=0: one that the system picks). Answered by
    /// [`DataEvent::Listening`]; then, for each connection, by [`DataEvent::Arrived`].
    Listen {
        /// The address to listen on, when not the control connection's.
        address: Option<IpAddr>,
        /// The ports to choose from.
        ports: RangeInclusive<u16>,
    },
    /// The connection that arrived is the one: close the listener.
    Admit,
    /// The connection that arrived is a stranger's: close it and go on listening.
    Reject,
    /// Do the TLS handshake on the connection that stands: as the TLS client for a client, as its server
    /// for a server, whoever connected (RFC 4217 7). Answered by [`DataEvent::Secured`] or `Failed`.
    StartTls,
    /// Send the TLS tickets that were kept back behind the handshake: the client needs them before its upload ends. Ordered
    /// by a server only, at most once, behind [`Secured`](DataEvent::Secured).
    SendTickets,
    /// Take bytes from the application, [encode](Parameters::encoder) and send them; at their end, or at
    /// the [limit](Parameters::limit), flush and shut the sending side down. Answered by any number of
    /// [`DataEvent::Moved`], then `Flushed` or `Failed`.
    Send(Parameters),
    /// Receive bytes, [decode](Parameters::decoder) them and give them to the application. Answered by any
    /// number of [`DataEvent::Moved`] and `Marker`, then `Eof` or `Failed`.
    Receive(Parameters),
    /// All was [sent](DataEvent::Flushed): wait for the peer to close its side, reading and dropping what it sends
    /// until then. Answered by [`DataEvent::Eof`], clean if the peer closed in order, or `Failed`. Ordered by a
    /// client only, for an upload of which nothing but a final reply speaks.
    AwaitClose,
    /// Close it: all is done.
    Close,
    /// Close it at once, with whatever is in it; the peer should notice (a reset, where it can be
    /// had), so that it does not take the stump for the whole. A listener is closed likewise.
    Abort,
}

/// What happened on a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataEvent {
    /// The listener stands, at this address.
    Listening(SocketAddr),
    /// A peer connected to the listener. Nothing is read from it or sent to it until the machine
    /// says [`DataOp::Admit`].
    Arrived(SocketAddr),
    /// The connection to the peer stands.
    Connected,
    /// The peer has begun a TLS handshake that tickets will follow (TLS 1.3), which is not over: told once, between
    /// [`DataOp::StartTls`] and [`Secured`](Self::Secured) or `Failed`. From it, and from [`Ahead`](Self::Ahead), a server
    /// learns whether its client needs [tickets](DataOp::SendTickets) before an upload ends. It may be left out; a client
    /// does not need it.
    Securing,
    /// The TLS handshake has succeeded.
    Secured {
        /// Whether it resumed a session of this very control connection, so that the peer is sure to be
        /// the same; or one of its user's others, where a server
        /// [allows](crate::security::SessionBinding) that.
        resumed: bool,
    },
    /// The peer has sent bytes on the connection that is [`Secured`](Self::Secured) before they were asked for
    /// ([`DataOp::Receive`]): told once, at most, and may be left out; a client does not need it.
    Ahead,
    /// This many more bytes went over the wire.
    Moved(u64),
    /// This many more bytes of the file were decoded, where the [coding](crate::transfer::Coding::is_identity)
    /// changes them on the wire. A client compares their sum with the size of the file; without this event it
    /// has nothing to compare.
    Decoded(u64),
    /// A restart marker came (RFC 959 3.5), and the application has all the bytes before it.
    Marker(Marker),
    /// All was received, and the connection is closed: some servers confirm a transfer only once their
    /// client has closed it too. `clean` when the end was one that cannot be forged or cut short.
    Eof {
        /// Whether the end is certain: the coding's or TLS's own; a bare TCP FIN counts in stream mode.
        clean: bool,
    },
    /// All was sent and the sending side shut down.
    Flushed,
    /// It failed, and is closed.
    Failed(DataFailure),
}

impl DataEvent {
    /// Its name.
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

/// Why a data connection failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataFailure {
    /// It could not be opened, or nobody came.
    Unreachable,
    /// It was reset or timed out on the way.
    Broken,
    /// Nothing moved on it for too long.
    Stalled,
    /// The TLS handshake on it failed.
    Handshake,
    /// Its TLS session is not the control connection's: who came may be anybody.
    NotResumed,
    /// What was received does not follow the transfer mode, or ended in the middle.
    Malformed,
    /// The application's side failed: a file that cannot be read or written.
    Local,
    /// There is no room left to store it.
    StorageFull,
    /// The account has used up what it may store.
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
