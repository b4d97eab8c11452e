//! Values of the feature `arbitrary` keep the invariants of their types: each is written as bytes
//! that parse to the same value.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Unstructured};
use ftp_proto::codec::{
    Allocation, ByteRange, Digest, EpsvArgument, FactChoice, FactSet, FactValue, FactValues, Facts,
    FileStructure, FormatControl, Full, HashAlgorithm, Invalid, Kind, NameCase, Permissions, Position,
    ProtectionBufferSize, ProtectionLevel, ReplyCode, RepresentationType, RestartMarker, Text, Timestamp,
    TransferMode, Verb, VerbSet,
};
use ftp_proto::listing::{self, Entry, ListingWriter, Modified, OwnedEntry};
use ftp_proto::testing::Random;
use ftp_proto::transfer::{Coding, Marker};

/// Calls `check` with some bytes, shorter and longer ones, of different distributions.
fn bytes(mut check: impl FnMut(&[u8])) {
    let mut random = Random::new(1);
    for round in 0..2000 {
        let length = random.below(1 + round % 200);
        let spread = [2, 16, 128, 256][round % 4];
        let bytes: Vec<u8> =
            (0..length).map(|_| (256 - spread + random.below(spread)) as u8 ^ 0x80).collect();
        check(&bytes);
    }
}

/// Checks values that borrow from nothing. Returns the number of different ones.
fn each<T: for<'a> Arbitrary<'a> + Debug>(mut check: impl FnMut(T)) -> usize {
    let mut seen = std::collections::HashSet::new();
    bytes(|bytes| {
        let value = T::arbitrary(&mut Unstructured::new(bytes)).unwrap();
        seen.insert(format!("{value:?}"));
        check(value);
    });
    seen.len()
}

fn written(encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Full>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out).unwrap();
    out
}

macro_rules! round_trips {
    ($($type:ident >= $least:literal),* $(,)?) => {$({
        let parse: fn(&[u8]) -> Result<$type, Invalid> = $type::parse;
        let different = each::<$type>(|value| {
            let bytes = written(|out| value.encode(out));
            assert_eq!(parse(&bytes), Ok(value), "{}", bytes.escape_ascii());
        });
        assert!(different >= $least, "{different} values of {}", stringify!($type));
    })*};
}

#[test]
fn values_with_a_grammar_are_written_as_what_parses_to_them() {
    round_trips! {
        Allocation >= 100,
        ByteRange >= 100,
        EpsvArgument >= 100,
        FileStructure >= 3,
        FormatControl >= 3,
        HashAlgorithm >= 5,
        Permissions >= 100,
        ProtectionBufferSize >= 100,
        ProtectionLevel >= 4,
        ReplyCode >= 100,
        RepresentationType >= 20,
        Timestamp >= 100,
        TransferMode >= 4,
    }
    let verbs = each::<Verb>(|verb| assert_eq!(Verb::from_bytes(verb.as_str().as_bytes()), Some(verb)));
    assert!(verbs > Verb::ALL.len() / 2, "{verbs}");
    each::<VerbSet>(|set| assert_eq!(set.iter().fold(VerbSet::EMPTY, |all, verb| all.with(verb)), set));
    each::<FactSet>(|facts| {
        let bytes = written(|out| facts.encode(NameCase::Canonical, out));
        assert_eq!(FactSet::parse(&bytes), Ok(facts));
    });
    each::<FactChoice>(|facts| {
        let bytes = written(|out| facts.encode(NameCase::Lower, out));
        assert_eq!(FactChoice::parse(&bytes), Ok(facts));
    });
    each::<Digest>(|digest| {
        assert_eq!(Digest::parse(digest.to_string().as_bytes(), digest.algorithm()), Ok(digest));
    });
}

#[test]
fn most_codes_are_those_of_a_document_and_some_are_not() {
    let (mut named, mut other) = (0, 0);
    each::<ReplyCode>(|code| match code.meaning() {
        Some(_) => named += 1,
        None => other += 1,
    });
    assert!(named > 3 * other && other > 50, "{named} named, {other} others");
    assert_eq!(each::<Position>(|_| ()), 4);
}

/// Returns the names of the types for which a file of `values!` implements `Arbitrary`.
fn types(source: &str) -> impl Iterator<Item = &str> {
    let rows = source.lines().filter_map(|line| line.strip_prefix("    "));
    let rows = rows.filter_map(|row| row.split_once(", |u| ").map(|(name, _)| name.trim_end_matches("<'a>")));
    rows.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[test]
fn the_tables_of_features_list_every_type() {
    let sources = [
        ("codec", include_str!("../src/codec/arbitrary.rs")),
        ("listing", include_str!("../src/listing/arbitrary.rs")),
        ("transfer", include_str!("../src/transfer/arbitrary.rs")),
    ];
    for (place, text) in
        [("lib.rs", include_str!("../src/lib.rs")), ("README.md", include_str!("../README.md"))]
    {
        let row = text.lines().find(|line| line.contains("| `arbitrary` |")).unwrap();
        let mut listed = 0;
        for (module, source) in sources {
            let part =
                row.split(&format!("of `{module}`: ")).nth(1).unwrap().split([';', '|']).next().unwrap();
            let names: Vec<&str> = part.trim_end().split(", ").collect();
            let expected: Vec<String> = types(source).map(|name| format!("`{name}`")).collect();
            for name in &expected {
                assert!(names.contains(&name.as_str()), "{place} {module} {name}");
            }
            assert_eq!(names.len(), expected.len(), "{place} {module} {names:?}");
            listed += names.len();
        }
        assert!(listed > 30, "{listed}");
    }
}

#[test]
fn values_that_borrow_are_written_as_what_parses_to_them() {
    let (mut texts, mut others) = (0, 0);
    bytes(|bytes| {
        let mut u = Unstructured::new(bytes);
        let text = Text::arbitrary(&mut u).unwrap();
        assert_eq!(Text::new(text.as_bytes()), Ok(text));
        texts += usize::from(!text.is_empty());
        let value = FactValue::arbitrary(&mut Unstructured::new(bytes)).unwrap();
        assert_eq!(FactValue::new(value.as_bytes()), Ok(value));
        let marker = RestartMarker::arbitrary(&mut Unstructured::new(bytes)).unwrap();
        assert_eq!(RestartMarker::parse(&written(|out| marker.encode(out))), Ok(marker));
        others += usize::from(matches!(marker, RestartMarker::Marker(_)));
        let kind = Kind::arbitrary(&mut Unstructured::new(bytes)).unwrap();
        assert_eq!(Kind::from_value(FactValue::new(kind.as_bytes()).unwrap()), kind);
        let facts = FactValues::arbitrary(&mut Unstructured::new(bytes)).unwrap();
        let line = written(|out| facts.encode(FactSet::all(), NameCase::Canonical, Text::literal("x"), out));
        let parsed = Facts::parse(&line).unwrap();
        assert_eq!((parsed.values, parsed.unreadable), (facts, FactSet::empty()), "{}", line.escape_ascii());
    });
    assert!(texts > 500 && others > 20, "{texts} texts, {others} markers");
}

#[test]
fn entries_survive_a_copy_and_are_written_as_one_line() {
    let mut modified = 0;
    bytes(|bytes| {
        let entry = Entry::arbitrary(&mut Unstructured::new(bytes)).unwrap();
        let owned = OwnedEntry::arbitrary(&mut Unstructured::new(bytes)).unwrap();
        assert_eq!(owned.entry(), entry);
        assert!(entry.mode.is_none_or(|mode| mode <= 0o7777));
        let line = written(|out| ListingWriter::mlsd(FactSet::all()).write(&entry, out));
        assert!(line.is_empty() || line.iter().filter(|byte| **byte == b'\n').count() == 1);
        modified += usize::from(entry.modified.is_some());
    });
    assert!(modified > 100, "{modified}");
    each::<Modified>(|time| {
        assert_eq!(Modified::new(time.shown(), time.precision(), time.zone()), time);
        assert!(time.zone().is_none_or(|zone| zone.abs() < 24 * 60));
    });
    each::<listing::Formats>(|formats| assert!(listing::Formats::all().contains(formats)));
}

#[test]
fn codings_and_markers_of_transfers_are_valid() {
    let (mut supported, mut unsupported) = (0, 0);
    each::<Coding>(|coding| match coding.is_supported() {
        true => supported += 1,
        false => unsupported += 1,
    });
    assert!(supported > 100 && unsupported > 100, "{supported} and {unsupported}");
    each::<Marker>(|marker| {
        assert_eq!(Marker::new(marker.text().as_bytes(), marker.position()), Some(marker));
    });
}
