//! The output of `info` and `ls --names`.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use ftp_proto::client::Profile;
use ftp_proto::codec::{Escaped, Text};
use ftp_proto::listing::{Entry, Kind, Modified, Precision};
use serde_json::json;

use crate::failure::{Failure, Shown};
use crate::session::Session;
use crate::url::join;

/// Prints the names in a directory, one on each line.
pub fn names(session: &mut Session, directory: &[u8]) -> Result<(), Failure> {
    let mut names = Vec::new();
    let limits = session.limits();
    let listed = session
        .persist(|session| session.client.names(directory, &limits).map_err(Failure::remote(directory)))?;
    for entry in session.sorted(listed)? {
        names.push(entry.entry().file_name().as_bytes().to_vec());
    }
    // Many servers, including some with MLSD, answer NLST of a missing directory with an empty
    // list.
    if names.is_empty() && !session.client.profile().contains(Profile::NO_MLSD) {
        session.visit(directory)?;
    }
    names.sort();
    let report = &session.shared.report;
    if report.voice.json {
        names.iter().for_each(|name| report.event("entry", &join(directory, name), json!({})));
        return Ok(());
    }
    print(names.iter().map(|name| name_of(name)))
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
    let report = &session.shared.report;
    if report.voice.json {
        let fields = lines.into_iter().map(|(what, is)| (what.replace(' ', "_"), is.into())).collect();
        report.event("info", path, serde_json::Value::Object(fields));
        return Ok(());
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
pub const fn describe(kind: &Kind<'_>) -> (char, &'static str) {
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
pub fn mode(entry: &Entry<'_>) -> String {
    let letter = describe(&entry.kind).0;
    let bits = |mode: u16| {
        let bit = |at: u16| if mode >> at & 1 == 1 { ['x', 'w', 'r'][usize::from(at % 3)] } else { '-' };
        (0..9).rev().map(bit).collect::<String>()
    };
    format!("{letter}{:<9}", entry.mode.map_or_else(String::new, bits))
}

/// Returns a name as printed: its bytes for a program that reads them, or escaped for a terminal.
pub fn name_of(name: &[u8]) -> Vec<u8> {
    match io::stdout().is_terminal() {
        true => Escaped(name).to_string().into_bytes(),
        false => name.to_vec(),
    }
}

pub fn print(lines: impl Iterator<Item = Vec<u8>>) -> Result<(), Failure> {
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
