//! Format of `dir`, which servers on Windows, especially IIS, send unless they imitate Unix.
//!
//! ```text
//! line = [ SP ] date SP time [ SP ] [ "AM" / "PM" ] SP ( size SP name / tag pad name [ link ] )
//! link = " [" target "]" / " => " target
//! tag  = "<DIR>" / "<JUNCTION>" / "<SYMLINK>" / "<SYMLINKD>"
//! pad  = spaces that make tag and pad 15 bytes long, or as many as there are if fewer
//! date = see short_date.rs
//! ```
//! SP is any number of spaces, but exactly one after a size. Only links show a target, and only on
//! some servers.

use super::context::Context;
use super::cursor::Cursor;
use super::date::Dated;
use super::{Entry, Format, Inferred, Kind, Line, Precision, short_date, size};
use crate::codec::{Invalid, Text, Timestamp, scan, slices};

const EXPECTED: Invalid = Invalid::new("a line of dir");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above, or its name is impossible.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if let Some((dated, rest)) = usual(line, context) {
        return entry(line, Cursor::new(rest), dated, true);
    }
    let mut cursor = Cursor::new(line);
    cursor.blanks();
    let date = short_date::numbers(&mut cursor, short_date::AMERICAN, context.dates, &context.clock);
    let Some((date, known)) = date else {
        return if is_noise(line) { Ok(Line::Noise) } else { Err(EXPECTED) };
    };
    let time = cursor.gap().and_then(|()| short_date::time(&mut cursor)).ok_or(EXPECTED)?;
    let dated = context.clock.on_numbers(date, time);
    let so_far = line.strip_suffix(cursor.rest).unwrap_or_default();
    let of_iis = matches!(so_far, [.., b'0'..=b'9', b'A' | b'P', b'M']);
    let entry = entry(line, cursor, dated, of_iis)?;
    context.dates = known;
    Ok(entry)
}

/// Reads `12-05-96  05:03PM` at the fixed positions of IIS, once an earlier date has shown that the
/// month comes first.
#[inline]
fn usual<'a>(line: &'a [u8], context: &Context) -> Option<(Dated, &'a [u8])> {
    let Some((&[a, b, b'-', c, d, b'-', e, f, b' ', b' ', g, h, b':', i, j, half, b'M'], rest)) =
        line.split_first_chunk().filter(|_| context.dates.is_american())
    else {
        return None;
    };
    let [month, _, day, _, year, _, hour, _] = scan::pairs([a, b, c, d, e, f, g, h])?;
    let year = short_date::near_year(year, &context.clock)?;
    let noon = match (half, hour) {
        (b'A', 1..=12) => 0,
        (b'P', 1..=12) => 12,
        _ => return None,
    };
    let shown = Timestamp::new(year, month, day, hour % 12 + noon, scan::pair([i, j])?, 0).ok()?;
    let dated = Dated::Told(context.clock.modified(shown, Precision::Minute));
    Some((dated.with(Inferred::CENTURY), rest))
}

/// Smallest gap in front of a word that shows the word to be in the column of sizes.
const SIZE_PADDING: usize = 4;
/// Largest gap between the time and `<DIR>` in layouts where the tag has 15 columns to itself.
const TAG_GAP: usize = 7;

/// Parses what follows the date and the time in `line`. Only IIS is known to put names in a fixed
/// column; in other layouts, the blanks in front of them are padding.
fn entry<'a>(
    line: &'a [u8],
    mut cursor: Cursor<'a>,
    dated: Dated,
    of_iis: bool,
) -> Result<Line<'a>, Invalid> {
    let before = cursor.rest.len();
    cursor.gap().ok_or(EXPECTED)?;
    let gap = before - cursor.rest.len();
    let word = cursor.word();
    let tagged = word.first() == Some(&b'<');
    let tag = if tagged { TAGS.iter().find(|row| row.0.as_bytes() == word) } else { None };
    let (kind, size) = match tag {
        Some(&(tag, kind)) => {
            cursor.pad(15 - tag.len()).ok_or(EXPECTED)?;
            (kind, None)
        }
        None => {
            let size = size::grouped(word);
            if size.is_none() && !stands_for_a_size(word, gap) {
                return Err(EXPECTED);
            }
            cursor.eat(b' ').ok_or(EXPECTED)?;
            (Kind::File, Some(size))
        }
    };
    if !of_iis || tagged && gap > TAG_GAP {
        cursor.blanks();
    }
    let (name, kind) = match (kind, cursor.rest) {
        (Kind::Directory, name) => (name, Kind::directory(name)),
        (Kind::Link { .. }, rest) => link(rest).ok_or(EXPECTED)?,
        (kind, name) => (name, kind),
    };
    let mut entry = Entry::named(name, kind).ok_or(EXPECTED)?;
    if let Some(size) = size {
        entry.set_size(size);
    }
    entry.set_modified(dated);
    Ok(Line::Entry(entry.read_from(Format::Dos, line)))
}

/// Returns whether `word`, which is not a size, is in the column of sizes.
#[cold]
fn stands_for_a_size(word: &[u8], gap: usize) -> bool {
    size::is_out_of_range(word) || gap >= SIZE_PADDING && !matches!(word, [] | [b'<', ..])
}

/// Tags that are shown instead of a size.
const TAGS: [(&str, Kind<'static>); 4] = [
    ("<DIR>", Kind::Directory),
    ("<JUNCTION>", Kind::Link { target: None }),
    ("<SYMLINKD>", Kind::Link { target: None }),
    ("<SYMLINK>", Kind::Link { target: None }),
];

/// Splits `name [target]` or `name => target`. Returns a text without a target as the name.
fn link(text: &[u8]) -> Option<(&[u8], Kind<'_>)> {
    let split = match text.strip_suffix(b"]") {
        Some(inner) => {
            slices::find(inner, b" [").and_then(|at| Some((inner.get(..at)?, inner.get(at + 2..)?)))
        }
        None => slices::find(text, b" => ").and_then(|at| Some((text.get(..at)?, text.get(at + 4..)?))),
    };
    match split {
        Some((name, target)) if !target.is_empty() => {
            Some((name, Kind::Link { target: Some(Text::new(target).ok()?) }))
        }
        _ => Some((text, Kind::Link { target: None })),
    }
}

/// Returns whether the line is blank, or is a line that `dir` prints above or below the entries.
fn is_noise(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let counted = || {
        let mut cursor = Cursor::new(line);
        let count = size::grouped(cursor.word()).is_some();
        cursor.blanks();
        count && COUNTED.iter().any(|text| cursor.rest.starts_with(text.as_bytes()))
    };
    line.is_empty() || HEADERS.iter().any(|text| line.starts_with(text.as_bytes())) || counted()
}

const HEADERS: [&str; 3] = ["Volume in drive ", "Volume Serial Number is ", "Directory of "];
const COUNTED: [&str; 4] = ["File(s) ", "Dir(s) ", "file(s) ", "dir(s) "];
