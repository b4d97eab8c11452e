//! Converts the wire to the file, one layer after the other.

use core::fmt;

use super::encoder::filler;
use super::record::Joiner;
use super::stage::Stage;
use super::stream::{self, Item};
use super::{Coding, Decoded, Progress, TransferError, block, compressed, copy, page, text};
use crate::codec::slices;
use crate::codec::{FileStructure, TransferMode};

/// Converts the bytes of the wire to those of a file.
///
/// ```
/// use ftp_proto::codec::TransferMode;
/// use ftp_proto::transfer::{Coding, Decoder, TransferError};
///
/// let coding = Coding { mode: TransferMode::Block, ..Coding::default() };
/// let mut decoder = Decoder::new(coding).ok_or("not supported")?;
/// let mut file = [0; 64];
/// let wire = b"\x10\0\x011\0\0\x06line\r\n\x40\0\0"; // a marker, a block, the end of the file
/// let marked = decoder.decode(wire, &mut file)?;
/// let marker = marked.marker.ok_or("no marker")?;
/// assert_eq!((marker.text().as_bytes(), marker.position()), (&b"1"[..], 0));
///
/// let read = decoder.decode(&wire[marked.read..], &mut file)?;
/// assert_eq!(file[..read.written], *b"line\n");
/// assert!(decoder.is_ended());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    kind: Kind,
    /// Offset in the file of the next byte to be written.
    position: u64,
    failed: Option<TransferError>,
}

#[allow(clippy::large_enum_variant, reason = "an allocation is what the core does not have")]
#[derive(Debug)]
enum Kind {
    Identity,
    /// Only text is converted.
    Text(text::Decoder),
    Layers(Layers),
    #[cfg(feature = "deflate")]
    Deflate(super::deflate::Decoder),
}

impl Decoder {
    /// Creates a transformer for `coding`, or returns `None` if it
    /// [is not supported](Coding::is_supported).
    #[must_use]
    pub fn new(coding: Coding) -> Option<Self> {
        if !coding.is_supported() {
            return None;
        }
        let kind = match (coding.mode, coding.structure) {
            #[cfg(feature = "deflate")]
            (TransferMode::Deflate, _) => Kind::Deflate(super::deflate::Decoder::new(coding)?),
            _ if coding.is_identity() => Kind::Identity,
            (TransferMode::Stream, FileStructure::File) => {
                Kind::Text(text::Decoder::new(coding.representation))
            }
            _ => Kind::Layers(Layers::new(coding)),
        };
        Some(Self { kind, position: 0, failed: None })
    }

    /// Sets the offset in the file at which the transfer begins, which
    /// [`Marker::position`](super::Marker::position) includes.
    #[must_use]
    pub const fn starting_at(mut self, position: u64) -> Self {
        self.position = position;
        self
    }

    /// Returns whether [`decode`](Self::decode) only copies.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        matches!(self.kind, Kind::Identity)
    }

    /// Returns whether the [marked end](Coding::end_is_marked) of the file has arrived and the
    /// whole file has been written. Further data on the wire does not belong to this file and need
    /// not be read.
    ///
    /// Never returns `true` in MODE Z. In that mode the connection ends with the file, as in stream
    /// mode, and has to be read to its end because bytes after the zlib stream are an error;
    /// [`finish`](Self::finish) reports whether the stream was complete.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        match &self.kind {
            Kind::Identity | Kind::Text(_) => false,
            Kind::Layers(layers) => layers.is_ended,
            #[cfg(feature = "deflate")]
            Kind::Deflate(_) => false,
        }
    }

    /// Returns whether the marked end of the file has arrived, regardless of data after it.
    #[cfg(feature = "std")]
    pub(crate) fn is_whole(&self) -> bool {
        match &self.kind {
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => deflate.is_ended(),
            _ => self.is_ended(),
        }
    }

    /// Returns whether the sender marked some of the data as possibly wrong (RFC 959 3.4.2), for
    /// example from a tape with errors.
    #[must_use]
    pub const fn is_suspect(&self) -> bool {
        match &self.kind {
            Kind::Layers(layers) => layers.mode.is_suspect(),
            _ => false,
        }
    }

    /// Returns the offset in the file of the next byte to be written: the number of bytes written
    /// so far, plus the offset at which the transfer [began](Self::starting_at).
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Transforms as much of `input` as `output` has room for. Always makes progress if neither is
    /// empty and the end has not been reached, but may consume bytes without writing any yet. Stops
    /// after a restart marker, so that the bytes written and the marker's position agree. With an
    /// empty `input`, writes buffered bytes that had no room before.
    ///
    /// # Errors
    /// Fails when the data does not follow the mode or the structure. The bytes written before the
    /// error are correct.
    pub fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, TransferError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let plain = |Progress { read, written }| Ok(Decoded { read, written, marker: None });
        let result = match &mut self.kind {
            Kind::Identity => plain(copy(input, output)),
            Kind::Text(text) => plain(text.decode(input, output)),
            Kind::Layers(layers) => layers.decode(input, output),
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => deflate.decode(input, output),
        };
        match result {
            Ok(mut done) => {
                self.position = self.position.saturating_add(done.written as u64);
                done.marker = done.marker.map(|marker| marker.at(self.position));
                Ok(done)
            }
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// Writes the remaining bytes. Call it repeatedly when the connection has closed and all input
    /// was consumed, or when the file [has ended](Self::is_ended), until it writes nothing into a
    /// non-empty `output`.
    ///
    /// # Errors
    /// Returns [`TransferError::Truncated`] if the end of the file is
    /// [marked](Coding::end_is_marked) and has not arrived.
    pub fn finish(&mut self, output: &mut [u8]) -> Result<usize, TransferError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let written = match &mut self.kind {
            Kind::Identity => 0,
            Kind::Text(text) => text.finish(output),
            Kind::Layers(_) => return self.finish_layers(output),
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => match deflate.finish(output) {
                Ok(written) => written,
                Err(error) => {
                    self.failed = Some(error);
                    return Err(error);
                }
            },
        };
        self.position = self.position.saturating_add(written as u64);
        Ok(written)
    }

    fn finish_layers(&mut self, output: &mut [u8]) -> Result<usize, TransferError> {
        loop {
            let done = self.decode(b"", output)?;
            if done.written > 0 || output.is_empty() || self.is_ended() {
                return Ok(done.written);
            }
            if done.marker.is_none() {
                self.failed = Some(TransferError::Truncated);
                return Err(TransferError::Truncated);
            }
        }
    }
}

#[allow(clippy::large_enum_variant, reason = "an allocation is what the core does not have")]
#[derive(Debug)]
enum Mode {
    Plain,
    /// Stream mode with control codes.
    Records(stream::Decoder),
    Block(block::Decoder),
    Compressed(compressed::Decoder),
}

impl Mode {
    fn new(coding: Coding) -> Self {
        match (coding.mode, coding.structure) {
            (TransferMode::Block, _) => Self::Block(block::Decoder::default()),
            (TransferMode::Compressed, _) => {
                Self::Compressed(compressed::Decoder::new(filler(coding.representation)))
            }
            (_, FileStructure::Record) => Self::Records(stream::Decoder::default()),
            _ => Self::Plain,
        }
    }

    const fn is_suspect(&self) -> bool {
        match self {
            Self::Plain | Self::Records(_) => false,
            Self::Block(block) => block.label.suspect,
            Self::Compressed(compressed) => compressed.label.suspect,
        }
    }

    /// Returns the next item, and the number of wire bytes read to find it, not counting data.
    fn next<'w>(&mut self, wire: &'w [u8]) -> Result<(usize, Item<'w>), TransferError> {
        match self {
            Self::Plain => Ok((0, stream::plain(wire))),
            Self::Records(records) => records.next(wire),
            Self::Block(block) => block.next(wire),
            Self::Compressed(compressed) => compressed.next(wire),
        }
    }

    /// Marks `count` bytes of data as used. Returns the number of wire bytes that this consumes.
    fn took(&mut self, count: usize) -> usize {
        match self {
            Self::Plain => count,
            Self::Records(records) => records.took(count),
            Self::Block(block) => block.took(count),
            Self::Compressed(compressed) => compressed.took(count),
        }
    }
}

/// An end that was read and is passed on once everything before it has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Nothing,
    EndOfRecord,
    EndOfFile,
}

struct Layers {
    mode: Mode,
    pages: Option<page::Decoder>,
    text: text::Decoder,
    joiner: Option<Joiner>,
    /// Text of records, buffered for the joiner.
    stage: Stage<64>,
    pending: Pending,
    is_ended: bool,
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers")
            .field("mode", &self.mode)
            .field("pages", &self.pages)
            .field("pending", &self.pending)
            .field("is_ended", &self.is_ended)
            .finish_non_exhaustive()
    }
}

impl Layers {
    fn new(coding: Coding) -> Self {
        Self {
            mode: Mode::new(coding),
            pages: (coding.structure == FileStructure::Page).then(page::Decoder::default),
            text: text::Decoder::new(coding.representation),
            joiner: (coding.structure == FileStructure::Record).then(Joiner::default),
            stage: Stage::default(),
            pending: Pending::Nothing,
            is_ended: false,
        }
    }

    fn decode(&mut self, wire: &[u8], output: &mut [u8]) -> Result<Decoded, TransferError> {
        let mut done = Decoded::default();
        while !self.is_ended {
            if !self.settle(output, &mut done.written) {
                break;
            }
            if self.is_ended {
                break;
            }
            if let Some(zeros) = self.pages.as_ref().map(page::Decoder::zeros).filter(|zeros| *zeros > 0) {
                let used = self.put_repeated(0, zeros, output, &mut done.written);
                if let Some(pages) = &mut self.pages {
                    pages.filled(used);
                }
                if used == 0 {
                    break;
                }
                continue;
            }
            let (read, item) = self.mode.next(slices::part(wire, done.read..))?;
            done.read += read;
            match item {
                Item::Nothing => break,
                Item::EndOfRecord if self.joiner.is_some() => self.pending = Pending::EndOfRecord,
                Item::EndOfRecord => {}
                Item::EndOfFile if self.pages.as_ref().is_some_and(|pages| !pages.is_ended()) => {
                    return Err(TransferError::Truncated);
                }
                Item::EndOfFile => self.pending = Pending::EndOfFile,
                // The bytes that are held back precede the marker but would be missing from the
                // file.
                Item::Marker(_) if self.is_holding() => {}
                Item::Marker(marker) => {
                    done.marker = Some(marker);
                    break;
                }
                Item::Data(data) => {
                    let used = match self.pages {
                        None => self.put(data, output, &mut done.written),
                        Some(_) => self.put_paged(data, output, &mut done.written)?,
                    };
                    done.read += self.mode.took(used);
                    if used == 0 && !self.moves() {
                        break;
                    }
                }
                Item::Repeat(byte, count) => {
                    let used = match self.pages {
                        None => self.put_repeated(byte, count, output, &mut done.written),
                        Some(_) => {
                            let bytes = [byte; 64];
                            let bytes = slices::part(&bytes, ..count.min(bytes.len()));
                            self.put_paged(bytes, output, &mut done.written)?
                        }
                    };
                    done.read += self.mode.took(used);
                    if used == 0 && !self.moves() {
                        break;
                    }
                }
            }
        }
        Ok(done)
    }

    /// Returns whether progress is possible without more room or input, although no byte was used.
    fn moves(&self) -> bool {
        self.pending != Pending::Nothing || self.pages.as_ref().is_some_and(|pages| pages.zeros() > 0)
    }

    /// Returns whether bytes were consumed whose form in the file depends on what follows.
    fn is_holding(&self) -> bool {
        !self.text.is_clear() || self.joiner.as_ref().is_some_and(Joiner::has_quotes)
    }

    /// Writes what was already consumed. Returns whether there was room for it.
    fn settle(&mut self, output: &mut [u8], written: &mut usize) -> bool {
        loop {
            if let Some(joiner) = &mut self.joiner {
                let progress = joiner.put(self.stage.pending(), slices::part_mut(output, *written..));
                self.stage.took(progress.read);
                *written += progress.written;
                if !self.stage.is_empty() || !joiner.is_released() {
                    return false;
                }
            }
            if self.pending == Pending::Nothing {
                return true;
            }
            let Some(joiner) = &mut self.joiner else {
                *written += self.text.finish(slices::part_mut(output, *written..));
                self.is_ended = self.text.is_clear();
                return self.is_ended;
            };
            if !self.text.is_clear() {
                let count = self.text.finish(self.stage.room());
                self.stage.filled(count);
                continue;
            }
            match core::mem::replace(&mut self.pending, Pending::Nothing) {
                Pending::EndOfRecord => joiner.end_record(),
                // The DLEs that are held back are written in the next round, which then finds none
                // left.
                Pending::EndOfFile if joiner.has_quotes() => {
                    joiner.finish();
                    self.pending = Pending::EndOfFile;
                }
                Pending::EndOfFile => {
                    self.is_ended = true;
                    return true;
                }
                Pending::Nothing => {}
            }
        }
    }

    /// Writes text to the file, or to the stage before the joiner. Returns the number of bytes
    /// used.
    fn put(&mut self, data: &[u8], output: &mut [u8], written: &mut usize) -> usize {
        if self.joiner.is_some() {
            let progress = self.text.decode(data, self.stage.room());
            self.stage.filled(progress.written);
            return progress.read;
        }
        let progress = self.text.decode(data, slices::part_mut(output, *written..));
        *written += progress.written;
        progress.read
    }

    fn put_repeated(&mut self, byte: u8, count: usize, output: &mut [u8], written: &mut usize) -> usize {
        let bytes = [byte; 64];
        self.put(slices::part(&bytes, ..count.min(bytes.len())), output, written)
    }

    /// Reads pages, each after its header.
    fn put_paged(
        &mut self,
        data: &[u8],
        output: &mut [u8],
        written: &mut usize,
    ) -> Result<usize, TransferError> {
        let Some(pages) = &mut self.pages else { return Ok(0) };
        let (read, count) = pages.next(data)?;
        if pages.is_ended() && matches!(self.mode, Mode::Plain) {
            self.pending = Pending::EndOfFile;
        }
        let page = data.get(read..read + count).unwrap_or_default();
        let used = if page.is_empty() { 0 } else { self.put(page, output, written) };
        if let Some(pages) = &mut self.pages {
            pages.took(used);
        }
        Ok(read + used)
    }
}
