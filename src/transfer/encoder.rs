//! Converts the file to the wire, one layer after the other.
//!
//! The upper layers write into a small stage, together with the codes for the end of its contents.
//! The mode takes the bytes from there in strings of any length. If the caller's room is too small
//! for a mode to write a header or a marker, the mode writes to a spill, which is sent as room
//! becomes available.

use core::fmt;
use core::num::NonZeroU64;

use super::block;
use super::descriptor::Descriptor;
use super::marker::{Digits, Schedule, digits};
use super::record::{Piece, Splitter};
use super::stage::Stage;
use super::stream::{self, Out};
use super::{Coding, LineEnds, Progress, compressed, copy, page, text};
use crate::codec::slices;
use crate::codec::{FileStructure, RepresentationType, TransferMode};

/// Minimum room in bytes to give to a mode. A header with the longest marker takes less.
const LEAST_ROOM: usize = 32;

/// Converts the bytes of a file to those of the wire.
///
/// ```
/// use ftp_proto::codec::{FileStructure, RepresentationType, TransferMode};
/// use ftp_proto::transfer::{Coding, Encoder};
///
/// let coding = Coding { structure: FileStructure::Record, ..Coding::default() };
/// let mut encoder = Encoder::new(coding).ok_or("not supported")?;
/// let mut wire = [0; 64];
/// let mut len = encoder.encode(b"two\nlines\n", &mut wire).written;
/// loop {
///     match encoder.finish(&mut wire[len..]) {
///         0 => break,
///         more => len += more,
///     }
/// }
/// assert_eq!(wire[..len], *b"two\xff\x01lines\xff\x03");
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct Encoder {
    kind: Kind,
    /// Number of bytes still to be left out.
    skip: u64,
}

#[allow(clippy::large_enum_variant, reason = "an allocation is what the core does not have")]
#[derive(Debug)]
enum Kind {
    Identity,
    /// Only the text is converted.
    Text(text::Encoder),
    Layers(Layers),
    #[cfg(feature = "deflate")]
    Deflate(super::deflate::Encoder),
}

impl Encoder {
    /// Creates a transformer for `coding`, or returns `None` if it
    /// [is not supported](Coding::is_supported).
    #[must_use]
    pub fn new(coding: Coding) -> Option<Self> {
        if !coding.is_supported() {
            return None;
        }
        let kind = match (coding.mode, coding.structure) {
            #[cfg(feature = "deflate")]
            (TransferMode::Deflate, _) => Kind::Deflate(super::deflate::Encoder::new(coding)?),
            _ if coding.is_identity() => Kind::Identity,
            (TransferMode::Stream, FileStructure::File) => {
                Kind::Text(text::Encoder::new(coding.representation))
            }
            _ => Kind::Layers(Layers::new(coding)),
        };
        Some(Self { kind, skip: 0 })
    }

    /// Sets a restart marker at every multiple of `every` bytes of the file, if the mode [has
    /// markers](Coding::has_markers); the default is none. `position` is the offset in the file at
    /// which the transfer begins. A marker is the decimal number of bytes of the file before it. A
    /// marker may come a little late where a line or a page must not be divided, and none is set at
    /// the very end.
    #[must_use]
    pub fn with_markers(mut self, every: NonZeroU64, position: u64) -> Self {
        if let Kind::Layers(layers) = &mut self.kind {
            layers.position = position;
            layers.markers = layers.mode.has_markers().then(|| Schedule::new(every, position));
        }
        self
    }

    /// Sets the compression level of MODE Z, 0 through 9, as in `OPTS MODE Z LEVEL`. The default is
    /// 6, and values above 9 are treated as 9. Other modes have no level. Call it before the first
    /// byte.
    #[must_use]
    pub fn with_level(mut self, level: u8) -> Self {
        match &mut self.kind {
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => deflate.set_level(level),
            _ => _ = level,
        }
        self
    }

    /// Leaves out the first `count` bytes of what TYPE A puts on the wire, before a mode is
    /// applied, so that a transfer can begin at an offset that counts those bytes (RFC 3659 5.3),
    /// wherever the offset lies in the file. The file must still be passed in from its start.
    /// Applies to stream mode and MODE Z with STRU F, where the offset need not be an offset in the
    /// file ([`Coding::keeps_offsets`]); otherwise nothing is left out. Call it before the first
    /// byte.
    #[must_use]
    pub fn skipping(mut self, count: u64) -> Self {
        self.skip(count);
        self
    }

    pub(super) fn skip(&mut self, count: u64) {
        match &mut self.kind {
            Kind::Text(_) => self.skip = count,
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => deflate.skip(count),
            Kind::Identity | Kind::Layers(_) => {}
        }
    }

    /// Sets the treatment in TYPE A of lines that already end in CRLF in the file; the default is
    /// [`LineEnds::Kept`]. Records (STRU R) are always read literally: their lines end where
    /// records do, and an LF inside a record is data. Call it before the first byte.
    #[must_use]
    pub fn with_line_ends(mut self, line_ends: LineEnds) -> Self {
        self.set_line_ends(line_ends);
        self
    }

    pub(super) fn set_line_ends(&mut self, line_ends: LineEnds) {
        match &mut self.kind {
            Kind::Text(text) => text.set_line_ends(line_ends),
            Kind::Layers(layers) => layers.set_line_ends(line_ends),
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => deflate.set_line_ends(line_ends),
            Kind::Identity => {}
        }
    }

    /// Returns whether [`encode`](Self::encode) only copies.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        matches!(self.kind, Kind::Identity)
    }

    /// Returns the last restart marker that was set, as the number of bytes of the file before it.
    #[must_use]
    pub const fn last_marker(&self) -> Option<u64> {
        match &self.kind {
            Kind::Layers(layers) => layers.last_marker,
            _ => None,
        }
    }

    /// Transforms as much of `input` as `output` has room for. Always makes progress if neither is
    /// empty, but may take bytes without writing any yet. Blocks become longer with more room.
    pub fn encode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        match &mut self.kind {
            Kind::Identity => copy(input, output),
            Kind::Text(text) => {
                let mut done = text.encode(input, output);
                while self.skip > 0 && done.written > 0 {
                    let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(done.written);
                    self.skip -= skipped as u64;
                    slices::copy_within(output, skipped..done.written, 0);
                    done.written -= skipped;
                    // An inserted CR takes no byte of the file, so continue, to make progress.
                    let more = text
                        .encode(slices::part(input, done.read..), slices::part_mut(output, done.written..));
                    done.read += more.read;
                    done.written += more.written;
                }
                done
            }
            Kind::Layers(layers) => layers.encode(input, output),
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => deflate.encode(input, output),
        }
    }

    /// Writes the rest of the file and the mark of its end. Call it repeatedly once the whole file
    /// was taken, until it writes nothing into a non-empty `output`.
    #[must_use = "it is to be called again until it is 0"]
    pub fn finish(&mut self, output: &mut [u8]) -> usize {
        match &mut self.kind {
            Kind::Identity | Kind::Text(_) => 0,
            Kind::Layers(layers) => layers.finish(output),
            #[cfg(feature = "deflate")]
            Kind::Deflate(deflate) => deflate.finish(output),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Plain,
    /// Stream mode with control codes.
    Records,
    Block,
    Compressed {
        filler: u8,
    },
}

impl Mode {
    fn new(coding: Coding) -> Self {
        match (coding.mode, coding.structure) {
            (TransferMode::Block, _) => Self::Block,
            (TransferMode::Compressed, _) => Self::Compressed { filler: filler(coding.representation) },
            (_, FileStructure::Record) => Self::Records,
            _ => Self::Plain,
        }
    }

    const fn has_markers(self) -> bool {
        matches!(self, Self::Block | Self::Compressed { .. })
    }

    /// Writes data, then the codes of its end.
    fn put(self, data: &[u8], end: Descriptor, is_all: bool, out: &mut Out<'_>) -> (usize, bool) {
        match self {
            Self::Plain => stream::encode_plain(data, out),
            Self::Records => stream::encode(data, end, out),
            Self::Block => block::encode(data, end, out),
            Self::Compressed { filler } => compressed::encode(data, end, is_all, filler, out),
        }
    }

    fn put_marker(self, marker: &Digits, out: &mut Out<'_>) -> bool {
        match self {
            Self::Plain | Self::Records => true,
            Self::Block => block::encode_marker(marker, out),
            Self::Compressed { .. } => compressed::encode_marker(marker, out),
        }
    }
}

/// Returns the filler byte of compressed mode (RFC 959 3.4.3).
pub(super) const fn filler(representation: RepresentationType) -> u8 {
    match representation {
        RepresentationType::Ascii(_) => 32,
        RepresentationType::Ebcdic(_) => 64,
        RepresentationType::Image | RepresentationType::Local(_) => 0,
    }
}

/// Step of the work that remains once the whole file was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    NotYet,
    Data,
    /// The mark of the end is being written.
    Sign,
    Ended,
}

struct Layers {
    splitter: Option<Splitter>,
    text: text::Encoder,
    /// Index of the page in the stage.
    page: Option<u8>,
    mode: Mode,
    stage: Stage<{ page::HEADER + page::SIZE }>,
    /// Codes for the end of the contents of the stage.
    end: Descriptor,
    /// Set while the stage holds a whole page; it takes no more until that page is written.
    is_page_full: bool,
    spill: Stage<LEAST_ROOM>,
    /// Number of bytes of the file before the next one to take.
    position: u64,
    /// Last byte of the file that was taken.
    last: u8,
    markers: Option<Schedule>,
    last_marker: Option<u64>,
    ending: Ending,
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layers")
            .field("mode", &self.mode)
            .field("position", &self.position)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

impl Layers {
    fn new(coding: Coding) -> Self {
        let mut layers = Self {
            splitter: (coding.structure == FileStructure::Record).then(Splitter::default),
            text: text::Encoder::new(coding.representation),
            page: (coding.structure == FileStructure::Page).then_some(0),
            mode: Mode::new(coding),
            stage: Stage::default(),
            end: Descriptor::empty(),
            is_page_full: false,
            spill: Stage::default(),
            position: 0,
            last: 0,
            markers: None,
            last_marker: None,
            ending: Ending::NotYet,
        };
        layers.set_line_ends(LineEnds::default());
        layers
    }

    fn set_line_ends(&mut self, line_ends: LineEnds) {
        // A line that ends in CRLF is a record that ends in CR, and becomes a line that ends in
        // CRLF again.
        let is_record = self.splitter.is_some();
        self.text.set_line_ends(if is_record { LineEnds::Literal } else { line_ends });
    }

    fn encode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let mut out = Out::new(output);
        let mut read = 0;
        loop {
            out.spill(&mut self.spill);
            if !self.spill.is_empty() {
                break;
            }
            read += self.fill(slices::part(input, read..));
            // The codes change if this is the end of the file.
            let waits = read == input.len()
                && match self.end {
                    Descriptor::EOR => true,
                    end if end.is_empty() => self.waits(),
                    _ => false,
                };
            if waits || out.room() == 0 {
                break;
            }
            self.drain(false, &mut out);
        }
        Progress { read, written: out.len() }
    }

    fn finish(&mut self, output: &mut [u8]) -> usize {
        let mut out = Out::new(output);
        if self.ending == Ending::NotYet {
            self.ending = Ending::Data;
            if let Some(splitter) = &mut self.splitter {
                splitter.finish();
            }
        }
        loop {
            out.spill(&mut self.spill);
            if !self.spill.is_empty() || out.room() == 0 || self.ending == Ending::Ended {
                break;
            }
            self.fill(b"");
            let is_all = self.splitter.as_ref().is_none_or(Splitter::is_clear);
            if self.ending == Ending::Data && is_all && self.end != Descriptor::MARKER {
                self.end_file();
            }
            if self.stage.is_empty() && self.end.is_empty() {
                self.ending = Ending::Ended;
            } else {
                self.drain(self.ending == Ending::Sign, &mut out);
            }
        }
        out.len()
    }

    /// Puts the mark of the end after the data, all of which is in the stage or written.
    fn end_file(&mut self) {
        match self.page {
            Some(_) if self.is_page_full => return,
            Some(_) if self.stage.len() > page::HEADER => return self.close_page(),
            Some(_) => {
                self.stage.clear();
                let room = self.stage.room();
                let count = copy(&page::END, room).written;
                self.stage.filled(count);
                self.is_page_full = true;
            }
            None => {}
        }
        if !matches!(self.mode, Mode::Plain) {
            self.end |= Descriptor::EOF;
        }
        self.ending = Ending::Sign;
    }

    /// Takes bytes of the file until the stage is full or codes are due.
    fn fill(&mut self, input: &[u8]) -> usize {
        let mut read = 0;
        while self.end.is_empty()
            && !self.is_page_full
            && matches!(self.ending, Ending::NotYet | Ending::Data)
        {
            if self.page.is_some() && self.stage.is_empty() {
                self.stage.filled(page::HEADER); // Written when the page is complete.
            }
            let mut chunk = slices::part(input, read..);
            if let (Some(markers), false) = (&mut self.markers, chunk.is_empty()) {
                let ahead = markers.ahead(self.position);
                let is_divisible = self.text.is_divisible_after(self.last)
                    && self.splitter.as_ref().is_none_or(|splitter| splitter.is_divisible_after(self.last))
                    && (self.page.is_none() || self.stage.len() == page::HEADER);
                if ahead == 0 && is_divisible {
                    markers.done(self.position);
                    self.end = Descriptor::MARKER;
                    break;
                }
                let most = usize::try_from(ahead.max(1)).unwrap_or(usize::MAX);
                chunk = slices::part(chunk, ..chunk.len().min(most));
            }
            let (mut taken, piece) = match &mut self.splitter {
                Some(splitter) => splitter.next(chunk),
                None if chunk.is_empty() => (0, Piece::Nothing),
                None => (0, Piece::Run(chunk)),
            };
            let is_stuck = match piece {
                Piece::Nothing => true,
                Piece::EndOfRecord => {
                    self.end = Descriptor::EOR;
                    false
                }
                Piece::Run(run) => {
                    let count = self.put_text(run);
                    taken += count;
                    self.stage.is_full()
                }
                Piece::Repeat(byte, count) => {
                    let count = usize::try_from(count).unwrap_or(usize::MAX);
                    let bytes = [byte; 16];
                    self.put_text(slices::part(&bytes, ..count.min(bytes.len())));
                    self.stage.is_full()
                }
            };
            if let Some(last) = taken.checked_sub(1) {
                self.last = chunk.get(last).copied().unwrap_or(self.last);
            }
            self.position = self.position.saturating_add(taken as u64);
            read += taken;
            if self.page.is_some() && self.stage.is_full() {
                self.close_page();
            }
            if is_stuck {
                break;
            }
        }
        read
    }

    fn put_text(&mut self, bytes: &[u8]) -> usize {
        let done = self.text.encode(bytes, self.stage.room());
        self.stage.filled(done.written);
        if let Some(splitter) = &mut self.splitter {
            splitter.took(done.read);
        }
        done.read
    }

    /// Completes the page in the stage.
    fn close_page(&mut self) {
        let Some(index) = &mut self.page else { return };
        let len = self.stage.len() - page::HEADER;
        let header = page::header(*index, u8::try_from(len).unwrap_or(u8::MAX));
        *index = index.wrapping_add(1);
        copy(&header, self.stage.pending_mut());
        self.is_page_full = true;
    }

    /// Returns whether the stage should wait for more bytes before the mode takes them.
    const fn waits(&self) -> bool {
        if self.page.is_some() {
            return !self.is_page_full;
        }
        match self.mode {
            Mode::Compressed { .. } => !self.stage.is_full(),
            _ => self.stage.is_empty(),
        }
    }

    /// Passes the contents of the stage to the mode.
    fn drain(&mut self, is_all: bool, out: &mut Out<'_>) {
        if out.room() >= LEAST_ROOM {
            return self.drain_into(is_all, out);
        }
        let mut spill = core::mem::take(&mut self.spill);
        let mut spilled = Out::new(spill.room());
        self.drain_into(is_all, &mut spilled);
        let count = spilled.len();
        spill.filled(count);
        self.spill = spill;
    }

    fn drain_into(&mut self, is_all: bool, out: &mut Out<'_>) {
        if self.end == Descriptor::MARKER {
            // An open page is empty and comes after the marker.
            if self.page.is_none() && !self.stage.is_empty() {
                let (count, _) = self.mode.put(self.stage.pending(), Descriptor::empty(), true, out);
                self.stage.took(count);
            }
            if (self.page.is_some() || self.stage.is_empty())
                && self.mode.put_marker(&digits(self.position), out)
            {
                self.end = Descriptor::empty();
                self.last_marker = Some(self.position);
            }
            return;
        }
        let is_all = is_all || self.is_page_full;
        let (count, is_done) = self.mode.put(self.stage.pending(), self.end, is_all, out);
        self.stage.took(count);
        if is_done {
            self.end = Descriptor::empty();
        }
        if self.stage.is_empty() {
            self.is_page_full = false;
        }
    }
}
