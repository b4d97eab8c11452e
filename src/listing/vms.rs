//! The output of DIRECTORY on OpenVMS, as MultiNet, TCPware, UCX and HP's own server send it.
//!
//! ```text
//! line       = name ";" 1*DIGIT SP columns
//!            / name SP columns                        ; only if the columns are on the next line
//! columns    = [ owner ] [ size ] [ date [ SP time ] ] [ size ] [ owner ] [ protection ]
//!              [ complaint ]
//! size       = blocks [ "/" blocks ] / rounded        ; used, allocated; in blocks of 512 bytes
//! date       = 1*2DIGIT "-" month "-" 4DIGIT          ; see short_date.rs
//! time       = 2DIGIT ":" 2DIGIT [ ":" 2DIGIT [ "." 1*2DIGIT ] ]
//! owner      = "[" [ group "," ] owner "]"
//!            / [ group "," ] owner                    ; only before a protection
//! protection = "(" access "," access "," access "," access ")"       ; system, owner, group, world
//! access     = *( "R" / "W" / "E" / "D" )
//! ```
//! SP is any number of spaces. One of the gaps may be a line end, since a long name has its columns
//! on the next line. The name of a directory ends in `.DIR;1`, which is dropped because CWD does
//! not accept this suffix.

use super::context::Context;
use super::cursor::Cursor;
use super::date::{Dated, Time};
use super::{Entry, Fields, Format, Kind, Line, Precision, short_date, size};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of VMS");

/// Size of a block in bytes.
const BLOCK: u64 = 512;

/// Parses one line, without its line end, or an entry on two lines with the line end between them.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if is_noise(line) {
        return Ok(Line::Noise);
    }
    let mut rest = line;
    let first = word(&mut rest);
    let with_version = name(first);
    if rest.is_empty() && (with_version.is_some() || is_bare_name(first)) {
        return Ok(Line::Wrapped);
    }
    let entry = match with_version {
        Some(name) => entry(name, rest, context),
        None => without_version(line, first, rest, context),
    };
    Ok(Line::Entry(entry.ok_or(EXPECTED)?.read_from(Format::Vms, line)))
}

/// Parses an entry whose name has no version. Only the date, and the line end after the name,
/// identify such an entry.
fn without_version<'a>(
    line: &'a [u8],
    name: &'a [u8],
    rest: &'a [u8],
    context: &Context,
) -> Option<Entry<'a>> {
    let gap = line.strip_prefix(name)?;
    let ended = gap.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) == Some(&b'\n');
    let named = match name.split_last_chunk() {
        Some((directory, b".DIR")) if !directory.is_empty() => (directory, Kind::Directory),
        _ => (name, Kind::File),
    };
    let entry = entry(named, rest, context).filter(|_| ended && is_bare_name(name))?;
    (entry.modified.is_some() || entry.unreadable.contains(Fields::MODIFIED)).then_some(entry)
}

/// Returns whether `word` can be a name without a version: it has one dot, and only characters that
/// RMS allows.
fn is_bare_name(word: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"$_-.".contains(byte);
    word.iter().all(letter) && word.iter().filter(|byte| **byte == b'.').count() == 1 && word.len() > 2
}

/// Returns the name to report for `word`, and the kind, if `word` is a name with a version.
fn name(word: &[u8]) -> Option<(&[u8], Kind<'_>)> {
    let at = memchr::memrchr(b';', word)?;
    let (name, version) = (word.get(..at)?, word.get(at + 1..)?);
    let numbered = !version.is_empty() && version.iter().all(u8::is_ascii_digit);
    if name.is_empty() || !numbered {
        return None;
    }
    match name.split_last_chunk::<4>() {
        Some((name, b".DIR" | b".dir")) if version == b"1" && !name.is_empty() => {
            Some((name, Kind::Directory))
        }
        _ => Some((word, Kind::File)),
    }
}

fn entry<'a>((name, kind): (&'a [u8], Kind<'a>), mut rest: &'a [u8], context: &Context) -> Option<Entry<'a>> {
    let mut entry = Entry::named(name, kind)?;
    let mut owner = bracketed(&mut rest, b'[', b']');
    let mut after = rest;
    let column = word(&mut after);
    if let Some(size) = size(column) {
        entry.size = size;
        rest = after;
    } else if is_unreadable_size(column, after, context) {
        entry.set_size(None);
        rest = after;
    }
    if rest.first().is_some_and(u8::is_ascii_digit) {
        entry.set_modified(dated(&mut rest, context)?);
        // The size may come after the date.
        let mut after = rest;
        if let Some(size) =
            size(word(&mut after)).filter(|_| entry.size.is_none() && entry.unreadable.is_empty())
        {
            entry.size = size;
            rest = after;
        }
    }
    owner = owner.or_else(|| bracketed(&mut rest, b'[', b']')).or_else(|| {
        let mut after = rest;
        let word = word(&mut after);
        (is_owner(word) && after.first() == Some(&b'(')).then(|| rest = after)?;
        Some(word)
    });
    if let Some(owner) = owner {
        let comma = memchr::memchr(b',', owner);
        let (group, owner) = comma.and_then(|at| owner.split_at_checked(at)).unwrap_or((b"", owner));
        let (group, owner) = (group.trim_ascii(), owner.strip_prefix(b",").unwrap_or(owner).trim_ascii());
        if !owner.is_empty() {
            entry.set_owner(owner);
        }
        if !group.is_empty() {
            entry.set_group(group);
        }
    }
    if let Some(protection) = bracketed(&mut rest, b'(', b')') {
        entry.mode = mode(protection);
        entry.unreadable.set(Fields::MODE, entry.mode.is_none());
    }
    let complaint = || COMPLAINTS.iter().any(|text| rest.starts_with(text.as_bytes()));
    (rest.is_empty() || complaint()).then_some(entry)
}

/// Returns whether `word` can be an owner without brackets.
fn is_owner(word: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"$_,".contains(byte);
    !word.is_empty() && word.iter().all(letter)
}

/// Messages in place of columns that the user has no permission to see.
const COMPLAINTS: [&str; 3] = ["%", "No privilege ", "insufficient privilege "];

/// Takes the next word and the blanks and line ends after it.
fn word<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
    *rest = after.trim_ascii_start();
    word
}

/// Takes the text between the marks `open` and `close`, and the blanks and line ends after them.
fn bracketed<'a>(rest: &mut &'a [u8], open: u8, close: u8) -> Option<&'a [u8]> {
    let inner = rest.split_first().filter(|(first, _)| **first == open)?.1;
    let (inner, after) = inner.split_at_checked(memchr::memchr(close, inner)?)?;
    *rest = after.get(1..)?.trim_ascii_start();
    Some(inner)
}

/// Parses a size in blocks, `7` or `7/9` (used/allocated), and returns the used size in bytes. An
/// inner `None` stands for a rounded size.
fn size(word: &[u8]) -> Option<Option<u64>> {
    let used = word.split(|&byte| byte == b'/').next()?;
    let allocated = word.get(used.len()..)?.strip_prefix(b"/");
    if allocated.is_some_and(|digits| size::number::<u64>(digits).is_none()) {
        return None;
    }
    match size::number::<u64>(used) {
        Some(blocks) => Some(Some(blocks.checked_mul(BLOCK)?)),
        None => size::is_rounded(used).then_some(None),
    }
}

/// Returns whether `column`, which is not a size, is in the column of sizes: it consists of digits
/// and `/`, or a date follows it.
fn is_unreadable_size(column: &[u8], mut after: &[u8], context: &Context) -> bool {
    let is_date = |word| short_date::named(&mut Cursor::new(word), &context.clock).is_some();
    let blocks = !column.is_empty() && column.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'/'));
    let bracket = matches!(column, [b'[' | b'(' | b'%', ..]);
    blocks || !bracket && !is_date(column) && is_date(word(&mut after))
}

/// Parses the date at the beginning of `rest`, and the time if one follows.
fn dated(rest: &mut &[u8], context: &Context) -> Option<Dated> {
    let mut cursor = Cursor::new(word(rest));
    let date = short_date::named(&mut cursor, &context.clock).filter(|_| cursor.rest.is_empty())?;
    if !rest.first().is_some_and(u8::is_ascii_digit) {
        return Some(context.clock.day(date.date).with(date.inferred));
    }
    let mut cursor = Cursor::new(word(rest));
    let time = Time::read(&mut cursor)?;
    let dated = context.clock.on_numbers(Some(date), time);
    if cursor.rest.is_empty() {
        return Some(dated);
    }
    cursor.eat(b'.')?;
    let digits = cursor.rest.len();
    let hundredths = cursor.digits(2, 2).filter(|_| digits == 2 && time.second.is_some())?;
    let Dated::Told(whole) = dated else { return Some(dated) };
    let shown = whole.shown().with_fraction(hundredths * 10_000_000, 2).ok()?;
    let inferred = whole.inferred();
    Some(Dated::Told(context.clock.modified(shown, Precision::Fraction)).with(inferred))
}

/// Converts the access rights of owner, group and world to Unix permissions. Ignores the rights of
/// the system, and the right to delete, which on Unix belongs to the directory.
fn mode(protection: &[u8]) -> Option<u16> {
    let mut classes = protection.split(|&byte| byte == b',');
    let access = |class: &[u8]| {
        class.trim_ascii().iter().try_fold(0, |bits, letter| match letter {
            b'R' => Some(bits | 4),
            b'W' => Some(bits | 2),
            b'E' => Some(bits | 1),
            b'D' => Some(bits),
            _ => None,
        })
    };
    access(classes.next()?)?;
    let mode = (0..3).try_fold(0u16, |mode, _| Some(mode << 3 | access(classes.next()?)?))?;
    classes.next().is_none().then_some(mode)
}

/// Returns whether the line is blank, names the directory, or sums up the listing.
fn is_noise(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let after = |head: &str| line.strip_prefix(head.as_bytes());
    let total = after("Total of ").or_else(|| after("Grand total of "));
    line.is_empty()
        || after("Directory ").is_some_and(|name| name.ends_with(b"]"))
        || total.is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
}
