use super::*;
use arrayvec::ArrayVec;
use core::fmt::Debug;
use proptest::prelude::*;
use std::vec::Vec;

type Out = ArrayVec<u8, 64>;

/// Asserts that every text is parsed as its value, and that the value is written as its canonical
/// text, which parses to the same value.
fn known<T: PartialEq + Debug>(
    table: &[(&'static str, &'static str, T)],
    parse: impl Fn(&'static [u8]) -> Result<T, Invalid>,
    encode: impl Fn(&T, &mut Out) -> Result<(), Full>,
) {
    for (text, canonical, value) in table {
        assert_eq!(parse(text.as_bytes()).as_ref(), Ok(value), "{text}");
        let mut out = Out::new();
        encode(value, &mut out).unwrap();
        assert_eq!(out.as_slice(), canonical.as_bytes());
        assert_eq!(parse(canonical.as_bytes()).as_ref(), Ok(value));
    }
}

fn refused<T: Debug>(texts: &[&'static str], parse: impl Fn(&'static [u8]) -> Result<T, Invalid>) {
    for text in texts {
        assert!(parse(text.as_bytes()).is_err(), "{text:?}");
    }
}

#[test]
fn a_type_is_a_letter_and_its_parameter() {
    use FormatControl::*;
    use RepresentationType::*;
    let bits = |n| NonZeroU8::new(n).unwrap();
    let table = [
        ("A", "A", Ascii(NonPrint)),
        ("a", "A", Ascii(NonPrint)),
        ("A N", "A", Ascii(NonPrint)),
        ("a t", "A T", Ascii(Telnet)),
        ("A C", "A C", Ascii(CarriageControl)),
        ("E", "E", Ebcdic(NonPrint)),
        ("E T", "E T", Ebcdic(Telnet)),
        ("I", "I", Image),
        ("i", "I", Image),
        ("L 8", "L 8", RepresentationType::LOCAL_8),
        ("l8", "L 8", RepresentationType::LOCAL_8),
        ("L 36", "L 36", Local(bits(36))),
        ("L 255", "L 255", Local(bits(255))),
    ];
    known(&table, RepresentationType::parse, RepresentationType::encode);
    let bad =
        ["", "X", "A ", "A X", "A  N", "AN", "A N ", " A", "I N", "L", "L ", "L 0", "L 256", "L -8", "L x"];
    refused(&bad, RepresentationType::parse);
    assert_eq!(RepresentationType::default(), Ascii(NonPrint));
}

#[test]
fn the_defaults_are_file_stream_clear() {
    assert_eq!(FileStructure::default(), FileStructure::File);
    assert_eq!(TransferMode::default(), TransferMode::Stream);
    assert_eq!(ProtectionLevel::default(), ProtectionLevel::Clear);
    assert_eq!(FormatControl::default(), FormatControl::NonPrint);
}

#[test]
fn every_word_is_read_in_any_case_and_nothing_else_is() {
    macro_rules! every {
        ($($name:ident)+) => {$(
            for value in $name::ALL {
                let mut out = Out::new();
                value.encode(&mut out).unwrap();
                assert_eq!($name::parse(&out), Ok(*value));
                assert_eq!($name::parse(&out.to_ascii_lowercase()), Ok(*value));
                out.push(b' ');
                assert!($name::parse(&out).is_err());
            }
            for bad in [&b""[..], b" ", b"X", b"FF", b"\xff", b"SHA-0", b"SHA256"] {
                assert!($name::parse(bad).is_err());
            }
        )+};
    }
    every! { FormatControl FileStructure TransferMode ProtectionLevel HashAlgorithm }
    assert_eq!(TransferMode::parse(b"z"), Ok(TransferMode::Deflate));
    assert_eq!(HashAlgorithm::parse(b"sha-256").map(HashAlgorithm::digest_len), Ok(32));
}

#[test]
fn a_buffer_size_is_a_number_of_32_bits() {
    let table = [
        ("0", "0", ProtectionBufferSize(0)),
        ("0016", "16", ProtectionBufferSize(16)),
        ("4294967295", "4294967295", ProtectionBufferSize(u32::MAX)),
    ];
    known(&table, ProtectionBufferSize::parse, ProtectionBufferSize::encode);
    refused(&["", "4294967296", "-1", "+1", " 0", "0x10", "1k"], ProtectionBufferSize::parse);
}

#[test]
fn an_allocation_may_name_the_size_of_a_record() {
    let table = [
        ("0", "0", Allocation { bytes: 0, record: None }),
        ("1024", "1024", Allocation { bytes: 1024, record: None }),
        ("1024 R 80", "1024 R 80", Allocation { bytes: 1024, record: Some(80) }),
        ("1 r 2", "1 R 2", Allocation { bytes: 1, record: Some(2) }),
    ];
    known(&table, Allocation::parse, Allocation::encode);
    let bad = ["", "x", "1 R", "1 R ", "1R2", "1 X 2", "1 R 2 3", "-1", "18446744073709551616"];
    refused(&bad, Allocation::parse);
}

#[test]
fn a_restart_marker_is_an_offset_or_printable_text() {
    let marker = |text| RestartMarker::Marker(Text::literal(text));
    let table = [
        ("0", "0", RestartMarker::Offset(0)),
        ("12345678901", "12345678901", RestartMarker::Offset(12_345_678_901)),
        ("18446744073709551615", "18446744073709551615", RestartMarker::Offset(u64::MAX)),
        ("18446744073709551616", "18446744073709551616", marker("18446744073709551616")),
        ("007", "007", marker("007")),
        ("-1", "-1", marker("-1")),
        ("vol1:5/7", "vol1:5/7", marker("vol1:5/7")),
    ];
    known(&table, RestartMarker::parse, RestartMarker::encode);
    refused(&["", " 1", "1 ", "1 2", "a\tb", "\u{e9}", "\x7f"], RestartMarker::parse);
    let offset = |text: &'static str| RestartMarker::parse(text.as_bytes()).unwrap().offset();
    assert_eq!(offset("007"), Some(7));
    for none in ["-1", "18446744073709551616", "1x", "x"] {
        assert_eq!(offset(none), None, "{none}");
    }
}

#[test]
fn a_range_runs_forwards_or_is_the_whole_file() {
    let range = |start, end| ByteRange::new(start, end).unwrap();
    let table = [
        ("0 0", "0 0", range(0, 0)),
        ("0 49", "0 49", range(0, 49)),
        ("0 18446744073709551615", "0 18446744073709551615", range(0, u64::MAX)),
        ("1 0", "1 0", ByteRange::WHOLE),
    ];
    known(&table, ByteRange::parse, ByteRange::encode);
    refused(
        &["", "1", "1 ", "2 1", "2 0", "1  2", "1-2", "-1 2", "0 18446744073709551616"],
        ByteRange::parse,
    );
    assert_eq!(range(3, 4).bounds(), Some((3, 4)));
    assert_eq!(ByteRange::WHOLE.bounds(), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_and_what_is_read_is_written_back(
        bytes in proptest::collection::vec(any::<u8>(), 0..24),
        near in "[AEILRSZ0-9 -]{0,22}",
    ) {
        for input in [&bytes[..], near.as_bytes()] {
            macro_rules! inverse {
                ($($name:ident)+) => {$(
                    if let Ok(value) = $name::parse(input) {
                        let mut out = Out::new();
                        value.encode(&mut out).unwrap();
                        prop_assert_eq!($name::parse(&out), Ok(value));
                    }
                )+};
            }
            inverse! {
                RepresentationType FormatControl FileStructure TransferMode ProtectionLevel HashAlgorithm
                ProtectionBufferSize Allocation RestartMarker ByteRange
            }
            let _ = deflate_level(input);
        }
    }

    #[test]
    fn a_marker_keeps_its_text(marker in "[!-~]{1,30}") {
        let parsed = RestartMarker::parse(marker.as_bytes()).unwrap();
        let mut out = Out::new();
        parsed.encode(&mut out).unwrap();
        prop_assert_eq!(out.to_vec(), Vec::from(marker));
    }
}
