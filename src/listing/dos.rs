//! `dir`: what servers on Windows send unless they are told to imitate Unix, IIS first of all.
//!
//! ```text
//! line = date SP time [ SP ] [ "AM" / "PM" ] SP ( size SP name / tag pad name [ " [" target "]" ] )
//! tag  = "<DIR>" / "<JUNCTION>" / "<SYMLINK>" / "<SYMLINKD>"
//! pad  = so many spaces that tag and pad are 15 bytes, as many as there are when it is fewer
//! date = see short_date.rs
//! ```
//! SP here is any number of spaces, but one after a size. Only links show a target, and not on all servers.

use super::context::Context;
use super::cursor::Cursor;
use super::short_date::Orders;
use super::{Entry, Format, Kind, Line, Modified, Precision, short_date, size};
use crate::codec::{Invalid, Text, Timestamp, scan};

const EXPECTED: Invalid = Invalid::new("a line of dir");

/// Parses one line, without its line end.
///
/// # Errors
/// When it has not the shape above, or a name that cannot be.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    let mut cursor = Cursor::new(line);
    if let Some((modified, rest)) = usual(line, context) {
        let entry = entry(Cursor::new(rest), modified).ok_or(EXPECTED)?;
        return Ok(Line::Entry(entry.read_from(Format::Dos, line)));
    }
    let Some((date, orders)) = short_date::numbers(&mut cursor, short_date::AMERICAN, context.orders) else {
        return if is_noise(line) { Ok(Line::Noise) } else { Err(EXPECTED) };
    };
    let modified = modified(&mut cursor, date, context).ok_or(EXPECTED)?;
    let entry = entry(cursor, modified).ok_or(EXPECTED)?;
    context.orders = orders;
    Ok(Line::Entry(entry.read_from(Format::Dos, line)))
}

/// `12-05-96  05:03PM` as IIS writes it, read where everything stands, once a date before it has said that the
/// month is in front.
#[inline]
fn usual<'a>(line: &'a [u8], context: &Context) -> Option<(Modified, &'a [u8])> {
    let Some((&[a, b, b'-', c, d, b'-', e, f, b' ', b' ', g, h, b':', i, j, half, b'M'], rest)) =
        line.split_first_chunk().filter(|_| context.orders == Orders::MONTH_DAY_YEAR)
    else {
        return None;
    };
    let [month, _, day, _, year, _, hour, _] = scan::pairs([a, b, c, d, e, f, g, h])?;
    let year = short_date::full_year(u16::from(year), 2)?;
    let noon = match (half, hour) {
        (b'A', 1..=12) => 0,
        (b'P', 1..=12) => 12,
        _ => return None,
    };
    let shown = Timestamp::new(year, month, day, hour % 12 + noon, scan::pair([i, j])?, 0).ok()?;
    Some((context.clock.modified(shown, Precision::Minute), rest))
}

/// The time at the cursor, after the date.
fn modified(cursor: &mut Cursor<'_>, date: short_date::Date, context: &Context) -> Option<Modified> {
    cursor.gap()?;
    let time = short_date::time(cursor)?;
    Some(context.clock.modified(time.on(date.0, date.1, date.2)?, time.precision()))
}

/// What follows the date and the time.
#[inline]
fn entry(mut cursor: Cursor<'_>, modified: Modified) -> Option<Entry<'_>> {
    cursor.gap()?;
    let word = cursor.word();
    let tagged = word.first() == Some(&b'<');
    let tag = if tagged { TAGS.iter().find(|row| row.0.as_bytes() == word) } else { None };
    let (kind, size) = match tag {
        Some(&(tag, kind)) => {
            cursor.pad(15 - tag.len())?;
            (kind, None)
        }
        None => {
            cursor.eat(b' ')?;
            (Kind::File, Some(size::grouped(word)?))
        }
    };
    let (name, kind) = match (kind, cursor.rest) {
        (Kind::Directory, name) => (name, Kind::directory(name)),
        (Kind::Link { .. }, rest) => link(rest)?,
        (kind, name) => (name, kind),
    };
    let mut entry = Entry::named(name, kind)?;
    entry.size = size;
    entry.modified = Some(modified);
    Some(entry)
}

/// What stands in place of the size.
const TAGS: [(&str, Kind<'static>); 4] = [
    ("<DIR>", Kind::Directory),
    ("<JUNCTION>", Kind::Link { target: None }),
    ("<SYMLINKD>", Kind::Link { target: None }),
    ("<SYMLINK>", Kind::Link { target: None }),
];

/// `name [target]`, or a name alone.
fn link(text: &[u8]) -> Option<(&[u8], Kind<'_>)> {
    let split = text.strip_suffix(b"]").and_then(|text| {
        let at = memchr::memmem::find(text, b" [")?;
        Some((text.get(..at)?, text.get(at + 2..)?))
    });
    match split {
        Some((name, target)) if !target.is_empty() => {
            Some((name, Kind::Link { target: Some(Text::new(target).ok()?) }))
        }
        _ => Some((text, Kind::Link { target: None })),
    }
}

/// Blank lines, and what `dir` has above and below the entries.
fn is_noise(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let counted = || {
        let mut cursor = Cursor::new(line);
        let count = size::grouped(cursor.word()).is_some();
        cursor.blanks();
        count && COUNTED.iter().any(|text| cursor.rest.starts_with(text.as_bytes()))
    };
    line.is_empty() || HEADERS.iter().any(|text| line.starts_with(text.as_bytes())) || counted()
}

const HEADERS: [&str; 3] = ["Volume in drive ", "Volume Serial Number is ", "Directory of "];
const COUNTED: [&str; 4] = ["File(s) ", "Dir(s) ", "file(s) ", "dir(s) "];
