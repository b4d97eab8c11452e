//! A server, on any runtime: its settings, and the ways to run it.

use ::std::fmt;
use ::std::future::Future;
use ::std::io;
use ::std::net::SocketAddr;
use ::std::num::NonZeroU64;
use ::std::pin::Pin;
use ::std::sync::Arc;
use ::std::time::Duration;

use super::{PublicAddress, Service, SessionLimits, Shutdown};
use crate::codec::Redacted;
use crate::io::driver::control::Direction;
use crate::io::host::{Accounts, AsyncAccounts};
use crate::io::net::runtime::Runtime;
use crate::io::net::socket::Keepalive;
use crate::io::server::SessionEvent;
use crate::io::server::offload::Offload;
use crate::security::TlsMode;
use crate::server::{Config, Endpoints};

/// A listening server on the runtime `R`.
///
/// Most programs name it by the alias of their runtime:
/// [`io::std::Server`](crate::io::std::Server), `io::tokio::Server` or `io::smol::Server`, which
/// also have `bind` and `serve`. On a runtime of your own, implement [`Runtime`] and use
/// [`listen`](Self::listen) and [`serve_with`](Self::serve_with).
///
/// # Signals
///
/// This crate handles no signals. If the size of files is limited (`RLIMIT_FSIZE`, systemd's
/// `LimitFSIZE=`), an upload beyond the limit raises SIGXFSZ, which ends the process with all its
/// sessions unless the program ignores the signal (`signal(SIGXFSZ, SIG_IGN)`). If it is ignored,
/// only the upload fails, and its client gets a 552.
#[must_use = "a server does nothing until it serves"]
pub struct Server<R> {
    service: Service,
    runtime: R,
}

impl<R: Runtime<Stream: Send, Listener: Send, Timer: Send> + Send + Sync> Server<R> {
    /// Listens at the first of `addresses` that is available, for clients of a host that may block,
    /// such as a `Directory` with [`Users`](crate::io::Users). Calls of the host are made in
    /// threads where they delay nobody.
    ///
    /// # Errors
    /// Fails if no address is available.
    pub fn listen(runtime: R, addresses: &[SocketAddr], accounts: impl Accounts) -> io::Result<Self> {
        Self::listen_async(runtime, addresses, Offload::<_, R>::new(accounts))
    }

    /// Listens at the first of `addresses` that is available, for clients of a host that never
    /// blocks.
    ///
    /// # Errors
    /// Fails if no address is available.
    pub fn listen_async(
        runtime: R,
        addresses: &[SocketAddr],
        accounts: impl AsyncAccounts,
    ) -> io::Result<Self> {
        let of_session = runtime.clone();
        let service = Service::bind(addresses, move || of_session.clone(), accounts)?;
        Ok(Self { service, runtime })
    }

    /// Serves until the server is [shut down](Shutdown::shut_down) and the last session has ended.
    /// Each session is passed to `spawn`, as a future to be run alongside the others. Dropping this
    /// future ends all sessions without grace.
    ///
    /// # Errors
    /// Fails if the listener fails. A connection that breaks before it is accepted is skipped, and
    /// a lack of descriptors or memory is waited out.
    pub async fn serve_with(
        self,
        spawn: impl FnMut(Pin<Box<dyn Future<Output = ()> + Send>>),
    ) -> io::Result<()> {
        self.service.serve(self.runtime, spawn).await
    }
}

impl<R> Server<R> {
    /// Sets the limits, timeouts and texts of sessions.
    pub fn with_config(mut self, config: Config) -> Self {
        let tls = self.service.terms.config.security.tls;
        self.service.terms.config = config;
        if tls != TlsMode::None {
            self.service.terms.config.security.tls = tls;
        }
        self
    }

    /// Offers TLS by AUTH (RFC 4217). The [configuration](Config::security) sets what is allowed
    /// without TLS.
    #[cfg(feature = "rustls")]
    pub fn with_explicit_tls(mut self, tls: crate::io::tls::ServerTls) -> Self {
        self.service.terms.config.security.tls = TlsMode::Explicit;
        self.service.terms.tls = Some(tls);
        self
    }

    /// Starts connections with TLS, as clients expect at port 990.
    #[cfg(feature = "rustls")]
    pub fn with_implicit_tls(mut self, tls: crate::io::tls::ServerTls) -> Self {
        self.service.terms.config.security.tls = TlsMode::Implicit;
        self.service.terms.tls = Some(tls);
        self
    }

    /// Sets the number of sessions that may run at once. Further clients are answered with 421. The
    /// default is 1,000.
    ///
    /// Each session needs up to three descriptors, or four if it has a thread of its own (five on
    /// systems other than Linux). When the
    /// server starts to serve, it raises the soft limit of the process's descriptors
    /// (`RLIMIT_NOFILE`) for them as far as the hard limit allows, and admits fewer sessions if
    /// that is not enough. If the process runs out of descriptors anyway, new clients get a 421
    /// until some are free.
    pub fn with_max_sessions(self, sessions: usize) -> Self {
        self.service.terms.limits.set_max_sessions(sessions);
        self
    }

    /// Sets the maximum number of concurrent sessions for each client address (for IPv6, each /64
    /// network). Further clients are answered with 421. There is no such limit by default.
    pub fn with_max_sessions_per_address(self, sessions: usize) -> Self {
        self.service.terms.limits.set_max_sessions_per_address(sessions);
        self
    }

    /// Sets whether failed logins are counted across the connections of an address (for IPv6, of a
    /// /64 network) and delay later logins from it. After five failures the reply to each login
    /// takes longer, up to 16 s, whether the password is right or not, so that nobody guesses
    /// many passwords over many connections (RFC 2577 5). No login is refused for this reason, and
    /// the count halves every ten minutes. On by default.
    pub fn with_login_delays(mut self, delays: bool) -> Self {
        self.service.terms.guesses = delays.then(Arc::default);
        self
    }

    /// Sets TCP keepalive on control connections: after an interval of this length without traffic,
    /// and after each further one, the system probes whether the client is still there. The
    /// interval is in whole seconds, from 1 s to 32,767 s; systems on which it cannot be set use
    /// their own. `None` turns keepalive off. The default is 60 s.
    ///
    /// The control connection is idle during a transfer, and address translators and firewalls
    /// forget idle connections. The probes keep the connection's entry alive, and detect a client
    /// that is gone.
    pub const fn with_tcp_keepalive(mut self, interval: Option<Duration>) -> Self {
        self.service.terms.keepalive = Keepalive(interval);
        self
    }

    /// Lets sessions whose clients have different addresses share a passive port at the same time,
    /// so that a few [ports](Config::passive_ports) serve many sessions. Off by default: each
    /// listener then has a port of its own.
    ///
    /// Connections to a shared port are assigned to sessions by their source address, and
    /// connections from other addresses are dropped. A session keeps its place at a port from PASV
    /// or EPSV until its client has connected or the [time](crate::server::Timeouts::accept) for
    /// that is over. Sessions of clients with the same address, for example behind one address
    /// translator, need a port each. If no port is left, the reply to PASV or EPSV is 425. A
    /// session also needs a port of its own if its data may come from an address other than its
    /// client's, because of the [configuration](Config::foreign_addresses) or a proxy.
    pub fn with_shared_passive_ports(mut self, share: bool) -> Self {
        self.service.terms.pool = share.then(Default::default);
        self
    }

    /// Looks up the address that PASV reports, for a server whose public address is not its own.
    /// This address replaces the configuration's [`passive_address`](Config::passive_address), and
    /// is overridden by an address that [`with_config_for`](Self::with_config_for) sets for a
    /// client.
    pub fn with_public_address(mut self, address: PublicAddress) -> Self {
        self.service.terms.public = Some(address);
        self
    }

    /// Limits the bytes per second that each session may move, in uploads and downloads. There is
    /// no limit by default.
    ///
    /// A [minimum rate](crate::server::Limits::minimum_rate) has to be well below this rate, and
    /// well below each session's share of a [total](Self::with_max_total_rate).
    pub fn with_max_rate(self, rate: NonZeroU64) -> Self {
        self.service.terms.limits.set_max_rate(Some(rate));
        self
    }

    /// Limits the bytes per second that all sessions together may move, in uploads and downloads.
    /// The sessions take turns. There is no limit by default.
    pub fn with_max_total_rate(self, rate: NonZeroU64) -> Self {
        self.service.terms.limits.set_max_total_rate(Some(rate));
        self
    }

    /// Uses these limits of sessions and rates, which other servers may share, instead of the
    /// server's own. Methods such as [`with_max_sessions`](Self::with_max_sessions) then change the
    /// shared limits.
    pub fn with_session_limits(mut self, limits: SessionLimits) -> Self {
        self.service.terms.limits = limits;
        self
    }

    /// Expects a header of the PROXY protocol, from these proxies, at the start of each connection.
    #[cfg(feature = "proxy-protocol")]
    pub fn with_proxy_protocol(mut self, proxies: super::Proxies) -> Self {
        self.service.terms.proxies = Some(proxies);
        self
    }

    /// Calls `suit` to adapt the configuration to each client, once the client's address is known
    /// and before the greeting. It can set, for example, a
    /// [`passive_address`](Config::passive_address) that the client can reach, or limits of its
    /// own. The TLS mode belongs to the server and cannot be changed.
    pub fn with_config_for(mut self, suit: impl Fn(Endpoints, &mut Config) + Send + Sync + 'static) -> Self {
        self.service.terms.suit = Some(Box::new(suit));
        self
    }

    /// Calls `hook` with the events of sessions: logins, transfers, changes to files, and the ends
    /// of sessions. The session itself makes the call and waits for it to return.
    pub fn on_event(mut self, hook: impl Fn(&SessionEvent<'_>) + Send + Sync + 'static) -> Self {
        self.service.terms.hooks.on_event(hook);
        self
    }

    /// Calls `hook` with each line of each dialogue, with secrets hidden, and the
    /// [number](SessionEvent::session) of its session.
    pub fn on_line(mut self, hook: impl Fn(u64, Direction, Redacted<'_>) + Send + Sync + 'static) -> Self {
        self.service.terms.hooks.on_line(hook);
        self
    }

    /// Returns the address at which the server listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.service.address
    }

    /// Returns a handle to the limits of sessions and rates, to change them while the server runs.
    #[must_use]
    pub fn session_limits(&self) -> SessionLimits {
        self.service.terms.limits.clone()
    }

    /// Returns a handle that shuts the server down.
    #[must_use]
    pub fn shutdown_handle(&self) -> Shutdown {
        self.service.shutdown_handle()
    }
}

impl<R> fmt::Debug for Server<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.fmt(f)
    }
}
