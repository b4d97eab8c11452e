//! Explains a dialogue line by line, and marks what is wrong in it.
//!
//! Each connection in a log has a [`Session`], which holds the replies against the commands that
//! they answer. Marks may be put on earlier lines: that a reply is missing shows only later.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::secrets;
use super::session::Session;
use super::style::{Origin, Style, address_in};
use super::text::wrapped;

/// The most lines that are explained.
const MOST_LINES: usize = 200_000;
/// The most connections that are told apart in one log.
const MOST_CONNECTIONS: usize = 1_000;

/// A line of a log, with what there is to say about it.
pub struct Entry {
    pub number: usize,
    pub origin: Origin,
    /// The line as it may be shown.
    pub shown: String,
    pub notes: Vec<String>,
    /// The mistakes in the line.
    pub marks: Vec<String>,
}

/// A log with its explanation.
pub struct Dialogue {
    pub style: Style,
    pub entries: Vec<Entry>,
    /// `true` if the log was too long and its end is missing.
    pub is_cut: bool,
}

impl Dialogue {
    /// Reads a log. `server` is the server's address, if it is known from elsewhere.
    pub fn read(log: &[u8], server: Option<IpAddr>) -> Self {
        let style = Style::of(log);
        let mut sessions: BTreeMap<Option<u32>, Session> = BTreeMap::new();
        let mut entries: Vec<Entry> = Vec::new();
        let mut lines = log.split(|byte| *byte == b'\n').enumerate();
        for (at, line) in lines.by_ref().take(MOST_LINES) {
            // Where a terminal overwrote a line, its last version counts.
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = line.rsplit(|byte| *byte == b'\r').next().unwrap_or_default();
            if line.trim_ascii().is_empty() {
                continue;
            }
            let connection = style.split(line, None).connection;
            let key = if sessions.len() < MOST_CONNECTIONS { connection } else { None };
            let session = sessions.entry(key).or_insert_with(|| Session::new(server));
            let split = style.split(line, session.within());
            let shown = match split.origin {
                Origin::Client | Origin::Server => secrets::shown(split.text),
                Origin::Program | Origin::Elsewhere => secrets::shown_from_elsewhere(split.text),
            };
            let (notes, marks) = (Vec::new(), Vec::new());
            entries.push(Entry { number: at + 1, origin: split.origin, shown, notes, marks });
            match split.origin {
                Origin::Client => session.command(split.text, &mut entries),
                Origin::Server => session.reply(split.text, style, &mut entries),
                Origin::Program | Origin::Elsewhere => {
                    if let Some(address) = address_in(split.text) {
                        session.connects_to(address);
                    }
                }
            }
        }
        let is_cut = lines.next().is_some();
        // A single line is a question about that line, and no log that ends too early.
        let said = |entry: &&Entry| matches!(entry.origin, Origin::Client | Origin::Server);
        if entries.iter().filter(said).nth(1).is_some() {
            for session in sessions.into_values() {
                session.end(&mut entries);
            }
        }
        Self { style, entries, is_cut }
    }

    /// Returns whether any line is of a dialogue.
    pub fn has_any(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.origin, Origin::Client | Origin::Server))
    }

    /// Returns the number of marks.
    pub fn marks(&self) -> usize {
        self.entries.iter().map(|entry| entry.marks.len()).sum()
    }

    /// Writes the lines with their explanations, or only those that something is wrong with.
    pub fn write(&self, only_marked: bool, out: &mut impl fmt::Write) -> fmt::Result {
        writeln!(out, "style of the log: {}", self.style.name())?;
        for entry in self.entries.iter().filter(|entry| !only_marked || !entry.marks.is_empty()) {
            entry.write(out)?;
        }
        if self.is_cut {
            writeln!(out, "the log has more than {MOST_LINES} lines: the others were not read")?;
        }
        let elsewhere = self.entries.iter().filter(|entry| entry.origin == Origin::Elsewhere).count();
        match elsewhere {
            0 => {}
            1 => writeln!(out, "1 line is not FTP")?,
            lines => writeln!(out, "{lines} lines are not FTP")?,
        }
        match self.marks() {
            0 => writeln!(out, "nothing is wrong"),
            1 => writeln!(out, "1 thing is wrong, marked with !"),
            marks => writeln!(out, "{marks} things are wrong, marked with !"),
        }
    }
}

impl Entry {
    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let origin = match self.origin {
            Origin::Client => "C:",
            Origin::Server => "S:",
            Origin::Program => "--",
            Origin::Elsewhere => "??",
        };
        writeln!(out, "{:5} {origin} {}", self.number, self.shown)?;
        if self.origin == Origin::Elsewhere {
            writeln!(out, "           not FTP")?;
        }
        for note in &self.notes {
            wrapped(out, "           ", 11, note)?;
        }
        for mark in &self.marks {
            wrapped(out, "         ! ", 11, mark)?;
        }
        Ok(())
    }
}
