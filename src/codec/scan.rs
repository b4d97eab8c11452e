//! Short fields: where they end, and what number they are.

/// A byte of one in each byte of a word.
const EACH: u64 = 0x0101_0101_0101_0101;

/// What is in front of the first `mark`, and what is after it. For a mark that is some bytes away: before
/// that, memchr does not get into its stride.
#[inline]
pub(crate) fn split(bytes: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let differs = u64::from_le_bytes(*word) ^ (EACH * u64::from(mark));
        // The top bit of the first byte that does not differ; beyond it, bits may be wrong.
        let same = differs.wrapping_sub(EACH) & !differs & (EACH * 0x80);
        at += (same.trailing_zeros() / 8) as usize;
        if same != 0 {
            return Some((bytes.get(..at)?, bytes.get(at + 1..)?));
        }
    }
    let rest = bytes.get(at..)?;
    at += rest.iter().position(|&byte| byte == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// How many bytes are in front of the first space or tab, or all.
#[inline]
pub(crate) fn word(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        // The top bit of the first byte that is no more than a space; beyond it, bits may be wrong.
        let ends = word.wrapping_sub(EACH * (b' ' + 1) as u64) & !word & (EACH * 0x80);
        at += (ends.trailing_zeros() / 8) as usize;
        match bytes.get(at) {
            Some(b' ' | b'\t') if ends != 0 => return at,
            // A control byte, which is part of the word.
            _ if ends != 0 => at += 1,
            _ => {}
        }
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len())
}

/// Which of the first 64 bytes are spaces, the lowest bit for the first; of what is not a multiple of eight, the
/// rest counts as none. `None` when there is a tab or another control byte among them.
#[inline]
pub(crate) fn spaces(bytes: &[u8]) -> Option<u64> {
    let (mut spaces, mut controls) = (0, 0);
    for (i, word) in bytes.chunks_exact(8).take(8).enumerate() {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        // The top bit of each byte that is below a limit; no borrow leaves a byte.
        let below = |limit: u8| {
            !((word | (EACH * 0x80)).wrapping_sub(EACH * u64::from(limit)) | word) & (EACH * 0x80)
        };
        controls |= below(b' ');
        spaces |= u64::from(gathered(below(b' ' + 1))) << (8 * i);
    }
    (controls == 0).then_some(spaces)
}

/// Which bytes are the same in both, the lowest bit for the first.
#[inline]
pub(crate) const fn alike(a: [u8; 8], b: [u8; 8]) -> u8 {
    let differs = u64::from_le_bytes(a) ^ u64::from_le_bytes(b);
    gathered(!((differs & (EACH * 0x7f)).wrapping_add(EACH * 0x7f) | differs) & (EACH * 0x80))
}

/// The top bits of the bytes side by side, where there are no others: a multiplication that puts each into a place
/// of its own in the highest byte.
const fn gathered(tops: u64) -> u8 {
    ((tops >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// All of `digits` as a number.
#[inline]
pub(crate) fn decimal<N: TryFrom<u64>>(digits: &[u8]) -> Option<N> {
    if digits.is_empty() {
        return None;
    }
    let digit = |byte: &u8| Some(byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9).map(u64::from);
    // Nineteen digits cannot overflow.
    let (safe, rest) = digits.split_at_checked(19).unwrap_or((digits, &[]));
    let mut value = 0u64;
    for byte in safe {
        value = value.wrapping_mul(10).wrapping_add(digit(byte)?);
    }
    for byte in rest {
        value = value.checked_mul(10)?.checked_add(digit(byte)?)?;
    }
    N::try_from(value).ok()
}

/// Octal digits as a number; `0o` in front is Python's.
pub(crate) fn octal(value: &[u8]) -> Option<u16> {
    let value = value.strip_prefix(b"0o").unwrap_or(value);
    let mut mode = 0u32;
    for byte in value {
        let digit = byte.wrapping_sub(b'0');
        mode = mode << 3 | u32::from(digit);
        if digit > 7 || mode > u32::from(u16::MAX) {
            return None;
        }
    }
    if value.is_empty() { None } else { u16::try_from(mode).ok() }
}

/// Whether two words of 4 to 16 bytes are the same, in two looks; `false` for others.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match (ends::<8>(a), ends::<8>(b)) {
            (Some(a), Some(b)) => a == b,
            _ => ends::<4>(a).is_some_and(|a| Some(a) == ends::<4>(b)),
        }
}

/// The first and the last bytes, which may overlap.
#[inline]
fn ends<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
    Some((bytes.first_chunk()?, bytes.last_chunk()?))
}

/// Eight digits as four numbers of two.
#[inline]
pub(crate) const fn pairs(digits: [u8; 8]) -> Option<[u8; 4]> {
    let digits = u64::from_le_bytes(digits).wrapping_sub(EACH * b'0' as u64);
    // Below zero or above nine in any byte; a borrow only comes from a byte that is wrong itself.
    if (digits | digits.wrapping_add(EACH * 0x76)) & (EACH * 0x80) != 0 {
        return None;
    }
    let [a, _, b, _, c, _, d, _] = (digits * 10 + (digits >> 8)).to_le_bytes();
    Some([a, b, c, d])
}

/// Two digits as a number.
#[inline]
pub(crate) const fn pair([tens, ones]: [u8; 2]) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens <= 9 && ones <= 9 { Some(tens * 10 + ones) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_field_ends_at_the_first_mark(bytes in "[-.;<\u{80}-\u{100}\0]{0,40}", mark in any::<u8>()) {
            for mark in [b';', mark] {
                let bytes = bytes.as_bytes();
                let at = bytes.iter().position(|&byte| byte == mark);
                prop_assert_eq!(split(bytes, mark), at.map(|at| (&bytes[..at], &bytes[at + 1..])));
            }
        }

        #[test]
        fn eight_digits_are_four_numbers(digits in "[0-9]{6}[0-9/:\0\u{7f}\u{80}]{1,2}") {
            if let Ok(digits) = <[u8; 8]>::try_from(digits.as_bytes()) {
                let [a, b, c, d, e, f, g, h] = digits;
                let each = [pair([a, b]), pair([c, d]), pair([e, f]), pair([g, h])];
                prop_assert_eq!(pairs(digits).map(|all| all.map(Some)).unwrap_or(each), each);
                prop_assert_eq!(pairs(digits).is_some(), each.iter().all(Option::is_some));
            }
        }

        #[test]
        fn a_space_is_where_its_bit_is(bytes in "[ !~\u{80}-\u{ff}]{0,90}", at in 0usize..90, control in 0u8..0x20) {
            let mut bytes = bytes.into_bytes();
            let seen = (bytes.len() / 8 * 8).min(64);
            let bits = (0..seen).filter(|&at| bytes[at] == b' ').fold(0, |bits, at| bits | 1u64 << at);
            prop_assert_eq!(spaces(&bytes), Some(bits));
            if at < seen {
                bytes[at] = control;
                prop_assert_eq!(spaces(&bytes), None);
            }
        }

        #[test]
        fn bytes_are_alike_one_by_one(a: [u8; 8], b: [u8; 8], same: [bool; 8]) {
            let b: [u8; 8] = core::array::from_fn(|i| if same[i] { a[i] } else { b[i] });
            for i in 0..8 {
                prop_assert_eq!(alike(a, b) >> i & 1 == 1, a[i] == b[i]);
            }
        }

        #[test]
        fn words_are_the_same_byte_for_byte(a in "[ab]{4,16}", b in "[ab]{4,16}") {
            prop_assert_eq!(same(a.as_bytes(), b.as_bytes()), a == b);
            prop_assert!(same(a.as_bytes(), a.as_bytes()));
        }

        #[test]
        fn a_word_ends_at_the_first_blank(bytes in "[a \t\0-\x20!\u{80}-\u{a1}]{0,4}[a\0\u{a0}]{0,20}[ \ta]{0,9}") {
            let bytes = bytes.as_bytes();
            let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\t'));
            prop_assert_eq!(word(bytes), end.unwrap_or(bytes.len()));
        }
    }
}
