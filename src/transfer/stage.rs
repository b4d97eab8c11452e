//! A small buffer between two layers.

use crate::codec::slices;

/// Bytes that one layer has written and the next has not taken.
#[derive(Clone, Debug)]
pub(super) struct Stage<const N: usize> {
    bytes: [u8; N],
    start: usize,
    end: usize,
}

impl<const N: usize> Default for Stage<N> {
    fn default() -> Self {
        Self { bytes: [0; N], start: 0, end: 0 }
    }
}

impl<const N: usize> Stage<N> {
    pub(super) fn pending(&self) -> &[u8] {
        slices::part(&self.bytes, self.start..self.end)
    }

    pub(super) fn pending_mut(&mut self) -> &mut [u8] {
        slices::part_mut(&mut self.bytes, self.start..self.end)
    }

    pub(super) const fn len(&self) -> usize {
        self.end - self.start
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) const fn is_full(&self) -> bool {
        self.len() == N
    }

    /// Marks `count` of the pending bytes as taken.
    pub(super) fn took(&mut self, count: usize) {
        self.start += count;
        if self.start >= self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    pub(super) const fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Returns all the free room.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            slices::copy_within(&mut self.bytes, self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        slices::part_mut(&mut self.bytes, self.end..)
    }

    /// Marks `count` bytes of the room as written.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = N.min(self.end + count);
    }
}
