//! Parses listings of 10,000 entries with this crate and with suppaftp, from the same bytes, and
//! shows nanoseconds per line and megabytes per second.
//!
//! Run it with `cargo run --release` in this directory. The optional arguments are the number of
//! seconds to spend on each row (1) and the name of a single format to measure. Each figure is the
//! best of many runs, since every disturbance makes a run longer. This crate reads what a server
//! sends, in the pieces that a socket gives, finds the lines and the format itself, and borrows;
//! suppaftp is given each line as a string and the format, and allocates.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use ftp_proto::listing::{Clock, Formats, ListingParser};
use suppaftp::list::{ListParser, ParseResult};

const ENTRIES: u32 = 10_000;
/// Number of bytes that an adapter reads at a time.
const CHUNK: usize = 32 * 1024;
/// 2024-11-10 12:00 UTC.
const NOW: i64 = 1_731_240_000;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WORDS: [&str; 8] = ["report", "IMG", "backup", "index", "release notes", "a", "libexample", "2024"];

/// A format, with a listing in it, the formats given to our parser, and suppaftp's parser of a
/// line.
type Row = (&'static str, String, Formats, fn(&str) -> ParseResult<suppaftp::list::File>);

fn rows() -> [Row; 3] {
    let (mut unix, mut dos, mut mlsd) = (String::new(), String::new(), String::new());
    for i in 0..ENTRIES {
        // Scrambled, so that branches cannot be predicted.
        let random = (i ^ 0x5bd1).wrapping_mul(2_654_435_761);
        let directory = random % 10 == 0;
        let size = u64::from(random >> 3) * u64::from(random % 7);
        let name = format!("{}-{i}.{}", WORDS[random as usize % 8], ["txt", "jpg", "tar.gz"][i as usize % 3]);
        let (month, day) = (random as usize % 12, random % 28 + 1);
        let (hour, minute, year) = (random % 24, random % 60, 2000 + random % 25);

        let mode = if directory { "drwxr-xr-x" } else { "-rw-r--r--" };
        let when = if random % 3 == 0 { format!(" {year}") } else { format!("{hour:02}:{minute:02}") };
        let _ = write!(
            unix,
            "{mode} {:4} ftp      users    {size:12} {} {day:2} {when} {name}\r\n",
            1, MONTHS[month]
        );

        let (clock, half) = ((hour + 11) % 12 + 1, if hour < 12 { "AM" } else { "PM" });
        let date = format!("{:02}-{day:02}-{:02}  {clock:02}:{minute:02}{half}", month + 1, year % 100);
        let _ = match directory {
            true => write!(dos, "{date}       <DIR>          {name}\r\n"),
            false => write!(dos, "{date} {size:20} {name}\r\n"),
        };

        let kind = if directory { "dir" } else { "file" };
        let modify = format!("{year}{:02}{day:02}{hour:02}{minute:02}{:02}", month + 1, random % 60);
        let _ = write!(
            mlsd,
            "modify={modify};perm=adfr;size={size};type={kind};unique=FE00U{random:X};UNIX.group=100;"
        );
        let _ = write!(mlsd, "UNIX.mode=0644;UNIX.owner=1000; {name}\r\n");
    }
    [
        ("unix", unix, Formats::LIST, ListParser::parse_posix),
        ("dos", dos, Formats::LIST, ListParser::parse_dos),
        ("mlsd", mlsd, Formats::MLSD, ListParser::parse_mlsd),
    ]
}

#[inline(never)]
fn ours(listing: &str, formats: Formats) -> u32 {
    let mut parser = ListingParser::new([0; 1024], formats, Clock::at(NOW));
    let mut entries = 0;
    for mut chunk in listing.as_bytes().chunks(CHUNK) {
        while let Some(line) = parser.next(&mut chunk) {
            entries += u32::from(black_box(line).is_ok());
        }
    }
    entries
}

#[inline(never)]
fn theirs(listing: &str, parse: fn(&str) -> ParseResult<suppaftp::list::File>) -> u32 {
    listing.lines().map(|line| u32::from(black_box(parse(line)).is_ok())).sum()
}

/// Returns the shortest of the runs that fit into `budget`.
fn best(budget: Duration, mut run: impl FnMut() -> u32) -> Duration {
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while start.elapsed() < budget {
        let begun = Instant::now();
        let entries = run();
        best = best.min(begun.elapsed());
        assert_eq!(entries, ENTRIES, "every line is an entry");
    }
    best
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let budget =
        Duration::from_secs_f64(arguments.next().map_or(1.0, |seconds| seconds.parse().expect("seconds")));
    let only = arguments.next();
    println!("{:6} {:>22} {:>22}", "", "ftp-proto", "suppaftp");
    for (name, listing, formats, parse) in rows() {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let shown = |time: Duration| {
            let line = time.as_nanos() as f64 / f64::from(ENTRIES);
            let speed = listing.len() as f64 / time.as_secs_f64() / 1e6;
            format!("{line:7.0} ns {speed:6.0} MB/s")
        };
        let (ours, theirs) =
            (best(budget, || ours(&listing, formats)), best(budget, || theirs(&listing, parse)));
        println!("{name:6} {:>22} {:>22}", shown(ours), shown(theirs));
    }
}
