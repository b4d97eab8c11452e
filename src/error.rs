//! Errors of two kinds that are never mixed: misuse of the API ([`LocalError`]) and faults of the
//! peer ([`PeerError`]).

use core::fmt;

use crate::codec::{Full, ReplyCode};

/// The API was misused. Nothing was sent and nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalError {
    /// The receive storage cannot hold a line of the configured limit.
    RecvBufTooSmall {
        /// The minimum size in bytes.
        needed: usize,
    },
    /// The send storage cannot hold what has to be sent, even when it is empty.
    SendBufTooSmall {
        /// The minimum size in bytes.
        needed: usize,
    },
    /// The send queue has no room now. Send what is pending and call again.
    NoRoom,
    /// The command does not fit the send storage, even when it is empty.
    CommandTooLong,
    /// The machine did not ask for the named data connection.
    UnknownData,
    /// The event contradicts the state of the data connection.
    UnexpectedDataEvent {
        /// The name of the [`DataEvent`](crate::action::DataEvent).
        event: &'static str,
        /// The state of the connection, which completes the sentence "the data connection is ...".
        state: &'static str,
    },
    /// The answer does not fit the request of this ticket.
    WrongAnswer,
    /// The ticket's command no longer needs a reply: the session has ended, or the time for the
    /// answer ran out.
    Ended,
    /// The operation has ended. Start a new one.
    OperationOver,
    /// The two servers of a server-to-server transfer use different modes or structures.
    CodingsDiffer,
    /// The two servers of a server-to-server transfer cannot protect their data connection (PROT
    /// P): only one of them protects its data, or neither can be the TLS client (SSCN). Have both
    /// protect it, leave it in the clear on both, or pass the file through this host.
    DataProtected,
    /// The configuration requires TLS, which is not in force.
    Unprotected,
}

impl fmt::Display for LocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecvBufTooSmall { needed } => {
                write!(
                    f,
                    "the receive buffer needs storage of at least {needed} bytes: limits.line and a line end"
                )
            }
            Self::SendBufTooSmall { needed } => {
                write!(f, "the send buffer needs storage of at least {needed} bytes")
            }
            Self::NoRoom => f.write_str("the send buffer is full: send what is pending first"),
            Self::CommandTooLong => f.write_str("the command is longer than the send buffer's storage"),
            Self::UnknownData => f.write_str("the machine did not ask for this data connection"),
            Self::UnexpectedDataEvent { event, state } => {
                write!(f, "unexpected event {event}: the data connection is {state}")
            }
            Self::WrongAnswer => f.write_str("the answer does not fit the request of this ticket"),
            Self::Ended => f.write_str("the command no longer needs an answer"),
            Self::CodingsDiffer => f.write_str("the two servers use different modes or structures"),
            Self::DataProtected => f.write_str(
                "only one of the two servers protects its data (PROT P), or neither supports SSCN",
            ),
            Self::OperationOver => f.write_str("the operation has ended already"),
            Self::Unprotected => f.write_str(
                "the configured security requires TLS, and it is not in force: secure the connection first",
            ),
        }
    }
}

impl core::error::Error for LocalError {}

impl From<Full> for LocalError {
    fn from(Full: Full) -> Self {
        Self::NoRoom
    }
}

/// The event that was awaited when a timeout expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Awaited {
    /// The server's greeting.
    Greeting,
    /// The reply to a command.
    Reply,
    /// The last line of a multi-line reply.
    EndOfReply,
    /// The data connection.
    DataConnection,
    /// Bytes on the data connection.
    Data,
    /// The reply that begins a transfer.
    Preliminary,
    /// The reply that ends a transfer.
    FinalReply,
    /// The replies to ABOR and to the transfer that it ends.
    Abort,
    /// A login.
    Login,
    /// A command of a client that is logged in.
    Command,
    /// An answer from the server's host.
    Host,
    /// The end of a TLS handshake.
    Handshake,
    /// The reply to a command, after a reply that does not answer that command.
    ReplyAfterStray,
    /// The closing of a data connection by the server.
    DataClose,
    /// The reply to a command that was sent ahead of its turn.
    ReplyAhead,
}

impl Awaited {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "the greeting",
            Self::Reply => "a reply",
            Self::EndOfReply => "the end of a reply",
            Self::DataConnection => "the data connection",
            Self::Data => "data",
            Self::Preliminary => "the reply that begins the transfer",
            Self::Abort => "the replies to ABOR",
            Self::FinalReply => "the reply that ends the transfer",
            Self::Login => "a login",
            Self::Command => "a command",
            Self::Host => "an answer of the host",
            Self::Handshake => "its part of a TLS handshake",
            Self::ReplyAfterStray => "a reply that answers the command",
            Self::DataClose => "the end of the data connection",
            Self::ReplyAhead => "the reply to a command that was sent ahead",
        }
    }
}

/// The peer ended the dialogue or broke it beyond repair. The connection is no longer usable; every
/// further call returns the same error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerError {
    /// The peer closed the connection.
    Closed,
    /// The peer closed the connection inside a line or a multi-line reply.
    ClosedInside,
    /// The server announced that it is closing the connection (reply 421, RFC 959 4.2.2).
    ServiceClosing,
    /// The server did not greet as an FTP server does (RFC 959 5.4).
    NotFtp,
    /// A reply does not begin with a reply code (RFC 959 4.2).
    MalformedReply,
    /// A line contains a NUL that does not follow a CR: binary data, not a reply (RFC 959 5.3, RFC
    /// 854).
    NulInReply,
    /// A reply has more lines or bytes than the configured limit.
    ReplyTooLong,
    /// The peer did not send this in time.
    TimedOut(Awaited),
    /// The server sent a reply with this code, which answers no command, and the reply that was
    /// owed did not follow. The replies on this connection can no longer be matched to commands.
    /// [`Client::last_stray`](crate::client::Client::last_stray) has the text of the reply.
    UnexpectedReply(ReplyCode),
    /// The server sent more preliminary replies (1yz) to one command than the configured limit.
    TooManyPreliminaryReplies,
    /// The client sent too many lines in a row that are not commands.
    TooManyBadCommands,
    /// The client failed to log in too many times.
    TooManyLogins,
    /// The client speaks another protocol: a line of that protocol arrived instead of a command.
    OtherProtocol(Protocol),
    /// Bytes arrived in the clear after the command or reply that begins TLS. An attacker may have
    /// injected them so that they are taken for protected bytes (CVE-2011-0411, CVE-2021-22947).
    Injected,
    /// The TLS handshake on the control connection failed, or TLS did not end properly.
    Handshake,
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the peer closed the control connection",
            Self::ClosedInside => "the peer closed the control connection in the middle of a line or reply",
            Self::ServiceClosing => "the server is closing the connection (421)",
            Self::NotFtp => "the peer does not greet as an FTP server: is this the right port?",
            Self::MalformedReply => {
                "the server sent a line that does not begin with a reply code: a trace of the control connection shows it"
            },
            Self::NulInReply => {
                "the server sent a line with a NUL byte, which no reply contains: a trace of the control connection shows it"
            },
            Self::ReplyTooLong => "the server's reply is longer than limits.reply_lines or limits.reply_bytes",
            Self::TimedOut(awaited) => {
                return write!(f, "the peer did not send {} in time: see the configured timeouts", awaited.as_str());
            }
            Self::UnexpectedReply(code) => {
                return write!(f, "the server sent a reply that answers nothing ({code}), and no reply to the command");
            }
            Self::TooManyPreliminaryReplies => {
                "the server sent more preliminary replies than limits.preliminary_replies"
            }
            Self::TooManyBadCommands => "the client sent more lines that are not commands than limits.bad_commands",
            Self::TooManyLogins => "the client failed to log in as often as limits.login_attempts allows",
            Self::OtherProtocol(protocol) => {
                return write!(f, "the client speaks {}, not FTP", protocol.as_str());
            }
            Self::Injected => "bytes arrived in the clear where the TLS handshake was to begin",
            Self::Handshake => "TLS on the control connection failed",
        })
    }
}

impl core::error::Error for PeerError {}

/// A protocol whose requests reach FTP servers by mistake, or because an attacker misuses another
/// program's client (CVE-2021-3618).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP (RFC 9110).
    Http,
    /// SMTP (RFC 5321).
    Smtp,
}

impl Protocol {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Smtp => "SMTP",
        }
    }
}

/// An error of either kind, for calls that can fail with both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The API was misused; nothing changed.
    Local(LocalError),
    /// The peer ended the dialogue or broke it beyond repair.
    Peer(PeerError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(error) => error.fmt(f),
            Self::Peer(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl From<LocalError> for Error {
    fn from(error: LocalError) -> Self {
        Self::Local(error)
    }
}

impl From<PeerError> for Error {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn an_error_says_what_happened_where_and_what_applies() {
        let unexpected = LocalError::UnexpectedDataEvent { event: "Connected", state: "listening" };
        for (error, words) in [
            (Error::from(unexpected), &["Connected", "listening"][..]),
            (LocalError::RecvBufTooSmall { needed: 77 }.into(), &["77", "limits.line"]),
            (PeerError::OtherProtocol(Protocol::Http).into(), &["HTTP"]),
            (PeerError::OtherProtocol(Protocol::Smtp).into(), &["SMTP"]),
            (PeerError::MalformedReply.into(), &["reply code", "trace"]),
            (PeerError::NulInReply.into(), &["NUL", "trace"]),
            (PeerError::ReplyTooLong.into(), &["limits.reply_lines", "limits.reply_bytes"]),
            (PeerError::TooManyBadCommands.into(), &["limits.bad_commands"]),
            (PeerError::TooManyLogins.into(), &["limits.login_attempts"]),
            (PeerError::TimedOut(Awaited::Greeting).into(), &["greeting", "timeouts"]),
        ] {
            let told = error.to_string();
            assert!(words.iter().all(|word| told.contains(word)), "{told}");
        }
    }

    #[test]
    fn errors_are_small() {
        assert!(size_of::<Error>() <= 40, "{}", size_of::<Error>());
        assert!(size_of::<PeerError>() <= 4, "{}", size_of::<PeerError>());
    }
}
