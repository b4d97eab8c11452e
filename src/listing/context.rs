//! What a line cannot tell alone: the caller's clock, and what the lines before it said.

use super::short_date::Orders;
use super::{Clock, mvs};

/// Constant in size, however long the listing.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) clock: Clock,
    /// The header that the lines of MVS stand under.
    pub(super) header: Option<mvs::Header>,
    /// How all dates of numbers so far can be read.
    pub(super) orders: Orders,
}

impl Context {
    /// The start of a listing.
    pub(super) const fn new(clock: Clock) -> Self {
        Self { clock, header: None, orders: Orders::all() }
    }
}
