//! MODE B: blocks with headers (RFC 959 3.4.2), and the descriptors that compressed mode shares.
//!
//! ```text
//! file   = *block                            ; the last one has the code EOF
//! block  = descriptor count *byte            ; `count` bytes
//! descriptor = OCTET                         ; the sum of the codes 128, 64, 32 and 16
//! count  = 2OCTET                            ; the more significant first
//! ```
//!
//! The encoder makes blocks as long as the room it is given, so that headers cost little, however
//! short the lines or the caller's pieces are. It marks the end of a file in a block without data,
//! unless a record ends there.

use super::TransferError;
use super::descriptor::Descriptor;
use super::marker::{Digits, Incoming};
use super::stream::{Item, Out};
use crate::codec::slices;

/// Descriptor of the current data, and the items that it yields at the end of the data.
#[derive(Clone, Debug, Default)]
pub(super) struct Label {
    codes: Descriptor,
    marker: Incoming,
    /// Set once any data has been marked as suspect.
    pub(super) suspect: bool,
}

impl Label {
    pub(super) fn begin(&mut self, byte: u8) -> Result<(), TransferError> {
        self.codes = Descriptor::from_bits(byte).ok_or(TransferError::Descriptor(byte))?;
        self.suspect |= self.codes.contains(Descriptor::SUSPECT);
        Ok(())
    }

    /// Returns whether the end of the data yields no items.
    pub(super) const fn is_plain(&self) -> bool {
        self.codes.is_empty()
    }

    pub(super) const fn is_marker(&self) -> bool {
        self.codes.contains(Descriptor::MARKER)
    }

    pub(super) fn put_marker(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        self.marker.put(bytes)
    }

    /// Returns the items that the end of the data stands for, one per call, and then `None`.
    pub(super) fn end(&mut self) -> Result<Option<Item<'static>>, TransferError> {
        let mut take = |code| {
            let has = self.codes.contains(code);
            self.codes.remove(code);
            has
        };
        if take(Descriptor::MARKER) {
            if let Some(marker) = self.marker.finish()? {
                return Ok(Some(Item::Marker(marker)));
            }
        }
        if take(Descriptor::EOR) {
            return Ok(Some(Item::EndOfRecord));
        }
        if take(Descriptor::EOF) {
            return Ok(Some(Item::EndOfFile));
        }
        self.codes = Descriptor::empty();
        Ok(None)
    }
}

const HEADER: usize = 3;

/// Writes data, then the codes of its end. Returns how much was read, and whether all was written.
pub(super) fn encode(data: &[u8], end: Descriptor, out: &mut Out<'_>) -> (usize, bool) {
    let mut read = 0;
    loop {
        let rest = slices::part(data, read..);
        if rest.is_empty() && end.is_empty() {
            return (read, true);
        }
        let Some(at) = out.block else {
            if out.room() < HEADER + usize::from(!rest.is_empty()) {
                return (read, false);
            }
            out.block = Some(out.len());
            out.put(&[0; HEADER]);
            continue;
        };
        let len = out.len() - at - HEADER;
        let fits = rest.len().min(usize::from(u16::MAX) - len);
        let count = out.put(slices::part(rest, ..fits));
        read += count;
        let header = out.written_mut(at);
        let [high, low] = u16::try_from(len + count).unwrap_or(u16::MAX).to_be_bytes();
        let is_last = read == data.len() && !end.is_empty();
        if let [descriptor, more, less, ..] = header {
            (*more, *less) = (high, low);
            if is_last {
                *descriptor |= end.bits();
            }
        }
        if is_last {
            out.block = None;
            return (read, true);
        }
        if read < data.len() {
            if out.room() == 0 {
                return (read, false);
            }
            out.block = None; // The block has its maximum length.
        }
    }
}

/// Writes a restart marker, if there is room for all of it.
pub(super) fn encode_marker(marker: &Digits, out: &mut Out<'_>) -> bool {
    if out.room() < HEADER + marker.len() {
        return false;
    }
    out.block = None;
    out.put(&[Descriptor::MARKER.bits(), 0, marker.len() as u8]);
    out.put(marker);
    true
}

/// Decoder for the blocks of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    pub(super) label: Label,
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Descriptor,
    CountHigh,
    CountLow(u8),
    Data(u16),
}

impl Decoder {
    pub(super) fn next<'w>(&mut self, wire: &'w [u8]) -> Result<(usize, Item<'w>), TransferError> {
        let mut read = 0;
        loop {
            if let State::Data(0) = self.state {
                if let Some(item) = self.label.end()? {
                    return Ok((read, item));
                }
                self.state = State::Descriptor;
            }
            let rest = slices::part(wire, read..);
            let Some(&first) = rest.first() else { return Ok((read, Item::Nothing)) };
            if let State::Data(left) = self.state {
                let data = slices::part(rest, ..rest.len().min(usize::from(left)));
                if !self.label.is_marker() {
                    return Ok((read, Item::Data(data)));
                }
                self.label.put_marker(data)?;
                self.took(data.len());
                read += data.len();
                continue;
            }
            self.state = match self.state {
                State::Descriptor => {
                    self.label.begin(first)?;
                    State::CountHigh
                }
                State::CountHigh => State::CountLow(first),
                State::CountLow(high) => State::Data(u16::from_be_bytes([high, first])),
                State::Data(left) => State::Data(left),
            };
            read += 1;
        }
    }

    /// Marks `count` bytes of data as used. Returns how many of them are bytes of the wire.
    pub(super) fn took(&mut self, count: usize) -> usize {
        if let State::Data(left) = &mut self.state {
            *left = left.saturating_sub(u16::try_from(count).unwrap_or(u16::MAX));
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use crate::codec::{FileStructure, RepresentationType, TransferMode};
    use crate::transfer::tests::{both_ways, comes_to, decode, decode_by, encode, encode_by};
    use crate::transfer::{Coding, Decoder, Encoder, TransferError};

    const BLOCKS: Coding = Coding { mode: TransferMode::Block, ..Coding::IDENTITY };
    const RECORDS: Coding = Coding { structure: FileStructure::Record, ..BLOCKS };

    #[test]
    fn blocks_have_headers() {
        for (coding, file, wire) in [
            (BLOCKS, &b""[..], &b"\x40\0\0"[..]),
            (BLOCKS, b"abc", b"\x40\0\x03abc"),
            (RECORDS, b"", b"\x40\0\0"),
            (RECORDS, b"a\nbc\n", b"\x80\0\x01a\xc0\0\x02bc"),
            (RECORDS, b"\n\nb", b"\x80\0\0\x80\0\0\x40\0\x01b"),
            (Coding { representation: RepresentationType::ASCII, ..BLOCKS }, b"a\nb", b"\x40\0\x04a\r\nb"),
        ] {
            // All data is encoded in one call, before the end of the file is known, so the end
            // follows in another block unless a record ends there.
            let mut wire = wire.to_vec();
            if !file.is_empty() && coding.structure == FileStructure::File {
                wire[0] = 0;
                wire.extend_from_slice(b"\x40\0\0");
            }
            if file.ends_with(b"b") && coding == RECORDS {
                wire.splice(6.., *b"\0\0\x01b\x40\0\0");
            }
            both_ways(coding, file, &wire);
        }
    }

    #[test]
    fn blocks_of_others_are_read() {
        comes_to(BLOCKS, b"\0\0\x01a\0\0\0\x40\0\x02bc", b"abc");
        comes_to(BLOCKS, b"\x80\0\x01a\xc0\0\0", b"a"); // Without records there are no ends of records.
        comes_to(RECORDS, b"\0\0\x01a\xc0\0\x01b", b"ab\n");
        comes_to(RECORDS, b"\x20\0\x01a\x10\0\x04MARK\xc0\0\0", b"a\n");
        comes_to(RECORDS, b"\x80\0\x01a\x50\0\x04MARK", b"a\n");
    }

    #[test]
    fn a_block_has_65535_bytes_at_most() {
        let file = std::vec![b'a'; 70_000];
        let wire = encode(BLOCKS, &file);
        assert_eq!(wire[..3], [0, 0xff, 0xff]);
        assert_eq!(wire[65538..65541], [0, 0x11, 0x71]);
        assert_eq!(decode(BLOCKS, &wire), Ok(file));
    }

    #[test]
    fn a_block_fills_the_room() {
        let coding = Coding { representation: RepresentationType::ASCII, ..BLOCKS };
        let wire = encode_by(Encoder::new(coding).unwrap(), &b"line\n".repeat(100), &[(1000, 203)]);
        assert_eq!(wire[..3], [0, 0, 200]);
        assert_eq!(wire[203..206], [0, 0, 200]);
    }

    #[test]
    fn what_is_suspect_is_said_to_be() {
        for (descriptor, is_suspect) in [(0, false), (0x20, true)] {
            let mut decoder = Decoder::new(BLOCKS).unwrap();
            decoder.decode(&[descriptor, 0, 1, b'a'], &mut [0; 4]).unwrap();
            assert_eq!(decoder.is_suspect(), is_suspect);
        }
    }

    #[test]
    fn markers_are_kept_when_they_are_not_too_long() {
        let marker =
            |len: u8| [&[0x10, 0, len][..], &std::vec![b'm'; usize::from(len)], b"\x40\0\0"].concat();
        for (len, count) in [(1, 1), (39, 1), (40, 0), (255, 0)] {
            let read = decode_by(Decoder::new(BLOCKS).unwrap(), &marker(len), &[(5, 5)]).unwrap();
            assert_eq!(read.markers.len(), count);
        }
    }

    #[test]
    fn what_is_no_block_is_an_error() {
        for (wire, error) in [
            (&b""[..], TransferError::Truncated),
            (b"\0\0\x02ab", TransferError::Truncated),
            (b"\x40\0\x02a", TransferError::Truncated),
            (b"\x08\0\0", TransferError::Descriptor(8)),
            (b"\x10\0\0", TransferError::Marker),
            (b"\x10\0\x03a b", TransferError::Marker),
        ] {
            assert_eq!(decode(BLOCKS, wire), Err(error), "{wire:?}");
        }
    }
}
