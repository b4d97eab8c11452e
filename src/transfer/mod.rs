//! The data transfer process (RFC 959 3.3 to 3.5): bytes of a file to bytes on the wire and back, for
//! the representation type, structure and mode that were agreed.
//!
//! Transformers allocate nothing, may be cut at any byte, and say when they change nothing at all
//! ([`Coding::is_identity`]), so that a driver can hand the descriptors to the kernel.

mod ascii;

use crate::codec::{FileStructure, RepresentationType, TransferMode};

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
        self.is_supported() && !self.is_text()
    }

    /// Whether this crate can transform it: stream mode and file structure, in TYPE A N, I and L 8.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.structure == FileStructure::File
            && self.mode == TransferMode::Stream
            && matches!(
                self.representation,
                RepresentationType::Image | RepresentationType::LOCAL_8 | RepresentationType::ASCII
            )
    }

    fn is_text(&self) -> bool {
        matches!(self.representation, RepresentationType::Ascii(_))
    }
}

/// How far one call of a transformer came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that were taken.
    pub read: usize,
    /// Bytes of the output that were written.
    pub written: usize,
}

/// File to wire.
#[derive(Clone, Debug)]
pub struct Encoder(Transform<ascii::Encoder>);

/// Wire to file.
#[derive(Clone, Debug)]
pub struct Decoder(Transform<ascii::Decoder>);

#[derive(Clone, Debug)]
enum Transform<A> {
    Identity,
    Ascii(A),
}

impl<A: Default> Transform<A> {
    fn new(coding: Coding) -> Option<Self> {
        coding.is_supported().then(|| match coding.is_text() {
            true => Self::Ascii(A::default()),
            false => Self::Identity,
        })
    }
}

fn copy(input: &[u8], output: &mut [u8]) -> Progress {
    let count = input.len().min(output.len());
    output[..count].copy_from_slice(&input[..count]);
    Progress { read: count, written: count }
}

impl Encoder {
    /// A transformer for `coding`; none when it [is not supported](Coding::is_supported).
    #[must_use]
    pub fn new(coding: Coding) -> Option<Self> {
        Transform::new(coding).map(Self)
    }

    /// Whether [`encode`](Self::encode) copies.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        matches!(self.0, Transform::Identity)
    }

    /// Transforms as much of `input` as `output` has room for. Two bytes of room always get it on.
    pub fn encode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        match &mut self.0 {
            Transform::Identity => copy(input, output),
            Transform::Ascii(ascii) => ascii.encode(input, output),
        }
    }
}

impl Decoder {
    /// A transformer for `coding`; none when it [is not supported](Coding::is_supported).
    #[must_use]
    pub fn new(coding: Coding) -> Option<Self> {
        Transform::new(coding).map(Self)
    }

    /// Whether [`decode`](Self::decode) copies.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        matches!(self.0, Transform::Identity)
    }

    /// Transforms as much of `input` as `output` has room for. Two bytes of room always get it on.
    pub fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        match &mut self.0 {
            Transform::Identity => copy(input, output),
            Transform::Ascii(ascii) => ascii.decode(input, output),
        }
    }

    /// What is left when the input has ended: at most one byte.
    pub fn finish(&mut self, output: &mut [u8]) -> usize {
        match &mut self.0 {
            Transform::Identity => 0,
            Transform::Ascii(ascii) => ascii.finish(output),
        }
    }
}
