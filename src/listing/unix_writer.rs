//! Writes the lines of `ls -l` with which our server answers LIST. The inverse of unix.rs.

use super::unix::is_blank;
use super::{Clock, Entry, Fields, Kind, Modified, Precision, months};
use crate::codec::encode::{Digits, two_digits};
use crate::codec::{Full, Sink, Text};

/// The fields of an entry that a line shows.
pub(super) const FIELDS: Fields = Fields::KIND
    .union(Fields::MODE)
    .union(Fields::LINKS)
    .union(Fields::OWNER)
    .union(Fields::GROUP)
    .union(Fields::SIZE)
    .union(Fields::MODIFIED);

/// Appends one line with its CRLF, in the columns of vsftpd, ProFTPD and Pure-FTPd, since clients
/// written for those read them best.
///
/// The format cannot leave a column out. Unknown values are shown as one link, the owner and group
/// `?`, the size 0, 1 January 1970, and `rw-r--r--` (for a directory `rwxr-xr-x`, for a symbolic
/// link `rwxrwxrwx`); blanks in an owner or a group become `_`. An empty name produces no line. A
/// link whose name contains ` -> ` is read back with another name, since the format has no escape
/// for the arrow.
pub(super) fn encode<S: Sink + ?Sized>(entry: &Entry<'_>, clock: &Clock, sink: &mut S) -> Result<(), Full> {
    if entry.name.is_empty() {
        return Ok(());
    }
    sink.put(&mode_letters(&entry.kind, entry.mode))?;
    sink.put(b" ")?;
    put_number(sink, entry.links.unwrap_or(1), 4)?;
    for column in [entry.owner, entry.group] {
        sink.put(b" ")?;
        put_word(sink, column, 8)?;
    }
    sink.put(b" ")?;
    match entry.kind {
        Kind::BlockDevice(Some(device)) | Kind::CharacterDevice(Some(device)) => {
            put_number(sink, device.major.into(), 3)?;
            sink.put(b", ")?;
            put_number(sink, device.minor.into(), 3)?;
        }
        _ => put_number(sink, entry.size.unwrap_or(0), 8)?,
    }
    sink.put(b" ")?;
    sink.put(&date_letters(entry.modified, clock))?;
    sink.put(b" ")?;
    entry.name.encode(sink)?;
    if let Kind::Link { target: Some(target) } = entry.kind {
        sink.put(b" -> ")?;
        target.encode(sink)?;
    }
    sink.put(b"\r\n")
}

fn mode_letters(kind: &Kind<'_>, permissions: Option<u16>) -> [u8; 10] {
    let (letter, assumed) = match kind {
        Kind::File => (b'-', 0o644),
        Kind::Directory | Kind::CurrentDirectory | Kind::ParentDirectory => (b'd', 0o755),
        Kind::Link { .. } => (b'l', 0o777),
        Kind::BlockDevice(_) => (b'b', 0o644),
        Kind::CharacterDevice(_) => (b'c', 0o644),
        Kind::Pipe => (b'p', 0o644),
        Kind::Socket => (b's', 0o644),
        Kind::Other(text) => match text.as_bytes() {
            &[letter @ (b'D' | b'm' | b'n' | b'S' | b'w' | b'C' | b'M')] => (letter, 0o644),
            _ => (b'?', 0o644),
        },
        Kind::Unknown => (b'?', 0o644),
    };
    let mode = permissions.unwrap_or(assumed);
    let shown = |bits: u16, letter: u8| if mode & bits == 0 { b'-' } else { letter };
    // The third place of a class also shows a bit of 0o7000: in lower case if the class may execute.
    let last = |execute: u16, special: u16, letter: u8| match (mode & execute != 0, mode & special != 0) {
        (executes, false) => {
            if executes {
                b'x'
            } else {
                b'-'
            }
        }
        (true, true) => letter,
        (false, true) => letter.to_ascii_uppercase(),
    };
    [
        letter,
        shown(0o400, b'r'),
        shown(0o200, b'w'),
        last(0o100, 0o4000, b's'),
        shown(0o040, b'r'),
        shown(0o020, b'w'),
        last(0o010, 0o2000, b's'),
        shown(0o004, b'r'),
        shown(0o002, b'w'),
        last(0o001, 0o1000, b't'),
    ]
}

/// Appends `value`, right-aligned in at least `width` bytes.
fn put_number<S: Sink + ?Sized>(sink: &mut S, value: u64, width: usize) -> Result<(), Full> {
    sink.put(Digits::padded::<10>(value, width, b' ').as_bytes())
}

/// Appends `text` as one word, left-aligned in at least `width` bytes. `width` is at most 8.
fn put_word<S: Sink + ?Sized>(sink: &mut S, text: Option<Text<'_>>, width: usize) -> Result<(), Full> {
    let word = text.map_or(&b""[..], |text| text.as_bytes());
    let word = if word.is_empty() { b"?" } else { word };
    for (i, part) in word.split(|&byte| is_blank(byte)).enumerate() {
        if i > 0 {
            sink.put(b"_")?;
        }
        sink.put(part)?;
    }
    sink.put(b"        ".get(..width.saturating_sub(word.len())).unwrap_or_default())
}

/// Half a Gregorian year in seconds. For a file changed this recently, `ls` shows the time instead
/// of the year.
const HALF_A_YEAR: i64 = 31_556_952 / 2;

/// Formats `Nov  9 20:06` for a time less than half a year ago, and `Nov  9  2001` for any other
/// time, even one in the future, or if there is no clock. A missing date becomes 1 January 1970.
fn date_letters(modified: Option<Modified>, clock: &Clock) -> [u8; 12] {
    let Some(modified) = modified else { return *b"Jan  1  1970" };
    let zone = clock.zone_at(modified.shown());
    let modified = zone.map_or(modified, |zone| modified.in_zone(zone));
    let it = modified.shown();
    let recent = modified.precision() > Precision::Day
        && clock.unix_seconds().is_some_and(|now| {
            let (then, _) = modified.to_unix(zone.unwrap_or(0));
            (0..HALF_A_YEAR).contains(&now.saturating_sub(then))
        });
    let [m1, m2, m3] = *months::ENGLISH[usize::from(it.month() - 1) % 12];
    let [d1, d2] = two_digits(it.day());
    let d1 = if d1 == b'0' { b' ' } else { d1 };
    if recent {
        let ([h1, h2], [n1, n2]) = (two_digits(it.hour()), two_digits(it.minute()));
        [m1, m2, m3, b' ', d1, d2, b' ', h1, h2, b':', n1, n2]
    } else {
        let ([c1, c2], [y1, y2]) = (two_digits((it.year() / 100) as u8), two_digits((it.year() % 100) as u8));
        [m1, m2, m3, b' ', d1, d2, b' ', b' ', c1, c2, y1, y2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Timestamp;
    use crate::listing::Device;
    use std::string::String;
    use std::vec::Vec;

    /// 2024-11-10 12:00 UTC.
    const NOW: i64 = 1_731_240_000;

    fn written(entry: &Entry<'_>) -> Vec<u8> {
        // Longer than any line here.
        let mut line = arrayvec::ArrayVec::<u8, 4096>::new();
        encode(entry, &Clock::at(NOW), &mut line).unwrap();
        line.to_vec()
    }

    #[test]
    fn entries_are_written_as_servers_write_them() {
        let text = Text::literal;
        let mut entry = Entry::new(text("n n"), Kind::File);
        assert_eq!(written(&entry), b"-rw-r--r--    1 ?        ?               0 Jan  1  1970 n n\r\n");
        entry.mode = Some(0o7751);
        entry.links = Some(12345);
        entry.owner = Some(text("Domain Users"));
        entry.group = Some(text("g"));
        entry.size = Some(u64::MAX);
        assert_eq!(
            written(&entry),
            b"-rwsr-s--t 12345 Domain_Users g        18446744073709551615 Jan  1  1970 n n\r\n"
        );
        entry.mode = Some(0o6000);
        entry.kind = Kind::BlockDevice(Some(Device { major: 8, minor: 17 }));
        assert_eq!(written(&entry), b"b--S--S--- 12345 Domain_Users g          8,  17 Jan  1  1970 n n\r\n");
        let mut entry = Entry::new(text("l"), Kind::Link { target: Some(text("/x y")) });
        entry.modified = Some(Timestamp::parse(b"20241109200607").unwrap().into());
        assert_eq!(written(&entry), b"lrwxrwxrwx    1 ?        ?               0 Nov  9 20:06 l -> /x y\r\n");
        assert_eq!(written(&Entry::new(text(""), Kind::File)), b"");
    }

    #[test]
    fn the_time_is_written_for_half_a_year_and_the_year_after_that() {
        let shown = |at: i64, nanos: u32, clock: &Clock| {
            let it = Modified::from(Timestamp::from_unix(at, nanos).unwrap());
            String::from_utf8(date_letters(Some(it), clock).to_vec()).unwrap()
        };
        let clock = Clock::at(NOW);
        for (ago, expected) in [
            (0, "Nov 10 12:00"),
            (-1, "Nov 10  2024"),
            (86_400, "Nov  9 12:00"),
            (HALF_A_YEAR - 1, "May 11 21:05"),
            (HALF_A_YEAR, "May 11  2024"),
            (NOW + 62_000_000_000, "Apr 19  0005"),
        ] {
            assert_eq!(shown(NOW - ago, 999, &clock), expected);
            assert_eq!(shown(NOW - ago, 0, &Clock::UNKNOWN).as_bytes()[7..8], *b" ");
        }
        assert_eq!(shown(NOW, 0, &clock.with_zone(-750)), "Nov  9 23:30");
        assert_eq!(&date_letters(None, &clock), b"Jan  1  1970");
    }
}
