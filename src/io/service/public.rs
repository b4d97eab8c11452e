//! The address under which clients see a server, where that is not its own, and changes.

use ::std::fmt;
use ::std::future::poll_fn;
use ::std::io;
use ::std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Poll, Waker};
use ::std::time::{Duration, Instant as Moment};

use crate::io::host::lane::Lane;
use crate::io::runtime::Reactor;

/// How long a session waits for the first answer, once it has begun.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long after a question that got no answer the next one is asked.
const RETRY: Duration = Duration::from_secs(5);

/// Finds the addresses out, and may block.
type Look = Box<dyn Fn() -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// The address that PASV names (227), for a server behind an address translator whose public address is known by a name
/// or has to be asked for, and may change. A fixed one is
/// [`Config::passive_address`](crate::server::Config::passive_address). EPSV names no address.
///
/// It is looked up when the server begins to serve and later, when a session begins, at most every so often: in a
/// thread apart, one look-up at a time, so that a name server that hangs keeps nobody waiting. A session has the
/// address that was known when it began; one that begins before any is known waits up to two seconds, and has the
/// configuration's then. An address that was found holds until another is.
///
/// Clients that are to be told another one, those within the same network say, are told apart by
/// `Server::with_config_for`, which has the last word.
///
/// ```
/// use std::time::Duration;
/// use ftp_proto::io::PublicAddress;
///
/// let address = PublicAddress::named("ftp.example.org").every(Duration::from_secs(60));
/// # let _ = address;
/// ```
#[derive(Clone)]
pub struct PublicAddress {
    every: Duration,
    inner: Arc<Inner>,
}

struct Inner {
    look: Look,
    lane: Lane,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Option<Ipv4Addr>,
    /// When it was looked up last, and whether that still goes on.
    asked: Option<Moment>,
    looking: bool,
    /// Whoever waits for the first answer.
    waiting: Vec<Waker>,
}

impl fmt::Debug for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicAddress")
            .field("known", &self.inner.lock().known)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

/// A look-up that goes on; it is over when this is dropped, be it that it panics or that there is no thread for it.
struct Looking(Arc<Inner>);

impl Drop for Looking {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.looking = false;
        let waiting = ::std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) {
        let found = (self.look)().unwrap_or_default();
        let mut found = found.into_iter().filter_map(|address| match address.to_canonical() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        let mut state = self.lock();
        let first = found.next();
        // Of several it stays with the one that it has: name servers change the order.
        let kept = state.known.filter(|known| first == Some(*known) || found.any(|other| other == *known));
        state.known = kept.or(first).or(state.known);
    }
}

impl PublicAddress {
    /// The first IPv4 address of a host of this name, or the address that it is itself.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::by(move || Ok((name.as_str(), 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
    }

    /// Whatever `look` finds out, of a service of the network or the machine, say. It may block, and is to give up in
    /// its own time: until it has returned it is not called again. After an error, and without an IPv4 address among
    /// what it returns, what was known before holds.
    pub fn by(look: impl Fn() -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        let inner = Inner { look: Box::new(look), lane: Lane::default(), state: Mutex::default() };
        Self { every: Duration::from_secs(300), inner: Arc::new(inner) }
    }

    /// How old an address may be before it is looked up again. 5 minutes by default.
    #[must_use]
    pub const fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// Looks it up, if it is time for that.
    pub(super) fn refresh(&self) {
        let mut state = self.inner.lock();
        let every = if state.known.is_some() { self.every } else { self.every.min(RETRY) };
        if state.looking || state.asked.is_some_and(|asked| asked.elapsed() < every) {
            return;
        }
        (state.asked, state.looking) = (Some(Moment::now()), true);
        drop(state);
        let looking = Looking(Arc::clone(&self.inner));
        self.inner.lane.submit(Box::new(move || looking.0.look()));
    }

    /// The address for a session that begins.
    pub(super) async fn current<R: Reactor>(&self, runtime: &mut R) -> Option<Ipv4Addr> {
        self.refresh();
        let deadline = runtime.now().after(PATIENCE);
        poll_fn(|cx| {
            let mut state = self.inner.lock();
            if state.known.is_some() || !state.looking {
                return Poll::Ready(state.known);
            }
            if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.waiting.push(cx.waker().clone());
            }
            drop(state);
            runtime.poll_deadline(deadline, cx).map(|()| None)
        })
        .await
    }
}
