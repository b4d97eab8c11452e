//! The control connection: moves bytes between the socket and the machine's two buffers.

use ::std::fmt;
use ::std::io;
use ::std::task::{Context, Poll, ready};

use crate::buffer::telnet::Filter;
use crate::buffer::{RecvBuf, SendBuf};
use crate::codec::Redacted;
use crate::io::driver::wire::Wire;
use crate::io::net::runtime::{Stream, Turns};
use crate::io::tls::{self, Endpoint};
use crate::security::{Downgrade, Upgrade};

/// The direction of a line in the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The line was sent to the peer.
    Sent,
    /// The line was received from the peer.
    Received,
}

/// A callback that is shown every line of a dialogue.
pub(in crate::io) type Trace = Box<dyn FnMut(Direction, Redacted<'_>) + Send>;

/// Number of bytes to read at a time from a control connection under TLS.
const RECORDS: usize = 4096;

/// The storage of the two buffers of a control connection, for received bytes and bytes to be sent.
pub(in crate::io) type Storage = (Vec<u8>, Vec<u8>);

/// A control connection.
pub(in crate::io) struct Control<S> {
    wire: Wire<S>,
    /// The change to or from TLS that is in progress.
    change: Option<Change>,
    pub(in crate::io) rx: RecvBuf<Vec<u8>>,
    pub(in crate::io) tx: SendBuf<Vec<u8>>,
    /// The error that broke the connection. The machine sees only that the connection has ended.
    pub(in crate::io) error: Option<io::Error>,
    ended: bool,
    /// Set once the sending side has been shut down.
    shut: bool,
    trace: Option<Tracer>,
}

/// A change of a control connection to or from TLS.
#[derive(Debug)]
enum Change {
    /// Pending output is sent in the clear first.
    Upgrade(Upgrade),
    Handshake(Upgrade),
    Downgrade(Downgrade),
}

/// The result of a change.
#[derive(Debug)]
pub(in crate::io) enum Changed {
    Upgraded(Upgrade),
    Downgraded(Downgrade),
    /// The connection is no longer usable. The machine learns this from the token, if it waits for
    /// one, or else from the end of the connection.
    Failed(Option<Upgrade>),
}

impl<S> fmt::Debug for Control<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("ended", &self.ended)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// Allocates storage with room for received lines of `line` bytes, and for twice that to be sent.
pub(in crate::io) fn storage(line: usize) -> Storage {
    (vec![0; (line + 2).max(4096)], vec![0; (2 * line + 64).max(4096)])
}

impl<S: Stream> Control<S> {
    /// Creates a control connection with room for received lines of `line` bytes, and for twice
    /// that to be sent.
    pub(in crate::io) fn new(mut stream: S, line: usize) -> Self {
        // The urgent byte of a Synch is part of a Telnet command, which would be invalid without
        // it.
        stream.read_urgent_in_line();
        stream.send_at_once();
        let (rx, tx) = storage(line);
        Self {
            wire: Wire::new(stream),
            change: None,
            rx: RecvBuf::new(rx),
            tx: SendBuf::new(tx),
            error: None,
            ended: false,
            shut: false,
            trace: None,
        }
    }

    /// Gives up the storage of both buffers if they are empty. Without storage, nothing can be read
    /// or queued.
    pub(in crate::io) fn give_up_storage(&mut self) -> Option<Storage> {
        let storage = self.replace_storage(Storage::default()).ok()?;
        self.wire.free_buffer();
        Some(storage)
    }

    /// Swaps the storage of the two buffers if they are empty.
    pub(in crate::io) fn replace_storage(&mut self, (rx, tx): Storage) -> Result<Storage, Storage> {
        let rx = match self.rx.replace_storage(rx) {
            Ok(rx) => rx,
            Err(rx) => return Err((rx, tx)),
        };
        match self.tx.replace_storage(tx) {
            Ok(tx) => Ok((rx, tx)),
            // The window is still empty.
            Err(tx) => Err((self.rx.replace_storage(rx).unwrap_or_else(|rx| rx), tx)),
        }
    }

    pub(in crate::io) fn set_trace(&mut self, trace: Option<Trace>) {
        self.trace = trace.map(|show| Tracer {
            show,
            partial: Default::default(),
            telnet: Default::default(),
            queued: 0,
        });
    }

    /// Reads the bytes that have arrived, if there is room. Returns whether there is something new
    /// for the machine.
    pub(in crate::io) fn fill(&mut self, cx: &mut Context<'_>) -> bool {
        let spare = self.rx.spare();
        if self.ended || spare.is_empty() {
            return false;
        }
        match self.wire.poll_read(cx, spare) {
            Poll::Pending => return false,
            Poll::Ready(Ok(count)) if count > 0 => {
                if let Some(trace) = &mut self.trace {
                    trace.bytes(Direction::Received, &spare[..count]);
                }
                self.rx.filled(count);
                return true;
            }
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(error)) => self.error = self.error.take().or(Some(error)),
        }
        self.ended = true;
        self.rx.eof();
        true
    }

    /// Makes the next [`fill`](Self::fill) read everything that has arrived by then, even if the
    /// runtime has not reported it yet.
    pub(in crate::io) fn look_again(&self) {
        self.wire.look_again();
    }

    /// Sends pending output, shuts down the sending side, and discards input until the peer has
    /// closed its side too. Closing with unread bytes would reset the connection, and the last
    /// reply could be lost.
    pub(in crate::io) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.flush(cx) {}
        if !self.tx.is_empty() {
            return Poll::Pending;
        }
        if !self.shut {
            match self.wire.poll_shut_down(cx) {
                Poll::Ready(Ok(())) => self.shut = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        let (mut waste, mut turns) = ([0; 512], Turns::default());
        loop {
            match self.wire.poll_read(cx, &mut waste) {
                Poll::Ready(Ok(1..)) => ready!(turns.poll_next(cx)),
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Sends queued output as far as possible. Returns whether anything was sent.
    ///
    /// A connection that no longer accepts output may still deliver the reason: the output is
    /// dropped, and reading continues to the end.
    pub(in crate::io) fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while !self.tx.is_empty() {
            let pending = self.tx.pending();
            if let Some(trace) = &mut self.trace {
                trace.bytes(Direction::Sent, pending.get(trace.queued..).unwrap_or_default());
                trace.queued = pending.len();
            }
            // The urgent byte is sent alone, since the system puts the urgent mark at the last byte
            // that it accepts, however many it accepts.
            let written = match (self.tx.urgent(), pending) {
                (Some(1), [byte, ..]) => self.wire.poll_write_urgent(cx, *byte),
                (urgent, _) => {
                    let before = urgent.map_or(pending.len(), |end| end.saturating_sub(1));
                    self.wire.poll_write(cx, &pending[..before.min(pending.len())])
                }
            };
            let sent = match written {
                Poll::Pending => break,
                Poll::Ready(Ok(count)) => count,
                Poll::Ready(Err(error)) => {
                    self.error = self.error.take().or(Some(error));
                    pending.len()
                }
            };
            if let Some(trace) = &mut self.trace {
                trace.queued -= sent.min(trace.queued);
            }
            self.tx.sent(sent);
            progress = true;
        }
        if let Poll::Ready(Err(error)) = self.wire.poll_flush(cx) {
            self.error = self.error.take().or(Some(error));
        }
        progress
    }

    /// Begins to secure the connection with TLS.
    pub(in crate::io) fn upgrade(&mut self, token: Upgrade) {
        self.change = Some(Change::Upgrade(token));
    }

    /// Begins to remove TLS from the connection.
    pub(in crate::io) fn downgrade(&mut self, token: Downgrade) {
        self.change = Some(Change::Downgrade(token));
    }

    /// Returns the peer's certificates in DER, the peer's own first. The list is empty without TLS.
    pub(in crate::io) fn peer_certificates(&self) -> Vec<Vec<u8>> {
        self.wire.peer_certificates()
    }

    pub(in crate::io) const fn is_changing(&self) -> bool {
        self.change.is_some()
    }

    /// Continues the change to or from TLS, instead of reading and writing.
    pub(in crate::io) fn poll_change(
        &mut self,
        endpoint: Option<&Endpoint>,
        cx: &mut Context<'_>,
    ) -> Poll<Changed> {
        let Some(change) = self.change.take() else { return Poll::Pending };
        while self.flush(cx) {}
        if !self.tx.is_empty() {
            self.change = Some(change);
            return Poll::Pending;
        }
        let outcome = match change {
            Change::Upgrade(token) => {
                match endpoint.ok_or_else(tls::not_configured).and_then(|endpoint| endpoint.session(RECORDS))
                {
                    Ok(session) => {
                        self.wire.secure(session);
                        self.change = Some(Change::Handshake(token));
                        return self.poll_change(endpoint, cx);
                    }
                    Err(error) => Err((error, Some(token))),
                }
            }
            Change::Handshake(token) => match self.wire.poll_handshake(cx) {
                Poll::Ready(Ok(_)) => Ok(Changed::Upgraded(token)),
                Poll::Ready(Err(error)) => Err((error, Some(token))),
                Poll::Pending => {
                    self.change = Some(Change::Handshake(token));
                    return Poll::Pending;
                }
            },
            Change::Downgrade(token) => match self.wire.poll_clear(cx) {
                Poll::Ready(Ok(clear)) if self.rx.extend(&clear) == clear.len() => {
                    Ok(Changed::Downgraded(token))
                }
                Poll::Ready(Ok(_)) => Err((io::ErrorKind::InvalidData.into(), None)),
                Poll::Ready(Err(error)) => Err((error, None)),
                Poll::Pending => {
                    self.change = Some(Change::Downgrade(token));
                    return Poll::Pending;
                }
            },
        };
        Poll::Ready(outcome.unwrap_or_else(|(error, token)| {
            self.error = self.error.take().or(Some(error));
            (self.ended, self.shut) = (true, true);
            self.rx.eof();
            Changed::Failed(token)
        }))
    }
}

/// Splits the bytes of each direction into lines.
struct Tracer {
    show: Trace,
    partial: [Vec<u8>; 2],
    /// Removes Telnet commands. Inside a line, a Telnet command could split the FTP command that
    /// comes before a secret, so that the secret would be shown.
    telnet: [Filter; 2],
    /// Number of pending bytes of output that have already been shown.
    queued: usize,
}

impl Tracer {
    fn bytes(&mut self, direction: Direction, bytes: &[u8]) {
        const LONGEST: usize = 4096;
        let way = usize::from(direction == Direction::Received);
        let (partial, telnet) = (&mut self.partial[way], &mut self.telnet[way]);
        for byte in bytes.iter().filter_map(|byte| telnet.text(*byte)) {
            if byte == b'\n' {
                (self.show)(direction, Redacted(partial.strip_suffix(b"\r").unwrap_or(partial)));
                partial.clear();
            } else if partial.len() < LONGEST {
                partial.push(byte);
            }
        }
    }
}
