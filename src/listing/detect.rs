//! Tells which format a line has.

use core::fmt;

use super::context::Context;
use super::lines::without_cr;
use super::{Entry, Format, Formats, Line, cms, mlsd};
use crate::codec::{Escaped, Invalid};

/// What a line is.
pub(super) enum Verdict<'a> {
    Noise,
    /// The beginning of an entry; the line without its line end.
    Wrapped(&'a [u8]),
    /// An entry whose name is these two parts of the line with a dot between them.
    Spread([core::ops::Range<usize>; 2]),
    Shown(Result<Entry<'a>, BadLine<'a>>),
}

/// The formats, that which failed on the fewest lines first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) rows: [(Format, u16); Format::ALL.len()],
    /// Whether any line has been an entry.
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

    /// What `line` is in the first of `formats` that it fits.
    #[inline(always)]
    pub(super) fn judge<'a>(
        &mut self,
        formats: Formats,
        context: &mut Context,
        line: &'a [u8],
    ) -> Verdict<'a> {
        let raw = without_cr(line);
        let (mut first_error, mut wrapped) = (None, false);
        for (format, _) in self.rows.iter().filter(|(format, _)| formats.contains(format.alone())) {
            let parsed = match format {
                Format::Mlsd if formats != Formats::MLSD => mlsd::parse_among_others(raw),
                _ => format.parse(raw, context),
            };
            match parsed {
                Ok(Line::Noise) => return Verdict::Noise,
                // Another format may know better what a name alone is.
                Ok(Line::Wrapped) => wrapped = true,
                Ok(Line::Spread(parts)) => {
                    self.settle(formats, *format);
                    return Verdict::Spread(parts);
                }
                Ok(Line::Entry(entry)) => {
                    if first_error.is_some() || !self.settled {
                        self.settle(formats, *format);
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

    /// As [`judge`](Self::judge), where speed is not what counts: there is one of it.
    #[inline(never)]
    pub(super) fn judge_seldom<'a>(
        &mut self,
        formats: Formats,
        context: &mut Context,
        line: &'a [u8],
    ) -> Verdict<'a> {
        self.judge(formats, context, line)
    }

    /// Counts a failure for each format that was tried before `fitting`. A line that fits none is the
    /// failure of the line.
    #[cold]
    fn settle(&mut self, formats: Formats, fitting: Format) {
        self.settled = true;
        let tried = self.rows.iter_mut().take_while(|(format, _)| *format != fitting);
        for (_, failures) in tried.filter(|(format, _)| formats.contains(format.alone())) {
            *failures = failures.saturating_add(1);
        }
        // Nearly sorted, and a handful.
        self.rows.sort_unstable_by_key(|&(format, failures)| {
            (failures, Format::ALL.iter().position(|it| *it == format))
        });
    }
}

/// What is an entry together: two lines, or a name and the line that it is spread over, with an LF between them.
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

/// Why no entry could be made of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The line fits none of the formats allowed. Holds what the likeliest of them expected: the only one, or
    /// that which most lines before this one had.
    Invalid(Invalid),
    /// No line so far was an entry, and this one fits none of these formats.
    NoFormat(Formats),
    /// It is longer than the parser's storage. Reported once, when that is seen; its rest is skipped.
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
