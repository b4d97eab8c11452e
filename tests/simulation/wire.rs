//! What goes over the control connection, read by somebody who knows RFC 959 5.4 only: one final reply a
//! command, one that the table of commands and the text of the documents allow for it, in order.

use super::sequences;
use ftp_proto::codec::{ReplyCode, Verb};
use std::collections::VecDeque;

#[derive(Debug)]
struct Open {
    verb: Option<Verb>,
    line: String,
    /// 1yz came.
    begun: bool,
}

#[derive(Debug)]
pub struct Dialogue {
    open: VecDeque<Open>,
    up: Vec<u8>,
    down: Vec<u8>,
    within: Option<[u8; 3]>,
    closing: bool,
    pub commands: usize,
}

impl Dialogue {
    pub fn new() -> Self {
        let greeting = Open { verb: None, line: "the greeting".to_owned(), begun: false };
        Self {
            open: [greeting].into(),
            up: Vec::new(),
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

    /// What has come to the server.
    pub fn commands(&mut self, bytes: &[u8]) {
        self.up.extend_from_slice(bytes);
        while let Some(end) = self.up.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = self.up.drain(..end + 2).take(end).collect();
            let line = line.strip_prefix(b"\xff\xf4\xff\xf2").unwrap_or(&line);
            let verb = Verb::from_bytes(line.split(|byte| *byte == b' ').next().unwrap());
            assert!(verb.is_some(), "{line:?} is no command");
            self.commands += 1;
            self.open.push_back(Open {
                verb,
                line: String::from_utf8_lossy(line).into_owned(),
                begun: false,
            });
        }
    }

    /// What the server has sent.
    pub fn replies(&mut self, bytes: &[u8]) {
        self.down.extend_from_slice(bytes);
        while let Some(end) = self.down.windows(2).position(|pair| pair == b"\r\n") {
            let line: Vec<u8> = self.down.drain(..end + 2).take(end).collect();
            self.reply(&line);
        }
    }

    fn reply(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        assert!(!self.closing, "{text:?} comes after the last reply");
        let code: Option<[u8; 3]> = line.get(..3).and_then(|code| code.try_into().ok());
        let ends = code.is_some() && matches!(line.get(3), Some(b' ') | None);
        match (self.within, code) {
            (Some(within), code) if !(ends && code == Some(within)) => return,
            (None, Some(code)) if line.get(3) == Some(&b'-') => {
                self.within = Some(code);
                return;
            }
            _ => self.within = None,
        }
        let code = ReplyCode::new(text[..3].parse().unwrap()).unwrap();
        if code == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.closing = true;
            return;
        }
        let fits = |open: &Open| {
            open.verb.is_none_or(|verb| verb.allows(code)) && !(open.begun && code.is_preliminary())
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
        let command = answered.verb.map_or("greeting", |verb| verb.canonical().as_str());
        if let Some(departure) = sequences::departure(command, answered.begun, code.get()) {
            assert!(sequences::is_ours(&departure), "no document has {departure:?}");
        }
        match code.is_preliminary() {
            true => self.open[whose].begun = true,
            false => drop(self.open.remove(whose)),
        }
    }
}
