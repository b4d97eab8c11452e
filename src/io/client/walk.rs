//! Walks through a server's directories, over any runtime.

use super::collect::{Budget, ListingLimits, Lists, collect};
use super::connection::Connection;
use super::outcome::text;
use crate::client::{self, Walk, WalkLimits};
use crate::codec::Invalid;
use crate::codec::pathname::join;
use crate::io::error::Error;
use crate::io::runtime::Runtime;
use crate::listing::{Entry, OwnedEntry};

/// Room for a path and for the names of the directories that wait: enough for some tens of thousands.
const ROOM: usize = 1 << 20;

/// A walk through a directory and all below it, one listing at a time: hand it to the client's `walk` until
/// that gives nothing more. Links are not followed; see [`Walk`] for what else keeps it from going on for ever.
/// Between two listings the client is free.
#[derive(Clone, Debug)]
pub struct Walker {
    walk: Walk<Vec<u8>>,
    limits: ListingLimits,
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
        Ok(Self { walk, limits: ListingLimits::default() })
    }

    /// Sets how much of one directory is kept. The listing of a larger one is given up with
    /// [`Error::ListingTooLong`], and the walk goes on with the next directory.
    #[must_use]
    pub const fn listing_limits(mut self, limits: ListingLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The directory that was listed last, or was to be listed when that failed.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.walk.path().as_bytes()
    }
}

/// A directory that was listed.
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
    /// The lines of its listing that are no entries, or name nothing in it. There may be files that nothing else tells of.
    pub unread: Vec<Vec<u8>>,
    /// How many of its directories are not walked, since a limit is reached.
    pub left_out: usize,
    /// The server refused to list it, in words that it has for empty directories. Do not remove anything on the
    /// strength of that.
    pub presumed_empty: bool,
}

impl Listed {
    /// Returns whether all that is in the directory is known: nothing was unreadable, left out or presumed.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty() && self.left_out == 0 && !self.presumed_empty
    }

    /// Returns the path of one of its entries, for the server. Whatever the entry is called, the path means it and
    /// nothing else.
    #[must_use]
    pub fn path_of(&self, entry: &Entry<'_>) -> Vec<u8> {
        join(&self.path, entry.file_name().as_bytes())
    }
}

/// Lists all of one directory.
pub(super) async fn list<R: Runtime>(
    connection: &mut Connection<R>,
    path: &[u8],
    lists: Lists,
    limits: &ListingLimits,
) -> Result<Listed, Error> {
    let transfer = connection.open_listing(&connection.wire_name(path)?, lists).await?;
    let mut budget = Budget::new(limits.clone());
    let collected = collect(connection, transfer, &mut budget, path, true).await?;
    Ok(Listed {
        path: path.to_vec(),
        entries: collected.entries,
        unread: collected.unread,
        presumed_empty: collected.presumed_empty,
        ..Listed::default()
    })
}

/// Lists the next directory. Those for which `enter` says no are not walked.
pub(super) async fn walk<R: Runtime>(
    connection: &mut Connection<R>,
    walker: &mut Walker,
    mut enter: impl FnMut(&Entry<'_>) -> bool,
) -> Result<Option<Listed>, Error> {
    let Walker { walk, limits } = walker;
    let Some(path) = walk.next() else { return Ok(None) };
    let path = path.as_bytes().to_vec();
    let transfer = connection.open_listing(&connection.wire_name(&path)?, client::entries).await?;
    let below_root = walk.path_below_root().as_bytes().to_vec();
    let mut left_out = 0;
    let mut budget = Budget::new(limits.clone());
    let collected = collect(connection, transfer, &mut budget, &path, false).await?;
    for owned in &collected.entries {
        let entry = owned.entry();
        if !entry.kind.is_directory() || enter(&entry) {
            // Whatever stood in front of it was the directory's path.
            let mut bare = entry;
            bare.name = entry.file_name();
            let found = walk.found(&bare);
            left_out += usize::from(found.is_left_out());
        }
    }
    let (entries, unread, presumed_empty) = (collected.entries, collected.unread, collected.presumed_empty);
    Ok(Some(Listed { path, below_root, entries, unread, left_out, presumed_empty }))
}
