//! A file system seen by an account that may do less with it than it allows.

use ::std::io;
use ::std::sync::Arc;
use ::std::vec::Vec;

use super::forward::{Forward, forward};
use super::host::{AsyncEntries, Refusal};
use super::shared::IntoShared;
use crate::codec::Permissions;
use crate::listing::{Entry, OwnedEntry};

/// All that can be done with a file system that is only read.
const READING: Permissions = Permissions::RETRIEVE.union(Permissions::ENTER).union(Permissions::LIST);

/// A [`Filesystem`] as it is, or for reading alone: what would change anything, and commands of the host's
/// own, which might, are then [`Refusal::Denied`] before the file system is asked, and [`Entry::permissions`] say so.
#[derive(Debug)]
pub struct Guarded<F> {
    inner: Arc<F>,
    read_only: bool,
}

impl<F> Guarded<F> {
    /// Gives access to all that `inner` allows.
    pub fn full<Kind>(inner: impl IntoShared<Kind, Filesystem = F>) -> Self {
        Self { inner: inner.into_shared(), read_only: false }
    }

    /// Gives read access to `inner`, even if it allows more.
    pub fn read_only<Kind>(inner: impl IntoShared<Kind, Filesystem = F>) -> Self {
        Self { inner: inner.into_shared(), read_only: true }
    }

    /// The file system behind it.
    #[must_use]
    pub fn inner(&self) -> &Arc<F> {
        &self.inner
    }

    /// Whether it can only be read.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.read_only
    }
}

impl<F> Forward for Guarded<F> {
    type Inner = F;
    type Entries<I> = GuardedEntries<I>;

    fn for_reading(&self) -> &F {
        &self.inner
    }

    fn for_change(&self) -> Result<&F, Refusal> {
        if self.read_only { Err(Refusal::Denied) } else { Ok(&self.inner) }
    }

    fn seen(&self, entry: OwnedEntry) -> Result<OwnedEntry, Refusal> {
        Ok(seen(entry, self.read_only))
    }

    fn listed<I>(&self, inner: I) -> GuardedEntries<I> {
        GuardedEntries { inner, read_only: self.read_only }
    }
}

forward!(Guarded, GuardedEntries);

/// The entries of a directory of a [`Guarded`] file system.
#[derive(Debug)]
pub struct GuardedEntries<I> {
    inner: I,
    read_only: bool,
}

impl<I: Iterator<Item = io::Result<OwnedEntry>>> Iterator for GuardedEntries<I> {
    type Item = io::Result<OwnedEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        self.inner.next().map(|entry| entry.map(|entry| seen(entry, self.read_only)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<I: AsyncEntries> AsyncEntries for GuardedEntries<I> {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        let page = self.inner.next_page().await?;
        Ok(page.into_iter().map(|entry| seen(entry, self.read_only)).collect())
    }
}

/// The entry, with no permission that the guard would deny.
fn seen(owned: OwnedEntry, read_only: bool) -> OwnedEntry {
    let entry = owned.entry();
    let left = entry.permissions.map(|permissions| permissions & READING);
    if !read_only || left == entry.permissions {
        return owned;
    }
    let mut entry = entry;
    entry.permissions = left;
    Entry::to_owned(&entry)
}
