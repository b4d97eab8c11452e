//! Files in each coding, in pieces of the size that an adapter moves.

use std::hint::black_box;

use ftp_proto::codec::{FileStructure, RepresentationType, TransferMode};
use ftp_proto::transfer::{Coding, Decoder, Encoder};

/// Number of bytes moved at a time.
const CHUNK: usize = 64 * 1024;
/// Lines of text in a file.
const LINES: usize = 1_000;

pub(crate) const ASCII: Coding = Coding {
    representation: RepresentationType::ASCII,
    structure: FileStructure::File,
    mode: TransferMode::Stream,
};
pub(crate) const BLOCK: Coding = Coding { mode: TransferMode::Block, ..Coding::IDENTITY };
pub(crate) const COMPRESSED: Coding = Coding { mode: TransferMode::Compressed, ..Coding::IDENTITY };
pub(crate) const RECORDS: Coding = Coding { structure: FileStructure::Record, ..ASCII };

/// Encodes a file and decodes it again.
pub(crate) fn there_and_back(repetitions: u64, coding: Coding) {
    let file = b"A line of text as there are many,    with a run of blanks.\n".repeat(LINES);
    let (mut wire, mut back) = (vec![0; CHUNK], vec![0; CHUNK]);
    for _ in 0..repetitions {
        let (mut encoder, mut decoder) =
            (Encoder::new(coding).expect("supported"), Decoder::new(coding).expect("supported"));
        let (mut rest, mut received) = (black_box(&file[..]), 0);
        loop {
            let sent = if rest.is_empty() {
                encoder.finish(&mut wire)
            } else {
                let done = encoder.encode(rest, &mut wire);
                rest = &rest[done.read..];
                done.written
            };
            if sent == 0 {
                break;
            }
            let mut arrived = &wire[..sent];
            loop {
                let done = decoder.decode(arrived, &mut back).expect("what was encoded");
                arrived = &arrived[done.read..];
                received += done.written;
                if done.read == 0 && done.written == 0 {
                    break;
                }
            }
        }
        while let Ok(count @ 1..) = decoder.finish(&mut back) {
            received += count;
        }
        assert_eq!(received, file.len(), "all of the file came back");
    }
}
