//! `ls -l`, as most servers answer LIST (RFC 959 4.1.3 leaves the format to the server).
//!
//! There is no grammar, but a shape. In brackets what may be missing:
//!
//! ```text
//! [inode] [blocks] mode [links] [owner [group]] size date SP name [" -> " target]
//!
//! mode   = type 9permission [ "+" / "@" / "." ]      ; ls -l of POSIX, with ACLs, attributes, SELinux
//! type   = "-" "f" file, "d" directory, "l" "e" link, "b" "c" device, "p" pipe, "s" socket, any of "D m n S w C M ?"
//! size   = 1*DIGIT with "." or "," between thousands / major "," minor / "1.2K"
//! date   = see ls_date.rs
//! ```
//!
//! Owners and groups may have spaces in them, names anything, so the line is anchored on its date: the
//! first words that are a date and have a size before them. The size is to the left of it, owner and group
//! are what is left over, the name is all that follows *one* space.

use super::context::Context;
use super::cursor::Cursor;
use super::size::{grouped, is_rounded, number};
use super::{Clock, Device, Entry, Format, Kind, Line, Modified, ls_date, mac};
use crate::codec::{Invalid, Text, scan};

const EXPECTED: Invalid = Invalid::new("a line of ls -l");

/// Columns between the mode and the date. A line with more is not one of `ls`.
const MOST_COLUMNS: usize = 24;

/// Parses one line, without its line end.
///
/// # Errors
/// When it has not the shape above, or a name that cannot be.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if is_noise(line) {
        return Ok(Line::Noise);
    }
    let (letter, permissions, columns) = head(line, &context.clock).ok_or(EXPECTED)?;
    let (name, target) = match letter {
        [b'l' | b'e'] => split_link(columns.name),
        _ => (columns.name, None),
    };
    if name.is_empty() {
        return Err(Invalid::new("a name"));
    }
    let target = target.map(Text::new).transpose()?;
    let mut entry = Entry::new(Text::new(name)?, kind(letter, name, target, columns.device).ok_or(EXPECTED)?);
    entry.size = columns.size;
    entry.modified = columns.modified;
    entry.mode = permissions;
    (entry.links, entry.owner, entry.group) = match columns.words {
        Some((links, owner, group)) => (Some(links), Some(Text::new(owner)?), Some(Text::new(group)?)),
        None => owners(columns.owners)?,
    };
    // The sizes of forks are no links and no owner.
    if entry.group.is_none() && mac::is_forks(&columns) {
        return Err(EXPECTED);
    }
    Ok(Line::Entry(entry.read_from(Format::Unix, line)))
}

/// Blank lines and the line of totals. Nothing else is skipped: not even a `dir:` of `ls -R`, since the
/// entries that follow it are not in the directory listed.
pub(super) fn is_noise(line: &[u8]) -> bool {
    // Most lines are none and say so with their first byte.
    if matches!(line.first(), Some(b'-' | b'd' | b'l')) {
        return false;
    }
    let mut cursor = Cursor::new(line);
    cursor.blanks();
    let word = cursor.word();
    if word.is_empty() {
        return true;
    }
    let total = TOTALS.iter().any(|total| total.as_bytes().eq_ignore_ascii_case(word));
    cursor.blanks();
    total && cursor.peek().is_none_or(|byte| byte.is_ascii_digit())
}

/// The first word of the line that counts blocks, in the languages of servers.
#[rustfmt::skip]
const TOTALS: [&str; 14] = [
    "total", "insgesamt", "gesamt", "totale", "totaal", "totalt", "razem", "celkem", "yhteensä", "итого", "всего",
    "合計", "总用量", "總計",
];

/// The type letter, and the permission bits: `None` for nine question marks, which is how `ls` shows a
/// file that it could not look at.
fn mode<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8; 1], Option<u16>)> {
    cursor.blanks();
    // Inode number and blocks, with ls -i and -s.
    for _ in 0..2 {
        if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            cursor.word();
            cursor.gap()?;
        }
    }
    let (letter, rest) = cursor.rest.split_first_chunk::<1>()?;
    let (letters, rest) = rest.split_first_chunk::<9>()?;
    cursor.rest = rest;
    let permissions = if letters == b"?????????" { None } else { Some(permissions(letters)?) };
    if let Some(b'+' | b'@' | b'.') = cursor.peek() {
        cursor.rest = cursor.rest.get(1..)?;
    }
    // A count of links of four digits leaves no space in the columns of some.
    let ends = cursor.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'0'..=b'9'));
    ends.then_some((letter, permissions))
}

/// What stands in each of the nine places of the mode, and the bits it means. `-` is none of them.
pub(super) static PLACES: [&[(u8, u16)]; 9] = [
    &[(b'r', 0o400)],
    &[(b'w', 0o200)],
    &[(b'x', 0o100), (b's', 0o4100), (b'S', 0o4000)],
    &[(b'r', 0o040)],
    &[(b'w', 0o020)],
    // `l` and `L`: System V's mandatory locking, which is set-group-ID without execution.
    &[(b'x', 0o010), (b's', 0o2010), (b'S', 0o2000), (b'l', 0o2000), (b'L', 0o2000)],
    &[(b'r', 0o004)],
    &[(b'w', 0o002)],
    &[(b'x', 0o001), (b't', 0o1001), (b'T', 0o1000)],
];

#[inline]
fn permissions(letters: &[u8; 9]) -> Option<u16> {
    // All but the rare letters at once.
    let &[most @ .., last] = letters;
    let (set, unset) = (scan::alike(most, *b"rwxrwxrw"), scan::alike(most, [b'-'; 8]));
    if set ^ unset == 0xff && matches!(last, b'x' | b'-') {
        return Some(u16::from(set.reverse_bits()) << 1 | u16::from(last == b'x'));
    }
    let mut mode = 0;
    for (&letter, place) in letters.iter().zip(&PLACES) {
        if letter != b'-' {
            mode |= place.iter().find(|(known, _)| *known == letter)?.1;
        }
    }
    Some(mode)
}

fn kind<'a>(
    letter: &'a [u8; 1],
    name: &[u8],
    target: Option<Text<'a>>,
    device: Option<Device>,
) -> Option<Kind<'a>> {
    Some(match letter[0] {
        b'-' | b'f' => Kind::File,
        b'd' if name == b"." => Kind::CurrentDirectory,
        b'd' if name == b".." => Kind::ParentDirectory,
        b'd' => Kind::Directory,
        b'l' | b'e' => Kind::Link { target },
        b'b' => Kind::BlockDevice(device),
        b'c' => Kind::CharacterDevice(device),
        b'p' => Kind::Pipe,
        b's' => Kind::Socket,
        b'?' => Kind::Unknown,
        // Doors, shared memory, network files, whiteouts, contiguous and migrated files ...
        b'D' | b'm' | b'n' | b'S' | b'w' | b'C' | b'M' => Kind::Other(Text::new(letter).ok()?),
        _ => return None,
    })
}

/// A name and what follows the first ` -> ` in it.
fn split_link(name: &[u8]) -> (&[u8], Option<&[u8]>) {
    const ARROW: &[u8] = b" -> ";
    let found = memchr::memchr_iter(b'>', name)
        .filter_map(|at| name.split_at_checked(at.checked_sub(2)?))
        .find_map(|(name, after)| Some((name, after.strip_prefix(ARROW)?)));
    match found {
        Some((name, target)) if !target.is_empty() => (name, Some(target)),
        Some((name, _)) => (name, None),
        None => (name, None),
    }
}

/// The letter of the type, the permissions, and what is after them.
#[inline]
pub(super) fn head<'a>(line: &'a [u8], clock: &Clock) -> Option<(&'a [u8; 1], Option<u16>, Columns<'a>)> {
    let mut cursor = Cursor::new(line);
    let (letter, permissions) = mode(&mut cursor)?;
    let columns = match permissions {
        Some(_) => usual(cursor.rest, clock).or_else(|| columns(cursor, clock)),
        None => unknown_columns(cursor),
    };
    Some((letter, permissions, columns?))
}

/// What the columns between mode and name hold.
pub(super) struct Columns<'a> {
    /// Links, owner and group, with the blanks around them.
    pub(super) owners: &'a [u8],
    /// The same where each is known to be a word.
    words: Option<(u64, &'a [u8], &'a [u8])>,
    pub(super) size: Option<u64>,
    device: Option<Device>,
    pub(super) modified: Option<Modified>,
    pub(super) name: &'a [u8],
}

/// The columns as nearly all servers write them: links, owner, group and size a word each, and the usual date.
/// `None` where [`columns`] is to say, which takes what is read here the same way.
#[inline]
fn usual<'a>(line: &'a [u8], clock: &Clock) -> Option<Columns<'a>> {
    let spaces = scan::spaces(line)?;
    let (mut starts, mut ends) = (!spaces & (spaces << 1), spaces & !(spaces << 1) & !1);
    let mut word = || {
        let word = starts.trailing_zeros() as usize..ends.trailing_zeros() as usize;
        (starts, ends) = (starts & starts.wrapping_sub(1), ends & ends.wrapping_sub(1));
        word
    };
    let [links, owner, group, digits] = [word(), word(), word(), word()];
    let date = Some(starts.trailing_zeros() as usize).filter(|&date| date < 64)?;
    let (modified, name) = ls_date::usual(line.get(date..)?, clock)?;
    let (owners, size) = (line.get(..digits.start)?, number(line.get(digits)?)?);
    let (links, owner, group) = (number(line.get(links)?)?, line.get(owner)?, line.get(group)?);
    // Two words in front of the size that begin with digits may be a size and a date; `8, 1` is a device.
    let digit = |word: &[u8]| word.first().is_some_and(u8::is_ascii_digit);
    if digit(owner) && digit(group) || group.ends_with(b",") || owner == b"?" || group == b"?" {
        return None;
    }
    let words = Some((links, owner, group));
    Some(Columns { owners, words, size: Some(size), device: None, modified, name })
}

/// Walks to the date. Each word is looked at once, and twice where the word before it may be a size.
#[inline]
pub(super) fn columns<'a>(mut cursor: Cursor<'a>, clock: &Clock) -> Option<Columns<'a>> {
    let line = cursor.rest;
    // The word before the cursor, and the line up to the word before that one.
    let (mut before, mut left): (&[u8], &[u8]) = (&[], &[]);
    let mut lone = None;
    for column in 0..MOST_COLUMNS {
        let so_far = line.get(..line.len() - cursor.rest.len())?;
        cursor.blanks();
        if before.first().is_some_and(u8::is_ascii_digit) {
            let mut after = cursor;
            if let Some(modified) = ls_date::parse(&mut after, clock) {
                if let Some((owners, size, device)) = size(left, before) {
                    let found = Columns { owners, words: None, size, device, modified, name: after.rest };
                    // `1 May 12 2001 Nov  9 20:06 name` has an owner called May: something must be left
                    // of the size, if there is any other way to read the line.
                    if column > 1 {
                        return Some(found);
                    }
                    lone = lone.or(Some(found));
                }
            }
        }
        left = so_far;
        before = cursor.word();
        if before.is_empty() {
            break;
        }
    }
    lone
}

/// The columns of a file that `ls` could not look at: a question mark each.
fn unknown_columns(mut cursor: Cursor<'_>) -> Option<Columns<'_>> {
    for _ in 0..5 {
        cursor.gap()?;
        cursor.eat(b'?')?;
    }
    cursor.eat(b' ')?;
    Some(Columns { owners: &[], words: None, size: None, device: None, modified: None, name: cursor.rest })
}

/// The size is `word`, or what `owners` ends in and `word`. Gives what is left of it.
#[inline]
fn size<'a>(owners: &'a [u8], word: &[u8]) -> Option<(&'a [u8], Option<u64>, Option<Device>)> {
    // `8, 1`, or `8,1` in one word when it cannot be thousands.
    if let Some(head) = owners.strip_suffix(b",") {
        let major = head.rsplit(|&byte| is_blank(byte)).next()?;
        let device = Device { major: number(major)?, minor: number(word)? };
        return Some((trim_end(head.strip_suffix(major)?), None, Some(device)));
    }
    if let Some(size) = grouped(word) {
        return Some((owners, Some(size), None));
    }
    if let Some(comma) = memchr::memchr(b',', word) {
        let device = Device { major: number(word.get(..comma)?)?, minor: number(word.get(comma + 1..)?)? };
        return Some((owners, None, Some(device)));
    }
    is_rounded(word).then_some((owners, None, None))
}

fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

type Owners<'a> = (Option<u64>, Option<Text<'a>>, Option<Text<'a>>);

/// Links, owner and group. A number in front is the links. With more than two words in what is left, a
/// gap of two or more spaces parts owner from group; without one, the owner is the first word.
#[inline]
fn owners(columns: &[u8]) -> Result<Owners<'_>, Invalid> {
    let mut cursor = Cursor::new(columns);
    cursor.blanks();
    let mut after = cursor;
    let links = number(after.word());
    if links.is_some() {
        after.blanks();
        cursor = after;
    }
    let both = trim_end(cursor.rest);
    let mut cursor = Cursor::new(both);
    let mut owner = cursor.word();
    cursor.blanks();
    let mut group = cursor.rest;
    if group.iter().any(|&byte| is_blank(byte)) {
        let gap = both.windows(2).position(|pair| pair.iter().all(|&byte| is_blank(byte)));
        if let Some((left, right)) = gap.and_then(|gap| both.split_at_checked(gap)) {
            owner = left;
            group = right.trim_ascii_start();
        }
    }
    // `?` is how ls, and the writer here, show what is not known.
    let text = |column: &'_ [u8]| !matches!(column, b"" | b"?");
    let owner = if text(owner) { Some(Text::new(owner)?) } else { None };
    let group = if text(group) { Some(Text::new(group)?) } else { None };
    Ok((links, owner, group))
}

#[cfg(test)]
mod tests;
