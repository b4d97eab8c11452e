//! The orderly end of a data connection that was refused.

use ::std::task::{Context, Poll, ready};
use ::std::time::Duration;

use crate::io::driver::wire::Wire;
use crate::io::net::runtime::{Link, Network, Timed};
use crate::time::Instant;

/// Time in which the peer has to close its side.
const TIME: Duration = Duration::from_secs(2);

/// A connection on which nothing is transferred, or nothing more. Sends close_notify if TLS is in
/// use, then the TCP end, and discards incoming data for a while. Closing with unread bytes would
/// reset the connection, and a client whose system reports a reset may never read the reason on the
/// control connection.
pub(super) struct Parting<R: Network> {
    wire: Wire<Link<R>>,
    until: Instant,
    shut: bool,
}

impl<R: Network> Parting<R> {
    pub(super) fn new(wire: Wire<Link<R>>, runtime: &Timed<R>) -> Self {
        Self { wire, until: runtime.now().after(TIME), shut: false }
    }

    /// Returns the deadline for the peer.
    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    /// Waits until the connection has ended or its time is over.
    pub(super) fn poll(&mut self, runtime: &Timed<R>, cx: &mut Context<'_>) -> Poll<()> {
        if runtime.now() >= self.until {
            return Poll::Ready(());
        }
        if !self.shut {
            if ready!(self.wire.poll_shut_down(cx)).is_err() {
                return Poll::Ready(());
            }
            self.shut = true;
        }
        self.wire.poll_discard(cx)
    }
}
