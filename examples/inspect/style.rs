//! The ways in which programs log a dialogue, and what each line of such a log is.

use std::net::{IpAddr, SocketAddr};

use ftp_proto::codec::{EndRule, ReplyCode, ReplyLine, Verb};

/// A way of logging a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `curl -v`: `> USER me`, `< 331 ...`, and `* ` before its own messages.
    Curl,
    /// lftp's `debug`, and the traces of this crate: `---> USER me`, `<--- 331 ...`, `---- ` and
    /// `**** ` before its own messages.
    Lftp,
    /// FileZilla: `Command:`, `Response:`, `Status:`, with or without a time before them.
    FileZilla,
    /// The `ftp` of BSD and Linux with `debug`: `---> USER me`, replies as they are, and `ftp> `
    /// where its user types.
    Ftp,
    /// `C: USER me` and `S: 331 ...`, or bare lines.
    Plain,
}

/// The origin of a line in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The client sent it.
    Client,
    /// The server sent it.
    Server,
    /// The program that wrote the log says something itself.
    Program,
    /// The line is not of the dialogue.
    Elsewhere,
}

/// A line without what the log put before it.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub origin: Origin,
    pub text: &'a [u8],
    /// The number of the connection, where the log has one.
    pub connection: Option<u32>,
}

const STYLES: [(Style, &[&str]); 5] = [
    (Style::FileZilla, &["Command:", "Response:", "Status:", "Error:", "Trace:"]),
    (Style::Lftp, &["<--- ", "---- ", "**** ", "client --->", "server <---"]),
    (Style::Curl, &["> ", "< ", "* "]),
    (Style::Ftp, &["---> ", "ftp> "]),
    (Style::Plain, &["C:", "S:", "Client:", "Server:"]),
];

/// Messages of `ftp` that are not part of the dialogue.
const OF_FTP: [&str; 10] = [
    "ftp>",
    "Connected to",
    "Trying ",
    "Name (",
    "Password:",
    "Remote system type",
    "Using ",
    "local: ",
    "features[",
    "ftp: ",
];

impl Style {
    /// Returns the style in which most lines of a log are written.
    pub fn of(log: &[u8]) -> Self {
        let mut hits = [0_usize; STYLES.len()];
        for line in log.split(|byte| *byte == b'\n').map(after_time) {
            for ((_, prefixes), hits) in STYLES.iter().zip(&mut hits) {
                *hits += usize::from(prefixes.iter().any(|prefix| line.starts_with(prefix.as_bytes())));
            }
        }
        // Both lftp and ftp mark commands with `--->`, but only ftp leaves replies bare.
        if hits[1] > 0 {
            hits[1] += hits[3];
            hits[3] = 0;
        }
        let most = hits.iter().copied().max().unwrap_or_default();
        let found = hits.iter().position(|count| *count == most && most > 0);
        found.and_then(|at| STYLES.get(at)).map_or(Self::Plain, |(style, _)| *style)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl -v",
            Self::Lftp => "lftp",
            Self::FileZilla => "FileZilla",
            Self::Ftp => "ftp with debug",
            Self::Plain => "plain text",
        }
    }

    /// Splits off what the log put before a line. `within` is the code of the reply that the server
    /// has begun and not ended, which decides about lines without a mark.
    pub fn split(self, line: &[u8], within: Option<ReplyCode>) -> Line<'_> {
        let connection = if self == Self::FileZilla { connection(line) } else { None };
        let plain = after_time(line);
        let marks: &[(&str, Origin)] = match self {
            Self::Curl => &[("> ", Origin::Client), ("< ", Origin::Server), ("* ", Origin::Program)],
            Self::Lftp => &[
                ("---> ", Origin::Client),
                ("client ---> ", Origin::Client),
                ("<--- ", Origin::Server),
                ("server <--- ", Origin::Server),
                ("---- ", Origin::Program),
                ("**** ", Origin::Program),
            ],
            Self::FileZilla => &[
                ("Command:", Origin::Client),
                ("Response:", Origin::Server),
                ("Status:", Origin::Program),
                ("Error:", Origin::Program),
                ("Trace:", Origin::Program),
                ("Listing:", Origin::Program),
            ],
            Self::Ftp => &[("---> ", Origin::Client)],
            Self::Plain => &[
                ("C:", Origin::Client),
                ("S:", Origin::Server),
                ("Client:", Origin::Client),
                ("Server:", Origin::Server),
            ],
        };
        for (mark, origin) in marks {
            if let Some(text) = plain.strip_prefix(mark.as_bytes()) {
                // FileZilla puts a tab there, or spaces up to a column; a reply's own lines may begin
                // with one space.
                let text = match (self, *origin) {
                    (Self::FileZilla | Self::Plain, Origin::Server) => one_blank(text),
                    (Self::FileZilla | Self::Plain, _) => text.trim_ascii_start(),
                    _ => text,
                };
                return Line { origin: *origin, text, connection };
            }
        }
        let text = line;
        let origin = match self {
            // The sizes of data, in both directions.
            Self::Curl if plain.starts_with(b"{ [") || plain.starts_with(b"} [") => Origin::Program,
            Self::Ftp if OF_FTP.iter().any(|message| plain.starts_with(message.as_bytes())) => {
                Origin::Program
            }
            // Without a mark, what can be a reply is one.
            Self::Ftp | Self::Plain if ReplyLine::parse(text, within, EndRule::SameCode).is_ok() => {
                Origin::Server
            }
            Self::Plain if Verb::split_from(text).is_some() => Origin::Client,
            _ => Origin::Elsewhere,
        };
        Line { origin, text, connection }
    }
}

/// Removes a tab, or the spaces before a code, or one space.
fn one_blank(text: &[u8]) -> &[u8] {
    let trimmed = text.trim_ascii_start();
    if ReplyLine::parse(trimmed, None, EndRule::SameCode).is_ok() {
        return trimmed;
    }
    match text {
        [b'\t' | b' ', rest @ ..] => rest,
        _ => text,
    }
}

/// Returns a line without blanks and a date or time before it.
fn after_time(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii_start();
    let is_of_time = |byte: &u8| {
        matches!(byte, b'0'..=b'9' | b':' | b'-' | b'.' | b',' | b'/' | b'[' | b']' | b'T' | b'Z')
    };
    let mut rest = line;
    // A date, a time, and the numbers of the process and the connection.
    for _ in 0..4 {
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_time = word.iter().all(is_of_time) && word.iter().any(u8::is_ascii_digit);
        // The first word needs a colon or two hyphens, since a reply begins with digits too.
        let marks = word.iter().filter(|byte| matches!(byte, b':' | b'-' | b'/')).count();
        if !is_time || (rest.len() == line.len() && marks < 2) || after.is_empty() {
            break;
        }
        rest = after.trim_ascii_start();
    }
    rest
}

/// Returns the number of the connection in a line of FileZilla's log file, which follows the date,
/// the time and the number of the process.
fn connection(line: &[u8]) -> Option<u32> {
    let mut numbers = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(2);
    let mut next = || std::str::from_utf8(numbers.next()?).ok()?.parse().ok();
    let _process: u32 = next()?;
    next()
}

/// Returns the address that a program says it connects to: `Trying 192.0.2.1:21...`,
/// `Connecting to host (192.0.2.1) port 21`.
pub fn address_in(message: &[u8]) -> Option<IpAddr> {
    let message = String::from_utf8_lossy(message);
    if !["onnect", "rying"].iter().any(|word| message.contains(word)) {
        return None;
    }
    let words = message.split_whitespace();
    words.map(|word| word.trim_matches(|c| matches!(c, '(' | ')' | ',' | '.'))).find_map(|word| {
        word.parse().ok().or_else(|| word.parse().ok().map(|address: SocketAddr| address.ip()))
    })
}
