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
//!   reports whether a handshake resumed a session.
//! - A data connection ends with close_notify. Without one the data may have been cut short, and
//!   the [`Eof`](crate::action::DataEvent::Eof) is not clean.
//! - A server's driver reports with [`DataEvent::Securing`](crate::action::DataEvent::Securing)
//!   that a client has begun a TLS 1.3 handshake. This is optional; but clients that use each
//!   ticket once and finish an upload before the next ticket has arrived, as curl does, may later
//!   be refused for lack of one (522).

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
    /// TLS from the first byte, at a port of its own, usually 990. No RFC specifies this, but it is
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

/// The obligation to put TLS on the control connection.
///
/// Send what is pending in the clear, discard nothing, read nothing more in the clear, and run the
/// handshake: as the TLS client for a [`Client`](crate::client::Client) and as the TLS server for a
/// [`Session`](crate::server::Session), whichever side connected. Then return the token with
/// [`upgraded`](crate::client::Client::upgraded) or
/// [`upgrade_failed`](crate::client::Client::upgrade_failed).
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the machine waits until it is told what came of the handshake"]
pub struct Upgrade(pub(crate) ());

/// The obligation to remove TLS from the control connection (CCC and REIN, RFC 4217 5 and 13).
///
/// Send what is pending and close_notify, read until the peer's close_notify arrives, and continue
/// in the clear. Then return the token with [`downgraded`](crate::client::Client::downgraded). If
/// the peer sends no close_notify, report the end of the connection instead.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the machine waits until it is told that the connection is clear"]
pub struct Downgrade(pub(crate) ());
