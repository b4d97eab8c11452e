//! Selection of the entries that LIST, NLST and MLSD show. See the [parent module](super) for the
//! rules.

use super::request::Listing;
use crate::codec::{Full, Sink};
use crate::listing::{Clock, Entry, ListingWriter, Pattern};

/// Selects the entries of a listing and writes them in its format. Created by
/// [`Session::selection`](super::Session::selection).
///
/// A host passes every entry of the directory, and the selection omits those that are not shown. If
/// [`needs_match`](Self::needs_match) returns `true`, refuse a listing that would show nothing with
/// [`Refusal::NotFound`](super::Refusal::NotFound) instead of opening it.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    listing: Listing,
    dot_files: bool,
    pattern: Option<Pattern<'a>>,
    /// The argument up to its last slash, which NLST prepends to names that the argument selected.
    directory: &'a [u8],
    /// The argument without its options.
    argument: &'a [u8],
}

impl<'a> Selection<'a> {
    pub(super) const fn new(
        listing: Listing,
        dot_files: bool,
        pattern: Option<Pattern<'a>>,
        directory: &'a [u8],
        argument: &'a [u8],
    ) -> Self {
        Self { listing, dot_files, pattern, directory, argument }
    }

    /// Returns the format of the listing.
    #[must_use]
    pub const fn listing(&self) -> Listing {
        self.listing
    }

    /// Returns the argument as the client sent it, without options, or `.` if that is empty: the
    /// heading of a [recursive](Listing::Unix) listing.
    #[must_use]
    pub const fn label(&self) -> &'a [u8] {
        if self.argument.is_empty() { b"." } else { self.argument }
    }

    /// Returns whether the path has to be a directory, as for MLSD (RFC 3659 7.2.1) and for
    /// patterns. Refuse anything else with
    /// [`Refusal::NotADirectory`](super::Refusal::NotADirectory).
    #[must_use]
    pub const fn needs_directory(&self) -> bool {
        self.pattern.is_some() || matches!(self.listing, Listing::Machine(_))
    }

    /// Returns whether the listing has to [show](Self::shows) at least one entry.
    #[must_use]
    pub const fn needs_match(&self) -> bool {
        self.pattern.is_some()
    }

    /// Returns whether an entry with this name is listed.
    #[must_use]
    pub fn shows(&self, name: &[u8]) -> bool {
        match self.pattern {
            Some(pattern) => pattern.matches(name),
            None => self.dot_files || !name.starts_with(b"."),
        }
    }

    /// Appends the line of an entry of the directory, or nothing if the entry is not
    /// [shown](Self::shows). `clock` determines which dates are recent.
    ///
    /// # Errors
    /// Returns [`Full`] if `sink` has no room. Remove the incomplete line from `sink` then.
    pub fn write<S: Sink + ?Sized>(&self, entry: &Entry<'_>, clock: Clock, sink: &mut S) -> Result<(), Full> {
        if !self.shows(entry.name.as_bytes()) {
            return Ok(());
        }
        match self.pattern {
            Some(_) => self.write_named(entry, clock, sink),
            None => self.writer(clock).write(entry, sink),
        }
    }

    /// Like [`write`](Self::write), for the requested path itself if it is not a directory. The
    /// path is always shown.
    ///
    /// # Errors
    /// Fails as [`write`](Self::write) does.
    pub fn write_itself<S: Sink + ?Sized>(
        &self,
        entry: &Entry<'_>,
        clock: Clock,
        sink: &mut S,
    ) -> Result<(), Full> {
        self.write_named(entry, clock, sink)
    }

    /// Writes the line of an entry that the client named. NLST prepends the directory as the client
    /// wrote it, so that RETR accepts the result (RFC 1123 4.1.2.7).
    fn write_named<S: Sink + ?Sized>(
        &self,
        entry: &Entry<'_>,
        clock: Clock,
        sink: &mut S,
    ) -> Result<(), Full> {
        if matches!(self.listing, Listing::Names { .. }) && !entry.name.is_empty() {
            sink.put(self.directory)?;
        }
        self.writer(clock).write(entry, sink)
    }

    const fn writer(&self, clock: Clock) -> ListingWriter {
        self.listing.writer(clock)
    }
}

/// The parts of a selection, for [`Lister`](super::Lister), which owns copies.
#[cfg(feature = "alloc")]
impl<'a> Selection<'a> {
    /// Returns whether names with a leading dot are shown.
    pub(super) const fn dot_files(&self) -> bool {
        self.dot_files
    }

    /// Returns the pattern that names have to match.
    pub(super) const fn pattern(&self) -> Option<Pattern<'a>> {
        self.pattern
    }

    /// Returns the prefix that NLST puts before names that the argument selected.
    pub(super) const fn directory(&self) -> &'a [u8] {
        self.directory
    }

    /// Returns the argument without its options.
    pub(super) const fn argument(&self) -> &'a [u8] {
        self.argument
    }
}
