//! Dates as `ls -l` writes them, in all its styles and languages.
//!
//! ```text
//! date  = month SP day SP when             ; POSIX, and many other languages
//!       / month SP day "," SP year SP time                      ; VShell
//!       / day SP month SP when             ; French, Italian; German, Czech with "." after the day
//!       / day "." [ SP ] 1*2DIGIT "." SP when                   ; Finnish
//!       / day "-" month "-" year [ SP time ]                    ; 01-jun-99
//!       / 4DIGIT SP name SP day            ; Hungarian
//!       / 4DIGIT sign SP 1*2DIGIT sign SP 1*2DIGIT sign         ; Korean, Chinese
//!       / 1*2DIGIT sign [ SP ] 1*2DIGIT [ sign ] SP when        ; the same, and Japanese
//!       / 1*2DIGIT SP 1*2DIGIT SP time     ; month and day, without the name of the month
//!       / 1*2DIGIT "/" [ SP ] 1*2DIGIT SP when                  ; the same
//!       / 2DIGIT "-" 2DIGIT SP when                             ; ls --time-style=iso
//!       / 2DIGIT "-" 2DIGIT "-" 4DIGIT [ SP time ]              ; day and month, in either order
//!       / 4DIGIT mark 2DIGIT mark 2DIGIT [ SP time [ fraction ] ] ; long-iso, full-iso
//!       / "---" SP "--" SP "--:--"         ; no date
//! when  = year [ sign ] / time / time SP year              ; the last from ls -T, with seconds
//! time  = 1*2DIGIT ( ":" / "." ) 2DIGIT [ ":" 2DIGIT ]
//! day   = 1*2DIGIT [ "." / "," / sign ]
//! mark  = "-" / "/" / "."
//! month = name [ "." ] [ "," ]             ; the names are in months.rs
//! sign  = the sign that a Far Eastern language has for year, month or day, in any charset
//! fraction = "." 1*9DIGIT [ SP ( "+" / "-" ) 4DIGIT ]
//! ```
//! SP here is any number of spaces, since columns are aligned. Exactly one space follows the date,
//! or several where padding makes a date with a year as wide as one with a time.
//!
//! Anything of this shape is a date, even if no calendar has it ([`Dated::Impossible`]).

use super::cursor::Cursor;
use super::date::{Dated, Time};
use super::{Clock, DateOrder, Inferred, Modified, Precision, months, short_date};
use crate::codec::scan::pair;

/// Width of `Nov  9 20:06`, to which other dates are padded. [`ISO_WIDTH`] is the width of
/// `11-09 20:06`.
const WIDTH: usize = 12;
const ISO_WIDTH: usize = 11;

/// Parses a date at the cursor and takes the space that ends it.
pub(super) fn parse(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Dated> {
    if let Some((dated, rest)) = usual(cursor.rest, clock) {
        cursor.rest = rest;
        return Some(dated);
    }
    let dated = match cursor.peek()? {
        b'0'..=b'9' => number_first(cursor, clock)?,
        b'-' => dashes(cursor)?,
        _ => month_first(cursor, clock)?,
    };
    cursor.eat(b' ')?;
    Some(dated)
}

/// Reads `Nov  9 20:06 ` and `Nov  9  2001 `, as nearly all servers write them, at fixed positions.
#[inline]
pub(super) fn usual<'a>(text: &'a [u8], clock: &Clock) -> Option<(Dated, &'a [u8])> {
    let Some((&[m, o, n, b' ', tens, ones, b' ', a, b, c, d, e, b' '], rest)) = text.split_first_chunk()
    else {
        return None;
    };
    let day = pair([if tens == b' ' { b'0' } else { tens }, ones])?;
    let month = months::english([m, o, n])?;
    let dated = match [a, b, c, d, e] {
        [a, b, b':', c, d] => {
            let time = Time { hour: pair([a, b])?, minute: pair([c, d])?, second: None };
            clock.infer(month, day, time.checked()?)
        }
        [b' ', a, b, c, d] => {
            clock.day((u16::from(pair([a, b])?) * 100 + u16::from(pair([c, d])?), month, day))
        }
        _ => return None,
    };
    Some((dated, rest))
}

/// Returns whether `text` begins with four digits and a space, as a date with a leading year does.
pub(super) fn begins_with_a_year(text: &[u8]) -> bool {
    matches!(text, [a, b, c, d, b' ', ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()))
}

fn month_first(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Dated> {
    let month = cursor.word();
    cursor.gap()?;
    // The day is parsed before the month is looked up, since most words that get here are owners
    // and not worth a search of the table of months.
    let (day, comma) = day(cursor)?;
    let blanks = gap(cursor)?;
    let month = months::number(month)?;
    if comma {
        if let Some(dated) = year_and_time(cursor, clock, month, day) {
            return Some(dated);
        }
    }
    when(cursor, clock, month, day, blanks)
}

/// Parses `2002 09:47`, which follows a comma.
fn year_and_time(cursor: &mut Cursor<'_>, clock: &Clock, month: u8, day: u8) -> Option<Dated> {
    let mut after = *cursor;
    let year = year(&mut after)?;
    after.eat(b' ')?;
    let time = Time::read(&mut after).filter(|_| after.peek() == Some(b' '))?;
    *cursor = after;
    Some(clock.on((year, month, day), time))
}

/// Parses `--- -- --:--`, which stands for an unknown date.
fn dashes(cursor: &mut Cursor<'_>) -> Option<Dated> {
    for part in [&b"---"[..], b"--", b"--:--"] {
        cursor.rest = cursor.rest.strip_prefix(part)?;
        if part.len() < 5 {
            cursor.gap()?;
        }
    }
    Some(Dated::Untold)
}

fn number_first(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Dated> {
    let before = cursor.rest.len();
    let number = u16::try_from(cursor.digits(1, 4)?).ok()?;
    let small = u8::try_from(number).unwrap_or(0);
    match (before - cursor.rest.len(), cursor.peek()?) {
        // `2001-11-09`
        (4, mark @ (b'-' | b'/' | b'.')) => iso(cursor, clock, number, mark),
        // `2001 nov.  9`
        (4, b' ') => {
            cursor.gap()?;
            let month = months::number(cursor.word())?;
            cursor.gap()?;
            let (day, _) = day(cursor)?;
            // Up to here, a size with a date after it looks the same.
            let mut after = *cursor;
            after.blanks();
            let time = after.digits(1, 9).is_some() && matches!(after.peek(), Some(b':' | b'.'));
            let mut after = *cursor;
            let date = after.gap().and_then(|()| when(&mut after, clock, month, day, 0)).is_some();
            if time || date { None } else { Some(clock.day((number, month, day))) }
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
            Some(clock.day((number, month, day)))
        }
        // `11-09`, `24-04-2003`, `01-jun-99`
        (1 | 2, b'-') => {
            let mut after = *cursor;
            after.eat(b'-')?;
            let named = !after.peek()?.is_ascii_digit();
            let other = if named { months::number(after.until(b'-')?)? } else { after.small(1)? };
            *cursor = after;
            if named || cursor.peek() == Some(b'-') {
                return turned(cursor, clock, (small, other, named), before);
            }
            cursor.gap()?;
            when(cursor, clock, small, other, 0)
        }
        // `11/ 9`
        (1 | 2, b'/') => {
            cursor.eat(b'/')?;
            cursor.blanks();
            let day = cursor.small(1)?;
            cursor.gap()?;
            when(cursor, clock, small, day, 0)
        }
        // `11` month `9`
        (1 | 2, 0x80..=0xff) => {
            sign(cursor)?;
            cursor.blanks();
            let (day, _) = day(cursor)?;
            cursor.gap()?;
            when(cursor, clock, small, day, 0)
        }
        // `9 Nov`, `9. Nov`, `9.11.`, `11 9`
        (1 | 2, _) => {
            let dotted = cursor.eat(b'.').is_some();
            let gap_before = no_break_space(cursor).or_else(|| cursor.gap());
            let numbered = cursor.peek()?.is_ascii_digit();
            let (month, day) = if numbered {
                let other = cursor.small(1)?;
                match dotted {
                    true => cursor.eat(b'.').map(|()| (other, small))?,
                    false => gap_before.map(|()| (small, other))?,
                }
            } else {
                gap_before?;
                (months::number(cursor.word())?, small)
            };
            let blanks = gap(cursor)?;
            if numbered && !dotted {
                // Three numbers, one of them a year, may mean anything.
                let time = Time::read(cursor)?;
                return Some(clock.infer(month, day, time));
            }
            when(cursor, clock, month, day, blanks)
        }
        _ => None,
    }
}

/// Parses what follows `24-04`, or `01-jun` if `named`: a year, and perhaps a time. The first
/// number is the day, unless only the second can be a day, or the caller says otherwise. `start` is
/// the length of the rest of the line from the start of the date.
fn turned(
    cursor: &mut Cursor<'_>,
    clock: &Clock,
    (day, month, named): (u8, u8, bool),
    start: usize,
) -> Option<Dated> {
    cursor.eat(b'-')?;
    let before = cursor.rest.len();
    let number = u16::try_from(cursor.digits(2, 4)?).ok()?;
    let digits = before - cursor.rest.len();
    let year = short_date::full_year(number, digits, clock)?;
    let mut inferred = Inferred::empty();
    inferred.set(Inferred::CENTURY, digits == 2);
    inferred.set(Inferred::ORDER, !named && day <= 12 && month <= 12 && day != month);
    let american = clock.order == Some(DateOrder::MonthDayYear);
    let turned = !named && day <= 12 && (month > 12 || american);
    let (day, month) = if turned { (month, day) } else { (day, month) };
    let mut after = *cursor;
    let time = after.gap().and_then(|()| Time::read(&mut after)).filter(|_| after.peek() == Some(b' '));
    if let Some(time) = time {
        *cursor = after;
        return Some(clock.on((year, month, day), time).with(inferred));
    }
    filler(cursor, WIDTH.saturating_sub(start - cursor.rest.len()));
    Some(clock.day((year, month, day)).with(inferred))
}

/// Takes the no-break space that Czech dates have between day and month.
fn no_break_space(cursor: &mut Cursor<'_>) -> Option<()> {
    let rest = cursor.rest.strip_prefix("\u{a0}".as_bytes()).or_else(|| cursor.rest.strip_prefix(b"\xa0"))?;
    cursor.rest = rest;
    Some(())
}

/// Takes up to `most` of the spaces that make a date with a year as wide as one with a time, but
/// leaves the last space.
fn filler(cursor: &mut Cursor<'_>, most: usize) {
    for _ in 0..most {
        match cursor.rest {
            [b' ', rest @ ..] if rest.starts_with(b" ") => cursor.rest = rest,
            _ => break,
        }
    }
}

/// Takes blanks, of which there must be at least one, and counts them.
fn gap(cursor: &mut Cursor<'_>) -> Option<usize> {
    let before = cursor.rest.len();
    cursor.gap()?;
    Some(before - cursor.rest.len())
}

/// Takes the sign for year, month or day. The sign has three bytes in UTF-8 and two in older
/// charsets, where the second byte may be that of an ASCII letter.
fn sign(cursor: &mut Cursor<'_>) -> Option<()> {
    let length = match cursor.rest {
        [0xe0..=0xef, 0x80..=0xbf, 0x80..=0xbf, ..] => 3,
        [0x80..=0xff, 0x40..=0xff, ..] => 2,
        _ => return None,
    };
    cursor.rest = cursor.rest.get(length..)?;
    Some(())
}

/// Parses `9`, `09`, `9.`, `9,` or a number with a sign. Returns the day, and whether there was a
/// comma.
fn day(cursor: &mut Cursor<'_>) -> Option<(u8, bool)> {
    let day = cursor.small(1)?;
    let mark = cursor.peek();
    match mark {
        Some(b'.' | b',') => cursor.rest = cursor.rest.get(1..)?,
        Some(0x80..) => sign(cursor)?,
        _ => {}
    }
    Some((day, mark == Some(b',')))
}

/// Parses `2001`, a time whose year is left out, or `20:06:07 2001`, after `blanks` blanks. A year
/// after a single blank is left-aligned in the five columns of a time, and a space fills the last
/// column.
fn when(cursor: &mut Cursor<'_>, clock: &Clock, month: u8, day: u8, blanks: usize) -> Option<Dated> {
    let mut after = *cursor;
    if let Some(year) = year(&mut after) {
        *cursor = after;
        if blanks == 1 {
            filler(cursor, 1);
        }
        return Some(clock.day((year, month, day)));
    }
    let time = time(cursor)?;
    // Only the long forms have both a time and a year, and their times have seconds.
    if time.second.is_some() {
        let mut after = *cursor;
        if let Some(year) = after.eat(b' ').and_then(|()| year(&mut after)) {
            *cursor = after;
            return Some(clock.on((year, month, day), time));
        }
    }
    Some(clock.infer(month, day, time))
}

/// Parses a year of four digits, perhaps with a sign, that is followed by a space.
fn year(cursor: &mut Cursor<'_>) -> Option<u16> {
    let year = u16::try_from(cursor.digits(4, 4)?).ok()?;
    if cursor.peek()? >= 0x80 {
        sign(cursor)?;
    }
    (cursor.peek() == Some(b' ')).then_some(year)
}

/// Parses `20:06`, `20:06:07` or `20.06`.
fn time(cursor: &mut Cursor<'_>) -> Option<Time> {
    let mut dotted = *cursor;
    let hour = dotted.small(1)?;
    if dotted.eat(b'.').is_none() {
        return Time::read(cursor);
    }
    let minute = dotted.small(2)?;
    *cursor = dotted;
    Time { hour, minute, second: None }.checked()
}

/// Parses what follows the year of `2001-11-09`: month and day, and perhaps a time with a fraction
/// and a zone.
fn iso(cursor: &mut Cursor<'_>, clock: &Clock, year: u16, mark: u8) -> Option<Dated> {
    cursor.eat(mark)?;
    let month = cursor.small(2)?;
    cursor.eat(mark)?;
    let day = cursor.small(2)?;
    let mut after = *cursor;
    let Some(time) = after.gap().and_then(|()| Time::read(&mut after)) else {
        filler(cursor, if mark == b'-' { ISO_WIDTH } else { WIDTH } - "2001-11-09".len());
        return Some(clock.day((year, month, day)));
    };
    *cursor = after;
    let Some(shown) = time.on(year, month, day) else {
        // The fraction and the zone still belong to the date.
        if time.second.is_some() && after.eat(b'.').is_some() && after.digits(1, 9).is_some() {
            *cursor = after;
            if after.eat(b' ').and_then(|()| zone(&mut after)).is_some() {
                *cursor = after;
            }
        }
        return Some(Dated::Impossible);
    };
    if time.second.is_none() || after.eat(b'.').is_none() {
        return Some(Dated::Told(clock.modified(shown, time.precision())));
    }
    let length = after.rest.len();
    let fraction = after.digits(1, 9)?;
    let digits = u8::try_from(length - after.rest.len()).ok()?;
    let nanosecond = fraction * 10u32.pow(9 - u32::from(digits));
    let shown = shown.with_fraction(nanosecond, digits).ok()?;
    *cursor = after;
    let zone = after.eat(b' ').and_then(|()| zone(&mut after));
    if zone.is_none() {
        return Some(Dated::Told(clock.modified(shown, Precision::Fraction)));
    }
    *cursor = after;
    Some(Dated::Told(Modified::new(shown, Precision::Fraction, zone)))
}

/// Parses `+0100` into minutes.
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
        let dated = match parse(&mut cursor, &Clock::at(NOW))? {
            Dated::Told(modified) => modified.to_string(),
            Dated::Untold => "untold".to_string(),
            Dated::Impossible => "impossible".to_string(),
        };
        Some((dated, String::from_utf8(cursor.rest.to_vec()).unwrap()))
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
            ("Nov  9  24:00 x", "2024-11-10T00:00", "x"),
            ("Nov 09 2001  x", "2001-11-09", "x"),
            ("Nov 09 2001 x", "2001-11-09", "x"),
            ("Nov 09 2001   x", "2001-11-09", " x"),
            ("Nov 09, 2001 09:47 a b", "2001-11-09T09:47", "a b"),
            ("Nov 09, 2001 a b", "2001-11-09", "a b"),
            ("3 29 03:26 x", "2024-03-29T03:26", "x"),
            ("26. Juli, 20:10 x", "2024-07-26T20:10", "x"),
            ("30. Jan., 12:40 x", "2024-01-30T12:40", "x"),
            ("1999/10/12 17:12 x", "1999-10-12T17:12", "x"),
            ("2004.07.15   x", "2004-07-15", "x"),
            ("2004.07.15 x", "2004-07-15", "x"),
            ("2001-11-09  x", "2001-11-09", "x"),
            ("2001-11-09   x", "2001-11-09", " x"),
            ("24-04-2003 17:12 x", "2003-04-24T17:12", "x"),
            ("04-24-2003 17:12 x", "2003-04-24T17:12", "x"),
            ("01-jun-99 x", "1999-06-01", "x"),
            ("01-jun-99    x", "1999-06-01", "x"),
            ("01-JUN-2019 17:12 x", "2019-06-01T17:12", "x"),
            ("11/ 6    14:21 x", "2024-11-06T14:21", "x"),
            ("11/13    1996 x", "1996-11-13", "x"),
            ("--- -- --:-- x", "untold", "x"),
        ] {
            assert_eq!(read(text), Some((date.to_string(), rest.to_string())), "{text}");
        }
    }

    #[test]
    fn a_date_that_no_calendar_has_is_one_all_the_same() {
        for text in [
            "Nov 31 20:06 x",
            "Nov  0 20:06 x",
            "Nov 99  2001 x",
            "Feb 30 2000 x",
            "Feb 29 2001 x",
            "Nov  9 24:06 x",
            "Nov  9 24:00:01 x",
            "2001-13-09 x",
            "2001-11-31 20:06 x",
            "2001-02-29 x",
            "2001-02-29 20:06:07.000000000 +0130 x",
            "13-09 20:06 x",
            "31. Feb 20:06 x",
            "31.11. 20:06 x",
            "24-14-2003 17:12 x",
            "31-jun-99 x",
            "13/13    1996 x",
            "2001 nov. 31 x",
            "11\u{6708} 31 20:06 x",
            "9 9 24:06 x",
        ] {
            assert_eq!(read(text), Some(("impossible".to_string(), "x".to_string())), "{text}");
        }
    }

    #[test]
    fn what_has_no_shape_of_a_date_is_none() {
        for text in [
            "",
            "Nov",
            "Nov ",
            "Nov 9",
            "Nov  9 20:06",
            "Nov  9 2001",
            "Nov  9 25:06 x",
            "Nov  9 20:60 x",
            "Nov  9 20:06:61 x",
            "Nov  9 123:06 x",
            "Nov  9 20:006 x",
            "Nov 123 20:06 x",
            "Nox  9 20:06 x",
            "Nov  9 20006 x",
            "9 9 2001 x",
            "9 9 x",
            "999999999999 Nov 20:06 x",
            "2048 Apr  4 30:01 x",
            "2048 Apr  4 24:00 x",
            "2048 Apr  4 12.60 x",
            "Nov  9 20:06\tx",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_year_has_no_date_when_there_is_no_clock() {
        let mut cursor = Cursor::new(b"Nov  9 20:06 x");
        assert_eq!(parse(&mut cursor, &Clock::UNKNOWN), Some(Dated::Untold));
        assert_eq!(cursor.rest, b"x");
    }
}
