//! Bytes to values and back: stateless, zero-copy, one file a grammar.
//!
//! Every value has a `parse` that takes the whole of its bytes, borrows from them what it keeps and
//! never panics, and an `encode` that writes the canonical form to a [`Sink`]. `parse(encode(x)) == x`.

pub mod address;
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
pub mod text;
pub mod timestamp;
pub mod verb;

pub use address::{EpsvArgument, ExtendedError, NetworkProtocol};
pub use code::{Group, ReplyCode, Severity};
pub use command::{Command, CommandError, LongAddress, MffArgument, TimedPath};
pub use digest::{Digest, HashReply};
pub use encode::{Full, Sink};
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
pub use text::{Escaped, Secret, Text};
pub use timestamp::Timestamp;
pub use verb::{Argument, Direction, LoginGate, TransferGate, Verb, VerbInfo, VerbSet};

use core::fmt;

/// Bytes that are not the value they should be; says what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    expected: &'static str,
}

impl Invalid {
    /// `expected` completes the sentence "expected ...".
    #[must_use]
    pub const fn new(expected: &'static str) -> Self {
        Self { expected }
    }

    /// What should have stood there.
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
