//! A client made of plain sockets, so that its memory does not hide the server's.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType};

/// One that says what it is told to, and keeps nothing.
pub(crate) struct Peer {
    control: BufReader<TcpStream>,
}

impl Peer {
    /// Logged in, for files as they are.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self::named(address, "me")
    }

    /// As [`new`](Self::new), another user.
    pub(crate) fn named(address: SocketAddr, user: &str) -> Self {
        let mut peer = Self::greeted(address);
        peer.says(&format!("USER {user}"), "331");
        peer.says("PASS secret", "230");
        peer.says("TYPE I", "200");
        peer
    }

    /// Connects without logging in.
    pub(crate) fn greeted(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    /// Like [`new`](Self::new), from this address.
    pub(crate) fn from(from: IpAddr, address: SocketAddr) -> Self {
        let mut peer = Self::over(connect_from(from, address).unwrap());
        peer.says("USER me", "331");
        peer.says("PASS secret", "230");
        peer.says("TYPE I", "200");
        peer
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut peer = Self { control: BufReader::with_capacity(256, stream) };
        peer.awaits("220");
        peer
    }

    /// The next line, which begins with this code.
    pub(crate) fn awaits(&mut self, code: &str) -> String {
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        assert!(line.starts_with(code), "{code} was to come, not {line:?}");
        line
    }

    pub(crate) fn says(&mut self, line: &str, code: &str) -> String {
        self.says_only(line);
        self.awaits(code)
    }

    /// Awaits no reply.
    pub(crate) fn says_only(&mut self, line: &str) {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// A passive data connection.
    pub(crate) fn data(&mut self) -> TcpStream {
        let reply = self.says("EPSV", "229");
        let port = reply.split('|').nth(3).unwrap().parse().unwrap();
        let data = TcpStream::connect(("127.0.0.1", port)).unwrap();
        data.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        data
    }
}

/// Connects from the address `from`.
pub(crate) fn connect_from(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    rustix::net::bind(&socket, &SocketAddr::new(from, 0))?;
    rustix::net::connect(&socket, &to)?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}
