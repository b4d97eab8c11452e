//! Framing and parsing allocate nothing, whatever the features: not for what is right, nor for what is wrong.

use std::hint::black_box;

use ftp_proto::buffer::{Frame, RecvBuf, SendBuf};
use ftp_proto::codec::{Command, EndRule, ReplyLine};

#[path = "../benches/parse/transcript.rs"]
mod transcript;

/// How many allocations `work` makes.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

/// Every line of `stream`, fed in pieces of `size` bytes.
fn frame(stream: &[u8], size: usize, mut take: impl FnMut(&[u8])) {
    let mut rx = RecvBuf::new([0; 512]);
    for chunk in stream.chunks(size) {
        rx.extend(chunk);
        while let Frame::Line(line) = rx.view().next_line(510) {
            take(rx.bytes(line));
        }
    }
}

#[test]
fn an_allocation_would_be_counted() {
    assert_eq!(allocations(|| drop(black_box(Box::new(1)))), 1);
}

#[test]
fn reply_lines_are_read_without_allocating() {
    for size in [1, 7, 512] {
        let (mut lines, mut within) = (0, None);
        let count = allocations(|| {
            frame(transcript::REPLIES, size, |line| {
                let line = ReplyLine::parse(line, within, EndRule::SameCode).unwrap();
                within = line.going_on();
                lines += 1;
            });
        });
        assert_eq!((count, lines, within), (0, transcript::REPLIES.split(|b| *b == b'\n').count() - 1, None));
    }
}

#[test]
fn commands_are_read_and_written_without_allocating() {
    for size in [1, 7, 512] {
        let mut tx = SendBuf::new([0; 512]);
        let mut lines = 0;
        let count = allocations(|| {
            frame(transcript::COMMANDS, size, |line| {
                let command = Command::parse(line).unwrap();
                tx.view().append(|tx| command.encode(tx)).unwrap();
                assert_eq!(tx.pending(), line);
                tx.sent(line.len());
                lines += 1;
            });
        });
        assert_eq!((count, lines), (0, transcript::COMMANDS.split(|b| *b == b'\n').count() - 1));
    }
}

#[test]
fn bad_lines_are_refused_without_allocating() {
    let count = allocations(|| {
        for line in [
            &b""[..],
            b"\xff\xfe",
            b"RETR",
            b"PORT 1,2,3",
            b"OPTS MLST =",
            b"EPRT |7|x|1|",
            b"MFF a; b",
            b"NOOP x",
        ] {
            assert!(Command::parse(line).is_err());
            assert!(ReplyLine::parse(line, None, EndRule::SameCode).is_err());
        }
    });
    assert_eq!(count, 0);
}
