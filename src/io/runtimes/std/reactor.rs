//! The runtime of clients and servers whose calls block.

mod waits;

use ::std::io;
pub(super) use ::std::net::ToSocketAddrs;
use ::std::net::{SocketAddr, TcpListener, TcpStream};
use ::std::task::{Context, Poll};
use ::std::time::Instant;

use super::stop::StopHandle;
use crate::io::Runtime;
use waits::{Alarm, Polled};
pub(super) use waits::{Signal, block_on, block_on_woken};

/// A runtime that runs each call to completion on the calling thread.
#[derive(Clone, Debug, Default)]
pub struct Blocking {
    stop: Option<StopHandle>,
}

/// Returns the addresses of a server.
pub(super) async fn resolve(server: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    Ok(server.to_socket_addrs()?.collect())
}

impl Blocking {
    pub(super) const fn new() -> Self {
        Self { stop: None }
    }

    pub(super) fn set_stop_handle(&mut self, handle: StopHandle) {
        self.stop = Some(handle);
    }

    pub(super) fn stop_handle(&mut self) -> io::Result<StopHandle> {
        if let Some(handle) = &self.stop {
            return Ok(handle.clone());
        }
        let handle = StopHandle::new()?;
        self.stop = Some(handle.clone());
        Ok(handle)
    }
}

impl Runtime for Blocking {
    type Stream = Polled;
    type Listener = Polled;
    type Timer = Alarm;

    // The socket itself, and what wakes its thread: a counter on Linux, and elsewhere two sockets.
    const DESCRIPTORS: usize = if cfg!(any(target_os = "linux", target_os = "android")) { 2 } else { 3 };
    const BLOCKING: bool = true;

    fn stream(&self, stream: TcpStream) -> io::Result<Polled> {
        Ok(Polled::new(stream.into()))
    }

    fn listener(&self, listener: TcpListener) -> io::Result<Polled> {
        Ok(Polled::unready(listener.into()))
    }

    fn timer(&self, at: Instant) -> Alarm {
        Alarm::at(at)
    }

    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        call()
    }

    fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(StopHandle::is_stopped)
    }

    fn poll_stopped(&self, _: &mut Context<'_>) -> Poll<()> {
        self.stop.as_ref().map_or(Poll::Pending, |stop| stop.poll_stopped())
    }
}
