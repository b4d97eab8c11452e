//! How a client is set up before it connects.

use ::std::fmt;
use ::std::io;
use ::std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use ::std::time::Duration;

use super::client::Client;
use super::reactor::Blocking;
use crate::client::{self, Config, DataConnection, Profile};
use crate::codec::Redacted;
use crate::io::client::Connection;
use crate::io::control::{Direction, Trace};
use crate::io::error::Error;
use crate::io::tls::Endpoint;

/// How a client is set up before it connects.
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder {
    config: Config,
    profile: Profile,
    connect_timeout: Duration,
    trace: Option<Trace>,
    endpoint: Option<Endpoint>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, profile, connect_timeout, .. } = self;
        f.debug_struct("ClientBuilder")
            .field("config", config)
            .field("profile", profile)
            .field("connect_timeout", connect_timeout)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            config: Config::default(),
            profile: Profile::default(),
            connect_timeout: Duration::from_secs(20),
            trace: None,
            endpoint: None,
        }
    }

    /// The limits, timeouts and policies of the machine.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Lets the server open data connections, as [`Config::data_connection`] does: for servers behind
    /// firewalls that let nothing in.
    pub fn active(mut self, active: bool) -> Self {
        self.config.data_connection = match active {
            true => DataConnection::Active,
            false => DataConnection::Passive,
        };
        self
    }

    /// What is known of the server from an earlier connection.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// How long the control connection may take to stand, for each address of the server. 20 s by
    /// default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Puts the connection under TLS, once it stands, by AUTH TLS: dialogue and data, unless the
    /// [configuration](client::Config::security) prefers that only. `name` is the server's, as its
    /// certificate has it.
    ///
    /// # Errors
    /// When `name` is neither a DNS name nor an IP address.
    #[cfg(feature = "rustls")]
    pub fn explicit_tls(mut self, tls: crate::io::tls::ClientTls, name: &str) -> Result<Self, Error> {
        self.config.security.tls = crate::security::TlsMode::Explicit;
        self.endpoint = Some(Endpoint::client(&tls, name)?);
        Ok(self)
    }

    /// As [`explicit_tls`](Self::explicit_tls), with TLS from the first byte on, at a port of its own (990
    /// mostly).
    ///
    /// # Errors
    /// As [`explicit_tls`](Self::explicit_tls).
    #[cfg(feature = "rustls")]
    pub fn implicit_tls(mut self, tls: crate::io::tls::ClientTls, name: &str) -> Result<Self, Error> {
        self.config.security.tls = crate::security::TlsMode::Implicit;
        self.endpoint = Some(Endpoint::client(&tls, name)?);
        Ok(self)
    }

    /// Shows each line of the dialogue to `show`, secrets hidden.
    pub fn trace(mut self, show: impl FnMut(Direction, Redacted<'_>) + Send + 'static) -> Self {
        self.trace = Some(Box::new(show));
        self
    }

    /// Connects to the first of the server's addresses that can be reached, and reads its greeting.
    ///
    /// # Errors
    /// When none can be reached, or what answers is no FTP server, or refuses.
    pub fn connect(self, server: impl ToSocketAddrs) -> Result<Client, Error> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in server.to_socket_addrs().map_err(Error::Connect)? {
            match TcpStream::connect_timeout(&address, self.connect_timeout) {
                Ok(stream) => return self.begin(stream, address),
                Err(error) => last = error,
            }
        }
        Err(Error::Connect(last))
    }

    fn begin(self, stream: TcpStream, peer: SocketAddr) -> Result<Client, Error> {
        let runtime = Blocking::new();
        let local = stream.local_addr().map_err(Error::Connect)?.ip();
        let socket = runtime.adopt(stream).map_err(Error::Connect)?;
        let secure = self.config.security.tls != crate::security::TlsMode::None;
        let mut connection = Connection::new(runtime, socket, local, peer, self.config, self.endpoint);
        connection.set_profile(self.profile);
        connection.set_trace(self.trace);
        let mut client = Client::new(connection);
        client.run(client::greeting())?;
        if secure {
            client.run(client::secure())?;
        }
        Ok(client)
    }
}
