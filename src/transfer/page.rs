//! STRU P: pages that carry their position in the file (RFC 959 3.1.2.3, appendix I).
//!
//! ```text
//! file   = *page last
//! page   = %x04 index len %x01 *OCTET                ; `len` bytes of a simple page
//!        / %x05 index len %x03 access *OCTET         ; a page with access control
//!        / header-len index len %x02 *OCTET          ; a description of the file
//! last   = %x04 index %x00 %x00
//! index  = OCTET
//! len    = OCTET
//! ```
//!
//! The fields are logical bytes, always of eight bits here, so a page has at most 255 bytes. The
//! index would likewise limit a file to 256 pages; instead the index wraps around to 0, and is read
//! as the number nearest to the one expected. Files of machines with larger bytes (TOPS-20's, TYPE
//! L 36) cannot be received.
//!
//! The bytes of each page are placed in the file at the page's index times the page size, which is
//! the size of the first page to arrive. If a page is shorter and another follows, it is padded
//! with zeros, since a sender may leave those out. Missing pages are zeros too, up to 127 in a row,
//! which limits how much output a few bytes on the wire can produce. The decoder cannot go back in
//! the file, so a page that lies before an earlier one is an error. The file has no place for
//! descriptions and access controls, so they are dropped.
//!
//! The encoder sends simple pages of [`SIZE`] bytes. It sees no holes, so it sends every page.

use super::TransferError;

/// Size in bytes of the pages that the encoder makes, except for the last one.
pub(super) const SIZE: usize = 128;
/// Length in bytes of a page header without further fields.
pub(super) const HEADER: usize = 4;

const LAST: u8 = 0;
const SIMPLE: u8 = 1;
const DESCRIPTOR: u8 = 2;
const ACCESS_CONTROLLED: u8 = 3;

/// Largest distance between indices that counts as forward; the other half is backward.
const FARTHEST: u8 = 127;

/// Returns the header of a simple page.
pub(super) const fn header(index: u8, len: u8) -> [u8; HEADER] {
    [4, index, len, SIMPLE]
}

/// The last page.
pub(super) const END: [u8; HEADER] = [4, 0, 0, LAST];

/// Converts pages to the bytes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// Index expected next.
    next: u8,
    /// Size of a page, once known.
    size: Option<u8>,
    /// Number of bytes by which the last page was short.
    short: u8,
    /// Number of zeros to write before more is read.
    zeros: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Header {
        fields: [u8; HEADER],
        count: u8,
    },
    /// Further fields of the header, then data.
    Fields {
        left: u8,
        len: u8,
        is_data: bool,
    },
    Data(u8),
    Skipped(u8),
    Ended,
}

impl State {
    const START: Self = Self::Header { fields: [0; HEADER], count: 0 };
}

impl Default for State {
    fn default() -> Self {
        Self::START
    }
}

impl Decoder {
    /// Returns how many zeros to write to the file now.
    pub(super) const fn zeros(&self) -> usize {
        self.zeros
    }

    /// Marks `count` zeros as written.
    pub(super) const fn filled(&mut self, count: usize) {
        self.zeros = self.zeros.saturating_sub(count);
    }

    /// Returns whether the last page has arrived.
    pub(super) const fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Returns the number of bytes of `wire` that were read and are not page data, and the number
    /// of page data bytes that follow, which are to be [taken](Self::took). The second number is 0
    /// while [zeros](Self::zeros) are due, which are written first.
    pub(super) fn next(&mut self, wire: &[u8]) -> Result<(usize, usize), TransferError> {
        let mut read = 0;
        loop {
            let rest = wire.get(read..).unwrap_or_default();
            let skip = |left: u8| rest.len().min(usize::from(left)) as u8;
            match self.state {
                State::Data(0) | State::Skipped(0) => self.state = State::START,
                State::Fields { left: 0, len, is_data: true } => self.state = State::Data(len),
                State::Fields { left: 0, len, is_data: false } => self.state = State::Skipped(len),
                _ if self.zeros > 0 => return Ok((read, 0)),
                State::Ended if rest.is_empty() => return Ok((read, 0)),
                State::Ended => return Err(TransferError::AfterEnd),
                _ if rest.is_empty() => return Ok((read, 0)),
                State::Data(left) => return Ok((read, usize::from(skip(left)))),
                State::Skipped(left) => {
                    read += usize::from(skip(left));
                    self.state = State::Skipped(left - skip(left));
                }
                State::Fields { left, len, is_data } => {
                    read += usize::from(skip(left));
                    self.state = State::Fields { left: left - skip(left), len, is_data };
                }
                State::Header { mut fields, count } => {
                    if let (Some(field), Some(&byte)) = (fields.get_mut(usize::from(count)), rest.first()) {
                        *field = byte;
                    }
                    read += 1;
                    self.state = match usize::from(count) + 1 == HEADER {
                        true => self.begin(fields)?,
                        false => State::Header { fields, count: count + 1 },
                    };
                    if self.is_ended() {
                        return Ok((read, 0));
                    }
                }
            }
        }
    }

    /// Marks `count` bytes of data as used.
    pub(super) fn took(&mut self, count: usize) {
        if let State::Data(left) = &mut self.state {
            *left = left.saturating_sub(u8::try_from(count).unwrap_or(u8::MAX));
        }
    }

    fn begin(&mut self, [header, index, len, kind]: [u8; HEADER]) -> Result<State, TransferError> {
        match (kind, header, len) {
            (LAST, 4, 0) => Ok(State::Ended),
            (SIMPLE, 4, _) | (ACCESS_CONTROLLED, 5, _) => {
                self.place(index, len)?;
                Ok(State::Fields { left: header - 4, len, is_data: true })
            }
            (DESCRIPTOR, 4.., _) => Ok(State::Fields { left: header - 4, len, is_data: false }),
            _ => Err(TransferError::PageHeader),
        }
    }

    fn place(&mut self, index: u8, len: u8) -> Result<(), TransferError> {
        let size = *self.size.get_or_insert(len);
        let gap = index.wrapping_sub(self.next);
        if gap > FARTHEST {
            return Err(TransferError::PageOrder);
        }
        let short = size.checked_sub(len).ok_or(TransferError::PageLength)?;
        self.zeros += usize::from(self.short) + usize::from(gap) * usize::from(size);
        self.short = short;
        self.next = index.wrapping_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{FileStructure, RepresentationType, TransferMode};
    use crate::transfer::Coding;
    use crate::transfer::tests::{both_ways, comes_to, decode, encode};

    const PAGES: Coding = Coding { structure: FileStructure::Page, ..Coding::IDENTITY };

    #[test]
    fn pages_have_headers() {
        both_ways(PAGES, b"", b"\x04\0\0\0");
        both_ways(PAGES, b"abc", b"\x04\0\x03\x01abc\x04\0\0\0");
        let ascii = Coding { representation: RepresentationType::ASCII, ..PAGES };
        both_ways(ascii, b"a\n", b"\x04\0\x03\x01a\r\n\x04\0\0\0");
        let ebcdic = Coding { representation: RepresentationType::Ebcdic(Default::default()), ..PAGES };
        both_ways(ebcdic, b"a\n", b"\x04\0\x02\x01\x81\x15\x04\0\0\0");
        let blocks = Coding { mode: TransferMode::Block, ..PAGES };
        both_ways(blocks, b"abc", b"\x40\0\x0b\x04\0\x03\x01abc\x04\0\0\0");
    }

    #[test]
    fn pages_are_of_one_size_and_indexed() {
        let file = std::vec![b'a'; 300];
        let wire = encode(PAGES, &file);
        assert_eq!(wire[..4], [4, 0, 128, 1]);
        assert_eq!(wire[132..136], [4, 1, 128, 1]);
        assert_eq!(wire[264..268], [4, 2, 44, 1]);
        assert_eq!(wire[312..], [4, 0, 0, 0]);
    }

    #[test]
    fn holes_are_zeros() {
        for (wire, file) in [
            (&b"\x04\0\x02\x01ab\x04\x02\x02\x01ef\x04\0\0\0"[..], &b"ab\0\0ef"[..]),
            (b"\x04\x01\x02\x01cd\x04\0\0\0", b"\0\0cd"),
            (b"\x04\0\x02\x01ab\x04\x01\x01\x01c\x04\x02\x02\x01ef\x04\0\0\0", b"abc\0ef"),
            (b"\x04\0\x02\x01ab\x04\x02\0\x01\x04\0\0\0", b"ab\0\0"),
            // A description, and a page with access control.
            (b"\x06\x07\x03\x02xxabc\x05\0\x02\x03xab\x04\0\0\0", b"ab"),
        ] {
            comes_to(PAGES, wire, file);
        }
    }

    #[test]
    fn what_cannot_be_placed_is_an_error() {
        for (wire, error) in [
            (&b""[..], TransferError::Truncated),
            (b"\x04\0\x02\x01ab", TransferError::Truncated),
            (b"\x04\0\x02", TransferError::Truncated),
            (b"\x04\x01\x01\x01a\x04\x01\x01\x01b\x04\0\0\0", TransferError::PageOrder),
            (b"\x04\x80\x01\x01a\x04\0\0\0", TransferError::PageOrder),
            (b"\x04\0\x01\x01a\x04\x01\x02\x01bc\x04\0\0\0", TransferError::PageLength),
            (b"\x03\0\x01\x01a", TransferError::PageHeader),
            (b"\x05\0\x01\x01a", TransferError::PageHeader),
            (b"\x04\0\x01\x00a", TransferError::PageHeader),
            (b"\x04\0\x01\x04a", TransferError::PageHeader),
        ] {
            assert_eq!(decode(PAGES, wire), Err(error), "{wire:?}");
        }
        let blocks = Coding { mode: TransferMode::Block, ..PAGES };
        assert_eq!(decode(blocks, b"\0\0\x04\x04\0\0\0"), Err(TransferError::Truncated));
        assert_eq!(decode(blocks, b"\x40\0\x05\x04\0\x01\x01a"), Err(TransferError::Truncated));
        assert_eq!(decode(blocks, b"\x40\0\x05\x04\0\0\0a"), Err(TransferError::AfterEnd));
    }

    #[test]
    fn indices_go_on_behind_the_last_number() {
        let file = std::vec![b'a'; 257 * SIZE];
        let wire = encode(PAGES, &file);
        assert_eq!(wire[255 * 132..][..4], [4, 255, 128, 1]);
        assert_eq!(wire[256 * 132..][..4], [4, 0, 128, 1]);
        assert_eq!(decode(PAGES, &wire), Ok(file));
    }
}
