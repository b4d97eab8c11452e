//! Converts bytes to values and back: stateless, zero-copy, one file per grammar.
//!
//! Every value has a `parse` that consumes all of its input, borrows from it and never panics, and
//! an `encode` that writes the canonical form to a [`Sink`], so that `parse(encode(x)) == x`. There
//! is one exception, for the sake of servers that send it: the text of the reply line `211 211-`
//! ([`ReplyLine::encode`]).
//!
//! An observer or a gateway frames each direction with a [`RecvBuf`](crate::buffer::RecvBuf) and
//! parses its lines:
//!
//! ```
//! use ftp_proto::buffer::{Frame, RecvBuf};
//! use ftp_proto::codec::{Command, EndRule, Redacted, ReplyLine, Verb, address};
//!
//! /// Calls `each` with each line of one direction, as its bytes arrive.
//! fn lines(rx: &mut RecvBuf<[u8; 2048]>, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
//!     loop {
//!         match rx.view().next_line(2046) {
//!             Frame::Line(line) => each(rx.bytes(line)),
//!             Frame::Partial if bytes.is_empty() => return,
//!             Frame::Partial => bytes = &bytes[rx.extend(bytes)..],
//!             Frame::TooLong(_) | Frame::Binary => {} // skipped, and reported once
//!             Frame::End { .. } => return,            // after `RecvBuf::eof`
//!         }
//!     }
//! }
//!
//! let (mut from_client, mut from_server) = (RecvBuf::new([0; 2048]), RecvBuf::new([0; 2048]));
//! let mut asked = Vec::new();
//! for piece in ["USER me\r\nPASS sec", "ret\r\nEPSV\r\n"] {
//!     lines(&mut from_client, piece.as_bytes(), |line| {
//!         asked.push(Command::parse(line).ok().and_then(|command| command.known_verb()));
//!         assert!(!Redacted(line).to_string().contains("secret"));
//!     });
//! }
//! let (mut asked, mut within, mut port) = (asked.into_iter(), None, None);
//! lines(&mut from_server, b"331 And?\r\n230-Hi\r\n230 In\r\n229 Go (|||5000|)\r\n", |line| {
//!     let Ok(reply) = ReplyLine::parse(line, within, EndRule::SameCode) else { return };
//!     within = reply.going_on();
//!     if reply.is_final() {
//!         let verb = asked.next().flatten();
//!         assert!(verb.is_some_and(|verb| verb.allows(reply.code)));
//!         if verb.is_some_and(|verb| matches!(verb, Verb::Epsv | Verb::Pasv)) {
//!             port = address::parse_passive_reply(&reply).ok().map(|(_, port)| port);
//!         }
//!     }
//! });
//! assert_eq!(port, Some(5000));
//! ```
//!
//! The examples `inspect` and `gateway` are programs of this kind.

pub mod address;
#[cfg(feature = "arbitrary")]
pub(crate) mod arbitrary;
pub mod code;
pub mod command;
pub mod digest;
pub mod encode;
pub mod facts;
pub mod features;
pub mod parameters;
pub mod pathname;
pub mod redacted;
pub mod reply;
pub(crate) mod scan;
pub mod site;
pub(crate) mod slices;
pub mod text;
pub mod timestamp;
pub mod verb;

pub use address::{EpsvArgument, ExtendedError, NetworkProtocol};
pub use code::{Group, ReplyCode, Severity};
pub use command::{Command, CommandError, CommandLine, LongAddress, MffArgument, TimedPath};
pub use digest::{Digest, HashReply};
pub use encode::{Full, Sink, SliceSink};
pub use facts::{FactChoice, FactSet, FactValue, FactValues, Facts, Kind, NameCase, Permissions};
pub use features::{FeatureLine, Features, OptsArgument};
pub use parameters::{
    Allocation, ByteRange, FileStructure, FormatControl, HashAlgorithm, ProtectionBufferSize,
    ProtectionLevel, RepresentationType, RestartMarker, TransferMode,
};
pub use pathname::{NameList, Quoted, ResolveError, UnsafeName, safe_name};
pub use redacted::Redacted;
pub use reply::{EndRule, Position, Reply, ReplyLine};
pub use site::SiteCommand;
pub use text::{Escaped, Secret, Sensitive, Text};
pub use timestamp::Timestamp;
pub use verb::{Argument, Direction, LoginGate, TransferGate, Verb, VerbInfo, VerbSet};

use core::fmt;

/// An error for bytes that are not a valid value. It says what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    expected: &'static str,
}

impl Invalid {
    /// Creates an error whose `expected` completes the sentence "expected ...".
    #[must_use]
    pub const fn new(expected: &'static str) -> Self {
        Self { expected }
    }

    /// Returns a phrase for the value that was expected.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl core::error::Error for Invalid {}
