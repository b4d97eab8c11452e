//! The runtime of clients and servers on smol: async-io for waiting, and blocking for calls that
//! block.

use ::std::io;
use ::std::net::{SocketAddr, TcpListener, TcpStream};
use ::std::task::{Context, Poll, ready};
use ::std::time::Instant;

use ::async_io::{Async, Timer};
pub(super) use ::async_net::AsyncToSocketAddrs as ToSocketAddrs;

use crate::io::net::runtime::AsSystemSocket;
use crate::io::{Interest, Runtime, Socket};

/// Returns the addresses of a server.
pub(super) async fn resolve(server: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    ::async_net::resolve(server).await
}

/// A runtime that uses smol's reactor, of which each process has one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smol;

impl Smol {
    pub(super) const fn new() -> Self {
        Self
    }
}

impl Runtime for Smol {
    type Stream = Async<TcpStream>;
    type Listener = Async<TcpListener>;
    type Timer = Timer;

    fn stream(&self, stream: TcpStream) -> io::Result<Async<TcpStream>> {
        Async::new_nonblocking(stream)
    }

    fn listener(&self, listener: TcpListener) -> io::Result<Async<TcpListener>> {
        Async::new_nonblocking(listener)
    }

    fn timer(&self, at: Instant) -> Timer {
        Timer::at(at)
    }

    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        ::blocking::unblock(call).await
    }
}

impl<T: AsSystemSocket> Socket for Async<T> {
    fn poll_io<U>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        mut call: impl FnMut() -> io::Result<U>,
    ) -> Poll<io::Result<U>> {
        loop {
            match call() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
            ready!(match interest {
                Interest::Read => self.poll_readable(cx),
                Interest::Write => self.poll_writable(cx),
            })?;
        }
    }
}
