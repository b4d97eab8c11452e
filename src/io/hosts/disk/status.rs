//! Converts the operating system's descriptions of files to entries of a listing.

use ::std::ffi::OsStr;
use ::std::path::Path;
use ::std::time::SystemTime;

#[cfg(unix)]
use arrayvec::ArrayVec;
use cap_std::fs::{FileType, Metadata};

use crate::codec::{Permissions, Text, Timestamp};
#[cfg(unix)]
use crate::codec::{Sink, encode::Digits};
use crate::listing::{Entry, Fields, Kind, Modified, Precision};

/// The details of a file. Links are not followed.
#[derive(Debug)]
pub(super) struct Status {
    kind: Kind<'static>,
    size: u64,
    modified: Option<Modified>,
    #[cfg(unix)]
    unix: Unix,
}

/// The details that only Unix has.
#[cfg(unix)]
#[derive(Debug)]
struct Unix {
    mode: u16,
    links: u64,
    owner: u32,
    group: u32,
    device: u64,
    inode: u64,
}

/// A client's view of an entry: the client's rights, and the fields that it sees.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) writable: bool,
    pub(super) is_root: bool,
    #[cfg_attr(not(unix), allow(dead_code, reason = "the fields that may be left out are those of Unix"))]
    pub(super) fields: Fields,
}

impl From<&Metadata> for Status {
    fn from(found: &Metadata) -> Self {
        #[cfg(unix)]
        use cap_std::fs::MetadataExt;
        Self {
            #[cfg(unix)]
            kind: with_device(kind_of(found.file_type()), found.rdev() as rustix::fs::Dev),
            #[cfg(not(unix))]
            kind: kind_of(found.file_type()),
            size: found.len(),
            modified: found.modified().ok().and_then(|time| modified(time.into_std())),
            #[cfg(unix)]
            unix: Unix {
                mode: (found.mode() & 0o7777) as u16,
                links: found.nlink(),
                owner: found.uid(),
                group: found.gid(),
                device: found.dev(),
                inode: found.ino(),
            },
        }
    }
}

// The widths of the fields depend on the system.
#[cfg(unix)]
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
impl From<&rustix::fs::Stat> for Status {
    fn from(found: &rustix::fs::Stat) -> Self {
        let kind = kind_of_raw(rustix::fs::FileType::from_raw_mode(found.st_mode));
        Self {
            kind: with_device(kind, found.st_rdev as rustix::fs::Dev),
            size: found.st_size as u64,
            modified: Timestamp::from_unix(found.st_mtime.into(), 0).ok().map(to_the_second),
            unix: Unix {
                mode: (found.st_mode & 0o7777) as u16,
                links: found.st_nlink.into(),
                owner: found.st_uid,
                group: found.st_gid,
                device: found.st_dev as u64,
                inode: found.st_ino.into(),
            },
        }
    }
}

impl Status {
    /// Returns whether the file is a symbolic link.
    pub(super) const fn is_link(&self) -> bool {
        matches!(self.kind, Kind::Link { .. })
    }

    /// Passes the entry of a file called `name` to `show`. `target` is the target of a link.
    pub(super) fn describe<T>(
        &self,
        name: Text<'_>,
        target: Option<&Path>,
        shown: Shown,
        show: impl FnOnce(&Entry<'_>) -> T,
    ) -> T {
        let kind = match self.kind {
            Kind::Link { .. } => {
                let target = target.and_then(|path| bytes(path.as_os_str()));
                Kind::Link { target: target.and_then(|target| Text::new(target).ok()) }
            }
            kind => kind,
        };
        let mut entry = Entry::new(name, kind);
        entry.modified = self.modified;
        entry.permissions = permissions(&kind, shown.writable, shown.is_root);
        if kind == Kind::File {
            entry.size = Some(self.size);
        }
        #[cfg(unix)]
        {
            let it = &self.unix;
            (entry.mode, entry.links) = (Some(it.mode), Some(it.links));
            let (owner, group) = (Digits::new::<10>(it.owner.into()), Digits::new::<10>(it.group.into()));
            let mut unique = ArrayVec::<u8, 33>::new();
            if shown.fields.contains(Fields::OWNER) {
                entry.owner = Text::new(owner.as_bytes()).ok();
            }
            if shown.fields.contains(Fields::GROUP) {
                entry.group = Text::new(group.as_bytes()).ok();
            }
            if shown.fields.contains(Fields::UNIQUE) {
                let (device, inode) = (Digits::new::<16>(it.device), Digits::new::<16>(it.inode));
                for part in [device.as_bytes(), b"g", inode.as_bytes()] {
                    // The longest parts fit.
                    let _ = unique.put(part);
                }
                entry.unique = Text::new(&unique).ok();
            }
            show(&entry)
        }
        #[cfg(not(unix))]
        show(&entry)
    }
}

/// Returns the bytes of a name: on Unix the name itself, elsewhere UTF-8 if it is Unicode.
pub(super) fn bytes(name: &OsStr) -> Option<&[u8]> {
    #[cfg(unix)]
    {
        use ::std::os::unix::ffi::OsStrExt;
        Some(name.as_bytes())
    }
    #[cfg(not(unix))]
    name.to_str().map(str::as_bytes)
}

/// Converts the kind of a file. Devices do not have their numbers yet, nor links their targets.
pub(super) fn kind_of(kind: FileType) -> Kind<'static> {
    #[cfg(unix)]
    {
        use cap_std::fs::FileTypeExt;
        let special = [
            (kind.is_fifo(), Kind::Pipe),
            (kind.is_socket(), Kind::Socket),
            (kind.is_block_device(), Kind::BlockDevice(None)),
            (kind.is_char_device(), Kind::CharacterDevice(None)),
        ];
        if let Some((_, kind)) = special.into_iter().find(|row| row.0) {
            return kind;
        }
    }
    let plain = [
        (kind.is_file(), Kind::File),
        (kind.is_dir(), Kind::Directory),
        (kind.is_symlink(), Kind::Link { target: None }),
    ];
    plain.into_iter().find(|row| row.0).map_or(Kind::Unknown, |row| row.1)
}

/// Converts the kind of a file as reported by the system calls of Unix. Devices do not have their
/// numbers yet, nor links their targets.
#[cfg(unix)]
pub(super) fn kind_of_raw(kind: rustix::fs::FileType) -> Kind<'static> {
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

/// Adds the numbers to the kind of a device.
#[cfg(unix)]
fn with_device(kind: Kind<'static>, number: rustix::fs::Dev) -> Kind<'static> {
    use crate::listing::Device;
    use rustix::fs::{major, minor};
    let device = || Some(Device { major: major(number), minor: minor(number) });
    match kind {
        Kind::BlockDevice(_) => Kind::BlockDevice(device()),
        Kind::CharacterDevice(_) => Kind::CharacterDevice(device()),
        kind => kind,
    }
}

/// Converts the time of the last change.
fn modified(time: SystemTime) -> Option<Modified> {
    Timestamp::from_system_time(time).ok().map(to_the_second)
}

/// Truncates a time to the whole second, in UTC, which is what other servers report and MFMT can
/// set. RFC 3659 2.3 wants a server to show only the digits that the file system stores, but file
/// systems are not asked how many fractional digits they have.
fn to_the_second(time: Timestamp) -> Modified {
    Modified::new(time, Precision::Second, Some(0))
}

/// Returns the operations that this server would attempt if a client asked for them. The operating
/// system may still refuse them; RFC 3659 7.5.5 requires no more. Returns `None` for a link, which
/// may lead anywhere.
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
