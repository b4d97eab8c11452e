//! What goes over the control connection, read by somebody who knows RFC 959 5.4 only: one final reply a
//! command, one that the table of commands and the text of the documents allow for it, in order.

use super::sequences;
use ftp_proto::codec::{ReplyCode, Verb};
use std::collections::VecDeque;

/// The longest line that a session takes.
const LINE: usize = 2046;

#[derive(Debug)]
struct Open {
    /// `None` for what is no command.
    verb: Option<Verb>,
    line: Line,
    /// 1yz came.
    begun: bool,
}

/// What is answered.
enum Line {
    Greeting,
    Command(Vec<u8>),
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Greeting => f.write_str("the greeting"),
            Self::Command(line) => write!(f, "{}", line.escape_ascii()),
        }
    }
}

/// Within which Telnet command the next byte is.
#[derive(Debug)]
enum Telnet {
    Text,
    Command,
    Option,
}

/// Replies to what is no command.
const REFUSALS: [u16; 5] = [500, 501, 502, 503, 530];

#[derive(Debug)]
pub struct Dialogue {
    open: VecDeque<Open>,
    up: Vec<u8>,
    telnet: Telnet,
    /// The rest of a line is skipped that was too long.
    skips: bool,
    down: Vec<u8>,
    within: Option<[u8; 3]>,
    closing: bool,
    pub commands: usize,
}

impl Dialogue {
    pub fn new() -> Self {
        let greeting = Open { verb: None, line: Line::Greeting, begun: false };
        Self {
            open: [greeting].into(),
            up: Vec::new(),
            telnet: Telnet::Text,
            skips: false,
            down: Vec::new(),
            within: None,
            closing: false,
            commands: 0,
        }
    }

    /// Whether every command has its reply.
    pub fn is_settled(&self) -> bool {
        self.open.is_empty() && self.within.is_none() && self.up.is_empty() && self.down.is_empty()
    }

    /// Whether the server has said its last.
    pub const fn has_ended(&self) -> bool {
        self.closing
    }

    /// The oldest command that is not answered.
    pub fn first_open(&self) -> Option<Vec<u8>> {
        match &self.open.front()?.line {
            Line::Greeting => None,
            Line::Command(line) => Some(line.clone()),
        }
    }

    /// What has come to the server.
    pub fn commands(&mut self, bytes: &[u8]) {
        for byte in bytes {
            // Telnet commands are no text, wherever they stand (RFC 854).
            match (&mut self.telnet, *byte) {
                (Telnet::Text, 0xff) => self.telnet = Telnet::Command,
                (Telnet::Command, 0xfb..=0xfe) => self.telnet = Telnet::Option,
                (Telnet::Command | Telnet::Option, _) => self.telnet = Telnet::Text,
                (Telnet::Text, b'\n') => {
                    let line = core::mem::take(&mut self.up);
                    let line = line.strip_suffix(b"\r").unwrap_or(&line);
                    // A blank line is no command, and a line that was too long has been one already.
                    if !core::mem::take(&mut self.skips) && !line.is_empty() {
                        self.command(line);
                    }
                }
                (Telnet::Text, byte) => self.up.push(byte),
            }
            if !self.skips && self.up.strip_suffix(b"\r").unwrap_or(&self.up).len() > LINE {
                self.skips = true;
                self.command(&self.up.clone());
            }
        }
    }

    fn command(&mut self, line: &[u8]) {
        let verb = Verb::from_bytes(line.split(|byte| *byte == b' ').next().unwrap());
        // A line that is too long, or has a NUL, is no command whatever it begins with.
        let verb = verb.filter(|_| line.len() <= LINE && !line.contains(&0));
        self.commands += 1;
        self.open.push_back(Open { verb, line: Line::Command(line.to_vec()), begun: false });
    }

    /// What the server has sent; takes each reply to a command, with its code and the text of its last line.
    pub fn replies(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8], u16, &[u8])) {
        self.down.extend_from_slice(bytes);
        while let Some(end) = self.down.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = self.down.drain(..end + 2).take(end).collect();
            if let Some((code, Line::Command(command))) = self.reply(&line) {
                take(&command, code, line.get(4..).unwrap_or_default());
            }
        }
    }

    /// Takes a line of the server. Returns what it is the final reply to.
    fn reply(&mut self, line: &[u8]) -> Option<(u16, Line)> {
        let text = String::from_utf8_lossy(line);
        assert!(!self.closing, "{text:?} comes after the last reply");
        let code: Option<[u8; 3]> = line.get(..3).and_then(|code| code.try_into().ok());
        let ends = code.is_some() && matches!(line.get(3), Some(b' ') | None);
        match (self.within, code) {
            (Some(within), code) if !(ends && code == Some(within)) => return None,
            (None, Some(code)) if line.get(3) == Some(&b'-') => {
                self.within = Some(code);
                return None;
            }
            _ => self.within = None,
        }
        let code = ReplyCode::new(text[..3].parse().unwrap()).unwrap();
        if code == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.closing = true;
            return None;
        }
        let fits = |open: &Open| match (&open.line, open.verb) {
            (Line::Greeting, _) => true,
            // The text tells the 450 of a STAT from that of an upload that the host does not keep.
            (_, Some(verb)) if text.contains("during a transfer") => verb == Verb::Stat,
            (_, Some(verb)) => {
                let departure = sequences::departure(verb.canonical().as_str(), open.begun, code.get());
                verb.allows(code)
                    && !(open.begun
                        && (code.is_preliminary() || departure.is_some_and(|d| !sequences::is_ours(&d))))
            }
            (_, None) => REFUSALS.contains(&code.get()),
        };
        let first = self.open.front().unwrap_or_else(|| panic!("{text:?} answers nothing"));
        let whose = match fits(first) {
            true => 0,
            false => {
                assert!(first.begun, "{text:?} does not answer {:?}", first.line);
                let beside = |open: &Open| open.verb.is_some_and(Verb::answers_during_transfer) && fits(open);
                let at = self.open.iter().skip(1).position(beside);
                1 + at.unwrap_or_else(|| panic!("{text:?} answers none of {:?}", self.open))
            }
        };
        let answered = &self.open[whose];
        let command = match (&answered.line, answered.verb) {
            (Line::Greeting, _) => "greeting",
            (_, verb) => verb.map_or("", |verb| verb.canonical().as_str()),
        };
        if let Some(departure) = sequences::departure(command, answered.begun, code.get()) {
            assert!(sequences::is_ours(&departure), "no document has {departure:?}");
        }
        if code.is_preliminary() {
            self.open[whose].begun = true;
            return None;
        }
        self.open.remove(whose).map(|open| (code.get(), open.line))
    }
}
