//! Splits a stream into lines in a fixed amount of memory.
//!
//! A line that lies entirely in one piece of input is borrowed from that piece. A line that is
//! split between pieces is assembled in the storage. Lines may also be *kept* in the storage until
//! a later line shows how to read them, and then *replayed* from there.

use crate::codec::slices;
use core::ops::Range;

/// Splitter for lines that are at most as long as the storage `B`.
#[derive(Clone, Debug)]
pub(super) struct Lines<B> {
    storage: B,
    /// Number of bytes at the start of the storage that are kept lines, each with its LF.
    kept: usize,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The storage is filled up to this offset with the kept lines and the beginning of another.
    Part(usize),
    /// The line was too long; input is dropped up to its LF.
    Skipping,
    /// The lines from `next` to `end` are being read again; the bytes after them, up to `part`, are
    /// the beginning of another line.
    Replaying { next: usize, end: usize, part: usize },
}

/// The result of a search for the next line.
pub(super) enum Found<'i> {
    /// The line is in the input. No line is kept.
    Whole(&'i [u8]),
    /// The line is in this range of the storage, after the kept lines.
    Stored(Range<usize>),
    /// The line is too long; its beginning fills the storage.
    TooLong,
    /// The line does not fit after the kept lines and has not been taken from the input.
    Full,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Lines<B> {
    pub(super) const fn new(storage: B) -> Self {
        Self { storage, kept: 0, state: State::Part(0) }
    }

    /// Returns a part of the storage.
    pub(super) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        self.storage.as_ref().get(range)
    }

    /// Returns the whole storage, which holds the beginning of a line that is too long.
    pub(super) fn all(&self) -> &[u8] {
        self.storage.as_ref()
    }

    /// Returns the length of the kept lines in bytes.
    pub(super) const fn kept(&self) -> usize {
        self.kept
    }

    /// Returns whether the input so far ended within a line, or whether lines are kept.
    pub(super) const fn is_within_line(&self) -> bool {
        !matches!(self.state, State::Part(0))
    }

    /// Takes `input` up to and including the next line end, or all of it if there is none. Examines
    /// each byte once.
    #[inline]
    pub(super) fn next<'i>(&mut self, input: &mut &'i [u8]) -> Option<Found<'i>> {
        loop {
            let held = match self.state {
                State::Part(held) => held,
                State::Skipping => {
                    let (_, rest) = split(input)?;
                    let Some(rest) = rest else {
                        *input = &[];
                        return None;
                    };
                    *input = rest;
                    self.state = State::Part(0);
                    continue;
                }
                State::Replaying { .. } => match self.replayed() {
                    Some(range) => return Some(Found::Stored(range)),
                    None => continue,
                },
            };
            let (part, rest) = split(input)?;
            let room = self.storage.as_ref().len().checked_sub(held)?;
            if let Some(rest) = rest {
                if held == 0 && part.len() <= room {
                    *input = rest;
                    return Some(Found::Whole(part));
                }
            }
            // A line after kept ones needs room for its LF as well.
            let needed = part.len() + usize::from(self.kept > 0 && rest.is_some());
            if needed > room && self.kept > 0 {
                return Some(Found::Full);
            }
            *input = rest.unwrap_or_default();
            let free = self.storage.as_mut().get_mut(held..).unwrap_or_default();
            free.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            let length = held + part.len();
            let (state, found) = match (rest.is_some(), part.len() > room) {
                (true, true) => (State::Part(0), Some(Found::TooLong)),
                (false, true) => (State::Skipping, Some(Found::TooLong)),
                (true, false) => (State::Part(self.kept), Some(Found::Stored(self.kept..length))),
                (false, false) => (State::Part(length), None),
            };
            self.state = state;
            return found;
        }
    }

    /// Returns what is left at the end of the input: lines to replay, then a last line without an
    /// LF.
    pub(super) fn rest(&mut self) -> Option<Range<usize>> {
        loop {
            match self.state {
                State::Part(held) if held > self.kept => {
                    self.state = State::Part(self.kept);
                    return Some(self.kept..held);
                }
                State::Part(_) => return None,
                State::Skipping => {
                    self.state = State::Part(0);
                    return None;
                }
                State::Replaying { .. } => {
                    if let Some(range) = self.replayed() {
                        return Some(range);
                    }
                }
            }
        }
    }

    /// Returns the next line to replay. When none is left, moves the bytes that follow the replayed
    /// lines to the front.
    fn replayed(&mut self) -> Option<Range<usize>> {
        let State::Replaying { next, end, part } = self.state else { return None };
        let storage = self.storage.as_mut();
        let lines = storage.get(next..end).unwrap_or_default();
        if lines.is_empty() {
            let held = part.checked_sub(end).filter(|_| part <= storage.len()).unwrap_or(0);
            if held > 0 {
                slices::copy_within(storage, end..part, 0);
            }
            self.state = State::Part(held);
            return None;
        }
        let line_end = next + memchr::memchr(b'\n', lines).unwrap_or(lines.len());
        self.state = State::Replaying { next: end.min(line_end + 1), end, part };
        Some(next..line_end)
    }

    /// Returns whether the storage holds nothing after the line that was found last.
    const fn is_last(&self) -> bool {
        match self.state {
            State::Part(held) => held == self.kept,
            State::Replaying { next, end, part } => next >= end && part <= end,
            State::Skipping => false,
        }
    }

    /// Keeps `line`, which was borrowed from the input. Returns `false` if there is no room for the
    /// line.
    pub(super) fn keep(&mut self, line: &[u8]) -> bool {
        let last = self.is_last();
        let room = self.storage.as_mut().get_mut(self.kept..).unwrap_or_default();
        let Some((to, [end, ..])) = room.split_at_mut_checked(line.len()).filter(|_| last) else {
            return false;
        };
        to.copy_from_slice(line);
        *end = b'\n';
        self.kept_to(line.len());
        true
    }

    /// Keeps a line found in the storage, like [`keep`](Self::keep).
    pub(super) fn keep_stored(&mut self, range: Range<usize>) -> bool {
        let storage = self.storage.as_mut();
        let length = range.len();
        let fits =
            range.end <= storage.len() && self.kept <= range.start && self.kept + length < storage.len();
        if !fits || !self.is_last() {
            return false;
        }
        let storage = self.storage.as_mut();
        slices::copy_within(storage, range, self.kept);
        if let Some(end) = storage.get_mut(self.kept + length) {
            *end = b'\n';
        }
        self.kept_to(length);
        true
    }

    fn kept_to(&mut self, length: usize) {
        self.kept += length + 1;
        self.state = State::Part(self.kept);
    }

    /// Replays the kept lines one by one. The bytes after them are not moved yet.
    pub(super) fn replay(&mut self) {
        if let State::Part(held) = self.state {
            self.state = State::Replaying { next: 0, end: self.kept, part: held };
            self.kept = 0;
        }
    }

    /// Replays the lines from `start` to the end of `found`, the line that was found last, which is
    /// not a kept line.
    pub(super) fn replay_with(&mut self, start: usize, found: &Range<usize>) {
        self.state = State::Replaying { next: start, end: found.end, part: found.end };
        self.kept = 0;
    }

    /// Forgets the kept lines and continues with the bytes that follow them.
    pub(super) fn forget_kept(&mut self) {
        if let State::Part(held) = self.state {
            self.state = State::Replaying { next: self.kept, end: self.kept, part: held };
            self.kept = 0;
        }
    }

    /// Forgets the kept lines and the line that was found last.
    pub(super) fn drop_kept(&mut self) {
        self.kept = 0;
        self.state = State::Part(0);
    }

    /// Stores `name LF line` for a `line` that was borrowed from the input. The name consists of
    /// two parts of the line, joined with a dot. Returns the range of the stored text, or `None` if
    /// there is no room.
    pub(super) fn with_name(&mut self, line: &[u8], parts: &[Range<usize>; 2]) -> Option<Range<usize>> {
        let start = name_length(parts);
        let whole = 0..start + line.len();
        let last = self.is_last();
        let to = self.storage.as_mut().get_mut(whole.clone()).filter(|_| last)?.get_mut(start..)?;
        to.copy_from_slice(line);
        self.put_name(start, parts);
        Some(whole)
    }

    /// Does the same as [`with_name`](Self::with_name) for a line found in the storage.
    pub(super) fn with_name_stored(
        &mut self,
        range: Range<usize>,
        parts: &[Range<usize>; 2],
    ) -> Option<Range<usize>> {
        let start = name_length(parts);
        let whole = 0..start + range.len();
        let last = self.is_last();
        let storage = self.storage.as_mut();
        if whole.end > storage.len() || range.end > storage.len() || !last {
            return None;
        }
        slices::copy_within(storage, range, start);
        self.put_name(start, parts);
        Some(whole)
    }

    /// Writes the name in front of the line that begins at `start`.
    fn put_name(&mut self, start: usize, parts: &[Range<usize>; 2]) {
        let storage = self.storage.as_mut();
        let mut at = 0;
        for (part, mark) in parts.iter().zip(*b".\n") {
            slices::copy_within(storage, start + part.start..start + part.end, at);
            at += part.len();
            if let Some(to) = storage.get_mut(at) {
                *to = mark;
            }
            at += 1;
        }
        self.drop_kept();
    }
}

/// Returns the length of a name of two parts, including its dot and the LF after it.
fn name_length(parts: &[Range<usize>; 2]) -> usize {
    parts.iter().map(|part| part.len() + 1).sum()
}

/// Splits `input` at its first LF. The second part is `None` if there is no LF. Returns `None` for
/// empty input.
#[inline]
fn split<'i>(input: &&'i [u8]) -> Option<(&'i [u8], Option<&'i [u8]>)> {
    if input.is_empty() {
        return None;
    }
    match memchr::memchr(b'\n', input) {
        Some(end) => Some((input.get(..end)?, Some(input.get(end + 1..)?))),
        None => Some((*input, None)),
    }
}

/// Strips the CR before the LF, or all of them where a server sends several.
#[inline]
pub(super) fn without_cr(line: &[u8]) -> &[u8] {
    match line {
        [rest @ .., b'\r', b'\r'] => without_crs(rest),
        [rest @ .., b'\r'] => rest,
        _ => line,
    }
}

#[cold]
fn without_crs(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    line.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cr_before_the_lf_is_stripped_and_no_other() {
        for (line, expected) in [
            (&b""[..], &b""[..]),
            (b"a", b"a"),
            (b"a\r", b"a"),
            (b"a\r\r", b"a"),
            (b"a\r\r\r", b"a"),
            (b"\r", b""),
            (b"\r\r\r", b""),
            (b"\ra\rb\r\r", b"\ra\rb"),
        ] {
            assert_eq!(without_cr(line), expected, "{}", line.escape_ascii());
        }
    }
}
