//! Detects the format of a line.

use core::fmt;

use super::context::Context;
use super::lines::without_cr;
use super::{Entry, Format, Formats, Line, cms, mlsd};
use crate::codec::{Escaped, Invalid};

/// The judgement on one line.
pub(super) enum Verdict<'a> {
    Noise,
    /// The first line of an entry, without its line end.
    Wrapped(&'a [u8]),
    /// An entry whose name is these two parts of the line, joined with a dot.
    Spread([core::ops::Range<usize>; 2]),
    Shown(Result<Entry<'a>, BadLine<'a>>),
}

/// Formats by the number of lines on which each failed, the fewest first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) rows: [(Format, u16); Format::ALL.len()],
    /// Set once a line has been an entry.
    settled: bool,
}

impl Order {
    pub(super) const NEW: Self = {
        let mut rows = [(Format::Nlst, 0); Format::ALL.len()];
        let mut i = 0;
        while i < rows.len() {
            rows[i].0 = Format::ALL[i];
            i += 1;
        }
        Self { rows, settled: false }
    };

    /// Parses `line` in the likeliest of `formats`, which nearly every line has. Pass the result to
    /// [`judge`](Self::judge), unless it is an entry and [`is_settled`](Self::is_settled) holds.
    #[inline(always)]
    pub(super) fn parse_first<'a>(
        &self,
        formats: Formats,
        context: &mut Context,
        line: &'a [u8],
    ) -> Result<Line<'a>, Invalid> {
        match self.rows.iter().find(|(format, _)| formats.contains(format.alone())) {
            Some(&(format, _)) => parse_among(formats, format, without_cr(line), context),
            None => Err(Invalid::new("some format to be allowed")),
        }
    }

    /// Judges `line` by the first of `formats` that it fits. `first` is the result of
    /// [`parse_first`](Self::parse_first).
    #[inline(never)]
    pub(super) fn judge<'a>(
        &mut self,
        formats: Formats,
        context: &mut Context,
        line: &'a [u8],
        first: Result<Line<'a>, Invalid>,
    ) -> Verdict<'a> {
        let raw = without_cr(line);
        let (mut first, mut first_error, mut wrapped) = (Some(first), None, false);
        for &(format, _) in self.rows.iter().filter(|(format, _)| formats.contains(format.alone())) {
            let parsed = match first.take() {
                Some(parsed) => parsed,
                None => parse_among(formats, format, raw, context),
            };
            match parsed {
                Ok(Line::Noise) => return Verdict::Noise,
                // A bare name may be an entry in another format.
                Ok(Line::Wrapped) => wrapped = true,
                Ok(Line::Spread(parts)) => {
                    self.settle(formats, format);
                    return Verdict::Spread(parts);
                }
                Ok(Line::Entry(entry)) => {
                    if first_error.is_some() || !self.settled {
                        self.settle(formats, format);
                    }
                    return Verdict::Shown(Ok(entry));
                }
                Err(invalid) => first_error = first_error.or(Some(invalid)),
            }
        }
        if wrapped {
            return Verdict::Wrapped(raw);
        }
        let reason = match first_error {
            Some(_) if !self.settled && !formats.is_single() => Reason::NoFormat(formats),
            Some(invalid) => Reason::Invalid(invalid),
            None => Reason::Invalid(Invalid::new("some format to be allowed")),
        };
        Verdict::Shown(Err(BadLine { raw, reason }))
    }

    /// Judges `line` from the start, for callers in which size matters more than speed.
    #[inline(never)]
    pub(super) fn judge_seldom<'a>(
        &mut self,
        formats: Formats,
        context: &mut Context,
        line: &'a [u8],
    ) -> Verdict<'a> {
        let first = self.parse_first(formats, context, line);
        self.judge(formats, context, line, first)
    }

    /// Returns whether a line has been an entry.
    pub(super) const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Counts a failure for each format that was tried before `fitting`. A line that fits no format
    /// is not counted.
    #[cold]
    fn settle(&mut self, formats: Formats, fitting: Format) {
        self.settled = true;
        let tried = self.rows.iter_mut().take_while(|(format, _)| *format != fitting);
        for (_, failures) in tried.filter(|(format, _)| formats.contains(format.alone())) {
            *failures = failures.saturating_add(1);
        }
        // The rows are few, and nearly sorted already.
        self.rows.sort_unstable_by_key(|&(format, failures)| {
            (failures, Format::ALL.iter().position(|it| *it == format))
        });
    }
}

/// Parses `raw` in `format`, which is one of `formats`.
#[inline(always)]
fn parse_among<'a>(
    formats: Formats,
    format: Format,
    raw: &'a [u8],
    context: &mut Context,
) -> Result<Line<'a>, Invalid> {
    match format {
        Format::Mlsd if formats != Formats::MLSD => mlsd::parse_among_others(raw),
        _ => format.parse(raw, context),
    }
}

/// Parses an entry from two parts with an LF between them: two lines of VMS, or a name of CMS and
/// the line that it came from.
#[inline(never)]
pub(super) fn joined<'a>(context: &mut Context, lines: &'a [u8]) -> Verdict<'a> {
    let raw = without_cr(lines);
    if let Some(entry) = cms::parse_named(raw, context) {
        return Verdict::Shown(Ok(entry));
    }
    match Format::Vms.parse(raw, context) {
        Ok(Line::Entry(entry)) => Verdict::Shown(Ok(entry)),
        _ => Verdict::Wrapped(raw),
    }
}

/// A listing line that is not a readable entry. Entries may follow it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BadLine<'a> {
    /// The line without its line end, or the part of it that the parser's storage holds if the line
    /// was too long.
    pub raw: &'a [u8],
    /// Reason why the line is not an entry.
    pub reason: Reason,
}

impl<'a> BadLine<'a> {
    /// Reports the first line of an entry whose second line did not follow.
    pub(super) const fn half(raw: &'a [u8]) -> Self {
        Self { raw, reason: Reason::Invalid(Invalid::new("the rest of the entry on the next line")) }
    }

    pub(super) const fn invalid(raw: &'a [u8], invalid: Invalid) -> Self {
        Self { raw, reason: Reason::Invalid(invalid) }
    }

    pub(super) const fn too_long(raw: &'a [u8]) -> Self {
        Self { raw, reason: Reason::TooLong }
    }
}

/// Reason why a line is not an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The line fits none of the allowed formats. Holds what the likeliest format expected: the
    /// only one allowed, or the one that most earlier lines had.
    Invalid(Invalid),
    /// No line so far was an entry, and this one fits none of these formats.
    NoFormat(Formats),
    /// The line is longer than the parser's storage. Reported once, as soon as the line exceeds the
    /// storage; the rest of the line is skipped.
    TooLong,
}

impl fmt::Display for BadLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Invalid(invalid) => write!(f, "{invalid} in the listing, not \"{}\"", Escaped(self.raw)),
            Reason::NoFormat(formats) => {
                f.write_str("a line of the listing is of no format that is known (")?;
                let tried = Format::ALL.iter().filter(|format| formats.contains(format.alone()));
                for (i, format) in tried.enumerate() {
                    write!(f, "{}{format}", if i == 0 { "" } else { ", " })?;
                }
                write!(f, "): \"{}\"", Escaped(self.raw))
            }
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
