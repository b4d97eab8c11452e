use super::*;
use proptest::prelude::*;
use std::string::ToString;
use std::vec::Vec;

fn encoded(time: Timestamp) -> Vec<u8> {
    let mut out = arrayvec::ArrayVec::<u8, 32>::new();
    time.encode(&mut out).unwrap();
    out.to_vec()
}

#[test]
fn what_is_parsed_encodes_to_the_same_digits() {
    // text, printed, seconds since 1970, nanoseconds
    let table: &[(&[u8], &str, i64, u32)] = &[
        (b"19700101000000", "1970-01-01T00:00:00Z", 0, 0),
        (b"20020717210715", "2002-07-17T21:07:15Z", 1_026_940_035, 0),
        (b"19990929003355.237", "1999-09-29T00:33:55.237Z", 938_565_235, 237_000_000),
        (b"19980615100045.014", "1998-06-15T10:00:45.014Z", 897_904_845, 14_000_000),
        (b"20240229235959.000000001", "2024-02-29T23:59:59.000000001Z", 1_709_251_199, 1),
        (b"20000101000000.500", "2000-01-01T00:00:00.500Z", 946_684_800, 500_000_000),
        (b"20161231235960", "2016-12-31T23:59:60Z", 1_483_228_800, 0),
        (b"19691231235959", "1969-12-31T23:59:59Z", -1, 0),
        (b"00010101000000", "0001-01-01T00:00:00Z", -62_135_596_800, 0),
        (b"99991231235959", "9999-12-31T23:59:59Z", 253_402_300_799, 0),
        (b"20380119031408", "2038-01-19T03:14:08Z", 2_147_483_648, 0),
    ];
    for &(text, printed, seconds, nanos) in table {
        let time = Timestamp::parse(text).unwrap();
        assert_eq!(time.to_string(), printed);
        assert_eq!(time.to_unix(), (seconds, nanos), "{printed}");
        assert_eq!(encoded(time), text, "{printed}");
        if time.second() < 60 {
            assert_eq!(Timestamp::from_unix(seconds, nanos).unwrap().to_unix(), (seconds, nanos));
        }
    }
}

#[test]
fn a_count_of_years_since_1900_after_19_is_a_year() {
    for (text, canonical) in [
        (&b"191000101123000"[..], &b"20000101123000"[..]),
        (b"191240229010203", b"20240229010203"),
        (b"191000101123000.25", b"20000101123000.25"),
    ] {
        assert_eq!(encoded(Timestamp::parse(text).unwrap()), canonical);
    }
    assert_eq!(Timestamp::parse(b"19100101123000").unwrap().year(), 1910, "fourteen digits are plain");
}

#[test]
fn digits_after_the_ninth_of_a_fraction_are_dropped() {
    let time = Timestamp::parse(b"20240101000000.1234567899999").unwrap();
    assert_eq!((time.nanosecond(), time.fraction_digits()), (123_456_789, 9));
}

#[test]
fn a_time_that_does_not_exist_is_refused() {
    for bad in [
        &b""[..],
        b"2024",
        b"2024010100000",
        b"202401010000000",
        b"190990101123000",
        b"20240101000000.",
        b"20240101000000.5x",
        b"20240101000000,5",
        b" 20240101000000",
        b"20240101000000 ",
        b"20240101000000Z",
        b"+2240101000000",
        b"00000101000000",
        b"20240001000000",
        b"20241301000000",
        b"20240100000000",
        b"20240132000000",
        b"20240431000000",
        b"20230229000000",
        b"19000229000000",
        b"21000229000000",
        b"20240101240000",
        b"20240101006000",
        b"20240101000061",
        b"Mon Jan  1 00:00:00 2024",
        b"Jan 1 2024",
        b"2024-01-01T00:00:00",
        b"\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7",
    ] {
        assert!(Timestamp::parse(bad).is_err(), "{}", bad.escape_ascii());
    }
    assert!(Timestamp::parse(b"20000229000000").is_ok());
}

#[test]
fn fractions_are_cut_to_the_digits_asked_for() {
    let second = Timestamp::new(2024, 1, 1, 0, 0, 0).unwrap();
    assert_eq!(encoded(second.with_fraction(987_654_321, 3).unwrap()), b"20240101000000.987");
    assert_eq!(encoded(second.with_fraction(987_654_321, 0).unwrap()), b"20240101000000");
    assert_eq!(encoded(second.with_fraction(0, 2).unwrap()), b"20240101000000.00");
    assert!(second.with_fraction(NANOS_PER_SECOND, 9).is_err());
    assert!(second.with_fraction(0, 10).is_err());
    assert_eq!(Timestamp::from_unix(0, 250_000_000).unwrap().fraction_digits(), 2);
}

#[test]
fn instants_without_a_year_to_name_are_refused() {
    for seconds in [i64::MIN, i64::MIN + 1, -62_135_596_801, 253_402_300_800, i64::MAX] {
        assert_eq!(Timestamp::from_unix(seconds, 0), Err(RANGE), "{seconds}");
    }
    assert!(Timestamp::from_unix(0, NANOS_PER_SECOND).is_err());
}

#[test]
fn every_day_from_the_first_to_the_last_follows_the_one_before() {
    // Counts the calendar by hand, one day at a time, as a check of the arithmetic.
    let (mut year, mut month, mut day) = (1u16, 1u8, 1u8);
    let mut days = -UNIX_EPOCH;
    while year <= 9999 {
        let time = Timestamp::new(year, month, day, 12, 0, 0).unwrap();
        let seconds = days * SECONDS_PER_DAY + 43_200;
        assert_eq!(time.to_unix().0, seconds);
        assert_eq!(Timestamp::from_unix(seconds, 0).unwrap(), time);
        days += 1;
        day += 1;
        if !is_date(year, month, day) {
            (month, day) = (month + 1, 1);
        }
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
}

#[test]
fn a_timestamp_is_small() {
    assert_eq!(size_of::<Timestamp>(), 12);
}

/// Parses a time-val one number at a time.
fn read_slowly(text: &str) -> Option<Timestamp> {
    let whole = text.find('.').unwrap_or(text.len());
    let (digits, fraction) = text.split_at(whole);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match digits.len() {
        14 => (digits[..4].parse().unwrap(), &digits[4..]),
        15 if digits.starts_with("19") && &digits[2..3] != "0" => {
            (1900 + digits[2..5].parse::<u16>().unwrap(), &digits[5..])
        }
        _ => return None,
    };
    let two = |at: usize| rest[at..at + 2].parse::<u8>().unwrap();
    let time = Timestamp::new(year, two(0), two(2), two(4), two(6), two(8)).ok()?;
    let Some(fraction) = fraction.strip_prefix('.') else { return Some(time) };
    let all_digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let kept = &fraction[..fraction.len().min(9)];
    all_digits
        .then(|| time.with_fraction(std::format!("{kept:0<9}").parse().unwrap(), kept.len() as u8).unwrap())
}

proptest! {
    #[test]
    fn a_time_is_read_as_number_by_number(
        text in "(19[0-9]{3}|[0-9]{4}|20[0-2][0-9])(0[0-9]|1[0-3])[0-3][0-9][0-2][0-9][0-6][0-9][0-6][0-9](|\\.[0-9]{0,11})",
        other in prop::option::of((any::<prop::sample::Index>(), "[/:a-]")),
    ) {
        prop_assert_eq!(Timestamp::parse(text.as_bytes()).ok(), read_slowly(&text));
        if let Some((at, other)) = other {
            let at = at.index(text.len());
            let text = std::format!("{}{other}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(Timestamp::parse(text.as_bytes()).ok(), read_slowly(&text));
        }
    }

    #[test]
    fn instants_survive_the_calendar_and_the_text(
        seconds in -62_135_596_800i64..253_402_300_800,
        nanos in 0u32..NANOS_PER_SECOND,
        digits in 0u8..=9,
    ) {
        let time = Timestamp::from_unix(seconds, nanos).unwrap();
        prop_assert_eq!(time.to_unix(), (seconds, nanos));
        let cut = time.with_fraction(nanos, digits).unwrap();
        prop_assert_eq!(Timestamp::parse(&encoded(cut)), Ok(cut));
    }

    #[test]
    fn later_is_greater(a in -62_135_596_800i64..253_402_300_800, b in -62_135_596_800i64..253_402_300_800) {
        let time = |s| Timestamp::from_unix(s, 0).unwrap();
        prop_assert_eq!(time(a).cmp(&time(b)), a.cmp(&b));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40), digits in "[0-9.]{0,30}") {
        let _ = Timestamp::parse(&bytes);
        if let Ok(time) = Timestamp::parse(digits.as_bytes()) {
            prop_assert_eq!(Timestamp::parse(&encoded(time)), Ok(time));
        }
    }
}
