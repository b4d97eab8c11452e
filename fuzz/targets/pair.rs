//! Runs a client and a session against each other: each operation succeeds or is refused, and
//! neither end breaks the dialogue, nor says what no document has.
#![no_main]

use std::collections::VecDeque;

use ftp_proto::buffer::RecvBuf;
use ftp_proto::error::{Error, PeerError};
use ftp_proto_fuzz::asks::Ask;
use ftp_proto_fuzz::client_end::{ClientEnd, Peer};
use ftp_proto_fuzz::input::Pair as Input;
use ftp_proto_fuzz::sequences::{Follower, is_ours};
use ftp_proto_fuzz::server_end::{ServerEnd, endpoints};
use ftp_proto_fuzz::settings;
use libfuzzer_sys::fuzz_target;

struct Server<'a> {
    end: ServerEnd<'a>,
    told: usize,
    queue: VecDeque<u8>,
    piece: usize,
    follower: Follower,
    /// The start of a line that the server has not ended.
    line: Vec<u8>,
}

impl Server<'_> {
    fn collect(&mut self) {
        for part in self.end.sent[self.told..].split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if let Some(line) = self.line.strip_suffix(b"\r\n") {
                self.follower.reply(line);
                self.line.clear();
            }
        }
        self.queue.extend(&self.end.sent[self.told..]);
        self.told = self.end.sent.len();
    }
}

impl Peer for Server<'_> {
    fn take(&mut self, bytes: &[u8]) {
        for line in bytes.split(|byte| *byte == b'\n') {
            self.follower.command(line.strip_suffix(b"\r").unwrap_or(line));
        }
        for piece in bytes.chunks(self.piece) {
            self.end.feed(piece);
        }
        self.collect();
    }

    fn say(&mut self, rx: &mut RecvBuf<Vec<u8>>) -> bool {
        self.end.feed(b"");
        self.collect();
        if self.queue.is_empty() {
            // If data stalls, it does for a while at most.
            for _ in 0..8 {
                self.end.pause();
                if !self.end.puts_off() {
                    break;
                }
            }
            self.end.pass_a_moment();
            self.collect();
        }
        let spare = rx.spare();
        let count = self.queue.len().min(self.piece).min(spare.len());
        for (to, from) in spare.iter_mut().zip(self.queue.drain(..count)) {
            *to = from;
        }
        rx.filled(count);
        if count == 0 && self.end.ended {
            rx.eof();
            return true;
        }
        count > 0
    }
}

fuzz_target!(|input: Input<'_>| {
    let mut server = settings::server(input.server);
    server.security.tls = settings::client(input.client, false).security.tls;
    let mut end = ServerEnd::new(server, endpoints(false), input.choices);
    end.kind = input.kind;
    let piece = usize::from(input.cut) + 1;
    let (queue, follower) = (VecDeque::new(), Follower::default());
    let server = Server { end, told: 0, queue, piece, follower, line: Vec::new() };
    let mut client = ClientEnd::new(server, input.client, false, 0, input.choices, None);
    client.kind = input.kind;
    client.ask(&Ask::Greeting);
    if input.kind {
        client.ask(&Ask::Login(b"me", b"secret", false));
    }
    let mut asked = 0;
    for ask in input.asks.iter().take(24) {
        if client.failed.is_none() {
            asked = client.trace.len();
            client.ask(ask);
        }
    }
    match client.failed {
        None => {}
        // The server ended the session, or the client asked it to.
        Some(Error::Peer(PeerError::Closed | PeerError::ServiceClosing)) => {}
        // Data that stalls on one end alone.
        Some(Error::Peer(PeerError::TimedOut(_))) if !input.kind => {}
        // The handshake on the control connection may fail here, unless `kind` is set.
        Some(Error::Peer(PeerError::Handshake)) if !input.kind => {}
        // Commands with arbitrary arguments may be too long.
        Some(Error::Local(_)) => {}
        Some(error) => panic!("{error:?} after {asked}: {:#?}", client.trace),
    }
    client.peer.end.check_replies();
    let Follower { departures, strays, .. } = &client.peer.follower;
    let unknown: Vec<_> = departures.iter().filter(|departure| !is_ours(departure)).collect();
    assert!(unknown.is_empty() && strays.is_empty(), "{unknown:?} {strays:?} in {:#?}", client.trace);
});
