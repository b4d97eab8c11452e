//! Facts about files: the entries of MLST and MLSD (RFC 3659 section 7), MFF's argument and the 213 of MFMT,
//! MFCT and MFF (draft-somers-ftp-mfxx), and the sets of facts that FEAT and OPTS speak of.
//!
//! A fact is either read in full or it is absent and named in [`Facts::unreadable`]: a size or a time is never
//! made up, and the name and the other facts of its line are not lost with it. Facts that are not known here are
//! kept as bytes.

mod entry;
mod table;

pub use entry::{FactValue, FactValues, Facts, Kind};

use bitflags::bitflags;

use super::{Full, Invalid, Sink, scan};
use table::TABLE;

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

/// What each letter of the alphabet means.
static BY_LETTER: [Permissions; 26] = {
    let mut meant = [Permissions::empty(); 26];
    let mut row = 0;
    while row < LETTERS.len() {
        meant[(LETTERS[row].1 - b'a') as usize] = LETTERS[row].0;
        row += 1;
    }
    meant
};

impl FactSet {
    /// The fact with this name, in any case.
    #[must_use]
    #[inline]
    pub fn from_fact_name(name: &[u8]) -> Option<Self> {
        table::named(name).map(|row| row.fact)
    }

    /// Each fact in it with its name, in the order in which they are written.
    pub fn names(self, case: NameCase) -> impl Iterator<Item = (Self, &'static str)> {
        TABLE.iter().filter(move |row| self.contains(row.fact)).map(move |row| (row.fact, row.name(case)))
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
            if !is_fact_name(name) {
                return Err(Invalid::new("names of facts, with ; after each"));
            }
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
            let (name, selected) = match piece {
                [name @ .., b'*'] => (name, true),
                name => (name, false),
            };
            if !is_fact_name(name) {
                return Err(Invalid::new("names of facts, with ; or *; after each"));
            }
            let fact = FactSet::from_fact_name(name).unwrap_or_default();
            choice.available |= fact;
            if selected {
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
        value.iter().try_fold(Self::empty(), |all, letter| {
            let place = (letter | 0x20).wrapping_sub(b'a');
            let meant = BY_LETTER.get(usize::from(place)).ok_or(Invalid::new("letters of permissions"))?;
            Ok(all | *meant)
        })
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

/// What `;` ends, or the end of `list` where the last one is left out.
fn terminated_pieces(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = scan::split(rest, b';').unwrap_or((rest, &[]));
        rest = after;
        Some(piece)
    })
}

const fn is_value(byte: u8) -> bool {
    byte > b' ' && byte != b';' && byte != 0x7f
}

fn is_fact_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|&byte| is_value(byte) && !matches!(byte, b'=' | b'*'))
}

#[cfg(test)]
mod tests;
