//! One control connection of a log: the commands that wait for replies, and what is known so far.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use ftp_proto::codec::{
    Command, EndRule, EpsvArgument, Position, ReplyCode, ReplyLine, Verb, VerbInfo, address,
};

use super::dialogue::Entry;
use super::style::Style;
use super::text::list;
use super::{addresses, codes, secrets};

/// The most commands that are remembered while they wait for a reply.
const MOST_WAITING: usize = 1_000;

/// A command that waits for its final reply.
#[derive(Clone, Debug)]
struct Sent {
    /// The entry of its line, and the number of the line.
    entry: usize,
    number: usize,
    /// `None` for a command that the crate's table does not have.
    verb: Option<Verb>,
    name: String,
    /// `true` once a 1yz reply has opened the data connection.
    is_begun: bool,
    /// `true` once a reply arrived that cannot be its answer.
    has_stray: bool,
}

impl Sent {
    fn allows(&self, code: ReplyCode) -> bool {
        self.verb.is_none_or(|verb| verb.allows(code))
    }

    fn answers_now(&self) -> bool {
        self.verb.is_some_and(Verb::answers_during_transfer)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Greeting {
    Awaited,
    Seen,
    /// The log begins later, or a command was sent without waiting.
    Skipped,
}

/// The state of a control connection.
#[derive(Debug)]
pub struct Session {
    server: Option<IpAddr>,
    greeting: Greeting,
    waiting: VecDeque<Sent>,
    /// Commands without a final reply that later commands have overtaken.
    overtaken: Vec<Sent>,
    within: Option<ReplyCode>,
    is_pipelined: bool,
    epsv_all: bool,
    is_anonymous: bool,
    is_secured: bool,
    is_closed: bool,
    last: Vec<u8>,
}

impl Session {
    pub const fn new(server: Option<IpAddr>) -> Self {
        Self {
            server,
            greeting: Greeting::Awaited,
            waiting: VecDeque::new(),
            overtaken: Vec::new(),
            within: None,
            is_pipelined: false,
            epsv_all: false,
            is_anonymous: false,
            is_secured: false,
            is_closed: false,
            last: Vec::new(),
        }
    }

    /// Returns the code of the reply that is not complete.
    pub const fn within(&self) -> Option<ReplyCode> {
        self.within
    }

    /// Records the address that the program connects to, which is the server's until there is a
    /// greeting, and that of a data connection later.
    pub fn connects_to(&mut self, address: IpAddr) {
        if (self.greeting == Greeting::Awaited && self.server.is_none()) || self.is_closed {
            self.server = Some(address);
        }
    }

    /// Reads a line that the client sent. Its entry is the last.
    pub fn command(&mut self, line: &[u8], entries: &mut [Entry]) {
        let at = entries.len().saturating_sub(1);
        let Some(entry) = entries.last_mut() else { return };
        if let Some(code) = self.within.take() {
            entry
                .marks
                .push(format!("the reply {code} before it has not ended: no line begins with `{code} `"));
        }
        if self.is_closed {
            entry.marks.push("the server had closed the connection before this".into());
        }
        if self.greeting == Greeting::Awaited {
            self.greeting = Greeting::Skipped;
        }
        let parsed = Command::parse(line);
        let verb = match &parsed {
            Ok(command) => command.known_verb(),
            Err(error) => error.verb(),
        };
        match (&parsed, verb) {
            (_, Some(verb)) => {
                let info = verb.info();
                entry.notes.push(format!("{}: {}", info.source, info.summary));
            }
            (Ok(_), None) => entry.notes.push("a command of no document and of no server known here".into()),
            (Err(_), None) => {}
        }
        match &parsed {
            Ok(command) => self.judge(command, line, entry),
            Err(error) => entry.marks.push(error.to_string()),
        }
        self.wait_for_reply(at, verb, line, entries);
    }

    /// Marks what is wrong with a command itself.
    fn judge(&mut self, command: &Command<'_>, line: &[u8], entry: &mut Entry) {
        if secrets::shows_secret(command, line) {
            if self.is_anonymous {
                entry
                    .notes
                    .push("the password of an anonymous user: not a secret, and hidden all the same".into());
            } else {
                entry.marks.push("the log shows a secret here: change it if others have seen the log".into());
            }
            if !self.is_secured && !self.is_anonymous {
                entry.notes.push(
                    "no AUTH TLS comes before it in the log: unless TLS began with the connection, it was \
                     sent unencrypted"
                        .into(),
                );
            }
        }
        let active = match command {
            Command::User(name) => {
                self.is_anonymous = [&b"anonymous"[..], b"ftp"]
                    .iter()
                    .any(|known| name.as_bytes().eq_ignore_ascii_case(known));
                None
            }
            Command::Port(address) => Some(SocketAddr::from(*address)),
            Command::Eprt(address) => Some(*address),
            Command::Lprt(address) => Some(address.0),
            _ => None,
        };
        if let Some(address) = active {
            entry.notes.push(format!("the client listens at {address}"));
            entry.marks.extend(addresses::active(address, self.server));
        }
        if self.epsv_all
            && command.known_verb().is_some_and(|verb| verb.names_data_address() && verb != Verb::Epsv)
        {
            entry.marks.push("after EPSV ALL only EPSV may follow (RFC 2428 4)".into());
        }
        self.epsv_all |= matches!(command, Command::Epsv(EpsvArgument::All));
    }

    /// Appends a command to those that wait.
    fn wait_for_reply(&mut self, at: usize, verb: Option<Verb>, line: &[u8], entries: &mut [Entry]) {
        // The reply that could not answer it was all that it got.
        while self.waiting.front().is_some_and(|front| front.has_stray) {
            self.waiting.pop_front();
        }
        let now = verb.is_some_and(Verb::answers_during_transfer) || verb == Some(Verb::Quit);
        if let Some(front) = self.waiting.front() {
            if front.is_begun && !self.is_pipelined && !now {
                // Until now the client waited for each reply: it must have taken the transfer for
                // complete.
                self.overtaken.extend(self.waiting.pop_front());
            } else if !front.is_begun && !now && !self.is_pipelined {
                self.is_pipelined = true;
                if let Some(entry) = entries.get_mut(at) {
                    entry.notes.push(format!(
                        "sent before the reply to {} in line {}: the client pipelines",
                        front.name, front.number
                    ));
                }
            }
        }
        let name = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        let name = verb.map_or_else(|| secrets::shown(name), |verb| verb.to_string());
        let number = entries.get(at).map_or(0, |entry| entry.number);
        if self.waiting.len() < MOST_WAITING && !self.is_closed {
            self.waiting.push_back(Sent { entry: at, number, verb, name, is_begun: false, has_stray: false });
        }
    }

    /// Reads a line that the server sent. Its entry is the last.
    pub fn reply(&mut self, line: &[u8], style: Style, entries: &mut [Entry]) {
        let Some(entry) = entries.last_mut() else { return };
        let reply = match ReplyLine::parse(line, self.within, EndRule::SameCode) {
            Ok(reply) => reply,
            Err(error) => return entry.marks.push(format!("not a reply: {error}")),
        };
        self.within = reply.going_on();
        if style == Style::Ftp && !line.is_empty() && line == self.last {
            return entry.notes.push("the same line again: this program shows such replies twice".into());
        }
        self.last = line.to_vec();
        match reply.position {
            Position::First => entry
                .notes
                .push(format!("a reply of more than one line begins; it ends with `{} `", reply.code)),
            Position::Middle => entry.notes.push(format!("belongs to the reply {}", reply.code)),
            Position::Single | Position::Last => self.whole_reply(&reply, entry),
        }
    }

    fn whole_reply(&mut self, reply: &ReplyLine<'_>, entry: &mut Entry) {
        let code = reply.code;
        match (code.source(), code.meaning()) {
            (Some(source), Some(meaning)) => entry.notes.push(format!("{source}: {meaning}")),
            _ => entry.notes.push("no document defines this code: it counts by its first digit".into()),
        }
        if code == ReplyCode::SERVICE_READY && self.waiting.is_empty() && self.greeting != Greeting::Awaited {
            let server = self.server;
            *self = Self { greeting: Greeting::Seen, ..Self::new(server) };
            return entry.notes.push("a new connection".into());
        }
        if self.is_closed {
            return entry.marks.push("the server had closed the connection before this".into());
        }
        if self.greeting != Greeting::Seen && self.greets(reply, entry) {
            return;
        }
        if code == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.is_closed = true;
            self.waiting.clear();
        } else if code.is_preliminary() {
            self.preliminary(code, entry);
        } else if let Some(sent) = self.answered(code, entry) {
            self.finish(&sent, reply, entry);
        }
        if code.is_failure() {
            if let Some((_, act)) = codes::advice(code) {
                entry.notes.push(format!("what to do: {act}"));
            }
        }
    }

    /// Takes the greeting. Returns whether the reply is that.
    fn greets(&mut self, reply: &ReplyLine<'_>, entry: &mut Entry) -> bool {
        let code = reply.code;
        let is_greeting = VerbInfo::GREETING.contains(&code) || code == ReplyCode::SERVICE_NOT_AVAILABLE;
        match (self.greeting, self.waiting.front()) {
            (Greeting::Skipped, Some(front)) if code == ReplyCode::SERVICE_READY && !front.allows(code) => {
                self.greeting = Greeting::Seen;
                entry.marks.push(format!(
                    "the greeting comes after {} in line {}: a client has to wait for it",
                    front.name, front.number
                ));
                true
            }
            (Greeting::Awaited, None) if is_greeting => {
                self.is_closed = code == ReplyCode::SERVICE_NOT_AVAILABLE;
                if !code.is_preliminary() {
                    self.greeting = Greeting::Seen;
                }
                entry.notes.push("the greeting".into());
                true
            }
            (Greeting::Awaited, None) => {
                self.greeting = Greeting::Skipped;
                entry.notes.push("the command that it answers is not in the log".into());
                if matches!(code.get(), 227..=229) {
                    self.passive(reply, entry);
                }
                true
            }
            _ => false,
        }
    }

    /// Takes a 1yz reply.
    fn preliminary(&mut self, code: ReplyCode, entry: &mut Entry) {
        let is_marker = code == ReplyCode::RESTART_MARKER;
        match self.waiting.iter_mut().find(|sent| sent.verb.is_some() && sent.allows(code)) {
            Some(sent) if sent.is_begun && !is_marker => {
                entry.marks.push(format!("a second 1yz reply to {} in line {}", sent.name, sent.number));
            }
            Some(sent) => {
                sent.is_begun |= !is_marker;
                entry.notes.push(format!("begins {} in line {}", sent.name, sent.number));
            }
            None => match self.waiting.front() {
                Some(sent) => entry.marks.push(format!(
                    "{} in line {} may not get {code}{}",
                    sent.name,
                    sent.number,
                    allowed(sent)
                )),
                None => entry.marks.push("a reply out of sequence: no command waits for it".into()),
            },
        }
    }

    /// Finds the command that a final reply answers, and marks it if it should not.
    fn answered(&mut self, code: ReplyCode, entry: &mut Entry) -> Option<Sent> {
        let Some(front) = self.waiting.front_mut() else {
            match self.late_for(code) {
                Some(at) => return self.late(at, entry),
                None => entry.marks.push("a reply out of sequence: no command waits for it".into()),
            }
            return None;
        };
        if front.allows(code) {
            return self.waiting.pop_front();
        }
        if front.verb.is_some_and(|verb| verb.info().has_own(code)) {
            entry
                .notes
                .push(format!("no document has {code} for {}, but servers in use send it", front.name));
            return self.waiting.pop_front();
        }
        let (name, number) = (front.name.clone(), front.number);
        let later = self.waiting.iter().position(|sent| sent.verb.is_some() && sent.allows(code));
        if let Some(later) = later {
            let is_now = self.waiting.get(later).is_some_and(Sent::answers_now);
            if !is_now {
                // Those before it may still be answered, and are marked at the end if they are not.
                self.overtaken.extend(self.waiting.drain(..later));
                return self.waiting.pop_front();
            }
            return self.waiting.remove(later);
        }
        if let Some(at) = self.late_for(code) {
            return self.late(at, entry);
        }
        let front = self.waiting.front_mut()?;
        let text = format!("{name} in line {number} may not get {code}{}", allowed(front));
        if front.verb.is_some_and(|verb| verb.info().is_answered_by(code)) {
            entry.marks.push(format!("{text}. Clients go by its first digit"));
            return self.waiting.pop_front();
        }
        entry.marks.push(format!("{text}. It is out of sequence, or answers something else"));
        front.has_stray = true;
        None
    }

    /// Finds the overtaken command that a reply may answer, among the last ones.
    fn late_for(&self, code: ReplyCode) -> Option<usize> {
        let old = self.overtaken.len().saturating_sub(MOST_WAITING);
        let mut recent = self.overtaken.iter().enumerate().skip(old);
        recent.find(|(_, sent)| sent.allows(code)).map(|(at, _)| at)
    }

    /// Takes a reply to a command that later ones have overtaken.
    fn late(&mut self, at: usize, entry: &mut Entry) -> Option<Sent> {
        let sent = self.overtaken.remove(at);
        entry.marks.push(format!(
            "a reply out of sequence: it answers {} in line {}, after which commands were sent already",
            sent.name, sent.number
        ));
        Some(sent)
    }

    /// Draws the conclusions from a final reply.
    fn finish(&mut self, sent: &Sent, reply: &ReplyLine<'_>, entry: &mut Entry) {
        let code = reply.code;
        entry.notes.push(format!("answers {} in line {}", sent.name, sent.number));
        let Some(verb) = sent.verb else { return };
        if verb.opens_data_connection() && code.is_success() && !sent.is_begun {
            entry.marks.push(format!(
                "a 150 or 125 is missing: {} succeeds only after one (RFC 959 5.4)",
                sent.name
            ));
        }
        match verb {
            Verb::Auth if code.is_success() => self.is_secured = true,
            Verb::Ccc if code.is_success() => self.is_secured = false,
            Verb::Quit => self.is_closed = true,
            Verb::Pasv | Verb::Epsv | Verb::Lpsv if code.is_success() && code != ReplyCode::COMMAND_OKAY => {
                self.passive(reply, entry);
            }
            Verb::Eprt | Verb::Epsv if code == ReplyCode::NETWORK_PROTOCOL_NOT_SUPPORTED => {
                let families: Vec<_> = address::parse_protocols_reply(reply.text).collect();
                entry.notes.push(format!("the server has these families: {}", list(&families)));
            }
            _ => {}
        }
    }

    fn passive(&self, reply: &ReplyLine<'_>, entry: &mut Entry) {
        match address::parse_passive_reply(reply) {
            Ok((Some(ip), port)) => {
                entry.notes.push(format!("the server listens at {}", SocketAddr::new(ip, port)));
                entry.marks.extend(addresses::passive(ip, self.server));
            }
            Ok((None, port)) => {
                entry.notes.push(format!("the server listens at port {port} of its own address"))
            }
            Err(error) => entry.marks.push(format!("no address to connect to: {error}")),
        }
    }

    /// Marks the commands that were never answered.
    pub fn end(mut self, entries: &mut [Entry]) {
        if let (Some(code), Some(entry)) = (self.within, entries.last_mut()) {
            entry.marks.push(format!("the reply {code} does not end: no line begins with `{code} `"));
        }
        let waiting = std::mem::take(&mut self.waiting);
        for sent in self.overtaken.iter().chain(&waiting).filter(|sent| !sent.has_stray) {
            let Some(entry) = entries.get_mut(sent.entry) else { continue };
            match sent.verb {
                Some(Verb::Quit) => entry.notes.push("the log has no reply to it".into()),
                _ if sent.is_begun => entry.marks.push(
                    "a 226 or 250 is missing: the log has no final reply to it, so the transfer is not complete".into(),
                ),
                _ => entry.marks.push("the log has no reply to it".into()),
            }
        }
    }
}

/// Returns the replies that a command may get, to be put behind a complaint.
fn allowed(sent: &Sent) -> String {
    let Some(verb) = sent.verb else { return String::new() };
    let replies: Vec<_> = verb.info().replies().collect();
    format!(": its own replies are {}", list(&replies))
}
