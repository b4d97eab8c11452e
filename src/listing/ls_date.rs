//! Dates as `ls -l` writes them, in all its styles and languages.
//!
//! ```text
//! date  = month SP day SP when             ; POSIX, and many other languages
//!       / day SP month SP when             ; French, Italian; with a "." after the day German, Czech
//!       / day "." [ SP ] 1*2DIGIT "." SP when                   ; Finnish
//!       / 4DIGIT SP name SP day            ; Hungarian
//!       / 4DIGIT sign SP 1*2DIGIT sign SP 1*2DIGIT sign         ; Korean, Chinese
//!       / 1*2DIGIT sign [ SP ] 1*2DIGIT [ sign ] SP when        ; the same, and Japanese
//!       / 2DIGIT "-" 2DIGIT SP when                             ; ls --time-style=iso
//!       / 4DIGIT "-" 2DIGIT "-" 2DIGIT [ SP time [ fraction ] ] ; long-iso, full-iso
//! when  = year [ sign ] / time / time SP year              ; the last with seconds only: ls -T
//! time  = 1*2DIGIT ( ":" / "." ) 2DIGIT [ ":" 2DIGIT ]
//! day   = 1*2DIGIT [ "." / "," / sign ]
//! month = name                             ; the names are in months.rs
//! sign  = what a language of the Far East has for year, month and day, in any charset
//! fraction = "." 1*9DIGIT [ SP ( "+" / "-" ) 4DIGIT ]
//! ```
//! SP here is any number of spaces: the columns are aligned. After the date there is exactly one; two where
//! ls makes a date with a year as wide as one with a time by a space behind it.

use super::cursor::Cursor;
use super::date::Time;
use super::{Clock, Modified, Precision, months};
use crate::codec::Timestamp;
use crate::codec::scan::pair;

/// A date at the cursor, and the space that ends it. The inner `None`: there is one, but it has no year
/// and the clock cannot tell.
pub(super) fn parse(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Option<Modified>> {
    if let Some((modified, rest)) = usual(cursor.rest, clock) {
        cursor.rest = rest;
        return Some(modified);
    }
    let modified = if cursor.peek()?.is_ascii_digit() {
        number_first(cursor, clock)?
    } else {
        let month = cursor.word();
        cursor.gap()?;
        // The day first: most of the words that come here are owners, and not worth a look into the
        // table of months.
        let day = day(cursor)?;
        cursor.gap()?;
        time_or_year(cursor, clock, months::number(month)?, day)?
    };
    cursor.eat(b' ')?;
    Some(modified)
}

/// `Nov  9 20:06 ` and `Nov  9  2001 `, as nearly all servers write them: read where everything stands.
#[inline]
pub(super) fn usual<'a>(text: &'a [u8], clock: &Clock) -> Option<(Option<Modified>, &'a [u8])> {
    let Some((&[m, o, n, b' ', tens, ones, b' ', a, b, c, d, e, b' '], rest)) = text.split_first_chunk()
    else {
        return None;
    };
    let day = pair([if tens == b' ' { b'0' } else { tens }, ones])?;
    let month = months::english([m, o, n])?;
    let modified = match [a, b, c, d, e] {
        [a, b, b':', c, d] => {
            let time = Time { hour: pair([a, b])?, minute: pair([c, d])?, second: None };
            clock.infer(month, day, time)?
        }
        [b' ', a, b, c, d] => {
            whole_day(clock, u32::from(pair([a, b])?) * 100 + u32::from(pair([c, d])?), month, day)?
        }
        _ => return None,
    };
    Some((modified, rest))
}

fn number_first(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Option<Modified>> {
    let before = cursor.rest.len();
    let number = cursor.digits(1, 4)?;
    let small = u8::try_from(number).unwrap_or(0);
    match (before - cursor.rest.len(), cursor.peek()?) {
        // `2001-11-09`
        (4, b'-') => iso(cursor, clock, number).map(Some),
        // `2001 nov.  9`
        (4, b' ') => {
            cursor.gap()?;
            let month = months::number(cursor.word())?;
            cursor.gap()?;
            let day = day(cursor)?;
            // A size, and a date after it, look the same as far as they go.
            let mut after = *cursor;
            let size = after.gap().and_then(|()| time_or_year(&mut after, clock, month, day)).is_some();
            if size { None } else { whole_day(clock, number, month, day) }
        }
        // `2001` year `11` month `9` day
        (4, 0x80..) => {
            sign(cursor)?;
            cursor.blanks();
            let month = cursor.small(1)?;
            sign(cursor)?;
            cursor.blanks();
            let day = cursor.small(1)?;
            sign(cursor)?;
            whole_day(clock, number, month, day)
        }
        // `11-09`
        (1 | 2, b'-') => {
            cursor.eat(b'-')?;
            let day = cursor.small(1)?;
            cursor.gap()?;
            time_or_year(cursor, clock, small, day)
        }
        // `11` month `9`
        (1 | 2, 0x80..=0xff) => {
            sign(cursor)?;
            cursor.blanks();
            let day = day(cursor)?;
            cursor.gap()?;
            time_or_year(cursor, clock, small, day)
        }
        // `9 Nov`, `9. Nov`, `9.11.`
        (1 | 2, _) => {
            let dotted = cursor.eat(b'.').is_some();
            let gap = no_break_space(cursor).or_else(|| cursor.gap());
            let month = if dotted && cursor.peek()?.is_ascii_digit() {
                let month = cursor.small(1)?;
                cursor.eat(b'.')?;
                month
            } else {
                gap?;
                months::number(cursor.word())?
            };
            let blanks = cursor.rest.len();
            cursor.gap()?;
            let blanks = blanks - cursor.rest.len();
            let modified = time_or_year(cursor, clock, month, small)?;
            if blanks == 1 && modified.is_some_and(|it| it.precision() == Precision::Day) {
                filler(cursor);
            }
            Some(modified)
        }
        _ => None,
    }
}

/// What Czech has between the day and the month.
fn no_break_space(cursor: &mut Cursor<'_>) -> Option<()> {
    let rest = cursor.rest.strip_prefix("\u{a0}".as_bytes()).or_else(|| cursor.rest.strip_prefix(b"\xa0"))?;
    cursor.rest = rest;
    Some(())
}

/// Takes the space that makes a date with a year as wide as one with a time.
fn filler(cursor: &mut Cursor<'_>) {
    if let Some(rest) = cursor.rest.strip_prefix(b" ").filter(|rest| rest.starts_with(b" ")) {
        cursor.rest = rest;
    }
}

fn whole_day(clock: &Clock, year: u32, month: u8, day: u8) -> Option<Option<Modified>> {
    let shown = Timestamp::new(u16::try_from(year).ok()?, month, day, 0, 0, 0).ok()?;
    Some(Some(clock.modified(shown, Precision::Day)))
}

/// The sign for year, month or day: of three bytes in UTF-8, of two in the charsets before it, where the
/// second may be a letter.
fn sign(cursor: &mut Cursor<'_>) -> Option<()> {
    let length = match cursor.rest {
        [0xe0..=0xef, 0x80..=0xbf, 0x80..=0xbf, ..] => 3,
        [0x80..=0xff, 0x40..=0xff, ..] => 2,
        _ => return None,
    };
    cursor.rest = cursor.rest.get(length..)?;
    Some(())
}

/// `9`, `09`, `9.` or `9,`, or with a sign.
fn day(cursor: &mut Cursor<'_>) -> Option<u8> {
    let day = cursor.small(1)?;
    match cursor.peek() {
        Some(b'.' | b',') => cursor.rest = cursor.rest.get(1..)?,
        Some(0x80..) => sign(cursor)?,
        _ => {}
    }
    Some(day)
}

/// `2001`, or a time of a year that is left out, or `20:06:07 2001`.
fn time_or_year(cursor: &mut Cursor<'_>, clock: &Clock, month: u8, day: u8) -> Option<Option<Modified>> {
    let mut after = *cursor;
    if let Some(year) = year(&mut after) {
        *cursor = after;
        return whole_day(clock, year, month, day);
    }
    let time = time(cursor)?;
    // Only the long forms have both, and they have seconds.
    if time.second.is_some() {
        let mut after = *cursor;
        if let Some(year) = after.eat(b' ').and_then(|()| year(&mut after)) {
            *cursor = after;
            let shown = time.on(u16::try_from(year).ok()?, month, day)?;
            return Some(Some(clock.modified(shown, time.precision())));
        }
    }
    clock.infer(month, day, time)
}

/// Four digits, perhaps with a sign, and a space after them.
fn year(cursor: &mut Cursor<'_>) -> Option<u32> {
    let year = cursor.digits(4, 4)?;
    if cursor.peek()? >= 0x80 {
        sign(cursor)?;
    }
    (cursor.peek() == Some(b' ')).then_some(year)
}

/// `20:06`, `20:06:07` or `20.06`.
fn time(cursor: &mut Cursor<'_>) -> Option<Time> {
    let mut dotted = *cursor;
    let hour = dotted.small(1)?;
    if dotted.eat(b'.').is_none() {
        return Time::read(cursor);
    }
    let minute = dotted.small(2)?;
    *cursor = dotted;
    Some(Time { hour, minute, second: None })
}

/// What follows the year of `2001-11-09`: the day, a time, with a fraction and a zone.
fn iso(cursor: &mut Cursor<'_>, clock: &Clock, year: u32) -> Option<Modified> {
    let year = u16::try_from(year).ok()?;
    cursor.eat(b'-')?;
    let month = cursor.small(2)?;
    cursor.eat(b'-')?;
    let day = cursor.small(2)?;
    let mut after = *cursor;
    let Some(time) = after.gap().and_then(|()| Time::read(&mut after)) else {
        filler(cursor);
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
}
