//! A directory on disk as the file system of a server. No path leads out of it.
//!
//! cap-std guarantees that: it resolves every path from an open directory (in one system call on
//! Linux versions with `openat2`), so that neither `..` nor a symbolic link leads out, not even a
//! link created between two calls. Links within the directory work if they are relative. A file
//! whose path is in the kernel's cache is opened with the same system call directly.
//!
//! The directory is read-only unless [`Directory::writable`] is used. Pipes, devices and sockets
//! can be listed, removed and renamed, but never opened.

mod atomic;
#[cfg(target_os = "linux")]
mod cached;
#[cfg(not(target_os = "linux"))]
#[path = "disk/not_cached.rs"]
mod cached;
mod combine;
mod entries;
mod file;
mod names;
mod refusal;
mod status;
mod upload;

use ::std::hash::{BuildHasher, Hasher, RandomState};
use ::std::io::{self, Seek, SeekFrom};
use ::std::path::Path;
use ::std::string::String;
use ::std::sync::Arc;
use ::std::vec::Vec;
use ::std::{format, fs};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, Metadata, OpenOptions};

use crate::codec::Text;
use crate::io::host::{Access, Changes, Filesystem, Opened, Refusal, VirtualPath, Wishes};
use crate::listing::{Fields, OwnedEntry};

pub use entries::DiskEntries;
pub use file::DiskFile;

use cached::Cache;
use entries::read_link;
use file::Made;
use refusal::refusal;
use status::{Shown, Status};

/// Name of a file stored with STOU when the client names none.
const DEFAULT_UNIQUE_NAME: &[u8] = b"upload";
/// Number of names `name.1`, `name.2` ... that are tried before random ones.
const NUMBERED_NAMES: u32 = 99;
/// Number of names with a random suffix that are tried before giving up.
const RANDOM_NAMES: u32 = 16;

/// A directory of the real file system, as a [`Filesystem`].
///
/// On Unix, names may be any bytes that a command can hold. Elsewhere, names must be UTF-8 and pass
/// [`safe_name`](crate::codec::safe_name), and are refused with [`Refusal::BadName`] otherwise.
///
/// Uploads are written in place, so that a client can resume one that was cut off, unless
/// [`atomic_uploads`](Self::atomic_uploads) is set. The mode of new files is limited by the umasks
/// of the process and of the client. A `Directory` holds one file descriptor, and still refers to
/// the same directory after a rename.
///
/// ```no_run
/// use ftp_proto::io::Directory;
///
/// let public = Directory::open("/srv/ftp")?;
/// let incoming = Directory::open("/srv/ftp/incoming")?.writable().sync_on_finish(true);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Directory {
    root: Arc<Dir>,
    cache: Cache,
    writable: bool,
    sync_on_finish: bool,
    atomic_uploads: bool,
}

impl Directory {
    /// Opens a directory, read-only. `path` is resolved like any path of this process, following
    /// links.
    ///
    /// # Errors
    /// Fails if there is no such directory, or it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self {
            cache: Cache::of(&root),
            root: Arc::new(root),
            writable: false,
            sync_on_finish: false,
            atomic_uploads: false,
        })
    }

    /// Allows every change that the operating system allows this process.
    #[must_use]
    pub fn writable(self) -> Self {
        Self { writable: true, ..self }
    }

    /// Denies every change, as a newly opened `Directory` does.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { writable: false, ..self }
    }

    /// Sets whether an upload must be on disk (`fsync`, on Unix also of its directory) before the
    /// client receives 226. Off by default, since syncing costs milliseconds per file. On a network
    /// file system, syncing is also the only way to learn that the server's quota is used up.
    #[must_use]
    pub fn sync_on_finish(self, sync: bool) -> Self {
        Self { sync_on_finish: sync, ..self }
    }

    /// Sets whether an upload (STOR, STOU) becomes visible only when it is complete. It is then
    /// written to a temporary file in the same directory, which replaces the old file at the end.
    /// Readers see the old file until then. An upload that was cut off leaves nothing behind, so it
    /// cannot be resumed. Off by default.
    ///
    /// - After REST the temporary file begins with that many bytes of the old file. They are copied
    ///   once the data connection is open, within
    ///   [`Timeouts::stall`](crate::server::Timeouts::stall).
    /// - APPE and COMB still write in place, so that appending to a log does not copy it each time.
    /// - On Unix the new file has the permissions of the old one, but is owned by the user of the
    ///   server's process. Other hard links to the old file keep the old content. A symbolic link
    ///   stays, and the file it points to is replaced; a dangling link is itself replaced. The
    ///   server's process needs write permission for the directory.
    /// - The temporary files are named `.ftp-proto-upload-` and sixteen hexadecimal digits. No
    ///   `Directory` lists them. A process that is killed leaves them behind. Remove those that no
    ///   upload is using, for example with `find DIRECTORY -name '.ftp-proto-upload-*' -mmin +1440
    ///   -delete`. Until then RMD refuses their directory as not empty.
    #[must_use]
    pub fn atomic_uploads(self, atomic: bool) -> Self {
        Self { atomic_uploads: atomic, ..self }
    }

    /// Returns whether the directory may be changed.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        self.writable
    }

    /// Returns the local path of a file or directory to be changed. Denies changes to the root, and
    /// every change if the directory is read-only.
    fn changed<'a>(&self, path: VirtualPath<'a>) -> Result<&'a Path, Refusal> {
        if !self.writable || path.file_name().is_none() {
            return Err(Refusal::Denied);
        }
        local(path.as_bytes())
    }

    /// Sets the permissions. Clients may not set set-user-ID and similar bits.
    #[cfg(unix)]
    fn set_mode(&self, at: &Path, mode: u16) -> Result<(), Refusal> {
        use cap_std::fs::PermissionsExt;
        if mode & !0o777 != 0 {
            return Err(Refusal::Denied);
        }
        let permissions = cap_std::fs::Permissions::from_mode(mode.into());
        self.root.set_permissions(at, permissions).map_err(|error| refusal(&error))
    }

    #[cfg(not(unix))]
    fn set_mode(&self, _: &Path, _: u16) -> Result<(), Refusal> {
        Err(Refusal::Unsupported)
    }

    /// Opens a regular file without ever blocking, even if something else is found at the path.
    fn open_regular(
        &self,
        path: &Path,
        #[cfg_attr(not(unix), allow(unused_mut))] mut options: OpenOptions,
    ) -> Result<(fs::File, u64), Refusal> {
        // Opening a device may have side effects, so the kind is checked first. Since the file may
        // be replaced after that, the open does not block, and the kind of what was opened is
        // checked again.
        match self.root.metadata(path) {
            Ok(found) => regular(&found)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refusal(&error)),
        }
        #[cfg(unix)]
        {
            use cap_std::fs::OpenOptionsExt;
            use rustix::fs::OFlags;
            options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
        }
        let file = self.root.open_with(path, &options).map_err(|error| refusal(&error))?;
        let opened = file.metadata().map_err(|error| refusal(&error))?;
        regular(&opened)?;
        Ok((file.into_std(), opened.len()))
    }

    fn read_from(&self, path: VirtualPath<'_>, offset: u64) -> Result<Opened<DiskFile>, Refusal> {
        let mut options = OpenOptions::new();
        options.read(true);
        self.open_regular(local(path.as_bytes())?, options).and_then(|opened| reading(opened, offset))
    }
}

impl Filesystem for Directory {
    type File = DiskFile;
    type Entries = DiskEntries;

    fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
        let at = local(path.as_bytes())?;
        let found = if follow { self.root.metadata(at) } else { self.root.symlink_metadata(at) };
        let found = found.map_err(|error| refusal(&error))?;
        let name = path.file_name().unwrap_or(path.as_bytes());
        let name = Text::new(name).map_err(|_| Refusal::BadName)?;
        let is_root = path.file_name().is_none();
        let status = Status::from(&found);
        let target = status.is_link().then(|| read_link(&self.root, at)).flatten();
        let shown = Shown { writable: self.writable, is_root, fields: Fields::all() };
        Ok(status.describe(name, target.as_deref(), shown, |entry| entry.to_owned()))
    }

    fn entries(&self, path: VirtualPath<'_>, fields: Fields) -> Result<DiskEntries, Refusal> {
        let at = local(path.as_bytes())?;
        DiskEntries::open(&self.root, at, self.writable, fields).map_err(|error| refusal(&error))
    }

    fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<DiskFile>, Refusal> {
        match access {
            Access::Read { offset } => self.read_from(path, offset),
            Access::Write { offset } => self.write_from(path, offset, wishes),
            Access::Append => self.append(path, wishes),
            Access::Unique => self.write_unique(path, wishes),
        }
    }

    fn open_cached(&self, path: VirtualPath<'_>, offset: u64) -> Option<Opened<DiskFile>> {
        reading(self.cache.open(&self.root, local(path.as_bytes()).ok()?)?, offset).ok()
    }

    fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal> {
        if self.writable && path.file_name().is_none() {
            return Err(Refusal::Exists);
        }
        let made = self.root.create_dir_with(self.changed(path)?, &new_directory(wishes));
        made.map_err(|error| refusal(&error))
    }

    fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        self.root.remove_dir(self.changed(path)?).map_err(|error| refusal(&error))
    }

    fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        if self.writable && path.file_name().is_none() {
            return Err(Refusal::IsADirectory);
        }
        let at = self.changed(path)?;
        self.root.remove_file(at).map_err(|error| {
            // POSIX specifies EPERM for a directory; only Linux returns EISDIR.
            match self.root.symlink_metadata(at) {
                Ok(found) if found.is_dir() => Refusal::IsADirectory,
                _ => refusal(&error),
            }
        })
    }

    fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
        let (from, to) = (self.changed(from)?, self.changed(to)?);
        let moved = self.root.symlink_metadata(from).map_err(|error| refusal(&error))?;
        match self.root.symlink_metadata(to) {
            // POSIX lets a directory replace an empty one. Here only a file may be replaced.
            Ok(there) if (there.is_dir() || moved.is_dir()) && !same(&moved, &there, from, to) => {
                return Err(Refusal::Exists);
            }
            _ => {}
        }
        self.root.rename(from, &self.root, to).map_err(|error| refusal(&error))
    }

    /// Sets times of modification, and permissions on Unix. The time of creation cannot be set.
    fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
        let at = self.changed(path)?;
        if changes.created.is_some() {
            return Err(Refusal::Unsupported);
        }
        if let Some(modified) = changes.modified {
            let mut options = OpenOptions::new();
            options.read(true);
            let (file, _) = self.open_regular(at, options)?;
            let time = modified.to_system_time().ok_or(Refusal::Unsupported)?;
            file.set_modified(time).map_err(|error| refusal(&error))?;
        }
        match changes.mode {
            Some(mode) => self.set_mode(at, mode),
            None => Ok(()),
        }
    }

    /// Restores the target if a part cannot be copied, and removes no part before all are copied.
    fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
        let target = self.uploaded(path)?;
        let parts = parts.iter().map(|part| self.uploaded(*part)).collect::<Result<Vec<_>, _>>()?;
        combine::combine(self, target, &parts)
    }

    #[cfg(unix)]
    fn available(&self, _: VirtualPath<'_>) -> Result<u64, Refusal> {
        let room = rustix::fs::fstatvfs(&self.root).map_err(|error| refusal(&error.into()))?;
        Ok(room.f_bavail.saturating_mul(room.f_frsize))
    }
}

/// Returns the path relative to the root in the form that the operating system takes: `.` for the
/// root.
#[cfg(unix)]
fn local(path: &[u8]) -> Result<&Path, Refusal> {
    use ::std::ffi::OsStr;
    use ::std::os::unix::ffi::OsStrExt;
    let relative = path.strip_prefix(b"/").ok_or(Refusal::BadName)?;
    Ok(Path::new(if relative.is_empty() { OsStr::new(".") } else { OsStr::from_bytes(relative) }))
}

/// Returns the path relative to the root in the form that the operating system takes: `.` for the
/// root.
#[cfg(not(unix))]
fn local(path: &[u8]) -> Result<&Path, Refusal> {
    let relative = path.strip_prefix(b"/").ok_or(Refusal::BadName)?;
    if relative.is_empty() {
        return Ok(Path::new("."));
    }
    // One component here may be two components, a device, or a stream of a file on such a system.
    if relative.split(|byte| *byte == b'/').any(|name| crate::codec::safe_name(name).is_err()) {
        return Err(Refusal::BadName);
    }
    ::std::str::from_utf8(relative).map(Path::new).map_err(|_| Refusal::BadName)
}

/// Returns the options for opening a file that may not exist yet. The mode of a new file is limited
/// by the umasks of this process and of the client.
fn new_file(#[cfg_attr(not(unix), allow(unused))] wishes: &Wishes) -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt;
        options.mode(0o666 & !u32::from(wishes.umask.unwrap_or(0)));
    }
    options
}

/// Returns the options for creating a directory, with a mode that is limited like that of a file.
fn new_directory(#[cfg_attr(not(unix), allow(unused))] wishes: &Wishes) -> DirBuilder {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use cap_std::fs::DirBuilderExt;
        builder.mode(0o777 & !u32::from(wishes.umask.unwrap_or(0)));
    }
    builder
}

/// Prepares a file of this length to be read from `offset`.
fn reading((mut file, length): (fs::File, u64), offset: u64) -> Result<Opened<DiskFile>, Refusal> {
    let size = length.checked_sub(offset).ok_or(Refusal::BadOffset)?;
    if offset > 0 {
        file.seek(SeekFrom::Start(offset)).map_err(|error| refusal(&error))?;
    }
    Ok(Opened { file: DiskFile::reading(file), size: Some(size), unique_name: None })
}

fn regular(found: &Metadata) -> Result<(), Refusal> {
    match (found.is_dir(), found.is_file()) {
        (true, _) => Err(Refusal::IsADirectory),
        (_, true) => Ok(()),
        _ => Err(Refusal::Denied),
    }
}

/// Returns whether two paths name the same directory, as `a` and `A` do on a case-insensitive file
/// system. A directory does not prevent its own renaming.
#[cfg(unix)]
fn same(a: &Metadata, b: &Metadata, _: &Path, _: &Path) -> bool {
    use cap_std::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Returns whether two paths name the same directory, as `a` and `A` do on a case-insensitive file
/// system. A directory does not prevent its own renaming.
#[cfg(not(unix))]
fn same(_: &Metadata, _: &Metadata, a: &Path, b: &Path) -> bool {
    same_name(a, b)
}

/// Returns whether two paths are equal. Different paths to the same file are recognized by the
/// file's device and inode numbers instead.
#[cfg(unix)]
fn same_name(a: &Path, b: &Path) -> bool {
    a == b
}

/// Returns whether two paths are equal if case is ignored, as on Windows.
#[cfg(not(unix))]
fn same_name(a: &Path, b: &Path) -> bool {
    match (a.to_str(), b.to_str()) {
        (Some(a), Some(b)) => a.to_lowercase() == b.to_lowercase(),
        _ => false,
    }
}

/// Returns the suffixes that are tried until a name is unused: first none, then small numbers that
/// a person can read, and finally random ones, so that the thousandth upload under a name is no
/// slower than the hundredth.
fn unique_endings() -> impl Iterator<Item = String> {
    let numbered = (1..=NUMBERED_NAMES).map(|number| format!(".{number}"));
    let random = (0..RANDOM_NAMES).map(|_| format!(".{:016x}", RandomState::new().build_hasher().finish()));
    ::std::iter::once(String::new()).chain(numbered).chain(random)
}
