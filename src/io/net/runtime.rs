//! The interface between the drivers and an async runtime.

mod network;

use ::std::future::Future;
use ::std::io;
use ::std::net::{TcpListener, TcpStream};
#[cfg(unix)]
pub(in crate::io) use ::std::os::fd::AsFd as AsSystemSocket;
#[cfg(windows)]
pub(in crate::io) use ::std::os::windows::io::AsSocket as AsSystemSocket;
use ::std::task::{Context, Poll};
use ::std::time::Instant;

use crate::io::net::lane;
pub(in crate::io) use network::{Link, Network, Stream, Timed, Turns, Unblock, Watched};

/// An async runtime that clients and servers can run on.
///
/// A runtime reports when sockets are ready and when a moment has come, and provides a place for
/// calls that block. Everything else is done by this crate: it creates, connects and binds the
/// sockets, and it makes all calls on them. A value of this type is a handle, of which each session
/// has a clone.
///
/// Clients begin with [`ClientBuilder::new`](crate::io::ClientBuilder::new) and
/// [`Client::open`](crate::io::Client::open), servers with
/// [`Server::listen`](crate::io::Server::listen) and
/// [`Server::serve_with`](crate::io::Server::serve_with). A client works with types that are not
/// `Send`, and its futures are `Send` if the runtime's types are `Send` and its sockets are `Sync`
/// as well. A server requires types that are `Send`, and a runtime that is `Sync`.
///
/// [`io::std`](crate::io::std), `io::tokio` and `io::smol` are implementations. The example `mio`
/// of this crate has another, with a poll loop and an executor of its own. An implementation on
/// tokio would need only this:
///
/// ```
/// # #[cfg(unix)]
/// # mod example {
/// use std::future::Future;
/// use std::io;
/// use std::net::{TcpListener, TcpStream};
/// use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
/// use std::pin::Pin;
/// use std::task::{Context, Poll, ready};
/// use std::time::Instant;
///
/// use ftp_proto::io::{Interest, Runtime, Socket};
/// use tokio::io::unix::AsyncFd;
///
/// #[derive(Clone, Copy, Debug)]
/// struct Tokio;
///
/// #[derive(Debug)]
/// struct Watched<T: AsRawFd>(AsyncFd<T>);
///
/// impl Runtime for Tokio {
///     type Stream = Watched<TcpStream>;
///     type Listener = Watched<TcpListener>;
///     type Timer = Pin<Box<tokio::time::Sleep>>;
///
///     fn stream(&self, stream: TcpStream) -> io::Result<Self::Stream> {
///         Ok(Watched(AsyncFd::new(stream)?))
///     }
///
///     fn listener(&self, listener: TcpListener) -> io::Result<Self::Listener> {
///         Ok(Watched(AsyncFd::new(listener)?))
///     }
///
///     fn timer(&self, at: Instant) -> Self::Timer {
///         Box::pin(tokio::time::sleep_until(at.into()))
///     }
/// }
///
/// impl<T: AsRawFd> Socket for Watched<T> {
///     fn poll_io<U>(
///         &self,
///         interest: Interest,
///         cx: &mut Context<'_>,
///         mut call: impl FnMut() -> io::Result<U>,
///     ) -> Poll<io::Result<U>> {
///         loop {
///             let mut guard = ready!(match interest {
///                 Interest::Read => self.0.poll_read_ready(cx),
///                 Interest::Write => self.0.poll_write_ready(cx),
///             })?;
///             // An error means that the call would have blocked.
///             if let Ok(result) = guard.try_io(|_| call()) {
///                 return Poll::Ready(result);
///             }
///         }
///     }
/// }
///
/// impl<T: AsRawFd> AsFd for Watched<T> {
///     fn as_fd(&self) -> BorrowedFd<'_> {
///         self.0.as_fd()
///     }
/// }
/// # }
/// ```
pub trait Runtime: Clone + 'static {
    /// A TCP stream that the runtime watches.
    type Stream: Socket;

    /// A TCP listener that the runtime watches.
    type Listener: Socket;

    /// A future that becomes ready at a given moment. Its output is ignored. A session has one
    /// timer at a time. Most timers are dropped before their moment, and a session polls its timer
    /// whenever it is woken, so dropping and polling both have to be cheap.
    type Timer: Future + Unpin;

    /// Number of file descriptors that one idle session of a server takes. A server admits no more
    /// sessions than the process has descriptors for.
    const DESCRIPTORS: usize = 1;

    /// `true` if each session has a thread of its own. The calls of a blocking host are then made
    /// in that thread; otherwise they are made in threads that this crate starts as needed.
    const BLOCKING: bool = false;

    /// Watches a stream that a client is connecting or that a server has accepted. The stream is
    /// non-blocking, and may not be connected yet.
    ///
    /// # Errors
    /// Fails if the runtime cannot watch the stream.
    fn stream(&self, stream: TcpStream) -> io::Result<Self::Stream>;

    /// Watches a listener, which is non-blocking.
    ///
    /// # Errors
    /// Fails if the runtime cannot watch the listener.
    fn listener(&self, listener: TcpListener) -> io::Result<Self::Listener>;

    /// Returns a timer for this moment.
    fn timer(&self, at: Instant) -> Self::Timer;

    /// Returns the current time. A runtime with a clock of its own can override this method.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Makes a call that may block, in a place where it delays nobody. Files that a client sends or
    /// receives are read and written with such calls. A panic of `call` should resume in the
    /// caller.
    ///
    /// By default the call is made in one of up to 128 threads that this crate starts as needed. A
    /// runtime that has threads for this purpose can override this method.
    fn unblock<T: Send + 'static>(
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        lane::unblock(call)
    }

    /// Returns whether the calls of this client must fail with
    /// [`Error::Stopped`](crate::io::Error::Stopped) from now on. Futures can be dropped instead,
    /// so this is only for runtimes whose calls block.
    fn is_stopped(&self) -> bool {
        false
    }

    /// Waits until [`is_stopped`](Self::is_stopped) returns `true`.
    fn poll_stopped(&self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Pending
    }
}

/// A non-blocking socket that a runtime watches.
///
/// A socket gives access to the system's socket as [`AsFd`](::std::os::fd::AsFd) on Unix and as
/// `AsSocket` on Windows. Dropping it has to end the watch and close the socket. With epoll,
/// closing alone does not end the watch while a duplicate of the socket is open, as is the case for
/// the listeners of [shared ports](crate::io::Server::with_shared_passive_ports).
pub trait Socket: AsSystemSocket {
    /// Calls `call` once the socket may be ready, and again whenever the call has returned
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) and the socket has become ready since. Returns any
    /// other result. While this is pending, the task of `cx` is woken when the socket becomes
    /// ready.
    ///
    /// An extra call does no harm, so an implementation that keeps no record of readiness can begin
    /// with a call. No readiness may be lost between one call and the next: if the runtime reports
    /// only changes (epoll's edge-triggered mode), the task of `cx` has to be registered before the
    /// call.
    ///
    /// The socket may be polled for both interests at the same time, by one task. Only the `cx` of
    /// the last poll for an interest counts.
    ///
    /// # Errors
    /// Those of the call, and those of the runtime itself.
    fn poll_io<T>(
        &self,
        interest: Interest,
        cx: &mut Context<'_>,
        call: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>>;
}

/// The kind of readiness that a call on a socket needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Bytes, a connection to accept, or the end of the stream have arrived.
    Read,
    /// There is room for bytes to send, or an attempt to connect has ended.
    Write,
}
