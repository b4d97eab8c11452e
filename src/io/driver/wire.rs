//! A stream, plain or under TLS, for the control connection and the data connection.

use ::std::fs::File;
use ::std::io;
use ::std::task::{Context, Poll, ready};

use crate::io::net::intake::Intake;
use crate::io::net::runtime::{Stream, Turns};
use crate::io::tls::Session;

/// A TCP stream, with TLS on top of it once that has started.
#[derive(Debug)]
pub(in crate::io) struct Wire<S> {
    stream: S,
    tls: Option<Box<Session>>,
}

impl<S: Stream> Wire<S> {
    pub(in crate::io) const fn new(stream: S) -> Self {
        Self { stream, tls: None }
    }

    /// Starts TLS; [`poll_handshake`](Self::poll_handshake) has to follow.
    pub(in crate::io) fn secure(&mut self, session: Session) {
        // A handshake is a dialogue, and data after it would otherwise wait until the peer has
        // acknowledged the last record.
        self.stream.send_at_once();
        self.tls = Some(Box::new(session));
    }

    /// Continues the handshake. Once it is done, returns whether it resumed a session of the same
    /// peer.
    pub(in crate::io) fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Self { stream, tls: Some(tls) } = self else { return Poll::Ready(Ok(false)) };
        ready!(tls.poll_handshake(stream, cx))?;
        tls.poll_resumed(cx).map(Ok)
    }

    /// Returns the peer's certificates, once the handshake is done.
    pub(in crate::io) fn peer_certificates(&self) -> Vec<Vec<u8>> {
        self.tls.as_ref().map(|tls| tls.peer_certificates()).unwrap_or_default()
    }

    /// Returns whether the peer has sent any TLS record.
    pub(in crate::io) fn has_heard_tls(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.has_heard())
    }

    /// Ends TLS in both directions and continues in the clear. Returns the bytes that have already
    /// arrived in the clear.
    pub(in crate::io) fn poll_clear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        let Self { stream, tls: Some(tls) } = self else { return Poll::Ready(Ok(Vec::new())) };
        tls.end();
        ready!(tls.poll_flush(stream, cx))?;
        ready!(tls.poll_end(stream, cx))?;
        let clear = tls.remainder().to_vec();
        self.tls = None;
        Poll::Ready(Ok(clear))
    }

    pub(in crate::io) fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_connected(cx)
    }

    /// Reads bytes. Under TLS, an end of the stream without close_notify is an error.
    pub(in crate::io) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.tls {
            Some(tls) => tls.poll_read(&mut self.stream, cx, buffer),
            None => self.stream.poll_read(cx, buffer),
        }
    }

    /// Frees buffers that are empty.
    pub(in crate::io) fn free_buffer(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.free_buffer();
        }
    }

    /// Makes the next read ask the system, even if the runtime reported no readiness.
    pub(in crate::io) fn look_again(&self) {
        self.stream.look_again();
    }

    /// Writes bytes. Under TLS, accepted bytes may still be in a buffer; see
    /// [`poll_flush`](Self::poll_flush).
    pub(in crate::io) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.tls {
            Some(tls) => tls.poll_write(&mut self.stream, cx, bytes),
            None => self.stream.poll_write(cx, bytes),
        }
    }

    /// Writes a byte as urgent data. Under TLS it is an ordinary byte, since records cannot be
    /// urgent.
    pub(in crate::io) fn poll_write_urgent(
        &mut self,
        cx: &mut Context<'_>,
        byte: u8,
    ) -> Poll<io::Result<usize>> {
        match &mut self.tls {
            Some(tls) => tls.poll_write(&mut self.stream, cx, &[byte]),
            None => self.stream.poll_write_urgent(cx, byte),
        }
    }

    pub(in crate::io) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.tls {
            Some(tls) => tls.poll_flush(&mut self.stream, cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Has the kernel send bytes of a file, which it cannot do under TLS.
    pub(in crate::io) fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        file: &File,
        count: usize,
    ) -> Poll<io::Result<usize>> {
        match &self.tls {
            Some(_) => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
            None => self.stream.poll_send_file(cx, file, count),
        }
    }

    /// Returns an [`Intake`], with which the kernel can move incoming bytes to a file. The kernel
    /// cannot do so under TLS.
    pub(in crate::io) fn intake(&mut self) -> io::Result<Intake> {
        match &self.tls {
            Some(_) => Err(io::ErrorKind::Unsupported.into()),
            None => self.stream.intake(),
        }
    }

    /// Waits until an [`Intake`] would find bytes (`true`) or the end of the stream (`false`).
    pub(in crate::io) fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.stream.poll_arrived(cx)
    }

    /// Ends the sending side of TLS, then that of TCP. A peer that is gone is not an error: if the
    /// data itself marks its end (MODE B), the reader need not wait for more.
    pub(in crate::io) fn poll_shut_down(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(tls) = &mut self.tls {
            ready!(tls.poll_flush(&mut self.stream, cx))?;
            tls.end();
            let _ = ready!(tls.poll_flush(&mut self.stream, cx));
        }
        Poll::Ready(match ready!(self.stream.poll_shut_down(cx)) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            ended => ended,
        })
    }

    /// Sends the tickets that were held back, as far as possible without waiting. Later output
    /// follows them.
    pub(in crate::io) fn send_tickets(&mut self, cx: &mut Context<'_>) {
        if let Some(tls) = &mut self.tls {
            tls.release_tickets();
            let _ = tls.poll_flush(&mut self.stream, cx);
        }
    }

    /// Reports, once, that the peer has sent bytes while tickets are held back.
    pub(in crate::io) fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.tls {
            Some(tls) => tls.poll_ahead(&mut self.stream, cx),
            None => Poll::Pending,
        }
    }

    pub(in crate::io) fn may_bring_tickets(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.may_bring_tickets())
    }

    /// Reads the ticket that is `wanted` after the handshake, if one arrives before anything else.
    pub(in crate::io) fn poll_ticket(&mut self, cx: &mut Context<'_>, wanted: impl Fn() -> bool) -> Poll<()> {
        match &mut self.tls {
            Some(tls) => tls.poll_ticket(&mut self.stream, cx, wanted),
            None => Poll::Ready(()),
        }
    }

    /// Continues the handshake and discards data, in order to receive tickets. Returns `Ready` when
    /// no more tickets will arrive.
    pub(in crate::io) fn poll_glean(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { stream, tls: Some(tls) } = self else { return Poll::Ready(()) };
        if ready!(tls.poll_handshake(stream, cx)).is_err() || !tls.may_bring_tickets() {
            return Poll::Ready(());
        }
        tls.poll_end(stream, cx).map(drop)
    }

    /// Reads and drops what arrives, with or without TLS. Returns `Ready` once nothing more will
    /// arrive.
    pub(in crate::io) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (mut waste, mut turns) = ([0; 4096], Turns::default());
        while let Ok(1..) = ready!(self.stream.poll_read(cx, &mut waste)) {
            ready!(turns.poll_next(cx));
        }
        Poll::Ready(())
    }

    pub(in crate::io) fn reset_on_drop(&mut self) {
        self.stream.reset_on_drop();
    }

    /// Reads what the peer's TLS sends after all data: new tickets and close_notify. Closing the
    /// connection with those unread would reset it.
    pub(in crate::io) fn drain(&mut self, cx: &mut Context<'_>) {
        let Self { stream, tls: Some(tls) } = self else { return };
        let _ = tls.poll_end(stream, cx);
    }
}
