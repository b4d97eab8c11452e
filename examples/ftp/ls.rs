//! The output of `ls`.

use std::cmp::Reverse;
use std::io::{self, IsTerminal};

use ftp_proto::codec::Escaped;
use ftp_proto::listing::{Entry, Kind, Modified, OwnedEntry, Precision};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use serde_json::json;

use crate::failure::Failure;
use crate::options::Look;
use crate::session::Session;
use crate::show::{describe, mode, name_of, print};
use crate::url::join;

/// Prints the entries of a directory, or the one of a file.
pub fn entries(session: &mut Session, directory: &[u8], look: Look) -> Result<(), Failure> {
    let mut is_file = false;
    let mut entries = match session.entries(directory) {
        // MLSD accepts only directories. A path that it refuses may be something else, with a
        // single entry. A listing that was interrupted does not mean that.
        Err(failure) if !directory.is_empty() && failure.is_refusal() => {
            is_file = true;
            match session.client.facts(directory) {
                Ok(entry) if !entry.entry().kind.is_directory() => vec![entry],
                _ => vec![in_parent(session, directory).ok_or(failure)?],
            }
        }
        entries => entries?,
    };
    let report = &session.shared.report;
    sort(&mut entries, look);
    if report.voice.json {
        for entry in &entries {
            let entry = entry.entry();
            let name = entry.file_name();
            let path = if is_file { directory.to_vec() } else { join(directory, name.as_bytes()) };
            report.event("entry", &path, fields(&entry));
        }
        return Ok(());
    }
    entries.retain(|entry| look.all || is_file || !entry.entry().file_name().as_bytes().starts_with(b"."));
    let is_colored =
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let now = Timestamp::now();
    let rows = rows(&entries, look, now, &TimeZone::system());
    let names = entries.iter().map(|entry| name(&entry.entry(), look, is_colored));
    print(rows.into_iter().zip(names).map(|(row, name)| [row.into_bytes(), name].concat()))
}

/// Returns the entry of something other than a directory, from the listing of its parent directory.
fn in_parent(session: &mut Session, path: &[u8]) -> Option<OwnedEntry> {
    let (parent, name) = match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) => (&b"/"[..], &path[1..]),
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&b""[..], path),
    };
    let listed = session.client.list(parent, &session.limits()).ok()?;
    let is_it = |entry: &OwnedEntry| {
        let entry = entry.entry();
        entry.file_name().as_bytes() == name && !entry.kind.is_directory()
    };
    listed.entries.into_iter().find(is_it)
}

/// Sorts entries, which are in the order of their names, in the order asked for.
fn sort(entries: &mut [OwnedEntry], look: Look) {
    if look.time {
        // A time that is not known is the oldest.
        entries.sort_by_key(|entry| Reverse(entry.entry().modified.map(|modified| modified.to_unix(0))));
    } else if look.size {
        entries.sort_by_key(|entry| Reverse(entry.entry().size));
    }
    if look.reverse {
        entries.reverse();
    }
}

/// Returns the columns before the names, aligned.
fn rows(entries: &[OwnedEntry], look: Look, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    if look.one {
        return vec![String::new(); entries.len()];
    }
    let cells: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let entry = entry.entry();
            let text = |text: Option<ftp_proto::codec::Text<'_>>| {
                text.map_or_else(|| "-".into(), |text| Escaped(text.as_bytes()).to_string())
            };
            let number = |number: Option<u64>| number.map_or_else(|| "-".into(), |it| it.to_string());
            let size =
                if look.human { entry.size.map_or_else(|| "-".into(), human) } else { number(entry.size) };
            let date = entry.modified.map_or_else(|| "-".into(), |modified| date(&modified, now, zone));
            let mut cells = vec![mode(&entry)];
            if look.long {
                cells.extend([number(entry.links), text(entry.owner), text(entry.group)]);
            }
            cells.extend([size, date]);
            cells
        })
        .collect();
    let columns = cells.first().map_or(0, Vec::len);
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    // Numbers are aligned on their right.
    let is_number = |column: usize| column + 2 == columns || look.long && column == 1;
    let line = |row: &Vec<String>| {
        let padded = row.iter().enumerate().map(|(column, cell)| match is_number(column) {
            true => format!("{cell:>width$} ", width = widths[column]),
            false => format!("{cell:<width$} ", width = widths[column]),
        });
        padded.collect()
    };
    cells.iter().map(line).collect()
}

/// Formats the last column, perhaps in colour.
fn name(entry: &Entry<'_>, look: Look, is_colored: bool) -> Vec<u8> {
    let color = match entry.kind {
        kind if kind.is_directory() => "1;34",
        Kind::Link { .. } => "1;36",
        Kind::Pipe | Kind::Socket | Kind::BlockDevice(_) | Kind::CharacterDevice(_) => "33",
        Kind::File if entry.mode.is_some_and(|mode| mode & 0o111 != 0) => "1;32",
        _ => "",
    };
    let mut line = name_of(entry.file_name().as_bytes());
    if is_colored && !color.is_empty() {
        line = [format!("\x1b[{color}m").as_bytes(), &line, b"\x1b[0m"].concat();
    }
    if let (Kind::Link { target: Some(target) }, false) = (entry.kind, look.one) {
        line.extend_from_slice(b" -> ");
        line.extend_from_slice(&name_of(target.as_bytes()));
    }
    line
}

/// Formats a date as `ls` does: with the time if it is within half a year, and else with the year.
/// A time whose zone is known is shown in `zone`, any other as the server shows it.
fn date(modified: &Modified, now: Timestamp, zone: &TimeZone) -> String {
    let (seconds, _) = modified.to_unix(0);
    let Ok(moment) = Timestamp::from_second(seconds) else { return "-".into() };
    let zone = if modified.zone().is_some() { zone.clone() } else { TimeZone::UTC };
    let shown: civil::DateTime = match modified.precision() {
        Precision::Day => TimeZone::UTC.to_datetime(moment),
        _ => zone.to_datetime(moment),
    };
    let age = now.duration_since(moment);
    let half_a_year = SignedDuration::from_hours(24 * 365 / 2);
    let is_recent = age > -SignedDuration::from_hours(24) && age < half_a_year;
    let format = match modified.precision() > Precision::Day && is_recent {
        true => "%b %e %H:%M",
        false => "%b %e  %Y",
    };
    shown.strftime(format).to_string()
}

/// Formats a size in at most four characters, rounded up: `999`, `1.2K`, `34M`.
fn human(size: u64) -> String {
    let mut unit = 1u64;
    for letter in ["", "K", "M", "G", "T", "P", "E"] {
        let tenths = (u128::from(size) * 10).div_ceil(unit.into());
        let whole = size.div_ceil(unit);
        match letter {
            "" if whole < 1024 => return whole.to_string(),
            "" => {}
            _ if tenths < 100 => return format!("{}.{}{letter}", tenths / 10, tenths % 10),
            _ if whole < 1024 || letter == "E" => return format!("{whole}{letter}"),
            _ => {}
        }
        unit = unit.saturating_mul(1024);
    }
    size.to_string()
}

/// Returns the fields of an entry, as far as they are known.
fn fields(entry: &Entry<'_>) -> serde_json::Value {
    let text = |text: ftp_proto::codec::Text<'_>| String::from_utf8_lossy(text.as_bytes()).into_owned();
    let target = match entry.kind {
        Kind::Link { target } => target.map(text),
        _ => None,
    };
    let mut fields = json!({
        "name": text(entry.file_name()),
        "kind": describe(&entry.kind).1,
        "size": entry.size,
        "modified": entry.modified.map(|modified| modified.to_string()),
        "mode": entry.mode.map(|mode| format!("{mode:04o}")),
        "owner": entry.owner.map(text),
        "group": entry.group.map(text),
        "target": target,
    });
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    fields
}

#[cfg(test)]
mod tests {
    use ftp_proto::listing::{Clock, Format};

    use super::*;

    fn listed(line: &str) -> OwnedEntry {
        Format::Mlsd.parse_line(line.as_bytes(), &Clock::UNKNOWN).unwrap().unwrap().to_owned()
    }

    #[test]
    fn columns_are_aligned_and_dates_are_those_of_ls() {
        let entries = [
            listed("type=dir;modify=20261101120000;UNIX.mode=0755; docs"),
            listed("type=file;size=1234567;modify=20200102030405;UNIX.mode=0644;UNIX.owner=me; big"),
            listed("type=file;size=5; small"),
        ];
        let now = "2026-11-27T00:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(
            rows(&entries, Look::default(), now, &zone),
            [
                "drwxr-xr-x       - Nov  1 14:00 ",
                "-rw-r--r-- 1234567 Jan  2  2020 ",
                "-                5 -            "
            ]
        );
        let look = Look { human: true, long: true, ..Look::default() };
        assert_eq!(rows(&entries, look, now, &zone)[1], "-rw-r--r-- - me - 1.2M Jan  2  2020 ");
        assert_eq!(rows(&entries, Look { one: true, ..Look::default() }, now, &zone), [""; 3]);
    }

    #[test]
    fn a_size_for_people_has_at_most_four_characters() {
        for (size, expected) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_137, "9.9K"),
            (10_138, "10K"),
            (1_048_576, "1.0M"),
            (1_048_577, "1.1M"),
            (1_047_553, "1.0M"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(human(size), expected, "{size}");
        }
    }

    #[test]
    fn entries_are_sorted_as_asked() {
        let mut entries: Vec<_> =
            ["size=2;modify=20200101000000; a", "size=3;modify=20210101000000; b", "size=1; c"]
                .map(|line| listed(&format!("type=file;{line}")))
                .into();
        let mut order = |look: Look| {
            entries.sort_by_key(|entry| entry.entry().name.as_bytes().to_vec());
            sort(&mut entries, look);
            entries.iter().map(|entry| entry.entry().name.as_bytes()[0] as char).collect::<String>()
        };
        assert_eq!(order(Look::default()), "abc");
        assert_eq!(order(Look { reverse: true, ..Look::default() }), "cba");
        assert_eq!(order(Look { time: true, ..Look::default() }), "bac");
        assert_eq!(order(Look { size: true, ..Look::default() }), "bac");
        assert_eq!(order(Look { size: true, reverse: true, ..Look::default() }), "cab");
    }
}
