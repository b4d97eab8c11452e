//! MODE S: the unchanged data (RFC 959 3.4.1), with control codes if there are records.
//!
//! ```text
//! file    = *(data / control)                ; STRU R; with any other structure all bytes are data
//! data    = %x00-FE / %xFF %xFF
//! control = %xFF (%x01 / %x02 / %x03)        ; end of record, end of file, or both
//! ```

use super::descriptor::Descriptor;
use super::marker::Marker;
use super::stage::Stage;
use super::{Progress, TransferError};
use crate::codec::slices;

const ESCAPE: u8 = 0xff;

/// Item read from the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'w> {
    /// All of the input was read, and there is no item yet.
    Nothing,
    /// Data, to be taken from the front.
    Data(&'w [u8]),
    /// This byte as data, at most this many times.
    Repeat(u8, usize),
    EndOfRecord,
    EndOfFile,
    Marker(Marker),
}

/// Buffer that an encoder fills.
#[derive(Debug)]
pub(super) struct Out<'a> {
    bytes: &'a mut [u8],
    len: usize,
    /// Offset of the header of a block that can still grow.
    pub(super) block: Option<usize>,
}

impl<'a> Out<'a> {
    pub(super) const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0, block: None }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn room(&self) -> usize {
        self.bytes.len() - self.len
    }

    pub(super) fn rest(&mut self) -> &mut [u8] {
        slices::part_mut(self.bytes, self.len..)
    }

    /// Marks `count` bytes of the rest as written.
    pub(super) const fn filled(&mut self, count: usize) {
        self.len += count;
    }

    /// Writes as many bytes as fit.
    pub(super) fn put(&mut self, bytes: &[u8]) -> usize {
        let count = super::copy(bytes, self.rest()).read;
        self.len += count;
        count
    }

    /// Returns the bytes written from `at` on.
    pub(super) fn written_mut(&mut self, at: usize) -> &mut [u8] {
        self.bytes.get_mut(at..self.len).unwrap_or_default()
    }

    pub(super) fn spill<const N: usize>(&mut self, from: &mut Stage<N>) {
        if !from.is_empty() {
            self.block = None;
            let count = self.put(from.pending());
            from.took(count);
        }
    }
}

/// Writes data of a file of records, then the codes of its end. Returns how much was read, and
/// whether all was written.
pub(super) fn encode(data: &[u8], end: Descriptor, out: &mut Out<'_>) -> (usize, bool) {
    let mut read = 0;
    while let (Some(&first), room @ 2..) = (data.get(read), out.room()) {
        if first == ESCAPE {
            read += 1;
            out.put(&[ESCAPE, ESCAPE]);
        } else {
            let rest = slices::part(data, read..data.len().min(read + room));
            read += out.put(slices::part(rest, ..memchr::memchr(ESCAPE, rest).unwrap_or(rest.len())));
        }
    }
    let code = u8::from(end.contains(Descriptor::EOR)) | u8::from(end.contains(Descriptor::EOF)) << 1;
    if read < data.len() || out.room() < 2 {
        return (read, false);
    }
    if code != 0 {
        out.put(&[ESCAPE, code]);
    }
    (read, true)
}

/// Decoder for control codes and data of a file of records.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder(State);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Data,
    Escape,
    /// An [`ESCAPE`] that is data.
    Literal,
    /// The end of the record was returned; that of the file comes next.
    LastRecord,
}

impl Decoder {
    pub(super) fn next<'w>(&mut self, wire: &'w [u8]) -> Result<(usize, Item<'w>), TransferError> {
        let mut read = 0;
        loop {
            let rest = slices::part(wire, read..);
            match self.0 {
                State::Literal => return Ok((read, Item::Repeat(ESCAPE, 1))),
                State::LastRecord => {
                    self.0 = State::Data;
                    return Ok((read, Item::EndOfFile));
                }
                State::Data => match rest.first() {
                    None => return Ok((read, Item::Nothing)),
                    Some(&ESCAPE) => {
                        self.0 = State::Escape;
                        read += 1;
                    }
                    Some(_) => {
                        let run = memchr::memchr(ESCAPE, rest).unwrap_or(rest.len());
                        return Ok((read, Item::Data(slices::part(rest, ..run))));
                    }
                },
                State::Escape => {
                    let Some(&code) = rest.first() else { return Ok((read, Item::Nothing)) };
                    let (state, item) = match code {
                        1 => (State::Data, Item::EndOfRecord),
                        2 => (State::Data, Item::EndOfFile),
                        3 => (State::LastRecord, Item::EndOfRecord),
                        ESCAPE => (State::Literal, Item::Repeat(ESCAPE, 1)),
                        code => return Err(TransferError::ControlCode(code)),
                    };
                    self.0 = state;
                    return Ok((read + 1, item));
                }
            }
        }
    }

    /// Marks `count` bytes of data as used. Returns how many of them are bytes of the wire.
    pub(super) fn took(&mut self, count: usize) -> usize {
        if self.0 != State::Literal {
            return count;
        }
        if count > 0 {
            self.0 = State::Data;
        }
        0
    }
}

/// Returns everything in `wire` as data.
pub(super) fn plain(wire: &[u8]) -> Item<'_> {
    if wire.is_empty() { Item::Nothing } else { Item::Data(wire) }
}

/// Writes data unchanged.
pub(super) fn encode_plain(data: &[u8], out: &mut Out<'_>) -> (usize, bool) {
    let Progress { read, written } = super::copy(data, out.rest());
    out.filled(written);
    (read, read == data.len())
}

#[cfg(test)]
mod tests {
    use crate::codec::{FileStructure, RepresentationType};
    use crate::transfer::tests::{both_ways, comes_to, decode};
    use crate::transfer::{Coding, TransferError};

    const RECORDS: Coding = Coding { structure: FileStructure::Record, ..Coding::IDENTITY };

    #[test]
    fn control_codes_end_records_and_the_file() {
        for (file, wire) in [
            (&b""[..], &b"\xff\x02"[..]),
            (b"a\n", b"a\xff\x03"),
            (b"a\nb\n", b"a\xff\x01b\xff\x03"),
            (b"\n\n", b"\xff\x01\xff\x03"),
            (b"a\nb", b"a\xff\x01b\xff\x02"),
            (b"\xff\n", b"\xff\xff\xff\x03"),
            (b"\x10\n\n", b"\n\xff\x03"),
        ] {
            both_ways(RECORDS, file, wire);
        }
        comes_to(RECORDS, b"a\xff\x01\xff\x02", b"a\n");
    }

    #[test]
    fn characters_are_converted_before_control_codes_are_set() {
        let ascii = Coding { representation: RepresentationType::ASCII, ..RECORDS };
        let ebcdic = Coding { representation: RepresentationType::Ebcdic(Default::default()), ..RECORDS };
        both_ways(ascii, b"a\nb\r\n\x10\n\n", b"a\xff\x01b\r\xff\x01\r\n\xff\x03");
        both_ways(ebcdic, b"a\n\x9f\n\x10\n\n", b"\x81\xff\x01\xff\xff\xff\x01\x15\xff\x03");
    }

    #[test]
    fn other_codes_are_errors_and_no_code_is_truncation() {
        for (wire, error) in [
            (&b"a"[..], TransferError::Truncated),
            (b"a\xff", TransferError::Truncated),
            (b"a\xff\x01", TransferError::Truncated),
            (b"a\xff\x00", TransferError::ControlCode(0)),
            (b"a\xff\x04", TransferError::ControlCode(4)),
        ] {
            assert_eq!(decode(RECORDS, wire), Err(error), "{wire:?}");
        }
    }
}
