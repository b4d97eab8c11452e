//! What a line cannot tell alone: the caller's clock, and what the lines before it said.

use super::short_date::Known;
use super::{Clock, mvs};

/// Constant in size, however long the listing.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) clock: Clock,
    /// The header that the lines of MVS stand under.
    pub(super) header: Option<mvs::Header>,
    /// What the dates of numbers so far say of their order.
    pub(super) dates: Known,
}

impl Context {
    /// The start of a listing.
    pub(super) const fn new(clock: Clock) -> Self {
        Self { clock, header: None, dates: Known::NEW }
    }
}
