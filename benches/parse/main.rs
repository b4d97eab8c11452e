//! Framing and parsing of a control connection in both directions, compared with two bounds: memchr
//! splitting the same bytes into lines and doing nothing with them, and httparse on requests of
//! about that size.
//!
//! Run it with `cargo bench --bench parse`. Each group runs over one transcript. `elem/s` counts
//! lines, so the time per line is its inverse.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::buffer::{Frame, RecvBuf};
use ftp_proto::codec::{Command, EndRule, ReplyLine};

mod transcript;
use transcript::{COMMANDS, REPLIES};

/// A request of a few short lines, about what a command line with its parameters would be in HTTP.
const REQUEST: &[u8] =
    b"GET /pub/release-1.2.3.tar.gz HTTP/1.1\r\nHost: files.example.org\r\nUser-Agent: curl/8.5.0\r\n\
    Accept: */*\r\nRange: bytes=52428800-\r\nConnection: keep-alive\r\n\r\n";

/// Longest line in bytes, the default limit of the machines.
const LIMIT: usize = 2046;

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Finds the line ends and nothing else, which is the upper bound.
fn split(bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        black_box(&rest[..at]);
        rest = &rest[at + 1..];
    }
}

/// Takes each line out of a window that holds them all.
fn frame(storage: &mut [u8], mut take: impl FnMut(&[u8])) {
    let length = storage.len();
    let mut rx = RecvBuf::new(storage);
    rx.filled(length);
    while let Frame::Line(line) = rx.view().next_line(LIMIT) {
        take(rx.bytes(line));
    }
}

fn replies(storage: &mut [u8]) {
    let mut within = None;
    frame(storage, |line| {
        let line = black_box(ReplyLine::parse(line, within, EndRule::SameCode));
        within = line.ok().and_then(|line| line.going_on());
    });
}

fn commands(storage: &mut [u8]) {
    frame(storage, |line| {
        let _ = black_box(Command::parse(line));
    });
}

fn dialogue(c: &mut Criterion) {
    type Parse = fn(&mut [u8]);
    for (name, transcript, parse) in
        [("replies", REPLIES, replies as Parse), ("commands", COMMANDS, commands)]
    {
        let mut storage = transcript.to_vec();
        let lines = lines_in(transcript);
        let bytes = transcript.len() as u64;
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::ElementsAndBytes { elements: lines, bytes });
        group.bench_function("memchr", |b| b.iter(|| split(black_box(transcript))));
        group.bench_function("frame", |b| {
            b.iter(|| frame(black_box(&mut storage), |line| _ = black_box(line)))
        });
        group.bench_function("parse", |b| b.iter(|| parse(black_box(&mut storage))));
        group.finish();
    }
}

fn http(c: &mut Criterion) {
    let mut group = c.benchmark_group("httparse");
    group.throughput(Throughput::ElementsAndBytes {
        elements: lines_in(REQUEST),
        bytes: REQUEST.len() as u64,
    });
    group.bench_function("memchr", |b| b.iter(|| split(black_box(REQUEST))));
    group.bench_function("parse", |b| {
        b.iter(|| {
            let mut headers = [httparse::EMPTY_HEADER; 16];
            let mut request = httparse::Request::new(&mut headers);
            black_box(request.parse(black_box(REQUEST))).is_ok()
        });
    });
    group.finish();
}

/// Feeds a line byte by byte, at two lengths. The time per byte must not grow with the line.
fn trickle(c: &mut Criterion) {
    let mut group = c.benchmark_group("byte by byte");
    for length in [1 << 10, 1 << 14] {
        let mut line = vec![b'x'; length];
        line.extend_from_slice(b"\r\n");
        let mut rx = RecvBuf::new(vec![0; length + 2]);
        group.throughput(Throughput::Bytes(line.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(length), |b| {
            b.iter(|| {
                for byte in &line {
                    rx.extend(core::slice::from_ref(black_box(byte)));
                    black_box(rx.view().next_line(length));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, dialogue, http, trickle);
criterion_main!(benches);
