//! The type that the parsers of all formats return for a line.

use core::ops::Range;

use super::Entry;

/// Result of parsing a line in one format.
pub(super) enum Line<'a> {
    Entry(Entry<'a>),
    /// A line of the format that is not an entry.
    Noise,
    /// The first line of an entry that continues on the next line.
    Wrapped,
    /// An entry whose name is these two parts of the line, joined with a dot.
    Spread([Range<usize>; 2]),
}
