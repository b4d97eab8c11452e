//! A listing as it is written, entry by entry, directory by directory.

use alloc::vec::Vec;

use super::config::Recursion;
use super::request::Listing;
use super::selection::Selection;
use crate::codec::{Full, Sink};
use crate::listing::{Clock, Entry, Kind, Pattern};

/// Writes a listing that outlives the call that asked for it: a [`Selection`] that owns what it borrows otherwise,
/// and the order of the directories for LIST -R.
///
/// Give it the [`heading`](Self::heading), each entry of the directory, and then, as long as there is a
/// [`next_directory`](Self::next_directory), the same of that one.
///
/// The format is that of `ls -lR`, which servers in use send, too: each directory has a heading, `dir/sub:`, and an
/// empty line before the heading from the second on. A directory that is entered is listed whole. Those that are
/// not, because they lie [too deep](Recursion::depth), because there were
/// [too many entries](Recursion::entries), or because the host does not open them, have no heading.
/// Links are never followed.
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

/// The way of LIST -R through the directories, depth first.
#[derive(Clone, Debug)]
struct Descent {
    /// The directory at which it is, seen from the one that was asked for.
    path: Vec<u8>,
    /// Its depth: 0 for the one that was asked for.
    depth: u8,
    /// The directories found in it, first one first.
    found: Vec<Vec<u8>>,
    /// The directories yet to be entered, each with its depth. The last one is next.
    ahead: Vec<(u8, Vec<u8>)>,
    deepest: u8,
    /// The number of entries until no further directory is entered.
    left: u32,
}

impl Lister {
    /// Creates the writer of one directory.
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

    /// Lists the directories below, too, within these bounds, if that is wanted.
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

    /// Returns which entries are shown, and how.
    #[must_use]
    pub fn selection(&self) -> Selection<'_> {
        let pattern = self.pattern.as_deref().map(Pattern::new);
        Selection::new(self.listing, self.dot_files, pattern, &self.directory, &self.argument)
    }

    /// Appends the heading of the directory whose entries come next: nothing unless LIST -R was asked for.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn heading<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        let Some(descent) = &self.descent else { return Ok(()) };
        let label = self.selection().label();
        if !descent.path.is_empty() {
            sink.put(b"\r\n")?;
        }
        // The root keeps its slash.
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

    /// Appends the line of an entry of the present directory, or nothing if it is not to be seen.
    ///
    /// # Errors
    /// [`Full`] when `sink` is; what it holds of the line has to be taken back.
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

    /// Appends the line of what is at the path itself and no directory.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_itself<S: Sink + ?Sized>(&self, entry: &Entry<'_>, sink: &mut S) -> Result<(), Full> {
        self.selection().write_itself(entry, self.clock, sink)
    }

    /// Returns the directory to list next, seen from the one that was asked for, once all entries of the present
    /// one are written: none when the listing is complete.
    pub fn next_directory(&mut self) -> Option<&[u8]> {
        self.descent.as_mut()?.next()
    }
}

impl Descent {
    /// An entry was listed.
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
        // Its parent is the present directory, or one that this one lies in.
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
