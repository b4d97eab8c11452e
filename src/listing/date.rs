//! When an entry was changed, as far as its listing line tells. What the line leaves out is in clock.rs.
//!
//! RFC 3659 2.3 settles dates for MLSD: UTC, with seconds. The other formats leave open what they like
//! (the time, the seconds, the year, always the zone), so [`Modified`] says what is not known.

use core::fmt;

use super::cursor::Cursor;
use crate::codec::Timestamp;

/// How much of a [`Modified`] the line told. Finer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Precision {
    /// The date alone.
    Day,
    /// Hours and minutes too.
    Minute,
    /// Seconds too.
    Second,
    /// Parts of a second too.
    Fraction,
}

bitflags::bitflags! {
    /// What of a [`Modified`] the line leaves out, and was worked out from elsewhere. Nothing of it: the line
    /// told the date whole.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Inferred: u8 {
        /// The year is not on the line: it is the latest that does not put the date more than a day after the
        /// clock's present.
        const YEAR = 1;
        /// The line has two digits of the year.
        const CENTURY = 1 << 1;
        /// The numbers may stand in another order, which would make another date. Nothing so far in the
        /// listing tells: the order is the caller's ([`Clock::with_date_order`](super::Clock::with_date_order)), or else that which is usual
        /// in the format.
        const ORDER = 1 << 2;
        /// The numbers cannot stand in the order that dates before this one in the listing were read in.
        /// From here on the order is that of this line; what came before may be wrong.
        const CONTRADICTED = 1 << 3;
        /// The zone is that of the caller's [`Clock`](super::Clock), not of the line.
        const ZONE = 1 << 4;
    }
}

/// A date and time with what is known of it. What lies below its precision is zero.
///
/// Two are equal when they say the same: the same fields, precision and zone. How that was found out
/// ([`inferred`](Self::inferred)) does not count.
#[derive(Clone, Copy)]
pub struct Modified {
    pub(super) shown: Timestamp,
    pub(super) precision: Precision,
    pub(super) zone: Option<i16>,
    pub(super) inferred: Inferred,
}

impl PartialEq for Modified {
    fn eq(&self, other: &Self) -> bool {
        (self.shown, self.precision, self.zone) == (other.shown, other.precision, other.zone)
    }
}

impl Eq for Modified {}

impl core::hash::Hash for Modified {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        (self.shown, self.precision, self.zone).hash(state);
    }
}

impl Modified {
    /// `shown` as clocks `zone` minutes east of Greenwich have it (`None`: nobody knows where), cut to
    /// `precision`, or to seconds when it has no fraction.
    #[inline]
    #[must_use]
    pub fn new(shown: Timestamp, precision: Precision, zone: Option<i16>) -> Self {
        let inferred = Inferred::empty();
        let whole = match precision {
            Precision::Fraction if shown.fraction_digits() > 0 => {
                return Self { shown, precision, zone, inferred };
            }
            Precision::Fraction => return Self { shown, precision: Precision::Second, zone, inferred },
            Precision::Second => (shown.hour(), shown.minute(), shown.second()),
            Precision::Minute => (shown.hour(), shown.minute(), 0),
            Precision::Day => (0, 0, 0),
        };
        let shown = Timestamp::new(shown.year(), shown.month(), shown.day(), whole.0, whole.1, whole.2)
            .unwrap_or(shown);
        Self { shown, precision, zone, inferred }
    }

    /// The same, of which that much was worked out.
    #[cfg(feature = "serde")]
    pub(super) const fn with_inferred(self, inferred: Inferred) -> Self {
        Self { inferred, ..self }
    }

    /// What of it the line leaves out, and how sure the rest is therefore.
    #[must_use]
    pub const fn inferred(&self) -> Inferred {
        self.inferred
    }

    /// Year, month, day, hour ... as the line shows them, in the zone of [`zone`](Self::zone): only in
    /// UTC when that is `Some(0)`.
    #[must_use]
    pub const fn shown(&self) -> Timestamp {
        self.shown
    }

    /// What of it the line told.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// Minutes east of Greenwich; `None` when the line does not tell and the caller did not either.
    #[must_use]
    pub const fn zone(&self) -> Option<i16> {
        self.zone
    }

    /// Seconds since 1970 in UTC, and nanoseconds to add. `assumed` is the zone, in minutes east of
    /// Greenwich, where [`zone`](Self::zone) is `None`.
    #[must_use]
    pub fn to_unix(&self, assumed: i16) -> (i64, u32) {
        let (seconds, nanoseconds) = self.shown.to_unix();
        (seconds - i64::from(self.zone.unwrap_or(assumed)) * 60, nanoseconds)
    }

    /// As [`to_unix`](Self::to_unix), on the system's clock. None where that does not go back so far, as Windows'
    /// does not beyond 1601.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_system_time(&self, assumed: i16) -> Option<std::time::SystemTime> {
        let (seconds, nanoseconds) = self.to_unix(assumed);
        crate::codec::timestamp::system::system_time(seconds, nanoseconds)
    }

    /// The same moment as clocks `minutes` east of Greenwich show it. Itself when its own zone is not
    /// known, when it is a mere day, and when the year would pass out of range.
    #[must_use]
    pub fn in_zone(self, minutes: i16) -> Self {
        if self.zone.is_none() || self.zone == Some(minutes) || self.precision == Precision::Day {
            return self;
        }
        let (seconds, nanoseconds) = self.to_unix(0);
        let digits = self.shown.fraction_digits();
        Timestamp::from_unix(seconds + i64::from(minutes) * 60, 0)
            .and_then(|there| there.with_fraction(nanoseconds, digits))
            .map_or(self, |shown| Self { shown, zone: Some(minutes), ..self })
    }
}

/// A file system's time: UTC, to the second or as fine as its fraction.
impl From<Timestamp> for Modified {
    fn from(utc: Timestamp) -> Self {
        Self::new(utc, Precision::Fraction, Some(0))
    }
}

/// As ISO 8601 writes it, no further than it is known.
impl fmt::Display for Modified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = self.shown;
        write!(f, "{:04}-{:02}-{:02}", it.year(), it.month(), it.day())?;
        if self.precision >= Precision::Minute {
            write!(f, "T{:02}:{:02}", it.hour(), it.minute())?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", it.second())?;
        }
        if self.precision >= Precision::Fraction {
            write!(f, ".{:09}", it.nanosecond())?;
        }
        match self.zone {
            Some(0) => f.write_str("Z"),
            Some(zone) => {
                let sign = if zone < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", zone.unsigned_abs() / 60, zone.unsigned_abs() % 60)
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Modified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Year, month and day; there may be no such day.
pub(super) type Date = (u16, u8, u8);

/// What the date column of a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dated {
    /// This.
    Told(Modified),
    /// Nothing: the year is left out and no clock is known, or there are dashes.
    Untold,
    /// A moment that there is none of: the month lacks the day, or the day the minute.
    Impossible,
}

impl Dated {
    /// The same, of which that much was worked out besides.
    #[inline]
    pub(super) fn with(mut self, inferred: Inferred) -> Self {
        if let Self::Told(modified) = &mut self {
            modified.inferred |= inferred;
        }
        self
    }
}

/// The time of a listing line, with or without seconds. `24:00` is the end of the day.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: Option<u8>,
}

impl Time {
    /// `20:06`, `9:06` or `20:06:07` at the cursor. What has an hour above 24 or a minute above 59 is no time.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let hour = cursor.small(1)?;
        cursor.eat(b':')?;
        let minute = cursor.small(2)?;
        let second = match cursor.eat(b':') {
            Some(()) => Some(cursor.small(2)?),
            None => None,
        };
        Self { hour, minute, second }.checked()
    }

    /// This time, if it may be one.
    #[inline]
    pub(super) fn checked(self) -> Option<Self> {
        (self.hour <= 24 && self.minute <= 59 && self.second.unwrap_or(0) <= 60).then_some(self)
    }

    /// This time on that day, if there is such a moment.
    #[inline]
    pub(super) fn on(self, year: u16, month: u8, day: u8) -> Option<Timestamp> {
        if self.hour == 24 {
            return self.end_of(year, month, day);
        }
        Timestamp::new(year, month, day, self.hour, self.minute, self.second.unwrap_or(0)).ok()
    }

    /// The midnight after that day, for `24:00`. Nobody could say what `24:06` is.
    #[cold]
    fn end_of(self, year: u16, month: u8, day: u8) -> Option<Timestamp> {
        let midnight = Timestamp::new(year, month, day, 0, 0, 0).ok()?;
        let next = Timestamp::from_unix(midnight.to_unix().0 + 86_400, 0).ok()?;
        (self.minute == 0 && self.second.unwrap_or(0) == 0).then_some(next)
    }

    pub(super) const fn precision(self) -> Precision {
        if self.second.is_some() { Precision::Second } else { Precision::Minute }
    }
}
