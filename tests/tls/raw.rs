//! A client that controls TLS directly, for behavior that our client does not have.

use crate::certificates::roots;
use rustix::net::{AddressFamily, SocketType};
use rustls::client::{Resumption, Tls12Resumption};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

pub type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A client configuration with a session store of its own.
pub fn client_config() -> Arc<ClientConfig> {
    client_config_of(rustls::ALL_VERSIONS)
}

/// Like [`client_config`], for these versions of TLS.
pub fn client_config_of(versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    store.add(roots()[0].clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(store).with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(8);
    Arc::new(config)
}

/// Like [`client_config`], for TLS 1.2 without tickets.
pub fn client_config_of_identifiers() -> Arc<ClientConfig> {
    let mut config = ClientConfig::clone(&client_config_of(&[&rustls::version::TLS12]));
    config.resumption = Resumption::in_memory_sessions(8).tls12_resumption(Tls12Resumption::SessionIdOnly);
    Arc::new(config)
}

fn tcp(address: SocketAddr) -> TcpStream {
    tcp_from(Ipv4Addr::LOCALHOST, address)
}

fn tcp_from(own: Ipv4Addr, address: SocketAddr) -> TcpStream {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::new(own.into(), 0)).unwrap();
    rustix::net::connect(&socket, &address).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn over(stream: TcpStream, config: &Arc<ClientConfig>) -> Stream {
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), stream)
}

/// A client that is logged in over TLS and uses PROT P.
pub struct RawClient {
    control: BufReader<Stream>,
    address: SocketAddr,
    own: Ipv4Addr,
}

impl RawClient {
    pub fn new(address: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        let mut client = Self::secured(Ipv4Addr::LOCALHOST, address, config);
        client.log_in("me", "secret");
        client
    }

    /// Connects from this address with TLS, without logging in.
    pub fn secured(own: Ipv4Addr, address: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        let mut stream = tcp_from(own, address);
        let mut greeting = [0; 512];
        let _ = stream.read(&mut greeting).unwrap();
        stream.write_all(b"AUTH TLS\r\n").unwrap();
        let _ = stream.read(&mut greeting).unwrap();
        let mut client = Self { control: BufReader::new(over(stream, config)), address, own };
        // By then it has read the tickets too.
        assert_eq!(client.say("NOOP"), 200);
        client
    }

    pub fn log_in(&mut self, user: &str, password: &str) {
        let (user, password) = (format!("USER {user}"), format!("PASS {password}"));
        for line in [&*user, &password, "PBSZ 0", "PROT P", "TYPE I"] {
            assert!(self.say(line) < 400, "{line}");
        }
    }

    /// Returns the server's certificate on the control connection.
    pub fn certificate(&self) -> CertificateDer<'static> {
        let chain = self.control.get_ref().conn.peer_certificates().unwrap();
        chain[0].clone().into_owned()
    }

    /// Sends a command. Its reply is to be read later.
    pub fn send(&mut self, line: &str) {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// Ends TLS on the control connection, and returns the remaining input.
    pub fn end_tls(&mut self) -> std::io::Result<Vec<u8>> {
        let stream = self.control.get_mut();
        stream.conn.send_close_notify();
        stream.flush()?;
        let mut rest = Vec::new();
        self.control.read_to_end(&mut rest)?;
        Ok(rest)
    }

    /// Sends a command, and reads the code of its reply.
    pub fn say(&mut self, line: &str) -> u16 {
        self.send(line);
        self.reply()
    }

    pub fn reply(&mut self) -> u16 {
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        line[..3].parse().unwrap()
    }

    /// Opens a data connection, by EPSV, that has yet to shake hands.
    pub fn data(&mut self, config: &Arc<ClientConfig>) -> Stream {
        self.control.get_mut().write_all(b"EPSV\r\n").unwrap();
        let mut line = String::new();
        self.control.read_line(&mut line).unwrap();
        let port = line.split('|').nth(3).unwrap().parse().unwrap();
        over(tcp_from(self.own, SocketAddr::new(self.address.ip(), port)), config)
    }
}

/// Whether a server goes on with a client that calls what it speaks so (ALPN).
pub fn shakes_hands(address: SocketAddr, protocol: &str) -> bool {
    let mut config = ClientConfig::clone(&client_config());
    config.alpn_protocols = vec![protocol.into()];
    let mut stream = tcp(address);
    let mut reply = [0; 512];
    let _ = stream.read(&mut reply).unwrap();
    stream.write_all(b"AUTH TLS\r\n").unwrap();
    let _ = stream.read(&mut reply).unwrap();
    let mut stream = over(stream, &Arc::new(config));
    stream.conn.complete_io(&mut stream.sock).is_ok()
}
