//! Listings of z/OS and its predecessors: data sets, members of partitioned data sets, load
//! modules, and jobs (z/OS Communications Server, IP User's Guide and Commands, LIST).
//!
//! ```text
//! dataset = volume SP unit SP referred SP extents [ SP used ] SP recfm SP lrecl SP blksz SP dsorg
//!           SP name
//!         / volume SP unit SP "VSAM" SP name
//!         / volume SP "Tape" SP name
//!         / "Migrated" SP name
//!         / "ARCIVE Not Direct Access Device" SP name
//!         / "Pseudo Directory" SP name
//! member  = name [ SP version "." level SP created SP changed SP time SP lines SP initial
//!           SP modified SP id ]
//! module  = name SP size SP ttr *( SP attribute )          ; both hexadecimal
//! job     = name SP jobid SP [ owner SP ] status *( SP any )
//! ```
//! SP is any number of spaces, even at the start of a line. Lines without enough features of their
//! own are accepted only under the matching header, which names the columns.
//!
//! No size of a data set or a member is in bytes, and `referred` is the date when a data set was
//! last read, so neither appears in the entry. The name of the entry of a job is the job's
//! identifier, which RETR takes.

use super::context::{Context, Header};
use super::cursor::Cursor;
use super::date::{Numbers, Time};
use super::short_date::Known;
use super::{DateOrder, Entry, Format, Kind, Line, short_date, size};
use crate::codec::{Invalid, Text};

const EXPECTED: Invalid = Invalid::new("a line of MVS");

/// Column names of the headers, as many as are needed to identify each header.
const HEADERS: [(Header, &[&str]); 4] = [
    (Header::DataSets, &["Volume", "Unit", "Referred"]),
    (Header::Members, &["Name", "VV.MM", "Created"]),
    (Header::Modules, &["Name", "Size", "TTR"]),
    (Header::Jobs, &["JOBNAME", "JOBID", "OWNER"]),
];

/// The greatest number of words on a line. Only a data set whose name had spaces could have more.
const MOST_WORDS: usize = 16;
type Words<'a> = arrayvec::ArrayVec<&'a [u8], MOST_WORDS>;

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    let mut words = Words::new();
    for word in line.split(|&byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()) {
        words.try_push(word).map_err(|_| EXPECTED)?;
    }
    if words.is_empty() {
        return Ok(Line::Noise);
    }
    let is =
        |names: &[&str]| names.iter().zip(&words).filter(|(name, word)| name.as_bytes() == **word).count();
    if let Some((header, _)) = HEADERS.iter().find(|(_, names)| is(names) == names.len()) {
        context.header = Some(*header);
        return Ok(Line::Noise);
    }
    let entry = match context.header {
        Some(Header::DataSets) => data_set(&words).or_else(|| unlike(&words)),
        Some(Header::Members) => member(&words, context).or_else(|| bare_member(&words)),
        Some(Header::Modules) => module(&words),
        Some(Header::Jobs) => job(&words, 3),
        None => data_set(&words).or_else(|| member(&words, context)).or_else(|| job(&words, 2)),
    };
    Ok(Line::Entry(entry.ok_or(EXPECTED)?.read_from(Format::Mvs, line)))
}

/// Parses a data set on a disk, with all its columns.
fn data_set<'a>(words: &[&'a [u8]]) -> Option<Entry<'a>> {
    let [volume, unit, referred, extents, rest @ ..] = words else { return None };
    // If no blank is left between the extents and the used space, the two run together as one word.
    let (format, length, block, organization, name) = match rest {
        [used, format, length, block, organization, name] => {
            is_count(used).then_some(())?;
            (format, length, block, organization, name)
        }
        [format, length, block, organization, name] => (format, length, block, organization, name),
        _ => return None,
    };
    let read = *referred == b"**NONE**" || {
        let mut cursor = Cursor::new(referred);
        cursor.digits(4, 4).is_some()
            && cursor.eat(b'/').is_some()
            && cursor.digits(2, 2).is_some()
            && cursor.eat(b'/').is_some()
            && cursor.digits(2, 2).is_some()
            && cursor.rest.is_empty()
    };
    let letters = |word: &[u8]| {
        !word.is_empty() && word.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'?'))
    };
    let shape = read
        && is_volume(volume)
        && is_unit(unit)
        && letters(format)
        && letters(organization)
        && [extents, length, block].iter().all(|word| is_count(word));
    if !shape {
        return None;
    }
    let kind = match *organization {
        b"PS" => Kind::File,
        b"PO" | b"PO-E" => Kind::Directory,
        other => Kind::Other(Text::new(other).ok()?),
    };
    Entry::named(name, kind)
}

/// Parses a data set that is not on a disk, or that is of an uncommon kind.
fn unlike<'a>(words: &[&'a [u8]]) -> Option<Entry<'a>> {
    let (what, name): (&[u8], _) = match words {
        [b"Migrated", name] => (b"Migrated", name),
        [b"ARCIVE", b"Not", b"Direct", b"Access", b"Device", name] => (b"ARCIVE", name),
        [b"Pseudo", b"Directory", name] => return Entry::named(name, Kind::Directory),
        [volume, b"Tape", name] if is_volume(volume) => (b"Tape", name),
        [volume, unit, b"VSAM", name] if is_volume(volume) && is_unit(unit) => (b"VSAM", name),
        _ => return None,
    };
    Entry::named(name, Kind::Other(Text::new(what).ok()?))
}

/// Parses a member with ISPF statistics, which give its size in lines.
fn member<'a>(words: &[&'a [u8]], context: &Context) -> Option<Entry<'a>> {
    let [name, version, created, changed, time, lines, initial, modified, id] = words else { return None };
    let (version, level) = version.split_at_checked(2)?;
    let numbers = [version, level.strip_prefix(b".")?, lines, initial, modified];
    if !is_member(name) || !numbers.iter().all(|word| size::number::<u32>(word).is_some()) {
        return None;
    }
    let date = |word: &[u8]| {
        let mut cursor = Cursor::new(word);
        // The year always comes first.
        let clock = context.clock.with_date_order(DateOrder::YearMonthDay);
        let (date, _) = short_date::numbers(&mut cursor, short_date::OF_THE_JOB, Known::NEW, &clock)?;
        cursor.rest.is_empty().then_some(date)
    };
    date(created)?;
    let changed = date(changed)?;
    let mut cursor = Cursor::new(time);
    let time = Time::read(&mut cursor).filter(|_| cursor.rest.is_empty())?;

    let mut entry = Entry::named(name, Kind::File)?;
    entry.set_modified(context.clock.on_numbers(changed.map(Numbers::with_known_order), time));
    entry.set_owner(id);
    Some(entry)
}

/// Parses a member without statistics.
fn bare_member<'a>(words: &[&'a [u8]]) -> Option<Entry<'a>> {
    match words {
        [name] if is_member(name) => Entry::named(name, Kind::File),
        _ => None,
    }
}

/// Parses a load module.
fn module<'a>(words: &[&'a [u8]]) -> Option<Entry<'a>> {
    let [name, size, ttr, rest @ ..] = words else { return None };
    if !is_member(name) || !(6..=8).contains(&size.len()) || ttr.len() != 6 || rest.is_empty() {
        return None;
    }
    size::hexadecimal(ttr)?;
    let mut entry = Entry::named(name, Kind::File)?;
    entry.set_size(size::hexadecimal(size));
    Some(entry)
}

/// Parses a job whose status is the word at index `status`.
fn job<'a>(words: &[&'a [u8]], status: usize) -> Option<Entry<'a>> {
    let [name, identifier, ..] = words else { return None };
    let (class, number) = identifier.split_first_chunk::<3>()?;
    let numbered = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    // The form J0012345 is used where there are more jobs than five digits can count.
    let classed = matches!(class, b"JOB" | b"STC" | b"TSU")
        || matches!(class, [b'J' | b'S' | b'T', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    if !is_member(name) || !numbered || !classed || !STATUS.contains(words.get(status)?) {
        return None;
    }
    let mut entry = Entry::named(identifier, Kind::File)?;
    if status == 3 {
        entry.set_owner(words.get(2)?);
    }
    Some(entry)
}

/// Possible states of a job.
const STATUS: [&[u8]; 5] = [b"INPUT", b"ACTIVE", b"OUTPUT", b"HELD", b"EXEC"];

/// Returns whether `word` is a number, or stands for a number that is unknown (`????`) or too wide
/// for its column (`++++`, `1+++++`).
fn is_count(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let marks = word.get(digits..).unwrap_or_default();
    let alike =
        marks.iter().all(|mark| *mark == b'+') || digits == 0 && marks.iter().all(|mark| *mark == b'?');
    !word.is_empty() && alike
}

fn is_member(name: &[u8]) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'@' | b'#' | b'$');
    name.len() <= 8
        && name.first().is_some_and(|&first| letter(first))
        && name.iter().all(|&byte| letter(byte) || byte.is_ascii_digit() || byte == b'{')
}

fn is_volume(word: &[u8]) -> bool {
    let mark = |byte: &u8| matches!(byte, b'@' | b'#' | b'$' | b'-' | b'&');
    word.len() <= 6 && word.iter().all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}

fn is_unit(word: &[u8]) -> bool {
    word.len() == 4 && word.iter().all(u8::is_ascii_alphanumeric)
}
