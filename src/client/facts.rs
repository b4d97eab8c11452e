//! Reads the answer to MLST as servers give it (RFC 3659 7.2): on one line, or with its facts split
//! over several.

use crate::codec::facts::FactSet;
use crate::codec::{Full, Invalid, Position, ReplyLine};
use crate::listing::{Clock, Entry, Format};

/// Builds the entry from the lines that [`facts`](super::facts()) shows.
///
/// The whole entry is usually on one middle line, after one space, none, or several, and is
/// borrowed from that line. Facts that are split over lines are joined in the storage `B`, which
/// has to hold them all. Some servers have no middle line and put the entry on one of the lines
/// with a code; such a line counts only if it has a known fact, so that prose is not mistaken for
/// an entry. If there are several entries, the first counts: it describes the path itself.
#[derive(Clone, Debug)]
pub struct FactsReader<B> {
    storage: B,
    /// Bytes of the storage that are filled; `None` once the entry was returned.
    length: Option<usize>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> FactsReader<B> {
    /// Creates a reader at the start of an answer.
    #[must_use]
    pub const fn new(storage: B) -> Self {
        Self { storage, length: Some(0) }
    }

    // entry = SP facts SP pathname CRLF                ; RFC 3659 7.2
    //   also in use: *SP *( facts CRLF *SP ) [facts] SP pathname CRLF
    //               "250" ( SP / "-" ) *SP facts SP pathname CRLF
    /// Takes a line that was shown. Returns the entry once it is complete, and `None` before and
    /// after that.
    ///
    /// # Errors
    /// If the lines are not an entry, or together are longer than the storage.
    pub fn line<'s, 'b: 's>(&'s mut self, line: &ReplyLine<'b>) -> Option<Result<Entry<'s>, Invalid>> {
        let is_middle = line.position == Position::Middle;
        let length = self.length?;
        if line.text.is_empty() || !(is_middle || is_entry(line.text)) {
            return None;
        }
        let mut text = line.text.trim_ascii_start();
        let part = is_part(text);
        if length == 0 && !part {
            self.length = None;
            return Format::Mlst.parse_line(line.text, &Clock::UNKNOWN).transpose();
        }
        // Facts are followed by more facts, or by a space and the name.
        if part {
            text = text.trim_ascii_end();
        }
        let parted = !part && !text.split(|byte| *byte == b' ').next().is_some_and(is_part);
        let added =
            [if parted { &b" "[..] } else { b"" }, text].into_iter().try_for_each(|part| self.add(part));
        if added.is_err() {
            self.length = None;
            return Some(Err(Invalid::new("facts that fit into the storage for them")));
        }
        if part {
            return None;
        }
        let length = self.length.take().unwrap_or_default();
        let whole = self.storage.as_ref().get(..length).unwrap_or_default();
        Format::Mlst.parse_line(whole, &Clock::UNKNOWN).transpose()
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let start = self.length.ok_or(Full)?;
        let end = start.checked_add(bytes.len()).ok_or(Full)?;
        self.storage.as_mut().get_mut(start..end).ok_or(Full)?.copy_from_slice(bytes);
        self.length = Some(end);
        Ok(())
    }
}

/// Returns whether a line that may be prose is an entry: facts of which at least one is known, a
/// space and a name.
pub(super) fn is_entry(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let Some((facts, name)) = memchr::memchr(b' ', text)
        .and_then(|at| Some((text.get(..at)?.strip_suffix(b";")?, text.get(at + 1..)?)))
    else {
        return false;
    };
    let mut names = facts.split(|byte| *byte == b';').map(|fact| {
        let at = memchr::memchr(b'=', fact)?;
        fact.get(..at).filter(|name| !name.is_empty())
    });
    let is_known = |name: Option<&[u8]>| name.is_some_and(|name| FactSet::from_fact_name(name).is_some());
    !name.is_empty() && names.clone().all(|name| name.is_some()) && names.any(is_known)
}

/// Returns whether a line consists of facts without a name.
fn is_part(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    text.ends_with(b";") && text.contains(&b'=') && !text.contains(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::ReplyCode;
    use proptest::prelude::*;
    use std::string::{String, ToString};

    /// Returns the name and the size that a line gives, at some position of a reply.
    fn read(position: Position, text: &str) -> Option<Result<(String, Option<u64>), Invalid>> {
        let mut reader = FactsReader::new([0; 512]);
        let line = ReplyLine { code: ReplyCode::FILE_ACTION_OKAY, position, text: text.as_bytes() };
        let entry = reader.line(&line)?;
        Some(entry.map(|entry| (entry.name.to_string(), entry.size)))
    }

    proptest! {
        #[test]
        fn an_entry_is_the_same_on_every_line(
            before in " {0,3}",
            first in "type=(file|dir);|TYPE=file;|",
            size in 0u64..1_000_000,
            more in "(x\\.[a-z]{1,5}=[a-z]{0,5};){0,3}",
            name in "[!-~][ -~]{0,20}",
        ) {
            let text = std::format!("{before}{first}Size={size};{more} {name}");
            let expected = read(Position::Middle, &text);
            prop_assert_eq!(&expected, &Some(Ok((name, Some(size)))));
            for position in [Position::Single, Position::First, Position::Last] {
                prop_assert_eq!(read(position, &text), expected.clone(), "{:?}", position);
            }
        }

        #[test]
        fn a_line_without_a_known_fact_is_prose_unless_it_is_a_middle_line(text in "[ -~]{0,40}") {
            let known = FactSet::all().names(crate::codec::facts::NameCase::Lower);
            let lower = text.to_ascii_lowercase();
            prop_assume!(known.into_iter().all(|(_, name)| !lower.contains(&std::format!("{name}="))));
            for position in [Position::Single, Position::First, Position::Last] {
                prop_assert_eq!(read(position, &text), None);
            }
        }
    }
}
