//! The network as the drivers use it, over any [`Runtime`].

use ::std::fs::File;
use ::std::future::Future;
use ::std::io;
use ::std::net::{SocketAddr, TcpStream};
use ::std::ops::{Deref, DerefMut, RangeInclusive};
use ::std::pin::Pin;
use ::std::sync::OnceLock;
use ::std::sync::atomic::{AtomicBool, Ordering};
use ::std::task::{Context, Poll, ready};
use ::std::time::Instant as Moment;

use socket2::SockRef;

use super::{Interest, Runtime, Socket};
use crate::io::net::intake::Intake;
use crate::io::net::lane::Lane;
use crate::io::net::pool::{Shared, Sharing};
use crate::io::net::socket::{self, Keepalive};
use crate::time::Instant;

/// A place for the calls of a blocking host.
pub(in crate::io) trait Unblock: 'static {
    /// Makes a call of a session's host, in a thread of `lane` if sessions share threads. Returns
    /// `None` if there is no thread for it.
    fn unblock_in<T: Send + 'static>(
        lane: &Lane,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send;
}

impl<R: Runtime> Unblock for R {
    fn unblock_in<T: Send + 'static>(
        lane: &Lane,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send {
        // The call is made or queued now, so that it is made even if nobody awaits its result.
        let made = if R::BLOCKING { Ok(call()) } else { Err(lane.call(call)) };
        async move {
            match made {
                Ok(result) => Some(result),
                Err(calling) => calling.await,
            }
        }
    }
}

/// A source of streams, listeners and timers. Every [`Runtime`] implements this trait, and so does
/// the in-memory network of the tests.
pub(in crate::io) trait Network: 'static {
    type Stream: Stream;
    /// A listener for data connections.
    type Listener;
    type Timer: Future + Unpin;

    /// See [`Runtime::now`].
    fn now(&self) -> Moment;

    /// See [`Runtime::timer`].
    fn timer(&self, at: Moment) -> Self::Timer;

    /// See [`Runtime::is_stopped`].
    fn is_stopped(&self) -> bool {
        false
    }

    /// See [`Runtime::poll_stopped`].
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

/// A stream of a network.
pub(in crate::io) type Link<N> = <N as Network>::Stream;

impl<R: Runtime> Network for R {
    type Stream = Watched<R::Stream>;
    type Listener = Listener<R::Listener>;
    type Timer = R::Timer;

    fn now(&self) -> Moment {
        Runtime::now(self)
    }

    fn timer(&self, at: Moment) -> R::Timer {
        Runtime::timer(self, at)
    }

    fn is_stopped(&self) -> bool {
        Runtime::is_stopped(self)
    }

    fn poll_stopped(&self, cx: &mut Context<'_>) -> Poll<()> {
        Runtime::poll_stopped(self, cx)
    }

    fn connect(&self, to: SocketAddr) -> io::Result<Watched<R::Stream>> {
        Ok(Watched::new(self.stream(socket::connect(to)?)?))
    }

    fn listen(
        &self,
        at: SocketAddr,
        ports: RangeInclusive<u16>,
        sharing: Option<&Sharing>,
    ) -> io::Result<(Listener<R::Listener>, SocketAddr)> {
        let register = |listener| Ok(Watched::new(self.listener(listener)?));
        if let Some(sharing) = sharing {
            let (shared, address) = sharing.listen(at, ports, register)?;
            return Ok((Listener::Shared(shared), address));
        }
        let listener = socket::bind_within(at, ports)?;
        let address = listener.local_addr()?;
        Ok((Listener::Own(register(listener)?), address))
    }

    fn look_for_arrivals(&self, listener: &Listener<R::Listener>) {
        match listener {
            Listener::Own(socket) => socket.look_again(),
            Listener::Shared(shared) => shared.look_again(),
        }
    }

    fn poll_accept(
        &self,
        listener: &Listener<R::Listener>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Watched<R::Stream>, SocketAddr)>> {
        let (stream, peer) = ready!(match listener {
            Listener::Own(socket) => socket.poll_accept(cx),
            Listener::Shared(shared) => shared.poll_accept(cx),
        })?;
        Poll::Ready(self.stream(stream).map(|stream| (Watched::connected(stream), peer)))
    }
}

/// A listener for data connections.
#[derive(Debug)]
pub(in crate::io) enum Listener<S: Socket> {
    /// A port used by this session only.
    Own(Watched<S>),
    /// A port shared with other sessions.
    Shared(Shared<Watched<S>>),
}

/// A non-blocking TCP stream, or a stream in memory.
pub(in crate::io) trait Stream {
    fn local_addr(&self) -> io::Result<SocketAddr>;
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends a byte as urgent data (RFC 854, "Synch"), or as an ordinary byte if that is not
    /// possible.
    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>>;

    /// Makes the next read ask the system, even if the runtime reported no readiness.
    fn look_again(&self) {}

    /// Sends short segments at once, for a dialogue. Without this, bulk data needs fewer segments.
    fn send_at_once(&mut self) {}

    /// Makes urgent data readable in its place among the other bytes, instead of separately.
    fn read_urgent_in_line(&mut self);

    /// Turns TCP keepalive on or off.
    fn keep_alive(&mut self, keepalive: Keepalive);

    /// Writes several pieces at once.
    #[cfg_attr(not(feature = "rustls"), allow(dead_code, reason = "only TLS records are written so"))]
    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;

    /// Has the kernel send at most `count` bytes of `file` from its current position. The error is
    /// `Unsupported` if the kernel cannot do that.
    fn poll_send_file(&mut self, cx: &mut Context<'_>, file: &File, count: usize) -> Poll<io::Result<usize>>;

    /// Returns an [`Intake`], with which the kernel can move incoming bytes to a file. The error is
    /// `Unsupported` if that is not possible. Dropping the stream shuts the connection down, even
    /// if the intake is still in use.
    fn intake(&mut self) -> io::Result<Intake> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Waits until bytes that were not read (`true`) or the end of the stream (`false`) have
    /// arrived.
    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let _ = cx;
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    /// Ends the sending side.
    fn poll_shut_down(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Makes dropping the stream reset it, so that the peer does not mistake a truncated file for a
    /// complete one.
    fn reset_on_drop(&mut self);
}

/// A socket of a runtime, which can be made to ask the system instead of the runtime.
#[derive(Debug)]
pub(in crate::io) struct Watched<S: Socket> {
    socket: S,
    /// Set to make the next call for reading even if the runtime reports no readiness. Runtimes may
    /// learn of readiness only between two polls of a task, and so may not know what has arrived in
    /// the meantime.
    look_again: AtomicBool,
    /// Set to make the first call for writing before the runtime reports readiness: a connection
    /// that has just been made has room, and some runtimes learn of that only later.
    is_fresh: AtomicBool,
    /// Set if an intake has a duplicate of the socket.
    is_shared: bool,
}

impl<S: Socket> Watched<S> {
    pub(in crate::io) const fn new(socket: S) -> Self {
        Self::with(socket, false)
    }

    /// Wraps a stream that is connected.
    pub(in crate::io) const fn connected(socket: S) -> Self {
        Self::with(socket, true)
    }

    const fn with(socket: S, fresh: bool) -> Self {
        let [look_again, is_fresh] = [AtomicBool::new(false), AtomicBool::new(fresh)];
        Self { socket, look_again, is_fresh, is_shared: false }
    }

    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        mut call: impl FnMut(&socket2::Socket) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let socket = SockRef::from(&self.socket);
        let at_once = match interest {
            Interest::Read => &self.look_again,
            Interest::Write => &self.is_fresh,
        };
        if at_once.load(Ordering::Relaxed) && at_once.swap(false, Ordering::Relaxed) {
            match call(&socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
        self.socket.poll_io(interest, cx, || call(&socket))
    }

    pub(in crate::io) fn look_again(&self) {
        self.look_again.store(true, Ordering::Relaxed);
    }

    /// Accepts the next connection.
    pub(in crate::io) fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.poll_io(Interest::Read, cx, socket::accept)
    }

    /// Calls `accept` whenever a connection may be waiting.
    pub(in crate::io) fn poll_accept_by<T>(
        &self,
        cx: &mut Context<'_>,
        accept: impl FnMut(&socket2::Socket) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.poll_io(Interest::Read, cx, accept)
    }
}

impl<S: Socket> Stream for Watched<S> {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        socket::local_addr(&SockRef::from(&self.socket))
    }

    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_io(Interest::Write, cx, socket::connected)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Read, cx, |stream| socket::receive(stream, buffer))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |stream| socket::send(stream, bytes))
    }

    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |stream| socket::send_urgent(stream, byte))
    }

    fn look_again(&self) {
        Self::look_again(self);
    }

    fn send_at_once(&mut self) {
        socket::send_at_once(&SockRef::from(&self.socket));
    }

    fn read_urgent_in_line(&mut self) {
        socket::read_urgent_in_line(&SockRef::from(&self.socket));
    }

    fn keep_alive(&mut self, keepalive: Keepalive) {
        socket::keep_alive(&SockRef::from(&self.socket), keepalive);
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |stream| socket::send_vectored(stream, pieces))
    }

    fn poll_send_file(&mut self, cx: &mut Context<'_>, file: &File, count: usize) -> Poll<io::Result<usize>> {
        self.poll_io(Interest::Write, cx, |stream| socket::send_file(stream, file, count))
    }

    fn intake(&mut self) -> io::Result<Intake> {
        self.is_shared = true;
        Intake::new(&SockRef::from(&self.socket))
    }

    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.poll_io(Interest::Read, cx, socket::has_arrived)
    }

    fn poll_shut_down(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(socket::shut_down(&SockRef::from(&self.socket)))
    }

    fn reset_on_drop(&mut self) {
        socket::reset_on_drop(&SockRef::from(&self.socket));
    }
}

impl<S: Socket> Drop for Watched<S> {
    fn drop(&mut self) {
        if self.is_shared {
            // Closing alone would leave the connection open as long as an intake holds the
            // duplicate.
            socket::shut_down_both(&SockRef::from(&self.socket));
        }
    }
}

/// Counts the work of a session, so that it yields now and then. A socket that is always ready
/// would otherwise hide the session's other sockets, and keep the thread from its other tasks.
#[derive(Debug, Default)]
pub(in crate::io) struct Turns(u32);

impl Turns {
    /// Cost of the work done at once. It is low enough that nobody waits for long, and high enough
    /// that asking the system costs little.
    const AT_ONCE: u32 = 64;
    /// Cost of a unit of work.
    const LIGHT: u32 = 2;
    /// Cost of a unit of work that moves or hashes many bytes.
    const HEAVY: u32 = 8;
    /// Number of bytes that cost 1 to move.
    const STEP: usize = 8 * 1024;

    /// Counts a unit of work. Returns `Pending` when it is the turn of other tasks, after arranging
    /// another poll.
    pub(in crate::io) fn poll_next(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.poll_after(false, cx)
    }

    /// Counts a unit of work like [`poll_next`](Self::poll_next). A `heavy` one takes much longer
    /// than others.
    pub(in crate::io) fn poll_after(&mut self, heavy: bool, cx: &Context<'_>) -> Poll<()> {
        self.0 += if heavy { Self::HEAVY } else { Self::LIGHT };
        if self.0 < Self::AT_ONCE {
            return Poll::Ready(());
        }
        self.0 = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reports the number of bytes that the heavy unit of work counted last has moved, and takes back
    /// some of its cost if they were few. A caller that copies with a small buffer would otherwise
    /// ask the system every 64 KiB.
    pub(in crate::io) fn moved(&mut self, bytes: usize) {
        let steps =
            u32::try_from(bytes / Self::STEP).map_or(Self::HEAVY, |steps| steps.clamp(1, Self::HEAVY));
        self.0 = self.0.saturating_sub(Self::HEAVY - steps);
    }
}

/// The network of one session, with the session's clock and its one timer.
#[derive(Debug)]
pub(in crate::io) struct Timed<N: Network> {
    network: N,
    epoch: Moment,
    timer: Option<(Instant, N::Timer)>,
}

impl<N: Network> Deref for Timed<N> {
    type Target = N;

    fn deref(&self) -> &N {
        &self.network
    }
}

impl<N: Network> DerefMut for Timed<N> {
    fn deref_mut(&mut self) -> &mut N {
        &mut self.network
    }
}

impl<R: Runtime> Timed<R> {
    /// Watches a stream that is connected and non-blocking.
    pub(in crate::io) fn adopt(&self, stream: TcpStream) -> io::Result<Link<R>> {
        Ok(Watched::connected(self.network.stream(stream)?))
    }
}

impl<N: Network> Timed<N> {
    pub(in crate::io) fn new(network: N) -> Self {
        // There is one epoch for all sessions, so that an operation on two connections has one
        // clock.
        static EPOCH: OnceLock<Moment> = OnceLock::new();
        let epoch = *EPOCH.get_or_init(|| network.now());
        Self { network, epoch, timer: None }
    }

    /// Returns the time since the epoch.
    pub(in crate::io) fn now(&self) -> Instant {
        let passed = self.network.now().saturating_duration_since(self.epoch);
        Instant::from_micros(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX))
    }

    /// Returns whether the calls of this session must return at once.
    pub(in crate::io) fn is_stopped(&self) -> bool {
        self.network.is_stopped()
    }

    /// Waits until [`is_stopped`](Self::is_stopped) returns `true`.
    pub(in crate::io) fn poll_stopped(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.network.poll_stopped(cx)
    }

    /// Waits until `deadline` has passed. A timer that was set for an earlier deadline is left to
    /// fire: deadlines are postponed with every step of a session, and few are ever reached.
    pub(in crate::io) fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        while self.now() < deadline {
            if self.timer.as_ref().is_none_or(|(at, _)| *at > deadline) {
                let moment = self.epoch.checked_add(deadline.since(Instant::default()));
                self.timer = moment.map(|moment| (deadline, self.network.timer(moment)));
            }
            // The deadline is too far away for the system to represent.
            let Some((at, timer)) = &mut self.timer else { return Poll::Pending };
            let _ = ready!(Pin::new(timer).poll(cx));
            // The task may still wait for the earlier deadline.
            if *at < deadline {
                cx.waker().wake_by_ref();
            }
            self.timer = None;
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests;
