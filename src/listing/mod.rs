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

mod as400;
mod context;
mod cursor;
mod date;
mod dos;
mod enterprise;
mod entry;
mod eplf;
mod guardian;
mod ls_date;
mod mac;
mod mlsd;
mod months;
mod mvs;
mod netware;
mod nlst;
mod os2;
#[cfg(feature = "alloc")]
mod owned;
mod parser;
mod short_date;
mod size;
#[cfg(feature = "serde")]
mod stored;
mod unix;
mod unix_writer;
mod vms;
mod vxworks;
mod writer;

pub use date::{Clock, Modified, Precision};
pub use entry::{Device, Entry, Fields, Kind};
#[cfg(feature = "alloc")]
pub use owned::OwnedEntry;
pub use parser::{BadLine, ListingParser, Reason};
pub use writer::ListingWriter;

use crate::codec::Invalid;
use context::Context;

/// A format that a line can have. What each is, is told in the file that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Format {
    /// `type=file;size=1;modify=20240101120000; name`: MLSD (RFC 3659 7.2).
    Mlsd,
    /// The same after a space: the middle line of the reply to MLST.
    Mlst,
    /// `-rw-r--r--   1 owner group  1234 Nov  9 20:06 name`: LIST on most servers.
    Unix,
    /// `12-05-96  05:03PM       <DIR>          name`: Windows, where it does not imitate Unix.
    ///
    /// `03/04/96` is 4 March, as IIS has it, unless a date before it in the same listing was none with the
    /// month in front, or it would be ahead of the clock. Two digits of a year are of this century up to next
    /// year, and below 70 where there is no clock.
    Dos,
    /// `+i774.71425,m951188401,s1024,r,` and a tab before the name: EPLF.
    Eplf,
    /// `NAME.TXT;1  9/9  2-JUN-1998 07:32:04  [GROUP,OWNER]  (RWED,RWED,RE,)`: OpenVMS.
    ///
    /// Sizes are those of the blocks that are used, 512 bytes each. A name too long for its column has the
    /// rest on the next line: [`Entry::raw`] is both then, and the line end between them. Directories come
    /// without their `.DIR;1`.
    Vms,
    /// `VOLUME 3390 2006/03/20 2 31 F 80 80 PS NAME` and more: z/OS, its data sets, members and jobs.
    Mvs,
    /// `OWNER  4019 04/03/18 18:58:16 *STMF name`: IBM i.
    ///
    /// The date is in the format of the server's job, which nothing tells. `04/03/18` is of 2004, unless a
    /// date before it in the same listing was none with the year in front, or it would be ahead of the clock.
    As400,
    /// `FILE1 101 528 12-Jan-14 14:21:18 255, 0 "nnnn"`: HP NonStop.
    Guardian,
    /// `d [RWCEAFMS] owner  512 Nov 24 2005 Name`: NetWare.
    NetWare,
    /// `0  DIR  12-30-97  12:32  name`: OS/2.
    Os2,
    /// `-rw-r--r--  54149  27826  81975 Jul 22  2010 name`: the classic Mac OS.
    Mac,
    /// `-C--E-----FTP B QUA1I1  18128 41 Aug 12 13:56 NAME`: Connect:Enterprise.
    ConnectEnterprise,
    /// `2048    Feb-28-1998  05:23:30   name <DIR>`: VxWorks.
    VxWorks,
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
        /// [`Format::Dos`].
        const DOS = 1 << 4;
        /// [`Format::Eplf`].
        const EPLF = 1 << 5;
        /// [`Format::Vms`].
        const VMS = 1 << 6;
        /// [`Format::Mvs`].
        const MVS = 1 << 7;
        /// [`Format::As400`].
        const AS400 = 1 << 8;
        /// [`Format::Guardian`].
        const GUARDIAN = 1 << 9;
        /// [`Format::NetWare`].
        const NETWARE = 1 << 10;
        /// [`Format::Os2`].
        const OS2 = 1 << 11;
        /// [`Format::Mac`].
        const MAC = 1 << 12;
        /// [`Format::ConnectEnterprise`].
        const CONNECT_ENTERPRISE = 1 << 13;
        /// [`Format::VxWorks`].
        const VXWORKS = 1 << 14;
        /// What LIST may answer with: all but bare names and MLST.
        const LIST = ((1 << 15) - 1) & !(Self::NLST.bits() | Self::MLST.bits());
    }
}

impl Format {
    /// In the order in which lines are tried until one tells, the commonest first. No line fits two, NLST
    /// apart, so that the order decides how long it takes and nothing else.
    const ALL: [Self; 15] = [
        Self::Unix,
        Self::Mlsd,
        Self::Dos,
        Self::Eplf,
        Self::Vms,
        Self::Mvs,
        Self::As400,
        Self::Guardian,
        Self::NetWare,
        Self::Os2,
        Self::Mac,
        Self::ConnectEnterprise,
        Self::VxWorks,
        Self::Nlst,
        Self::Mlst,
    ];

    /// Parses one line, without its line end: the entry, or `None` for a line that belongs to the format
    /// and is none (`total 12`, a blank line). Where an entry of VMS is on two lines, both with the line end
    /// between them. What only a header tells is not known here: see [`ListingParser`].
    ///
    /// # Errors
    /// When the line is not of this format. No entry is ever made of a part of a line.
    pub fn parse_line<'a>(self, line: &'a [u8], clock: &Clock) -> Result<Option<Entry<'a>>, Invalid> {
        match self.parse(line, &mut Context::new(*clock))? {
            Line::Entry(entry) => Ok(Some(entry)),
            Line::Noise => Ok(None),
            Line::Wrapped => Err(Invalid::new("the second line of an entry")),
        }
    }

    #[inline]
    fn parse<'a>(self, line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
        match self {
            Self::Mlsd => mlsd::parse(line, context),
            Self::Mlst => mlsd::parse_indented(line, context),
            Self::Unix => unix::parse(line, context),
            Self::Dos => dos::parse(line, context),
            Self::Eplf => eplf::parse(line, context),
            Self::Vms => vms::parse(line, context),
            Self::Mvs => mvs::parse(line, context),
            Self::As400 => as400::parse(line, context),
            Self::Guardian => guardian::parse(line, context),
            Self::NetWare => netware::parse(line, context),
            Self::Os2 => os2::parse(line, context),
            Self::Mac => mac::parse(line, context),
            Self::ConnectEnterprise => enterprise::parse(line, context),
            Self::VxWorks => vxworks::parse(line, context),
            Self::Nlst => nlst::parse(line, context),
        }
    }

    /// The set of this one alone.
    #[must_use]
    #[inline]
    pub const fn alone(self) -> Formats {
        match self {
            Self::Mlsd => Formats::MLSD,
            Self::Mlst => Formats::MLST,
            Self::Unix => Formats::UNIX,
            Self::Dos => Formats::DOS,
            Self::Eplf => Formats::EPLF,
            Self::Vms => Formats::VMS,
            Self::Mvs => Formats::MVS,
            Self::As400 => Formats::AS400,
            Self::Guardian => Formats::GUARDIAN,
            Self::NetWare => Formats::NETWARE,
            Self::Os2 => Formats::OS2,
            Self::Mac => Formats::MAC,
            Self::ConnectEnterprise => Formats::CONNECT_ENTERPRISE,
            Self::VxWorks => Formats::VXWORKS,
            Self::Nlst => Formats::NLST,
        }
    }
}

/// What a line of a format turned out to be.
enum Line<'a> {
    Entry(Entry<'a>),
    /// Part of the format, and no entry.
    Noise,
    /// The beginning of an entry that goes on on the next line.
    Wrapped,
}
