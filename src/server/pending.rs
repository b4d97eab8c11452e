//! What a session has asked its host, without what it borrows.

use super::machine::Beside;
use super::request::{Access, Changes, Listing, Request};
use crate::buffer::Span;
use crate::codec::{ByteRange, Command, HashAlgorithm, NameList, Secret, Text};

/// A [`Request`] that does not borrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub(super) what: Pending,
    pub(super) argument: Span,
}

impl Asked {
    /// The request, with what it borrows.
    #[must_use]
    pub fn resolve<'b>(&self, bytes: impl FnOnce(Span) -> &'b [u8]) -> Request<'b> {
        match self.what {
            Pending::Admit => Request::Admit,
            Pending::Identify => Request::Identify,
            Pending::Login => Request::Login { password: Secret::new(text(bytes(self.argument))) },
            Pending::Account => Request::Account { account: Secret::new(text(bytes(self.argument))) },
            Pending::ChangeDirectory => Request::ChangeDirectory,
            Pending::MakeDirectory => Request::MakeDirectory,
            Pending::RemoveDirectory => Request::RemoveDirectory,
            Pending::Delete => Request::Delete,
            Pending::Rename => Request::Rename,
            Pending::Stat(purpose) => Request::Stat { follow: purpose.follows() },
            Pending::Open(access) => Request::Open(access),
            Pending::List(listing) => Request::List(listing),
            Pending::Entries { all } => Request::Entries { all },
            Pending::Commit => Request::Commit,
            Pending::Change(changes) => Request::Change(changes),
            Pending::Digest { algorithm, range } => Request::Digest { algorithm, range },
            Pending::Combine => match NameList::parse(text(bytes(self.argument))) {
                Ok(parts) => Request::Combine { parts },
                // They were read when it was asked.
                Err(_) => Request::Command(Command::Noop),
            },
            Pending::Available => Request::Available,
            Pending::Symlink => Request::Symlink { target: text(bytes(self.argument)) },
            Pending::Host => Request::Host(text(bytes(self.argument))),
            Pending::Site => Request::Site(text(bytes(self.argument))),
            Pending::Command => {
                Request::Command(Command::parse(bytes(self.argument)).unwrap_or(Command::Noop))
            }
        }
    }
}

/// An argument again, which was text when it was asked about.
fn text(bytes: &[u8]) -> Text<'_> {
    Text::new(bytes).unwrap_or_default()
}

/// What the host was asked and has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Admit,
    Identify,
    Login,
    Account,
    ChangeDirectory,
    MakeDirectory,
    RemoveDirectory,
    Delete,
    Rename,
    Stat(Purpose),
    Open(Access),
    List(Listing),
    Entries { all: bool },
    Commit,
    Change(Changes),
    Digest { algorithm: HashAlgorithm, range: ByteRange },
    Combine,
    Available,
    Symlink,
    Host,
    Site,
    Command,
}

impl Pending {
    /// What may take the host long, the client may have given up. During a digest it may also ask how it
    /// goes: nothing else is as long.
    pub(super) const fn beside(self) -> Beside {
        match self {
            Self::Digest { .. } => Beside::Instant,
            Self::Open(_) | Self::List(_) | Self::Entries { .. } | Self::Commit | Self::Combine => {
                Beside::Abort
            }
            _ => Beside::Nothing,
        }
    }
}

/// What the host is asked next, once it has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FollowUp {
    /// The entries of the directory that STAT has found.
    Entries { all: bool },
    /// The same, with the argument read in another way.
    AsRead,
}

/// What an entry is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    RenameFrom,
    Size,
    ModificationTime,
    Facts,
    Status { all: bool },
}

impl Purpose {
    /// Renaming moves the link, and the facts are its own; all else looks where it leads.
    const fn follows(self) -> bool {
        matches!(self, Self::Size | Self::ModificationTime)
    }
}
