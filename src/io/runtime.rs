//! What the drivers need of a runtime: streams, listeners, a clock. Everything else is theirs.

use ::std::fs::File;
use ::std::io;
use ::std::net::SocketAddr;
use ::std::ops::RangeInclusive;
use ::std::task::{Context, Poll};

use crate::time::Instant;

/// A runtime, as one session uses it.
pub(super) trait Runtime {
    type Stream: Stream;
    type Listener;

    /// The time since some moment that stays the same.
    fn now(&self) -> Instant;

    /// Begins to connect; [`Stream::poll_connected`] tells how that ended.
    fn connect(&self, to: SocketAddr) -> io::Result<Self::Stream>;

    /// Listens at a port of the range, one that others cannot predict.
    fn listen(&self, at: SocketAddr, ports: RangeInclusive<u16>) -> io::Result<(Self::Listener, SocketAddr)>;

    fn poll_accept(
        &self,
        listener: &Self::Listener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;

    /// Ready once `deadline` has passed.
    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()>;
}

/// A TCP stream that blocks nobody.
pub(super) trait Stream {
    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends a byte as urgent data (RFC 854, "Synch"); among the others where that cannot be.
    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>> {
        self.poll_write(cx, &[byte])
    }

    /// Has urgent data read in its place among the other bytes, where the system would take it out.
    fn read_urgent_in_line(&mut self) {}

    /// Writes several pieces at once, or the first alone.
    #[cfg_attr(not(feature = "rustls"), expect(dead_code, reason = "TLS alone writes so"))]
    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match pieces.iter().find(|piece| !piece.is_empty()) {
            Some(piece) => self.poll_write(cx, piece),
            None => Poll::Ready(Ok(0)),
        }
    }

    /// Sends at most `count` bytes of `file` from its position on, moved by the kernel. `Unsupported`
    /// where it cannot.
    fn poll_send_file(&mut self, cx: &mut Context<'_>, file: &File, count: usize) -> Poll<io::Result<usize>>;

    /// Ends the sending side.
    fn shut_down(&mut self) -> io::Result<()>;

    /// Makes the coming drop a reset, so that the peer does not take the stump for the whole.
    fn reset_on_drop(&mut self);
}
