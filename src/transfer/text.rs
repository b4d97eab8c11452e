//! The layer of TYPE (RFC 959 3.1.1), which selects the conversion of characters.

use super::{LineEnds, Progress, ascii, copy, ebcdic};
use crate::codec::RepresentationType;

/// Converter from the file to the wire.
#[derive(Clone, Debug)]
pub(super) enum Encoder {
    Image,
    Ascii(ascii::Encoder),
    Ebcdic,
}

impl Encoder {
    pub(super) fn new(representation: RepresentationType) -> Self {
        match representation {
            RepresentationType::Ascii(_) => Self::Ascii(ascii::Encoder::default()),
            RepresentationType::Ebcdic(_) => Self::Ebcdic,
            RepresentationType::Image | RepresentationType::Local(_) => Self::Image,
        }
    }

    pub(super) const fn set_line_ends(&mut self, line_ends: LineEnds) {
        if let Self::Ascii(ascii) = self {
            ascii.set_line_ends(line_ends);
        }
    }

    pub(super) fn encode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        match self {
            Self::Image => copy(input, output),
            Self::Ascii(ascii) => ascii.encode(input, output),
            Self::Ebcdic => ebcdic::encode(input, output),
        }
    }

    /// Returns whether a transfer may restart between `last` and what follows. A restart is not
    /// allowed inside bytes that the other side could take for a line end.
    pub(super) fn is_divisible_after(&self, last: u8) -> bool {
        match self {
            Self::Ascii(ascii) => ascii.is_clear() && last != b'\r',
            Self::Image | Self::Ebcdic => true,
        }
    }
}

/// Converter from the wire to the file.
#[derive(Clone, Debug)]
pub(super) enum Decoder {
    Image,
    Ascii(ascii::Decoder),
    Ebcdic,
}

impl Decoder {
    pub(super) fn new(representation: RepresentationType) -> Self {
        match representation {
            RepresentationType::Ascii(_) => Self::Ascii(ascii::Decoder::default()),
            RepresentationType::Ebcdic(_) => Self::Ebcdic,
            RepresentationType::Image | RepresentationType::Local(_) => Self::Image,
        }
    }

    pub(super) fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        match self {
            Self::Image => copy(input, output),
            Self::Ascii(ascii) => ascii.decode(input, output),
            Self::Ebcdic => ebcdic::decode(input, output),
        }
    }

    /// Writes the byte that is held back, if there is one and room for it.
    pub(super) fn finish(&mut self, output: &mut [u8]) -> usize {
        match self {
            Self::Ascii(ascii) => ascii.finish(output),
            Self::Image | Self::Ebcdic => 0,
        }
    }

    /// Returns whether everything taken has been written.
    pub(super) const fn is_clear(&self) -> bool {
        match self {
            Self::Ascii(ascii) => ascii.is_clear(),
            Self::Image | Self::Ebcdic => true,
        }
    }
}
