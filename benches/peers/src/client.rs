//! A small FTP client that loads a server. It is independent of the crate, so that a fault of ours
//! cannot favour our server.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// The account of tests/peers/server.sh, which our servers get as well.
pub const USER: &str = "ftptest";
/// The password of the account.
pub const PASSWORD: &str = "ftppass";

/// Limit of a single wait for the peer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server as clients reach it.
#[derive(Clone)]
pub struct Target {
    /// The address of its control connections.
    pub address: SocketAddr,
    /// The address to connect from, if it is not for the system to choose: one address has ports for
    /// only so many connections.
    pub source: Option<Ipv4Addr>,
    /// The configuration for AUTH TLS; `None` for plain FTP.
    pub tls: Option<Arc<ClientConfig>>,
}

/// A control or data connection.
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn connect(address: SocketAddr, source: Option<Ipv4Addr>) -> Result<TcpStream> {
        let socket = match source {
            None => TcpStream::connect_timeout(&address, PATIENCE),
            Some(source) => Stream::connect_from(source, address),
        };
        let socket = socket.context("cannot connect")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket)
    }

    fn connect_from(source: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        // For connect(2), too.
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(PATIENCE))?;
        net::bind(&socket, &SocketAddrV4::new(source, 0))?;
        net::connect(&socket, &address)?;
        Ok(socket.into())
    }

    fn secure(config: &Arc<ClientConfig>, mut socket: TcpStream) -> Result<Stream> {
        let name = ServerName::try_from("localhost").expect("a valid name");
        let mut connection = ClientConnection::new(Arc::clone(config), name)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).context("the TLS handshake failed")?;
        }
        Ok(Stream::Tls(Box::new(StreamOwned::new(connection, socket))))
    }

    /// Ends our side in order.
    fn finish(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.shutdown(Shutdown::Write),
            Stream::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()?;
                stream.sock.shutdown(Shutdown::Write)
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self {
            Stream::Plain(socket) => socket.read(buffer),
            Stream::Tls(stream) => match stream.read(buffer) {
                // A server that closes without close_notify: the byte counts are checked instead.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                result => result,
            },
        };
        read.map_err(in_words)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self {
            Stream::Plain(socket) => socket.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        };
        written.map_err(in_words)
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(socket) => socket.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}

/// Names the limit of a wait, for which the operating system's text is "temporarily unavailable".
fn in_words(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::WouldBlock {
        return error;
    }
    io::Error::new(io::ErrorKind::TimedOut, format!("nothing moved for {} s", PATIENCE.as_secs()))
}

/// A control connection. Each of its transfers uses EPSV.
pub struct Session {
    control: Stream,
    address: SocketAddr,
    source: Option<Ipv4Addr>,
    /// Bytes received and not yet read as replies.
    received: Vec<u8>,
    /// The configuration of data connections, if they are protected.
    data_tls: Option<Arc<ClientConfig>>,
}

impl Session {
    /// Connects and logs in, under TLS if `target` says so. Data connections are then protected
    /// and resume the TLS session of this control connection.
    pub fn open(target: &Target) -> Result<Session> {
        // A store of its own: the server wants the session of this control connection resumed.
        let tls = target.tls.as_ref().map(|config| {
            let mut config = ClientConfig::clone(config);
            config.resumption = Resumption::in_memory_sessions(8);
            Arc::new(config)
        });
        let mut session = Session::start(target, tls.as_ref())?;
        if tls.is_some() {
            session.expect("PBSZ 0", 2)?;
            session.expect("PROT P", 2)?;
            session.data_tls = tls;
        }
        session.expect("TYPE I", 2)?;
        Ok(session)
    }

    /// Connects, logs in and leaves, with a full handshake under TLS, which is described like
    /// [`tls`](Self::tls).
    pub fn visit(target: &Target) -> Result<Option<String>> {
        let mut session = Session::start(target, target.tls.as_ref())?;
        session.expect("QUIT", 2)?;
        Ok(session.tls())
    }

    fn start(target: &Target, tls: Option<&Arc<ClientConfig>>) -> Result<Session> {
        let &Target { address, source, .. } = target;
        let socket = Stream::connect(address, source)?;
        socket.set_nodelay(true)?;
        let control = Stream::Plain(socket);
        let mut session = Session { control, address, source, received: Vec::new(), data_tls: None };
        session.reply_of(2, "the greeting")?;
        if let Some(config) = tls {
            session.expect("AUTH TLS", 2)?;
            ensure!(session.received.is_empty(), "bytes in the clear behind the reply to AUTH TLS");
            let Stream::Plain(socket) = session.control else { bail!("two layers of TLS") };
            session.control = Stream::secure(config, socket)?;
        }
        session.send(&format!("USER {USER}"))?;
        let (code, text) = session.reply()?;
        match code / 100 {
            2 => {}
            3 => _ = session.expect(&format!("PASS {PASSWORD}"), 2)?,
            _ => bail!("USER: {text}"),
        }
        Ok(session)
    }

    /// Describes the TLS of the control connection, if there is any.
    pub fn tls(&self) -> Option<String> {
        let Stream::Tls(stream) = &self.control else { return None };
        let suite = stream.conn.negotiated_cipher_suite()?.suite();
        let version =
            format!("{:?}", stream.conn.protocol_version()?).replace("TLSv", "TLS ").replace('_', ".");
        Some(format!("{version}, {suite:?}"))
    }

    fn send(&mut self, command: &str) -> Result<()> {
        self.send_bytes(format!("{command}\r\n").as_bytes())
    }

    /// Sends whole command lines.
    pub fn send_bytes(&mut self, lines: &[u8]) -> Result<()> {
        self.control.write_all(lines).context("cannot send a command")
    }

    /// Sends `command` and returns the text of its reply, whose code must begin with `class`.
    pub fn expect(&mut self, command: &str, class: u16) -> Result<String> {
        self.send(command)?;
        self.reply_of(class, command)
    }

    fn reply_of(&mut self, class: u16, what: &str) -> Result<String> {
        let (code, text) = self.reply().with_context(|| format!("no reply to {what}"))?;
        ensure!(code / 100 == class, "{what}: {text}");
        Ok(text)
    }

    /// Reads a reply, of one line or more. Returns its code and its last line.
    fn reply(&mut self) -> Result<(u16, String)> {
        let mut first = None;
        for _ in 0..1000 {
            let end = self.line()?;
            let line = String::from_utf8_lossy(&self.received[..end]).trim_end().to_owned();
            self.received.drain(..end);
            let code: Option<u16> = line.get(..3).and_then(|code| code.parse().ok());
            let last = line.as_bytes().get(3) != Some(&b'-');
            match (first, code) {
                (None, None) => bail!("not a reply: {line}"),
                (None, Some(code)) if last => return Ok((code, line)),
                (None, Some(code)) => first = Some(code),
                (Some(first), Some(code)) if first == code && last => return Ok((code, line)),
                (Some(_), _) => {}
            }
        }
        bail!("a reply without an end")
    }

    /// Reads `count` replies of one line each, all with a code of `class`.
    pub fn replies(&mut self, count: usize, class: u8) -> Result<()> {
        for _ in 0..count {
            let end = self.line()?;
            let line = &self.received[..end];
            ensure!(line[0] == b'0' + class, "an unexpected reply: {}", String::from_utf8_lossy(line));
            self.received.drain(..end);
        }
        Ok(())
    }

    /// Returns the length of the first line of `received`, once it is there.
    fn line(&mut self) -> Result<usize> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.received[searched..].iter().position(|&byte| byte == b'\n') {
                return Ok(searched + at + 1);
            }
            searched = self.received.len();
            ensure!(searched < 16 * 1024, "a reply line of more than 16 KiB");
            let mut chunk = [0; 4096];
            let read = self.control.read(&mut chunk).context("cannot read a reply")?;
            ensure!(read > 0, "the server closed the control connection");
            self.received.extend_from_slice(&chunk[..read]);
        }
    }

    /// Opens a data connection for `command`.
    fn transfer(&mut self, command: &str) -> Result<Stream> {
        let text = self.expect("EPSV", 2)?;
        let port = text.split("|||").nth(1).and_then(|rest| rest.split('|').next()?.parse().ok());
        let port = port.with_context(|| format!("no port in {text}"))?;
        let socket = Stream::connect(SocketAddr::new(self.address.ip(), port), self.source)?;
        self.expect(command, 1)?;
        match &self.data_tls {
            Some(config) => Stream::secure(config, socket),
            None => Ok(Stream::Plain(socket)),
        }
    }

    /// Runs `command`, which sends data to us, and hands each piece to `consume`. Returns the
    /// number of bytes, or fails after `limit`.
    pub fn receive(
        &mut self,
        command: &str,
        buffer: &mut [u8],
        limit: Duration,
        mut consume: impl FnMut(&[u8]),
    ) -> Result<u64> {
        let end = Instant::now() + limit;
        let mut data = self.transfer(command)?;
        let mut sum = 0;
        loop {
            let read = data.read(buffer).context("cannot read data")?;
            if read == 0 {
                break;
            }
            consume(&buffer[..read]);
            sum += read as u64;
            ensure!(Instant::now() < end, "not done after {} s", limit.as_secs());
        }
        drop(data);
        self.reply_of(2, command)?;
        Ok(sum)
    }

    /// Uploads `size` bytes to `path`, as repetitions of `chunk`, or fails after `limit`.
    pub fn store(&mut self, path: &str, size: u64, chunk: &[u8], limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        let mut data = self.transfer(&format!("STOR {path}"))?;
        let mut left = size;
        while left > 0 {
            let n = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
            data.write_all(&chunk[..n]).context("cannot write data")?;
            left -= n as u64;
            ensure!(Instant::now() < end, "not done after {} s", limit.as_secs());
        }
        data.flush()?;
        data.finish().context("cannot end the data connection")?;
        self.reply_of(2, "STOR")?;
        Ok(())
    }

    /// Leaves, and ignores how the server takes it.
    pub fn quit(mut self) {
        let _ = self.expect("QUIT", 2);
    }
}
