//! Listings, transfer codings, and the parsers that neither machine uses.

use core::hint::black_box;
use core::num::NonZeroU64;

use ftp_proto::codec::{Command, EndRule, FactSet, ReplyLine, Text};
use ftp_proto::codec::{FileStructure, RepresentationType, TransferMode};
use ftp_proto::listing::{Clock, Formats, ListingParser, ListingWriter};
use ftp_proto::transfer::{Coding, Decoder, Encoder};

use crate::Input;

pub(crate) fn run(input: &mut Input) {
    while !input.is_over() {
        match input.byte() % 4 {
            0 => listing(input),
            1 => coding(input),
            2 => {
                if let Ok(command) = Command::parse(input.some(200)) {
                    let mut out = [0; 128];
                    let mut sink = ftp_proto::buffer::SendBuf::new(&mut out[..]);
                    let _ = black_box(command.encode(&mut sink.view()));
                }
            }
            _ => {
                let _ = black_box(ReplyLine::parse(input.some(200), None, EndRule::SameCode));
            }
        }
    }
}

fn listing(input: &mut Input) {
    let formats = if input.byte() % 2 == 0 { Formats::LIST } else { Formats::MLSD };
    let mut parser = ListingParser::new([0; 300], formats, Clock::at(input.number() as i64 >> 24));
    let writers = [
        ListingWriter::list(Clock::at(0)),
        ListingWriter::nlst(),
        ListingWriter::mlsd(FactSet::from_bits_truncate(input.number() as u32)),
    ];
    while !input.is_over() {
        let mut bytes = input.some(255);
        while let Some(line) = parser.next(&mut bytes) {
            let Ok(line) = line else { continue };
            let mut out = [0; 128];
            let mut sink = ftp_proto::buffer::SendBuf::new(&mut out[..]);
            for writer in &writers {
                let _ = black_box(writer.write(&line, &mut sink.view()));
            }
        }
        if input.byte() == 0 {
            let _ = black_box(parser.finish().is_some());
        }
    }
}

fn coding(input: &mut Input) {
    let coding = Coding {
        representation: RepresentationType::parse(input.some(5)).unwrap_or(RepresentationType::Image),
        structure: FileStructure::parse(input.some(1)).unwrap_or(FileStructure::File),
        mode: TransferMode::parse(input.some(1)).unwrap_or(TransferMode::Stream),
    };
    let (Some(mut encoder), Some(mut decoder)) = (Encoder::new(coding), Decoder::new(coding)) else { return };
    encoder = encoder.skipping(input.number());
    if let Some(every) = NonZeroU64::new(input.number()) {
        encoder = encoder.with_markers(every, input.number());
    }
    let mut out = [0; 256];
    while !input.is_over() {
        let room = usize::from(input.byte());
        let room = out.get_mut(..room).unwrap_or_default();
        let _ = match input.byte() % 4 {
            0 => black_box(encoder.encode(input.some(200), room).written),
            1 => black_box(encoder.finish(room)),
            2 => black_box(decoder.decode(input.some(200), room).map_or(0, |done| done.written)),
            _ => black_box(decoder.finish(room).unwrap_or_default()),
        };
    }
    let _ = black_box(Text::new(input.some(20)));
}
