//! An incremental parser that turns the bytes of a data connection into entries.

use core::ops::Range;

use super::context::{Context, Header};
use super::detect::{BadLine, Order, Verdict, joined};
use super::lines::{Found, Lines, without_cr};
use super::{Clock, Entry, Formats, Line, mlsd};

/// A parser that turns bytes into entries, in the memory of one line.
///
/// A line that lies entirely in one input is borrowed from that input; a line that is split between
/// inputs is assembled in the storage `B`. The length of the storage is the longest line accepted,
/// counting its CR but not its LF. The storage must also hold both lines of a VMS entry that spans
/// two, and a line of CMS with its name in front. Lines end in LF or CRLF. The result does not
/// depend on how the input is split.
///
/// Each line is tried in the given formats, beginning with the format that has failed least often.
/// A listing settles on the format of the first line that identifies one. If a server mixes
/// formats, each line is still read in its own format.
///
/// The order of the numbers in a date like `03/04/96` is settled before the first such entry is
/// returned. Lines with such dates are kept in the storage until one of them has a number that
/// decides (25 cannot be a month), until the storage is full, or until [`finish`](Self::finish);
/// then they are returned together. See [`Inferred`](super::Inferred) for the parts that may remain
/// guesses.
#[derive(Clone, Debug)]
pub struct ListingParser<B> {
    lines: Lines<B>,
    keeping: Keeping,
    formats: Formats,
    order: Order,
    context: Context,
}

/// The line for which kept lines wait.
#[derive(Clone, Copy, Debug)]
enum Keeping {
    Nothing,
    /// The second line of an entry.
    Half,
    /// A line whose date settles the order of the numbers. Holds the MVS header as it was when the
    /// batch began.
    Batch(Option<Header>),
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> ListingParser<B> {
    /// Creates a parser for a listing in one of `formats`. Lines longer than `storage` are reported
    /// and skipped. A line with a name of 255 bytes needs about 400 bytes; RFC 3659 7.2 sets no
    /// limit.
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

    /// Sets the clock with which the dates of the following lines are read.
    pub const fn set_clock(&mut self, clock: Clock) {
        self.context.clock = clock;
    }

    /// Returns the next entry of `input`, or the next line that should be an entry but cannot be
    /// read, and advances `input` past the bytes used. Returns `None` when all input is used and
    /// more is needed. Blank lines, totals, headers and the like are skipped.
    ///
    /// The result borrows from `input` or from the parser until the next call.
    pub fn next<'s, 'i: 's>(&'s mut self, input: &mut &'i [u8]) -> Option<Result<Entry<'s>, BadLine<'s>>> {
        let range = loop {
            match self.lines.next(input)? {
                Found::Whole(line) => {
                    // An entry is large, so those of most lines do not pass through `judge`.
                    let first = match self.order.parse_first(self.formats, &mut self.context, line) {
                        Ok(Line::Entry(entry))
                            if self.order.is_settled() && !self.context.dates.is_open() =>
                        {
                            return Some(Ok(entry));
                        }
                        first => first,
                    };
                    match self.order.judge(self.formats, &mut self.context, line, first) {
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
                    }
                }
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

    /// Returns the kept lines one after the other, then the last line if that had no line end. Call
    /// this method until it returns `None`, and only for a listing that ended properly: if the
    /// listing was cut off, the last line may be half a line, and its name half a name.
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

    /// Returns whether the input so far ended within a line, or whether lines are kept until a
    /// later line completes or settles them.
    #[must_use]
    pub const fn is_within_line(&self) -> bool {
        self.lines.is_within_line()
    }

    /// Judges a line in the storage, and returns the part of the storage to show, if any. `show`
    /// parses the line again, because a borrow of the storage cannot leave the loop. At most one
    /// line of an input is parsed twice.
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
                // The line is judged again, which must begin from the same state.
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

    /// Settles the line after the first half of an entry.
    fn settle_half(&mut self, range: Range<usize>) -> Option<Range<usize>> {
        self.keeping = Keeping::Nothing;
        if let Verdict::Shown(_) = joined(&mut self.context, self.lines.get(0..range.end)?) {
            self.lines.drop_kept();
            return Some(0..range.end);
        }
        self.lines.replay_with(range.start, &range);
        Some(0..range.start.checked_sub(1)?)
    }

    /// Stops waiting for another line. If half an entry was kept, returns that half to be shown.
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

/// A [`ListingParser`] for MLSD alone. A program that uses only this parser contains no code for
/// other formats.
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
    /// Creates a parser for one listing. Lines longer than `storage` are reported and skipped.
    #[must_use]
    pub const fn new(storage: B) -> Self {
        Self { lines: Lines::new(storage) }
    }

    /// Returns the next entry, like [`ListingParser::next`].
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

    /// Returns the last line, like [`ListingParser::finish`].
    pub fn finish(&mut self) -> Option<Result<Entry<'_>, BadLine<'_>>> {
        let range = self.lines.rest()?;
        entry_of_mlsd(self.lines.get(range)?)
    }

    /// Returns whether the input so far ended within a line.
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
