//! The caller's clock, from which the year of `Nov  9 20:06` is inferred, and whatever else the
//! caller knows about the server's dates.

use super::date::{Date, Dated, Inferred, Modified, Numbers, Precision, Time};
use crate::codec::Timestamp;

/// The current time, and what is known about the server: its zone, and the order of its dates.
/// Listing lines leave these out.
///
/// A date `Mon dd hh:mm` belongs to the latest year that puts it no more than a day after now. A
/// day is allowed because the server may be in any zone. Without a clock such a line has no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    now: Option<i64>,
    /// The time one day from now in the server's zone: its year, and its position in that year
    /// ([`place`]).
    limit: (u16, u32),
    zone: Zone,
    pub(super) order: Option<DateOrder>,
}

/// Order in which a server writes the numbers of a date that consists only of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// `2018-03-04`, as in ISO 8601.
    YearMonthDay,
    /// `03/04/2018`, as Americans write it.
    MonthDayYear,
    /// `04/03/2018`, as most others write it.
    DayMonthYear,
}

/// Zone of the server, in minutes east of Greenwich.
#[derive(Clone, Copy, Debug)]
enum Zone {
    Unknown,
    Fixed(i16),
    /// A zone that depends on the local date.
    Of(fn(Timestamp) -> i16),
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Unknown, Self::Unknown) => true,
            (Self::Fixed(left), Self::Fixed(right)) => left == right,
            (Self::Of(left), Self::Of(right)) => core::ptr::fn_addr_eq(left, right),
            _ => false,
        }
    }
}

impl Eq for Zone {}

impl Zone {
    #[inline]
    fn at(self, local: Timestamp) -> Option<i16> {
        match self {
            Self::Unknown => None,
            Self::Fixed(minutes) => Some(minutes),
            Self::Of(minutes) => Some(minutes(local)),
        }
    }
}

impl Clock {
    /// A clock that knows nothing.
    pub const UNKNOWN: Self = Self { now: None, limit: (0, 0), zone: Zone::Unknown, order: None };

    /// Creates a clock that shows `now`, in Unix seconds, and does not know the server's zone. If
    /// `now` is outside the years 1 to 9999, the clock shows no time.
    #[must_use]
    pub fn at(now: i64) -> Self {
        Self::UNKNOWN.set(Some(now), Zone::Unknown)
    }

    /// Creates a clock that shows the system time and does not know the server's zone.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn now() -> Self {
        std::time::SystemTime::now().into()
    }

    /// Sets the server's zone to `minutes` east of Greenwich. Entries are returned with that zone,
    /// and the writer converts to it.
    #[must_use]
    pub fn with_zone(self, minutes: i16) -> Self {
        self.set(self.now, Zone::Fixed(minutes))
    }

    /// Sets the server's zone to one that depends on the date, as with summer time. `minutes` takes
    /// a local time, as a line shows it, and returns the minutes east of Greenwich.
    ///
    /// ```
    /// use ftp_proto::codec::Timestamp;
    /// use ftp_proto::listing::{Clock, Format};
    ///
    /// // Roughly the zone of Central Europe.
    /// let zone = |local: Timestamp| if (4..=10).contains(&local.month()) { 120 } else { 60 };
    /// let clock = Clock::at(1_731_240_000).with_zone_of(zone);
    /// let line = b"-rw-r--r--   1 owner group  1234 Jul  9 20:06 name";
    /// let entry = Format::Unix.parse_line(line, &clock).unwrap().unwrap();
    /// assert_eq!(entry.modified.unwrap().to_string(), "2024-07-09T20:06+02:00");
    /// ```
    #[must_use]
    pub fn with_zone_of(self, minutes: fn(Timestamp) -> i16) -> Self {
        self.set(self.now, Zone::Of(minutes))
    }

    /// Sets the order in which the server writes the numbers of dates. This order applies unless
    /// the listing shows otherwise.
    #[must_use]
    pub const fn with_date_order(self, order: DateOrder) -> Self {
        Self { order: Some(order), ..self }
    }

    fn set(self, now: Option<i64>, zone: Zone) -> Self {
        const A_DAY: i64 = 86_400;
        let limit = now.and_then(|now| {
            let here = Timestamp::from_unix(now, 0).ok()?;
            let ahead = A_DAY + i64::from(zone.at(here).unwrap_or(0)) * 60;
            Timestamp::from_unix(now.checked_add(ahead)?, 0).ok()
        });
        match limit {
            Some(limit) => Self {
                now,
                limit: (
                    limit.year(),
                    place(limit.month(), limit.day(), limit.hour(), limit.minute(), limit.second()),
                ),
                zone,
                ..self
            },
            None => Self { zone, order: self.order, ..Self::UNKNOWN },
        }
    }

    /// Returns the current time in Unix seconds, if it is known.
    #[must_use]
    pub const fn unix_seconds(&self) -> Option<i64> {
        self.now
    }

    /// Returns the server's zone at the local time `local`, in minutes east of Greenwich, if the
    /// zone is known.
    #[must_use]
    pub fn zone_at(&self, local: Timestamp) -> Option<i16> {
        self.zone.at(local)
    }

    /// Creates a date from a line that gives no zone; the zone is that of this clock, if known.
    /// Fields of `shown` that are finer than `precision` must be zero.
    #[inline]
    pub(super) fn modified(&self, shown: Timestamp, precision: Precision) -> Modified {
        let zone = self.zone.at(shown);
        let inferred = if zone.is_some() { Inferred::ZONE } else { Inferred::empty() };
        let it = Modified { shown, precision, zone, inferred };
        debug_assert_eq!(it, Modified::new(shown, precision, zone));
        it
    }

    /// Returns `month`, `day` and `time` in the year that they most likely belong to.
    #[inline]
    pub(super) fn infer(&self, month: u8, day: u8, time: Time) -> Dated {
        let (year, until) = self.limit;
        let ahead = place(month, day, time.hour, time.minute, time.second.unwrap_or(0)) > until;
        let latest = year.checked_sub(u16::from(ahead)).filter(|_| self.now.is_some());
        let shown =
            latest.and_then(|latest| time.on(latest, month, day)).filter(|shown| !self.is_late(*shown));
        let shown = shown.or_else(|| self.infer_before(latest?, month, day, time));
        match shown {
            Some(shown) => {
                let mut modified = self.modified(shown, time.precision());
                modified.inferred |= Inferred::YEAR;
                Dated::Told(modified)
            }
            // A leap year has every date that any year has.
            None if time.on(2000, month, day).is_some() => Dated::Untold,
            None => Dated::Impossible,
        }
    }

    /// Returns the given time on the given day.
    #[inline]
    pub(super) fn on(&self, (year, month, day): Date, time: Time) -> Dated {
        let shown = time.on(year, month, day);
        shown.map_or(Dated::Impossible, |shown| Dated::Told(self.modified(shown, time.precision())))
    }

    /// Returns the given time on the day that the numbers denote, if they denote one.
    pub(super) fn on_numbers(&self, numbers: Option<Numbers>, time: Time) -> Dated {
        numbers.map_or(Dated::Impossible, |it| self.on(it.date, time).with(it.inferred))
    }

    /// Returns a day without a time.
    #[inline]
    pub(super) fn day(&self, (year, month, day): Date) -> Dated {
        let shown = Timestamp::new(year, month, day, 0, 0, 0);
        shown.map_or(Dated::Impossible, |shown| Dated::Told(self.modified(shown, Precision::Day)))
    }

    /// Infers an earlier year. 29 February recurs after at most eight years (1896 and 1904), any
    /// other day after one.
    #[cold]
    fn infer_before(&self, latest: u16, month: u8, day: u8, time: Time) -> Option<Timestamp> {
        let in_year = |back| time.on(latest.checked_sub(back)?, month, day);
        (1..=9).filter_map(in_year).find(|shown| !self.is_late(*shown))
    }

    /// Returns whether `shown` is in fact more than a day after now, because the zone on that date
    /// differs from the current one.
    #[inline]
    fn is_late(&self, shown: Timestamp) -> bool {
        let Zone::Of(minutes) = self.zone else { return false };
        let then = shown.to_unix().0 - i64::from(minutes(shown)) * 60;
        self.now.is_some_and(|now| then > now.saturating_add(86_400))
    }

    /// Returns whether the given day begins more than a day after now. Returns `false` without a
    /// clock.
    pub(super) fn is_ahead(&self, (year, month, day): Date) -> bool {
        self.now.is_some() && (year, place(month, day, 0, 0, 0)) > self.limit
    }

    /// Returns the latest plausible year of a date, which is next year, since clocks differ.
    pub(super) fn latest_year(&self) -> Option<u16> {
        self.now.map(|_| self.limit.0.saturating_add(1))
    }
}

/// Converts a system time to a clock that does not know the server's zone.
#[cfg(feature = "std")]
impl From<std::time::SystemTime> for Clock {
    fn from(now: std::time::SystemTime) -> Self {
        use std::time::UNIX_EPOCH;
        let seconds = match now.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).ok(),
            Err(before) => i64::try_from(before.duration().as_secs()).ok().map(|seconds| -seconds),
        };
        seconds.map_or(Self::UNKNOWN, Self::at)
    }
}

/// Returns the position of a moment in its year, as a number that increases with time.
#[inline]
fn place(month: u8, day: u8, hour: u8, minute: u8, second: u8) -> u32 {
    [(day, 5), (hour, 5), (minute, 6), (second, 6)]
        .iter()
        .fold(u32::from(month), |place, &(part, bits)| place << bits | u32::from(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::cursor::Cursor;
    use proptest::prelude::*;
    use std::string::{String, ToString};

    fn seconds(text: &str) -> i64 {
        Timestamp::parse(text.as_bytes()).unwrap().to_unix().0
    }

    const FIVE: Time = Time { hour: 5, minute: 0, second: None };

    fn infer(now: &str, month: u8, day: u8, hour: u8) -> Option<String> {
        let found = Clock::at(seconds(now)).infer(month, day, Time { hour, ..FIVE });
        match found {
            Dated::Told(it) => Some(it.to_string()),
            _ => None,
        }
    }

    #[test]
    fn a_date_without_a_year_is_the_latest_not_more_than_a_day_ahead() {
        for (now, (month, day, hour), expected) in [
            ("20241110120000", (11, 9, 20), "2024-11-09T20:00"),
            ("20241110120000", (11, 11, 12), "2024-11-11T12:00"),
            ("20241110120000", (11, 11, 13), "2023-11-11T13:00"),
            ("20241231120000", (1, 1, 11), "2025-01-01T11:00"),
            ("20240101120000", (12, 31, 23), "2023-12-31T23:00"),
            ("20240301120000", (2, 29, 5), "2024-02-29T05:00"),
            ("20240228120000", (2, 29, 5), "2024-02-29T05:00"),
            ("20240227120000", (2, 29, 5), "2020-02-29T05:00"),
            ("19030601120000", (2, 29, 5), "1896-02-29T05:00"),
        ] {
            assert_eq!(infer(now, month, day, hour).as_deref(), Some(expected), "{now}");
        }
        assert_eq!(infer("20240301000000", 2, 30, 5), None, "no year has it");
        assert_eq!(Clock::at(0).infer(2, 30, FIVE), Dated::Impossible);
        assert_eq!(Clock::UNKNOWN.infer(2, 30, FIVE), Dated::Impossible);
        assert_eq!(Clock::UNKNOWN.infer(2, 29, FIVE), Dated::Untold, "no clock, no year");
    }

    #[test]
    fn the_hour_of_24_is_the_end_of_the_day_and_has_no_minutes() {
        let time = |text: &str| Time::read(&mut Cursor::new(text.as_bytes()));
        for (day, text, expected) in [
            ((2024, 4, 4), "24:00", Some("2024-04-05T00:00")),
            ((2023, 2, 28), "24:00", Some("2023-03-01T00:00")),
            ((2023, 12, 31), "24:00:00", Some("2024-01-01T00:00:00")),
            ((2024, 4, 31), "24:00", None),
            ((2024, 4, 4), "24:06", None),
            ((2024, 4, 4), "24:00:01", None),
        ] {
            let expected = expected.map(String::from);
            let dated = Clock::UNKNOWN.on(day, time(text).unwrap());
            match dated {
                Dated::Told(it) => assert_eq!(Some(it.to_string()), expected, "{text}"),
                other => assert_eq!((other, expected), (Dated::Impossible, None), "{text}"),
            }
        }
        for text in ["25:00", "20:60", "20:06:61", "30:01", "20:6", "200:06"] {
            assert!(time(text).is_none(), "{text}");
        }
        assert_eq!(infer("20241231120000", 12, 31, 24).as_deref(), Some("2025-01-01T00:00"));
    }

    #[test]
    fn the_zone_of_the_server_moves_its_present() {
        let clock = Clock::at(seconds("20241110120000"));
        let time = Time { hour: 13, minute: 30, second: Some(7) };
        let Dated::Told(here) = clock.infer(11, 11, time) else { panic!() };
        assert_eq!(here.to_string(), "2023-11-11T13:30:07");
        let Dated::Told(there) = clock.with_zone(120).infer(11, 11, time) else { panic!() };
        assert_eq!(there.to_string(), "2024-11-11T13:30:07+02:00");
        assert_eq!(there.in_zone(-90).to_string(), "2024-11-11T10:00:07-01:30");
        assert_eq!(there.to_unix(999).0, seconds("20241111113007"));
        #[cfg(feature = "std")]
        assert_eq!(there.to_system_time(999), Timestamp::parse(b"20241111113007").unwrap().to_system_time());
    }

    #[cfg(feature = "std")]
    #[test]
    fn a_clock_can_be_the_systems() {
        use std::time::{Duration, SystemTime, UNIX_EPOCH};
        let seconds = |clock: Clock| clock.unix_seconds();
        assert_eq!(seconds((UNIX_EPOCH + Duration::from_millis(1500)).into()), Some(1));
        assert_eq!(seconds((UNIX_EPOCH - Duration::from_secs(5)).into()), Some(-5));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let read = u64::try_from(Clock::now().unix_seconds().unwrap()).unwrap();
        assert!((now..now + 60).contains(&read));
    }

    #[test]
    fn what_is_finer_than_the_precision_is_cut() {
        let full = Timestamp::parse(b"20240229235958.500").unwrap();
        for (precision, text) in [
            (Precision::Day, "2024-02-29"),
            (Precision::Minute, "2024-02-29T23:59"),
            (Precision::Second, "2024-02-29T23:59:58"),
            (Precision::Fraction, "2024-02-29T23:59:58.500000000"),
        ] {
            assert_eq!(Modified::new(full, precision, None).to_string(), text);
        }
        let whole = Timestamp::parse(b"20240229235958").unwrap();
        assert_eq!(Modified::from(whole).precision(), Precision::Second);
    }

    proptest! {
        #[test]
        fn a_clock_may_stand_anywhere(now: i64, zone: i16, month: u8, day: u8, hour: u8, minute: u8) {
            let clock = Clock::at(now).with_zone(zone);
            if let Dated::Told(it) = clock.infer(month, day, Time { hour, minute, second: None }) {
                prop_assert!(it.to_unix(0).0 <= now + 86_400);
            }
        }

        #[test]
        fn changing_the_zone_keeps_the_moment(seconds in 0i64..4_000_000_000, zone in -720i16..840) {
            let it = Modified::from(Timestamp::from_unix(seconds, 5).unwrap());
            prop_assert_eq!(it.in_zone(zone).to_unix(0), (seconds, 5));
            prop_assert_eq!(it.in_zone(zone).in_zone(0).shown(), it.shown().with_fraction(5, 9).unwrap());
        }
    }
}
