//! Logs: a line for each transfer, and one for each event of a session.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ftp_proto::codec::{Direction, Timestamp};
use ftp_proto::io::{Closed, Happening, SessionEvent, Transferred, XferlogLine};
use ftp_proto::server::TransferOutcome;
use toml::Spanned;

use crate::config::{Log, is_stderr};
use crate::privileges::Identity;
use crate::report::Problem;

/// The open logs.
#[derive(Debug, Default)]
pub struct Logs {
    transfers: Option<Sink>,
    events: Option<Sink>,
}

/// The place of a log.
#[derive(Debug)]
enum Sink {
    Stderr,
    File(PathBuf, File),
}

impl Sink {
    /// Appends a line, by a single call, so that the lines of sessions that end together do not mix.
    fn append(&self, line: &str) {
        let line = format!("{line}\n");
        let (name, written) = match self {
            Self::Stderr => return drop(io::stderr().write_all(line.as_bytes())),
            Self::File(path, file) => (path, (&*file).write_all(line.as_bytes())),
        };
        if let Err(error) = written {
            eprintln!("ftpd: {}: {error}", name.display());
        }
    }
}

impl Logs {
    /// Opens the logs. `owner` gets the files that are created. A file that cannot be opened any
    /// more remains open as it is in `before`, with a warning.
    pub fn open(
        config: &Log,
        verbose: bool,
        owner: Option<&Identity>,
        before: Option<&Self>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut sink = |place: &Option<Spanned<PathBuf>>, before: Option<&Sink>| {
            let place = place.as_ref()?;
            if is_stderr(place.get_ref()) {
                return Some(Sink::Stderr);
            }
            let path = place.get_ref().clone();
            match open(&path, owner) {
                Ok(file) => Some(Sink::File(path, file)),
                Err(error) => {
                    let problem = Problem::new(format!("{}: {error}", path.display())).at(place);
                    let kept = match before {
                        Some(Sink::File(known, file)) if *known == path => file.try_clone().ok(),
                        _ => None,
                    };
                    match kept {
                        Some(file) => {
                            problems.push(problem.warning());
                            Some(Sink::File(path, file))
                        }
                        None => {
                            problems.push(problem);
                            None
                        }
                    }
                }
            }
        };
        let transfers = sink(&config.transfers, before.and_then(|before| before.transfers.as_ref()));
        let events = sink(&config.events, before.and_then(|before| before.events.as_ref()));
        Self { transfers, events: if verbose { Some(Sink::Stderr) } else { events } }
    }

    /// Checks that the logs can be opened, and creates none.
    pub fn check(config: &Log, problems: &mut Vec<Problem>) {
        for place in [&config.transfers, &config.events].into_iter().flatten() {
            let path = place.get_ref();
            let checked = match File::options().append(true).open(path) {
                _ if is_stderr(path) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    path.parent().unwrap_or(Path::new(".")).metadata().map(drop)
                }
                opened => opened.map(drop),
            };
            if let Err(error) = checked {
                problems.push(Problem::new(format!("{}: {error}", path.display())).at(place));
            }
        }
    }

    /// Writes what belongs in the logs of an event.
    pub fn write(&self, event: &SessionEvent<'_>) {
        if let Some(sink) = &self.transfers {
            if let Some(line) = XferlogLine::of(event) {
                sink.append(&line.to_string());
            }
        }
        // A session that has not logged in is reset too, by AUTH.
        let is_nothing = matches!(event.what, Happening::Reset) && event.visitor.user.is_empty();
        if let Some(sink) = self.events.as_ref().filter(|_| !is_nothing) {
            sink.append(&EventLine(event).to_string());
        }
    }
}

/// Opens a file to append to. Its owner, if it has to be created, is the user that the server runs as
/// later.
fn open(path: &Path, owner: Option<&Identity>) -> io::Result<File> {
    let mut options = File::options();
    options.append(true);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            if let Some(owner) = owner {
                owner.own(&file)?;
            }
            Ok(file)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path),
        Err(error) => Err(error),
    }
}

/// A line for people.
struct EventLine<'a>(&'a SessionEvent<'a>);

impl fmt::Display for EventLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(event) = self;
        write_time(event.at, f)?;
        write!(f, " #{} {}", event.session, event.visitor.peer.ip().to_canonical())?;
        if !event.visitor.user.is_empty() {
            write!(f, " {}", Clean(&event.visitor.user))?;
        }
        if let Some(host) = &event.visitor.host {
            write!(f, "@{}", Clean(host))?;
        }
        f.write_str(": ")?;
        match event.what {
            Happening::Opened => f.write_str("connected"),
            Happening::Secured => f.write_str("TLS on"),
            Happening::Cleared => f.write_str("TLS off"),
            Happening::LoggedIn => f.write_str("logged in"),
            Happening::LoginFailed => f.write_str("login refused"),
            Happening::Reset => f.write_str("logged out"),
            Happening::Transferred(transferred) => write_transfer(&transferred, f),
            Happening::Changed { change, path, from } => {
                let name = words(&format!("{change:?}"));
                match from {
                    Some(from) => {
                        write!(f, "{name} {} to {}", Clean(from.as_bytes()), Clean(path.as_bytes()))
                    }
                    None => write!(f, "{name} {}", Clean(path.as_bytes())),
                }
            }
            Happening::Closed(Closed::Left) => f.write_str("left"),
            Happening::Closed(Closed::Peer(error)) => write!(f, "gone: {error}"),
            Happening::Closed(Closed::Server) => f.write_str("disconnected"),
            other => write!(f, "{other:?}"),
        }
    }
}

fn write_transfer(transferred: &Transferred<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Transferred { path, bytes, duration, end, .. } = transferred;
    f.write_str(match (end.listing, end.direction) {
        (true, _) => "listed",
        (false, Direction::ToServer) => "stored",
        (false, Direction::FromServer) => "retrieved",
    })?;
    write!(f, " {}", Clean(path.as_bytes()))?;
    if !end.listing {
        write!(f, ", {bytes} bytes in {:.1} s", duration.as_secs_f64())?;
    }
    if end.outcome != TransferOutcome::Complete {
        write!(f, ", not complete: {}", words(&format!("{:?}", end.outcome)))?;
    }
    Ok(())
}

/// Returns the name of a variant as words: `Failed(QuotaExceeded)` as `failed (quota exceeded)`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if !words.is_empty() && !words.ends_with('(') && (c.is_uppercase() || c == '(') {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

/// Writes a time in UTC (RFC 3339).
fn write_time(at: SystemTime, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_unix(seconds, 0).ok());
    let Some(time) = time else { return Err(fmt::Error) };
    let (year, month, day) = (time.year(), time.month(), time.day());
    write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second())
}

/// Bytes of a client as text that no terminal takes for a command.
struct Clean<'a>(&'a [u8]);

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(self.0).chars().try_for_each(|c| match c.is_control() {
            true => write!(f, "{}", c.escape_default()),
            false => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_has_named_is_shown_without_control_characters() {
        assert_eq!(Clean("/ä\u{1b}[2J\u{9b}x".as_bytes()).to_string(), "/ä\\u{1b}[2J\\u{9b}x");
        assert_eq!(Clean(b"\xff").to_string(), "\u{fffd}");
        assert_eq!(words("Failed(QuotaExceeded)"), "failed (quota exceeded)");
        assert_eq!(words("DirectoryMade"), "directory made");
    }
}
