//! Dates without a year, as servers anywhere write them when years, days and hours change.

use ftp_proto::codec::Timestamp;
use ftp_proto::listing::{Clock, Format, Inferred, Modified};

/// Moments in UTC around the new year, leap days and the ends of summer time, and some ordinary
/// ones.
const MOMENTS: [&str; 41] = [
    "19991231110000",
    "19991231235959",
    "20000101000000",
    "20000101130000",
    "20000228120000",
    "20000229000000",
    "20000229235959",
    "20000301000000",
    "20230228235959",
    "20230301000000",
    "20231230120000",
    "20231231100000",
    "20231231235959",
    "20240101000000",
    "20240101000001",
    "20240101120000",
    "20240102000000",
    "20240102130000",
    "20240228120000",
    "20240229000000",
    "20240229120000",
    "20240229235959",
    "20240301000000",
    "20240301235959",
    "20240331005959",
    "20240331010000",
    "20240331015959",
    "20240331030000",
    "20240630120000",
    "20240731235959",
    "20241027005959",
    "20241027010000",
    "20241027015959",
    "20241110120000",
    "20241231120000",
    "20250101120000",
    "20250228120000",
    "20250301120000",
    "20991231235959",
    "21000228235959",
    "21000301000000",
];
/// Zones in minutes east of Greenwich: every full hour, and some between.
const ZONES: [i16; 31] = [
    -720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 0, 60, 120, 180, 240,
    300, 330, 345, 360, 420, 480, 540, 600, 660, 720, 780, 840,
];
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Ages of the file in seconds at the moment of the listing.
const AGES: [i64; 14] = [
    -HOUR,
    -60,
    0,
    60,
    HOUR,
    12 * HOUR,
    DAY,
    7 * DAY,
    30 * DAY,
    60 * DAY,
    90 * DAY,
    120 * DAY,
    150 * DAY,
    180 * DAY,
];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn seconds(moment: &str) -> i64 {
    Timestamp::parse(moment.as_bytes()).unwrap().to_unix().0
}

/// Parses the line of a file that was changed when clocks on the server showed `local`.
fn read(local: Timestamp, clock: &Clock) -> Modified {
    let month = MONTHS[usize::from(local.month()) - 1];
    let (day, hour, minute) = (local.day(), local.hour(), local.minute());
    let line = format!("-rw-r--r--   1 owner group  1234 {month} {day:2} {hour:02}:{minute:02} name");
    Format::Unix.parse_line(line.as_bytes(), clock).unwrap().unwrap().modified.unwrap()
}

/// Returns the moment `seconds` as clocks in `zone` show it, without its seconds.
fn local(seconds: i64, zone: i16) -> Timestamp {
    let there = seconds + i64::from(zone) * 60;
    Timestamp::from_unix(there - there.rem_euclid(60), 0).unwrap()
}

#[test]
fn no_date_of_half_a_year_is_off_by_a_year_whatever_the_moment_and_the_zone() {
    let mut dates = 0;
    for now in MOMENTS.map(seconds) {
        for zone in ZONES {
            for then in AGES.map(|age| now - age) {
                let shown = local(then, zone);
                let known = read(shown, &Clock::at(now).with_zone(zone));
                assert_eq!((known.shown(), known.zone()), (shown, Some(zone)));
                assert_eq!(known.inferred(), Inferred::YEAR | Inferred::ZONE);
                let unknown = read(shown, &Clock::at(now));
                assert_eq!((unknown.shown(), unknown.zone()), (shown, None), "{zone}");
                assert_eq!(unknown.inferred(), Inferred::YEAR);
                dates += 2;
            }
        }
    }
    assert!(dates > 13_776);
}

/// A line is ambiguous if the server shows no years at all: a file that was changed nearly a year
/// ago looks like one changed tomorrow. 29 February always belongs to a leap year.
#[test]
fn a_date_is_off_by_a_year_only_where_its_line_cannot_tell() {
    for now in MOMENTS.map(seconds) {
        for zone in ZONES {
            let clock = Clock::at(now).with_zone(zone);
            for days in 181..=363 {
                let shown = local(now - days * DAY, zone);
                assert_eq!(read(shown, &clock).shown(), shown);
            }
            let shown = local(now - 366 * DAY, zone);
            if (shown.month(), shown.day()) != (2, 29) {
                assert!(read(shown, &clock).shown().year() > shown.year(), "{shown}");
            }
        }
    }
}

#[test]
fn no_inferred_date_is_more_than_a_day_ahead_of_the_clock_and_29_february_is_in_a_leap_year() {
    for now in MOMENTS.map(seconds) {
        for zone in ZONES {
            let clock = Clock::at(now).with_zone(zone);
            for day in 0..366 {
                // All days of a leap year.
                let shown = local(seconds("20240101000000") + day * DAY + 43_140, 0);
                let read = read(shown, &clock);
                assert!(read.to_unix(0).0 <= now + DAY, "{read}");
                let it = read.shown();
                assert_eq!((it.month(), it.day(), it.hour()), (shown.month(), shown.day(), shown.hour()));
            }
        }
    }
}

/// Returns the zone of Central Europe in 2023 and 2024, by the local time.
fn central_european(local: Timestamp) -> i16 {
    let summer = [("20230326030000", "20231029030000"), ("20240331030000", "20241027030000")];
    let local = local.to_unix().0;
    if summer.iter().any(|(from, to)| (seconds(from)..seconds(to)).contains(&local)) { 120 } else { 60 }
}

#[test]
fn a_zone_may_depend_on_the_date() {
    for now in MOMENTS.map(seconds).into_iter().filter(|now| (2024..2025).contains(&local(*now, 0).year())) {
        let clock = Clock::at(now).with_zone_of(central_european);
        for then in AGES.map(|age| now - age) {
            // The hour that occurs twice has two zones, and a line does not tell which.
            let utc = local(then, 0).to_unix().0;
            let twice = (seconds("20241027000000")..seconds("20241027020000")).contains(&utc);
            let zone =
                if central_european(local(then, 60)) == 120 && central_european(local(then, 120)) == 120 {
                    120
                } else {
                    60
                };
            let shown = local(then, zone);
            let read = read(shown, &clock);
            assert_eq!(read.shown(), shown);
            if !twice && shown.year() >= 2023 {
                assert_eq!(read.to_unix(0).0, utc, "{shown}");
            }
            assert!(read.to_unix(0).0 <= now + DAY);
        }
    }
}
