//! What the drivers need of a runtime: to be told when a socket is ready and when a moment has come.
//! All that is done to sockets follows from that, and is the same for all.

use ::std::fs::File;
use ::std::future::Future;
use ::std::io;
use ::std::net::{SocketAddr, TcpStream};
use ::std::ops::RangeInclusive;
use ::std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ::std::sync::OnceLock;
use ::std::task::{Context, Poll, ready};
use ::std::time::Instant as Moment;

use super::host::lane::Lane;
use super::pool::{Shared, Sharing};
use super::socket::{self, Keepalive};
use crate::time::Instant;

/// Where calls that may block stall nobody.
pub(super) trait Unblock: 'static {
    /// Makes the call there.
    fn unblock<T: Send + 'static>(
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send;

    /// Makes the call in this lane, where calls of sessions need one: nothing comes of it where there is no thread
    /// for it.
    fn unblock_in<T: Send + 'static>(
        lane: &Lane,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send {
        let _ = lane;
        async move { Some(Self::unblock(call).await) }
    }
}

/// A runtime, as the drivers use it.
pub(super) trait Runtime: Unblock {
    type Stream: Stream;
    /// A socket that others connect to.
    type Listener;

    /// The time since some moment that stays the same.
    fn now(&self) -> Instant;

    /// Ready once `deadline` has passed.
    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()>;

    /// Whether the calls of this session are to return at once, from now on.
    fn is_stopped(&self) -> bool {
        false
    }

    /// Ready once [`is_stopped`](Self::is_stopped) says so.
    fn poll_stopped(&self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }

    /// Starts to connect; [`Stream::poll_connected`] reports the result.
    fn connect(&self, to: SocketAddr) -> io::Result<Self::Stream>;

    /// Listens at an unpredictable port of the range, which is shared with other sessions if
    /// `sharing` is given.
    fn listen(
        &self,
        at: SocketAddr,
        ports: RangeInclusive<u16>,
        sharing: Option<&Sharing>,
    ) -> io::Result<(Self::Listener, SocketAddr)>;

    /// Makes the next [`poll_accept`](Self::poll_accept) ask the system, even if the runtime
    /// reported no readiness.
    fn look_for_arrivals(&self, listener: &Self::Listener) {
        let _ = listener;
    }

    fn poll_accept(
        &self,
        listener: &Self::Listener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;
}

/// A runtime, in what it has of its own: it watches sockets.
pub(super) trait Reactor: Unblock {
    type Socket: Socket;

    /// How many descriptors a server's session takes while it does nothing.
    const DESCRIPTORS: usize;

    /// As [`Runtime::now`].
    fn now(&self) -> Instant;

    /// As [`Runtime::poll_deadline`].
    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()>;

    /// As [`Runtime::is_stopped`].
    fn is_stopped(&self) -> bool {
        false
    }

    /// As [`Runtime::poll_stopped`].
    fn poll_stopped(&self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }

    /// Watches a socket that does not block.
    fn register(&self, socket: OwnedFd) -> io::Result<Self::Socket>;

    /// Takes a stream that stands.
    fn adopt(&self, stream: TcpStream) -> io::Result<Self::Socket> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        self.register(stream.into())
    }
}

impl<W: Reactor> Runtime for W {
    type Stream = W::Socket;
    type Listener = Listener<W::Socket>;

    fn now(&self) -> Instant {
        Reactor::now(self)
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        Reactor::poll_deadline(self, deadline, cx)
    }

    fn is_stopped(&self) -> bool {
        Reactor::is_stopped(self)
    }

    fn poll_stopped(&self, cx: &mut Context<'_>) -> Poll<()> {
        Reactor::poll_stopped(self, cx)
    }

    fn connect(&self, to: SocketAddr) -> io::Result<W::Socket> {
        self.register(socket::connect(to)?)
    }

    fn listen(
        &self,
        at: SocketAddr,
        ports: RangeInclusive<u16>,
        sharing: Option<&Sharing>,
    ) -> io::Result<(Listener<W::Socket>, SocketAddr)> {
        if let Some(sharing) = sharing {
            let (shared, address) = sharing.listen(at, ports, |socket| self.register(socket))?;
            return Ok((Listener::Shared(shared), address));
        }
        let listener = socket::bind_within(at, ports)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((Listener::Own(self.register(listener.into())?), address))
    }

    fn look_for_arrivals(&self, listener: &Listener<W::Socket>) {
        match listener {
            Listener::Own(socket) => Socket::look_again(socket),
            Listener::Shared(shared) => shared.look_again(),
        }
    }

    fn poll_accept(
        &self,
        listener: &Listener<W::Socket>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(W::Socket, SocketAddr)>> {
        let (stream, peer) = ready!(match listener {
            Listener::Own(socket) => socket.poll_io(Interest::Read, cx, socket::accept),
            Listener::Shared(shared) => shared.poll_accept(cx),
        })?;
        Poll::Ready(self.register(stream).map(|stream| (stream, peer)))
    }
}

/// A listener for data connections.
#[derive(Debug)]
pub(super) enum Listener<S> {
    /// A port used by this session only.
    Own(S),
    /// A port shared with other sessions.
    Shared(Shared<S>),
}

/// How much a session has done of late. A socket that is always ready would hide its other ones, and keep the
/// thread from its other tasks: now and then it pretends that it has nothing to do.
#[derive(Debug, Default)]
pub(super) struct Turns(u32);

impl Turns {
    /// Few enough that nobody waits for long, and many enough for asking the system to cost little.
    const AT_ONCE: u32 = 8;

    /// Counts something done. Pending when it is the others' turn; to be polled again is arranged.
    pub(super) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.0 += 1;
        if self.0 < Self::AT_ONCE {
            return Poll::Ready(());
        }
        self.0 = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A socket that a runtime watches.
pub(super) trait Socket: AsFd {
    /// Makes `call` whenever the socket may be ready, until it says other than that it would block.
    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>>;

    /// Has the next call for reading be made whatever the runtime knows: it may not have been told yet of what
    /// has come in the meantime.
    fn look_again(&self);
}

/// What a socket is to be ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    Read,
    Write,
}

/// A TCP stream that blocks nobody.
pub(super) trait Stream {
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends a byte as urgent data (RFC 854, "Synch"); among the others where that cannot be.
    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>>;

    /// Has the next read ask the system, whether or not the runtime knows of anything to read.
    fn look_again(&self) {}

    /// Has urgent data read in its place among the other bytes, where the system would take it out.
    fn read_urgent_in_line(&mut self);

    /// Turns TCP keepalive on or off.
    fn keep_alive(&mut self, keepalive: Keepalive);

    /// Writes several pieces at once.
    #[cfg_attr(not(feature = "rustls"), expect(dead_code, reason = "TLS alone writes so"))]
    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Sends at most `count` bytes of `file` from its position on, moved by the kernel. `Unsupported`
    /// where it cannot.
    fn poll_send_file(&mut self, cx: &mut Context<'_>, file: &File, count: usize) -> Poll<io::Result<usize>>;

    /// Ends the sending side.
    fn shut_down(&mut self) -> io::Result<()>;

    /// Makes the coming drop a reset, so that the peer does not take the stump for the whole.
    fn reset_on_drop(&mut self);
}

impl<S: Socket> Stream for S {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        socket::local_addr(self.as_fd())
    }

    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_io(Interest::Write, cx, socket::connected)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Read, cx, |fd| socket::receive(fd, buffer))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |fd| socket::send(fd, bytes))
    }

    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |fd| socket::send_urgent(fd, byte))
    }

    fn look_again(&self) {
        Socket::look_again(self);
    }

    fn read_urgent_in_line(&mut self) {
        socket::read_urgent_in_line(self.as_fd());
    }

    fn keep_alive(&mut self, keepalive: Keepalive) {
        socket::keep_alive(self.as_fd(), keepalive);
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |fd| socket::send_vectored(fd, pieces))
    }

    fn poll_send_file(&mut self, cx: &mut Context<'_>, file: &File, count: usize) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |fd| socket::send_file(fd, file, count))
    }

    fn shut_down(&mut self) -> io::Result<()> {
        socket::shut_down(self.as_fd())
    }

    fn reset_on_drop(&mut self) {
        socket::reset_on_drop(self.as_fd());
    }
}

/// A moment to wait for, as a runtime has it.
pub(super) trait Timer {
    fn now() -> Moment;
    fn at(moment: Moment) -> Self;
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A session's clock, and its one timer.
#[derive(Debug)]
pub(super) struct Clock<T> {
    epoch: Moment,
    timer: Option<(Instant, T)>,
}

impl<T: Timer> Clock<T> {
    pub(super) fn new() -> Self {
        // One for all: an operation of two connections has one time.
        static EPOCH: OnceLock<Moment> = OnceLock::new();
        Self { epoch: *EPOCH.get_or_init(T::now), timer: None }
    }

    pub(super) fn now(&self) -> Instant {
        let passed = T::now().saturating_duration_since(self.epoch);
        Instant::from_micros(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX))
    }

    /// Ready once `deadline` has passed. A timer that was set for an earlier one is left to fire: deadlines
    /// are put off with every step of a session, and few are ever reached.
    pub(super) fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        while self.now() < deadline {
            if self.timer.as_ref().is_none_or(|(at, _)| *at > deadline) {
                let moment = self.epoch.checked_add(deadline.since(Instant::default()));
                self.timer = moment.map(|moment| (deadline, T::at(moment)));
            }
            // Farther away than the system can say: nobody will see it.
            let Some((at, timer)) = &mut self.timer else { return Poll::Pending };
            ready!(timer.poll(cx));
            // Whoever waited for that moment has not seen it pass.
            if *at < deadline {
                cx.waker().wake_by_ref();
            }
            self.timer = None;
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use ::std::sync::Arc;
    use ::std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use ::std::task::{Wake, Waker};
    use ::std::time::Duration;

    use super::*;

    static EARLY_POLLS: AtomicU32 = AtomicU32::new(0);

    /// Fires at its second poll, if it is for a moment that is near.
    struct Early(bool);

    impl Timer for Early {
        fn now() -> Moment {
            Moment::now()
        }

        fn at(moment: Moment) -> Self {
            Self(moment < Moment::now() + Duration::from_secs(1000))
        }

        fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
            let fires = self.0 && EARLY_POLLS.fetch_add(1, Ordering::SeqCst) > 0;
            if fires { Poll::Ready(()) } else { Poll::Pending }
        }
    }

    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_moment_that_comes_while_a_later_one_is_asked_for_is_not_lost() {
        let mut clock = Clock::<Early>::new();
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let cx = &mut Context::from_waker(&waker);
        let (near, far) =
            (clock.now().after(Duration::from_secs(500)), clock.now().after(Duration::from_secs(5000)));
        assert!(clock.poll(near, cx).is_pending());
        assert!(!woken.0.load(Ordering::SeqCst));
        assert!(clock.poll(far, cx).is_pending());
        assert!(woken.0.load(Ordering::SeqCst));
    }
}
