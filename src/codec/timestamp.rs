//! Points in time in FTP's format: `YYYYMMDDHHMMSS.sss`, UTC, Gregorian (RFC 3659 section 2.3).
//!
//! MDTM returns one, MFMT and MFCT take one, and the `modify` and `create` facts contain one.

use core::fmt;
use core::num::NonZeroU32;

use super::encode::two_digits;
use super::{Full, Invalid, Sink, scan};

#[cfg(feature = "std")]
pub(crate) mod system;

/// A second in UTC, with as many fraction digits as its source gave.
///
/// Years range from 1 to 9999 (RFC 3659 promises 1000 and later). A second of 60 is a leap second
/// and is accepted at the end of any minute, since this crate has no table of leap seconds.
///
/// Two timestamps are equal when they are the same instant *and* have the same number of fraction
/// digits, so that a value always encodes to the text it was parsed from. They are ordered by
/// instant first. The type takes twelve bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    fraction_digits: u8,
}

/// The years that a timestamp can represent.
const YEARS: core::ops::RangeInclusive<u16> = 1..=9999;
/// The number of fraction digits kept: nanoseconds.
const MAX_DIGITS: u8 = 9;
const NANOS_PER_SECOND: u32 = 1_000_000_000;

const DAYS_PER_YEAR: i64 = 365;
const DAYS_PER_4_YEARS: i64 = 4 * DAYS_PER_YEAR + 1;
const DAYS_PER_CENTURY: i64 = 25 * DAYS_PER_4_YEARS - 1;
const DAYS_PER_400_YEARS: i64 = 4 * DAYS_PER_CENTURY + 1;
const SECONDS_PER_DAY: i64 = 86_400;
/// Days from 1 January of the year 1 to 1 January 1970.
const UNIX_EPOCH: i64 = 719_162;

/// Days of a common year before the start of each month (1 to 12), and of the whole year.
const DAYS_BEFORE_MONTH: [u16; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

const RANGE: Invalid = Invalid::new("an instant within the years 1 to 9999");
const EXPECTED: &str = "a time, YYYYMMDDHHMMSS with an optional fraction";

impl Timestamp {
    /// Creates a whole second. `month` and `day` count from 1; `hour` is at most 23, `minute` at
    /// most 59 and `second` at most 60.
    ///
    /// # Errors
    /// Fails when the Gregorian calendar has no such day, or the day no such time.
    #[inline]
    pub fn new(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Result<Self, Invalid> {
        if !is_date(year, month, day) {
            return Err(Invalid::new("a day of the Gregorian calendar, year 1 to 9999"));
        }
        if hour > 23 || minute > 59 || second > 60 {
            return Err(Invalid::new("a time of day, 00:00:00 to 23:59:60"));
        }
        Ok(Self { year, month, day, hour, minute, second, nanosecond: 0, fraction_digits: 0 })
    }

    /// Returns the same second with a fraction of `nanosecond` (below 1 000 000 000), truncated to
    /// `digits` decimal digits (at most 9). A server must not show more digits than its filesystem
    /// records (RFC 3659 section 2.3).
    ///
    /// # Errors
    /// Fails when `nanosecond` or `digits` is out of range.
    pub fn with_fraction(mut self, nanosecond: u32, digits: u8) -> Result<Self, Invalid> {
        if nanosecond >= NANOS_PER_SECOND || digits > MAX_DIGITS {
            return Err(Invalid::new("a fraction below one second, of at most nine digits"));
        }
        let unit = place(digits);
        self.nanosecond = nanosecond / unit * unit.get();
        self.fraction_digits = digits;
        Ok(self)
    }

    /// Creates the instant `seconds` and `nanoseconds` (below 1 000 000 000) after 1970-01-01
    /// 00:00:00 UTC, with the fewest fraction digits that lose nothing. Negative `seconds` lead to
    /// earlier times.
    ///
    /// # Errors
    /// Fails when `nanoseconds` is a second or more, or the year is not within 1 to 9999.
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Result<Self, Invalid> {
        let days = seconds.div_euclid(SECONDS_PER_DAY).checked_add(UNIX_EPOCH).ok_or(RANGE)?;
        let (year, month, day) = date_of(days).ok_or(RANGE)?;
        let in_day = seconds.rem_euclid(SECONDS_PER_DAY);
        // All are below 60, by the remainder just taken.
        let (hour, minute, second) = ((in_day / 3600) as u8, (in_day / 60 % 60) as u8, (in_day % 60) as u8);
        let digits = (0..=MAX_DIGITS).find(|&digits| nanoseconds % place(digits) == 0).unwrap_or(MAX_DIGITS);
        Self::new(year, month, day, hour, minute, second)?.with_fraction(nanoseconds, digits)
    }

    /// Returns the seconds since 1970-01-01 00:00:00 UTC, negative for earlier times, and the
    /// nanoseconds to add. A leap second counts as the first second of the next minute, as in
    /// POSIX.
    #[must_use]
    pub fn to_unix(&self) -> (i64, u32) {
        let days = days_before(self.year, self.month) + i64::from(self.day) - 1 - UNIX_EPOCH;
        let clock = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        (days * SECONDS_PER_DAY + clock, self.nanosecond)
    }

    /// Returns the year, 1 to 9999.
    #[must_use]
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// Returns the month, 1 to 12.
    #[must_use]
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// Returns the day of the month, from 1.
    #[must_use]
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// Returns the hour, 0 to 23.
    #[must_use]
    pub const fn hour(&self) -> u8 {
        self.hour
    }

    /// Returns the minute, 0 to 59.
    #[must_use]
    pub const fn minute(&self) -> u8 {
        self.minute
    }

    /// Returns the second, 0 to 60.
    #[must_use]
    pub const fn second(&self) -> u8 {
        self.second
    }

    /// Returns the fraction of the second, in nanoseconds.
    #[must_use]
    pub const fn nanosecond(&self) -> u32 {
        self.nanosecond
    }

    /// Returns the number of digits in the fraction, 0 to 9.
    #[must_use]
    pub const fn fraction_digits(&self) -> u8 {
        self.fraction_digits
    }

    // time-val = 14DIGIT [ "." 1*DIGIT ]          ; RFC 3659 2.3
    //   also in use: "19" count 10DIGIT, with the fraction    ; the count of years since 1900
    //   count = ("1" / ... / "9") 2DIGIT
    /// Parses a time-val. Fraction digits after the ninth are dropped. A year written as `19100` is
    /// 2000 (and `19124` is 2024), since some servers send that; a date in words is rejected, not
    /// guessed.
    ///
    /// # Errors
    /// Fails when `bytes` violates the grammar, or names a day or time that does not exist.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let (year, [month, day, hour, minute, second], fraction) =
            whole(bytes).ok_or(Invalid::new(EXPECTED))?;
        let time = Self::new(year, month, day, hour, minute, second)?;
        let (nanosecond, fraction_digits) = match fraction {
            [] => (0, 0),
            [b'.', digits @ ..] => nanoseconds(digits).ok_or(Invalid::new(EXPECTED))?,
            _ => return Err(Invalid::new(EXPECTED)),
        };
        Ok(Self { nanosecond, fraction_digits, ..time })
    }

    /// Appends a time-val with exactly the fraction digits of this timestamp.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        let (century, year) = ((self.year / 100) as u8, (self.year % 100) as u8);
        let parts = [century, year, self.month, self.day, self.hour, self.minute, self.second];
        sink.put(parts.map(two_digits).as_flattened())?;
        match self.shown_fraction() {
            None => Ok(()),
            Some((value, width)) => sink.put_fmt(format_args!(".{value:0width$}")),
        }
    }

    /// Returns the fraction as a number and the width to print it with.
    fn shown_fraction(&self) -> Option<(u32, usize)> {
        (self.fraction_digits > 0)
            .then(|| (self.nanosecond / place(self.fraction_digits), usize::from(self.fraction_digits)))
    }
}

/// Writes the RFC 3339 form: `2002-07-17T21:07:15.250Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if let Some((value, width)) = self.shown_fraction() {
            write!(f, ".{value:0width$}")?;
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the nanoseconds in one unit of the last of `digits` decimal places.
fn place(digits: u8) -> NonZeroU32 {
    NonZeroU32::new(10u32.pow(MAX_DIGITS.saturating_sub(digits).into())).unwrap_or(NonZeroU32::MIN)
}

const fn is_leap(year: u16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of each month of a leap year, starting with month 0, which does not exist.
const DAYS_IN_MONTH: [u8; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

#[inline]
fn is_date(year: u16, month: u8, day: u8) -> bool {
    YEARS.contains(&year)
        && DAYS_IN_MONTH.get(usize::from(month)).is_some_and(|days| (1..=*days).contains(&day))
        && (month != 2 || day != 29 || is_leap(year))
}

/// Returns the days from 1 January of the year 1 to the first of `month`.
fn days_before(year: u16, month: u8) -> i64 {
    let years = i64::from(year) - 1;
    let leap_days = years / 4 - years / 100 + years / 400;
    let months = DAYS_BEFORE_MONTH.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or(0);
    let leap_day = month > 2 && is_leap(year);
    years * DAYS_PER_YEAR + leap_days + i64::from(months) + i64::from(leap_day)
}

/// Returns the date `days` after 1 January of the year 1, if its year is in range.
fn date_of(days: i64) -> Option<(u16, u8, u8)> {
    let end = days_before(*YEARS.end(), 12) + 31;
    if !(0..end).contains(&days) {
        return None;
    }
    // Count whole periods, the longest first. The last of four centuries, and of four years, is a
    // day longer than the others (it ends with a leap day, or is the leap year), so a fifth never
    // begins.
    let (cycles, rest) = (days / DAYS_PER_400_YEARS, days % DAYS_PER_400_YEARS);
    let centuries = (rest / DAYS_PER_CENTURY).min(3);
    let rest = rest - centuries * DAYS_PER_CENTURY;
    let (fours, rest) = (rest / DAYS_PER_4_YEARS, rest % DAYS_PER_4_YEARS);
    let ones = (rest / DAYS_PER_YEAR).min(3);
    let year = u16::try_from(cycles * 400 + centuries * 100 + fours * 4 + ones + 1).ok()?;

    let first_of = |month: u8| days_before(year, month);
    let month = (1..=12).rev().find(|&month| first_of(month) <= days)?;
    let day = u8::try_from(days - first_of(month) + 1).ok()?;
    Some((year, month, day))
}

/// Parses the digits at the start of a time-val. Returns the year, the other parts down to the
/// second, and the rest.
#[inline]
fn whole(bytes: &[u8]) -> Option<(u16, [u8; 5], &[u8])> {
    // Only a fifteenth digit distinguishes the year 19124 from the year 1912.
    let counted =
        matches!(bytes, [b'1', b'9', b'1'..=b'9', ..]) && bytes.get(14).is_some_and(u8::is_ascii_digit);
    // In that case the century consists of the 9 and the first digit of the count.
    let (bytes, too_much) = if counted { (bytes.get(1..)?, 90 - 19) } else { (bytes, 0) };

    let [century, _, year, _, month, _, day, _] = scan::pairs(*bytes.first_chunk()?)?;
    let (time, after) = bytes.get(6..)?.split_first_chunk()?;
    let [_, _, hour, _, minute, _, second, _] = scan::pairs(*time)?;
    let year = u16::from(century - too_much) * 100 + u16::from(year);
    Some((year, [month, day, hour, minute, second], after))
}

/// Parses a fraction. Returns it in nanoseconds, with the number of digits kept.
fn nanoseconds(digits: &[u8]) -> Option<(u32, u8)> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let kept = digits.iter().take(MAX_DIGITS.into());
    Some(kept.fold((0, 0), |(nanos, kept), &digit| {
        (nanos + u32::from(digit - b'0') * place(kept + 1).get(), kept + 1)
    }))
}

#[cfg(test)]
mod tests;
