//! Lookup of a command by its name, with one multiplication and one comparison.
//!
//! A name of 3 to 7 letters and digits fits a `u64`. At compile time the crate searches for a
//! multiplier that maps each name to a slot of its own, so nothing has to be kept in sync by hand.

use super::{NAMES, Verb};

/// Returns the command whose name `line` begins with, ignoring case, and the rest of the line,
/// which is empty or begins with a space or a control byte.
#[inline]
pub(super) fn split(line: &[u8]) -> Option<(Verb, &[u8])> {
    let (key, length) = key(line);
    let verb = INDEX.verbs[slot(key, INDEX.multiplier)]?;
    if KEYS[verb as usize] != key {
        return None;
    }
    Some((verb, line.get(length..)?))
}

/// Returns a key for the word that `line` begins with, and the word's length. The key holds the
/// letters in upper case and the length in the top byte, so that different words have different
/// keys. A word of more than 7 bytes gets a key that no command has.
#[inline]
const fn key(line: &[u8]) -> (u64, usize) {
    const BELOW_GRAPHIC: u64 = EACH * (b' ' + 1) as u64;
    let start = start(line);
    // The lowest bit set is the top bit of the first byte that is not above a space; the bits above
    // it may be wrong.
    let ends = start.wrapping_sub(BELOW_GRAPHIC) & !start & TOPS;
    let length = ends.trailing_zeros() / 8;
    if length > 7 {
        return (0, 0);
    }
    let word = start & ((1 << (8 * length)) - 1);
    (upper(word) | (length as u64) << 56, length as usize)
}

/// Returns the first eight bytes, padded with NULs, or zero for a line of fewer than three bytes.
#[inline]
const fn start(line: &[u8]) -> u64 {
    if let Some(bytes) = line.first_chunk::<8>() {
        u64::from_le_bytes(*bytes)
    } else if let (Some(first), Some(last)) = (line.first_chunk::<4>(), line.last_chunk::<4>()) {
        // The two words overlap at the bytes that are in both.
        let last = u32::from_le_bytes(*last) as u64;
        u32::from_le_bytes(*first) as u64 | last << (8 * (line.len() - 4))
    } else if let [a, b, c] = *line {
        u64::from_le_bytes([a, b, c, 0, 0, 0, 0, 0])
    } else {
        0
    }
}

const EACH: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = EACH * 0x80;

/// Converts ASCII letters to upper case, eight bytes at once.
#[inline]
const fn upper(word: u64) -> u64 {
    // With the top bits cleared, an addition to one byte does not carry into the next. The top bit
    // of a sum shows whether the byte was at least `a`, or beyond `z`.
    let low = word & (EACH * 0x7F);
    let from_a = low + EACH * (0x80 - b'a' as u64);
    let beyond_z = low + EACH * (0x7F - b'z' as u64);
    let lower = from_a & !beyond_z & !word & TOPS;
    // 0x80 becomes 0x20, the bit that distinguishes the cases.
    word ^ (lower >> 2)
}

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
        let (key, length) = key(NAMES[row].as_bytes());
        assert!(length >= 3 && length == NAMES[row].len(), "the name of a command has 3 to 7 bytes");
        keys[row] = key;
        row += 1;
    }
    keys
};

#[inline]
const fn slot(key: u64, multiplier: u64) -> usize {
    // The high bits of a product depend on all bits of the key. The result is below
    // `1 << SLOT_BITS`.
    (key.wrapping_mul(multiplier) >> (u64::BITS - SLOT_BITS)) as usize
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
