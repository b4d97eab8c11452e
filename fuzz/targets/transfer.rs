//! The data transfer process: a file survives every encoding, however input and output are split,
//! and resumes at any marker. Arbitrary bytes decode to a file or an error, which is the same
//! however they are split.
#![no_main]

use std::num::{NonZeroU8, NonZeroU32, NonZeroU64};

use ftp_proto::codec::{FileStructure, FormatControl, RepresentationType, TransferMode};
use ftp_proto::transfer::{Coding, Decoder, Encoder, LineEnds, Parameters, TransferError};
use ftp_proto_fuzz::Choices;
use ftp_proto_fuzz::input::Transfer as Input;
use libfuzzer_sys::fuzz_target;

fn coding(input: &Input<'_>) -> Coding {
    let pick = |all: &[FormatControl]| all[usize::from(input.representation / 5) % all.len()];
    let form = pick(FormatControl::ALL);
    Coding {
        representation: match input.representation % 5 {
            4 => NonZeroU8::new(input.level).map_or(RepresentationType::Image, RepresentationType::Local),
            0 => RepresentationType::Image,
            1 => RepresentationType::LOCAL_8,
            2 => RepresentationType::Ascii(form),
            _ => RepresentationType::Ebcdic(form),
        },
        structure: FileStructure::ALL[usize::from(input.structure) % FileStructure::ALL.len()],
        mode: TransferMode::ALL[usize::from(input.mode) % TransferMode::ALL.len()],
    }
}

/// Draws the size of a step: mostly a few bytes, sometimes many, never none.
fn step(choices: &mut Choices<'_>) -> usize {
    match choices.draw() {
        byte @ 0..=0xBF => usize::from(byte) + 1,
        byte => usize::from(byte) * 64,
    }
}

/// Returns the bytes on the wire, and the position of the last restart marker.
fn encode(mut encoder: Encoder, mut file: &[u8], steps: &[u8]) -> (Vec<u8>, Option<u64>) {
    let mut choices = Choices::new(steps);
    let (mut wire, mut room) = (Vec::new(), vec![0; 1 << 14]);
    while !file.is_empty() {
        let piece = &file[..file.len().min(step(&mut choices))];
        let done = encoder.encode(piece, &mut room[..step(&mut choices)]);
        assert!(done.read > 0 || done.written > 0, "it is stuck");
        file = &file[done.read..];
        wire.extend_from_slice(&room[..done.written]);
    }
    loop {
        match encoder.finish(&mut room[..step(&mut choices)]) {
            0 => {
                assert!(!format!("{encoder:?}").is_empty());
                return (wire, encoder.last_marker());
            }
            count => wire.extend_from_slice(&room[..count]),
        }
    }
}

/// The result of decoding some bytes. It is limited to `MOST` bytes, since a few bytes can decode
/// to many.
#[derive(Debug, PartialEq)]
struct Decoded {
    file: Vec<u8>,
    markers: Vec<(Vec<u8>, u64)>,
    read: usize,
    /// Set if the sender called some of it suspect.
    suspect: bool,
    end: Result<(), TransferError>,
}

const MOST: usize = 1 << 20;

fn decode(mut decoder: Decoder, wire: &[u8], steps: &[u8]) -> Decoded {
    let begun = decoder.position();
    let mut choices = Choices::new(steps);
    let mut room = vec![0; 1 << 14];
    let mut to = Decoded { file: Vec::new(), markers: Vec::new(), read: 0, suspect: false, end: Ok(()) };
    while to.read < wire.len() && !decoder.is_ended() && to.file.len() < MOST {
        let rest = &wire[to.read..];
        let piece = &rest[..rest.len().min(step(&mut choices))];
        match decoder.decode(piece, &mut room[..step(&mut choices)]) {
            Ok(done) => {
                let moves = done.read > 0 || done.written > 0 || done.marker.is_some();
                assert!(moves || decoder.is_ended(), "it is stuck");
                to.read += done.read;
                to.file.extend_from_slice(&room[..done.written]);
                assert_eq!(decoder.position(), begun.saturating_add(to.file.len() as u64));
                if let Some(marker) = done.marker {
                    assert_eq!(marker.position(), decoder.position());
                    to.markers.push((marker.text().as_bytes().to_vec(), marker.position()));
                }
            }
            Err(error) => {
                assert_eq!(decoder.decode(b"x", &mut room), Err(error), "it is lost for good");
                assert_eq!(decoder.finish(&mut room), Err(error), "it is lost for good");
                assert!(!error.to_string().is_empty());
                to.end = Err(error);
                return to;
            }
        }
    }
    while to.file.len() < MOST {
        match decoder.finish(&mut room[..step(&mut choices)]) {
            Ok(0) => break,
            Ok(count) => to.file.extend_from_slice(&room[..count]),
            Err(error) => {
                to.end = Err(error);
                break;
            }
        }
    }
    to.suspect = decoder.is_suspect();
    assert!(
        !format!("{decoder:?}").contains(&format!("{:?}", to.file)) || to.file.is_empty(),
        "it shows the file"
    );
    to
}

fuzz_target!(|input: Input<'_>| {
    let coding = coding(&input);
    let mut parameters = Parameters::from(coding);
    assert_eq!(coding.obstacle().is_none(), coding.is_supported());
    if !coding.is_supported() {
        assert!(parameters.encoder().is_none() && parameters.decoder().is_none());
        return;
    }
    assert_eq!(
        coding.end_is_marked(),
        coding.mode != TransferMode::Stream || coding.structure != FileStructure::File
    );
    assert_eq!(parameters.encoder().unwrap().is_identity(), coding.is_identity());
    assert_eq!(parameters.decoder().unwrap().is_identity(), coding.is_identity());
    parameters.position = input.position.into();
    parameters.markers = NonZeroU32::new(input.markers.into());
    parameters.level = Some(input.level);
    parameters.line_ends = LineEnds::Literal;
    if input.wire {
        let whole = decode(parameters.decoder().unwrap(), input.bytes, &[0xFF]);
        let cut = decode(parameters.decoder().unwrap(), input.bytes, input.steps);
        // The output of the call that finds an error is not reported.
        let common = whole.file.len().min(cut.file.len());
        assert_eq!(whole.file[..common], cut.file[..common], "{coding:?}");
        if whole.file.len() < MOST && cut.file.len() < MOST {
            // A damaged zlib stream may have a second fault in what it contains. Which one is found
            // first depends on how much is decompressed at a time.
            let ends = [whole.end, cut.end];
            let damaged = ends.contains(&Err(TransferError::Zlib)) && !ends.contains(&Ok(()));
            assert!(cut.end == whole.end || damaged, "{coding:?}: {ends:?}");
            assert!(whole.end.is_err() || cut == whole, "{coding:?}: {cut:?} is not {whole:?}");
        }
        return;
    }
    let file = input.bytes;
    let (wire, last) = encode(parameters.encoder().unwrap(), file, input.steps);
    let other = input.steps.get(1..).unwrap_or_default();
    let read = decode(parameters.decoder().unwrap(), &wire, other);
    assert_eq!((&read.file[..], read.end), (file, Ok(())), "{coding:?}");
    assert_eq!(read.read, wire.len());
    assert!(!read.suspect);
    let (begun, every) = (parameters.position, NonZeroU64::new(input.markers.into()));
    assert!(read.markers.is_empty() || (every.is_some() && coding.has_markers()));
    assert_eq!(read.markers.last().map(|(_, position)| *position), last);
    if let Some((text, position)) = read.markers.last() {
        assert_eq!(text, position.to_string().as_bytes());
        let at = usize::try_from(position - begun).unwrap();
        parameters.position = *position;
        let (wire, _) = encode(parameters.encoder().unwrap(), &file[at..], other);
        let rest = decode(parameters.decoder().unwrap(), &wire, input.steps);
        assert_eq!((&rest.file[..], rest.end), (&file[at..], Ok(())), "{coding:?} at {position}");
    }
    // The output of stream mode, from any byte on.
    let stream = Coding { mode: TransferMode::Stream, ..coding };
    if coding.structure == FileStructure::File && !coding.has_markers() && !coding.keeps_offsets() {
        let encoder = Encoder::new(stream).unwrap().with_line_ends(LineEnds::Literal);
        let (whole, _) = encode(encoder, file, &[0xFF]);
        let rest = whole.get(usize::from(input.skip)..).unwrap_or_default();
        let expected = decode(Decoder::new(stream).unwrap(), rest, &[0xFF]);
        let mut parameters = Parameters::new(coding);
        (parameters.skip, parameters.line_ends) = (input.skip.into(), LineEnds::Literal);
        let (wire, _) = encode(parameters.encoder().unwrap(), file, input.steps);
        assert_eq!(decode(parameters.decoder().unwrap(), &wire, other).file, expected.file);
    }
});
