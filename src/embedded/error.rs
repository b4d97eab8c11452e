//! The error type of the client, without an allocator.

use core::fmt;

use arrayvec::ArrayVec;
use embedded_io_async::ErrorKind;

use crate::client::{Refusal, TransferFailure};
use crate::error::{Error as CoreError, LocalError, PeerError};

/// The first bytes of a reply's text.
pub type ReplyText = ArrayVec<u8, TEXT>;

const TEXT: usize = 80;

/// The reason why a call failed. After [`Refused`](Self::Refused) (except with 421),
/// [`Data`](Self::Data) and [`Source`](Self::Source) the client can be used for other operations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The server refused a command or the connection.
    Refused(Refusal<ReplyText>),
    /// A transfer failed without a refusal, because of this network error, if there was one.
    Data(TransferFailure, Option<ErrorKind>),
    /// The server closed the connection or violated the protocol, or the network failed.
    Peer(PeerError, Option<ErrorKind>),
    /// The API was misused.
    Local(LocalError),
    /// The control connection could not be opened.
    Connect(ErrorKind),
    /// The reader of an upload failed. The upload was aborted.
    Source(ErrorKind),
    /// The configuration or a setting asks for something that this client, or this build of it,
    /// does not support.
    Unsupported(&'static str),
}

impl Error {
    /// Adds the network's error to that of a machine.
    pub(super) fn of_machine(error: CoreError, network: Option<ErrorKind>) -> Self {
        match error {
            CoreError::Local(error) => Self::Local(error),
            CoreError::Peer(error) => Self::Peer(error, network),
        }
    }

    /// Copies a refusal, which borrows from the line that it arrived in.
    pub(super) fn refused(refusal: Refusal<&[u8]>) -> Self {
        Self::Refused(refusal.map(|text| text.iter().copied().take(TEXT).collect()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network = match self {
            Self::Refused(refusal) => return refusal.fmt(f),
            Self::Local(error) => return error.fmt(f),
            Self::Connect(kind) => return write!(f, "the control connection could not be opened: {kind}"),
            Self::Source(kind) => return write!(f, "the data to upload could not be read: {kind}"),
            Self::Unsupported(what) => return write!(f, "the embedded client does not support {what}"),
            Self::Data(failure, network) => {
                failure.fmt(f)?;
                network
            }
            Self::Peer(error, network) => {
                error.fmt(f)?;
                network
            }
        };
        network.map_or(Ok(()), |kind| write!(f, " ({kind})"))
    }
}

impl core::error::Error for Error {}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Data(_, Some(kind)) | Self::Peer(_, Some(kind)) => *kind,
            Self::Connect(kind) | Self::Source(kind) => *kind,
            Self::Peer(PeerError::TimedOut(_), None) => ErrorKind::TimedOut,
            Self::Unsupported(_) => ErrorKind::Unsupported,
            _ => ErrorKind::Other,
        }
    }
}
