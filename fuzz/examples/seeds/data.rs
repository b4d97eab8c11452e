//! Streams, listings and files.

use std::fs;
use std::path::Path;

use ftp_proto::codec::{FileStructure, RepresentationType, TransferMode};
use ftp_proto::listing::Formats;
use ftp_proto::transfer::{Coding, Encoder, LineEnds};

use crate::escapes::unescaped;
use crate::{Seeds, add};

pub fn buffers(seeds: &mut Seeds) {
    for (name, stream) in [
        ("lines", &b"USER me\r\nPASS x\r\nQUIT\r\n"[..]),
        ("line-feeds", b"a\n\nb\n"),
        ("carriage-returns", b"a\rb\r\r\nc\r\0d\r\n"),
        ("telnet", b"\xFF\xF4\xFF\xF2ABOR\r\n\xFF\xFB\x01NOOP\r\n\xFF\xFFx\r\n"),
        ("too-long", b"0123456789012345678901234567890123456789\r\nshort\r\n"),
        ("binary", b"\x16\x03\x01\x02\x00\x01\x00\r\nNOOP\r\n"),
        ("cut", b"QUIT\r\nhalf a li"),
    ] {
        for (form, holds) in [("", 0), ("-held", 0x5555_5555_5555_5555)] {
            add!(
                seeds,
                "buffer",
                &format!("{name}{form}"),
                Buffer { limit: 32, room: 3, holds, cuts: &[0, 4, 1], stream }
            );
        }
    }
    // A queue to which lines, segments and Synch are appended, of which some is sent, in turn.
    for (name, cuts) in [
        ("queue-lines", &[0x40, 0x41, 0x14, 0x42, 0xFC, 0x40][..]),
        ("queue-segments", &[0x40, 0x43, 0x40, 0x43, 0x0C, 0x44, 0x43, 0x07, 0xFC, 0xFC, 0x07, 0x43]),
        ("queue-synch", &[0x10, 0x06, 0x20, 0x0C, 0x06, 0x45, 0xFC, 0x06]),
        ("queue-full", &[0x80, 0x80, 0x80, 0x14, 0x80, 0x14, 0x40, 0x06, 0x05]),
    ] {
        for holds in [0, 1] {
            let stream = b"NOOP\r\n\xFF\xFF one \xFF two\r\nPORT 127,0,0,1,4,1\r\nABOR\r\nand more of it, as much as fits";
            add!(
                seeds,
                "buffer",
                &format!("{name}-{holds}"),
                Buffer { limit: 32, room: 40, holds, cuts, stream }
            );
        }
    }
}

/// Most bytes of a listing in a seed.
const MOST: usize = 3000;

/// The time at which the tests read most listings: 10 November 2024, 12:00.
const NOW: i64 = 1_731_240_000;

pub fn listings(seeds: &mut Seeds) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/listings");
    for file in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = file.file_stem().unwrap().to_str().unwrap();
        let formats = match name {
            "nlst" => Formats::NLST,
            "mlst" => Formats::MLST,
            _ => Formats::LIST,
        };
        // A listing begins at `@`, and what the server sent is behind `< `; the rest says how it is
        // to be read.
        let mut listings = vec![Vec::new()];
        for line in fs::read_to_string(&file).unwrap().lines() {
            let full = listings.last().is_some_and(|listing| listing.len() > MOST);
            if line.starts_with('@') || full {
                listings.push(Vec::new());
            }
            if let (Some(line), Some(listing)) = (line.strip_prefix("< "), listings.last_mut()) {
                listing.extend([unescaped(line), b"\r\n".to_vec()].concat());
            }
        }
        for (number, listing) in listings.iter().filter(|listing| !listing.is_empty()).enumerate() {
            // Every other one with another zone and order of dates.
            let zone = [None, Some(4), None, Some(-20)][number % 4];
            let (formats, now, order) = (formats.bits(), (number % 5 != 4).then_some(NOW), number as u8 % 8);
            let (cuts, listing) = (&[50, 0][..], &listing[..]);
            add!(
                seeds,
                "listing",
                &format!("{name}-{number}"),
                Listing { formats, room: 255, now, zone, order, cuts, listing }
            );
        }
    }
}

pub fn transfers(seeds: &mut Seeds) {
    const FILE: &[u8] =
        b"first\nsecond\r\nthird\x10\n\x00\xFF\xFF\xC0aaaaaaaaaaaaaaaaaaaa                    end";
    let types = [
        (0, RepresentationType::Image),
        (1, RepresentationType::LOCAL_8),
        (2, RepresentationType::ASCII),
        (3, RepresentationType::Ebcdic(ftp_proto::codec::FormatControl::NonPrint)),
    ];
    add!(
        seeds,
        "transfer",
        "local-36",
        Transfer {
            representation: 4,
            structure: 0,
            mode: 0,
            wire: false,
            bytes: FILE,
            markers: 0,
            level: 36,
            position: 0,
            skip: 0,
            steps: b"",
        }
    );
    for (representation, kind) in types {
        for (structure, file_structure) in (0..).zip(FileStructure::ALL) {
            for (mode, transfer_mode) in (0..).zip(TransferMode::ALL) {
                let coding =
                    Coding { representation: kind, structure: *file_structure, mode: *transfer_mode };
                let mut encoder = Encoder::new(coding).unwrap().with_line_ends(LineEnds::Literal);
                let mut room = [0; 4096];
                let done = encoder.encode(FILE, &mut room);
                assert_eq!(done.read, FILE.len());
                let mut length = done.written;
                loop {
                    match encoder.finish(&mut room[length..]) {
                        0 => break,
                        count => length += count,
                    }
                }
                let coded = format!("{representation}{}{}", file_structure.as_str(), transfer_mode.as_str());
                for (form, wire, bytes) in [("file", false, FILE), ("wire", true, &room[..length])] {
                    add!(
                        seeds,
                        "transfer",
                        &format!("{coded}-{form}"),
                        Transfer {
                            representation,
                            structure,
                            mode,
                            wire,
                            bytes,
                            markers: 16,
                            level: 6,
                            position: 0,
                            skip: 3,
                            steps: &[6, 40, 0],
                        }
                    );
                }
            }
        }
    }
    for (name, mode, bytes) in [
        // Blocks with an error, a marker, the end of a record and the end of the file.
        ("blocks", 1, &b"\x20\x00\x01x\x10\x00\x0212\x80\x00\x03abc\x40\x00\x00"[..]),
        ("runs", 2, b"\x03abc\x85x\xC4\x00\x10\x0212\x00\x40\xC0"),
        ("deflate-cut", 3, b"\x78\x9C\x4B\x4C"),
    ] {
        add!(
            seeds,
            "transfer",
            name,
            Transfer {
                representation: 0,
                structure: 1,
                mode,
                wire: true,
                bytes,
                markers: 0,
                level: 0,
                position: 0,
                skip: 0,
                steps: &[0, 3],
            }
        );
    }
}
