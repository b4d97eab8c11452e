//! A file system on an object store.
//!
//! An object store has no directories, only keys: a directory is there if an object says so (its
//! key ends with `/`), or if a key begins with its path. The last file of a directory that nobody
//! has created takes the directory with it.

use ftp_proto::codec::{Text, Timestamp};
use ftp_proto::io::{Access, AsyncFilesystem, Opened, Refusal, VirtualPath, Wishes};
use ftp_proto::listing::{Entry, Fields, Kind, Modified, OwnedEntry, Precision};
use futures_util::TryStreamExt;
use opendal::{ErrorKind, Metadata, Operator};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::listing::Listing;
use crate::object::Object;

/// Size of the parts of a large upload, in bytes. S3 takes 10,000 parts, which makes 80 GB.
const PART: usize = 8 << 20;

/// Attempts to find an unused name.
const NAMES: u32 = 8;

/// A file system whose files are the objects of a store.
#[derive(Clone, Debug)]
pub struct Store {
    operator: Operator,
}

impl Store {
    pub const fn new(operator: Operator) -> Self {
        Self { operator }
    }

    /// Returns what is at `path`: a file, or a directory.
    async fn find(&self, path: VirtualPath<'_>) -> Result<Found, Refusal> {
        let key = key(path)?;
        if key.is_empty() {
            return Ok(Found::Directory);
        }
        match self.operator.stat(key).await {
            Ok(metadata) if metadata.is_dir() => return Ok(Found::Directory),
            Ok(metadata) => return Ok(Found::File(metadata)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(refusal(&error)),
        }
        match self.is_directory(key).await? {
            true => Ok(Found::Directory),
            false => Err(Refusal::NotFound),
        }
    }

    /// Returns whether an object says that there is a directory, or lies in it.
    async fn is_directory(&self, key: &str) -> Result<bool, Refusal> {
        let mut below =
            self.operator.lister_with(&prefix(key)).limit(1).await.map_err(|error| refusal(&error))?;
        match below.try_next().await {
            Ok(first) => Ok(first.is_some()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(refusal(&error)),
        }
    }

    /// Checks that a file or directory may be created at `path`: in a directory that is there.
    async fn check_parent(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        let parent = key(path)?.rsplit_once('/').map_or("", |(parent, _)| parent);
        match parent.is_empty() || self.is_directory(parent).await? {
            true => Ok(()),
            false => Err(Refusal::NotFound),
        }
    }

    async fn read(&self, path: VirtualPath<'_>, offset: u64) -> Result<Opened<Object>, Refusal> {
        let Found::File(metadata) = self.find(path).await? else { return Err(Refusal::IsADirectory) };
        let size = metadata.content_length();
        let rest = size.checked_sub(offset).ok_or(Refusal::BadOffset)?;
        let mut reader = self.operator.reader_with(key(path)?);
        // Another object that takes its place in the meantime is an error, and no mixture of both.
        if let Some(etag) = metadata.etag().filter(|_| self.operator.info().capability().read_with_if_match) {
            reader = reader.if_match(etag);
        }
        let reader = reader.await.map_err(|error| refusal(&error))?;
        let bytes = reader.into_futures_async_read(offset..size).await.map_err(|error| refusal(&error))?;
        Ok(Opened { file: Object::Reading(Box::new(bytes)), size: Some(rest), unique_name: None })
    }

    async fn write(&self, path: VirtualPath<'_>) -> Result<Opened<Object>, Refusal> {
        let key = key(path)?;
        match self.find(path).await {
            Ok(Found::Directory) => return Err(Refusal::IsADirectory),
            Ok(Found::File(_)) => {}
            Err(Refusal::NotFound) => self.check_parent(path).await?,
            Err(refusal) => return Err(refusal),
        }
        let writer = self.operator.writer_with(key).chunk(PART).await.map_err(|error| refusal(&error))?;
        Ok(Opened { file: Object::Writing(Box::new(writer)), size: None, unique_name: None })
    }

    /// Opens a new file with a name that nobody uses.
    async fn write_unique(&self, path: VirtualPath<'_>) -> Result<Opened<Object>, Refusal> {
        let (directory, stem) = match self.find(path).await {
            Ok(Found::Directory) => (prefix(key(path)?), "file"),
            Ok(Found::File(_)) | Err(Refusal::NotFound) => {
                let (directory, name) = key(path)?.rsplit_once('/').map_or(("", key(path)?), |parts| parts);
                (prefix(directory), name)
            }
            Err(refusal) => return Err(refusal),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        for attempt in 0..NAMES {
            let name = format!("{stem}.{:x}", now + u128::from(attempt));
            let path = format!("/{directory}{name}");
            let path = VirtualPath::parse(path.as_bytes()).map_err(|_| Refusal::BadName)?;
            if matches!(self.find(path).await, Err(Refusal::NotFound)) {
                return Ok(Opened { unique_name: Some(name.into_bytes()), ..self.write(path).await? });
            }
        }
        Err(Refusal::Busy)
    }

    /// Copies a file: by the store itself where it can.
    async fn copy(&self, from: &str, to: &str, size: u64) -> opendal::Result<()> {
        if self.operator.info().capability().copy {
            return self.operator.copy(from, to).await.map(drop);
        }
        let mut bytes = self.operator.reader(from).await?.into_stream(0..size).await?;
        let mut writer = self.operator.writer_with(to).chunk(PART).await?;
        while let Some(buffer) = bytes.try_next().await? {
            writer.write(buffer).await?;
        }
        writer.close().await.map(drop)
    }
}

enum Found {
    File(Metadata),
    Directory,
}

impl AsyncFilesystem for Store {
    type File = Object;
    type Entries = Listing;

    async fn entry(&self, path: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
        let name = path.file_name().unwrap_or(b"/");
        match self.find(path).await? {
            Found::File(metadata) => describe(name, &metadata),
            Found::Directory => Ok(Entry::new(text(name)?, Kind::Directory).to_owned()),
        }
    }

    async fn entries(&self, path: VirtualPath<'_>, fields: Fields) -> Result<Listing, Refusal> {
        let key = key(path)?;
        if !key.is_empty() {
            let Found::Directory = self.find(path).await? else { return Err(Refusal::NotADirectory) };
        }
        let prefix = prefix(key);
        let lister = self.operator.lister(&prefix).await.map_err(|error| refusal(&error))?;
        Ok(Listing::new(self.operator.clone(), prefix, lister, fields))
    }

    async fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        _: &Wishes,
    ) -> Result<Opened<Object>, Refusal> {
        match access {
            Access::Read { offset } => self.read(path, offset).await,
            Access::Write { offset: 0 } => self.write(path).await,
            Access::Unique => self.write_unique(path).await,
            // Nothing can be added to an object: 504.
            _ => Err(Refusal::Unsupported),
        }
    }

    async fn make_directory(&self, path: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
        match self.find(path).await {
            Ok(_) => return Err(Refusal::Exists),
            Err(Refusal::NotFound) => self.check_parent(path).await?,
            Err(refusal) => return Err(refusal),
        }
        self.operator.create_dir(&prefix(key(path)?)).await.map_err(|error| refusal(&error))
    }

    async fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        let key = key(path)?;
        let Found::Directory = self.find(path).await? else { return Err(Refusal::NotADirectory) };
        if key.is_empty() {
            return Err(Refusal::Denied);
        }
        let prefix = prefix(key);
        let mut below = self.operator.lister_with(&prefix).limit(2).await.map_err(|error| refusal(&error))?;
        while let Some(entry) = below.try_next().await.map_err(|error| refusal(&error))? {
            if entry.path() != prefix {
                return Err(Refusal::NotEmpty);
            }
        }
        self.operator.delete(&prefix).await.map_err(|error| refusal(&error))
    }

    async fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        let Found::File(_) = self.find(path).await? else { return Err(Refusal::IsADirectory) };
        self.operator.delete(key(path)?).await.map_err(|error| refusal(&error))
    }

    /// Copies a file and deletes the first one: for a moment both are there. A whole tree cannot
    /// be moved so that nobody sees half of it, and is refused: 504.
    async fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
        let Found::File(metadata) = self.find(from).await? else { return Err(Refusal::Unsupported) };
        match self.find(to).await {
            Ok(Found::Directory) => return Err(Refusal::IsADirectory),
            Ok(Found::File(_)) => {}
            Err(Refusal::NotFound) => self.check_parent(to).await?,
            Err(refusal) => return Err(refusal),
        }
        if from == to {
            return Ok(());
        }
        let (from, to) = (key(from)?, key(to)?);
        self.copy(from, to, metadata.content_length()).await.map_err(|error| refusal(&error))?;
        self.operator.delete(from).await.map_err(|error| refusal(&error))
    }
}

/// Returns the key of the object at a path. Keys are UTF-8.
fn key(path: VirtualPath<'_>) -> Result<&str, Refusal> {
    let key = std::str::from_utf8(path.as_bytes()).map_err(|_| Refusal::BadName)?;
    Ok(key.trim_start_matches('/'))
}

/// Returns what the keys in a directory begin with.
fn prefix(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{}/", key.trim_end_matches('/')) }
}

fn text(name: &[u8]) -> Result<Text<'_>, Refusal> {
    Text::new(name).map_err(|_| Refusal::BadName)
}

/// Describes a file.
pub fn describe(name: &[u8], metadata: &Metadata) -> Result<OwnedEntry, Refusal> {
    let mut entry = Entry::new(text(name)?, Kind::File);
    entry.size = Some(metadata.content_length());
    let modified = metadata.last_modified().map(SystemTime::from);
    entry.modified = modified
        .and_then(|time| Timestamp::from_system_time(time).ok())
        .map(|time| Modified::new(time, Precision::Second, Some(0)));
    Ok(entry.to_owned())
}

/// Translates an error of the store. What nobody can act upon but its operator is told to him.
pub fn refusal(error: &opendal::Error) -> Refusal {
    match error.kind() {
        ErrorKind::NotFound => Refusal::NotFound,
        ErrorKind::PermissionDenied => Refusal::Denied,
        ErrorKind::IsADirectory => Refusal::IsADirectory,
        ErrorKind::NotADirectory => Refusal::NotADirectory,
        ErrorKind::AlreadyExists => Refusal::Exists,
        ErrorKind::Unsupported => Refusal::Unsupported,
        ErrorKind::RateLimited | ErrorKind::ConditionNotMatch | ErrorKind::Conflict => Refusal::Busy,
        ErrorKind::RangeNotSatisfied => Refusal::BadOffset,
        _ => {
            eprintln!("objects: {error}");
            if error.is_temporary() { Refusal::Busy } else { Refusal::Failed }
        }
    }
}
