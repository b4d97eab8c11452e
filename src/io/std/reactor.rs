//! The smallest of runtimes: sockets that do not block, and `poll(2)` to wait for those that a driver
//! was told to come back to.

use ::std::fs::File;
use ::std::hash::{BuildHasher, RandomState};
use ::std::io::{self, Read, Write};
use ::std::net::{SocketAddr, TcpListener, TcpStream};
use ::std::ops::RangeInclusive;
use ::std::os::fd::{AsFd, BorrowedFd};
use ::std::os::unix::net::UnixStream;
use ::std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use ::std::sync::{Arc, Mutex, PoisonError};
use ::std::task::{Context, Poll, Waker};
use ::std::time::{Duration, Instant as Clock};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, send, sockopt};

use crate::io::runtime::{Runtime, Stream};
use crate::time::Instant;

/// What a session waits for: its sockets put themselves here when they would block.
#[derive(Debug, Default)]
struct Reactor {
    interests: Mutex<Vec<(Source, PollFlags)>>,
    /// Calls that did something since the system was last asked about all sockets.
    calls: AtomicU32,
}

/// After so many calls a socket pretends that it would block, so that the system is asked about the others
/// too: a data connection that is always ready would hide what comes on the control connection.
const CALLS_AT_ONCE: u32 = 8;

#[derive(Clone, Debug)]
enum Source {
    Stream(Arc<Descriptor>),
    Listener(Arc<TcpListener>),
}

/// A socket, and what is known of it: whether it would block is asked of the system once, not at every
/// turn, until `poll` says that it changed.
#[derive(Debug)]
struct Descriptor {
    stream: TcpStream,
    readable: AtomicBool,
    writable: AtomicBool,
}

impl Descriptor {
    fn new(stream: TcpStream) -> Arc<Self> {
        Arc::new(Self { stream, readable: AtomicBool::new(true), writable: AtomicBool::new(true) })
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stream(socket) => socket.stream.as_fd(),
            Self::Listener(listener) => listener.as_fd(),
        }
    }
}

impl Reactor {
    fn want(&self, source: Source, flags: PollFlags) {
        self.interests.lock().unwrap_or_else(PoisonError::into_inner).push((source, flags));
    }
}

/// The runtime of one blocking session.
#[derive(Debug)]
pub(super) struct Blocking {
    reactor: Arc<Reactor>,
    epoch: Clock,
    deadline: Option<Instant>,
    alarm: Option<Arc<UnixStream>>,
}

impl Blocking {
    pub(super) fn new() -> Self {
        Self { reactor: Arc::default(), epoch: Clock::now(), deadline: None, alarm: None }
    }

    /// Ends a wait, once, when there is something to read from `alarm`, or its other end is gone.
    pub(super) fn watch(&mut self, alarm: Arc<UnixStream>) {
        self.alarm = Some(alarm);
    }

    /// Puts a stream that stands into the hands of this runtime.
    pub(super) fn adopt(&self, stream: TcpStream) -> io::Result<Socket> {
        stream.set_nonblocking(true)?;
        // Nagle's delay would hold back a command behind the one before it.
        stream.set_nodelay(true)?;
        Ok(Socket { socket: Descriptor::new(stream), reactor: Arc::clone(&self.reactor) })
    }

    /// Waits until one of the sockets that would have blocked is ready, or the deadline has passed.
    fn wait(&mut self) -> io::Result<()> {
        self.reactor.calls.store(0, Ordering::Relaxed);
        let interests =
            ::std::mem::take(&mut *self.reactor.interests.lock().unwrap_or_else(PoisonError::into_inner));
        let mut fds: Vec<_> = interests.iter().map(|(source, flags)| PollFd::new(source, *flags)).collect();
        if let Some(alarm) = &self.alarm {
            fds.push(PollFd::new(&**alarm, PollFlags::IN));
        }
        let timeout = self.deadline.take().map(|deadline| deadline.since(self.now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for ((source, _), fd) in interests.iter().zip(&fds) {
            let (Source::Stream(socket), events) = (source, fd.revents()) else { continue };
            // An error or a hang-up shows at the next call, whichever that is.
            let broken = events.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
            if broken || events.contains(PollFlags::IN) {
                socket.readable.store(true, Ordering::Relaxed);
            }
            if broken || events.contains(PollFlags::OUT) {
                socket.writable.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

/// Runs `turn` until it is ready, waiting between turns. `runtime` finds the runtime in what it works on.
pub(super) fn block_on<T, O>(
    driver: &mut T,
    runtime: impl Fn(&mut T) -> &mut Blocking,
    mut turn: impl FnMut(&mut T, &mut Context<'_>) -> Poll<O>,
) -> io::Result<O> {
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        let reactor = runtime(driver);
        reactor.reactor.interests.lock().unwrap_or_else(PoisonError::into_inner).clear();
        reactor.deadline = None;
        if let Poll::Ready(output) = turn(driver, &mut cx) {
            return Ok(output);
        }
        runtime(driver).wait()?;
    }
}

impl Runtime for Blocking {
    type Stream = Socket;
    type Listener = Arc<TcpListener>;

    fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<Socket> {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        let stream = TcpStream::from(socket);
        stream.set_nonblocking(true)?;
        match rustix::net::connect(&stream, &to) {
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Socket { socket: Descriptor::new(stream), reactor: Arc::clone(&self.reactor) })
    }

    fn listen(&self, at: SocketAddr, ports: RangeInclusive<u16>) -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = bind_within(at, ports)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((Arc::new(listener), address))
    }

    fn poll_accept(
        &self,
        listener: &Self::Listener,
        _: &mut Context<'_>,
    ) -> Poll<io::Result<(Socket, SocketAddr)>> {
        loop {
            match listener.accept() {
                Ok((stream, peer)) => return Poll::Ready(self.adopt(stream).map(|socket| (socket, peer))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.reactor.want(Source::Listener(Arc::clone(listener)), PollFlags::IN);
                    return Poll::Pending;
                }
                // Whoever came is gone again already.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted
                            | io::ErrorKind::ConnectionAborted
                            | io::ErrorKind::ConnectionReset
                    ) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_deadline(&mut self, deadline: Instant, _: &mut Context<'_>) -> Poll<()> {
        if self.now() >= deadline {
            return Poll::Ready(());
        }
        self.deadline = Some(self.deadline.map_or(deadline, |other| other.min(deadline)));
        Poll::Pending
    }
}

/// Binds at a port of the range that nobody can predict, so that nobody waits there for another's data
/// (RFC 2577 4). An empty range (0..=0) means the ports that systems use for such things: letting the
/// system choose is slow when many are in TIME_WAIT.
fn bind_within(at: SocketAddr, ports: RangeInclusive<u16>) -> io::Result<TcpListener> {
    const TRIES: u32 = 64;
    let (low, high) = match ports.into_inner() {
        (0, 0) => (49_152, u16::MAX),
        (low, high) => (low.max(1), high.max(low)),
    };
    let count = u32::from(high - low) + 1;
    let start = (RandomState::new().hash_one(at) % u64::from(count)) as u32;
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for step in 0..count.min(TRIES) {
        let offset = (start + step) % count;
        let port = low + u16::try_from(offset).unwrap_or(0);
        match TcpListener::bind(SocketAddr::new(at.ip(), port)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// A TCP stream of this runtime.
#[derive(Debug)]
pub(super) struct Socket {
    socket: Arc<Descriptor>,
    reactor: Arc<Reactor>,
}

impl Socket {
    /// Tries something that may block, and notes what to wait for if it would.
    fn attempt<T>(
        &self,
        flags: PollFlags,
        mut call: impl FnMut(&TcpStream) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let ready = if flags == PollFlags::IN { &self.socket.readable } else { &self.socket.writable };
        let calls = &self.reactor.calls;
        while ready.load(Ordering::Relaxed) && calls.load(Ordering::Relaxed) < CALLS_AT_ONCE {
            match call(&self.socket.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.store(false, Ordering::Relaxed)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    calls.fetch_add(1, Ordering::Relaxed);
                    return Poll::Ready(result);
                }
            }
        }
        self.reactor.want(Source::Stream(Arc::clone(&self.socket)), flags);
        Poll::Pending
    }
}

impl Stream for Socket {
    fn poll_connected(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.attempt(PollFlags::OUT, |stream| {
            let mut fds = [PollFd::new(stream, PollFlags::OUT)];
            let now = Timespec::try_from(Duration::ZERO).ok();
            if poll(&mut fds, now.as_ref())? == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            sockopt::socket_error(stream)??;
            stream.set_nodelay(true)
        })
    }

    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.attempt(PollFlags::IN, |mut stream| stream.read(buffer))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.attempt(PollFlags::OUT, |mut stream| stream.write(bytes))
    }

    fn poll_write_urgent(&mut self, _: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>> {
        self.attempt(PollFlags::OUT, |mut stream| match send(stream, &[byte], SendFlags::OOB) {
            Err(Errno::OPNOTSUPP | Errno::INVAL) => stream.write(&[byte]),
            sent => Ok(sent?),
        })
    }

    fn read_urgent_in_line(&mut self) {
        let _ = sockopt::set_socket_oobinline(&self.socket.stream, true);
    }

    fn poll_write_vectored(
        &mut self,
        _: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.attempt(PollFlags::OUT, |mut stream| stream.write_vectored(pieces))
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn poll_send_file(&mut self, _: &mut Context<'_>, file: &File, count: usize) -> Poll<io::Result<usize>> {
        self.attempt(PollFlags::OUT, |stream| Ok(rustix::fs::sendfile(stream, file, None, count)?))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn poll_send_file(&mut self, _: &mut Context<'_>, _: &File, _: usize) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn shut_down(&mut self) -> io::Result<()> {
        self.socket.stream.shutdown(::std::net::Shutdown::Write)
    }

    fn reset_on_drop(&mut self) {
        let _ = sockopt::set_socket_linger(&self.socket.stream, Some(Duration::ZERO));
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::{RecvFlags, recv};

    use super::*;

    /// A stream of this runtime, and its other end.
    fn pair() -> (Socket, TcpStream) {
        pair_of(&Blocking::new())
    }

    fn pair_of(runtime: &Blocking) -> (Socket, TcpStream) {
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
    fn a_socket_that_is_always_ready_hides_no_other() {
        let mut runtime = Blocking::new();
        let (mut busy, _unread) = pair_of(&runtime);
        let (mut quiet, mut peer) = pair_of(&runtime);
        let (mut buffer, mut calls) = ([0; 16], 0);
        let mut said = false;
        let read = block_on(
            &mut runtime,
            |runtime| runtime,
            |_, cx| {
                loop {
                    if let Poll::Ready(read) = quiet.poll_read(cx, &mut buffer) {
                        return Poll::Ready(read.unwrap());
                    }
                    // It was seen to be quiet, and now is so no more.
                    if !said {
                        peer.write_all(b"stop").unwrap();
                        said = true;
                    }
                    assert!(calls < 100, "nobody looked");
                    calls += 1;
                    if busy.poll_write(cx, b"more").is_pending() {
                        return Poll::Pending;
                    }
                }
            },
        );
        assert_eq!(&buffer[..read.unwrap()], b"stop");
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
            let mut fds = [PollFd::new(&socket.socket.stream, PollFlags::IN)];
            poll(&mut fds, Timespec::try_from(Duration::from_secs(10)).ok().as_ref()).unwrap();
            socket.socket.readable.store(true, Ordering::Relaxed);
            match socket.poll_read(&mut Context::from_waker(Waker::noop()), &mut chunk) {
                Poll::Ready(Ok(0)) => break,
                Poll::Ready(read) => bytes.extend_from_slice(&chunk[..read.unwrap()]),
                Poll::Pending => {}
            }
        }
        assert_eq!(bytes, b"abc!def");
    }
}
