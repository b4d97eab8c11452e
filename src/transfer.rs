//! The data transfer process (RFC 959 3.1 to 3.5): converts the bytes of a file to bytes on the
//! wire and back, for the agreed representation type, structure and mode.
//!
//! Each parameter is a layer that knows nothing of the others. An [`Encoder`] goes down through the
//! layers, a [`Decoder`] up:
//!
//! ```text
//! file ── STRU R: records ── TYPE: characters ── STRU P: pages ── MODE S, B, C, Z ── wire
//! ```
//!
//! Transformers do not allocate (except MODE Z, the feature `deflate`), accept input and room split
//! at any byte, and report when they change nothing at all ([`Coding::is_identity`]), so that a
//! driver can hand the descriptors to the kernel. Data from a peer yields either bytes of a file or
//! a [`TransferError`], and never more bytes than there is room for, however it was compressed.
//!
//! **A file** in this module is the sequence of bytes that the host stores and reads. Lines of text
//! end in LF, and so do records (`record.rs` explains how records that contain an LF are stored).
//! Pages lie where their indices place them, and holes are zeros (`page.rs`). All positions count
//! these bytes. A file that is sent and received with the same coding comes back unchanged, with
//! one exception: in TYPE A, a line that ends in CRLF in the file counts as one line, and the
//! receiver stores it with its own line end. Only [`LineEnds::Literal`] sends such a line so that
//! the CR comes back too. A file received as records is also sent again exactly as it arrived.
//!
//! **Format controls** (TYPE's N, T and C, RFC 959 3.1.1.5) specify how a printer is to treat the
//! text; they change no bytes. With T, the file contains the format effectors CR, VT and FF
//! unchanged; with C, each line or record begins with its ASA character, in the file too.

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod ascii;
mod block;
mod compressed;
mod decoder;
#[cfg(feature = "deflate")]
mod deflate;
mod descriptor;
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

use crate::codec::slices;
use crate::codec::{FileStructure, RepresentationType, TransferMode};

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use marker::Marker;
pub use parameters::Parameters;

/// Form in which a file is put on the wire.
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
    /// TYPE I, STRU F, MODE S: the unchanged bytes of the file.
    pub const IDENTITY: Self = Self {
        representation: RepresentationType::Image,
        structure: FileStructure::File,
        mode: TransferMode::Stream,
    };

    /// Returns whether the bytes on the wire are the bytes of the file.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.mode == TransferMode::Stream && self.counts_file_bytes()
    }

    /// Returns whether the bytes that go into the mode are the bytes of the file. If so, sizes and
    /// restart offsets are those of the file, whatever the mode does to the bytes.
    #[must_use]
    pub fn counts_file_bytes(&self) -> bool {
        self.structure == FileStructure::File
            && matches!(self.representation, RepresentationType::Image | RepresentationType::LOCAL_8)
    }

    /// Returns whether this crate supports the coding. Every combination is supported except TYPE L
    /// with a byte size other than 8, since most files are not a whole number of such bytes and
    /// would not come back unchanged. MODE Z needs the feature `deflate`.
    #[must_use]
    pub const fn is_supported(&self) -> bool {
        self.obstacle().is_none()
    }

    /// Returns, in words for a human reader, the setting that this build does not support, with the
    /// feature that the setting needs, if any. Returns `None` if the coding [is
    /// supported](Self::is_supported).
    #[must_use]
    pub const fn obstacle(&self) -> Option<&'static str> {
        match (self.representation, self.mode) {
            (RepresentationType::LOCAL_8, _) => {}
            (RepresentationType::Local(_), _) => return Some("TYPE L with a byte size other than 8"),
            _ => {}
        }
        match self.mode {
            TransferMode::Deflate if !cfg!(feature = "deflate") => {
                Some("MODE Z, which needs the feature `deflate`")
            }
            _ => None,
        }
    }

    /// Returns whether the data itself marks the end of the file, so that data has been lost if the
    /// connection closes before that mark. The close itself marks the end only in stream mode
    /// without records or pages (RFC 959 3.4.1).
    #[must_use]
    pub fn end_is_marked(&self) -> bool {
        self.mode != TransferMode::Stream || self.structure != FileStructure::File
    }

    /// Returns whether every byte of the file becomes exactly one byte, possibly a different one,
    /// of what goes into the mode. If so, restart offsets (RFC 3659 5.3) are those of the file.
    /// TYPE A has two bytes for the end of a line.
    #[must_use]
    pub fn keeps_offsets(&self) -> bool {
        self.structure == FileStructure::File && !matches!(self.representation, RepresentationType::Ascii(_))
    }

    /// Returns whether restart markers can travel with the data (RFC 959 3.5).
    #[must_use]
    pub fn has_markers(&self) -> bool {
        matches!(self.mode, TransferMode::Block | TransferMode::Compressed)
    }
}

/// Treatment in TYPE A of lines that already end in CRLF in the file. On the wire every line ends
/// in CRLF (RFC 959 3.1.1.1).
///
/// Text from other systems has such lines, and so does text that was received as TYPE I. The choice
/// makes no difference to the receiver, which treats each CRLF as the end of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnds {
    /// A CRLF is one line end and is sent unchanged; only an LF without a CR before it gets a CR.
    /// curl, Python's ftplib and Apache Commons Net do the same. A receiver whose lines end in LF
    /// stores the file without those CRs.
    #[default]
    Kept,
    /// Lines of the file end in LF only, so a CR before the LF is a byte of the line, and CR LF is
    /// sent as CR CR LF. Any file comes back unchanged.
    Literal,
}

/// Bytes that one call of a transformer took and wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that were taken.
    pub read: usize,
    /// Bytes of the output that were written.
    pub written: usize,
}

/// Result of one call of [`Decoder::decode`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes of the wire that were taken.
    pub read: usize,
    /// Bytes of the file that were written.
    pub written: usize,
    /// Restart marker that follows these bytes. The call stopped after it.
    pub marker: Option<Marker>,
}

/// Received data that does not follow the transfer mode or the structure, or is incomplete. The
/// transfer has failed; every further call returns the same error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferError {
    /// The data ended before the end of the file was marked.
    Truncated,
    /// A control code in stream mode is not one of the codes for records (RFC 959 3.4.1).
    ControlCode(u8),
    /// A descriptor in block or compressed mode has codes that are not assigned (RFC 959 3.4.2).
    Descriptor(u8),
    /// A restart marker is empty or has unprintable characters (RFC 959 3.4.2).
    Marker,
    /// The lengths in a page header do not fit its type, or the type does not exist (RFC 959
    /// 3.1.2.3).
    PageHeader,
    /// A page would lie before an earlier one, or too far after it.
    PageOrder,
    /// A page is longer than the first one.
    PageLength,
    /// More data followed the marked end.
    AfterEnd,
    /// The data is not a zlib stream, or the stream is damaged (RFC 1950).
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

/// Copies as many bytes as fit.
fn copy(input: &[u8], output: &mut [u8]) -> Progress {
    let count = input.len().min(output.len());
    slices::copy(slices::part(input, ..count), output);
    Progress { read: count, written: count }
}
