//! Reply lines and whole replies of real servers, the texts of some replies, and the round trip.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use EndRule::{AnyCode, SameCode};
use Position::{First, Last, Middle, Single};

fn code(number: u16) -> ReplyCode {
    ReplyCode::new(number).unwrap()
}

#[test]
fn a_line_is_read_by_the_reply_that_it_is_in() {
    type Read = Option<(u16, Position, &'static str)>;
    let table: &[(&str, Option<u16>, EndRule, Read)] = &[
        // A single-line reply, or the first line of several.
        ("226 Done", None, SameCode, Some((226, Single, "Done"))),
        ("226", None, SameCode, Some((226, Single, ""))),
        ("226 ", None, SameCode, Some((226, Single, ""))),
        ("226  Done ", None, SameCode, Some((226, Single, " Done "))),
        ("211-Features:", None, SameCode, Some((211, First, "Features:"))),
        ("211-", None, SameCode, Some((211, First, ""))),
        // Some servers begin the answer to FEAT like this.
        ("211 211-Extensions", None, SameCode, Some((211, First, "Extensions"))),
        ("211 211-SIZE", Some(211), SameCode, Some((211, Middle, "SIZE"))),
        ("211 211 End", None, SameCode, Some((211, Single, "211 End"))),
        ("211 211 End", Some(211), SameCode, Some((211, Last, "211 End"))),
        ("211 2110-x", None, SameCode, Some((211, Single, "2110-x"))),
        ("220 220-x", None, SameCode, Some((220, Single, "220-x"))),
        ("211 220-x", None, SameCode, Some((211, Single, "220-x"))),
        ("631 base64=", None, SameCode, Some((631, Single, "base64="))),
        ("599 of no document", None, SameCode, Some((599, Single, "of no document"))),
        // Lines that begin no reply.
        ("", None, SameCode, None),
        ("22", None, SameCode, None),
        ("2266", None, SameCode, None),
        ("226Done", None, SameCode, None),
        ("226\tDone", None, SameCode, None),
        (" 226 Done", None, SameCode, None),
        ("099 Low", None, SameCode, None),
        ("700 High", None, SameCode, None),
        ("999 High", None, SameCode, None),
        ("2x6 Done", None, SameCode, None),
        ("HTTP/1.1 400 Bad Request", None, SameCode, None),
        ("SSH-2.0-OpenSSH_9.6", None, SameCode, None),
        ("\u{feff}220 hello", None, SameCode, None),
        // Within a reply: bare, blank and indented lines, lines with the code, and lines that only
        // look like an end.
        (" UTF8", Some(211), SameCode, Some((211, Middle, " UTF8"))),
        ("UTF8", Some(211), SameCode, Some((211, Middle, "UTF8"))),
        ("", Some(211), SameCode, Some((211, Middle, ""))),
        ("211-UTF8", Some(211), SameCode, Some((211, Middle, "UTF8"))),
        ("211-", Some(211), SameCode, Some((211, Middle, ""))),
        ("2110 x", Some(211), SameCode, Some((211, Middle, "2110 x"))),
        (" 211 x", Some(211), SameCode, Some((211, Middle, " 211 x"))),
        ("550 x", Some(250), SameCode, Some((250, Middle, "550 x"))),
        ("550-x", Some(250), SameCode, Some((250, Middle, "550-x"))),
        ("550", Some(250), SameCode, Some((250, Middle, "550"))),
        ("211 End", Some(211), SameCode, Some((211, Last, "End"))),
        ("211", Some(211), SameCode, Some((211, Last, ""))),
        // Some servers end 553- with 150.
        ("150 x", Some(553), AnyCode, Some((553, Last, "x"))),
        ("550 x", Some(553), AnyCode, Some((553, Last, "x"))),
        ("550 x", Some(250), AnyCode, Some((250, Middle, "550 x"))),
        ("426 x", Some(150), AnyCode, Some((150, Middle, "426 x"))),
        ("150-x", Some(553), AnyCode, Some((553, Middle, "150-x"))),
        ("999 x", Some(553), AnyCode, Some((553, Middle, "999 x"))),
        ("553 x", Some(553), AnyCode, Some((553, Last, "x"))),
    ];
    for (line, within, rule, read) in table {
        let read = read.map(|(number, position, text)| ReplyLine {
            code: code(number),
            position,
            text: text.as_bytes(),
        });
        assert_eq!(
            ReplyLine::parse(line.as_bytes(), within.map(code), *rule).ok(),
            read,
            "{line:?} in {within:?}"
        );
    }
}

fn lines(reply: &Reply<'_>) -> Vec<(Position, Vec<u8>)> {
    reply.lines().map(|line| (line.position, line.text.to_vec())).collect()
}

#[test]
fn a_line_says_what_the_next_is_within_and_whether_more_is_to_come() {
    let mut within = None;
    for (line, going_on, is_final) in [
        ("150-Soon", Some(150), false),
        ("226 not yet", Some(150), false),
        ("150 Now", None, false),
        ("226-Done", Some(226), false),
        ("226 Really", None, true),
        ("331 And?", None, true),
    ] {
        let line = ReplyLine::parse(line.as_bytes(), within, EndRule::SameCode).unwrap();
        within = line.going_on();
        assert_eq!((within, line.is_final()), (going_on.map(code), is_final), "{line:?}");
    }
}

#[test]
fn a_whole_reply_ends_with_its_last_line() {
    type Whole = (&'static str, EndRule, u16, &'static [(Position, &'static str)], &'static str);
    let table: &[Whole] = &[
        ("226 Done\r\n220", SameCode, 226, &[(Single, "Done")], "220"),
        ("226\n", SameCode, 226, &[(Single, "")], ""),
        (
            "211-Features:\r\n UTF8\r\n\r\n211-SIZE\r\n550 no\r\n211 End\r\n200 x\r\n",
            SameCode,
            211,
            &[
                (First, "Features:"),
                (Middle, " UTF8"),
                (Middle, ""),
                (Middle, "SIZE"),
                (Middle, "550 no"),
                (Last, "End"),
            ],
            "200 x\r\n",
        ),
        ("553-x\n150 y\n", AnyCode, 553, &[(First, "x"), (Last, "y")], ""),
    ];
    for (input, rule, number, expected, rest) in table {
        let (reply, left) = Reply::parse(input.as_bytes(), *rule).unwrap().unwrap();
        assert_eq!((reply.code(), left), (code(*number), rest.as_bytes()));
        assert_eq!(reply.as_bytes(), &input.as_bytes()[..input.len() - rest.len()]);
        let expected: Vec<_> =
            expected.iter().map(|(position, text)| (*position, text.as_bytes().to_vec())).collect();
        assert_eq!(lines(&reply), expected);
        // No shorter prefix of the input is a complete reply.
        for end in 0..input.len() - rest.len() {
            assert_eq!(Reply::parse(&input.as_bytes()[..end], *rule), Ok(None), "{:?}", &input[..end]);
        }
    }
    assert!(Reply::parse(b"HTTP/1.1 400 Bad Request\r\n", SameCode).is_err());
}

#[test]
fn debug_shows_text_escaped() {
    let (reply, _) = Reply::parse(b"220-\x1b[2J\r\n220 \xff\r\n", SameCode).unwrap().unwrap();
    let shown = std::format!("{reply:?}");
    assert!(shown.contains(r#""\u{1b}[2J""#) && shown.contains(r#""\xff""#), "{shown}");
}

#[test]
fn the_size_in_213_is_the_one_number_that_can_be_meant() {
    for (text, read) in [
        ("1024", Some(1024)),
        (" 1024 ", Some(1024)),
        ("0", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("file: 213, Size =51", Some(51)),
        ("5555, comment", Some(5555)),
        ("7 files 51", Some(51)),
        ("", None),
        ("none", None),
        ("-1", None),
        ("a 51 b", None),
        ("2024-01-31", None),
    ] {
        assert_eq!(size(text.as_bytes()).ok(), read, "{text:?}");
    }
}

#[test]
fn the_size_hint_of_150_is_the_last_in_parentheses() {
    for (text, read) in [
        ("Opening BINARY mode data connection for x (1024 bytes)", Some(1024)),
        ("Opening BINARY mode data connection for x (1 byte).", Some(1)),
        ("for a (12 bytes) b (34 bytes)", Some(34)),
        ("for x (1024 bytes) (ASCII)", Some(1024)),
        ("for x (1024 bytes/s)", Some(1024)),
        ("for x (99999999999999999999 bytes)", None),
        ("for x (1024)", None),
        ("for x ( 1024 bytes)", None),
        ("((((", None),
        ("", None),
    ] {
        assert_eq!(size_hint(text.as_bytes()), read, "{text:?}");
    }
}

#[test]
fn the_name_that_stou_made_is_found() {
    for (text, read) in [
        ("FILE: a b.1", Some("a b.1")),
        ("FILE:x", Some("x")),
        ("Ok, FILE: x", Some("x")),
        ("Transfer complete (unique file name:x.1).", Some("x.1")),
        ("Opening (unique file name: a b)", Some("a b")),
        ("Opening (unique file name: x.)", Some("x.")),
        ("ftp000123", Some("ftp000123")),
        ("Transfer complete.", None),
        ("FILE: ", None),
        ("", None),
    ] {
        assert_eq!(unique_name(text.as_bytes()), read.map(str::as_bytes), "{text:?}");
    }
}

#[test]
fn only_211_at_the_start_of_a_text_after_211_is_read_with_a_space_before_it() {
    for (number, position, text, as_written) in [
        (211, Single, "211-x", false),
        (211, Single, "211-", false),
        (211, Last, "211-x", false),
        (211, First, "211-x", true),
        (211, Middle, "211-x", true),
        (211, Middle, "211 211-x", true),
        (211, Single, "211", true),
        (211, Single, "211 x", true),
        (211, Last, "211 x", true),
        (211, Single, " 211-x", true),
        (211, Single, "212-x", true),
        (212, Single, "212-x", true),
        (212, Single, "211-x", true),
        (220, Last, "220-x", true),
    ] {
        let mut line = Vec::new();
        ReplyLine::encode(code(number), position, Text::literal(text), &mut line).unwrap();
        let line = line.strip_suffix(b"\r\n").unwrap();
        let within = matches!(position, Middle | Last).then(|| code(number));
        for rule in [SameCode, AnyCode] {
            let read = ReplyLine::parse(line, within, rule).unwrap();
            let expected = if as_written { text.to_owned() } else { format!(" {text}") };
            assert_eq!((read.position, read.text), (position, expected.as_bytes()), "{number} {text}");
        }
    }
}

/// Generates texts, many of which look like the start or the end of a reply.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let any =
        prop::collection::vec(any::<u8>().prop_filter("CR LF NUL", |b| ![0, 10, 13].contains(b)), 0..12);
    prop_oneof!["(226|211|150|22|2266|999)[ -]?[ -~]{0,8}".prop_map(std::string::String::into_bytes), any]
}

proptest! {
    #[test]
    fn a_reply_that_is_written_is_read_as_it_was(
        number in 100..=699_u16,
        alike in 0..3_usize,
        texts in prop::collection::vec(text(), 1..6),
        rule in prop::sample::select(&[SameCode, AnyCode][..]),
    ) {
        let code = code([226, 211, number][alike]);
        let positions = |at| match (at, texts.len() - 1) {
            (0, 0) => Single,
            (0, _) => First,
            (at, last) if at == last => Last,
            _ => Middle,
        };
        let mut wire = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let mut line = arrayvec::ArrayVec::<u8, 64>::new();
            ReplyLine::encode(code, positions(at), Text::new(text).unwrap(), &mut line).unwrap();
            wire.extend_from_slice(&line);
        }
        let (reply, rest) = Reply::parse(&wire, rule).unwrap().unwrap();
        prop_assert!(rest.is_empty());
        prop_assert_eq!(reply.code(), code);
        let mut expected: Vec<_> = texts.iter().enumerate().map(|(at, text)| (positions(at), text.clone())).collect();
        if let Some((_, last)) = expected.last_mut().filter(|(_, last)| continues(code, last)) {
            last.insert(0, b' ');
        }
        prop_assert_eq!(lines(&reply), expected);
    }

    #[test]
    fn within_a_reply_every_line_is_one_of_its_lines(line in prop::collection::vec(any::<u8>(), 0..32), number in 100..=699_u16) {
        for rule in [SameCode, AnyCode] {
            let read = ReplyLine::parse(&line, Some(code(number)), rule).unwrap();
            prop_assert!(matches!(read.position, Middle | Last));
            prop_assert_eq!(read.code, code(number));
            prop_assert!(line.ends_with(read.text));
            if let Ok(read) = ReplyLine::parse(&line, None, rule) {
                prop_assert!(matches!(read.position, Single | First) && line.ends_with(read.text));
            }
        }
    }

    #[test]
    fn no_bytes_make_the_readers_of_texts_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), rest in "[(0-9 byteFILE:]{0,40}") {
        for text in [&bytes[..], rest.as_bytes()] {
            let _ = (size(text), size_hint(text), restart_markers(text));
            let name = unique_name(text).unwrap_or_default();
            prop_assert!(name.len() <= text.len());
            if let Ok(Some((reply, rest))) = Reply::parse(text, SameCode) {
                prop_assert_eq!(reply.as_bytes().len() + rest.len(), text.len());
            }
        }
    }
}

#[test]
fn the_time_that_was_set_is_read_where_it_is_told() {
    let time = Timestamp::parse(b"20240229123456").unwrap();
    for text in [
        "Modify=20240229123456; f",
        "modify=20240229123456 f",
        " Create=20240229123456;f",
        "Modify=20240229123456",
    ] {
        assert_eq!(time_fact(text.as_bytes()), Some(time), "{text}");
    }
    for text in ["", "done", "Modify=yesterday; f", "Size=20240229123456; f", "="] {
        assert_eq!(time_fact(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn the_markers_of_110_are_between_spaces_and_around_an_equals_sign() {
    for (text, markers) in [
        ("MARK 10 = 20", Some(("10", "20"))),
        ("mark a=b = c,d", Some(("a=b", "c,d"))),
        (" MARK  1  =  2 ", Some(("1", "2"))),
        ("MARK 1 = =", Some(("1", "="))),
        ("MARK 1=2", None),
        ("MARK 1 = 2 3", None),
        ("MARK 1 2 =", None),
        ("MARK", None),
        ("NOTE 1 = 2", None),
        ("MARK \u{e9} = 2", None),
        ("", None),
    ] {
        let read = restart_markers(text.as_bytes()).map(|(sent, kept)| (sent.as_bytes(), kept.as_bytes()));
        assert_eq!(read, markers.map(|(sent, kept)| (sent.as_bytes(), kept.as_bytes())), "{text}");
    }
}
