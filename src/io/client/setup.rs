//! The settings of a client, and how it connects.

use ::std::fmt;
use ::std::future::poll_fn;
use ::std::io;
use ::std::net::SocketAddr;
use ::std::pin::pin;
use ::std::sync::Arc;
use ::std::task::Poll;
use ::std::time::Duration;

use super::connection::Connection;
use super::dialer::{Dialer, Line};
use super::transport::{Connector, Transport};
use crate::client::{Config, Profile, greeting, secure};
use crate::io::driver::control::Trace;
use crate::io::error::Error;
use crate::io::names::Names;
use crate::io::net::runtime::{Network, Runtime, Stream, Timed};
use crate::io::net::socket::Keepalive;
use crate::io::tls::Endpoint;
use crate::security::TlsMode;
use crate::time::Instant;

/// The server that a client connects to.
pub(super) enum Target {
    /// The first of these addresses that can be reached.
    Addresses(Vec<SocketAddr>),
    /// The peer of a connection that is already open.
    Open(Transport),
}

/// The settings of a client.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) profile: Profile,
    pub(super) connect_timeout: Duration,
    pub(super) keepalive: Keepalive,
    pub(super) operation_timeout: Option<Duration>,
    pub(super) trace: Option<Trace>,
    pub(super) names: Option<Arc<Names>>,
    /// The function that makes all connections, if there is one.
    pub(super) connector: Option<Connector>,
    /// The TLS mode, which overrides that of the [configuration](Config::security), and the TLS
    /// endpoint.
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
            connector: None,
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
        tls: &crate::io::tls::ClientTls,
        name: &str,
    ) -> Result<Self, Error> {
        self.tls = Some((mode, Endpoint::client(tls, name)?));
        Ok(self)
    }

    /// Returns the deadline of a call that begins now.
    pub(super) fn deadline(&self, runtime: &Timed<impl Network>) -> Option<Instant> {
        self.operation_timeout.map(|timeout| runtime.now().after(timeout))
    }

    /// Opens the control connection, reads the greeting, and starts TLS if configured.
    pub(super) async fn connect<R: Runtime>(
        mut self,
        mut runtime: Timed<Dialer<R>>,
        deadline: Option<Instant>,
        target: Target,
    ) -> Result<Connection<R>, Error> {
        let endpoint = self.tls.map(|(mode, endpoint)| {
            self.config.security.tls = mode;
            endpoint
        });
        let (mut line, peer) = match target {
            Target::Open(transport) => runtime.adopt(transport).map_err(Error::Connect)?,
            Target::Addresses(addresses) => {
                reach_any(&mut runtime, &addresses, self.connect_timeout, deadline).await?
            }
        };
        line.keep_alive(self.keepalive);
        let local = line.local_addr().map_err(Error::Connect)?.ip();
        let secured = self.config.security.tls != TlsMode::None;
        let mut connection = Connection::new(runtime, line, local, peer, self.config, endpoint);
        connection.set_profile(self.profile);
        connection.set_trace(self.trace);
        connection.set_names(self.names);
        connection.run_until(deadline, greeting()).await.map_err(while_connecting)?;
        if secured {
            connection.run_until(deadline, secure()).await.map_err(while_connecting)?;
        }
        connection.set_operation_timeout(self.operation_timeout);
        Ok(connection)
    }
}

/// Waits for a lookup within the time limit for connecting.
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

/// Returns the error that ends an attempt to connect, if the attempt has to end.
fn interruption(runtime: &Timed<impl Network>, deadline: Option<Instant>) -> Option<Error> {
    if runtime.is_stopped() {
        return Some(Error::Stopped);
    }
    let late = deadline.is_some_and(|deadline| runtime.now() >= deadline);
    late.then(|| while_connecting(Error::Deadline))
}

/// Converts an error during connecting: there is no session yet that could continue after a
/// deadline.
fn while_connecting(error: Error) -> Error {
    match error {
        Error::Deadline => Error::Connect(io::Error::from(Error::Deadline)),
        error => error,
    }
}

/// Connects to the first of the addresses that can be reached.
async fn reach_any<R: Runtime>(
    runtime: &mut Timed<Dialer<R>>,
    addresses: &[SocketAddr],
    timeout: Duration,
    deadline: Option<Instant>,
) -> Result<(Line<R>, SocketAddr), Error> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for &peer in addresses {
        match reach(runtime, peer, timeout, deadline).await {
            Ok(line) => return Ok((line, peer)),
            Err(error) => last = error,
        }
        if let Some(error) = interruption(runtime, deadline) {
            return Err(error);
        }
    }
    Err(Error::Connect(last))
}

/// Connects to one address.
async fn reach<R: Runtime>(
    runtime: &mut Timed<Dialer<R>>,
    peer: SocketAddr,
    timeout: Duration,
    end: Option<Instant>,
) -> io::Result<Line<R>> {
    let deadline = runtime.now().after(timeout);
    let deadline = end.map_or(deadline, |end| end.min(deadline));
    let mut line = runtime.dial(peer)?;
    poll_fn(|cx| match (line.poll_connected(cx), runtime.poll_stopped(cx)) {
        (Poll::Pending, Poll::Ready(())) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        (Poll::Pending, Poll::Pending) => {
            runtime.poll_deadline(deadline, cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
        }
        (connected, _) => connected,
    })
    .await?;
    Ok(line)
}
