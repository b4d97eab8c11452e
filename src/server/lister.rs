//! The writer of a whole listing: all entries of a directory and, for LIST -R, of its
//! subdirectories.

use alloc::vec::Vec;

use super::config::Recursion;
use super::request::Listing;
use super::selection::Selection;
use crate::codec::{Full, Sink};
use crate::listing::{Clock, Entry, Kind, Pattern};

/// Writes a listing that outlives the call that requested it: an owned [`Selection`], with the
/// order of the directories for LIST -R.
///
/// Write the [`heading`](Self::heading) and each entry of the directory, and repeat that for each
/// [`next_directory`](Self::next_directory) until there is none.
///
/// The format is that of `ls -lR`, which other servers send too: each directory has a heading,
/// `dir/sub:`, and from the second one on there is an empty line before it. A directory that is
/// entered is listed in full. A directory that is not entered, because it is [too
/// deep](Recursion::depth), because there were [too many entries](Recursion::entries), or because
/// the host does not open it, has no heading. Links are never followed.
#[derive(Clone, Debug)]
pub struct Lister {
    listing: Listing,
    dot_files: bool,
    pattern: Option<Vec<u8>>,
    directory: Vec<u8>,
    argument: Vec<u8>,
    clock: Clock,
    descent: Option<Descent>,
}

/// The depth-first traversal of LIST -R.
#[derive(Clone, Debug)]
struct Descent {
    /// The current directory, relative to the requested one.
    path: Vec<u8>,
    /// Depth of the current directory; the requested one has depth 0.
    depth: u8,
    /// Directories found in the current one, in order.
    found: Vec<Vec<u8>>,
    /// Directories still to be entered, each with its depth, last first.
    ahead: Vec<(u8, Vec<u8>)>,
    deepest: u8,
    /// Number of entries that may still be listed before no further directory is entered.
    left: u32,
}

impl Lister {
    /// Creates the writer for one directory.
    pub(super) fn new(selection: &Selection<'_>, clock: Clock) -> Self {
        Self {
            listing: selection.listing(),
            dot_files: selection.dot_files(),
            pattern: selection.pattern().map(|pattern| pattern.as_bytes().to_vec()),
            directory: selection.directory().to_vec(),
            argument: selection.argument().to_vec(),
            clock,
            descent: None,
        }
    }

    /// Also lists subdirectories, within these bounds, if `recursive` is set.
    pub(super) fn with_descent(mut self, recursive: bool, bounds: Recursion) -> Self {
        self.descent = recursive.then(|| Descent {
            path: Vec::new(),
            depth: 0,
            found: Vec::new(),
            ahead: Vec::new(),
            deepest: bounds.depth,
            left: bounds.entries,
        });
        self
    }

    /// Returns the selection of entries and their format.
    #[must_use]
    pub fn selection(&self) -> Selection<'_> {
        let pattern = self.pattern.as_deref().map(Pattern::new);
        Selection::new(self.listing, self.dot_files, pattern, &self.directory, &self.argument)
    }

    /// Appends the heading of the directory whose entries follow. Appends nothing unless LIST -R
    /// was requested.
    ///
    /// # Errors
    /// Returns [`Full`] if `sink` has no room.
    pub fn heading<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        let Some(descent) = &self.descent else { return Ok(()) };
        let label = self.selection().label();
        if !descent.path.is_empty() {
            sink.put(b"\r\n")?;
        }
        // Remove trailing slashes, except from the label of the root.
        let end = label.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        match (label.get(..end).unwrap_or_default(), &descent.path[..]) {
            (b"", b"") => sink.put(b"/")?,
            (label, b"") => sink.put(label)?,
            (label, path) => {
                sink.put(label)?;
                sink.put(b"/")?;
                sink.put(path)?;
            }
        }
        sink.put(b":\r\n")
    }

    /// Appends the line of an entry of the current directory, or nothing if the entry is not shown.
    ///
    /// # Errors
    /// Returns [`Full`] if `sink` has no room. Remove the incomplete line from `sink` then.
    pub fn write<S: Sink + ?Sized>(&mut self, entry: &Entry<'_>, sink: &mut S) -> Result<(), Full> {
        self.selection().write(entry, self.clock, sink)?;
        if let Some(descent) = &mut self.descent {
            let name = entry.name.as_bytes();
            if (self.dot_files || !name.starts_with(b".")) && !matches!(name, b"" | b"." | b"..") {
                descent.pass(&entry.kind, name);
            }
        }
        Ok(())
    }

    /// Appends the line of the requested path itself, for a path that is not a directory.
    ///
    /// # Errors
    /// Fails as [`write`](Self::write) does.
    pub fn write_itself<S: Sink + ?Sized>(&self, entry: &Entry<'_>, sink: &mut S) -> Result<(), Full> {
        self.selection().write_itself(entry, self.clock, sink)
    }

    /// Returns the directory to list next, relative to the requested one, or `None` if the listing
    /// is complete. Call it once all entries of the current directory are written.
    pub fn next_directory(&mut self) -> Option<&[u8]> {
        self.descent.as_mut()?.next()
    }
}

impl Descent {
    /// Counts a listed entry, and schedules it if it is a directory to enter.
    fn pass(&mut self, kind: &Kind<'_>, name: &[u8]) {
        if *kind == Kind::Directory && self.depth < self.deepest && self.left > 0 {
            self.found.push(name.to_vec());
        }
        self.left = self.left.saturating_sub(1);
    }

    fn next(&mut self) -> Option<&[u8]> {
        let depth = self.depth.saturating_add(1);
        self.ahead.extend(self.found.drain(..).rev().map(|name| (depth, name)));
        if self.left == 0 {
            self.ahead.clear();
        }
        let (depth, name) = self.ahead.pop()?;
        // The parent is the current directory or one of its ancestors.
        let mut slashes = memchr::memchr_iter(b'/', &self.path);
        let end = match depth {
            0 | 1 => 0,
            depth => slashes.nth(usize::from(depth) - 2).unwrap_or(self.path.len()),
        };
        self.path.truncate(end);
        if end > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(&name);
        self.depth = depth;
        Some(&self.path)
    }
}
