//! Clients and servers that speak line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::support::{Gateway, PATIENCE};

pub(crate) trait Connection: Read + Write + Send {}

impl<C: Read + Write + Send> Connection for C {}

/// A connection that speaks line by line.
pub(crate) struct Peer(pub(crate) BufReader<Box<dyn Connection>>);

impl Peer {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(Box::new(stream)))
    }

    pub(crate) fn to(gateway: &Gateway) -> Self {
        Self::new(TcpStream::connect(gateway.address).unwrap())
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    #[track_caller]
    pub(crate) fn says(&mut self, line: &str, code: &str) -> String {
        self.send(line);
        let reply = self.line();
        assert!(reply.starts_with(code), "{line}: {reply}");
        reply
    }

    #[track_caller]
    pub(crate) fn hears(&mut self, code: &str) {
        let line = self.line();
        assert!(line.starts_with(code), "{line}, wanted {code}");
    }

    #[track_caller]
    pub(crate) fn ends(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = self.0.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    }
}

/// A client that has logged in.
pub(crate) fn logged_in(gateway: &Gateway) -> Peer {
    let mut peer = Peer::to(gateway);
    peer.hears("220");
    peer.says("USER me", "331");
    peer.says("PASS secret", "230");
    peer
}

/// Returns the port of a 229.
pub(crate) fn port(reply: &str) -> u16 {
    reply.split('|').nth(3).unwrap().parse().unwrap()
}

/// A server of the test's own, which runs `serve` for one connection.
pub(crate) fn scripted(
    serve: impl FnOnce(TcpStream) + Send + 'static,
) -> (SocketAddr, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, thread::spawn(move || serve(listener.accept().unwrap().0)))
}

/// Returns a text of `count` pieces, which depends on `seed` alone.
pub(crate) fn pieces(pieces: &[&[u8]], count: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut text = Vec::new();
    for _ in 0..count {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend(pieces[(state >> 16) as usize % pieces.len()]);
    }
    text
}
