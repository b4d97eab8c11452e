//! The public address of a server behind an address translator, looked up repeatedly because it may
//! change.

use ::std::fmt;
use ::std::future::poll_fn;
use ::std::io;
use ::std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Poll, Waker};
use ::std::time::{Duration, Instant as Moment};

use crate::io::net::lane::Lane;
use crate::io::net::runtime::{Network, Timed};

/// Maximum time that a new session waits for the first answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Interval between look-ups until one has succeeded.
const RETRY: Duration = Duration::from_secs(5);

/// A function that looks up the addresses. May block.
type Look = Box<dyn Fn() -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// The address that PASV reports (227), for a server behind an address translator whose public
/// address has to be resolved from a name or queried, and may change. Use
/// [`Config::passive_address`](crate::server::Config::passive_address) for a fixed one. EPSV
/// reports no address.
///
/// The address is looked up when the server begins to serve, and again when a session begins and
/// the last look-up is older than the [interval](Self::every). Look-ups run one at a time in a
/// separate thread, so that a name server that hangs delays nobody. A session uses the address
/// known when it began. If none is known yet, the session waits for up to two seconds, and then
/// uses the address of the configuration. An address stays in use until another is found.
///
/// To set a different address for some clients, such as those in the local network, use
/// `Server::with_config_for`, which is applied last.
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
    /// Time of the last look-up.
    asked: Option<Moment>,
    /// `true` while a look-up is running.
    looking: bool,
    /// Sessions that wait for the first answer.
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

/// A running look-up. It ends on drop, and therefore also if it panics or no thread was available.
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
        // The known address is kept if it is still among several, since name servers change the
        // order of addresses.
        let kept = state.known.filter(|known| first == Some(*known) || found.any(|other| other == *known));
        state.known = kept.or(first).or(state.known);
    }
}

impl PublicAddress {
    /// Uses the first IPv4 address of the host `name`, which may itself be an address.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::by(move || Ok((name.as_str(), 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
    }

    /// Uses the first IPv4 address that `look` returns, for example from a service of the network
    /// or the machine. `look` may block and has to apply a time limit of its own: it is not called
    /// again before it has returned. After an error, or if the result has no IPv4 address, the last
    /// known address stays in use.
    pub fn by(look: impl Fn() -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        let inner = Inner { look: Box::new(look), lane: Lane::default(), state: Mutex::default() };
        Self { every: Duration::from_secs(300), inner: Arc::new(inner) }
    }

    /// Sets the age at which an address is looked up again. 5 minutes by default.
    #[must_use]
    pub const fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// Starts a look-up if one is due.
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

    /// Returns the address for a new session.
    pub(super) async fn current<N: Network>(&self, runtime: &mut Timed<N>) -> Option<Ipv4Addr> {
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
