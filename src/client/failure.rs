//! The reasons why a transfer failed although the server did not refuse it.

use core::fmt;

use crate::action::DataFailure;

/// The reason why a transfer failed, other than a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferFailure {
    /// The data connection failed.
    Connection(DataFailure),
    /// The server confirmed an upload, but nothing shows that it took the data: it announced no
    /// transfer (1yz) and did not close the data connection cleanly.
    NotTaken,
    /// The server ended a listing cleanly, but its final reply says that it could not read the
    /// directory, as vsftpd does. The data received is not the listing.
    NotListed,
    /// A download ended before the end of the file, although the server called it complete. The
    /// download can be resumed from the data received.
    Short {
        /// Byte of the file at which the download ended: its offset plus the bytes received.
        received: u64,
        /// Size of the file, in bytes.
        expected: u64,
    },
    /// A download that was to begin at an offset went beyond the end of the file: the server
    /// ignored REST and sent the file from its start. The data received must not be appended.
    RestartIgnored {
        /// Byte of the file at which the download would have ended.
        received: u64,
        /// Size of the file, in bytes.
        expected: u64,
    },
}

impl fmt::Display for TransferFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(failure) => failure.fmt(f),
            Self::NotTaken => {
                f.write_str("the server confirmed the upload, but nothing shows that it took the data")
            }
            Self::NotListed => f.write_str("the server could not read the directory"),
            Self::Short { received, expected } => write!(
                f,
                "the file is incomplete: {received} of {expected} bytes arrived, although the server reported success"
            ),
            Self::RestartIgnored { received, expected } => write!(
                f,
                "the server ignored the restart: the download would end at byte {received}, but the file has {expected} bytes"
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_failure_says_what_is_missing_of_the_file() {
        for (failure, shown) in [
            (TransferFailure::from(DataFailure::Broken), "the data connection broke"),
            (
                TransferFailure::NotTaken,
                "the server confirmed the upload, but nothing shows that it took the data",
            ),
            (TransferFailure::NotListed, "the server could not read the directory"),
            (
                TransferFailure::Short { received: 5, expected: 7 },
                "the file is incomplete: 5 of 7 bytes arrived, although the server reported success",
            ),
            (
                TransferFailure::RestartIgnored { received: 9, expected: 7 },
                "the server ignored the restart: the download would end at byte 9, but the file has 7 bytes",
            ),
        ] {
            assert_eq!(failure.to_string(), shown);
        }
    }
}
