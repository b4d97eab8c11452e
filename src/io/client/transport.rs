//! Connections of a client that are not plain TCP connections of its runtime: through a proxy, in a
//! tunnel, or in memory.

use ::std::fmt;
use ::std::future::Future;
use ::std::io;
use ::std::net::TcpStream;
use ::std::pin::Pin;
use ::std::sync::Arc;
use ::std::task::{Context, Poll};

/// A connection that the caller has made.
pub enum Transport {
    /// A TCP connection, such as one to a SOCKS5 or HTTP proxy after the proxy's handshake. The
    /// client puts it into non-blocking mode.
    Tcp(TcpStream),
    /// A stream of any other kind, such as a channel of an SSH connection or a pipe in memory.
    Stream(Box<dyn ByteStream>),
}

impl Transport {
    /// Wraps a stream that is not a TCP connection.
    pub fn stream(stream: impl ByteStream + 'static) -> Self {
        Self::Stream(Box::new(stream))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(stream) => f.debug_tuple("Tcp").field(stream).finish(),
            Self::Stream(_) => f.debug_tuple("Stream").finish_non_exhaustive(),
        }
    }
}

/// A connected stream of bytes in both directions, which reports readiness to a task.
///
/// A method that returns `Pending` wakes the task of `cx` when it may make progress. The adapters
/// for tokio and smol implement this trait for all streams with their runtime's traits, by means of
/// `io::tokio::Adapted` and `io::smol::Adapted`.
pub trait ByteStream: Send {
    /// Reads bytes into `buffer` and returns their number: 0 at the end of the stream.
    ///
    /// # Errors
    /// Fails if the stream has failed.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes some of `bytes`, at least one unless `bytes` is empty, and returns their number.
    ///
    /// # Errors
    /// Fails if the stream has failed.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends everything that was written and is still in a buffer. The default is for streams that
    /// buffer nothing.
    ///
    /// # Errors
    /// Fails if the stream has failed.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = cx;
        Poll::Ready(Ok(()))
    }

    /// Ends the sending side, so that the peer reads the end of the stream, and leaves the
    /// receiving side open.
    ///
    /// # Errors
    /// Fails if the stream has failed.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Called before the stream of an aborted upload is dropped. If the stream has a way to do so,
    /// it should let the peer notice the failure, so that the peer does not mistake a truncated
    /// file for a complete one. Does nothing by default.
    fn abort(&mut self) {}
}

/// The host and port that a connector should connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The name or address of the host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The use of the connection.
    pub purpose: Purpose,
}

/// The use of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The control connection.
    Control,
    /// A data connection.
    Data,
}

/// An attempt of a connector to connect.
pub(super) type Attempt = Pin<Box<dyn Future<Output = io::Result<Transport>> + Send>>;

/// The function that makes all connections of a client.
#[derive(Clone)]
pub(super) struct Connector(Arc<dyn Fn(Destination) -> Attempt + Send + Sync>);

impl Connector {
    pub(super) fn new<C>(connect: impl Fn(Destination) -> C + Send + Sync + 'static) -> Self
    where
        C: Future<Output = io::Result<Transport>> + Send + 'static,
    {
        Self(Arc::new(move |to| Box::pin(connect(to))))
    }

    pub(super) fn connect(&self, to: Destination) -> Attempt {
        (self.0)(to)
    }
}
