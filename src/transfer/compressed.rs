//! MODE C: runs are compressed (RFC 959 3.4.3).
//!
//! ```text
//! file       = *(*escape string)
//! string     = %x01-7F 1*127OCTET            ; that many bytes
//!            / %x80-BF OCTET                 ; that byte, 0 through 63 times
//!            / %xC0-FF                       ; the filler, 0 through 63 times
//! escape     = %x00 descriptor               ; applies to the next string, codes as in block mode
//! ```
//!
//! The filler is the space in the text types and NUL in the others. A descriptor applies to the
//! string after it, so the encoder holds a string back until it knows what follows. If there is no
//! string for a descriptor (an empty record or file), the encoder sends a filler string of no
//! bytes. A descriptor that is followed by another descriptor applies to no bytes.

use super::TransferError;
use super::block::Label;
use super::descriptor::Descriptor;
use super::marker::Digits;
use super::stream::{Item, Out};
use crate::codec::slices;

const ESCAPE: u8 = 0;
const REPEATED: u8 = 0x80;
const FILLER: u8 = 0xc0;
const LONGEST_STRING: usize = 0x7f;
const LONGEST_RUN: usize = 0x3f;

/// Shortest run that is worth a string of its own, since a run between two other strings costs
/// three bytes.
const SHORT_RUN: usize = 3;

/// Returns the length of the first string to send, and its byte if it is a run. The string fits in
/// `room` bytes; `room` must be at least 4.
fn first_string(data: &[u8], filler: u8, room: usize) -> (usize, Option<u8>) {
    let Some(&first) = data.first() else { return (0, None) };
    let run = data.iter().take(LONGEST_RUN).take_while(|byte| **byte == first).count();
    if run >= SHORT_RUN || (run > 1 && first == filler) {
        return (run, Some(first));
    }
    let most = data.len().min(LONGEST_STRING).min(room - 1);
    let mut runs = data.windows(SHORT_RUN).take(most);
    let len = runs.position(|bytes| bytes.iter().all(|byte| *byte == bytes[0])).unwrap_or(most);
    (len.max(1), None)
}

/// Writes data, then the codes of its end. Returns how much was read, and whether all was written.
/// Without codes, leaves the last string for later, since it may still change, unless it cannot
/// become longer.
pub(super) fn encode(
    data: &[u8],
    end: Descriptor,
    is_all: bool,
    filler: u8,
    out: &mut Out<'_>,
) -> (usize, bool) {
    let mut read = 0;
    loop {
        let rest = slices::part(data, read..);
        if rest.is_empty() && end.is_empty() {
            return (read, true);
        }
        if out.room() < 6 {
            return (read, false);
        }
        if rest.is_empty() {
            out.put(&[ESCAPE, end.bits(), FILLER]);
            return (read, true);
        }
        let (len, run) = first_string(rest, filler, out.room() - 2);
        let is_last = len == rest.len();
        if is_last && end.is_empty() && !is_all && read > 0 {
            return (read, false);
        }
        if is_last && !end.is_empty() {
            out.put(&[ESCAPE, end.bits()]);
        }
        let count = len as u8; // 127 at most
        match run {
            Some(byte) if byte == filler => out.put(&[FILLER | count]),
            Some(byte) => out.put(&[REPEATED | count, byte]),
            None => out.put(&[count]) + out.put(slices::part(rest, ..len)),
        };
        read += len;
        if is_last {
            return (read, true);
        }
    }
}

/// Writes a restart marker, if there is room for all of it.
pub(super) fn encode_marker(marker: &Digits, out: &mut Out<'_>) -> bool {
    if out.room() < 3 + marker.len() {
        return false;
    }
    out.put(&[ESCAPE, Descriptor::MARKER.bits(), marker.len() as u8]);
    out.put(marker);
    true
}

/// Decoder for the strings of a file.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    pub(super) label: Label,
    filler: u8,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A string or an escape begins here.
    String,
    Descriptor,
    /// The byte to repeat this many times comes next.
    Repeated(u8),
    Data(u8),
    Run(u8, u8),
    /// The string has ended.
    End,
}

impl Decoder {
    pub(super) fn new(filler: u8) -> Self {
        Self { label: Label::default(), filler, state: State::String }
    }

    pub(super) fn next<'w>(&mut self, wire: &'w [u8]) -> Result<(usize, Item<'w>), TransferError> {
        let mut read = 0;
        loop {
            let rest = slices::part(wire, read..);
            match self.state {
                State::Data(0) | State::Run(_, 0) => self.state = State::End,
                State::End => match self.label.end()? {
                    Some(item) => return Ok((read, item)),
                    None => self.state = State::String,
                },
                State::Run(byte, left) if self.label.is_marker() => {
                    self.label.put_marker(slices::part(
                        &[byte; LONGEST_RUN],
                        ..LONGEST_RUN.min(usize::from(left)),
                    ))?;
                    self.state = State::End;
                }
                State::Run(byte, left) => return Ok((read, Item::Repeat(byte, usize::from(left)))),
                State::Data(left) if !rest.is_empty() => {
                    let data = slices::part(rest, ..rest.len().min(usize::from(left)));
                    if !self.label.is_marker() {
                        return Ok((read, Item::Data(data)));
                    }
                    self.label.put_marker(data)?;
                    read += self.took(data.len());
                }
                state => {
                    let Some(&first) = rest.first() else { return Ok((read, Item::Nothing)) };
                    read += 1;
                    self.state = match (state, first) {
                        (State::Descriptor, codes) => {
                            self.label.begin(codes)?;
                            State::String
                        }
                        (State::Repeated(count), byte) => State::Run(byte, count),
                        (_, ESCAPE) if !self.label.is_plain() => {
                            read -= 1;
                            State::End
                        }
                        (_, ESCAPE) => State::Descriptor,
                        (_, FILLER..) => State::Run(self.filler, first - FILLER),
                        (_, REPEATED..) => State::Repeated(first - REPEATED),
                        (_, count) => State::Data(count),
                    };
                }
            }
        }
    }

    /// Marks `count` bytes of data as used. Returns how many of them are bytes of the wire.
    pub(super) fn took(&mut self, count: usize) -> usize {
        let used = u8::try_from(count).unwrap_or(u8::MAX);
        match &mut self.state {
            State::Data(left) => {
                *left = left.saturating_sub(used);
                count
            }
            State::Run(_, left) => {
                *left = left.saturating_sub(used);
                0
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::codec::{FileStructure, RepresentationType, TransferMode};
    use crate::transfer::tests::{both_ways, comes_to, decode, decode_by, encode};
    use crate::transfer::{Coding, Decoder, TransferError};

    const BYTES: Coding = Coding { mode: TransferMode::Compressed, ..Coding::IDENTITY };
    const RECORDS: Coding = Coding { structure: FileStructure::Record, ..BYTES };
    const TEXT: Coding = Coding { representation: RepresentationType::ASCII, ..BYTES };

    #[test]
    fn runs_and_fillers_are_shortened() {
        for (file, wire) in [
            (&b""[..], &b"\0\x40\xc0"[..]),
            (b"abc", b"\0\x40\x03abc"),
            (b"aabb", b"\0\x40\x04aabb"),
            (b"abbbbc", b"\x01a\x84b\0\x40\x01c"),
            (b"a\0\0\0", b"\x01a\0\x40\xc3"),
            (b"\0\0", b"\0\x40\xc2"),
            (b"   ", b"\0\x40\x83 "),
        ] {
            both_ways(BYTES, file, wire);
        }
        both_ways(TEXT, b"   \n", b"\xc3\0\x40\x02\r\n");
        let ebcdic = Coding { representation: RepresentationType::Ebcdic(Default::default()), ..BYTES };
        both_ways(ebcdic, b"   \n\0\0\0", b"\xc3\x01\x15\0\x40\x83\0");
    }

    #[test]
    fn descriptors_are_said_of_the_last_string() {
        for (file, wire) in [
            (&b"a\nb\n"[..], &b"\0\x80\x01a\0\xc0\x01b"[..]),
            (b"a\n\nb", b"\0\x80\x01a\0\x80\xc0\0\x40\x01b"),
            (b"aaaa\n", b"\0\xc0\x84a"),
        ] {
            both_ways(RECORDS, file, wire);
        }
    }

    #[test]
    fn strings_are_as_long_as_their_counts_can_say() {
        let run = std::vec![b'a'; 130];
        assert_eq!(encode(BYTES, &run), b"\xbfa\xbfa\0\x40\x84a");
        let mixed: std::vec::Vec<u8> = (0..130).collect();
        let wire = encode(BYTES, &mixed);
        assert_eq!((wire[0], &wire[128..]), (127, &[0, 0x40, 3, 127, 128, 129][..]));
        assert_eq!(decode(BYTES, &wire), Ok(mixed));
    }

    #[test]
    fn strings_of_others_are_read() {
        comes_to(BYTES, b"\x80x\xc0\0\x40\x01a", b"a");
        comes_to(RECORDS, b"\x01a\0\x80\0\x80\0\x40\xc0", b"a\n\n");
        comes_to(RECORDS, b"\0\x20\x01a\0\x10\x04MARK\0\xc0\x01b", b"ab\n");
    }

    #[test]
    fn markers_may_be_shortened_too() {
        let read = decode_by(Decoder::new(BYTES).unwrap(), b"\x01a\0\x10\x84M\0\x40\xc0", &[(1, 1)]).unwrap();
        assert_eq!(read.markers, [(b"MMMM".to_vec(), 1)]);
    }

    #[test]
    fn what_is_no_string_is_an_error() {
        for (wire, error) in [
            (&b""[..], TransferError::Truncated),
            (b"\x02a", TransferError::Truncated),
            (b"\x84", TransferError::Truncated),
            (b"\0", TransferError::Truncated),
            (b"\x01a\0\x40", TransferError::Truncated), // The last string is missing.
            (b"\0\x40\x02a", TransferError::Truncated),
            (b"\0\x01", TransferError::Descriptor(1)),
            (b"\0\x10\xc0", TransferError::Marker),
            (b"\0\x10\x02\0a", TransferError::Marker),
        ] {
            assert_eq!(decode(BYTES, wire), Err(error), "{wire:?}");
        }
    }
}
