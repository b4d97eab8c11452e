//! Parses listings of arbitrary bytes: no panic, the same entries however the bytes arrive, and no
//! name that a line cannot contain.
#![no_main]

use ftp_proto::codec::FactSet;
use ftp_proto::listing::{Clock, Format, Formats, ListingParser, ListingWriter};
use ftp_proto_fuzz::input::Listing as Input;
use libfuzzer_sys::fuzz_target;

fn entries<'c>(
    chunks: impl Iterator<Item = &'c [u8]>,
    formats: Formats,
    room: usize,
    clock: Clock,
) -> Vec<String> {
    let mut parser = ListingParser::new(vec![0; room], formats, clock);
    let mut got = Vec::new();
    for mut chunk in chunks {
        while let Some(verdict) = parser.next(&mut chunk) {
            if let Ok(entry) = &verdict {
                assert!(!entry.name.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
                for writer in
                    [ListingWriter::list(clock), ListingWriter::nlst(), ListingWriter::mlsd(FactSet::all())]
                {
                    let mut out = Vec::new();
                    writer.write(entry, &mut out).unwrap();
                    assert!(out.is_empty() || out.iter().filter(|byte| **byte == b'\n').count() == 1);
                }
            }
            got.push(format!("{verdict:?}"));
        }
        assert!(chunk.is_empty(), "bytes were left");
    }
    while let Some(verdict) = parser.finish() {
        got.push(format!("{verdict:?}"));
    }
    got
}

fuzz_target!(|input: Input<'_>| {
    let formats = Formats::from_bits_truncate(input.formats);
    let clock = input.now.map_or(Clock::UNKNOWN, Clock::at);
    let room = usize::from(input.room);
    let whole = entries([input.listing].into_iter(), formats, room, clock);
    assert_eq!(entries(input.listing.chunks(1), formats, room, clock), whole, "byte by byte");
    let mut cuts = input.cuts.iter().cycle();
    let mut rest = input.listing;
    let chunks = std::iter::from_fn(|| {
        let size = cuts.next().map_or(7, |cut| usize::from(*cut) + 1);
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    });
    assert_eq!(entries(chunks, formats, room, clock), whole, "in pieces");
    // All texts of an entry occur in its line.
    for format in Format::ALL {
        let Ok(Some(entry)) = format.parse_line(input.listing, &clock) else { continue };
        let texts = [Some(entry.name), entry.owner, entry.group, entry.unique];
        for text in texts.into_iter().flatten().filter(|text| !text.is_empty()) {
            assert!(input.listing.windows(text.len()).any(|part| part == text.as_bytes()), "{entry:?}");
        }
        assert_eq!(entry.raw(), input.listing);
        assert_eq!(entry.to_owned().entry(), entry);
    }
});
