//! Dates of numbers with a mark between them, as DOS and what came of it write them, and the times that go
//! with them.
//!
//! ```text
//! numbers = 1*4DIGIT mark 1*4DIGIT mark 1*4DIGIT     ; the mark is one of "-", "/", ".", twice the same
//! named   = 1*2DIGIT "-" month "-" year              ; 2-JUN-1998, 12-Jan-14
//! year    = 2DIGIT / 3DIGIT / 4DIGIT                 ; 96, 104 for 2004, 1996
//! ```
//! Which number is the year, the month and the day depends on the country, and no header tells. Only a
//! number that cannot be a month, or a day, does; so what one line rules out is kept for the lines to come.

use super::cursor::Cursor;
use super::date::Time;
use super::months;
use crate::codec::Timestamp;

bitflags::bitflags! {
    /// The orders in which a date may stand.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Orders: u8 {
        const YEAR_MONTH_DAY = 1;
        const MONTH_DAY_YEAR = 1 << 1;
        const DAY_MONTH_YEAR = 1 << 2;
    }
}

/// The orders of `/` and `-` where Americans made the format, the likeliest first.
pub(super) const AMERICAN: [Orders; 3] =
    [Orders::MONTH_DAY_YEAR, Orders::DAY_MONTH_YEAR, Orders::YEAR_MONTH_DAY];
/// The same where the job's own date format is used.
pub(super) const OF_THE_JOB: [Orders; 3] =
    [Orders::YEAR_MONTH_DAY, Orders::DAY_MONTH_YEAR, Orders::MONTH_DAY_YEAR];
/// The orders of `.`, which nobody writes months in front with.
const WITH_DOTS: [Orders; 3] = [Orders::DAY_MONTH_YEAR, Orders::YEAR_MONTH_DAY, Orders::empty()];

/// Year, month and day.
pub(super) type Date = (u16, u8, u8);

/// A date at the cursor, in the first of the orders of `likely` that it fits, as do all dates before it, as
/// far as `known` tells; and what is known now. A date that none of those fits is taken by itself.
pub(super) fn numbers(cursor: &mut Cursor<'_>, likely: [Orders; 3], known: Orders) -> Option<(Date, Orders)> {
    let mut part = || {
        let before = cursor.rest.len();
        let value = u16::try_from(cursor.digits(1, 4)?).ok()?;
        Some((value, before - cursor.rest.len()))
    };
    let first = part()?;
    let mark = cursor.peek().filter(|mark| matches!(mark, b'-' | b'/' | b'.'))?;
    let mut part = || {
        cursor.eat(mark)?;
        let before = cursor.rest.len();
        let value = u16::try_from(cursor.digits(1, 4)?).ok()?;
        Some((value, before - cursor.rest.len()))
    };
    let (second, third) = (part()?, part()?);

    let likely = if mark == b'.' { WITH_DOTS } else { likely };
    let read = |order: Orders| match order {
        Orders::YEAR_MONTH_DAY => date(first, second, third),
        Orders::MONTH_DAY_YEAR => date(third, first, second),
        Orders::DAY_MONTH_YEAR => date(third, second, first),
        _ => None,
    };
    let among = |orders: Orders| {
        let fitting = |order: &Orders| orders.contains(*order) && read(*order).is_some();
        likely.into_iter().filter(fitting).collect::<Orders>()
    };
    let left = Some(among(known)).filter(|left| !left.is_empty()).unwrap_or_else(|| among(Orders::all()));
    let date = likely.into_iter().filter(|&order| left.contains(order)).find_map(read)?;
    Some((date, left))
}

/// Three numbers, each with how many digits it has, as a date, if there is such a day.
fn date(year: (u16, usize), month: (u16, usize), day: (u16, usize)) -> Option<Date> {
    let small = |(value, digits): (u16, usize)| u8::try_from(value).ok().filter(|_| digits <= 2);
    let date = (full_year(year.0, year.1)?, small(month)?, small(day)?);
    Timestamp::new(date.0, date.1, date.2, 0, 0, 0).ok().map(|_| date)
}

/// The year that was written with so many digits: of two, those below 70 are of this century.
pub(super) const fn full_year(year: u16, digits: usize) -> Option<u16> {
    match (digits, year) {
        (2, ..70) => Some(2000 + year),
        // Three digits are the tm_year of a C library, printed as it is.
        (2 | 3, _) => Some(1900 + year),
        (4, _) => Some(year),
        _ => None,
    }
}

/// `2-JUN-1998` at the cursor. Whether there is such a day is left to see.
pub(super) fn named(cursor: &mut Cursor<'_>) -> Option<Date> {
    let day = cursor.small(1)?;
    cursor.eat(b'-')?;
    let month = cursor.until(b'-')?;
    cursor.eat(b'-')?;
    let before = cursor.rest.len();
    let year = u16::try_from(cursor.digits(2, 4)?).ok()?;
    Some((full_year(year, before - cursor.rest.len())?, months::number(month)?, day))
}

/// `17:03`, `05:03PM`, `5:03 pm` or `5:03p` at the cursor.
pub(super) fn time(cursor: &mut Cursor<'_>) -> Option<Time> {
    let time = Time::read(cursor)?;
    let mut after = *cursor;
    let _ = after.eat(b' ');
    let letter = after.word();
    let afternoon = match letter {
        [b'A' | b'a'] | [b'A' | b'a', b'M' | b'm'] => false,
        [b'P' | b'p'] | [b'P' | b'p', b'M' | b'm'] => true,
        _ => return Some(time),
    };
    if !(1..=12).contains(&time.hour) {
        return None;
    }
    *cursor = after;
    Some(Time { hour: time.hour % 12 + if afternoon { 12 } else { 0 }, ..time })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, likely: [Orders; 3], known: Orders) -> Option<(Date, Orders)> {
        numbers(&mut Cursor::new(text.as_bytes()), likely, known)
    }

    #[test]
    fn a_date_of_numbers_is_read_in_the_likeliest_order_that_it_fits() {
        for (text, likely, expected) in [
            ("12-05-96", AMERICAN, Some((1996, 12, 5))),
            ("25-12-96", AMERICAN, Some((1996, 12, 25))),
            ("98-12-25", AMERICAN, Some((1998, 12, 25))),
            ("12/05/2096", AMERICAN, Some((2096, 12, 5))),
            ("2002-09-02", AMERICAN, Some((2002, 9, 2))),
            ("02.09.2002", AMERICAN, Some((2002, 9, 2))),
            ("02.13.2002", AMERICAN, None),
            ("04-23-103", AMERICAN, Some((2003, 4, 23))),
            ("12-05-70", AMERICAN, Some((1970, 12, 5))),
            ("12-05-69", AMERICAN, Some((2069, 12, 5))),
            ("04/03/18", OF_THE_JOB, Some((2004, 3, 18))),
            ("31/03/18", OF_THE_JOB, Some((2031, 3, 18))),
            ("18/09/06", OF_THE_JOB, Some((2018, 9, 6))),
            ("18/09/31", OF_THE_JOB, Some((2031, 9, 18))),
            ("02/23/00", OF_THE_JOB, Some((2000, 2, 23))),
            ("02/29/01", AMERICAN, None),
            ("12-05/96", AMERICAN, None),
            ("1-05-6", AMERICAN, None),
            ("12-05-", AMERICAN, None),
            ("00-00-00", AMERICAN, None),
            ("12345-05-06", AMERICAN, None),
        ] {
            let date = read(text, likely, Orders::all()).map(|(date, _)| date);
            assert_eq!(date, expected, "{text}");
        }
    }

    #[test]
    fn what_one_date_rules_out_is_ruled_out_for_the_next() {
        let (_, known) = read("25/12/96", AMERICAN, Orders::all()).unwrap();
        assert_eq!(known, Orders::DAY_MONTH_YEAR);
        assert_eq!(read("03/04/96", AMERICAN, known), Some(((1996, 4, 3), known)));
        // A listing that contradicts itself is read line by line.
        assert_eq!(read("12/25/96", AMERICAN, known), Some(((1996, 12, 25), Orders::MONTH_DAY_YEAR)));
    }

    #[test]
    fn an_hour_of_twelve_is_midnight_or_noon() {
        for (text, expected) in [
            ("12:00AM", Some((0, 0))),
            ("12:59PM", Some((12, 59))),
            ("05:03PM", Some((17, 3))),
            ("5:03 pm x", Some((17, 3))),
            ("5:03p", Some((17, 3))),
            ("17:03", Some((17, 3))),
            ("17:03PM", None),
            ("0:03AM", None),
        ] {
            let read = time(&mut Cursor::new(text.as_bytes())).map(|time| (time.hour, time.minute));
            assert_eq!(read, expected, "{text}");
        }
    }
}
