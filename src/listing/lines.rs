//! Splits a stream into lines in a fixed amount of memory.
//!
//! A line that is whole in one piece of input is lent from there. One that is split between pieces is put
//! together in the storage. Lines may also be *kept* in the storage until a later one says how they are to
//! be read, and *replayed* from there.

use core::ops::Range;

/// Lines of at most the length of the storage `B`.
#[derive(Clone, Debug)]
pub(super) struct Lines<B> {
    storage: B,
    /// How many bytes at the start of the storage are lines that are kept, each with its LF.
    kept: usize,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The storage is filled up to here: the lines that are kept, and the beginning of one.
    Part(usize),
    /// The line was too long; what comes up to its LF is dropped.
    Skipping,
    /// The lines between `next` and `end` are to be read again; what follows them up to `part` is the
    /// beginning of another.
    Replaying { next: usize, end: usize, part: usize },
}

/// The end of a line, and where the line is.
pub(super) enum Found<'i> {
    /// In the input. Nothing is kept then.
    Whole(&'i [u8]),
    /// In this part of the storage, behind what is kept.
    Stored(Range<usize>),
    /// Its beginning fills the storage.
    TooLong,
    /// There is no room for it behind what is kept. It has not been taken from the input.
    Full,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Lines<B> {
    pub(super) const fn new(storage: B) -> Self {
        Self { storage, kept: 0, state: State::Part(0) }
    }

    /// Part of the storage.
    pub(super) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        self.storage.as_ref().get(range)
    }

    /// All of the storage: the beginning of a line that is too long.
    pub(super) fn all(&self) -> &[u8] {
        self.storage.as_ref()
    }

    /// How much is kept.
    pub(super) const fn kept(&self) -> usize {
        self.kept
    }

    /// Returns whether the input so far ended within a line, or lines are kept.
    pub(super) const fn is_within_line(&self) -> bool {
        !matches!(self.state, State::Part(0))
    }

    /// Takes `input` up to and including the next line end. Each byte is looked at once.
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
            // What is kept needs its LF as well.
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

    /// What is left at the end of the input: lines that are replayed, then the last if no LF came after it.
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

    /// The next line that is replayed; behind the last, what follows it is moved to the front.
    fn replayed(&mut self) -> Option<Range<usize>> {
        let State::Replaying { next, end, part } = self.state else { return None };
        let storage = self.storage.as_mut();
        let lines = storage.get(next..end).unwrap_or_default();
        if lines.is_empty() {
            let held = part.checked_sub(end).filter(|_| part <= storage.len()).unwrap_or(0);
            if held > 0 {
                storage.copy_within(end..part, 0);
            }
            self.state = State::Part(held);
            return None;
        }
        let line_end = next + memchr::memchr(b'\n', lines).unwrap_or(lines.len());
        self.state = State::Replaying { next: end.min(line_end + 1), end, part };
        Some(next..line_end)
    }

    /// Whether there is nothing in the storage but the line found last.
    const fn is_last(&self) -> bool {
        match self.state {
            State::Part(held) => held == self.kept,
            State::Replaying { next, end, part } => next >= end && part <= end,
            State::Skipping => false,
        }
    }

    /// Keeps `line`, which was lent from the input. `false` when there is no room for it.
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

    /// As [`keep`](Self::keep), for a line found in the storage.
    pub(super) fn keep_stored(&mut self, range: Range<usize>) -> bool {
        let storage = self.storage.as_mut();
        let length = range.len();
        let fits =
            range.end <= storage.len() && self.kept <= range.start && self.kept + length < storage.len();
        if !fits || !self.is_last() {
            return false;
        }
        let storage = self.storage.as_mut();
        storage.copy_within(range, self.kept);
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

    /// Lets what is kept be read again, line by line; what is kept for longer stays where it is found.
    pub(super) fn replay(&mut self) {
        if let State::Part(held) = self.state {
            self.state = State::Replaying { next: 0, end: self.kept, part: held };
            self.kept = 0;
        }
    }

    /// As [`replay`](Self::replay), from `start` up to the end of the line found last, which is not kept.
    pub(super) fn replay_with(&mut self, start: usize, found: &Range<usize>) {
        self.state = State::Replaying { next: start, end: found.end, part: found.end };
        self.kept = 0;
    }

    /// Forgets what is kept; what follows it is read on.
    pub(super) fn forget_kept(&mut self) {
        if let State::Part(held) = self.state {
            self.state = State::Replaying { next: self.kept, end: self.kept, part: held };
            self.kept = 0;
        }
    }

    /// Forgets what is kept, and the line found last.
    pub(super) fn drop_kept(&mut self) {
        self.kept = 0;
        self.state = State::Part(0);
    }

    /// Makes `name LF line` of `line`, which was lent from the input, where the name is two parts of it with
    /// a dot between them. Where that is in the storage, if there is room.
    pub(super) fn with_name(&mut self, line: &[u8], parts: &[Range<usize>; 2]) -> Option<Range<usize>> {
        let start = name_length(parts);
        let whole = 0..start + line.len();
        let last = self.is_last();
        let to = self.storage.as_mut().get_mut(whole.clone()).filter(|_| last)?.get_mut(start..)?;
        to.copy_from_slice(line);
        self.put_name(start, parts);
        Some(whole)
    }

    /// As [`with_name`](Self::with_name), for a line found in the storage.
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
        storage.copy_within(range, start);
        self.put_name(start, parts);
        Some(whole)
    }

    /// Writes the name before the line that begins at `start`.
    fn put_name(&mut self, start: usize, parts: &[Range<usize>; 2]) {
        let storage = self.storage.as_mut();
        let mut at = 0;
        for (part, mark) in parts.iter().zip(*b".\n") {
            storage.copy_within(start + part.start..start + part.end, at);
            at += part.len();
            if let Some(to) = storage.get_mut(at) {
                *to = mark;
            }
            at += 1;
        }
        self.drop_kept();
    }
}

/// The length of a name of two parts, with the dot and the LF behind it.
fn name_length(parts: &[Range<usize>; 2]) -> usize {
    parts.iter().map(|part| part.len() + 1).sum()
}

/// What is before the next LF, and what is after it, if there is one. `None` for no input.
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

/// A line without the CR before its LF, or the several that some servers send.
#[inline]
pub(super) fn without_cr(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r'] = line {
        line = rest;
    }
    line
}
