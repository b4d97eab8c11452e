//! Parses listings of arbitrary bytes: no panic, the same entries however the bytes arrive and with
//! each of the parsers, and no name that a line cannot contain.
#![no_main]

use ftp_proto::codec::{FactSet, Timestamp};
use ftp_proto::listing::{
    self, BadLine, Clock, DateOrder, Entries, Entry, Fields, Format, Formats, ListingLine, ListingParser,
    ListingWriter, MlsdParser,
};
use ftp_proto_fuzz::input::Listing as Input;
use libfuzzer_sys::fuzz_target;

/// Most bytes of a line whose entry is looked at closely.
const LONGEST: usize = 400;

fn clock(input: &Input<'_>) -> Clock {
    let clock = input.now.map_or(Clock::UNKNOWN, Clock::at);
    let clock = match (input.zone, input.order & 4) {
        (None, _) => clock,
        (Some(quarters), 0) => clock.with_zone(i16::from(quarters) * 15),
        (Some(_), _) => clock.with_zone_of(|local| if local.month() < 7 { -60 } else { 180 }),
    };
    match input.order & 3 {
        1 => clock.with_date_order(DateOrder::MonthDayYear),
        2 => clock.with_date_order(DateOrder::DayMonthYear),
        _ => clock,
    }
}

/// Checks what is written of an entry, and what else it tells.
fn check(entry: &Entry<'_>, clock: Clock) {
    assert!(!entry.name.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
    for writer in [
        ListingWriter::list(clock),
        ListingWriter::nlst(),
        ListingWriter::mlsd(FactSet::all()),
        ListingWriter::mlst(FactSet::all()),
        ListingWriter::mlsd(FactSet::MODIFY),
    ] {
        let mut out = Vec::new();
        writer.write(entry, &mut out).unwrap();
        assert!(out.is_empty() || out.iter().filter(|byte| **byte == b'\n').count() == 1);
        assert!(Fields::all().contains(writer.fields()));
    }
    let name = entry.file_name();
    assert!(!name.as_bytes().contains(&b'/') && entry.name.len() >= name.len());
    assert!(!entry.kind.is_dot() || entry.kind.is_directory());
    assert!(!entry.kind.to_string().is_empty());
    assert_eq!(entry.facts().is_some(), matches!(entry.format(), Some(Format::Mlsd | Format::Mlst)));
    if let Some(format) = entry.format() {
        assert_eq!(format.to_string(), format.name());
    }
    if let Some(modified) = entry.modified {
        assert!(modified.to_unix(0).1 < 1_000_000_000 && !modified.to_string().is_empty());
        assert!(modified.inferred().is_empty() || !format!("{:?}", modified.inferred()).is_empty());
    }
    let owned = entry.to_owned();
    assert!(owned.entry() == *entry && owned == entry.to_owned());
    assert_eq!(format!("{owned:?}"), format!("{entry:?}"));
}

fn complain(bad: &BadLine<'_>) {
    let shown = bad.to_string();
    assert!(!shown.is_empty() && !shown.contains(['\r', '\n']), "{shown:?}");
}

/// Returns the entries that a parser finds, and the lines that it cannot read. Checks the entries if
/// there is a clock.
macro_rules! entries {
    ($parser:expr, $chunks:expr, $clock:expr) => {{
        let mut parser = $parser;
        let mut got = Vec::new();
        for mut chunk in $chunks {
            while let Some(verdict) = parser.next(&mut chunk) {
                match (&verdict, $clock) {
                    (Ok(entry), Some(clock)) => check(entry, clock),
                    (Ok(_), None) => {}
                    (Err(bad), _) => complain(bad),
                }
                got.push(format!("{verdict:?}"));
            }
            assert!(chunk.is_empty(), "bytes were left");
        }
        while let Some(verdict) = parser.finish() {
            got.push(format!("{verdict:?}"));
        }
        assert!(!parser.is_within_line());
        got
    }};
}

/// Checks that all texts of an entry occur in its line.
fn texts(line: &[u8], clock: &Clock) {
    for format in Format::ALL {
        let entry = match format.parse_line(line, clock) {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(invalid) => {
                assert!(!invalid.to_string().is_empty());
                continue;
            }
        };
        let texts = [Some(entry.name), entry.owner, entry.group, entry.unique];
        for text in texts.into_iter().flatten().filter(|text| !text.is_empty()) {
            assert!(line.windows(text.len()).any(|part| part == text.as_bytes()), "{entry:?}");
        }
        assert_eq!(entry.raw(), line);
        check(&entry, *clock);
    }
}

fuzz_target!(|input: Input<'_>| {
    let formats = Formats::from_bits_truncate(input.formats);
    let clock = clock(&input);
    assert_eq!(clock.unix_seconds(), input.now.filter(|_| clock.unix_seconds().is_some()));
    let noon = Timestamp::new(2024, 2, 29, 12, 0, 0).unwrap();
    assert_eq!(clock.zone_at(noon).is_some(), input.zone.is_some());
    let mut cuts = input.cuts.iter().cycle();
    let mut rest = input.listing;
    let pieces: Vec<_> = std::iter::from_fn(|| {
        let size = cuts.next().map_or(7, |cut| usize::from(*cut) + 1);
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    })
    .collect();
    let room = usize::from(input.room);
    let parser = || ListingParser::new(vec![0; room], formats, clock);
    let whole = entries!(parser(), [input.listing], Some(clock));
    assert_eq!(entries!(parser(), input.listing.chunks(1), None::<Clock>), whole, "byte by byte");
    assert_eq!(entries!(parser(), pieces.iter().copied(), None::<Clock>), whole, "in pieces");
    let mlsd = || MlsdParser::new(vec![0; room]);
    let machine = entries!(mlsd(), [input.listing], Some(clock));
    assert_eq!(entries!(mlsd(), pieces.iter().copied(), None::<Clock>), machine, "in pieces");
    // Without CMS, the whole in memory is as the whole with room for all of it.
    let formats = formats - Formats::CMS;
    let roomy = ListingParser::new(vec![0; input.listing.len() + 8192], formats, clock);
    let roomy = entries!(roomy, [input.listing], None::<Clock>);
    let all: Vec<_> =
        Entries::new(input.listing, formats, clock).map(|verdict| format!("{verdict:?}")).collect();
    assert_eq!(all, roomy);
    let entries = all.iter().filter(|verdict| verdict.starts_with("Ok")).count();
    if input.listing.len() < 8192 {
        let lines = listing::parse(input.listing, formats, clock);
        assert_eq!(lines.len(), all.len());
        assert_eq!(lines.into_iter().filter_map(ListingLine::into_entry).count(), entries);
    }
    texts(input.listing, &clock);
    for line in input.listing.split(|byte| *byte == b'\n').filter(|line| line.len() <= LONGEST).take(40) {
        texts(line.strip_suffix(b"\r").unwrap_or(line), &clock);
    }
});
