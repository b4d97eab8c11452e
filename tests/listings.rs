//! Listings that servers sent, and the entries in them, from the data files in tests/listings, one
//! per format.
//!
//! ```text
//! # a comment: the source of what follows
//! @ unix now=20241110120000 zone=60     begins a listing in that format; the clock is the caller's
//! < -rw-r--r--   1 o g 5 ...            a line of it
//! > file "name" size=5                  the entry that comes out then, with all its fields, and
//! >   unreadable=size,modified           those that the line has and that cannot be read
//! =                                     nothing comes out: a heading, a total
//! !                                     the line is reported as unreadable
//! ```
//! Results of several lines follow the last of them. Bytes that cannot be written here are `\xNN`,
//! and `\` is `\\`. `@ mixed` is a listing of several formats, where each entry names its own.

#[path = "listings/dates.rs"]
mod dates;
#[path = "support/escapes.rs"]
mod escapes;
#[path = "listings/inferred.rs"]
mod inferred;
#[path = "listings/others.rs"]
mod others;
#[path = "listings/unreadable.rs"]
mod unreadable;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ftp_proto::codec::{Text, Timestamp};
use ftp_proto::listing::{
    self, BadLine, Clock, Entries, Entry, Format, Formats, Kind, ListingLine, ListingParser, MlsdParser,
    Reason,
};
use proptest::prelude::*;

use escapes::unescaped;

/// Returns the format with that name.
fn format(name: &str) -> Option<Format> {
    Format::ALL.into_iter().find(|format| format.name() == name)
}

/// A listing of a data file.
#[derive(Clone, Debug)]
struct Listing {
    /// Place of the listing, for messages.
    place: String,
    /// Format of all lines; `None` if there are several.
    format: Option<Format>,
    clock: Clock,
    /// Lines, with the results at the last of them.
    groups: Vec<(Vec<Vec<u8>>, Vec<String>)>,
}

impl Listing {
    fn bytes(&self, line_end: &str) -> Vec<u8> {
        let lines = self.groups.iter().flat_map(|group| &group.0);
        lines.flat_map(|line| [line, line_end.as_bytes()].concat()).collect()
    }

    fn expected(&self) -> Vec<String> {
        self.groups.iter().flat_map(|group| group.1.clone()).collect()
    }

    /// Returns the sets of formats in which to read it.
    fn formats(&self) -> Vec<Formats> {
        match self.format {
            None => vec![Formats::LIST],
            Some(format @ (Format::Mlsd | Format::Mlst | Format::Nlst)) => vec![format.alone()],
            Some(format) => vec![format.alone(), Formats::LIST],
        }
    }

    fn parser(&self, formats: Formats) -> ListingParser<Vec<u8>> {
        ListingParser::new(vec![0; 1024], formats, self.clock)
    }

    /// Formats an entry, or an unreadable line, as the data files write it.
    fn shown(&self, verdict: Result<Entry<'_>, BadLine<'_>>) -> String {
        let Ok(entry) = verdict else { return "!".into() };
        let mut text = shown(&entry);
        match self.format {
            Some(format) if entry.format() == Some(format) => {}
            Some(_) => write!(text, " format={:?}", entry.format()).unwrap(),
            None => {
                write!(text, " format={}", entry.format().unwrap()).unwrap();
            }
        }
        text
    }
}

fn shown(entry: &Entry<'_>) -> String {
    let quoted = |text: Text<'_>| {
        let mut quoted = String::from("\"");
        for chunk in text.as_bytes().utf8_chunks() {
            for letter in chunk.valid().chars() {
                match letter {
                    '"' | '\\' => quoted.extend(['\\', letter]),
                    ' '.. if letter != '\x7f' => quoted.push(letter),
                    _ => write!(quoted, "\\x{:02x}", u32::from(letter)).unwrap(),
                }
            }
            chunk.invalid().iter().for_each(|byte| write!(quoted, "\\x{byte:02x}").unwrap());
        }
        quoted + "\""
    };
    let kind = match entry.kind {
        Kind::File => "file".into(),
        Kind::Directory => "dir".into(),
        Kind::CurrentDirectory => "current-dir".into(),
        Kind::ParentDirectory => "parent-dir".into(),
        Kind::Link { .. } => "link".into(),
        Kind::BlockDevice(Some(device)) => format!("block({},{})", device.major, device.minor),
        Kind::CharacterDevice(Some(device)) => format!("char({},{})", device.major, device.minor),
        Kind::BlockDevice(None) => "block".into(),
        Kind::CharacterDevice(None) => "char".into(),
        Kind::Pipe => "pipe".into(),
        Kind::Socket => "socket".into(),
        Kind::Other(text) => format!("other({text})"),
        Kind::Unknown => "unknown".into(),
        other => panic!("{other:?}"),
    };
    let target = match entry.kind {
        Kind::Link { target } => target,
        _ => None,
    };
    let fields = [
        ("->", target.map(quoted)),
        ("size", entry.size.map(|size| size.to_string())),
        ("modified", entry.modified.map(|modified| modified.to_string())),
        ("mode", entry.mode.map(|mode| format!("{mode:04o}"))),
        ("links", entry.links.map(|links| links.to_string())),
        ("owner", entry.owner.map(quoted)),
        ("group", entry.group.map(quoted)),
        ("unique", entry.unique.map(quoted)),
        (
            "perm",
            entry.permissions.map(|permissions| {
                let mut letters = Vec::new();
                permissions.encode(&mut letters).unwrap();
                String::from_utf8(letters).unwrap()
            }),
        ),
    ];
    let mut text = format!("{kind} {}", quoted(entry.name));
    for (name, value) in fields.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        write!(text, " {name}={value}").unwrap();
    }
    if !entry.unreadable.is_empty() {
        let names = entry.unreadable.iter_names().map(|(name, _)| name.to_lowercase());
        write!(text, " unreadable={}", names.collect::<Vec<_>>().join(",")).unwrap();
    }
    text
}

fn clock(settings: &str) -> Clock {
    let setting = |name: &str| settings.split(' ').find_map(|word| word.strip_prefix(name));
    let now = setting("now=").map(|now| Timestamp::parse(now.as_bytes()).unwrap().to_unix().0);
    let clock = now.map_or(Clock::UNKNOWN, Clock::at);
    setting("zone=").map_or(clock, |zone| clock.with_zone(zone.parse().unwrap()))
}

/// Returns the results at the line read last.
fn group(listings: &mut [Listing]) -> &mut Vec<String> {
    &mut listings.last_mut().unwrap().groups.last_mut().unwrap().1
}

/// Returns all listings of all files.
fn listings() -> Vec<Listing> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings");
    let mut paths: Vec<_> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let mut listings: Vec<Listing> = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
        let name = path.file_name().unwrap().to_string_lossy();
        for (number, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            let place = format!("{name}:{}", number + 1);
            let (mark, rest) = line.split_at(line.len().min(1));
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            match mark {
                "" | "#" => {}
                "@" => {
                    let format = rest.split(' ').next().and_then(format);
                    assert!(format.is_some() || rest.starts_with("mixed"), "{place}");
                    listings.push(Listing { place, format, clock: clock(rest), groups: Vec::new() });
                }
                "<" => {
                    let groups = &mut listings.last_mut().expect(&place).groups;
                    match groups.last_mut() {
                        Some((lines, expected)) if expected.is_empty() => lines.push(unescaped(rest)),
                        _ => groups.push((vec![unescaped(rest)], Vec::new())),
                    }
                }
                ">" => group(&mut listings).push(rest.into()),
                "!" | "=" => group(&mut listings).push(mark.into()),
                _ => panic!("{place}: {line}"),
            }
        }
    }
    for (_, expected) in listings.iter_mut().flat_map(|listing| &mut listing.groups) {
        assert!(!expected.is_empty());
        expected.retain(|verdict| verdict != "=");
    }
    listings
}

/// Returns the results for `bytes`, fed in the pieces that `cuts` makes of them.
fn read(
    listing: &Listing,
    formats: Formats,
    bytes: &[u8],
    cuts: impl IntoIterator<Item = usize>,
) -> Vec<String> {
    let mut parser = listing.parser(formats);
    let (mut read, mut rest) = (Vec::new(), bytes);
    for cut in cuts.into_iter().chain([bytes.len()]) {
        let (mut piece, after) = rest.split_at(cut.min(rest.len()));
        rest = after;
        while let Some(verdict) = parser.next(&mut piece) {
            read.push(listing.shown(verdict));
        }
    }
    while let Some(verdict) = parser.finish() {
        read.push(listing.shown(verdict));
    }
    read
}

#[test]
fn every_line_of_a_listing_gives_what_it_holds() {
    let (mut lines, mut failed) = (0, String::new());
    for listing in listings() {
        for formats in listing.formats() {
            let came = read(&listing, formats, &listing.bytes("\r\n"), []);
            let mut came = came.iter();
            for (group, expected) in &listing.groups {
                lines += group.len();
                let came: Vec<_> = came.by_ref().take(expected.len()).collect();
                if came != expected.iter().collect::<Vec<_>>() {
                    let shown = group.iter().map(|line| line.escape_ascii().to_string()).collect::<Vec<_>>();
                    writeln!(
                        failed,
                        "{} {formats:?} {shown:#?}\n  is       {came:#?}\n  should be {expected:#?}",
                        listing.place
                    )
                    .unwrap();
                    break;
                }
            }
            let more: Vec<_> = came.collect();
            if failed.is_empty() && !more.is_empty() {
                writeln!(failed, "{} {formats:?} and more {more:#?}", listing.place).unwrap();
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
    assert!(lines >= 300, "{lines} lines");
}

#[test]
fn an_iterator_over_a_whole_listing_gives_what_a_parser_gives() {
    // The parts of a CMS name are not in one place.
    for listing in listings().iter().filter(|listing| listing.format != Some(Format::Cms)) {
        let expected = listing.expected();
        for formats in listing.formats() {
            for line_end in ["\r\n", "\n"] {
                let bytes = listing.bytes(line_end);
                let came: Vec<_> = Entries::new(&bytes, formats, listing.clock)
                    .filter(|line| !matches!(line, Err(bad) if bad.reason == Reason::TooLong))
                    .map(|line| listing.shown(line))
                    .collect();
                assert_eq!(came, expected, "{} {formats:?}", listing.place);
            }
        }
    }
}

#[test]
fn all_of_a_listing_can_be_read_in_one_call() {
    for listing in listings() {
        let lines = listing::parse(&listing.bytes("\r\n"), listing.formats()[0], listing.clock);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| match line {
                ListingLine::Entry(entry) => listing.shown(Ok(entry.entry())),
                ListingLine::Unparsed(_) => "!".into(),
            })
            .collect();
        assert_eq!(shown, listing.expected(), "{}", listing.place);
    }
}

#[test]
fn a_parser_of_mlsd_alone_reads_it_as_the_parser_of_all_does() {
    for listing in listings().iter().filter(|listing| listing.format == Some(Format::Mlsd)) {
        let bytes = listing.bytes("\r\n");
        for size in [1, 7, bytes.len()] {
            let mut parser = MlsdParser::new(vec![0; 1024]);
            let mut came = Vec::new();
            for mut piece in bytes.chunks(size) {
                while let Some(line) = parser.next(&mut piece) {
                    came.push(listing.shown(line));
                }
            }
            while let Some(line) = parser.finish() {
                came.push(listing.shown(line));
            }
            assert_eq!(came, listing.expected(), "{} by {size}", listing.place);
        }
    }
}

#[test]
fn a_listing_is_read_the_same_however_it_comes() {
    for listing in listings() {
        let expected = listing.expected();
        for formats in listing.formats() {
            for line_end in ["\r\n", "\n"] {
                let bytes = listing.bytes(line_end);
                for size in [1, 7, 64, bytes.len()] {
                    let cuts = vec![size; bytes.len() / size.max(1)];
                    assert_eq!(
                        read(&listing, formats, &bytes, cuts),
                        expected,
                        "{} by {size}",
                        listing.place
                    );
                }
            }
        }
    }
}

#[test]
fn no_line_of_one_format_is_an_entry_of_another() {
    let list = |format: &Format| Formats::LIST.contains(format.alone());
    for listing in listings().iter().filter(|listing| listing.format.as_ref().is_none_or(list)) {
        for line in listing.groups.iter().flat_map(|group| &group.0) {
            let fitting: Vec<_> = Format::ALL
                .into_iter()
                // Where a space in front means that there are no facts, only MLSD itself is read.
                .filter(|format| list(format) && !(*format == Format::Mlsd && line.starts_with(b" ")))
                .filter(|format| matches!(format.parse_line(line, &listing.clock), Ok(Some(_))))
                .collect();
            assert!(fitting.len() <= 1, "{} {} {fitting:?}", listing.place, line.escape_ascii());
        }
    }
}

/// A change at one place of a line.
#[derive(Clone, Debug)]
enum Mutation {
    Replace(u8),
    Insert(u8),
    Remove(usize),
    Cut,
    Double,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let byte =
        || prop_oneof![any::<u8>(), proptest::sample::select(b" \t\r0129:;,.-/[]()<>=+*\"dl".to_vec())];
    prop_oneof![
        byte().prop_map(Mutation::Replace),
        byte().prop_map(Mutation::Insert),
        (1usize..9).prop_map(Mutation::Remove),
        Just(Mutation::Cut),
        Just(Mutation::Double),
    ]
}

fn mutated(line: &[u8], mutations: &[(usize, Mutation)]) -> Vec<u8> {
    let mut line = line.to_vec();
    for (at, mutation) in mutations {
        let at = at % (line.len() + 1);
        match *mutation {
            Mutation::Replace(byte) => line.iter_mut().skip(at).take(1).for_each(|it| *it = byte),
            Mutation::Insert(byte) => line.insert(at, byte),
            Mutation::Remove(count) => drop(line.drain(at..(at + count).min(line.len()))),
            Mutation::Cut => line.truncate(at),
            Mutation::Double => line.extend_from_within(at..),
        }
    }
    line
}

proptest! {
    /// Everything that comes out is in the line; nothing is made up.
    #[test]
    fn a_mangled_line_gives_only_what_it_holds(
        which: proptest::sample::Index, line: proptest::sample::Index, mutations in prop::collection::vec((any::<usize>(), mutation()), 1..5),
    ) {
        thread_local!(static LISTINGS: Vec<Listing> = listings());
        LISTINGS.with(|listings| {
            let listing = which.get(listings);
            let lines: Vec<_> = listing.groups.iter().flat_map(|group| &group.0).collect();
            let line = mutated(lines[line.index(lines.len())], &mutations);
            for format in Format::ALL {
                let Ok(Some(entry)) = format.parse_line(&line, &listing.clock) else { continue };
                let holds = |text: Text<'_>| {
                    text.is_empty() || line.windows(text.len()).any(|part| part == text.as_bytes())
                };
                let texts = [Some(entry.name), entry.owner, entry.group, entry.unique];
                prop_assert!(texts.into_iter().flatten().all(holds), "{entry:?}");
                prop_assert!(format == Format::Mlsd || format == Format::Mlst || !entry.name.is_empty());
                if let (Some(size), false) = (entry.size, matches!(format, Format::Vms | Format::Mvs)) {
                    let digits: Vec<u8> =
                        line.iter().copied().filter(|byte| !matches!(byte, b',' | b'.')).collect();
                    let size = size.to_string();
                    prop_assert!(digits.windows(size.len()).any(|part| part == size.as_bytes()), "{entry:?}");
                }
            }
            Ok(())
        })?;
    }
}
