//! Walks through the directories of a server, over any runtime.

use super::collect::{Budget, Collected, ListingLimits, Lists, collect};
use super::connection::Connection;
use super::outcome::text;
use crate::client::{self, Walk, WalkLimits};
use crate::codec::Invalid;
use crate::codec::pathname::join;
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;
use crate::listing::{Entry, OwnedEntry};

/// Room for a path and for the names of the directories still to come: enough for tens of
/// thousands.
const ROOM: usize = 1 << 20;

/// A walk through a directory and everything below it, one listing at a time. Pass it to the
/// client's `walk` until that returns `None`. Links are not followed; see [`Walk`] for what else
/// ensures that the walk ends. The client is free for other calls between two listings. The walk
/// does not belong to a client: another one, logged in to the same server, can go on with it.
///
/// ```no_run
/// use ftp_proto::io::std::Client;
/// use ftp_proto::io::{Error, Remedy, Walker};
///
/// fn connect() -> Result<Client, Error> {
///     let mut client = Client::connect("ftp.example.org:21")?;
///     client.login("anonymous", "guest@example.org")?;
///     Ok(client)
/// }
///
/// let (mut client, mut retries) = (connect()?, 3);
/// let mut walker = Walker::new("/pub")?;
/// loop {
///     match client.walk(&mut walker, |path, _directory| path != b"incoming/old") {
///         Ok(Some(listed)) => {
///             for owned in &listed.entries {
///                 println!("{}", String::from_utf8_lossy(&listed.path_of(&owned.entry())));
///             }
///         }
///         Ok(None) => break,
///         Err(error) if retries > 0 && matches!(error.remedy(), Remedy::Retry | Remedy::Reconnect) => {
///             retries -= 1;
///             if error.is_fatal() {
///                 client = connect()?;
///             }
///             walker.retry();
///         }
///         Err(error) => eprintln!("{}: {error}", String::from_utf8_lossy(walker.path())),
///     }
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Walker {
    walk: Walk<Vec<u8>>,
    limits: ListingLimits,
}

impl Walker {
    /// Creates a walk that begins at `root` (`""` is the working directory).
    ///
    /// # Errors
    /// Fails if `root` is not a valid path.
    pub fn new(root: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::with_limits(root, WalkLimits::default())
    }

    /// Creates a walk like [`new`](Self::new), with other limits.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn with_limits(root: impl AsRef<[u8]>, limits: WalkLimits) -> Result<Self, Error> {
        let root = root.as_ref();
        let walk = Walk::new(vec![0; ROOM], text(root)?, limits)
            .map_err(|_| Error::Argument(Invalid::new("a path of less than a million bytes")))?;
        Ok(Self { walk, limits: ListingLimits::default() })
    }

    /// Sets the limits for the listing of one directory. The listing of a larger directory is
    /// abandoned with [`Error::ListingTooLong`], and the walk continues with the next directory.
    #[must_use]
    pub const fn listing_limits(mut self, limits: ListingLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the next call list the same directory again. Without this, a directory whose listing
    /// failed is left out, with everything below it.
    pub fn retry(&mut self) {
        self.walk.retry();
    }

    /// Returns the path of the directory that was listed last, or whose listing failed.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.walk.path().as_bytes()
    }
}

/// A directory that was listed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Listed {
    /// Path of the directory on the server.
    pub path: Vec<u8>,
    /// Path of the directory below the root of the walk; empty for the root itself.
    /// [`local_path`](Self::local_path) converts it to a local path. Never convert it without
    /// checking each name.
    pub below_root: Vec<u8>,
    /// Entries of the directory, without the directory itself and its parent.
    pub entries: Vec<OwnedEntry>,
    /// Lines of the listing that are not entries, or that name nothing in the directory. They may
    /// stand for files that no entry reports.
    pub unread: Vec<Vec<u8>>,
    /// Number of subdirectories that are not walked because a limit was reached.
    pub left_out: usize,
    /// `true` if the directory is only presumed to be empty: the server refused to list it with
    /// words that it also uses for empty directories, or reported the listing complete without
    /// using the data connection. Do not remove anything on that evidence.
    pub presumed_empty: bool,
    /// `true` if the directory may have more files and directories, whose names begin with a dot:
    /// many servers leave these out of LIST and NLST, and none is in this listing. Do not remove
    /// what it does not show.
    pub may_hide_names: bool,
}

impl Listed {
    /// Returns whether everything that the server listed is known: nothing was unreadable, left out
    /// or presumed. What the server does not list is another matter:
    /// [`may_hide_names`](Self::may_hide_names).
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty() && self.left_out == 0 && !self.presumed_empty
    }

    /// Returns the path of an entry on the server. The path denotes the entry and nothing else,
    /// whatever the name of the entry is.
    #[must_use]
    pub fn path_of(&self, entry: &Entry<'_>) -> Vec<u8> {
        join(&self.path, entry.file_name().as_bytes())
    }
}

/// Lists one directory completely.
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
        may_hide_names: collected.may_hide_names,
        ..Listed::default()
    })
}

/// Lists the next directory. Subdirectories for which `enter` returns `false` are not walked.
pub(super) async fn walk<R: Runtime>(
    connection: &mut Connection<R>,
    walker: &mut Walker,
    mut enter: impl FnMut(&[u8], &Entry<'_>) -> bool,
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
        let mut is_wanted = || match below_root.is_empty() {
            true => enter(entry.file_name().as_bytes(), &entry),
            false => enter(&join(&below_root, entry.file_name().as_bytes()), &entry),
        };
        if !entry.kind.is_directory() || is_wanted() {
            // Anything in front of the name was the path of the directory.
            let mut bare = entry;
            bare.name = entry.file_name();
            let found = walk.found(&bare);
            left_out += usize::from(found.is_left_out());
        }
    }
    let Collected { entries, unread, presumed_empty, may_hide_names } = collected;
    Ok(Some(Listed { path, below_root, entries, unread, left_out, presumed_empty, may_hide_names }))
}
