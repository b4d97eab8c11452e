//! The control connection's bytes: between the socket and the machine's two buffers.

use ::std::fmt;
use ::std::io;
use ::std::task::{Context, Poll, ready};

use super::runtime::{Stream, Turns};
use super::tls::Endpoint;
use super::wire::Wire;
use crate::buffer::telnet::Filter;
use crate::buffer::{RecvBuf, SendBuf};
use crate::codec::Redacted;
use crate::security::{Downgrade, Upgrade};

/// Which way a line of the dialogue goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the peer.
    Sent,
    /// From the peer.
    Received,
}

/// Is shown every line of a dialogue.
pub(super) type Trace = Box<dyn FnMut(Direction, Redacted<'_>) + Send>;

/// How much of a control connection under TLS is read at a time.
const RECORDS: usize = 4096;

/// A control connection.
pub(super) struct Control<S> {
    wire: Wire<S>,
    /// The change between clear and TLS that is going on.
    change: Option<Change>,
    pub(super) rx: RecvBuf<Vec<u8>>,
    pub(super) tx: SendBuf<Vec<u8>>,
    /// What broke the connection, where the machine sees a mere end of it.
    pub(super) error: Option<io::Error>,
    ended: bool,
    /// The sending side was ended.
    shut: bool,
    trace: Option<Tracer>,
}

/// What becomes of a control connection.
#[derive(Debug)]
enum Change {
    /// What is pending in the clear goes first.
    Upgrade(Upgrade),
    Handshake(Upgrade),
    Downgrade(Downgrade),
}

/// What a change came to.
#[derive(Debug)]
pub(super) enum Changed {
    Upgraded(Upgrade),
    Downgraded(Downgrade),
    /// The connection is of no more use. The machine is told so by the token, if it waits for that, or by the
    /// connection's end.
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

impl<S: Stream> Control<S> {
    /// With room for lines of `line` bytes, and twice that for what is sent.
    pub(super) fn new(mut stream: S, line: usize) -> Self {
        // The urgent byte of a Synch is part of a Telnet command: without it the rest is no command.
        stream.read_urgent_in_line();
        Self {
            wire: Wire::new(stream),
            change: None,
            rx: RecvBuf::new(vec![0; (line + 2).max(4096)]),
            tx: SendBuf::new(vec![0; (2 * line + 64).max(4096)]),
            error: None,
            ended: false,
            shut: false,
            trace: None,
        }
    }

    pub(super) fn set_trace(&mut self, trace: Option<Trace>) {
        self.trace = trace.map(|show| Tracer {
            show,
            partial: Default::default(),
            telnet: Default::default(),
            queued: 0,
        });
    }

    /// Reads what is there, if there is room. `true` when the machine has something new to see.
    pub(super) fn fill(&mut self, cx: &mut Context<'_>) -> bool {
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

    /// Has the next [`fill`](Self::fill) read whatever has come up to then, even if the runtime was not told of
    /// it yet.
    pub(super) fn look_again(&self) {
        self.wire.look_again();
    }

    /// Sends what is left, ends the sending side, and drops what still comes until the peer has closed
    /// too: a connection closed with bytes unread is reset, and the last reply lost with it.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
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

    /// Sends what is queued, as far as it goes. `true` when some of it went.
    ///
    /// A connection that takes nothing any more may still have the reason to tell: what was to be sent
    /// is dropped, and reading goes on to the end.
    pub(super) fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while !self.tx.is_empty() {
            let pending = self.tx.pending();
            if let Some(trace) = &mut self.trace {
                trace.bytes(Direction::Sent, pending.get(trace.queued..).unwrap_or_default());
                trace.queued = pending.len();
            }
            // The urgent byte goes alone: the mark is at the last byte of what the system took, however
            // much that was.
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

    /// Begins to put the connection under TLS.
    pub(super) fn upgrade(&mut self, token: Upgrade) {
        self.change = Some(Change::Upgrade(token));
    }

    /// Begins to take TLS off the connection.
    pub(super) fn downgrade(&mut self, token: Downgrade) {
        self.change = Some(Change::Downgrade(token));
    }

    /// Returns the peer's certificates in DER, its own first. Empty without TLS.
    pub(super) fn peer_certificates(&self) -> Vec<Vec<u8>> {
        self.wire.peer_certificates()
    }

    pub(super) const fn is_changing(&self) -> bool {
        self.change.is_some()
    }

    /// Goes on with the change, in the stead of reading and writing.
    pub(super) fn poll_change(&mut self, endpoint: Option<&Endpoint>, cx: &mut Context<'_>) -> Poll<Changed> {
        let Some(change) = self.change.take() else { return Poll::Pending };
        while self.flush(cx) {}
        if !self.tx.is_empty() {
            self.change = Some(change);
            return Poll::Pending;
        }
        let outcome = match change {
            Change::Upgrade(token) => {
                let none = || io::Error::new(io::ErrorKind::Unsupported, "no TLS configuration was given");
                match endpoint.ok_or_else(none).and_then(|endpoint| endpoint.session(RECORDS)) {
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

/// Cuts the bytes of each direction into lines again.
struct Tracer {
    show: Trace,
    partial: [Vec<u8>; 2],
    /// Lines are shown as they are read: what Telnet has between their bytes may split a secret's command.
    telnet: [Filter; 2],
    /// How many of the bytes that wait to be sent were shown already.
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
