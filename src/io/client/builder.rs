//! The settings of a client before it connects.

use ::std::future::{Future, ready};
use ::std::io;
use ::std::net::SocketAddr;
use ::std::sync::Arc;
use ::std::time::Duration;

use super::Client;
use super::dialer::{Dialer, UNKNOWN};
use super::setup::{Setup, Target, within};
use super::transport::{Connector, Destination, Transport};
use crate::client::{Config, DataConnection, Profile};
use crate::codec::{Invalid, Redacted};
use crate::io::driver::control::Direction;
use crate::io::error::Error;
use crate::io::names::Names;
use crate::io::net::runtime::{Runtime, Timed};
use crate::io::net::socket::Keepalive;

/// The settings of a client before it connects, on the runtime `R`.
#[derive(Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder<R: Runtime> {
    setup: Setup,
    pub(in crate::io) runtime: R,
}

impl<R: Runtime> ClientBuilder<R> {
    /// Returns the default settings on a runtime. The adapters of this crate have
    /// `Client::builder`.
    pub fn new(runtime: R) -> Self {
        Self { setup: Setup::default(), runtime }
    }

    /// Sets the limits, timeouts and policies of the machine.
    pub fn config(mut self, config: Config) -> Self {
        self.setup.config = config;
        self
    }

    /// Sets whether the server opens data connections
    /// ([`Config::data_connection`](Config::data_connection)), for servers behind firewalls that
    /// let no connection in.
    pub fn active(mut self, active: bool) -> Self {
        self.setup.config.data_connection = match active {
            true => DataConnection::Active,
            false => DataConnection::Passive,
        };
        self
    }

    /// Sets the profile of the server that an earlier connection has learnt.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.setup.profile = profile;
        self
    }

    /// Sets the time that connecting to each of the server's addresses may take: 20 s by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.setup.connect_timeout = timeout;
        self
    }

    /// Sets TCP keepalive on the control connection: after an interval of this length without
    /// traffic, and after each further one, the system probes whether the server is still there.
    /// The interval is in whole seconds, from 1 s to 32,767 s; systems on which it cannot be set
    /// use their own. `None` turns keepalive off. The default is 60 s.
    ///
    /// The control connection is idle during a transfer, and address translators and firewalls
    /// forget idle connections, often after a few minutes: the final reply is then lost. The probes
    /// keep the connection's entry alive without sending a command, and detect a server that is
    /// gone. If a device in between counts only bytes of the dialogue, or terminates the TCP
    /// connection itself (a proxy), also send NOOP during transfers: [`Config::keepalive`].
    pub fn tcp_keepalive(mut self, interval: Option<Duration>) -> Self {
        self.setup.keepalive = Keepalive(interval);
        self
    }

    /// Sets the total time that one call may take. There is no limit by default. When connecting,
    /// the time includes the lookup of the name and the greeting. For a transfer or a listing, the
    /// time runs from the opening until the server has confirmed the end, including the time
    /// between the caller's reads or writes. For a walk, the limit applies to each directory. A
    /// call that has to find out the working directory before it begins has the same time for that
    /// in addition.
    ///
    /// A call that has used up its time fails with [`Error::Deadline`], and the session continues.
    /// Connecting fails with [`Error::Connect`] of the kind [`TimedOut`](io::ErrorKind::TimedOut).
    /// The [timeouts](Config::timeouts) of single steps apply as well.
    pub fn operation_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.setup.operation_timeout = timeout;
        self
    }

    /// Secures the connection by AUTH TLS after the greeting. TLS is required for both the dialogue
    /// and the data, unless the [configuration](Config::security) only prefers it. `name` is the
    /// server's name as in its certificate.
    ///
    /// # Errors
    /// Fails if `name` is neither a DNS name nor an IP address.
    #[cfg(feature = "rustls")]
    pub fn explicit_tls(self, tls: crate::io::tls::ClientTls, name: &str) -> Result<Self, Error> {
        let setup = self.setup.secured(crate::security::TlsMode::Explicit, &tls, name)?;
        Ok(Self { setup, ..self })
    }

    /// Secures the connection with TLS from the first byte on, as servers expect at a dedicated
    /// port, usually 990. Otherwise like [`explicit_tls`](Self::explicit_tls).
    ///
    /// # Errors
    /// Those of [`explicit_tls`](Self::explicit_tls).
    #[cfg(feature = "rustls")]
    pub fn implicit_tls(self, tls: crate::io::tls::ClientTls, name: &str) -> Result<Self, Error> {
        let setup = self.setup.secured(crate::security::TlsMode::Implicit, &tls, name)?;
        Ok(Self { setup, ..self })
    }

    /// Converts between the server's names and local ones, for servers whose names are in GBK,
    /// Shift-JIS or Latin-1. `decode` converts the server's bytes, including whole lines of
    /// listings, to local ones, and `encode` converts local bytes to the server's. Each returns
    /// `None` for input that it cannot convert. All paths that the client takes, and all paths and
    /// entries that it returns, are then local ones.
    ///
    /// A name that does not survive both conversions unchanged results in an [`Error::Name`], or in
    /// an unread line of a listing.
    pub fn names(
        mut self,
        decode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
        encode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.setup.names = Some(Arc::new(Names::new(decode, encode)));
        self
    }

    /// Calls `show` with each line of the dialogue, with secrets hidden.
    pub fn trace(mut self, show: impl FnMut(Direction, Redacted<'_>) + Send + 'static) -> Self {
        self.setup.trace = Some(Box::new(show));
        self
    }

    /// Makes all connections of the client with `connect` instead of the runtime: the control
    /// connection and the data connections, which have to be passive. A connector can go through a
    /// SOCKS5 or HTTP proxy, or through a tunnel, or connect to a peer in memory.
    ///
    /// The addresses of data connections come from the server's replies, or by default are the
    /// server's own (see [`Config::passive_address`]). This crate takes care of TLS: the connector
    /// makes connections in the clear.
    ///
    /// The returned future is polled by the client's call that needs the connection, within the
    /// time limit for connecting, and is dropped with that call. The future may block only if that
    /// call may, as the calls of [`io::std`](crate::io::std) do, and is then not interrupted. The
    /// example `socks` of this crate is a connector for SOCKS5 proxies.
    pub fn connector<C>(mut self, connect: impl Fn(Destination) -> C + Send + Sync + 'static) -> Self
    where
        C: Future<Output = io::Result<Transport>> + Send + 'static,
    {
        self.setup.connector = Some(Connector::new(connect));
        self
    }

    /// Connects to the first of the addresses that a lookup finds.
    pub(in crate::io) async fn connect_by(
        self,
        lookup: impl Future<Output = io::Result<Vec<SocketAddr>>>,
    ) -> Result<Client<R>, Error> {
        self.start(None, async { Ok(Target::Addresses(lookup.await?)) }).await
    }

    async fn start(
        self,
        host: Option<String>,
        target: impl Future<Output = io::Result<Target>>,
    ) -> Result<Client<R>, Error> {
        let Self { mut setup, runtime } = self;
        let through = setup.connector.take();
        if (through.is_some() || host.is_some()) && setup.config.data_connection == DataConnection::Active {
            let expected = "passive data connections, since a connector accepts no connections";
            return Err(Error::Argument(Invalid::new(expected)));
        }
        let mut runtime = Timed::new(Dialer::new(runtime, through, host));
        let deadline = setup.deadline(&runtime);
        let target = within(&mut runtime, deadline, target).await?;
        let connection = setup.connect(runtime, deadline, target).await?;
        Ok(Client { connection: Box::new(connection) })
    }
}

impl<R: Runtime> Client<R> {
    /// Connects to the first of `addresses` that can be reached, and reads the greeting. The
    /// adapters of this crate have `connect`, which looks up names.
    ///
    /// # Errors
    /// Fails if no address can be reached, if what answers is not an FTP server, or if the server
    /// refuses.
    pub async fn open(builder: ClientBuilder<R>, addresses: &[SocketAddr]) -> Result<Self, Error> {
        let found = ready(Ok(addresses.to_vec()));
        builder.connect_by(found).await
    }

    /// Connects to a host with the builder's [connector](ClientBuilder::connector), which gets the
    /// name of the host and looks it up itself, or has a proxy do so. Reads the greeting.
    ///
    /// # Errors
    /// Fails if the connector fails, if what answers is not an FTP server, or if the server
    /// refuses. Returns [`Error::Connect`] if there is no connector, and [`Error::Argument`] if the
    /// [configuration](Config::data_connection) asks for active data connections.
    pub async fn open_host(builder: ClientBuilder<R>, host: &str, port: u16) -> Result<Self, Error> {
        let address = SocketAddr::new(UNKNOWN.ip(), port);
        builder.start(Some(host.to_owned()), ready(Ok(Target::Addresses(vec![address])))).await
    }

    /// Takes a control connection that is already open, and reads the greeting. Data connections
    /// are made by the builder's [connector](ClientBuilder::connector), with an empty
    /// [`Destination::host`] for the server itself. Without a connector, data connections go to the
    /// peer of a TCP connection, and fail for other streams.
    ///
    /// # Errors
    /// Fails if what answers is not an FTP server, or if the server refuses. Returns
    /// [`Error::Argument`] if the [configuration](Config::data_connection) asks for active data
    /// connections, unless the stream is a TCP connection and there is no connector.
    pub async fn from_stream(builder: ClientBuilder<R>, transport: Transport) -> Result<Self, Error> {
        let is_direct = matches!(transport, Transport::Tcp(_)) && builder.setup.connector.is_none();
        let host = (!is_direct).then(String::new);
        builder.start(host, ready(Ok(Target::Open(transport)))).await
    }
}
