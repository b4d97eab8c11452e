//! The requests of a session to its host, and the answers of the host.

use super::machine::DuringTransfer;
use crate::buffer::Span;
use crate::codec::{
    ByteRange, Escaped, FactSet, HashAlgorithm, Invalid, NameList, ReplyCode, Sensitive, Text, Timestamp,
};
use crate::listing::{Clock, Entry, ListingWriter};

/// A path as a session gives it to its host: absolute and normal, seen from the root of what the
/// account may see. Any bytes but CR, LF and NUL; no empty component, no `.`, no `..`; no slash at its
/// end, but for the root itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VirtualPath<'a>(&'a [u8]);

impl<'a> VirtualPath<'a> {
    /// `/`.
    pub const ROOT: VirtualPath<'static> = VirtualPath(b"/");

    pub(crate) const fn new(normal: &'a [u8]) -> Self {
        Self(normal)
    }

    /// Checks `bytes`: for a host that calls its own file system, as its tests do. A session gives
    /// nothing else.
    ///
    /// # Errors
    /// When it is not absolute and normal, or holds CR, LF or NUL.
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

    /// The bytes, which begin with a slash.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Its components: none for the root.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &'a [u8]> + use<'a> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }

    /// Its last component: none for the root.
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

/// Something that only the host can do. The path concerned is [`Session::path`](super::Session::path),
/// always absolute and normal: it has no `.`, no `..` and no empty component, and starts at the root
/// of what the account may see.
///
/// Each is answered with [`Session::answer`](super::Session::answer), at once or at any later time.
///
/// `T` is the text that some requests carry: a [`Text`], which borrows from the receive window (the next poll
/// overwrites it), or, from [`Session::step`](super::Session::step), its [place](Span) there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<T> {
    /// A client has connected: may it stay? Refused, it is told 421.
    Admit,
    /// [`Session::user`](super::Session::user) wants to log in, and the client has shown a certificate
    /// ([`Session::upgraded_with_certificate`](super::Session::upgraded_with_certificate)): is that enough?
    /// [`Answer::Done`] logs it in without a password (RFC 4217 3 and 12.2: 232), [`Refusal::NeedsAccount`]
    /// asks for an account next (332), and after any other refusal the password is asked for (331). Clients
    /// without a certificate are never asked about.
    Identify,
    /// [`Session::user`](super::Session::user) wants to log in with this password.
    Login {
        /// The password as it was sent.
        password: Sensitive<T>,
    },
    /// The client gives an account (ACCT): one that was [asked for](Refusal::NeedsAccount) to complete the
    /// login of [`Session::user`](super::Session::user), or, once it is logged in, one that lets it do more.
    Account {
        /// The account as it was sent.
        account: Sensitive<T>,
    },
    /// Is the path a directory that may be entered?
    ChangeDirectory,
    /// Make a directory.
    MakeDirectory,
    /// Remove an empty directory.
    RemoveDirectory,
    /// Remove a file.
    Delete,
    /// Move [`Session::source_path`](super::Session::source_path) to the path.
    Rename,
    /// Look up what is at the path. Answered by [`Answer::Entry`].
    Stat {
        /// `true` if a symbolic link stands for what it leads to.
        follow: bool,
    },
    /// Open a file. Answered by [`Answer::Opened`].
    Open(Access),
    /// Open a directory, or a single entry, to list it in a format. Answered by [`Answer::Opened`]; the entries
    /// are then sent as [`Session::selection`](super::Session::selection) chooses and writes them, which knows the
    /// client's pattern, too.
    List(Listing),
    /// Tell what is in the directory at the path, for STAT: each entry with
    /// [`Session::tell_entry`](super::Session::tell_entry), as the client takes them, then [`Answer::Done`].
    Entries {
        /// Names with a leading dot too. The session leaves them out otherwise.
        all: bool,
    },
    /// The upload has come in whole: make it last. Until then it may be taken back.
    Commit,
    /// Set facts of what is at the path (MFMT, MFCT, MFF, SITE CHMOD, SITE UTIME).
    Change(Changes),
    /// Compute a hash of the file at the path. Answered by [`Answer::Digest`]; meanwhile the client may
    /// have it [given up](super::Event::Abort).
    Digest {
        /// The hash to compute.
        algorithm: HashAlgorithm,
        /// The bytes that the hash is of: the whole file, mostly.
        range: ByteRange,
    },
    /// Put the parts behind what is at the path, in their order, and remove them; with nothing there it is
    /// made of them (COMB). All or nothing, as far as can be. Meanwhile the client may have it
    /// [given up](super::Event::Abort).
    Combine {
        /// The parts, as the client names them: [`Session::resolve`](super::Session::resolve) makes paths of
        /// them.
        parts: NameList<T>,
    },
    /// Tell how many bytes can still be stored at the path. Answered by [`Answer::Count`].
    Available,
    /// Make a symbolic link at the path.
    Symlink {
        /// Where it leads, as the client wrote it.
        target: T,
    },
    /// The client names the virtual host that it wants to log in to (RFC 7151). Refused, it is told 504.
    Host(T),
    /// A SITE command that the session does not know, without `SITE`. Answered by [`Answer::Reply`].
    Site(T),
    /// The line of a command that the host answers itself ([`Config::overridden`](super::Config::overridden)).
    /// [`Command::parse`](crate::codec::Command::parse) takes it apart; it may hold a secret (ACCT). Answered by
    /// [`Answer::Reply`]. The path is the working directory, whatever the command says.
    Command(Sensitive<T>),
}

impl<T> Request<T> {
    /// Converts the text that the request carries, if it carries any.
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

    /// Returns the commands that are taken while the host is at work on the request. The client may have given up
    /// whatever takes long, and during a digest, which takes longest, it may also ask about its progress.
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
    /// Looks up the text of the request, of which `bytes` returns the bytes in a place of the receive window.
    pub fn resolve<'b>(self, bytes: impl FnOnce(Span) -> &'b [u8]) -> Request<Text<'b>> {
        // A place in a command line, which was text when it was parsed.
        self.map(|place| Text::new(bytes(place)).unwrap_or_default())
    }
}

/// The facts that [`Request::Change`] sets; those that are `None` stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// When it was modified, in UTC.
    pub modified: Option<Timestamp>,
    /// When it was made, in UTC.
    pub created: Option<Timestamp>,
    /// Its permissions, the low twelve bits of a Unix mode.
    pub mode: Option<u16>,
}

/// The way in which a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// For reading, from a byte on that is not past the end.
    Read {
        /// The first byte to send.
        offset: u64,
    },
    /// For writing; what is there from that byte on is replaced. With 0 the file is made if need be.
    Write {
        /// The first byte to write.
        offset: u64,
    },
    /// For writing at the end; made if need be.
    Append,
    /// For writing, under a name that nothing has yet, in the directory of the path or like the path.
    /// Answered with that name.
    Unique,
}

impl Access {
    /// Returns whether the client is to send the file.
    pub(super) const fn stores(self) -> bool {
        !matches!(self, Self::Read { .. })
    }

    /// The first byte of the file that is stored, as far as that is known; none for reading.
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
    /// The format of `ls -l`, for people and for old programs (LIST).
    Unix {
        /// The client has asked for names with a leading dot, by `-a`.
        all: bool,
        /// The client has asked for the directories below too, by `-R`, and they may be listed: see `Lister`. A
        /// host that lists the one directory alone does what it has to.
        recursive: bool,
    },
    /// Bare names (NLST).
    Names {
        /// The client has asked for names with a leading dot, by `-a`.
        all: bool,
    },
    /// With these facts (MLSD, RFC 3659 7).
    Machine(FactSet),
}

impl Listing {
    /// Writes the entries in this format. `clock` tells which dates are recent.
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
        /// The number of bytes to send, where that is known: a hint for the client.
        size: Option<u64>,
        /// The name that was chosen, for [`Access::Unique`].
        unique_name: Option<Text<'a>>,
    },
    /// The entry at the path.
    Entry(&'a Entry<'a>),
    /// A hash.
    Digest {
        /// Its bytes.
        digest: &'a [u8],
        /// The first byte of the file that it is of, and the one after the last.
        range: (u64, u64),
    },
    /// A number of bytes.
    Count(u64),
    /// The final reply itself, line by line. The table has to allow the code for the command.
    Reply(ReplyCode, &'a [Text<'a>]),
}

/// The reason why the host does not carry a request out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing at the path.
    NotFound,
    /// The account may not.
    Denied,
    /// There is something at the path.
    Exists,
    /// A directory was needed, and this is none.
    NotADirectory,
    /// This is a directory, and none was wanted.
    IsADirectory,
    /// The directory is not empty.
    NotEmpty,
    /// The name is not one that this file system takes.
    BadName,
    /// The offset lies past the end.
    BadOffset,
    /// The account has used up what it may store.
    QuotaExceeded,
    /// There is no room left.
    StorageFull,
    /// Not now: busy or locked. The same may work later. A login that is refused so counts as no failure.
    Busy,
    /// The host cannot do this at all.
    Unsupported,
    /// An account is wanted besides the password (RFC 959 4.1.1, ACCT): to log in, or to do this.
    NeedsAccount,
    /// The client had it given up.
    Aborted,
    /// Something went wrong in the host.
    Failed,
}

impl Refusal {
    /// The reply that says so before a transfer has begun, or where there is none (RFC 959 4.2.2 and
    /// 5.4).
    pub(super) const fn reply(self) -> (ReplyCode, Text<'static>) {
        use ReplyCode as Code;
        match self {
            Self::NotFound => (Code::FILE_UNAVAILABLE, Text::literal("No such file or directory.")),
            Self::Denied => (Code::FILE_UNAVAILABLE, Text::literal("Permission denied.")),
            Self::Exists => (Code::FILE_UNAVAILABLE, Text::literal("It exists already.")),
            Self::NotADirectory => (Code::FILE_UNAVAILABLE, Text::literal("Not a directory.")),
            Self::IsADirectory => (Code::FILE_UNAVAILABLE, Text::literal("It is a directory.")),
            Self::NotEmpty => (Code::FILE_UNAVAILABLE, Text::literal("The directory is not empty.")),
            Self::BadName => (Code::NAME_NOT_ALLOWED, Text::literal("That name is not allowed.")),
            Self::BadOffset => (Code::INVALID_RESTART, Text::literal("The offset is past the end.")),
            Self::QuotaExceeded => (Code::STORAGE_EXCEEDED, Text::literal("Storage allocation exceeded.")),
            Self::StorageFull => (Code::INSUFFICIENT_STORAGE, Text::literal("No room left.")),
            Self::Busy => (Code::FILE_BUSY, Text::literal("Busy; try again later.")),
            Self::Unsupported => (Code::PARAMETER_NOT_IMPLEMENTED, Text::literal("Not supported here.")),
            Self::NeedsAccount => (Code::NEED_ACCOUNT_FOR_STORING, Text::literal("Send ACCT first.")),
            Self::Aborted => (Code::FILE_BUSY, Text::literal("Given up.")),
            Self::Failed => (Code::LOCAL_ERROR, Text::literal("Local error.")),
        }
    }
}
