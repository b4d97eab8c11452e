//! The calls on TCP sockets, the same for all runtimes. Each returns at once, with an error of the
//! kind `WouldBlock` if it has to wait.

mod errors;

use ::std::fs::File;
use ::std::hash::{BuildHasher, RandomState};
use ::std::io::{self, Read};
use ::std::mem::MaybeUninit;
use ::std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use ::std::ops::RangeInclusive;
use ::std::time::Duration;

use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};

pub(in crate::io) use errors::{AcceptError, accept_error};

/// Flags that keep a broken connection from raising SIGPIPE. Where there is no such flag, socket2
/// sets SO_NOSIGPIPE on each socket, or the system has no signals.
#[cfg(all(unix, not(target_vendor = "apple")))]
const NO_SIGNAL: i32 = rustix::net::SendFlags::NOSIGNAL.bits() as i32;
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
const NO_SIGNAL: i32 = 0;

/// MSG_OOB, which is the same on every system.
const URGENT: i32 = 1;

/// Starts to connect.
pub(in crate::io) fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::from(new(Domain::for_address(to))?);
    let connected = SockRef::from(&stream).connect(&to.into());
    match connected {
        Err(error) if !errors::is_in_progress(&error) => Err(error),
        _ => Ok(stream),
    }
}

/// Reports the result of the attempt that [`connect`] started.
pub(in crate::io) fn connected(stream: &Socket) -> io::Result<()> {
    let failed = |stream: &Socket| stream.take_error()?.map_or(Ok(()), Err);
    failed(stream)?;
    if let Err(error) = stream.peer_addr() {
        // The connection may have failed in the meantime.
        failed(stream)?;
        return Err(match errors::is_not_connected(&error) {
            true => io::ErrorKind::WouldBlock.into(),
            false => error,
        });
    }
    Ok(())
}

/// Turns off Nagle's algorithm (RFC 9293 3.7.4), which holds back a short segment until the peer
/// has acknowledged what was sent before.
pub(in crate::io) fn send_at_once(stream: &Socket) {
    let _ = stream.set_tcp_nodelay(true);
}

/// The interval at which TCP probes an idle connection (RFC 9293 3.8.4): the time without traffic
/// before the first probe, and between two probes. `None` turns probes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) struct Keepalive(pub(in crate::io) Option<Duration>);

impl Default for Keepalive {
    /// Returns 60 s, which is less than address translators and firewalls keep an idle connection.
    fn default() -> Self {
        Self(Some(Duration::from_secs(60)))
    }
}

/// Turns TCP keepalive on or off. Systems on which the interval cannot be set use their own.
pub(in crate::io) fn keep_alive(stream: &Socket, keepalive: Keepalive) {
    #[cfg(not(any(target_os = "haiku", target_os = "nto", target_os = "openbsd", target_os = "redox")))]
    if let Some(idle) = keepalive.0 {
        // The maximum on Linux, and the minimum on any system.
        let idle = idle.clamp(Duration::from_secs(1), Duration::from_secs(32_767));
        // This turns the probes on before it sets the interval.
        let _ = stream.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle));
        return;
    }
    let _ = stream.set_keepalive(keepalive.0.is_some());
}

/// Binds an unpredictable port of the range, so that others cannot wait there for someone else's
/// data (RFC 2577 4). An empty range (0..=0) means the ephemeral ports of RFC 6335. The choice is
/// not left to the system, which is slow to choose when many ports are in TIME_WAIT.
pub(in crate::io) fn bind_within(at: SocketAddr, ports: RangeInclusive<u16>) -> io::Result<TcpListener> {
    within(at, ports, listen)
}

/// Listens at `at`, in non-blocking mode.
pub(in crate::io) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    /// The backlog that the standard library uses.
    const BACKLOG: i32 = 128;
    let socket = new(Domain::for_address(at))?;
    // On Unix, unlike elsewhere, this does not allow two listeners on one port. It allows a
    // listener on a port where connections of the previous one have not expired.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Creates a socket in non-blocking mode, with a single call where the system has one for that.
fn new(domain: Domain) -> io::Result<Socket> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    return Socket::new(domain, Type::STREAM.nonblocking(), None);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    {
        let socket = Socket::new(domain, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

/// Calls `bind` like [`bind_within`], trying other ports while it fails with `AddrInUse`.
pub(in crate::io) fn within<T>(
    at: SocketAddr,
    ports: RangeInclusive<u16>,
    mut bind: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
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
        match bind(SocketAddr::new(at.ip(), port)) {
            Ok(bound) => return Ok(bound),
            Err(error) if errors::is_in_use(&error) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Lets as many connections wait to be accepted as the system allows (`SOMAXCONN`). The standard
/// library allows 128.
pub(in crate::io) fn wait_in_line(listener: &TcpListener) -> io::Result<()> {
    // Systems reduce a backlog that is larger than they allow.
    SockRef::from(listener).listen(i32::MAX)
}

/// Accepts the next connection, in non-blocking mode.
pub(in crate::io) fn accept(listener: &Socket) -> io::Result<(TcpStream, SocketAddr)> {
    accept_by(|| accept_one(listener))
}

/// Accepts a connection. Linux sets the mode of the new socket in the same call.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn accept_one(listener: &Socket) -> io::Result<(TcpStream, Option<SocketAddr>)> {
    let flags = rustix::net::SocketFlags::CLOEXEC | rustix::net::SocketFlags::NONBLOCK;
    let (socket, peer) = rustix::net::acceptfrom_with(listener, flags)?;
    Ok((socket.into(), peer.and_then(|peer| peer.try_into().ok())))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn accept_one(listener: &Socket) -> io::Result<(TcpStream, Option<SocketAddr>)> {
    let (socket, peer) = listener.accept()?;
    let peer = peer.as_socket().filter(|_| socket.set_nonblocking(true).is_ok());
    Ok((socket.into(), peer))
}

/// Accepts a connection by calling `accept`. Skips errors of connections that broke before they
/// were accepted, unless there are many in a row.
fn accept_by(
    mut accept: impl FnMut() -> io::Result<(TcpStream, Option<SocketAddr>)>,
) -> io::Result<(TcpStream, SocketAddr)> {
    const BROKEN: u32 = 16;
    let mut broken = 0;
    loop {
        match accept() {
            Ok((stream, Some(peer))) => return Ok((stream, peer)),
            // A connection without an address, or whose socket cannot be set, is gone already.
            Ok((_, None)) => {}
            Err(error) if accept_error(&error) == AcceptError::Connection && broken < BROKEN => broken += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Sends `farewell` to a client that receives nothing else, as far as possible without waiting.
pub(in crate::io) fn turn_away(stream: &TcpStream, farewell: &[u8]) {
    let stream = &SockRef::from(stream);
    let _ = stream.send_with_flags(farewell, NO_SIGNAL);
    let _ = shut_down(stream);
    // Unread input would turn the close into a reset, and the farewell would be lost.
    let _ = receive(stream, &mut [0; 1024]);
}

pub(in crate::io) fn local_addr(socket: &Socket) -> io::Result<SocketAddr> {
    socket.local_addr()?.as_socket().ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// Makes a call again as long as signals interrupt it.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

pub(in crate::io) fn receive(mut stream: &Socket, buffer: &mut [u8]) -> io::Result<usize> {
    uninterrupted(|| stream.read(buffer))
}

/// Returns whether bytes can be read, rather than the end of the stream.
pub(in crate::io) fn has_arrived(stream: &Socket) -> io::Result<bool> {
    Ok(uninterrupted(|| stream.peek(&mut [MaybeUninit::uninit()]))? > 0)
}

pub(in crate::io) fn send(stream: &Socket, bytes: &[u8]) -> io::Result<usize> {
    uninterrupted(|| stream.send_with_flags(bytes, NO_SIGNAL))
}

/// Sends a byte as urgent data, or as an ordinary byte where that is not possible.
pub(in crate::io) fn send_urgent(stream: &Socket, byte: u8) -> io::Result<usize> {
    match uninterrupted(|| stream.send_with_flags(&[byte], NO_SIGNAL | URGENT)) {
        Err(error) if errors::is_unsupported(&error) => send(stream, &[byte]),
        sent => sent,
    }
}

/// Leaves urgent data in place among the other bytes.
pub(in crate::io) fn read_urgent_in_line(stream: &Socket) {
    let _ = stream.set_out_of_band_inline(true);
}

#[cfg_attr(not(feature = "rustls"), allow(dead_code, reason = "only TLS records are written so"))]
pub(in crate::io) fn send_vectored(stream: &Socket, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
    uninterrupted(|| stream.send_vectored_with_flags(pieces, NO_SIGNAL))
}

/// Sends at most `count` bytes of `file` from its current position, without reading them.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in crate::io) fn send_file(stream: &Socket, file: &File, count: usize) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::fs::sendfile(stream, file, None, count))?)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(in crate::io) fn send_file(_: &Socket, _: &File, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Ends the sending side.
pub(in crate::io) fn shut_down(stream: &Socket) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)
}

/// Ends both sides, for all duplicates of the socket.
pub(in crate::io) fn shut_down_both(stream: &Socket) {
    let _ = stream.shutdown(Shutdown::Both);
}

/// Makes closing the socket reset the connection.
pub(in crate::io) fn reset_on_drop(stream: &Socket) {
    let _ = stream.set_linger(Some(Duration::ZERO));
}

#[cfg(test)]
mod tests;
