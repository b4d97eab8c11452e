//! The long form of VxWorks' `ls`, which its FTP server sends.
//!
//! ```text
//! line = [ SP ] size SP month "-" 2DIGIT "-" 4DIGIT SP time SP name [ SP "<DIR>" ]
//! ```
//! SP is any number of spaces. The names of the columns precede the entries, underlined with
//! dashes. The samples come from the reference manual of the system (`ls` of usrLib) and the tests
//! of other clients.

use super::context::Context;
use super::cursor::Cursor;
use super::date::Time;
use super::{Entry, Format, Kind, Line, months, size};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of VxWorks");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if is_noise(line) {
        return Ok(Line::Noise);
    }
    let entry = entry(Cursor::new(line), context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::VxWorks, line)))
}

fn entry<'a>(mut cursor: Cursor<'a>, context: &Context) -> Option<Entry<'a>> {
    cursor.blanks();
    let word = cursor.word();
    let size = size::number(word);
    if size.is_none() && !size::is_out_of_range(word) {
        return None;
    }
    cursor.gap()?;
    let month = months::english(cursor.until(b'-')?.try_into().ok()?)?;
    cursor.eat(b'-')?;
    let day = cursor.small(2)?;
    cursor.eat(b'-')?;
    let year = u16::try_from(cursor.digits(4, 4)?).ok()?;
    cursor.gap()?;
    let time = Time::read(&mut cursor)?;
    cursor.gap()?;
    let text = cursor.rest.trim_ascii_end();
    let directory = text.strip_suffix(b"<DIR>").filter(|name| name.ends_with(b" "));
    let name = directory.unwrap_or(text).trim_ascii_end();
    let kind = if directory.is_some() { Kind::directory(name) } else { Kind::File };
    let mut entry = Entry::named(name, kind)?;
    entry.set_size(size);
    entry.set_modified(context.clock.on((year, month, day), time));
    Some(entry)
}

/// Returns whether the line is blank, or is the names of the columns or their underline.
fn is_noise(line: &[u8]) -> bool {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    match words.next() {
        None => true,
        Some(b"size") => words.eq([&b"date"[..], b"time", b"name"]),
        Some(dashes) => is_dashes(dashes) && words.all(is_dashes),
    }
}

fn is_dashes(word: &[u8]) -> bool {
    word.len() >= 4 && word.iter().all(|byte| *byte == b'-')
}
