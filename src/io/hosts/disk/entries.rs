//! Describes files, as the operating system reports them, as entries of a listing.

use ::std::ffi::OsStr;
use ::std::io;
use ::std::path::{Path, PathBuf};
use ::std::sync::Arc;
use ::std::time::SystemTime;

use cap_std::fs::{Dir, DirEntry, FileType, Metadata, ReadDir};

use super::atomic::is_temporary;
use crate::codec::{Permissions, Text, Timestamp};
use crate::listing::{Entry, Kind, Modified, OwnedEntry, Precision};

/// The entries of a directory, read while they are sent.
///
/// Entries that vanish meanwhile and temporary files of [atomic
/// uploads](super::Directory::atomic_uploads) are left out. So are names that no line of a listing
/// can show: those with CR or LF and, outside Unix, those that are not Unicode. Entries that may
/// not be examined have only a name and kind. On Unix that applies to all entries of a directory
/// that this process may read but not search. If reading the directory fails, the iteration ends
/// with the error.
#[derive(Debug)]
pub struct DiskEntries {
    /// `None` once reading has failed.
    names: Option<Names>,
    /// The open directory, for reading the targets of links. `root` and `path` serve to find out
    /// where the links lead.
    directory: Dir,
    root: Arc<Dir>,
    path: PathBuf,
    writable: bool,
}

/// The source of the names.
#[derive(Debug)]
enum Names {
    /// A directory whose entries can be examined.
    Searchable(ReadDir),
    /// A directory with permission `r` but not `x`, whose entries cannot be examined. cap-std does
    /// not read such directories.
    #[cfg(unix)]
    Readable(rustix::fs::Dir),
}

impl DiskEntries {
    /// Lists the directory that was opened at `path`.
    pub(super) fn new(directory: Dir, root: Arc<Dir>, path: &Path, writable: bool) -> io::Result<Self> {
        let names = match directory.entries() {
            Ok(entries) => Names::Searchable(entries),
            #[cfg(unix)]
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => readable(&root, path)?,
            Err(error) => return Err(error),
        };
        Ok(Self { names: Some(names), directory, root, path: path.to_owned(), writable })
    }

    /// Returns the details of an entry, or `None` if it is left out.
    fn described(&self, entry: &DirEntry) -> Option<OwnedEntry> {
        let name = entry.file_name();
        let bytes = bytes(&name).filter(|bytes| !is_temporary(bytes))?;
        match entry.metadata() {
            Ok(found) => {
                let linked = found.is_symlink();
                let within = linked && leads_within(&self.root, &self.path.join(&name));
                let target = if within { self.directory.read_link(&name).ok() } else { None };
                describe(bytes, &found, target.as_deref(), self.writable, false)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => bare(bytes, entry.file_type().map_or(Kind::Unknown, |kind| kind_of(kind, None, None))),
        }
    }
}

/// Returns an entry with only a name and kind.
fn bare(name: &[u8], kind: Kind<'_>) -> Option<OwnedEntry> {
    Text::new(name).ok().map(|name| Entry::to_owned(&Entry::new(name, kind)))
}

/// Opens a directory to read its names, for which no permission to search it is needed.
#[cfg(unix)]
fn readable(root: &Dir, path: &Path) -> io::Result<Names> {
    use cap_std::fs::{OpenOptions, OpenOptionsExt};
    use rustix::fs::OFlags;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlags::DIRECTORY | OFlags::NONBLOCK).bits() as i32);
    let directory = root.open_with(path, &options)?.into_std();
    Ok(Names::Readable(rustix::fs::Dir::new(directory)?))
}

/// Converts the kind that reading the directory returns, without examining the entry.
#[cfg(unix)]
fn kind_as_read(kind: rustix::fs::FileType) -> Kind<'static> {
    use rustix::fs::FileType;
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link { target: None },
        FileType::Fifo => Kind::Pipe,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice => Kind::CharacterDevice(None),
        FileType::BlockDevice => Kind::BlockDevice(None),
        FileType::Unknown => Kind::Unknown,
    }
}

impl Iterator for DiskEntries {
    type Item = io::Result<OwnedEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let read = match self.names.as_mut()? {
                Names::Searchable(entries) => match entries.next()? {
                    Ok(entry) => Ok(self.described(&entry)),
                    Err(error) => Err(error),
                },
                #[cfg(unix)]
                Names::Readable(entries) => match entries.read()? {
                    Ok(entry) => match entry.file_name().to_bytes() {
                        b"." | b".." => Ok(None),
                        name if is_temporary(name) => Ok(None),
                        name => Ok(bare(name, kind_as_read(entry.file_type()))),
                    },
                    Err(error) => Err(error.into()),
                },
            };
            match read {
                Ok(Some(described)) => return Some(Ok(described)),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.names = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Returns whether the link at `path` stays within the root. If it leads outside, clients must not
/// learn its target. A link within the root whose target does not exist counts as staying.
pub(super) fn leads_within(root: &Dir, path: &Path) -> bool {
    // cap-std returns this error for a path that leads outside, and the operating system for a path
    // through a directory that this process may not search.
    !matches!(root.metadata(path), Err(error) if error.kind() == io::ErrorKind::PermissionDenied)
}

/// Returns the entry of a file called `name`, or `None` if no listing can show that name.
pub(super) fn describe(
    name: &[u8],
    found: &Metadata,
    target: Option<&Path>,
    writable: bool,
    is_root: bool,
) -> Option<OwnedEntry> {
    // An absolute target was not read, since it would reveal what lies outside.
    let target = target.and_then(|path| bytes(path.as_os_str())).and_then(|bytes| Text::new(bytes).ok());
    let mut entry = Entry::new(Text::new(name).ok()?, kind_of(found.file_type(), Some(found), target));
    entry.modified = found.modified().ok().and_then(|time| modified(time.into_std()));
    entry.permissions = permissions(&entry.kind, writable, is_root);
    if entry.kind == Kind::File {
        entry.size = Some(found.len());
    }
    #[cfg(unix)]
    {
        use ::std::format;
        use cap_std::fs::MetadataExt;
        entry.mode = Some((found.mode() & 0o7777) as u16);
        entry.links = Some(found.nlink());
        let (owner, group) = (format!("{}", found.uid()), format!("{}", found.gid()));
        let unique = format!("{:x}g{:x}", found.dev(), found.ino());
        entry.owner = Text::new(owner.as_bytes()).ok();
        entry.group = Text::new(group.as_bytes()).ok();
        entry.unique = Text::new(unique.as_bytes()).ok();
        Some(Entry::to_owned(&entry))
    }
    #[cfg(not(unix))]
    Some(Entry::to_owned(&entry))
}

/// Returns the bytes of a name: on Unix the name itself, elsewhere UTF-8 if it is Unicode.
fn bytes(name: &OsStr) -> Option<&[u8]> {
    #[cfg(unix)]
    {
        use ::std::os::unix::ffi::OsStrExt;
        Some(name.as_bytes())
    }
    #[cfg(not(unix))]
    name.to_str().map(str::as_bytes)
}

#[cfg_attr(not(unix), allow(unused_variables))]
fn kind_of<'a>(kind: FileType, found: Option<&Metadata>, target: Option<Text<'a>>) -> Kind<'a> {
    #[cfg(unix)]
    {
        use crate::listing::Device;
        use cap_std::fs::{FileTypeExt, MetadataExt};
        use rustix::fs::{major, minor};
        let device = found.map(|found| {
            // The width of a device number depends on the system.
            let number = found.rdev() as rustix::fs::Dev;
            Device { major: major(number), minor: minor(number) }
        });
        let special = [
            (kind.is_fifo(), Kind::Pipe),
            (kind.is_socket(), Kind::Socket),
            (kind.is_block_device(), Kind::BlockDevice(device)),
            (kind.is_char_device(), Kind::CharacterDevice(device)),
        ];
        if let Some((_, kind)) = special.into_iter().find(|row| row.0) {
            return kind;
        }
    }
    let plain = [
        (kind.is_file(), Kind::File),
        (kind.is_dir(), Kind::Directory),
        (kind.is_symlink(), Kind::Link { target }),
    ];
    plain.into_iter().find(|row| row.0).map_or(Kind::Unknown, |row| row.1)
}

/// Converts a time to whole seconds in UTC, which other servers report and MFMT can set. RFC 3659
/// 2.3 wants a server to show only the digits that the file system stores, but no file system is
/// asked how many fractional digits it has.
fn modified(time: SystemTime) -> Option<Modified> {
    let shown = Timestamp::from_system_time(time).ok()?;
    Some(Modified::new(shown, Precision::Second, Some(0)))
}

/// Returns what this server would try if a client asked for it. The operating system may still
/// refuse when it is tried; RFC 3659 7.5.5 asks for no more. Returns `None` for a link, which may
/// lead anywhere.
fn permissions(kind: &Kind<'_>, writable: bool, is_root: bool) -> Option<Permissions> {
    let file = Permissions::RETRIEVE;
    let directory = Permissions::ENTER | Permissions::LIST;
    let into_file = Permissions::APPEND | Permissions::STORE;
    let into_directory = Permissions::CREATE | Permissions::MAKE_DIRECTORY | Permissions::PURGE;
    let in_parent = if is_root { Permissions::empty() } else { Permissions::DELETE | Permissions::RENAME };
    let (read, change) = match kind {
        Kind::File => (file, into_file | in_parent),
        Kind::Directory => (directory, into_directory | in_parent),
        Kind::Pipe | Kind::Socket | Kind::BlockDevice(_) | Kind::CharacterDevice(_) => {
            (Permissions::empty(), in_parent)
        }
        _ => return None,
    };
    Some(if writable { read | change } else { read })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::std::string::ToString;
    use ::std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_time_is_cut_to_the_second_it_lies_in() {
        let half = Duration::from_millis(500);
        let second = Duration::from_secs(1);
        for (time, shown) in [
            (UNIX_EPOCH, "1970-01-01T00:00:00Z"),
            (UNIX_EPOCH + half, "1970-01-01T00:00:00Z"),
            (UNIX_EPOCH - half, "1969-12-31T23:59:59Z"),
            (UNIX_EPOCH - second, "1969-12-31T23:59:59Z"),
            (UNIX_EPOCH - second - half, "1969-12-31T23:59:58Z"),
        ] {
            assert_eq!(modified(time).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_time_that_no_listing_can_show_is_left_out() {
        assert_eq!(modified(UNIX_EPOCH + Duration::from_secs(300_000_000_000)), None);
    }

    #[test]
    fn what_may_be_done_depends_on_the_kind() {
        for (kind, writable, is_root, letters) in [
            (Kind::File, false, false, "r"),
            (Kind::File, true, false, "adfrw"),
            (Kind::Directory, false, false, "el"),
            (Kind::Directory, true, false, "cdeflmp"),
            (Kind::Directory, true, true, "celmp"),
            (Kind::Pipe, false, false, ""),
            (Kind::Socket, true, false, "df"),
        ] {
            let expected = Permissions::parse(letters.as_bytes()).unwrap();
            assert_eq!(permissions(&kind, writable, is_root), Some(expected), "{kind:?}");
        }
        assert_eq!(permissions(&Kind::Link { target: None }, true, false), None);
    }
}
