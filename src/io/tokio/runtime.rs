//! tokio, as the drivers see it.

use ::std::io;
use ::std::net::SocketAddr;
use ::std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ::std::pin::Pin;
use ::std::task::{Context, Poll, ready};
use ::std::time::Instant as Moment;

pub(super) use ::tokio::net::ToSocketAddrs;
use ::tokio::net::{TcpStream, lookup_host};
use ::tokio::task::spawn_blocking;
use ::tokio::time::Sleep;

use crate::io::host::lane::Lane;
use crate::io::runtime::{Clock, Interest, Reactor, Socket, Timer, Unblock};
use crate::time::Instant;

/// The addresses of a server.
pub(super) async fn resolve(server: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    Ok(lookup_host(server).await?.collect())
}

/// The runtime of one session.
#[derive(Debug)]
pub(super) struct Tokio {
    clock: Clock<Pin<Box<Sleep>>>,
}

impl Tokio {
    pub(super) fn new() -> Self {
        Self { clock: Clock::new() }
    }
}

impl Unblock for Tokio {
    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        // A call that panics does so here, too.
        spawn_blocking(call).await.unwrap_or_else(|error| ::std::panic::resume_unwind(error.into_panic()))
    }

    fn unblock_in<T: Send + 'static>(
        lane: &Lane,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send {
        lane.call(call)
    }
}

impl Reactor for Tokio {
    // Listeners too: nothing is asked of it but whether it is ready.
    type Socket = TcpStream;

    const DESCRIPTORS: usize = 1;

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.poll(deadline, cx)
    }

    fn register(&self, socket: OwnedFd) -> io::Result<TcpStream> {
        TcpStream::from_std(socket.into())
    }
}

impl Timer for Pin<Box<Sleep>> {
    fn now() -> Moment {
        ::tokio::time::Instant::now().into_std()
    }

    fn at(moment: Moment) -> Self {
        Box::pin(::tokio::time::sleep_until(moment.into()))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Future::poll(self.as_mut(), cx)
    }
}

impl Socket for TcpStream {
    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            let interest = match interest {
                Interest::Read => {
                    ready!(self.poll_read_ready(cx))?;
                    ::tokio::io::Interest::READABLE
                }
                Interest::Write => {
                    ready!(self.poll_write_ready(cx))?;
                    ::tokio::io::Interest::WRITABLE
                }
            };
            match self.try_io(interest, || call(self.as_fd())) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}
