//! A file system whose names clients see in another encoding.

use ::std::borrow::Cow;
use ::std::io;
use ::std::sync::Arc;
use ::std::vec::Vec;

use super::forward::{Forward, Path, forward};
use crate::codec::Text;
use crate::io::host::{AsyncEntries, DirectoryEntries, Opened, Refusal, VirtualPath};
use crate::io::names::Names;
use crate::listing::{Entry, Kind, OwnedEntry};

/// A [`Filesystem`](crate::io::Filesystem) for clients whose names are in GBK, Shift-JIS or
/// Latin-1. Two functions convert between those names and the names of the file system.
///
/// A client's name that does not survive the conversion both ways is refused with
/// [`Refusal::BadName`]. A name in the file system that does not survive it is left out of
/// listings, like a name that no line can show. No name is ever converted to that of another file.
/// The host's own commands are passed on unchanged.
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
}

impl<F> Forward for Recoded<F> {
    type Inner = F;
    type Entries<I> = RecodedEntries<I>;

    fn for_reading(&self) -> &F {
        &self.inner
    }

    fn for_change(&self) -> Result<&F, Refusal> {
        Ok(&self.inner)
    }

    fn path<'p>(&self, path: VirtualPath<'p>) -> Result<Path<'p>, Refusal> {
        let path = self.names.decode(path.as_bytes()).ok_or(Refusal::BadName)?;
        let path = VirtualPath::parse(&path).map_err(|_| Refusal::BadName)?;
        Ok(Path::Converted(path.into()))
    }

    fn target<'t>(&self, target: &'t [u8]) -> Result<Cow<'t, [u8]>, Refusal> {
        self.names.decode(target).map(Cow::Owned).ok_or(Refusal::BadName)
    }

    fn seen(&self, entry: OwnedEntry) -> Result<OwnedEntry, Refusal> {
        shown(&self.names, entry.entry()).ok_or(Refusal::BadName)
    }

    fn listed<I>(&self, inner: I) -> RecodedEntries<I> {
        RecodedEntries { inner, names: Arc::clone(&self.names) }
    }

    fn opened<T>(&self, mut opened: Opened<T>) -> Result<Opened<T>, Refusal> {
        let unique = opened.unique_name.map(|name| self.names.encode(&name).ok_or(Refusal::BadName));
        opened.unique_name = unique.transpose()?;
        Ok(opened)
    }
}

forward!(Recoded, RecodedEntries);

/// Returns an entry as clients see it, or `None` if its name cannot be converted.
fn shown(names: &Names, entry: Entry<'_>) -> Option<OwnedEntry> {
    let name = names.encode(entry.name.as_bytes())?;
    let target = match entry.kind {
        Kind::Link { target } => target.and_then(|target| names.encode(target.as_bytes())),
        _ => None,
    };
    let mut shown = entry;
    shown.name = Text::new(&name).ok()?;
    if let Kind::Link { target: encoded } = &mut shown.kind {
        *encoded = target.as_deref().and_then(|target| Text::new(target).ok());
    }
    Some(Entry::to_owned(&shown))
}

/// Entries of a directory of a [`Recoded`] file system.
#[derive(Debug)]
pub struct RecodedEntries<I> {
    inner: I,
    names: Arc<Names>,
}

impl<I: DirectoryEntries> DirectoryEntries for RecodedEntries<I> {
    fn next_entries(&mut self, show: &mut dyn FnMut(&Entry<'_>)) -> io::Result<bool> {
        let Self { inner, names } = self;
        inner.next_entries(&mut |entry| {
            if let Some(shown) = shown(names, *entry) {
                show(&shown.entry());
            }
        })
    }
}

impl<I: AsyncEntries> AsyncEntries for RecodedEntries<I> {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        loop {
            let page = self.inner.next_page().await?;
            let shown: Vec<_> = page.iter().filter_map(|owned| shown(&self.names, owned.entry())).collect();
            // An empty page means the end, so a page in which no name can be shown is skipped.
            if page.is_empty() || !shown.is_empty() {
                return Ok(shown);
            }
        }
    }
}
