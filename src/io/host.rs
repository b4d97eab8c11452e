//! What a server needs from its host: accounts, and a file system for each. A host that blocks implements
//! [`Accounts`], [`Filesystem`] and [`File`]; one of futures the same with `Async` before their names.
//!
//! Paths are the session's: absolute, normal, of any bytes but CR, LF and NUL, and seen from the root
//! of what the account may see. No implementation ever meets a `..`.

mod asynchronous;
mod blocking;
pub(super) mod offload;

use ::std::vec::Vec;

pub use crate::codec::{ByteRange, HashAlgorithm};
pub use crate::server::{Access, Changes, Refusal, VirtualPath};

pub use asynchronous::{AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem};
pub use blocking::{Accounts, File, Filesystem};

/// A hash of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The first byte of the file that it is of, and the one after the last.
    pub range: (u64, u64),
}

/// A file that was opened.
#[derive(Debug)]
pub struct Opened<F> {
    /// The file, at the offset asked for.
    pub file: F,
    /// How many bytes there are from the offset on, when it is for reading.
    pub size: Option<u64>,
    /// The name chosen, for [`Access::Unique`]: without a directory.
    pub unique_name: Option<Vec<u8>>,
}

/// A path that outlives the session's.
pub(super) struct OwnedPath(Vec<u8>);

impl OwnedPath {
    pub(super) fn lent(&self) -> VirtualPath<'_> {
        VirtualPath::new(&self.0)
    }
}

impl From<VirtualPath<'_>> for OwnedPath {
    fn from(path: VirtualPath<'_>) -> Self {
        Self(path.as_bytes().to_vec())
    }
}
