//! Access to slices at positions that are always in range. Where the compiler cannot see that,
//! indexing would leave a panic in the program, and `tests/no_panic` checks that there is none. For
//! a position out of range, these functions would return or change nothing instead.

use core::ops::Range;
use core::slice::SliceIndex;

/// Returns the bytes at `range`.
#[inline]
pub(crate) fn part(bytes: &[u8], range: impl SliceIndex<[u8], Output = [u8]>) -> &[u8] {
    let part = bytes.get(range);
    debug_assert!(part.is_some(), "a range outside the slice");
    part.unwrap_or_default()
}

/// Returns the bytes at `range`, mutably.
#[inline]
pub(crate) fn part_mut(bytes: &mut [u8], range: impl SliceIndex<[u8], Output = [u8]>) -> &mut [u8] {
    let part = bytes.get_mut(range);
    debug_assert!(part.is_some(), "a range outside the slice");
    part.unwrap_or_default()
}

/// Splits `bytes` at `at`.
#[inline]
pub(crate) fn split_mut(bytes: &mut [u8], at: usize) -> (&mut [u8], &mut [u8]) {
    debug_assert!(at <= bytes.len(), "a position outside the slice");
    let at = at.min(bytes.len());
    bytes.split_at_mut(at)
}

/// Copies `from` to the beginning of `to`, which has room for it.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    let to = to.get_mut(..from.len());
    debug_assert!(to.is_some(), "more bytes than room");
    if let Some(to) = to {
        to.copy_from_slice(from);
    }
}

/// Copies the bytes at `range` to the position `to`. Source and destination may overlap.
#[inline]
pub(crate) fn copy_within(bytes: &mut [u8], range: Range<usize>, to: usize) {
    let count = range.end.checked_sub(range.start);
    let last = count.and_then(|count| bytes.len().checked_sub(count));
    let fits = range.end <= bytes.len() && last.is_some_and(|last| to <= last);
    debug_assert!(fits, "a range outside the slice");
    if fits {
        bytes.copy_within(range, to);
    }
}

/// Returns the position at which `word` first stands in `text`. No text contains an empty word.
pub(crate) fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut at = 0;
    loop {
        at += memchr::memchr(first, text.get(at..)?)?;
        if text.get(at..)?.starts_with(word) {
            return Some(at);
        }
        at += 1;
    }
}

/// Returns whether `text` contains `word`, ignoring case. No text contains an empty word.
pub(crate) fn contains(text: &[u8], word: &[u8]) -> bool {
    let mut rest = text;
    while let (Some(part), false) = (rest.get(..word.len()), word.is_empty()) {
        if part.eq_ignore_ascii_case(word) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_are_copied_as_the_standard_library_does(
            mut bytes in prop::collection::vec(any::<u8>(), 0..40), places: [usize; 2], count: usize,
        ) {
            let [start, to] = places.map(|place| place % (bytes.len() + 1));
            let count = count % (bytes.len() - start.max(to) + 1);
            let mut other = bytes.clone();
            copy_within(&mut bytes, start..start + count, to);
            other.copy_within(start..start + count, to);
            prop_assert_eq!(bytes, other);
        }

        #[test]
        fn a_word_is_contained_if_it_stands_somewhere(text in "[aAbB]{0,9}", word in "[aAbB]{1,3}") {
            let lower = |text: &str| text.to_ascii_lowercase();
            prop_assert_eq!(contains(text.as_bytes(), word.as_bytes()), lower(&text).contains(&lower(&word)));
            prop_assert!(!contains(text.as_bytes(), b""));
            prop_assert_eq!(find(text.as_bytes(), word.as_bytes()), text.find(&word));
            prop_assert_eq!(find(text.as_bytes(), b""), None);
        }
    }
}
