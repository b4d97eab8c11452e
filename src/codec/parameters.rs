//! Arguments of the commands that set parameters: TYPE, STRU, MODE, ALLO and REST (RFC 959 sections
//! 4.1.2 and 5.3.2), PROT and PBSZ (RFC 2228 section 3), RANG and HASH (draft-bryan-ftp-range,
//! -ftpext-hash).
//!
//! A `parse` fails on violations of the grammar, which a server answers with 501. Values that the
//! grammar allows but the server does not support are parsed like any other; answering them with
//! 504 is up to the server. Letters and words are parsed regardless of case and written in
//! capitals. Each `Default` is that of RFC 959 5.1 or, for PROT, of RFC 2228 section 3.

use core::num::NonZeroU8;

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case};
use nom::character::complete::{char, u8 as decimal8, u32 as decimal32, u64 as decimal64};
use nom::combinator::{all_consuming, map, map_opt, opt, value};
use nom::sequence::{preceded, separated_pair};
use nom::{IResult, Parser};

use super::{Full, Invalid, Sink, Text, scan};

/// Defines an enumeration in which every value is one letter or word on the wire: the table is the
/// grammar.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident, $expected:literal {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
        }

        impl $name {
            /// Every value, in the order of the table.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// Returns the value as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// Parses a value, ignoring case.
            ///
            /// # Errors
            /// Fails when `bytes` is none of the words.
            pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
                let is = |value: &&Self| value.as_str().as_bytes().eq_ignore_ascii_case(bytes);
                Self::ALL.iter().find(is).copied().ok_or(Invalid::new($expected))
            }

            /// Appends the value.
            ///
            /// # Errors
            /// Fails with [`Full`] when `sink` has no room.
            pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
                sink.put(self.as_str().as_bytes())
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The vertical format control of text, TYPE's second parameter (RFC 959 section 3.1.1.5).
    #[derive(Default)]
    FormatControl, "a format control, N, T or C" {
        /// None: the file is not meant for printing.
        #[default]
        NonPrint = "N",
        /// Telnet's controls: CR, LF, NL, VT, FF.
        Telnet = "T",
        /// The first character of each line is its control (Fortran's convention, RFC 740 appendix
        /// C).
        CarriageControl = "C",
    }
}

words! {
    /// STRU's argument: the structure of a file (RFC 959 section 3.1.2).
    #[derive(Default)]
    FileStructure, "a file structure, F, R or P" {
        /// One sequence of bytes.
        #[default]
        File = "F",
        /// A sequence of records.
        Record = "R",
        /// Numbered pages, possibly with holes.
        Page = "P",
    }
}

words! {
    /// MODE's argument: the encoding on the data connection (RFC 959 section 3.4).
    #[derive(Default)]
    TransferMode, "a transfer mode, S, B, C or Z" {
        /// Unchanged bytes. The end of the connection ends the file.
        #[default]
        Stream = "S",
        /// Blocks with headers, which carry restart markers.
        Block = "B",
        /// Run-length encoding.
        Compressed = "C",
        /// One zlib stream per transfer (draft-preston-ftpext-deflate).
        Deflate = "Z",
    }
}

words! {
    /// PROT's argument: the protection of the data connection (RFC 2228 section 3).
    ///
    /// Under TLS only Clear and Private are meaningful (RFC 4217 section 9).
    #[derive(Default)]
    ProtectionLevel, "a protection level, C, S, E or P" {
        /// No protection.
        #[default]
        Clear = "C",
        /// Integrity.
        Safe = "S",
        /// Confidentiality without integrity.
        Confidential = "E",
        /// Integrity and confidentiality.
        Private = "P",
    }
}

words! {
    /// A hash algorithm, by its name in HASH and `OPTS HASH` (draft-bryan-ftpext-hash).
    HashAlgorithm, "a hash algorithm" {
        /// SHA-1, 160 bits.
        Sha1 = "SHA-1",
        /// SHA-256, 256 bits.
        Sha256 = "SHA-256",
        /// SHA-512, 512 bits.
        Sha512 = "SHA-512",
        /// MD5, 128 bits.
        Md5 = "MD5",
        /// The CRC of zip and Ethernet, 32 bits.
        Crc32 = "CRC32",
    }
}

impl HashAlgorithm {
    /// Returns the length of a hash in bytes. Replies write each byte as two hexadecimal digits.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
            Self::Md5 => 16,
            Self::Crc32 => 4,
        }
    }
}

/// TYPE's argument: the representation of data on the wire (RFC 959 section 3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepresentationType {
    /// Text whose lines end in CR LF.
    Ascii(FormatControl),
    /// EBCDIC text whose lines end in NL.
    Ebcdic(FormatControl),
    /// Bytes of eight bits, unchanged.
    Image,
    /// Bytes of this many bits.
    Local(NonZeroU8),
}

/// Returns ASCII, non-print.
impl Default for RepresentationType {
    fn default() -> Self {
        Self::ASCII
    }
}

impl RepresentationType {
    /// `A N`, the default.
    pub const ASCII: Self = Self::Ascii(FormatControl::NonPrint);
    /// `L 8`, which equals [`Image`](Self::Image) on all machines in use.
    pub const LOCAL_8: Self = Self::Local(match NonZeroU8::new(8) {
        Some(bits) => bits,
        None => NonZeroU8::MIN,
    });

    // type-code = "A" [SP form-code] / "E" [SP form-code] / "I" / "L" SP byte-size ; RFC 959 5.3.2
    // form-code = "N" / "T" / "C"
    // byte-size = number                                  ; decimal, 1 through 255
    //   also in use: "L8"
    /// Parses TYPE's argument. A missing format control means non-print.
    ///
    /// # Errors
    /// Fails when `bytes` violates the grammar.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        fn form(input: &[u8]) -> IResult<&[u8], FormatControl, ()> {
            let letter = map_opt(nom::bytes::complete::take(1usize), |b| FormatControl::parse(b).ok());
            map(opt(preceded(char(' '), letter)), Option::unwrap_or_default).parse(input)
        }
        let bits = map_opt(decimal8, NonZeroU8::new);
        let code = alt((
            value(Self::Image, tag_no_case("I")),
            map(preceded(tag_no_case("A"), form), Self::Ascii),
            map(preceded(tag_no_case("E"), form), Self::Ebcdic),
            map(preceded((tag_no_case("L"), opt(char(' '))), bits), Self::Local),
        ));
        whole(code, bytes, "a representation type, A, E, I or L with its parameter")
    }

    /// Appends TYPE's argument. Omits a format control of non-print, as all clients do.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        let (letter, form) = match self {
            Self::Ascii(form) => ("A", form),
            Self::Ebcdic(form) => ("E", form),
            Self::Image => return sink.put(b"I"),
            Self::Local(bits) => return sink.put_fmt(format_args!("L {bits}")),
        };
        sink.put(letter.as_bytes())?;
        match form {
            FormatControl::NonPrint => Ok(()),
            form => sink.put_fmt(format_args!(" {form}")),
        }
    }
}

/// PBSZ's argument: the size of the largest protected block, in bytes (RFC 2228 section 3). The
/// size is 0 under TLS, which frames its data itself (RFC 4217 section 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtectionBufferSize(pub u32);

impl ProtectionBufferSize {
    // protection-buffer-size = 1*DIGIT                    ; RFC 2228 section 3, at most 32 bits
    /// Parses PBSZ's argument.
    ///
    /// # Errors
    /// Fails when `bytes` is anything but a decimal number of at most 32 bits.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        whole(map(decimal32, Self), bytes, "a buffer size of at most 32 bits")
    }

    /// Appends PBSZ's argument. In the text of a reply, `PBSZ=` precedes the number.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put_fmt(format_args!("{}", self.0))
    }
}

/// ALLO's argument: the space that a file will need (RFC 959 section 4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Allocation {
    /// The size of the file, in logical bytes.
    pub bytes: u64,
    /// The size of the largest record or page, in logical bytes, for a file that has them.
    pub record: Option<u64>,
}

impl Allocation {
    // allocation = decimal-integer [SP "R" SP decimal-integer]      ; RFC 959 5.3.1
    /// Parses ALLO's argument.
    ///
    /// # Errors
    /// Fails when `bytes` violates the grammar, or a number exceeds 64 bits.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let record = opt(preceded(tag_no_case(" R "), decimal64));
        let allocation = map((decimal64, record), |(bytes, record)| Self { bytes, record });
        whole(allocation, bytes, "a size in bytes, perhaps with R and the size of a record")
    }

    /// Appends ALLO's argument.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put_fmt(format_args!("{}", self.bytes))?;
        match self.record {
            None => Ok(()),
            Some(record) => sink.put_fmt(format_args!(" R {record}")),
        }
    }
}

/// REST's argument: the start of the next transfer.
///
/// In block and compressed mode a marker is created by the sender of the data and meaningful only
/// to that sender (RFC 959 section 3.5). In stream mode it is an offset (RFC 3659 section 5). The
/// transfer mode decides how to interpret digits: use [`offset`](Self::offset) in stream mode, and
/// the encoded marker in the other modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RestartMarker<'a> {
    /// A number in canonical form: an offset in bytes from the start of the file as it is sent in
    /// stream mode, before any other encoding.
    Offset(u64),
    /// Any other printable marker.
    Marker(Text<'a>),
}

impl<'a> RestartMarker<'a> {
    // marker = 1*pr-char                                   ; RFC 959 5.3.2
    // pr-char = %d33-126
    // transfer-point = 1*DIGIT                             ; RFC 3659 5.3, stream mode
    /// Parses REST's argument, or a marker from a 110 reply.
    ///
    /// # Errors
    /// Fails when `bytes` is empty, or contains anything but printable ASCII without spaces.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        const EXPECTED: Invalid = Invalid::new("an offset or a restart marker of printable characters");
        let canonical = !bytes.starts_with(b"0") || bytes.len() == 1;
        if let Some(offset) = scan::decimal(bytes).filter(|_| canonical) {
            return Ok(Self::Offset(offset));
        }
        if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(EXPECTED);
        }
        Text::new(bytes).map(Self::Marker)
    }

    /// Returns the offset in bytes, if the marker consists of digits that fit 64 bits. A server in
    /// stream mode refuses any other marker with 501.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Offset(offset) => Some(*offset),
            Self::Marker(marker) => scan::decimal(marker.as_bytes()),
        }
    }

    /// Appends REST's argument.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match self {
            Self::Offset(offset) => sink.put_fmt(format_args!("{offset}")),
            Self::Marker(marker) => marker.encode(sink),
        }
    }
}

/// RANG's argument: the part of the file that the next command covers (draft-bryan-ftp-range).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteRange {
    start: u64,
    end: u64,
}

impl ByteRange {
    /// The whole file, which cancels an earlier range: `1 0`.
    pub const WHOLE: Self = Self { start: 1, end: 0 };

    /// Creates the range from the byte at `start` to the byte at `end`, both inclusive, counted
    /// from 0.
    ///
    /// # Errors
    /// Fails when `end` is before `start`.
    pub const fn new(start: u64, end: u64) -> Result<Self, Invalid> {
        if start > end {
            return Err(Invalid::new("a range whose end is not before its start"));
        }
        Ok(Self { start, end })
    }

    /// Returns the positions of the first and the last byte, or `None` for the whole file.
    #[must_use]
    pub const fn bounds(&self) -> Option<(u64, u64)> {
        if self.start > self.end { None } else { Some((self.start, self.end)) }
    }

    // range = start-point SP end-point                     ; draft-bryan-ftp-range
    // start-point, end-point = 1*DIGIT                     ; "1 0" resets
    /// Parses RANG's argument.
    ///
    /// # Errors
    /// Fails when `bytes` is not two numbers of at most 64 bits, and when the end is before the
    /// start, except in `1 0`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let points = separated_pair(decimal64, char(' '), decimal64);
        match whole(points, bytes, "a start and an end, in bytes")? {
            (1, 0) => Ok(Self::WHOLE),
            (start, end) => Self::new(start, end),
        }
    }

    /// Appends RANG's argument.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put_fmt(format_args!("{} {}", self.start, self.end))
    }
}

// option = "LEVEL" SP level                                ; draft-preston-ftpext-deflate
/// Parses the options of `OPTS MODE Z` after the `Z`: ` LEVEL n`, or nothing, which leaves the
/// level to the server.
pub(super) fn deflate_level(input: &[u8]) -> Result<Option<u8>, Invalid> {
    let level = map_opt(decimal8, |level| (level <= 9).then_some(level));
    let option = opt(preceded((char(' '), tag_no_case("LEVEL"), tag(" ")), level));
    whole(option, input, "LEVEL and a number of 0 to 9")
}

fn whole<'a, O>(
    parser: impl Parser<&'a [u8], Output = O, Error = ()>,
    input: &'a [u8],
    expected: &'static str,
) -> Result<O, Invalid> {
    all_consuming(parser).parse(input).map(|(_, value)| value).map_err(|_| Invalid::new(expected))
}

#[cfg(test)]
mod tests;
