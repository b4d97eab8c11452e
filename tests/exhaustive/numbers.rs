//! Sizes, offsets, ranges and other numbers.

use ftp_proto::codec::reply::{size, size_hint};
use ftp_proto::codec::{
    Allocation, ByteRange, FactSet, Facts, HashReply, OptsArgument, ProtectionBufferSize, RestartMarker,
    SiteCommand, Text,
};

use crate::{is_number, number, sequences, written};

/// Numbers around all powers of two and ten, up to more than 64 bits hold, each as a number may be
/// written, and as it may not.
fn around_powers(mut each: impl FnMut(&str)) {
    let powers = (0..=70).map(|n| 1_u128 << n).chain((0..=24).map(|n| 10_u128.pow(n)));
    let near = powers.flat_map(|power| (0..=6).map(move |n| (power + n).saturating_sub(3)));
    for value in near {
        for zeros in ["", "0", "000", "000000000000000000000000"] {
            each(&format!("{zeros}{value}"));
        }
        for other in [
            format!("+{value}"),
            format!("-{value}"),
            format!("{value}.0"),
            format!("{value}x"),
            format!("0x{value}"),
        ] {
            each(&other);
        }
    }
}

#[test]
fn a_number_of_64_bits_is_read_everywhere_and_a_longer_one_nowhere() {
    let (mut good, mut bad) = (0, 0);
    around_powers(|text| {
        let bytes = text.as_bytes();
        let expected = number(bytes, u64::MAX);
        *(if expected.is_some() { &mut good } else { &mut bad }) += 1;
        let line = format!("size={text};UNIX.uid={text};UNIX.gid={text}; x");
        let facts = Facts::parse(line.as_bytes()).unwrap();
        assert_eq!(facts.values.size, expected, "{text}");
        assert_eq!(facts.unreadable.contains(FactSet::SIZE), expected.is_none(), "{text}");
        let small = number(bytes, u32::MAX.into()).map(|n| n as u32);
        assert_eq!((facts.values.unix_uid, facts.values.unix_gid), (small, small), "{text}");
        assert_eq!(ProtectionBufferSize::parse(bytes).ok().map(|it| it.0), small, "{text}");

        assert_eq!(RestartMarker::parse(bytes).unwrap().offset(), expected, "{text}");
        let allocation = |record| expected.map(|bytes| Allocation { bytes, record });
        assert_eq!(Allocation::parse(bytes).ok(), allocation(None), "{text}");
        assert_eq!(
            Allocation::parse(format!("{text} R {text}").as_bytes()).ok(),
            allocation(expected),
            "{text}"
        );
        let range = ByteRange::parse(format!("{text} {text}").as_bytes()).ok();
        assert_eq!(range.and_then(|range| range.bounds()), expected.map(|n| (n, n)), "{text}");
        let hash = HashReply::parse(format!("CRC32 {text}-{text} 00c0ffee f").as_bytes()).ok();
        assert_eq!(hash.map(|hash| (hash.start, hash.end)), expected.map(|n| (n, n)), "{text}");
        assert_eq!(size_hint(format!("Opening ({text} bytes)").as_bytes()), expected, "{text}");
    });
    println!("{good} numbers of 64 bits, and {bad} that are none");
}

/// The number that ends the text, or else the one that begins it; a hyphen belongs to a number, so
/// that none below zero is taken for one above.
fn size_of(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    let belongs = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
    let ends = text.last().is_some_and(u8::is_ascii_digit);
    let word = match ends {
        true => &text[text.iter().rposition(|byte| !belongs(byte)).map_or(0, |at| at + 1)..],
        false => &text[..text.iter().position(|byte| !belongs(byte)).unwrap_or(text.len())],
    };
    let begins = text.first().is_some_and(u8::is_ascii_digit);
    number(word, u64::MAX).filter(|_| ends || begins)
}

#[test]
fn the_size_of_213_is_the_number_at_its_end_or_at_its_beginning() {
    let check = |text: &[u8]| assert_eq!(size(text).ok(), size_of(text), "{}", text.escape_ascii());
    sequences("213", &["0", "1", "9", "-", " ", "x", ","], 6, check);
    sequences("213", &["18446744073709551615", "1", "0", " ", "-"], 5, check);
    around_powers(|text| {
        check(text.as_bytes());
        check(format!("file: 213, Size ={text}").as_bytes());
        check(format!("{text}, comment").as_bytes());
    });
}

#[test]
fn the_size_of_150_is_that_of_the_last_parentheses_that_have_one() {
    sequences("150", &["(", "1", "0", " byte", "s", " ", ")"], 6, |text| {
        let at = |open: usize| {
            let rest = &text[open + 1..];
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            number(&rest[..digits], u64::MAX).filter(|_| rest[digits..].starts_with(b" byte"))
        };
        let opens = (0..text.len()).rev().filter(|open| text[*open] == b'(');
        assert_eq!(size_hint(text), opens.filter_map(at).next(), "{}", text.escape_ascii());
    });
}

#[test]
fn the_argument_of_allo_is_a_number_and_perhaps_the_size_of_a_record() {
    sequences("ALLO", &["0", "1", " ", "R", "r", " R "], 6, |text| {
        let record = text.windows(3).position(|three| three.eq_ignore_ascii_case(b" R "));
        let expected = match record {
            Some(at) => number(&text[..at], u64::MAX)
                .zip(number(&text[at + 3..], u64::MAX))
                .map(|(n, r)| (n, Some(r))),
            None => number(text, u64::MAX).map(|n| (n, None)),
        };
        let read = Allocation::parse(text).ok();
        assert_eq!(read.map(|it| (it.bytes, it.record)), expected, "{}", text.escape_ascii());
        if let Some(it) = read {
            assert_eq!(Allocation::parse(&written(|out| it.encode(out))), Ok(it));
        }
    });
}

#[test]
fn a_range_is_two_numbers_in_order_or_1_and_0() {
    sequences("RANG", &["0", "1", "2", "9", " ", "x"], 6, |text| {
        let words: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
        let expected = match words[..] {
            [start, end] => number(start, u64::MAX).zip(number(end, u64::MAX)),
            _ => None,
        };
        let expected = match expected {
            Some((1, 0)) => Some(None),
            Some((start, end)) if start <= end => Some(Some((start, end))),
            _ => None,
        };
        let read = ByteRange::parse(text).ok();
        assert_eq!(read.map(|range| range.bounds()), expected, "{}", text.escape_ascii());
        if let Some(range) = read {
            assert_eq!(ByteRange::parse(&written(|out| range.encode(out))), Ok(range));
        }
    });
}

#[test]
fn a_marker_is_printable_and_an_offset_if_it_is_digits() {
    let check = |text: &[u8]| {
        let read = RestartMarker::parse(text).ok();
        let printable = !text.is_empty() && text.iter().all(|byte| (33..=126).contains(byte));
        assert_eq!(read.is_some(), printable, "{}", text.escape_ascii());
        let Some(marker) = read else { return };
        assert_eq!(marker.offset(), number(text, u64::MAX), "{}", text.escape_ascii());
        let canonical = marker.offset().is_some_and(|offset| offset.to_string().as_bytes() == text);
        assert_eq!(matches!(marker, RestartMarker::Offset(_)), canonical, "{}", text.escape_ascii());
        assert_eq!(written(|out| marker.encode(out)), text, "a marker goes back as it came");
    };
    sequences("REST", &["0", "1", "9", "a", "!", "~", " ", "\x7f"], 4, check);
    for byte in 0..=255 {
        [&[byte][..], &[b'1', byte], &[byte, b'1'], &[byte, byte]].into_iter().for_each(check);
    }
}

#[test]
fn octal_modes_are_those_of_their_digits() {
    let mode = |text: &[u8], most: u32| {
        let digits = std::str::from_utf8(text).ok().filter(|_| is_number(text))?;
        u32::from_str_radix(digits, 8).ok().filter(|mode| *mode <= most).map(|mode| mode as u16)
    };
    let check = |text: &[u8]| {
        let fact = [b"UNIX.mode=", text, b"; x"].concat();
        // Python's way of writing octal.
        let digits = text.strip_prefix(b"0o").unwrap_or(text);
        let values = Facts::parse(&fact).unwrap().values;
        assert_eq!(values.unix_mode, mode(digits, 0xffff), "{}", fact.escape_ascii());
        let argument = [b"CHMOD ", text, b" x"].concat();
        let read = SiteCommand::parse(Text::new(&argument).unwrap()).ok();
        let read = read.map(|command| match command {
            SiteCommand::Chmod { mode, .. } => mode,
            other => panic!("{other:?}"),
        });
        let expected = mode(text, 0o7777).filter(|_| text.len() <= 5);
        assert_eq!(read, expected, "{}", argument.escape_ascii());
    };
    sequences("modes", &["0", "1", "7", "8", "o"], 6, check);
    for mode in 0..=u16::MAX {
        check(format!("{mode:o}").as_bytes());
        check(format!("{mode:04o}").as_bytes());
    }
}

#[test]
fn the_level_of_mode_z_is_0_to_9() {
    for level in 0..=1000 {
        for zeros in ["", "0", "00"] {
            let argument = format!("MODE Z LEVEL {zeros}{level}");
            let read = OptsArgument::parse(argument.as_bytes()).ok();
            let expected = (level <= 9).then_some(OptsArgument::Deflate(Some(level as u8)));
            assert_eq!(read, expected, "{argument}");
        }
    }
}
