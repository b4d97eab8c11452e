//! tokio, as the drivers see it.

use ::std::io;
use ::std::net::SocketAddr;
use ::std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use ::std::pin::Pin;
use ::std::sync::atomic::{AtomicBool, Ordering};
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
    type Socket = Watched;

    const DESCRIPTORS: usize = 1;

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.clock.poll(deadline, cx)
    }

    fn register(&self, socket: OwnedFd) -> io::Result<Watched> {
        Ok(Watched { socket: TcpStream::from_std(socket.into())?, look_again: AtomicBool::new(false) })
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

/// A socket of this runtime.
#[derive(Debug)]
pub(super) struct Watched {
    // Listeners too: nothing is asked of it but whether it is ready.
    socket: TcpStream,
    /// The next call for reading is made whatever tokio knows: it learns of readiness only between two polls of a
    /// task.
    look_again: AtomicBool,
}

impl AsFd for Watched {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Socket for Watched {
    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let blocks = |result: &io::Result<T>| {
            result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
        };
        if interest == Interest::Read && self.look_again.swap(false, Ordering::Relaxed) {
            let mut asked = false;
            // By way of tokio first, which forgets a readiness that is no longer true.
            let mut result = self.socket.try_io(::tokio::io::Interest::READABLE, || {
                asked = true;
                call(self.as_fd())
            });
            if !asked {
                result = call(self.as_fd());
            }
            if !blocks(&result) {
                return Poll::Ready(result);
            }
        }
        loop {
            let interest = match interest {
                Interest::Read => {
                    ready!(self.socket.poll_read_ready(cx))?;
                    ::tokio::io::Interest::READABLE
                }
                Interest::Write => {
                    ready!(self.socket.poll_write_ready(cx))?;
                    ::tokio::io::Interest::WRITABLE
                }
            };
            let result = self.socket.try_io(interest, || call(self.as_fd()));
            if !blocks(&result) {
                return Poll::Ready(result);
            }
        }
    }

    fn look_again(&self) {
        self.look_again.store(true, Ordering::Relaxed);
    }
}
