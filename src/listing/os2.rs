//! OS/2's FTP server.
//!
//! ```text
//! line = [ SP ] size SP [ attributes SP ] [ "DIR" SP ] date SP time 1*2SP name
//! attributes = 1*4( "A" / "R" / "H" / "S" )
//! date = see short_date.rs; its years have two or three digits
//! ```
//! SP is any number of spaces, but before the name two, and one where the columns were closed up.

use super::context::Context;
use super::cursor::Cursor;
use super::date::Time;
use super::{Entry, Format, Kind, Line, short_date, size};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of OS/2");

/// Parses one line, without its line end.
///
/// # Errors
/// When it has not the shape above, or a name that cannot be.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    let mut cursor = Cursor::new(line);
    cursor.blanks();
    if cursor.rest.is_empty() {
        return Ok(Line::Noise);
    }
    let entry = entry(cursor, context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::Os2, line)))
}

fn entry<'a>(mut cursor: Cursor<'a>, context: &mut Context) -> Option<Entry<'a>> {
    let size = size::number(cursor.word())?;
    cursor.gap()?;
    cursor.skip_word(|word| word.len() <= 4 && word.iter().all(|byte| b"ARHS".contains(byte)));
    let directory = cursor.skip_word(|word| word == b"DIR");
    let (date, orders) = short_date::numbers(&mut cursor, short_date::AMERICAN, context.orders)?;
    cursor.gap()?;
    let time = Time::read(&mut cursor).filter(|time| time.second.is_none())?;
    cursor.pad(2)?;
    let name = cursor.rest;
    let kind = if directory { Kind::directory(name) } else { Kind::File };
    let mut entry = Entry::named(name, kind)?;
    entry.size = Some(size);
    let shown = time.on(date.0, date.1, date.2)?;
    entry.modified = Some(context.clock.modified(shown, time.precision()));
    context.orders = orders;
    Some(entry)
}
