//! Sizes as listings print them.
//!
//! ```text
//! number  = 1*DIGIT
//! grouped = 1*3DIGIT 1*( "," 3DIGIT ) / 1*3DIGIT 1*( "." 3DIGIT )
//! rounded = 1*( DIGIT / "." / "," ) 1*2unit          ; 1.2K, 155KB
//! ```

pub(super) use crate::codec::scan::decimal as number;

/// Parses a number that may have `,` or `.` between its thousands.
#[inline]
pub(super) fn grouped(word: &[u8]) -> Option<u64> {
    number(word).or_else(|| thousands(word))
}

#[cold]
fn thousands(word: &[u8]) -> Option<u64> {
    let mark = *word.iter().find(|byte| !byte.is_ascii_digit())?;
    if !matches!(mark, b',' | b'.') {
        return None;
    }
    let mut groups = word.split(|&byte| byte == mark);
    let first = groups.next().filter(|first| first.len() <= 3)?;
    groups.try_fold(number(first)?, |value: u64, group| {
        let thousand: u64 = number(group).filter(|_| group.len() == 3)?;
        value.checked_mul(1000)?.checked_add(thousand)
    })
}

/// Returns whether `word` is a size with a unit. Such a size is rounded, so it is not converted to
/// a number of bytes.
pub(super) fn is_rounded(word: &[u8]) -> bool {
    let word = word.strip_suffix(b"B").filter(|rest| rest.last().is_some_and(is_unit)).unwrap_or(word);
    match word.split_last() {
        Some((last, digits)) if is_unit(last) || *last == b'B' => {
            !digits.is_empty() && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b','))
        }
        _ => false,
    }
}

/// Returns whether `word` has the form of a size but not a valid value: it has a sign in front, or
/// too many digits.
pub(super) fn is_out_of_range(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").or(word.strip_prefix(b"+")).unwrap_or(word);
    number::<u64>(word).is_none() && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// Returns whether `word` begins like a number, valid or not: `-5`, `5x9`, `99999999999999999999`.
pub(super) const fn begins_like_a_number(word: &[u8]) -> bool {
    matches!(word, [b'0'..=b'9', ..] | [b'-' | b'+', b'0'..=b'9', ..])
}

const fn is_unit(byte: &u8) -> bool {
    matches!(byte, b'K' | b'k' | b'M' | b'G' | b'T' | b'P' | b'E')
}

/// Parses hexadecimal digits.
pub(super) fn hexadecimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(u64::from);
    digits.iter().try_fold(0u64, |value, byte| Some(value << 4 | digit(byte)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_digits_or_thousands() {
        for (word, expected) in [
            ("0", Some(0)),
            ("0042", Some(42)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("1,234,567", Some(1_234_567)),
            ("1.234", Some(1_234)),
            ("1.23", None),
            ("1234,567", None),
            ("1,234.567", None),
            ("1,", None),
            (",123", None),
            ("", None),
            ("1k", None),
            ("99,999,999,999,999,999,999", None),
        ] {
            assert_eq!(grouped(word.as_bytes()), expected, "{word}");
        }
        for (word, expected) in [("1.2K", true), ("155KB", true), ("7B", true), ("K", false), ("1KK", false)]
        {
            assert_eq!(is_rounded(word.as_bytes()), expected, "{word}");
        }
        for (word, beyond, like) in [
            ("-5", true, true),
            ("+5", true, true),
            ("18446744073709551616", true, true),
            ("18446744073709551615", false, true),
            ("5x9", false, true),
            ("-", false, false),
            ("x", false, false),
            ("", false, false),
        ] {
            let word = word.as_bytes();
            assert_eq!((is_out_of_range(word), begins_like_a_number(word)), (beyond, like), "{word:?}");
        }
        for (digits, expected) in
            [("000b08", Some(0xb08)), ("", None), ("xyz", None), ("10000000000000000", None)]
        {
            assert_eq!(hexadecimal(digits.as_bytes()), expected, "{digits}");
        }
    }
}
