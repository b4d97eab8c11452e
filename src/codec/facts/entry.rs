//! An entry: the values of its facts, and its name.

use core::fmt;

use super::table::{self, TABLE};
use super::{FactSet, NameCase, Permissions, is_fact_name, is_value, terminated_pieces};
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

/// What can be a value can be text.
impl<'a> From<FactValue<'a>> for Text<'a> {
    #[inline]
    fn from(value: FactValue<'a>) -> Self {
        Self::checked(value.0)
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
    #[inline]
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
        TABLE.iter().filter(|row| (row.given)(self).is_some()).map(|row| row.fact).collect()
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
        for row in TABLE.iter().filter(|row| selected.contains(row.fact)) {
            if let Some(value) = (row.given)(self) {
                sink.put(row.name(case).as_bytes())?;
                sink.put(b"=")?;
                value.encode(sink)?;
                sink.put(b";")?;
            }
        }
        sink.put(b" ")?;
        name.encode(sink)
    }
}

/// An entry: facts and the pathname they are about. Borrowed from its line.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Facts<'a> {
    /// As it stands, with what is between the semicolons and is no fact.
    list: &'a [u8],
    /// What is known of them.
    pub values: FactValues<'a>,
    /// The facts that are known here and given, but with a value that cannot be read: a size that is no number
    /// below 2^64, a time that is not of RFC 3659 2.3. They are absent in `values`; what is between `=` and `;`
    /// is still in [`iter`](Self::iter), unless it holds control bytes.
    pub unreadable: FactSet,
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
    //   in use too: an empty fact; a tab before the pathname
    /// Reads an entry of MLSD, without its line end; or the text of MFMT's 213. The first space ends the facts,
    /// so that a line that begins with one has none. A fact given twice counts once, as it came first.
    ///
    /// A fact that cannot be read costs its line nothing but itself: where it is known here it is in
    /// [`unreadable`](Self::unreadable). [`parse_exact`](Self::parse_exact) refuses it.
    ///
    /// # Errors
    /// When there is no space (or tab), when what is before it is not facts (not one of them has a name and an `=`, or
    /// the last has none and no `;` either), or when the pathname holds CR, LF or NUL.
    pub fn parse(line: &'a [u8]) -> Result<Self, Invalid> {
        let mut facts = Self::default();
        facts.read(line)?;
        Ok(facts)
    }

    /// Reads facts that ask for something, as MFF's argument does: as [`parse`](Self::parse), but whole.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and when a fact that is known here cannot be read, or one has no name, no `=`
    /// or a control byte in it.
    pub fn parse_exact(line: &'a [u8]) -> Result<Self, Invalid> {
        let facts = Self::parse(line)?;
        let sound = terminated_pieces(facts.list).all(|piece| sound(piece).is_some());
        match sound && facts.unreadable.is_empty() {
            true => Ok(facts),
            false => Err(Invalid::new("facts that can all be read")),
        }
    }

    /// As [`parse`](Self::parse), into what is empty yet: it is large, and not moved so.
    #[inline]
    pub(crate) fn read(&mut self, line: &'a [u8]) -> Result<(), Invalid> {
        let mut marks = scan::Marks::new(line, |byte| byte == b'=' || !is_value(byte));
        let (mut seen, mut start, mut odd) = (FactSet::empty(), 0, false);
        while !line.get(start..).unwrap_or_default().starts_with(b" ") {
            let (equals, first) = marks.next().ok_or(FACTS)?;
            let mut last = (equals, first);
            if first == b'=' {
                last = marks.find(|&(_, mark)| mark != b'=').ok_or(FACTS)?;
                let (end, mark) = last;
                if matches!(mark, b';' | b' ') {
                    let label = line.get(start..equals).ok_or(FACTS)?;
                    let known = match table::named(label) {
                        Some(row) if !seen.contains(row.fact) => {
                            seen |= row.fact;
                            let value = FactValue(line.get(equals + 1..end).ok_or(FACTS)?);
                            if !(row.read)(&mut self.values, value) {
                                self.unreadable |= row.fact;
                            }
                            true
                        }
                        Some(_) => true,
                        None => is_fact_name(label),
                    };
                    if known {
                        start = if mark == b';' { end + 1 } else { end };
                        continue;
                    }
                }
            } else if start > 0 && matches!(line.get(start..), Some([b'\t', _, ..])) {
                break;
            }
            odd = true;
            let end = end_of_odd(line, start)?;
            if last.0 < end {
                marks.find(|&(at, _)| at >= end);
            }
            start = if line.get(end) == Some(&b';') { end + 1 } else { end };
        }
        if odd {
            self.settle_odd(line.get(..start).unwrap_or_default(), seen)?;
        }
        self.list = line.get(..start).unwrap_or_default();
        self.name = Text::new(line.get(start + 1..).unwrap_or_default())?;
        Ok(())
    }

    /// Settles a list with pieces in it that are no facts: those that are known here and not `seen` otherwise are
    /// unreadable.
    ///
    /// # Errors
    /// When nothing in it is a fact, not even one with a value that is none.
    #[cold]
    fn settle_odd(&mut self, list: &[u8], seen: FactSet) -> Result<(), Invalid> {
        let mut some = false;
        for piece in terminated_pieces(list) {
            let (label, valued) = match scan::split(piece, b'=') {
                Some((label, _)) => (label, true),
                None => (piece, false),
            };
            let known = table::named(label);
            some |= sound(piece).is_some() || known.is_some() && valued;
            if let Some(row) = known.filter(|row| !seen.contains(row.fact)) {
                self.unreadable |= row.fact;
            }
        }
        if some { Ok(()) } else { Err(FACTS) }
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
            Ok(facts) if facts.is_terminated() => Ok(facts),
            _ => Self::parse(entry),
        }
    }

    /// Whether a `;` ends the last fact, as it must (RFC 3659 7.2).
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.list.ends_with(b";")
    }

    /// Every fact as it was sent, known or not: its name and its value. What has no name, no `=` or a control
    /// byte in it is passed over.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], FactValue<'a>)> + use<'a> {
        terminated_pieces(self.list).filter_map(sound)
    }

    /// The first fact with this name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<FactValue<'a>> {
        self.iter().find(|fact| fact.0.eq_ignore_ascii_case(name.as_bytes())).map(|fact| fact.1)
    }

    /// Appends the entry with the facts of [`iter`](Self::iter) as they came, and a `;` after the last.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        // Not the list as a whole: it may hold what could end the line.
        for (name, value) in self.iter() {
            for part in [name, b"=", value.0, b";"] {
                sink.put(part)?;
            }
        }
        sink.put(b" ")?;
        self.name.encode(sink)
    }
}

const FACTS: Invalid = Invalid::new("facts, each name=value; and a space before the pathname");

/// Where what begins at `start` ends, which has no `=`, no name, or a control byte in it.
#[cold]
fn end_of_odd(line: &[u8], start: usize) -> Result<usize, Invalid> {
    let rest = line.get(start..).ok_or(FACTS)?;
    let at = memchr::memchr2(b';', b' ', rest).ok_or(FACTS)?;
    let (piece, after) = rest.split_at_checked(at).ok_or(FACTS)?;
    // What no `;` ends may as well be part of a name that no space was put before.
    let known = || scan::split(piece, b'=').and_then(|(label, _)| table::named(label)).is_some();
    if after.starts_with(b";") || known() { Ok(start + at) } else { Err(FACTS) }
}

/// The name and the value of a piece between semicolons, if it is a fact.
fn sound(piece: &[u8]) -> Option<(&[u8], FactValue<'_>)> {
    let (name, value) = scan::split(piece, b'=')?;
    Some((name, FactValue::new(value).ok()?)).filter(|_| is_fact_name(name))
}

/// Printable.
impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{} {}\"", Escaped(self.list), self.name)
    }
}
