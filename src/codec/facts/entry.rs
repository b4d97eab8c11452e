//! An entry: the values of its facts, and its name.

use core::fmt;

use super::table::{self, TABLE};
use super::{FactSet, NameCase, Permissions, is_fact_name, is_value, terminated_pieces};
use crate::codec::{Escaped, Full, Invalid, Sink, Text, Timestamp, scan};

/// The value of a fact: bytes other than spaces, semicolons and control bytes, so that the end of
/// the value is unambiguous.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FactValue<'a>(&'a [u8]);

impl<'a> FactValue<'a> {
    /// Creates a value from `bytes`, which may be empty.
    ///
    /// # Errors
    /// Fails when `bytes` contains a space, a `;` or a control byte. RFC 3659's SCHAR excludes
    /// more, but servers are less careful with owner names.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Invalid> {
        match bytes.iter().all(|&b| is_value(b)) {
            true => Ok(Self(bytes)),
            false => Err(Invalid::new("a value without spaces, semicolons and control bytes")),
        }
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// Converts a value to text, which every value is.
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

/// The kind of an entry: its type fact (RFC 3659 section 7.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind<'a> {
    /// `file`.
    File,
    /// `dir`: a directory in the listed one.
    Directory,
    /// `cdir`: the listed directory itself.
    Current,
    /// `pdir`: a parent of the listed directory.
    Parent,
    /// Any other value, unchanged: `OS.unix=slink:/target`. An empty value names no kind: it is
    /// neither read nor written.
    Other(FactValue<'a>),
}

/// The kinds that have a name of their own.
pub(super) const KINDS: &[(Kind<'static>, &str)] =
    &[(Kind::File, "file"), (Kind::Directory, "dir"), (Kind::Current, "cdir"), (Kind::Parent, "pdir")];

impl<'a> Kind<'a> {
    /// Parses the value of a type fact, ignoring case. Values other than the four names are kept
    /// unchanged.
    #[must_use]
    #[inline]
    pub fn from_value(value: FactValue<'a>) -> Self {
        const fn word(padded: &[u8; 8]) -> u64 {
            u64::from_le_bytes(*padded)
        }
        const FILE: u64 = word(b"file    ");
        const DIRECTORY: u64 = word(b"dir     ");
        const CURRENT: u64 = word(b"cdir    ");
        const PARENT: u64 = word(b"pdir    ");
        // Pads with spaces, which no value has, and makes letters lower case.
        match scan::start(value.0) | word(b"        ") {
            FILE => Self::File,
            DIRECTORY => Self::Directory,
            CURRENT => Self::Current,
            PARENT => Self::Parent,
            _ => Self::Other(value),
        }
    }

    /// Returns the value as it is written.
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Other(value) => value.0,
            named => KINDS.iter().find(|row| row.0 == *named).map_or(b"", |row| row.1.as_bytes()),
        }
    }

    /// Returns the target of a symbolic link on a Unix server: the text after `OS.unix=slink:` or
    /// `OS.unix=symlink:`, empty when the server does not give the target. Returns `None` when the
    /// entry is not a link.
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

/// The values of the known facts, `None` where a fact is not given.
///
/// A host fills in a `FactValues` to be written; parsing a line yields one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FactValues<'a> {
    /// The kind of the entry.
    pub kind: Option<Kind<'a>>,
    /// The size in bytes. Pure-FTPd's `sizd` is read as a size too.
    pub size: Option<u64>,
    /// The time of the last change to the content.
    pub modify: Option<Timestamp>,
    /// The time of creation.
    pub create: Option<Timestamp>,
    /// The permissions of the session.
    pub perm: Option<Permissions>,
    /// An identifier, equal for two names if they refer to the same file. Case matters.
    pub unique: Option<FactValue<'a>>,
    /// The language of the name, a tag of RFC 5646.
    pub lang: Option<FactValue<'a>>,
    /// The media type of the content, such as `text/plain`.
    pub media_type: Option<FactValue<'a>>,
    /// The character set of the name, if it is not UTF-8.
    pub charset: Option<FactValue<'a>>,
    /// The Unix permissions, with the bits of the file type where the server sends them.
    pub unix_mode: Option<u16>,
    /// The owner's numeric ID.
    pub unix_uid: Option<u32>,
    /// The group's numeric ID.
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
    /// Returns the set of given facts.
    #[must_use]
    pub fn present(&self) -> FactSet {
        TABLE.iter().filter(|row| (row.given)(self).is_some()).map(|row| row.fact).collect()
    }

    /// Appends an entry without its line end: the facts that are both given and in `selected`, in
    /// the order of RFC 3659 section 7.5, then a space and `name`. On a line of an MLST reply,
    /// another space precedes the entry; the caller writes it.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(
        &self,
        selected: FactSet,
        case: NameCase,
        name: Text<'_>,
        sink: &mut S,
    ) -> Result<(), Full> {
        // Each `;` is written with what follows it: a sink is slow to take single bytes.
        let mut is_first = true;
        for row in TABLE.iter().filter(|row| selected.contains(row.fact)) {
            if let Some(value) = (row.given)(self) {
                let label = row.label(case).as_bytes();
                sink.put(label.get(usize::from(is_first)..).unwrap_or_default())?;
                value.encode(sink)?;
                is_first = false;
            }
        }
        sink.put(if is_first { b" " } else { b"; " })?;
        name.encode(sink)
    }
}

/// An entry: a pathname and the facts about it. Borrows from the line.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Facts<'a> {
    /// The facts as they were sent, including pieces between semicolons that are not facts.
    list: &'a [u8],
    /// The values of the known facts.
    pub values: FactValues<'a>,
    /// The known facts that are given without a readable value, such as a size that is not a number
    /// below 2^64 or a time that violates RFC 3659 2.3. They are absent from `values`. The bytes
    /// between `=` and `;` are still available from [`iter`](Self::iter), unless they are missing
    /// or contain control bytes.
    pub unreadable: FactSet,
    /// The pathname, including all spaces in it. Empty where MLST describes the current directory
    /// and the server does not name it. Not safe as a local file name: see
    /// [`safe_name`](crate::codec::pathname::safe_name).
    pub name: Text<'a>,
}

impl<'a> Facts<'a> {
    // entry = [ facts ] SP pathname                        ; RFC 3659 7.2
    // facts = 1*( fact ";" )                               ; also in use: no ";" after the last
    // fact = factname "=" value
    // factname = 1*RCHAR; value = *SCHAR
    //   also in use: any byte but SP, ";" and controls; an empty fact; a tab before the pathname
    /// Parses an entry of MLSD without its line end, or the text of MFMT's 213. The first space
    /// ends the facts, so a line that begins with a space has none. If a fact is given twice, the
    /// first one counts.
    ///
    /// An unreadable fact does not affect the rest of its line. If the fact is known, it is listed
    /// in [`unreadable`](Self::unreadable). [`parse_exact`](Self::parse_exact) rejects such facts.
    ///
    /// # Errors
    /// Fails when there is no space (or tab), when the text before it does not consist of facts (no
    /// piece has both a name and an `=`, or the last piece lacks its `;` and also its name or its
    /// `=`), or when the pathname contains CR, LF or NUL.
    pub fn parse(line: &'a [u8]) -> Result<Self, Invalid> {
        let mut facts = Self::default();
        facts.read(line)?;
        Ok(facts)
    }

    /// Parses like [`parse`](Self::parse), but strictly, for facts that request a change, as in
    /// MFF's argument.
    ///
    /// # Errors
    /// Fails like [`parse`](Self::parse), and when a known fact is unreadable, or a fact has no
    /// name, no `=` or a control byte.
    pub fn parse_exact(line: &'a [u8]) -> Result<Self, Invalid> {
        let facts = Self::parse(line)?;
        let sound = terminated_pieces(facts.list).all(|piece| sound(piece).is_some());
        match sound && facts.unreadable.is_empty() {
            true => Ok(facts),
            false => Err(Invalid::new("facts that can all be read")),
        }
    }

    /// Does the work of [`parse`](Self::parse) in place, on an empty value, since the struct is too
    /// large to move cheaply.
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

    /// Handles a list with pieces that are not facts: marks the known facts among them as
    /// unreadable, unless they are in `seen`.
    ///
    /// # Errors
    /// Fails when no piece is a fact, not even a known one with an invalid value.
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

    /// Parses an entry of MLST, a line of the reply between the first and the last. The line begins
    /// with one space; lines from servers that omit the space or send several are accepted too.
    ///
    /// # Errors
    /// Fails like [`parse`](Self::parse).
    pub fn parse_indented(line: &'a [u8]) -> Result<Self, Invalid> {
        let entry = line.strip_prefix(b" ").unwrap_or(line);
        // Two spaces mean an entry without facts, unless the text after them clearly has facts.
        let unindented =
            entry.iter().position(|&b| b != b' ').and_then(|at| entry.get(at..)).unwrap_or(entry);
        match Self::parse(unindented) {
            Ok(facts) if facts.is_terminated() => Ok(facts),
            _ => Self::parse(entry),
        }
    }

    /// Returns whether a `;` ends the last fact, as RFC 3659 7.2 requires.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.list.ends_with(b";")
    }

    /// Yields the name and the value of every fact, known or not, as they were sent. Skips pieces
    /// without a name or an `=`, and those with a control byte.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], FactValue<'a>)> + use<'a> {
        terminated_pieces(self.list).filter_map(sound)
    }

    /// Returns the value of the first fact with this name, ignoring case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<FactValue<'a>> {
        self.iter().find(|fact| fact.0.eq_ignore_ascii_case(name.as_bytes())).map(|fact| fact.1)
    }

    /// Appends the entry with the facts of [`iter`](Self::iter) unchanged, and a `;` after the
    /// last.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        // Written fact by fact, since the list may contain bytes that would end the line.
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

/// Returns the end of the piece at `start`, a piece that has no `=` or no name, or contains a
/// control byte.
#[cold]
fn end_of_odd(line: &[u8], start: usize) -> Result<usize, Invalid> {
    let rest = line.get(start..).ok_or(FACTS)?;
    let at = memchr::memchr2(b';', b' ', rest).ok_or(FACTS)?;
    let (piece, after) = rest.split_at_checked(at).ok_or(FACTS)?;
    // A piece without a `;` may just as well be part of a pathname whose leading space is missing.
    let known = || scan::split(piece, b'=').and_then(|(label, _)| table::named(label)).is_some();
    if after.starts_with(b";") || known() { Ok(start + at) } else { Err(FACTS) }
}

/// Splits a piece between semicolons into a name and a value, if the piece is a fact.
fn sound(piece: &[u8]) -> Option<(&[u8], FactValue<'_>)> {
    let (name, value) = scan::split(piece, b'=')?;
    Some((name, FactValue::new(value).ok()?)).filter(|_| is_fact_name(name))
}

/// Prints the entry with unprintable bytes escaped.
impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{} {}\"", Escaped(self.list), self.name)
    }
}
