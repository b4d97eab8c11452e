//! A file system in memory, and the host that serves it to a session.

use ftp_proto::buffer::Tx;
use ftp_proto::codec::{Command, Full, ReplyCode, Sink, Text};
use ftp_proto::error::LocalError;
use ftp_proto::listing::{Clock, Entry, Kind, Modified, Precision};
use ftp_proto::server::{Access, Answer, Refusal, Request, Selection, Session, Ticket};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Directory,
    File(Vec<u8>),
}

/// Nodes by path; the root always exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree(pub BTreeMap<Vec<u8>, Node>);

impl Tree {
    /// Creates a directory `/dir` and a file `/file` with `content`.
    pub fn new() -> Self {
        let mut tree = Self([(b"/".to_vec(), Node::Directory)].into());
        tree.put("/dir", Node::Directory);
        tree.put("/file", Node::File(b"content".to_vec()));
        tree
    }

    pub fn put(&mut self, path: &str, node: Node) {
        self.0.insert(path.as_bytes().to_vec(), node);
    }

    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.0.get(path.as_bytes()) {
            Some(Node::File(bytes)) => Some(bytes),
            _ => None,
        }
    }

    pub fn names(&self, directory: &[u8]) -> Vec<(Vec<u8>, &Node)> {
        let prefix = if directory == b"/" { b"/".to_vec() } else { [directory, b"/"].concat() };
        let inside = |path: &Vec<u8>| {
            let name = path.strip_prefix(&prefix[..])?;
            (!name.is_empty() && !name.contains(&b'/')).then(|| name.to_vec())
        };
        self.0.iter().filter_map(|(path, node)| inside(path).map(|name| (name, node))).collect()
    }
}

/// File that the host has open for a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handle {
    Reading { bytes: Vec<u8>, at: usize },
    Writing { path: Vec<u8>, bytes: Vec<u8> },
}

/// Host that serves a tree. Everyone's password is `secret`.
#[derive(Clone, Debug)]
pub struct Host {
    pub tree: Tree,
    pub open: Option<Handle>,
    pub read_only: bool,
    /// Requests of the session, as text.
    pub requests: Vec<String>,
    /// Set if the host admits clients.
    pub admits: bool,
    /// Rest of a directory that is being listed over the control connection.
    pub untold: VecDeque<(Vec<u8>, Node)>,
}

/// Sink that a listing is written to.
struct Lines(Vec<u8>);

impl Sink for Lines {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn entry<'a>(name: &'a [u8], node: &Node) -> Entry<'a> {
    let name = Text::new(name).unwrap();
    let modified = ftp_proto::codec::Timestamp::new(2024, 2, 29, 12, 34, 56).unwrap();
    let mut entry = match node {
        Node::Directory => Entry::new(name, Kind::Directory),
        Node::File(bytes) => {
            let mut entry = Entry::new(name, Kind::File);
            entry.size = Some(bytes.len() as u64);
            entry
        }
    };
    entry.modified = Some(Modified::new(modified, Precision::Second, Some(0)));
    entry
}

impl Host {
    pub fn new() -> Self {
        Self {
            tree: Tree::new(),
            open: None,
            read_only: false,
            requests: Vec::new(),
            admits: true,
            untold: VecDeque::new(),
        }
    }

    /// Lists a directory as far as there is room. Returns the ticket if entries remain.
    pub fn tell<P: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        session: &mut Session<P>,
        ticket: Ticket,
        tx: &mut Tx<'_>,
    ) -> Option<Ticket> {
        while let Some((name, node)) = self.untold.pop_front() {
            match session.tell_entry(&ticket, &entry(&name, &node), &mut *tx) {
                Ok(()) => {}
                Err(LocalError::NoRoom) => {
                    self.untold.push_front((name, node));
                    return Some(ticket);
                }
                Err(LocalError::Ended) => return None,
                Err(error) => panic!("{error}"),
            }
        }
        session.answer(ticket, Answer::Done, tx).unwrap();
        None
    }

    /// Carries out a request of a session and answers it.
    pub fn serve<P: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        session: &mut Session<P>,
        ticket: Ticket,
        request: &Request<Text<'_>>,
        tx: &mut Tx<'_>,
    ) {
        let path = session.path().as_bytes().to_vec();
        let source = session.source_path().as_bytes().to_vec();
        let user = session.user().to_vec();
        let shown = match request {
            Request::Command(line) => {
                format!("Command({:?})", Command::parse(line.reveal().as_bytes()).unwrap())
            }
            request => format!("{request:?}"),
        };
        self.requests.push(format!("{shown} {}", String::from_utf8_lossy(&path)));
        let result = match request {
            Request::Admit if !self.admits => Err(Refusal::Denied),
            Request::Admit => Ok(()),
            // The user `certain` needs no password.
            Request::Identify if user == b"certain" => Ok(()),
            Request::Identify => Err(Refusal::Denied),
            Request::Login { password } => {
                match password.reveal().as_bytes() == b"secret" && !user.is_empty() {
                    true => Ok(()),
                    false => Err(Refusal::Denied),
                }
            }
            Request::ChangeDirectory => match self.tree.0.get(&path) {
                Some(Node::Directory) => Ok(()),
                Some(_) => Err(Refusal::NotADirectory),
                None => Err(Refusal::NotFound),
            },
            Request::Stat { .. } => match self.tree.0.get(&path) {
                None => Err(Refusal::NotFound),
                Some(node) => {
                    let entry = entry(&path, node);
                    return session.answer(ticket, Answer::Entry(&entry), tx).unwrap();
                }
            },
            Request::Open(access) => match self.open_file(&path, *access) {
                Ok((size, name)) => {
                    let unique_name = name.as_deref().map(|name| Text::new(name).unwrap());
                    return session.answer(ticket, Answer::Opened { size, unique_name }, tx).unwrap();
                }
                Err(refusal) => Err(refusal),
            },
            Request::List(_) => match self.list(&path, &session.selection()) {
                Ok(()) => {
                    let opened = Answer::Opened { size: None, unique_name: None };
                    return session.answer(ticket, opened, tx).unwrap();
                }
                Err(refusal) => Err(refusal),
            },
            Request::Entries { .. } => {
                let names = self.tree.names(&path).into_iter();
                self.untold = names.map(|(name, node)| (name, node.clone())).collect();
                let untold = self.tell(session, ticket, tx);
                assert!(untold.is_none(), "a directory this big is for the rig to tell");
                return;
            }
            Request::Commit => match self.open.take() {
                Some(Handle::Writing { path, bytes }) => {
                    self.tree.0.insert(path, Node::File(bytes));
                    Ok(())
                }
                open => panic!("commit of {open:?}"),
            },
            _ if self.read_only => Err(Refusal::Denied),
            Request::MakeDirectory => match self.tree.0.get(&path) {
                Some(_) => Err(Refusal::Exists),
                None => {
                    self.tree.0.insert(path, Node::Directory);
                    Ok(())
                }
            },
            Request::RemoveDirectory => match self.tree.0.get(&path) {
                Some(Node::Directory) if !self.tree.names(&path).is_empty() => Err(Refusal::NotEmpty),
                Some(Node::Directory) => {
                    self.tree.0.remove(&path);
                    Ok(())
                }
                Some(_) => Err(Refusal::NotADirectory),
                None => Err(Refusal::NotFound),
            },
            Request::Delete => match self.tree.0.get(&path) {
                Some(Node::File(_)) => {
                    self.tree.0.remove(&path);
                    Ok(())
                }
                Some(_) => Err(Refusal::IsADirectory),
                None => Err(Refusal::NotFound),
            },
            Request::Rename => match self.tree.0.remove(&source) {
                Some(node) => {
                    self.tree.0.insert(path, node);
                    Ok(())
                }
                None => Err(Refusal::NotFound),
            },
            Request::Change(_) | Request::Digest { .. } | Request::Available
                if !self.tree.0.contains_key(&path) =>
            {
                Err(Refusal::NotFound)
            }
            Request::Change(_) => Ok(()),
            Request::Digest { range, .. } => {
                let (start, end) =
                    range.bounds().map_or((0, 5), |(start, end)| (start, end.saturating_add(1)));
                let answer = Answer::Digest { digest: &[0xca, 0xfe], range: (start, end) };
                return session.answer(ticket, answer, tx).unwrap();
            }
            Request::Combine { parts } => {
                let mut room = [0; 4096];
                let paths: Vec<_> = parts
                    .iter()
                    .map(|part| session.resolve(part, &mut room).unwrap().as_bytes().to_vec())
                    .collect();
                let files: Option<Vec<_>> = paths
                    .iter()
                    .map(|path| match self.tree.0.get(path) {
                        Some(Node::File(bytes)) => Some(bytes.clone()),
                        _ => None,
                    })
                    .collect();
                match files.map(|files| files.concat()) {
                    None => Err(Refusal::NotFound),
                    Some(whole) => {
                        paths.iter().for_each(|path| drop(self.tree.0.remove(path)));
                        self.tree.0.insert(path, Node::File(whole));
                        Ok(())
                    }
                }
            }
            Request::Available => return session.answer(ticket, Answer::Count(1000), tx).unwrap(),
            Request::Symlink { .. } => match self.tree.0.contains_key(&path) {
                true => Err(Refusal::Exists),
                false => {
                    self.tree.0.insert(path, Node::File(Vec::new()));
                    Ok(())
                }
            },
            Request::Account { account } if account.reveal().as_bytes() == b"books" => Ok(()),
            Request::Account { .. } => Err(Refusal::Unsupported),
            Request::Host(name) if name.as_bytes() == b"example.org" => Ok(()),
            Request::Host(_) => Err(Refusal::Unsupported),
            Request::Site(_) => {
                let text = [Text::literal("Not a SITE command here.")];
                let answer = Answer::Reply(ReplyCode::PARAMETER_NOT_IMPLEMENTED, &text);
                return session.answer(ticket, answer, tx).unwrap();
            }
            Request::Command(line) => {
                let command = Command::parse(line.reveal().as_bytes()).unwrap();
                let allowed = command.known_verb().is_some_and(|verb| verb.allows(ReplyCode::COMMAND_OKAY));
                let code =
                    if allowed { ReplyCode::COMMAND_OKAY } else { ReplyCode::PARAMETER_NOT_IMPLEMENTED };
                let text = [Text::literal("The host did that.")];
                let answer = Answer::Reply(code, &text);
                return session.answer(ticket, answer, tx).unwrap();
            }
            other => panic!("what is {other:?}?"),
        };
        let answer = result.map_or_else(Answer::Refused, |()| Answer::Done);
        session.answer(ticket, answer, tx).unwrap();
    }

    fn open_file(&mut self, path: &[u8], access: Access) -> Result<(Option<u64>, Option<Vec<u8>>), Refusal> {
        let existing = match self.tree.0.get(path) {
            Some(Node::Directory) => return Err(Refusal::IsADirectory),
            Some(Node::File(bytes)) => Some(bytes.clone()),
            None => None,
        };
        if let Access::Read { offset } = access {
            let bytes = existing.ok_or(Refusal::NotFound)?;
            let at = usize::try_from(offset).unwrap_or(usize::MAX);
            if at > bytes.len() {
                return Err(Refusal::BadOffset);
            }
            let size = bytes.len() as u64;
            self.open = Some(Handle::Reading { bytes, at });
            return Ok((Some(size), None));
        }
        if self.read_only {
            return Err(Refusal::Denied);
        }
        let mut bytes = existing.unwrap_or_default();
        let mut path = path.to_vec();
        let mut name = None;
        match access {
            Access::Write { offset } => match usize::try_from(offset) {
                Ok(at) if at <= bytes.len() => bytes.truncate(at),
                _ => return Err(Refusal::BadOffset),
            },
            Access::Unique => {
                bytes.clear();
                while self.tree.0.contains_key(&path) {
                    path.extend(b".1");
                }
                name = Some(path.clone());
            }
            _ => {}
        }
        self.open = Some(Handle::Writing { path, bytes });
        Ok((None, name))
    }

    fn list(&mut self, path: &[u8], selection: &Selection<'_>) -> Result<(), Refusal> {
        let node = self.tree.0.get(path).ok_or(Refusal::NotFound)?;
        let mut lines = Lines(Vec::new());
        if *node == Node::Directory {
            let shown: Vec<_> =
                self.tree.names(path).into_iter().filter(|(name, _)| selection.shows(name)).collect();
            if shown.is_empty() && selection.needs_match() {
                return Err(Refusal::NotFound);
            }
            for (name, node) in shown {
                selection.write(&entry(&name, node), Clock::UNKNOWN, &mut lines).unwrap();
            }
        } else if selection.needs_directory() {
            return Err(Refusal::NotADirectory);
        } else {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap();
            selection.write_itself(&entry(name, node), Clock::UNKNOWN, &mut lines).unwrap();
        }
        let Lines(bytes) = lines;
        self.open = Some(Handle::Reading { bytes, at: 0 });
        Ok(())
    }

    /// Returns the rest of the file that is open for reading.
    pub fn rest(&self) -> &[u8] {
        match &self.open {
            Some(Handle::Reading { bytes, at }) => &bytes[*at..],
            _ => b"",
        }
    }

    pub fn read(&mut self, count: usize) {
        if let Some(Handle::Reading { at, .. }) = &mut self.open {
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
