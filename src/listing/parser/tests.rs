use super::*;
use crate::codec::Escaped;
use crate::listing::{Format, Reason};
use proptest::prelude::*;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

fn clock() -> Clock {
    Clock::at(1_731_240_000)
}

/// Returns the results for `listing`, fed in the pieces that `cuts` makes of it.
fn fed(listing: &[u8], formats: Formats, room: usize, cuts: impl IntoIterator<Item = usize>) -> Vec<String> {
    let mut parser = ListingParser::new(vec![0; room], formats, clock());
    let show = |line: Result<Entry<'_>, BadLine<'_>>| match line {
        Ok(entry) => format!("{entry:?}"),
        Err(bad) => format!("{bad:?}"),
    };
    let mut seen = Vec::new();
    let mut rest = listing;
    for cut in cuts.into_iter().chain([listing.len()]) {
        let (mut piece, after) = rest.split_at(cut.min(rest.len()));
        rest = after;
        while let Some(line) = parser.next(&mut piece) {
            seen.push(show(line));
        }
        assert!(piece.is_empty(), "all of the input is taken");
    }
    while let Some(line) = parser.finish() {
        seen.push(show(line));
    }
    assert!(!parser.is_within_line());
    seen
}

fn names(listing: &[u8], formats: Formats, room: usize) -> Vec<String> {
    let mut parser = ListingParser::new(vec![0; room], formats, clock());
    let name = |line: Result<Entry<'_>, BadLine<'_>>| match line {
        Ok(entry) => entry.name.to_string(),
        Err(BadLine { reason: Reason::TooLong, raw }) => format!("too long: {}", Escaped(raw)),
        Err(BadLine { raw, .. }) => format!("bad: {}", Escaped(raw)),
    };
    let mut input = listing;
    let mut seen = Vec::new();
    while let Some(line) = parser.next(&mut input) {
        seen.push(name(line));
    }
    while let Some(line) = parser.finish() {
        seen.push(name(line));
    }
    seen
}

const MIXED: &[u8] = b"total 12\r\n\
    drwxr-xr-x   2 root  wheel  4096 Nov  9 20:06 one\r\n\
    \r\n\
    lrwxrwxrwx   1 root  wheel     4 Nov  9  2001 two three -> /f\xff\n\
    complaint of some kind\n\
    type=file;size=5; four\r\n\
    -rw-r--r--   1 root  wheel  4096 Nov  9 20:06 fi\0ve\r\n\
    -rw-r--r--   1 root  wheel  4096 Nov  9 20:06 a name that is too long for its line, by far\r\n\
    -rw-r--r--   1 root  wheel  4096 Nov  9 20:06 six";

#[test]
fn a_listing_gives_its_entries_and_says_which_lines_are_none() {
    assert_eq!(
        names(MIXED, Formats::LIST, 80),
        [
            "one",
            "two three",
            "bad: complaint of some kind",
            "four",
            "bad: -rw-r--r--   1 root  wheel  4096 Nov  9 20:06 fi\\u{0}ve",
            "too long: -rw-r--r--   1 root  wheel  4096 Nov  9 20:06 a name that is too long for its li",
            "six",
        ]
    );
}

#[test]
fn every_split_of_a_listing_gives_the_same_entries() {
    let whole = fed(MIXED, Formats::LIST, 80, []);
    assert_eq!(fed(MIXED, Formats::LIST, 80, vec![1; MIXED.len()]), whole, "byte by byte");
    for first in 0..=MIXED.len() {
        assert_eq!(fed(MIXED, Formats::LIST, 80, [first]), whole, "at {first}");
    }
    for size in 2..90 {
        assert_eq!(fed(MIXED, Formats::LIST, 80, vec![size; MIXED.len()]), whole, "by {size}");
    }
}

#[test]
fn a_line_may_be_as_long_as_the_storage_and_no_longer() {
    for (listing, expected) in [
        (&b"1234\n5\n"[..], &["1234", "5"][..]),
        (b"123\r\n5\n", &["123", "5"]),
        (b"1234\r\n5\n", &["too long: 1234", "5"]),
        (b"12345\n5\n", &["too long: 1234", "5"]),
        (b"1234567890\n5", &["too long: 1234", "5"]),
        (b"1234567890", &["too long: 1234"]),
        (b"1234", &["1234"]),
        (b"", &[]),
        (b"\n\n", &[]),
        (b" \n", &[" "]),
    ] {
        // A line that is too long is shown as the storage holds it, even if that ends with a CR.
        assert_eq!(names(listing, Formats::NLST, 4), expected, "{}", listing.escape_ascii());
    }
    assert_eq!(names(b"a\n\nb", Formats::NLST, 0), ["too long: ", "too long: "]);
}

#[test]
fn a_listing_settles_on_the_format_that_its_lines_have() {
    let (mut order, mut context) = (Order::NEW, Context::new(clock()));
    let mut fits = |order: &mut Order, formats, line: &[u8]| {
        matches!(order.judge_seldom(formats, &mut context, line), Verdict::Shown(Ok(_)))
    };
    let dos = b"12-05-96  05:03PM       <DIR>          name";
    assert_eq!(order.rows[0].0, Format::Unix);
    assert!(!fits(&mut order, Formats::LIST, b"neither"));
    assert_eq!(order.rows[0], (Format::Unix, 0), "a broken line settles nothing");
    assert!(fits(&mut order, Formats::LIST, dos));
    assert_eq!(
        (order.rows[0].0, order.rows.iter().find(|row| row.0 == Format::Unix)),
        (Format::Dos, Some(&(Format::Unix, 1)))
    );
    assert!(fits(&mut order, Formats::LIST, b"type=file; x"));
    assert!(!fits(&mut order, Formats::empty(), dos));
}

#[test]
fn an_entry_on_two_lines_is_one_and_half_an_entry_is_none() {
    let name = "A_RATHER_LONG_NAME.TXT;1";
    let columns = "      9/9  2-JUN-1998 07:32:04";
    let (two, after) = (format!("{name}\r\n{columns}\r\n"), "B.C;2   1/3\r\n");
    let bad = format!("bad: {name}");
    for (listing, expected) in [
        (format!("{two}{after}"), &[name, "B.C;2"][..]),
        (format!("{two}{}", after.trim_end()), &[name, "B.C;2"]),
        (two.trim_end().into(), &[name]),
        (format!("{name}\r\n{after}"), &[&bad, "B.C;2"]),
        (format!("{name}\r\n{}", after.trim_end()), &[&bad, "B.C;2"]),
        (format!("{name}\r\n\r\n{after}"), &[&bad, "B.C;2"]),
        (format!("{name}\r\n{two}"), &[&bad, name]),
        (format!("{name}\r\n{name}\r\n{name}"), &[&bad, &bad, &bad]),
        (name.into(), &[&bad]),
        (format!("{name}\r\n"), &[&bad]),
    ] {
        assert_eq!(names(listing.as_bytes(), Formats::LIST, 80), expected, "{listing:?}");
        for size in 1..60 {
            let cuts = vec![size; listing.len()];
            let whole = fed(listing.as_bytes(), Formats::LIST, 80, []);
            assert_eq!(fed(listing.as_bytes(), Formats::LIST, 80, cuts), whole, "{listing:?}");
        }
    }
    // Two lines that do not fit together are not an entry.
    for room in [40, 25] {
        assert_eq!(names(two.as_bytes(), Formats::LIST, room)[0], bad);
        assert_eq!(
            fed(two.as_bytes(), Formats::LIST, room, vec![1; two.len()]),
            fed(two.as_bytes(), Formats::LIST, room, [])
        );
    }
}

#[test]
fn a_space_in_front_makes_a_name_in_mlsd_alone() {
    assert_eq!(names(b" x", Formats::MLSD, 80), ["x"]);
    assert_eq!(names(b" x", Formats::LIST, 80), ["bad:  x"]);
}

#[test]
fn a_bad_line_prints_without_harm() {
    let mut parser = ListingParser::new([0; 100], Formats::LIST, Clock::UNKNOWN);
    let mut input = &b"\x1b[2J\n"[..];
    let text = parser.next(&mut input).unwrap().unwrap_err().to_string();
    assert!(text.contains("\\u{1b}[2J"), "{text}");
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    // Random bytes, and listings with some bytes changed.
    let mangled = proptest::collection::vec((0..MIXED.len(), any::<u8>()), 0..8).prop_map(|changes| {
        let mut bytes = MIXED.to_vec();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        bytes
    });
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        mangled,
        "[-drwx 0-9:,.>Nov\n\r;=]{0,200}".prop_map(String::into_bytes)
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_no_split_changes_them(
        bytes in bytes(), bits in any::<u32>(), room in 0usize..120, cuts in proptest::collection::vec(0usize..50, 0..20),
    ) {
        let formats = Formats::from_bits_truncate(bits);
        prop_assert_eq!(fed(&bytes, formats, room, cuts), fed(&bytes, formats, room, []));
    }
}

/// Lines of `dir`, of IBM i and others, with dates in which any number may be the month.
fn dated() -> impl Strategy<Value = Vec<u8>> {
    let number = || 1u8..28;
    let line = (number(), number(), number(), 0usize..7).prop_map(|(a, b, c, shape)| match shape {
        0 => format!("{a:02}/{b:02}/20{c:02}  10:00 PM            12,345 report.xlsx\r\n"),
        1 | 2 => format!("{a:02}-{b:02}-{c:02}  09:09PM       <DIR>          licensed\r\n"),
        3 => format!("PEP              4019 {a:02}/{b:02}/{c:02} 18:58:16 *STMF      name\r\n"),
        4 => "complaint\r\n\r\n".into(),
        5 => format!("NAME.TXT;{a}\r\n     9/9  2-JUN-1998 07:32:04\r\n"),
        _ => format!("README   NAMES    V         71         26          {a} 1997-04-02 12:33:20 OWNER\n"),
    });
    proptest::collection::vec(line, 0..12).prop_map(|lines| lines.concat().into_bytes())
}

proptest! {
    #[test]
    fn lines_that_wait_for_a_date_that_tells_come_out_the_same_however_they_come(
        bytes in dated(), room in 60usize..400, cuts in proptest::collection::vec(0usize..50, 0..30),
    ) {
        prop_assert_eq!(fed(&bytes, Formats::LIST, room, cuts), fed(&bytes, Formats::LIST, room, []));
    }
}

/// Returns the date of each of `lines`, with the number of the line after which the parser returned
/// it, or with the number of lines if only `finish` returned it.
fn delays(lines: &[&str], room: usize) -> Vec<(usize, String)> {
    let mut parser = ListingParser::new(vec![0; room], Formats::LIST, clock());
    let mut came = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let line = format!("{line}\r\n");
        let mut input = line.as_bytes();
        while let Some(read) = parser.next(&mut input) {
            came.push((number, read.unwrap().modified.unwrap().to_string()));
        }
    }
    while let Some(read) = parser.finish() {
        came.push((lines.len(), read.unwrap().modified.unwrap().to_string()));
    }
    came
}

#[test]
fn lines_wait_until_a_date_tells_or_the_storage_is_full_and_no_longer() {
    let (open, tells) = ("03/04/2019  09:15                 1 a", "25/12/2018  09:15                 1 b");
    let row = |number, date: &str| (number, format!("{date}T09:15"));
    let (right, wrong) = ("2019-04-03", "2019-03-04");
    let last = "2018-12-25";
    assert_eq!(delays(&[open, open], 200), [row(2, wrong), row(2, wrong)]);
    assert_eq!(delays(&[open, tells, open], 200), [row(1, right), row(1, last), row(2, right)]);
    assert_eq!(delays(&[tells, open], 200), [row(0, last), row(1, right)]);
    // Two lines and their ends fit; a third does not.
    let full = [row(2, wrong), row(2, wrong), row(2, wrong), row(3, last), row(4, right)];
    assert_eq!(delays(&[open, open, open, tells, open], 100), full);
    // A line without such a date never waits.
    assert_eq!(delays(&["-rw-r--r-- 1 o g 5 Nov  9  2001 a", tells], 200)[0], (0, "2001-11-09".into()));
}

#[test]
fn an_error_names_all_formats_that_were_tried_until_a_line_has_told() {
    let mut parser = ListingParser::new([0; 100], Formats::LIST, clock());
    let mut input = &b"complaint\r\ntype=file; a\r\ncomplaint\r\n"[..];
    let first = parser.next(&mut input).unwrap().unwrap_err();
    assert_eq!(first.reason, Reason::NoFormat(Formats::LIST));
    let text = first.to_string();
    for format in Format::ALL.into_iter().filter(|format| Formats::LIST.contains(format.alone())) {
        assert!(text.contains(&format.to_string()), "{text}");
    }
    assert!(parser.next(&mut input).unwrap().is_ok());
    assert!(matches!(parser.next(&mut input).unwrap().unwrap_err().reason, Reason::Invalid(_)));
    let mut alone = ListingParser::new([0; 100], Formats::UNIX, clock());
    let mut input = &b"complaint\r\n"[..];
    assert!(matches!(alone.next(&mut input).unwrap().unwrap_err().reason, Reason::Invalid(_)));
}

#[test]
fn the_name_of_cms_needs_room_of_its_own() {
    let line = b"README   NAMES    V         71         26          1 1997-04-02 12:33:20 OWNER\n";
    let name = "README.NAMES";
    let room = line.len() + name.len();
    assert_eq!(names(line, Formats::LIST, room), [name]);
    assert_eq!(
        names(line, Formats::LIST, room - 1),
        [format!("too long: {}", line.trim_ascii().escape_ascii())]
    );
    let mut parser = ListingParser::new([0; 200], Formats::LIST, clock());
    let entry = parser.next(&mut &line[..]).unwrap().unwrap();
    assert_eq!((entry.raw(), entry.format()), (line.trim_ascii_end(), Some(Format::Cms)));
}

#[test]
fn a_clock_may_be_set_before_the_first_line() {
    let mut parser = ListingParser::new([0; 100], Formats::LIST, Clock::UNKNOWN);
    parser.set_clock(clock().with_zone(60).with_date_order(crate::listing::DateOrder::DayMonthYear));
    let mut input = &b"03/04/2019  09:15                 1 a\r\n"[..];
    assert!(parser.next(&mut input).is_none());
    let modified = parser.finish().unwrap().unwrap().modified.unwrap();
    assert_eq!(modified.to_string(), "2019-04-03T09:15+01:00");
}
