//! The dialogue as somebody sees it who knows which command each reply was meant for: where a client that knows
//! only the codes can be misled.

use ftp_proto::codec::{ReplyCode, Verb};
use std::collections::VecDeque;

/// A reply that was meant for something else and that the oldest command can be answered by, as far as its code goes.
#[derive(Clone, Copy, Debug)]
pub struct Misleading {
    /// The number of the command, and its verb.
    pub command: usize,
    pub verb: Verb,
    /// The code is in the row of the command.
    pub in_row: bool,
    /// The client knew that something was wrong with the server before it sent the command.
    pub doubted: bool,
}

impl Misleading {
    /// Whether nothing sets it apart from the right one. Its code has to be in the row of the command. If the client
    /// knew already that the server says too much, the command is one of those that are not confirmed: those
    /// that change nothing, of which the reply's text or the data is what was asked for.
    pub const fn is_undecidable(&self) -> bool {
        use Verb::{List, Mdtm, Mlsd, Mlst, Nlst, Pwd, Retr, Size, Syst};
        let tells = matches!(self.verb, List | Mdtm | Mlsd | Mlst | Nlst | Pwd | Retr | Size | Syst);
        self.in_row && (!self.doubted || tells)
    }
}

#[derive(Debug, Default)]
pub struct Dialogue {
    /// What was sent, each command under its number; and whether a stray had come before it.
    pub commands: Vec<(Option<Verb>, bool)>,
    line: Vec<u8>,
    /// Where in the stream each reply ends that is on its way, its code, and which command it was meant for.
    coming: VecDeque<(usize, u16, Option<usize>)>,
    said: usize,
    heard: usize,
    open: VecDeque<usize>,
    pub misleading: Vec<Misleading>,
}

impl Dialogue {
    /// The client puts bytes on the wire.
    pub fn sends(&mut self, bytes: &[u8], doubted: bool) {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            let line = line.strip_prefix(b"\xff\xf4\xff\xf2").unwrap_or(&line).trim_ascii_end();
            let verb = Verb::from_bytes(line.split(|byte| *byte == b' ').next().unwrap());
            self.open.push_back(self.commands.len());
            self.commands.push((verb, doubted));
        }
    }

    /// The server says so many bytes, a reply to this command or to none.
    pub fn says(&mut self, bytes: usize, code: u16, own: Option<usize>) {
        self.said += bytes;
        self.coming.push_back((self.said, code, own));
    }

    /// So many bytes have reached the client.
    pub fn hears(&mut self, bytes: usize) {
        self.heard += bytes;
        while self.coming.front().is_some_and(|(end, ..)| *end <= self.heard) {
            let (_, code, own) = self.coming.pop_front().unwrap();
            self.reply(code, own);
        }
    }

    fn reply(&mut self, code: u16, own: Option<usize>) {
        if code < 200 {
            return;
        }
        if let Some(place) = own.and_then(|own| self.open.iter().position(|open| *open == own)) {
            self.open.remove(place);
            return;
        }
        let Some(&command) = self.open.front() else { return };
        let (Some(verb), doubted) = self.commands[command] else { return };
        let code = ReplyCode::new(code).unwrap();
        if verb.info().is_answered_by(code) {
            self.open.pop_front();
            if !code.is_failure() {
                let in_row = verb.info().has_own(code);
                self.misleading.push(Misleading { command, verb, in_row, doubted });
            }
        }
    }
}
