//! The data transfer process (RFC 959 3.1 to 3.5): bytes of a file to bytes on the wire and back, for
//! the representation type, structure and mode that were agreed.
//!
//! Each parameter is a layer that knows nothing of the others; an [`Encoder`] goes down, a [`Decoder`] up:
//!
//! ```text
//! file ── STRU R: records ── TYPE: characters ── STRU P: pages ── MODE S, B, C, Z ── wire
//! ```
//!
//! Transformers allocate nothing (MODE Z does, the feature `deflate`), may be cut at any byte of input and
//! of room, and say when they change nothing at all ([`Coding::is_identity`]), so that a driver can hand
//! the descriptors to the kernel. What a peer sent is either bytes of a file or a [`TransferError`], and
//! makes no more than there is room for, however it was compressed.
//!
//! **A file, here,** is the bytes that the host stores and reads: lines of text end in LF, and so do
//! records (`record.rs` says how records that hold an LF themselves are kept); pages lie where their
//! indices say and holes are zeros (`page.rs`). All positions count these bytes. Any file comes back as it
//! was when it is sent and received with the same coding, but for one case: in TYPE A a line that ends in
//! CRLF in the file is taken for one line, and the receiver ends it as its own lines end. Only
//! [`LineEnds::Literal`] sends it so that the CR comes back too. A file of records also goes out again as it
//! came in.
//!
//! **Format controls** (TYPE's N, T and C, RFC 959 3.1.1.5) say what a printer is to make of the text and
//! change no byte: in T the format effectors CR, VT and FF stand in the file as they are; in C each line
//! or record begins, in the file too, with its ASA character.

mod ascii;
mod block;
mod compressed;
mod decoder;
#[cfg(feature = "deflate")]
mod deflate;
mod ebcdic;
mod encoder;
mod marker;
mod page;
mod parameters;
mod record;
mod stage;
mod stream;
#[cfg(test)]
mod tests;
mod text;

use core::fmt;

use crate::codec::{FileStructure, RepresentationType, TransferMode};

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use marker::Marker;
pub use parameters::Parameters;

/// How a file is put on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coding {
    /// TYPE (RFC 959 3.1.1).
    pub representation: RepresentationType,
    /// STRU (RFC 959 3.1.2).
    pub structure: FileStructure,
    /// MODE (RFC 959 3.4).
    pub mode: TransferMode,
}

impl Coding {
    /// TYPE I, STRU F, MODE S: the bytes as they are.
    pub const IDENTITY: Self = Self {
        representation: RepresentationType::Image,
        structure: FileStructure::File,
        mode: TransferMode::Stream,
    };

    /// Whether the bytes on the wire are the bytes of the file.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.mode == TransferMode::Stream && self.counts_file_bytes()
    }

    /// Whether what the mode puts on the wire are the bytes of the file: then sizes and restart offsets
    /// are the file's own, whatever the mode makes of them.
    #[must_use]
    pub fn counts_file_bytes(&self) -> bool {
        self.structure == FileStructure::File
            && matches!(self.representation, RepresentationType::Image | RepresentationType::LOCAL_8)
    }

    /// Whether this crate can transform it: every combination but logical bytes that are not of eight bits
    /// (TYPE L with another number: most files are no whole number of them, and would not come back as they
    /// were); MODE Z with the feature `deflate`.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        let representation = match self.representation {
            RepresentationType::Local(_) => self.representation == RepresentationType::LOCAL_8,
            _ => true,
        };
        representation && (self.mode != TransferMode::Deflate || cfg!(feature = "deflate"))
    }

    /// Whether the end of a file is told in the data itself, so that a connection that closes before it has
    /// lost something. Only in stream mode without records or pages is the close the end (RFC 959 3.4.1).
    #[must_use]
    pub fn end_is_marked(&self) -> bool {
        self.mode != TransferMode::Stream || self.structure != FileStructure::File
    }

    /// Whether a byte of the file is a byte of what the mode puts on the wire, though perhaps another one:
    /// then restart offsets (RFC 3659 5.3) are the file's own. TYPE A has two bytes for the end of a line.
    #[must_use]
    pub fn keeps_offsets(&self) -> bool {
        self.structure == FileStructure::File && !matches!(self.representation, RepresentationType::Ascii(_))
    }

    /// Whether restart markers can travel with the data (RFC 959 3.5).
    #[must_use]
    pub fn has_markers(&self) -> bool {
        matches!(self.mode, TransferMode::Block | TransferMode::Compressed)
    }
}

/// What TYPE A makes of a line that ends in CRLF in the file already (RFC 959 3.1.1.1: on the wire every
/// line ends in CRLF).
///
/// Text from other systems has such lines, and so has what was itself received as TYPE I. Which reading is
/// chosen changes nothing for the receiver, who takes each CRLF for the end of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnds {
    /// It is one line end and goes out as it is; only an LF that no CR precedes gets one. curl, Python's
    /// ftplib and Apache Commons Net do the same. A receiver whose lines end in LF stores the file without
    /// those CRs.
    #[default]
    Kept,
    /// Lines of the file end in LF and in nothing else, so that a CR before it is a byte of the line: CR LF
    /// goes out as CR CR LF. Any file at all comes back as it was.
    Literal,
}

/// How far one call of a transformer came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that were taken.
    pub read: usize,
    /// Bytes of the output that were written.
    pub written: usize,
}

/// How far one call of [`Decoder::decode`] came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes of the wire that were taken.
    pub read: usize,
    /// Bytes of the file that were written.
    pub written: usize,
    /// A restart marker came after these bytes; the call stopped there.
    pub marker: Option<Marker>,
}

/// What was received does not follow the transfer mode or the structure, or is not all there. The transfer
/// is lost; the same error comes again on every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferError {
    /// It ended before the end of the file was marked.
    Truncated,
    /// A control code in stream mode is none of those for records (RFC 959 3.4.1).
    ControlCode(u8),
    /// A descriptor in block or compressed mode has codes that are not assigned (RFC 959 3.4.2).
    Descriptor(u8),
    /// A restart marker is empty or not of printable characters (RFC 959 3.4.2).
    Marker,
    /// A page header's lengths do not fit its type, or there is no such type (RFC 959 3.1.2.3).
    PageHeader,
    /// A page is to lie before one that came already, or too far behind it.
    PageOrder,
    /// A page is longer than the first one was.
    PageLength,
    /// More came after what was marked as the end.
    AfterEnd,
    /// It is no zlib stream, or a damaged one (RFC 1950).
    Zlib,
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the data ends before the end of the file",
            Self::ControlCode(code) => return write!(f, "no control code of records: {code}"),
            Self::Descriptor(code) => return write!(f, "no descriptor of a block: {code}"),
            Self::Marker => "a restart marker is empty or not printable",
            Self::PageHeader => "a page's header is malformed",
            Self::PageOrder => "a page is out of order",
            Self::PageLength => "a page is longer than the first",
            Self::AfterEnd => "more data follows the end of the file",
            Self::Zlib => "the data is no intact zlib stream",
        })
    }
}

impl core::error::Error for TransferError {}

/// Copies what fits.
fn copy(input: &[u8], output: &mut [u8]) -> Progress {
    let count = input.len().min(output.len());
    output[..count].copy_from_slice(&input[..count]);
    Progress { read: count, written: count }
}
