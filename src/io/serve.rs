//! The server framework for every runtime: accepts connections, enforces limits, and shuts down
//! gracefully.
//!
//! An adapter only decides how sessions run concurrently. A session is a future that ends by itself
//! when its client disconnects or when the server [shuts down](Shutdown).

mod door;
mod guesses;
mod limits;
#[cfg(feature = "proxy-protocol")]
mod proxy;
mod public;
mod server;
mod state;
pub(in crate::io) mod throttle;

use ::std::fmt;
use ::std::future::{Future, poll_fn};
use ::std::io;
use ::std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use ::std::pin::{Pin, pin};
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};
use ::std::time::Duration;

use crate::io::host::AsyncAccounts;
use crate::io::net::pool::Pool;
use crate::io::net::runtime::{Link, Network, Runtime, Stream, Timed, Turns, Watched};
use crate::io::net::socket::{self, Keepalive};
use crate::io::server::{Connection, Hooks, Spares};
use crate::io::tls::Endpoint;
use crate::server::{Config, Endpoints};
use door::{Guest, Remedy, Reserve, remedy};
pub(in crate::io) use guesses::Guesses;
pub use limits::SessionLimits;
#[cfg(feature = "proxy-protocol")]
pub use proxy::Proxies;
pub use public::PublicAddress;
pub use server::Server;
pub use state::Shutdown;
use state::{Place, State};

/// A session, to be run to completion concurrently with the others.
pub(in crate::io) type Session = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A function that creates a session from a connection.
type Start = Box<dyn Fn(Guest, SocketAddr, Arc<Terms>, Place) -> Session + Send + Sync>;

/// A function that adapts a configuration to a client.
pub(in crate::io) type Suit = Box<dyn Fn(Endpoints, &mut Config) + Send + Sync>;

/// Number of descriptors that a transfer adds to those of an idle session: a data connection and a
/// file.
const TRANSFER: usize = 2;

/// Pause before the next attempt to accept, after the system has lacked resources for another
/// connection.
const PAUSE: Duration = Duration::from_millis(20);

/// A server whose sessions do not have a runtime yet.
pub(in crate::io) struct Service {
    listener: TcpListener,
    pub(in crate::io) address: SocketAddr,
    pub(in crate::io) terms: Terms,
    start: Start,
    state: Arc<State>,
}

/// Settings shared by all sessions.
pub(in crate::io) struct Terms {
    pub(in crate::io) config: Config,
    #[cfg(feature = "rustls")]
    pub(in crate::io) tls: Option<crate::io::tls::ServerTls>,
    #[cfg(feature = "proxy-protocol")]
    pub(in crate::io) proxies: Option<Proxies>,
    pub(in crate::io) limits: SessionLimits,
    pub(in crate::io) keepalive: Keepalive,
    /// The pool of passive ports, if sessions share them.
    pub(in crate::io) pool: Option<Pool>,
    pub(in crate::io) hooks: Hooks,
    /// Counts of failed logins; `None` if they are not counted.
    pub(in crate::io) guesses: Option<Arc<Guesses>>,
    /// Buffers for active sessions.
    spares: Arc<Spares>,
    /// The public address, if it has to be looked up.
    pub(in crate::io) public: Option<PublicAddress>,
    /// Adapts the configuration to a client.
    pub(in crate::io) suit: Option<Suit>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            config: Config::default(),
            #[cfg(feature = "rustls")]
            tls: None,
            #[cfg(feature = "proxy-protocol")]
            proxies: None,
            limits: SessionLimits::default(),
            keepalive: Keepalive::default(),
            pool: None,
            hooks: Hooks::default(),
            guesses: Some(Arc::default()),
            spares: Arc::default(),
            public: None,
            suit: None,
        }
    }
}

impl Terms {
    /// Returns the address of the client, which a proxy may have to report.
    #[cfg(feature = "proxy-protocol")]
    async fn client<N: Network>(
        &self,
        runtime: &mut Timed<N>,
        socket: &mut Link<N>,
        peer: SocketAddr,
    ) -> io::Result<SocketAddr> {
        match &self.proxies {
            Some(proxies) => proxies.client(runtime, socket, peer).await,
            None => Ok(peer),
        }
    }

    #[cfg(not(feature = "proxy-protocol"))]
    async fn client<N: Network>(
        &self,
        _: &mut Timed<N>,
        _: &mut Link<N>,
        peer: SocketAddr,
    ) -> io::Result<SocketAddr> {
        Ok(peer)
    }

    #[cfg(feature = "rustls")]
    fn endpoint(&self, client: IpAddr) -> Option<Endpoint> {
        self.tls.as_ref().map(|tls| Endpoint::server(tls, client))
    }

    #[cfg(not(feature = "rustls"))]
    #[expect(clippy::unused_self, reason = "there is nothing to look up")]
    const fn endpoint(&self, _: IpAddr) -> Option<Endpoint> {
        None
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("config", &self.terms.config)
            .field("limits", &self.terms.limits)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// Listens on the first of the addresses that is available.
    pub(in crate::io) fn bind<R, A>(
        addresses: &[SocketAddr],
        runtime: impl Fn() -> R + Send + Sync + 'static,
        accounts: A,
    ) -> io::Result<Self>
    where
        R: Runtime<Stream: Send, Listener: Send, Timer: Send> + Send,
        A: AsyncAccounts,
    {
        let listener = TcpListener::bind(addresses)?;
        socket::wait_in_line(&listener)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let accounts = Arc::new(accounts);
        let start: Start = Box::new(move |guest, peer, terms, place| {
            Box::pin(attend(Timed::new(runtime()), guest, peer, Arc::clone(&accounts), terms, place))
        });
        Ok(Self { listener, address, terms: Terms::default(), start, state: Arc::default() })
    }

    pub(in crate::io) fn shutdown_handle(&self) -> Shutdown {
        Shutdown::new(Arc::clone(&self.state))
    }

    /// Accepts connections and passes each session to `spawn`, which may also drop it. Returns once
    /// the server has been shut down and no session is left.
    pub(in crate::io) async fn serve<R: Runtime>(
        self,
        runtime: R,
        mut spawn: impl FnMut(Session),
    ) -> io::Result<()> {
        let Self { listener, terms, start, state, .. } = self;
        terms.limits.prepare(R::DESCRIPTORS + TRANSFER);
        let farewell: Arc<[u8]> = {
            let mut farewell = Vec::new();
            // Writing to a vector does not fail.
            let _ = terms.config.turn_away(&mut farewell);
            farewell.into()
        };
        let (listener, terms) = (Watched::new(runtime.listener(listener)?), Arc::new(terms));
        if let Some(public) = &terms.public {
            public.refresh();
        }
        // Dropping this future ends the sessions.
        let _end = state.end_on_drop();
        let mut reserve = Reserve::new();
        let begin = |stream: TcpStream, peer| {
            let guest = Guest::new(stream, Arc::clone(&farewell));
            if let Some(place) = Place::new(&state, terms.limits.most()) {
                spawn(start(guest, peer, Arc::clone(&terms), place));
            }
        };
        accept_all(&mut Timed::new(runtime), &state, begin, |cx| {
            listener.poll_accept_by(cx, |socket| reserve.accept(&farewell, || socket::accept(socket)))
        })
        .await?;
        drop(listener);
        poll_fn(|cx| state.poll_empty(cx)).await;
        Ok(())
    }
}

/// Accepts connections with `accept` until the server is shut down or the listener fails.
async fn accept_all<N: Network>(
    runtime: &mut Timed<N>,
    state: &State,
    mut begin: impl FnMut(TcpStream, SocketAddr),
    mut accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<Option<(TcpStream, SocketAddr)>>>,
) -> io::Result<()> {
    let (mut pause, mut turns) = (None, Turns::default());
    poll_fn(|cx| {
        while !state.is_stopping(cx) {
            if let Some(until) = pause {
                ready!(runtime.poll_deadline(until, cx));
                pause = None;
            }
            match ready!(accept(cx)) {
                Ok(Some((stream, peer))) => begin(stream, peer),
                Ok(None) => {}
                Err(error) => match remedy(&error) {
                    Remedy::Retry => {}
                    Remedy::Wait => pause = Some(runtime.now().after(PAUSE)),
                    Remedy::GiveUp => return Poll::Ready(Err(error)),
                },
            }
            ready!(turns.poll_next(cx));
        }
        Poll::Ready(Ok(()))
    })
    .await
}

/// Waits for the address of the client. Returns `None` if the address is not reported, or as soon
/// as the server shuts down: no client has been admitted yet that would have to be notified.
async fn unless_stopping(
    place: &mut Place,
    client: impl Future<Output = io::Result<SocketAddr>>,
) -> Option<SocketAddr> {
    let mut client = pin!(client);
    poll_fn(|cx| match client.as_mut().poll(cx) {
        Poll::Pending if place.poll_stopping(cx).is_some() => Poll::Ready(None),
        client => client.map(Result::ok),
    })
    .await
}

/// Serves one client.
async fn attend<R: Runtime, A: AsyncAccounts>(
    mut runtime: Timed<R>,
    guest: Guest,
    peer: SocketAddr,
    accounts: Arc<A>,
    terms: Arc<Terms>,
    mut place: Place,
) {
    let Some(stream) = guest.enter() else { return };
    let Ok(local) = stream.local_addr() else { return };
    let Ok(mut socket) = runtime.adopt(stream) else { return };
    socket.keep_alive(terms.keepalive);
    // A connection without a header is not from a proxy, and this port is for proxies only.
    let Some(client) = unless_stopping(&mut place, terms.client(&mut runtime, &mut socket, peer)).await
    else {
        return;
    };
    let endpoints = Endpoints { local, peer: client };
    let admitted = place.admit(client.ip(), &terms.limits);
    let mut config = terms.config.clone();
    if let Some(public) = &terms.public {
        config.passive_address = public.current(&mut runtime).await.or(config.passive_address);
    }
    if let Some(suit) = &terms.suit {
        suit(endpoints, &mut config);
    }
    // Clients whose data connections may come from other addresses cannot share ports.
    let pool = terms.pool.as_ref().filter(|_| client == peer && !config.foreign_addresses);
    let mut connection =
        Connection::new(runtime, socket, endpoints, config, accounts, admitted, terms.endpoint(client.ip()))
            .with_hooks(terms.hooks.clone());
    if let Some(pool) = pool {
        connection.share_ports(pool);
    }
    connection.share_buffers(&terms.spares);
    connection.guesses.clone_from(&terms.guesses);
    connection.throttle = terms.limits.throttle();
    connection.proxy = Some(peer.ip()).filter(|_| client != peer);
    drop(terms);
    // Any error has already been reported to the client, and nothing else needs it.
    let _ = poll_fn(|cx| {
        if let Some(grace) = place.poll_stopping(cx) {
            connection.shut_down(grace, cx);
        }
        connection.poll_serve(cx)
    })
    .await;
}

#[cfg(all(test, unix))]
mod tests;
