//! Throughput of the transformers in bytes of the file per second, for text and for incompressible
//! data, one row per coding.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::codec::{FileStructure, RepresentationType, TransferMode};
use ftp_proto::transfer::{Coding, Decoder, Encoder};

const SIZE: usize = 4 << 20;
const CHUNK: usize = 256 << 10;

fn noise() -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..SIZE).map(|_| next()).collect()
}

fn text() -> Vec<u8> {
    b"The quick brown fox jumps over the lazy dog, and  so  on.\n"
        .iter()
        .copied()
        .cycle()
        .take(SIZE)
        .collect()
}

fn encode(coding: Coding, file: &[u8], wire: &mut Vec<u8>) {
    let mut encoder = Encoder::new(coding).unwrap();
    let mut output = vec![0; CHUNK];
    let mut at = 0;
    wire.clear();
    while at < file.len() {
        let done = encoder.encode(&file[at..], &mut output);
        at += done.read;
        wire.extend_from_slice(&output[..done.written]);
    }
    loop {
        match encoder.finish(&mut output) {
            0 => break,
            count => wire.extend_from_slice(&output[..count]),
        }
    }
}

fn decode(coding: Coding, wire: &[u8]) -> usize {
    let mut decoder = Decoder::new(coding).unwrap();
    let mut output = vec![0; CHUNK];
    let (mut at, mut written) = (0, 0);
    while at < wire.len() && !decoder.is_ended() {
        let done = decoder.decode(&wire[at..], &mut output).unwrap();
        at += done.read;
        written += done.written;
        black_box(&output);
    }
    written
}

fn transformers(criterion: &mut Criterion) {
    use {FileStructure as Stru, RepresentationType as Type, TransferMode as Mode};
    let ebcdic = Type::Ebcdic(Default::default());
    let codings = [
        ("A F S", Type::ASCII, Stru::File, Mode::Stream),
        ("E F S", ebcdic, Stru::File, Mode::Stream),
        ("A R S", Type::ASCII, Stru::Record, Mode::Stream),
        ("I R S", Type::Image, Stru::Record, Mode::Stream),
        ("I P S", Type::Image, Stru::Page, Mode::Stream),
        ("I F B", Type::Image, Stru::File, Mode::Block),
        ("A F B", Type::ASCII, Stru::File, Mode::Block),
        ("I F C", Type::Image, Stru::File, Mode::Compressed),
        ("A R C", Type::ASCII, Stru::Record, Mode::Compressed),
        ("I F Z", Type::Image, Stru::File, Mode::Deflate),
        ("A F Z", Type::ASCII, Stru::File, Mode::Deflate),
    ];
    for (content, file) in [("text", text()), ("noise", noise())] {
        let mut group = criterion.benchmark_group(content);
        group.throughput(Throughput::Bytes(file.len() as u64)).sample_size(10);
        for (name, representation, structure, mode) in codings {
            let coding = Coding { representation, structure, mode };
            if !coding.is_supported() {
                continue;
            }
            let mut wire = Vec::new();
            group.bench_function(format!("encode {name}"), |bench| {
                bench.iter(|| encode(coding, &file, &mut wire));
            });
            encode(coding, &file, &mut wire);
            group.bench_function(format!("decode {name}"), |bench| {
                bench.iter(|| assert_eq!(decode(coding, &wire), file.len()));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, transformers);
criterion_main!(benches);
