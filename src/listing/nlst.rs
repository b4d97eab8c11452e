//! NLST: names, one a line, and nothing else (RFC 959 4.1.3).
//!
//! ```text
//! line = name         ; perhaps with the directory in front
//! ```
//! Everything is a name here, the complaints of a server's `ls` too: what an entry of NLST is, and whether
//! it is there, has to be asked for.

use super::context::Context;
use super::{Entry, Format, Kind, Line};
use crate::codec::{Full, Invalid, Sink, Text};

/// Parses one line, without its line end. Only an empty one is none: spaces are a name.
///
/// # Errors
/// When there is a CR or a NUL in it.
pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Result<Line<'a>, Invalid> {
    if line.is_empty() {
        return Ok(Line::Noise);
    }
    Ok(Line::Entry(Entry::new(Text::new(line)?, Kind::Unknown).read_from(Format::Nlst, line)))
}

/// Appends the name and CRLF. A name that is empty gives no line.
pub(super) fn encode<S: Sink + ?Sized>(entry: &Entry<'_>, sink: &mut S) -> Result<(), Full> {
    if entry.name.is_empty() {
        return Ok(());
    }
    entry.name.encode(sink)?;
    sink.put(b"\r\n")
}
