//! A server that says anything, in any pieces.

use std::collections::VecDeque;

use ftp_proto::buffer::RecvBuf;
use ftp_proto::codec::{EndRule, Reply, ReplyCode};

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
        Said::Fine => match command.get(..4).unwrap_or_default() {
            b"USER" => b"331 Password\r\n".to_vec(),
            b"PASS" => b"230 In\r\n".to_vec(),
            b"EPSV" => b"229 ok (|||50000|)\r\n".to_vec(),
            b"PASV" => b"227 ok (127,0,0,1,195,80)\r\n".to_vec(),
            b"RETR" | b"STOR" | b"APPE" | b"STOU" | b"LIST" | b"NLST" | b"MLSD" => {
                b"150 Opening (10 bytes)\r\n226 Done\r\n".to_vec()
            }
            b"RNFR" | b"REST" => b"350 Go on\r\n".to_vec(),
            b"SIZE" => b"213 10\r\n".to_vec(),
            b"MDTM" => b"213 20240131235959\r\n".to_vec(),
            b"FEAT" => b"211-Features\r\n MLST Type*;\r\n SIZE\r\n UTF8\r\n HASH SHA-1*;CRC32\r\n XCRC\r\n MFMT\r\n MFCT\r\n SSCN\r\n211 End\r\n".to_vec(),
            b"MLST" => b"250-Facts\r\n Type=file; x\r\n250 End\r\n".to_vec(),
            b"PWD\r" | b"MKD " => b"257 \"/x\"\r\n".to_vec(),
            b"HASH" => b"213 SHA-1 0-10 da39a3ee5e6b4b0d3255bfef95601890afd80709 x\r\n".to_vec(),
            b"XCRC" => b"250 00000000\r\n".to_vec(),
            b"AVBL" => b"213 1000\r\n".to_vec(),
            b"MFMT" | b"MFCT" => b"213 Modify=20240131235959; x\r\n".to_vec(),
            _ => b"200 ok\r\n".to_vec(),
        },
    }
}

/// Cuts an answer off after its first final reply. Further replies would answer nothing, and it
/// makes an intended difference whether they arrive before or after the next command.
fn answer(mut said: Vec<u8>, rule: Option<EndRule>) -> Vec<u8> {
    let Some(rule) = rule else { return said };
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
                return said;
            }
            _ => return said,
        }
    }
}

/// A server with one answer to each command, sent in pieces of `piece` bytes.
pub struct Server<'i, 'a> {
    rule: Option<EndRule>,
    script: std::slice::Iter<'i, Said<'a>>,
    queue: VecDeque<u8>,
    piece: usize,
}

impl<'i, 'a> Server<'i, 'a> {
    /// Returns a server that says hello, or the first of its answers instead.
    pub fn new(rule: Option<EndRule>, greeted: bool, replies: &'i [Said<'a>], piece: usize) -> Self {
        let (mut script, mut queue) = (replies.iter(), VecDeque::new());
        if greeted {
            queue.extend(b"220 hello\r\n");
        } else if let Some(greeting) = script.next() {
            queue.extend(answer(reply(greeting, b""), rule));
        }
        Self { rule, script, queue, piece }
    }
}

impl Peer for Server<'_, '_> {
    fn take(&mut self, bytes: &[u8]) {
        for command in bytes.split_inclusive(|byte| *byte == b'\n') {
            if let Some(said) = self.script.next() {
                self.queue.extend(answer(reply(said, command), self.rule));
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
