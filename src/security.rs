//! TLS as the machines see it (RFC 4217): how it is started, how much of it is required, and the
//! points at which a control connection gains or loses it.
//!
//! The driver performs the handshakes. A machine requests each one with a token, and sends nothing
//! until the driver returns the token with the result.
//!
//! A custom driver has three more duties:
//!
//! - A data connection resumes a TLS session of its own control connection. Give each control
//!   connection a session store that it shares with its data connections and with nothing else
//!   (`io::tls` has one for rustls). [`DataEvent::Secured`](crate::action::DataEvent::Secured)
//!   reports whether a handshake resumed a session. A server may also let a data connection resume
//!   the sessions of its user's other control connections; see [`SessionBinding`].
//! - A data connection ends with close_notify. Without close_notify the data may have been cut
//!   short, and the [`Eof`](crate::action::DataEvent::Eof) is not clean.
//! - A server's driver reports with [`DataEvent::Securing`](crate::action::DataEvent::Securing)
//!   that a client has begun a TLS 1.3 handshake, and holds back the tickets that follow the
//!   handshake until bytes are to be sent, the client has ended TLS, or
//!   [`DataOp::SendTickets`](crate::action::DataOp::SendTickets) asks for them. A client that only
//!   sends may leave them unread; its close is then a reset, and the end of its file is lost. Other
//!   clients, such as curl, use each ticket once and finish an upload without waiting for the next.

mod control;

pub(crate) use control::Control;

/// The way in which TLS is started on a control connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// Plain FTP, without TLS.
    #[default]
    None,
    /// AUTH TLS, after the server's greeting (RFC 4217 4).
    Explicit,
    /// TLS from the first byte, on a port of its own, usually 990. No RFC specifies this, but it is
    /// in wide use.
    Implicit,
}

/// The degree to which TLS is required on a control connection or on data connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// TLS is not used.
    Never,
    /// TLS is used if the peer supports it.
    Prefer,
    /// TLS is mandatory; nothing proceeds without it.
    #[default]
    Require,
}

/// The TLS session that a protected data connection to a server has to resume. Resumption ties the
/// connection to its client: without resumption, whoever connects first receives or supplies the
/// data (RFC 4217 10.2). The server answers 522 to a client whose data connection resumes no such
/// session.
///
/// A driver has to know between which connections sessions are shared; see
/// [`Session::shares_tls_sessions`](crate::server::Session::shares_tls_sessions).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionBinding {
    /// A session of its own control connection, or of another control connection on which the same
    /// user has logged in, at the same virtual host, from the same address. Programs that hold
    /// several connections may keep one store of sessions for all of them and offer the latest
    /// session. For anonymous users, who are not known to be the same person, this is the same as
    /// [`Connection`](Self::Connection).
    #[default]
    User,
    /// A session of its own control connection.
    Connection,
    /// Any session or none.
    Off,
}

/// The obligation to put TLS on the control connection.
///
/// Send what is pending in the clear, discard nothing, read nothing more in the clear, and run the
/// handshake: as the TLS client for a [`Client`](crate::client::Client) and as the TLS server for a
/// [`Session`](crate::server::Session), whichever side connected. Then return the token with
/// [`upgraded`](crate::client::Client::upgraded) or
/// [`upgrade_failed`](crate::client::Client::upgrade_failed).
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the machine waits until the result of the handshake is reported"]
pub struct Upgrade(pub(crate) ());

/// The obligation to remove TLS from the control connection (CCC and REIN, RFC 4217 5 and 13).
///
/// Send what is pending and close_notify, read until the peer's close_notify arrives, and continue
/// in the clear. Then return the token with [`downgraded`](crate::client::Client::downgraded). If
/// the peer sends no close_notify, report the end of the connection instead.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the machine waits until the end of TLS is reported"]
pub struct Downgrade(pub(crate) ());
