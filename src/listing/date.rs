//! Modification times, as far as a listing line gives them. clock.rs supplies the parts that the
//! line leaves out.
//!
//! RFC 3659 2.3 defines the times of MLSD: UTC, with seconds. The other formats leave parts out
//! (the time, the seconds, the year, nearly always the zone), so [`Modified`] records which are
//! known.

use core::fmt;

use super::cursor::Cursor;
use crate::codec::Timestamp;

/// Precision of a [`Modified`], as the line gave it. Finer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Precision {
    /// The date alone.
    Day,
    /// Date, hours and minutes.
    Minute,
    /// Date and time, with seconds.
    Second,
    /// Date and time, with parts of a second.
    Fraction,
}

bitflags::bitflags! {
    /// Parts of a [`Modified`] that the line leaves out or leaves ambiguous, and that were
    /// inferred. Empty if the line gave the whole date.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Inferred: u8 {
        /// The year is not on the line. The inferred year is the latest that does not put the date
        /// more than a day ahead of the clock.
        const YEAR = 1;
        /// The line has only two digits of the year.
        const CENTURY = 1 << 1;
        /// The numbers could be read in another order, as another date, and nothing so far in the
        /// listing decides. The order is the caller's
        /// ([`Clock::with_date_order`](super::Clock::with_date_order)), or else the usual one of
        /// the format.
        const ORDER = 1 << 2;
        /// The numbers cannot have the order in which earlier dates of the listing were read. Later
        /// dates are read in the order of this one; earlier ones may be wrong.
        const CONTRADICTED = 1 << 3;
        /// The zone comes from the caller's [`Clock`](super::Clock), not from the line.
        const ZONE = 1 << 4;
    }
}

/// A date and time with its precision and zone. Fields finer than the precision are zero.
///
/// Two values are equal when their fields, precision and zone are equal;
/// [`inferred`](Self::inferred) is not compared.
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
    /// Creates a time that clocks `zone` minutes east of Greenwich show as `shown` (`None` if the
    /// zone is unknown), truncated to `precision`, or to seconds if `shown` has no fraction.
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

    /// Replaces the inferred parts.
    #[cfg(feature = "serde")]
    pub(super) const fn with_inferred(self, inferred: Inferred) -> Self {
        Self { inferred, ..self }
    }

    /// Returns the parts that were inferred, which tell how certain the time is.
    #[must_use]
    pub const fn inferred(&self) -> Inferred {
        self.inferred
    }

    /// Returns year, month, day, hour and so on as the line shows them, in the zone
    /// [`zone`](Self::zone). They are UTC only if the zone is `Some(0)`.
    #[must_use]
    pub const fn shown(&self) -> Timestamp {
        self.shown
    }

    /// Returns the precision that the line gave.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the zone in minutes east of Greenwich; `None` if neither the line nor the caller
    /// gave it.
    #[must_use]
    pub const fn zone(&self) -> Option<i16> {
        self.zone
    }

    /// Returns whether the line gave the moment to the second, with its zone, as MLSD does. Such a
    /// time can be compared with that of a file, and a server need not be asked for a better one.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.zone.is_some() && self.precision >= Precision::Second && self.inferred.is_empty()
    }

    /// Returns the seconds since 1970 in UTC, and the nanoseconds to add. `assumed` is the zone to
    /// use, in minutes east of Greenwich, if [`zone`](Self::zone) is `None`.
    #[must_use]
    pub fn to_unix(&self, assumed: i16) -> (i64, u32) {
        let (seconds, nanoseconds) = self.shown.to_unix();
        (seconds - i64::from(self.zone.unwrap_or(assumed)) * 60, nanoseconds)
    }

    /// Converts to a system time, like [`to_unix`](Self::to_unix). Returns `None` if the time is
    /// out of the system's range, which on Windows begins in 1601.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn to_system_time(&self, assumed: i16) -> Option<std::time::SystemTime> {
        let (seconds, nanoseconds) = self.to_unix(assumed);
        crate::codec::timestamp::system::system_time(seconds, nanoseconds)
    }

    /// Returns the same moment as clocks `minutes` east of Greenwich show it. Returns `self`
    /// unchanged if its zone is unknown, if its precision is a day, or if the year would leave the
    /// valid range.
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

/// Converts a time of a file system, which is in UTC. The precision is a second, or that of the
/// fraction if there is one.
impl From<Timestamp> for Modified {
    fn from(utc: Timestamp) -> Self {
        Self::new(utc, Precision::Fraction, Some(0))
    }
}

/// Converts a time of the operating system, with its fraction of a second if it has one:
///
/// ```
/// use std::time::SystemTime;
///
/// use ftp_proto::codec::{Invalid, Text};
/// use ftp_proto::listing::{Entry, Kind};
///
/// let mut entry = Entry::new(Text::literal("note"), Kind::File);
/// entry.modified = Some(SystemTime::now().try_into()?);
/// # Ok::<(), Invalid>(())
/// ```
///
/// Fails when the time is outside the years 1 to 9999.
#[cfg(feature = "std")]
impl TryFrom<std::time::SystemTime> for Modified {
    type Error = crate::codec::Invalid;

    fn try_from(time: std::time::SystemTime) -> Result<Self, Self::Error> {
        Timestamp::from_system_time(time).map(Self::from)
    }
}

/// Prints the time in the form of ISO 8601, as far as it is known.
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

/// Year, month and day. The calendar need not have such a day.
pub(super) type Date = (u16, u8, u8);

/// Content of a line's date column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dated {
    /// A date.
    Told(Modified),
    /// No date: the year is left out and no clock is known, or the column holds dashes.
    Untold,
    /// A date that does not exist: the month lacks the day, or the day the minute.
    Impossible,
}

impl Dated {
    /// Adds `inferred` to the inferred parts.
    #[inline]
    pub(super) fn with(mut self, inferred: Inferred) -> Self {
        if let Self::Told(modified) = &mut self {
            modified.inferred |= inferred;
        }
        self
    }
}

/// Time of a listing line, with or without seconds. `24:00` is the end of the day.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: Option<u8>,
}

impl Time {
    /// Reads `20:06`, `9:06` or `20:06:07` at the cursor. Fails if the hour is above 24, the minute
    /// above 59 or the second above 60.
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

    /// Returns the time if its fields are in range.
    #[inline]
    pub(super) fn checked(self) -> Option<Self> {
        (self.hour <= 24 && self.minute <= 59 && self.second.unwrap_or(0) <= 60).then_some(self)
    }

    /// Returns this time on the given day, if there is such a day and time.
    #[inline]
    pub(super) fn on(self, year: u16, month: u8, day: u8) -> Option<Timestamp> {
        if self.hour == 24 {
            return self.end_of(year, month, day);
        }
        Timestamp::new(year, month, day, self.hour, self.minute, self.second.unwrap_or(0)).ok()
    }

    /// Returns the midnight at the end of the given day for `24:00`. `24:06` has no meaning.
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

/// A date as it was read, with the parts that were inferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) date: Date,
    pub(super) inferred: Inferred,
}

impl Numbers {
    /// Returns the same date, without the mark that its order was inferred.
    pub(super) fn with_known_order(self) -> Self {
        Self { inferred: self.inferred.difference(Inferred::ORDER), ..self }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "std")]
    #[test]
    fn a_system_time_is_shown_in_utc_with_the_fraction_that_it_has() {
        use super::{Modified, Precision};
        use std::string::ToString;
        use std::time::{Duration, SystemTime};
        let epoch = SystemTime::UNIX_EPOCH;
        for (time, shown, precision) in [
            (epoch, "1970-01-01T00:00:00Z", Precision::Second),
            (epoch + Duration::from_millis(1500), "1970-01-01T00:00:01.500000000Z", Precision::Fraction),
            (epoch - Duration::from_millis(500), "1969-12-31T23:59:59.500000000Z", Precision::Fraction),
        ] {
            let modified = Modified::try_from(time).unwrap();
            assert_eq!((modified.to_string().as_str(), modified.precision()), (shown, precision));
            assert!(modified.is_exact());
            assert_eq!(modified.to_system_time(120), Some(time));
        }
        assert!(Modified::try_from(epoch + Duration::from_secs(253_402_300_800)).is_err());
    }
}
