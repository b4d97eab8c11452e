//! How a client is set up before it connects, on any runtime.

use ::std::fmt;
use ::std::future::poll_fn;
use ::std::io;
use ::std::net::SocketAddr;
use ::std::pin::pin;
use ::std::sync::Arc;
use ::std::task::Poll;
use ::std::time::Duration;

use super::client::Connection;
use super::control::Trace;
use super::error::Error;
use super::names::Names;
use super::runtime::{Link, Network, Runtime, Stream, Timed};
use super::socket::Keepalive;
use super::tls::Endpoint;
use crate::client::{Config, Profile, greeting, secure};
use crate::security::TlsMode;
use crate::time::Instant;

/// What a client is to be.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) profile: Profile,
    pub(super) connect_timeout: Duration,
    pub(super) keepalive: Keepalive,
    pub(super) operation_timeout: Option<Duration>,
    pub(super) trace: Option<Trace>,
    pub(super) names: Option<Arc<Names>>,
    /// Which TLS is wanted, whatever the [configuration](Config::security) says of it, and what speaks it.
    pub(super) tls: Option<(TlsMode, Endpoint)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            config: Config::default(),
            profile: Profile::default(),
            connect_timeout: Duration::from_secs(20),
            keepalive: Keepalive::default(),
            operation_timeout: None,
            trace: None,
            names: None,
            tls: None,
        }
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, profile, connect_timeout, keepalive, operation_timeout, .. } = self;
        f.debug_struct("Setup")
            .field("config", config)
            .field("profile", profile)
            .field("connect_timeout", connect_timeout)
            .field("keepalive", keepalive)
            .field("operation_timeout", operation_timeout)
            .finish_non_exhaustive()
    }
}

impl Setup {
    #[cfg(feature = "rustls")]
    pub(super) fn secured(
        mut self,
        mode: TlsMode,
        tls: &super::tls::ClientTls,
        name: &str,
    ) -> Result<Self, Error> {
        self.tls = Some((mode, Endpoint::client(tls, name)?));
        Ok(self)
    }

    /// The end of the time of a call that begins now.
    pub(super) fn deadline(&self, runtime: &Timed<impl Network>) -> Option<Instant> {
        self.operation_timeout.map(|timeout| runtime.now().after(timeout))
    }

    /// Connects to the first of the addresses that can be reached, reads the greeting, and begins TLS where
    /// that is wanted.
    pub(super) async fn connect<R: Runtime>(
        mut self,
        mut runtime: Timed<R>,
        deadline: Option<Instant>,
        addresses: Vec<SocketAddr>,
    ) -> Result<Connection<R>, Error> {
        let endpoint = self.tls.map(|(mode, endpoint)| {
            self.config.security.tls = mode;
            endpoint
        });
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for peer in addresses {
            match reach(&mut runtime, peer, self.connect_timeout, deadline).await {
                Ok(mut stream) => {
                    stream.keep_alive(self.keepalive);
                    let local = stream.local_addr().map_err(Error::Connect)?.ip();
                    let secured = self.config.security.tls != TlsMode::None;
                    let mut connection = Connection::new(runtime, stream, local, peer, self.config, endpoint);
                    connection.set_profile(self.profile);
                    connection.set_trace(self.trace);
                    connection.set_names(self.names);
                    connection.run_until(deadline, greeting()).await.map_err(while_connecting)?;
                    if secured {
                        connection.run_until(deadline, secure()).await.map_err(while_connecting)?;
                    }
                    connection.set_operation_timeout(self.operation_timeout);
                    return Ok(connection);
                }
                Err(error) => last = error,
            }
            if let Some(error) = interruption(&runtime, deadline) {
                return Err(error);
            }
        }
        Err(Error::Connect(last))
    }
}

/// Looks something up in the time that `connect` has.
pub(super) async fn within<N: Network, T>(
    runtime: &mut Timed<N>,
    deadline: Option<Instant>,
    lookup: impl Future<Output = io::Result<T>>,
) -> Result<T, Error> {
    let mut lookup = pin!(lookup);
    poll_fn(|cx| {
        if let Some(error) = interruption(runtime, deadline) {
            return Poll::Ready(Err(error));
        }
        if let Poll::Ready(found) = lookup.as_mut().poll(cx) {
            return Poll::Ready(found.map_err(Error::Connect));
        }
        let stopped = runtime.poll_stopped(cx).is_ready();
        let late = deadline.is_some_and(|deadline| runtime.poll_deadline(deadline, cx).is_ready());
        match interruption(runtime, deadline) {
            Some(error) if stopped || late => Poll::Ready(Err(error)),
            _ => Poll::Pending,
        }
    })
    .await
}

/// Why `connect` is not to go on.
fn interruption(runtime: &Timed<impl Network>, deadline: Option<Instant>) -> Option<Error> {
    if runtime.is_stopped() {
        return Some(Error::Stopped);
    }
    let late = deadline.is_some_and(|deadline| runtime.now() >= deadline);
    late.then(|| while_connecting(Error::Deadline))
}

/// There is no session yet that could go on after its time has run out.
fn while_connecting(error: Error) -> Error {
    match error {
        Error::Deadline => Error::Connect(io::Error::from(Error::Deadline)),
        error => error,
    }
}

async fn reach<N: Network>(
    runtime: &mut Timed<N>,
    peer: SocketAddr,
    timeout: Duration,
    end: Option<Instant>,
) -> io::Result<Link<N>> {
    let deadline = runtime.now().after(timeout);
    let deadline = end.map_or(deadline, |end| end.min(deadline));
    let mut stream = runtime.connect(peer)?;
    poll_fn(|cx| match (stream.poll_connected(cx), runtime.poll_stopped(cx)) {
        (Poll::Pending, Poll::Ready(())) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        (Poll::Pending, Poll::Pending) => {
            runtime.poll_deadline(deadline, cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
        }
        (connected, _) => connected,
    })
    .await?;
    Ok(stream)
}

/// Makes the `ClientBuilder` of the `Client` beside it; `$expand` as for
/// [`operations`](super::operations::operations).
macro_rules! builder {
    ($expand:ident, $runtime:ident) => {
        /// How a client is set up before it connects.
        #[derive(Debug)]
        #[must_use = "a builder does nothing until it connects"]
        pub struct ClientBuilder($crate::io::builder::Setup, $runtime);

        impl ClientBuilder {
            /// The limits, timeouts and policies of the machine.
            pub fn config(mut self, config: $crate::client::Config) -> Self {
                self.0.config = config;
                self
            }

            /// Lets the server open data connections, as
            /// [`Config::data_connection`](crate::client::Config::data_connection) does: for servers behind
            /// firewalls that let nothing in.
            pub fn active(mut self, active: bool) -> Self {
                self.0.config.data_connection = match active {
                    true => $crate::client::DataConnection::Active,
                    false => $crate::client::DataConnection::Passive,
                };
                self
            }

            /// What is known of the server from an earlier connection.
            pub fn profile(mut self, profile: $crate::client::Profile) -> Self {
                self.0.profile = profile;
                self
            }

            /// How long the control connection may take to stand, for each address of the server. 20 s by
            /// default.
            pub fn connect_timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.0.connect_timeout = timeout;
                self
            }

            /// Sets TCP keepalive on the control connection: after so long without traffic the system probes
            /// whether the server is still there, and again after each such interval (whole seconds, 1 s to
            /// 32,767 s; systems that cannot be told use intervals of their own). `None` turns it off. 60 s by
            /// default.
            ///
            /// The control connection is idle as long as a transfer runs, and address translators and firewalls
            /// forget idle connections, often after a few minutes: the final reply is then lost. The probes keep
            /// the entry alive without a word of FTP, and find a server that has gone. Where what is on the way
            /// counts only bytes of the dialogue, or ends the TCP connection itself (a proxy), send NOOP during
            /// transfers as well: [`Config::keepalive`](crate::client::Config::keepalive).
            pub fn tcp_keepalive(mut self, interval: Option<::std::time::Duration>) -> Self {
                self.0.keepalive = $crate::io::socket::Keepalive(interval);
                self
            }

            /// Sets how long one call may take as a whole; no limit by default. The time of
            /// [`connect`](Self::connect) includes the lookup of the name and the greeting, that of a transfer
            /// or a listing lasts from its opening until the server has confirmed its end, and that of a walk
            /// is for each directory. Time that the caller lets pass between two reads or writes counts too. A
            /// call that has to find out the working directory before it begins has the same time for that.
            ///
            /// A call that has used up its time fails with [`Error::Deadline`](crate::io::Error::Deadline), and
            /// the session goes on. `connect`, which has no session to go on with, fails with
            /// [`Error::Connect`](crate::io::Error::Connect) of the kind
            /// [`TimedOut`](::std::io::ErrorKind::TimedOut). The
            /// [timeouts](crate::client::Config::timeouts) of single steps hold beside it.
            pub fn operation_timeout(mut self, timeout: Option<::std::time::Duration>) -> Self {
                self.0.operation_timeout = timeout;
                self
            }

            /// Puts the connection under TLS, once it stands, by AUTH TLS: dialogue and data, unless the
            /// [configuration](crate::client::Config::security) prefers that only. `name` is the server's, as
            /// its certificate has it.
            ///
            /// # Errors
            /// When `name` is neither a DNS name nor an IP address.
            #[cfg(feature = "rustls")]
            pub fn explicit_tls(
                self,
                tls: $crate::io::tls::ClientTls,
                name: &str,
            ) -> Result<Self, $crate::io::Error> {
                Ok(Self(self.0.secured($crate::security::TlsMode::Explicit, &tls, name)?, self.1))
            }

            /// As [`explicit_tls`](Self::explicit_tls), with TLS from the first byte on, at a port of its own
            /// (990 mostly).
            ///
            /// # Errors
            /// As [`explicit_tls`](Self::explicit_tls).
            #[cfg(feature = "rustls")]
            pub fn implicit_tls(
                self,
                tls: $crate::io::tls::ClientTls,
                name: &str,
            ) -> Result<Self, $crate::io::Error> {
                Ok(Self(self.0.secured($crate::security::TlsMode::Implicit, &tls, name)?, self.1))
            }

            /// Converts between the server's names and local ones, for servers whose names are in GBK, Shift-JIS or
            /// Latin-1: `decode` makes local bytes of the server's, whole lines of listings among them, and `encode`
            /// the server's of local ones; each returns nothing for what it cannot convert. Every path that this
            /// client takes is a local one then, and every path and entry that it returns.
            ///
            /// A name that does not come back from both conversions as it was is an [`Error::Name`], or an unread
            /// line of a listing.
            ///
            /// [`Error::Name`]: crate::io::Error::Name
            pub fn names(
                mut self,
                decode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
                encode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
            ) -> Self {
                self.0.names = Some(::std::sync::Arc::new($crate::io::names::Names::new(decode, encode)));
                self
            }

            /// Shows each line of the dialogue to `show`, secrets hidden.
            pub fn trace(
                mut self,
                show: impl FnMut($crate::io::Direction, $crate::codec::Redacted<'_>) + Send + 'static,
            ) -> Self {
                self.0.trace = Some(Box::new(show));
                self
            }

            $expand! {
                /// Connects to the first of the server's addresses that can be reached, and reads its
                /// greeting.
                ///
                /// # Errors
                /// When none can be reached, or what answers is no FTP server, or refuses.
                pub async fn connect(self, server: impl ToSocketAddrs) -> Result<Client, Error> {
                    Client::open(self.0, self.1, server).await
                }
            }
        }
    };
}
pub(super) use builder;
