//! From the name of a command to its row: one multiplication, one comparison.
//!
//! A name of 3 to 7 letters and digits fits a `u64`. A multiplier is searched for, when the crate is
//! compiled, that takes every name to a slot of its own; so there is nothing to keep in step by hand.

use super::NAMES;

/// The row of the command with this name, in any case.
#[inline]
pub(super) fn find(name: &[u8]) -> Option<usize> {
    let key = key(name)?;
    let row = usize::from(INDEX.rows[slot(key, INDEX.multiplier)]);
    // An empty slot names no row.
    (*KEYS.get(row)? == key).then_some(row)
}

/// The bytes of a name, letters in upper case, with the length in the top byte, so that names that differ
/// have keys that differ, NULs at the end included. `None` for a length that no command has.
#[inline]
const fn key(name: &[u8]) -> Option<u64> {
    let bytes = match *name {
        [a, b, c, d] => [a, b, c, d, 0, 0, 0, 4],
        [a, b, c] => [a, b, c, 0, 0, 0, 0, 3],
        [a, b, c, d, e] => [a, b, c, d, e, 0, 0, 5],
        [a, b, c, d, e, f] => [a, b, c, d, e, f, 0, 6],
        [a, b, c, d, e, f, g] => [a, b, c, d, e, f, g, 7],
        _ => return None,
    };
    Some(upper(u64::from_le_bytes(bytes)))
}

/// Eight bytes at once, with ASCII letters in upper case.
#[inline]
const fn upper(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Without their top bits, adding to one byte does not carry into the next; the top bit of a sum
    // tells that the byte was at least `a`, or beyond `z`.
    let low = word & (EACH * 0x7F);
    let from_a = low + EACH * (0x80 - b'a' as u64);
    let beyond_z = low + EACH * (0x7F - b'z' as u64);
    let lower = from_a & !beyond_z & !word & (EACH * 0x80);
    // 0x80 becomes 0x20, the bit between the cases.
    word ^ (lower >> 2)
}

const SLOT_BITS: u32 = 9;
const EMPTY: u8 = u8::MAX;

struct Index {
    multiplier: u64,
    rows: [u8; 1 << SLOT_BITS],
}

static KEYS: [u64; NAMES.len()] = KEY_OF_ROW;
static INDEX: Index = build();

const KEY_OF_ROW: [u64; NAMES.len()] = {
    assert!(NAMES.len() <= EMPTY as usize);
    let mut keys = [0; NAMES.len()];
    let mut row = 0;
    while row < keys.len() {
        match key(NAMES[row].as_bytes()) {
            Some(key) => keys[row] = key,
            None => panic!("the name of a command has 3 to 7 bytes"),
        }
        row += 1;
    }
    keys
};

#[inline]
const fn slot(key: u64, multiplier: u64) -> usize {
    // The high bits of a product depend on all bits of the key. The result is below `1 << SLOT_BITS`.
    (key.wrapping_mul(multiplier) >> (u64::BITS - SLOT_BITS)) as usize
}

/// Tries one odd multiplier after another until no two names share a slot.
const fn build() -> Index {
    let mut multiplier: u64 = 0x9E37_79B9_7F4A_7C15;
    loop {
        let mut rows = [EMPTY; 1 << SLOT_BITS];
        let mut row = 0;
        while row < KEY_OF_ROW.len() {
            let slot = slot(KEY_OF_ROW[row], multiplier);
            if rows[slot] != EMPTY {
                break;
            }
            rows[slot] = row as u8;
            row += 1;
        }
        if row == KEY_OF_ROW.len() {
            return Index { multiplier, rows };
        }
        // A linear congruential step (Knuth's MMIX); it keeps the multiplier odd, for the increment is
        // even.
        multiplier = multiplier.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814E);
    }
}
