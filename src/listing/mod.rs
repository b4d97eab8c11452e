//! What LIST, NLST and MLSD send over the data connection: read into entries, and written by a server.
//!
//! RFC 959 4.1.3 asks of LIST only that a person can read it, and servers took that at its word; RFC 3659
//! section 7 (MLSD) is the form made for programs. Each format is a file of its own here with a `parse` of
//! one line and, where a server of ours sends it, an `encode`; [`ListingParser`] makes entries of bytes as
//! they arrive, [`ListingWriter`] makes lines of entries.
//!
//! ```
//! use ftp_proto::listing::{Clock, Formats, Kind, ListingParser};
//!
//! // Room for the longest line; the clock tells the year of `Nov  9 20:06`.
//! let mut parser = ListingParser::new([0; 1024], Formats::LIST, Clock::at(1_731_240_000));
//! let mut input = &b"total 8\r\ndrwxr-xr-x   2 root  wheel  4096 Nov  9 20:06 pub\r\n-rw-r"[..];
//! while let Some(line) = parser.next(&mut input) {
//!     match line {
//!         Ok(entry) => {
//!             assert_eq!(entry.name.as_bytes(), b"pub");
//!             assert_eq!(entry.kind, Kind::Directory);
//!             assert_eq!(entry.modified.unwrap().to_string(), "2024-11-09T20:06");
//!         }
//!         Err(bad) => panic!("{bad}"),
//!     }
//! }
//! ```

mod cursor;
mod date;
mod entry;
mod ls_date;
mod mlsd;
mod months;
mod nlst;
#[cfg(feature = "alloc")]
mod owned;
mod parser;
mod unix;
mod unix_writer;
mod writer;

pub use date::{Clock, Modified, Precision};
pub use entry::{Device, Entry, Kind};
#[cfg(feature = "alloc")]
pub use owned::OwnedEntry;
pub use parser::{BadLine, ListingParser, Reason};
pub use writer::ListingWriter;

use crate::codec::Invalid;

/// A format that a line can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `type=file;size=1;modify=20240101120000; name`: MLSD (RFC 3659 7.2).
    Mlsd,
    /// The same after a space: the middle line of the reply to MLST.
    Mlst,
    /// `-rw-r--r--   1 owner group  1234 Nov  9 20:06 name`: LIST on most servers.
    Unix,
    /// A bare name: NLST.
    Nlst,
}

bitflags::bitflags! {
    /// The formats that a listing may be in.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Formats: u16 {
        /// [`Format::Mlsd`], the only answer to MLSD.
        const MLSD = 1;
        /// [`Format::Unix`].
        const UNIX = 1 << 1;
        /// [`Format::Nlst`], the only answer to NLST. Every line fits it, so it goes with no other.
        const NLST = 1 << 2;
        /// [`Format::Mlst`].
        const MLST = 1 << 3;
        /// What LIST may answer with.
        const LIST = Self::UNIX.bits() | Self::MLSD.bits();
    }
}

impl Format {
    /// In the order in which lines are tried, the most telling first.
    const ALL: [Self; 4] = [Self::Mlsd, Self::Unix, Self::Nlst, Self::Mlst];

    /// Parses one line, without its line end: the entry, or `None` for a line that belongs to the format
    /// and is none (`total 12`, a blank line).
    ///
    /// # Errors
    /// When the line is not of this format. No entry is ever made of a part of a line.
    pub fn parse_line<'a>(self, line: &'a [u8], clock: &Clock) -> Result<Option<Entry<'a>>, Invalid> {
        match self.parse(line, clock)? {
            Line::Entry(entry) => Ok(Some(entry)),
            Line::Noise => Ok(None),
        }
    }

    fn parse<'a>(self, line: &'a [u8], clock: &Clock) -> Result<Line<'a>, Invalid> {
        match self {
            Self::Mlsd => mlsd::parse(line),
            Self::Mlst => mlsd::parse_indented(line),
            Self::Unix => unix::parse(line, clock),
            Self::Nlst => nlst::parse(line),
        }
    }

    /// The set of this one alone.
    #[must_use]
    pub const fn alone(self) -> Formats {
        match self {
            Self::Mlsd => Formats::MLSD,
            Self::Mlst => Formats::MLST,
            Self::Unix => Formats::UNIX,
            Self::Nlst => Formats::NLST,
        }
    }
}

/// What a line of a format turned out to be.
enum Line<'a> {
    Entry(Entry<'a>),
    /// Part of the format, and no entry.
    Noise,
}
