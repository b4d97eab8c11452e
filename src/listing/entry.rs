//! One entry of a listing, whatever the format of its line.

use core::fmt;

use super::date::Dated;
use super::{Format, Modified};
use crate::codec::facts::{Facts, Permissions};
use crate::codec::{Escaped, Text};

/// One file, as a listing line describes it or a server's file system knows it.
///
/// A parser fills in the fields that its format has and leaves the rest `None`.
/// [`Modified::inferred`] tells which parts of a date were inferred. A field that is present but
/// cannot be read (a size of `-5`, 31 November) is `None` and listed in
/// [`unreadable`](Self::unreadable); the entry is returned nonetheless, since its name alone
/// suffices to retrieve or remove the file.
///
/// Names and other texts cannot hold CR, LF or NUL (they are [`Text`]), so no entry can be written
/// as two lines. A server leaves out a file whose name [`Text::new`] refuses, since no command
/// could name that file either. Everything borrows from the line.
///
/// Two entries are equal when their contents are equal; [`raw`](Self::raw) and
/// [`format`](Self::format) are not compared.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// Name as it was sent, with leading and inner spaces. A server may put the directory in front;
    /// see [`file_name`](Self::file_name). Never use a name as a local path unchecked.
    pub name: Text<'a>,
    /// Kind of file.
    pub kind: Kind<'a>,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Time of the last change.
    pub modified: Option<Modified>,
    /// Low twelve bits of a Unix mode: `0o4000` set-user-ID, `0o2000` set-group-ID, `0o1000`
    /// sticky, then read, write and execute for owner, group and others.
    pub mode: Option<u16>,
    /// Operations that the session may perform on the file (RFC 3659 7.5.5), which no mode can
    /// express.
    pub permissions: Option<Permissions>,
    /// Owner, as a name or a number.
    pub owner: Option<Text<'a>>,
    /// Group, as a name or a number.
    pub group: Option<Text<'a>>,
    /// Number of hard links.
    pub links: Option<u64>,
    /// Identifier that all names of one file share, and that no other file has (RFC 3659 7.5.2).
    pub unique: Option<Text<'a>>,
    /// Fields that the line has, but whose value cannot be read. They are left without a value.
    pub unreadable: Fields,
    pub(super) format: Option<Format>,
    pub(super) raw: &'a [u8],
}

impl<'a> Entry<'a> {
    /// Creates an entry with only a name and a kind. Set the other known fields afterwards.
    #[must_use]
    #[inline]
    pub const fn new(name: Text<'a>, kind: Kind<'a>) -> Self {
        Self {
            name,
            kind,
            size: None,
            modified: None,
            mode: None,
            permissions: None,
            owner: None,
            group: None,
            links: None,
            unique: None,
            unreadable: Fields::empty(),
            format: None,
            raw: &[],
        }
    }

    /// Creates an entry for formats in which every entry has a name. Returns `None` for an invalid
    /// or empty name, and for one of only blanks, which are the padding of a column.
    #[inline]
    pub(super) fn named(name: &'a [u8], kind: Kind<'a>) -> Option<Self> {
        let name = Text::new(name).ok().filter(|name| !is_padding(name.as_bytes()))?;
        Some(Self::new(name, kind))
    }

    /// Sets the size, or marks it as unreadable.
    #[inline]
    pub(super) fn set_size(&mut self, size: Option<u64>) {
        self.size = size;
        if size.is_none() {
            self.unreadable |= Fields::SIZE;
        }
    }

    /// Sets the modification time from the date column.
    #[inline]
    pub(super) fn set_modified(&mut self, dated: Dated) {
        match dated {
            Dated::Told(modified) => self.modified = Some(modified),
            Dated::Untold => {}
            Dated::Impossible => self.unreadable |= Fields::MODIFIED,
        }
    }

    /// Sets the owner, or marks it as unreadable if it holds CR or NUL.
    #[inline]
    pub(super) fn set_owner(&mut self, owner: &'a [u8]) {
        self.owner = Text::new(owner).ok();
        if self.owner.is_none() {
            self.unreadable |= Fields::OWNER;
        }
    }

    /// Sets the group, or marks it as unreadable if it holds CR or NUL.
    #[inline]
    pub(super) fn set_group(&mut self, group: &'a [u8]) {
        self.group = Text::new(group).ok();
        if self.group.is_none() {
            self.unreadable |= Fields::GROUP;
        }
    }

    #[inline]
    pub(super) const fn read_from(self, format: Format, raw: &'a [u8]) -> Self {
        Self { format: Some(format), raw, ..self }
    }

    /// Returns the line that the entry was parsed from, without its line end; empty if it was not
    /// parsed.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Returns the format of the line, if the entry was parsed.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// Returns all facts of an MLSD or MLST line, including those without a field here. Parses
    /// [`raw`](Self::raw) again.
    #[must_use]
    pub fn facts(&self) -> Option<Facts<'a>> {
        match self.format? {
            Format::Mlsd => Facts::parse(self.raw).ok(),
            Format::Mlst => Facts::parse_indented(self.raw).ok(),
            _ => None,
        }
    }

    /// Returns the last component of the name, since replies to NLST, MLST, and LIST with a pattern
    /// may contain `dir/name`. Trailing slashes, which `ls -F` appends to directories, are dropped.
    #[must_use]
    pub fn file_name(&self) -> Text<'a> {
        let name = self.name.as_bytes();
        let end = name.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let name = name.get(..end).unwrap_or_default();
        let from = memchr::memrchr(b'/', name).map_or(0, |slash| slash + 1);
        name.get(from..).and_then(|part| Text::new(part).ok()).unwrap_or_default()
    }
}

/// Returns whether `name` is empty or only blanks.
#[inline]
pub(super) const fn is_padding(name: &[u8]) -> bool {
    matches!(name, [] | [b' ' | b'\t', ..]) && name.trim_ascii().is_empty()
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        // Destructured so that a new field cannot be forgotten.
        let Self {
            name,
            kind,
            size,
            modified,
            mode,
            permissions,
            owner,
            group,
            links,
            unique,
            unreadable,
            format: _,
            raw: _,
        } = self;
        *name == other.name
            && *kind == other.kind
            && *size == other.size
            && *modified == other.modified
            && *mode == other.mode
            && *permissions == other.permissions
            && *owner == other.owner
            && *group == other.group
            && *links == other.links
            && *unique == other.unique
            && *unreadable == other.unreadable
    }
}

impl Eq for Entry<'_> {}

/// Prints all fields, with texts as strings, and finally the line that the entry was read from.
impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("size", &self.size)
            .field("modified", &self.modified)
            .field("mode", &self.mode)
            .field("permissions", &self.permissions)
            .field("owner", &self.owner)
            .field("group", &self.group)
            .field("links", &self.links)
            .field("unique", &self.unique)
            .field("unreadable", &self.unreadable)
            .field("format", &self.format)
            .field("raw", &Escaped(self.raw))
            .finish()
    }
}

bitflags::bitflags! {
    /// A set of the fields of an [`Entry`].
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Fields: u16 {
        /// [`Entry::kind`], which is [`Kind::Unknown`] when it cannot be read.
        const KIND = 1;
        /// [`Entry::size`].
        const SIZE = 1 << 1;
        /// [`Entry::modified`].
        const MODIFIED = 1 << 2;
        /// [`Entry::mode`].
        const MODE = 1 << 3;
        /// [`Entry::permissions`].
        const PERMISSIONS = 1 << 4;
        /// [`Entry::owner`].
        const OWNER = 1 << 5;
        /// [`Entry::group`].
        const GROUP = 1 << 6;
        /// [`Entry::links`].
        const LINKS = 1 << 7;
        /// [`Entry::unique`].
        const UNIQUE = 1 << 8;
    }
}

/// Kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// A file that RETR retrieves.
    File,
    /// A directory inside the listed one.
    Directory,
    /// The listed directory: `.`, or `type=cdir` of RFC 3659 7.5.1.2 under any name.
    CurrentDirectory,
    /// The parent of the listed directory: `..`, or `type=pdir` of RFC 3659 7.5.1.4 under any name.
    ParentDirectory,
    /// A symbolic link.
    Link {
        /// Target of the link, if the line shows it.
        target: Option<Text<'a>>,
    },
    /// A block device, such as a disk.
    BlockDevice(Option<Device>),
    /// A character device, such as a terminal.
    CharacterDevice(Option<Device>),
    /// A named pipe.
    Pipe,
    /// A socket in the file system.
    Socket,
    /// Any other kind, as the line names it: the letter of `ls`, or the value of MLSD's `type`.
    Other(Text<'a>),
    /// Not stated by the line, for example a bare name.
    #[default]
    Unknown,
}

impl Kind<'_> {
    /// Returns the kind of a directory called `name` in the listing, which may be `.` or `..`.
    pub(super) const fn directory(name: &[u8]) -> Self {
        match name {
            b"." => Self::CurrentDirectory,
            b".." => Self::ParentDirectory,
            _ => Self::Directory,
        }
    }

    /// Returns whether the entry is a directory, including the current and the parent one.
    #[must_use]
    pub const fn is_directory(&self) -> bool {
        matches!(self, Self::Directory | Self::CurrentDirectory | Self::ParentDirectory)
    }

    /// Returns whether the entry is `.` or `..`, which are not members of the listed directory.
    #[must_use]
    pub const fn is_dot(&self) -> bool {
        matches!(self, Self::CurrentDirectory | Self::ParentDirectory)
    }
}

/// Prints the kind for a person: `directory`, `link to /b`, `block device 8,1`. [`Kind::Other`]
/// prints its text.
impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = |f: &mut fmt::Formatter<'_>, what: &str, device: &Option<Device>| match device {
            Some(Device { major, minor }) => write!(f, "{what} {major},{minor}"),
            None => f.write_str(what),
        };
        match self {
            Self::File => f.write_str("file"),
            Self::Directory => f.write_str("directory"),
            Self::CurrentDirectory => f.write_str("current directory"),
            Self::ParentDirectory => f.write_str("parent directory"),
            Self::Link { target: Some(target) } => write!(f, "link to {target}"),
            Self::Link { target: None } => f.write_str("link"),
            Self::BlockDevice(numbers) => device(f, "block device", numbers),
            Self::CharacterDevice(numbers) => device(f, "character device", numbers),
            Self::Pipe => f.write_str("pipe"),
            Self::Socket => f.write_str("socket"),
            Self::Other(text) => text.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Numbers of a Unix device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Device {
    /// Number of the driver.
    pub major: u32,
    /// Number of the device within its driver.
    pub minor: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::ToString;

    #[test]
    fn entries_and_kinds_print_as_text() {
        let device = Some(Device { major: 8, minor: 1 });
        for (kind, expected) in [
            (Kind::File, "file"),
            (Kind::CurrentDirectory, "current directory"),
            (Kind::Link { target: Some(Text::literal("/b")) }, "link to /b"),
            (Kind::Link { target: None }, "link"),
            (Kind::BlockDevice(device), "block device 8,1"),
            (Kind::CharacterDevice(None), "character device"),
            (Kind::Other(Text::literal("OS.vms=x")), "OS.vms=x"),
        ] {
            assert_eq!(kind.to_string(), expected);
        }
        let entry = Entry::new(Text::literal("a"), Kind::File).read_from(Format::Dos, b"raw\xff");
        let text = format!("{entry:?}");
        assert!(text.contains("name: \"a\"") && text.contains("raw: \"raw\\xff\""), "{text}");
        assert_eq!(Format::ConnectEnterprise.to_string(), "connect-enterprise");
        #[cfg(feature = "alloc")]
        assert_eq!(format!("{:?}", Entry::to_owned(&entry)), text);
    }

    #[test]
    fn the_file_name_is_what_follows_the_last_slash() {
        for (name, expected) in [
            ("a", "a"),
            ("./a b", "a b"),
            ("/x/y/z", "z"),
            ("dir/", "dir"),
            ("x/y//", "y"),
            ("/", ""),
            ("a\\b", "a\\b"),
        ] {
            let entry = Entry::new(Text::new(name.as_bytes()).unwrap(), Kind::Unknown);
            assert_eq!(entry.file_name().as_bytes(), expected.as_bytes());
        }
    }

    #[test]
    fn entries_are_equal_if_all_is_but_the_line_and_its_format() {
        let clock = super::super::Clock::at(1_731_240_000);
        let line = b"-rw-r--r-- 1 o g 5 Nov  9 20:06 a";
        let one = Format::Unix.parse_line(line, &clock).unwrap().unwrap();
        assert_eq!(one.read_from(Format::Dos, b"raw"), one);
        let changes: [fn(&mut Entry<'_>); 11] = [
            |entry| entry.name = Text::literal("b"),
            |entry| entry.kind = Kind::Directory,
            |entry| entry.size = None,
            |entry| entry.modified = None,
            |entry| entry.mode = None,
            |entry| entry.permissions = Some(Permissions::RETRIEVE),
            |entry| entry.owner = None,
            |entry| entry.group = None,
            |entry| entry.links = None,
            |entry| entry.unique = Some(Text::literal("u")),
            |entry| entry.unreadable = Fields::SIZE,
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut other = one;
            change(&mut other);
            assert!(other != one, "{i}");
        }
    }
}
