//! A data connection that is refused, and ends in order all the same.

use ::std::task::{Context, Poll, ready};
use ::std::time::Duration;

use crate::io::runtime::Runtime;
use crate::io::wire::Wire;
use crate::time::Instant;

/// How long the peer may take to close its side.
const TIME: Duration = Duration::from_secs(2);

/// A connection that nothing is to be moved on. Its end is sent, of TLS where that stands and of TCP, and what still comes
/// is dropped for a while: closed with bytes unread it would be reset, and a client that is told so by its system may
/// never read on the control connection why.
pub(super) struct Parting<R: Runtime> {
    wire: Wire<R::Stream>,
    until: Instant,
    shut: bool,
}

impl<R: Runtime> Parting<R> {
    pub(super) fn new(wire: Wire<R::Stream>, runtime: &R) -> Self {
        Self { wire, until: runtime.now().after(TIME), shut: false }
    }

    /// How long it may still take.
    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    /// Ready when it is over.
    pub(super) fn poll(&mut self, runtime: &R, cx: &mut Context<'_>) -> Poll<()> {
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
