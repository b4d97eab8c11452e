//! The sessions of a server, and its shutdown.

use ::std::collections::HashMap;
use ::std::net::IpAddr;
use ::std::sync::atomic::{AtomicBool, Ordering};
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Context, Poll, Waker};
use ::std::time::Duration;

use super::limits::{Seat, SessionLimits};

/// The state shared by all sessions and the handles that shut the server down.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Set once a shutdown has begun. Sessions check this at every turn.
    stopping: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Time that transfers may still take. `Some` once the server is shutting down.
    grace: Option<Duration>,
    /// Number of the latest session.
    last: u64,
    /// The wakers of the running sessions, by session number.
    running: HashMap<u64, Option<Waker>>,
    /// The waker of the server itself.
    server: Option<Waker>,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, grace: Duration) {
        let mut inner = self.lock();
        inner.grace = Some(inner.grace.map_or(grace, |before| before.min(grace)));
        self.stopping.store(true, Ordering::Release);
        let wakers: Vec<_> = inner.running.values().flatten().chain(&inner.server).cloned().collect();
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Returns whether the server is shutting down. The task is woken when the shutdown begins.
    pub(super) fn is_stopping(&self, cx: &Context<'_>) -> bool {
        let mut inner = self.lock();
        inner.server = Some(cx.waker().clone());
        inner.grace.is_some()
    }

    /// Waits until no session is left.
    pub(super) fn poll_empty(&self, cx: &Context<'_>) -> Poll<()> {
        let mut inner = self.lock();
        inner.server = Some(cx.waker().clone());
        if inner.running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Returns a guard that ends the sessions when it is dropped.
    pub(super) fn end_on_drop(self: &Arc<Self>) -> impl Drop + use<> {
        struct End(Arc<State>);
        impl Drop for End {
            fn drop(&mut self) {
                self.0.stop(Duration::ZERO);
            }
        }
        End(Arc::clone(self))
    }
}

/// A handle that shuts a server down from another thread or task.
#[derive(Clone, Debug)]
pub struct Shutdown {
    state: Arc<State>,
}

impl Shutdown {
    pub(super) const fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Stops the server from accepting clients, and ends each session with a 421 after its current
    /// transfer, or when `grace` is over at the latest. Returns at once; the server's `serve`
    /// returns once all sessions have ended. A second call can shorten the grace period, which then
    /// begins anew.
    pub fn shut_down(&self, grace: Duration) {
        self.state.stop(grace);
    }
}

/// A session's place on the server, which is released on drop.
#[derive(Debug)]
pub(super) struct Place {
    state: Arc<State>,
    number: u64,
    /// Counts the session once it is admitted.
    seat: Option<Seat>,
    waker: Option<Waker>,
}

impl Place {
    /// Reserves a place for a connection, possibly only to turn it away: there can be twice as many
    /// places as sessions, and never fewer than 64. Returns `None` if all places are taken.
    pub(super) fn new(state: &Arc<State>, sessions: usize) -> Option<Self> {
        let mut inner = state.lock();
        if inner.running.len() >= sessions.saturating_mul(2).max(64) {
            return None;
        }
        inner.last += 1;
        let number = inner.last;
        inner.running.insert(number, None);
        Some(Self { state: Arc::clone(state), number, seat: None, waker: None })
    }

    /// Returns whether the client is admitted, and counts its session if so.
    pub(super) fn admit(&mut self, peer: IpAddr, limits: &SessionLimits) -> bool {
        self.seat = limits.admit(peer);
        self.seat.is_some()
    }

    /// Returns how long the session may still take, once the server is shutting down. The task is
    /// woken when the shutdown begins.
    pub(super) fn poll_stopping(&mut self, cx: &Context<'_>) -> Option<Duration> {
        if self.waker.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
            let waker = self.waker.insert(cx.waker().clone());
            self.state.lock().running.insert(self.number, Some(waker.clone()));
        }
        if self.state.stopping.load(Ordering::Acquire) { self.state.lock().grace } else { None }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.seat = None;
        let mut inner = self.state.lock();
        inner.running.remove(&self.number);
        if inner.running.is_empty() {
            let server = inner.server.take();
            drop(inner);
            server.into_iter().for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_hear_that_there_is_no_place_are_not_without_number() {
        let state = Arc::new(State::default());
        let all: Vec<_> = (0..100).map_while(|_| Place::new(&state, 40)).collect();
        assert_eq!(all.len(), 80);
    }

    #[test]
    fn the_shorter_grace_holds() {
        let state = Arc::new(State::default());
        let shutdown = Shutdown::new(Arc::clone(&state));
        let mut place = Place::new(&state, 1000).unwrap();
        let cx = Context::from_waker(Waker::noop());
        assert_eq!(place.poll_stopping(&cx), None);
        for (grace, left) in [(5, 5), (9, 5), (0, 0)] {
            shutdown.shut_down(Duration::from_secs(grace));
            assert_eq!(place.poll_stopping(&cx), Some(Duration::from_secs(left)));
        }
    }
}
