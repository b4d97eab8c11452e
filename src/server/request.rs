//! Requests of a session to its host, and the host's answers.

use super::machine::DuringTransfer;
use crate::buffer::Span;
use crate::codec::{
    ByteRange, Escaped, FactSet, HashAlgorithm, Invalid, NameList, ReplyCode, Sensitive, Text, Timestamp,
};
use crate::listing::{Clock, Entry, Fields, ListingWriter};

/// A path that a session passes to its host: absolute and normalised, relative to the root of what
/// the account may see. May contain any bytes except CR, LF and NUL, and has no empty component, no
/// `.` and no `..`. Only the root ends with a slash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VirtualPath<'a>(&'a [u8]);

impl<'a> VirtualPath<'a> {
    /// `/`.
    pub const ROOT: VirtualPath<'static> = VirtualPath(b"/");

    pub(crate) const fn new(normal: &'a [u8]) -> Self {
        Self(normal)
    }

    /// Checks `bytes`. Meant for a host that calls its own file system, for example in tests; the
    /// paths of a session are always valid.
    ///
    /// # Errors
    /// Fails if the path is not absolute and normalised, or contains CR, LF or NUL.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        const EXPECTED: Invalid = Invalid::new("an absolute path without empty, `.` and `..` components");
        let path = Text::new(bytes)?.as_bytes();
        let components = path.strip_prefix(b"/").ok_or(EXPECTED)?;
        let special = |component: &[u8]| matches!(component, b"" | b"." | b"..");
        if !components.is_empty() && components.split(|byte| *byte == b'/').any(special) {
            return Err(EXPECTED);
        }
        Ok(Self(path))
    }

    /// Returns the bytes of the path, which begin with a slash.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Returns the components of the path; the root has none.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'a> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }

    /// Returns the last component of the path, or `None` for the root.
    #[must_use]
    pub fn file_name(&self) -> Option<&'a [u8]> {
        self.components().next_back()
    }
}

impl core::fmt::Debug for VirtualPath<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Escaped(self.0).fmt(f)
    }
}

/// A task that only the host can perform. The path concerned is
/// [`Session::path`](super::Session::path), always absolute and normalised, relative to the root of
/// what the account may see.
///
/// Answer each request with [`Session::answer`](super::Session::answer), at once or at any later
/// time.
///
/// `T` is the text that some requests carry. It is a [`Text`], which borrows from the receive
/// window until the next poll; from [`Session::step`](super::Session::step) `T` is the text's
/// [position](Span) in that window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<T> {
    /// Decide whether a client that has connected may stay. A refusal sends 421.
    Admit,
    /// [`Session::user`](super::Session::user) wants to log in, and the client has presented a
    /// certificate
    /// ([`Session::upgraded_with_certificate`](super::Session::upgraded_with_certificate)): decide
    /// whether that is sufficient. [`Answer::Done`] logs the user in without a password (232, RFC
    /// 4217 3 and 12.2), [`Refusal::NeedsAccount`] requests an account next (332), and any other
    /// refusal requests the password (331). Never sent for clients without a certificate.
    Identify,
    /// [`Session::user`](super::Session::user) wants to log in with this password.
    Login {
        /// The password, as the client sent it.
        password: Sensitive<T>,
    },
    /// The client sends an account (ACCT): either the account that was
    /// [requested](Refusal::NeedsAccount) to complete the login of
    /// [`Session::user`](super::Session::user) or, after the login, an account that grants more
    /// rights.
    Account {
        /// The account, as the client sent it.
        account: Sensitive<T>,
    },
    /// Check that the path is a directory that may be entered.
    ChangeDirectory,
    /// Make a directory.
    MakeDirectory,
    /// Remove an empty directory.
    RemoveDirectory,
    /// Remove a file.
    Delete,
    /// Move [`Session::source_path`](super::Session::source_path) to the path.
    Rename,
    /// Look up the entry at the path. Answered by [`Answer::Entry`].
    Stat {
        /// `true` if symbolic links are to be followed.
        follow: bool,
    },
    /// Open a file. Answered by [`Answer::Opened`].
    Open(Access),
    /// Open a directory, or a single entry, to list it in a format. Answered by [`Answer::Opened`];
    /// the entries are then selected and written by
    /// [`Session::selection`](super::Session::selection), which also applies the client's pattern.
    List(Listing),
    /// Send the entries of the directory at the path, for STAT: each one with
    /// [`Session::send_entry`](super::Session::send_entry), at the pace at which the client takes
    /// them, then [`Answer::Done`].
    Entries {
        /// `true` if names with a leading dot are included. Otherwise the session omits them.
        all: bool,
    },
    /// Make the upload permanent: it has arrived in full. Before this request the upload may still
    /// be discarded.
    Commit,
    /// Set facts of the entry at the path (MFMT, MFCT, MFF, SITE CHMOD, SITE UTIME).
    Change(Changes),
    /// Compute a hash of the file at the path. Answered by [`Answer::Digest`]; meanwhile the client
    /// may [abort](super::Event::Abort) it.
    Digest {
        /// The hash to compute.
        algorithm: HashAlgorithm,
        /// The part of the file to hash, usually all of it.
        range: ByteRange,
    },
    /// Append the parts, in order, to the file at the path, which is created if necessary, and
    /// remove the parts (COMB). Should be atomic as far as possible. Meanwhile the client may
    /// [abort](super::Event::Abort) it.
    Combine {
        /// Names of the parts, as the client sent them;
        /// [`Session::resolve`](super::Session::resolve) converts them to paths.
        parts: NameList<T>,
    },
    /// Determine how many bytes can still be stored at the path. Answered by [`Answer::Count`].
    Available,
    /// Make a symbolic link at the path.
    Symlink {
        /// The target of the link, as the client sent it.
        target: T,
    },
    /// Select the virtual host that the client wants to log in to (RFC 7151). A refusal sends 504.
    Host(T),
    /// The argument of a SITE command that the session does not know. Answered by
    /// [`Answer::Reply`].
    Site(T),
    /// The line of a command that the host answers itself
    /// ([`Config::overridden`](super::Config::overridden)).
    /// [`Command::parse`](crate::codec::Command::parse) parses the line, which may contain a secret
    /// (ACCT). Answered by [`Answer::Reply`]. The path is the working directory, whatever the
    /// command says.
    Command(Sensitive<T>),
}

impl<T> Request<T> {
    /// Converts the text that the request carries, if any.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Request<U> {
        match self {
            Self::Admit => Request::Admit,
            Self::Identify => Request::Identify,
            Self::Login { password } => Request::Login { password: password.map(convert) },
            Self::Account { account } => Request::Account { account: account.map(convert) },
            Self::ChangeDirectory => Request::ChangeDirectory,
            Self::MakeDirectory => Request::MakeDirectory,
            Self::RemoveDirectory => Request::RemoveDirectory,
            Self::Delete => Request::Delete,
            Self::Rename => Request::Rename,
            Self::Stat { follow } => Request::Stat { follow },
            Self::Open(access) => Request::Open(access),
            Self::List(listing) => Request::List(listing),
            Self::Entries { all } => Request::Entries { all },
            Self::Commit => Request::Commit,
            Self::Change(changes) => Request::Change(changes),
            Self::Digest { algorithm, range } => Request::Digest { algorithm, range },
            Self::Combine { parts } => Request::Combine { parts: parts.map(convert) },
            Self::Available => Request::Available,
            Self::Symlink { target } => Request::Symlink { target: convert(target) },
            Self::Host(name) => Request::Host(convert(name)),
            Self::Site(line) => Request::Site(convert(line)),
            Self::Command(line) => Request::Command(line.map(convert)),
        }
    }

    /// Returns the fields of an entry, besides its name, that the answer to [`List`](Self::List) or
    /// [`Entries`](Self::Entries) shows; a host need not determine the others. Returns all fields
    /// for other requests.
    #[must_use]
    pub fn fields(&self) -> Fields {
        match self {
            Self::List(listing) => listing.fields(),
            // STAT shows the lines of LIST.
            Self::Entries { all } => Listing::Unix { all: *all, recursive: false }.fields(),
            _ => Fields::all(),
        }
    }

    /// Returns the commands that are accepted while the host is working on the request. The client
    /// may abort any request that takes long; during a digest, which takes longest, the client may
    /// also send STAT and NOOP.
    pub(super) const fn during(&self) -> DuringTransfer {
        match self {
            Self::Digest { .. } => DuringTransfer::Instant,
            Self::Open(_) | Self::List(_) | Self::Entries { .. } | Self::Commit | Self::Combine { .. } => {
                DuringTransfer::Abort
            }
            _ => DuringTransfer::Nothing,
        }
    }
}

impl Request<Span> {
    /// Replaces the position in the request with the text at that position. `bytes` returns the
    /// bytes at a position in the receive window.
    pub fn resolve<'b>(self, bytes: impl FnOnce(Span) -> &'b [u8]) -> Request<Text<'b>> {
        // The position is in a command line, which was valid text when it was parsed.
        self.map(|place| Text::new(bytes(place)).unwrap_or_default())
    }
}

/// The facts that [`Request::Change`] sets. `None` leaves a fact unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// Time of the last modification, in UTC.
    pub modified: Option<Timestamp>,
    /// Time of creation, in UTC.
    pub created: Option<Timestamp>,
    /// Permissions: the low twelve bits of a Unix mode.
    pub mode: Option<u16>,
}

/// The way in which a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// For reading, from an offset that is not past the end.
    Read {
        /// The first byte to send.
        offset: u64,
    },
    /// For writing; replaces everything from the offset on. With offset 0 the file is created if it
    /// does not exist.
    Write {
        /// The first byte to write.
        offset: u64,
    },
    /// For writing at the end of the file, which is created if it does not exist.
    Append,
    /// For writing to a new file with an unused name, either in the directory of the path or
    /// derived from the path. Answered with that name.
    Unique,
}

impl Access {
    /// Returns whether the client sends the file.
    pub(super) const fn stores(self) -> bool {
        !matches!(self, Self::Read { .. })
    }

    /// Returns the offset of the first byte to be stored, or 0 where it is not known; `None` for
    /// reading.
    pub(super) const fn first_stored(self) -> Option<u64> {
        match self {
            Self::Read { .. } => None,
            Self::Write { offset } => Some(offset),
            Self::Append | Self::Unique => Some(0),
        }
    }
}

/// The format in which a directory is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Listing {
    /// The format of `ls -l`, for humans and old programs (LIST).
    Unix {
        /// `true` if the client has requested names with a leading dot with `-a`.
        all: bool,
        /// `true` if the client has requested the subdirectories with `-R` and the configuration
        /// allows them: see `Lister`. A host may still list only the one directory.
        recursive: bool,
    },
    /// Bare names (NLST).
    Names {
        /// `true` if the client has requested names with a leading dot with `-a`.
        all: bool,
    },
    /// These facts, for programs (MLSD, RFC 3659 7).
    Machine(FactSet),
}

impl Listing {
    /// Returns the fields of an entry that the format shows, besides its name.
    #[must_use]
    pub fn fields(&self) -> Fields {
        self.writer(Clock::UNKNOWN).fields()
    }

    /// Returns the writer for this format. `clock` determines which dates are recent.
    #[must_use]
    pub const fn writer(&self, clock: Clock) -> ListingWriter {
        match self {
            Self::Unix { .. } => ListingWriter::list(clock),
            Self::Names { .. } => ListingWriter::nlst(),
            Self::Machine(facts) => ListingWriter::mlsd(*facts),
        }
    }
}

/// An answer of the host.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The request was carried out.
    Done,
    /// The request was not carried out.
    Refused(Refusal),
    /// The file or directory is open.
    Opened {
        /// Number of bytes to send, if known. Only a hint for the client.
        size: Option<u64>,
        /// Name chosen for [`Access::Unique`].
        unique_name: Option<Text<'a>>,
    },
    /// Description of the entry at the path.
    Entry(&'a Entry<'a>),
    /// Hash of a file or of a part of it.
    Digest {
        /// Bytes of the hash.
        digest: &'a [u8],
        /// Offsets of the first byte that was hashed and of the byte after the last one.
        range: (u64, u64),
    },
    /// Number of bytes that can still be stored.
    Count(u64),
    /// The final reply itself, line by line. The verb table must allow the code for the command.
    Reply(ReplyCode, &'a [Text<'a>]),
}

/// The reason why the host refuses a request. The session chooses the reply. A code that the verb
/// table does not [allow](crate::codec::VerbInfo::allows) for the command becomes 550.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing at the path.
    NotFound,
    /// The account lacks the permission.
    Denied,
    /// Something already exists at the path.
    Exists,
    /// A directory is required, and the path is not one.
    NotADirectory,
    /// The path is a directory, and something else is required.
    IsADirectory,
    /// The directory is not empty.
    NotEmpty,
    /// The file system does not accept the name.
    BadName,
    /// The offset lies past the end.
    BadOffset,
    /// The account's storage quota is used up.
    QuotaExceeded,
    /// The storage is full.
    StorageFull,
    /// The file or the host is busy or locked; a later attempt may succeed. Does not count as a
    /// failed login.
    ///
    /// The reply is 450 if the verb table [allows](crate::codec::VerbInfo::allows) it for the
    /// command, and 550 otherwise, which clients take for permanent: RFC 959 5.4 has no 450 for
    /// CWD, MKD, RMD and RNTO. Logins get 451, and connections that are not admitted 421.
    Busy,
    /// The host does not support the request.
    Unsupported,
    /// An account is required in addition to the password (ACCT, RFC 959 4.1.1), to log in or for
    /// this request.
    NeedsAccount,
    /// The client aborted the request.
    Aborted,
    /// The host had an internal error.
    Failed,
}

impl Refusal {
    /// Returns the reply for this refusal of a command that has no transfer, or whose transfer has
    /// not begun (RFC 959 4.2.2 and 5.4).
    pub(super) const fn reply(self) -> (ReplyCode, Text<'static>) {
        use ReplyCode as Code;
        match self {
            Self::NotFound => (Code::FILE_UNAVAILABLE, Text::literal("No such file or directory.")),
            Self::Denied => (Code::FILE_UNAVAILABLE, Text::literal("Permission denied.")),
            Self::Exists => (Code::FILE_UNAVAILABLE, Text::literal("Already exists.")),
            Self::NotADirectory => (Code::FILE_UNAVAILABLE, Text::literal("Not a directory.")),
            Self::IsADirectory => (Code::FILE_UNAVAILABLE, Text::literal("Is a directory.")),
            Self::NotEmpty => (Code::FILE_UNAVAILABLE, Text::literal("The directory is not empty.")),
            Self::BadName => (Code::NAME_NOT_ALLOWED, Text::literal("File name not allowed.")),
            Self::BadOffset => {
                (Code::INVALID_RESTART, Text::literal("The offset is beyond the end of the file."))
            }
            Self::QuotaExceeded => (Code::STORAGE_EXCEEDED, Text::literal("Storage allocation exceeded.")),
            Self::StorageFull => (Code::INSUFFICIENT_STORAGE, Text::literal("Insufficient storage space.")),
            Self::Busy => (Code::FILE_BUSY, Text::literal("Busy; try again later.")),
            Self::Unsupported => (Code::PARAMETER_NOT_IMPLEMENTED, Text::literal("Not supported.")),
            Self::NeedsAccount => {
                (Code::NEED_ACCOUNT_FOR_STORING, Text::literal("Need account for storing files."))
            }
            Self::Aborted => (Code::FILE_BUSY, Text::literal("Operation aborted.")),
            Self::Failed => (Code::LOCAL_ERROR, Text::literal("Local error in processing.")),
        }
    }
}
