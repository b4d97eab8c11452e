//! Checks that a window yields the same frames however its bytes arrive, and that a send queue
//! sends what was appended, in order and with separate segments apart.
#![no_main]

use ftp_proto::buffer::{Frame, RecvBuf, SendBuf, Tx};
use ftp_proto::codec::{Full, Sink};
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
                // A window that holds nothing may change its storage.
                let empty = rx.view().is_empty();
                assert_eq!(rx.replace_storage(vec![0; capacity]).is_ok(), empty);
                assert!(!empty || rx.view().pending() == 0);
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

/// Checks that bytes which were not framed can be taken as they are.
fn unframed(stream: &[u8], limit: usize) {
    let mut rx = RecvBuf::new(vec![0; stream.len() + limit + 2]);
    assert_eq!(rx.extend(stream), stream.len());
    let before = match rx.view().next_line(limit) {
        Frame::Line(line) => line.len(),
        _ => 0,
    };
    if let Some(rest) = rx.take_unframed() {
        assert!(stream.ends_with(rest) && rest.len() + before <= stream.len());
        assert!(rx.view().is_empty());
    }
    let mut rx = RecvBuf::new(vec![0; stream.len()]);
    rx.extend(stream);
    assert_eq!(rx.take_unframed(), Some(stream));
    assert!(rx.replace_storage(Vec::new()).is_ok());
    assert_eq!(rx.view().capacity(), 0);
}

/// What was appended to a send queue, and how much of it was sent.
struct Model {
    tx: SendBuf<Vec<u8>>,
    doubles: bool,
    appended: Vec<u8>,
    sent: usize,
    segment: Option<std::ops::Range<usize>>,
}

impl Model {
    fn append(&mut self, bytes: &[u8], apart: bool) {
        let mut wire = Vec::new();
        for byte in bytes {
            wire.push(*byte);
            wire.extend((self.doubles && *byte == 0xFF).then_some(0xFF));
        }
        let fits = wire.len() <= self.tx.view().free() && !(apart && self.segment.is_some());
        let mut tx = self.tx.view();
        let put = |tx: &mut Tx<'_>| Tx::from(tx).put(bytes);
        let done = if apart { tx.append_segment(put) } else { tx.append(put) };
        assert_eq!(done.is_ok(), fits);
        if fits {
            let start = self.appended.len();
            self.appended.extend(wire);
            if apart && self.appended.len() > start {
                self.segment = Some(start..self.appended.len());
            }
        }
    }

    fn sent(&mut self, count: usize) {
        let pending = self.tx.pending();
        self.sent += count.min(pending.len());
        self.tx.sent(count);
        self.segment.take_if(|segment| segment.end <= self.sent);
    }

    fn check(&mut self) {
        let end = match &self.segment {
            Some(segment) if self.sent < segment.start => segment.start,
            Some(segment) => segment.end,
            None => self.appended.len(),
        };
        assert_eq!(self.tx.pending(), &self.appended[self.sent..end]);
        assert_eq!(self.tx.is_empty(), self.sent == self.appended.len());
        assert_eq!(self.tx.view().is_empty(), self.tx.is_empty());
        assert_eq!(self.tx.view().has_segment(), self.segment.is_some());
        if let Some(count) = self.tx.urgent() {
            assert_eq!(
                self.appended[..self.sent + count].last(),
                Some(&0xF2),
                "the urgent byte is the Data Mark"
            );
        }
        let view = self.tx.view();
        assert_eq!(view.capacity() - view.free(), self.appended.len() - self.sent);
    }
}

/// Appends pieces of the stream in the ways that the cuts say, and sends them.
fn queue(stream: &[u8], cuts: &[u8], capacity: usize, doubles: bool) {
    let tx = SendBuf::new(vec![0; capacity]).with_doubled_iac(doubles);
    let mut model = Model { tx, doubles, appended: Vec::new(), sent: 0, segment: None };
    let mut rest = stream;
    for cut in cuts {
        let size = usize::from(cut >> 3).min(rest.len());
        let (piece, after) = rest.split_at(size);
        match cut & 7 {
            0..=2 => model.append(piece, false),
            3 => model.append(piece, true),
            4 => model.sent(usize::from(cut >> 3)),
            5 => {
                let refused = model.tx.view().append(|tx| tx.put(piece).and(tx.put_synch()).and(Err(Full)));
                assert_eq!(refused, Err(Full));
            }
            6 => {
                let fits = model.tx.view().free() >= 4;
                assert_eq!(model.tx.view().put_synch().is_ok(), fits);
                if fits {
                    model.appended.extend(b"\xFF\xF4\xFF\xF2");
                }
            }
            _ => {
                let empty = model.tx.is_empty();
                assert_eq!(model.tx.replace_storage(vec![0; capacity]).is_ok(), empty);
            }
        }
        rest = after;
        model.check();
    }
    while !model.tx.is_empty() {
        model.sent(usize::MAX);
        model.check();
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
    unframed(input.stream, limit);
    queue(input.stream, input.cuts, usize::from(input.room), input.holds & 1 == 0);
});
