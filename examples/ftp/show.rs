//! The output of `ls` and `info`.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use ftp_proto::client::Profile;
use ftp_proto::codec::{Escaped, Text};
use ftp_proto::listing::{Entry, Kind, Modified, OwnedEntry, Precision};

use crate::failure::{Failure, Shown};
use crate::session::Session;

/// Prints the names in a directory, one on each line.
pub fn names(session: &mut Session, directory: &[u8]) -> Result<(), Failure> {
    let mut names = Vec::new();
    let limits = session.manner.limits.of_listings();
    let listed = session.client.names(directory, &limits).map_err(Failure::remote(directory))?;
    for entry in session.sorted(listed)? {
        names.push(entry.entry().file_name().as_bytes().to_vec());
    }
    // Many servers, including some with MLSD, answer NLST of a missing directory with an empty
    // list.
    if names.is_empty() && !session.client.profile().contains(Profile::NO_MLSD) {
        session.visit(directory)?;
    }
    names.sort();
    print(names.iter().map(|name| name_of(name)))
}

/// Prints the entries of a directory, or the one of a file: kind and mode, size in bytes, time of
/// the last change, and name. The time is UTC if followed by a Z, otherwise in the server's zone,
/// which the server does not report.
pub fn entries(session: &mut Session, directory: &[u8]) -> Result<(), Failure> {
    let entries = match session.entries(directory) {
        // MLSD accepts only directories. A path that it refuses may be something else, with a
        // single entry. A listing that was interrupted does not mean that.
        Err(failure) if !directory.is_empty() && failure.is_refusal() => {
            match session.client.facts(directory) {
                Ok(entry) if !entry.entry().kind.is_directory() => vec![entry],
                _ => vec![in_parent(session, directory).ok_or(failure)?],
            }
        }
        entries => entries?,
    };
    print(entries.iter().map(|entry| {
        let entry = entry.entry();
        let size = entry.size.map_or_else(|| "-".into(), |size| size.to_string());
        let modified = entry.modified.map_or_else(|| "-".into(), |modified| modified.to_string());
        let mut line = format!("{} {size:>12} {modified:<20} ", mode(&entry)).into_bytes();
        line.extend_from_slice(&name_of(entry.file_name().as_bytes()));
        if let Kind::Link { target: Some(target) } = entry.kind {
            line.extend_from_slice(b" -> ");
            line.extend_from_slice(&name_of(target.as_bytes()));
        }
        line
    }))
}

/// Returns the entry of something other than a directory, from the listing of its parent directory.
fn in_parent(session: &mut Session, path: &[u8]) -> Option<OwnedEntry> {
    let (parent, name) = match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) => (&b"/"[..], &path[1..]),
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&b""[..], path),
    };
    let listed = session.client.list(parent, &session.manner.limits.of_listings()).ok()?;
    let is_it = |entry: &OwnedEntry| {
        let entry = entry.entry();
        entry.file_name().as_bytes() == name && !entry.kind.is_directory()
    };
    listed.entries.into_iter().find(is_it)
}

/// Prints what the server reports about `path`, and about itself if that is the login directory.
pub fn info(session: &mut Session, path: &[u8]) -> Result<(), Failure> {
    let mut lines = match session.client.facts(path) {
        Ok(entry) => facts(&entry.entry()),
        // Perhaps the server does not support MLST. The older commands may answer.
        Err(error) if !error.is_fatal() => match older_facts(session, path) {
            Some(lines) => lines,
            None => return Err(Failure::remote(path)(error)),
        },
        Err(error) => return Err(Failure::remote(path)(error)),
    };
    if path.is_empty() {
        if let Ok(system) = session.client.system() {
            lines.push(("system", Escaped(&system).to_string()));
        }
        if let Ok(features) = session.client.features() {
            lines.push(("features", words(features.iter_names().map(|(name, _)| name))));
        }
    }
    print(lines.iter().map(|(what, is)| format!("{what:<12} {is}").into_bytes()))
}

/// Returns the facts from a line of a listing or from MLST, in words.
fn facts(entry: &Entry<'_>) -> Vec<(&'static str, String)> {
    let kind = match entry.kind {
        Kind::Link { target: Some(target) } => format!("link to {}", Escaped(target.as_bytes())),
        Kind::Other(kind) => Escaped(kind.as_bytes()).to_string(),
        kind => describe(&kind).1.into(),
    };
    let text = |text: Text<'_>| Escaped(text.as_bytes()).to_string();
    let rows = [
        ("name", Some(text(entry.name))),
        ("kind", Some(kind)),
        ("size", entry.size.map(|size| size.to_string())),
        ("modified", entry.modified.map(|modified| modified.to_string())),
        ("mode", entry.mode.map(|_| mode(entry))),
        ("owner", entry.owner.map(text)),
        ("group", entry.group.map(text)),
        ("you may", entry.permissions.map(|may| words(may.iter_names().map(|(name, _)| name)))),
        ("unique", entry.unique.map(text)),
    ];
    rows.into_iter().filter_map(|(what, is)| Some((what, is?))).collect()
}

/// Joins names in lower case: `MAKE_DIRECTORY` and `LIST` become "make directory, list".
fn words<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| name.to_lowercase().replace('_', " ")).collect::<Vec<_>>().join(", ")
}

/// Returns the facts from SIZE, MDTM and CWD, or `None` if it is neither a file nor a directory to
/// them.
fn older_facts(session: &mut Session, path: &[u8]) -> Option<Vec<(&'static str, String)>> {
    let mut lines = vec![("name", Shown(path).to_string())];
    if path.is_empty() {
        // The older commands do not accept an empty path. Only the location is known.
        let place = session.client.working_directory().ok()?;
        lines.extend([("kind", "directory".into()), ("path", Shown(&place).to_string())]);
        return Some(lines);
    }
    match session.client.size(path) {
        Ok(size) => lines.extend([("kind", "file".into()), ("size", size.to_string())]),
        Err(_) => {
            session.visit(path).ok()?;
            lines.push(("kind", "directory".into()));
        }
    }
    if let Ok(time) = session.client.modification_time(path) {
        lines.push(("modified", Modified::new(time, Precision::Fraction, Some(0)).to_string()));
    }
    Some(lines)
}

/// Returns the letter that `ls` uses for a kind, and the kind's name.
const fn describe(kind: &Kind<'_>) -> (char, &'static str) {
    match kind {
        Kind::File => ('-', "file"),
        Kind::Directory | Kind::CurrentDirectory | Kind::ParentDirectory => ('d', "directory"),
        Kind::Link { .. } => ('l', "link"),
        Kind::BlockDevice(_) => ('b', "block device"),
        Kind::CharacterDevice(_) => ('c', "character device"),
        Kind::Pipe => ('p', "pipe"),
        Kind::Socket => ('s', "socket"),
        _ => ('?', "unknown"),
    }
}

/// Formats `drwxr-xr-x`, or as much of it as is known.
fn mode(entry: &Entry<'_>) -> String {
    let letter = describe(&entry.kind).0;
    let bits = |mode: u16| {
        let bit = |at: u16| if mode >> at & 1 == 1 { ['x', 'w', 'r'][usize::from(at % 3)] } else { '-' };
        (0..9).rev().map(bit).collect::<String>()
    };
    format!("{letter}{:<9}", entry.mode.map_or_else(String::new, bits))
}

/// Returns a name as printed: its bytes for a program that reads them, or escaped for a terminal.
fn name_of(name: &[u8]) -> Vec<u8> {
    match io::stdout().is_terminal() {
        true => Escaped(name).to_string().into_bytes(),
        false => name.to_vec(),
    }
}

fn print(lines: impl Iterator<Item = Vec<u8>>) -> Result<(), Failure> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let print = || {
        for line in lines {
            stdout.write_all(&line)?;
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    };
    print().map_err(Failure::local(Path::new("standard output")))
}
