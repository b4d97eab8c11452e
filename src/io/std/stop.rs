//! Stopping a client that blocks, from another thread.

use ::std::io;
use ::std::net::Shutdown;
use ::std::os::unix::net::UnixStream;
use ::std::sync::Arc;
use ::std::sync::atomic::{AtomicBool, Ordering};

use super::reactor::Polled;

/// Stops the calls of a client from another thread.
///
/// [`ClientBuilder::stop_handle`](super::ClientBuilder::stop_handle) gives a handle to a client before it
/// connects, and [`Client::stop_handle`](super::Client::stop_handle) makes one for a client that is connected.
/// One handle may be given to several clients, which it stops together. It takes two file descriptors.
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
pub struct StopHandle(Arc<Stop>);

#[derive(Debug)]
struct Stop {
    stopped: AtomicBool,
    /// Becomes readable when the client is stopped, and stays so: nobody ever reads from it.
    inside: Polled,
    outside: UnixStream,
}

impl StopHandle {
    /// Creates a handle that no client has yet.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let (inside, outside) = UnixStream::pair()?;
        let (stopped, inside) = (AtomicBool::new(false), Polled::new(inside.into()));
        Ok(Self(Arc::new(Stop { stopped, inside, outside })))
    }

    /// Makes the running call of the client return, and every later call fail, with
    /// [`Error::Stopped`](crate::io::Error::Stopped), which readers and writers give as an [`io::Error`] of the kind
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). A second time does nothing.
    ///
    /// It interrupts every wait for the network: to connect, to accept, to read and to write. It does not
    /// interrupt the system's name lookup, nor the reading and writing of local files, after which the call
    /// returns. The session is over: the server sees the connection close when the client is dropped.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        let _ = self.0.outside.shutdown(Shutdown::Both);
    }

    /// Returns whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Has the wait that comes next on this thread end when the client is stopped.
    pub(super) fn watch(&self) {
        self.0.inside.watch_readable();
    }
}
