//! The stream of a data connection into entries.

use core::ops::Range;

use super::context::Context;
use super::detect::{BadLine, Order, Verdict, joined};
use super::lines::{Found, Lines, without_cr};
use super::mvs::Header;
use super::{Clock, Entry, Formats, Line, mlsd};

/// Bytes in, entries out, in the memory of one line.
///
/// A line that lies whole in the input is lent from there; one that is split between inputs is put together
/// in the storage `B`, whose length is the longest line allowed (its CR counted, its LF not). The two lines
/// that an entry of VMS may have have to fit together, and a line of CMS with its name in front. Lines end in
/// LF or CRLF. How the input is split makes no difference to what comes out.
///
/// Each line is tried in the formats given, first that which has failed least often: a listing settles on
/// its format with the first line that tells, and a server that mixes formats is read line by line.
///
/// In what order the numbers of a date like `03/04/96` stand is settled before the first of them comes out:
/// such lines are kept in the storage until one has a number that decides (25 is no month), and come out
/// together then, or when the storage is full, or from [`finish`](Self::finish). See
/// [`Inferred`](super::Inferred) for what is a guess all the same.
#[derive(Clone, Debug)]
pub struct ListingParser<B> {
    lines: Lines<B>,
    keeping: Keeping,
    formats: Formats,
    order: Order,
    context: Context,
}

/// What the lines that are kept wait for.
#[derive(Clone, Copy, Debug)]
enum Keeping {
    Nothing,
    /// The second line of an entry.
    Half,
    /// A date that tells the order of its numbers. The header of MVS was this when it began.
    Batch(Option<Header>),
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> ListingParser<B> {
    /// A parser at the start of a listing that is in one of `formats`. Lines longer than `storage` are
    /// reported and skipped; a name of 255 bytes wants about 400, RFC 3659 7.2 sets no limit.
    #[must_use]
    pub const fn new(storage: B, formats: Formats, clock: Clock) -> Self {
        Self {
            lines: Lines::new(storage),
            keeping: Keeping::Nothing,
            formats,
            order: Order::NEW,
            context: Context::new(clock),
        }
    }

    /// Reads the dates of the lines to come by `clock`.
    pub const fn set_clock(&mut self, clock: Clock) {
        self.context.clock = clock;
    }

    /// The next entry of `input`, or the next line that is none though it should be; takes from `input`
    /// what has been used. `None` when that is all of it and more is needed. Blank lines, totals, headers
    /// and the like do not show.
    ///
    /// What is lent is borrowed from `input` or from the parser, until the next call.
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Result<Entry<'s>, BadLine<'s>>> {
        let range = loop {
            match self.lines.next(input)? {
                Found::Whole(line) => match self.order.judge(self.formats, &mut self.context, line) {
                    Verdict::Noise => {}
                    Verdict::Shown(shown) if !self.context.dates.is_open() => return Some(shown),
                    Verdict::Shown(_) => {
                        if !self.lines.keep(line) {
                            self.context.dates.close();
                            return shown(self.order.judge_seldom(self.formats, &mut self.context, line));
                        }
                        self.keeping = Keeping::Batch(self.context.header);
                    }
                    Verdict::Wrapped(_) if self.lines.keep(line) => self.keeping = Keeping::Half,
                    Verdict::Wrapped(raw) => return Some(Err(BadLine::half(raw))),
                    Verdict::Spread(parts) => match self.lines.with_name(line, &parts) {
                        Some(range) => break range,
                        None => return Some(Err(BadLine::too_long(without_cr(line)))),
                    },
                },
                Found::Stored(range) => {
                    if let Some(range) = self.settle(range) {
                        break range;
                    }
                }
                Found::Full => {
                    if let Some(range) = self.release() {
                        break range;
                    }
                }
                Found::TooLong => return Some(Err(BadLine::too_long(self.lines.all()))),
            }
        };
        self.show(range)
    }

    /// The last line, if no line end came after it, and before it those that were kept; to be called until
    /// there is none. Only for a listing that came to its proper end: of one that was cut off, the last line
    /// may be half a line, and the name in it half a name.
    pub fn finish(&mut self) -> Option<Result<Entry<'_>, BadLine<'_>>> {
        let range = loop {
            let settled = match (self.lines.rest(), self.keeping) {
                (Some(range), _) => self.settle(range),
                (None, Keeping::Nothing) => return None,
                (None, _) => self.release(),
            };
            if let Some(range) = settled {
                break range;
            }
        };
        self.show(range)
    }

    /// Whether the input so far ended within a line, or with lines that what follows may still say more of.
    #[must_use]
    pub const fn is_within_line(&self) -> bool {
        self.lines.is_within_line()
    }

    /// What of the stored line is to be shown, if anything. It is judged here only to see that: what
    /// borrows from the storage cannot leave a loop. One line of an input is parsed twice for it.
    fn settle(&mut self, range: Range<usize>) -> Option<Range<usize>> {
        if let Keeping::Half = self.keeping {
            return self.settle_half(range);
        }
        let line = self.lines.get(range.clone())?;
        let dates = self.context.dates;
        let verdict = self.order.judge_seldom(self.formats, &mut self.context, line);
        if let Keeping::Batch(_) = self.keeping {
            let goes_on = matches!(verdict, Verdict::Noise | Verdict::Shown(_));
            if !goes_on {
                self.context.dates = dates;
            }
            if !(goes_on && self.context.dates.is_open() && self.lines.keep_stored(range.clone())) {
                self.lines.replay_with(0, &range);
                self.end_batch();
            }
            return None;
        }
        match verdict {
            Verdict::Noise => None,
            Verdict::Shown(_) if self.context.dates.is_open() => {
                if self.lines.keep_stored(range.clone()) {
                    self.keeping = Keeping::Batch(self.context.header);
                    return None;
                }
                self.context.dates.close();
                Some(range)
            }
            Verdict::Shown(_) => {
                // The line is judged again, and is to find what it found.
                self.context.dates = dates;
                Some(range)
            }
            Verdict::Wrapped(_) => {
                if self.lines.keep_stored(range.clone()) {
                    self.keeping = Keeping::Half;
                    return None;
                }
                Some(range)
            }
            Verdict::Spread(parts) => self.lines.with_name_stored(range.clone(), &parts).or(Some(range)),
        }
    }

    /// The same behind a line that is half an entry.
    fn settle_half(&mut self, range: Range<usize>) -> Option<Range<usize>> {
        self.keeping = Keeping::Nothing;
        if let Verdict::Shown(_) = joined(&mut self.context, self.lines.get(0..range.end)?) {
            self.lines.drop_kept();
            return Some(0..range.end);
        }
        self.lines.replay_with(range.start, &range);
        Some(0..range.start.checked_sub(1)?)
    }

    /// Does without the line that would have said more. Of half an entry, that half is to be shown.
    fn release(&mut self) -> Option<Range<usize>> {
        if let Keeping::Half = self.keeping {
            self.keeping = Keeping::Nothing;
            let half = 0..self.lines.kept().checked_sub(1)?;
            self.lines.forget_kept();
            return Some(half);
        }
        self.lines.replay();
        self.end_batch();
        None
    }

    fn end_batch(&mut self) {
        if let Keeping::Batch(header) = self.keeping {
            self.context.header = header;
        }
        self.context.dates.close();
        self.keeping = Keeping::Nothing;
    }

    fn show(&mut self, range: Range<usize>) -> Option<Result<Entry<'_>, BadLine<'_>>> {
        let line = self.lines.get(range)?;
        shown(match line.contains(&b'\n') {
            true => joined(&mut self.context, line),
            false => match self.order.judge_seldom(self.formats, &mut self.context, line) {
                Verdict::Spread(_) => Verdict::Shown(Err(BadLine::too_long(without_cr(line)))),
                verdict => verdict,
            },
        })
    }
}

fn shown(verdict: Verdict<'_>) -> Option<Result<Entry<'_>, BadLine<'_>>> {
    match verdict {
        Verdict::Noise | Verdict::Spread(_) => None,
        Verdict::Wrapped(raw) => Some(Err(BadLine::half(raw))),
        Verdict::Shown(shown) => Some(shown),
    }
}

/// [`ListingParser`] for the answer to MLSD alone: a program that uses nothing else has no other format in it.
///
/// ```
/// use ftp_proto::listing::MlsdParser;
///
/// let mut parser = MlsdParser::new([0; 512]);
/// let mut input = &b"type=file;size=5; a\r\n"[..];
/// let entry = parser.next(&mut input).unwrap().unwrap();
/// assert_eq!((entry.name.as_bytes(), entry.size), (&b"a"[..], Some(5)));
/// ```
#[derive(Clone, Debug)]
pub struct MlsdParser<B> {
    lines: Lines<B>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> MlsdParser<B> {
    /// A parser at the start of a listing. Lines longer than `storage` are reported and skipped.
    #[must_use]
    pub const fn new(storage: B) -> Self {
        Self { lines: Lines::new(storage) }
    }

    /// As [`ListingParser::next`].
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Result<Entry<'s>, BadLine<'s>>> {
        let range = loop {
            match self.lines.next(input)? {
                Found::Whole(line) => match entry_of_mlsd(line) {
                    None => {}
                    shown => return shown,
                },
                Found::Stored(range) if is_blank(self.lines.get(range.clone())) => {}
                Found::Stored(range) => break range,
                Found::TooLong | Found::Full => return Some(Err(BadLine::too_long(self.lines.all()))),
            }
        };
        entry_of_mlsd(self.lines.get(range)?)
    }

    /// As [`ListingParser::finish`].
    pub fn finish(&mut self) -> Option<Result<Entry<'_>, BadLine<'_>>> {
        let range = self.lines.rest()?;
        entry_of_mlsd(self.lines.get(range)?)
    }

    /// Whether the input so far ended within a line.
    #[must_use]
    pub const fn is_within_line(&self) -> bool {
        self.lines.is_within_line()
    }
}

fn is_blank(line: Option<&[u8]>) -> bool {
    line.is_none_or(|line| without_cr(line).is_empty())
}

#[inline]
fn entry_of_mlsd(line: &[u8]) -> Option<Result<Entry<'_>, BadLine<'_>>> {
    let raw = without_cr(line);
    match mlsd::parse_facts(raw) {
        Ok(Line::Entry(entry)) => Some(Ok(entry)),
        Ok(_) => None,
        Err(invalid) => Some(Err(BadLine::invalid(raw, invalid))),
    }
}

#[cfg(test)]
mod tests;
