//! The data connection: opened, listened for, and moved over, as a machine says.

mod parting;

use ::std::io;
use ::std::net::{IpAddr, SocketAddr};
use ::std::num::NonZeroU64;
use ::std::task::{Context, Poll, Waker, ready};
use ::std::time::Duration;

use super::pool::Sharing;
use super::runtime::{Link, Network, Timed, Turns};
use super::tls::Endpoint;
use super::wire::Wire;
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::time::Instant;
use crate::transfer::{Coding, Decoder, Encoder, Marker, TransferError};
use parting::Parting;

/// How much is moved at a time where the kernel does not do it: smaller costs CPU, larger gains nothing.
pub(super) const CHUNK: usize = 256 * 1024;

/// How much is encoded or decoded at a time at least, however little may be moved.
const SMALLEST: usize = 1024;

/// How much of a data connection under TLS is read at a time: four records.
const RECORDS: usize = 64 * 1024;

/// The data connection of a session, if there is one.
pub(super) struct Data<R: Network> {
    id: Option<DataId>,
    state: State<R>,
    retired: Option<Retired<R>>,
    /// The connection that was refused last, while it ends.
    parting: Option<Parting<R>>,
    /// Time until which a ticket is waited for before data is transferred.
    patience: Option<Instant>,
    /// Set after a wait for a ticket timed out, since another wait would too.
    in_vain: bool,
    /// Data still to be decoded, or encoded data to be sent.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Number of bytes of the file in the buffer that were not yet reported as sent.
    taken: usize,
    /// Number of bytes received, before decoding, that were not yet reported to the machine.
    untold: usize,
    /// A restart marker that followed the bytes returned last.
    marker: Option<Marker>,
    /// Number of bytes of the file that may still be sent.
    left: u64,
    /// The shared pool of passive ports, if one is used.
    pub(super) sharing: Option<Sharing>,
    /// Number of bytes that may be transferred until the caller sets it again.
    pub(super) allowance: usize,
    /// The error that a failure event stands for.
    pub(super) error: Option<io::Error>,
}

enum State<R: Network> {
    Closed,
    Connecting(Wire<Link<R>>),
    Listening(R::Listener),
    /// Someone came, and the machine is asked who it is.
    Arrived(R::Listener, Wire<Link<R>>),
    Open(Wire<Link<R>>),
    /// The TLS handshake is going on; the machine was told that the peer has begun it, or not.
    Securing(Wire<Link<R>>, bool),
    Receiving(Wire<Link<R>>, Decoder),
    Sending(Wire<Link<R>>, Encoder),
    /// All was sent, and the peer has yet to take it.
    Sent(Wire<Link<R>>),
    /// The same, and the machine waits for the peer to close its side.
    AwaitingClose(Wire<Link<R>>),
}

/// A connection that was given up, and that is still to bring a ticket: servers that want their sessions
/// resumed take each ticket of TLS 1.3 once, and without one left no data connection comes about any more.
struct Retired<R: Network> {
    wire: Wire<Link<R>>,
    until: Instant,
}

/// How long a connection that was given up may take to bring a ticket.
const TICKET_TIME: Duration = Duration::from_secs(1);

/// What a read off the data connection came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    /// Bytes of the file.
    pub(super) bytes: usize,
    /// What the machine is to be told of it.
    pub(super) event: DataEvent,
}

impl<R: Network> Data<R> {
    pub(super) fn new() -> Self {
        Self {
            id: None,
            state: State::Closed,
            retired: None,
            parting: None,
            patience: None,
            in_vain: false,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            taken: 0,
            untold: 0,
            marker: None,
            left: u64::MAX,
            sharing: None,
            allowance: usize::MAX,
            error: None,
        }
    }

    pub(super) const fn id(&self) -> Option<DataId> {
        self.id
    }

    /// Does what a machine says; what comes of it at once goes back to it.
    pub(super) fn act(
        &mut self,
        runtime: &Timed<R>,
        local: IpAddr,
        endpoint: Option<&Endpoint>,
        id: DataId,
        op: DataOp,
    ) -> Option<DataEvent> {
        match op {
            DataOp::Connect(to) => {
                self.open(id);
                match runtime.connect(to) {
                    Ok(stream) => self.state = State::Connecting(Wire::new(stream)),
                    Err(error) => return Some(self.fail(DataFailure::Unreachable, error)),
                }
            }
            DataOp::Listen { address, ports } => {
                self.open(id);
                let at = SocketAddr::new(address.unwrap_or(local), 0);
                match runtime.listen(at, ports, self.sharing.as_ref()) {
                    Ok((listener, at)) => {
                        self.state = State::Listening(listener);
                        return Some(DataEvent::Listening(at));
                    }
                    Err(error) => return Some(self.fail(DataFailure::Unreachable, error)),
                }
            }
            _ if self.id != Some(id) => {}
            DataOp::Admit => self.change(|state| match state {
                State::Arrived(_, stream) => State::Open(stream),
                state => state,
            }),
            DataOp::Reject => self.change(|state| match state {
                State::Arrived(listener, _) => State::Listening(listener),
                state => state,
            }),
            DataOp::StartTls => {
                let none = || io::Error::new(io::ErrorKind::Unsupported, "no TLS configuration was given");
                match endpoint.ok_or_else(none).and_then(|endpoint| endpoint.data_session(RECORDS)) {
                    Ok(session) => self.change(|state| match state {
                        State::Open(mut wire) => {
                            wire.secure(session);
                            State::Securing(wire, false)
                        }
                        state => state,
                    }),
                    Err(error) => return Some(self.fail(DataFailure::Handshake, error)),
                }
            }
            DataOp::SendTickets => {
                if let State::Open(wire) = &mut self.state {
                    wire.send_tickets(&mut Context::from_waker(Waker::noop()));
                }
            }
            DataOp::Send(parameters) => {
                self.left = parameters.limit.map_or(u64::MAX, NonZeroU64::get);
                return self.begin(parameters.coding, parameters.encoder(), State::Sending);
            }
            DataOp::Receive(parameters) => {
                return self.begin(parameters.coding, parameters.decoder(), State::Receiving);
            }
            DataOp::AwaitClose => self.change(|state| match state {
                State::Sent(wire) => State::AwaitingClose(wire),
                state => state,
            }),
            DataOp::Close => {
                match &mut self.state {
                    State::Sent(wire) | State::AwaitingClose(wire) => {
                        wire.drain(&mut Context::from_waker(Waker::noop()));
                    }
                    State::Open(_) => self.part(runtime, endpoint),
                    _ => {}
                }
                self.close();
            }
            DataOp::Abort => {
                if let Some(wire) = self.take_wire() {
                    let until = runtime.now().after(TICKET_TIME);
                    self.retired = Some(Retired { wire, until });
                    self.poll_retired(runtime, endpoint, &mut Context::from_waker(Waker::noop()));
                }
                self.close();
            }
        }
        None
    }

    fn open(&mut self, id: DataId) {
        self.close();
        self.id = Some(id);
        self.error = None;
    }

    fn close(&mut self) {
        (self.id, self.state, self.patience) = (None, State::Closed, None);
        (self.buffer, self.start, self.end, self.taken, self.untold) = (Vec::new(), 0, 0, 0, 0);
        self.marker = None;
    }

    fn change(&mut self, next: impl FnOnce(State<R>) -> State<R>) {
        self.state = next(::std::mem::replace(&mut self.state, State::Closed));
    }

    fn begin<T>(
        &mut self,
        coding: Coding,
        transformer: Option<T>,
        next: impl FnOnce(Wire<Link<R>>, T) -> State<R>,
    ) -> Option<DataEvent> {
        let Some(transformer) = transformer else {
            let error = io::Error::new(io::ErrorKind::Unsupported, format!("{coding:?}"));
            return Some(self.fail(DataFailure::Local, error));
        };
        self.change(|state| match state {
            State::Open(wire) => next(wire, transformer),
            state => state,
        });
        None
    }

    /// Closes the connection and keeps the error.
    pub(super) fn fail(&mut self, failure: DataFailure, error: io::Error) -> DataEvent {
        if let State::Sending(wire, _) = &mut self.state {
            // After an orderly end the client would take the part that was sent for the whole file.
            wire.reset_on_drop();
        }
        self.state = State::Closed;
        self.error = Some(error);
        DataEvent::Failed(failure)
    }

    /// Gives a connection that was given up its time. Says when to come back, whatever happens, for its sake
    /// or for that of a ticket.
    pub(super) fn poll_retired(
        &mut self,
        runtime: &Timed<R>,
        endpoint: Option<&Endpoint>,
        cx: &mut Context<'_>,
    ) -> Option<Instant> {
        let Some(Retired { wire, until }) = &mut self.retired else { return self.patience };
        let wanted = wire.may_bring_tickets() && endpoint.is_some_and(Endpoint::has_spent_its_tickets);
        if wanted && runtime.now() < *until && wire.poll_glean(cx).is_pending() {
            return Some(*until);
        }
        wire.reset_on_drop();
        self.retired = None;
        self.patience
    }

    /// Starts the orderly end of a server's connection that nothing was transferred on.
    fn part(&mut self, runtime: &Timed<R>, endpoint: Option<&Endpoint>) {
        if endpoint.is_some_and(Endpoint::is_server) {
            self.parting = self.take_wire().map(|wire| Parting::new(wire, runtime));
        }
    }

    /// Continues the end of a refused connection. Returns the time of the next call, or `None`.
    pub(super) fn poll_parting(&mut self, runtime: &Timed<R>, cx: &mut Context<'_>) -> Option<Instant> {
        if self.parting.as_mut()?.poll(runtime, cx).is_ready() {
            self.parting = None;
        }
        self.parting.as_ref().map(Parting::until)
    }

    fn take_wire(&mut self) -> Option<Wire<Link<R>>> {
        match ::std::mem::replace(&mut self.state, State::Closed) {
            State::Connecting(wire)
            | State::Arrived(_, wire)
            | State::Open(wire)
            | State::Securing(wire, _)
            | State::Receiving(wire, _)
            | State::Sending(wire, _)
            | State::Sent(wire)
            | State::AwaitingClose(wire) => Some(wire),
            State::Closed | State::Listening(_) => None,
        }
    }

    /// Makes the next poll accept the connections made so far, even if the runtime has not reported
    /// them.
    pub(super) fn look_again(&self, runtime: &Timed<R>) {
        if let State::Listening(listener) = &self.state {
            runtime.look_for_arrivals(listener);
        }
    }

    pub(super) const fn is_receiving(&self) -> bool {
        matches!(self.state, State::Receiving(..))
    }

    /// Whether what is received differs from the bytes of the file.
    pub(super) const fn is_decoding(&self) -> bool {
        matches!(&self.state, State::Receiving(_, decoder) if !decoder.is_identity())
    }

    pub(super) const fn is_sending(&self) -> bool {
        matches!(self.state, State::Sending(..))
    }

    pub(super) const fn is_moving(&self) -> bool {
        self.is_receiving() || self.is_sending()
    }

    /// Whether all that is to be sent of the file was taken, however it goes on.
    pub(super) const fn is_complete(&self) -> bool {
        self.is_sending() && self.left == 0
    }

    /// What happens before bytes move: the connection comes about.
    pub(super) fn poll_setup(
        &mut self,
        runtime: &Timed<R>,
        endpoint: Option<&Endpoint>,
        cx: &mut Context<'_>,
    ) -> Poll<DataEvent> {
        match &mut self.state {
            State::Connecting(wire) => match ready!(wire.poll_connected(cx)) {
                Ok(()) => {
                    self.change(|state| match state {
                        State::Connecting(wire) => State::Open(wire),
                        state => state,
                    });
                    Poll::Ready(DataEvent::Connected)
                }
                Err(error) => Poll::Ready(self.fail(DataFailure::Unreachable, error)),
            },
            State::Listening(listener) => match ready!(runtime.poll_accept(listener, cx)) {
                Ok((stream, peer)) => {
                    self.change(|state| match state {
                        State::Listening(listener) => State::Arrived(listener, Wire::new(stream)),
                        state => state,
                    });
                    Poll::Ready(DataEvent::Arrived(peer))
                }
                Err(error) => Poll::Ready(self.fail(DataFailure::Unreachable, error)),
            },
            State::Securing(wire, told) => {
                let shaken = wire.poll_handshake(cx);
                if !*told
                    && wire.has_heard_tls()
                    && wire.may_bring_tickets()
                    && !matches!(shaken, Poll::Ready(Err(_)))
                {
                    *told = true;
                    return Poll::Ready(DataEvent::Securing);
                }
                let resumed = match shaken {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(resumed)) => resumed,
                    Poll::Ready(Err(error)) => {
                        self.part(runtime, endpoint);
                        return Poll::Ready(self.fail(DataFailure::Handshake, error));
                    }
                };
                // Nothing moves before the ticket that was used up is replaced: the transfer may be given up at
                // any moment, and the next one needs it.
                let now = runtime.now();
                let until = *self.patience.get_or_insert(now.after(TICKET_TIME));
                let wanted = || resumed && endpoint.is_some_and(Endpoint::has_spent_its_tickets);
                if !self.in_vain && wire.poll_ticket(cx, wanted).is_pending() {
                    if now < until {
                        return Poll::Pending;
                    }
                    self.in_vain = true;
                }
                self.patience = None;
                self.change(|state| match state {
                    State::Securing(wire, _) => State::Open(wire),
                    state => state,
                });
                Poll::Ready(DataEvent::Secured { resumed })
            }
            State::Open(wire) => wire.poll_ahead(cx).map(|()| DataEvent::Ahead),
            State::Sent(wire) => {
                wire.drain(cx);
                Poll::Pending
            }
            State::AwaitingClose(wire) => {
                let (mut waste, mut turns) = ([0; 4096], Turns::default());
                loop {
                    match ready!(wire.poll_read(cx, &mut waste)) {
                        Ok(0) => {
                            self.state = State::Closed;
                            return Poll::Ready(DataEvent::Eof { clean: true });
                        }
                        // A server that talks back without end must not keep the caller from its other tasks.
                        Ok(_) => ready!(turns.poll_next(cx)),
                        Err(error) => return Poll::Ready(self.fail(DataFailure::Broken, error)),
                    }
                }
            }
            _ => Poll::Pending,
        }
    }

    /// Receives bytes of the file into `out`, which is not empty.
    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<Received> {
        if let Some(marker) = self.marker.take() {
            return Poll::Ready(Received { bytes: 0, event: DataEvent::Marker(marker) });
        }
        let State::Receiving(wire, decoder) = &mut self.state else { return Poll::Pending };
        if decoder.is_identity() {
            let most = out.len().min(self.allowance);
            return Poll::Ready(match ready!(wire.poll_read(cx, &mut out[..most])) {
                Ok(0) => self.end_of_data(true, cx),
                Ok(count) => Received { bytes: count, event: DataEvent::Moved(count as u64) },
                Err(error) if is_cut_short(&error) => self.end_of_data(false, cx),
                Err(error) => Received { bytes: 0, event: self.fail(DataFailure::Broken, error) },
            });
        }
        let decoded = loop {
            match decoder.decode(&self.buffer[self.start..self.end], out) {
                Ok(done) => {
                    self.start += done.read;
                    self.untold += done.read;
                    if let (Some(marker), 0) = (done.marker, done.written) {
                        return Poll::Ready(Received { bytes: 0, event: DataEvent::Marker(marker) });
                    }
                    self.marker = done.marker;
                    if done.written > 0 || decoder.is_ended() {
                        break Ok(done.written);
                    }
                }
                Err(error) => break Err(error),
            }
            if self.start < self.end {
                continue;
            }
            self.buffer.resize(self.allowance.clamp(SMALLEST, CHUNK), 0);
            match ready!(wire.poll_read(cx, &mut self.buffer)) {
                Ok(0) => break decoder.finish(out),
                Ok(count) => (self.start, self.end) = (0, count),
                // The encoding marks the end of the file, which was received.
                Err(_) if decoder.is_whole() => break Ok(0),
                Err(error) if is_cut_short(&error) => break Err(TransferError::Truncated),
                Err(error) => {
                    return Poll::Ready(Received { bytes: 0, event: self.fail(DataFailure::Broken, error) });
                }
            }
        };
        Poll::Ready(match decoded {
            Ok(0) => self.end_of_data(true, cx),
            Ok(bytes) => {
                let wire = ::std::mem::take(&mut self.untold);
                Received { bytes, event: DataEvent::Moved(wire as u64) }
            }
            Err(TransferError::Truncated) => self.end_of_data(false, cx),
            Err(error) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, error);
                Received { bytes: 0, event: self.fail(DataFailure::Malformed, error) }
            }
        })
    }

    fn end_of_data(&mut self, clean: bool, cx: &mut Context<'_>) -> Received {
        // A reader ends TLS, too; it has no need to wait until that has arrived.
        if let State::Receiving(wire, _) = &mut self.state {
            let _ = wire.poll_shut_down(cx);
        }
        // Closed at once: ProFTPD lingers for its client's end, ten seconds, before it confirms.
        self.state = State::Closed;
        Received { bytes: 0, event: DataEvent::Eof { clean } }
    }

    /// Sends bytes of the file: how many were taken, and what the machine is to be told.
    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<(usize, DataEvent)> {
        let State::Sending(wire, encoder) = &mut self.state else { return Poll::Pending };
        let bytes = &bytes[..bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX))];
        let result = if encoder.is_identity() {
            let bytes = &bytes[..bytes.len().min(self.allowance)];
            ready!(wire.poll_write(cx, bytes)).map(|count| {
                self.left -= count as u64;
                (count, count)
            })
        } else {
            if self.start == self.end {
                self.buffer.resize(self.allowance.clamp(SMALLEST, CHUNK), 0);
                let progress = encoder.encode(bytes, &mut self.buffer);
                (self.start, self.end) = (0, progress.written);
                self.taken = progress.read;
                self.left -= progress.read as u64;
                if progress.written == 0 {
                    return Poll::Ready((::std::mem::take(&mut self.taken), DataEvent::Moved(0)));
                }
            }
            match ready!(wire.poll_write(cx, &self.buffer[self.start..self.end])) {
                Ok(count) => {
                    self.start += count;
                    Ok((::std::mem::take(&mut self.taken), count))
                }
                Err(error) => Err(error),
            }
        };
        Poll::Ready(match result {
            Ok((taken, wire)) => (taken, DataEvent::Moved(wire as u64)),
            Err(error) => (0, self.fail(DataFailure::Broken, error)),
        })
    }

    /// Sends at most a chunk of `file` without looking at it, where the coding and the system allow that.
    pub(super) fn poll_send_file(
        &mut self,
        cx: &mut Context<'_>,
        file: &::std::fs::File,
    ) -> Poll<io::Result<usize>> {
        match &mut self.state {
            State::Sending(wire, encoder) if encoder.is_identity() => {
                let most =
                    usize::try_from(self.left).unwrap_or(usize::MAX).min(self.allowance).min(4 * CHUNK);
                if most == 0 {
                    return Poll::Ready(Ok(0));
                }
                let sent = ready!(wire.poll_send_file(cx, file, most));
                self.left -= sent.as_ref().map_or(0, |count| *count as u64);
                Poll::Ready(sent)
            }
            _ => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    /// All bytes were given: sends what is left and ends the sending side.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<DataEvent> {
        let State::Sending(wire, encoder) = &mut self.state else { return Poll::Pending };
        loop {
            while self.start < self.end {
                match ready!(wire.poll_write(cx, &self.buffer[self.start..self.end])) {
                    Ok(count) => self.start += count,
                    Err(error) => return Poll::Ready(self.fail(DataFailure::Broken, error)),
                }
            }
            if !encoder.is_identity() {
                self.buffer.resize(CHUNK, 0);
            }
            (self.start, self.end) = (0, encoder.finish(&mut self.buffer));
            if self.end == 0 {
                break;
            }
        }
        Poll::Ready(match ready!(wire.poll_shut_down(cx)) {
            Ok(()) => {
                self.change(|state| match state {
                    State::Sending(wire, _) => State::Sent(wire),
                    state => state,
                });
                DataEvent::Flushed
            }
            Err(error) => self.fail(DataFailure::Broken, error),
        })
    }
}

/// Whether a stream ended without the end that TLS makes: somebody may have cut it.
fn is_cut_short(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// Whether the kernel cannot move this file to this socket by itself.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}
