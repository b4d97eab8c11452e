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
use super::{Entry, Format, Kind, Line, short_date, size};
use crate::codec::{Invalid, Text};

const EXPECTED: Invalid = Invalid::new("a line of dir");

/// Parses one line, without its line end.
///
/// # Errors
/// When it has not the shape above, or a name that cannot be.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    let mut cursor = Cursor::new(line);
    let Some((date, orders)) = short_date::numbers(&mut cursor, short_date::AMERICAN, context.orders) else {
        return if is_noise(line) { Ok(Line::Noise) } else { Err(EXPECTED) };
    };
    let entry = entry(cursor, date, context).ok_or(EXPECTED)?;
    context.orders = orders;
    Ok(Line::Entry(entry.read_from(Format::Dos, line)))
}

fn entry<'a>(mut cursor: Cursor<'a>, date: short_date::Date, context: &Context) -> Option<Entry<'a>> {
    cursor.gap()?;
    let time = short_date::time(&mut cursor)?;
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
    let shown = time.on(date.0, date.1, date.2)?;
    entry.modified = Some(context.clock.modified(shown, time.precision()));
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
