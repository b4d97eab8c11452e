//! `ls -l`, the form in which most servers answer LIST (RFC 959 4.1.3 leaves the format to the
//! server).
//!
//! There is no grammar, only a shape. Brackets show what may be missing:
//!
//! ```text
//! [inode] [blocks] mode [links] [owner [group]] size date SP name [" -> " target]
//!
//! mode   = type 9permission [ "+" / "@" / "." ]      ; POSIX, with ACLs, attributes, SELinux
//!        / 9permission / type 8*9letter              ; also in use; the second gives no mode
//!        / 6*7octal                                  ; a line of numbers alone; see `raw_numbers`
//! type   = "-" "f" file, "d" directory, "l" "e" link, "b" "c" device, "p" pipe, "s" socket,
//!          any of "D m n S w C M ?"
//! size   = 1*DIGIT with "." or "," between thousands / major "," minor / "1.2K"
//! date   = see ls_date.rs
//! ```
//!
//! Owners and groups may contain spaces, and names may contain anything, so the line is anchored on
//! its date: the first words that form a date and have a size before them. The size is to the left
//! of the date, the owner and the group are to the left of the size, and the name is everything
//! after the *one* space that follows the date.

mod mode;

use mode::{Mode, mode};

use super::context::Context;
use super::cursor::Cursor;
use super::date::Dated;
use super::entry::is_padding;
use super::size::{grouped, is_rounded, number};
use super::{Clock, Device, Entry, Fields, Format, Kind, Line, ls_date, months, size};
use crate::codec::{Invalid, Text, Timestamp, scan};

const EXPECTED: Invalid = Invalid::new("a line of ls -l");

/// The greatest number of columns between the mode and the date. A line with more columns does not
/// come from `ls`.
const MOST_COLUMNS: usize = 24;

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if let Some((mode, columns)) = usual(line, &context.clock) {
        return entry(line, mode, columns);
    }
    parse_odd(line, context)
}

/// Parses any line that [`usual`] does not accept.
#[inline(never)]
fn parse_odd<'a>(line: &'a [u8], context: &Context) -> Result<Line<'a>, Invalid> {
    if is_noise(line) {
        return Ok(Line::Noise);
    }
    match head(line, &context.clock) {
        Some((mode, columns)) => entry(line, mode, columns),
        None => {
            let entry = raw_numbers(line).ok_or(EXPECTED)?;
            Ok(Line::Entry(entry.read_from(Format::Unix, line)))
        }
    }
}

/// Makes an entry of the columns of `line`.
#[inline]
fn entry<'a>(line: &'a [u8], mode: Mode<'a>, columns: Columns<'a>) -> Result<Line<'a>, Invalid> {
    let (name, target) = match mode.letter {
        [b'l' | b'e'] => split_link(columns.name),
        _ => (columns.name, None),
    };
    if is_padding(name) {
        return Err(Invalid::new("a name"));
    }
    let target = target.map(Text::new).transpose()?;
    let kind = kind(mode.letter, name, target, columns.device).ok_or(EXPECTED)?;
    let mut entry = Entry::new(Text::new(name)?, kind).read_from(Format::Unix, line);
    entry.size = columns.size;
    entry.unreadable = columns.unreadable | mode.unreadable;
    entry.set_modified(columns.modified);
    entry.mode = mode.mode;
    if let Some((links, owner, group)) = columns.words {
        (entry.links, entry.owner, entry.group) = (Some(links), Some(owner), Some(group));
        return Ok(Line::Entry(entry));
    }
    let (links, owner, group) = owners(columns.owners);
    // The sizes of forks are neither links nor an owner.
    if group.is_none() && columns.have_forks() {
        return Err(EXPECTED);
    }
    entry.links = links;
    if let Some(owner) = owner {
        entry.set_owner(owner);
    }
    if let Some(group) = group {
        entry.set_group(group);
    }
    Ok(Line::Entry(entry))
}

/// Returns whether the line is blank or a line of totals. Nothing else is skipped, not even the
/// `dir:` of `ls -R`, since the entries after such a line are not in the listed directory.
pub(super) fn is_noise(line: &[u8]) -> bool {
    // Most lines are entries, which their first byte shows.
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

/// The first word of the line that counts blocks, in the languages that servers use.
#[rustfmt::skip]
const TOTALS: [&str; 14] = [
    "total", "insgesamt", "gesamt", "totale", "totaal", "totalt", "razem", "celkem", "yhteensä", "итого", "всего",
    "合計", "总用量", "總計",
];

// raw = 6*7OCTAL SP uid SP gid SP size SP seconds SP name             ; the numbers of stat(2)
/// Parses a line that consists of numbers and a name.
#[cold]
fn raw_numbers(line: &[u8]) -> Option<Entry<'_>> {
    let mut cursor = Cursor::new(line);
    let octal = cursor.word();
    let mode = scan::octal(octal).filter(|_| matches!(octal.len(), 6 | 7))?;
    let letter = match mode >> 12 {
        0o10 => b"-",
        0o04 => b"d",
        0o12 => b"l",
        _ => return None,
    };
    let mut word = || {
        cursor.gap()?;
        Some(cursor.word())
    };
    let [owner, group, size, seconds] = [word()?, word()?, word()?, word()?];
    cursor.gap()?;
    let (name, target) = if letter == b"l" { split_link(cursor.rest) } else { (cursor.rest, None) };
    let target = target.map(Text::new).transpose().ok()?;
    let mut entry = Entry::named(name, kind(letter, name, target, None)?)?;
    number::<u64>(owner)?;
    number::<u64>(group)?;
    entry.mode = Some(mode & 0o7777);
    entry.set_owner(owner);
    entry.set_group(group);
    entry.size = Some(number(size)?);
    entry.modified = Some(Timestamp::from_unix(number(seconds)?, 0).ok()?.into());
    Some(entry)
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
        // Doors, shared memory, network files, whiteouts, contiguous and migrated files.
        b'D' | b'm' | b'n' | b'S' | b'w' | b'C' | b'M' => Kind::Other(Text::new(letter).ok()?),
        _ => return None,
    })
}

/// Splits a name at its first ` -> ` into the name and the target of the link.
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

/// Parses the mode and the columns after it.
pub(super) fn head<'a>(line: &'a [u8], clock: &Clock) -> Option<(Mode<'a>, Columns<'a>)> {
    let mut cursor = Cursor::new(line);
    let mode = mode(&mut cursor)?;
    let columns = match mode.hidden {
        false => columns(cursor, clock, is_complete).or_else(|| undated(cursor)),
        true => unknown_columns(cursor),
    };
    Some((mode, columns?))
}

/// The contents of the columns after the mode.
pub(super) struct Columns<'a> {
    /// Links, owner and group, with the blanks around them.
    pub(super) owners: &'a [u8],
    /// Links, owner and group, if each is known to be a single word.
    words: Option<(u64, Text<'a>, Text<'a>)>,
    pub(super) size: Option<u64>,
    device: Option<Device>,
    /// [`Fields::SIZE`] if the size cannot be read.
    pub(super) unreadable: Fields,
    pub(super) modified: Dated,
    pub(super) name: &'a [u8],
}

impl Columns<'_> {
    /// Returns whether the line shows the forks of a Mac file (mac.rs) where Unix has links, owner
    /// and group.
    pub(super) fn have_forks(&self) -> bool {
        let mut words = self.owners.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        match [words.next(), words.next(), words.next()] {
            [Some(b"folder"), None, None] => true,
            [Some(resource), Some(data), None] => {
                let (resource, data) = (size::number::<u64>(resource), size::number::<u64>(data));
                let sum = resource.and_then(|resource| resource.checked_add(data?));
                sum.is_some() && (sum == self.size || self.unreadable.contains(Fields::SIZE))
            }
            _ => false,
        }
    }
}

/// Parses a line as nearly all servers write it: the mode, links, owner, group and size, a word
/// each, and the usual date. Returns `None` if [`head`] must decide. From any line that is accepted
/// here, [`head`] would read the same.
#[inline]
fn usual<'a>(line: &'a [u8], clock: &Clock) -> Option<(Mode<'a>, Columns<'a>)> {
    let (mode, line) = mode::usual(line)?;
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
    // Two words before the size that begin with digits may be a size and a date; `8, 1` is a
    // device.
    let digit = size::begins_like_a_number;
    if digit(owner) && digit(group) || group.ends_with(b",") || owner == b"?" || group == b"?" {
        return None;
    }
    // There are no control bytes in the columns.
    let words = Some((links, Text::checked(owner), Text::checked(group)));
    let unreadable = Fields::empty();
    Some((mode, Columns { owners, words, size: Some(size), device: None, unreadable, modified, name }))
}

/// Finds the date: the first that has a size, even an unreadable one, in front of it. An unreadable
/// size is a word that begins like a number, or any word if `complete` accepts the text to the left
/// of the word as all the other columns.
#[inline]
pub(super) fn columns<'a>(
    mut cursor: Cursor<'a>,
    clock: &Clock,
    complete: fn(&[u8]) -> bool,
) -> Option<Columns<'a>> {
    let line = cursor.rest;
    // The word before the cursor, and the part of the line before that word.
    let (mut before, mut left): (&[u8], &[u8]) = (&[], &[]);
    let mut lone = None;
    for column in 0..MOST_COLUMNS {
        let so_far = line.get(..line.len() - cursor.rest.len())?;
        cursor.blanks();
        let mut after = cursor;
        let dated = if column > 0 { ls_date::parse(&mut after, clock) } else { None };
        // A possible size counts as a year only if no other column is then missing.
        let dated = dated.filter(|_| {
            !ls_date::begins_with_a_year(cursor.rest) || complete(left) || owners(left).2.is_some()
        });
        if let Some(modified) = dated {
            let found = |(owners, size, device), unreadable| Columns {
                owners,
                words: None,
                size,
                device,
                unreadable,
                modified,
                name: after.rest,
            };
            if let Some(size) = size(left, before) {
                let found = found(size, Fields::empty());
                // `1 May 12 2001 Nov  9 20:06 name` has an owner called May, so a date preceded by
                // nothing but a size counts only if the line cannot be read in another way.
                if column > 1 {
                    return Some(found);
                }
                lone = lone.or(Some(found));
            } else if column > 1 {
                if let Some(owners) = unsized_owners(left, before, complete) {
                    return Some(found((owners, None, None), Fields::SIZE));
                }
                if let Some((owners, size)) = joined(so_far, left, before) {
                    return Some(found((owners, Some(size), None), Fields::empty()));
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

/// Returns the text to the left of a size that cannot be read.
#[cold]
fn unsized_owners<'a>(left: &'a [u8], word: &[u8], complete: fn(&[u8]) -> bool) -> Option<&'a [u8]> {
    if let Some(head) = left.strip_suffix(b",") {
        let major = head.rsplit(|&byte| is_blank(byte)).next()?;
        return size::begins_like_a_number(major).then(|| trim_end(head.strip_suffix(major).unwrap_or(head)));
    }
    (size::begins_like_a_number(word) || complete(left)).then_some(left)
}

/// Splits `word`, which follows links and owner, into a long group and a size if no space separates
/// them. Returns everything up to the size, and the size.
#[cold]
fn joined<'a>(so_far: &'a [u8], left: &[u8], word: &[u8]) -> Option<(&'a [u8], u64)> {
    let group = word.iter().rposition(|byte| !byte.is_ascii_digit())? + 1;
    let size = number(word.get(group..)?)?;
    let mut words = left.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty());
    let [Some(links), Some(_), None] = [words.next(), words.next(), words.next()] else { return None };
    number::<u64>(links)?;
    // The word is as wide as both columns.
    let wide = word.len() >= 12 && word.get(group - 1).is_some_and(u8::is_ascii_alphabetic);
    let owners = so_far.get(..so_far.len() - (word.len() - group))?;
    wide.then_some((owners, size))
}

/// Returns whether `owners` consists of links, owner and group, a word each.
fn is_complete(owners: &[u8]) -> bool {
    let mut words = owners.split(|&byte| is_blank(byte)).filter(|word| !word.is_empty());
    words.next().is_some_and(|links| number::<u64>(links).is_some()) && words.count() == 2
}

/// Parses the columns of systems without a clock: links, owner, group, size and the name. A name
/// with blanks is rejected, since its beginning may be a date that cannot be read.
#[cold]
fn undated(mut cursor: Cursor<'_>) -> Option<Columns<'_>> {
    let line = cursor.rest;
    let mut owners = line;
    let mut size = None;
    for column in 0..4 {
        cursor.gap()?;
        if column == 3 {
            owners = line.get(..line.len() - cursor.rest.len())?;
            size = Some(number(cursor.word())?);
        } else {
            cursor.word();
        }
    }
    cursor.eat(b' ')?;
    let (name, _) = split_link(cursor.rest);
    let word = name.first().is_some_and(u8::is_ascii_graphic) && !name.iter().any(|&byte| is_blank(byte));
    let dated = name.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'/' | b'.' | b':'));
    if !word
        || dated && name != b"." && name != b".."
        || months::number(name).is_some()
        || !is_complete(owners)
    {
        return None;
    }
    let (unreadable, modified) = (Fields::empty(), Dated::Untold);
    Some(Columns { owners, words: None, size, device: None, unreadable, modified, name: cursor.rest })
}

/// Parses the columns of a file that `ls` could not examine: each is a question mark.
fn unknown_columns(mut cursor: Cursor<'_>) -> Option<Columns<'_>> {
    for _ in 0..5 {
        cursor.gap()?;
        cursor.eat(b'?')?;
    }
    cursor.eat(b' ')?;
    let (unreadable, modified) = (Fields::empty(), Dated::Untold);
    Some(Columns {
        owners: &[],
        words: None,
        size: None,
        device: None,
        unreadable,
        modified,
        name: cursor.rest,
    })
}

/// Parses a size that is `word`, or the end of `owners` and `word`. Also returns what is left of
/// `owners`.
#[inline]
fn size<'a>(owners: &'a [u8], word: &[u8]) -> Option<(&'a [u8], Option<u64>, Option<Device>)> {
    if !word.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    // A device is `8, 1`, or `8,1` in one word if the comma cannot separate thousands.
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

type Owners<'a> = (Option<u64>, Option<&'a [u8]>, Option<&'a [u8]>);

/// Splits the columns into links, owner and group. A number in front is that of the links. If more
/// than two words remain, a gap of two or more spaces separates owner from group; without such a
/// gap, the owner is the first word.
#[inline]
fn owners(columns: &[u8]) -> Owners<'_> {
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
    // `ls`, and our own writer, show `?` for an unknown owner or group.
    let text = |column: &[u8]| !matches!(column, b"" | b"?");
    (links, Some(owner).filter(|owner| text(owner)), Some(group).filter(|group| text(group)))
}

#[cfg(test)]
mod tests;
