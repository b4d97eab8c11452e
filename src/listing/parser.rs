//! The stream of a data connection into entries: what is a line, and which format it has.

use core::fmt;
use core::ops::Range;

use super::context::Context;
use super::{Clock, Entry, Format, Formats, Line, mlsd};
use crate::codec::{Escaped, Invalid};

/// Bytes in, entries out, in the memory of one line.
///
/// A line that lies whole in the input is lent from there; one that is split between inputs is put together
/// in the storage `B`, whose length is the longest line allowed (its CR counted, its LF not), and of the two
/// lines that an entry of VMS may have together. Lines end in LF or CRLF. How the input is split makes no
/// difference to what comes out.
///
/// Each line is tried in the formats given, first that which has failed least often: a listing settles on
/// its format with the first line that tells, and a server that mixes formats is read line by line.
#[derive(Clone, Debug)]
pub struct ListingParser<B> {
    storage: B,
    held: Held,
    /// How much of what is held is a line whose entry goes on on the next one, its LF included.
    wrapped: usize,
    formats: Formats,
    order: Order,
    context: Context,
}

#[derive(Clone, Debug)]
enum Held {
    /// So many bytes of a line whose end has not come are in the storage.
    Part(usize),
    /// A whole line, there in the storage: it turned out to be no second line of an entry.
    Line(Range<usize>),
    /// The line was too long; what comes up to its LF is dropped.
    Skipping,
}

/// The end of a line, and where the line is.
enum Found<'i> {
    /// In the input.
    Whole(&'i [u8]),
    /// There in the storage.
    Stored(Range<usize>),
    /// Its beginning fills the storage.
    TooLong,
}

/// What a line is.
enum Verdict<'a> {
    Noise,
    /// The beginning of an entry; the line without its line end.
    Wrapped(&'a [u8]),
    Shown(Result<Entry<'a>, BadLine<'a>>),
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> ListingParser<B> {
    /// A parser at the start of a listing that is in one of `formats`. Lines longer than `storage` are
    /// reported and skipped; a name of 255 bytes wants about 400, RFC 3659 7.2 sets no limit.
    #[must_use]
    pub const fn new(storage: B, formats: Formats, clock: Clock) -> Self {
        let (order, context) = (Order::NEW, Context::new(clock));
        Self { storage, held: Held::Part(0), wrapped: 0, formats, order, context }
    }

    /// The next entry of `input`, or the next line that is none though it should be; takes from `input`
    /// what has been used. `None` when that is all of it and more is needed. Blank lines, totals, headers
    /// and the like do not show.
    ///
    /// What is lent is borrowed from `input` or from the parser, until the next call.
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Result<Entry<'s>, BadLine<'s>>> {
        let range = loop {
            match self.line(input)? {
                Found::Whole(line) => match self.order.judge(self.formats, &mut self.context, line) {
                    Verdict::Noise => {}
                    Verdict::Wrapped(_) if self.wrap(line) => {}
                    Verdict::Wrapped(raw) => return Some(Err(BadLine::half(raw))),
                    Verdict::Shown(shown) => return Some(shown),
                },
                Found::Stored(range) => {
                    if let Some(range) = self.settle(range) {
                        break range;
                    }
                }
                Found::TooLong => {
                    return Some(Err(BadLine { raw: self.storage.as_ref(), reason: Reason::TooLong }));
                }
            }
        };
        self.show(range)
    }

    /// The last line, if no line end came after it; to be called until there is none. Only for a listing
    /// that came to its proper end: of one that was cut off, the last line may be half a line, and the name
    /// in it half a name.
    pub fn finish(&mut self) -> Option<Result<Entry<'_>, BadLine<'_>>> {
        let range = loop {
            let range = match core::mem::replace(&mut self.held, Held::Part(0)) {
                Held::Part(0) | Held::Skipping => return None,
                Held::Part(length) => 0..length,
                Held::Line(range) => range,
            };
            if let Some(range) = self.settle(range) {
                break range;
            }
        };
        self.show(range)
    }

    /// Whether the input so far ended within a line, or within an entry of two lines.
    #[must_use]
    pub const fn is_within_line(&self) -> bool {
        !matches!(self.held, Held::Part(0))
    }

    /// What of the stored line is to be shown, if anything. It is judged here only to see that: what
    /// borrows from the storage cannot leave a loop. One line of an input is parsed twice for it.
    fn settle(&mut self, range: Range<usize>) -> Option<Range<usize>> {
        let line = self.storage.as_ref().get(range.clone())?;
        let first = core::mem::take(&mut self.wrapped);
        if first > 0 {
            if let Verdict::Shown(_) = joined(&mut self.context, line) {
                return Some(range);
            }
            self.held = Held::Line(first..range.end);
            return Some(0..first - 1);
        }
        match self.order.judge(self.formats, &mut self.context, line) {
            Verdict::Noise => None,
            Verdict::Wrapped(_) if range.len() < self.storage.as_ref().len() => {
                let length = range.len();
                let storage = self.storage.as_mut();
                storage.copy_within(range, 0);
                self.wrapped_to(length);
                None
            }
            Verdict::Wrapped(_) | Verdict::Shown(_) => Some(range),
        }
    }

    fn show(&mut self, range: Range<usize>) -> Option<Result<Entry<'_>, BadLine<'_>>> {
        let line = self.storage.as_ref().get(range)?;
        let verdict = match line.contains(&b'\n') {
            true => joined(&mut self.context, line),
            false => self.order.judge(self.formats, &mut self.context, line),
        };
        match verdict {
            Verdict::Noise => None,
            Verdict::Wrapped(raw) => Some(Err(BadLine::half(raw))),
            Verdict::Shown(shown) => Some(shown),
        }
    }

    /// Keeps the first line of an entry until the second comes, if there is room.
    fn wrap(&mut self, line: &[u8]) -> bool {
        let room = self.storage.as_mut().split_at_mut_checked(line.len()).filter(|room| !room.1.is_empty());
        let Some((room, _)) = room else { return false };
        room.copy_from_slice(line);
        self.wrapped_to(line.len());
        true
    }

    /// The storage begins with a line of that length, and has room for its LF.
    fn wrapped_to(&mut self, length: usize) {
        if let Some(end) = self.storage.as_mut().get_mut(length) {
            *end = b'\n';
            self.wrapped = length + 1;
            self.held = Held::Part(length + 1);
        }
    }

    /// Takes `input` up to and including the next line end. Each byte is looked at once.
    #[inline]
    fn line<'i>(&mut self, input: &mut &'i [u8]) -> Option<Found<'i>> {
        loop {
            if let Held::Line(range) = &self.held {
                let range = range.clone();
                self.held = Held::Part(0);
                return Some(Found::Stored(range));
            }
            let end = memchr::memchr(b'\n', input);
            let (part, rest) = input.split_at_checked(end.unwrap_or(input.len()))?;
            *input = rest.get(1..).unwrap_or_default();
            let ended = end.is_some();

            let held = match self.held {
                Held::Part(held) => held,
                Held::Skipping if ended => {
                    self.held = Held::Part(0);
                    continue;
                }
                Held::Skipping | Held::Line(_) => return None,
            };
            let storage = self.storage.as_mut();
            if ended && held == 0 && part.len() <= storage.len() {
                return Some(Found::Whole(part));
            }
            let room = storage.get_mut(held..).unwrap_or_default();
            let too_long = part.len() > room.len();
            room.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            let length = held + part.len();
            self.held = match (ended, too_long) {
                (true, _) => Held::Part(0),
                (false, true) => Held::Skipping,
                (false, false) => Held::Part(length),
            };
            match (ended, too_long) {
                (_, true) => {
                    self.wrapped = 0;
                    return Some(Found::TooLong);
                }
                (true, false) => return Some(Found::Stored(0..length)),
                (false, false) => return None,
            }
        }
    }
}

/// What the two lines of an entry are, with a line end between them.
fn joined<'a>(context: &mut Context, lines: &'a [u8]) -> Verdict<'a> {
    let raw = without_cr(lines);
    match Format::Vms.parse(raw, context) {
        Ok(Line::Entry(entry)) => Verdict::Shown(Ok(entry)),
        _ => Verdict::Wrapped(raw),
    }
}

#[inline]
fn without_cr(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r'] = line {
        line = rest;
    }
    line
}

/// The formats, that which failed on the fewest lines first.
#[derive(Clone, Copy, Debug)]
struct Order([(Format, u16); Format::ALL.len()]);

impl Order {
    const NEW: Self = {
        let mut order = [(Format::Nlst, 0); Format::ALL.len()];
        let mut i = 0;
        while i < order.len() {
            order[i].0 = Format::ALL[i];
            i += 1;
        }
        Self(order)
    };

    /// What `line` is in the first of `formats` that it fits.
    #[inline(always)]
    fn judge<'a>(&mut self, formats: Formats, context: &mut Context, line: &'a [u8]) -> Verdict<'a> {
        let raw = without_cr(line);
        let mut first_error = None;
        for (format, _) in self.0.iter().filter(|(format, _)| formats.contains(format.alone())) {
            let parsed = match format {
                Format::Mlsd if formats != Formats::MLSD => mlsd::parse_among_others(raw),
                _ => format.parse(raw, context),
            };
            match parsed {
                Ok(Line::Noise) => return Verdict::Noise,
                Ok(Line::Wrapped) => return Verdict::Wrapped(raw),
                Ok(Line::Entry(entry)) => {
                    if first_error.is_some() {
                        self.settle(formats, *format);
                    }
                    return Verdict::Shown(Ok(entry));
                }
                Err(invalid) => first_error = first_error.or(Some(invalid)),
            }
        }
        let invalid = first_error.unwrap_or(Invalid::new("some format to be allowed"));
        Verdict::Shown(Err(BadLine { raw, reason: Reason::Invalid(invalid) }))
    }

    /// Counts a failure for each format that was tried before `fitting`. A line that fits none is the
    /// failure of the line.
    fn settle(&mut self, formats: Formats, fitting: Format) {
        let tried = self.0.iter_mut().take_while(|(format, _)| *format != fitting);
        for (_, failures) in tried.filter(|(format, _)| formats.contains(format.alone())) {
            *failures = failures.saturating_add(1);
        }
        // Nearly sorted, and a handful.
        self.0.sort_unstable_by_key(|&(format, failures)| {
            (failures, Format::ALL.iter().position(|it| *it == format))
        });
    }
}

/// A line of a listing that no entry could be made of. Others may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BadLine<'a> {
    /// The line without its line end; of one too long, what the storage holds of it.
    pub raw: &'a [u8],
    /// What is wrong with it.
    pub reason: Reason,
}

impl<'a> BadLine<'a> {
    /// The first line of an entry whose second did not come.
    const fn half(raw: &'a [u8]) -> Self {
        Self { raw, reason: Reason::Invalid(Invalid::new("the rest of the entry on the next line")) }
    }
}

/// Why no entry could be made of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It fits none of the formats allowed; what the likeliest expected.
    Invalid(Invalid),
    /// It is longer than the parser's storage. Reported once, when that is seen; its rest is skipped.
    TooLong,
}

impl fmt::Display for BadLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Invalid(invalid) => write!(f, "{invalid} in the listing, not \"{}\"", Escaped(self.raw)),
            Reason::TooLong => {
                let start = self.raw.get(..64).unwrap_or(self.raw);
                write!(f, "a line of over {} bytes in the listing: \"{}...\"", self.raw.len(), Escaped(start))
            }
        }
    }
}

impl fmt::Debug for BadLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BadLine").field("raw", &Escaped(self.raw)).field("reason", &self.reason).finish()
    }
}

impl core::error::Error for BadLine<'_> {}

#[cfg(test)]
mod tests;
