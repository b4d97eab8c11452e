//! The files of an account: another file system, within the account's rights and its quota.

use std::io;
use std::sync::Arc;

use ftp_proto::codec::Command;
use ftp_proto::codec::Permissions;
use ftp_proto::io::{
    Access, ByteRange, Changes, Digest, DirectoryEntries, File, Filesystem, HashAlgorithm, HostReply, Opened,
    Refusal, VirtualPath, Wishes,
};
use ftp_proto::listing::{Entry, Fields, Kind, OwnedEntry};

use crate::accounts::Seat;
use crate::quota::{Meter, Quota, Way, joined};
use crate::rights::{Rights, Rules};

/// A file system of which an account sees and may change only a part.
#[derive(Debug)]
pub struct Home<F> {
    pub files: Arc<F>,
    pub rules: Arc<Rules>,
    pub quota: Option<Quota>,
    /// `true` if `files` shows an upload only once it is complete.
    pub atomic: bool,
    /// Counts the session, if the account's sessions are limited.
    pub _seat: Option<Seat>,
}

/// Returns `Ok` if there are these rights.
fn need(rights: Rights, needed: Rights) -> Result<(), Refusal> {
    if rights.has(needed) { Ok(()) } else { Err(Refusal::Denied) }
}

impl<F: Filesystem> Home<F> {
    /// Returns the same files for one session, which is counted while they are in use.
    pub fn counted(&self, seat: Seat) -> Self {
        Self {
            files: Arc::clone(&self.files),
            rules: Arc::clone(&self.rules),
            quota: self.quota.clone(),
            atomic: self.atomic,
            _seat: Some(seat),
        }
    }

    /// Returns the rights in a directory or on a file. What has none is treated as missing.
    fn rights(&self, path: VirtualPath<'_>) -> Result<Rights, Refusal> {
        // Another name of a directory on Windows, which has no rule.
        if cfg!(windows) && !self.rules.is_uniform() && path.as_bytes().contains(&b'~') {
            return Err(Refusal::BadName);
        }
        match self.rules.at(path.as_bytes()) {
            Rights::NONE => Err(Refusal::NotFound),
            rights => Ok(rights),
        }
    }

    /// Returns the size of the file at a path that is about to be written, if there is one.
    fn existing(&self, path: VirtualPath<'_>) -> Result<Option<u64>, Refusal> {
        match self.files.entry(path, true) {
            Ok(entry) => match entry.entry().kind {
                Kind::Directory => Err(Refusal::IsADirectory),
                _ => Ok(Some(entry.entry().size.unwrap_or(0))),
            },
            Err(Refusal::NotFound) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Opens a file that does not exist yet, and that no other upload can create at the same time.
    fn create(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<Opened<F::File>, Refusal> {
        match self.files.entry(path, false) {
            Ok(entry) if entry.entry().kind == Kind::Directory => return Err(Refusal::IsADirectory),
            Ok(_) => return Err(Refusal::Exists),
            Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
        let opened = self.files.open(path, Access::Unique, wishes)?;
        match opened.unique_name.as_deref() == path.file_name() {
            true => Ok(Opened { unique_name: None, ..opened }),
            // Another one was faster. The file with the other name goes with its upload.
            false => Err(Refusal::Exists),
        }
    }

    /// Opens a file for an upload.
    fn store(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<HomeFile<F>>, Refusal> {
        let rights = self.rights(path)?;
        need(rights, Rights::CREATE)?;
        let size = match access {
            Access::Unique => None,
            // Nothing depends on it.
            _ if rights.has(Rights::WRITE) && self.quota.is_none() => None,
            _ => self.existing(path)?,
        };
        let opened = match (access, size) {
            (Access::Unique, _) => self.files.open(path, access, wishes)?,
            _ if rights.has(Rights::WRITE) => self.files.open(path, access, wishes)?,
            (_, Some(_)) => return Err(Refusal::Exists),
            (Access::Write { offset: 1.. }, _) => return Err(Refusal::BadOffset),
            _ => self.create(path, wishes)?,
        };
        let Opened { file, size: _, unique_name } = opened;
        let meter = match &self.quota {
            None => None,
            Some(quota) => {
                let size = size.unwrap_or(0);
                let way = match access {
                    Access::Append => Way::Append,
                    Access::Write { offset } if self.atomic => Way::Replace { offset, size },
                    Access::Write { offset } => Way::From { offset, rest: size.saturating_sub(offset) },
                    _ if self.atomic => Way::Replace { offset: 0, size: 0 },
                    _ => Way::From { offset: 0, rest: 0 },
                };
                let path = with_unique_name(path, unique_name.as_deref());
                Some(Meter::open(quota, &self.files, path, way, wishes.size_hint)?)
            }
        };
        Ok(Opened { file: HomeFile { file, meter }, size: None, unique_name })
    }

    fn described(&self, entry: OwnedEntry, path: &[u8], parent: Rights) -> OwnedEntry {
        described(entry, &self.rules, path, parent)
    }
}

/// Returns the path of an upload with a name that the file system has chosen.
fn with_unique_name(path: VirtualPath<'_>, name: Option<&[u8]>) -> Vec<u8> {
    let Some(name) = name else { return path.as_bytes().to_vec() };
    match path.file_name().filter(|last| name.starts_with(last)) {
        Some(last) => {
            let directory = path.as_bytes().len() - last.len();
            joined(path.as_bytes().get(..directory).unwrap_or(b"/"), name)
        }
        None => joined(path.as_bytes(), name),
    }
}

/// Returns the permissions of an entry that the account has.
fn permissions(entry: &Entry<'_>, rules: &Rules, path: &[u8], parent: Rights) -> Option<Permissions> {
    let permissions = entry.permissions?;
    Some(permissions & rules.permissions(path, parent, entry.kind == Kind::Directory))
}

/// Returns an entry with the permissions that the account has.
fn described(owned: OwnedEntry, rules: &Rules, path: &[u8], parent: Rights) -> OwnedEntry {
    let mut entry = owned.entry();
    let left = permissions(&entry, rules, path, parent);
    if left == entry.permissions {
        return owned;
    }
    entry.permissions = left;
    Entry::to_owned(&entry)
}

impl<F: Filesystem> Filesystem for Home<F> {
    type File = HomeFile<F>;
    type Entries = HomeEntries<F::Entries>;

    fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
        let rights = self.rights(path)?;
        let entry = self.files.entry(path, follow)?;
        // A directory may be entered, even if it is only for uploads.
        if entry.entry().kind != Kind::Directory && !rights.has_any(Rights::READ_ONLY) {
            return Err(Refusal::Denied);
        }
        Ok(self.described(entry, path.as_bytes(), self.rules.around(path)))
    }

    fn entries(&self, path: VirtualPath<'_>, fields: Fields) -> Result<Self::Entries, Refusal> {
        need(self.rights(path)?, Rights::LIST)?;
        let inner = self.files.entries(path, fields)?;
        Ok(HomeEntries {
            inner,
            rules: Arc::clone(&self.rules),
            directory: path.as_bytes().to_vec(),
            // Nothing would change an entry.
            unchanged: self.rules.is_uniform()
                && (self.rules.root() == Rights::FULL || !fields.contains(Fields::PERMISSIONS)),
        })
    }

    fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<Self::File>, Refusal> {
        if !matches!(access, Access::Read { .. }) {
            return self.store(path, access, wishes);
        }
        need(self.rights(path)?, Rights::READ)?;
        let Opened { file, size, unique_name } = self.files.open(path, access, wishes)?;
        Ok(Opened { file: HomeFile { file, meter: None }, size, unique_name })
    }

    fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal> {
        self.rights(path)?;
        need(self.rules.around(path), Rights::CREATE)?;
        self.files.make_directory(path, wishes)
    }

    fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        self.rights(path)?;
        need(self.rules.around(path), Rights::DELETE)?;
        if self.rules.hold_below(path.as_bytes()) {
            return Err(Refusal::Denied);
        }
        self.files.remove_directory(path)
    }

    fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        need(self.rights(path)?, Rights::DELETE)?;
        let size = self.size_of(path);
        self.files.remove_file(path)?;
        self.release(size);
        Ok(())
    }

    /// Moves something to where the account has no more rights to it than before.
    fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
        let (here, there) = (self.rules.around(from), self.rules.around(to));
        for path in [from, to] {
            need(self.rights(path)?, Rights::WRITE)?;
            need(self.rules.around(path), Rights::WRITE)?;
            if !self.rules.is_uniform() && self.rules.hold_below(path.as_bytes()) {
                return Err(Refusal::Denied);
            }
        }
        if here != there && !(here.has(Rights::DELETE) && here.has(there)) {
            return Err(Refusal::Denied);
        }
        let size = if from == to { 0 } else { self.size_of(to) };
        self.files.rename(from, to)?;
        self.release(size);
        Ok(())
    }

    fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
        need(self.rights(path)?, Rights::WRITE)?;
        self.files.change(path, changes)
    }

    /// Denied where rules differ by directory: a link would be a way around them.
    fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
        need(self.rights(path)?, Rights::WRITE)?;
        if !self.rules.is_uniform() {
            return Err(Refusal::Denied);
        }
        self.files.symlink(path, target)
    }

    fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
        let rights = self.rights(path)?;
        need(rights, Rights::WRITE)?;
        for part in parts {
            let of_part = self.rights(*part)?;
            need(of_part, Rights::DELETE.with(Rights::WRITE))?;
            need(of_part, rights)?;
        }
        self.files.combine(path, parts)
    }

    fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
        need(self.rights(path)?, Rights::CREATE)?;
        let inner = self.files.available(path);
        match &self.quota {
            None => inner,
            Some(quota) => Ok(inner.unwrap_or(u64::MAX).min(quota.left(&*self.files))),
        }
    }

    fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> Result<Digest, Refusal> {
        need(self.rights(path)?, Rights::READ)?;
        self.files.digest(path, algorithm, range)
    }

    /// Passed on only if the account has every right, since a command could do anything.
    fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
        self.everything()?;
        self.files.site(directory, line)
    }

    /// Passed on only if the account has every right, since a command could do anything.
    fn command(&self, directory: VirtualPath<'_>, command: &Command<'_>) -> Result<HostReply, Refusal> {
        self.everything()?;
        self.files.command(directory, command)
    }
}

impl<F: Filesystem> Home<F> {
    fn everything(&self) -> Result<(), Refusal> {
        match self.rules.is_uniform() && self.quota.is_none() {
            true => need(self.rules.root(), Rights::FULL),
            false => Err(Refusal::Denied),
        }
    }

    /// Returns the size of a file that may be removed, for the quota. 0 if there is none.
    fn size_of(&self, path: VirtualPath<'_>) -> u64 {
        if self.quota.is_none() {
            return 0;
        }
        let Ok(entry) = self.files.entry(path, false) else { return 0 };
        let entry = entry.entry();
        // The content stays if the file has another name.
        let is_last = entry.links.is_none_or(|links| links < 2);
        if entry.kind == Kind::File && is_last { entry.size.unwrap_or(0) } else { 0 }
    }

    fn release(&self, bytes: u64) {
        if let Some(quota) = &self.quota {
            quota.ledger.release(bytes);
        }
    }
}

/// An open file of a [`Home`].
#[derive(Debug)]
pub struct HomeFile<F: Filesystem> {
    // Dropped before the meter, which may remove what is left of it.
    file: F::File,
    /// `None` for a download, and without a quota.
    meter: Option<Meter<F>>,
}

impl<F: Filesystem> File for HomeFile<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }

    fn begin(&mut self) -> io::Result<()> {
        if let Some(meter) = &mut self.meter {
            meter.begin()?;
        }
        self.file.begin()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(meter) = &mut self.meter else { return self.file.write(bytes) };
        meter.begin()?;
        let count = bytes.len() as u64;
        meter.charge(count)?;
        let written = self.file.write(bytes);
        meter.release(count - *written.as_ref().unwrap_or(&0) as u64);
        written
    }

    fn finish(self) -> Result<(), Refusal> {
        let Self { file, meter } = self;
        file.finish()?;
        if let Some(meter) = meter {
            meter.finish();
        }
        Ok(())
    }

    /// Returns `None` for an upload within a quota, whose bytes have to be counted.
    fn as_file(&self) -> Option<&std::fs::File> {
        match self.meter {
            None => self.file.as_file(),
            Some(_) => None,
        }
    }
}

/// The entries of a directory of a [`Home`].
#[derive(Debug)]
pub struct HomeEntries<I> {
    inner: I,
    rules: Arc<Rules>,
    directory: Vec<u8>,
    unchanged: bool,
}

impl<I: DirectoryEntries> DirectoryEntries for HomeEntries<I> {
    fn next_entries(&mut self, show: &mut dyn FnMut(&Entry<'_>)) -> io::Result<bool> {
        let Self { inner, rules, directory, unchanged } = self;
        let parent = rules.at(directory);
        inner.next_entries(&mut |entry| {
            if *unchanged {
                return show(entry);
            }
            // The same holds for all paths, or it depends on this one.
            let path = match rules.is_uniform() {
                true => Vec::new(),
                false => joined(directory, entry.name.as_bytes()),
            };
            if rules.at(&path) != Rights::NONE {
                let mut entry = *entry;
                entry.permissions = permissions(&entry, rules, &path, parent);
                show(&entry);
            }
        })
    }
}
