use std::format;
use std::string::ToString;
use std::vec::Vec;

use arrayvec::ArrayVec;
use proptest::prelude::*;

use super::*;

/// The codes of RFC 959, from its list in numeric order (4.2.2).
const RFC_959: &[u16] = &[
    110, 120, 125, 150, 200, 202, 211, 212, 213, 214, 215, 220, 221, 225, 226, 227, 230, 250, 257, 331, 332,
    350, 421, 425, 426, 450, 451, 452, 500, 501, 502, 503, 504, 530, 532, 550, 551, 552, 553,
];

/// The codes that later documents add: RFC 2228 5, RFC 1639, RFC 2428, RFC 1123 4.1.3.4 and RFC
/// 4217 10.2.
const LATER: &[u16] = &[
    232, 234, 235, 334, 335, 336, 431, 533, 534, 535, 536, 537, 631, 632, 633, 228, 521, 229, 522, 554, 555,
];

#[test]
fn every_code_of_rfc_959_has_a_name_and_says_so() {
    for &number in RFC_959 {
        let code = ReplyCode::literal(number);
        assert!(ReplyCode::ALL.contains(&code), "{number}");
        assert_eq!(code.source(), Some("RFC 959 4.2.2"), "{number}");
    }
    let ours: Vec<u16> =
        ReplyCode::ALL.iter().filter(|c| c.source() == Some("RFC 959 4.2.2")).map(|c| c.get()).collect();
    assert_eq!(ours, RFC_959);
}

#[test]
fn every_code_of_a_later_document_has_a_name() {
    for &number in LATER {
        assert!(ReplyCode::ALL.contains(&ReplyCode::literal(number)), "{number}");
    }
}

#[test]
fn names_are_unique_and_in_order() {
    assert!(ReplyCode::ALL.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_meaning_is_a_phrase() {
    for code in ReplyCode::ALL {
        let meaning = code.meaning().unwrap();
        assert!(!meaning.is_empty() && !meaning.ends_with('.'), "{code:?}");
    }
}

#[test]
fn all_codes_from_100_to_699_are_kept_and_no_others() {
    for number in 0..=u16::MAX {
        let code = ReplyCode::new(number);
        assert_eq!(code.is_some(), (100..=699).contains(&number), "{number}");
        assert_eq!(ReplyCode::try_from(number).ok(), code);
        let Some(code) = code else { continue };
        assert_eq!(code.get(), number);
        assert_eq!(code, number);
        assert_eq!(&code.as_digits()[..], number.to_string().as_bytes());
        assert_eq!(ReplyCode::parse(&code.as_digits()), Ok(code));
        let mut wire = ArrayVec::<u8, 3>::new();
        code.encode(&mut wire).unwrap();
        assert_eq!(wire.as_slice(), code.as_digits());
        assert_eq!(code.to_string(), number.to_string());
    }
}

#[test]
fn anything_but_three_digits_of_a_code_is_refused() {
    for bytes in [
        &b""[..],
        b"2",
        b"22",
        b"2200",
        b"099",
        b"700",
        b"999",
        b"2 0",
        b"20 ",
        b" 20",
        b"+20",
        b"2\xff0",
        b"22-",
    ] {
        assert_eq!(ReplyCode::from_digits(bytes), None, "{bytes:?}");
        assert!(ReplyCode::parse(bytes).is_err());
    }
}

#[test]
fn the_first_digit_is_the_severity_and_the_second_the_group() {
    let table = [
        (150, Severity::PositivePreliminary, Some(Group::FileSystem)),
        (215, Severity::PositiveCompletion, Some(Group::Information)),
        (331, Severity::PositiveIntermediate, Some(Group::Authentication)),
        (421, Severity::TransientNegative, Some(Group::Connections)),
        (500, Severity::PermanentNegative, Some(Group::Syntax)),
        (549, Severity::PermanentNegative, Some(Group::Unspecified)),
        (631, Severity::Protected, Some(Group::Authentication)),
        (260, Severity::PositiveCompletion, None),
        (699, Severity::Protected, None),
    ];
    for (number, severity, group) in table {
        let code = ReplyCode::literal(number);
        assert_eq!((code.severity(), code.group()), (severity, group), "{number}");
    }
}

#[test]
fn each_code_is_of_exactly_one_kind() {
    for code in (100..=699).map(ReplyCode::literal) {
        let kinds = [
            code.is_preliminary(),
            code.is_success(),
            code.is_intermediate(),
            code.is_transient(),
            code.is_permanent(),
            code.is_protected(),
        ];
        assert_eq!(kinds.iter().filter(|&&is| is).count(), 1, "{code}");
        assert_eq!(code.is_failure(), matches!(code.get(), 400..=599));
    }
}

#[test]
fn debug_tells_the_meaning_where_there_is_one() {
    assert_eq!(format!("{:?}", ReplyCode::LOGGED_IN), "230 (logged in)");
    assert_eq!(format!("{:?}", ReplyCode::literal(299)), "299");
}

#[test]
fn an_optional_code_takes_no_more_room() {
    assert_eq!(size_of::<Option<ReplyCode>>(), 2);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let by_number = core::str::from_utf8(&bytes).ok()
            .filter(|s| s.len() == 3 && s.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|s| s.parse().ok()).and_then(ReplyCode::new);
        prop_assert_eq!(ReplyCode::from_digits(&bytes), by_number);
    }
}
