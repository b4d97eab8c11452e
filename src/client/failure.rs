//! Why a transfer failed although the server did not refuse it.

use core::fmt;

use crate::action::DataFailure;

/// Why a transfer failed, other than by a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferFailure {
    /// The data connection failed.
    Connection(DataFailure),
    /// The server confirmed an upload, and nothing shows that it has taken the data: it announced no
    /// transfer (1yz) and did not close the data connection in order.
    NotTaken,
    /// The server ended a listing in order and says in its final reply that it could not read the directory, as
    /// vsftpd does. What came of it is not the listing.
    NotListed,
    /// A download ended before the end of the file, although the server called it complete. What came is good
    /// to be resumed.
    Short {
        /// Where in the file the download ended: the byte it began at, and the bytes that came.
        received: u64,
        /// The size of the file, in bytes.
        expected: u64,
    },
    /// A download that was to begin at an offset brought bytes beyond the end of the file: the server ignored
    /// REST and sent the file from its start. What came must not be appended.
    RestartIgnored {
        /// Where in the file the download would have ended.
        received: u64,
        /// The size of the file, in bytes.
        expected: u64,
    },
}

impl fmt::Display for TransferFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(failure) => failure.fmt(f),
            Self::NotTaken => f.write_str(
                "the server confirmed the upload, but did not announce it or take it off the data connection",
            ),
            Self::NotListed => f.write_str("the server could not read the directory"),
            Self::Short { received, expected } => write!(
                f,
                "the file is incomplete: {received} of {expected} bytes came, though the server calls it complete"
            ),
            Self::RestartIgnored { received, expected } => write!(
                f,
                "the server ignored the restart: with what was there it would be {received} bytes, and the file has {expected}"
            ),
        }
    }
}

impl core::error::Error for TransferFailure {}

impl From<DataFailure> for TransferFailure {
    fn from(failure: DataFailure) -> Self {
        Self::Connection(failure)
    }
}
