//! The output of FILEINFO on Guardian, the operating system of HP NonStop.
//!
//! ```text
//! line  = file [ SP "O" ] SP code SP eof SP date SP time SP group "," [ SP ] user
//!         SP DQUOTE 4letter DQUOTE
//! file  = 1*8( letter / DIGIT )
//! O     = the file is open
//! code  = 1*DIGIT [ letter ]                ; type of the file
//! eof   = 1*DIGIT                           ; its size in bytes
//! date  = 1*2DIGIT "-" month "-" 2DIGIT     ; see short_date.rs
//! ```
//! SP is any number of spaces. The four letters show who may read, write, execute and purge the
//! file.

use super::context::Context;
use super::cursor::Cursor;
use super::date::Time;
use super::{Entry, Format, Kind, Line, short_date, size};
use crate::codec::Invalid;

const EXPECTED: Invalid = Invalid::new("a line of NonStop Guardian");

/// Parses one line, without its line end.
///
/// # Errors
/// Fails when the line does not have the shape above.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Result<Line<'a>, Invalid> {
    if is_noise(line) {
        return Ok(Line::Noise);
    }
    let entry = entry(Cursor::new(line), context).ok_or(EXPECTED)?;
    Ok(Line::Entry(entry.read_from(Format::Guardian, line)))
}

fn entry<'a>(mut cursor: Cursor<'a>, context: &Context) -> Option<Entry<'a>> {
    cursor.blanks();
    let file = cursor.word();
    if !(1..=8).contains(&file.len()) || !file.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    cursor.gap()?;
    let _ = cursor.skip_word(|word| word == b"O");
    let code = match cursor.word() {
        [code @ .., letter] if letter.is_ascii_alphabetic() => code,
        code => code,
    };
    size::number::<u64>(code)?;
    cursor.gap()?;
    let size = size::number(cursor.word());
    cursor.gap()?;
    let date = short_date::named(&mut cursor, &context.clock)?;
    cursor.gap()?;
    let time = Time::read(&mut cursor)?;
    cursor.gap()?;
    let group = cursor.until(b',')?;
    cursor.eat(b',')?;
    cursor.blanks();
    let user = cursor.word();
    let is_owner = |word: &[u8]| word.len() <= 4 && size::number::<u16>(word).is_some();
    if !is_owner(group) || !is_owner(user) {
        return None;
    }
    cursor.gap()?;
    match cursor.rest.trim_ascii_end() {
        [b'"', security @ .., b'"'] if security.len() == 4 && security.is_ascii() => {}
        _ => return None,
    }

    let mut entry = Entry::named(file, Kind::File)?;
    entry.set_size(size);
    entry.set_modified(context.clock.on_numbers(Some(date), time));
    entry.set_owner(user);
    entry.set_group(group);
    Some(entry)
}

/// Returns whether the line is blank, names the listed volume, or is the header of the columns.
fn is_noise(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    match words.next() {
        None => true,
        Some(b"File") => words.next() == Some(b"Code") && words.next() == Some(b"EOF"),
        Some([b'$', volume @ ..]) => {
            let name = volume.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.');
            name && words.next().is_none()
        }
        Some(_) => false,
    }
}
