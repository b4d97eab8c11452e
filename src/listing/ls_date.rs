//! Dates as `ls -l` writes them, in all its styles and languages, read; and in the one of POSIX, written.
//!
//! ```text
//! date  = month SP day SP when / day SP month SP when        ; POSIX, and locales that turn it round
//!       / 2DIGIT "-" 2DIGIT SP time                          ; ls --time-style=iso
//!       / 4DIGIT "-" 2DIGIT "-" 2DIGIT [ SP time [ fraction ] ]   ; long-iso, full-iso
//! when  = year / time / time SP year                         ; the last with seconds only: ls -T
//! time  = 1*2DIGIT ":" 2DIGIT [ ":" 2DIGIT ]
//! day   = 1*2DIGIT [ "." / "," ]
//! fraction = "." 1*9DIGIT [ SP ( "+" / "-" ) 4DIGIT ]
//! ```
//! SP here is any number of spaces: the columns are aligned. After the date there is exactly one.

use super::cursor::Cursor;
use super::date::Time;
use super::{Clock, Modified, Precision, months};
use crate::codec::Timestamp;

/// A date at the cursor, and the space that ends it. The inner `None`: there is one, but it has no year
/// and the clock cannot tell.
pub(super) fn parse(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Option<Modified>> {
    let first = cursor.peek()?;
    let modified = match cursor.rest {
        // `2001-11-09`
        [_, _, _, _, b'-', ..] if first.is_ascii_digit() => Some(iso(cursor, clock)?),
        // `11-09`
        [b'0'..=b'9', b'-', ..] | [b'0'..=b'9', b'0'..=b'9', b'-', ..] => {
            let month = cursor.small(1)?;
            cursor.eat(b'-')?;
            let day = cursor.small(1)?;
            cursor.gap()?;
            clock.infer(month, day, time(cursor)?)?
        }
        // `9 Nov`
        [b'0'..=b'9', b' ' | b'.', ..] | [b'0'..=b'9', b'0'..=b'9', b' ' | b'.', ..] => {
            let day = day(cursor)?;
            cursor.gap()?;
            let month = months::number(cursor.word())?;
            cursor.gap()?;
            time_or_year(cursor, clock, month, day)?
        }
        // `Nov 9`, `11月 9`
        _ => {
            let month = cursor.word();
            cursor.gap()?;
            // The day first: most of the words that come here are owners, and not worth a look into the
            // table of months.
            let day = day(cursor)?;
            cursor.gap()?;
            time_or_year(cursor, clock, months::number(month)?, day)?
        }
    };
    cursor.eat(b' ')?;
    Some(modified)
}

/// `9`, `09`, `9.` or `9,`.
fn day(cursor: &mut Cursor<'_>) -> Option<u8> {
    let day = cursor.small(1)?;
    if let Some(b'.' | b',') = cursor.peek() {
        cursor.rest = cursor.rest.get(1..)?;
    }
    Some(day)
}

/// `2001`, or a time of a year that is left out, or `20:06:07 2001`.
fn time_or_year(cursor: &mut Cursor<'_>, clock: &Clock, month: u8, day: u8) -> Option<Option<Modified>> {
    let mut after = *cursor;
    if let Some(year) = year(&mut after) {
        *cursor = after;
        let shown = Timestamp::new(year, month, day, 0, 0, 0).ok()?;
        return Some(Some(clock.modified(shown, Precision::Day)));
    }
    let time = time(cursor)?;
    // Only the long forms have both, and they have seconds.
    if time.second.is_some() {
        let mut after = *cursor;
        if let Some(year) = after.eat(b' ').and_then(|()| year(&mut after)) {
            *cursor = after;
            return Some(Some(clock.modified(time.on(year, month, day)?, time.precision())));
        }
    }
    clock.infer(month, day, time)
}

/// Four digits with a space after them.
fn year(cursor: &mut Cursor<'_>) -> Option<u16> {
    let year = cursor.digits(4, 4)?;
    (cursor.peek() == Some(b' ')).then_some(())?;
    u16::try_from(year).ok()
}

/// `20:06`, `9:06` or `20:06:07`.
fn time(cursor: &mut Cursor<'_>) -> Option<Time> {
    let hour = cursor.small(1)?;
    cursor.eat(b':')?;
    let minute = cursor.small(2)?;
    let second = match cursor.eat(b':') {
        Some(()) => Some(cursor.small(2)?),
        None => None,
    };
    Some(Time { hour, minute, second })
}

/// `2001-11-09`, with a time, with a fraction and a zone.
fn iso(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Modified> {
    let year = u16::try_from(cursor.digits(4, 4)?).ok()?;
    cursor.eat(b'-')?;
    let month = cursor.small(2)?;
    cursor.eat(b'-')?;
    let day = cursor.small(2)?;
    let mut after = *cursor;
    let Some(time) = after.gap().and_then(|()| time(&mut after)) else {
        return Some(clock.modified(Timestamp::new(year, month, day, 0, 0, 0).ok()?, Precision::Day));
    };
    *cursor = after;
    let shown = time.on(year, month, day)?;
    if time.second.is_none() || after.eat(b'.').is_none() {
        return Some(clock.modified(shown, time.precision()));
    }
    let length = after.rest.len();
    let fraction = after.digits(1, 9)?;
    let digits = u8::try_from(length - after.rest.len()).ok()?;
    let nanosecond = fraction * 10u32.pow(9 - u32::from(digits));
    let shown = shown.with_fraction(nanosecond, digits).ok()?;
    *cursor = after;
    let zone = after.eat(b' ').and_then(|()| zone(&mut after));
    if zone.is_none() {
        return Some(clock.modified(shown, Precision::Fraction));
    }
    *cursor = after;
    Some(Modified::new(shown, Precision::Fraction, zone))
}

/// `+0100`, in minutes.
fn zone(cursor: &mut Cursor<'_>) -> Option<i16> {
    let sign = match cursor.peek()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    cursor.rest = cursor.rest.get(1..)?;
    let hhmm = i16::try_from(cursor.digits(4, 4)?).ok()?;
    (hhmm % 100 < 60).then_some(sign * (hhmm / 100 * 60 + hhmm % 100))
}

/// Half of a year of the Gregorian calendar: how far back `ls` shows the time instead of the year.
const HALF_A_YEAR: i64 = 31_556_952 / 2;

/// `Nov  9 20:06` when that is less than half a year ago, `Nov  9  2001` otherwise, also for what lies in
/// the future and when nobody knows what time it is now. 1 January 1970 for no date.
pub(super) fn letters(modified: Option<Modified>, clock: &Clock) -> [u8; 12] {
    let Some(modified) = modified else { return *b"Jan  1  1970" };
    let modified = clock.zone().map_or(modified, |zone| modified.in_zone(zone));
    let it = modified.shown();
    let recent = modified.precision() > Precision::Day
        && clock.now().is_some_and(|now| {
            let (then, _) = modified.to_unix(clock.zone().unwrap_or(0));
            (0..HALF_A_YEAR).contains(&now.saturating_sub(then))
        });
    let [m1, m2, m3] = *months::ENGLISH[usize::from(it.month() - 1) % 12];
    let [d1, d2] = pair(it.day());
    let d1 = if d1 == b'0' { b' ' } else { d1 };
    if recent {
        let ([h1, h2], [n1, n2]) = (pair(it.hour()), pair(it.minute()));
        [m1, m2, m3, b' ', d1, d2, b' ', h1, h2, b':', n1, n2]
    } else {
        let ([c1, c2], [y1, y2]) = (pair((it.year() / 100) as u8), pair((it.year() % 100) as u8));
        [m1, m2, m3, b' ', d1, d2, b' ', b' ', c1, c2, y1, y2]
    }
}

/// The two digits of a number below 100.
const fn pair(value: u8) -> [u8; 2] {
    [b'0' + value / 10, b'0' + value % 10]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::{String, ToString};

    /// 2024-11-10 12:00 UTC.
    const NOW: i64 = 1_731_240_000;

    fn read(text: &str) -> Option<(String, String)> {
        let mut cursor = Cursor::new(text.as_bytes());
        let modified = parse(&mut cursor, &Clock::at(NOW))?;
        let rest = String::from_utf8(cursor.rest.to_vec()).unwrap();
        Some((modified.map_or("no year".to_string(), |it| it.to_string()), rest))
    }

    #[test]
    fn every_style_of_ls_is_a_date_and_one_space_ends_it() {
        for (text, date, rest) in [
            ("Nov  9  2001  x", "2001-11-09", " x"),
            ("Nov  9 20:06 x y", "2024-11-09T20:06", "x y"),
            ("Nov 09 2:06 x", "2024-11-09T02:06", "x"),
            ("NOV 12 20:06 x", "2023-11-12T20:06", "x"),
            ("Nov  9 20:06:07 x", "2024-11-09T20:06:07", "x"),
            ("Nov  9 20:06:07 1999 x", "1999-11-09T20:06:07", "x"),
            ("Nov  9 20:06 1999 x", "2024-11-09T20:06", "1999 x"),
            ("Nov  9 20:06:07 1999", "2024-11-09T20:06:07", "1999"),
            ("9 Nov 20:06 x", "2024-11-09T20:06", "x"),
            ("9. Nov 20:06 x", "2024-11-09T20:06", "x"),
            ("09 Nov  2001 x", "2001-11-09", "x"),
            ("M\u{e4}r  9 20:06 x", "2024-03-09T20:06", "x"),
            ("d\u{e9}c. 31 2001 x", "2001-12-31", "x"),
            ("11\u{6708}  9 20:06 x", "2024-11-09T20:06", "x"),
            ("2001-11-09 20:06 x", "2001-11-09T20:06", "x"),
            ("2001-11-09 20:06:07 x", "2001-11-09T20:06:07", "x"),
            ("2001-11-09 20:06:07.000000000 +0130 x", "2001-11-09T20:06:07.000000000+01:30", "x"),
            ("2001-11-09 20:06:07.5 x", "2001-11-09T20:06:07.500000000", "x"),
            ("2001-11-09 20:06:07.5 +100 x", "2001-11-09T20:06:07.500000000", "+100 x"),
            ("2001-11-09 x", "2001-11-09", "x"),
            ("2001-11-09 20:0 x", "2001-11-09", "20:0 x"),
            ("11-09 20:06 x", "2024-11-09T20:06", "x"),
            ("Feb 29 20:06 x", "2024-02-29T20:06", "x"),
        ] {
            assert_eq!(read(text), Some((date.to_string(), rest.to_string())), "{text}");
        }
    }

    #[test]
    fn what_no_calendar_has_is_no_date() {
        for text in [
            "",
            "Nov",
            "Nov ",
            "Nov 9",
            "Nov  9 20:06",
            "Nov  9 2001",
            "Nov 31 20:06 x",
            "Nov  0 20:06 x",
            "Nov  9 24:06 x",
            "Nov  9 20:60 x",
            "Nov  9 20:06:61 x",
            "Nov  9 123:06 x",
            "Nov  9 20:006 x",
            "Feb 30 2000 x",
            "Feb 29 2001 x",
            "Nox  9 20:06 x",
            "Nov  9 20006 x",
            "2001-13-09 x",
            "2001-11-31 20:06 x",
            "2001-02-29 x",
            "13-09 20:06 x",
            "9 9 20:06 x",
            "999999999999 Nov 20:06 x",
            "Nov  9 20:06\tx",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_year_has_no_date_when_there_is_no_clock() {
        let mut cursor = Cursor::new(b"Nov  9 20:06 x");
        assert_eq!(parse(&mut cursor, &Clock::UNKNOWN), Some(None));
        assert_eq!(cursor.rest, b"x");
    }

    #[test]
    fn the_time_is_written_for_half_a_year_and_the_year_after_that() {
        let shown = |at: i64, nanos: u32, clock: &Clock| {
            let it = Modified::from(Timestamp::from_unix(at, nanos).unwrap());
            String::from_utf8(letters(Some(it), clock).to_vec()).unwrap()
        };
        let clock = Clock::at(NOW);
        for (ago, expected) in [
            (0, "Nov 10 12:00"),
            (-1, "Nov 10  2024"),
            (86_400, "Nov  9 12:00"),
            (HALF_A_YEAR - 1, "May 11 21:05"),
            (HALF_A_YEAR, "May 11  2024"),
            (NOW + 62_000_000_000, "Apr 19  0005"),
        ] {
            assert_eq!(shown(NOW - ago, 999, &clock), expected);
            assert_eq!(shown(NOW - ago, 0, &Clock::UNKNOWN).as_bytes()[7..8], *b" ");
        }
        assert_eq!(shown(NOW, 0, &clock.with_zone(-750)), "Nov  9 23:30");
        assert_eq!(&letters(None, &clock), b"Jan  1  1970");
    }
}
