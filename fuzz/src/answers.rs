//! A server that says anything, in any pieces.

use std::collections::VecDeque;

use ftp_proto::buffer::RecvBuf;
use ftp_proto::codec::{EndRule, Reply, ReplyCode, Verb};

use crate::client_end::Peer;
use crate::input::Said;

/// Returns what the server says to `command`.
fn reply(said: &Said<'_>, command: &[u8]) -> Vec<u8> {
    let code = |row: u8| ReplyCode::ALL[usize::from(row) % ReplyCode::ALL.len()].get();
    match said {
        Said::Raw(bytes) => bytes.to_vec(),
        Said::Line(row, text) => [format!("{} ", code(*row)).as_bytes(), text, b"\r\n"].concat(),
        Said::Lines(row, text, more) => {
            let code = code(*row);
            [format!("{code}-").as_bytes(), text, b"\r\n", more, format!("\r\n{code} End\r\n").as_bytes()]
                .concat()
        }
        Said::Passive(port) => format!("229 ok (|||{port}|)\r\n").into_bytes(),
        Said::Opening => b"150 Opening (10 bytes)\r\n226 Done\r\n".to_vec(),
        Said::Known(row) => KNOWN[usize::from(*row) % KNOWN.len()].as_bytes().to_vec(),
        Said::Fine => fine(command).as_bytes().to_vec(),
    }
}

/// Texts that servers are known to send, and those that a client bases a decision on.
pub const KNOWN: &[&str] = &[
    // Greetings and logins.
    "120 Ready in a minute\r\n220 Ready\r\n",
    "230 Welcome, logged in\r\n",
    "232 Logged in by certificate\r\n",
    "332 Account, please\r\n",
    "530 Too many users, try again later\r\n",
    "421 Timeout\r\n",
    "534 Policy requires TLS\r\n",
    "234-Go\r\n234 on\r\n",
    "220-One\r\n220 two\r\n220 and a second greeting\r\n",
    // Data connections.
    "500 EPSV not understood\r\n",
    "502 No\r\n",
    "522 Use (1)\r\n",
    "522 Use (2)\r\n",
    "501 Send PRET first\r\n",
    "229 Bad (|||0|)\r\n",
    "227 Elsewhere (198,51,100,7,195,80)\r\n",
    "227 192,0,2,1,195,80\r\n",
    "227 0,0,0,0,0,0\r\n",
    "425 Cannot open data connection\r\n",
    "425 TLS session reuse required\r\n",
    "522 Data protection required: use PROT P\r\n",
    "150 Opening\r\n",
    "125 Already open (10 bytes)\r\n226 Done\r\n",
    "226 Done\r\n",
    "250 Done\r\n",
    "150 Opening\r\n426 Broken\r\n",
    "150 Opening\r\n226 Failed to open directory\r\n",
    "150 Opening\r\n226-Permission denied\r\n226 Done\r\n",
    "150 Opening (20 bytes)\r\n226 Done\r\n",
    "150 Opening (5 bytes)\r\n226 Done\r\n",
    "150 FILE: a name\r\n226 Done\r\n",
    "150 Opening\r\n110 MARK 1 = 10\r\n110 MARK 2 = 20\r\n110 MARK 3 = 30\r\n226 Done\r\n",
    "150 Opening\r\n150 Opening\r\n150 Opening\r\n150 Opening\r\n226 Done\r\n",
    "226 Done\r\n150 Opening\r\n226 Done\r\n",
    "226 Done\r\n451 Not after all\r\n",
    "450 No files found\r\n",
    "550 No such file or directory\r\n",
    "550 Permission denied\r\n",
    "450 Busy\r\n",
    "452 Full\r\n",
    "501 REST: bad offset\r\n",
    "554 Bad restart position\r\n",
    // Aborts.
    "426 Aborted\r\n226 ABOR successful\r\n",
    "226 ABOR successful\r\n",
    "225 Nothing to abort\r\n",
    "500 'ABOR': not understood\r\n",
    // Values.
    "215 UNIX Type: L8\r\n",
    "215 MVS is the operating system\r\n",
    "257 \"/x\"\r\n",
    "257 \"\" is empty\r\n",
    "257 \"'ME.'\" is the working directory\r\n",
    "257 \"DISK:[ME]\"\r\n",
    "257 /x without quotes\r\n",
    "250 Done\r\n250 Done again\r\n",
    "213 10\r\n",
    "213 20\r\n",
    "213 5 bytes\r\n",
    "213 20240131235959.5\r\n",
    "213 19120010131235959\r\n",
    "213-Status\r\n 213 in its middle\r\n213 End\r\n",
    "211 No features\r\n",
    "211-Features\r\n SIZE\r\n MDTM\r\n REST STREAM\r\n PRET\r\n SSCN\r\n RANG STREAM\r\n MODE Z\r\n UTF8\r\n XMD5\r\n XSHA1\r\n XSHA256\r\n XSHA512\r\n211 End\r\n",
    "211-Features\r\n HASH SHA-256;SHA-512*;MD5\r\n211 End\r\n",
    "250-Facts\r\nType=file;Size=20;\r\nModify=20240131235959;\r\n x\r\n250 End\r\n",
    "250 Type=file;Size=10; x\r\n",
    "250-Facts\r\n Type=dir; x\r\n250 End\r\n",
    "250-Facts\r\n Type=file;Size=10;Modify=20240131235959;Create=20240131235959;UNIX.mode=0644; x\r\n250 End\r\n",
    "213 SHA-256 0-9 da39a3ee5e6b4b0d3255bfef95601890afd80709 x\r\n",
    "250 MD5 d41d8cd98f00b204e9800998ecf8427e\r\n",
    "213 Modify=19700101000000; x\r\n",
    // Refusals of any command, and what answers nothing.
    "500 What?\r\n",
    "504 Not that\r\n",
    "202 Superfluous\r\n",
    "533 Not here\r\n",
    "350 Go on\r\n",
    "200 Fine\r\n",
    "no reply at all\r\n",
    "503 Log in first\r\n",
    "530 Log in first\r\n",
    "431 No TLS now\r\n",
    "536 Not that level\r\n",
    "211-Without an end\r\n SIZE\r\n",
    "226 without a line end",
    "150 Opening\r\n226-ABOR\r\n226 ABOR command successful\r\n",
    "150 Opening\r\n522 The TLS handshake failed\r\n",
    "550 SIZE not allowed in ASCII mode\r\n",
    "550 20240131235959 file: No such file\r\n",
    "",
];

/// Returns what an ordinary server says.
fn fine(command: &[u8]) -> String {
    let transfer = "150 Opening (10 bytes)\r\n226 Done\r\n";
    let verb = Verb::split_from(command.trim_ascii_end()).map(|(verb, _)| verb);
    match verb {
        Some(verb) if verb.opens_data_connection() => transfer.to_owned(),
        Some(Verb::User) => "331 Password\r\n".to_owned(),
        Some(Verb::Pass) => "230 In\r\n".to_owned(),
        Some(Verb::Epsv) => "229 ok (|||50000|)\r\n".to_owned(),
        Some(Verb::Pasv) => "227 ok (127,0,0,1,195,80)\r\n".to_owned(),
        Some(Verb::Size) => "213 10\r\n".to_owned(),
        Some(Verb::Mdtm) => "213 20240131235959\r\n".to_owned(),
        Some(Verb::Feat) => concat!(
            "211-Features\r\n MLST Type*;\r\n SIZE\r\n UTF8\r\n HASH SHA-1*;CRC32\r\n XCRC\r\n MFMT\r\n",
            " MFCT\r\n SSCN\r\n211 End\r\n"
        )
        .to_owned(),
        Some(Verb::Mlst) => "250-Facts\r\n Type=file; x\r\n250 End\r\n".to_owned(),
        Some(Verb::Pwd | Verb::Mkd) => "257 \"/x\"\r\n".to_owned(),
        Some(Verb::Hash) => "213 SHA-1 0-10 da39a3ee5e6b4b0d3255bfef95601890afd80709 x\r\n".to_owned(),
        Some(Verb::Xcrc) => "250 00000000\r\n".to_owned(),
        Some(Verb::Avbl) => "213 1000\r\n".to_owned(),
        Some(Verb::Mfmt | Verb::Mfct) => "213 Modify=20240131235959; x\r\n".to_owned(),
        Some(verb) => {
            let mut codes = verb.info().replies();
            let code = codes.find(|code| code.is_success() || code.is_intermediate());
            format!("{} ok\r\n", code.unwrap_or(ReplyCode::COMMAND_OKAY))
        }
        None => "200 ok\r\n".to_owned(),
    }
}

/// A server with one answer to each command, sent in pieces of `piece` bytes.
pub struct Server<'i, 'a> {
    /// The rule by which the client finds the end of a reply, or `None` if more may follow that end.
    rule: Option<EndRule>,
    script: std::slice::Iter<'i, Said<'a>>,
    queue: VecDeque<u8>,
    piece: usize,
}

impl<'i, 'a> Server<'i, 'a> {
    /// Returns a server that says hello, or the first of its answers instead.
    pub fn new(rule: Option<EndRule>, greeted: bool, replies: &'i [Said<'a>], piece: usize) -> Self {
        let mut server = Self { rule, script: replies.iter(), queue: VecDeque::new(), piece };
        if greeted {
            server.queue.extend(b"220 hello\r\n");
        } else if let Some(greeting) = server.script.next() {
            server.answer(reply(greeting, b""));
        }
        server
    }

    /// Queues an answer, but nothing behind its first final reply. Further replies would answer
    /// nothing, and it makes an intended difference whether they arrive before or after the next
    /// command.
    fn answer(&mut self, mut said: Vec<u8>) {
        if let Some(rule) = self.rule {
            said.retain(|byte| *byte != 0xFF && *byte != 0);
            let mut rest = &said[..];
            loop {
                while let Some(after) = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n")) {
                    rest = after;
                }
                match Reply::parse(rest, rule) {
                    Ok(Some((reply, after))) if reply.code().is_preliminary() => rest = after,
                    Ok(Some((_, after))) => {
                        let length = said.len() - after.len();
                        said.truncate(length);
                        break;
                    }
                    // The client may learn from this that any code ends the server's replies.
                    Ok(None) if !rest.is_empty() => {
                        self.rule = Some(EndRule::AnyCode);
                        break;
                    }
                    _ => break,
                }
            }
        }
        self.queue.extend(said);
    }
}

impl Peer for Server<'_, '_> {
    fn take(&mut self, bytes: &[u8]) {
        for command in bytes.split_inclusive(|byte| *byte == b'\n') {
            if let Some(said) = self.script.next() {
                self.answer(reply(said, command));
            }
        }
    }

    fn say(&mut self, rx: &mut RecvBuf<Vec<u8>>) -> bool {
        let spare = rx.spare();
        let count = self.queue.len().min(self.piece).min(spare.len());
        for (to, from) in spare.iter_mut().zip(self.queue.drain(..count)) {
            *to = from;
        }
        rx.filled(count);
        count > 0
    }
}
