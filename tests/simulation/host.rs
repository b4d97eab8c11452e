//! A host that answers when it likes, and not always what was hoped for.

use super::support::random::Random;
use super::support::tree::{Node, Tree};
use ftp_proto::buffer::Tx;
use ftp_proto::codec::{ByteRange, Full, ReplyCode, Sink, Text, Timestamp};
use ftp_proto::error::LocalError;
use ftp_proto::listing::{Clock, Entry, Kind, Modified, Precision};
use ftp_proto::server::{Access, Answer, Changes, Listing, Refusal, Request, Session, Ticket};

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
            other => panic!("what is {other:?}?"),
        }
    }
}

#[derive(Debug)]
enum Handle {
    Reading(usize),
    Writing { path: Vec<u8>, kept: usize, bytes: Vec<u8> },
}

#[derive(Debug)]
pub struct Host {
    pub tree: Tree,
    open: Option<Handle>,
    /// What was opened for reading last, from the byte on that was asked for.
    pub served: Vec<u8>,
    /// What was there, and stays, of the file that was opened for writing last.
    pub kept: Vec<u8>,
    /// What clients have sent, the last of them last: nothing else may be stored.
    pub sent: Vec<Vec<u8>>,
    pub checks_commits: bool,
    /// How often it has said no.
    pub refused: usize,
    /// What was changed last, and how.
    pub changed: (Vec<u8>, Changes),
    /// Entries told already.
    told: usize,
}

/// Of 32 bits (FNV-1a), so that CRC32 can be its name: what it is called is nothing to FTP.
pub fn digest(bytes: &[u8]) -> [u8; 4] {
    let hash =
        bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes()
}

struct Lines(Vec<u8>);

impl Sink for Lines {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn entry<'a>(name: &'a [u8], node: &Node) -> Entry<'a> {
    let name = Text::new(name).unwrap();
    let mut entry = match node {
        Node::Directory => Entry::new(name, Kind::Directory),
        Node::File(bytes) => {
            let mut entry = Entry::new(name, Kind::File);
            entry.size = Some(bytes.len() as u64);
            entry
        }
    };
    let time = Timestamp::new(2024, 2, 29, 12, 34, 56).unwrap();
    entry.modified = Some(Modified::new(time, Precision::Second, Some(0)));
    entry
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
        Self {
            tree: Tree::new(),
            open: None,
            served: Vec::new(),
            kept: Vec::new(),
            sent: Vec::new(),
            checks_commits: true,
            refused: 0,
            changed: (Vec::new(), Changes::default()),
            told: 0,
        }
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
        if let Some(refusal) = refusal {
            self.told = 0;
            if matches!(kept, Kept::Commit) {
                self.open = None;
            }
            self.refused += 1;
            return told(session.answer(ticket, Answer::Refused(refusal), tx));
        }
        if let Kept::Entries = kept {
            return self.tell(session, ticket, &path, tx);
        }
        let mut unique = None;
        let existing = self.tree.0.get(&path).cloned();
        let result = match kept {
            Kept::Admit => Ok(Answer::Done),
            Kept::Change(_) if existing.is_none() => Err(Refusal::NotFound),
            Kept::Change(changes) => {
                self.changed = (path, *changes);
                Ok(Answer::Done)
            }
            Kept::Digest(range) => match &existing {
                Some(Node::File(bytes)) => {
                    let whole = (0, bytes.len() as u64);
                    let (start, end) = range.bounds().map_or(whole, |(first, last)| {
                        (first, last.saturating_add(1).min(bytes.len() as u64))
                    });
                    match bytes.get(start as usize..end as usize) {
                        Some(part) => {
                            let digest = Answer::Digest { digest: &digest(part), range: (start, end) };
                            return told(session.answer(ticket, digest, tx));
                        }
                        None => Err(Refusal::BadOffset),
                    }
                }
                _ => Err(Refusal::NotFound),
            },
            Kept::Login(password) if password == b"secret" => Ok(Answer::Done),
            Kept::Login(_) => Err(Refusal::Denied),
            Kept::Site => {
                Ok(Answer::Reply(ReplyCode::PARAMETER_NOT_IMPLEMENTED, const { &[Text::literal("No.")] }))
            }
            Kept::Available => Ok(Answer::Count(7)),
            Kept::ChangeDirectory => match existing {
                Some(Node::Directory) => Ok(Answer::Done),
                Some(_) => Err(Refusal::NotADirectory),
                None => Err(Refusal::NotFound),
            },
            Kept::MakeDirectory => match existing {
                Some(_) => Err(Refusal::Exists),
                None => {
                    self.tree.0.insert(path, Node::Directory);
                    Ok(Answer::Done)
                }
            },
            Kept::RemoveDirectory => match existing {
                Some(Node::Directory) if path != b"/" && self.tree.names(&path).is_empty() => {
                    self.tree.0.remove(&path);
                    Ok(Answer::Done)
                }
                _ => Err(Refusal::NotEmpty),
            },
            Kept::Delete => match existing {
                Some(Node::File(_)) => {
                    self.tree.0.remove(&path);
                    Ok(Answer::Done)
                }
                _ => Err(Refusal::NotFound),
            },
            Kept::Rename => match self.tree.0.get(session.source_path().as_bytes()).cloned() {
                Some(node @ Node::File(_)) if !matches!(existing, Some(Node::Directory)) => {
                    self.tree.0.remove(session.source_path().as_bytes());
                    self.tree.0.insert(path, node);
                    Ok(Answer::Done)
                }
                _ => Err(Refusal::NotFound),
            },
            Kept::Stat => match &existing {
                Some(node) => {
                    let entry = entry(&path, node);
                    return told(session.answer(ticket, Answer::Entry(&entry), tx));
                }
                None => Err(Refusal::NotFound),
            },
            Kept::Open(access) => self.open_file(path, existing, *access).map(|name| {
                unique = name;
                Answer::Opened {
                    size: None,
                    unique_name: unique.as_deref().map(|name| Text::new(name).unwrap()),
                }
            }),
            Kept::List(listing) => match existing {
                Some(Node::Directory) => {
                    self.list(&path, *listing);
                    Ok(Answer::Opened { size: None, unique_name: None })
                }
                _ => Err(Refusal::NotADirectory),
            },
            Kept::Commit => {
                self.commit();
                Ok(Answer::Done)
            }
            Kept::Entries => unreachable!(),
        };
        self.refused += usize::from(result.is_err());
        told(session.answer(ticket, result.unwrap_or_else(Answer::Refused), tx))
    }

    fn tell(&mut self, session: &mut Session<Vec<u8>>, ticket: Ticket, path: &[u8], tx: &mut Tx<'_>) -> Told {
        for (name, node) in self.tree.names(path).into_iter().skip(self.told) {
            match session.tell_entry(&ticket, &entry(&name, node), &mut *tx) {
                Ok(()) => self.told += 1,
                Err(LocalError::NoRoom) => return Told::More(ticket),
                Err(LocalError::Ended) => {
                    self.told = 0;
                    return Told::TooLate;
                }
                Err(error) => panic!("{error}"),
            }
        }
        self.told = 0;
        told(session.answer(ticket, Answer::Done, tx))
    }

    fn open_file(
        &mut self,
        mut path: Vec<u8>,
        existing: Option<Node>,
        access: Access,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let bytes = match existing {
            Some(Node::Directory) => return Err(Refusal::IsADirectory),
            Some(Node::File(bytes)) => Some(bytes),
            None => None,
        };
        if let Access::Read { offset } = access {
            let bytes = bytes.ok_or(Refusal::NotFound)?;
            self.served = bytes.get(offset as usize..).ok_or(Refusal::BadOffset)?.to_vec();
            self.open = Some(Handle::Reading(0));
            return Ok(None);
        }
        let mut bytes = bytes.unwrap_or_default();
        let mut name = None;
        match access {
            Access::Write { offset } if offset as usize <= bytes.len() => bytes.truncate(offset as usize),
            Access::Write { .. } => return Err(Refusal::BadOffset),
            Access::Unique => {
                bytes.clear();
                while self.tree.0.contains_key(&path) {
                    path.extend(b"~");
                }
                name = Some(path.clone());
            }
            _ => {}
        }
        self.kept.clone_from(&bytes);
        self.open = Some(Handle::Writing { path, kept: bytes.len(), bytes });
        Ok(name)
    }

    fn list(&mut self, path: &[u8], listing: Listing) {
        let writer = listing.writer(Clock::UNKNOWN);
        let mut lines = Lines(Vec::new());
        for (name, node) in self.tree.names(path) {
            writer.write(&entry(&name, node), &mut lines).unwrap();
        }
        self.served = lines.0;
        self.open = Some(Handle::Reading(0));
    }

    fn commit(&mut self) {
        let Some(Handle::Writing { path, kept, bytes }) = self.open.take() else {
            panic!("nothing to commit");
        };
        let recent = self.sent.iter().rev().take(2);
        assert!(
            !self.checks_commits || recent.into_iter().any(|sent| *sent == bytes[kept..]),
            "a file was stored that nobody sent, of {} bytes",
            bytes.len() - kept
        );
        self.tree.0.insert(path, Node::File(bytes));
    }

    pub fn rest(&self) -> &[u8] {
        match self.open {
            Some(Handle::Reading(at)) => &self.served[at..],
            _ => panic!("{:?} is not open for reading", self.open),
        }
    }

    pub fn read(&mut self, count: usize) {
        if let Some(Handle::Reading(at)) = &mut self.open {
            *at += count;
        }
    }

    pub fn write(&mut self, more: &[u8]) {
        match &mut self.open {
            Some(Handle::Writing { bytes, .. }) => bytes.extend_from_slice(more),
            other => panic!("bytes for {other:?}"),
        }
    }
}

fn told(result: Result<(), (LocalError, Ticket)>) -> Told {
    match result {
        Ok(()) => Told::Answered,
        Err((LocalError::Ended, _)) => Told::TooLate,
        Err((error, _)) => panic!("the host's answer: {error}"),
    }
}

pub fn refusal(random: &mut Random) -> Refusal {
    use Refusal::*;
    [NotFound, Denied, Busy, StorageFull, QuotaExceeded, BadName, Unsupported, Failed][random.below(8)]
}
