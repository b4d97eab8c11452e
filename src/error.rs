//! What can go wrong, on two sides that are never mixed: yours and the peer's.

use core::fmt;

use crate::codec::{Full, ReplyCode};

/// The API was misused. Nothing was sent and nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalError {
    /// The receive storage cannot hold a line of the configured limit.
    RecvBufTooSmall {
        /// How many bytes it has to hold at least.
        needed: usize,
    },
    /// The send storage cannot hold what has to be sent, even when nothing waits in it.
    SendBufTooSmall {
        /// How many bytes it has to hold at least.
        needed: usize,
    },
    /// The send queue has no room now: send what is pending and call again.
    NoRoom,
    /// A command that the send storage cannot hold, even when nothing waits in it.
    CommandTooLong,
    /// The data connection named is none that the machine asked for.
    UnknownData,
    /// The event does not fit what is known of the data connection.
    UnexpectedDataEvent {
        /// The name of the [`DataEvent`](crate::action::DataEvent).
        event: &'static str,
        /// What the connection is doing, as it completes the sentence "the data connection is ...".
        state: &'static str,
    },
    /// The answer is not one to the request of this ticket.
    WrongAnswer,
    /// The ticket's command needs no reply any more: the session has ended, or the time for it was over.
    Ended,
    /// The operation has come to its end: a new one is needed.
    OperationOver,
    /// Two servers are to send each other files in different modes or structures.
    CodingsDiffer,
    /// Two servers are to send each other files over a protected data connection (PROT P), and only one of them
    /// protects its data, or neither would be the TLS client (SSCN): have both protect it, or both leave it in the
    /// clear, or move the file by way of here.
    DataProtected,
    /// The configuration demands TLS, and this would go without.
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
            Self::UnknownData => f.write_str("no such data connection was asked for"),
            Self::UnexpectedDataEvent { event, state } => {
                write!(f, "{event} was told of the data connection, which is {state}")
            }
            Self::WrongAnswer => f.write_str("the answer does not fit the request of this ticket"),
            Self::Ended => f.write_str("nobody waits for this answer any more"),
            Self::CodingsDiffer => f.write_str("the two servers are not in the same mode and structure"),
            Self::DataProtected => f.write_str(
                "the two servers do not both protect data (PROT P), or neither has SSCN to do it with",
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

/// What was waited for when the time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Awaited {
    /// The server's greeting.
    Greeting,
    /// The reply to a command.
    Reply,
    /// The last line of a reply of many.
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
    /// An answer of the server's host.
    Host,
    /// The end of a TLS handshake.
    Handshake,
    /// The reply to a command, after one that does not answer it.
    ReplyAfterStray,
    /// The server's end of a data connection.
    DataClose,
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
        }
    }
}

/// The peer ended the dialogue or broke it beyond repair. The connection is of no more use; the same
/// error comes again on every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerError {
    /// It closed the connection.
    Closed,
    /// It closed the connection inside a line or a multi-line reply.
    ClosedInside,
    /// It announced that it closes the connection (reply 421, RFC 959 4.2.2).
    ServiceClosing,
    /// It did not greet as an FTP server does (RFC 959 5.4).
    NotFtp,
    /// A reply does not begin with a reply code (RFC 959 4.2).
    MalformedReply,
    /// A line has a NUL in it, which no CR precedes: binary data, and no reply (RFC 959 5.3, RFC 854).
    NulInReply,
    /// A reply has more lines or bytes than the configured limit.
    ReplyTooLong,
    /// It did not answer in time.
    TimedOut(Awaited),
    /// It sent a reply with this code, which answers no command, and then none that does: the replies of this
    /// connection can no longer be told apart. [`Client::last_stray`](crate::client::Client::last_stray) has the
    /// reply's text.
    UnexpectedReply(ReplyCode),
    /// It sent more preliminary replies (1yz) to one command than the configured limit.
    TooManyPreliminaryReplies,
    /// It sent too many lines that are no commands.
    TooManyBadCommands,
    /// It tried to log in too often.
    TooManyLogins,
    /// It speaks another protocol, in which a line came instead of a command.
    OtherProtocol(Protocol),
    /// Bytes came in the clear behind the command or the reply that begins TLS: somebody else's, who wants
    /// them taken for protected ones (CVE-2011-0411, CVE-2021-22947).
    Injected,
    /// The TLS handshake on the control connection failed, or TLS did not end as it should.
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
                "the server sent a line that begins with no reply code: a trace of the control connection shows it"
            },
            Self::NulInReply => {
                "the server sent a line with a NUL byte in it, as no reply has: a trace of the control connection shows it"
            },
            Self::ReplyTooLong => "the server's reply is longer than limits.reply_lines or limits.reply_bytes",
            Self::TimedOut(awaited) => {
                return write!(f, "the peer did not send {} in time: see the configured timeouts", awaited.as_str());
            }
            Self::UnexpectedReply(code) => {
                return write!(f, "the server sent a reply that answers nothing ({code}), and no answer to the command");
            }
            Self::TooManyPreliminaryReplies => {
                "the server sent more preliminary replies than limits.preliminary_replies"
            }
            Self::TooManyBadCommands => "the client sent more lines that are no commands than limits.bad_commands",
            Self::TooManyLogins => "the client failed to log in as often as limits.login_attempts allows",
            Self::OtherProtocol(protocol) => {
                return write!(f, "the client speaks {} and not FTP", protocol.as_str());
            }
            Self::Injected => "bytes came in the clear where the TLS handshake was to begin",
            Self::Handshake => "TLS on the control connection failed",
        })
    }
}

impl core::error::Error for PeerError {}

/// A protocol whose requests servers of FTP are sent, by mistake or by who misuses another's client
/// (CVE-2021-3618).
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

/// Either side's error, where a call can meet both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The API was misused; nothing changed.
    Local(LocalError),
    /// The peer ended or broke the dialogue.
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
