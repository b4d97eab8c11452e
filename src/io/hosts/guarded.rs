//! A file system that gives an account less access than the inner file system allows.

use ::std::io;
use ::std::sync::Arc;
use ::std::vec::Vec;

use super::forward::{Forward, forward};
use super::shared::IntoShared;
use crate::codec::Permissions;
use crate::io::host::{AsyncEntries, DirectoryEntries, Refusal};
use crate::listing::{Entry, OwnedEntry};

/// Permissions that a read-only account can have.
const READING: Permissions = Permissions::RETRIEVE.union(Permissions::ENTER).union(Permissions::LIST);

/// A [`Filesystem`](crate::io::Filesystem) with full or read-only access. If access is read-only,
/// every call that would change something is refused with [`Refusal::Denied`] without consulting
/// the inner file system, and so are the host's own commands, which might change something.
/// [`Entry::permissions`] are reduced accordingly.
#[derive(Debug)]
pub struct Guarded<F> {
    inner: Arc<F>,
    read_only: bool,
}

impl<F> Guarded<F> {
    /// Gives all the access that `inner` allows.
    pub fn full<Kind>(inner: impl IntoShared<Kind, Filesystem = F>) -> Self {
        Self { inner: inner.into_shared(), read_only: false }
    }

    /// Gives read access to `inner`, even if it allows writing.
    pub fn read_only<Kind>(inner: impl IntoShared<Kind, Filesystem = F>) -> Self {
        Self { inner: inner.into_shared(), read_only: true }
    }

    /// Returns the underlying file system.
    #[must_use]
    pub fn inner(&self) -> &Arc<F> {
        &self.inner
    }

    /// Returns whether access is read-only.
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
        Ok(Entry::to_owned(&seen(entry.entry(), self.read_only)))
    }

    fn listed<I>(&self, inner: I) -> GuardedEntries<I> {
        GuardedEntries { inner, read_only: self.read_only }
    }
}

forward!(Guarded, GuardedEntries);

/// Entries of a directory of a [`Guarded`] file system.
#[derive(Debug)]
pub struct GuardedEntries<I> {
    inner: I,
    read_only: bool,
}

impl<I: DirectoryEntries> DirectoryEntries for GuardedEntries<I> {
    fn next_entries(&mut self, show: &mut dyn FnMut(&Entry<'_>)) -> io::Result<bool> {
        let read_only = self.read_only;
        self.inner.next_entries(&mut |entry| show(&seen(*entry, read_only)))
    }
}

impl<I: AsyncEntries> AsyncEntries for GuardedEntries<I> {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        let page = self.inner.next_page().await?;
        match self.read_only {
            true => Ok(page.iter().map(|owned| Entry::to_owned(&seen(owned.entry(), true))).collect()),
            false => Ok(page),
        }
    }
}

/// Returns the entry without the permissions that the guard would deny.
fn seen(mut entry: Entry<'_>, read_only: bool) -> Entry<'_> {
    if read_only {
        entry.permissions = entry.permissions.map(|permissions| permissions & READING);
    }
    entry
}
