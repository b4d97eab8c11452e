//! File systems in front of another one: each method refuses what the client may not do, converts
//! the names, and passes the call on.

use ::std::borrow::Cow;

use crate::io::host::{Access, Opened, OwnedPath, Refusal, VirtualPath};
use crate::listing::OwnedEntry;

/// A file system in front of another one. [`forward!`] implements both kinds of file system for it.
pub(super) trait Forward {
    /// The file system behind it.
    type Inner;
    /// The entries of a directory, derived from those of the inner file system.
    type Entries<I>;

    /// Returns the inner file system, for a call that changes nothing.
    fn for_reading(&self) -> &Self::Inner;

    /// Returns the inner file system, for a call that may change something.
    fn for_change(&self) -> Result<&Self::Inner, Refusal>;

    /// Returns the inner file system, for opening a file.
    fn for_access(&self, access: Access) -> Result<&Self::Inner, Refusal> {
        match access {
            Access::Read { .. } => Ok(self.for_reading()),
            Access::Write { .. } | Access::Append | Access::Unique => self.for_change(),
        }
    }

    /// Converts a path that the client sent.
    fn path<'p>(&self, path: VirtualPath<'p>) -> Result<Path<'p>, Refusal> {
        Ok(Path::Unchanged(path))
    }

    /// Converts the target of a symbolic link, as the client sent it.
    fn target<'t>(&self, target: &'t [u8]) -> Result<Cow<'t, [u8]>, Refusal> {
        Ok(Cow::Borrowed(target))
    }

    /// Converts an entry to what the client should see.
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

/// Implements `Filesystem` and `AsyncFilesystem` for a wrapper `$wrapper<F>` that implements
/// [`Forward`], with `$entries<I>` as the entries of a directory.
macro_rules! forward {
    ($wrapper:ident, $entries:ident) => {
        const _: () = {
            use $crate::codec::Command;
            use $crate::io::host::{
                Access, AsyncFilesystem, ByteRange, Changes, Digest, Filesystem, HashAlgorithm, HostReply,
                Opened, Refusal, VirtualPath, Wishes,
            };
            use $crate::io::hosts::forward::{methods, passed_on};
            use $crate::listing::{Fields, OwnedEntry};

            impl<F: Filesystem> Filesystem for $wrapper<F> {
                methods!($entries,);

                fn open_cached(&self, path: VirtualPath<'_>, offset: u64) -> Option<Opened<F::File>> {
                    let path = self.path(path).ok()?;
                    let inner = self.for_access(Access::Read { offset }).ok()?;
                    self.opened(inner.open_cached(path.lent(), offset)?).ok()
                }
            }

            impl<F: AsyncFilesystem> AsyncFilesystem for $wrapper<F> {
                methods!($entries, async await);
            }
        };
    };
}
pub(super) use forward;

/// Expands to a method of either trait that changes something at one path, and passes on its other
/// arguments unchanged.
macro_rules! passed_on {
    ($($async:ident $await:ident)?, $name:ident(path $(, $arg:ident: $type:ty)*) -> $result:ty) => {
        $($async)? fn $name(&self, path: VirtualPath<'_> $(, $arg: $type)*) -> Result<$result, Refusal> {
            let path = self.path(path)?;
            self.for_change()?.$name(path.lent() $(, $arg)*)$(.$await)?
        }
    };
}
pub(super) use passed_on;

/// Expands to the methods of either trait: with `async` and `.await`, or without.
macro_rules! methods {
    ($entries:ident, $($async:ident $await:ident)?) => {
        type File = F::File;
        type Entries = $entries<F::Entries>;

        passed_on!($($async $await)?, make_directory(path, wishes: &Wishes) -> ());
        passed_on!($($async $await)?, remove_directory(path) -> ());
        passed_on!($($async $await)?, remove_file(path) -> ());
        passed_on!($($async $await)?, change(path, changes: &Changes) -> ());
        passed_on!($($async $await)?, available(path) -> u64);
        passed_on!($($async $await)?, site(path, line: &[u8]) -> HostReply);
        passed_on!($($async $await)?, command(path, command: &Command<'_>) -> HostReply);

        $($async)? fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
            let path = self.path(path)?;
            self.seen(self.for_reading().entry(path.lent(), follow)$(.$await)??)
        }

        $($async)? fn entries(&self, path: VirtualPath<'_>, fields: Fields) -> Result<Self::Entries, Refusal> {
            let path = self.path(path)?;
            Ok(self.listed(self.for_reading().entries(path.lent(), fields)$(.$await)??))
        }

        $($async)? fn open(
            &self, path: VirtualPath<'_>, access: Access, wishes: &Wishes,
        ) -> Result<Opened<Self::File>, Refusal> {
            let path = self.path(path)?;
            self.opened(self.for_access(access)?.open(path.lent(), access, wishes)$(.$await)??)
        }

        $($async)? fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
            let (from, to) = (self.path(from)?, self.path(to)?);
            self.for_change()?.rename(from.lent(), to.lent())$(.$await)?
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

        $($async)? fn digest(
            &self, path: VirtualPath<'_>, algorithm: HashAlgorithm, range: ByteRange,
        ) -> Result<Digest, Refusal> {
            let path = self.path(path)?;
            self.for_reading().digest(path.lent(), algorithm, range)$(.$await)?
        }
    };
}
pub(super) use methods;
