//! A client made of plain sockets, which follows a script and records the dialogue.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Step;
use crate::certificates::roots;
use crate::site::{Kind, Site};

type Tls = StreamOwned<ClientConnection, TcpStream>;

enum Stream {
    Plain(TcpStream),
    Secured(Box<Tls>),
}

pub struct Peer {
    control: Stream,
    data: Option<Stream>,
    config: Arc<ClientConfig>,
    /// Additional control connections, kept open.
    others: Vec<TcpStream>,
    log: String,
}

fn tls_config() -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    store.add(roots()[0].clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(store).with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(8);
    Arc::new(config)
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn secured(stream: TcpStream, config: &Arc<ClientConfig>) -> Stream {
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), stream);
    // A failed handshake shows in the following step.
    let _ = tls.conn.complete_io(&mut tls.sock);
    Stream::Secured(Box::new(tls))
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Secured(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Secured(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Secured(stream) => stream.flush(),
        }
    }
}

impl Stream {
    fn tcp(&self) -> TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secured(stream) => &stream.sock,
        }
        .try_clone()
        .unwrap()
    }

    /// Ends the stream in order.
    fn finish(&mut self) {
        if let Self::Secured(tls) = self {
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
        let _ = self.tcp().shutdown(Shutdown::Write);
    }
}

/// Returns whether `text` matches `form`, in which `*` stands for any text.
fn is_like(form: &str, text: &str) -> bool {
    match form.split_once('*') {
        None => form == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| is_like(rest, &text[at..]))
        }),
    }
}

impl Peer {
    /// Connects, and reads the greeting unless TLS comes first.
    pub fn connect(site: &Site) -> Self {
        let (config, stream) = (tls_config(), tcp(site.address));
        let control = match site.kind {
            Kind::Implicit => secured(stream, &config),
            _ => Stream::Plain(stream),
        };
        Self { control, data: None, config, others: Vec::new(), log: String::new() }
    }

    pub fn log(&self) -> &str {
        &self.log
    }

    pub fn takes(&mut self, site: &Site, step: Step) -> Result<(), String> {
        match step {
            Step::Says(line, reply) => {
                self.send(&format!("{line}\r\n"))?;
                self.hears(reply)
            }
            Step::Hears(reply) => self.hears(reply),
            Step::Sends(bytes) => self.send(bytes),
            Step::Ends => match self.control.read(&mut [0]) {
                Ok(1) => Err("there is more".into()),
                // A reset counts as the end.
                _ => Ok(()),
            },
            Step::Opens => {
                self.send("EPSV\r\n")?;
                let reply = self.reply()?;
                let port = reply.split('|').nth(3).and_then(|port| port.parse().ok());
                let port = port.ok_or_else(|| format!("no port in {reply:?}"))?;
                self.data = Some(Stream::Plain(tcp(SocketAddr::new(site.address.ip(), port))));
                Ok(())
            }
            Step::Receives(form) => {
                let mut content = Vec::new();
                let mut data = self.data.take().ok_or("no data connection")?;
                data.read_to_end(&mut content).map_err(|error| error.to_string())?;
                data.finish();
                let content = String::from_utf8_lossy(&content).replace("\r\n", "\n");
                if is_like(form, &content) { Ok(()) } else { Err(format!("{content:?} came")) }
            }
            Step::Uploads(content) => {
                let mut data = self.data.take().ok_or("no data connection")?;
                data.write_all(content.as_bytes()).map_err(|error| error.to_string())?;
                data.finish();
                // The tickets have to be read, or the close would be a reset.
                let _ = data.read_to_end(&mut Vec::new());
                Ok(())
            }
            Step::Breaks => {
                self.data = None;
                Ok(())
            }
            Step::Secures => {
                self.control = secured(self.control.tcp(), &self.config);
                Ok(())
            }
            Step::Clears => {
                let stream = self.control.tcp();
                if let Stream::Secured(tls) = &mut self.control {
                    tls.conn.send_close_notify();
                    tls.flush().map_err(|error| error.to_string())?;
                    let rest = tls.read(&mut [0]).map_err(|error| error.to_string())?;
                    if rest != 0 {
                        return Err("TLS goes on".into());
                    }
                }
                self.control = Stream::Plain(stream);
                Ok(())
            }
            Step::SecuresData { resumes } => {
                let config = if resumes { Arc::clone(&self.config) } else { tls_config() };
                let data = self.data.take().ok_or("no data connection")?;
                self.data = Some(secured(data.tcp(), &config));
                Ok(())
            }
            Step::LogsIn => {
                self.send("USER me\r\n")?;
                self.hears("331 *")?;
                self.send("PASS secret\r\n")?;
                self.hears("230 *")
            }
            Step::Does(deed) => {
                deed(&site.root);
                Ok(())
            }
            Step::Another(greeting) => {
                let mut other = Self::connect(site);
                let heard = other.hears(greeting);
                self.others.push(other.control.tcp());
                heard
            }
        }
    }

    fn send(&mut self, bytes: &str) -> Result<(), String> {
        self.log += &format!("> {bytes:?}\n");
        self.control
            .write_all(bytes.as_bytes())
            .and_then(|()| self.control.flush())
            .map_err(|error| error.to_string())
    }

    fn hears(&mut self, form: &str) -> Result<(), String> {
        let reply = self.reply()?;
        if is_like(form, &reply) { Ok(()) } else { Err(format!("{reply:?} came")) }
    }

    /// Reads one reply and joins its lines with `\n`. Each line has to end in CRLF.
    fn reply(&mut self) -> Result<String, String> {
        let first = self.line()?;
        let mut reply = first.clone();
        if first.as_bytes().get(3) == Some(&b'-') {
            let end = format!("{} ", &first[..3]);
            loop {
                let line = self.line()?;
                reply = reply + "\n" + &line;
                if line.starts_with(&end) {
                    break;
                }
            }
        }
        self.log += &format!("< {reply:?}\n");
        Ok(reply)
    }

    fn line(&mut self) -> Result<String, String> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while !line.ends_with(b"\r\n") {
            match self.control.read(&mut byte) {
                Ok(1) if byte[0] != b'\n' || line.last() == Some(&b'\r') => line.push(byte[0]),
                other => return Err(format!("{other:?} behind {:?}", String::from_utf8_lossy(&line))),
            }
        }
        line.truncate(line.len() - 2);
        String::from_utf8(line).map_err(|error| error.to_string())
    }
}
