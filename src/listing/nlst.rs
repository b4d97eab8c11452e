//! NLST: bare names, one per line (RFC 959 4.1.3).
//!
//! ```text
//! line = name         ; perhaps with the directory in front
//! ```
//! Every line is a name here, even an error message of the server's `ls`. Further commands are
//! needed to find out what kind an entry is, and whether it exists.

use super::context::Context;
use super::{Entry, Format, Kind, Line};
use crate::codec::{Full, Invalid, Sink, Text};

/// Parses one line, without its line end. Only an empty line is not an entry: spaces form a name.
///
/// # Errors
/// Fails when the line contains a CR or a NUL.
pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Result<Line<'a>, Invalid> {
    if line.is_empty() {
        return Ok(Line::Noise);
    }
    Ok(Line::Entry(Entry::new(Text::new(line)?, Kind::Unknown).read_from(Format::Nlst, line)))
}

/// Appends the name and CRLF. An empty name produces no line.
pub(super) fn encode<S: Sink + ?Sized>(entry: &Entry<'_>, sink: &mut S) -> Result<(), Full> {
    if entry.name.is_empty() {
        return Ok(());
    }
    entry.name.encode(sink)?;
    sink.put(b"\r\n")
}
