//! What is inferred of a date is named, and nothing else is.

use ftp_proto::listing::{Clock, DateOrder, Format, Formats, Inferred, ListingParser};

/// 2024-11-10 12:00 UTC.
const NOW: i64 = 1_731_240_000;
const NOTHING: Inferred = Inferred::empty();
const ORDER: Inferred = Inferred::ORDER;
const CENTURY: Inferred = Inferred::CENTURY;

#[test]
fn a_date_of_ls_says_what_was_inferred_of_it() {
    use DateOrder::{DayMonthYear, MonthDayYear};
    #[rustfmt::skip]
    let table: &[(&str, Option<DateOrder>, &str, Inferred)] = &[
        // Only one of the numbers can be a month.
        ("24-04-2003", None, "2003-04-24", NOTHING),
        ("24-04-2003", Some(MonthDayYear), "2003-04-24", NOTHING),
        ("04-24-2003", None, "2003-04-24", NOTHING),
        ("04-24-2003", Some(DayMonthYear), "2003-04-24", NOTHING),
        ("13-12-2003", Some(MonthDayYear), "2003-12-13", NOTHING),
        ("12-13-2003", None, "2003-12-13", NOTHING),
        // Both can be one, and are the same or not.
        ("12-11-2003", None, "2003-11-12", ORDER),
        ("11-12-2003", None, "2003-12-11", ORDER),
        ("03-04-2003", Some(MonthDayYear), "2003-03-04", ORDER),
        ("03-04-2003", Some(DayMonthYear), "2003-04-03", ORDER),
        ("04-04-2003", Some(MonthDayYear), "2003-04-04", NOTHING),
        ("03-04-2003 17:12", None, "2003-04-03T17:12", ORDER),
        ("03-04-03 17:12", None, "2003-04-03T17:12", ORDER.union(CENTURY)),
        // A name leaves no doubt about the order.
        ("01-jun-2019", None, "2019-06-01", NOTHING),
        ("03-jun-2019", Some(MonthDayYear), "2019-06-03", NOTHING),
        ("01-jun-99", Some(MonthDayYear), "1999-06-01", CENTURY),
        ("01-jun-25", None, "2025-06-01", CENTURY),
        ("01-jun-26", None, "1926-06-01", CENTURY),
        ("01-jun-69", None, "1969-06-01", CENTURY),
        ("01-jun-2069", None, "2069-06-01", NOTHING),
    ];
    for &(date, order, modified, inferred) in table {
        let clock = order.map_or(Clock::at(NOW), |order| Clock::at(NOW).with_date_order(order));
        let line = format!("-rw-r--r--   1 owner group  1234 {date} name");
        let entry = Format::Unix.parse_line(line.as_bytes(), &clock).unwrap().unwrap();
        let read = entry.modified.unwrap();
        assert_eq!((read.to_string().as_str(), read.inferred()), (modified, inferred), "{date} {order:?}");
    }
}

/// The blanks and digits that belong to a name, and those that belong to the date before it.
#[test]
fn a_name_begins_behind_its_date_whatever_it_begins_with() {
    for (date, name, modified) in [
        ("09 Nov  2001", " x", "2001-11-09"),
        ("09 Nov 2001 ", " x", "2001-11-09"),
        ("2001 nov.  9", "123abc", "2001-11-09"),
        ("01-jun-99   ", "  x", "1999-06-01"),
        ("24-04-2003  ", "  x", "2003-04-24"),
        ("2001-11-09 20:06:07.5 +0059", "x", "2001-11-09T20:06:07.500000000+00:59"),
        ("2001-11-09 20:06:07.5 -0159", "x", "2001-11-09T20:06:07.500000000-01:59"),
        ("2001-11-09 20:06:07.5", "+0060", "2001-11-09T20:06:07.500000000"),
        ("2001-11-09 20:06:07.5", "+0160", "2001-11-09T20:06:07.500000000"),
        ("2001-11-09 20:06:07.5", "-0199", "2001-11-09T20:06:07.500000000"),
    ] {
        let line = format!("-rw-r--r--   1 owner group  1234 {date} {name}");
        let entry = Format::Unix.parse_line(line.as_bytes(), &Clock::at(NOW)).unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(entry.name.as_bytes()), name, "{line:?}");
        assert_eq!(entry.modified.unwrap().to_string(), modified, "{line:?}");
    }
}

#[test]
fn a_year_of_two_digits_is_named_in_every_format() {
    for (format, line, inferred) in [
        (Format::Guardian, "FILE1  101  528 12-Jan-14 14:21:18 255, 0 \"nnnn\"", CENTURY),
        (Format::Guardian, "FILE1  101  528 12-Jan-2014 14:21:18 255, 0 \"nnnn\"", NOTHING),
        (Format::Dos, "12-25-96  09:09PM       <DIR>          a", CENTURY),
        (Format::Dos, "12-25-1996  09:09PM       <DIR>          a", NOTHING),
    ] {
        let entry = format.parse_line(line.as_bytes(), &Clock::at(NOW)).unwrap().unwrap();
        assert_eq!(entry.modified.unwrap().inferred(), inferred, "{line}");
    }
}

/// Reads the dates of directories in a listing of DOS, with storage for so few bytes of lines that
/// are held back that the order has to be guessed early.
fn dates(dates: &[&str]) -> Vec<(String, Inferred)> {
    let mut parser = ListingParser::new([0; 100], Formats::DOS, Clock::at(NOW));
    let mut read = Vec::new();
    for date in dates {
        let line = format!("{date}  09:09PM       <DIR>          a\r\n");
        let mut input = line.as_bytes();
        while let Some(entry) = parser.next(&mut input) {
            let modified = entry.unwrap().modified.unwrap();
            read.push((modified.to_string(), modified.inferred()));
        }
    }
    while let Some(entry) = parser.finish() {
        let modified = entry.unwrap().modified.unwrap();
        read.push((modified.to_string(), modified.inferred()));
    }
    let day = |(date, inferred): (String, Inferred)| (date.split('T').next().unwrap().to_owned(), inferred);
    read.into_iter().map(day).collect()
}

#[test]
fn the_order_that_a_listing_of_dos_has_shown_applies_to_its_later_dates() {
    let check = |listing: &[&str], expected: &[(&str, Inferred)]| {
        let expected: Vec<_> = expected.iter().map(|(date, it)| ((*date).to_owned(), *it)).collect();
        assert_eq!(dates(listing), expected, "{listing:?}");
    };
    check(&["12-25-96", "03-04-96"], &[("1996-12-25", CENTURY), ("1996-03-04", CENTURY)]);
    check(&["25-12-96", "03-04-96"], &[("1996-12-25", CENTURY), ("1996-04-03", CENTURY)]);
    check(&["96-12-25", "03-04-05"], &[("1996-12-25", CENTURY), ("2003-04-05", CENTURY)]);
    // A date that is ahead by less than a year contradicts nothing that a number has shown.
    check(&["12/25/1996", "12/09/2024"], &[("1996-12-25", NOTHING), ("2024-12-09", NOTHING)]);
    check(&["25/12/1996", "09/12/2024"], &[("1996-12-25", NOTHING), ("2024-12-09", NOTHING)]);
    // What was guessed once stays a guess.
    let guessed = ("2020-03-04", ORDER | CENTURY);
    check(&["03-04-20"; 8], &[guessed; 8]);
}
