//! Times (RFC 3659 2.3), in MDTM's reply, the argument of MFMT and the facts.

use ftp_proto::codec::reply::time_fact;
use ftp_proto::codec::{Facts, TimedPath, Timestamp};

use crate::{is_number, number, sequences, written};

/// The days of a month; none for a month that no year has.
fn days(year: u64, month: u64) -> u64 {
    let century = year % 100 == 0;
    let leap = if century { year % 400 == 0 } else { year % 4 == 0 };
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

/// A time as its fields, and the digits of its fraction.
type Fields<'a> = ([u64; 6], &'a [u8]);

/// Reads a time-val. Fourteen digits are a time; fifteen are one whose year is 19 and a count of
/// the years since 1900, which has three digits.
fn fields(text: &[u8]) -> Option<Fields<'_>> {
    let point = text.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let fraction = match fraction {
        Some(digits) if is_number(digits) => digits,
        Some(_) => return None,
        None => b"",
    };
    let (year, rest) = match (whole.len(), is_number(whole)) {
        (14, true) => (number(&whole[..4], 9999)?, &whole[4..]),
        (15, true) if whole.starts_with(b"19") => {
            (1900 + number(&whole[2..5], 999).filter(|count| *count >= 100)?, &whole[5..])
        }
        _ => return None,
    };
    let two = |at: usize| number(&rest[at..at + 2], 99);
    let [month, day, hour, minute, second] = [two(0)?, two(2)?, two(4)?, two(6)?, two(8)?];
    let exists = year >= 1
        && (1..=days(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        // A leap second may end any minute.
        && second <= 60;
    exists.then_some(([year, month, day, hour, minute, second], fraction))
}

/// Checks what is read of a text, and that it is read as it was written.
fn check(text: &[u8]) {
    let read = Timestamp::parse(text).ok();
    let expected = fields(text);
    let shown = |it: &Timestamp| {
        let rest = [it.month(), it.day(), it.hour(), it.minute(), it.second()].map(u64::from);
        let [month, day, hour, minute, second] = rest;
        ([it.year().into(), month, day, hour, minute, second], it.nanosecond(), it.fraction_digits())
    };
    let expected = expected.map(|(numbers, fraction)| {
        let kept = &fraction[..fraction.len().min(9)];
        let mut padded = kept.to_vec();
        padded.resize(9, b'0');
        (numbers, number(&padded, u64::MAX).unwrap_or(0) as u32, kept.len() as u8)
    });
    assert_eq!(read.as_ref().map(shown), expected, "{}", text.escape_ascii());
    let Some(time) = read else { return };
    let again = written(|out| time.encode(out));
    assert_eq!(Timestamp::parse(&again), Ok(time));
    let digits = text.iter().position(|byte| *byte == b'.').map_or(0, |at| text.len() - at - 1);
    if !text.starts_with(b"19") && digits <= 9 {
        assert_eq!(again, text, "{}", text.escape_ascii());
    }
}

#[test]
fn every_date_of_500_years_exists_or_not_as_the_calendar_says() {
    // Days from 1 January 1900 to 1 January 1970.
    let mut day_number = -25_567_i64;
    for year in 1900..=2400_u16 {
        for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
            let exists = (1..=days(year.into(), month.into())).contains(&day.into());
            let made = Timestamp::new(year, month, day, 0, 0, 0);
            assert_eq!(made.is_ok(), exists, "{year}-{month}-{day}");
            let text = format!("{year}{month:02}{day:02}000000");
            assert_eq!(Timestamp::parse(text.as_bytes()), made, "{text}");
            if let Ok(made) = made {
                assert_eq!(made.to_unix(), (day_number * 86_400, 0), "{text}");
                assert_eq!(Timestamp::from_unix(day_number * 86_400, 0), Ok(made));
                day_number += 1;
            }
        }
    }
    for year in 0..=9999 {
        ["0228", "0229", "0230", "0301", "1231"]
            .iter()
            .for_each(|day| check(format!("{year:04}{day}235959").as_bytes()));
    }
}

#[test]
fn every_second_of_two_days_is_itself() {
    for (year, month, day, midnight) in [(1972, 6, 30, 78_710_400), (2024, 2, 29, 1_709_164_800)] {
        for (hour, minute) in (0..=25_u8).flat_map(|hour| (0..=61_u8).map(move |minute| (hour, minute))) {
            for second in 0..=62_u8 {
                let text = format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
                let made = Timestamp::new(year, month, day, hour, minute, second);
                assert_eq!(made.is_ok(), hour < 24 && minute < 60 && second <= 60, "{text}");
                assert_eq!(Timestamp::parse(text.as_bytes()), made, "{text}");
                let Ok(made) = made else { continue };
                let seconds = midnight + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
                assert_eq!(made.to_unix(), (seconds, 0), "{text}");
                if second < 60 {
                    assert_eq!(Timestamp::from_unix(seconds, 0), Ok(made), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_time_is_fourteen_digits_of_which_no_byte_may_be_another() {
    let good = *b"20240229235960";
    for at in 0..good.len() {
        for byte in 0..=255 {
            let mut text = good;
            text[at] = byte;
            check(&text);
            check(&good[..at]);
            check(&[&text[..at], &[byte], &good[at..]].concat());
        }
    }
    // Each pair of neighbours, among digits and the bytes that are nearly digits.
    let near = b"0123456789/: .\x00\xb0\xff-+x";
    for at in 0..good.len() - 1 {
        for (a, b) in near.iter().flat_map(|a| near.iter().map(move |b| (*a, *b))) {
            let mut text = good;
            (text[at], text[at + 1]) = (a, b);
            check(&text);
        }
    }
}

#[test]
fn a_count_of_years_after_19_is_a_year_if_it_has_three_digits() {
    for (count, rest) in
        (0..=999).flat_map(|count| ["0229000000", "0101235960", "0101245959"].map(|rest| (count, rest)))
    {
        for fraction in ["", ".", ".5", "5", "x", ".5x"] {
            check(format!("19{count:03}{rest}{fraction}").as_bytes());
            check(format!("20{count:03}{rest}{fraction}").as_bytes());
        }
    }
}

#[test]
fn a_fraction_is_a_point_and_digits_of_which_nine_count() {
    for whole in ["20240229123456", "19120229123456", "191240229123456", "20230229123456"] {
        sequences("fractions of a time", &[".", "0", "1", "5", "9", "x"], 5, |fraction| {
            check(&[whole.as_bytes(), fraction].concat());
        });
        for (digits, digit) in (0..=30).flat_map(|digits| ["0", "1", "9"].map(|digit| (digits, digit))) {
            for end in ["", "0", "7", "x", "."] {
                check(format!("{whole}.{}{end}", digit.repeat(digits)).as_bytes());
            }
        }
    }
}

#[test]
fn a_time_is_the_same_in_a_fact_in_an_argument_and_in_a_reply() {
    for whole in ["20240229123456", "20240229235960", "191240229123456", "20230229123456", "2024022912345"] {
        sequences("times in facts and arguments", &[".", "0", "7", "x"], 4, |fraction| {
            let text = [whole.as_bytes(), fraction].concat();
            let time = Timestamp::parse(&text).ok();
            for name in ["modify", "Create"] {
                let line = [name.as_bytes(), b"=", &text, b"; x"].concat();
                let values = Facts::parse(&line).unwrap().values;
                assert_eq!(values.modify.or(values.create), time, "{}", line.escape_ascii());
                assert_eq!(time_fact(&line), time, "{}", line.escape_ascii());
            }
            let argument = [&text[..], b" x"].concat();
            assert_eq!(
                TimedPath::parse(&argument).ok().map(|it| it.time),
                time,
                "{}",
                argument.escape_ascii()
            );
        });
    }
}
