//! Reply codes and lines (RFC 959 4.2), representation types, and hexadecimal digits.

use ftp_proto::codec::{
    Digest, EndRule, FormatControl, HashAlgorithm, Position, ReplyCode, ReplyLine, RepresentationType,
    Severity,
};
use std::num::NonZeroU8;

use crate::{depth, digit, number, sequences, written};

#[test]
fn a_code_is_three_digits_of_which_the_first_is_1_to_6() {
    let check = |bytes: [u8; 3]| {
        let [a, b, c] = bytes.map(digit);
        let expected = match (a, b, c) {
            (Some(a @ 1..=6), Some(b), Some(c)) => {
                Some(u16::from(a) * 100 + u16::from(b) * 10 + u16::from(c))
            }
            _ => None,
        };
        let read = ReplyCode::from_digits(&bytes);
        assert_eq!(read.map(ReplyCode::get), expected, "{}", bytes.escape_ascii());
        assert_eq!(read.map(ReplyCode::as_digits), expected.map(|_| bytes));
        assert_eq!(ReplyCode::parse(&bytes).ok(), read);
    };
    let every: Vec<u8> = (0..=255).collect();
    let near = b"\0 -./0123456789:;@\xb0\xb1\xff";
    let bytes = if depth() > 0 { &every[..] } else { &near[..] };
    for a in bytes {
        bytes.iter().for_each(|b| bytes.iter().for_each(|c| check([*a, *b, *c])));
    }
    for number in 0..=u16::MAX {
        let code = ReplyCode::new(number);
        assert_eq!(code.map(u16::from), Some(number).filter(|it| (100..700).contains(it)), "{number}");
        let Some(code) = code else { continue };
        assert_eq!(code.as_digits(), *number.to_string().as_bytes(), "{number}");
        let severity = match number {
            ..200 => Severity::PositivePreliminary,
            200..300 => Severity::PositiveCompletion,
            300..400 => Severity::PositiveIntermediate,
            400..500 => Severity::TransientNegative,
            500..600 => Severity::PermanentNegative,
            _ => Severity::Protected,
        };
        assert_eq!(code.severity(), severity, "{number}");
        assert_eq!(code.is_failure(), (400..600).contains(&number), "{number}");
        assert_eq!(
            code.group().map(|group| group as u16),
            Some(number / 10 % 10).filter(|it| *it < 6),
            "{number}"
        );
    }
}

#[test]
fn a_line_begins_continues_or_ends_a_reply_as_its_first_bytes_say() {
    let symbols = ["2", "1", "7", "-", " ", "x"];
    let known = [211, 212].map(ReplyCode::literal);
    let check = |line: &[u8]| {
        for (within, rule) in [
            (None, EndRule::SameCode),
            (Some(known[0]), EndRule::SameCode),
            (Some(known[0]), EndRule::AnyCode),
            (Some(known[1]), EndRule::SameCode),
        ] {
            let read = ReplyLine::parse(line, within, rule).ok();
            let read = read.map(|it| (it.code, it.position, it.text.to_vec()));
            assert_eq!(read, reply_line(line, within, rule), "{} {within:?} {rule:?}", line.escape_ascii());
        }
    };
    sequences("lines of replies", &symbols, 5, check);
    sequences("lines of replies", &["211", "-", " ", "212", "2", "x"], 4, check);
}

type Line = (ReplyCode, Position, Vec<u8>);

/// A code and nothing else, or a code and a space, ends a reply; a code and a hyphen begins or
/// continues one. So does `211 211-`, which some servers send in FEAT.
fn reply_line(line: &[u8], within: Option<ReplyCode>, rule: EndRule) -> Option<Line> {
    let code = line.get(..3).and_then(|code| ReplyCode::new(number(code, 699)? as u16));
    let (ends, text) = match (code.map(ReplyCode::get), line.get(3..).unwrap_or_default()) {
        (None, _) => (None, line),
        (Some(211), rest) if rest.starts_with(b" 211-") => (Some(false), &rest[5..]),
        (_, []) => (Some(true), &b""[..]),
        (_, [b' ', text @ ..]) => (Some(true), text),
        (_, [b'-', text @ ..]) => (Some(false), text),
        _ => (None, line),
    };
    let Some(begun) = within else {
        let position = if ends? { Position::Single } else { Position::First };
        return Some((code?, position, text.to_vec()));
    };
    let same = code == Some(begun);
    match ends {
        Some(true) if same || rule == EndRule::AnyCode => Some((begun, Position::Last, text.to_vec())),
        Some(false) if same => Some((begun, Position::Middle, text.to_vec())),
        _ => Some((begun, Position::Middle, line.to_vec())),
    }
}

fn representation_type(text: &[u8]) -> Option<RepresentationType> {
    let form = |rest: &[u8]| match rest {
        [] | [b' ', b'N'] => Some(FormatControl::NonPrint),
        [b' ', b'T'] => Some(FormatControl::Telnet),
        [b' ', b'C'] => Some(FormatControl::CarriageControl),
        _ => None,
    };
    match &text.to_ascii_uppercase()[..] {
        b"I" => Some(RepresentationType::Image),
        [b'A', rest @ ..] => form(rest).map(RepresentationType::Ascii),
        [b'E', rest @ ..] => form(rest).map(RepresentationType::Ebcdic),
        [b'L', rest @ ..] => {
            let bits = number(rest.strip_prefix(b" ").unwrap_or(rest), 255)?;
            NonZeroU8::new(bits as u8).map(RepresentationType::Local)
        }
        _ => None,
    }
}

#[test]
fn the_argument_of_type_is_a_letter_with_its_parameter() {
    let check = |text: &[u8]| {
        let read = RepresentationType::parse(text).ok();
        assert_eq!(read, representation_type(text), "{}", text.escape_ascii());
        if let Some(it) = read {
            assert_eq!(RepresentationType::parse(&written(|out| it.encode(out))), Ok(it));
        }
    };
    sequences("TYPE", &["A", "e", "I", "L", "N", "t", "C", " ", "8", "0"], 4, check);
    for bits in 0..=1000 {
        check(format!("L {bits}").as_bytes());
        check(format!("l{bits:05}").as_bytes());
    }
}

#[test]
fn a_hash_is_the_number_that_its_digits_are() {
    // Some servers omit the zeros at the beginning of a CRC.
    let check = |text: &[u8]| {
        let digits = std::str::from_utf8(text).ok().filter(|_| text.iter().all(u8::is_ascii_hexdigit));
        let expected =
            digits.filter(|digits| digits.len() <= 8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let read = Digest::parse(text, HashAlgorithm::Crc32).ok();
        let value = read.map(|digest| u32::from_be_bytes(digest.as_bytes().try_into().unwrap()));
        assert_eq!(value, expected, "{}", text.escape_ascii());
        if let Some(digest) = read {
            assert_eq!(Digest::parse(digest.to_string().as_bytes(), HashAlgorithm::Crc32), Ok(digest));
        }
    };
    sequences("CRC32", &["0", "9", "a", "F", "g", "G", "/", ":", "@", "`"], 4, check);
    (0..=u16::MAX).for_each(|n| check(format!("{n:08x}").as_bytes()));
    for algorithm in HashAlgorithm::ALL {
        let length = 2 * algorithm.digest_len();
        for count in 0..=140 {
            let read = Digest::parse(&vec![b'a'; count], *algorithm).is_ok();
            let short = *algorithm == HashAlgorithm::Crc32 && (1..8).contains(&count);
            assert_eq!(read, count == length || short, "{algorithm} of {count} digits");
        }
        for byte in 0..=255 {
            let mut digits = vec![b'0'; length];
            digits[length - 1] = byte;
            let expected = char::from(byte).to_digit(16).map(|digit| digit as u8);
            let read = Digest::parse(&digits, *algorithm).ok();
            assert_eq!(read.map(|digest| digest.as_bytes()[length / 2 - 1]), expected, "{algorithm} {byte}");
        }
    }
}
