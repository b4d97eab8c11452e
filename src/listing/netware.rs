//! Listings in NetWare's own format.
//!
//! ```text
//! line   = type SP "[" 8right "]" SP owner SP size SP date SP name
//!        / type "[" 7right "]" SP links SP owner SP size SP date SP name     ; HellSoft's server
//! type   = "-" / "d"
//! right  = "-" / one of "RWCEAFMS"        ; rights of the session, as NetWare names them
//! date   = that of ls -l, see ls_date.rs
//! ```
//! SP is any number of spaces, even before the name.

use super::context::Context;
use super::cursor::Cursor;
use super::{Entry, Format, Kind, Line, size, unix};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of NetWare");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    let Some((&letter @ (b'd' | b'-'), rest)) = line.split_first() else {
        return if unix::is_noise(line) { Ok(Line::Noise) } else { Err(EXPECTED) };
    };
    let entry = entry(letter, Cursor::new(rest), context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::NetWare, line)))
}

fn entry<'a>(letter: u8, mut cursor: Cursor<'a>, context: &Context) -> Option<Entry<'a>> {
    let apart = cursor.gap().is_some();
    cursor.eat(b'[')?;
    let rights = cursor.until(b']')?;
    cursor.eat(b']')?;
    if !rights.iter().all(|right| b"-RWCEAFMS".contains(right)) {
        return None;
    }
    let links = match rights.len() {
        8 => None,
        7 if !apart => {
            cursor.gap()?;
            Some(size::number(cursor.word())?)
        }
        _ => return None,
    };
    let columns = unix::columns(cursor, &context.clock, is_a_word)?;
    let name = columns.name.trim_ascii_start();
    let kind = if letter == b'd' { Kind::directory(name) } else { Kind::File };
    let mut entry = Entry::named(name, kind)?;
    entry.links = links;
    entry.size = columns.size;
    entry.unreadable = columns.unreadable;
    entry.set_modified(columns.modified);
    let owner = columns.owners.trim_ascii();
    if !owner.is_empty() {
        entry.set_owner(owner);
    }
    Some(entry)
}

/// Returns whether `left` is an owner of one word.
fn is_a_word(left: &[u8]) -> bool {
    let owner = left.trim_ascii();
    !owner.is_empty() && !owner.iter().any(u8::is_ascii_whitespace)
}
