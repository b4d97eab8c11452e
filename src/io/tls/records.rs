//! TLS between a stream of records and a stream of bytes: the state of one connection, without a
//! socket.

use ::std::io::{self, Read, Write};
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};

use rustls::{Connection, HandshakeKind, ProtocolVersion};

use super::sessions::Keeper;
use crate::io::net::runtime::{Stream, Turns};

/// A record's header: type, version, length (RFC 8446 5.1).
const HEADER: usize = 5;

/// A TLS connection, whose handshake may not have begun yet.
#[derive(Debug)]
pub(in crate::io) struct Session {
    connection: Connection,
    /// Received records that have not been processed. They are passed on one at a time, so that
    /// bytes in the clear after close_notify stay separate.
    incoming: Vec<u8>,
    /// Number of bytes to read from the socket at a time.
    chunk: usize,
    start: usize,
    end: usize,
    /// Number of bytes of the current record that have not been received yet.
    rest: usize,
    /// Set once anything has been received.
    has_heard: bool,
    /// Set once the peer has sent close_notify.
    ended: bool,
    /// Set when bytes have arrived that are not yet read.
    has_bytes: bool,
    /// The error that followed the bytes read last.
    failed: Option<io::Error>,
    /// Set if an end without close_notify is accepted.
    tolerant: bool,
    /// Set while tickets, which follow the handshake, are held back until other bytes are sent or
    /// TLS ends.
    holds: bool,
    /// Set once early bytes have been reported.
    is_ahead: bool,
    /// The keeper, which knows the owner of the session that the handshake resumed.
    keeper: Option<Arc<Keeper>>,
}

impl Session {
    pub(super) fn new(connection: Connection, chunk: usize, tolerant: bool) -> Self {
        Self {
            connection,
            incoming: Vec::new(),
            chunk: chunk.max(HEADER),
            start: 0,
            end: 0,
            rest: 0,
            has_heard: false,
            ended: false,
            has_bytes: false,
            failed: None,
            tolerant,
            holds: false,
            is_ahead: false,
            keeper: None,
        }
    }

    /// Holds back the tickets of a server's data connection while nothing else is sent; on a
    /// connection that only receives, this means until the end. The peer need not read anything
    /// while it writes, and closing with unread bytes would reset the connection (RFC 9293 3.6.1,
    /// RFC 2525 2.17), so that bytes already received might be lost.
    pub(super) fn holding_tickets(mut self, keeper: Arc<Keeper>) -> Self {
        (self.holds, self.keeper) = (true, Some(keeper));
        self
    }

    /// Stops holding back tickets.
    pub(in crate::io) const fn release_tickets(&mut self) {
        self.holds = false;
    }

    /// Reports, once, that bytes have arrived while tickets are held back.
    pub(in crate::io) fn poll_ahead<S: Stream>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<()> {
        while self.is_holding() && !self.is_ahead {
            if self.has_bytes {
                self.is_ahead = true;
                return Poll::Ready(());
            }
            match ready!(self.poll_receive(stream, cx)) {
                Ok(true) => {}
                // The next read returns the same result.
                Ok(false) | Err(_) => break,
            }
        }
        Poll::Pending
    }

    /// Returns whether output is held back. The last records of a TLS 1.2 handshake never are.
    fn is_holding(&self) -> bool {
        self.holds
            && !self.connection.is_handshaking()
            && self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_3)
    }

    /// Returns whether anything has been received.
    pub(in crate::io) const fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// Returns whether the handshake resumed a session of the same peer. A server may have to wait
    /// for another connection's login to know.
    pub(in crate::io) fn poll_resumed(&self, cx: &Context<'_>) -> Poll<bool> {
        match &self.keeper {
            _ if self.connection.handshake_kind() != Some(HandshakeKind::Resumed) => Poll::Ready(false),
            Some(keeper) => keeper.poll_bound(cx),
            None => Poll::Ready(true),
        }
    }

    /// Returns the certificates from the peer's handshake in DER, the peer's own first. The list is
    /// empty if the peer sent none.
    pub(in crate::io) fn peer_certificates(&self) -> Vec<Vec<u8>> {
        let shown = self.connection.peer_certificates().unwrap_or_default();
        shown.iter().map(|certificate| certificate.as_ref().to_vec()).collect()
    }

    /// Returns whether tickets may still arrive on this connection. The only ticket of TLS 1.2
    /// arrives before data.
    pub(in crate::io) fn may_bring_tickets(&self) -> bool {
        !self.ended && self.connection.protocol_version() != Some(ProtocolVersion::TLSv1_2)
    }

    /// Receives records while a ticket is `wanted` and may be the next to arrive. Returns `Ready`
    /// once the ticket or other bytes have arrived, or nothing more will arrive.
    pub(in crate::io) fn poll_ticket<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        wanted: impl Fn() -> bool,
    ) -> Poll<()> {
        while wanted() && self.may_bring_tickets() && !self.has_bytes {
            match ready!(self.poll_receive(stream, cx)) {
                Ok(true) => {}
                // The next read returns the same result.
                Ok(false) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }

    /// Continues the handshake until it is done.
    pub(in crate::io) fn poll_handshake<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_flush(stream, cx))?;
            if !self.connection.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            match ready!(self.poll_receive(stream, cx)) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Err(error) => {
                    // The alert tells the peer the reason.
                    let _ = self.poll_flush(stream, cx);
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    /// Reads protected bytes: as many as have arrived and fit, since each read may cost its caller
    /// a call in another thread. Returns 0 at their orderly end. An end without close_notify is an
    /// error, unless it is tolerated.
    pub(in crate::io) fn poll_read<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut count = 0;
        let ended = loop {
            match self.connection.reader().read(&mut buffer[count..]) {
                Ok(read) => count += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => break Err(error),
            }
            if count == buffer.len() || self.failed.is_some() {
                break Ok(());
            }
            match self.poll_receive(stream, cx) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) if self.ended || self.tolerant => break Ok(()),
                Poll::Ready(Ok(false)) => break Err(io::ErrorKind::UnexpectedEof.into()),
                Poll::Ready(Err(error)) => break Err(error),
                Poll::Pending if count > 0 => break Ok(()),
                Poll::Pending => return Poll::Pending,
            }
            // A key update has to be answered, but not at once.
            if let Poll::Ready(Err(error)) = self.poll_flush(stream, cx) {
                break Err(error);
            }
        };
        // An error comes after the bytes that preceded it.
        if count > 0 {
            self.failed = self.failed.take().or(ended.err());
            return Poll::Ready(Ok(count));
        }
        Poll::Ready(self.failed.take().map_or(ended, Err).map(|()| 0))
    }

    /// Protects and sends bytes, once all earlier ones were sent.
    pub(in crate::io) fn poll_write<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.holds = false;
        ready!(self.poll_flush(stream, cx))?;
        let count = self.connection.writer().write(bytes)?;
        // Records that cannot be sent now precede the next output.
        let _ = self.poll_flush(stream, cx)?;
        Poll::Ready(Ok(count))
    }

    /// Sends pending records, except for tickets that are held back.
    pub(in crate::io) fn poll_flush<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.connection.wants_write() && !self.is_holding() {
            match self.connection.write_tls(&mut Outgoing { stream, cx }) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Queues close_notify, and releases tickets that were held back. Flush afterwards.
    pub(in crate::io) fn end(&mut self) {
        self.holds = false;
        self.connection.send_close_notify();
    }

    /// Discards incoming bytes until the peer has ended TLS.
    pub(in crate::io) fn poll_end<S: Stream>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let (mut waste, mut turns) = ([0; 4096], Turns::default());
        while ready!(self.poll_read(stream, cx, &mut waste))? > 0 {
            ready!(turns.poll_next(cx));
        }
        Poll::Ready(Ok(()))
    }

    /// Returns the bytes that followed close_notify in the clear.
    pub(in crate::io) fn remainder(&self) -> &[u8] {
        self.incoming.get(self.start..self.end).unwrap_or_default()
    }

    /// Frees the buffer for received records if it is empty.
    pub(in crate::io) fn free_buffer(&mut self) {
        if self.start == self.end {
            (self.start, self.end, self.incoming) = (0, 0, Vec::new());
        }
    }

    /// Receives one record or a part of one. Returns `false` if nothing more can arrive.
    fn poll_receive<S: Stream>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        if self.rest == 0 {
            while self.end - self.start < HEADER {
                if !ready!(self.poll_fill(stream, cx))? {
                    return Poll::Ready(Ok(false));
                }
            }
            let [.., high, low] = self.incoming[self.start..self.start + HEADER] else {
                return Poll::Ready(Ok(false));
            };
            self.rest = HEADER + usize::from(u16::from_be_bytes([high, low]));
        } else if self.start == self.end && !ready!(self.poll_fill(stream, cx))? {
            return Poll::Ready(Ok(false));
        }
        let count = self.rest.min(self.end - self.start);
        let mut piece = &self.incoming[self.start..self.start + count];
        let taken = self.connection.read_tls(&mut piece)?;
        self.start += taken;
        self.rest -= taken;
        let state = self.connection.process_new_packets().map_err(super::other)?;
        self.ended = state.peer_has_closed();
        self.has_bytes = state.plaintext_bytes_to_read() > 0;
        Poll::Ready(Ok(true))
    }

    /// Reads more bytes from the socket, behind those not yet processed. Returns `false` at the end
    /// of the stream.
    fn poll_fill<S: Stream>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.incoming.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        self.incoming.resize(self.chunk, 0);
        let count = ready!(stream.poll_read(cx, &mut self.incoming[self.end..]))?;
        self.end += count;
        self.has_heard |= count > 0;
        Poll::Ready(Ok(count > 0))
    }
}

/// A socket in the form of the writer that rustls needs.
struct Outgoing<'a, 'c, S> {
    stream: &'a mut S,
    cx: &'a mut Context<'c>,
}

impl<S: Stream> Write for Outgoing<'_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.poll_write(self.cx, bytes) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self.stream.poll_write_vectored(self.cx, pieces) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
