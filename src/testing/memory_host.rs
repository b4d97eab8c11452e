//! A file system in memory, and the host that serves it to a session.

mod answers;
mod tree;

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::codec::{Command, Escaped, NameList, Text};
use crate::listing::Clock;
use crate::server::{Access, Changes, Refusal, Request, Selection, Session};
use tree::Tree;

/// The file that is open for a transfer.
#[derive(Clone, Debug)]
enum Handle {
    Reading { bytes: Vec<u8>, at: usize },
    Writing { path: Vec<u8>, bytes: Vec<u8> },
}

/// A host that keeps files in memory, by absolute path, and answers every request of a session
/// immediately.
///
/// Everyone may log in and change files, unless the test configures otherwise. Hashes, accounts,
/// virtual hosts, SITE commands and symbolic links are refused with [`Refusal::Unsupported`].
///
/// ```
/// use ftp_proto::server::Config;
/// use ftp_proto::testing::{MemoryHost, ScriptedClient};
///
/// let host = MemoryHost::new().with_password("sesame").with_file("/pub/hello", "hello, world");
/// let mut client = ScriptedClient::new(Config::default(), host);
/// client.send("USER me\r\nPASS sesame\r\nTYPE I\r\nSIZE /pub/hello\r\nMKD /pub/new\r\n");
/// assert_eq!(client.replies()[4..], ["213 12", "257 \"/pub/new\""]);
/// assert!(client.host().is_directory("/pub/new"));
/// assert_eq!(client.host().requests().last().unwrap(), "MakeDirectory /pub/new");
/// ```
#[derive(Clone, Debug)]
pub struct MemoryHost {
    tree: Tree,
    open: Option<Handle>,
    password: Option<Vec<u8>>,
    writable: bool,
    admits: bool,
    free: Option<u64>,
    requests: Vec<String>,
    refusals: usize,
    /// Remaining entries of a directory that is being sent over the control connection.
    unsent: Option<VecDeque<Vec<u8>>>,
}

impl Default for MemoryHost {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryHost {
    /// Creates a host with an empty root directory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tree: Tree::new(),
            open: None,
            password: None,
            writable: true,
            admits: true,
            free: None,
            requests: Vec::new(),
            refusals: 0,
            unsent: None,
        }
    }

    /// Adds a file and the directories above it.
    #[must_use]
    pub fn with_file(mut self, path: impl AsRef<[u8]>, content: impl Into<Vec<u8>>) -> Self {
        self.put_file(path, content);
        self
    }

    /// Adds a directory and the directories above it.
    #[must_use]
    pub fn with_directory(mut self, path: impl AsRef<[u8]>) -> Self {
        self.put_directory(path);
        self
    }

    /// Sets the password of all users. By default any password is accepted.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<Vec<u8>>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the free space in bytes that AVBL reports. This value does not limit uploads.
    #[must_use]
    pub const fn with_free_space(mut self, bytes: u64) -> Self {
        self.free = Some(bytes);
        self
    }

    /// Sets whether clients may change anything.
    pub const fn set_writable(&mut self, writable: bool) {
        self.writable = writable;
    }

    /// Sets whether clients may connect at all.
    pub const fn set_admits(&mut self, admits: bool) {
        self.admits = admits;
    }

    /// Creates a file with this content, and the directories above it.
    pub fn put_file(&mut self, path: impl AsRef<[u8]>, content: impl Into<Vec<u8>>) {
        self.tree.put_file(path.as_ref(), content.into());
    }

    /// Creates a directory and the directories above it.
    pub fn put_directory(&mut self, path: impl AsRef<[u8]>) {
        self.tree.put_directory(path.as_ref());
    }

    /// Removes the entry at the path and everything below it. The root itself stays.
    pub fn remove(&mut self, path: impl AsRef<[u8]>) {
        self.tree.remove(path.as_ref());
    }

    /// Returns the content of the file at the path, if there is one.
    #[must_use]
    pub fn file(&self, path: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.tree.file(path.as_ref())
    }

    /// Returns whether there is a directory at the path.
    #[must_use]
    pub fn is_directory(&self, path: impl AsRef<[u8]>) -> bool {
        self.tree.is_directory(path.as_ref())
    }

    /// Returns whether there is anything at the path.
    #[must_use]
    pub fn contains(&self, path: impl AsRef<[u8]>) -> bool {
        self.tree.contains(path.as_ref())
    }

    /// Returns the names in a directory, in byte order.
    #[must_use]
    pub fn names(&self, directory: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        self.tree.names(directory.as_ref()).map(<[u8]>::to_vec).collect()
    }

    /// Returns all paths, in byte order.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.tree.paths()
    }

    /// Returns the remaining bytes of the file or listing that is open for reading.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        match &self.open {
            Some(Handle::Reading { bytes, at }) => bytes.get(*at..).unwrap_or_default(),
            _ => b"",
        }
    }

    /// Returns the content that the file being stored would have, if a file is being stored.
    #[must_use]
    pub fn uncommitted(&self) -> Option<&[u8]> {
        match &self.open {
            Some(Handle::Writing { bytes, .. }) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the requests of the session, each with its path.
    #[must_use]
    pub fn requests(&self) -> &[String] {
        &self.requests
    }

    /// Returns the number of requests that were refused.
    #[must_use]
    pub const fn refusals(&self) -> usize {
        self.refusals
    }

    /// Clears the recorded requests.
    pub fn clear_requests(&mut self) {
        self.requests.clear();
    }

    /// Records a request, for hosts that wrap this host and answer some requests themselves.
    pub fn note_request(&mut self, session: &Session<Vec<u8>>, request: &Request<Text<'_>>) {
        // Before the login no path was named, and the path is the root.
        let path = Escaped(session.path().as_bytes()).to_string();
        let shown = match request {
            Request::Command(line) => match Command::parse(line.reveal().as_bytes()) {
                Ok(command) => format!("Command({command:?})"),
                Err(error) => format!("Command({error:?})"),
            },
            request => format!("{request:?}"),
        };
        self.requests.push(format!("{shown} {path}"));
    }

    fn stat(&self, path: &[u8]) -> Result<(), Refusal> {
        if self.contains(path) { Ok(()) } else { Err(Refusal::NotFound) }
    }

    fn enter(&self, path: &[u8]) -> Result<(), Refusal> {
        match self.is_directory(path) {
            true => Ok(()),
            false => self.stat(path).and(Err(Refusal::NotADirectory)),
        }
    }

    /// Checks whether an entry may be created at the path.
    fn place(&self, path: &[u8]) -> Result<(), Refusal> {
        let above = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at.max(1));
        self.enter(path.get(..above).unwrap_or_default())
    }

    fn make_directory(&mut self, path: &[u8]) -> Result<(), Refusal> {
        self.place(path)?;
        if self.contains(path) {
            return Err(Refusal::Exists);
        }
        self.put_directory(path);
        Ok(())
    }

    /// Moves a file, possibly over another one, or a directory with its contents.
    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Refusal> {
        self.stat(from)?;
        self.place(to)?;
        let moves_directory = self.is_directory(from);
        if from == to {
            return Ok(());
        }
        if self.is_directory(to) || (moves_directory && self.contains(to)) {
            return Err(Refusal::Exists);
        }
        if moves_directory && to.strip_prefix(from).is_some_and(|rest| from == b"/" || rest.starts_with(b"/"))
        {
            return Err(Refusal::BadName);
        }
        self.tree.rename(from, to);
        Ok(())
    }

    fn remove_directory(&mut self, path: &[u8]) -> Result<(), Refusal> {
        self.enter(path)?;
        if path == b"/" {
            return Err(Refusal::Denied);
        }
        if self.tree.names(path).next().is_some() {
            return Err(Refusal::NotEmpty);
        }
        self.remove(path);
        Ok(())
    }

    fn delete(&mut self, path: &[u8]) -> Result<(), Refusal> {
        self.stat(path)?;
        if self.is_directory(path) {
            return Err(Refusal::IsADirectory);
        }
        self.remove(path);
        Ok(())
    }

    fn change(&mut self, path: &[u8], changes: &Changes) -> Result<(), Refusal> {
        self.stat(path)?;
        if let Some(modified) = changes.modified {
            self.tree.set_modified(path, modified);
        }
        Ok(())
    }

    /// Appends files to the one at `path` and removes the appended files.
    fn combine(
        &mut self,
        path: &[u8],
        parts: &NameList<Text<'_>>,
        session: &Session<Vec<u8>>,
    ) -> Result<(), Refusal> {
        let mut room = [0; 4096];
        let (mut whole, mut paths) = (self.file(path).unwrap_or_default().to_vec(), Vec::new());
        for part in parts.iter() {
            let part = session.resolve(part, &mut room).map_err(|_| Refusal::BadName)?.as_bytes();
            whole.extend(self.file(part).ok_or(Refusal::NotFound)?);
            paths.push(part.to_vec());
        }
        paths.iter().for_each(|path| self.remove(path));
        self.put_file(path, whole);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Refusal> {
        match self.open.take() {
            Some(Handle::Writing { path, bytes }) => {
                self.put_file(path, bytes);
                Ok(())
            }
            open => {
                self.open = open;
                Err(Refusal::Failed)
            }
        }
    }

    fn open_to_read(&mut self, path: &[u8], offset: u64) -> Result<u64, Refusal> {
        self.stat(path)?;
        let bytes = self.file(path).ok_or(Refusal::IsADirectory)?.to_vec();
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        if at > bytes.len() {
            return Err(Refusal::BadOffset);
        }
        let size = bytes.len() as u64;
        self.open = Some(Handle::Reading { bytes, at });
        Ok(size)
    }

    /// Opens a file for writing and returns its path.
    fn open_to_write(&mut self, path: &[u8], access: Access) -> Result<Vec<u8>, Refusal> {
        if self.is_directory(path) {
            return Err(Refusal::IsADirectory);
        }
        self.place(path)?;
        if !self.writable {
            return Err(Refusal::Denied);
        }
        let (mut path, mut bytes) = (path.to_vec(), self.file(path).unwrap_or_default().to_vec());
        match access {
            Access::Write { offset } => match usize::try_from(offset) {
                Ok(at) if at <= bytes.len() => bytes.truncate(at),
                _ => return Err(Refusal::BadOffset),
            },
            Access::Unique => {
                bytes.clear();
                while self.contains(&path) {
                    path.extend(b".1");
                }
            }
            Access::Append | Access::Read { .. } => {}
        }
        self.open = Some(Handle::Writing { path: path.clone(), bytes });
        Ok(path)
    }

    fn list(&mut self, path: &[u8], selection: &Selection<'_>) -> Result<(), Refusal> {
        let mut lines = vec![];
        // Writing to a vector cannot fail.
        let written = if self.is_directory(path) {
            let shown: Vec<&[u8]> = self.tree.names(path).filter(|name| selection.shows(name)).collect();
            if shown.is_empty() && selection.needs_match() {
                return Err(Refusal::NotFound);
            }
            let entries = shown.into_iter().filter_map(|name| self.tree.entry_in(path, name));
            entries.into_iter().try_for_each(|entry| selection.write(&entry, Clock::UNKNOWN, &mut lines))
        } else {
            let entry = self.tree.named_entry(path).ok_or(Refusal::NotFound)?;
            if selection.needs_directory() {
                return Err(Refusal::NotADirectory);
            }
            selection.write_itself(&entry, Clock::UNKNOWN, &mut lines)
        };
        written.map_err(|_| Refusal::Failed)?;
        self.open = Some(Handle::Reading { bytes: lines, at: 0 });
        Ok(())
    }
}
