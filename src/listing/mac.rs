//! Listings of the classic Mac OS, as sent by NetPresenz and others: the columns of Unix in front,
//! then the two forks of a file.
//!
//! ```text
//! line = mode SP ( resource SP data SP size / "folder" SP size ) SP date SP name
//! ```
//! `mode` and `date` are those of `ls -l` (unix.rs). The size is the sum of the forks; for a folder
//! it is the number of its entries. There is no owner and no group, so unix.rs leaves these lines
//! to this file.

use super::context::Context;
use super::unix;
use super::{Entry, Format, Kind, Line};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of a Mac's");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if unix::is_noise(line) {
        return Ok(Line::Noise);
    }
    let entry = entry(line, context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::Mac, line)))
}

fn entry<'a>(line: &'a [u8], context: &Context) -> Option<Entry<'a>> {
    let (head, columns) = unix::head(line, &context.clock)?;
    if !columns.have_forks() {
        return None;
    }
    let kind = match head.letter {
        b"-" => Kind::File,
        b"d" => Kind::directory(columns.name),
        _ => return None,
    };
    let mut entry = Entry::named(columns.name, kind)?;
    entry.mode = head.mode;
    entry.unreadable = head.unreadable;
    entry.set_modified(columns.modified);
    // A folder shows its number of entries, which is not a size.
    if kind == Kind::File {
        entry.set_size(columns.size);
    }
    Some(entry)
}
