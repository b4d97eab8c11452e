//! The reactor of async-io waits for sockets, since Windows has no `poll(2)` that is safe to call.

use ::std::future::Future;
use ::std::io;
use ::std::net::{TcpListener, TcpStream};
use ::std::sync::atomic::{AtomicBool, Ordering};
use ::std::sync::{Mutex, PoisonError};
use ::std::task::{Context, Waker};

use crate::io::runtime::async_io::Async;
pub(super) use crate::io::runtime::async_io::Timer as Alarm;
pub(in crate::io::std) use crate::io::runtime::async_io::block_on;

pub(super) type Stream = Async<TcpStream>;
pub(super) type Listener = Async<TcpListener>;

/// Handles of a session: its socket.
pub(super) const DESCRIPTORS: usize = 1;

/// Watches a stream.
pub(super) fn stream(stream: TcpStream) -> io::Result<Stream> {
    Async::new_nonblocking(stream)
}

/// Watches a listener.
pub(super) fn listener(listener: TcpListener) -> io::Result<Listener> {
    Async::new_nonblocking(listener)
}

/// Runs a future to its end on this thread.
///
/// # Errors
/// None: every future can be woken here.
pub(in crate::io::std) fn block_on_woken<F: Future>(future: F) -> io::Result<F::Output> {
    Ok(block_on(future))
}

/// A flag that is raised once, and that threads can wait for.
#[derive(Debug, Default)]
pub(in crate::io::std) struct Signal {
    raised: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl Signal {
    #[expect(clippy::unnecessary_wraps, reason = "other systems have to make something for it")]
    pub(in crate::io::std) fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    pub(in crate::io::std) fn raise(&self) {
        self.raised.store(true, Ordering::SeqCst);
        let waiting = ::std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(Waker::wake);
    }

    pub(in crate::io::std) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// Makes the thread's next wait end when the flag is raised.
    pub(in crate::io::std) fn watch(&self, cx: &Context<'_>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
    }
}
