//! A host that answers when it likes, and not always what was hoped for.

use super::choices::Choices;
use ftp_proto::buffer::Tx;
use ftp_proto::codec::{ByteRange, HashAlgorithm, Secret, Text};
use ftp_proto::error::LocalError;
use ftp_proto::server::{Access, Answer, Changes, Listing, Refusal, Request, Session, Ticket};
use ftp_proto::testing::{MemoryHost, SessionHost};

/// A request, kept until it is answered.
#[derive(Clone, Debug)]
pub enum Kept {
    Admit,
    Login(Vec<u8>),
    ChangeDirectory,
    MakeDirectory,
    RemoveDirectory,
    Delete,
    Rename,
    Stat,
    Open(Access),
    List(Listing),
    Entries,
    Commit,
    Change(Changes),
    Digest(ByteRange),
    Available,
    Site,
    /// Something that this host does not do.
    Other,
}

impl Kept {
    pub fn of(request: &Request<Text<'_>>) -> Self {
        match request {
            Request::Admit => Self::Admit,
            Request::Login { password } => Self::Login(password.reveal().as_bytes().to_vec()),
            Request::ChangeDirectory => Self::ChangeDirectory,
            Request::MakeDirectory => Self::MakeDirectory,
            Request::RemoveDirectory => Self::RemoveDirectory,
            Request::Delete => Self::Delete,
            Request::Rename => Self::Rename,
            Request::Stat { .. } => Self::Stat,
            Request::Open(access) => Self::Open(*access),
            Request::List(listing) => Self::List(*listing),
            Request::Entries { .. } => Self::Entries,
            Request::Commit => Self::Commit,
            Request::Change(changes) => Self::Change(*changes),
            Request::Digest { range, .. } => Self::Digest(*range),
            Request::Available => Self::Available,
            Request::Site(_) => Self::Site,
            _ => Self::Other,
        }
    }

    /// The request again, for a host that answers at once.
    fn request(&self) -> Request<Text<'_>> {
        match self {
            Self::Admit => Request::Admit,
            Self::Login(password) => Request::Login { password: Secret::new(Text::new(password).unwrap()) },
            Self::ChangeDirectory => Request::ChangeDirectory,
            Self::MakeDirectory => Request::MakeDirectory,
            Self::RemoveDirectory => Request::RemoveDirectory,
            Self::Delete => Request::Delete,
            Self::Rename => Request::Rename,
            Self::Stat => Request::Stat { follow: true },
            Self::Open(access) => Request::Open(*access),
            Self::List(listing) => Request::List(*listing),
            Self::Entries => Request::Entries { all: true },
            Self::Commit => Request::Commit,
            Self::Change(changes) => Request::Change(*changes),
            Self::Digest(range) => Request::Digest { algorithm: HashAlgorithm::Crc32, range: *range },
            Self::Available => Request::Available,
            Self::Site | Self::Other => Request::Site(Text::literal("OTHER")),
        }
    }
}

/// A host with a tree in memory, that says what it was asked to keep.
#[derive(Debug)]
pub struct Host {
    pub tree: MemoryHost,
    /// What was opened for reading last, from the byte on that was asked for.
    pub served: Vec<u8>,
    /// What was there, and stays, of the file that was opened for writing last.
    pub kept: Vec<u8>,
    refused: usize,
    /// What was changed last, and how.
    pub changed: (Vec<u8>, Changes),
    /// The directory that is told was begun.
    telling: bool,
    /// Of what is served, the bytes that were sent.
    at: usize,
}

/// Of 32 bits (FNV-1a), so that CRC32 can be its name: what it is called is nothing to FTP.
pub fn digest(bytes: &[u8]) -> [u8; 4] {
    let hash =
        bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes()
}

/// What comes of an attempt to answer.
pub enum Told {
    Answered,
    /// The session did not wait for it any more.
    TooLate,
    /// There is more to tell, once there is room.
    More(Ticket),
}

impl Host {
    pub fn new() -> Self {
        let tree = MemoryHost::new().with_password("secret").with_free_space(7);
        Self {
            tree: tree.with_directory("/dir").with_file("/file", "content"),
            served: Vec::new(),
            kept: Vec::new(),
            refused: 0,
            changed: (Vec::new(), Changes::default()),
            telling: false,
            at: 0,
        }
    }

    /// How often it has said no.
    pub fn refused(&self) -> usize {
        self.refused + self.tree.refusals()
    }

    /// Does what was asked, and says so.
    pub fn answer(
        &mut self,
        session: &mut Session<Vec<u8>>,
        ticket: Ticket,
        kept: &Kept,
        refusal: Option<Refusal>,
        tx: &mut Tx<'_>,
    ) -> Told {
        let path = session.path().as_bytes().to_vec();
        let no = match kept {
            _ if refusal.is_some() => refusal,
            // Only files are moved here.
            Kept::Rename if self.tree.is_directory(session.source_path().as_bytes()) => {
                Some(Refusal::NotFound)
            }
            Kept::Site | Kept::Other => Some(Refusal::Unsupported),
            _ => None,
        };
        if let Some(refusal) = no {
            self.telling = false;
            self.refused += 1;
            return told(session.answer(ticket, Answer::Refused(refusal), tx));
        }
        if let (Kept::Digest(range), Some(bytes)) = (kept, self.tree.file(&path)) {
            let size = bytes.len() as u64;
            let (start, end) =
                range.bounds().map_or((0, size), |(first, last)| (first, last.saturating_add(1).min(size)));
            let answer = match bytes.get(start as usize..end as usize) {
                Some(part) => {
                    let digest = Answer::Digest { digest: &digest(part), range: (start, end) };
                    return told(session.answer(ticket, digest, tx));
                }
                None => Answer::Refused(Refusal::BadOffset),
            };
            self.refused += 1;
            return told(session.answer(ticket, answer, tx));
        }
        if !session.awaits(&ticket) {
            self.telling = false;
            return Told::TooLate;
        }
        let more = match self.telling {
            true => self.tree.resume(session, ticket, tx),
            false => self.tree.request(session, ticket, &kept.request(), tx),
        };
        match kept {
            Kept::Change(changes) => self.changed = (path, *changes),
            Kept::Open(Access::Read { .. }) | Kept::List(_) => {
                (self.served, self.at) = (self.tree.unread().to_vec(), 0);
            }
            Kept::Open(_) => self.kept = self.tree.uncommitted().unwrap_or_default().to_vec(),
            _ => {}
        }
        self.telling = more.is_some();
        more.map_or(Told::Answered, Told::More)
    }

    /// Whether there is more to tell of a directory.
    pub const fn is_telling(&self) -> bool {
        self.telling
    }

    pub fn rest(&self) -> &[u8] {
        &self.served[self.at..]
    }

    pub fn read(&mut self, count: usize) {
        self.at += count;
    }

    pub fn write(&mut self, more: &[u8]) {
        assert!(self.tree.uncommitted().is_some(), "bytes for no file");
        self.tree.write(more);
    }
}

fn told(result: Result<(), (LocalError, Ticket)>) -> Told {
    match result {
        Ok(()) => Told::Answered,
        Err((LocalError::Ended, _)) => Told::TooLate,
        Err((LocalError::NoRoom, ticket)) => Told::More(ticket),
        Err((error, _)) => panic!("the host's answer: {error}"),
    }
}

pub fn refusal(choices: &Choices) -> Refusal {
    use Refusal::*;
    choices.one(&[NotFound, Denied, Busy, StorageFull, QuotaExceeded, BadName, Unsupported, Failed])
}
