//! Tests of every combination of TYPE, STRU and MODE: any file comes back unchanged, however the
//! data is split.

use core::num::NonZeroU64;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::codec::FormatControl;

#[test]
fn an_obstacle_names_the_setting_and_the_feature_that_is_missing() {
    let local = |size| RepresentationType::Local(core::num::NonZeroU8::new(size).unwrap());
    let deflate = match cfg!(feature = "deflate") {
        true => None,
        false => Some("MODE Z, which needs the feature `deflate`"),
    };
    let size = Some("TYPE L with a byte size other than 8");
    for (representation, mode, obstacle) in [
        (RepresentationType::Image, TransferMode::Stream, None),
        (RepresentationType::Image, TransferMode::Deflate, deflate),
        (local(8), TransferMode::Deflate, deflate),
        (local(8), TransferMode::Block, None),
        (local(36), TransferMode::Deflate, size),
        (local(7), TransferMode::Stream, size),
    ] {
        let coding = Coding { representation, mode, ..Coding::IDENTITY };
        assert_eq!((coding.obstacle(), coding.is_supported()), (obstacle, obstacle.is_none()), "{coding:?}");
    }
}

/// Returns every supported coding.
fn codings() -> Vec<Coding> {
    let mut codings = Vec::new();
    let forms = FormatControl::ALL;
    let texts =
        forms.iter().flat_map(|form| [RepresentationType::Ascii(*form), RepresentationType::Ebcdic(*form)]);
    for representation in texts.chain([RepresentationType::Image, RepresentationType::LOCAL_8]) {
        for &structure in FileStructure::ALL {
            for &mode in TransferMode::ALL {
                let coding = Coding { representation, structure, mode };
                assert_eq!(coding.is_supported(), mode != TransferMode::Deflate || cfg!(feature = "deflate"));
                if coding.is_supported() {
                    codings.push(coding);
                }
            }
        }
    }
    codings
}

fn codings_with_end() -> Vec<Coding> {
    codings().into_iter().filter(Coding::end_is_marked).collect()
}

/// Numbers of bytes of input and of room for each call.
pub(super) type Steps<'a> = &'a [(usize, usize)];
pub(super) const WHOLE: Steps<'_> = &[(1 << 20, 1 << 20)];

pub(super) fn encode_by(mut encoder: Encoder, file: &[u8], steps: Steps<'_>) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut at = 0;
    let mut steps = steps.iter().copied().cycle();
    let mut next = || steps.next().unwrap();
    while at < file.len() {
        let (step, room) = next();
        let mut output = std::vec![0; room];
        let done = encoder.encode(&file[at..file.len().min(at + step)], &mut output);
        assert!(done.read > 0 || done.written > 0, "stuck at {at}");
        at += done.read;
        wire.extend_from_slice(&output[..done.written]);
    }
    loop {
        let mut output = std::vec![0; next().1];
        match encoder.finish(&mut output) {
            0 => return wire,
            count => wire.extend_from_slice(&output[..count]),
        }
    }
}

/// Result of receiving a file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    pub(super) markers: Vec<(Vec<u8>, u64)>,
    /// Number of bytes of the wire that were read.
    pub(super) read: usize,
}

pub(super) fn decode_by(mut decoder: Decoder, wire: &[u8], steps: Steps<'_>) -> Result<File, TransferError> {
    let mut file = File::default();
    let mut steps = steps.iter().copied().cycle();
    let mut next = || steps.next().unwrap();
    while file.read < wire.len() && !decoder.is_ended() {
        let (step, room) = next();
        let mut output = std::vec![0; room];
        let done = decoder.decode(&wire[file.read..wire.len().min(file.read + step)], &mut output)?;
        assert!(done.read > 0 || done.written > 0 || done.marker.is_some() || decoder.is_ended(), "stuck");
        file.read += done.read;
        file.bytes.extend_from_slice(&output[..done.written]);
        assert_eq!(decoder.position(), file.bytes.len() as u64);
        file.markers.extend(done.marker.map(|marker| (marker.text().as_bytes().to_vec(), marker.position())));
    }
    loop {
        let mut output = std::vec![0; next().1];
        match decoder.finish(&mut output)? {
            0 => return Ok(file),
            count => file.bytes.extend_from_slice(&output[..count]),
        }
    }
}

/// Creates an encoder whose output decodes to the original file, for any file.
pub(super) fn literal(coding: Coding) -> Encoder {
    Encoder::new(coding).unwrap().with_line_ends(LineEnds::Literal)
}

pub(super) fn encode(coding: Coding, file: &[u8]) -> Vec<u8> {
    encode_by(literal(coding), file, WHOLE)
}

pub(super) fn decode(coding: Coding, wire: &[u8]) -> Result<Vec<u8>, TransferError> {
    Ok(decode_by(Decoder::new(coding).unwrap(), wire, WHOLE)?.bytes)
}

/// Asserts that `file` is encoded to `wire`, and that `wire` is decoded to `file` however it is
/// split.
pub(super) fn both_ways(coding: Coding, file: &[u8], wire: &[u8]) {
    assert_eq!(encode(coding, file), wire, "{coding:?}, {file:?}");
    comes_to(coding, wire, file);
}

/// Asserts that `wire` is decoded to `file` however it is split.
pub(super) fn comes_to(coding: Coding, wire: &[u8], file: &[u8]) {
    for step in 1..=wire.len().max(1) {
        for room in [1, 2, 3, 100] {
            let read = decode_by(Decoder::new(coding).unwrap(), wire, &[(step, room)]);
            assert_eq!(read.map(|read| read.bytes).as_deref(), Ok(file), "{coding:?}, {wire:?}");
        }
    }
}

/// Generates runs of bytes that have a meaning in some coding.
fn files() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![proptest::sample::select(&b"\n\r\x10\xff\0 \x40\x15\x25\x85ab"[..]), any::<u8>()];
    proptest::collection::vec((byte, prop_oneof![8 => Just(1usize), 2 => 1usize..200]), 0..60)
        .prop_map(|runs| runs.iter().flat_map(|(byte, count)| core::iter::repeat_n(*byte, *count)).collect())
}

fn steps() -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec(
        (prop_oneof![1usize..5, 1usize..300], prop_oneof![1usize..5, 1usize..300]),
        1..6,
    )
}

#[test]
fn only_what_changes_nothing_is_the_identity() {
    for coding in codings() {
        let identity = coding.structure == FileStructure::File
            && coding.mode == TransferMode::Stream
            && [RepresentationType::Image, RepresentationType::LOCAL_8].contains(&coding.representation);
        assert_eq!(coding.is_identity(), identity);
        assert_eq!(Encoder::new(coding).unwrap().is_identity(), identity);
        assert_eq!(Decoder::new(coding).unwrap().is_identity(), identity);
    }
    let nine = core::num::NonZeroU8::new(9).unwrap();
    let odd = Coding { representation: RepresentationType::Local(nine), ..Coding::IDENTITY };
    assert!(!odd.is_supported() && !odd.is_identity());
    assert!(Encoder::new(odd).is_none() && Decoder::new(odd).is_none());
}

#[test]
fn an_empty_file_is_one() {
    for coding in codings() {
        let wire = encode(coding, b"");
        assert_eq!(wire.is_empty(), !coding.end_is_marked(), "{coding:?}");
        comes_to(coding, &wire, b"");
    }
}

#[test]
fn a_large_file_comes_back() {
    let mut random = 1u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    };
    let noise: Vec<u8> = (0..100_000).map(|_| next()).collect();
    let text: Vec<u8> = noise.iter().map(|byte| b"   etaoin shrdlu\n"[usize::from(byte % 17)]).collect();
    for coding in codings() {
        for file in [&noise, &text] {
            let wire = encode(coding, file);
            assert!(decode(coding, &wire).as_ref() == Ok(file), "{coding:?}");
            if coding.end_is_marked() {
                assert_eq!(
                    decode(coding, &wire[..wire.len() - 1]),
                    Err(TransferError::Truncated),
                    "{coding:?}"
                );
            }
        }
    }
}

#[test]
fn one_call_transforms_all_of_the_input_if_the_output_has_room_for_it() {
    let file = b"all of it \r\n".repeat(3000);
    for coding in codings() {
        let (mut wire, mut output) = (std::vec![0; 100_000], std::vec![0; 100_000]);
        let mut encoder = literal(coding);
        assert_eq!(encoder.encode(b"", &mut wire), Progress::default(), "{coding:?}");
        let done = encoder.encode(&file, &mut wire);
        assert_eq!(done.read, file.len(), "{coding:?}");
        let length = done.written + encoder.finish(&mut wire[done.written..]);
        let mut decoder = Decoder::new(coding).unwrap();
        let done = decoder.decode(&wire[..length], &mut output).unwrap();
        assert_eq!(done.read, length, "{coding:?}");
        assert_eq!(output[..done.written], file, "{coding:?}");
    }
}

#[test]
fn a_marker_behind_a_byte_that_is_held_back_is_passed_over() {
    let coding = Coding { mode: TransferMode::Block, ..Coding::default() };
    for (wire, file, markers) in [
        (&b"\0\0\x01a\x10\0\x011\x40\0\x01b"[..], &b"ab"[..], 1),
        (b"\0\0\x01\r\x10\0\x011\x40\0\x01\n", b"\n", 0),
        (b"\0\0\x01\r\x10\0\x011\x40\0\x01b", b"\rb", 0),
    ] {
        let read = decode_by(Decoder::new(coding).unwrap(), wire, WHOLE).unwrap();
        assert_eq!((&read.bytes[..], read.markers.len()), (file, markers), "{}", wire.escape_ascii());
    }
}

#[test]
fn no_marker_is_set_within_a_line_end_that_two_pages_share() {
    for mode in [TransferMode::Block, TransferMode::Compressed] {
        let coding = Coding { structure: FileStructure::Page, mode, ..Coding::default() };
        for length in 0..300 {
            let file = [&std::vec![b'a'; length][..], b"\n\nb"].concat();
            let mut encoder = literal(coding).with_markers(NonZeroU64::MIN, 0);
            let (mut wire, mut set, mut at) = (Vec::new(), Vec::new(), 0);
            while at < file.len() {
                let mut byte = [0];
                let done = encoder.encode(&file[at..], &mut byte);
                assert!(done.read > 0 || done.written > 0, "stuck at {at}");
                at += done.read;
                wire.extend_from_slice(&byte[..done.written]);
                let marker = encoder.last_marker().filter(|marker| set.last() != Some(marker));
                set.extend(marker);
            }
            let mut rest = [0; 1000];
            let count = encoder.finish(&mut rest);
            wire.extend_from_slice(&rest[..count]);
            let read = decode_by(Decoder::new(coding).unwrap(), &wire, WHOLE).unwrap();
            assert_eq!(read.bytes, file);
            let positions: Vec<u64> = read.markers.iter().map(|marker| marker.1).collect();
            assert_eq!(positions, set, "{mode:?}, {length} characters before the line end");
        }
    }
}

#[test]
fn a_transfer_goes_on_at_any_marker() {
    let file: Vec<u8> =
        (0..2000u32).flat_map(|n| if n % 37 < 30 { [n as u8, b'\r'] } else { *b"\r\n" }).collect();
    for coding in codings().into_iter().filter(Coding::has_markers) {
        let every = NonZeroU64::new(100).unwrap();
        let encoder = literal(coding).with_markers(every, 0);
        let wire = encode_by(encoder, &file, WHOLE);
        let first = decode_by(Decoder::new(coding).unwrap(), &wire, WHOLE).unwrap();
        assert_eq!(first.bytes, file);
        assert!(first.markers.len() > 10, "{coding:?}: {} markers", first.markers.len());
        for (text, position) in first.markers {
            assert_eq!(std::str::from_utf8(&text).unwrap().parse(), Ok(position));
            let encoder = literal(coding).with_markers(every, position);
            let rest = encode_by(encoder, &file[position as usize..], WHOLE);
            let rest = decode_by(Decoder::new(coding).unwrap(), &rest, WHOLE).unwrap();
            assert_eq!([&file[..position as usize], &rest.bytes].concat(), file);
        }
    }
}

#[test]
fn markers_count_from_where_the_transfer_began() {
    let coding = Coding { mode: TransferMode::Block, ..Coding::IDENTITY };
    let mut encoder = Encoder::new(coding).unwrap().with_markers(NonZeroU64::new(10).unwrap(), 1005);
    let mut wire = [0; 64];
    let done = encoder.encode(b"abcdefgh", &mut wire);
    assert_eq!(wire[..done.written], *b"\0\0\x05abcde\x10\0\x041010\0\0\x03fgh");
    assert_eq!(encoder.last_marker(), Some(1010));
    let mut decoder = Decoder::new(coding).unwrap().starting_at(1005);
    let read = decoder.decode(&wire[..done.written], &mut [0; 64]).unwrap();
    assert_eq!((read.read, read.written), (15, 5));
    let marker = read.marker.unwrap();
    assert_eq!((marker.text().as_bytes(), marker.position()), (&b"1010"[..], 1010));
}

#[test]
fn a_transfer_of_text_begins_anywhere_in_the_stream() {
    let file = b"one\ntwo\r\n\nthree";
    let stream = Coding::default();
    let wire = encode(stream, file);
    for mode in TransferMode::ALL {
        let coding = Coding { mode: *mode, ..stream };
        if !coding.is_supported() || coding.has_markers() {
            continue;
        }
        for skip in 0..=wire.len() + 1 {
            let expected = decode(stream, wire.get(skip..).unwrap_or_default()).unwrap();
            for steps in [WHOLE, &[(1, 1)], &[(3, 2), (1, 5)]] {
                let mut parameters = Parameters::new(coding);
                (parameters.skip, parameters.line_ends) = (skip as u64, LineEnds::Literal);
                let rest = encode_by(parameters.encoder().unwrap(), file, steps);
                assert_eq!(decode(coding, &rest).as_ref(), Ok(&expected), "{coding:?} from {skip}");
            }
        }
    }
}

#[test]
fn crlf_in_a_file_stays_crlf_in_every_mode_and_structure_of_type_a() {
    let file = b"one\r\ntwo\n\r\n\rthree\r\r\nfour\r";
    let stored = b"one\ntwo\n\n\rthree\r\nfour\r";
    for coding in codings() {
        let kept = |step, room| encode_by(Encoder::new(coding).unwrap(), file, &[(step, room)]);
        let is_kept = matches!(coding.representation, RepresentationType::Ascii(_))
            && coding.structure != FileStructure::Record;
        for (step, room) in [(1, 1), (1, 100), (2, 3), (3, 1), (5, 7), (100, 100)] {
            let expected: &[u8] = if is_kept { stored } else { file };
            assert_eq!(decode(coding, &kept(step, room)).as_deref(), Ok(expected), "{coding:?}");
        }
    }
    let text = Coding::default();
    assert_eq!(
        encode_by(Parameters::new(text).encoder().unwrap(), file, WHOLE),
        b"one\r\ntwo\r\n\r\n\rthree\r\r\nfour\r"
    );
    let parameters = Parameters { line_ends: LineEnds::Literal, ..Parameters::new(text) };
    assert_eq!(encode_by(parameters.encoder().unwrap(), file, WHOLE), encode(text, file));
}

#[test]
fn transformers_are_small() {
    assert!(size_of::<Encoder>() <= 320, "{}", size_of::<Encoder>());
    assert!(size_of::<Decoder>() <= 320, "{}", size_of::<Decoder>());
    assert!(size_of::<Option<Marker>>() <= 56, "{}", size_of::<Option<Marker>>());
    assert!(size_of::<Parameters>() <= 40, "{}", size_of::<Parameters>());
}

proptest! {
    #[test]
    fn any_file_comes_back(
        coding in proptest::sample::select(codings()),
        file in files(),
        encoding in steps(),
        decoding in steps(),
        every in proptest::option::of(1u64..300),
    ) {
        let mut encoder = literal(coding);
        if let Some(every) = every.and_then(NonZeroU64::new) {
            encoder = encoder.with_markers(every, 0);
        }
        let mut wire = encode_by(encoder, &file, &encoding);
        let len = wire.len();
        // In MODE Z the connection ends with the file.
        if coding.end_is_marked() && coding.mode != TransferMode::Deflate {
            wire.extend_from_slice(b"\x10not of this file");
        }
        let read = decode_by(Decoder::new(coding).unwrap(), &wire, &decoding).unwrap();
        prop_assert_eq!(&read.bytes, &file);
        prop_assert_eq!(read.read, len);
        for (text, position) in &read.markers {
            prop_assert_eq!(std::str::from_utf8(text).unwrap().parse::<u64>(), Ok(*position));
        }
        prop_assert!(every.is_some() || read.markers.is_empty());
    }

    #[test]
    fn lines_are_the_same_lines_however_they_ended(
        coding in proptest::sample::select(codings()),
        lines in proptest::collection::vec(("[ -~\r]{0,20}[ -~]|", any::<bool>()), 0..20),
        encoding in steps(),
        decoding in steps(),
    ) {
        let is_text = matches!(coding.representation, RepresentationType::Ascii(_));
        prop_assume!(is_text && coding.structure != FileStructure::Record);
        let join = |end: fn(bool) -> &'static str| {
            lines.iter().map(|(line, crlf)| [line, end(*crlf)].concat()).collect::<std::string::String>()
        };
        let file = join(|crlf| if crlf { "\r\n" } else { "\n" }).into_bytes();
        let wire = encode_by(Encoder::new(coding).unwrap(), &file, &encoding);
        let stored = decode_by(Decoder::new(coding).unwrap(), &wire, &decoding).unwrap().bytes;
        prop_assert_eq!(stored, join(|_| "\n").into_bytes());
    }

    #[test]
    fn a_kept_crlf_is_counted_by_the_offset_of_a_restart(
        file in files(), encoding in steps(), skip in 0usize..100,
    ) {
        let encoder = || Encoder::new(Coding::default()).unwrap();
        let whole = encode_by(encoder(), &file, WHOLE);
        let rest = encode_by(encoder().skipping(skip as u64), &file, &encoding);
        prop_assert_eq!(rest.as_slice(), whole.get(skip..).unwrap_or_default());
    }

    #[test]
    fn what_ends_too_early_is_truncated(
        coding in proptest::sample::select(codings_with_end()),
        file in files(),
        cut in any::<proptest::sample::Index>(),
        decoding in steps(),
    ) {
        let wire = encode(coding, &file);
        let read = decode_by(Decoder::new(coding).unwrap(), &wire[..cut.index(wire.len())], &decoding);
        prop_assert_eq!(read, Err(TransferError::Truncated));
    }

    #[test]
    fn no_wire_makes_a_decoder_panic_or_differ_by_its_cuts(
        coding in proptest::sample::select(codings()),
        wire in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..300),
            proptest::collection::vec(
                proptest::sample::select(&b"\0\0\x01\x02\x03\x04\x05\x10\x20\x30\x40\x80\xc0\x83\xc5\xff\r\n7"[..]),
                0..300,
            ),
        ],
        decoding in steps(),
    ) {
        let whole = decode_by(Decoder::new(coding).unwrap(), &wire, &[(1000, 1 << 18)]);
        let cut = decode_by(Decoder::new(coding).unwrap(), &wire, &decoding);
        prop_assert_eq!(&cut, &whole);
        if coding.end_is_marked() && wire.is_empty() {
            prop_assert_eq!(cut, Err(TransferError::Truncated));
        }
    }

    #[test]
    fn what_is_written_does_not_depend_on_how_the_file_is_cut(
        coding in proptest::sample::select(codings()),
        file in files(),
        encoding in steps(),
    ) {
        // The length of blocks depends on the room.
        let large = |steps: &[(usize, usize)]| steps.iter().map(|(step, _)| (*step, 100_000)).collect::<Vec<_>>();
        let wire = encode_by(literal(coding), &file, &large(&encoding));
        if !matches!(coding.mode, TransferMode::Block | TransferMode::Deflate) {
            prop_assert_eq!(wire, encode(coding, &file));
        }
    }
}
