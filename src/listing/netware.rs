//! NetWare's own format.
//!
//! ```text
//! line   = type SP "[" 8right "]" SP owner SP size SP date SP name
//! type   = "-" / "d"
//! right  = "-" / one of "RWCEAFMS"        ; what the session may do, as NetWare counts it
//! date   = that of ls -l, see ls_date.rs
//! ```
//! SP is any number of spaces, before the name too.

use super::context::Context;
use super::cursor::Cursor;
use super::{Entry, Format, Kind, Line, unix};
use crate::codec::{Invalid, Text};

const EXPECTED: Invalid = Invalid::new("a line of NetWare");

/// Parses one line, without its line end.
///
/// # Errors
/// When it has not the shape above, or a name that cannot be.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    let Some((&letter @ (b'd' | b'-'), rest)) = line.split_first() else {
        return if unix::is_noise(line) { Ok(Line::Noise) } else { Err(EXPECTED) };
    };
    let entry = entry(letter, Cursor::new(rest), context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::NetWare, line)))
}

fn entry<'a>(letter: u8, mut cursor: Cursor<'a>, context: &Context) -> Option<Entry<'a>> {
    cursor.blanks();
    cursor.eat(b'[')?;
    let (rights, rest) = cursor.rest.split_first_chunk::<8>()?;
    if !rights.iter().all(|right| b"-RWCEAFMS".contains(right)) {
        return None;
    }
    cursor.rest = rest.strip_prefix(b"]")?;
    let columns = unix::columns(cursor, &context.clock)?;
    let name = columns.name.trim_ascii_start();
    let kind = if letter == b'd' { Kind::directory(name) } else { Kind::File };
    let mut entry = Entry::named(name, kind)?;
    entry.size = columns.size;
    entry.modified = columns.modified;
    let owner = Text::new(columns.owners.trim_ascii()).ok()?;
    entry.owner = Some(owner).filter(|owner| !owner.is_empty());
    Some(entry)
}
