//! Passive ports that sessions share: each has a listener for several clients at once, told apart by the address that
//! they come from.
//!
//! Nobody attends to a listener but the sessions that wait at it. Each watches it in its own runtime, by a descriptor of
//! its own, and whoever takes in a connection of another's client hands that on.

use ::std::collections::{HashMap, VecDeque};
use ::std::io;
use ::std::net::{IpAddr, SocketAddr, TcpListener};
use ::std::ops::RangeInclusive;
use ::std::os::fd::{AsFd, OwnedFd};
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Context, Poll, Waker, ready};

use super::runtime::{Interest, Socket};
use super::socket;

/// How many connections of one client wait to be looked at.
const WAITING: usize = 4;
/// How many connections are taken in at a time for others.
const AT_ONCE: usize = 16;

/// The ports that the sessions of a server share.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool(Arc<Mutex<HashMap<SocketAddr, Arc<Port>>>>);

/// One of them.
#[derive(Debug)]
struct Port(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    /// Closed when nobody waits at it any more.
    listener: Option<TcpListener>,
    /// Who waits at it, by the address that the client is to come from.
    seats: HashMap<IpAddr, Waiting>,
}

/// What a session finds when it looks.
#[derive(Debug, Default)]
struct Waiting {
    arrived: VecDeque<(OwnedFd, SocketAddr)>,
    waker: Option<Waker>,
}

/// A session's claim to the connections that its client makes to a port. Given up when it is dropped: the port itself
/// then, where nobody else has it.
#[derive(Debug)]
struct Seat {
    pool: Pool,
    port: Arc<Port>,
    at: SocketAddr,
    client: IpAddr,
}

/// A listener, as a session has it that shares its port.
#[derive(Debug)]
pub(super) struct Shared<S> {
    // Closed before the seat is given up, so that the port is free then.
    socket: S,
    seat: Seat,
}

/// With whom a session shares its passive ports, and who its own client is.
#[derive(Clone, Debug)]
pub(super) struct Sharing {
    pool: Pool,
    client: IpAddr,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// For the session of a client that comes from here, with its data connections too.
    pub(super) fn sharing(&self, client: IpAddr) -> Sharing {
        Sharing { pool: self.clone(), client: client.to_canonical() }
    }
}

impl Sharing {
    /// Listens at a port of the range that this client has not yet, as [`socket::bind_within`] chooses it; `register`
    /// has it watched.
    pub(super) fn listen<S>(
        &self,
        at: SocketAddr,
        ports: RangeInclusive<u16>,
        register: impl FnOnce(OwnedFd) -> io::Result<S>,
    ) -> io::Result<(Shared<S>, SocketAddr)> {
        let (seat, listener) = socket::within(at, ports, |at| self.take_seat(at))?;
        let at = seat.at;
        Ok((Shared { socket: register(listener.into())?, seat }, at))
    }

    /// A seat at this port, and a descriptor of its listener.
    fn take_seat(&self, at: SocketAddr) -> io::Result<(Seat, TcpListener)> {
        let Self { pool, client } = self.clone();
        let mut ports = lock(&pool.0);
        let known = ports.get(&at).map(Arc::clone);
        let port = match &known {
            Some(port) => Arc::clone(port),
            None => Arc::new(Port::bind(at)?),
        };
        // Who came before is none that this session waits for.
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
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        Ok(Self(Mutex::new(Inner { listener: Some(listener), seats: HashMap::new() })))
    }

    /// Gives a connection to whom it is for; drops a stranger's.
    fn hand_on(&self, stream: OwnedFd, from: SocketAddr) {
        let mut inner = lock(&self.0);
        let waiting = inner.seats.get_mut(&from.ip().to_canonical());
        let Some(waiting) = waiting.filter(|waiting| waiting.arrived.len() < WAITING) else { return };
        waiting.arrived.push_back((stream, from));
        let waker = waiting.waker.take();
        drop(inner);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Takes in whoever has connected up to now.
    fn clear(&self) {
        for _ in 0..AT_ONCE * AT_ONCE {
            let accepted = lock(&self.0).listener.as_ref().map(|listener| socket::accept(listener.as_fd()));
            let Some(Ok((stream, from))) = accepted else { break };
            self.hand_on(stream, from);
        }
    }
}

impl Seat {
    /// A connection that another session has taken in for this one.
    fn poll_handed(&self, cx: &Context<'_>) -> Poll<(OwnedFd, SocketAddr)> {
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
        // Nobody looks for a port meanwhile, who would find one that is taken and without a listener.
        let mut ports = lock(&self.pool.0);
        let mut inner = lock(&self.port.0);
        let left = inner.seats.remove(&self.client);
        if inner.seats.is_empty() {
            inner.listener = None;
            ports.remove(&self.at);
            return;
        }
        drop((inner, left));
        // What its client has connected beside must not be taken for what it connects next.
        self.port.clear();
    }
}

impl<S: Socket> Shared<S> {
    /// Has the next [`poll_accept`](Self::poll_accept) ask the system, whatever the runtime was told.
    pub(super) fn look_again(&self) {
        self.socket.look_again();
    }

    /// The next connection of this session's client.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(OwnedFd, SocketAddr)>> {
        for _ in 0..AT_ONCE {
            if let Poll::Ready(arrived) = self.seat.poll_handed(cx) {
                return Poll::Ready(Ok(arrived));
            }
            let (stream, from) = ready!(self.socket.poll_io(Interest::Read, cx, socket::accept))?;
            if from.ip().to_canonical() == self.seat.client {
                return Poll::Ready(Ok((stream, from)));
            }
            self.seat.port.hand_on(stream, from);
        }
        // It is the others' turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
