//! The error type of the clients.

use ::std::fmt;
use ::std::io;

use crate::action::DataFailure;
use crate::client::{Mismatch, RawError, Refusal, ReplyTo, TransferFailure};
use crate::codec::{Escaped, Invalid, ReplyCode};
use crate::error::{LocalError, PeerError};

/// The reason why a call failed. The session continues after [`Refused`](Self::Refused) (except
/// with 421), [`Data`](Self::Data), [`Unreadable`](Self::Unreadable), [`Mismatch`](Self::Mismatch),
/// [`Argument`](Self::Argument), [`Raw`](Self::Raw), [`Name`](Self::Name),
/// [`ListingTooLong`](Self::ListingTooLong) and [`Deadline`](Self::Deadline). After any other error
/// the session is over: see [`is_fatal`](Self::is_fatal).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server refused a command or the connection.
    Refused(Refused),
    /// A transfer failed without a refusal.
    Data(TransferFailure, Option<io::Error>),
    /// The server granted the request, but its answer cannot be parsed.
    Unreadable(Invalid),
    /// A file on the server is not as expected.
    Mismatch(Mismatch),
    /// An argument cannot be sent. Nothing was sent.
    Argument(Invalid),
    /// A line cannot be sent as a raw command. Nothing was sent.
    Raw(RawError),
    /// A name does not survive the conversion between the server's encoding and the local one.
    /// Nothing was sent, or the name that the server sent was not used.
    Name(Vec<u8>),
    /// A listing has more entries than may be kept ([`ListingLimits`](crate::io::ListingLimits)).
    /// The listing was abandoned.
    ListingTooLong,
    /// The server closed the connection or violated the protocol.
    Peer(PeerError, Option<io::Error>),
    /// The API was misused.
    Local(LocalError),
    /// The control connection could not be opened.
    Connect(io::Error),
    /// The time limit for the whole call has expired (`set_operation_timeout`).
    ///
    /// The call was abandoned as if its future had been dropped: the server may have done what was
    /// asked, or may still do it. The session continues. The next call first reads the outstanding
    /// replies and ends a transfer that is still running, which counts toward its own time limit.
    /// If the server never sends those replies, that call fails in turn, at the latest with the
    /// fatal error of the per-step [`Timeouts`](crate::client::Timeouts).
    Deadline,
    /// The client was stopped by another thread (`io::std::StopHandle`). The session is over: every
    /// later call fails with the same error.
    Stopped,
}

/// The next step after an [`Error`]; see [`Error::remedy`].
///
/// A program that tries again should wait longer each time and give up after a few attempts: the
/// server does not say when a reason will have gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Remedy {
    /// The session continues, but the same call would fail again: the path, the argument or a
    /// permission has to change.
    Change,
    /// The session continues, and the same call may succeed, at once or later. A transfer can be
    /// resumed if its bytes are known to be right: after an [`Error::Mismatch`] it has to begin
    /// anew.
    Retry,
    /// The session is over, and a new one may succeed, at once or later. Whether the server has
    /// carried out the call is not known.
    Reconnect,
    /// The session is over, and a new one would end in the same way.
    GiveUp,
}

/// An owned refusal of the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Refused {
    /// The command that was refused, or the connection itself.
    pub to: ReplyTo,
    /// Code of the reply.
    pub code: ReplyCode,
    /// Text of the reply.
    pub text: Vec<u8>,
}

impl Refused {
    /// Returns whether the same request may be granted later: see [`Refusal::is_transient`].
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.refusal().is_transient()
    }

    /// Returns whether the server closes the connection as well: see [`Refusal::is_fatal`].
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.refusal().is_fatal()
    }

    /// Returns whether the session was refused, and not a request within it: see
    /// [`Refusal::is_of_session`].
    #[must_use]
    pub fn is_of_session(&self) -> bool {
        self.refusal().is_of_session()
    }

    pub(in crate::io) fn refusal(&self) -> Refusal<&[u8]> {
        Refusal { to: self.to, code: self.code, text: &self.text }
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal().fmt(f)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal().fmt(f)
    }
}

impl From<Refusal<&[u8]>> for Refused {
    fn from(refusal: Refusal<&[u8]>) -> Self {
        let Refusal { to, code, text } = refusal;
        Self { to, code, text: text.to_vec() }
    }
}

impl Error {
    /// Returns the refusal, if this is one.
    #[must_use]
    pub const fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Refused(refused) => Some(refused),
            _ => None,
        }
    }

    /// Returns whether the session is over.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Refused(refused) => refused.is_fatal(),
            Self::Peer(..) | Self::Local(_) | Self::Connect(_) | Self::Stopped => true,
            _ => false,
        }
    }

    /// Returns what can be done about the error, for programs that go on by themselves.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Refused(refused) if refused.is_fatal() => Remedy::Reconnect,
            Self::Refused(refused) if refused.is_transient() => Remedy::Retry,
            Self::Data(failure, _) => match failure {
                TransferFailure::Connection(
                    DataFailure::Unreachable | DataFailure::Broken | DataFailure::Stalled,
                )
                | TransferFailure::Short { .. } => Remedy::Retry,
                _ => Remedy::Change,
            },
            Self::Mismatch(_) | Self::Deadline => Remedy::Retry,
            Self::Refused(_)
            | Self::Unreadable(_)
            | Self::Argument(_)
            | Self::Raw(_)
            | Self::Name(_)
            | Self::ListingTooLong => Remedy::Change,
            Self::Connect(_) => Remedy::Reconnect,
            Self::Peer(error, _) => match error {
                PeerError::Closed
                | PeerError::ClosedInside
                | PeerError::ServiceClosing
                | PeerError::TimedOut(_) => Remedy::Reconnect,
                // It breaks the protocol, and would do so again.
                _ => Remedy::GiveUp,
            },
            Self::Local(_) | Self::Stopped => Remedy::GiveUp,
        }
    }

    /// Returns the same error for a later call. The underlying error is dropped, except for the
    /// kind of a connect error.
    pub(in crate::io) fn again(&self) -> Self {
        match self {
            Self::Refused(refused) => Self::Refused(refused.clone()),
            Self::Data(failure, _) => Self::Data(*failure, None),
            Self::Unreadable(invalid) => Self::Unreadable(*invalid),
            Self::Mismatch(mismatch) => Self::Mismatch(*mismatch),
            Self::Argument(invalid) => Self::Argument(*invalid),
            Self::Raw(error) => Self::Raw(*error),
            Self::Name(name) => Self::Name(name.clone()),
            Self::ListingTooLong => Self::ListingTooLong,
            Self::Peer(error, _) => Self::Peer(*error, None),
            Self::Local(error) => Self::Local(*error),
            Self::Connect(error) => Self::Connect(error.kind().into()),
            Self::Deadline => Self::Deadline,
            Self::Stopped => Self::Stopped,
        }
    }
}

/// Omits the underlying error, which [`source`](::std::error::Error::source) returns.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Data(failure, _) => failure.fmt(f),
            Self::Unreadable(invalid) => write!(f, "the server's answer cannot be read: {invalid}"),
            Self::Mismatch(mismatch) => mismatch.fmt(f),
            Self::Argument(invalid) => write!(f, "an argument cannot be sent: {invalid}"),
            Self::Raw(error) => error.fmt(f),
            Self::Name(name) => {
                write!(f, "the name {} cannot be converted for the server and back", Escaped(name))
            }
            Self::ListingTooLong => f.write_str("the listing has more entries than are kept"),
            Self::Peer(error, _) => error.fmt(f),
            Self::Local(error) => error.fmt(f),
            Self::Connect(_) => f.write_str("the server could not be reached"),
            Self::Deadline => f.write_str("the time limit for the operation has expired"),
            Self::Stopped => f.write_str("the client was stopped"),
        }
    }
}

/// Returns the error of the operating system or of TLS as the source.
impl ::std::error::Error for Error {
    fn source(&self) -> Option<&(dyn ::std::error::Error + 'static)> {
        match self {
            Self::Data(_, Some(source)) | Self::Peer(_, Some(source)) | Self::Connect(source) => Some(source),
            _ => None,
        }
    }
}

impl From<LocalError> for Error {
    fn from(error: LocalError) -> Self {
        Self::Local(error)
    }
}

/// Lets transfers implement `Read` and `Write`. `io::Error::downcast` returns the original error.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Refused(refused) if refused.is_transient() => io::ErrorKind::ResourceBusy,
            Error::Refused(_) => io::ErrorKind::Other,
            Error::Data(_, Some(source)) | Error::Peer(_, Some(source)) | Error::Connect(source) => {
                source.kind()
            }
            Error::Data(TransferFailure::Connection(DataFailure::Stalled), _)
            | Error::Peer(PeerError::TimedOut(_), _)
            | Error::Deadline => io::ErrorKind::TimedOut,
            // `Interrupted` would not work: readers retry after it.
            Error::Data(..) | Error::Stopped => io::ErrorKind::ConnectionAborted,
            Error::Peer(PeerError::Closed | PeerError::ClosedInside, _) => io::ErrorKind::UnexpectedEof,
            Error::Peer(..) | Error::Unreadable(_) | Error::Mismatch(_) | Error::ListingTooLong => {
                io::ErrorKind::InvalidData
            }
            Error::Local(_) | Error::Argument(_) | Error::Raw(_) | Error::Name(_) => {
                io::ErrorKind::InvalidInput
            }
        };
        Self::new(kind, error)
    }
}

/// Access to what the peer sent, made safe to print.
impl Refused {
    /// Returns the text of the reply, escaped so that it is safe to print.
    #[must_use]
    pub fn message(&self) -> impl fmt::Display + '_ {
        Escaped(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use ::std::error::Error as _;

    use super::*;
    use crate::client::Side;
    use crate::codec::Verb;
    use crate::error::Awaited;
    use crate::io::FxpError;

    #[test]
    fn every_error_is_told_once_in_its_chain() {
        let os = || io::Error::other("the cable is cut");
        for (error, own) in [
            (Error::Connect(os()), "the server could not be reached"),
            (Error::Data(DataFailure::Broken.into(), Some(os())), "the data connection broke"),
            (Error::Peer(PeerError::Closed, Some(os())), "the peer closed the control connection"),
        ] {
            assert_eq!(chain(&error), [own, "the cable is cut"]);
            let fxp = FxpError { side: Side::Source, error };
            assert_eq!(chain(&fxp), [&format!("the source: {own}"), "the cable is cut"]);
            assert_eq!(chain(&io::Error::from(fxp.error)), [own, "the cable is cut"]);
        }
        for error in [
            Error::Data(DataFailure::Broken.into(), None),
            Error::Peer(PeerError::Closed, None),
            Error::Local(LocalError::NoRoom),
            Error::Unreadable(Invalid::new("a number")),
            Error::Argument(Invalid::new("a number")),
            Error::Raw(RawError::OpensDataConnection(Verb::Thmb)),
            Error::Deadline,
            Error::Stopped,
        ] {
            assert!(error.source().is_none(), "{error}");
        }
    }

    #[test]
    fn an_error_told_again_is_the_same_without_what_lies_beneath() {
        let refused = |code: &[u8; 3]| {
            let code = ReplyCode::parse(code).unwrap();
            Error::Refused(Refused { to: ReplyTo::Other, code, text: b"no".to_vec() })
        };
        for (error, fatal) in [
            (refused(b"550"), false),
            (refused(b"421"), true),
            (Error::Data(DataFailure::Broken.into(), Some(io::Error::other("cut"))), false),
            (Error::Unreadable(Invalid::new("a number")), false),
            (Error::Argument(Invalid::new("a number")), false),
            (Error::Raw(RawError::OpensDataConnection(Verb::Thmb)), false),
            (Error::Deadline, false),
            (Error::Peer(PeerError::Closed, None), true),
            (Error::Local(LocalError::NoRoom), true),
            (Error::Connect(io::ErrorKind::TimedOut.into()), true),
            (Error::Stopped, true),
        ] {
            let again = error.again();
            assert_eq!(again.to_string(), error.to_string());
            assert_eq!((error.is_fatal(), again.is_fatal()), (fatal, fatal), "{error:?}");
            if error.source().is_none() {
                assert_eq!(io::Error::from(again).kind(), io::Error::from(error).kind());
            }
        }
    }

    #[test]
    fn every_error_has_a_remedy_and_those_that_end_the_session_need_a_new_one() {
        use Remedy::{Change, GiveUp, Reconnect, Retry};
        let refused = |code: &[u8; 3], text: &str| {
            let code = ReplyCode::parse(code).unwrap();
            Error::Refused(Refused { to: ReplyTo::Other, code, text: text.into() })
        };
        let data = |failure: DataFailure| Error::Data(failure.into(), None);
        let peer = |error| Error::Peer(error, None);
        let short = TransferFailure::Short { received: 1, expected: 2 };
        let ignored = TransferFailure::RestartIgnored { received: 3, expected: 2 };
        for (error, remedy) in [
            (refused(b"550", "no such file"), Change),
            (refused(b"530", "Login incorrect."), Change),
            (refused(b"530", "too many connections"), Retry),
            (refused(b"450", "busy"), Retry),
            (refused(b"425", "cannot connect"), Retry),
            (refused(b"421", "good night"), Reconnect),
            (data(DataFailure::Broken), Retry),
            (data(DataFailure::Stalled), Retry),
            (data(DataFailure::Unreachable), Retry),
            (data(DataFailure::Handshake), Change),
            (data(DataFailure::Malformed), Change),
            (data(DataFailure::Local), Change),
            (Error::Data(short, None), Retry),
            (Error::Data(TransferFailure::NotTaken, None), Change),
            (Error::Data(ignored, None), Change),
            (Error::Data(TransferFailure::NotListed, None), Change),
            (Error::Mismatch(Mismatch::Size(3)), Retry),
            (Error::Deadline, Retry),
            (Error::Unreadable(Invalid::new("a number")), Change),
            (Error::Argument(Invalid::new("a number")), Change),
            (Error::Name(vec![0xff]), Change),
            (Error::ListingTooLong, Change),
            (Error::Connect(io::ErrorKind::ConnectionRefused.into()), Reconnect),
            (peer(PeerError::Closed), Reconnect),
            (peer(PeerError::TimedOut(Awaited::Reply)), Reconnect),
            (peer(PeerError::NotFtp), GiveUp),
            (peer(PeerError::UnexpectedReply(ReplyCode::parse(b"200").unwrap())), GiveUp),
            (peer(PeerError::Handshake), GiveUp),
            (Error::Local(LocalError::NoRoom), GiveUp),
            (Error::Stopped, GiveUp),
        ] {
            assert_eq!(error.remedy(), remedy, "{error:?}");
            assert_eq!(error.is_fatal(), matches!(remedy, Reconnect | GiveUp), "{error:?}");
        }
    }

    fn chain(error: &dyn ::std::error::Error) -> Vec<String> {
        ::std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect()
    }
}
