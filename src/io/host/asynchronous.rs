//! Traits for a host whose operations do not block a thread, such as an object store or a database.
//!
//! The traits do not depend on a runtime: a host must know which runtime, if any, its futures
//! require. Each method may be written as an `async fn`. A future is dropped when its call is
//! abandoned: because the client has aborted the call or disconnected, or because a deadline has
//! passed.
//!
//! Calls are made in the thread of a session, which other sessions may share, and must not wait for
//! a disk, a network or another thread except by `await`. They may lock a mutex that is only ever
//! held for a look-up or a copy in memory, and never across an `await`.

use ::std::future::Future;
use ::std::io;
use ::std::ops::Range;
use ::std::sync::Arc;
use ::std::vec::Vec;

use super::{
    Access, ByteRange, Changes, Digest, HashAlgorithm, HostReply, Opened, Refusal, VirtualPath, Visitor,
    Wishes,
};
use crate::codec::Command;
use crate::listing::{Fields, OwnedEntry};
use crate::server::{Lister, is_anonymous_name};

/// Asynchronous form of [`Accounts`](super::Accounts).
///
/// ```
/// use std::sync::Arc;
///
/// use ftp_proto::io::{AsyncAccounts, AsyncFilesystem, Refusal, Visitor};
///
/// /// Accounts that something else knows, such as a service in the network.
/// struct Elsewhere<F>(Arc<F>);
///
/// impl<F: AsyncFilesystem> AsyncAccounts for Elsewhere<F> {
///     type Filesystem = F;
///
///     async fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<F>, Refusal> {
///         match is_right(&visitor.user, password).await {
///             true => Ok(Arc::clone(&self.0)),
///             false => Err(Refusal::Denied),
///         }
///     }
/// }
///
/// async fn is_right(user: &[u8], password: &[u8]) -> bool {
///     (user, password) == (b"me", b"sesame")
/// }
/// ```
pub trait AsyncAccounts: Send + Sync + 'static {
    /// File system of an account.
    type Filesystem: AsyncFilesystem;

    /// Asynchronous form of [`Accounts::login`](super::Accounts::login).
    ///
    /// # Errors
    /// Usually [`Refusal::Denied`]. [`Refusal::NeedsAccount`] if the password is right and
    /// [`account`](Self::account) makes the decision.
    fn login(
        &self,
        visitor: &Visitor,
        password: &[u8],
    ) -> impl Future<Output = Result<Arc<Self::Filesystem>, Refusal>> + Send;

    /// Asynchronous form of
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

    /// Asynchronous form of [`Accounts::account`](super::Accounts::account).
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] if no account is needed, [`Refusal::Denied`] if the account is
    /// wrong.
    fn account(
        &self,
        visitor: &Visitor,
        account: &[u8],
    ) -> impl Future<Output = Result<Arc<Self::Filesystem>, Refusal>> + Send {
        let _ = (visitor, account);
        unsupported()
    }

    /// Same as [`Accounts::is_anonymous`](super::Accounts::is_anonymous).
    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        is_anonymous_name(&visitor.user)
    }

    /// Asynchronous form of [`Accounts::host`](super::Accounts::host).
    ///
    /// # Errors
    /// Fails if there is no such host.
    fn host(&self, visitor: &Visitor, name: &[u8]) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (visitor, name);
        unsupported()
    }

    /// Asynchronous form of [`Accounts::command`](super::Accounts::command).
    ///
    /// # Errors
    /// Fails if the command is not carried out.
    fn command(
        &self,
        visitor: &Visitor,
        command: &Command<'_>,
    ) -> impl Future<Output = Result<HostReply, Refusal>> + Send {
        let _ = (visitor, command);
        unsupported()
    }
}

/// Asynchronous form of [`Filesystem`](super::Filesystem), whose calls must not
/// [block](super::Accounts::blocks).
///
/// The example is a directory with one file, which nobody can change (the
/// [guide](crate::guide::host#an-asynchronous-host) has a writable one):
///
/// ```
/// use std::io::{self, Read};
///
/// use ftp_proto::codec::Text;
/// use ftp_proto::io::{Access, AsyncEntries, AsyncFile, AsyncFilesystem, Opened, Refusal, VirtualPath, Wishes};
/// use ftp_proto::listing::{Entry, Fields, Kind, OwnedEntry};
///
/// struct Note(&'static [u8]);
///
/// struct Rest(&'static [u8]);
///
/// struct Pages(Vec<OwnedEntry>);
///
/// impl AsyncFilesystem for Note {
///     type File = Rest;
///     type Entries = Pages;
///
///     async fn entry(&self, path: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
///         match path.as_bytes() {
///             b"/" => Ok(Entry::new(Text::literal("/"), Kind::Directory).to_owned()),
///             b"/note" => Ok(Entry::new(Text::literal("note"), Kind::File).to_owned()),
///             _ => Err(Refusal::NotFound),
///         }
///     }
///
///     async fn entries(&self, path: VirtualPath<'_>, _: Fields) -> Result<Pages, Refusal> {
///         match path == VirtualPath::ROOT {
///             true => Ok(Pages(vec![Entry::new(Text::literal("note"), Kind::File).to_owned()])),
///             false => Err(Refusal::NotADirectory),
///         }
///     }
///
///     async fn open(&self, path: VirtualPath<'_>, access: Access, _: &Wishes) -> Result<Opened<Rest>, Refusal> {
///         match (path.as_bytes(), access) {
///             (b"/note", Access::Read { offset: 0 }) => {
///                 Ok(Opened { file: Rest(self.0), size: Some(self.0.len() as u64), unique_name: None })
///             }
///             _ => Err(Refusal::Denied),
///         }
///     }
///     // All other methods refuse, such as:
///     async fn remove_file(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
///         Err(Refusal::Denied)
///     }
/// #   async fn make_directory(&self, _: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
/// #       Err(Refusal::Denied)
/// #   }
/// #   async fn remove_directory(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
/// #       Err(Refusal::Denied)
/// #   }
/// #   async fn rename(&self, _: VirtualPath<'_>, _: VirtualPath<'_>) -> Result<(), Refusal> {
/// #       Err(Refusal::Denied)
/// #   }
/// }
///
/// impl AsyncEntries for Pages {
///     async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
///         Ok(std::mem::take(&mut self.0)) // empty at the end
///     }
/// }
///
/// impl AsyncFile for Rest {
///     async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
///         self.0.read(buffer)
///     }
///
///     async fn write(&mut self, _: &[u8]) -> io::Result<usize> {
///         Err(io::ErrorKind::PermissionDenied.into())
///     }
///
///     async fn finish(self) -> Result<(), Refusal> {
///         Err(Refusal::Denied)
///     }
/// }
/// # use ftp_proto::io::Users;
/// # use ftp_proto::io::std::{Client, Server};
/// # let server = Server::bind_async("127.0.0.1:0", Users::new().anonymous(Note(b"hello")))?;
/// # let address = server.local_addr();
/// # std::thread::spawn(|| server.serve());
/// # let mut client = Client::connect(address)?;
/// # client.login("anonymous", "guest")?;
/// # assert_eq!(client.list("")?.count(), 1);
/// # let mut content = String::new();
/// # client.retrieve("note")?.read_to_string(&mut content)?;
/// # assert_eq!(content, "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AsyncFilesystem: Send + Sync + 'static {
    /// An open file.
    type File: AsyncFile;
    /// Entries of a directory, read while they are sent.
    type Entries: AsyncEntries;

    /// Asynchronous form of [`Filesystem::entry`](super::Filesystem::entry), which says which name
    /// the entry has.
    ///
    /// # Errors
    /// Fails if there is nothing at the path, or the account may not know about it.
    fn entry(
        &self,
        path: VirtualPath<'_>,
        follow: bool,
    ) -> impl Future<Output = Result<OwnedEntry, Refusal>> + Send;

    /// Asynchronous form of [`Filesystem::entries`](super::Filesystem::entries).
    ///
    /// # Errors
    /// [`Refusal::NotADirectory`] for a file, and the errors of [`entry`](Self::entry).
    fn entries(
        &self,
        path: VirtualPath<'_>,
        fields: Fields,
    ) -> impl Future<Output = Result<Self::Entries, Refusal>> + Send;

    /// Asynchronous form of [`Filesystem::open`](super::Filesystem::open).
    ///
    /// # Errors
    /// Fails if the file cannot be opened; the [`Refusal`] names the reason.
    fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> impl Future<Output = Result<Opened<Self::File>, Refusal>> + Send;

    /// Asynchronous form of [`Filesystem::make_directory`](super::Filesystem::make_directory).
    ///
    /// # Errors
    /// Fails if something already exists at the path, or the directory may not be created.
    fn make_directory(
        &self,
        path: VirtualPath<'_>,
        wishes: &Wishes,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Asynchronous form of [`Filesystem::remove_directory`](super::Filesystem::remove_directory).
    ///
    /// # Errors
    /// Fails if the path is not a directory, or the directory is not empty or may not be removed.
    fn remove_directory(&self, path: VirtualPath<'_>) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Asynchronous form of [`Filesystem::remove_file`](super::Filesystem::remove_file).
    ///
    /// # Errors
    /// Fails if the path is a directory, or the file may not be removed.
    fn remove_file(&self, path: VirtualPath<'_>) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Asynchronous form of [`Filesystem::rename`](super::Filesystem::rename).
    ///
    /// # Errors
    /// Fails if the rename is not allowed.
    fn rename(
        &self,
        from: VirtualPath<'_>,
        to: VirtualPath<'_>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Asynchronous form of [`Filesystem::change`](super::Filesystem::change), which says which
    /// commands a host without it should not offer. Not supported by default, like all methods that
    /// follow.
    ///
    /// # Errors
    /// Fails if the change is not allowed, or a part of it cannot be made.
    fn change(
        &self,
        path: VirtualPath<'_>,
        changes: &Changes,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (path, changes);
        unsupported()
    }

    /// Asynchronous form of [`Filesystem::symlink`](super::Filesystem::symlink).
    ///
    /// # Errors
    /// Fails if something already exists at the path, or the link may not be created.
    fn symlink(
        &self,
        path: VirtualPath<'_>,
        target: &[u8],
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (path, target);
        unsupported()
    }

    /// Asynchronous form of [`Filesystem::combine`](super::Filesystem::combine).
    ///
    /// # Errors
    /// Fails if a part is missing, or the files may not be combined.
    fn combine(
        &self,
        path: VirtualPath<'_>,
        parts: &[VirtualPath<'_>],
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let _ = (path, parts);
        unsupported()
    }

    /// Asynchronous form of [`Filesystem::available`](super::Filesystem::available). Without it,
    /// AVBL should not be offered either.
    ///
    /// # Errors
    /// Fails if the number is not known.
    fn available(&self, path: VirtualPath<'_>) -> impl Future<Output = Result<u64, Refusal>> + Send {
        let _ = path;
        unsupported()
    }

    /// Asynchronous form of [`Filesystem::digest`](super::Filesystem::digest).
    ///
    /// # Errors
    /// Fails if there is no such file, or it cannot be read.
    fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> impl Future<Output = Result<Digest, Refusal>> + Send {
        let _ = (path, algorithm, range);
        unsupported()
    }

    /// Asynchronous form of [`Filesystem::site`](super::Filesystem::site).
    ///
    /// # Errors
    /// Fails if there is no such command, or it is not carried out.
    fn site(
        &self,
        directory: VirtualPath<'_>,
        line: &[u8],
    ) -> impl Future<Output = Result<HostReply, Refusal>> + Send {
        let _ = (directory, line);
        unsupported()
    }

    /// Asynchronous form of [`Filesystem::command`](super::Filesystem::command).
    ///
    /// # Errors
    /// Fails if the command is not carried out.
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

/// The entries of a directory, in pages of whatever size suits the host.
pub trait AsyncEntries: Send + Sized + 'static {
    /// Returns the next entries, for example a page of an object store's listing, or none at the
    /// end.
    ///
    /// # Errors
    /// Any error ends the listing, and the client is told that the listing is incomplete.
    fn next_page(&mut self) -> impl Future<Output = io::Result<Vec<OwnedEntry>>> + Send;

    /// Appends the lines of the next entries to `lines`, and returns everything that was passed by
    /// value; `None` instead of the entries at the end. Servers call this method, so that the
    /// entries of a blocking host are written in the thread that reads them.
    ///
    /// # Errors
    /// Those of [`next_page`](Self::next_page).
    fn next_lines(
        mut self,
        mut lister: Lister,
        mut lines: Vec<u8>,
    ) -> impl Future<Output = io::Result<(Option<Self>, Lister, Vec<u8>)>> + Send {
        async move {
            let page = self.next_page().await?;
            for owned in &page {
                // Writing to a vector does not fail.
                let _ = lister.write(&owned.entry(), &mut lines);
            }
            Ok(((!page.is_empty()).then_some(self), lister, lines))
        }
    }
}

/// An asynchronous [`File`](super::File). An upload that does not complete is
/// [aborted](Self::abort). Dropping a file before it is [finished](Self::finish), by itself or
/// together with a future that owns it, also aborts the upload: see [the
/// cases](super::File#when-an-upload-is-complete).
pub trait AsyncFile: Send + Sized + 'static {
    /// If `true` (the default), an upload that is cut off waits for the call in progress, and
    /// [`abort`](Self::abort) is called after that. If `false`, the future of the call in progress
    /// is dropped, and the file with it.
    const ABORTS_IN_ORDER: bool = true;

    /// Reads the next bytes into `buffer`, and returns their number. Returns 0 at the end.
    ///
    /// # Errors
    /// Any error; the client receives 451.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Asynchronous form of [`File::begin`](super::File::begin).
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    fn begin(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        ::std::future::ready(Ok(()))
    }

    /// Writes the next bytes, and returns how many were written. After an error the upload is
    /// [aborted](Self::abort), and the client reads the reason: see
    /// [`File::write`](super::File::write).
    ///
    /// # Errors
    /// Those of [`File::write`](super::File::write).
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Completes the upload after every byte has been written. The file must now be made permanent.
    ///
    /// # Errors
    /// Fails if the file cannot be kept. The client then receives an error instead of 226.
    fn finish(self) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Aborts an upload that does not complete: the client has aborted it or disconnected, it was
    /// too slow or too large, or a write has failed. Undo here what was written so far; by default
    /// the file is dropped.
    ///
    /// The end of the transfer is reported, and further commands are read, once this future
    /// completes. The future is dropped after five seconds. A server that is shutting down waits no
    /// longer than its grace period.
    fn abort(self) -> impl Future<Output = ()> + Send {
        drop(self);
        ::std::future::ready(())
    }

    /// Same as [`File::as_file`](super::File::as_file). The runtime decides whether the kernel then
    /// moves the bytes: a runtime that must not wait for a disk does not call this method.
    fn as_file(&self) -> Option<&::std::fs::File> {
        None
    }

    /// Calls `call` with the [file of the operating system](Self::as_file) where the call may
    /// block. Servers use this method to have the kernel write what a client sends. By default it
    /// is not supported, and the bytes are [written](Self::write_owned) instead.
    fn with_file<T: Send + 'static>(
        self,
        call: impl FnOnce(&::std::fs::File) -> T + Send + 'static,
    ) -> impl Future<Output = (Self, io::Result<T>)> + Send {
        drop(call);
        ::std::future::ready((self, Err(io::ErrorKind::Unsupported.into())))
    }

    /// Reads like [`read`](Self::read), into a buffer that is passed by value and returned with the
    /// file. Servers call this method, because a host that reads in another thread cannot borrow a
    /// buffer there.
    fn read_owned(
        mut self,
        mut buffer: Vec<u8>,
    ) -> impl Future<Output = (Self, Vec<u8>, io::Result<usize>)> + Send {
        async move {
            let read = self.read(&mut buffer).await;
            (self, buffer, read)
        }
    }

    /// Like [`write`](Self::write), but writes a whole `range` of the bytes, which are passed by
    /// value and returned with the file. Servers call this method.
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
