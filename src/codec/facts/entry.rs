//! An entry: the values of its facts, and its name.

use core::fmt;

use super::{FactSet, NameCase, Permissions, is_fact_name, is_value};
use crate::codec::{Escaped, Full, Invalid, Sink, Text, Timestamp, scan};

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
pub(super) const KINDS: &[(Kind<'static>, &str)] =
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
    #[inline]
    pub(super) fn read(&mut self, fact: FactSet, value: FactValue<'a>) -> Result<(), Invalid> {
        let bytes = value.0;
        match fact {
            FactSet::TYPE => self.kind = Some(Kind::from_value(value)),
            FactSet::SIZE => self.size = Some(scan::decimal(bytes).ok_or(Invalid::new("a size in bytes"))?),
            FactSet::MODIFY => self.modify = Some(Timestamp::parse(bytes)?),
            FactSet::CREATE => self.create = Some(Timestamp::parse(bytes)?),
            FactSet::PERM => self.perm = Some(Permissions::parse(bytes)?),
            FactSet::UNIQUE => self.unique = Some(value),
            FactSet::LANG => self.lang = Some(value),
            FactSet::MEDIA_TYPE => self.media_type = Some(value),
            FactSet::CHARSET => self.charset = Some(value),
            FactSet::UNIX_MODE => self.unix_mode = scan::octal(bytes),
            FactSet::UNIX_UID => self.unix_uid = scan::decimal(bytes),
            FactSet::UNIX_GID => self.unix_gid = scan::decimal(bytes),
            FactSet::UNIX_OWNER => self.unix_owner = Some(value),
            FactSet::UNIX_GROUP => self.unix_group = Some(value),
            FactSet::UNIX_OWNERNAME => self.unix_ownername = Some(value),
            FactSet::UNIX_GROUPNAME => self.unix_groupname = Some(value),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn write<S: Sink + ?Sized>(&self, fact: FactSet, sink: &mut S) -> Result<(), Full> {
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
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Facts<'a> {
    /// As it stands: every fact with a name, an `=` and a value.
    list: &'a [u8],
    /// What is known of them.
    pub values: FactValues<'a>,
    /// The pathname, with every space that is in it. Empty where MLST describes the current directory
    /// and the server does not name it. Not a local name: see
    /// [`safe_name`](crate::codec::pathname::safe_name).
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
        let mut facts = Self::default();
        facts.read(line)?;
        Ok(facts)
    }

    /// As [`parse`](Self::parse), into what is empty yet: it is large, and not moved so.
    #[inline]
    pub(crate) fn read(&mut self, line: &'a [u8]) -> Result<(), Invalid> {
        const FACTS: Invalid = Invalid::new("facts, each name=value;");
        let end = memchr::memchr(b' ', line).ok_or(Invalid::new("facts, a space and a pathname"))?;
        let (list, name) = (line.get(..end).unwrap_or_default(), line.get(end + 1..).unwrap_or_default());
        (self.list, self.name) = (list, Text::new(name)?);
        // All of them at once, and without a way out in between, so that it is done many bytes at a time.
        if list.iter().fold(0, |bad, &byte| bad | u8::from(byte <= b' ') | u8::from(byte == 0x7f)) != 0 {
            return Err(FACTS);
        }
        let mut seen = FactSet::empty();
        let mut rest = list;
        while !rest.is_empty() {
            let (label, value) = next_fact(&mut rest).ok_or(FACTS)?;
            match FactSet::from_fact_name(label) {
                Some(known) if !seen.contains(known) => {
                    seen |= known;
                    self.values.read(known, value)?;
                }
                Some(_) => {}
                None if is_fact_name(label) => {}
                None => return Err(FACTS),
            }
        }
        Ok(())
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
        let mut rest = self.list;
        core::iter::from_fn(move || next_fact(&mut rest))
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

/// The name and the value of the fact that `list` begins with, and takes it from there. A `;` in the name, where
/// there is no `=`, is left to see.
#[inline]
fn next_fact<'a>(list: &mut &'a [u8]) -> Option<(&'a [u8], FactValue<'a>)> {
    let (name, after) = scan::split(list, b'=')?;
    let (value, after) = scan::split(after, b';').unwrap_or((after, &[]));
    *list = after;
    Some((name, FactValue(value)))
}
