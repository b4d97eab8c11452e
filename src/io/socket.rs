//! What is done to TCP sockets that do not block, whatever the runtime: each call does it now, or says that
//! it would block.

use ::std::fs::File;
use ::std::hash::{BuildHasher, RandomState};
use ::std::io;
use ::std::net::{SocketAddr, TcpListener};
use ::std::ops::RangeInclusive;
use ::std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ::std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, SocketAddrAny, SocketFlags,
    SocketType, acceptfrom_with, sockopt,
};

/// Begins to connect.
pub(super) fn connect(to: SocketAddr) -> io::Result<OwnedFd> {
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, &to) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// How what [`connect`] began has ended.
pub(super) fn connected(stream: BorrowedFd<'_>) -> io::Result<()> {
    let mut fds = [PollFd::new(&stream, PollFlags::OUT)];
    if retry_on_intr(|| poll(&mut fds, Some(&Timespec::default())))? == 0 {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    sockopt::socket_error(stream)??;
    without_delay(stream)
}

/// Nagle's delay would hold back a command behind the one before it.
fn without_delay(stream: BorrowedFd<'_>) -> io::Result<()> {
    Ok(sockopt::set_tcp_nodelay(stream, true)?)
}

/// When TCP probes a connection on which nothing moves (RFC 9293 3.8.4): the time of silence before the
/// first probe, and between two. `None`: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keepalive(pub(super) Option<Duration>);

impl Default for Keepalive {
    /// 60 s, which is less than address translators and firewalls keep an idle connection.
    fn default() -> Self {
        Self(Some(Duration::from_secs(60)))
    }
}

/// Turns TCP keepalive on or off. A system that cannot be told when to probe has its own idea of that.
pub(super) fn keep_alive(stream: BorrowedFd<'_>, keepalive: Keepalive) {
    let _ = sockopt::set_socket_keepalive(stream, keepalive.0.is_some());
    #[cfg(not(any(target_os = "haiku", target_os = "nto", target_os = "openbsd", target_os = "redox")))]
    if let Some(idle) = keepalive.0 {
        // The most that Linux takes; the least that any system does.
        let idle = idle.clamp(Duration::from_secs(1), Duration::from_secs(32_767));
        let _ = sockopt::set_tcp_keepidle(stream, idle);
        let _ = sockopt::set_tcp_keepintvl(stream, idle);
    }
}

/// Binds an unpredictable port of the range, so that others cannot wait there for someone else's
/// data (RFC 2577 4). An empty range (0..=0) means the ephemeral ports of RFC 6335. They are not
/// left to the system, which is slow to choose when many are in TIME_WAIT.
pub(super) fn bind_within(at: SocketAddr, ports: RangeInclusive<u16>) -> io::Result<TcpListener> {
    within(at, ports, TcpListener::bind)
}

/// Calls `bind` like [`bind_within`], with other ports while it fails with `AddrInUse`.
pub(super) fn within<T>(
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
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Makes as many connections wait to be accepted as the system lets wait (`SOMAXCONN`), where the standard library
/// has 128.
pub(super) fn wait_in_line(listener: BorrowedFd<'_>) -> io::Result<()> {
    // Systems cut what is more than they have.
    Ok(rustix::net::listen(listener, i32::MAX)?)
}

/// Takes the next who has connected.
pub(super) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, SocketAddr)> {
    accept_by(|| acceptfrom_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK))
}

/// As [`accept`], by this call. An error of a connection that broke before it was taken is passed over, as long as
/// there are not many of them in a row.
fn accept_by(
    mut accept: impl FnMut() -> Result<(OwnedFd, Option<SocketAddrAny>), Errno>,
) -> io::Result<(OwnedFd, SocketAddr)> {
    const BROKEN: u32 = 16;
    let mut broken = 0;
    loop {
        match accept() {
            Ok((stream, peer)) => {
                // Whoever has no address, or no socket to be set, is gone again already.
                if let (Some(Ok(peer)), Ok(())) =
                    (peer.map(SocketAddr::try_from), without_delay(stream.as_fd()))
                {
                    return Ok((stream, peer));
                }
            }
            Err(error) if is_of_one_connection(error) && broken < BROKEN => broken += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether an error of accept is one of the connection that would have been the next: systems report there what its
/// network has come to, or that a firewall forbids it.
pub(super) const fn is_of_one_connection(error: Errno) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if matches!(error, Errno::NONET) {
        return true;
    }
    matches!(
        error,
        Errno::INTR
            | Errno::CONNABORTED
            | Errno::CONNRESET
            | Errno::PROTO
            | Errno::PERM
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::NOPROTOOPT
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::OPNOTSUPP
            | Errno::TIMEDOUT
    )
}

/// Says `farewell` to a client that gets nothing else, as far as that goes at once.
pub(super) fn turn_away(stream: BorrowedFd<'_>, farewell: &[u8]) {
    let _ = rustix::net::send(stream, farewell, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
    let _ = shut_down(stream);
    // What it has said already would make the close a reset, and the farewell would be lost.
    let _ = rustix::net::recv(stream, &mut [0; 1024], RecvFlags::DONTWAIT);
}

pub(super) fn local_addr(socket: BorrowedFd<'_>) -> io::Result<SocketAddr> {
    Ok(SocketAddr::try_from(rustix::net::getsockname(socket)?)?)
}

pub(super) fn receive(stream: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    let (count, _) = retry_on_intr(|| rustix::net::recv(stream, &mut *buffer, RecvFlags::empty()))?;
    Ok(count)
}

pub(super) fn send(stream: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    Ok(retry_on_intr(|| rustix::net::send(stream, bytes, SendFlags::NOSIGNAL))?)
}

/// Sends a byte as urgent data, or among the others where that cannot be.
pub(super) fn send_urgent(stream: BorrowedFd<'_>, byte: u8) -> io::Result<usize> {
    let flags = SendFlags::OOB | SendFlags::NOSIGNAL;
    match retry_on_intr(|| rustix::net::send(stream, &[byte], flags)) {
        Err(Errno::OPNOTSUPP | Errno::INVAL) => send(stream, &[byte]),
        sent => Ok(sent?),
    }
}

/// Leaves urgent data in its place among the other bytes.
pub(super) fn read_urgent_in_line(stream: BorrowedFd<'_>) {
    let _ = sockopt::set_socket_oobinline(stream, true);
}

pub(super) fn send_vectored(stream: BorrowedFd<'_>, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
    let mut control = SendAncillaryBuffer::default();
    Ok(retry_on_intr(|| rustix::net::sendmsg(stream, pieces, &mut control, SendFlags::NOSIGNAL))?)
}

/// Sends at most `count` bytes of `file` from its position on, without looking at them.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn send_file(stream: BorrowedFd<'_>, file: &File, count: usize) -> io::Result<usize> {
    Ok(retry_on_intr(|| rustix::fs::sendfile(stream, file, None, count))?)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn send_file(_: BorrowedFd<'_>, _: &File, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Ends the sending side.
pub(super) fn shut_down(stream: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::net::shutdown(stream, Shutdown::Write)?)
}

/// Makes the coming close a reset.
pub(super) fn reset_on_drop(stream: BorrowedFd<'_>) {
    let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}

#[cfg(test)]
mod tests;
