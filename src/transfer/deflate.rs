//! MODE Z: the bytes that stream mode would send, as one zlib stream per transfer
//! (draft-preston-ftpext-deflate, RFC 1950).
//!
//! The states are large and therefore on the heap: always about 300 KiB to compress and 50 KiB to
//! decompress. Data is decompressed only as far as there is room for it, so a small stream that
//! expands to a huge file cannot exhaust memory. The end and checksum of the zlib stream end the
//! file; with STRU R and P, the end of the file must also be marked inside it. As in stream mode,
//! the connection ends with the file: bytes after the zlib stream are an error.

use alloc::boxed::Box;
use core::fmt;

use miniz_oxide::deflate::core::{CompressionStrategy, CompressorOxide};
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::stage::Stage;
use super::{Coding, Decoded, LineEnds, Progress, TransferError};
use crate::codec::TransferMode;
use crate::codec::slices;

/// Bytes buffered between the layers of the structure and zlib.
const STAGE: usize = 4096;
const DEFAULT_LEVEL: u8 = 6;
const BEST_LEVEL: u8 = 9;
/// zlib's largest window, and the only one that every implementation can read.
const WINDOW_BITS: u8 = 15;

fn in_stream_mode(coding: Coding) -> Coding {
    Coding { mode: TransferMode::Stream, ..coding }
}

pub(super) struct Encoder(Box<Encoding>);

struct Encoding {
    zlib: CompressorOxide,
    inner: super::Encoder,
    stage: Stage<STAGE>,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Deflate").field(&self.0.inner).finish()
    }
}

fn compressor(level: u8) -> CompressorOxide {
    let level = level.min(BEST_LEVEL);
    CompressorOxide::with_params(DataFormat::Zlib, level, CompressionStrategy::Default, WINDOW_BITS)
}

impl Encoding {
    fn compress(&mut self, flush: MZFlush, output: &mut [u8]) -> usize {
        let result = deflate(&mut self.zlib, self.stage.pending(), output, flush);
        self.stage.took(result.bytes_consumed);
        result.bytes_written
    }
}

impl Encoder {
    pub(super) fn new(coding: Coding) -> Option<Self> {
        let inner = super::Encoder::new(in_stream_mode(coding))?;
        Some(Self(Box::new(Encoding { zlib: compressor(DEFAULT_LEVEL), inner, stage: Stage::default() })))
    }

    pub(super) fn set_level(&mut self, level: u8) {
        self.0.zlib = compressor(level);
    }

    pub(super) fn skip(&mut self, count: u64) {
        self.0.inner.skip(count);
    }

    pub(super) fn set_line_ends(&mut self, line_ends: LineEnds) {
        self.0.inner.set_line_ends(line_ends);
    }

    pub(super) fn encode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let this = &mut *self.0;
        if this.inner.is_identity() {
            let result = deflate(&mut this.zlib, input, output, MZFlush::None);
            return Progress { read: result.bytes_consumed, written: result.bytes_written };
        }
        let mut done = Progress::default();
        while done.written < output.len() {
            if this.stage.is_empty() {
                let progress = this.inner.encode(slices::part(input, done.read..), this.stage.room());
                this.stage.filled(progress.written);
                done.read += progress.read;
                if progress == Progress::default() {
                    break;
                }
            }
            done.written += this.compress(MZFlush::None, slices::part_mut(output, done.written..));
        }
        done
    }

    pub(super) fn finish(&mut self, output: &mut [u8]) -> usize {
        let mut written = 0;
        while written < output.len() {
            let Encoding { inner, stage, .. } = &mut *self.0;
            if stage.is_empty() {
                let count = inner.finish(stage.room());
                stage.filled(count);
            }
            let is_last = stage.is_empty();
            let flush = if is_last { MZFlush::Finish } else { MZFlush::None };
            let count = self.0.compress(flush, slices::part_mut(output, written..));
            written += count;
            if is_last {
                break;
            }
        }
        written
    }
}

pub(super) struct Decoder(Box<Decoding>);

struct Decoding {
    zlib: InflateState,
    inner: super::Decoder,
    inner_end_is_marked: bool,
    stage: Stage<STAGE>,
    is_zlib_ended: bool,
    is_ended: bool,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate")
            .field("inner", &self.0.inner)
            .field("is_zlib_ended", &self.0.is_zlib_ended)
            .finish_non_exhaustive()
    }
}

/// Decompresses as much as there is room for. Returns the progress, and whether the zlib stream has
/// ended.
fn decompress(
    zlib: &mut InflateState,
    wire: &[u8],
    output: &mut [u8],
) -> Result<(Progress, bool), TransferError> {
    let result = inflate(zlib, wire, output, MZFlush::None);
    let done = Progress { read: result.bytes_consumed, written: result.bytes_written };
    match result.status {
        Ok(MZStatus::Ok) | Err(MZError::Buf) => Ok((done, false)),
        Ok(MZStatus::StreamEnd) => Ok((done, true)),
        Ok(MZStatus::NeedDict) | Err(_) => Err(TransferError::Zlib),
    }
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Option<Self> {
        let inner = in_stream_mode(coding);
        Some(Self(Box::new(Decoding {
            zlib: InflateState::new(DataFormat::Zlib),
            inner: super::Decoder::new(inner)?,
            inner_end_is_marked: inner.end_is_marked(),
            stage: Stage::default(),
            is_zlib_ended: false,
            is_ended: false,
        })))
    }

    pub(super) fn is_ended(&self) -> bool {
        self.0.is_ended
    }

    pub(super) fn decode(&mut self, wire: &[u8], output: &mut [u8]) -> Result<Decoded, TransferError> {
        let this = &mut *self.0;
        let mut done = Decoded::default();
        let is_identity = this.inner.is_identity();
        while !this.is_ended {
            let rest = slices::part_mut(output, done.written..);
            let has_room = !rest.is_empty();
            if is_identity {
                if this.is_zlib_ended || !has_room {
                    this.is_ended = this.is_zlib_ended;
                    break;
                }
                let (progress, is_zlib_ended) =
                    decompress(&mut this.zlib, slices::part(wire, done.read..), rest)?;
                this.is_zlib_ended = is_zlib_ended;
                done.read += progress.read;
                done.written += progress.written;
                if progress == Progress::default() && !is_zlib_ended {
                    break;
                }
                continue;
            }
            let inner = this.inner.decode(this.stage.pending(), rest)?;
            this.stage.took(inner.read);
            done.written += inner.written;
            if inner.read > 0 || inner.written > 0 {
                continue;
            }
            if !this.stage.is_empty() {
                if this.inner.is_ended() {
                    return Err(TransferError::AfterEnd);
                }
                break;
            }
            if this.is_zlib_ended {
                this.is_ended = this.inner.is_ended();
                if this.is_ended || !has_room {
                    break;
                }
                let count = this.inner.finish(rest)?;
                done.written += count;
                this.is_ended = !this.inner_end_is_marked && count == 0;
                continue;
            }
            let room = this.stage.room();
            let (progress, is_zlib_ended) =
                decompress(&mut this.zlib, slices::part(wire, done.read..), room)?;
            this.stage.filled(progress.written);
            this.is_zlib_ended = is_zlib_ended;
            done.read += progress.read;
            if progress == Progress::default() && !is_zlib_ended {
                break;
            }
        }
        // First return the bytes written before the error; they are correct.
        match this.is_ended && done.read == 0 && done.written == 0 && !wire.is_empty() {
            true => Err(TransferError::AfterEnd),
            false => Ok(done),
        }
    }

    /// Writes the remaining bytes after the connection has closed.
    pub(super) fn finish(&mut self, output: &mut [u8]) -> Result<usize, TransferError> {
        let done = self.decode(b"", output)?;
        match self.is_ended() || done.written > 0 || output.is_empty() {
            true => Ok(done.written),
            false => Err(TransferError::Truncated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn zlib(file: &[u8]) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec_zlib(file, 6)
    }

    #[test]
    fn a_known_stream_is_decompressed() {
        // RFC 1950: method 8, window of 32 KiB; "ab" stored; the checksum, each byte of which
        // matters.
        let wire = [0x78, 0x01, 1, 2, 0, 0xfd, 0xff, b'a', b'b', 0x01, 0x26, 0x00, 0xc4];
        let mut output = [0; 8];
        let mut decoder = Decoder::new(Coding { mode: TransferMode::Deflate, ..Coding::IDENTITY }).unwrap();
        let done = decoder.decode(&wire, &mut output).unwrap();
        assert_eq!((done.read, &output[..done.written], decoder.is_ended()), (wire.len(), &b"ab"[..], true));
        for damaged in 0..wire.len() {
            let mut wire = wire;
            wire[damaged] ^= 1;
            let mut decoder =
                Decoder::new(Coding { mode: TransferMode::Deflate, ..Coding::IDENTITY }).unwrap();
            let result = decoder.decode(&wire, &mut output).and_then(|_| decoder.finish(&mut output));
            assert!(result.is_err(), "byte {damaged}");
        }
    }

    #[test]
    fn bytes_behind_the_stream_are_an_error_however_they_come() {
        let coding = Coding { mode: TransferMode::Deflate, ..Coding::IDENTITY };
        let text = Coding { mode: TransferMode::Deflate, ..Coding::default() };
        let records = Coding { structure: crate::codec::FileStructure::Record, ..text };
        for (coding, file) in
            [(coding, &b"ab"[..]), (coding, b""), (text, b"a\r\nb"), (records, b"a\xff\x03")]
        {
            let whole = zlib(file);
            for trailer in [&b""[..], b"c", b"\0", &whole] {
                let wire = [&whole, trailer].concat();
                for piece in 1..=wire.len() {
                    let mut decoder = super::super::Decoder::new(coding).unwrap();
                    let mut decode = |mut piece: &[u8]| {
                        let mut output = [0; 8];
                        while !piece.is_empty() {
                            piece = &piece[decoder.decode(piece, &mut output)?.read..];
                            assert!(!decoder.is_ended(), "the connection is to be read to its end");
                        }
                        Ok(())
                    };
                    let result = wire.chunks(piece).try_for_each(&mut decode);
                    let expected = if trailer.is_empty() { Ok(()) } else { Err(TransferError::AfterEnd) };
                    assert_eq!(result, expected, "{coding:?} {file:?} {trailer:?} {piece}");
                    if trailer.is_empty() {
                        while decoder.finish(&mut [0; 8]).unwrap() > 0 {}
                    }
                }
            }
        }
    }

    #[test]
    fn a_bomb_yields_no_more_than_there_is_room_for() {
        let bomb = zlib(&std::vec![0; 10_000_000]);
        let mut decoder = Decoder::new(Coding { mode: TransferMode::Deflate, ..Coding::IDENTITY }).unwrap();
        let mut output = [1; 10];
        let done = decoder.decode(&bomb, &mut output).unwrap();
        assert_eq!((done.written, output), (10, [0; 10]));
        assert!(done.read < 100);
    }

    #[test]
    fn the_file_inside_has_to_end_with_the_stream() {
        let coding = Coding {
            structure: crate::codec::FileStructure::Record,
            mode: TransferMode::Deflate,
            ..Coding::default()
        };
        for (inside, expected) in [
            (&b"a\xff\x03"[..], Ok(2)),
            (b"a\xff\x01\xff\x02", Ok(2)),
            (b"a\xff\x01", Err(TransferError::Truncated)),
            (b"a\xff", Err(TransferError::Truncated)),
            (b"a\xff\x03b", Err(TransferError::AfterEnd)),
            (b"a\xff\x07", Err(TransferError::ControlCode(7))),
        ] {
            let mut decoder = super::super::Decoder::new(coding).unwrap();
            let mut output = [0; 8];
            let result = decoder.decode(&zlib(inside), &mut output).map(|done| done.written);
            assert_eq!(result, expected, "{inside:?}");
        }
    }

    #[test]
    fn the_levels_are_those_of_zlib() {
        let file: Vec<u8> = (0..20_000u32).flat_map(|n| (n % 1000 * n / 7).to_be_bytes()).collect();
        let mut sizes = Vec::new();
        for level in [0, 1, 6, 9, 200] {
            let coding = Coding { mode: TransferMode::Deflate, ..Coding::IDENTITY };
            let mut encoder = super::super::Encoder::new(coding).unwrap().with_level(level);
            let mut output = std::vec![0; 200_000];
            let done = encoder.encode(&file, &mut output);
            let count = done.written + encoder.finish(&mut output[done.written..]);
            assert_eq!(miniz_oxide::inflate::decompress_to_vec_zlib(&output[..count]).unwrap(), file);
            sizes.push(count);
        }
        let [stored, fast, default, best, beyond] = sizes[..] else { unreachable!() };
        assert!(stored > file.len() && fast < stored && default < fast && best < fast);
        assert_eq!(best, beyond);
    }
}
