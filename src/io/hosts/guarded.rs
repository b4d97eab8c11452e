//! A file system for an account that may do less with it than the file system allows.

use ::std::io;
use ::std::sync::Arc;
use ::std::vec::Vec;

use crate::codec::{Command, Permissions};
use crate::io::host::{
    Access, AsyncEntries, AsyncFilesystem, ByteRange, Changes, Digest, Filesystem, HashAlgorithm, HostReply,
    Opened, Refusal, VirtualPath, Wishes,
};
use crate::io::hosts::shared::IntoShared;
use crate::listing::{Entry, OwnedEntry};

/// Permissions that a read-only account can have.
const READING: Permissions = Permissions::RETRIEVE.union(Permissions::ENTER).union(Permissions::LIST);

/// A [`Filesystem`] with full or read-only access. If access is read-only, whatever would change
/// something is [`Refusal::Denied`] without asking the file system, and so are the host's own
/// commands, which might change something. [`Entry::permissions`] are reduced accordingly.
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

    fn for_access(&self, access: Access) -> Result<&F, Refusal> {
        match access {
            Access::Read { .. } => Ok(&self.inner),
            Access::Write { .. } | Access::Append | Access::Unique => self.for_change(),
        }
    }

    fn for_change(&self) -> Result<&F, Refusal> {
        if self.read_only { Err(Refusal::Denied) } else { Ok(&self.inner) }
    }
}

impl<F: Filesystem> Filesystem for Guarded<F> {
    type File = F::File;
    type Entries = GuardedEntries<F::Entries>;

    fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
        self.inner.entry(path, follow).map(|entry| seen(entry, self.read_only))
    }

    fn entries(&self, path: VirtualPath<'_>) -> Result<Self::Entries, Refusal> {
        let read_only = self.read_only;
        self.inner.entries(path).map(|inner| GuardedEntries { inner, read_only })
    }

    fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<Self::File>, Refusal> {
        self.for_access(access)?.open(path, access, wishes)
    }

    fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal> {
        self.for_change()?.make_directory(path, wishes)
    }

    fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        self.for_change()?.remove_directory(path)
    }

    fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        self.for_change()?.remove_file(path)
    }

    fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
        self.for_change()?.rename(from, to)
    }

    fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
        self.for_change()?.change(path, changes)
    }

    fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
        self.for_change()?.symlink(path, target)
    }

    fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
        self.for_change()?.combine(path, parts)
    }

    fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
        self.for_change()?.available(path)
    }

    fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> Result<Digest, Refusal> {
        self.inner.digest(path, algorithm, range)
    }

    fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
        self.for_change()?.site(directory, line)
    }

    fn command(&self, directory: VirtualPath<'_>, command: &Command<'_>) -> Result<HostReply, Refusal> {
        self.for_change()?.command(directory, command)
    }
}

impl<F: AsyncFilesystem> AsyncFilesystem for Guarded<F> {
    type File = F::File;
    type Entries = GuardedEntries<F::Entries>;

    async fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
        self.inner.entry(path, follow).await.map(|entry| seen(entry, self.read_only))
    }

    async fn entries(&self, path: VirtualPath<'_>) -> Result<Self::Entries, Refusal> {
        let read_only = self.read_only;
        self.inner.entries(path).await.map(|inner| GuardedEntries { inner, read_only })
    }

    async fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<Self::File>, Refusal> {
        self.for_access(access)?.open(path, access, wishes).await
    }

    async fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal> {
        self.for_change()?.make_directory(path, wishes).await
    }

    async fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        self.for_change()?.remove_directory(path).await
    }

    async fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        self.for_change()?.remove_file(path).await
    }

    async fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
        self.for_change()?.rename(from, to).await
    }

    async fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
        self.for_change()?.change(path, changes).await
    }

    async fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
        self.for_change()?.symlink(path, target).await
    }

    async fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
        self.for_change()?.combine(path, parts).await
    }

    async fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
        self.for_change()?.available(path).await
    }

    async fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> Result<Digest, Refusal> {
        self.inner.digest(path, algorithm, range).await
    }

    async fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
        self.for_change()?.site(directory, line).await
    }

    async fn command(&self, directory: VirtualPath<'_>, command: &Command<'_>) -> Result<HostReply, Refusal> {
        self.for_change()?.command(directory, command).await
    }
}

/// Entries of a directory of a [`Guarded`] file system.
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

/// Returns the entry without the permissions that the guard would deny.
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
