//! Parsing of whole listings, for programs that have an allocator.

use alloc::vec;
use alloc::vec::Vec;

use super::{BadLine, Clock, Entry, Formats, ListingParser, OwnedEntry};

/// A line of a listing, other than a heading.
// Nearly all lines are entries, so a box would cost an allocation for each.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListingLine {
    /// An entry.
    Entry(OwnedEntry),
    /// A line that should be an entry but cannot be read as one; it may be the only mention of a
    /// file. Holds the line without its line end, cut off where it is longer than the parser's
    /// storage.
    Unparsed(Vec<u8>),
}

impl ListingLine {
    /// Returns the entry, if the line is one.
    #[must_use]
    pub fn into_entry(self) -> Option<OwnedEntry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Unparsed(_) => None,
        }
    }
}

impl From<Result<Entry<'_>, BadLine<'_>>> for ListingLine {
    fn from(line: Result<Entry<'_>, BadLine<'_>>) -> Self {
        match line {
            Ok(entry) => Self::Entry(entry.to_owned()),
            Err(bad) => Self::Unparsed(bad.raw.to_vec()),
        }
    }
}

/// Parses a whole listing that is in one of `formats`. Returns its entries, and the lines that
/// should be entries but cannot be read. Lines may have up to 8192 bytes.
///
/// ```
/// use ftp_proto::listing::{self, Clock, Formats, ListingLine};
///
/// let listing = b"total 8\r\n-rw-r--r--   1 root  wheel  4096 Nov  9 20:06 a\r\ncomplaint\r\n";
/// let lines = listing::parse(listing, Formats::LIST, Clock::at(1_731_240_000));
/// assert!(matches!(&lines[..], [ListingLine::Entry(_), ListingLine::Unparsed(_)]));
/// ```
#[must_use]
pub fn parse(listing: &[u8], formats: Formats, clock: Clock) -> Vec<ListingLine> {
    let mut parser = ListingParser::new(vec![0; 8192], formats, clock);
    let mut lines = Vec::new();
    let mut input = listing;
    while let Some(line) = parser.next(&mut input) {
        lines.push(line.into());
    }
    while let Some(line) = parser.finish() {
        lines.push(line.into());
    }
    lines
}
