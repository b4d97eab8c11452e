//! A file system whose names clients see in another encoding.

use ::std::io;
use ::std::sync::Arc;
use ::std::vec::Vec;

use crate::codec::{Command, Text};
use crate::io::host::{
    Access, AsyncEntries, AsyncFilesystem, ByteRange, Changes, Digest, Filesystem, HashAlgorithm, HostReply,
    Opened, Refusal, VirtualPath, Wishes,
};
use crate::io::names::Names;
use crate::listing::{Entry, Kind, OwnedEntry};

/// A [`Filesystem`] for clients whose names are in GBK, Shift-JIS or Latin-1. Two functions convert
/// between those names and the names of the file system.
///
/// A name that does not survive the conversion both ways is [`Refusal::BadName`]. A name of the
/// file system that does not survive it is not listed, like a name that no line can show. No name
/// ever becomes that of another file. The host's own commands are passed on unchanged.
#[derive(Debug)]
pub struct Recoded<F> {
    inner: Arc<F>,
    names: Arc<Names>,
}

impl<F> Recoded<F> {
    /// Wraps `inner`. `decode` converts the bytes that clients send to names of the file system,
    /// and `encode` converts names back. Each returns `None` for what it cannot convert.
    pub fn new(
        inner: impl Into<Arc<F>>,
        decode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
        encode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        Self { inner: inner.into(), names: Arc::new(Names::new(decode, encode)) }
    }

    /// Returns the underlying file system.
    #[must_use]
    pub fn inner(&self) -> &Arc<F> {
        &self.inner
    }

    fn bytes(&self, path: VirtualPath<'_>) -> Result<Vec<u8>, Refusal> {
        self.names.decode(path.as_bytes()).ok_or(Refusal::BadName)
    }

    fn shown(&self, entry: &OwnedEntry) -> Result<OwnedEntry, Refusal> {
        shown(&self.names, entry).ok_or(Refusal::BadName)
    }

    fn opened<T>(&self, mut opened: Opened<T>) -> Result<Opened<T>, Refusal> {
        let unique = opened.unique_name.map(|name| self.names.encode(&name).ok_or(Refusal::BadName));
        opened.unique_name = unique.transpose()?;
        Ok(opened)
    }
}

/// Returns an entry as clients see it, or `None` if its name cannot be converted.
fn shown(names: &Names, owned: &OwnedEntry) -> Option<OwnedEntry> {
    let mut entry = owned.entry();
    let name = names.encode(entry.name.as_bytes())?;
    let target = match entry.kind {
        Kind::Link { target } => target.and_then(|target| names.encode(target.as_bytes())),
        _ => None,
    };
    entry.name = Text::new(&name).ok()?;
    if let Kind::Link { target: shown } = &mut entry.kind {
        *shown = target.as_deref().and_then(|target| Text::new(target).ok());
    }
    Some(Entry::to_owned(&entry))
}

fn lent(path: &[u8]) -> Result<VirtualPath<'_>, Refusal> {
    VirtualPath::parse(path).map_err(|_| Refusal::BadName)
}

/// Expands to the methods of either trait: with `async` and `.await`, or without.
macro_rules! methods {
    ($([$async:ident, $await:ident])?) => {
        type File = F::File;
        type Entries = RecodedEntries<F::Entries>;

        $($async)? fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
            let path = self.bytes(path)?;
            let entry = self.inner.entry(lent(&path)?, follow)$(.$await)??;
            self.shown(&entry)
        }

        $($async)? fn entries(&self, path: VirtualPath<'_>) -> Result<Self::Entries, Refusal> {
            let path = self.bytes(path)?;
            let inner = self.inner.entries(lent(&path)?)$(.$await)??;
            Ok(RecodedEntries { inner, names: Arc::clone(&self.names) })
        }

        $($async)? fn open(
            &self,
            path: VirtualPath<'_>,
            access: Access,
            wishes: &Wishes,
        ) -> Result<Opened<Self::File>, Refusal> {
            let path = self.bytes(path)?;
            let opened = self.inner.open(lent(&path)?, access, wishes)$(.$await)??;
            self.opened(opened)
        }

        $($async)? fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal> {
            let path = self.bytes(path)?;
            self.inner.make_directory(lent(&path)?, wishes)$(.$await)?
        }

        $($async)? fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
            let path = self.bytes(path)?;
            self.inner.remove_directory(lent(&path)?)$(.$await)?
        }

        $($async)? fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
            let path = self.bytes(path)?;
            self.inner.remove_file(lent(&path)?)$(.$await)?
        }

        $($async)? fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
            let (from, to) = (self.bytes(from)?, self.bytes(to)?);
            self.inner.rename(lent(&from)?, lent(&to)?)$(.$await)?
        }

        $($async)? fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
            let path = self.bytes(path)?;
            self.inner.change(lent(&path)?, changes)$(.$await)?
        }

        $($async)? fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
            let path = self.bytes(path)?;
            let target = self.names.decode(target).ok_or(Refusal::BadName)?;
            self.inner.symlink(lent(&path)?, &target)$(.$await)?
        }

        $($async)? fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
            let path = self.bytes(path)?;
            let parts = parts.iter().map(|part| self.bytes(*part)).collect::<Result<Vec<_>, _>>()?;
            let parts = parts.iter().map(|part| lent(part)).collect::<Result<Vec<_>, _>>()?;
            self.inner.combine(lent(&path)?, &parts)$(.$await)?
        }

        $($async)? fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
            let path = self.bytes(path)?;
            self.inner.available(lent(&path)?)$(.$await)?
        }

        $($async)? fn digest(
            &self,
            path: VirtualPath<'_>,
            algorithm: HashAlgorithm,
            range: ByteRange,
        ) -> Result<Digest, Refusal> {
            let path = self.bytes(path)?;
            self.inner.digest(lent(&path)?, algorithm, range)$(.$await)?
        }

        $($async)? fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
            let directory = self.bytes(directory)?;
            self.inner.site(lent(&directory)?, line)$(.$await)?
        }

        $($async)? fn command(
            &self,
            directory: VirtualPath<'_>,
            command: &Command<'_>,
        ) -> Result<HostReply, Refusal> {
            let directory = self.bytes(directory)?;
            self.inner.command(lent(&directory)?, command)$(.$await)?
        }
    };
}

impl<F: Filesystem> Filesystem for Recoded<F> {
    methods!();
}

impl<F: AsyncFilesystem> AsyncFilesystem for Recoded<F> {
    methods!([async, await]);
}

/// Entries of a directory of a [`Recoded`] file system.
#[derive(Debug)]
pub struct RecodedEntries<I> {
    inner: I,
    names: Arc<Names>,
}

impl<I: Iterator<Item = io::Result<OwnedEntry>>> Iterator for RecodedEntries<I> {
    type Item = io::Result<OwnedEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.inner.next()? {
                Ok(entry) => match shown(&self.names, &entry) {
                    Some(entry) => return Some(Ok(entry)),
                    None => continue,
                },
                error => return Some(error),
            }
        }
    }
}

impl<I: AsyncEntries> AsyncEntries for RecodedEntries<I> {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        loop {
            let page = self.inner.next_page().await?;
            let shown: Vec<_> = page.iter().filter_map(|entry| shown(&self.names, entry)).collect();
            // An empty page is the end, so a page without a name that can be shown is skipped.
            if page.is_empty() || !shown.is_empty() {
                return Ok(shown);
            }
        }
    }
}
