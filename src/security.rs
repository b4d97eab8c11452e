//! TLS as the machines see it (RFC 4217): how it comes about, how much of it is demanded, and the
//! moments at which a control connection changes.
//!
//! The handshakes themselves are the driver's. A machine says when one is due, with a token that has to
//! come back with what came of it, and sends nothing until then.
//!
//! A driver of your own has three things to see to besides.
//!
//! - A data connection resumes a session of its own control connection: give each control connection a store of
//!   sessions that its data connections share and nobody else does (for rustls it is there ready made, in `io::tls`).
//!   Whether a handshake resumed any is what [`DataEvent::Secured`](crate::action::DataEvent::Secured) has to tell. A
//!   server may also let it resume those of its user's other control connections: see [`SessionBinding`].
//! - A data connection ends with close_notify: without one what was received may have been cut short, and is no
//!   clean [`Eof`](crate::action::DataEvent::Eof).
//! - A server says by [`DataEvent::Securing`](crate::action::DataEvent::Securing) that a client has begun a
//!   handshake of TLS 1.3, and keeps the tickets that follow it back until bytes are to be sent, or the client has ended
//!   TLS, or [`DataOp::SendTickets`](crate::action::DataOp::SendTickets) comes. Clients that only send may leave what
//!   they get unread, and then their close is a reset, and the end of their file lost; others, as curl, use each ticket
//!   once and leave an upload without waiting for the next.

mod control;

pub(crate) use control::{Change, Control};

/// How TLS comes about on a control connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// Not at all: plain FTP.
    #[default]
    None,
    /// By AUTH TLS, once the server has greeted (RFC 4217 4).
    Explicit,
    /// From the first byte on, at a port of its own, 990 mostly. No RFC has it, and it is in wide use.
    Implicit,
}

/// How much TLS is demanded of a control connection, or of data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// It is not used.
    Never,
    /// It is used where the peer has it.
    Prefer,
    /// Nothing goes on without it.
    #[default]
    Require,
}

/// Which TLS session a data connection has to resume, of a server that protects it. It is what ties the connection to
/// its client: without, whoever connects first gets the data, or gives it (RFC 4217 10.2). A client whose data connection
/// resumes no such session is answered 522.
///
/// A driver has to know whose the sessions are: see
/// [`Session::shares_tls_sessions`](crate::server::Session::shares_tls_sessions).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionBinding {
    /// One of its own control connection, or of another control connection on which the same user has logged in, at the
    /// same virtual host, from the same address: programs that hold several connections may have one store of sessions
    /// for all, and offer the last. Of anonymous users, who are not known to be one, as [`Connection`](Self::Connection).
    #[default]
    User,
    /// One of its own control connection.
    Connection,
    /// None.
    Off,
}

/// The duty to put TLS on the control connection.
///
/// Send what is pending in the clear, drop nothing and read nothing more in the clear, and do the
/// handshake: as the TLS client for a [`Client`](crate::client::Client), as its server for a
/// [`Session`](crate::server::Session), whoever connected to whom. Then give it back, as
/// [`upgraded`](crate::client::Client::upgraded) or [`upgrade_failed`](crate::client::Client::upgrade_failed).
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the machine waits until it is told what came of the handshake"]
pub struct Upgrade(pub(crate) ());

/// The duty to take TLS off the control connection (RFC 4217 5 and 13: CCC and REIN).
///
/// Send what is pending and close_notify, read until the peer's close_notify has come, and go on in the
/// clear. Then give it back, as [`downgraded`](crate::client::Client::downgraded). A peer that sends none
/// is told as [`upgrade_failed`](crate::client::Client::upgrade_failed) would be: by the end of the connection.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the machine waits until it is told that the connection is clear"]
pub struct Downgrade(pub(crate) ());
