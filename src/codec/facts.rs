//! Facts about files: the entries of MLST and MLSD (RFC 3659 section 7), MFF's argument and the 213
//! of MFMT, MFCT and MFF (draft-somers-ftp-mfxx), and the sets of facts in FEAT and OPTS.
//!
//! A known fact is either read in full, or absent and listed in [`Facts::unreadable`]: a size or a
//! time is never made up, and an unreadable one does not affect the name and the other facts of the
//! line. Unknown facts are kept as bytes.

mod entry;
mod table;

pub use entry::{FactValue, FactValues, Facts, Kind};

use bitflags::bitflags;

use super::{Full, Invalid, Sink, scan};
use table::TABLE;

bitflags! {
    /// A set of known facts, to be requested and shown.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct FactSet: u32 {
        /// The kind of the entry.
        const TYPE = 1;
        /// The size in bytes.
        const SIZE = 1 << 1;
        /// The time of the last change to the content.
        const MODIFY = 1 << 2;
        /// The time of creation.
        const CREATE = 1 << 3;
        /// The permissions of the session.
        const PERM = 1 << 4;
        /// The identity of the file.
        const UNIQUE = 1 << 5;
        /// The language of the name.
        const LANG = 1 << 6;
        /// The media type of the content.
        const MEDIA_TYPE = 1 << 7;
        /// The character set of the name.
        const CHARSET = 1 << 8;
        /// The Unix permissions.
        const UNIX_MODE = 1 << 9;
        /// The owner's numeric ID.
        const UNIX_UID = 1 << 10;
        /// The group's numeric ID.
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

    /// The permissions of a session for an entry, as the server estimates them (RFC 3659 section
    /// 7.5.5).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Permissions: u16 {
        /// `a`: APPE may append to this file.
        const APPEND = 1;
        /// `c`: files may be created in this directory.
        const CREATE = 1 << 1;
        /// `d`: DELE or RMD may remove the entry.
        const DELETE = 1 << 2;
        /// `e`: CWD may enter this directory.
        const ENTER = 1 << 3;
        /// `f`: RNFR may rename the entry.
        const RENAME = 1 << 4;
        /// `l`: this directory may be listed.
        const LIST = 1 << 5;
        /// `m`: MKD may create directories in this directory.
        const MAKE_DIRECTORY = 1 << 6;
        /// `p`: the contents of this directory may be deleted.
        const PURGE = 1 << 7;
        /// `r`: RETR may retrieve this file.
        const RETRIEVE = 1 << 8;
        /// `w`: STOR may store to this file.
        const STORE = 1 << 9;
    }
}

/// The case of fact names in output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NameCase {
    /// `Type=`, as in RFC 3659.
    #[default]
    Canonical,
    /// `type=`, as most servers write it. `UNIX.` keeps its capitals.
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

/// The permission that each letter of the alphabet stands for, empty for an unknown letter.
static BY_LETTER: [Permissions; 32] = {
    let mut meant = [Permissions::empty(); 32];
    let mut row = 0;
    while row < LETTERS.len() {
        meant[(LETTERS[row].1 - b'a') as usize] = LETTERS[row].0;
        row += 1;
    }
    meant
};

impl FactSet {
    /// Returns the fact with this name, ignoring case.
    #[must_use]
    #[inline]
    pub fn from_fact_name(name: &[u8]) -> Option<Self> {
        table::named(name).map(|row| row.fact)
    }

    /// Yields each fact of the set with its name, in the order in which they are written.
    pub fn names(self, case: NameCase) -> impl Iterator<Item = (Self, &'static str)> {
        TABLE.iter().filter(move |row| self.contains(row.fact)).map(move |row| (row.fact, row.name(case)))
    }

    // facts-wanted = *( factname ";" )                     ; of mlst-opts, RFC 3659 7.9
    //   also in use: no ";" after the last
    /// Parses the list of `OPTS MLST`. Unknown names are ignored, as RFC 3659 section 7.9 requires
    /// of a server. An empty list yields no facts.
    ///
    /// # Errors
    /// Fails when `list` is not a list of names, or contains a space.
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

    /// Appends the list as in `OPTS MLST` and in the reply to that command, `Type;Size;`.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, case: NameCase, sink: &mut S) -> Result<(), Full> {
        self.names(case).try_for_each(|(_, name)| sink.put_fmt(format_args!("{name};")))
    }
}

/// The MLST line of FEAT: the available facts, and those that are selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FactChoice {
    /// Every fact that the server can show.
    pub available: FactSet,
    /// The facts that the server shows until `OPTS MLST` changes the selection. They are marked
    /// with `*`.
    pub selected: FactSet,
}

impl FactChoice {
    // factlist = 1*( factname ["*"] ";" )                  ; of mlst-feat, RFC 3659 7.8
    /// Parses the text after `MLST` on its line of FEAT. The text may be empty. Unknown names are
    /// ignored.
    ///
    /// # Errors
    /// Fails when `list` is not a list of names.
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

    /// Appends the text after `MLST` on its line of FEAT, `Type*;Size;`. Facts that are selected
    /// but not available are omitted.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, case: NameCase, sink: &mut S) -> Result<(), Full> {
        self.available.names(case).try_for_each(|(fact, name)| {
            let star = if self.selected.contains(fact) { "*" } else { "" };
            sink.put_fmt(format_args!("{name}{star};"))
        })
    }
}

impl Permissions {
    // pvals = *( "a" / "c" / "d" / "e" / "f" / "l" / "m" / "p" / "r" / "w" )      ; RFC 3659 7.5.5
    /// Parses the value of a perm fact. Unknown letters are ignored, since some servers define more
    /// of them.
    ///
    /// # Errors
    /// Fails when `value` contains anything but letters.
    pub fn parse(value: &[u8]) -> Result<Self, Invalid> {
        let (mut all, mut odd) = (Self::empty(), false);
        for letter in value {
            let place = (letter | 0x20).wrapping_sub(b'a');
            odd |= place >= 26;
            all |= BY_LETTER[usize::from(place % 32)];
        }
        if odd { Err(Invalid::new("letters of permissions")) } else { Ok(all) }
    }

    /// Appends the letters, in alphabetical order.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        let (mut letters, mut count) = ([0; LETTERS.len()], 0);
        for (slot, row) in letters.iter_mut().zip(LETTERS.iter().filter(|row| self.contains(row.0))) {
            *slot = row.1;
            count += 1;
        }
        sink.put(letters.get(..count).unwrap_or_default())
    }
}

/// Splits `list` at each `;`. The last `;` may be missing.
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
