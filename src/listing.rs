//! Listings as LIST, NLST and MLSD send them: parsers into entries, and writers for servers.
//!
//! RFC 959 4.1.3 requires only that a person can read what LIST sends, so every server has its own
//! format; RFC 3659 section 7 (MLSD) defines a format for programs. Each format has its own file
//! with a `parse` for one line and, where our server sends that format, an `encode`.
//! [`ListingParser`] turns bytes into entries as they arrive; [`ListingWriter`] turns entries into
//! lines.
//!
//! ```
//! use ftp_proto::listing::{Clock, Formats, Kind, ListingParser};
//!
//! // Storage for the longest line; the clock supplies the year of `Nov  9 20:06`.
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

/// Passes the table of formats to the macro `generate`. A format consists of its file, its row
/// here, and its samples in the tests.
///
/// Rows are in the order in which formats are first tried, the commonest first. Apart from NLST, no
/// line fits two formats, so the order affects only speed.
macro_rules! formats {
    ($generate:ident) => {
        $generate! {
            /// `-rw-r--r--   1 owner group  1234 Nov  9 20:06 name`: LIST on most servers.
            Unix UNIX = 1 << 1, "unix", unix::parse;
            /// `type=file;size=1;modify=20240101120000; name`: MLSD (RFC 3659 7.2).
            Mlsd MLSD = 1 << 0, "mlsd", mlsd::parse;
            /// `12-05-96  05:03PM       <DIR>          name`: Windows servers that do not imitate
            /// Unix.
            ///
            /// A date such as `03/04/96` is 4 March, as IIS writes it, unless the listing shows
            /// otherwise; see [`Inferred::ORDER`](super::Inferred::ORDER). A two-digit year below
            /// 70 is of this century, unless it would be later than next year by the clock.
            Dos DOS = 1 << 4, "dos", dos::parse;
            /// `+i774.71425,m951188401,s1024,r,` and a tab before the name: EPLF.
            Eplf EPLF = 1 << 5, "eplf", eplf::parse;
            /// `NAME.TXT;1  9/9  2-JUN-1998 07:32:04  [GROUP,OWNER]  (RWED,RWED,RE,)`: OpenVMS.
            ///
            /// Sizes are counted in used blocks of 512 bytes. If a name is too long for its column,
            /// the entry continues on the next line; [`Entry::raw`](super::Entry::raw) then holds
            /// both lines and the line end between them. Directory names come without their
            /// `.DIR;1`.
            Vms VMS = 1 << 6, "vms", vms::parse;
            /// `VOLUME 3390 2006/03/20 2 31 F 80 80 PS NAME` and others: data sets, members and
            /// jobs of z/OS.
            Mvs MVS = 1 << 7, "mvs", mvs::parse;
            /// `OWNER  4019 04/03/18 18:58:16 *STMF name`: IBM i.
            ///
            /// The date has the format of the server's job, and no line states that format. A date
            /// such as `04/03/18` is 3 April 2018, unless the listing shows otherwise; see
            /// [`Inferred::ORDER`](super::Inferred::ORDER).
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
            /// `README   NAMES    V         71         26          1 1997-04-02 12:33:20 OWNER`:
            /// z/VM, under CMS.
            ///
            /// The name is `README.NAMES`. Only a [`ListingParser`](super::ListingParser) can
            /// assemble this name; [`parse_line`](Self::parse_line) returns an error for the line.
            Cms CMS = 1 << 15, "cms", cms::parse;
            /// A bare name: NLST.
            Nlst NLST = 1 << 2, "nlst", nlst::parse;
            /// Facts and a name after a space: the middle line of the reply to MLST.
            Mlst MLST = 1 << 3, "mlst", mlsd::parse_indented;
        }
    };
}

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod as400;
mod clock;
mod cms;
mod context;
mod cursor;
mod date;
mod detect;
mod dispatch;
mod dos;
mod enterprise;
mod entry;
mod eplf;
mod format;
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
mod parsed;
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
pub use format::{Format, Formats};
pub use iter::Entries;
#[cfg(feature = "alloc")]
pub use line::{ListingLine, parse};
#[cfg(feature = "alloc")]
pub use owned::OwnedEntry;
pub use parser::{ListingParser, MlsdParser};
pub use pattern::Pattern;
pub use writer::ListingWriter;

use parsed::Line;
