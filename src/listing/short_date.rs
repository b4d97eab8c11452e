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
use super::date::{Date, Time};
use super::{Clock, months};
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
    [Orders::YEAR_MONTH_DAY, Orders::MONTH_DAY_YEAR, Orders::DAY_MONTH_YEAR];
/// The orders of `.`, which nobody writes months in front with.
const WITH_DOTS: [Orders; 3] = [Orders::DAY_MONTH_YEAR, Orders::YEAR_MONTH_DAY, Orders::empty()];

/// A date at the cursor, in the first of the orders of `likely` that it fits, as do all dates before it, as
/// far as `known` tells; and what is known now. A date that none of those fits is taken by itself. One that is
/// ahead of the clock is only taken for want of another. The inner `None`: what stands there is a date, and
/// there is no such day in any order.
pub(super) fn numbers(
    cursor: &mut Cursor<'_>,
    likely: [Orders; 3],
    known: Orders,
    clock: &Clock,
) -> Option<(Option<Date>, Orders)> {
    let first = part(cursor)?;
    let mark = cursor.peek().filter(|mark| matches!(mark, b'-' | b'/' | b'.'))?;
    cursor.eat(mark)?;
    let second = part(cursor)?;
    cursor.eat(mark)?;
    let third = part(cursor)?;

    let likely = if mark == b'.' { WITH_DOTS } else { likely };
    let read = |order: Orders, century: Century| match order {
        Orders::YEAR_MONTH_DAY => date(first, second, third, century),
        Orders::MONTH_DAY_YEAR => date(third, first, second, century),
        Orders::DAY_MONTH_YEAR => date(third, second, first, century),
        _ => None,
    };
    let among = |orders: Orders, age: Age, century: Century| {
        let fits = |date: Date| match age {
            Age::Past => !clock.is_ahead(date),
            Age::Near => clock.latest_year().is_none_or(|latest| date.0 <= latest),
            Age::Any => true,
        };
        let fitting = |order: &Orders| orders.contains(*order) && read(*order, century).is_some_and(fits);
        let left = likely.into_iter().filter(fitting).collect::<Orders>();
        (!left.is_empty()).then_some((left, century))
    };
    let all = Orders::all();
    let left = among(known, Age::Past, Century::This)
        .or_else(|| among(known, Age::Near, Century::This))
        .or_else(|| among(all, Age::Past, Century::This))
        .or_else(|| among(all, Age::Near, Century::This))
        .or_else(|| among(known, Age::Any, Century::Last))
        .or_else(|| among(all, Age::Any, Century::Last));
    let Some((left, century)) = left else {
        // A day and a month of two digits, and a year at one end.
        let shape = [first.1, second.1, third.1];
        return matches!(shape, [1..=2, 1..=2, 2..=4] | [4, 1..=2, 1..=2]).then_some((None, known));
    };
    let date =
        likely.into_iter().filter(|&order| left.contains(order)).find_map(|order| read(order, century))?;
    Some((Some(date), left))
}

/// How far from the clock a date may be, so that an order is taken for the right one.
#[derive(Clone, Copy)]
enum Age {
    Past,
    /// Ahead, but not by more than clocks may differ.
    Near,
    Any,
}

/// What two digits below 70 are of.
#[derive(Clone, Copy)]
enum Century {
    This,
    Last,
}

/// A number, and how many digits it has.
fn part(cursor: &mut Cursor<'_>) -> Option<(u16, usize)> {
    let before = cursor.rest.len();
    let value = u16::try_from(cursor.digits(1, 4)?).ok()?;
    Some((value, before - cursor.rest.len()))
}

/// Three numbers, each with how many digits it has, as a date, if there is such a day.
fn date(year: (u16, usize), month: (u16, usize), day: (u16, usize), century: Century) -> Option<Date> {
    let small = |(value, digits): (u16, usize)| u8::try_from(value).ok().filter(|_| digits <= 2);
    let date = (in_century(year.0, year.1, century)?, small(month)?, small(day)?);
    Timestamp::new(date.0, date.1, date.2, 0, 0, 0).ok().map(|_| date)
}

/// The year that was written with so many digits. Of two, those below 70 are of this century, unless the clock
/// says that their time is not yet near.
#[inline]
pub(super) fn full_year(year: u16, digits: usize, clock: &Clock) -> Option<u16> {
    let this = in_century(year, digits, Century::This)?;
    let near = digits != 2 || clock.latest_year().is_none_or(|latest| this <= latest);
    if near { Some(this) } else { in_century(year, digits, Century::Last) }
}

/// The year of two digits, unless it would be far ahead of the clock, where there may be a better reading.
#[inline]
pub(super) fn near_year(digits: u8, clock: &Clock) -> Option<u16> {
    in_century(u16::from(digits), 2, Century::This)
        .filter(|year| clock.latest_year().is_none_or(|latest| *year <= latest))
}

const fn in_century(year: u16, digits: usize, century: Century) -> Option<u16> {
    match (digits, year, century) {
        (2, ..70, Century::This) => Some(2000 + year),
        // Three digits are the tm_year of a C library, printed as it is.
        (2 | 3, ..) => Some(1900 + year),
        (4, ..) => Some(year),
        _ => None,
    }
}

/// `2-JUN-1998` at the cursor. There may be no such day: a month of three letters that nobody knows is 0.
pub(super) fn named(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Date> {
    let day = cursor.small(1)?;
    cursor.eat(b'-')?;
    let name = cursor.until(b'-')?;
    let unknown = || (name.len() == 3 && name.iter().all(u8::is_ascii_alphabetic)).then_some(0);
    let month = months::number(name).or_else(unknown)?;
    cursor.eat(b'-')?;
    let (year, digits) = part(cursor)?;
    Some((full_year(year, digits, clock)?, month, day))
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
    *cursor = after;
    let hour = match time.hour {
        1..=12 => time.hour % 12 + if afternoon { 12 } else { 0 },
        // Half a day has no such hour, so that no day has.
        _ => u8::MAX,
    };
    Some(Time { hour, ..time })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Option<Option<Date>> = None;
    const IMPOSSIBLE: Option<Option<Date>> = Some(None);

    fn read(text: &str, likely: [Orders; 3], known: Orders) -> Option<(Option<Date>, Orders)> {
        numbers(&mut Cursor::new(text.as_bytes()), likely, known, &Clock::UNKNOWN)
    }

    #[test]
    fn a_date_of_numbers_is_read_in_the_likeliest_order_that_it_fits() {
        for (text, likely, expected) in [
            ("12-05-96", AMERICAN, Some(Some((1996, 12, 5)))),
            ("25-12-96", AMERICAN, Some(Some((1996, 12, 25)))),
            ("98-12-25", AMERICAN, Some(Some((1998, 12, 25)))),
            ("12/05/2096", AMERICAN, Some(Some((2096, 12, 5)))),
            ("2002-09-02", AMERICAN, Some(Some((2002, 9, 2)))),
            ("02.09.2002", AMERICAN, Some(Some((2002, 9, 2)))),
            ("02.13.2002", AMERICAN, IMPOSSIBLE),
            ("04-23-103", AMERICAN, Some(Some((2003, 4, 23)))),
            ("12-05-70", AMERICAN, Some(Some((1970, 12, 5)))),
            ("12-05-69", AMERICAN, Some(Some((2069, 12, 5)))),
            ("04/03/18", OF_THE_JOB, Some(Some((2004, 3, 18)))),
            ("31/03/18", OF_THE_JOB, Some(Some((2031, 3, 18)))),
            ("18/09/06", OF_THE_JOB, Some(Some((2018, 9, 6)))),
            ("18/09/31", OF_THE_JOB, Some(Some((2031, 9, 18)))),
            ("02/23/00", OF_THE_JOB, Some(Some((2000, 2, 23)))),
            ("02/29/01", AMERICAN, IMPOSSIBLE),
            ("12-05/96", AMERICAN, NONE),
            ("1-05-6", AMERICAN, NONE),
            ("12-05-", AMERICAN, NONE),
            ("00-00-00", AMERICAN, IMPOSSIBLE),
            ("12345-05-06", AMERICAN, NONE),
            ("44/33/58", OF_THE_JOB, IMPOSSIBLE),
            ("2001-13-09", AMERICAN, IMPOSSIBLE),
        ] {
            let date = read(text, likely, Orders::all()).map(|(date, _)| date);
            assert_eq!(date, expected, "{text}");
        }
    }

    #[test]
    fn what_one_date_rules_out_is_ruled_out_for_the_next() {
        let (_, known) = read("25/12/96", AMERICAN, Orders::all()).unwrap();
        assert_eq!(known, Orders::DAY_MONTH_YEAR);
        assert_eq!(read("03/04/96", AMERICAN, known), Some((Some((1996, 4, 3)), known)));
        assert_eq!(read("31/02/96", AMERICAN, known), Some((None, known)), "no day rules nothing out");
        // A listing that contradicts itself is read line by line.
        assert_eq!(read("12/25/96", AMERICAN, known), Some((Some((1996, 12, 25)), Orders::MONTH_DAY_YEAR)));
    }

    #[test]
    fn a_date_is_not_taken_to_be_ahead_of_the_clock() {
        // 2026-11-26 12:00 UTC.
        let clock = Clock::at(1_795_694_400);
        for (text, likely, expected) in [
            ("28/11/15", OF_THE_JOB, (2015, 11, 28)),
            ("26/11/27", OF_THE_JOB, (2026, 11, 27)),
            ("26/11/28", OF_THE_JOB, (2026, 11, 28)),
            ("34-08-14", AMERICAN, (1934, 8, 14)),
            ("12-31-69", AMERICAN, (1969, 12, 31)),
            ("12-31-27", AMERICAN, (2027, 12, 31)),
            ("12-31-28", AMERICAN, (1928, 12, 31)),
            ("12-11-2031", AMERICAN, (2031, 12, 11)),
        ] {
            let read = numbers(&mut Cursor::new(text.as_bytes()), likely, Orders::all(), &clock);
            assert_eq!(read.map(|(date, _)| date), Some(Some(expected)), "{text}");
        }
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
            ("17:03PM", Some((255, 3))),
            ("0:03AM", Some((255, 3))),
            ("25:03", None),
            ("17:60", None),
        ] {
            let read = time(&mut Cursor::new(text.as_bytes())).map(|time| (time.hour, time.minute));
            assert_eq!(read, expected, "{text}");
        }
    }
}
