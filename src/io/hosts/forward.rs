//! File systems in front of another one: each method is passed on once what the client may not do
//! is refused and what it names is converted.

use ::std::borrow::Cow;

use crate::io::host::{Access, Opened, OwnedPath, Refusal, VirtualPath};
use crate::listing::OwnedEntry;

/// A file system in front of another one. [`forward!`] implements both kinds of file system for it.
pub(super) trait Forward {
    /// The file system behind it.
    type Inner;
    /// The entries of a directory, made from those of the inner file system.
    type Entries<I>;

    /// Returns the inner file system, for a call that changes nothing.
    fn for_reading(&self) -> &Self::Inner;

    /// Returns the inner file system, for a call that may change something.
    fn for_change(&self) -> Result<&Self::Inner, Refusal>;

    /// Returns the inner file system, for a file that is opened.
    fn for_access(&self, access: Access) -> Result<&Self::Inner, Refusal> {
        match access {
            Access::Read { .. } => Ok(self.for_reading()),
            Access::Write { .. } | Access::Append | Access::Unique => self.for_change(),
        }
    }

    /// Converts a path of the client's.
    fn path<'p>(&self, path: VirtualPath<'p>) -> Result<Path<'p>, Refusal> {
        Ok(Path::Unchanged(path))
    }

    /// Converts the target of a symbolic link, as the client sent it.
    fn target<'t>(&self, target: &'t [u8]) -> Result<Cow<'t, [u8]>, Refusal> {
        Ok(Cow::Borrowed(target))
    }

    /// Converts an entry to what the client sees.
    fn seen(&self, entry: OwnedEntry) -> Result<OwnedEntry, Refusal>;

    /// Converts the entries of a directory.
    fn listed<I>(&self, inner: I) -> Self::Entries<I>;

    /// Converts the result of opening a file.
    fn opened<T>(&self, opened: Opened<T>) -> Result<Opened<T>, Refusal> {
        Ok(opened)
    }
}

/// A path for the inner file system.
pub(super) enum Path<'p> {
    Unchanged(VirtualPath<'p>),
    Converted(OwnedPath),
}

impl Path<'_> {
    pub(super) fn lent(&self) -> VirtualPath<'_> {
        match self {
            Self::Unchanged(path) => *path,
            Self::Converted(path) => path.lent(),
        }
    }
}

/// Implements `Filesystem` and `AsyncFilesystem` for a wrapper `$wrapper<F>` that is [`Forward`], with
/// `$entries<I>` for the entries of a directory.
macro_rules! forward {
    ($wrapper:ident, $entries:ident) => {
        const _: () = {
            use $crate::codec::Command;
            use $crate::io::host::{
                Access, AsyncFilesystem, ByteRange, Changes, Digest, Filesystem, HashAlgorithm, HostReply,
                Opened, Refusal, VirtualPath, Wishes,
            };
            use $crate::listing::{Fields, OwnedEntry};

            impl<F: Filesystem> Filesystem for $wrapper<F> {
                $crate::io::hosts::forward::methods!($entries);
            }

            impl<F: AsyncFilesystem> AsyncFilesystem for $wrapper<F> {
                $crate::io::hosts::forward::methods!($entries, async, await);
            }
        };
    };
}
pub(super) use forward;

/// Expands to the methods of either trait: with `async` and `.await`, or without.
macro_rules! methods {
    ($entries:ident $(, $async:ident, $await:ident)?) => {
        type File = F::File;
        type Entries = $entries<F::Entries>;

        $($async)? fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
            let path = self.path(path)?;
            let entry = self.for_reading().entry(path.lent(), follow)$(.$await)??;
            self.seen(entry)
        }

        $($async)? fn entries(
            &self,
            path: VirtualPath<'_>,
            fields: Fields,
        ) -> Result<Self::Entries, Refusal> {
            let path = self.path(path)?;
            let inner = self.for_reading().entries(path.lent(), fields)$(.$await)??;
            Ok(self.listed(inner))
        }

        $($async)? fn open(
            &self,
            path: VirtualPath<'_>,
            access: Access,
            wishes: &Wishes,
        ) -> Result<Opened<Self::File>, Refusal> {
            let path = self.path(path)?;
            let opened = self.for_access(access)?.open(path.lent(), access, wishes)$(.$await)??;
            self.opened(opened)
        }

        $($async)? fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal> {
            let path = self.path(path)?;
            self.for_change()?.make_directory(path.lent(), wishes)$(.$await)?
        }

        $($async)? fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
            let path = self.path(path)?;
            self.for_change()?.remove_directory(path.lent())$(.$await)?
        }

        $($async)? fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
            let path = self.path(path)?;
            self.for_change()?.remove_file(path.lent())$(.$await)?
        }

        $($async)? fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
            let (from, to) = (self.path(from)?, self.path(to)?);
            self.for_change()?.rename(from.lent(), to.lent())$(.$await)?
        }

        $($async)? fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
            let path = self.path(path)?;
            self.for_change()?.change(path.lent(), changes)$(.$await)?
        }

        $($async)? fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
            let (path, target) = (self.path(path)?, self.target(target)?);
            self.for_change()?.symlink(path.lent(), &target)$(.$await)?
        }

        $($async)? fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
            let path = self.path(path)?;
            let parts = parts.iter().map(|part| self.path(*part)).collect::<Result<Vec<_>, _>>()?;
            let parts: Vec<_> = parts.iter().map($crate::io::hosts::forward::Path::lent).collect();
            self.for_change()?.combine(path.lent(), &parts)$(.$await)?
        }

        $($async)? fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
            let path = self.path(path)?;
            self.for_change()?.available(path.lent())$(.$await)?
        }

        $($async)? fn digest(
            &self,
            path: VirtualPath<'_>,
            algorithm: HashAlgorithm,
            range: ByteRange,
        ) -> Result<Digest, Refusal> {
            let path = self.path(path)?;
            self.for_reading().digest(path.lent(), algorithm, range)$(.$await)?
        }

        $($async)? fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
            let directory = self.path(directory)?;
            self.for_change()?.site(directory.lent(), line)$(.$await)?
        }

        $($async)? fn command(
            &self,
            directory: VirtualPath<'_>,
            command: &Command<'_>,
        ) -> Result<HostReply, Refusal> {
            let directory = self.path(directory)?;
            self.for_change()?.command(directory.lent(), command)$(.$await)?
        }
    };
}
pub(super) use methods;
