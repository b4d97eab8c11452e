//! Dates that consist of numbers with marks between them, as DOS and its descendants write them,
//! and the times that accompany such dates.
//!
//! ```text
//! numbers = 1*4DIGIT mark 1*4DIGIT mark 1*4DIGIT     ; the same mark twice: "-", "/" or "."
//! named   = 1*2DIGIT "-" month "-" year              ; 2-JUN-1998, 12-Jan-14
//! year    = 2DIGIT / 3DIGIT / 4DIGIT     ; 96, 104 for 2004, 1996; never 3 digits after a name
//! ```
//! The order of year, month and day depends on the country, and no header states it. A number that
//! cannot be a month or a day decides first; then the clock, since few files are from the future;
//! then the caller; and finally the usual order of the format. [`Known`] holds what the lines of a
//! listing have shown.

use super::cursor::Cursor;
use super::date::{Date, Numbers, Time};
use super::{Clock, DateOrder, Inferred, months};
use crate::codec::Timestamp;

bitflags::bitflags! {
    /// Possible orders of the numbers of a date.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Orders: u8 {
        const YEAR_MONTH_DAY = 1;
        const MONTH_DAY_YEAR = 1 << 1;
        const DAY_MONTH_YEAR = 1 << 2;
    }
}

impl Orders {
    const fn is_single(self) -> bool {
        self.bits().is_power_of_two()
    }
}

impl From<DateOrder> for Orders {
    fn from(order: DateOrder) -> Self {
        match order {
            DateOrder::YearMonthDay => Self::YEAR_MONTH_DAY,
            DateOrder::MonthDayYear => Self::MONTH_DAY_YEAR,
            DateOrder::DayMonthYear => Self::DAY_MONTH_YEAR,
        }
    }
}

/// Orders, the likeliest first.
type Likely = [Orders; 3];

/// Orders in formats of American origin, and of dates with a `/` in any format.
pub(super) const AMERICAN: Likely = [Orders::MONTH_DAY_YEAR, Orders::DAY_MONTH_YEAR, Orders::YEAR_MONTH_DAY];
/// Orders in formats that use the date format of the server's job.
pub(super) const OF_THE_JOB: Likely =
    [Orders::YEAR_MONTH_DAY, Orders::MONTH_DAY_YEAR, Orders::DAY_MONTH_YEAR];
/// Orders of dates with a `.`, in which nobody writes the month first.
const WITH_DOTS: Likely = [Orders::DAY_MONTH_YEAR, Orders::YEAR_MONTH_DAY, Orders::empty()];

/// Order of the numbers in a listing's dates, as far as the dates so far show it.
///
/// The order stays open until a number settles it, or until no more lines can be held back;
/// meanwhile each date only rules out orders. From then on, dates are read in a single order, until
/// one does not fit that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Orders that fit every date so far, by how near to the clock ([`Age`]) they may put the
    /// dates.
    left: [Orders; 3],
    /// Orders in which dates may be read, of which the likeliest is chosen.
    taken: Orders,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No date that consists of numbers has been read.
    New,
    Open,
    /// Something decided the order.
    Told,
    /// Nothing decided the order.
    Guessed,
}

/// Distance from the clock at which an order puts a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Past,
    /// Ahead, but by no more than clocks may differ, which is a year.
    Near,
    /// Further ahead, or in the century that two digits do not usually mean.
    Far,
}

const AGES: [Age; 3] = [Age::Past, Age::Near, Age::Far];

impl Known {
    pub(super) const NEW: Self = Self { left: [Orders::all(); 3], taken: Orders::all(), state: State::New };

    /// Returns whether further dates may still settle the earlier ones.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Returns whether it is settled that the month comes first.
    pub(super) fn is_american(&self) -> bool {
        self.state == State::Told && self.taken == Orders::MONTH_DAY_YEAR
    }

    /// Stops waiting for more dates. The clock decides, if it can.
    pub(super) fn close(&mut self) {
        if self.is_open() {
            self.taken = self.candidates();
            self.state = if self.taken.is_single() { State::Told } else { State::Guessed };
        }
    }

    /// Returns the orders that put all dates so far as near to the clock as possible.
    fn candidates(&self) -> Orders {
        self.left.into_iter().find(|orders| !orders.is_empty()).unwrap_or(Orders::all())
    }

    /// Chooses the order of a date that can be read in the orders of `fits`, by [`Age`]. Returns
    /// the order, its certainty, and what is known afterwards.
    fn choose(mut self, fits: [Orders; 3], preferred: impl Fn(Orders) -> Orders) -> (Orders, Inferred, Self) {
        let [.., any] = fits;
        let nearest = |among: Orders| {
            AGES.iter()
                .zip(fits)
                .find(|(_, orders)| orders.intersects(among))
                .map(|(age, orders)| (*age, orders & among))
        };
        let best = nearest(any).map_or(Age::Far, |(age, _)| age);
        let fresh = |inferred| {
            // Such a date decides by itself.
            let orders = nearest(any).map_or(any, |(_, orders)| orders);
            let taken = preferred(orders);
            match orders.is_single() {
                true => (taken, inferred, Self { taken, state: State::Told, ..self }),
                false => (taken, inferred | Inferred::ORDER, Self { taken, state: State::Guessed, ..self }),
            }
        };
        match self.state {
            State::New | State::Open => {
                let [.., left] = self.left;
                if !left.intersects(any) {
                    return fresh(Inferred::CONTRADICTED);
                }
                for (left, fits) in self.left.iter_mut().zip(fits) {
                    *left &= fits;
                }
                let candidates = self.candidates();
                let order = preferred(candidates);
                let [.., left] = self.left;
                if left.is_single() {
                    (self.taken, self.state) = (left, State::Told);
                    return (left, Inferred::empty(), self);
                }
                self.state = State::Open;
                let inferred = if candidates.is_single() { Inferred::empty() } else { Inferred::ORDER };
                (order, inferred, self)
            }
            State::Told | State::Guessed => {
                let told = self.state == State::Told;
                match nearest(self.taken) {
                    // A date ahead of the clock is evidence against a guess; one that is far from
                    // the clock is evidence against anything.
                    Some((age, orders)) if age == best || told && age < Age::Far => {
                        let order = preferred(orders);
                        if !told {
                            self.taken = order;
                            self.state = if any == order { State::Told } else { State::Guessed };
                        }
                        let guessed = self.state == State::Guessed;
                        (order, if guessed { Inferred::ORDER } else { Inferred::empty() }, self)
                    }
                    _ => fresh(Inferred::CONTRADICTED),
                }
            }
        }
    }
}

/// Parses a date at the cursor. Returns the date, and what is known afterwards, which the caller
/// keeps only if the line turns out to be an entry. An inner `None` stands for a date that does not
/// exist in any order. `likely` applies to marks other than `/` and `.`.
pub(super) fn numbers(
    cursor: &mut Cursor<'_>,
    likely: Likely,
    known: Known,
    clock: &Clock,
) -> Option<(Option<Numbers>, Known)> {
    let first = part(cursor)?;
    let mark = cursor.peek().filter(|mark| matches!(mark, b'-' | b'/' | b'.'))?;
    cursor.eat(mark)?;
    let second = part(cursor)?;
    cursor.eat(mark)?;
    let third = part(cursor)?;

    let likely = match mark {
        b'.' => WITH_DOTS,
        b'/' => AMERICAN,
        _ => likely,
    };
    let read = |order: Orders| {
        let (year, month, day) = match order {
            Orders::YEAR_MONTH_DAY => (first, second, third),
            Orders::MONTH_DAY_YEAR => (third, first, second),
            Orders::DAY_MONTH_YEAR => (third, second, first),
            _ => return None,
        };
        let this = date(year, month, day, Century::This);
        match this {
            Some(date) if !clock.is_ahead(date) => Some((Age::Past, date)),
            Some(date) if clock.latest_year().is_none_or(|latest| date.0 <= latest) => {
                Some((Age::Near, date))
            }
            // 29 February may exist in only one of the two centuries.
            _ => date(year, month, day, Century::Last).map(|date| (Age::Far, date)),
        }
    };
    let readings = likely.map(|order| (order, read(order)));
    let fits = AGES.map(|most| {
        let fitting = readings.iter().filter(|(_, reading)| reading.is_some_and(|(age, _)| age <= most));
        fitting.map(|(order, _)| *order).collect::<Orders>()
    });
    let [.., any] = fits;
    if any.is_empty() {
        // The date must still have a day and a month of up to two digits, and a year at one end.
        let shape = [first.1, second.1, third.1];
        return matches!(shape, [1..=2, 1..=2, 2..=4] | [4, 1..=2, 1..=2]).then_some((None, known));
    }
    let asked = clock.order.map_or(Orders::empty(), Orders::from);
    let preferred = |among: Orders| {
        let likeliest = || likely.into_iter().find(|order| among.intersects(*order));
        if among.intersects(asked) { asked } else { likeliest().unwrap_or(among) }
    };
    let (order, mut inferred, known) = known.choose(fits, preferred);
    let date_in = |order: Orders| {
        let (_, reading) = readings.iter().find(|(it, _)| *it == order)?;
        reading.map(|(_, date)| date)
    };
    let date = date_in(order)?;
    // 5 May is the same date in either order.
    if any.iter().all(|order| date_in(order) == Some(date)) {
        inferred.remove(Inferred::ORDER);
    }
    let year = if order == Orders::YEAR_MONTH_DAY { first } else { third };
    inferred.set(Inferred::CENTURY, year.1 == 2);
    Some((Some(Numbers { date, inferred }), known))
}

/// The century to which two digits below 70 belong.
#[derive(Clone, Copy)]
enum Century {
    This,
    Last,
}

/// Parses a number and counts its digits.
fn part(cursor: &mut Cursor<'_>) -> Option<(u16, usize)> {
    let before = cursor.rest.len();
    let value = u16::try_from(cursor.digits(1, 4)?).ok()?;
    Some((value, before - cursor.rest.len()))
}

/// Makes a date of three numbers with their counts of digits, if there is such a day.
fn date(year: (u16, usize), month: (u16, usize), day: (u16, usize), century: Century) -> Option<Date> {
    let small = |(value, digits): (u16, usize)| u8::try_from(value).ok().filter(|_| digits <= 2);
    let date = (in_century(year.0, year.1, century)?, small(month)?, small(day)?);
    Timestamp::new(date.0, date.1, date.2, 0, 0, 0).ok().map(|_| date)
}

/// Returns the year that was written with `digits` digits. Two digits below 70 mean this century,
/// unless that year would be later than next year by the clock.
#[inline]
pub(super) fn full_year(year: u16, digits: usize, clock: &Clock) -> Option<u16> {
    let this = in_century(year, digits, Century::This)?;
    let near = digits != 2 || clock.latest_year().is_none_or(|latest| this <= latest);
    if near { Some(this) } else { in_century(year, digits, Century::Last) }
}

/// Returns the year of two digits, unless that would be far ahead of the clock, since another
/// reading may then be better.
#[inline]
pub(super) fn near_year(digits: u8, clock: &Clock) -> Option<u16> {
    in_century(u16::from(digits), 2, Century::This)
        .filter(|year| clock.latest_year().is_none_or(|latest| *year <= latest))
}

const fn in_century(year: u16, digits: usize, century: Century) -> Option<u16> {
    match (digits, year, century) {
        (2, ..70, Century::This) => Some(2000 + year),
        // Three digits are the `tm_year` of a C library, printed unchanged.
        (2 | 3, ..) => Some(1900 + year),
        (4, ..) => Some(year),
        _ => None,
    }
}

/// Parses `2-JUN-1998` at the cursor. The day need not exist, and an unknown month of three letters
/// is 0.
pub(super) fn named(cursor: &mut Cursor<'_>, clock: &Clock) -> Option<Numbers> {
    let day = cursor.small(1)?;
    cursor.eat(b'-')?;
    let name = cursor.until(b'-')?;
    let unknown = || (name.len() == 3 && name.iter().all(u8::is_ascii_alphabetic)).then_some(0);
    let month = months::number(name).or_else(unknown)?;
    cursor.eat(b'-')?;
    let (year, digits) = part(cursor).filter(|(_, digits)| matches!(digits, 2 | 4))?;
    let inferred = if digits == 2 { Inferred::CENTURY } else { Inferred::empty() };
    Some(Numbers { date: (full_year(year, digits, clock)?, month, day), inferred })
}

/// Parses `17:03`, `05:03PM`, `5:03 pm` or `5:03p` at the cursor.
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
        // A 12-hour clock has no such hour, so return one that no day has.
        _ => u8::MAX,
    };
    Some(Time { hour, ..time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const NONE: Option<Option<Date>> = None;
    const IMPOSSIBLE: Option<Option<Date>> = Some(None);

    type Read = Option<(Option<Date>, Known)>;

    fn read(text: &str, likely: Likely, known: Known, clock: &Clock) -> Read {
        let (numbers, known) = numbers(&mut Cursor::new(text.as_bytes()), likely, known, clock)?;
        Some((numbers.map(|it| it.date), known))
    }

    /// Returns a clock that shows 2026-11-26 12:00 UTC.
    fn clock() -> Clock {
        Clock::at(1_795_694_400)
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
            ("04-03-18", OF_THE_JOB, Some(Some((2004, 3, 18)))),
            ("04/03/18", OF_THE_JOB, Some(Some((2018, 4, 3)))),
            ("31/03/18", OF_THE_JOB, Some(Some((2018, 3, 31)))),
            ("18-09-06", OF_THE_JOB, Some(Some((2018, 9, 6)))),
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
            let date = read(text, likely, Known::NEW, &Clock::UNKNOWN).map(|(date, _)| date);
            assert_eq!(date, expected, "{text}");
        }
    }

    /// Returns the dates of a listing, each with its certainty, after waiting for the end of the
    /// listing.
    fn listing(texts: &[&str], clock: &Clock) -> Vec<(Date, Inferred)> {
        let mut known = Known::NEW;
        for text in texts {
            known = read(text, AMERICAN, known, clock).unwrap().1;
            if !known.is_open() {
                break;
            }
        }
        known.close();
        let mut dates = Vec::new();
        for text in texts {
            let (date, after) = numbers(&mut Cursor::new(text.as_bytes()), AMERICAN, known, clock).unwrap();
            known = after;
            let date = date.unwrap();
            dates.push((date.date, date.inferred.difference(Inferred::CENTURY)));
        }
        dates
    }

    /// Dates of a listing, the caller's clock, and the expected readings.
    type Row<'a> = (&'a [&'a str], Clock, &'a [(Date, Inferred)]);

    #[test]
    fn the_order_is_told_by_a_number_then_by_the_clock_then_by_the_caller_and_then_by_custom() {
        let told = Inferred::empty();
        let (guess, contradicts) = (Inferred::ORDER, Inferred::CONTRADICTED);
        let german = clock().with_date_order(DateOrder::DayMonthYear);
        #[rustfmt::skip]
        let table: [Row<'_>; 13] = [
            // A number decides, wherever it is.
            (&["03/04/96", "25/12/96"], clock(), &[((1996, 4, 3), told), ((1996, 12, 25), told)]),
            (&["03/04/96", "12/25/96"], german, &[((1996, 3, 4), told), ((1996, 12, 25), told)]),
            // A number outweighs the clock, although one file is then from the future.
            (&["12/01/2026", "25/11/2026"], clock(), &[((2026, 1, 12), told), ((2026, 11, 25), told)]),
            (&["05/11/2026", "12/25/2026"], clock(), &[((2026, 5, 11), told), ((2026, 12, 25), told)]),
            // The clock decides, and outweighs the caller.
            (&["03/04/2026", "12/11/2026"], clock(), &[((2026, 4, 3), told), ((2026, 11, 12), told)]),
            (&["03/04/2026", "11/12/2026"], german, &[((2026, 3, 4), told), ((2026, 11, 12), told)]),
            // The caller decides, then custom.
            (&["03/04/2020"], german, &[((2020, 4, 3), guess)]),
            (&["03/04/2020"], clock(), &[((2020, 3, 4), guess)]),
            (&["04/04/2020"], clock(), &[((2020, 4, 4), told)]),
            // A contradiction changes the order.
            (&["12/25/96", "25/12/96", "03/04/96"], clock(), &[((1996, 12, 25), told), ((1996, 12, 25), contradicts), ((1996, 4, 3), told)]),
            (&["2020/03/04", "03/04/2020", "03/04/2020"], clock(), &[((2020, 3, 4), told), ((2020, 3, 4), guess | contradicts), ((2020, 3, 4), guess)]),
            // A date that would be far ahead is a contradiction too.
            (&["98/12/25", "28/11/15"], clock(), &[((1998, 12, 25), told), ((2015, 11, 28), contradicts)]),
            // A year of four digits leaves two orders.
            (&["03.04.2020", "25.12.2020"], clock(), &[((2020, 4, 3), told), ((2020, 12, 25), told)]),
        ];
        for (texts, clock, expected) in table {
            assert_eq!(listing(texts, &clock), expected, "{texts:?}");
        }
    }

    #[test]
    fn a_guess_is_kept_to_until_a_date_contradicts_it_and_then_given_up() {
        let mut known = read("03/04/2020", AMERICAN, Known::NEW, &clock()).unwrap().1;
        known.close();
        let mut shown = |text: &str| {
            let (date, after) =
                numbers(&mut Cursor::new(text.as_bytes()), AMERICAN, known, &clock()).unwrap();
            known = after;
            let date = date.unwrap();
            (date.date, date.inferred)
        };
        assert_eq!(shown("03/04/2020"), ((2020, 3, 4), Inferred::ORDER));
        assert_eq!(shown("25/12/2020"), ((2020, 12, 25), Inferred::CONTRADICTED));
        assert_eq!(shown("03/04/2020"), ((2020, 4, 3), Inferred::empty()));
        assert_eq!(shown("12/25/2020"), ((2020, 12, 25), Inferred::CONTRADICTED));
    }

    #[test]
    fn a_date_is_not_taken_to_be_ahead_of_the_clock() {
        for (text, likely, expected) in [
            ("28/11/15", OF_THE_JOB, (2015, 11, 28)),
            ("26-11-27", OF_THE_JOB, (2026, 11, 27)),
            ("26-11-28", OF_THE_JOB, (2026, 11, 28)),
            ("34-08-14", AMERICAN, (1934, 8, 14)),
            ("12-31-69", AMERICAN, (1969, 12, 31)),
            ("12-31-27", AMERICAN, (2027, 12, 31)),
            ("12-31-28", AMERICAN, (1928, 12, 31)),
            ("12-11-2031", AMERICAN, (2031, 12, 11)),
        ] {
            let read = read(text, likely, Known::NEW, &clock());
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
