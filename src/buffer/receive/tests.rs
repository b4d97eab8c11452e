//! Tests of the receive window against a model that knows the whole stream, and against known
//! answers.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

/// A [`Frame`] that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Got {
    Line(Vec<u8>),
    TooLong(Vec<u8>),
    Binary,
    End { cut: bool },
}
use Got::{Binary, End, Line, TooLong};

const LIMIT: usize = 12;

/// Collects every available frame, without the final `Partial`.
fn drain(rx: &mut RecvBuf<Vec<u8>>, hold: &mut impl FnMut() -> bool, got: &mut Vec<Got>) {
    loop {
        got.push(match rx.view().next_line(LIMIT) {
            Frame::Line(line) => {
                let bytes = rx.bytes(line).to_vec();
                if hold() {
                    rx.view().hold(line);
                    rx.spare();
                    let Frame::Line(again) = rx.view().next_line(LIMIT) else {
                        panic!("a held line is given again")
                    };
                    assert_eq!(rx.bytes(again), bytes);
                }
                Line(bytes)
            }
            Frame::TooLong(line) => TooLong(rx.bytes(line).to_vec()),
            Frame::Binary => Binary,
            Frame::Partial => return,
            Frame::End { cut } => return got.push(End { cut }),
        });
    }
}

/// Returns the frames of `chunks` in a window of `capacity` bytes, to the end of the stream.
fn frames<'c>(
    chunks: impl IntoIterator<Item = &'c [u8]>,
    capacity: usize,
    mut hold: impl FnMut() -> bool,
) -> Vec<Got> {
    let mut rx = RecvBuf::new(vec![0xAA; capacity]);
    let mut got = Vec::new();
    for mut chunk in chunks {
        while !chunk.is_empty() {
            let taken = rx.extend(chunk);
            assert!(taken > 0, "a drained window has room");
            chunk = &chunk[taken..];
            drain(&mut rx, &mut hold, &mut got);
        }
    }
    rx.eof();
    drain(&mut rx, &mut hold, &mut got);
    got
}

fn whole(stream: &[u8]) -> Vec<Got> {
    frames([stream], stream.len() + LIMIT + 2, || false)
}

/// Frames `stream` in the simplest way: removes Telnet first, then splits lines.
fn model(stream: &[u8]) -> Vec<Got> {
    // Remove Telnet.
    let mut state = 0;
    let mut data = Vec::new();
    for &byte in stream {
        state = match (state, byte) {
            (0, 255) => 1,
            (1, 251..=254) => 2,
            (1, 250) => 3,
            (3, 255) => 4,
            (4, 240) => 0,
            (3 | 4, _) => 3,
            (1, 240..=249) | (2, _) => 0,
            (_, byte) => {
                data.push(byte);
                0
            }
        };
    }
    // A CR followed by a NUL is data, whatever comes next.
    let mut got = Vec::new();
    let mut line: Vec<u8> = Vec::new();
    let (mut binary, mut bare) = (false, false);
    for byte in data {
        let cr = line.last() == Some(&b'\r') && !bare;
        match byte {
            b'\n' => {
                line.truncate(line.len() - usize::from(cr));
                let long = line.len() > LIMIT;
                let text = line[..line.len().min(LIMIT)].to_vec();
                got.push(match (long, binary) {
                    (true, _) => TooLong(text),
                    (false, true) => Binary,
                    (false, false) => Line(text),
                });
                line.clear();
                (binary, bare) = (false, false);
            }
            0 if cr => bare = true,
            0 => binary = true,
            byte => {
                line.push(byte);
                bare = false;
            }
        }
    }
    // A line that is too long is reported before it ends.
    let length = line.len() - usize::from(line.last() == Some(&b'\r') && !bare);
    if length > LIMIT {
        got.push(TooLong(line[..LIMIT].to_vec()));
    }
    got.push(End { cut: !line.is_empty() || state != 0 });
    got
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[ -~]{0,6}".prop_map(String::into_bytes),
        1 => "[ -~]{10,30}".prop_map(String::into_bytes),
        4 => Just(b"\r\n".to_vec()),
        2 => prop::sample::select(vec![
            &b"\n"[..], b"\r", b"\r\0", b"\0", b"\r\0\n", b"\r\0\0", b"\xff\xff", b"\xff\xfb\x01", b"\xff\xfd\xff",
            b"\xff\xf4", b"\xff\xf2", b"\xff\xfa\x18\x00\n\xff\xff\xff\xf0", b"\xff", b"\xffA", b"\xff\n", b"\xff\xfa",
        ]).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}
proptest! {
    #[test]
    fn a_stream_gives_the_frames_of_the_model_however_it_is_split(
        stream in stream(),
        cuts in prop::collection::vec(1..9_usize, 1..40),
        room in 0..40_usize,
        holds in any::<u64>(),
    ) {
        let expected = model(&stream);
        prop_assert_eq!(&whole(&stream), &expected);
        prop_assert_eq!(&frames(stream.chunks(1), LIMIT + 2, || false), &expected);

        let mut rest = &stream[..];
        let mut sizes = cuts.iter().cycle();
        let chunks = core::iter::from_fn(|| {
            let (chunk, after) = rest.split_at((*sizes.next()?).min(rest.len()));
            rest = after;
            (!chunk.is_empty()).then_some(chunk)
        });
        let mut turn = 0;
        let hold = || { turn += 1; holds >> (turn % 64) & 1 == 1 };
        prop_assert_eq!(&frames(chunks, LIMIT + 2 + room, hold), &expected);
    }

    #[test]
    fn a_window_too_small_for_the_limit_still_goes_on(stream in stream(), capacity in 1..LIMIT) {
        let got = frames([&stream[..]], capacity, || false);
        let ended = matches!(got.last(), Some(End { .. }));
        prop_assert!(ended);
    }
}

#[test]
fn known_streams_have_known_frames() {
    let line = |text: &str| Line(text.as_bytes().to_vec());
    let end = End { cut: false };
    let table: &[(&[u8], &[Got])] = &[
        (b"", core::slice::from_ref(&end)),
        (b"226 Done\r\n", &[line("226 Done"), end.clone()]),
        (b"226\n\r\n\n", &[line("226"), line(""), line(""), end.clone()]),
        (b"226", &[End { cut: true }]),
        (b"\r", &[End { cut: true }]),
        // CR NUL is a bare CR: it does not end the line, and a second NUL makes the line binary.
        (b"a\r\0b\r\n", &[line("a\rb"), end.clone()]),
        (b"a\r\0\n", &[line("a\r"), end.clone()]),
        (b"a\r\0\r\n", &[line("a\r"), end.clone()]),
        (b"a\r\0\0\n", &[Binary, end.clone()]),
        (b"a\rb\n", &[line("a\rb"), end.clone()]),
        (b"a\0\r\nb\r\n", &[Binary, line("b"), end.clone()]),
        // Telnet: NOP, WILL ECHO, a terminal type, a quoted 0xFF, and IAC before a byte that is not
        // a command.
        (b"\xff\xf1NO\xff\xfb\x01OP\r\n", &[line("NOOP"), end.clone()]),
        (b"\xff\xfa\x18\x00vt\n100\xff\xff\xff\xf0NOOP\r\n", &[line("NOOP"), end.clone()]),
        (b"a\xff\xffb\n", &[Line(b"a\xffb".to_vec()), end.clone()]),
        (b"\xffABOR\r\n", &[line("ABOR"), end.clone()]),
        (b"\xff\xf4\xff\xf2ABOR\r\n", &[line("ABOR"), end.clone()]),
        (b"NOOP\r\xff\xf1\n", &[line("NOOP"), end.clone()]),
        (b"\xff\xfb\n\n", &[line(""), end.clone()]),
        (b"\xff\xfa", &[End { cut: true }]),
        // The limit counts the text without its line end.
        (b"123456789012\r\n", &[line("123456789012"), end.clone()]),
        (b"1234567890123\r\nNOOP\r\n", &[TooLong(b"123456789012".to_vec()), line("NOOP"), end.clone()]),
        (b"1234567890123", &[TooLong(b"123456789012".to_vec()), End { cut: true }]),
        (b"12345678901\r\0x\n", &[TooLong(b"12345678901\r".to_vec()), end.clone()]),
        (b"\x00234567890123\nNOOP\n", &[Binary, line("NOOP"), end.clone()]),
    ];
    for (stream, expected) in table {
        assert_eq!(model(stream), *expected, "the model of {stream:?}");
        assert_eq!(whole(stream), *expected, "{stream:?}");
        assert_eq!(frames(stream.chunks(1), LIMIT + 2, || false), *expected, "{stream:?}, byte by byte");
    }
}

#[test]
fn feeding_byte_by_byte_looks_at_each_byte_once_and_moves_none() {
    const SIZE: usize = 1 << 20;
    let mut rx = RecvBuf::new(vec![0; SIZE + 2]);
    for fed in 1..=SIZE {
        assert_eq!(rx.extend(b"x"), 1);
        assert_eq!(rx.view().next_line(SIZE), Frame::Partial);
        // The next scan starts after all bytes so far, and the bytes at the front are not moved.
        assert_eq!((rx.window.start, rx.window.kept, rx.window.scan), (0, fed, fed));
    }
    rx.extend(b"\n");
    assert_eq!(rx.view().next_line(SIZE), Frame::Line(Span { start: 0, end: SIZE }));
}

#[test]
fn a_window_that_is_full_has_no_room_until_lines_are_taken() {
    let mut rx = RecvBuf::new([0; 16]);
    assert_eq!(rx.extend(b"NOOP\r\nSYST\r\nPWD\r\nQUIT\r\n"), 16);
    assert!(!rx.view().has_room());
    assert!(rx.spare().is_empty());
    let Frame::Line(line) = rx.view().next_line(14) else { panic!() };
    assert_eq!(rx.bytes(line), b"NOOP");
    assert!(rx.view().has_room() && !rx.view().is_empty());
    assert_eq!(rx.spare().len(), 6);
    // A count beyond the free space is treated as all of it.
    rx.filled(usize::MAX);
    assert!(!rx.view().has_room());
}

#[test]
fn nothing_behind_a_held_line_is_looked_at() {
    let mut rx = RecvBuf::new([0; 32]);
    rx.extend(b"RETR f\r\nQUIT\r\n");
    for _ in 0..3 {
        let Frame::Line(line) = rx.view().next_line(30) else { panic!() };
        assert_eq!(rx.bytes(line), b"RETR f");
        rx.view().hold(line);
        rx.spare();
    }
    assert!(!rx.view().is_empty());
    let Frame::Line(line) = rx.view().next_line(30) else { panic!() };
    assert_eq!(rx.bytes(line), b"RETR f");
    let Frame::Line(line) = rx.view().next_line(30) else { panic!() };
    assert_eq!(rx.bytes(line), b"QUIT");
}

#[test]
fn storage_can_be_given_up_while_nothing_waits() {
    let mut rx = RecvBuf::new(vec![0; 16]);
    rx.extend(b"NOOP\r\nQU");
    assert!(rx.replace_storage(Vec::new()).is_err());
    assert!(matches!(rx.view().next_line(14), Frame::Line(_)));
    assert!(rx.replace_storage(Vec::new()).is_err(), "half a line is left");
    rx.extend(b"IT\r\n\xff");
    assert!(matches!(rx.view().next_line(14), Frame::Line(_)));
    assert_eq!(rx.view().next_line(14), Frame::Partial);
    // A Telnet sequence that has begun survives the swap of the storage.
    assert_eq!(rx.replace_storage(Vec::new()).map(|storage| storage.len()), Ok(16));
    assert!(rx.spare().is_empty() && !rx.view().has_room());
    assert!(rx.replace_storage(vec![0; 32]).is_ok());
    rx.extend(b"\xfb\x01NOOP\r\n");
    let Frame::Line(line) = rx.view().next_line(14) else { panic!() };
    assert_eq!(rx.bytes(line), b"NOOP");
}

#[test]
fn spans_are_cut_within_their_bounds() {
    let span = Span { start: 3, end: 8 };
    assert_eq!((span.first(2), span.first(9)), (Span { start: 3, end: 5 }, span));
    assert_eq!((span.after(2), span.after(9).is_empty()), (Span { start: 5, end: 8 }, true));
    assert_eq!(span.first(usize::MAX), span);
    assert!(span.after(usize::MAX).is_empty());
    assert_eq!(RecvBuf::new([0; 4]).bytes(span), b"", "a span of another window is nothing");
}

#[test]
fn bytes_behind_a_line_are_handed_over_only_as_they_arrived() {
    let mut rx = RecvBuf::new(vec![0; 32]);
    rx.extend(b"AUTH TLS\r\n\x16\xff\xf4\0\n");
    assert!(matches!(rx.view().next_line(30), Frame::Line(_)));
    assert_eq!(rx.take_unframed(), Some(&b"\x16\xff\xf4\0\n"[..]));
    assert_eq!(rx.take_unframed(), Some(&b""[..]));
    assert_eq!(rx.spare().len(), 32);
    // Later bytes are lines again.
    rx.extend(b"NOOP\r\n");
    let Frame::Line(line) = rx.view().next_line(30) else { panic!() };
    assert_eq!(rx.bytes(line), b"NOOP");
    // Looked at: a part of a line, a Telnet command, and a line that was put back.
    for begun in [&b"QU"[..], b"\xff\xf1", b"\xff", b"\0"] {
        let mut rx = RecvBuf::new(vec![0; 32]);
        rx.extend(begun);
        assert_eq!(rx.view().next_line(30), Frame::Partial);
        assert_eq!(rx.take_unframed(), None, "{begun:?}");
    }
    let mut rx = RecvBuf::new(vec![0; 32]);
    rx.extend(b"NOOP\r\nQUIT\r\n");
    let Frame::Line(line) = rx.view().next_line(30) else { panic!() };
    rx.view().hold(line);
    assert_eq!(rx.take_unframed(), None);
}
