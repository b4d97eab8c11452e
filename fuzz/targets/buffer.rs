//! Checks that a window yields the same frames however its bytes arrive.
#![no_main]

use ftp_proto::buffer::{Frame, RecvBuf};
use ftp_proto_fuzz::input::Buffer as Input;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, PartialEq)]
enum Got {
    Line(Vec<u8>),
    TooLong(Vec<u8>),
    Binary,
    End(bool),
}

fn frames<'c>(
    chunks: impl Iterator<Item = &'c [u8]>,
    capacity: usize,
    limit: usize,
    mut holds: u64,
) -> Vec<Got> {
    let mut rx = RecvBuf::new(vec![0; capacity]);
    let mut got = Vec::new();
    let mut chunks = chunks.peekable();
    let mut rest: &[u8] = &[];
    loop {
        match rx.view().next_line(limit) {
            Frame::Line(line) => {
                let bytes = rx.bytes(line).to_vec();
                assert!(bytes.len() <= limit && !bytes.contains(&b'\n') && !bytes.contains(&0));
                holds = holds.rotate_left(1);
                if holds & 1 == 1 {
                    rx.view().hold(line);
                    rx.spare();
                    let Frame::Line(again) = rx.view().next_line(limit) else {
                        panic!("a held line is given again")
                    };
                    assert_eq!(rx.bytes(again), bytes);
                }
                got.push(Got::Line(bytes));
            }
            Frame::TooLong(line) => {
                assert_eq!(line.len(), limit);
                got.push(Got::TooLong(rx.bytes(line).to_vec()));
            }
            Frame::Binary => got.push(Got::Binary),
            Frame::Partial => {
                if rest.is_empty() {
                    match chunks.next() {
                        Some(chunk) => rest = chunk,
                        None => rx.eof(),
                    }
                }
                let taken = rx.extend(rest);
                assert!(taken > 0 || rest.is_empty(), "nothing to take, and no room");
                rest = &rest[taken..];
            }
            Frame::End { cut } => {
                got.push(Got::End(cut));
                return got;
            }
        }
    }
}

fuzz_target!(|input: Input<'_>| {
    let limit = usize::from(input.limit);
    let whole = frames([input.stream].into_iter(), input.stream.len() + limit + 2, limit, 0);
    assert_eq!(frames(input.stream.chunks(1), limit + 2, limit, 0), whole, "byte by byte");
    let mut cuts = input.cuts.iter().cycle();
    let mut rest = input.stream;
    let chunks = std::iter::from_fn(|| {
        let size = cuts.next().map_or(7, |cut| usize::from(*cut) + 1);
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!chunk.is_empty()).then_some(chunk)
    });
    let split = frames(chunks, limit + 2 + usize::from(input.room), limit, input.holds);
    assert_eq!(split, whole, "in pieces");
});
