//! Listings in the formats of few servers.

use std::fmt::Write as _;

use ftp_proto::listing::Formats;

use crate::listings::{ENTRIES, parse, scrambled};

/// A format, and a listing of [`ENTRIES`] entries in it.
type Listing = (Formats, fn() -> String);

const AS400: Listing = (Formats::AS400, || {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(out, "PEP {size:>15} 24/11/{day:02} 18:{minute:02}:16 *STMF      report-{i}.txt\r\n");
    })
});

const CMS: Listing = (Formats::CMS, || {
    scrambled(|out, i, random| {
        let (records, day, minute) = (random % 5000 + 1, random % 28 + 1, random % 60);
        let _ = write!(
            out,
            "REP{i:<5} DATA     V         71 {records:>10}          1 2024-11-{day:02} 12:{minute:02}:20 OWNER\r\n"
        );
    })
});

const CONNECT_ENTERPRISE: Listing = (Formats::CONNECT_ENTERPRISE, || {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ =
            write!(out, "-C--E-----FTP B QUA1I1 {i:>10} {size:>8} Aug {day:>2} 13:{minute:02} REPORT{i}\r\n");
    })
});

const GUARDIAN: Listing = (Formats::GUARDIAN, || {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(
            out,
            "REP{i:<5}           101 {size:>10} {day:>2}-Nov-24 14:{minute:02}:18 255, 58 \"nnnn\"\r\n"
        );
    })
});

const MAC: Listing = (Formats::MAC, || {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(
            out,
            "-rw-r--r-- {0:>11} {size:>8} {1:>8} Nov {day:>2} 20:{minute:02} report-{i}.txt\r\n",
            326,
            size + 326
        );
    })
});

const MVS: Listing = (Formats::MVS, || {
    scrambled(|out, i, random| {
        let (day, extents, used) = (random % 28 + 1, random % 9 + 1, random % 1000);
        let _ = write!(
            out,
            "WPTA01 3390   2024/11/{day:02} {extents:>2} {used:>4}  FB      80  3125  PS  USER.REPORT{i}\r\n"
        );
    })
});

const NETWARE: Listing = (Formats::NETWARE, || {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(
            out,
            "- [R----F--] supervisor {size:>14}       Nov {day:>2} 18:{minute:02}    report-{i}.txt\r\n"
        );
    })
});

const NLST: Listing =
    (Formats::NLST, || scrambled(|out, i, random| _ = write!(out, "report-{i}-{random}.txt\r\n")));

const OS2: Listing = (Formats::OS2, || {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(out, "{size:>18}     A           11-{day:02}-97   12:{minute:02}  report-{i}.txt\r\n");
    })
});

const VXWORKS: Listing = (Formats::VXWORKS, || {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(out, "{size:>12}    Nov-{day:02}-2024  05:{minute:02}:30   report-{i}.txt\r\n");
    })
});

/// The tasks, one for each format.
pub(crate) const TASKS: [crate::Task; 10] = [
    ("parse a line of NLST", ENTRIES, |n| repeat(n, NLST)),
    ("parse an MVS line", ENTRIES, |n| repeat(n, MVS)),
    ("parse a CMS line", ENTRIES, |n| repeat(n, CMS)),
    ("parse an AS-400 line", ENTRIES, |n| repeat(n, AS400)),
    ("parse a Guardian line", ENTRIES, |n| repeat(n, GUARDIAN)),
    ("parse a NetWare line", ENTRIES, |n| repeat(n, NETWARE)),
    ("parse an OS-2 line", ENTRIES, |n| repeat(n, OS2)),
    ("parse a Mac line", ENTRIES, |n| repeat(n, MAC)),
    ("parse a Connect-Enterprise line", ENTRIES, |n| repeat(n, CONNECT_ENTERPRISE)),
    ("parse a VxWorks line", ENTRIES, |n| repeat(n, VXWORKS)),
];

fn repeat(repetitions: u64, (formats, listing): Listing) {
    let formats = if formats == Formats::NLST { formats } else { Formats::LIST };
    parse(repetitions, &listing(), formats);
}
