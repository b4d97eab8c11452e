//! The mode column of `ls -l`: the type letter and the permissions.

use crate::codec::scan;
use crate::listing::Fields;
use crate::listing::cursor::Cursor;

/// Contents of the mode column.
pub(in crate::listing) struct Mode<'a> {
    /// The letter of the type.
    pub(in crate::listing) letter: &'a [u8; 1],
    pub(in crate::listing) mode: Option<u16>,
    pub(in crate::listing) unreadable: Fields,
    /// Set if there are nine question marks, because `ls` could not examine the file.
    pub(super) hidden: bool,
}

/// Parses the mode at the cursor, after an inode number and blocks if these are present.
pub(super) fn mode<'a>(cursor: &mut Cursor<'a>) -> Option<Mode<'a>> {
    cursor.blanks();
    // Inode number and blocks come from ls -i and -s.
    for _ in 0..2 {
        if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            cursor.word();
            cursor.gap()?;
        }
    }
    let mut after = *cursor;
    let (letter, rest) = after.rest.split_first_chunk::<1>()?;
    let (letters, rest) = rest.split_first_chunk::<9>()?;
    after.rest = rest;
    let hidden = letters == b"?????????";
    let permissions = permissions(letters);
    if permissions.is_none() && !hidden {
        return odd_mode(cursor);
    }
    *cursor = after;
    if let Some(b'+' | b'@' | b'.') = cursor.peek() {
        cursor.rest = cursor.rest.get(1..)?;
    }
    // On some systems, a four-digit link count leaves no space after the mode.
    let ends = cursor.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'0'..=b'9'));
    ends.then_some(Mode { letter, mode: permissions, unreadable: Fields::empty(), hidden })
}

/// Parses the mode of a file, directory or link at the start of a line, unless it has rarer
/// letters. Returns the rest of the line as well, which begins with the blank after the mode.
#[inline]
pub(super) fn usual(line: &[u8]) -> Option<(Mode<'_>, &[u8])> {
    let (letter @ [b'-' | b'd' | b'l'], rest) = line.split_first_chunk()? else { return None };
    let (letters, rest) = rest.split_first_chunk()?;
    let mode = Mode { letter, mode: Some(common(letters)?), unreadable: Fields::empty(), hidden: false };
    match rest {
        [b'+' | b'@' | b'.', rest @ ..] | rest if rest.starts_with(b" ") => Some((mode, rest)),
        _ => None,
    }
}

/// Parses a malformed mode: one without the type letter, which is taken for that of a file, or one
/// with the type letter and eight or nine other letters, most of which are where they should be.
#[cold]
fn odd_mode<'a>(cursor: &mut Cursor<'a>) -> Option<Mode<'a>> {
    let word = cursor.word();
    cursor.peek()?;
    if let (Ok(letters), Some(b'r')) = (word.try_into(), word.first()) {
        let mode = permissions(letters);
        return mode.map(|_| Mode { letter: b"-", mode, unreadable: Fields::empty(), hidden: false });
    }
    let word =
        word.strip_suffix(b"+").or(word.strip_suffix(b"@")).or(word.strip_suffix(b".")).unwrap_or(word);
    let (letter, letters) = word.split_first_chunk::<1>()?;
    let placed = letters
        .iter()
        .zip(&PLACES)
        .filter(|(letter, place)| **letter == b'-' || place.iter().any(|(known, _)| known == *letter));
    let likely = match letters.len() {
        8 => placed.count() == 8,
        9 => letters.iter().all(|byte| *byte == b'-' || byte.is_ascii_alphabetic()) && placed.count() == 8,
        _ => false,
    };
    likely.then_some(Mode { letter, mode: None, unreadable: Fields::MODE, hidden: false })
}

/// The letters that may be in each of the nine places of the mode, and the bits that they mean. `-`
/// means no bits.
static PLACES: [&[(u8, u16)]; 9] = [
    &[(b'r', 0o400)],
    &[(b'w', 0o200)],
    &[(b'x', 0o100), (b's', 0o4100), (b'S', 0o4000)],
    &[(b'r', 0o040)],
    &[(b'w', 0o020)],
    // `l` and `L` are System V's mandatory locking, which is set-group-ID without execution.
    &[(b'x', 0o010), (b's', 0o2010), (b'S', 0o2000), (b'l', 0o2000), (b'L', 0o2000)],
    &[(b'r', 0o004)],
    &[(b'w', 0o002)],
    &[(b'x', 0o001), (b't', 0o1001), (b'T', 0o1000)],
];

fn permissions(letters: &[u8; 9]) -> Option<u16> {
    common(letters).or_else(|| {
        let mut mode = 0;
        for (&letter, place) in letters.iter().zip(&PLACES) {
            if letter != b'-' {
                mode |= place.iter().find(|(known, _)| *known == letter)?.1;
            }
        }
        Some(mode)
    })
}

/// Parses permissions without rare letters, by comparing all letters at once.
#[inline]
fn common(letters: &[u8; 9]) -> Option<u16> {
    let &[most @ .., last] = letters;
    let (set, unset) = (scan::alike(most, *b"rwxrwxrw"), scan::alike(most, [b'-'; 8]));
    let all = set ^ unset == 0xff && matches!(last, b'x' | b'-');
    all.then(|| u16::from(set.reverse_bits()) << 1 | u16::from(last == b'x'))
}
