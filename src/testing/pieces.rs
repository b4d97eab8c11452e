//! Sizes of the pieces in which a stream arrives.

use alloc::vec::Vec;

/// Sizes of the pieces of a stream, repeated indefinitely. TCP keeps no boundaries, so correct code
/// has to work with any sizes.
///
/// ```
/// use ftp_proto::testing::Pieces;
///
/// let mut pieces = Pieces::of(&[1, 5]);
/// assert_eq!([pieces.take(10), pieces.take(10), pieces.take(10)], [1, 5, 1]);
/// assert_eq!(Pieces::whole().take(10), 10);
/// ```
#[derive(Clone, Debug)]
pub struct Pieces {
    sizes: Vec<usize>,
    next: usize,
}

impl Pieces {
    /// Delivers everything available at once.
    #[must_use]
    pub fn whole() -> Self {
        Self::of(&[])
    }

    /// Delivers pieces of at most these sizes, in turn. With no sizes, delivers everything at once.
    #[must_use]
    pub fn of(sizes: &[usize]) -> Self {
        Self { sizes: sizes.to_vec(), next: 0 }
    }

    /// Returns how much of `available` comes next: at least one byte, if there is one.
    pub fn take(&mut self, available: usize) -> usize {
        let index = self.next.checked_rem(self.sizes.len());
        let size = index.and_then(|index| self.sizes.get(index)).map_or(usize::MAX, |size| (*size).max(1));
        self.next = self.next.wrapping_add(1);
        size.min(available)
    }
}
