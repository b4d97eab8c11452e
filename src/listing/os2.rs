//! Listings of OS/2's FTP server.
//!
//! ```text
//! line = [ SP ] size SP [ attributes SP ] [ "DIR" SP ] date SP time 1*2SP name
//!        / [ SP ] size SP "DIR" SP attributes SP date SP time 1*2SP name
//! attributes = 1*4( "A" / "R" / "H" / "S" )
//! date = see short_date.rs; its years have two or three digits
//! ```
//! SP is any number of spaces. Two spaces precede the name, or one where the columns were closed
//! up.

use super::context::Context;
use super::cursor::Cursor;
use super::date::Time;
use super::{Entry, Format, Kind, Line, short_date, size};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of OS/2");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    let mut cursor = Cursor::new(line);
    cursor.blanks();
    if cursor.rest.is_empty() {
        return Ok(Line::Noise);
    }
    // A size that cannot be read is recognized by the padding of its wide column.
    let padded = line.len() - cursor.rest.len() >= 4;
    let entry = entry(cursor, padded, context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::Os2, line)))
}

fn entry<'a>(mut cursor: Cursor<'a>, padded: bool, context: &mut Context) -> Option<Entry<'a>> {
    let word = cursor.word();
    let size = size::number(word);
    if size.is_none() && !size::is_out_of_range(word) && !padded {
        return None;
    }
    cursor.gap()?;
    let attributes = |cursor: &mut Cursor<'_>| {
        cursor.skip_word(|word| word.len() <= 4 && word.iter().all(|byte| b"ARHS".contains(byte)))
    };
    let before = attributes(&mut cursor);
    let directory = cursor.skip_word(|word| word == b"DIR");
    let _ = directory && !before && attributes(&mut cursor);
    let (date, dates) =
        short_date::numbers(&mut cursor, short_date::AMERICAN, context.dates, &context.clock)?;
    cursor.gap()?;
    let time = Time::read(&mut cursor).filter(|time| time.second.is_none())?;
    cursor.pad(2)?;
    let name = cursor.rest;
    let kind = if directory { Kind::directory(name) } else { Kind::File };
    let mut entry = Entry::named(name, kind)?;
    entry.set_size(size);
    entry.set_modified(context.clock.on_numbers(date, time));
    context.dates = dates;
    Some(entry)
}
