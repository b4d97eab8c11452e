//! The runtime of clients and servers on tokio.

use ::std::io;
use ::std::net::SocketAddr;
use ::std::pin::Pin;
use ::std::task::{Context, Poll, ready};
use ::std::time::Instant;

pub(super) use ::tokio::net::ToSocketAddrs;
use ::tokio::net::{TcpStream, lookup_host};
use ::tokio::task::spawn_blocking;
use ::tokio::time::{Sleep, sleep_until};

use crate::io::{Interest, Runtime, Socket};

/// Returns the addresses of a server.
pub(super) async fn resolve(server: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    Ok(lookup_host(server).await?.collect())
}

/// A runtime that uses the tokio runtime of the current task.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl Tokio {
    pub(super) const fn new() -> Self {
        Self
    }
}

impl Runtime for Tokio {
    type Stream = TcpStream;
    // A listener is only asked whether it is ready, which tokio's own listener does not tell.
    type Listener = TcpStream;
    type Timer = Pin<Box<Sleep>>;

    fn stream(&self, stream: ::std::net::TcpStream) -> io::Result<TcpStream> {
        TcpStream::from_std(stream)
    }

    fn listener(&self, listener: ::std::net::TcpListener) -> io::Result<TcpStream> {
        TcpStream::from_std(socket2::Socket::from(listener).into())
    }

    fn timer(&self, at: Instant) -> Self::Timer {
        Box::pin(sleep_until(at.into()))
    }

    /// Returns tokio's time, which tests can pause.
    fn now(&self) -> Instant {
        ::tokio::time::Instant::now().into_std()
    }

    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        // A panic in the call is resumed here.
        spawn_blocking(call).await.unwrap_or_else(|error| ::std::panic::resume_unwind(error.into_panic()))
    }
}

impl Socket for TcpStream {
    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        mut call: impl FnMut() -> io::Result<T>,
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
            match self.try_io(interest, &mut call) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}
