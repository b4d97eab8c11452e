//! Every coding of transfers without an allocator: a file is encoded, and comes back.
#![no_std]
#![no_main]

#[path = "../measured.rs"]
mod measured;

use arrayvec::ArrayVec;
use core::num::NonZeroU32;
use cortex_m as _;
use cortex_m_rt::entry;
use ftp_proto::codec::{FileStructure, FormatControl, RepresentationType, TransferMode};
use ftp_proto::transfer::{Coding, Decoder, Encoder, Parameters};
use panic_semihosting as _;

type Bytes = ArrayVec<u8, 6000>;

#[entry]
fn main() -> ! {
    let mut file = ArrayVec::<u8, 600>::new();
    for at in 0..60 {
        file.extend(*b"line 7  \n");
        file[9 * at + 5] = b'0' + (at % 10) as u8;
    }
    let mut wire = Bytes::new();
    let stack = measured::stack();
    let mut codings = 0;
    for mode in [TransferMode::Stream, TransferMode::Block, TransferMode::Compressed] {
        for structure in [FileStructure::File, FileStructure::Record, FileStructure::Page] {
            for representation in [
                RepresentationType::ASCII,
                RepresentationType::Ebcdic(FormatControl::NonPrint),
                RepresentationType::Image,
                RepresentationType::LOCAL_8,
            ] {
                let mut parameters = Parameters::new(Coding { representation, structure, mode });
                parameters.markers = NonZeroU32::new(100).filter(|_| parameters.coding.has_markers());
                codings += usize::from(there_and_back(&parameters, &file, &mut wire));
            }
        }
    }
    assert!(codings > 20);
    sizes!("coding encoder" Encoder, "coding decoder" Decoder);
    measured::end(stack);
}

/// Encodes the file to the wire and decodes it again, a few bytes at a time, if there is such a coding.
#[inline(never)]
fn there_and_back(parameters: &Parameters, file: &[u8], wire: &mut Bytes) -> bool {
    let (Some(mut encoder), Some(mut decoder)) = (parameters.encoder(), parameters.decoder()) else {
        return false;
    };
    wire.clear();
    let (mut rest, mut room) = (file, [0; 50]);
    for _ in 0..10_000 {
        let written = match rest {
            [] => encoder.finish(&mut room),
            _ => {
                let done = encoder.encode(rest, &mut room);
                rest = &rest[done.read..];
                done.written
            }
        };
        wire.extend(room[..written].iter().copied());
        if written == 0 && rest.is_empty() {
            break;
        }
    }
    let (mut rest, mut count, mut same) = (&wire[..], 0, true);
    for _ in 0..10_000 {
        let (read, written) = match rest {
            [] => (0, decoder.finish(&mut room).expect("the whole file")),
            _ => {
                let done = decoder.decode(rest, &mut room).expect("what was encoded");
                (done.read, done.written)
            }
        };
        rest = &rest[read..];
        for byte in &room[..written] {
            same &= file.get(count) == Some(byte);
            count += 1;
        }
        if read == 0 && written == 0 {
            break;
        }
    }
    assert!(same && rest.is_empty() && count >= file.len(), "{parameters:?}");
    true
}
