//! A value that cannot be read costs its line only that value, whatever the format.

use ftp_proto::listing::{self, Clock, Entry, Fields, Format, Formats, ListingLine};
use proptest::prelude::*;

/// Lines that contain `{size}` and `{date}`, and a name at the end if any name may be there.
struct Shape {
    format: Format,
    header: &'static str,
    line: &'static str,
    /// Values for each, of which only the first is readable.
    sizes: &'static [&'static str],
    dates: &'static [&'static str],
    /// Set if the name is `{name}`, and any name may be there.
    names: bool,
}

const DECIMAL: &[&str] = &["1234", "-5", "+5", "18446744073709551616", "5x9", "0x1F"];
/// Sizes in a column that is recognized by its place, where any word may be.
const WORD: &[&str] = &["1234", "-5", "18446744073709551616", "5x9", "five", "x", "-", "?5", "1;2"];
const LS: &[&str] =
    &["Nov  9 20:06", "Nov 31 20:06", "Feb 30 20:06", "Nov  0 20:06", "Nov 99 20:06", "Nov  9 24:30"];
const LS_YEAR: &[&str] = &["Nov  9  2001", "Nov 31  2001", "Feb 29  2001", "Nov 00  2001"];
const ISO: &[&str] =
    &["2001-11-09 20:06", "2001-11-31 20:06", "2001-13-09 20:06", "2001-00-09 20:06", "2001-02-29 20:06"];
const DAY_FIRST: &[&str] = &[" 9 Nov 20:06", "31 Nov 20:06", "30 Feb 20:06"];
const IIS: &[&str] = &[
    "04-14-00  03:47PM",
    "02-30-00  03:47PM",
    "13-32-00  03:47PM",
    "00-00-00  03:47PM",
    "04-14-00  13:47PM",
];
const CMD: &[&str] =
    &["05/09/2020  10:00 PM", "02/30/2020  10:00 PM", "02/29/2021  10:00 PM", "99/99/2020  10:00 PM"];
const DASHED: &[&str] = &["12-30-97   12:32", "13-32-97   12:32", "02-29-97   12:32", "12-30-97   24:32"];
const SLASHED: &[&str] =
    &["04/03/18 18:58:16", "44/33/58 18:58:16", "00/00/00 18:58:16", "02/30/31 18:58:16"];
const DIGITAL: &[&str] =
    &["2-JUN-1998 07:32:04", "31-JUN-1998 07:32:04", "0-JUN-1998 07:32:04", "2-XXX-1998 07:32:04"];
const TANDEM: &[&str] =
    &["12-Jan-14 14:21:18", "32-Jan-14 14:21:18", "29-Feb-14 14:21:18", "12-Jan-14 24:21:18"];
const ISPF: &[&str] = &["2002/10/11 09:37", "2002/13/11 09:37", "2002/02/30 09:37", "2002/10/00 09:37"];
const NEITHER: &[&str] = &[""];

const MODULES: &str = " Name      Size     TTR   Alias-of AC--------- Attributes--------- Amode Rmode\r\n";

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    shape(Format::Unix, "-rw-r--r--   1 owner group  {size} {date} {name}", WORD, LS),
    shape(Format::Unix, "-rw-r--r--   1 owner group  {size} {date} {name}", WORD, LS_YEAR),
    shape(Format::Unix, "-rw-r--r--   1 500 500  {size} {date} {name}", WORD, ISO),
    shape(Format::Unix, "-rw-r--r--   1 0 0  {size} {date} {name}", WORD, DAY_FIRST),
    shape(Format::Unix, "-rw-r--r--   1 john Domain Users  {size} {date} {name}", DECIMAL, LS),
    shape(Format::Unix, "-rw-r--r--   owner group  {size} {date} {name}", DECIMAL, LS),
    shape(Format::Unix, "-rw-r--r--   1 owner  {size} {date} {name}", DECIMAL, LS_YEAR),
    shape(Format::Dos, "{date}                  {size} {name}", WORD, IIS),
    shape(Format::Dos, "{date}            {size} {name}", WORD, CMD),
    shape(Format::Dos, "{date} {size} {name}", &["1234", "-5", "18446744073709551616"], IIS),
    shape(Format::Dos, "{date}       <DIR>          {name}", NEITHER, IIS),
    shape(Format::Eplf, "+i1.2,m951188401,s{size},r,\t{name}", &["1234", "-5", "18446744073709551616", "", "x"], NEITHER),
    shape(Format::Eplf, "+i1.2,s5,m{date},r,\t{name}", NEITHER, &["951188401", "-1", "", "x", "99999999999999999"]),
    shape(Format::As400, "PEP              {size} {date} *STMF      {name}", WORD, SLASHED),
    shape(Format::As400, "PEP              {size} {date} *DIR       {name}/", WORD, SLASHED),
    shape(Format::NetWare, "d [RWCEAFMS] owner  {size} {date} {name}", WORD, LS),
    shape(Format::Os2, "                 {size}           DIR   {date}  {name}", WORD, DASHED),
    shape(Format::Os2, "                 {size}      A          {date}  {name}", WORD, DASHED),
    shape(Format::Mac, "-rw-r--r--  54149  27826  {size} {date} {name}", &["81975", "-5", "18446744073709551616"], LS),
    shape(Format::Mac, "drwxr-xr-x  folder  0 {date} {name}", NEITHER, LS_YEAR),
    shape(Format::ConnectEnterprise, "-C--E-----FTP B QUA1I1  18128 {size} {date} {name}", WORD, LS),
    fixed(Format::Vms, "", "NAME.TXT;1  {size}  {date}  [GROUP,OWNER]  (RWED,RWED,RE,)", WORD, DIGITAL),
    fixed(Format::Vms, "", "NAME.DIR;1  {size}/9  {date}", &["9", "x", "99999999999999999999"], DIGITAL),
    fixed(Format::Guardian, "", "FILE1  101  {size} {date} 255, 0 \"nnnn\"", WORD, TANDEM),
    fixed(Format::Mvs, "", "TBSHELF   01.03 2002/09/12 {date}    11    11     0 KIL001", NEITHER, ISPF),
    fixed(Format::Mvs, MODULES, "EAGKCPT   {size}   000009          00 FO             RN RU            31    ANY", &["000058", "00005G", "??????"], NEITHER),
];

const fn shape(
    format: Format,
    line: &'static str,
    sizes: &'static [&'static str],
    dates: &'static [&'static str],
) -> Shape {
    Shape { format, header: "", line, sizes, dates, names: true }
}

const fn fixed(
    format: Format,
    header: &'static str,
    line: &'static str,
    sizes: &'static [&'static str],
    dates: &'static [&'static str],
) -> Shape {
    Shape { format, header, line, sizes, dates, names: false }
}

/// 2024-11-10 12:00 UTC.
const NOW: i64 = 1_731_240_000;

impl Shape {
    fn listing(&self, size: usize, date: usize, name: &str) -> Vec<u8> {
        let line = self.line.replace("{size}", self.sizes[size]).replace("{date}", self.dates[date]);
        format!("{}{}\r\n", self.header, line.replace("{name}", name)).into_bytes()
    }

    /// Checks the entry of the line, in each set of formats that includes its own.
    fn check(&self, size: usize, date: usize, name: &str) {
        let (good, bad) = (self.listing(0, 0, name), self.listing(size, date, name));
        for formats in [self.format.alone(), Formats::LIST] {
            let read = |listing: &[u8]| match &listing::parse(listing, formats, Clock::at(NOW))[..] {
                [ListingLine::Entry(entry)] => entry.clone(),
                other => panic!("{}: {other:?}", listing.escape_ascii()),
            };
            let (first, second) = (read(&good), read(&bad));
            let whole = first.entry();
            assert_eq!((whole.unreadable, whole.format()), (Fields::empty(), Some(self.format)));
            if self.names {
                assert_eq!(whole.name.as_bytes(), name.as_bytes(), "{}", good.escape_ascii());
            }
            let mut expected: Entry<'_> = whole;
            if size > 0 {
                expected.size = None;
                expected.unreadable |= Fields::SIZE;
            }
            if date > 0 {
                expected.modified = None;
                expected.unreadable |= Fields::MODIFIED;
            }
            let shown = bad.escape_ascii();
            let entry = second.entry();
            assert_eq!(entry, expected, "{shown}");
            assert_eq!(entry.format(), Some(self.format), "{shown}");
        }
    }
}

#[test]
fn a_size_or_a_date_that_cannot_be_read_is_absent_and_named() {
    for shape in SHAPES {
        for size in 0..shape.sizes.len() {
            for date in 0..shape.dates.len() {
                shape.check(size, date, "a name");
            }
        }
    }
}

/// Generates names that look like the columns before them.
fn name() -> impl Strategy<Value = String> {
    let piece = "[a-z.]{1,8}|[0-9]{1,5}|Nov|31|20:06|2001|-5|five|5 Nov  9  2001|1 o g 7 Nov  8 12:00|05-06-07|<DIR>|;1";
    proptest::collection::vec(piece, 1..5).prop_map(|pieces| pieces.join(" "))
}

/// Facts of an MLSD line, each with a valid value, the beginning of an invalid one, and its field.
const FACTS: [(&str, &str, &str, Fields); 8] = [
    ("type", "dir", "\x01", Fields::KIND),
    ("size", "1234", "x", Fields::SIZE),
    ("Modify", "20240101000000", "-", Fields::MODIFIED),
    ("perm", "adr", "!", Fields::PERMISSIONS),
    ("UNIX.mode", "0644", "9", Fields::MODE),
    ("unix.uid", "500", "-", Fields::OWNER),
    ("UNIX.gid", "500", "99999999999", Fields::GROUP),
    ("unique", "a=b", "\x7f", Fields::UNIQUE),
];

proptest! {
    #[test]
    fn no_name_is_lost_or_changed_with_a_size_or_a_date(
        shape in 0..SHAPES.len(), size: proptest::sample::Index, date: proptest::sample::Index, name in name(),
    ) {
        let shape = &SHAPES[shape];
        shape.check(size.index(shape.sizes.len()), date.index(shape.dates.len()), &name);
    }

    #[test]
    fn no_entry_is_lost_or_changed_with_the_value_of_a_fact(
        order in Just([0usize, 1, 2, 3, 4, 5, 6, 7]).prop_shuffle(),
        broken in 0usize..8,
        value in "[!-:<-~\u{e9}\u{1}-\u{8}\r]{0,20}",
        name in "[ -~]{1,30}",
        odd in "(|;|x\\.y=z;|frogs;)",
    ) {
        let line = |broken: Option<usize>| {
            let facts = order.iter().map(|&row| {
                let (fact, good, bad, _) = FACTS[row];
                if broken == Some(row) { format!("{fact}={bad}{value};") } else { format!("{fact}={good};") }
            });
            format!("{}{odd} {name}", facts.collect::<String>())
        };
        let (good, bad) = (line(None), line(Some(broken)));
        for (format, indent) in [(Format::Mlsd, ""), (Format::Mlst, " ")] {
            let (good, bad) = (format!("{indent}{good}"), format!("{indent}{bad}"));
            let whole = format.parse_line(good.as_bytes(), &Clock::UNKNOWN).unwrap().unwrap();
            prop_assert_eq!((whole.unreadable, whole.name.as_bytes()), (Fields::empty(), name.as_bytes()));
            let mut expected = whole;
            expected.unreadable = FACTS[broken].3;
            match FACTS[broken].3 {
                Fields::KIND => expected.kind = ftp_proto::listing::Kind::Unknown,
                Fields::SIZE => expected.size = None,
                Fields::MODIFIED => expected.modified = None,
                Fields::PERMISSIONS => expected.permissions = None,
                Fields::MODE => expected.mode = None,
                Fields::OWNER => expected.owner = None,
                Fields::GROUP => expected.group = None,
                _ => expected.unique = None,
            }
            let read = format.parse_line(bad.as_bytes(), &Clock::UNKNOWN);
            prop_assert_eq!(read, Ok(Some(expected)), "{}", bad.escape_debug());
        }
    }
}
