//! Failures, with messages for people and exit codes for scripts.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter;
use std::path::Path;

use ftp_proto::client::TransferFailure;
use ftp_proto::codec::Escaped;
use ftp_proto::io::{Error as FtpError, Remedy};

/// A failure: what failed, and why.
#[derive(Debug)]
pub struct Failure {
    what: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// The command line or a URL asks for something impossible.
    Usage,
    /// An error of the server, or of the connection to it.
    Remote(FtpError),
    /// Something on the server could not be seen.
    Unseen,
    /// Something is not on the server.
    Missing,
    /// An error of a local file.
    Local(Option<io::Error>),
    /// A file changed while it was transferred.
    Changing,
    /// Things were not removed, for safety.
    Kept,
}

impl Failure {
    /// Creates a failure for wrong arguments.
    pub fn usage(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Usage }
    }

    /// Creates a failure for something that cannot be done locally, without a failed system call.
    pub fn here(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Local(None) }
    }

    /// Creates a failure for something that could not be seen, so that not everything was done.
    pub fn unseen(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Unseen }
    }

    /// Creates a failure for something that is not on the server.
    pub fn missing(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Missing }
    }

    /// Creates a failure for a file that changes while it is transferred.
    pub fn changing(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Changing }
    }

    /// Creates a failure for things that are not removed, for safety.
    pub fn kept(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Kept }
    }

    /// Turns an error of the server's side into a failure of this remote path.
    pub fn remote(path: &[u8]) -> impl FnOnce(FtpError) -> Self {
        let what = Shown(path).to_string();
        move |error| Self { what, why: Why::Remote(error) }
    }

    /// Turns an error of a local file into a failure.
    pub fn local(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = path.display().to_string();
        move |error| Self { what, why: Why::Local(Some(error)) }
    }

    /// Turns an error of reading or writing a transfer into a failure of this remote path.
    pub fn transfer(path: &[u8]) -> impl FnOnce(io::Error) -> Self {
        let what = Shown(path).to_string();
        move |error| match error.downcast() {
            Ok(error) => Self { what, why: Why::Remote(error) },
            Err(error) => Self { what, why: Why::Local(Some(error)) },
        }
    }

    /// Returns whether the server can no longer be used.
    pub fn is_fatal(&self) -> bool {
        matches!(&self.why, Why::Remote(error) if error.is_fatal())
    }

    /// Returns whether the server refused and can still be asked for something else.
    pub fn is_refusal(&self) -> bool {
        matches!(&self.why, Why::Remote(error @ FtpError::Refused(_)) if !error.is_fatal())
    }

    /// Returns whether the same may succeed soon: the connection was lost, the server did not
    /// answer in time, or it refused for now. A full disk does not count, nor does a file that is
    /// not the one that was sent.
    pub fn may_pass(&self) -> bool {
        let Why::Remote(error) = &self.why else { return false };
        match error {
            FtpError::Refused(refused) if refused.code.get() == 452 => false,
            FtpError::Mismatch(_) => false,
            error => matches!(error.remedy(), Remedy::Retry | Remedy::Reconnect),
        }
    }

    /// Returns whether a file changed while it was transferred.
    pub fn is_changing(&self) -> bool {
        matches!(self.why, Why::Changing)
    }

    /// Returns whether the server ignored the restart and sent the file from its beginning.
    pub fn is_ignored_restart(&self) -> bool {
        matches!(&self.why, Why::Remote(FtpError::Data(TransferFailure::RestartIgnored { .. }, _)))
    }

    /// Returns whether the reader of our output is gone, which need not be reported.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(&self.why, Why::Local(Some(error)) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns the exit code from the table in `main.rs`.
    pub fn exit_code(&self) -> u8 {
        match &self.why {
            Why::Remote(FtpError::Refused(refused)) if !refused.is_transient() => 1,
            Why::Remote(FtpError::Data(TransferFailure::NotListed, _)) | Why::Missing => 1,
            Why::Unseen | Why::Remote(FtpError::ListingTooLong) => 5,
            Why::Remote(FtpError::Name(_)) => 4,
            Why::Usage | Why::Remote(FtpError::Argument(_) | FtpError::Raw(_)) => 2,
            Why::Remote(_) | Why::Changing => 3,
            Why::Local(_) => 4,
            Why::Kept => 6,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let why: Option<&dyn Error> = match &self.why {
            Why::Usage | Why::Unseen | Why::Missing | Why::Changing | Why::Kept | Why::Local(None) => None,
            Why::Remote(error) => Some(error),
            Why::Local(Some(error)) => Some(error),
        };
        // Each error reports its part, and its source the rest.
        iter::successors(why, |&error| error.source()).try_for_each(|error| write!(f, ": {error}"))
    }
}

/// Displays a remote path for a person.
pub struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b"" => f.write_str("the login directory"),
            path => Escaped(path).fmt(f),
        }
    }
}
