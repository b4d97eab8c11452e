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
mod clock;
mod cms;
mod context;
mod cursor;
mod date;
mod detect;
mod dos;
mod enterprise;
mod entry;
mod eplf;
mod guardian;
mod iter;
#[cfg(feature = "alloc")]
mod line;
mod lines;
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
mod pattern;
mod short_date;
mod size;
#[cfg(feature = "serde")]
mod stored;
mod unix;
mod unix_writer;
mod vms;
mod vxworks;
mod writer;

pub use clock::{Clock, DateOrder};
pub use date::{Inferred, Modified, Precision};
pub use detect::{BadLine, Reason};
pub use entry::{Device, Entry, Fields, Kind};
pub use iter::Entries;
#[cfg(feature = "alloc")]
pub use line::{ListingLine, parse};
#[cfg(feature = "alloc")]
pub use owned::OwnedEntry;
pub use parser::{ListingParser, MlsdParser};
pub use pattern::Pattern;
pub use writer::ListingWriter;

use core::fmt;
use core::ops::Range;

use crate::codec::Invalid;
use context::Context;

/// Makes [`Format`] and [`Formats`] of a table: a format is its file, its row here, and its samples in the tests.
///
/// The rows are in the order in which lines are tried until one tells, the commonest first. No line fits two,
/// NLST apart, so that the order decides how long it takes and nothing else.
macro_rules! formats {
    ($($(#[$doc:meta])+ $format:ident $set:ident = $bit:expr, $name:literal, $parse:path;)+) => {
        /// A format that a line can have. What each is, is described in the file that reads it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "kebab-case")
        )]
        #[non_exhaustive]
        pub enum Format {
            $($(#[$doc])+ $format,)+
        }

        bitflags::bitflags! {
            /// The formats that a listing may be in.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct Formats: u32 {
                $(
                    #[doc = concat!("[`Format::", stringify!($format), "`].")]
                    const $set = $bit;
                )+
            }
        }

        impl Format {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$format),+];

            #[inline]
            fn parse<'a>(self, line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
                match self {
                    $(Self::$format => $parse(line, context),)+
                }
            }

            /// The set of this one alone.
            #[must_use]
            #[inline]
            pub const fn alone(self) -> Formats {
                match self {
                    $(Self::$format => Formats::$set,)+
                }
            }

            /// A short name, in lower case: `unix`, `connect-enterprise`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$format => $name,)+
                }
            }
        }
    };
}

formats! {
    /// `-rw-r--r--   1 owner group  1234 Nov  9 20:06 name`: LIST on most servers.
    Unix UNIX = 1 << 1, "unix", unix::parse;
    /// `type=file;size=1;modify=20240101120000; name`: MLSD (RFC 3659 7.2).
    Mlsd MLSD = 1 << 0, "mlsd", mlsd::parse;
    /// `12-05-96  05:03PM       <DIR>          name`: Windows, where it does not imitate Unix.
    ///
    /// `03/04/96` is 4 March, as IIS has it, where nothing in the listing tells: see [`Inferred::ORDER`]. Two
    /// digits of a year are of this century up to next year, and below 70 where there is no clock.
    Dos DOS = 1 << 4, "dos", dos::parse;
    /// `+i774.71425,m951188401,s1024,r,` and a tab before the name: EPLF.
    Eplf EPLF = 1 << 5, "eplf", eplf::parse;
    /// `NAME.TXT;1  9/9  2-JUN-1998 07:32:04  [GROUP,OWNER]  (RWED,RWED,RE,)`: OpenVMS.
    ///
    /// Sizes are those of the blocks that are used, 512 bytes each. A name too long for its column has the
    /// rest on the next line: [`Entry::raw`] is both then, and the line end between them. Directories come
    /// without their `.DIR;1`.
    Vms VMS = 1 << 6, "vms", vms::parse;
    /// `VOLUME 3390 2006/03/20 2 31 F 80 80 PS NAME` and more: z/OS, its data sets, members and jobs.
    Mvs MVS = 1 << 7, "mvs", mvs::parse;
    /// `OWNER  4019 04/03/18 18:58:16 *STMF name`: IBM i.
    ///
    /// The date is in the format of the server's job, which nothing tells. `04/03/18` is 3 April 2018, where
    /// nothing in the listing tells: see [`Inferred::ORDER`].
    As400 AS400 = 1 << 8, "as400", as400::parse;
    /// `FILE1 101 528 12-Jan-14 14:21:18 255, 0 "nnnn"`: HP NonStop.
    Guardian GUARDIAN = 1 << 9, "guardian", guardian::parse;
    /// `d [RWCEAFMS] owner  512 Nov 24 2005 Name`: NetWare.
    NetWare NETWARE = 1 << 10, "netware", netware::parse;
    /// `0  DIR  12-30-97  12:32  name`: OS/2.
    Os2 OS2 = 1 << 11, "os2", os2::parse;
    /// `-rw-r--r--  54149  27826  81975 Jul 22  2010 name`: the classic Mac OS.
    Mac MAC = 1 << 12, "mac", mac::parse;
    /// `-C--E-----FTP B QUA1I1  18128 41 Aug 12 13:56 NAME`: Connect:Enterprise.
    ConnectEnterprise CONNECT_ENTERPRISE = 1 << 13, "connect-enterprise", enterprise::parse;
    /// `2048    Feb-28-1998  05:23:30   name <DIR>`: VxWorks.
    VxWorks VXWORKS = 1 << 14, "vxworks", vxworks::parse;
    /// `README   NAMES    V         71         26          1 1997-04-02 12:33:20 OWNER`: z/VM, under CMS.
    ///
    /// The name is `README.NAMES`. Only a [`ListingParser`] can put it together: for
    /// [`parse_line`](Self::parse_line), such a line is an error.
    Cms CMS = 1 << 15, "cms", cms::parse;
    /// A bare name: NLST.
    Nlst NLST = 1 << 2, "nlst", nlst::parse;
    /// The same after a space: the middle line of the reply to MLST.
    Mlst MLST = 1 << 3, "mlst", mlsd::parse_indented;
}

impl Formats {
    /// What LIST may answer with: all but bare names, which every line fits, and MLST.
    pub const LIST: Self = Self::all().difference(Self::NLST.union(Self::MLST));

    /// Whether it is one format, or none.
    const fn is_single(self) -> bool {
        self.bits() & self.bits().wrapping_sub(1) == 0
    }
}

impl Format {
    /// Parses one line, without its line end: the entry, or `None` for a line that belongs to the format
    /// and is none (`total 12`, a blank line). Where an entry of VMS is on two lines, both with the line end
    /// between them. What only other lines tell is not known here: see [`ListingParser`].
    ///
    /// # Errors
    /// When the line is not of this format. No entry is ever made of a part of a line.
    pub fn parse_line<'a>(self, line: &'a [u8], clock: &Clock) -> Result<Option<Entry<'a>>, Invalid> {
        match self.parse(line, &mut Context::new(*clock))? {
            Line::Entry(entry) => Ok(Some(entry)),
            Line::Noise => Ok(None),
            Line::Wrapped => Err(Invalid::new("the second line of an entry")),
            Line::Spread(_) => Err(Invalid::new("a name in one piece")),
        }
    }
}

/// The [`name`](Format::name).
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a line of a format turned out to be.
enum Line<'a> {
    Entry(Entry<'a>),
    /// Part of the format, and no entry.
    Noise,
    /// The beginning of an entry that goes on on the next line.
    Wrapped,
    /// An entry whose name is these two parts of the line with a dot between them.
    Spread([Range<usize>; 2]),
}
