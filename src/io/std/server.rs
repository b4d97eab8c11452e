//! A server with a thread for each session.

use ::std::collections::HashMap;
use ::std::fmt;
use ::std::future::poll_fn;
use ::std::io;
use ::std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use ::std::os::unix::net::UnixStream;
use ::std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use ::std::sync::{Arc, Mutex, PoisonError};
use ::std::thread;
use ::std::time::{Duration, Instant};

use super::reactor::{Blocking, block_on, watch};
use crate::io::host::Accounts;
use crate::io::host::offload::Offload;
use crate::io::runtime::Reactor;
use crate::io::server::{Connection, Hooks};
use crate::io::tls::Endpoint;
use crate::server::{Config, Endpoints};

/// A server that listens, and serves each client in a thread of its own.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(feature = "disk")] {
/// use ftp_proto::io::{Directory, Users, std::Server};
///
/// let users = Users::new().anonymous(Directory::open("/srv/ftp")?);
/// let server = Server::bind("127.0.0.1:2121", users)?;
/// println!("listening on {}", server.local_addr());
/// server.serve()?;
/// # }
/// # Ok(())
/// # }
/// ```
pub struct Server<A> {
    listener: TcpListener,
    address: SocketAddr,
    accounts: Arc<Offload<A, Blocking>>,
    config: Config,
    #[cfg(feature = "rustls")]
    tls: Option<crate::io::tls::ServerTls>,
    sessions: usize,
    hooks: Hooks,
    state: Arc<State>,
}

impl<A> fmt::Debug for Server<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// What all sessions and whoever ends them share.
#[derive(Debug)]
struct State {
    stopping: AtomicBool,
    aborting: AtomicBool,
    last: AtomicU64,
    /// The control connections, by which sessions are ended.
    running: Mutex<HashMap<u64, TcpStream>>,
    /// What sessions wait for beside their sockets; it rings when its other end is dropped.
    alarm: Arc<UnixStream>,
    other_end: Mutex<Option<UnixStream>>,
}

impl State {
    fn new() -> io::Result<Self> {
        let (alarm, other_end) = UnixStream::pair()?;
        Ok(Self {
            stopping: AtomicBool::new(false),
            aborting: AtomicBool::new(false),
            last: AtomicU64::new(0),
            running: Mutex::default(),
            alarm: Arc::new(alarm),
            other_end: Mutex::new(Some(other_end)),
        })
    }

    /// Has every session look up. Their connections are left alone: one that ended would end the
    /// transfer too.
    fn wake_all(&self) {
        drop(self.other_end.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Ends a server from anywhere else.
#[derive(Clone, Debug)]
pub struct Shutdown {
    state: Arc<State>,
    address: SocketAddr,
}

impl Shutdown {
    /// Takes no more clients. Sessions end with the transfer they are in, told 421, or at the latest
    /// after `grace`; [`Server::serve`] returns when all have.
    pub fn shut_down(&self, grace: Duration) {
        self.state.stopping.store(true, Ordering::SeqCst);
        self.state.wake_all();
        // The thread that accepts sleeps until somebody comes.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline && !self.is_idle() {
            thread::sleep(Duration::from_millis(10));
        }
        self.state.aborting.store(true, Ordering::SeqCst);
        for stream in self.state.running.lock().unwrap_or_else(PoisonError::into_inner).values() {
            let _ = stream.shutdown(::std::net::Shutdown::Both);
        }
    }

    fn is_idle(&self) -> bool {
        self.state.running.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl<A: Accounts> Server<A> {
    /// Listens at `address`.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn bind(address: impl ToSocketAddrs, accounts: A) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            accounts: Arc::new(Offload::new(accounts)),
            config: Config::default(),
            #[cfg(feature = "rustls")]
            tls: None,
            sessions: 1000,
            hooks: Hooks::default(),
            state: Arc::new(State::new()?),
        })
    }

    /// The limits, timeouts and texts of its sessions.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Offers TLS by AUTH. What may go without is said by the
    /// [configuration](crate::server::Config::security): give that first.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn with_explicit_tls(mut self, tls: crate::io::tls::ServerTls) -> Self {
        self.config.security.tls = crate::security::TlsMode::Explicit;
        self.tls = Some(tls);
        self
    }

    /// Begins with TLS, as clients expect at port 990.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn with_implicit_tls(mut self, tls: crate::io::tls::ServerTls) -> Self {
        self.config.security.tls = crate::security::TlsMode::Implicit;
        self.tls = Some(tls);
        self
    }

    #[cfg(feature = "rustls")]
    fn endpoint(&self) -> Option<Endpoint> {
        self.tls.as_ref().map(Endpoint::server)
    }

    #[cfg(not(feature = "rustls"))]
    const fn endpoint(&self) -> Option<Endpoint> {
        None
    }

    /// How many sessions may run at once; one more is told 421. 1,000 by default.
    #[must_use]
    pub fn with_max_sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }

    /// Tells `hook` what its sessions come to: logins, transfers, changes, their ends. It is called by the
    /// session itself, which waits for it.
    #[must_use]
    pub fn on_event(mut self, hook: impl Fn(&crate::io::SessionEvent<'_>) + Send + Sync + 'static) -> Self {
        self.hooks.on_event(hook);
        self
    }

    /// Shows `hook` each line of each dialogue, secrets hidden, with the [number](crate::io::SessionEvent::session)
    /// of its session.
    #[must_use]
    pub fn on_line(
        mut self,
        hook: impl Fn(u64, crate::io::Direction, crate::codec::Redacted<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.hooks.on_line(hook);
        self
    }

    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What ends it.
    #[must_use]
    pub fn shutdown_handle(&self) -> Shutdown {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        Shutdown { state: Arc::clone(&self.state), address }
    }

    /// Serves until it is [shut down](Shutdown::shut_down) and the last session has ended.
    ///
    /// # Errors
    /// When the listener breaks.
    pub fn serve(self) -> io::Result<()> {
        thread::scope(|scope| {
            loop {
                let (stream, peer) = match self.listener.accept() {
                    Ok(accepted) => accepted,
                    Err(error) => match error.kind() {
                        io::ErrorKind::Interrupted
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset => continue,
                        // Out of descriptors, mostly: sessions that end give theirs back.
                        _ if self.state.running.lock().is_ok_and(|running| !running.is_empty()) => {
                            thread::sleep(Duration::from_millis(20));
                            continue;
                        }
                        _ => return Err(error),
                    },
                };
                if self.state.stopping.load(Ordering::SeqCst) {
                    return Ok(());
                }
                let server = &self;
                // Without a thread to be had the client is dropped, and others are served on.
                let _ = thread::Builder::new().spawn_scoped(scope, move || {
                    let _ = server.session(stream, peer);
                });
            }
        })
    }

    fn session(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        let endpoints = Endpoints { local: stream.local_addr()?, peer };
        let id = self.state.last.fetch_add(1, Ordering::Relaxed);
        let handle = stream.try_clone()?;
        let others = {
            let mut running = self.state.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.insert(id, handle);
            running.len() - 1
        };
        let result = self.drive(stream, endpoints, others < self.sessions);
        self.state.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        result
    }

    fn drive(&self, stream: TcpStream, endpoints: Endpoints, admitted: bool) -> io::Result<()> {
        let runtime = Blocking::new();
        let socket = runtime.adopt(stream)?;
        let accounts = Arc::clone(&self.accounts);
        let mut connection = Connection::new(
            runtime,
            socket,
            endpoints,
            self.config.clone(),
            accounts,
            admitted,
            self.endpoint(),
        )
        .with_hooks(self.hooks.clone());
        // However it ends, the client has been told, and nobody else is there to be.
        let _ = block_on(poll_fn(|cx| {
            match self.state.stopping.load(Ordering::SeqCst) {
                true => connection.shut_down(self.state.aborting.load(Ordering::SeqCst)),
                false => watch(&self.state.alarm),
            }
            connection.poll_serve(cx)
        }));
        Ok(())
    }
}
