//! The places of a pool: who has a session, who waits for one, and which sessions are idle.

use ::std::collections::VecDeque;
use ::std::fmt;
use ::std::future::poll_fn;
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Context, Poll, Waker};
use ::std::time::{Duration, Instant};

use super::{Pooled, Pooling};
use crate::io::error::Error;

/// The time for which the pool believes that the server takes no further session.
const BELIEF: Duration = Duration::from_secs(30);

/// The places of a pool.
pub(in crate::io) struct Slots<C> {
    state: Mutex<State<C>>,
}

struct State<C> {
    /// The session that was used last is the last one.
    idle: Vec<Idle<C>>,
    /// Number of sessions that are logged in and in use.
    used: usize,
    /// Number of sessions that are being opened.
    opening: usize,
    limit: usize,
    /// The limit that the server seems to have, and when that was seen.
    found: Option<(usize, Instant)>,
    idle_timeout: Duration,
    /// Those who wait, in order.
    waiting: VecDeque<(u64, Waker)>,
    next_ticket: u64,
}

struct Idle<C> {
    client: C,
    alterations: u32,
    since: Instant,
}

/// The session, or the place for one, that a caller gets when its turn comes.
pub(in crate::io) enum Turn<C: Pooling> {
    /// A session that has been idle for this long.
    Idle(Pooled<C>, Duration),
    /// The place of a session that is yet to be opened.
    Open(Opening<C>),
}

/// The place of a session that is being opened. Dropping it gives the place back.
pub(in crate::io) struct Opening<C> {
    slots: Arc<Slots<C>>,
}

impl<C> Slots<C> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                idle: Vec::new(),
                used: 0,
                opening: 0,
                limit: 4,
                found: None,
                idle_timeout: Duration::from_secs(60),
                waiting: VecDeque::new(),
                next_ticket: 0,
            }),
        }
    }

    /// No call panics while it has the lock.
    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_limit(&self, limit: usize) {
        self.state().limit = limit;
    }

    pub(super) fn set_idle_timeout(&self, timeout: Duration) {
        self.state().idle_timeout = timeout;
    }

    pub(super) fn close_idle(&self) {
        let idle = ::std::mem::take(&mut self.state().idle);
        self.wake();
        drop(idle);
    }

    /// Wakes the one who waits longest.
    fn wake(&self) {
        let first = self.state().waiting.front().map(|(_, waker)| waker.clone());
        if let Some(waker) = first {
            waker.wake();
        }
    }
}

impl<C: Pooling> Slots<C> {
    /// Waits until a session is idle or may be opened.
    pub(in crate::io) async fn turn(self: &Arc<Self>) -> Turn<C> {
        let mut ticket = Ticket { slots: self, number: None };
        poll_fn(|cx| ticket.poll(cx)).await
    }

    /// Takes a session back that is still of use, or the place of one that is not.
    pub(super) fn returned(&self, client: Option<C>, alterations: u32) {
        let mut state = self.state();
        state.used -= 1;
        if let Some(client) = client {
            state.idle.push(Idle { client, alterations, since: Instant::now() });
        }
        drop(state);
        self.wake();
    }

    fn pooled(self: &Arc<Self>, client: C, alterations: u32) -> Pooled<C> {
        Pooled { client: Some(client), alterations, slots: Arc::clone(self) }
    }

    /// Returns what there is for the one whose turn it is. Sessions that were idle for too long are
    /// put into `stale`.
    fn take(self: &Arc<Self>, state: &mut State<C>, stale: &mut Vec<Idle<C>>) -> Option<Turn<C>> {
        let now = Instant::now();
        let timeout = state.idle_timeout;
        let is_stale = |idle: &&Idle<C>| now.duration_since(idle.since) >= timeout;
        let count = state.idle.iter().take_while(is_stale).count();
        stale.extend(state.idle.drain(..count));
        if let Some(Idle { client, alterations, since }) = state.idle.pop() {
            state.used += 1;
            return Some(Turn::Idle(self.pooled(client, alterations), now.duration_since(since)));
        }
        if state.found.is_some_and(|(_, at)| now.duration_since(at) >= BELIEF) {
            state.found = None;
        }
        let limit = state.found.map_or(state.limit, |(found, _)| found.clamp(1, state.limit));
        (state.used + state.opening < limit).then(|| {
            state.opening += 1;
            Turn::Open(Opening { slots: Arc::clone(self) })
        })
    }
}

impl<C: Pooling> Opening<C> {
    /// Takes the result of opening a session. Returns `None` if the server takes no further one, so
    /// that another one has to be waited for.
    pub(in crate::io) fn opened(self, result: Result<C, Error>) -> Result<Option<Pooled<C>>, Error> {
        match result {
            Ok(client) => {
                self.slots.state().used += 1;
                let alterations = client.alterations();
                Ok(Some(self.slots.pooled(client, alterations)))
            }
            Err(error) => {
                let mut state = self.slots.state();
                let open = state.used + state.idle.len();
                if open > 0 && error.refused().is_some_and(|refused| refused.is_of_session()) {
                    state.found = Some((open, Instant::now()));
                    return Ok(None);
                }
                drop(state);
                Err(error)
            }
        }
    }
}

impl<C> Drop for Opening<C> {
    fn drop(&mut self) {
        self.slots.state().opening -= 1;
        self.slots.wake();
    }
}

/// A place in the queue.
struct Ticket<'s, C: Pooling> {
    slots: &'s Arc<Slots<C>>,
    number: Option<u64>,
}

impl<C: Pooling> Ticket<'_, C> {
    fn poll(&mut self, cx: &Context<'_>) -> Poll<Turn<C>> {
        // Closed after the lock is released.
        let mut stale = Vec::new();
        let mut state = self.slots.state();
        let first = state.waiting.front().map(|(number, _)| *number);
        let is_first = first.is_none() || first == self.number;
        if let Some(turn) =
            Some(()).filter(|()| is_first).and_then(|()| self.slots.take(&mut state, &mut stale))
        {
            return Poll::Ready(turn);
        }
        let number = *self.number.get_or_insert_with(|| {
            state.next_ticket += 1;
            state.next_ticket
        });
        match state.waiting.iter_mut().find(|(other, _)| *other == number) {
            Some((_, waker)) => waker.clone_from(cx.waker()),
            None => state.waiting.push_back((number, cx.waker().clone())),
        }
        Poll::Pending
    }
}

/// Leaves the queue. The next one looks whether there is something left.
impl<C: Pooling> Drop for Ticket<'_, C> {
    fn drop(&mut self) {
        let Some(own) = self.number else { return };
        self.slots.state().waiting.retain(|(number, _)| *number != own);
        self.slots.wake();
    }
}

impl<C> fmt::Debug for Slots<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Slots")
            .field("limit", &state.limit)
            .field("used", &state.used)
            .field("opening", &state.opening)
            .field("idle", &state.idle.len())
            .field("waiting", &state.waiting.len())
            .finish()
    }
}
