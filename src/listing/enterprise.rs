//! Listings of the batches in a mailbox of Connect:Enterprise, Sterling's mailbox server.
//!
//! ```text
//! line     = flags protocol SP type SP mailbox SP batch SP size SP date SP name
//! flags    = "-" 9( "-" / letter )        ; state of the batch: collected, transmitted ...
//! protocol = 1*letter                     ; protocol by which the batch arrived, "FTP"
//! type     = letter                       ; ASCII, binary, EBCDIC
//! date     = that of ls -l, see ls_date.rs
//! ```
//! SP is any number of spaces, but exactly one before the name.

use super::context::Context;
use super::cursor::Cursor;
use super::{Entry, Format, Kind, Line, size, unix};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of Connect:Enterprise");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if line.trim_ascii().is_empty() {
        return Ok(Line::Noise);
    }
    let entry = entry(Cursor::new(line), context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::ConnectEnterprise, line)))
}

fn entry<'a>(mut cursor: Cursor<'a>, context: &Context) -> Option<Entry<'a>> {
    let (flags, protocol) = cursor.word().split_first_chunk::<10>()?;
    let [b'-', flags @ ..] = flags else { return None };
    if !flags.iter().all(|flag| *flag == b'-' || flag.is_ascii_uppercase()) {
        return None;
    }
    if protocol.is_empty() || !protocol.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let columns = unix::columns(cursor, &context.clock, |left| mailbox(left).is_some())?;
    let owner = mailbox(columns.owners)?;
    let mut entry = Entry::named(columns.name, Kind::File)?;
    entry.size = columns.size;
    entry.unreadable = columns.unreadable;
    entry.set_modified(columns.modified);
    entry.set_owner(owner);
    Some(entry)
}

/// Returns the mailbox, if `columns` consists of a type, a mailbox and a batch.
fn mailbox(columns: &[u8]) -> Option<&[u8]> {
    let mut words = columns.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (Some([b'A'..=b'Z']), Some(mailbox), Some(batch), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    size::number::<u64>(batch)?;
    Some(mailbox)
}
