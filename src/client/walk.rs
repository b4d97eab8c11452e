//! Walks a directory and everything below it, in memory that the caller lends and that never grows.
//!
//! Servers have no command for this, so the walk lists one directory at a time. At any moment the
//! walk knows the path of the directory being listed, and the names of the directories still to
//! come:
//!
//! ```text
//! storage = path ...free... name name name      ; a stack: the last one found is walked first
//! ```
//!
//! A walk never enters links, nor anything that the server does not call a directory, so it cannot
//! go in circles; the limits stop a server that lies.

use crate::codec::slices;
use crate::codec::{Full, Text};
use crate::listing::{Entry, Kind};

/// The limits of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WalkLimits {
    /// Maximum number of names in a path below the root: with 0, only the root is listed. 64 by
    /// default.
    pub depth: u16,
    /// Maximum number of directories listed. 1,000,000 by default.
    pub directories: u32,
}

impl Default for WalkLimits {
    fn default() -> Self {
        Self { depth: 64, directories: 1_000_000 }
    }
}

/// The decision of a walk about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a directory may have been left out"]
#[non_exhaustive]
pub enum Found {
    /// The listed directory itself or its parent, which is ignored.
    Nothing,
    /// Not a member of the directory: its name is empty, or begins with a path other than the
    /// directory's. There may be files that no other entry reports.
    Elsewhere,
    /// A member that is not entered: a file, a link, a device, or something unknown.
    Member,
    /// A directory that will be walked.
    Directory,
    /// A directory that is left out because it is nested too deeply.
    TooDeep,
    /// A directory that is left out because the walk has reached its limit of directories.
    TooMany,
    /// A directory that is left out because the storage has no room for its name.
    NoRoom,
}

impl Found {
    /// Returns whether the entry is a directory that will not be walked.
    #[must_use]
    pub const fn is_left_out(self) -> bool {
        matches!(self, Self::TooDeep | Self::TooMany | Self::NoRoom)
    }
}

/// A walk in progress. [`next`](Self::next) names a directory: list it
/// ([`entries`](super::entries); lines of LIST will do too) and pass each entry to
/// [`found`](Self::found), until `next` returns `None`.
///
/// ```
/// use ftp_proto::client::{Found, Walk, WalkLimits};
/// use ftp_proto::codec::Text;
/// use ftp_proto::listing::{Entry, Kind};
///
/// let mut walk = Walk::new([0; 1024], Text::literal("/pub"), WalkLimits::default())?;
/// assert_eq!(walk.next(), Some(Text::literal("/pub")));
/// let entry = Entry::new(Text::literal("docs"), Kind::Directory);
/// assert_eq!(walk.found(&entry), Found::Directory);
/// assert_eq!(walk.next(), Some(Text::literal("/pub/docs")));
/// assert_eq!(walk.next(), None);
/// # Ok::<(), ftp_proto::codec::Full>(())
/// ```
#[derive(Clone, Debug)]
pub struct Walk<B> {
    storage: B,
    limits: WalkLimits,
    /// Length of the path of the directory being listed, at the start of the storage; the first
    /// `root` bytes of it are the root's path.
    path: usize,
    root: usize,
    depth: u16,
    /// Start of the names still to come, which extend to the end of the storage.
    top: usize,
    /// Set if the directory to list next is the current one: at the beginning, and after `retry`.
    stays: bool,
    /// Directories listed, or to be listed.
    directories: u32,
}

/// Returns the name of an entry in the listed directory, which may be `.` or `..`; `None` if the
/// entry names something else or has no name.
///
/// The name may be preceded only by `./`, or by the path of the directory in one of the spellings
/// in `directories`: the path that was asked for, and the path that PWD reports there. A slash
/// after the name of a directory, as `ls -F` adds it, is not part of the name.
///
/// ```
/// use ftp_proto::client::member_name;
/// use ftp_proto::codec::Text;
/// use ftp_proto::listing::{Entry, Kind};
///
/// let name = |listed| member_name(&Entry::new(Text::literal(listed), Kind::Directory), &[b"d", b"/home/d"]);
/// assert_eq!(name("sub/"), Some(Text::literal("sub")));
/// assert_eq!(name("/home/d/sub"), Some(Text::literal("sub")));
/// assert_eq!(name("../sub"), None);
/// ```
#[must_use]
pub fn member_name<'a>(entry: &Entry<'a>, directories: &[&[u8]]) -> Option<Text<'a>> {
    let name = entry.name.as_bytes();
    let is_slash_allowed = entry.kind.is_directory() || entry.kind == Kind::Unknown;
    let name = if is_slash_allowed { without_slashes(name) } else { name };
    let name = without_dot(name);
    let (front, last) = name.split_at_checked(memchr::memrchr(b'/', name).map_or(0, |slash| slash + 1))?;
    let is_front = |directory: &&[u8]| {
        let directory = without_dot(directory);
        !directory.is_empty()
            && directory.starts_with(b"/") == front.starts_with(b"/")
            && without_slashes(directory) == without_slashes(front)
    };
    let is_member = !last.is_empty() && (front.is_empty() || directories.iter().any(is_front));
    Text::new(last).ok().filter(|_| is_member)
}

/// Strips a leading `./` from a path.
fn without_dot(path: &[u8]) -> &[u8] {
    let Some(rest) = path.strip_prefix(b"./") else { return path };
    let start = rest.iter().position(|byte| *byte != b'/').unwrap_or(rest.len());
    rest.get(start..).unwrap_or_default()
}

/// Strips trailing slashes from a path.
fn without_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    path.get(..end).unwrap_or_default()
}

/// Bytes before a name on the stack: its depth and its length, two bytes each.
const HEAD: usize = 4;

impl<B: AsRef<[u8]> + AsMut<[u8]>> Walk<B> {
    /// Creates a walk that starts at `root`; the empty path is the working directory. The storage
    /// has to hold the longest path, and the names of the directories that are still to come at
    /// that point: a few KiB are enough for most trees.
    ///
    /// # Errors
    /// If the storage cannot even hold the root's path.
    pub fn new(mut storage: B, root: Text<'_>, limits: WalkLimits) -> Result<Self, Full> {
        let root = root.as_bytes();
        storage.as_mut().get_mut(..root.len()).ok_or(Full)?.copy_from_slice(root);
        let (path, top) = (root.len(), storage.as_ref().len());
        Ok(Self { storage, limits, path, root: path, depth: 0, top, stays: true, directories: 1 })
    }

    /// Returns the next directory to list, as a path that the server understands if it understood
    /// the root's; `None` at the end of the walk.
    #[expect(clippy::should_implement_trait, reason = "it lends")]
    pub fn next(&mut self) -> Option<Text<'_>> {
        if !core::mem::replace(&mut self.stays, false) {
            self.enter()?;
        }
        Some(self.path())
    }

    /// Makes [`next`](Self::next) name the same directory again, because its listing broke off. What
    /// was [found](Self::found) in it so far is forgotten.
    pub fn retry(&mut self) {
        while let Some((depth, length)) = self.head().filter(|(depth, _)| *depth > self.depth) {
            debug_assert_eq!(depth, self.depth + 1);
            self.top += HEAD + length;
            self.directories -= 1;
        }
        self.stays = true;
    }

    /// Returns the directory that [`next`](Self::next) named last.
    #[must_use]
    pub fn path(&self) -> Text<'_> {
        let path = self.storage.as_ref().get(..self.path).unwrap_or_default();
        Text::new(path).unwrap_or_default()
    }

    /// Returns the path of the current directory relative to the root, which is empty for the root
    /// itself.
    #[must_use]
    pub fn path_below_root(&self) -> Text<'_> {
        let path = self.storage.as_ref().get(self.root..self.path).unwrap_or_default();
        let path = path.strip_prefix(b"./").filter(|_| self.root == 0).unwrap_or(path);
        Text::new(path.strip_prefix(b"/").unwrap_or(path)).unwrap_or_default()
    }

    /// Returns the number of names in the current directory's path below the root.
    #[must_use]
    pub const fn depth(&self) -> u16 {
        self.depth
    }

    /// Takes an entry of the current directory, and decides whether to walk it. No entry leads out
    /// of the directory that it was found in: see [`member_name`].
    pub fn found(&mut self, entry: &Entry<'_>) -> Found {
        if entry.kind.is_dot() {
            return Found::Nothing;
        }
        let Some(name) = member_name(entry, &[self.path().as_bytes()]) else { return Found::Elsewhere };
        let name = name.as_bytes();
        if matches!(name, b"." | b"..") {
            return Found::Nothing;
        }
        if entry.kind != Kind::Directory {
            return Found::Member;
        }
        if self.depth >= self.limits.depth {
            return Found::TooDeep;
        }
        if self.directories >= self.limits.directories {
            return Found::TooMany;
        }
        match self.push(name) {
            Some(()) => {
                self.directories += 1;
                Found::Directory
            }
            None => Found::NoRoom,
        }
    }

    /// Pushes a name onto the stack. The storage then also has room for its path once it is popped.
    fn push(&mut self, name: &[u8]) -> Option<()> {
        let length = u16::try_from(name.len()).ok()?;
        let top = self.top.checked_sub(HEAD + name.len()).filter(|top| *top >= self.path)?;
        let depth = self.depth.checked_add(1)?;
        let room = self.storage.as_mut().get_mut(top..self.top)?;
        let (head, rest) = room.split_at_mut_checked(HEAD)?;
        let [d0, d1] = depth.to_be_bytes();
        let [l0, l1] = length.to_be_bytes();
        head.copy_from_slice(&[d0, d1, l0, l1]);
        slices::copy(name, rest);
        self.top = top;
        Some(())
    }

    /// Returns the depth and the length of the topmost name on the stack.
    fn head(&self) -> Option<(u16, usize)> {
        let head = self.storage.as_ref().get(self.top..self.top + HEAD)?;
        let [d0, d1, l0, l1] = <[u8; HEAD]>::try_from(head).ok()?;
        Some((u16::from_be_bytes([d0, d1]), usize::from(u16::from_be_bytes([l0, l1]))))
    }

    /// Pops the topmost name off the stack, and makes its path the current one.
    fn enter(&mut self) -> Option<()> {
        let (depth, length) = self.head()?;
        let storage = self.storage.as_mut();
        // Go back to the directory that the name was found in.
        while self.depth >= depth {
            self.depth -= 1;
            let names = storage.get(self.root..self.path)?;
            let last = memchr::memrchr(b'/', names).filter(|_| self.depth > 0);
            self.path = self.root + last.unwrap_or(0);
        }
        let from = self.top + HEAD;
        let between: &[u8] = match (storage.get(..self.path)?.last(), storage.get(from)?) {
            // See `needs_dot_path`: a name from a listing must be taken as a name.
            (None, b'-' | b' ' | b'~') => b"./",
            (None | Some(b'/'), _) => b"",
            _ => b"/",
        };
        let to = self.path + between.len();
        storage.get_mut(self.path..to)?.copy_from_slice(between);
        // The name may overlap the place of its path.
        storage.get(..from + length)?;
        slices::copy_within(storage, from..from + length, to);
        (self.path, self.depth, self.top) = (to + length, depth, from + length);
        Some(())
    }
}
