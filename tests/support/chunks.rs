//! Cuts a stream into pieces.

/// Sizes of the pieces, repeated for ever.
#[derive(Clone, Debug)]
pub struct Chunks {
    sizes: Vec<usize>,
    next: usize,
}

impl Chunks {
    /// Delivers everything available at once.
    pub fn whole() -> Self {
        Self::of(&[usize::MAX])
    }

    pub fn of(sizes: &[usize]) -> Self {
        Self { sizes: sizes.to_vec(), next: 0 }
    }

    /// Returns how much of `available` comes next: at least one byte, if there is one.
    pub fn take(&mut self, available: usize) -> usize {
        let size = self.sizes[self.next % self.sizes.len()].max(1);
        self.next += 1;
        size.min(available)
    }
}
