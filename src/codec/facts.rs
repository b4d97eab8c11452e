//! Facts about files: the entries of MLST and MLSD (RFC 3659 section 7), MFF's argument and the 213 of MFMT,
//! MFCT and MFF (draft-somers-ftp-mfxx), and the sets of facts that FEAT and OPTS speak of.
//!
//! What a line says of a standard fact is either read in full or the whole line is refused: a size or a
//! time is never made up. Facts that are not known here are kept as bytes.

use core::fmt;

use bitflags::bitflags;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::{all_consuming, map_opt, opt};
use nom::sequence::separated_pair;
use nom::{IResult, Parser};

use super::{Escaped, Full, Invalid, Sink, Text, Timestamp};

bitflags! {
    /// Facts that are known here by name, to be asked for and shown.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct FactSet: u32 {
        /// What the entry is.
        const TYPE = 1;
        /// Its size in bytes.
        const SIZE = 1 << 1;
        /// When its content changed last.
        const MODIFY = 1 << 2;
        /// When it was made.
        const CREATE = 1 << 3;
        /// What the session may do with it.
        const PERM = 1 << 4;
        /// What tells it from every other file.
        const UNIQUE = 1 << 5;
        /// The language of its name.
        const LANG = 1 << 6;
        /// The media type of its content.
        const MEDIA_TYPE = 1 << 7;
        /// The character set of its name.
        const CHARSET = 1 << 8;
        /// Unix permissions.
        const UNIX_MODE = 1 << 9;
        /// The owner's number.
        const UNIX_UID = 1 << 10;
        /// The group's number.
        const UNIX_GID = 1 << 11;
        /// The owner, by number or name.
        const UNIX_OWNER = 1 << 12;
        /// The group, by number or name.
        const UNIX_GROUP = 1 << 13;
        /// The owner's name.
        const UNIX_OWNERNAME = 1 << 14;
        /// The group's name.
        const UNIX_GROUPNAME = 1 << 15;
    }

    /// What a session may do with an entry, as the server guesses it (RFC 3659 section 7.5.5).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Permissions: u16 {
        /// `a`: APPE to this file.
        const APPEND = 1;
        /// `c`: make files in this directory.
        const CREATE = 1 << 1;
        /// `d`: DELE or RMD it.
        const DELETE = 1 << 2;
        /// `e`: CWD to this directory.
        const ENTER = 1 << 3;
        /// `f`: RNFR it.
        const RENAME = 1 << 4;
        /// `l`: list this directory.
        const LIST = 1 << 5;
        /// `m`: MKD in this directory.
        const MAKE_DIRECTORY = 1 << 6;
        /// `p`: delete what is in this directory.
        const PURGE = 1 << 7;
        /// `r`: RETR this file.
        const RETRIEVE = 1 << 8;
        /// `w`: STOR to this file.
        const STORE = 1 << 9;
    }
}

/// How fact names are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NameCase {
    /// `Type=`, as RFC 3659 has them.
    #[default]
    Canonical,
    /// `type=`, as most servers do. `UNIX.` keeps its capitals.
    Lower,
}

/// A fact, its name as RFC 3659 writes it, and in lower case. In the order in which facts are written.
const NAMES: &[(FactSet, &str, &str)] = &[
    (FactSet::TYPE, "Type", "type"),
    (FactSet::SIZE, "Size", "size"),
    (FactSet::MODIFY, "Modify", "modify"),
    (FactSet::CREATE, "Create", "create"),
    (FactSet::PERM, "Perm", "perm"),
    (FactSet::UNIQUE, "Unique", "unique"),
    (FactSet::LANG, "Lang", "lang"),
    (FactSet::MEDIA_TYPE, "Media-Type", "media-type"),
    (FactSet::CHARSET, "CharSet", "charset"),
    (FactSet::UNIX_MODE, "UNIX.mode", "UNIX.mode"),
    (FactSet::UNIX_UID, "UNIX.uid", "UNIX.uid"),
    (FactSet::UNIX_GID, "UNIX.gid", "UNIX.gid"),
    (FactSet::UNIX_OWNER, "UNIX.owner", "UNIX.owner"),
    (FactSet::UNIX_GROUP, "UNIX.group", "UNIX.group"),
    (FactSet::UNIX_OWNERNAME, "UNIX.ownername", "UNIX.ownername"),
    (FactSet::UNIX_GROUPNAME, "UNIX.groupname", "UNIX.groupname"),
];

/// Names that are read and never written: Pure-FTPd's for the size of a directory.
const ALIASES: &[(FactSet, &str)] = &[(FactSet::SIZE, "sizd")];

/// The letters of [`Permissions`], in the order in which they are written.
const LETTERS: &[(Permissions, u8)] = &[
    (Permissions::APPEND, b'a'),
    (Permissions::CREATE, b'c'),
    (Permissions::DELETE, b'd'),
    (Permissions::ENTER, b'e'),
    (Permissions::RENAME, b'f'),
    (Permissions::LIST, b'l'),
    (Permissions::MAKE_DIRECTORY, b'm'),
    (Permissions::PURGE, b'p'),
    (Permissions::RETRIEVE, b'r'),
    (Permissions::STORE, b'w'),
];

impl FactSet {
    /// The fact with this name, in any case.
    #[must_use]
    pub fn from_fact_name(name: &[u8]) -> Option<Self> {
        let names = NAMES.iter().map(|row| (row.0, row.1)).chain(ALIASES.iter().copied());
        let mut known = names.filter(|row| row.1.as_bytes().eq_ignore_ascii_case(name));
        known.next().map(|row| row.0)
    }

    /// Each fact in it with its name, in the order in which they are written.
    pub fn names(self, case: NameCase) -> impl Iterator<Item = (Self, &'static str)> {
        NAMES.iter().filter(move |row| self.contains(row.0)).map(move |row| match case {
            NameCase::Canonical => (row.0, row.1),
            NameCase::Lower => (row.0, row.2),
        })
    }

    // facts-wanted = *( factname ";" )                     ; of mlst-opts, RFC 3659 7.9
    //   in use too: no ";" after the last
    /// Reads the list of `OPTS MLST`. Names that are not known here are left out, as a server is told to
    /// do (RFC 3659 section 7.9); an empty list is no facts.
    ///
    /// # Errors
    /// When it is not a list of names, or a space is in it.
    pub fn parse(list: &[u8]) -> Result<Self, Invalid> {
        let mut wanted = Self::empty();
        for name in terminated_pieces(list) {
            let (_, name) = all_consuming(fact_name)
                .parse(name)
                .map_err(|_| Invalid::new("names of facts, with ; after each"))?;
            wanted |= Self::from_fact_name(name).unwrap_or_default();
        }
        Ok(wanted)
    }

    /// Appends the list of `OPTS MLST` and of the answer to it, `Type;Size;`.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn encode<S: Sink + ?Sized>(&self, case: NameCase, sink: &mut S) -> Result<(), Full> {
        self.names(case).try_for_each(|(_, name)| sink.put_fmt(format_args!("{name};")))
    }
}

/// What the MLST line of FEAT says: the facts that there are, and those of them that are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FactChoice {
    /// Every fact that the server can show.
    pub available: FactSet,
    /// The facts it shows until `OPTS MLST` changes that; those with a `*`.
    pub selected: FactSet,
}

impl FactChoice {
    // factlist = 1*( factname ["*"] ";" )                  ; of mlst-feat, RFC 3659 7.8
    /// Reads what follows `MLST` on its line of FEAT, empty when nothing does. Names that are not known
    /// here are left out.
    ///
    /// # Errors
    /// When it is not a list of names.
    pub fn parse(list: &[u8]) -> Result<Self, Invalid> {
        let mut choice = Self::default();
        for piece in terminated_pieces(list) {
            let (_, (name, star)) = all_consuming((fact_name, opt(tag("*"))))
                .parse(piece)
                .map_err(|_: nom::Err<()>| Invalid::new("names of facts, with ; or *; after each"))?;
            let fact = FactSet::from_fact_name(name).unwrap_or_default();
            choice.available |= fact;
            if star.is_some() {
                choice.selected |= fact;
            }
        }
        Ok(choice)
    }

    /// Appends what follows `MLST` on its line of FEAT, `Type*;Size;`. What is selected and not
    /// available is left out.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn encode<S: Sink + ?Sized>(&self, case: NameCase, sink: &mut S) -> Result<(), Full> {
        self.available.names(case).try_for_each(|(fact, name)| {
            let star = if self.selected.contains(fact) { "*" } else { "" };
            sink.put_fmt(format_args!("{name}{star};"))
        })
    }
}

impl Permissions {
    // pvals = *( "a" / "c" / "d" / "e" / "f" / "l" / "m" / "p" / "r" / "w" )      ; RFC 3659 7.5.5
    /// Reads the value of a perm fact. Letters that mean nothing here are passed over, since some servers
    /// have more.
    ///
    /// # Errors
    /// When it holds anything but letters.
    pub fn parse(value: &[u8]) -> Result<Self, Invalid> {
        if !value.iter().all(u8::is_ascii_alphabetic) {
            return Err(Invalid::new("letters of permissions"));
        }
        let flag = |byte: &u8| LETTERS.iter().find(|row| row.1 == byte.to_ascii_lowercase()).map(|row| row.0);
        Ok(value.iter().filter_map(flag).collect())
    }

    /// Appends the letters, in alphabetical order.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        let letters = LETTERS.iter().filter(|row| self.contains(row.0));
        letters.map(|row| row.1).try_for_each(|letter| sink.put(&[letter]))
    }
}

/// The value of a fact: bytes without spaces, semicolons and controls, so that it ends where it ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FactValue<'a>(&'a [u8]);

impl<'a> FactValue<'a> {
    /// Checks `bytes`. An empty value is a value.
    ///
    /// # Errors
    /// When there is a space, a `;` or a control byte in it. RFC 3659's SCHAR has fewer still; servers
    /// are not as careful with names of owners.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Invalid> {
        match bytes.iter().all(|&b| is_value(b)) {
            true => Ok(Self(bytes)),
            false => Err(Invalid::new("a value without spaces, semicolons and control bytes")),
        }
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for FactValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(self.0).fmt(f)
    }
}

/// What an entry is, its type fact (RFC 3659 section 7.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind<'a> {
    /// `file`.
    File,
    /// `dir`: a directory in the one that is listed.
    Directory,
    /// `cdir`: the listed directory itself.
    Current,
    /// `pdir`: a directory that the listed one is in.
    Parent,
    /// Anything else, whole: `OS.unix=slink:/target`.
    Other(FactValue<'a>),
}

/// The kinds that have a name of their own.
const KINDS: &[(Kind<'static>, &str)] =
    &[(Kind::File, "file"), (Kind::Directory, "dir"), (Kind::Current, "cdir"), (Kind::Parent, "pdir")];

impl<'a> Kind<'a> {
    /// Reads the value of a type fact, in any case. Whatever is not one of the four is kept as it is.
    #[must_use]
    pub fn from_value(value: FactValue<'a>) -> Self {
        let named = |row: &&(Kind<'static>, &str)| row.1.as_bytes().eq_ignore_ascii_case(value.0);
        KINDS.iter().find(named).map_or(Self::Other(value), |row| row.0)
    }

    /// Its value as it is written.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Other(value) => value.0,
            named => KINDS.iter().find(|row| row.0 == *named).map_or(b"", |row| row.1.as_bytes()),
        }
    }

    /// What a symbolic link on a Unix server leads to: `OS.unix=slink:` and the target, which is empty when
    /// the server does not say (`OS.unix=slink`, `OS.unix=symlink`). `None` when it is no link.
    #[must_use]
    pub fn link_target(&self) -> Option<&'a [u8]> {
        let Self::Other(value) = self else { return None };
        let (kind, target) = match memchr::memchr(b':', value.0) {
            Some(at) => (value.0.get(..at)?, value.0.get(at + 1..)?),
            None => (value.0, &b""[..]),
        };
        let is = |name: &&[u8]| kind.eq_ignore_ascii_case(name);
        [&b"OS.unix=slink"[..], b"OS.unix=symlink"].iter().any(is).then_some(target)
    }
}

/// The values of the facts that are known here. `None` is a fact that is not given.
///
/// A host fills one in to be written; a line that came is read into one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FactValues<'a> {
    /// What the entry is.
    pub kind: Option<Kind<'a>>,
    /// Its size in bytes. Read from Pure-FTPd's `sizd` too.
    pub size: Option<u64>,
    /// When its content changed last.
    pub modify: Option<Timestamp>,
    /// When it was made.
    pub create: Option<Timestamp>,
    /// What the session may do with it.
    pub perm: Option<Permissions>,
    /// Equal for two names when they are of the same file; upper and lower case differ.
    pub unique: Option<FactValue<'a>>,
    /// The language of its name, a tag of RFC 5646.
    pub lang: Option<FactValue<'a>>,
    /// The media type of its content, `text/plain`.
    pub media_type: Option<FactValue<'a>>,
    /// The character set of its name, where that is not UTF-8.
    pub charset: Option<FactValue<'a>>,
    /// Unix permissions, with the bits of the file type where the server sends them.
    pub unix_mode: Option<u16>,
    /// The owner's number.
    pub unix_uid: Option<u32>,
    /// The group's number.
    pub unix_gid: Option<u32>,
    /// The owner, by number or name.
    pub unix_owner: Option<FactValue<'a>>,
    /// The group, by number or name.
    pub unix_group: Option<FactValue<'a>>,
    /// The owner's name.
    pub unix_ownername: Option<FactValue<'a>>,
    /// The group's name.
    pub unix_groupname: Option<FactValue<'a>>,
}

impl<'a> FactValues<'a> {
    /// The facts that are given.
    #[must_use]
    pub fn present(&self) -> FactSet {
        let given = [
            (self.kind.is_some(), FactSet::TYPE),
            (self.size.is_some(), FactSet::SIZE),
            (self.modify.is_some(), FactSet::MODIFY),
            (self.create.is_some(), FactSet::CREATE),
            (self.perm.is_some(), FactSet::PERM),
            (self.unique.is_some(), FactSet::UNIQUE),
            (self.lang.is_some(), FactSet::LANG),
            (self.media_type.is_some(), FactSet::MEDIA_TYPE),
            (self.charset.is_some(), FactSet::CHARSET),
            (self.unix_mode.is_some(), FactSet::UNIX_MODE),
            (self.unix_uid.is_some(), FactSet::UNIX_UID),
            (self.unix_gid.is_some(), FactSet::UNIX_GID),
            (self.unix_owner.is_some(), FactSet::UNIX_OWNER),
            (self.unix_group.is_some(), FactSet::UNIX_GROUP),
            (self.unix_ownername.is_some(), FactSet::UNIX_OWNERNAME),
            (self.unix_groupname.is_some(), FactSet::UNIX_GROUPNAME),
        ];
        given.into_iter().filter(|row| row.0).map(|row| row.1).collect()
    }

    // type-fact = "Type=" type-val; size-fact = "Size=" 1*DIGIT; modify-fact = "Modify=" time-val;
    // create-fact = "Create=" time-val; perm-fact = "Perm=" *pvals                ; RFC 3659 7.5
    // UNIX.mode: octal; UNIX.uid, UNIX.gid: decimal                               ; by custom
    fn read(&mut self, fact: FactSet, value: FactValue<'a>) -> Result<(), Invalid> {
        let bytes = value.0;
        match fact {
            FactSet::TYPE => self.kind = Some(Kind::from_value(value)),
            FactSet::SIZE => self.size = Some(decimal(bytes).ok_or(Invalid::new("a size in bytes"))?),
            FactSet::MODIFY => self.modify = Some(Timestamp::parse(bytes)?),
            FactSet::CREATE => self.create = Some(Timestamp::parse(bytes)?),
            FactSet::PERM => self.perm = Some(Permissions::parse(bytes)?),
            FactSet::UNIQUE => self.unique = Some(value),
            FactSet::LANG => self.lang = Some(value),
            FactSet::MEDIA_TYPE => self.media_type = Some(value),
            FactSet::CHARSET => self.charset = Some(value),
            FactSet::UNIX_MODE => self.unix_mode = octal(bytes),
            FactSet::UNIX_UID => self.unix_uid = decimal(bytes).and_then(|n| n.try_into().ok()),
            FactSet::UNIX_GID => self.unix_gid = decimal(bytes).and_then(|n| n.try_into().ok()),
            FactSet::UNIX_OWNER => self.unix_owner = Some(value),
            FactSet::UNIX_GROUP => self.unix_group = Some(value),
            FactSet::UNIX_OWNERNAME => self.unix_ownername = Some(value),
            FactSet::UNIX_GROUPNAME => self.unix_groupname = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn write<S: Sink + ?Sized>(&self, fact: FactSet, sink: &mut S) -> Result<(), Full> {
        let text = match fact {
            FactSet::TYPE => self.kind.as_ref().map(Kind::as_bytes).map(FactValue),
            FactSet::SIZE => return self.size.map_or(Ok(()), |n| sink.put_fmt(format_args!("{n}"))),
            FactSet::MODIFY => return self.modify.map_or(Ok(()), |time| time.encode(sink)),
            FactSet::CREATE => return self.create.map_or(Ok(()), |time| time.encode(sink)),
            FactSet::PERM => return self.perm.map_or(Ok(()), |perm| perm.encode(sink)),
            FactSet::UNIX_MODE => {
                return self.unix_mode.map_or(Ok(()), |mode| sink.put_fmt(format_args!("{mode:04o}")));
            }
            FactSet::UNIX_UID => return self.unix_uid.map_or(Ok(()), |n| sink.put_fmt(format_args!("{n}"))),
            FactSet::UNIX_GID => return self.unix_gid.map_or(Ok(()), |n| sink.put_fmt(format_args!("{n}"))),
            FactSet::UNIQUE => self.unique,
            FactSet::LANG => self.lang,
            FactSet::MEDIA_TYPE => self.media_type,
            FactSet::CHARSET => self.charset,
            FactSet::UNIX_OWNER => self.unix_owner,
            FactSet::UNIX_GROUP => self.unix_group,
            FactSet::UNIX_OWNERNAME => self.unix_ownername,
            FactSet::UNIX_GROUPNAME => self.unix_groupname,
            _ => None,
        };
        text.map_or(Ok(()), |value| sink.put(value.0))
    }

    /// Appends an entry without its line end: the facts that are both given and in `selected`, in the order
    /// of RFC 3659 section 7.5, a space, `name`. MLST's line has one more space before it.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn encode<S: Sink + ?Sized>(
        &self,
        selected: FactSet,
        case: NameCase,
        name: Text<'_>,
        sink: &mut S,
    ) -> Result<(), Full> {
        for (fact, label) in (selected & self.present()).names(case) {
            sink.put(label.as_bytes())?;
            sink.put(b"=")?;
            self.write(fact, sink)?;
            sink.put(b";")?;
        }
        sink.put(b" ")?;
        name.encode(sink)
    }
}

/// An entry: facts and the pathname they are about. Borrowed from its line.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facts<'a> {
    /// As it stands: every fact with a name, an `=` and a value.
    list: &'a [u8],
    /// What is known of them.
    pub values: FactValues<'a>,
    /// The pathname, with every space that is in it. Empty where MLST describes the current directory
    /// and the server does not name it. Not a local name: see
    /// [`safe_name`](super::pathname::safe_name).
    pub name: Text<'a>,
}

impl<'a> Facts<'a> {
    // entry = [ facts ] SP pathname                        ; RFC 3659 7.2
    // facts = 1*( fact ";" )                               ; in use too: no ";" after the last
    // fact = factname "=" value
    // factname = 1*RCHAR; value = *SCHAR                   ; in use too: any byte but SP, ";" and controls
    /// Reads an entry of MLSD, without its line end; MFF's argument; or the text of MFMT's 213. The first
    /// space ends the facts, so that a line that begins with one has none. A fact given twice counts once,
    /// as it came first.
    ///
    /// # Errors
    /// When there is no space, a fact has no name or no `=`, a size, a time or the permissions cannot be
    /// read, or the pathname holds CR, LF or NUL. The system's own facts have no grammar to break: a
    /// `UNIX.mode` that is not octal, say, is not in [`values`](Self::values), and still in
    /// [`iter`](Self::iter).
    pub fn parse(line: &'a [u8]) -> Result<Self, Invalid> {
        let end = memchr::memchr(b' ', line).ok_or(Invalid::new("facts, a space and a pathname"))?;
        let (list, name) = (line.get(..end).unwrap_or_default(), line.get(end + 1..).unwrap_or_default());
        let name = Text::new(name)?;
        let mut values = FactValues::default();
        let mut seen = FactSet::empty();
        for piece in terminated_pieces(list) {
            let (label, value) = fact(piece).ok_or(Invalid::new("facts, each name=value;"))?;
            match FactSet::from_fact_name(label) {
                Some(known) if !seen.contains(known) => {
                    seen |= known;
                    values.read(known, value)?;
                }
                _ => {}
            }
        }
        Ok(Self { list, values, name })
    }

    /// Reads an entry of MLST, a line of its reply between the first and the last. One space stands before
    /// it; servers that leave it out, or put more, are understood.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_indented(line: &'a [u8]) -> Result<Self, Invalid> {
        let entry = line.strip_prefix(b" ").unwrap_or(line);
        // Two spaces are no facts, unless what follows is facts beyond doubt.
        let unindented =
            entry.iter().position(|&b| b != b' ').and_then(|at| entry.get(at..)).unwrap_or(entry);
        match Self::parse(unindented) {
            Ok(facts) if facts.list.ends_with(b";") => Ok(facts),
            _ => Self::parse(entry),
        }
    }

    /// Every fact as it was sent, known or not: its name and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], FactValue<'a>)> + use<'a> {
        terminated_pieces(self.list).filter_map(fact)
    }

    /// The first fact with this name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<FactValue<'a>> {
        self.iter().find(|fact| fact.0.eq_ignore_ascii_case(name.as_bytes())).map(|fact| fact.1)
    }

    /// Appends the entry as it came, with a `;` after the last fact.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put(self.list)?;
        let open = !self.list.is_empty() && !self.list.ends_with(b";");
        sink.put(if open { b"; " } else { b" " })?;
        self.name.encode(sink)
    }
}

/// Printable.
impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{} {}\"", Escaped(self.list), self.name)
    }
}

/// What `;` ends, or the end of `list` where the last one is left out.
fn terminated_pieces(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let pieces = (!list.is_empty()).then(|| list.strip_suffix(b";").unwrap_or(list).split(|&b| b == b';'));
    pieces.into_iter().flatten()
}

const fn is_value(byte: u8) -> bool {
    byte > b' ' && byte != b';' && byte != 0x7f
}

fn fact_name(input: &[u8]) -> IResult<&[u8], &[u8], ()> {
    take_while1(|b| is_value(b) && b != b'=' && b != b'*').parse(input)
}

fn fact(piece: &[u8]) -> Option<(&[u8], FactValue<'_>)> {
    let value = map_opt(take_while(is_value), |value| FactValue::new(value).ok());
    let (_, fact) = all_consuming(separated_pair(fact_name, tag("="), value)).parse(piece).ok()?;
    Some(fact)
}

fn decimal(value: &[u8]) -> Option<u64> {
    let parser = nom::character::complete::u64::<_, ()>;
    all_consuming(parser).parse(value).ok().map(|(_, n)| n)
}

/// Octal digits as a number; `0o` in front is Python's.
pub(crate) fn octal(value: &[u8]) -> Option<u16> {
    let value = value.strip_prefix(b"0o").unwrap_or(value);
    let digit =
        |n: u16, &b: &u8| n.checked_mul(8)?.checked_add(u16::from(b.checked_sub(b'0').filter(|d| *d < 8)?));
    value.iter().try_fold(0u16, digit).filter(|_| !value.is_empty())
}

#[cfg(test)]
mod tests;
