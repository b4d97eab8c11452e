//! The smallest of runtimes: a future is polled on the thread that waits for it, and `poll(2)` waits for what
//! kept it from going on.

use ::std::cell::RefCell;
use ::std::future::Future;
use ::std::io::{self, Read, Write};
use ::std::net::SocketAddr;
pub(super) use ::std::net::ToSocketAddrs;
use ::std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ::std::os::unix::net::UnixStream;
use ::std::pin::pin;
use ::std::sync::atomic::{AtomicBool, Ordering};
use ::std::sync::{Arc, LazyLock, Weak};
use ::std::task::{Context, Poll, Wake, Waker};
use ::std::time::{Duration, Instant as Moment};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::stop::StopHandle;
use crate::io::runtime::{Clock, Interest, Reactor, Socket, Timer, Unblock};
use crate::time::Instant;

thread_local! {
    /// What the future that this thread runs waits for: put here while it is polled.
    static WAITS: RefCell<Waits> = const { RefCell::new(Waits::NONE) };
}

/// Wakes what runs on this thread: nothing but a future itself does so, to be polled again.
struct Again;

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        WAITS.with_borrow_mut(|waits| waits.is_over = true);
    }
}

static AGAIN: LazyLock<Waker> = LazyLock::new(|| Waker::from(Arc::new(Again)));

#[derive(Debug, Default)]
struct Waits {
    /// Those that were dropped meanwhile are closed: nobody waits for them.
    sockets: Vec<(Weak<Descriptor>, Interest)>,
    deadline: Option<Moment>,
    /// The future wants to go on at once, with what the system says of its sockets.
    is_over: bool,
}

impl Waits {
    const NONE: Self = Self { sockets: Vec::new(), deadline: None, is_over: false };

    /// Waits until one of them has come about, or the bell was rung.
    fn wait(&self, bell: Option<&Bell>) {
        let open = |(socket, interest): &(Weak<_>, _)| Some((Weak::upgrade(socket)?, *interest));
        let sockets: Vec<(Arc<Descriptor>, Interest)> = self.sockets.iter().filter_map(open).collect();
        let mut fds: Vec<_> = sockets
            .iter()
            .map(|(socket, interest)| match interest {
                Interest::Read => PollFd::new(socket, PollFlags::IN),
                Interest::Write => PollFd::new(socket, PollFlags::OUT),
            })
            .collect();
        fds.extend(bell.map(|bell| PollFd::new(&bell.inside, PollFlags::IN)));
        let left = match self.is_over {
            true => Some(Duration::ZERO),
            false => self.deadline.map(|deadline| deadline.saturating_duration_since(Moment::now())),
        };
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let failed = match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => false,
            // Out of memory: the next attempts will show what is ready.
            Err(_) => true,
        };
        for ((socket, interest), fd) in sockets.iter().zip(&fds) {
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

/// Runs a future of this runtime to its end, on this thread: one that waits for sockets and moments alone.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    run(future, &AGAIN, None)
}

/// As [`block_on`], for a future that is also woken by others.
///
/// # Errors
/// When the system has nothing left to be woken by.
pub(super) fn block_on_woken<F: Future>(future: F) -> io::Result<F::Output> {
    let bell = Arc::new(Bell::new()?);
    Ok(run(future, &Waker::from(Arc::clone(&bell)), Some(&bell)))
}

fn run<F: Future>(future: F, waker: &Waker, bell: Option<&Bell>) -> F::Output {
    // A future that blocks on another is in the middle of saying what it waits for.
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
        if let Some(bell) = bell {
            bell.hush();
        }
    }
}

/// What wakes a thread that waits for its sockets.
#[derive(Debug)]
struct Bell {
    inside: UnixStream,
    outside: UnixStream,
}

impl Bell {
    fn new() -> io::Result<Self> {
        let (inside, outside) = UnixStream::pair()?;
        inside.set_nonblocking(true)?;
        outside.set_nonblocking(true)?;
        Ok(Self { inside, outside })
    }

    /// Whoever has rung up to now was heard.
    fn hush(&self) {
        while let Ok(1..) = (&self.inside).read(&mut [0; 64]) {}
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // One that is full has been rung.
        let _ = (&self.outside).write(&[0]);
    }
}

/// The runtime of one blocking session.
#[derive(Debug)]
pub(super) struct Blocking {
    clock: Clock<Alarm>,
    stop: Option<StopHandle>,
}

/// The addresses of a server.
pub(super) async fn resolve(server: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    Ok(server.to_socket_addrs()?.collect())
}

impl Blocking {
    pub(super) fn new() -> Self {
        Self { clock: Clock::new(), stop: None }
    }

    pub(super) fn set_stop_handle(&mut self, handle: StopHandle) {
        self.stop = Some(handle);
    }

    pub(super) fn stop_handle(&mut self) -> io::Result<StopHandle> {
        if let Some(handle) = &self.stop {
            return Ok(handle.clone());
        }
        let handle = StopHandle::new()?;
        self.stop = Some(handle.clone());
        Ok(handle)
    }
}

impl Unblock for Blocking {
    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        call()
    }
}

impl Reactor for Blocking {
    type Socket = Polled;

    // The socket, and what wakes its thread.
    const DESCRIPTORS: usize = 3;

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.poll(deadline, cx)
    }

    fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(StopHandle::is_stopped)
    }

    fn poll_stopped(&self, _: &mut Context<'_>) -> Poll<()> {
        match &self.stop {
            Some(stop) if stop.is_stopped() => Poll::Ready(()),
            Some(stop) => {
                stop.watch();
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }

    fn register(&self, socket: OwnedFd) -> io::Result<Polled> {
        Ok(Polled::new(socket))
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

impl Polled {
    pub(super) fn new(socket: OwnedFd) -> Self {
        let [readable, writable] = [true, true].map(AtomicBool::new);
        Self(Arc::new(Descriptor { socket, readable, writable }))
    }

    /// Has the next wait of this thread end when there is something to read.
    pub(super) fn watch_readable(&self) {
        self.watch(Interest::Read);
    }

    fn watch(&self, interest: Interest) {
        WAITS.with_borrow_mut(|waits| waits.sockets.push((Arc::downgrade(&self.0), interest)));
    }
}

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
        self.watch(interest);
        Poll::Pending
    }

    fn look_again(&self) {
        self.0.readable.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use ::std::future::poll_fn;
    use ::std::net::{TcpListener, TcpStream};

    use rustix::net::{RecvFlags, SendFlags, recv, send};

    use super::*;
    use crate::io::runtime::{Stream, Turns};

    /// A stream of this runtime, and its other end.
    fn pair() -> (Polled, TcpStream) {
        pair_of(&Blocking::new())
    }

    fn pair_of(runtime: &Blocking) -> (Polled, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let socket = runtime.adopt(listener.accept().unwrap().0).unwrap();
        (socket, peer)
    }

    fn written(result: Poll<io::Result<usize>>) {
        assert!(matches!(result, Poll::Ready(Ok(1..))), "{result:?}");
    }

    #[test]
    fn a_future_that_wakes_itself_hears_of_its_sockets() {
        let runtime = Blocking::new();
        let (mut busy, _unread) = pair_of(&runtime);
        let (mut quiet, mut peer) = pair_of(&runtime);
        let (mut buffer, mut calls) = ([0; 16], 0);
        let (mut said, mut turns) = (false, Turns::default());
        let read = block_on(poll_fn(|cx| {
            loop {
                if let Poll::Ready(read) = quiet.poll_read(cx, &mut buffer) {
                    return Poll::Ready(read);
                }
                // It was seen to be quiet, and now is so no more.
                if !said {
                    peer.write_all(b"stop").unwrap();
                    said = true;
                }
                assert!(calls < 100, "nobody looked");
                calls += 1;
                written(busy.poll_write(cx, b"more"));
                if turns.poll_next(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        }));
        assert_eq!(&buffer[..read.unwrap()], b"stop");
    }

    #[test]
    fn what_was_waited_for_and_dropped_is_closed_before_the_wait() {
        let runtime = Blocking::new();
        let (socket, mut peer) = pair_of(&runtime);
        let (mut other, mut distant) = pair_of(&runtime);
        let mut socket = Some(socket);
        let mut buffer = [0; 16];
        // It hears of the end of the one and answers on the other.
        let answer = ::std::thread::spawn(move || {
            let end = peer.read(&mut [0; 16]);
            distant.write_all(b"gone").unwrap();
            (end, distant)
        });
        let read = block_on(poll_fn(|cx| {
            if let Some(mut socket) = socket.take() {
                assert!(socket.poll_read(cx, &mut buffer).is_pending());
            }
            other.poll_read(cx, &mut buffer)
        }));
        assert_eq!(&buffer[..read.unwrap()], b"gone");
        assert_eq!(answer.join().unwrap().0.unwrap(), 0);
    }

    #[test]
    fn a_future_is_woken_by_another_thread() {
        let start = Moment::now();
        let (mut turns, mut other) = (0, None);
        block_on_woken(poll_fn(|cx| {
            turns += 1;
            match turns {
                // What is rung before the wait counts, too.
                1 => cx.waker().wake_by_ref(),
                2 => {
                    let waker = cx.waker().clone();
                    other = Some(::std::thread::spawn(move || {
                        ::std::thread::sleep(Duration::from_millis(20));
                        waker.wake();
                    }));
                }
                _ => return Poll::Ready(()),
            }
            Poll::Pending
        }))
        .unwrap();
        assert!(start.elapsed() >= Duration::from_millis(20));
        other.unwrap().join().unwrap();
    }

    #[test]
    fn an_urgent_byte_goes_out_of_band() {
        let (mut socket, mut peer) = pair();
        let cx = &mut Context::from_waker(Waker::noop());
        written(socket.poll_write(cx, b"abc"));
        written(socket.poll_write_urgent(cx, b'!'));
        written(socket.poll_write(cx, b"def"));
        let (mut bytes, mut urgent) = ([0; 3], [0]);
        peer.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"abc");
        let mut fds = [PollFd::new(&peer, PollFlags::PRI)];
        poll(&mut fds, Timespec::try_from(Duration::from_secs(10)).ok().as_ref()).unwrap();
        recv(&peer, &mut urgent, RecvFlags::OOB).unwrap();
        assert_eq!(&urgent, b"!");
        peer.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"def");
    }

    #[test]
    fn an_urgent_byte_is_read_where_it_stands() {
        let (mut socket, mut peer) = pair();
        socket.read_urgent_in_line();
        peer.write_all(b"abc").unwrap();
        send(&peer, b"!", SendFlags::OOB).unwrap();
        peer.write_all(b"def").unwrap();
        drop(peer);
        let (mut bytes, mut chunk) = (Vec::new(), [0; 16]);
        // Each read is waited for, and there are at most as many as bytes, with one for the end.
        for _ in 0..8 {
            let mut fds = [PollFd::new(&socket, PollFlags::IN)];
            poll(&mut fds, Timespec::try_from(Duration::from_secs(10)).ok().as_ref()).unwrap();
            socket.0.readable.store(true, Ordering::Relaxed);
            match socket.poll_read(&mut Context::from_waker(Waker::noop()), &mut chunk) {
                Poll::Ready(Ok(0)) => break,
                Poll::Ready(read) => bytes.extend_from_slice(&chunk[..read.unwrap()]),
                Poll::Pending => {}
            }
        }
        assert_eq!(bytes, b"abc!def");
    }
}
