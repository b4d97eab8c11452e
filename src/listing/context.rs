//! Information that a line lacks: the caller's clock, and what earlier lines have shown.

use super::Clock;
use super::short_date::Known;

/// Parsing context, constant in size however long the listing.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) clock: Clock,
    /// The MVS header above the current lines.
    pub(super) header: Option<Header>,
    /// The order of the numbers in dates, as far as earlier dates show it.
    pub(super) dates: Known,
}

impl Context {
    /// Creates the context for the start of a listing.
    pub(super) const fn new(clock: Clock) -> Self {
        Self { clock, header: None, dates: Known::NEW }
    }
}

/// Kind of the lines below a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    DataSets,
    Members,
    Modules,
    Jobs,
}
