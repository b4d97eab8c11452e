//! Lookup of a command by its name, with one multiplication and one comparison.
//!
//! A name of 3 to 7 letters and digits fits a `u64`. At compile time the crate searches for a
//! multiplier that maps each name to a slot of its own, so nothing has to be kept in sync by hand.

use super::{NAMES, Verb};
use crate::codec::scan;

/// Returns the command whose name `line` begins with, ignoring case, and the rest of the line,
/// which is empty or begins with a space or a control byte.
#[inline]
pub(super) fn split(line: &[u8]) -> Option<(Verb, &[u8])> {
    let (word, length) = word(line);
    let verb = INDEX.verbs[slot(word, INDEX.multiplier)]?;
    let differs = word ^ KEYS[verb as usize];
    if differs & !case_of(KEYS[verb as usize]) != 0 {
        return None;
    }
    Some((verb, line.get(length..)?))
}

/// Returns the word that `line` begins with, padded with NULs, and the word's length. Only the
/// first eight bytes of a longer word are returned, which are no name.
#[inline]
const fn word(line: &[u8]) -> (u64, usize) {
    const BELOW_GRAPHIC: u64 = EACH * (b' ' + 1) as u64;
    let start = scan::start(line);
    // The lowest bit set is the top bit of the first byte that is not above a space; the bits above
    // it may be wrong.
    let ends = start.wrapping_sub(BELOW_GRAPHIC) & !start & (EACH * 0x80);
    let end = (ends & ends.wrapping_neg()) >> 7;
    (start & end.wrapping_sub(1), (ends.trailing_zeros() / 8) as usize)
}

/// Returns the bits of a name in which upper and lower case differ. Letters have bit 0x40, and
/// digits do not.
#[inline]
const fn case_of(name: u64) -> u64 {
    (name & (EACH * 0x40)) >> 1
}

/// A `u64` with each byte set to one.
const EACH: u64 = 0x0101_0101_0101_0101;

const SLOT_BITS: u32 = 9;

struct Index {
    multiplier: u64,
    verbs: [Option<Verb>; 1 << SLOT_BITS],
}

static KEYS: [u64; NAMES.len()] = KEY_OF_VERB;
static INDEX: Index = build();

const KEY_OF_VERB: [u64; NAMES.len()] = {
    let mut keys = [0; NAMES.len()];
    let mut row = 0;
    while row < keys.len() {
        let (word, length) = word(NAMES[row].as_bytes());
        assert!(length >= 3 && length == NAMES[row].len(), "the name of a command has 3 to 7 bytes");
        keys[row] = word;
        row += 1;
    }
    keys
};

#[inline]
const fn slot(word: u64, multiplier: u64) -> usize {
    // The high bits of a product depend on all bits of the word. The result is below
    // `1 << SLOT_BITS`. Case makes no difference.
    ((word & (EACH * 0xDF)).wrapping_mul(multiplier) >> (u64::BITS - SLOT_BITS)) as usize
}

/// Tries odd multipliers in turn until no two names share a slot.
const fn build() -> Index {
    let mut multiplier: u64 = 0x9E37_79B9_7F4A_7C15;
    loop {
        let mut verbs = [None; 1 << SLOT_BITS];
        let mut row = 0;
        while row < KEY_OF_VERB.len() {
            let slot = slot(KEY_OF_VERB[row], multiplier);
            if verbs[slot].is_some() {
                break;
            }
            verbs[slot] = Some(Verb::ALL[row]);
            row += 1;
        }
        if row == KEY_OF_VERB.len() {
            return Index { multiplier, verbs };
        }
        // A linear congruential step (Knuth's MMIX), which keeps the multiplier odd since the
        // increment is even.
        multiplier = multiplier.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814E);
    }
}
