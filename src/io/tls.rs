//! TLS (RFC 4217) for every adapter: configurations, the TLS sessions of a control connection, and
//! the record layer between a socket and rustls.
//!
//! Each control connection has its own store of TLS sessions, which it shares with its data
//! connections. A client shares them with nothing else, so that its data connections always resume
//! a session of their own control connection. A server also lets data connections resume sessions
//! of their user's other control connections ([`ServerTls`]), and no others, so that a resumed
//! session identifies the user.
//!
//! Certificates, keys, and configurations of your own are types of rustls, which is re-exported as
//! [`rustls`] in the version that fits.
//!
//! If you write a driver of your own, use these stores as [`ClientSessions`] and
//! [`ServerSessions`], and move the bytes of rustls's connections yourself:
//!
//! ```
//! # #[cfg(feature = "ring")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use ftp_proto::action::DataEvent;
//! use ftp_proto::io::tls::rustls::{ClientConnection, HandshakeKind, ServerConnection};
//! use ftp_proto::io::tls::{ClientTls, ServerTls};
//!
//! // Usually two sockets lie between them.
//! fn shake_hands(
//!     mut client: ClientConnection,
//!     mut server: ServerConnection,
//! ) -> Result<Option<HandshakeKind>, Box<dyn std::error::Error>> {
//!     while client.wants_write() || server.wants_write() {
//!         let mut wire = Vec::new();
//!         client.write_tls(&mut wire)?;
//!         server.read_tls(&mut &wire[..])?;
//!         server.process_new_packets()?;
//!         wire.clear();
//!         server.write_tls(&mut wire)?;
//!         client.read_tls(&mut &wire[..])?;
//!         client.process_new_packets()?;
//!     }
//!     Ok(server.handshake_kind())
//! }
//!
//! # let own = rcgen::generate_simple_self_signed(["ftp.example.org".to_owned()])?;
//! # let (certificate, key) = (own.cert.der().clone(), own.signing_key.into());
//! let client_tls = ClientTls::builder().roots([certificate.clone()]).build()?;
//! let server_tls = ServerTls::new(vec![certificate], key)?;
//! // Once for each control connection ...
//! let (at_client, at_server) = (client_tls.sessions("ftp.example.org".try_into()?), server_tls.sessions());
//! let control = shake_hands(at_client.connect()?, at_server.accept()?)?;
//! assert_eq!(control, Some(HandshakeKind::Full));
//! // ... and all of its data connections from these.
//! let data = shake_hands(at_client.connect()?, at_server.accept_data()?)?;
//! let event = DataEvent::Secured { resumed: data == Some(HandshakeKind::Resumed) };
//! assert_eq!(event, DataEvent::Secured { resumed: true });
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "ring"))]
//! # fn main() {}
//! ```

mod client;
mod records;
mod server;
mod sessions;
mod unsigned;

use ::std::fmt;
use ::std::io;
use ::std::net::IpAddr;
use ::std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{Connection, RootCertStore};

/// The version of rustls whose types this module takes and returns, so that a program can name them
/// without a dependency of its own.
pub use rustls;

use crate::codec::Invalid;

use crate::io::server::login::Login;
pub use client::{ClientSessions, ClientTls, ClientTlsBuilder};
pub(in crate::io) use records::Session;
pub use server::{ServerSessions, ServerTls, ServerTlsBuilder};

/// The ALPN protocol of FTP, which both sides offer: a server of another protocol is not an FTP
/// server, even if its certificate is for the right name (CVE-2021-3618).
const ALPN: &[u8] = b"ftp";

/// The TLS role of a control connection and its data connections, with the sessions that they
/// share.
#[derive(Clone)]
pub(in crate::io) enum Endpoint {
    Client(ClientSessions),
    Server(ServerSessions),
}

/// Returns the error for a connection that should be secured but has no TLS configuration.
pub(in crate::io) fn not_configured() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "no TLS configuration was given")
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client(_) => "Client",
            Self::Server(_) => "Server",
        })
    }
}

impl Endpoint {
    /// Creates a client's endpoint, for the server of this name.
    pub(in crate::io) fn client(tls: &ClientTls, name: &str) -> Result<Self, crate::io::Error> {
        let name = rustls::pki_types::ServerName::try_from(name.to_owned())
            .map_err(|_| crate::io::Error::Argument(Invalid::new("a DNS name or an IP address")))?;
        Ok(Self::Client(tls.sessions(name)))
    }

    /// Creates a server's endpoint, for a client from this address.
    pub(in crate::io) fn server(tls: &ServerTls, address: IpAddr) -> Self {
        Self::Server(tls.sessions_from(address))
    }

    pub(in crate::io) const fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Reports a login or its end, which determines the connections that share sessions.
    pub(in crate::io) fn tell_login(&self, login: Login<'_>) {
        let Self::Server(sessions) = self else { return };
        match login {
            Login::Nobody => sessions.belong_to_nobody(),
            Login::Unshared => sessions.stay_alone(),
            Login::User { host, name, address } => sessions.belong_to(host, name, address),
        }
    }

    /// Returns whether there were TLS 1.3 tickets and none are left.
    pub(in crate::io) fn has_spent_its_tickets(&self) -> bool {
        match self {
            Self::Client(sessions) => sessions.has_spent_its_tickets(),
            Self::Server(_) => false,
        }
    }

    /// Creates a connection that has not begun its handshake. Data is read in pieces of `chunk`
    /// bytes.
    pub(in crate::io) fn session(&self, chunk: usize) -> io::Result<Session> {
        let (connection, tolerant) = match self {
            Self::Client(sessions) => {
                (Connection::from(sessions.connect().map_err(other)?), sessions.is_tolerant())
            }
            Self::Server(sessions) => (Connection::from(sessions.accept().map_err(other)?), false),
        };
        Ok(Session::new(connection, chunk, tolerant))
    }

    /// Creates a connection like [`session`](Self::session), for a data connection.
    pub(in crate::io) fn data_session(&self, chunk: usize) -> io::Result<Session> {
        match self {
            Self::Client(_) => self.session(chunk),
            Self::Server(sessions) => {
                let (connection, keeper) = sessions.accept_data_to_check().map_err(other)?;
                Ok(Session::new(connection.into(), chunk, false).holding_tickets(keeper))
            }
        }
    }
}

/// Returns the process's crypto provider, or the one that a feature of this crate provides.
fn provider() -> Result<Arc<CryptoProvider>, rustls::Error> {
    if let Some(provider) = CryptoProvider::get_default() {
        return Ok(Arc::clone(provider));
    }
    #[cfg(feature = "ring")]
    return Ok(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    return Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    Err(rustls::Error::General(
        "no crypto provider: install one, or turn on the feature `ring` or `aws-lc-rs`".into(),
    ))
}

fn store(roots: Vec<CertificateDer<'static>>) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root)?;
    }
    Ok(store)
}

fn other(error: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
