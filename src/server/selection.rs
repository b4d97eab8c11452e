//! The entries that LIST, NLST and MLSD show. The [module above](super) has the rules.

use super::request::Listing;
use crate::codec::{Full, Sink};
use crate::listing::{Clock, Entry, ListingWriter, Pattern};

/// The entries that a listing shows, and the form in which it writes them. [`Session::selection`](super::Session::selection)
/// makes it.
///
/// A host gives it every entry of the directory, and it leaves out those that are not to be seen. Where
/// [`needs_match`](Self::needs_match) says so, a listing that would show nothing is refused with
/// [`Refusal::NotFound`](super::Refusal::NotFound) instead of opened.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    listing: Listing,
    dot_files: bool,
    pattern: Option<Pattern<'a>>,
    /// The argument up to its last slash, which NLST puts in front of the names that the argument names.
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

    /// The format of the listing.
    #[must_use]
    pub const fn listing(&self) -> Listing {
        self.listing
    }

    /// The argument as the client wrote it, without options: `.` where it is empty. It heads a
    /// [recursive](Listing::Unix) listing.
    #[must_use]
    pub const fn label(&self) -> &'a [u8] {
        if self.argument.is_empty() { b"." } else { self.argument }
    }

    /// Returns whether the path has to be a directory: for MLSD (RFC 3659 7.2.1) and for patterns. Anything else
    /// there is refused with [`Refusal::NotADirectory`](super::Refusal::NotADirectory).
    #[must_use]
    pub const fn needs_directory(&self) -> bool {
        self.pattern.is_some() || matches!(self.listing, Listing::Machine(_))
    }

    /// Returns whether there has to be an entry that [`shows`](Self::shows).
    #[must_use]
    pub const fn needs_match(&self) -> bool {
        self.pattern.is_some()
    }

    /// Returns whether an entry of this name is listed.
    #[must_use]
    pub fn shows(&self, name: &[u8]) -> bool {
        match self.pattern {
            Some(pattern) => pattern.matches(name),
            None => self.dot_files || !name.starts_with(b"."),
        }
    }

    /// Appends the line of an entry of the directory, or nothing if it is not [shown](Self::shows). `clock` tells
    /// which dates are recent.
    ///
    /// # Errors
    /// [`Full`] when `sink` is; what it holds of the line has to be taken back.
    pub fn write<S: Sink + ?Sized>(&self, entry: &Entry<'_>, clock: Clock, sink: &mut S) -> Result<(), Full> {
        if !self.shows(entry.name.as_bytes()) {
            return Ok(());
        }
        match self.pattern {
            Some(_) => self.write_named(entry, clock, sink),
            None => self.writer(clock).write(entry, sink),
        }
    }

    /// Like [`write`](Self::write), for what is at the path itself and no directory. It is always shown.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_itself<S: Sink + ?Sized>(
        &self,
        entry: &Entry<'_>,
        clock: Clock,
        sink: &mut S,
    ) -> Result<(), Full> {
        self.write_named(entry, clock, sink)
    }

    /// Writes the line of an entry that the client has named. NLST names it in the client's own words, so that
    /// RETR takes what it sends (RFC 1123 4.1.2.7).
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

/// The parts of a selection, for one that owns them.
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

    /// Returns what NLST puts in front of the names that the argument names.
    pub(super) const fn directory(&self) -> &'a [u8] {
        self.directory
    }

    /// Returns the argument without its options.
    pub(super) const fn argument(&self) -> &'a [u8] {
        self.argument
    }
}
