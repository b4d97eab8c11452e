//! The smallest of runtimes: a future is polled on the thread that waits for it, and `poll(2)` waits for what
//! kept it from going on.

use ::std::cell::RefCell;
use ::std::future::Future;
use ::std::io;
use ::std::net::SocketAddr;
pub(super) use ::std::net::ToSocketAddrs;
use ::std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ::std::os::unix::net::UnixStream;
use ::std::pin::pin;
use ::std::sync::Arc;
use ::std::sync::atomic::{AtomicBool, Ordering};
use ::std::task::{Context, Poll, Waker};
use ::std::time::Instant as Moment;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::io::runtime::{Clock, Interest, Runtime, Socket, Timer};
use crate::time::Instant;

thread_local! {
    /// What the future that this thread runs waits for: put here while it is polled.
    static WAITS: RefCell<Waits> = const { RefCell::new(Waits::NONE) };
}

#[derive(Debug, Default)]
struct Waits {
    sockets: Vec<(Arc<Descriptor>, Interest)>,
    alarm: Option<Arc<UnixStream>>,
    deadline: Option<Moment>,
}

impl Waits {
    const NONE: Self = Self { sockets: Vec::new(), alarm: None, deadline: None };

    /// Waits until one of them has come about.
    fn wait(&self) {
        let mut fds: Vec<_> = self
            .sockets
            .iter()
            .map(|(socket, interest)| match interest {
                Interest::Read => PollFd::new(socket, PollFlags::IN),
                Interest::Write => PollFd::new(socket, PollFlags::OUT),
            })
            .collect();
        fds.extend(self.alarm.iter().map(|alarm| PollFd::new(alarm, PollFlags::IN)));
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Moment::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let failed = match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => false,
            // Out of memory: the next attempts will show what is ready.
            Err(_) => true,
        };
        for ((socket, interest), fd) in self.sockets.iter().zip(&fds) {
            // An error or a hang-up shows at the next call, whichever that is.
            let broken = fd.revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
            if broken || failed {
                socket.readable.store(true, Ordering::Relaxed);
                socket.writable.store(true, Ordering::Relaxed);
            } else if !fd.revents().is_empty() {
                socket.ready(*interest).store(true, Ordering::Relaxed);
            }
        }
    }
}

/// Runs a future of this runtime to its end, on this thread.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    // A future that blocks on another is in the middle of saying what it waits for.
    struct Outer(Waits);
    impl Drop for Outer {
        fn drop(&mut self) {
            WAITS.set(::std::mem::take(&mut self.0));
        }
    }
    let _outer = Outer(WAITS.take());
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        WAITS.take().wait();
    }
}

/// Has the wait after this turn end when there is something to read from `alarm`, or its other end is gone.
pub(super) fn watch(alarm: &Arc<UnixStream>) {
    WAITS.with_borrow_mut(|waits| waits.alarm = Some(Arc::clone(alarm)));
}

/// The runtime of one blocking session.
#[derive(Debug)]
pub(super) struct Blocking {
    clock: Clock<Alarm>,
}

/// The addresses of a server.
pub(super) async fn resolve(server: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    Ok(server.to_socket_addrs()?.collect())
}

impl Blocking {
    pub(super) fn new() -> Self {
        Self { clock: Clock::new() }
    }
}

impl Runtime for Blocking {
    type Stream = Polled;

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.poll(deadline, cx)
    }

    fn register(&self, socket: OwnedFd) -> io::Result<Polled> {
        let [readable, writable] = [true, true].map(AtomicBool::new);
        Ok(Polled(Arc::new(Descriptor { socket, readable, writable })))
    }

    async fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        work()
    }
}

/// A moment that the thread waits for.
#[derive(Debug)]
struct Alarm(Moment);

impl Timer for Alarm {
    fn now() -> Moment {
        Moment::now()
    }

    fn at(moment: Moment) -> Self {
        Self(moment)
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if Moment::now() >= self.0 {
            return Poll::Ready(());
        }
        WAITS.with_borrow_mut(|waits| {
            waits.deadline = Some(waits.deadline.map_or(self.0, |other| other.min(self.0)));
        });
        Poll::Pending
    }
}

/// A socket, and what is known of it: whether it would block is asked of the system once, not at every
/// turn, until `poll` says that it changed.
#[derive(Debug)]
struct Descriptor {
    socket: OwnedFd,
    readable: AtomicBool,
    writable: AtomicBool,
}

impl Descriptor {
    const fn ready(&self, interest: Interest) -> &AtomicBool {
        match interest {
            Interest::Read => &self.readable,
            Interest::Write => &self.writable,
        }
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A socket of this runtime.
#[derive(Debug)]
pub(super) struct Polled(Arc<Descriptor>);

impl AsFd for Polled {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Socket for Polled {
    fn poll_io<T>(
        &self,
        interest: Interest,
        _: &mut Context<'_>,
        mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let ready = self.0.ready(interest);
        if ready.load(Ordering::Relaxed) {
            match call(self.as_fd()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.store(false, Ordering::Relaxed);
                }
                result => return Poll::Ready(result),
            }
        }
        WAITS.with_borrow_mut(|waits| waits.sockets.push((Arc::clone(&self.0), interest)));
        Poll::Pending
    }
}
