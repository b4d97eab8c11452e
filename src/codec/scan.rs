//! Scanners for short fields: they find where a field ends, and convert numbers.

/// A `u64` with each byte set to one.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Splits `bytes` at the first `mark`. That mark is in neither part.
#[inline]
pub(crate) fn split(bytes: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(mark, bytes)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// Returns the first eight bytes, the first of them lowest, padded with NULs.
#[inline]
pub(crate) const fn start(bytes: &[u8]) -> u64 {
    if let Some(bytes) = bytes.first_chunk::<8>() {
        return u64::from_le_bytes(*bytes);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        // The two words overlap at the bytes that are in both.
        let last = u32::from_le_bytes(*last) as u64;
        return u32::from_le_bytes(*first) as u64 | last << (8 * (bytes.len() - 4));
    }
    match *bytes {
        [a, b, c] => u32::from_le_bytes([a, b, c, 0]) as u64,
        [a, b] => u16::from_le_bytes([a, b]) as u64,
        [a] => a as u64,
        _ => 0,
    }
}

/// Returns whether `bytes` contains a byte no greater than CR. Tests eight bytes at a time, since
/// most texts are too short for memchr to pay off.
#[inline]
pub(crate) fn has_controls(bytes: &[u8]) -> bool {
    // Sets the top bit of each byte that is below 14, and perhaps of bytes that follow such a byte.
    let below = |word: u64| word.wrapping_sub(EACH * 14) & !word & (EACH * 0x80);
    let (Some((first, mut rest)), Some(last)) = (bytes.split_first_chunk(), bytes.last_chunk()) else {
        let padding = !0 << (8 * bytes.len());
        return below(start(bytes) | padding) != 0;
    };
    // The last word may overlap the one before it.
    let mut found = below(u64::from_le_bytes(*first)) | below(u64::from_le_bytes(*last));
    while let (9.., Some((word, after))) = (rest.len(), rest.split_first_chunk()) {
        found |= below(u64::from_le_bytes(*word));
        rest = after;
    }
    found != 0
}

/// An iterator over the bytes that are marks. It tests 64 bytes at a time; `is_mark` should make no
/// more than a few comparisons.
pub(crate) struct Marks<'a, F> {
    bytes: &'a [u8],
    is_mark: F,
    /// The start of the current block. `left` has a bit for each of its marks not yet yielded.
    start: usize,
    left: u64,
}

impl<'a, F: Fn(u8) -> bool + Copy> Marks<'a, F> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], is_mark: F) -> Self {
        let left = marked_from(bytes, 0, is_mark);
        Self { bytes, is_mark, start: 0, left }
    }
}

/// Yields the position of each mark, and the mark itself.
impl<F: Fn(u8) -> bool + Copy> Iterator for Marks<'_, F> {
    type Item = (usize, u8);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        while self.left == 0 {
            if self.bytes.len() - self.start <= 64 {
                return None;
            }
            self.start += 64;
            self.left = marked_from(self.bytes, self.start, self.is_mark);
        }
        let at = self.start + self.left.trailing_zeros() as usize;
        self.left &= self.left - 1;
        Some((at, *self.bytes.get(at)?))
    }
}

/// Returns a mask of up to 64 bytes from `start`, with the lowest bit for the first of them. A bit
/// is set where `is_mark` holds.
#[inline(never)]
fn marked_from(bytes: &[u8], start: usize, is_mark: impl Fn(u8) -> bool) -> u64 {
    let rest = bytes.get(start..).unwrap_or_default();
    match (rest.first_chunk(), bytes.last_chunk()) {
        (Some(block), _) => marked(block, is_mark),
        // The block begins before `start`.
        (None, Some(block)) => marked(block, is_mark).checked_shr(64 - rest.len() as u32).unwrap_or(0),
        (None, None) => marked(&padded(rest, 0), is_mark) & ((1 << rest.len()) - 1),
    }
}

/// Returns a mask of the bytes, with the lowest bit for the first. A bit is set where `is_mark`
/// holds. Does not branch between the bytes, so that the compiler can vectorize the tests.
#[inline]
fn marked(block: &[u8; 64], is_mark: impl Fn(u8) -> bool) -> u64 {
    let marked = block.map(|byte| u8::from(is_mark(byte)));
    marked.chunks_exact(8).enumerate().fold(0, |bits, (i, word)| {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        bits | u64::from(gathered(word)) << (8 * i)
    })
}

/// Returns the first 64 bytes, with `padding` in place of those that are missing.
#[inline]
fn padded(bytes: &[u8], padding: u8) -> [u8; 64] {
    let mut block = [padding; 64];
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    block
}

/// Returns the number of bytes before the first space or tab, or the length of `bytes` if there is
/// neither.
#[inline]
pub(crate) fn word(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        // The lowest bit set is the top bit of the first byte that is not above a space; the bits
        // above it may be wrong.
        let ends = word.wrapping_sub(EACH * (b' ' + 1) as u64) & !word & (EACH * 0x80);
        at += (ends.trailing_zeros() / 8) as usize;
        match bytes.get(at) {
            Some(b' ' | b'\t') if ends != 0 => return at,
            // Any other control byte is part of the word.
            _ if ends != 0 => at += 1,
            _ => {}
        }
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(rest.len())
}

/// Returns a mask of the first 64 bytes, with the lowest bit for the first byte. A bit is set for a
/// space. Returns `None` when a tab or another control byte is among them.
#[inline]
pub(crate) fn spaces(bytes: &[u8]) -> Option<u64> {
    let copy;
    let block = match bytes.first_chunk() {
        Some(block) => block,
        None => {
            copy = padded(bytes, b'x');
            &copy
        }
    };
    let controls = block.iter().fold(false, |found, byte| found | (*byte < b' '));
    (!controls).then(|| marked(block, |byte| byte == b' '))
}

/// Returns a mask of the eight bytes, with the lowest bit for the first byte. A bit is set where
/// `a` and `b` are equal.
#[inline]
pub(crate) const fn alike(a: [u8; 8], b: [u8; 8]) -> u8 {
    let differs = u64::from_le_bytes(a) ^ u64::from_le_bytes(b);
    gathered((!((differs & (EACH * 0x7f)).wrapping_add(EACH * 0x7f) | differs) >> 7) & EACH)
}

/// Gathers the lowest bits of the eight bytes in one byte. No other bits may be set: the
/// multiplication moves each of them to its own place in the highest byte.
const fn gathered(lowest: u64) -> u8 {
    (lowest.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Parses all of `digits` as a number.
#[inline]
pub(crate) fn decimal<N: TryFrom<u64>>(digits: &[u8]) -> Option<N> {
    let (mut value, mut rest) = (0u64, digits);
    while let Some((eight, after)) = rest.split_first_chunk() {
        let [a, _, b, _, c, _, d, _] = pairs(*eight)?;
        let eight = [a, b, c, d].into_iter().fold(0, |value, pair| value * 100 + u64::from(pair));
        value = value.checked_mul(100_000_000)?.checked_add(eight)?;
        rest = after;
    }
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    if digits.is_empty() { None } else { N::try_from(value).ok() }
}

/// Parses octal digits. A leading `0o`, as Python writes it, is accepted.
#[inline]
pub(crate) fn octal(value: &[u8]) -> Option<u16> {
    let digits = value.strip_prefix(b"0o").unwrap_or(value);
    let mut mode = 0u16;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 7 || mode >> 13 != 0 {
            return None;
        }
        mode = mode << 3 | u16::from(digit);
    }
    if digits.is_empty() { None } else { Some(mode) }
}

/// Parses eight digits as four two-digit numbers, each returned at the index of its first digit.
/// The bytes at odd indices are meaningless.
#[inline]
pub(crate) const fn pairs(digits: [u8; 8]) -> Option<[u8; 8]> {
    let digits = u64::from_le_bytes(digits).wrapping_sub(EACH * b'0' as u64);
    // Detects a byte below zero or above nine. Only a byte that is itself wrong can borrow from the
    // next.
    if (digits | digits.wrapping_add(EACH * 0x76)) & (EACH * 0x80) != 0 {
        return None;
    }
    Some((digits * 10 + (digits >> 8)).to_le_bytes())
}

/// Parses two digits.
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
        fn marks_are_found_one_by_one(bytes in "[ -.;=<\u{80}-\u{100}\0]{0,200}", mark in any::<u8>()) {
            for is_mark in [|byte, _| byte <= b' ' || byte == b'=', |byte, mark| byte == mark] {
                let bytes = bytes.as_bytes();
                let mut marks = Marks::new(bytes, |byte| is_mark(byte, mark));
                for (at, &byte) in bytes.iter().enumerate().filter(|(_, byte)| is_mark(**byte, mark)) {
                    prop_assert_eq!(marks.next(), Some((at, byte)));
                }
                prop_assert_eq!(marks.next(), None);
                prop_assert_eq!(marks.next(), None);
            }
        }

        #[test]
        fn a_number_is_its_digits(zeros in "0{0,20}", digits in "[0-9]{0,21}|1844674407370955161[0-9]", other in "[/:a]?") {
            let text = std::format!("{zeros}{digits}");
            prop_assert_eq!(decimal::<u64>(text.as_bytes()), text.parse().ok());
            prop_assert_eq!(decimal::<u32>(text.as_bytes()), text.parse().ok());
            if !other.is_empty() {
                for text in [std::format!("{text}{other}"), std::format!("{zeros}{other}{digits}")] {
                    prop_assert_eq!(decimal::<u64>(text.as_bytes()), None);
                }
            }
        }

        #[test]
        fn an_octal_number_is_its_digits(digits in "[0-7]{0,8}[89/:]?|0o[0-7]{0,3}") {
            let expected = u16::from_str_radix(digits.strip_prefix("0o").unwrap_or(&digits), 8);
            prop_assert_eq!(octal(digits.as_bytes()), expected.ok());
        }

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
                let each = || Some((pair([a, b])?, pair([c, d])?, pair([e, f])?, pair([g, h])?));
                prop_assert_eq!(pairs(digits).map(|[a, _, b, _, c, _, d, _]| (a, b, c, d)), each());
            }
        }

        #[test]
        fn a_space_is_where_its_bit_is(bytes in "[ !~\u{80}-\u{ff}]{0,90}", at in 0usize..90, control in 0u8..0x20) {
            let mut bytes = bytes.into_bytes();
            let seen = bytes.len().min(64);
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
        fn a_word_ends_at_the_first_blank(bytes in "[a \t\0-\x20!\u{80}-\u{a1}]{0,4}[a\0\u{a0}]{0,20}[ \ta]{0,9}") {
            let bytes = bytes.as_bytes();
            let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\t'));
            prop_assert_eq!(word(bytes), end.unwrap_or(bytes.len()));
        }
    }
}
