//! Listings of IBM i (OS/400), unless `SITE LISTFMT 1` makes the server imitate Unix.
//!
//! ```text
//! line = [ owner ] SP size SP date SP time SP type pad name [ "/" ]
//!      / owner SP "*MEM" pad name
//! owner = 1*10( UPPER / DIGIT / "_" / "#" / "@" / "$" / "." )
//! type = "*STMF" / "*DIR" / "*MEM" / "*FILE" / any object type of the system; in QDLS, "DIR"
//! pad  = spaces that make type and pad 11 bytes long, or as many as there are if fewer
//! date = see short_date.rs; in the date format of the server's job
//! ```
//! SP is any number of spaces. The `/` that ends the name of a directory is not part of it.

use super::context::Context;
use super::cursor::Cursor;
use super::date::Time;
use super::{Entry, Format, Kind, Line, short_date, size};
use crate::codec::{Invalid, Text};

const EXPECTED: Invalid = Invalid::new("a line of OS/400");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Noise);
    }
    let entry = entry(Cursor::new(line), context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::As400, line)))
}

fn entry<'a>(mut cursor: Cursor<'a>, context: &mut Context) -> Option<Entry<'a>> {
    let owner = cursor.word();
    if !is_owner(owner) {
        return None;
    }
    cursor.gap()?;
    let mut known = None;
    if cursor.peek() != Some(b'*') {
        let size = size::number(cursor.word());
        cursor.gap()?;
        let (date, dates) =
            short_date::numbers(&mut cursor, short_date::OF_THE_JOB, context.dates, &context.clock)?;
        cursor.gap()?;
        let time = Time::read(&mut cursor)?;
        cursor.gap()?;
        let dated = context.clock.on_numbers(date, time);
        known = Some((size, dated, dates));
    }
    let object = cursor.word();
    if known.is_none() && (object != b"*MEM" || owner.is_empty()) {
        return None;
    }
    let named = match object {
        // The directory type of QDLS.
        b"DIR" => object,
        _ => object.strip_prefix(b"*").filter(|name| !name.is_empty())?,
    };
    if !named.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return None;
    }
    cursor.pad(11usize.saturating_sub(object.len()).max(1))?;
    let (name, slash) = match cursor.rest {
        [name @ .., b'/'] => (name, true),
        name => (name, false),
    };
    let kind = match named {
        b"DIR" | b"DDIR" | b"LIB" | b"FLR" => Kind::directory(name),
        _ if slash => Kind::directory(name),
        b"STMF" | b"DSTMF" | b"MEM" | b"DOC" => Kind::File,
        b"SYMLNK" => Kind::Link { target: None },
        _ => Kind::Other(Text::new(object).ok()?),
    };
    let mut entry = Entry::named(name, kind)?;
    if !owner.is_empty() {
        entry.set_owner(owner);
    }
    if let Some((size, dated, dates)) = known {
        entry.set_size(size);
        entry.set_modified(dated);
        context.dates = dates;
    }
    Some(entry)
}

/// Returns whether `word` can be the name of a user, or is empty.
fn is_owner(word: &[u8]) -> bool {
    let mark = |byte: &u8| b"_#@$.".contains(byte);
    word.len() <= 10
        && word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || mark(byte))
}
