//! Passive ports shared by several sessions. Each port has one listener, and connections are
//! assigned to sessions by the address they come from.
//!
//! A listener is not served by a task of its own. Each waiting session watches it in its own
//! runtime, through its own descriptor. A session that accepts a connection of another session's
//! client hands the connection over.

use ::std::collections::{HashMap, VecDeque};
use ::std::io;
use ::std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use ::std::ops::RangeInclusive;
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Context, Poll, Waker, ready};

use socket2::SockRef;

use crate::io::net::runtime::{Socket, Watched};
use crate::io::net::socket;

/// Maximum number of accepted connections that are queued for one client.
const WAITING: usize = 4;
/// Maximum number of connections that a session accepts for others in one poll.
const AT_ONCE: usize = 16;

/// The ports that the sessions of a server share.
#[derive(Clone, Debug, Default)]
pub(in crate::io) struct Pool(Arc<Mutex<HashMap<SocketAddr, Arc<Port>>>>);

/// A port that sessions share.
#[derive(Debug)]
struct Port(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` once the last seat has been released.
    listener: Option<TcpListener>,
    /// The waiting sessions, by the address that their client connects from.
    seats: HashMap<IpAddr, Waiting>,
}

/// Connections that other sessions accepted for a session.
#[derive(Debug, Default)]
struct Waiting {
    arrived: VecDeque<(TcpStream, SocketAddr)>,
    waker: Option<Waker>,
}

/// A session's claim to its client's connections to a port, released on drop. Dropping the last
/// seat closes the port.
#[derive(Debug)]
struct Seat {
    pool: Pool,
    port: Arc<Port>,
    at: SocketAddr,
    client: IpAddr,
}

/// A session's handle to the listener of a shared port.
#[derive(Debug)]
pub(in crate::io) struct Shared<S> {
    // Declared before the seat, so that it is closed before the seat is released: the port is then
    // free.
    socket: S,
    seat: Seat,
}

/// The pool that a session takes its passive ports from, and the address of its client.
#[derive(Clone, Debug)]
pub(in crate::io) struct Sharing {
    pool: Pool,
    client: IpAddr,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// Returns the handle for a session whose client makes all its connections from `client`.
    pub(in crate::io) fn sharing(&self, client: IpAddr) -> Sharing {
        Sharing { pool: self.clone(), client: client.to_canonical() }
    }
}

impl Sharing {
    /// Listens at a port of the range at which this client has no seat yet, in the order of
    /// [`socket::bind_within`]; `register` adds the listener to the session's runtime.
    pub(in crate::io) fn listen<S>(
        &self,
        at: SocketAddr,
        ports: RangeInclusive<u16>,
        register: impl FnOnce(TcpListener) -> io::Result<S>,
    ) -> io::Result<(Shared<S>, SocketAddr)> {
        let (seat, listener) = socket::within(at, ports, |at| self.take_seat(at))?;
        let at = seat.at;
        Ok((Shared { socket: register(listener)?, seat }, at))
    }

    /// Takes a seat at this port and duplicates the descriptor of its listener.
    fn take_seat(&self, at: SocketAddr) -> io::Result<(Seat, TcpListener)> {
        let Self { pool, client } = self.clone();
        let mut ports = lock(&pool.0);
        let known = ports.get(&at).map(Arc::clone);
        let port = match &known {
            Some(port) => Arc::clone(port),
            None => Arc::new(Port::bind(at)?),
        };
        // Connections made before this session took its seat are not meant for it.
        port.clear();
        let mut inner = lock(&port.0);
        let (Some(listener), false) = (&inner.listener, inner.seats.contains_key(&client)) else {
            return Err(io::ErrorKind::AddrInUse.into());
        };
        let listener = listener.try_clone()?;
        inner.seats.insert(client, Waiting::default());
        drop(inner);
        if known.is_none() {
            ports.insert(at, Arc::clone(&port));
        }
        drop(ports);
        Ok((Seat { pool, port, at, client }, listener))
    }
}

impl Port {
    fn bind(at: SocketAddr) -> io::Result<Self> {
        let listener = socket::listen(at)?;
        Ok(Self(Mutex::new(Inner { listener: Some(listener), seats: HashMap::new() })))
    }

    /// Queues a connection for the session it belongs to. Drops the connection if there is no such
    /// session, or if that session's queue is full.
    fn hand_on(&self, stream: TcpStream, from: SocketAddr) {
        let mut inner = lock(&self.0);
        let waiting = inner.seats.get_mut(&from.ip().to_canonical());
        let Some(waiting) = waiting.filter(|waiting| waiting.arrived.len() < WAITING) else { return };
        waiting.arrived.push_back((stream, from));
        let waker = waiting.waker.take();
        drop(inner);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Accepts and hands over the connections made so far.
    fn clear(&self) {
        for _ in 0..AT_ONCE * AT_ONCE {
            let accepted =
                lock(&self.0).listener.as_ref().map(|listener| socket::accept(&SockRef::from(listener)));
            let Some(Ok((stream, from))) = accepted else { break };
            self.hand_on(stream, from);
        }
    }
}

impl Seat {
    /// Returns a connection that another session accepted for this one.
    fn poll_handed(&self, cx: &Context<'_>) -> Poll<(TcpStream, SocketAddr)> {
        let mut inner = lock(&self.port.0);
        let Some(waiting) = inner.seats.get_mut(&self.client) else { return Poll::Pending };
        match waiting.arrived.pop_front() {
            Some(arrived) => Poll::Ready(arrived),
            None => {
                waiting.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Both locks are held until the port is removed, so that no session finds a port that is
        // still bound but has no listener.
        let mut ports = lock(&self.pool.0);
        let mut inner = lock(&self.port.0);
        let left = inner.seats.remove(&self.client);
        if inner.seats.is_empty() {
            inner.listener = None;
            ports.remove(&self.at);
            return;
        }
        drop((inner, left));
        // Connections that the client has made in the meantime must not be taken for those of its
        // next session.
        self.port.clear();
    }
}

impl<S: Socket> Shared<Watched<S>> {
    /// Makes the next [`poll_accept`](Self::poll_accept) ask the system, even if the runtime
    /// reported no readiness.
    pub(in crate::io) fn look_again(&self) {
        self.socket.look_again();
    }

    /// Accepts the next connection of this session's client.
    pub(in crate::io) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        for _ in 0..AT_ONCE {
            if let Poll::Ready(arrived) = self.seat.poll_handed(cx) {
                return Poll::Ready(Ok(arrived));
            }
            let (stream, from) = ready!(self.socket.poll_accept(cx))?;
            if from.ip().to_canonical() == self.seat.client {
                return Poll::Ready(Ok((stream, from)));
            }
            self.seat.port.hand_on(stream, from);
        }
        // Yields, so that other tasks run.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
