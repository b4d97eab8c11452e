//! Servers of the classic Mac OS, such as NetPresenz: the columns of Unix in front, then the two
//! forks of a file.
//!
//! ```text
//! line = mode SP ( resource SP data SP size / "folder" SP size ) SP date SP name
//! ```
//! `mode` and `date` are those of `ls -l` (unix.rs). The size is the sum of the forks; for a folder
//! it is the number of its entries. There is no owner and no group, so unix.rs leaves these lines
//! to this file.

use super::context::Context;
use super::unix::{self, Columns};
use super::{Entry, Fields, Format, Kind, Line, size};
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
    if !is_forks(&columns) {
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

/// Returns whether there are forks where Unix has links, owner and group.
pub(super) fn is_forks(columns: &Columns<'_>) -> bool {
    let mut words = columns.owners.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    match [words.next(), words.next(), words.next()] {
        [Some(b"folder"), None, None] => true,
        [Some(resource), Some(data), None] => {
            let (resource, data) = (size::number::<u64>(resource), size::number::<u64>(data));
            let sum = resource.and_then(|resource| resource.checked_add(data?));
            sum.is_some() && (sum == columns.size || columns.unreadable.contains(Fields::SIZE))
        }
        _ => false,
    }
}
