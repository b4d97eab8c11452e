//! Traits for a host that may block the threads of its sessions.

use ::std::io;
use ::std::sync::Arc;

use super::{
    Access, ByteRange, Changes, Digest, HashAlgorithm, HostReply, Opened, Refusal, VirtualPath, Visitor,
    Wishes,
};
use crate::codec::Command;
use crate::listing::{Entry, Fields, OwnedEntry};
use crate::server::is_anonymous_name;

/// The logins that a server accepts, and the file system of each account.
///
/// ```
/// use std::sync::Arc;
///
/// use ftp_proto::io::{Accounts, Filesystem, Refusal, Visitor};
///
/// /// One account, only under TLS.
/// struct Secured<F>(Arc<F>);
///
/// impl<F: Filesystem> Accounts for Secured<F> {
///     type Filesystem = F;
///
///     fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<F>, Refusal> {
///         match (visitor.secured, visitor.user.as_slice(), password) {
///             (true, b"me", b"sesame") => Ok(Arc::clone(&self.0)),
///             _ => Err(Refusal::Denied),
///         }
///     }
/// }
/// ```
pub trait Accounts: Send + Sync + 'static {
    /// File system of an account.
    type Filesystem: Filesystem;

    /// Returns whether the calls may block: `true` by default. Accounts in memory return `false`,
    /// and servers whose sessions share threads then call them directly. Such calls must not wait
    /// for a disk, a network or another thread. They may lock a mutex that is only ever held for a
    /// look-up or a copy in memory.
    ///
    /// On those servers, calls that may block are made in other threads. The accounts have threads
    /// of their own, and so does each file system, so that a call that hangs delays only calls to
    /// the same object. A session that already has four unanswered calls, because the client has
    /// abandoned them, gets [`Refusal::Busy`] for the next one.
    fn blocks(&self) -> bool {
        true
    }

    /// Checks a login. Take as long for an unknown user as for a wrong password, so that clients
    /// cannot tell them apart (RFC 2577 6).
    ///
    /// # Errors
    /// Usually [`Refusal::Denied`]. [`Refusal::NeedsAccount`] if the password is right and
    /// [`account`](Self::account) makes the decision.
    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal>;

    /// Checks whether the client's certificate ([`Visitor::certificate`]) admits the client as
    /// [`Visitor::user`] without a password (RFC 4217 3). Called only when a client with a
    /// certificate names a user. By default the password is required. [`login`](Self::login) sees
    /// the certificate too, so a host can also require both.
    ///
    /// # Errors
    /// [`Refusal::NeedsAccount`] if [`account`](Self::account) makes the decision. After any other
    /// refusal the client is asked for its password, and no failed login is counted.
    fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<Self::Filesystem>, Refusal> {
        let _ = visitor;
        Err(Refusal::Unsupported)
    }

    /// Checks an account (RFC 959 4.1.1) that completes a login, or that changes what a logged-in
    /// user may do. No accounts are supported by default.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`] if no account is needed, [`Refusal::Denied`] if the account is
    /// wrong.
    fn account(&self, visitor: &Visitor, account: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        let _ = (visitor, account);
        Err(Refusal::Unsupported)
    }

    /// Returns whether a user who has logged in is anonymous. The connections of such users do not
    /// share TLS sessions ([`SessionBinding`](crate::security::SessionBinding)). By default the
    /// users `anonymous` and `ftp` are anonymous (RFC 1635). This method is called directly, even
    /// where the other calls run in other threads, and must not [block](Self::blocks).
    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        is_anonymous_name(&visitor.user)
    }

    /// Checks that the virtual host named by a client exists (RFC 7151). By default there are no
    /// virtual hosts.
    ///
    /// # Errors
    /// Fails if there is no such host.
    fn host(&self, visitor: &Visitor, name: &[u8]) -> Result<(), Refusal> {
        let _ = (visitor, name);
        Err(Refusal::Unsupported)
    }

    /// Carries out a command that a client may send before the login and that the server is
    /// [configured](crate::server::Config::overridden) to leave to its host. See
    /// [`Filesystem::command`].
    ///
    /// # Errors
    /// Fails if the command is not carried out.
    fn command(&self, visitor: &Visitor, command: &Command<'_>) -> Result<HostReply, Refusal> {
        let _ = (visitor, command);
        Err(Refusal::Unsupported)
    }
}

/// Files and directories as an account sees them.
///
/// Every method may block, except [`open_cached`](Self::open_cached). No method may leave the root,
/// not even through a symbolic link. The root is `/` and is where sessions begin; accounts with
/// different roots get different file systems from [`Accounts::login`].
///
/// A store in memory may implement [`AsyncFilesystem`](super::AsyncFilesystem) instead, even if it
/// locks mutexes: see the [guide](crate::guide::host#blocking-or-asynchronous).
///
/// The example is a directory with one file, which nobody can change (the
/// [guide](crate::guide::host#a-blocking-host) has a writable tree):
///
/// ```
/// use std::io::{self, Read};
/// use std::iter::{self, Once};
///
/// use ftp_proto::codec::Text;
/// use ftp_proto::io::{Access, File, Filesystem, Opened, Refusal, VirtualPath, Wishes};
/// use ftp_proto::listing::{Entry, Fields, Kind, OwnedEntry};
///
/// struct Note(&'static [u8]);
///
/// struct Rest(&'static [u8]);
///
/// impl Filesystem for Note {
///     type File = Rest;
///     type Entries = Once<io::Result<OwnedEntry>>;
///
///     fn entry(&self, path: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
///         let mut file = Entry::new(Text::literal("note"), Kind::File);
///         file.size = Some(self.0.len() as u64);
///         match path.as_bytes() {
///             b"/" => Ok(Entry::new(Text::literal("/"), Kind::Directory).to_owned()),
///             b"/note" => Ok(file.to_owned()),
///             _ => Err(Refusal::NotFound),
///         }
///     }
///
///     fn entries(&self, path: VirtualPath<'_>, _: Fields) -> Result<Self::Entries, Refusal> {
///         if path != VirtualPath::ROOT {
///             return Err(Refusal::NotADirectory);
///         }
///         let file = VirtualPath::parse(b"/note").map_err(|_| Refusal::Failed)?;
///         Ok(iter::once(Ok(self.entry(file, false)?)))
///     }
///
///     fn open(&self, path: VirtualPath<'_>, access: Access, _: &Wishes) -> Result<Opened<Rest>, Refusal> {
///         match (path.as_bytes(), access) {
///             (b"/note", Access::Read { offset }) => {
///                 let at = usize::try_from(offset).map_err(|_| Refusal::BadOffset)?;
///                 let rest = self.0.get(at..).ok_or(Refusal::BadOffset)?;
///                 Ok(Opened { file: Rest(rest), size: Some(rest.len() as u64), unique_name: None })
///             }
///             (b"/note", _) => Err(Refusal::Denied),
///             _ => Err(Refusal::NotFound),
///         }
///     }
///     // All other methods refuse, such as:
///     fn remove_file(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
///         Err(Refusal::Denied)
///     }
/// #   fn make_directory(&self, _: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
/// #       Err(Refusal::Denied)
/// #   }
/// #   fn remove_directory(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
/// #       Err(Refusal::Denied)
/// #   }
/// #   fn rename(&self, _: VirtualPath<'_>, _: VirtualPath<'_>) -> Result<(), Refusal> {
/// #       Err(Refusal::Denied)
/// #   }
/// }
///
/// impl File for Rest {
///     fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
///         self.0.read(buffer)
///     }
///
///     fn write(&mut self, _: &[u8]) -> io::Result<usize> {
///         Err(io::ErrorKind::PermissionDenied.into())
///     }
///
///     fn finish(self) -> Result<(), Refusal> {
///         Err(Refusal::Denied)
///     }
/// }
/// # use ftp_proto::io::Users;
/// # use ftp_proto::io::std::{Client, Server};
/// # let server = Server::bind("127.0.0.1:0", Users::new().anonymous(Note(b"hello")))?;
/// # let address = server.local_addr();
/// # std::thread::spawn(|| server.serve());
/// # let mut client = Client::connect(address)?;
/// # client.login("anonymous", "guest")?;
/// # assert_eq!(client.list("")?.count(), 1);
/// # let mut content = String::new();
/// # client.retrieve_from("note", 1)?.read_to_string(&mut content)?;
/// # assert_eq!(content, "ello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Filesystem: Send + Sync + 'static {
    /// An open file.
    type File: File;
    /// Entries of a directory, read while they are sent: any iterator over [`OwnedEntry`].
    type Entries: DirectoryEntries;

    /// Returns the entry at `path`. A symbolic link is described as such unless `follow` is `true`.
    ///
    /// Its name is [`VirtualPath::file_name`], and for the root any name, such as `/`. Only LIST
    /// and NLST of a path that is no directory show the name; MLST and STAT show the path, and the
    /// other commands show neither. All known fields should be set: SIZE needs the size, and MDTM
    /// the time. Fields that the host does not know stay `None`, and MLST leaves their facts out.
    ///
    /// # Errors
    /// Fails if there is nothing at the path, or the account may not know about it.
    fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal>;

    /// Returns the entries of the directory at `path`, without `.` and `..`, in any order. Besides
    /// the names, only these `fields` are shown. A host may set others as well, but need not
    /// determine any that take time; NLST needs no fields at all. MLSD leaves out the facts of
    /// fields that are `None`, although FEAT lists the facts of all fields.
    ///
    /// # Errors
    /// [`Refusal::NotADirectory`] for a file, and the errors of [`entry`](Self::entry).
    fn entries(&self, path: VirtualPath<'_>, fields: Fields) -> Result<Self::Entries, Refusal>;

    /// Opens the file at `path`, which changes nothing yet: see [`File::begin`].
    ///
    /// # Errors
    /// Fails if the file cannot be opened; the [`Refusal`] names the reason.
    fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<Self::File>, Refusal>;

    /// Opens the file at `path` for reading from `offset`, if that takes no wait for a disk or for
    /// another machine. Returns `None` otherwise and on every error; [`open`](Self::open) is called
    /// then. Servers on asynchronous runtimes call this method in the thread of a session, since
    /// handing a call to another thread takes more time than opening a file that is cached: a call
    /// that [blocks](Accounts::blocks) would delay other sessions. By default it returns `None`.
    fn open_cached(&self, path: VirtualPath<'_>, offset: u64) -> Option<Opened<Self::File>> {
        let _ = (path, offset);
        None
    }

    /// Creates a directory.
    ///
    /// # Errors
    /// Fails if something already exists at the path, or the directory may not be created.
    fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// Fails if the path is not a directory, or the directory is not empty or may not be removed.
    fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal>;

    /// Removes a file or a symbolic link.
    ///
    /// # Errors
    /// Fails if the path is a directory, or the file may not be removed.
    fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal>;

    /// Moves the file or directory at `from` to `to`, replacing a file that exists there.
    ///
    /// # Errors
    /// Fails if the rename is not allowed.
    fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal>;

    /// Sets times or permissions. Not supported by default, like all methods that follow.
    ///
    /// FEAT and HELP offer what [`Config::commands`](crate::server::Config::commands) contains,
    /// whatever the host supports. A host without this method should take `Verb::Mfmt`,
    /// `Verb::Mfct` and `Verb::Mff` out of that set
    /// ([`VerbSet::without`](crate::codec::VerbSet::without)); one that sets only some facts keeps
    /// `Verb::Mff` and their commands. SITE CHMOD and SITE UTIME are not in FEAT, are answered with
    /// 504, and disappear only with the whole of `Verb::Site`.
    ///
    /// # Errors
    /// Fails if the change is not allowed, or a part of it cannot be made.
    fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
        let _ = (path, changes);
        Err(Refusal::Unsupported)
    }

    /// Creates a symbolic link to `target`, which is passed on exactly as the client sent it.
    ///
    /// # Errors
    /// Fails if something already exists at the path, or the link may not be created.
    fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
        let _ = (path, target);
        Err(Refusal::Unsupported)
    }

    /// Appends the files at `parts` to the file at `path`, in this order, and removes them (COMB).
    /// The file is created if it does not exist. Called only if the server is
    /// [configured](crate::server::Config::combines) to combine files.
    ///
    /// # Errors
    /// Fails if a part is missing, or the files may not be combined. The files are then left
    /// unchanged as far as possible.
    fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
        let _ = (path, parts);
        Err(Refusal::Unsupported)
    }

    /// Returns the number of bytes that can still be stored at `path` (AVBL). A host without this
    /// method should take `Verb::Avbl` out of [`Config::commands`](crate::server::Config::commands),
    /// so that FEAT does not offer it.
    ///
    /// # Errors
    /// Fails if the number is not known.
    fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
        let _ = path;
        Err(Refusal::Unsupported)
    }

    /// Computes a hash of the file at `path` or of a part of it. Called only for the algorithms
    /// that the server is [configured](crate::server::Config::hashes) to offer.
    ///
    /// # Errors
    /// Fails if there is no such file, or it cannot be read.
    fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> Result<Digest, Refusal> {
        let _ = (path, algorithm, range);
        Err(Refusal::Unsupported)
    }

    /// Carries out a SITE command that the server does not know. `line` is the text after `SITE`,
    /// and `directory` is the client's working directory.
    ///
    /// # Errors
    /// Fails if there is no such command, or it is not carried out.
    fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
        let _ = (directory, line);
        Err(Refusal::Unsupported)
    }

    /// Carries out a command that the server is [configured](crate::server::Config::overridden) to
    /// leave to its host. `directory` is the client's working directory.
    ///
    /// # Errors
    /// Fails if the command is not carried out.
    fn command(&self, directory: VirtualPath<'_>, command: &Command<'_>) -> Result<HostReply, Refusal> {
        let _ = (directory, command);
        Err(Refusal::Unsupported)
    }
}

/// The entries of a directory, read while they are sent.
///
/// Every iterator whose items are `io::Result<OwnedEntry>` has this trait. A host can implement it
/// without being an iterator, so that it allocates nothing for an entry.
pub trait DirectoryEntries: Send {
    /// Passes the next entries to `show`: one, or as many as the host reads at a time. Returns
    /// `false` once there are no more. A call that passes none is not the end.
    ///
    /// # Errors
    /// Any error ends the listing, and the client is told that the listing is incomplete.
    fn next_entries(&mut self, show: &mut dyn FnMut(&Entry<'_>)) -> io::Result<bool>;
}

impl<I: Iterator<Item = io::Result<OwnedEntry>> + Send> DirectoryEntries for I {
    fn next_entries(&mut self, show: &mut dyn FnMut(&Entry<'_>)) -> io::Result<bool> {
        let Some(owned) = self.next().transpose()? else { return Ok(false) };
        show(&owned.entry());
        Ok(true)
    }
}

/// An open file. An upload that is dropped before it is [finished](Self::finish) was cut off or
/// aborted. The host either keeps the part already written in the place of the old file, so that
/// the client can resume the upload, or keeps the old file: the
/// [guide](crate::guide::host#uploads-that-are-cut-off) shows both.
///
/// # When an upload is complete
/// An upload is complete only when [`finish`](Self::finish) is called. An upload that is dropped
/// before that was cut off or aborted for some reason, such as the end of its session. The
/// [event](crate::io::Transferred) of the transfer then has this
/// [`TransferOutcome`](crate::server::TransferOutcome):
///
/// | What happened | The host sees | The client receives | The outcome |
/// |---|---|---|---|
/// | the data ended cleanly: FIN, under TLS after close_notify; the end-of-file mark in modes B and C; in MODE Z the end of both the zlib stream and the connection | `finish` | 226, or the refusal of `finish` | `Complete`, `Refused` |
/// | the same, within [two seconds](crate::server::Timeouts::orphaned_upload) of the end of the control connection | `finish` | nothing, since the control connection is gone | `Complete`, `Refused` |
/// | ABOR | drop | 426, then 226 | `Aborted` |
/// | a reset, TLS without close_notify, a missing mark, malformed data, a stall | drop | 426 | `Failed` |
/// | the host could not write, or the file became too large | drop | 451, 452, 552 | `Failed` |
/// | the data connection was never opened | drop, without `begin` | 425 | `Failed` |
/// | its TLS handshake failed, or resumed none of the required sessions | drop, without `begin` | 522 | `Failed` |
/// | the session ended before the data did | drop | nothing, or 421 | `Cut` |
///
/// - In stream mode without TLS, FIN is the only end-of-file mark (RFC 959 3.4.1). A client that
///   closes its data connection halfway instead of sending ABOR looks the same as one that has sent
///   everything. So does a client that was killed, since the operating system closes its
///   connections cleanly. Where this matters, require TLS, whose close_notify is sent by the
///   program and not by the operating system, or let clients compare the size or a hash.
/// - The size announced with ALLO ([`Wishes::size_hint`](super::Wishes::size_hint)) is only a hint.
///   It may count records or whole blocks, and many clients send it, some as zero, only because
///   some servers require it. An upload of a different size is therefore not treated as cut off.
/// - [`Limits::upload_size`](crate::server::Limits::upload_size) sets a maximum but no minimum.
pub trait File: Send {
    /// Reads the next bytes into `buffer`, and returns their number. Returns 0 at the end.
    ///
    /// # Errors
    /// Any error; the client receives 451.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Begins the upload: the data connection is open, and secured if required. Make the changes
    /// that [`open`](Filesystem::open) has postponed, such as emptying the old file, here, before
    /// anything is [written](Self::write). Does nothing by default, which suits a host that
    /// replaces the old file in [`finish`](Self::finish). A file that is dropped before this call
    /// should leave everything as it was, and should leave behind no file that was created for it.
    ///
    /// # Errors
    /// Those of [`write`](Self::write). [`io::ErrorKind::Interrupted`] means that a piece of a
    /// longer task is done. The call is then repeated, and commands are handled between calls, so
    /// that the file is dropped if the upload is aborted.
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Writes the next bytes, and returns how many were written.
    ///
    /// # Errors
    /// Any error. The client receives 452 for [`io::ErrorKind::StorageFull`], 552 for
    /// `QuotaExceeded` and `FileTooLarge`, and 451 for any other kind. The file is then dropped, and
    /// what the client goes on sending is discarded for two seconds, so that the client reads the
    /// reply instead of a reset.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Completes the upload after every byte has been written. The file must now be made permanent.
    ///
    /// # Errors
    /// Fails if the file cannot be kept. The client then receives an error instead of 226.
    fn finish(self) -> Result<(), Refusal>;

    /// Returns the operating system's file behind this one, at the same position, if there is one.
    /// The kernel then moves bytes that need no conversion, in both directions, so that
    /// [`read`](Self::read) and [`write`](Self::write) see only some of the bytes or none. Must
    /// return `None` for a file opened for appending, to which Linux does not move bytes.
    fn as_file(&self) -> Option<&::std::fs::File> {
        None
    }
}
