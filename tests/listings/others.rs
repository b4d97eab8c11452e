//! Texts that are not listings, and listings with a byte changed: which of their lines are accepted
//! as entries.
//!
//! These lines are in `accepted/`, with the entries read from them, for a person to review. If a
//! change of the parsers affects them, `ACCEPT_LISTINGS=1` writes the file anew.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use ftp_proto::listing::{Clock, Format, Formats, ListingLine, parse};

use super::{listings, shown};

/// 2026-11-26 12:00 UTC.
const NOW: i64 = 1_795_694_400;

/// Number generator that yields the same sequence everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as usize
    }
}

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings")
}

/// Returns the lines that are entries when each of them is a listing, with their entries.
fn accepted<'l>(lines: impl Iterator<Item = &'l [u8]>) -> BTreeSet<String> {
    let mut accepted = BTreeSet::new();
    for line in lines {
        for read in parse(line, Formats::LIST, Clock::at(NOW)) {
            if let ListingLine::Entry(entry) = read {
                let entry = entry.entry();
                let format = entry.format().unwrap();
                accepted.insert(format!("{format}: {}\n    {}", line.escape_ascii(), shown(&entry)));
            }
        }
    }
    accepted
}

#[test]
fn no_line_of_prose_pages_mail_logs_or_sources_is_an_entry() {
    let mut count = 0;
    for file in fs::read_dir(directory().join("others")).unwrap() {
        let text = fs::read(file.unwrap().path()).unwrap();
        // The text as it is, and indented.
        for indent in ["", "    "] {
            let lines: Vec<_> =
                text.split(|&byte| byte == b'\n').map(|line| [indent.as_bytes(), line].concat()).collect();
            count += lines.len();
            let accepted = accepted(lines.iter().map(|line| &line[..]));
            assert!(accepted.is_empty(), "{accepted:#?}");
        }
        // The text as one listing, in which a line may mislead the parser about the next.
        let lines = parse(&text, Formats::LIST, Clock::at(NOW));
        let entry = lines.iter().find(|line| matches!(line, ListingLine::Entry(_)));
        assert!(entry.is_none(), "{entry:?}");
    }
    assert!(count > 400, "{count}");
}

/// Words that also occur in the lines of listings.
const WORDS: [&str; 46] = [
    "the",
    "of",
    "total",
    "files",
    "were",
    "moved",
    "to",
    "Nov",
    "9",
    "20:06",
    "2024",
    "12",
    "1,234",
    "a",
    "/pub",
    "on",
    "May",
    "March",
    "31",
    "(RWED,RWED,RE,)",
    "[SYSTEM]",
    "2-JUN-1998",
    "*FILE",
    "DIR",
    "<DIR>",
    "=",
    ";",
    "V",
    "F",
    "80",
    "3390",
    "2006/03/20",
    "PS",
    "OUTPUT",
    "JOB01234",
    "12-05-96",
    "05:03PM",
    "owner",
    "staff",
    "NAME.TXT;1",
    "NAME.TXT",
    "\t",
    ",",
    "-",
    "--",
    "    ",
];

#[test]
fn what_is_made_of_the_words_of_listings_is_an_entry_only_where_a_person_would_say_so() {
    let mut numbers = Numbers(1);
    let mut lines = Vec::new();
    for _ in 0..40_000 {
        let count = numbers.below(9) + 2;
        let words: Vec<_> = (0..count).map(|_| WORDS[numbers.below(WORDS.len())]).collect();
        lines.push(words.join(" ").into_bytes());
    }
    compare("words.txt", &accepted(lines.iter().map(|line| &line[..])));
}

#[test]
fn a_line_with_a_byte_changed_is_an_entry_only_where_a_person_would_say_so() {
    let mut numbers = Numbers(2);
    let mut lines = Vec::new();
    let listed = |format: Option<Format>| format.is_some_and(|format| Formats::LIST.contains(format.alone()));
    let large = ["unix-", "mlsd-"];
    for listing in listings().iter().filter(|listing| listed(listing.format)) {
        if large.iter().any(|name| listing.place.starts_with(name)) {
            continue;
        }
        for line in listing.groups.iter().filter(|group| group.0.len() == 1).flat_map(|group| &group.0) {
            let mut line = line.clone();
            if let Some(last) = line.len().checked_sub(1) {
                const BYTES: &[u8] = b" \t0189:;,.-/[]()<>=+*\"dlxNov\xc3\x00";
                line[numbers.below(last + 1)] = BYTES[numbers.below(BYTES.len())];
                lines.push(line);
            }
        }
    }
    compare("changed.txt", &accepted(lines.iter().map(|line| &line[..])));
}

/// Compares the accepted lines with those checked in.
fn compare(file: &str, accepted: &BTreeSet<String>) {
    let path = directory().join("accepted").join(file);
    let text: String = accepted.iter().map(|line| format!("{line}\n")).collect();
    if env::var_os("ACCEPT_LISTINGS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    for (line, known) in text.lines().zip(known.lines()) {
        assert_eq!(line, known, "{file}");
    }
    assert_eq!(text.lines().count(), known.lines().count(), "{file}");
}
