//! Stopping a blocking client from another thread.

use ::std::io;
use ::std::sync::Arc;
use ::std::task::Poll;

use super::reactor::Signal;

/// Stops the calls of a client from another thread.
///
/// [`ClientBuilder::stop_handle`](super::ClientBuilder::stop_handle) gives a handle to a client
/// before it connects, and [`Client::stop_handle`](super::Client::stop_handle) creates one for a
/// client that is connected. One handle may be given to several clients, which it stops together. A
/// handle uses two file descriptors.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::Error;
/// use ftp_proto::io::std::{Client, StopHandle};
///
/// let stop = StopHandle::new()?;
/// let builder = Client::builder().stop_handle(stop.clone());
/// let thread = std::thread::spawn(move || {
///     let mut client = builder.connect("ftp.example.org:21")?;
///     client.login("anonymous", "guest@example.org")
/// });
/// stop.stop();
/// assert!(matches!(thread.join().unwrap(), Err(Error::Stopped)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StopHandle(Arc<Signal>);

impl StopHandle {
    /// Creates a handle that belongs to no client yet.
    ///
    /// # Errors
    /// Fails if the system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Signal::new()?)))
    }

    /// Makes the running call of the client, and every later one, fail with
    /// [`Error::Stopped`](crate::io::Error::Stopped), which readers and writers report as an
    /// [`io::Error`] of the kind [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). A second
    /// call does nothing.
    ///
    /// This interrupts every wait for the network: to connect, to accept, to read and to write. It
    /// does not interrupt the system's name lookup, or the reading and writing of local files; the
    /// call returns after those. The session is over: the server sees the connection close when the
    /// client is dropped.
    pub fn stop(&self) {
        self.0.raise();
    }

    /// Returns whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is_raised()
    }

    /// Returns `Ready` once the client is stopped.
    pub(super) fn poll_stopped(&self) -> Poll<()> {
        if self.is_stopped() {
            return Poll::Ready(());
        }
        self.0.watch();
        Poll::Pending
    }
}
