//! The waits of a thread: a future is polled on the thread that waits for it, and `poll(2)`
//! (`WSAPoll` on Windows) waits for the sockets and the deadline that the future needs to continue.

mod bell;

use ::std::cell::RefCell;
use ::std::future::Future;
use ::std::io::{self, Write};
use ::std::pin::{Pin, pin};
use ::std::sync::atomic::{AtomicBool, Ordering};
use ::std::sync::{Arc, LazyLock, Weak};
use ::std::task::{Context, Poll, Wake, Waker};
use ::std::thread;
use ::std::time::{Duration, Instant as Moment};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::Socket;
#[cfg(unix)]
use socket2::{Domain, Type};

use crate::io::Interest;
use bell::Bell;

thread_local! {
    /// The sockets and the deadline that the future of this thread waits for, collected while
    /// it is polled.
    static WAITS: RefCell<Waits> = const { RefCell::new(Waits::NONE) };
}

/// Wakes the future that runs on this thread. Only the future itself does so, to be polled again.
struct Again;

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        WAITS.with_borrow_mut(|waits| waits.is_over = true);
    }
}

static AGAIN: LazyLock<Waker> = LazyLock::new(|| Waker::from(Arc::new(Again)));

#[derive(Debug, Default)]
struct Waits {
    /// The sockets to wait for. A socket that has been dropped in the meantime is closed, and
    /// nothing waits for it.
    sockets: Vec<(Weak<Descriptor>, Interest)>,
    deadline: Option<Moment>,
    /// Set if the future wants to continue at once, with the current state of its sockets.
    is_over: bool,
}

impl Waits {
    const NONE: Self = Self { sockets: Vec::new(), deadline: None, is_over: false };

    /// Waits until a socket is ready, the deadline has passed, or the bell has been rung. Then
    /// silences the bell.
    fn wait(&self, bell: Option<&Bell>) {
        let open = |(socket, interest): &(Weak<_>, _)| Some((Weak::upgrade(socket)?, *interest));
        let sockets: Vec<(Arc<Descriptor>, Interest)> = self.sockets.iter().filter_map(open).collect();
        let mut fds: Vec<_> = sockets
            .iter()
            .map(|(socket, interest)| match interest {
                Interest::Read => PollFd::new(&socket.socket, PollFlags::IN),
                Interest::Write => PollFd::new(&socket.socket, PollFlags::OUT),
            })
            .collect();
        fds.extend(bell.map(Bell::poll_fd));
        let left = match self.is_over {
            true => Some(Duration::ZERO),
            false => self.deadline.map(|deadline| deadline.saturating_duration_since(Moment::now())),
        };
        // Windows cannot wait for an empty set of sockets.
        if let (true, Some(left)) = (fds.is_empty(), left) {
            return thread::sleep(left);
        }
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let failed = match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => false,
            // Out of memory: the next calls will show what is ready.
            Err(_) => true,
        };
        for ((socket, interest), fd) in sockets.iter().zip(&fds) {
            // The next call, whether a read or a write, reports an error or a hang-up.
            let broken = fd.revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
            if broken || failed {
                socket.readable.store(true, Ordering::Relaxed);
                socket.writable.store(true, Ordering::Relaxed);
            } else if !fd.revents().is_empty() {
                socket.ready(*interest).store(true, Ordering::Relaxed);
            }
        }
        if let (Some(bell), Some(fd)) = (bell, fds.get(sockets.len())) {
            if failed || !fd.revents().is_empty() {
                bell.hush();
            }
        }
    }
}

/// Runs a future that waits only for sockets and moments of this runtime, to completion on this
/// thread.
pub(in crate::io::runtimes::std) fn block_on<F: Future>(future: F) -> F::Output {
    run(future, &AGAIN, None)
}

/// Runs a future like [`block_on`], but one that other threads may also wake.
///
/// # Errors
/// Fails if the system has no descriptors left for the sockets that wake the thread.
pub(in crate::io::runtimes::std) fn block_on_woken<F: Future>(future: F) -> io::Result<F::Output> {
    let bell = Arc::new(Bell::new()?);
    Ok(run(future, &Waker::from(Arc::clone(&bell)), Some(&bell)))
}

fn run<F: Future>(future: F, waker: &Waker, bell: Option<&Bell>) -> F::Output {
    // If one future blocks on another, the outer one is still collecting its own waits.
    struct Outer(Waits);
    impl Drop for Outer {
        fn drop(&mut self) {
            WAITS.set(::std::mem::take(&mut self.0));
        }
    }
    let _outer = Outer(WAITS.take());
    let mut future = pin!(future);
    let mut cx = Context::from_waker(waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        WAITS.take().wait(bell);
    }
}

/// Creates two sockets: the first becomes readable when something is written to the second.
#[cfg(unix)]
fn pair() -> io::Result<(Socket, Socket)> {
    Socket::pair(Domain::UNIX, Type::STREAM, None)
}

/// Creates two handles of one socket that receives what is written to it, and nothing else.
#[cfg(windows)]
fn pair() -> io::Result<(Socket, Socket)> {
    let own = ::std::net::UdpSocket::bind((::std::net::Ipv4Addr::LOCALHOST, 0))?;
    own.connect(own.local_addr()?)?;
    Ok((own.try_clone()?.into(), own.into()))
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

/// A moment that the thread waits for.
#[derive(Debug)]
pub struct Alarm(Moment);

impl Alarm {
    pub(super) const fn at(moment: Moment) -> Self {
        Self(moment)
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if Moment::now() >= self.0 {
            return Poll::Ready(());
        }
        WAITS.with_borrow_mut(|waits| {
            waits.deadline = Some(waits.deadline.map_or(self.0, |other| other.min(self.0)));
        });
        Poll::Pending
    }
}

/// A flag that is raised once, and that threads can wait for.
#[derive(Debug)]
pub(in crate::io::runtimes::std) struct Signal {
    raised: AtomicBool,
    /// Becomes readable when the flag is raised, and stays readable: nothing ever reads from it.
    inside: Polled,
    outside: Socket,
}

impl Signal {
    pub(in crate::io::runtimes::std) fn new() -> io::Result<Self> {
        let (inside, outside) = pair()?;
        Ok(Self { raised: AtomicBool::new(false), inside: Polled::new(inside), outside })
    }

    pub(in crate::io::runtimes::std) fn raise(&self) {
        if !self.raised.swap(true, Ordering::AcqRel) {
            let _ = (&self.outside).write(&[0]);
        }
    }

    pub(in crate::io::runtimes::std) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Makes the thread's next wait end when the flag is raised.
    pub(in crate::io::runtimes::std) fn watch(&self) {
        self.inside.watch(Interest::Read);
    }
}

/// A socket, and its readiness as far as it is known: once the system has said that a call would
/// block, no call is made until `poll` reports a change.
#[derive(Debug)]
struct Descriptor {
    socket: Socket,
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

/// A socket of this runtime.
#[derive(Debug)]
pub struct Polled(Arc<Descriptor>);

impl Polled {
    /// Watches a socket whose first call is made at once, since it is probably ready.
    pub(super) fn new(socket: Socket) -> Self {
        Self::with(socket, true)
    }

    /// Watches a socket on which no call is made until `poll` has reported it as ready.
    pub(super) fn unready(socket: Socket) -> Self {
        Self::with(socket, false)
    }

    fn with(socket: Socket, ready: bool) -> Self {
        let [readable, writable] = [ready, ready].map(AtomicBool::new);
        Self(Arc::new(Descriptor { socket, readable, writable }))
    }

    fn watch(&self, interest: Interest) {
        WAITS.with_borrow_mut(|waits| {
            let is_this = |(socket, other): &(Weak<Descriptor>, Interest)| {
                *other == interest && ::std::ptr::eq(socket.as_ptr(), Arc::as_ptr(&self.0))
            };
            // A future may poll a socket several times before it waits.
            if !waits.sockets.iter().any(is_this) {
                waits.sockets.push((Arc::downgrade(&self.0), interest));
            }
        });
    }
}

#[cfg(unix)]
impl ::std::os::fd::AsFd for Polled {
    fn as_fd(&self) -> ::std::os::fd::BorrowedFd<'_> {
        self.0.socket.as_fd()
    }
}

#[cfg(windows)]
impl ::std::os::windows::io::AsSocket for Polled {
    fn as_socket(&self) -> ::std::os::windows::io::BorrowedSocket<'_> {
        self.0.socket.as_socket()
    }
}

impl crate::io::Socket for Polled {
    fn poll_io<T>(
        &self,
        interest: Interest,
        _: &mut Context<'_>,
        mut call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let ready = self.0.ready(interest);
        if ready.load(Ordering::Relaxed) {
            match call() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.store(false, Ordering::Relaxed);
                }
                result => return Poll::Ready(result),
            }
        }
        self.watch(interest);
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
