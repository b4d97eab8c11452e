//! The host of a server whose sessions wait for it without a thread: object stores, databases.
//!
//! The traits name no runtime: whatever their futures need to be driven is the host's to know. Each method
//! may be written as an `async fn`. A future that is dropped was given up: the client has aborted, is gone,
//! or was let down by a deadline.

use ::std::future::Future;
use ::std::io;
use ::std::ops::Range;
use ::std::sync::Arc;
use ::std::vec::Vec;

use super::{
    Access, ByteRange, Changes, Digest, HashAlgorithm, HostReply, Opened, Refusal, VirtualPath, Visitor,
    Wishes, is_anonymous_name,
};
use crate::codec::Command;
use crate::listing::OwnedEntry;

/// As [`Accounts`](super::Accounts), blocking nobody.
pub trait AsyncAccounts: Send + Sync + 'static {
    /// What an account sees.
    type Filesystem: AsyncFilesystem;

    /// As [`Accounts::login`](super::Accounts::login).
    ///
    /// # Errors
    /// [`Refusal::Denied`], mostly; [`Refusal::NeedsAccount`].
    fn login(
        &self,
        visitor: &Visitor,
        password: &[u8],
    ) -> impl Future<Output = Result<Arc<Self::Filesystem>, Refusal>> + Send;

    /// The asynchronous form of
    /// [`Accounts::login_by_certificate`](super::Accounts::login_by_certificate).
    ///
    /// # Errors
    /// Those of [`Accounts::login_by_certificate`](super::Accounts::login_by_certificate).
    fn login_by_certificate(
        &self,
        visitor: &Visitor,
    ) -> impl Future<Output = Result<Arc<Self::Filesystem>, Refusal>> + Send {
        let _ = visitor;
        unsupported()
    }

    /// As [`Accounts::account`](super::Accounts::account).
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] when none is needed, [`Refusal::Denied`] when it is not the right one.
    fn account(
        &self,
        visitor: &Visitor,
        account: &[u8],
    ) -> impl Future<Output = Result<Arc<Self::Filesystem>, Refusal>> + Send {
        let _ = (visitor, account);
        unsupported()
    }

    /// The same as [`Accounts::is_anonymous`](super::Accounts::is_anonymous).
    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        is_anonymous_name(&visitor.user)
    }

    /// As [`Accounts::host`](super::Accounts::host).
    ///
    /// # Errors
    /// When there is no such host here.
    fn host(&self, visitor: &Visitor, name: &[u8]) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (visitor, name);
        unsupported()
    }

    /// As [`Accounts::command`](super::Accounts::command).
    ///
    /// # Errors
    /// When it is not carried out.
    fn command(
        &self,
        visitor: &Visitor,
        command: &Command<'_>,
    ) -> impl Future<Output = Result<HostReply, Refusal>> + Send {
        let _ = (visitor, command);
        unsupported()
    }
}

/// As [`Filesystem`](super::Filesystem), blocking nobody.
pub trait AsyncFilesystem: Send + Sync + 'static {
    /// An open file.
    type File: AsyncFile;
    /// The entries of a directory, read as they are sent.
    type Entries: AsyncEntries;

    /// As [`Filesystem::entry`](super::Filesystem::entry).
    ///
    /// # Errors
    /// When there is nothing, or it may not be known.
    fn entry(
        &self,
        path: VirtualPath<'_>,
        follow: bool,
    ) -> impl Future<Output = Result<OwnedEntry, Refusal>> + Send;

    /// As [`Filesystem::entries`](super::Filesystem::entries).
    ///
    /// # Errors
    /// [`Refusal::NotADirectory`] for a file, and as for [`entry`](Self::entry).
    fn entries(&self, path: VirtualPath<'_>) -> impl Future<Output = Result<Self::Entries, Refusal>> + Send;

    /// As [`Filesystem::open`](super::Filesystem::open).
    ///
    /// # Errors
    /// When it cannot be: each way has its refusal.
    fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> impl Future<Output = Result<Opened<Self::File>, Refusal>> + Send;

    /// As [`Filesystem::make_directory`](super::Filesystem::make_directory).
    ///
    /// # Errors
    /// When something is there already, or it may not be made.
    fn make_directory(
        &self,
        path: VirtualPath<'_>,
        wishes: &Wishes,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// As [`Filesystem::remove_directory`](super::Filesystem::remove_directory).
    ///
    /// # Errors
    /// When it is none, or not empty, or may not be removed.
    fn remove_directory(&self, path: VirtualPath<'_>) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// As [`Filesystem::remove_file`](super::Filesystem::remove_file).
    ///
    /// # Errors
    /// When it is a directory, or may not be removed.
    fn remove_file(&self, path: VirtualPath<'_>) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// As [`Filesystem::rename`](super::Filesystem::rename).
    ///
    /// # Errors
    /// When it may not be.
    fn rename(
        &self,
        from: VirtualPath<'_>,
        to: VirtualPath<'_>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// As [`Filesystem::change`](super::Filesystem::change). Not supported by default, like all that follows.
    ///
    /// # Errors
    /// When it may not be, or not all of it can be.
    fn change(
        &self,
        path: VirtualPath<'_>,
        changes: &Changes,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (path, changes);
        unsupported()
    }

    /// As [`Filesystem::symlink`](super::Filesystem::symlink).
    ///
    /// # Errors
    /// When something is there already, or it may not be made.
    fn symlink(
        &self,
        path: VirtualPath<'_>,
        target: &[u8],
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (path, target);
        unsupported()
    }

    /// As [`Filesystem::combine`](super::Filesystem::combine).
    ///
    /// # Errors
    /// When a part is missing, or it may not be.
    fn combine(
        &self,
        path: VirtualPath<'_>,
        parts: &[VirtualPath<'_>],
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (path, parts);
        unsupported()
    }

    /// As [`Filesystem::available`](super::Filesystem::available).
    ///
    /// # Errors
    /// When that cannot be told.
    fn available(&self, path: VirtualPath<'_>) -> impl Future<Output = Result<u64, Refusal>> + Send {
        let _ = path;
        unsupported()
    }

    /// As [`Filesystem::digest`](super::Filesystem::digest).
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> impl Future<Output = Result<Digest, Refusal>> + Send {
        let _ = (path, algorithm, range);
        unsupported()
    }

    /// As [`Filesystem::site`](super::Filesystem::site).
    ///
    /// # Errors
    /// When there is no such command, or it is not carried out.
    fn site(
        &self,
        directory: VirtualPath<'_>,
        line: &[u8],
    ) -> impl Future<Output = Result<HostReply, Refusal>> + Send {
        let _ = (directory, line);
        unsupported()
    }

    /// As [`Filesystem::command`](super::Filesystem::command).
    ///
    /// # Errors
    /// When it is not carried out.
    fn command(
        &self,
        directory: VirtualPath<'_>,
        command: &Command<'_>,
    ) -> impl Future<Output = Result<HostReply, Refusal>> + Send {
        let _ = (directory, command);
        unsupported()
    }
}

fn unsupported<T: Send>() -> impl Future<Output = Result<T, Refusal>> + Send {
    ::std::future::ready(Err(Refusal::Unsupported))
}

/// The entries of a directory, as a host has them at hand.
pub trait AsyncEntries: Send + Sized + 'static {
    /// Returns the next entries, for example a page of an object store's listing. Empty at the end.
    ///
    /// # Errors
    /// Any error ends the listing, and the client is told that it is incomplete.
    fn next_page(&mut self) -> impl Future<Output = io::Result<Vec<OwnedEntry>>> + Send;
}

/// An asynchronous [`File`](super::File). An upload that does not complete is
/// [aborted](Self::abort). A file that is dropped before it is [finished](Self::finish), alone or
/// with a future that owns it, was aborted as well: see [the
/// cases](super::File#when-an-upload-is-complete).
pub trait AsyncFile: Send + Sized + 'static {
    /// `true` if an upload that was cut off waits for the call in progress, and
    /// [`abort`](Self::abort) follows it. That is the default. Otherwise the future of that call is
    /// dropped, and the file with it.
    const ABORTS_IN_ORDER: bool = true;

    /// Reads on; 0 is the end.
    ///
    /// # Errors
    /// Whatever went wrong: the client is told 451.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// As [`File::begin`](super::File::begin).
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn begin(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        ::std::future::ready(Ok(()))
    }

    /// Writes on.
    ///
    /// # Errors
    /// As [`File::write`](super::File::write).
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Completes the upload, of which every byte has been written. Make it permanent.
    ///
    /// # Errors
    /// If it cannot be kept. The client then receives an error instead of 226.
    fn finish(self) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Aborts an upload that does not complete: the client has aborted it or is gone, it was too
    /// slow or too large, or a write has failed. Undo here what was written so far; by default the
    /// file is dropped.
    ///
    /// The end of the transfer is reported, and further commands are read, once this is done. After
    /// five seconds the future is dropped. A server that is shutting down waits no longer than its
    /// grace.
    fn abort(self) -> impl Future<Output = ()> + Send {
        drop(self);
        ::std::future::ready(())
    }

    /// As [`File::as_file`](super::File::as_file). Whether the kernel then moves the bytes is up to the
    /// runtime: those that must not wait for a disk do not ask.
    fn as_file(&self) -> Option<&::std::fs::File> {
        None
    }

    /// [`read`](Self::read), with a buffer that is given away and comes back with the file. This is what
    /// servers call: whoever reads in another thread has no buffer to borrow there.
    fn read_owned(
        mut self,
        mut buffer: Vec<u8>,
    ) -> impl Future<Output = (Self, Vec<u8>, io::Result<usize>)> + Send {
        async move {
            let read = self.read(&mut buffer).await;
            (self, buffer, read)
        }
    }

    /// [`write`](Self::write), of all the `range` of bytes that are given away and come back with the
    /// file. This is what servers call.
    fn write_owned(
        mut self,
        bytes: Vec<u8>,
        mut range: Range<usize>,
    ) -> impl Future<Output = (Self, Vec<u8>, io::Result<()>)> + Send {
        async move {
            let written = loop {
                match bytes.get(range.clone()) {
                    None | Some([]) => break Ok(()),
                    Some(rest) => match self.write(rest).await {
                        Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                        Ok(count) => range.start += count,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => break Err(error),
                    },
                }
            };
            (self, bytes, written)
        }
    }
}
