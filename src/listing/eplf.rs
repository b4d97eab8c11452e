//! EPLF, the easily parsed LIST format by D. J. Bernstein, which publicfile and anonftpd send
//! (<https://cr.yp.to/ftp/list/eplf.html>).
//!
//! ```text
//! line = "+" *( fact "," ) TAB name
//! fact = "/" / "r" / "s" size / "m" seconds / "i" identity / "up" mode / any other
//! ```
//! `/` means that CWD works and `r` that RETR works; `m` is a Unix time; two entries have the same
//! `i` only if they are the same file.

use super::context::Context;
use super::{Entry, Fields, Format, Kind, Line, Modified, size};
use crate::codec::scan::octal;
use crate::codec::{Invalid, Text, Timestamp};

const EXPECTED: Invalid = Invalid::new("a line of EPLF");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Result<Line<'a>, Invalid> {
    if line.is_empty() {
        return Ok(Line::Noise);
    }
    let entry = line.strip_prefix(b"+").and_then(entry).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::Eplf, line)))
}

fn entry(text: &[u8]) -> Option<Entry<'_>> {
    let tab = memchr::memchr(b'\t', text)?;
    let (facts, name) = (text.get(..tab)?, text.get(tab + 1..)?);
    // No fact contains a blank. Lines of a program or a patch that begin with `+` do.
    if facts.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    let mut entry = Entry::named(name, Kind::Unknown)?;
    for fact in facts.strip_suffix(b",").unwrap_or(facts).split(|&byte| byte == b',') {
        match fact {
            b"/" => entry.kind = Kind::directory(name),
            b"r" if entry.kind == Kind::Unknown => entry.kind = Kind::File,
            [b's', size @ ..] => {
                // If there are two sizes, the last one counts.
                entry.unreadable.remove(Fields::SIZE);
                entry.set_size(size::number(size));
            }
            [b'm', seconds @ ..] => {
                let seconds = size::number(seconds);
                let then = seconds.and_then(|seconds| Timestamp::from_unix(seconds, 0).ok());
                entry.modified = then.map(Modified::from);
                entry.unreadable.set(Fields::MODIFIED, then.is_none());
            }
            [b'i', identity @ ..] => {
                entry.unique = Text::new(identity).ok();
                entry.unreadable.set(Fields::UNIQUE, entry.unique.is_none());
            }
            [b'u', b'p', mode @ ..] => {
                entry.mode = octal(mode).map(|mode| mode & 0o7777);
                entry.unreadable.set(Fields::MODE, entry.mode.is_none());
            }
            _ => {}
        }
    }
    Some(entry)
}
