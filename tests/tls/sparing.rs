//! A server that is sparing of its tickets, as ProFTPD is: data connections have to resume a session, and an upload
//! brings no ticket for the next.

use crate::certificates::certificate;
use rustls::server::ServerSessionMemoryCache;
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// What came of a session.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub uploads: usize,
    pub listings: usize,
    /// Uploads over data connections that resumed nothing.
    pub fresh: usize,
}

pub struct Sparing {
    listener: TcpListener,
    plenty: Arc<ServerConfig>,
    none: Arc<ServerConfig>,
    /// Data connections may resume nothing.
    takes_any: bool,
}

impl Sparing {
    /// Serves one session, under TLS from its start.
    pub fn start(takes_any: bool) -> (SocketAddr, JoinHandle<Seen>) {
        let (chain, key) = certificate();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap();
        let mut plenty = builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
        plenty.session_storage = ServerSessionMemoryCache::new(32);
        plenty.send_tls13_tickets = 2;
        let mut none = plenty.clone();
        none.send_tls13_tickets = 0;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { listener, plenty: Arc::new(plenty), none: Arc::new(none), takes_any };
        (address, thread::spawn(move || server.serve().unwrap()))
    }

    fn accept(listener: &TcpListener, config: &Arc<ServerConfig>) -> io::Result<Stream> {
        let stream = listener.accept()?.0;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        // The tickets.
        stream.flush()?;
        Ok(stream)
    }

    fn serve(&self) -> io::Result<Seen> {
        let (mut seen, mut passive, mut line) = (Seen::default(), None, String::new());
        let mut control = BufReader::new(Self::accept(&self.listener, &self.plenty)?);
        control.get_mut().write_all(b"220 Ready.\r\n")?;
        loop {
            line.clear();
            control.read_line(&mut line)?;
            let reply = match line.trim_end() {
                "EPSV" => {
                    let listener = TcpListener::bind("127.0.0.1:0")?;
                    let reply = format!("229 There (|||{}|).\r\n", listener.local_addr()?.port());
                    passive = Some(listener);
                    reply
                }
                line if line.starts_with("STOR") || line.starts_with("NLST") => {
                    control.get_mut().write_all(b"150 Go on.\r\n")?;
                    let stores = line.starts_with("STOR");
                    let tickets = if stores { &self.none } else { &self.plenty };
                    let mut data = Self::accept(&passive.take().unwrap(), tickets)?;
                    let fresh = data.conn.handshake_kind() != Some(HandshakeKind::Resumed);
                    if fresh && !self.takes_any {
                        seen.listings += usize::from(!stores);
                        "425 Unable to build data connection: Operation not permitted\r\n".to_owned()
                    } else {
                        match stores {
                            true => drop(data.read_to_end(&mut Vec::new())?),
                            false => data.write_all(b"name\r\n")?,
                        }
                        data.conn.send_close_notify();
                        // The client may have left.
                        let _ = data.flush();
                        seen.uploads += usize::from(stores);
                        seen.listings += usize::from(!stores);
                        seen.fresh += usize::from(fresh && stores);
                        "226 Done.\r\n".to_owned()
                    }
                }
                line if line.starts_with("PASS") => "230 In.\r\n".to_owned(),
                line if line.starts_with("USER") => "331 Password?\r\n".to_owned(),
                "QUIT" => {
                    control.get_mut().write_all(b"221 Bye.\r\n")?;
                    return Ok(seen);
                }
                "ABOR" => "225 Nothing to abort.\r\n".to_owned(),
                _ => "200 Done.\r\n".to_owned(),
            };
            control.get_mut().write_all(reply.as_bytes())?;
        }
    }
}
