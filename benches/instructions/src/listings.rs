//! Listings, parsed in pieces of the size that an adapter reads, and written.

use std::fmt::Write as _;
use std::hint::black_box;

use ftp_proto::codec::{FactSet, Text, Timestamp};
use ftp_proto::listing::{Clock, Entry, Formats, Kind, ListingParser, ListingWriter, Modified};

pub(crate) const ENTRIES: u64 = 200;
/// Number of bytes that an adapter reads at a time.
const CHUNK: usize = 32 * 1024;
/// 2024-11-10 12:00 UTC.
const NOW: i64 = 1_731_240_000;

/// Lines whose numbers are scrambled, so that no two are alike.
pub(crate) fn scrambled(mut line: impl FnMut(&mut String, u64, u64)) -> String {
    let mut listing = String::new();
    for i in 0..ENTRIES {
        line(&mut listing, i, (i ^ 0x5bd1).wrapping_mul(2_654_435_761) & 0xFFFF_FFFF);
    }
    listing
}

pub(crate) fn mlsd() -> String {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(out, "modify=202411{day:02}20{minute:02}00;perm=adfr;size={size};type=file;");
        let _ = write!(
            out,
            "unique=FE00U{random:X};UNIX.group=100;UNIX.mode=0644;UNIX.owner=1000; report-{i}.txt\r\n"
        );
    })
}

pub(crate) fn unix() -> String {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(
            out,
            "-rw-r--r-- {:4} ftp      users    {size:12} Nov {day:2} 20:{minute:02} report-{i}.txt\r\n",
            1
        );
    })
}

pub(crate) fn dos() -> String {
    scrambled(|out, i, random| {
        let (size, day, minute) = (random >> (random % 24), random % 28 + 1, random % 60);
        let _ = write!(out, "11-{day:02}-24  08:{minute:02}PM {size:20} report-{i}.txt\r\n");
    })
}

pub(crate) fn vms() -> String {
    scrambled(|out, i, random| {
        let (blocks, day, minute) = (random % 1000 + 1, random % 28 + 1, random % 60);
        let _ = write!(
            out,
            "REPORT{i}.TXT;1 {blocks:>8}  {day:2}-NOV-2024 20:{minute:02}  [FTP,USERS]  (RWED,RWED,RE,)\r\n"
        );
    })
}

pub(crate) fn eplf() -> String {
    scrambled(|out, i, random| {
        let (size, seconds) = (random >> (random % 24), 1_700_000_000 + random % 10_000_000);
        let _ = write!(out, "+i{random:x},m{seconds},r,s{size},\treport-{i}.txt\r\n");
    })
}

pub(crate) fn parse(repetitions: u64, listing: &str, formats: Formats) {
    for _ in 0..repetitions {
        let mut parser = ListingParser::new([0; 1024], formats, Clock::at(NOW));
        let mut entries = 0;
        for mut chunk in black_box(listing.as_bytes()).chunks(CHUNK) {
            while let Some(line) = parser.next(&mut chunk) {
                entries += u64::from(black_box(line).is_ok());
            }
        }
        assert_eq!(entries, ENTRIES, "every line is an entry");
    }
}

pub(crate) fn write_mlsd(repetitions: u64) {
    let facts = FactSet::TYPE | FactSet::SIZE | FactSet::MODIFY | FactSet::PERM | FactSet::UNIX_MODE;
    write(repetitions, &ListingWriter::mlsd(facts));
}

pub(crate) fn write_unix(repetitions: u64) {
    write(repetitions, &ListingWriter::list(Clock::at(NOW)));
}

fn write(repetitions: u64, writer: &ListingWriter) {
    let time = Modified::from(Timestamp::from_unix(NOW - 86_400, 0).expect("a year of four digits"));
    let names: Vec<String> = (0..ENTRIES).map(|i| format!("report-{i}.txt")).collect();
    let mut out = Vec::new();
    for _ in 0..repetitions {
        out.clear();
        for (name, size) in names.iter().zip(1_000..) {
            let mut entry = Entry::new(Text::new(name.as_bytes()).expect("a name"), Kind::File);
            (entry.size, entry.modified, entry.mode) = (Some(size), Some(time), Some(0o644));
            (entry.owner, entry.group) = (Some(Text::literal("1000")), Some(Text::literal("100")));
            writer.write(black_box(&entry), &mut out).expect("a vector has room");
        }
        black_box(&out);
    }
}
