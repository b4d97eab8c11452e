//! An iterator over the entries of a listing that is entirely in memory. It needs no storage.

use core::iter::FusedIterator;

use super::context::Context;
use super::detect::{BadLine, Order, Verdict, joined};
use super::lines::without_cr;
use super::{Clock, Entry, Formats, Line};

/// An iterator over the entries of a whole listing, and over the lines that should be entries but
/// cannot be read.
///
/// Yields the same as a [`ListingParser`](super::ListingParser) with enough storage, except for
/// z/VM: the parts of a CMS name are not adjacent, so a line of CMS is an error here. Lines may be
/// of any length.
///
/// ```
/// use ftp_proto::listing::{Clock, Entries, Formats};
///
/// let listing = b"04-14-00  03:47PM       <DIR>          pub\r\n04-14-00  03:47PM          589 readme.htm\r\n";
/// let names = Entries::new(listing, Formats::LIST, Clock::UNKNOWN).map(|entry| entry.unwrap().name);
/// assert!(names.eq(["pub".try_into().unwrap(), "readme.htm".try_into().unwrap()]));
/// ```
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
    formats: Formats,
    order: Order,
    context: Context,
}

impl<'a> Entries<'a> {
    /// Creates an iterator over `listing`, which is in one of `formats`.
    #[must_use]
    pub const fn new(listing: &'a [u8], formats: Formats, clock: Clock) -> Self {
        Self { rest: listing, formats, order: Order::NEW, context: Context::new(clock) }
    }

    /// Reads ahead until the order of dates is settled, at most as far as a parser would.
    fn settle_dates(&mut self, mut rest: &'a [u8]) {
        let header = self.context.header;
        let start = rest.len();
        while self.context.dates.is_open() && start - rest.len() < BATCH {
            let Some((line, after)) = split(rest) else { break };
            rest = after;
            let dates = self.context.dates;
            let verdict = self.order.judge_seldom(self.formats, &mut self.context, line);
            if matches!(verdict, Verdict::Wrapped(_) | Verdict::Spread(_)) {
                self.context.dates = dates;
                break;
            }
        }
        self.context.header = header;
        self.context.dates.close();
    }
}

/// Approximate number of bytes that may be read ahead to settle the order of dates.
const BATCH: usize = 8192;

/// Splits `text` into the next line, without its LF, and what follows it.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let (line, rest) = text.split_at_checked(end)?;
    Some((line, rest.get(1..).unwrap_or_default()))
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, BadLine<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let before = self.rest;
            let (line, rest) = split(before)?;
            self.rest = rest;
            let first = match self.order.parse_first(self.formats, &mut self.context, line) {
                Ok(Line::Entry(entry)) if self.order.is_settled() && !self.context.dates.is_open() => {
                    return Some(Ok(entry));
                }
                first => first,
            };
            let mut verdict = self.order.judge(self.formats, &mut self.context, line, first);
            if self.context.dates.is_open() {
                self.settle_dates(rest);
                verdict = self.order.judge_seldom(self.formats, &mut self.context, line);
            }
            match verdict {
                Verdict::Noise => {}
                Verdict::Shown(shown) => return Some(shown),
                Verdict::Spread(_) => return Some(Err(BadLine::too_long(without_cr(line)))),
                Verdict::Wrapped(raw) => {
                    let second = split(rest).and_then(|(second, after)| {
                        let lines = before.get(..line.len() + 1 + second.len())?;
                        Some((joined(&mut self.context, lines), after))
                    });
                    return Some(match second {
                        Some((Verdict::Shown(shown), after)) => {
                            self.rest = after;
                            shown
                        }
                        _ => Err(BadLine::half(raw)),
                    });
                }
            }
        }
    }
}

impl FusedIterator for Entries<'_> {}
