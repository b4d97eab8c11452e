//! What can go wrong, as a person and a script are told it.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter;
use std::path::Path;

use ftp_proto::client::TransferFailure;
use ftp_proto::codec::Escaped;
use ftp_proto::io::Error as FtpError;

/// What failed, and why.
#[derive(Debug)]
pub struct Failure {
    what: String,
    why: Why,
}

#[derive(Debug)]
enum Why {
    /// The command line or a URL asks for what cannot be.
    Usage,
    /// The server, or the way to it.
    Remote(FtpError),
    /// Something there that could not be seen.
    Unseen,
    /// A file here.
    Local(Option<io::Error>),
}

impl Failure {
    /// A call that makes no sense.
    pub fn usage(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Usage }
    }

    /// What cannot be done here, although no system call failed.
    pub fn here(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Local(None) }
    }

    /// Makes a failure of something that could not be seen, so that not everything was done.
    pub fn unseen(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: Why::Unseen }
    }

    /// Makes an error of the server's side a failure of this remote path.
    pub fn remote(path: &[u8]) -> impl FnOnce(FtpError) -> Self {
        let what = Shown(path).to_string();
        move |error| Self { what, why: Why::Remote(error) }
    }

    /// Makes an error of a local file a failure.
    pub fn local(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let what = path.display().to_string();
        move |error| Self { what, why: Why::Local(Some(error)) }
    }

    /// Makes an error of reading or writing a transfer a failure of this remote path.
    pub fn transfer(path: &[u8]) -> impl FnOnce(io::Error) -> Self {
        let what = Shown(path).to_string();
        move |error| match error.downcast() {
            Ok(error) => Self { what, why: Why::Remote(error) },
            Err(error) => Self { what, why: Why::Local(Some(error)) },
        }
    }

    /// Whether nothing more can be asked of the server.
    pub fn is_fatal(&self) -> bool {
        matches!(&self.why, Why::Remote(error) if error.is_fatal())
    }

    /// Returns whether the server refused and can still be asked for something else.
    pub fn is_refusal(&self) -> bool {
        matches!(&self.why, Why::Remote(error @ FtpError::Refused(_)) if !error.is_fatal())
    }

    /// Returns whether the server ignored the restart and sent the file from its beginning.
    pub fn is_ignored_restart(&self) -> bool {
        matches!(&self.why, Why::Remote(FtpError::Data(TransferFailure::RestartIgnored { .. }, _)))
    }

    /// Whether the reader of our output has gone, which is no news to anybody.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(&self.why, Why::Local(Some(error)) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit code of the table in `main.rs`.
    pub fn exit_code(&self) -> u8 {
        match &self.why {
            Why::Remote(FtpError::Refused(refused)) if !refused.is_transient() => 1,
            Why::Remote(FtpError::Data(TransferFailure::NotListed, _)) => 1,
            Why::Unseen | Why::Remote(FtpError::ListingTooLong) => 5,
            Why::Remote(FtpError::Name(_)) => 4,
            Why::Usage | Why::Remote(FtpError::Argument(_) | FtpError::Raw(_)) => 2,
            Why::Remote(_) => 3,
            Why::Local(_) => 4,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let why: Option<&dyn Error> = match &self.why {
            Why::Usage | Why::Unseen | Why::Local(None) => None,
            Why::Remote(error) => Some(error),
            Why::Local(Some(error)) => Some(error),
        };
        // Each tells what it knows, and its source the rest.
        iter::successors(why, |&error| error.source()).try_for_each(|error| write!(f, ": {error}"))
    }
}

/// A remote path as a person is shown it.
pub struct Shown<'a>(pub &'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b"" => f.write_str("the login directory"),
            path => Escaped(path).fmt(f),
        }
    }
}
