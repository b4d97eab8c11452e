//! Peers that speak TLS by hand, to do what ours would not.

use crate::support::{certificate, roots};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A client configuration with a session store of its own.
pub fn client_config() -> Arc<ClientConfig> {
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

/// A server that answers every command with yes, and sends `content` without ending TLS after it.
pub fn truncating_server(content: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (chain, key) = certificate();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut line = [0; 64];
        let _ = stream.read(&mut line).unwrap();
        stream.write_all(b"234 go\r\n").unwrap();
        let secured = |stream| StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        let mut control = BufReader::new(secured(stream));
        let ports = TcpListener::bind("127.0.0.1:0").unwrap();
        loop {
            let mut line = String::new();
            if !matches!(control.read_line(&mut line), Ok(1..)) {
                return;
            }
            let reply = match line.split_whitespace().next().unwrap_or_default() {
                "USER" => "331 password".to_owned(),
                "PASS" => "230 in".to_owned(),
                "EPSV" => format!("229 (|||{}|)", ports.local_addr().unwrap().port()),
                "RETR" => {
                    control.get_mut().write_all(b"150 here\r\n").unwrap();
                    let mut data = secured(ports.accept().unwrap().0);
                    data.write_all(content).unwrap();
                    data.flush().unwrap();
                    // TCP ends in order, TLS does not.
                    data.sock.shutdown(std::net::Shutdown::Write).unwrap();
                    let mut rest = Vec::new();
                    let _ = data.sock.read_to_end(&mut rest);
                    "226 sent".to_owned()
                }
                _ => "200 okay".to_owned(),
            };
            control.get_mut().write_all(format!("{reply}\r\n").as_bytes()).unwrap();
        }
    });
    address
}
