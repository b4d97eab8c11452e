//! The table of facts: the names of each fact, and the functions that read and write its value.
//! Everything else derives from this table.

use super::{FactSet, FactValue, FactValues, Kind, NameCase, Permissions};
use crate::codec::encode::Digits;
use crate::codec::{Full, Sink, Timestamp, scan};

/// A known fact.
pub(super) struct Row {
    pub(super) fact: FactSet,
    /// The name as RFC 3659 writes it; `lower` is the lower-case form.
    canonical: &'static str,
    lower: &'static str,
    /// The two names, each between the `;` of the fact before and the `=`.
    labels: (&'static str, &'static str),
    /// Reads a value into its field and returns whether it could be read.
    pub(super) read: for<'a> fn(&mut FactValues<'a>, FactValue<'a>) -> bool,
    /// Returns the value of the field, if it is set and can be written.
    pub(super) given: for<'a> fn(&FactValues<'a>) -> Option<Written<'a>>,
}

impl Row {
    pub(super) const fn name(&self, case: NameCase) -> &'static str {
        match case {
            NameCase::Canonical => self.canonical,
            NameCase::Lower => self.lower,
        }
    }

    /// Returns the `;` that ends the fact before, the name, and `=`.
    pub(super) const fn label(&self, case: NameCase) -> &'static str {
        match case {
            NameCase::Canonical => self.labels.0,
            NameCase::Lower => self.labels.1,
        }
    }
}

/// A value to be encoded.
pub(super) enum Written<'a> {
    Kind(Kind<'a>),
    Decimal(u64),
    Octal(u16),
    Time(Timestamp),
    Letters(Permissions),
    Text(FactValue<'a>),
}

impl Written<'_> {
    /// Returns whether the value can be read back, which an empty kind cannot.
    fn is_readable(&self) -> bool {
        !matches!(self, Self::Kind(Kind::Other(value)) if value.as_bytes().is_empty())
    }

    pub(super) fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match self {
            Self::Kind(kind) => sink.put(kind.as_bytes()),
            Self::Decimal(number) => sink.put(Digits::new::<10>(*number).as_bytes()),
            Self::Octal(mode) => sink.put(Digits::padded::<8>((*mode).into(), 4, b'0').as_bytes()),
            Self::Time(time) => time.encode(sink),
            Self::Letters(letters) => letters.encode(sink),
            Self::Text(value) => sink.put(value.as_bytes()),
        }
    }
}

macro_rules! table {
    ($($fact:ident, $canonical:literal, $lower:literal, $field:ident, $read:expr, $written:expr;)*) => {
        &[$(Row {
            fact: FactSet::$fact,
            canonical: $canonical,
            lower: $lower,
            labels: (concat!(";", $canonical, "="), concat!(";", $lower, "=")),
            read: |of, value| {
                of.$field = $read(value);
                of.$field.is_some()
            },
            given: |of| of.$field.map($written).filter(Written::is_readable),
        }),*]
    };
}

/// The known facts, in the order in which they are written.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = table! {
    // the fact, its two names, its field of `FactValues`, the reader and the writer of its value
    TYPE,           "Type",           "type",           kind,           kind,   Written::Kind;
    SIZE,           "Size",           "size",           size,           number, Written::Decimal;
    MODIFY,         "Modify",         "modify",         modify,         time,   Written::Time;
    CREATE,         "Create",         "create",         create,         time,   Written::Time;
    PERM,           "Perm",           "perm",           perm,           perm,   Written::Letters;
    UNIQUE,         "Unique",         "unique",         unique,         text,   Written::Text;
    LANG,           "Lang",           "lang",           lang,           text,   Written::Text;
    MEDIA_TYPE,     "Media-Type",     "media-type",     media_type,     text,   Written::Text;
    CHARSET,        "CharSet",        "charset",        charset,        text,   Written::Text;
    UNIX_MODE,      "UNIX.mode",      "UNIX.mode",      unix_mode,      mode,   Written::Octal;
    UNIX_UID,       "UNIX.uid",       "UNIX.uid",       unix_uid,       number, |id| Written::Decimal(id.into());
    UNIX_GID,       "UNIX.gid",       "UNIX.gid",       unix_gid,       number, |id| Written::Decimal(id.into());
    UNIX_OWNER,     "UNIX.owner",     "UNIX.owner",     unix_owner,     text,   Written::Text;
    UNIX_GROUP,     "UNIX.group",     "UNIX.group",     unix_group,     text,   Written::Text;
    UNIX_OWNERNAME, "UNIX.ownername", "UNIX.ownername", unix_ownername, text,   Written::Text;
    UNIX_GROUPNAME, "UNIX.groupname", "UNIX.groupname", unix_groupname, text,   Written::Text;
};

/// Names that are read but never written: Pure-FTPd's name for the size of a directory.
const ALIASES: &[(&str, FactSet)] = &[("sizd", FactSet::SIZE)];

// type-fact = "Type=" type-val; size-fact = "Size=" 1*DIGIT; modify-fact = "Modify=" time-val;
// create-fact = "Create=" time-val; perm-fact = "Perm=" *pvals                ; RFC 3659 7.5
// UNIX.mode: octal; UNIX.uid, UNIX.gid: decimal            ; in common use, in no RFC

#[inline]
fn kind(value: FactValue<'_>) -> Option<Kind<'_>> {
    if value.as_bytes().is_empty() { None } else { Some(Kind::from_value(value)) }
}

#[inline]
fn time(value: FactValue<'_>) -> Option<Timestamp> {
    Timestamp::parse(value.as_bytes()).ok()
}

#[inline]
fn perm(value: FactValue<'_>) -> Option<Permissions> {
    Permissions::parse(value.as_bytes()).ok()
}

#[inline]
fn text(value: FactValue<'_>) -> Option<FactValue<'_>> {
    Some(value)
}

#[inline]
fn mode(value: FactValue<'_>) -> Option<u16> {
    scan::octal(value.as_bytes())
}

#[inline]
fn number<N: TryFrom<u64>>(value: FactValue<'_>) -> Option<N> {
    scan::decimal(value.as_bytes())
}

/// Returns the row of the fact with this name, ignoring case.
#[inline]
pub(super) fn named(name: &[u8]) -> Option<&'static Row> {
    let (first, last) = ends(name)?;
    let known = SLOTS.get(slot(last))?;
    let differs = (first ^ known.first) & known.first_bits | (last ^ known.last) & known.last_bits;
    (differs == 0 && name.len() == known.length).then_some(known.row)
}

/// A name, stored as its length and its two ends, with masks of the bits that must match (all but
/// the case bit of letters).
#[derive(Clone, Copy)]
struct Known {
    row: &'static Row,
    length: usize,
    first: u64,
    last: u64,
    first_bits: u64,
    last_bits: u64,
}

/// Returns the first and the last eight bytes of a name, or the first and the last four of a name
/// shorter than eight. The two may overlap. Together with the length, they identify a name of 4 to
/// 16 bytes.
#[inline]
const fn ends(name: &[u8]) -> Option<(u64, u64)> {
    if let Some(first) = name.first_chunk() {
        if let Some(last) = name.last_chunk() {
            return Some((u64::from_le_bytes(*first), u64::from_le_bytes(*last)));
        }
    }
    match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => {
            Some((u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64))
        }
        _ => None,
    }
}

/// Returns the index of a name in [`SLOTS`], computed from its last bytes, ignoring case. The
/// factor was found by trial.
#[inline]
const fn slot(last: u64) -> usize {
    ((last | 0x2020_2020_2020_2020).wrapping_mul(FACTOR) >> 59) as usize
}

const FACTOR: u64 = 0xf1a9_a658_de0f_39a7;

/// The names of [`TABLE`] and [`ALIASES`], each in its [`slot`], so that a lookup needs one probe.
static SLOTS: [Known; 32] = {
    // An empty slot. No name has its length of zero.
    let none = Known { row: &TABLE[0], length: 0, first: 0, last: 0, first_bits: 0, last_bits: 0 };
    let mut slots = [none; 32];
    let mut i = 0;
    while i < TABLE.len() + ALIASES.len() {
        let (name, fact) =
            if i < TABLE.len() { (TABLE[i].lower, TABLE[i].fact) } else { ALIASES[i - TABLE.len()] };
        let known = Known::new(name.as_bytes(), fact);
        assert!(slots[slot(known.last)].length == 0, "two names in one slot");
        slots[slot(known.last)] = known;
        i += 1;
    }
    slots
};

impl Known {
    const fn new(name: &[u8], fact: FactSet) -> Self {
        assert!(name.len() <= 16, "a name that its ends do not tell");
        let mut bits = [0xff; 16];
        let mut i = 0;
        while i < name.len() {
            if name[i].is_ascii_alphabetic() {
                bits[i] = !0x20;
            }
            i += 1;
        }
        let mut row = 0;
        while TABLE[row].fact.bits() != fact.bits() {
            row += 1;
        }
        match (ends(name), ends(bits.split_at(name.len()).0)) {
            (Some((first, last)), Some((first_bits, last_bits))) => {
                Self { row: &TABLE[row], length: name.len(), first, last, first_bits, last_bits }
            }
            _ => panic!("a name without ends"),
        }
    }
}
