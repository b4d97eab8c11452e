//! Listings of minidisks of z/VM under CMS.
//!
//! ```text
//! line = file SP type SP ( "F" / "V" ) SP lrecl SP records SP blocks SP date SP time [ SP owner ]
//! file = 1*namechar                       ; at most eight on CMS itself
//! type = 1*namechar
//! date = 4DIGIT "-" 2DIGIT "-" 2DIGIT
//! namechar = %x41-5A / DIGIT / "$" / "#" / "@" / "+" / "-" / ":" / "_"
//! ```
//! SP is any number of spaces. The name that RETR takes is `file` and `type` with a dot between
//! them. These are separate columns of the line, so the parser assembles the name in its own
//! storage, from which the entry borrows the name.
//!
//! No column is a size in bytes: records of format V have any length up to `lrecl`.
//!
//! The samples come from the tests of the FileZilla client (3.63), where a z/VM operator recorded a
//! line and described its columns, and from the regular expression with which Emacs' ange-ftp
//! (28.2) finds files on CMS: two names of these characters, a record format and a number.

use core::ops::Range;

use super::context::Context;
use super::cursor::Cursor;
use super::date::{Dated, Time};
use super::{Entry, Format, Kind, Line, size};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of CMS");

/// Parses one line, without its line end, and returns the ranges of the two parts of its name.
///
/// # Errors
/// Fails when the line does not have the shape above.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Noise);
    }
    let columns = columns(line, context).ok_or(EXPECTED)?;
    Ok(Line::Spread(columns.name))
}

/// Parses the text that consists of an entry's name, an LF and its line.
pub(super) fn parse_named<'a>(text: &'a [u8], context: &Context) -> Option<Entry<'a>> {
    let end = memchr::memchr(b'\n', text)?;
    let (name, line) = (text.get(..end)?, text.get(end + 1..)?);
    let Columns { name: [file, kind], dated, owner } = columns(line, context)?;
    let parts = name.strip_prefix(line.get(file)?)?.strip_prefix(b".")?;
    if parts != line.get(kind)? {
        return None;
    }
    let mut entry = Entry::named(name, Kind::File)?;
    entry.set_modified(dated);
    if !owner.is_empty() {
        entry.set_owner(owner);
    }
    Some(entry.read_from(Format::Cms, line))
}

struct Columns<'a> {
    name: [Range<usize>; 2],
    dated: Dated,
    owner: &'a [u8],
}

fn columns<'a>(line: &'a [u8], context: &Context) -> Option<Columns<'a>> {
    let mut cursor = Cursor::new(line);
    cursor.blanks();
    let mut part = || {
        let start = line.len() - cursor.rest.len();
        let word = cursor.word();
        cursor.gap()?;
        is_name(word).then_some(start..start + word.len())
    };
    let name = [part()?, part()?];
    if !matches!(cursor.word(), b"F" | b"V") {
        return None;
    }
    for _ in ["lrecl", "records", "blocks"] {
        cursor.gap()?;
        size::number::<u64>(cursor.word())?;
    }
    cursor.gap()?;
    let year = u16::try_from(cursor.digits(4, 4)?).ok()?;
    cursor.eat(b'-')?;
    let month = cursor.small(2)?;
    cursor.eat(b'-')?;
    let day = cursor.small(2)?;
    cursor.gap()?;
    let time = Time::read(&mut cursor)?;
    let owner = match cursor.rest {
        [] => &[][..],
        _ => {
            cursor.gap()?;
            cursor.word()
        }
    };
    let dated = context.clock.on((year, month, day), time);
    cursor.rest.trim_ascii().is_empty().then_some(Columns { name, dated, owner })
}

fn is_name(word: &[u8]) -> bool {
    let mark = |byte: &u8| b"$#@+-:_".contains(byte);
    !word.is_empty()
        && word.len() <= 17
        && word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || mark(byte))
}
