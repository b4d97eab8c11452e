//! Walks through a server's directories, over any runtime.

use ::std::future::poll_fn;

use super::client::Connection;
use super::error::Error;
use super::operations::optional;
use super::outcome::text;
use super::runtime::Runtime;
use super::transfer::Listing;
use crate::client::{self, Found, Walk, WalkLimits};
use crate::codec::Invalid;
use crate::codec::pathname::for_listing;
use crate::listing::{Entry, OwnedEntry};

/// Room for a path and for the names of the directories that wait: enough for some tens of thousands.
const ROOM: usize = 1 << 20;

/// A walk through a directory and all below it, one listing at a time: hand it to the client's `walk` until
/// that gives nothing more. Links are not followed; see [`Walk`] for what else keeps it from going on for ever.
/// Between two listings the client is free.
#[derive(Clone, Debug)]
pub struct Walker {
    walk: Walk<Vec<u8>>,
    most_entries: usize,
}

impl Walker {
    /// A walk from `root` on (`""` is the working directory).
    ///
    /// # Errors
    /// When `root` is no path.
    pub fn new(root: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::with_limits(root, WalkLimits::default())
    }

    /// As [`new`](Self::new), with other limits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limits(root: impl AsRef<[u8]>, limits: WalkLimits) -> Result<Self, Error> {
        let root = root.as_ref();
        let walk = Walk::new(vec![0; ROOM], text(root)?, limits)
            .map_err(|_| Error::Argument(Invalid::new("a path of less than a million bytes")))?;
        Ok(Self { walk, most_entries: 1_000_000 })
    }

    /// Sets how many entries of one directory are kept; the others are left out. 1,000,000 by default.
    #[must_use]
    pub const fn most_entries(mut self, count: usize) -> Self {
        self.most_entries = count;
        self
    }

    /// The directory that was listed last, or was to be listed when that failed.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.walk.path().as_bytes()
    }
}

/// One directory of a walk.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Listed {
    /// Its path, for the server.
    pub path: Vec<u8>,
    /// Its path from the root of the walk on; the root's own is empty. [`local_path`](Self::local_path) makes a
    /// path here of it; never do so without a check of each name.
    pub below_root: Vec<u8>,
    /// Its entries, without itself and the one above it.
    pub entries: Vec<OwnedEntry>,
    /// The lines of its listing that are no entries.
    pub unread: Vec<Vec<u8>>,
    /// How many of its directories are not walked, since a limit is reached.
    pub left_out: usize,
    /// Whether it has more entries than are kept.
    pub cut: bool,
}

/// Lists the next directory. Those for which `enter` says no are not walked.
pub(super) async fn walk<R: Runtime>(
    connection: &mut Connection<R>,
    walker: &mut Walker,
    mut enter: impl FnMut(&Entry<'_>) -> bool,
) -> Result<Option<Listed>, Error> {
    let Walker { walk, most_entries } = walker;
    let Some(path) = walk.next() else { return Ok(None) };
    let path = path.as_bytes().to_vec();
    let argument = for_listing(&path);
    let transfer = connection.open(client::entries(optional(&argument)?)).await?;
    let mut listing = Listing::new(connection, transfer);
    let below_root = walk.path_below_root().as_bytes().to_vec();
    let mut listed = Listed { path, below_root, ..Listed::default() };
    while let Some(line) = poll_fn(|cx| listing.poll_next(cx)).await {
        let kept = listed.entries.len() + listed.unread.len() < *most_entries;
        listed.cut |= !kept;
        let owned = match line? {
            _ if !kept => continue,
            Err(line) => {
                listed.unread.push(line);
                continue;
            }
            Ok(owned) => owned,
        };
        let entry = owned.entry();
        let mut found = Found::Member;
        if !entry.kind.is_directory() || entry.kind.is_dot() || enter(&entry) {
            found = walk.found(&entry);
        }
        listed.left_out += usize::from(found.is_left_out());
        if found != Found::Nothing {
            listed.entries.push(owned);
        }
    }
    Ok(Some(listed))
}
