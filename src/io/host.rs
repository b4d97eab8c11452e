//! Host side of a server: accounts, and a file system for each account. A blocking host implements
//! [`Accounts`], [`Filesystem`] and [`File`]; an asynchronous host implements [`AsyncAccounts`],
//! [`AsyncFilesystem`], [`AsyncEntries`] and [`AsyncFile`].
//!
//! Paths are absolute and normalized, and `/` is the root of what the account may see. They may
//! contain any bytes except CR, LF and NUL, but never a `..` component.
//!
//! A new request to the host needs a variant of [`Request`](crate::server::Request), the command
//! that makes the request (`server::session::commands`), the reply to the host's answer
//! (`server::session::answers`), a method in both traits here, and calls of that method in
//! `io::server::asking`, `io::server::offload` and `io::hosts::forward`; without the last of these,
//! the wrappers of file systems refuse the request. The host for tests is `testing::memory_host`.

mod asynchronous;
mod blocking;

use ::std::fmt;
use ::std::net::SocketAddr;
use ::std::sync::Arc;
use ::std::vec::Vec;

pub use crate::codec::{ByteRange, HashAlgorithm};
pub use crate::server::{Access, Changes, Refusal, VirtualPath};

use crate::codec::{Command, Escaped, ReplyCode, Text};

pub use asynchronous::{AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem};
pub use blocking::{Accounts, DirectoryEntries, File, Filesystem};

/// The client of a session, as far as it is known.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visitor {
    /// The client's address.
    pub peer: SocketAddr,
    /// The server's address that the client connected to.
    pub local: SocketAddr,
    /// `true` if TLS protects the control connection.
    pub secured: bool,
    /// The virtual host that the client has chosen and [`Accounts::host`] has accepted (RFC 7151).
    pub host: Option<Vec<u8>>,
    /// The user name, whether logged in or only attempted. Empty before USER.
    pub user: Vec<u8>,
    /// Number of failed logins on this connection.
    pub failed_logins: u16,
    /// The client's certificates on the control connection.
    certificates: Arc<[Vec<u8>]>,
}

/// Shows names as text, and the number of certificates.
impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, local, secured, host, user, failed_logins, certificates } = self;
        f.debug_struct("Visitor")
            .field("peer", peer)
            .field("local", local)
            .field("secured", secured)
            .field("host", &host.as_deref().map(Escaped))
            .field("user", &Escaped(user))
            .field("failed_logins", failed_logins)
            .field("certificates", &certificates.len())
            .finish()
    }
}

impl Visitor {
    /// Creates a visitor, for hosts that call their own accounts, for example in tests.
    pub fn new(user: impl Into<Vec<u8>>, peer: SocketAddr, local: SocketAddr) -> Self {
        Self {
            peer,
            local,
            secured: false,
            host: None,
            user: user.into(),
            failed_logins: 0,
            certificates: Arc::default(),
        }
    }

    /// Adds certificates in DER, the client's own first.
    #[must_use]
    pub fn with_certificates(mut self, chain: impl Into<Arc<[Vec<u8>]>>) -> Self {
        self.certificates = chain.into();
        self
    }

    pub(in crate::io) fn set_certificates(&mut self, chain: Arc<[Vec<u8>]>) {
        self.certificates = chain;
    }

    /// Returns the client's own certificate in DER (X.509), verified according to the server's TLS
    /// configuration. Returns `None` if the control connection has no TLS, if the configuration
    /// asks for no certificate, if the client sent none, and after the client has removed TLS
    /// (CCC).
    ///
    /// A verified certificate is signed by one of the configuration's authorities, and the client
    /// holds its key. The host decides who owns the certificate, and which user the owner is.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificates.first().map(Vec::as_slice)
    }

    /// Returns the client's own certificate and the intermediate ones that it sent, each in DER.
    /// The list is empty if there is no [certificate](Self::certificate).
    #[must_use]
    pub fn certificate_chain(&self) -> &[Vec<u8>] {
        &self.certificates
    }
}

/// Preferences of a client for a file or directory that is being created. A host may ignore them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wishes {
    /// Number of bytes that the file will have (ALLO, RFC 959 4.1.3). Only a hint.
    pub size_hint: Option<u64>,
    /// Permission bits that the new file or directory must not have: nine bits, as in a Unix mode.
    pub umask: Option<u16>,
}

/// A host's reply to a command that the host carries out itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostReply {
    /// Code of the reply. The [verb table](crate::codec::VerbInfo) must allow it for the command.
    pub code: ReplyCode,
    /// Lines of the reply. Each is sent only up to its first CR, LF or NUL.
    pub lines: Vec<Vec<u8>>,
}

impl HostReply {
    /// Creates a reply with a single line.
    pub fn new(code: ReplyCode, text: impl Into<Vec<u8>>) -> Self {
        Self { code, lines: vec![text.into()] }
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.lines.push(text.into());
        self
    }

    pub(in crate::io) fn texts(&self) -> Vec<Text<'_>> {
        self.lines.iter().map(|line| text(line)).collect()
    }
}

/// Returns the part of a line before the first CR, LF or NUL.
fn text(line: &[u8]) -> Text<'_> {
    let end = line.iter().position(|byte| b"\r\n\0".contains(byte)).unwrap_or(line.len());
    line.get(..end).and_then(|line| Text::new(line).ok()).unwrap_or_default()
}

/// A hash of a file or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Bytes of the hash.
    pub bytes: Vec<u8>,
    /// Offsets of the first byte that was hashed and of the byte after the last one.
    pub range: (u64, u64),
}

/// A file that was opened.
#[derive(Debug)]
pub struct Opened<F> {
    /// The file, positioned at the requested offset.
    pub file: F,
    /// Number of bytes from the offset to the end, if the file is read and its size is certain.
    ///
    /// The 150 reply includes the number, and clients compare it with what they receive. If the
    /// file ends earlier because it has shrunk in the meantime, the data connection is reset and
    /// the client gets a 451. A file that has grown is sent up to its current end, unless RANG
    /// limits the transfer.
    pub size: Option<u64>,
    /// The name chosen for [`Access::Unique`], without a directory.
    pub unique_name: Option<Vec<u8>>,
}

/// A path that does not borrow from the session.
pub(in crate::io) struct OwnedPath(Vec<u8>);

impl OwnedPath {
    pub(in crate::io) fn lent(&self) -> VirtualPath<'_> {
        VirtualPath::new(&self.0)
    }

    /// Returns the path of `below` in this directory.
    pub(in crate::io) fn joined(&self, below: &[u8]) -> Self {
        let mut path = self.0.clone();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        path.extend_from_slice(below);
        Self(path)
    }

    /// Returns the path of a file that was stored under a unique name. The name replaces the last
    /// component of this path if it begins with that component, and is appended otherwise.
    pub(in crate::io) fn with_unique_name(&self, name: &[u8]) -> Self {
        let like = self.lent().file_name().filter(|last| name.starts_with(last)).map_or(0, <[u8]>::len);
        let mut path = self.0.get(..self.0.len() - like).unwrap_or_default().to_vec();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Self(path)
    }
}

impl From<VirtualPath<'_>> for OwnedPath {
    fn from(path: VirtualPath<'_>) -> Self {
        Self(path.as_bytes().to_vec())
    }
}

/// A command that is independent of the receive window.
pub(in crate::io) struct OwnedCommand(Vec<u8>);

impl OwnedCommand {
    /// Copies the line of a command.
    pub(in crate::io) fn from_line(line: Text<'_>) -> Self {
        Self(line.as_bytes().to_vec())
    }

    /// Parses the line, which was a valid command when copied.
    pub(in crate::io) fn lent(&self) -> Result<Command<'_>, Refusal> {
        Command::parse(&self.0).map_err(|_| Refusal::Failed)
    }
}

impl From<&Command<'_>> for OwnedCommand {
    fn from(command: &Command<'_>) -> Self {
        let mut line = Vec::new();
        // Encoding into a vector cannot run out of room.
        let _ = command.encode(&mut line);
        Self(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_shown_with_names_that_can_be_read() {
        let address = "192.0.2.1:21".parse().unwrap();
        let visitor = Visitor::new(b"me\x1b".to_vec(), address, address);
        let shown = format!("{:?}", visitor.with_certificates(vec![vec![1; 500]]));
        assert!(shown.contains(r#"user: "me\u{1b}""#) && shown.contains("certificates: 1 }"), "{shown}");
    }
}
