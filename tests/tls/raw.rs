//! A client that speaks TLS by hand, to do what ours would not.

use crate::certificates::roots;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A client configuration with a session store of its own.
pub fn client_config() -> Arc<ClientConfig> {
    client_config_of(rustls::ALL_VERSIONS)
}

/// The same, for these versions of TLS.
pub fn client_config_of(versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    store.add(roots()[0].clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(store).with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(8);
    Arc::new(config)
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn over(stream: TcpStream, config: &Arc<ClientConfig>) -> Stream {
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::clone(config), name).unwrap(), stream)
}

/// A client that is logged in over TLS and has data protected.
pub struct RawClient {
    control: BufReader<Stream>,
    address: SocketAddr,
}

impl RawClient {
    pub fn new(address: SocketAddr, config: &Arc<ClientConfig>) -> Self {
        let mut stream = tcp(address);
        let mut greeting = [0; 512];
        let _ = stream.read(&mut greeting).unwrap();
        stream.write_all(b"AUTH TLS\r\n").unwrap();
        let _ = stream.read(&mut greeting).unwrap();
        let mut client = Self { control: BufReader::new(over(stream, config)), address };
        for line in ["USER me", "PASS secret", "PBSZ 0", "PROT P", "TYPE I"] {
            assert!(client.say(line) < 400, "{line}");
        }
        client
    }

    /// Sends a command, and reads the code of its reply.
    pub fn say(&mut self, line: &str) -> u16 {
        self.control.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
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
        over(tcp(SocketAddr::new(self.address.ip(), port)), config)
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
