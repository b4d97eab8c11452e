//! smol, as the drivers see it: async-io to wait, blocking for what cannot.

use ::std::future::Future;
use ::std::io;
use ::std::net::SocketAddr;
use ::std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ::std::pin::Pin;
use ::std::task::{Context, Poll, ready};
use ::std::time::Instant as Moment;

use ::async_io::Async;
pub(super) use ::async_net::AsyncToSocketAddrs as ToSocketAddrs;

use crate::io::host::lane::Lane;
use crate::io::runtime::{Clock, Interest, Reactor, Socket, Timer, Unblock};
use crate::time::Instant;

/// The addresses of a server.
pub(super) async fn resolve(server: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    ::async_net::resolve(server).await
}

/// The runtime of one session.
#[derive(Debug)]
pub(super) struct Smol {
    clock: Clock<::async_io::Timer>,
}

impl Smol {
    pub(super) fn new() -> Self {
        Self { clock: Clock::new() }
    }
}

impl Unblock for Smol {
    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        ::blocking::unblock(call).await
    }

    fn unblock_in<T: Send + 'static>(
        lane: &Lane,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send {
        lane.call(call)
    }
}

impl Reactor for Smol {
    type Socket = Async<OwnedFd>;

    const DESCRIPTORS: usize = 1;

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.poll(deadline, cx)
    }

    fn register(&self, socket: OwnedFd) -> io::Result<Async<OwnedFd>> {
        Async::new_nonblocking(socket)
    }
}

impl Timer for ::async_io::Timer {
    fn now() -> Moment {
        Moment::now()
    }

    fn at(moment: Moment) -> Self {
        Self::at(moment)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Future::poll(Pin::new(self), cx).map(drop)
    }
}

impl Socket for Async<OwnedFd> {
    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            match call(self.as_fd()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
            ready!(match interest {
                Interest::Read => self.poll_readable(cx),
                Interest::Write => self.poll_writable(cx),
            })?;
        }
    }

    /// Every call is made before the runtime is asked.
    fn look_again(&self) {}
}
