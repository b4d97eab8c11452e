//! The data connection: opened, accepted and used for transfers as a machine requests.

mod moving;
mod parting;

use ::std::io;
use ::std::net::{IpAddr, SocketAddr};
use ::std::num::NonZeroU64;
use ::std::task::{Context, Poll, Waker, ready};
use ::std::time::Duration;

use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::io::driver::wire::Wire;
use crate::io::net::pool::Sharing;
use crate::io::net::runtime::{Link, Network, Timed, Turns};
use crate::io::tls::{self, Endpoint};
use crate::time::Instant;
use crate::transfer::{Coding, Decoder, Encoder, Marker};
use parting::Parting;

/// Number of bytes to move at a time when the kernel does not move them. Fewer bytes cost CPU time,
/// and more gain nothing.
pub(in crate::io) const CHUNK: usize = 256 * 1024;

/// Minimum number of bytes to encode or decode at a time, even if fewer may be moved.
const SMALLEST: usize = 1024;

/// Number of bytes to read at a time from a data connection under TLS: four records.
const RECORDS: usize = 64 * 1024;

/// The data connection of a session, if there is one.
pub(in crate::io) struct Data<R: Network> {
    id: Option<DataId>,
    state: State<R>,
    retired: Option<Box<Retired<R>>>,
    /// The connection that was last refused, until it has ended.
    parting: Option<Box<Parting<R>>>,
    /// Time until which data waits for a ticket.
    patience: Option<Instant>,
    /// Set after a wait for a ticket has timed out, since another wait would time out too.
    ticket_timed_out: bool,
    /// Data still to be decoded, or encoded data to be sent.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Number of bytes of the file in the buffer that have not yet been reported as sent.
    taken: usize,
    /// Number of bytes received, before decoding, that have not yet been reported to the machine.
    unreported: usize,
    /// A restart marker that followed the bytes returned last.
    marker: Option<Marker>,
    /// Number of bytes of the file that may still be sent.
    left: u64,
    /// The shared pool of passive ports, if one is used.
    pub(in crate::io) sharing: Option<Sharing>,
    /// Number of bytes that may be transferred until the caller sets it again.
    pub(in crate::io) allowance: usize,
    /// The error behind the last failure event.
    pub(in crate::io) error: Option<io::Error>,
}

enum State<R: Network> {
    Closed,
    Connecting(Wire<Link<R>>),
    Listening(R::Listener),
    /// A peer has connected, and the machine decides whether to admit it.
    Arrived(R::Listener, Wire<Link<R>>),
    Open(Wire<Link<R>>),
    /// The TLS handshake is in progress. `true` once the machine knows that the peer has begun the
    /// handshake.
    Securing(Wire<Link<R>>, bool),
    Receiving(Wire<Link<R>>, Decoder),
    Sending(Wire<Link<R>>, Encoder),
    /// Everything has been sent, but the peer may not have received it yet.
    Sent(Wire<Link<R>>),
    /// Like `Sent`, while the machine waits for the peer to close its side.
    AwaitingClose(Wire<Link<R>>),
}

/// An abandoned connection that may still bring a ticket. Servers that require resumption accept
/// each TLS 1.3 ticket once, and without another ticket no further data connection is possible.
struct Retired<R: Network> {
    wire: Wire<Link<R>>,
    until: Instant,
}

/// Maximum time to wait for a ticket.
const TICKET_TIME: Duration = Duration::from_secs(1);

/// The result of a read from the data connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::io) struct Received {
    /// Number of bytes of the file.
    pub(in crate::io) bytes: usize,
    /// The event to report to the machine.
    pub(in crate::io) event: DataEvent,
}

impl<R: Network> Data<R> {
    pub(in crate::io) fn new() -> Self {
        Self {
            id: None,
            state: State::Closed,
            retired: None,
            parting: None,
            patience: None,
            ticket_timed_out: false,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            taken: 0,
            unreported: 0,
            marker: None,
            left: u64::MAX,
            sharing: None,
            allowance: usize::MAX,
            error: None,
        }
    }

    pub(in crate::io) const fn id(&self) -> Option<DataId> {
        self.id
    }

    /// Performs an operation for a machine. Returns an event if one occurs at once.
    pub(in crate::io) fn act(
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
                match endpoint
                    .ok_or_else(tls::not_configured)
                    .and_then(|endpoint| endpoint.data_session(RECORDS))
                {
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
                    State::Open(_) if endpoint.is_some_and(Endpoint::is_server) => self.part(runtime),
                    _ => {}
                }
                self.close();
            }
            DataOp::Abort => {
                if let Some(wire) = self.take_wire() {
                    let until = runtime.now().after(TICKET_TIME);
                    self.retired = Some(Box::new(Retired { wire, until }));
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
        (self.buffer, self.start, self.end, self.taken, self.unreported) = (Vec::new(), 0, 0, 0, 0);
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
            let obstacle = coding.obstacle().unwrap_or("the coding");
            let error =
                io::Error::new(io::ErrorKind::Unsupported, format!("this build does not have {obstacle}"));
            return Some(self.fail(DataFailure::Local, error));
        };
        self.change(|state| match state {
            State::Open(wire) => next(wire, transformer),
            state => state,
        });
        None
    }

    /// Closes the connection and keeps the error.
    pub(in crate::io) fn fail(&mut self, failure: DataFailure, error: io::Error) -> DataEvent {
        if let State::Sending(wire, _) = &mut self.state {
            // After an orderly end the peer would mistake the part that was sent for the whole
            // file.
            wire.reset_on_drop();
        }
        self.state = State::Closed;
        self.error = Some(error);
        DataEvent::Failed(failure)
    }

    /// Continues to wait for a ticket on an abandoned connection. Returns the latest time for the
    /// next call, for that connection or for a ticket on the current one.
    pub(in crate::io) fn poll_retired(
        &mut self,
        runtime: &Timed<R>,
        endpoint: Option<&Endpoint>,
        cx: &mut Context<'_>,
    ) -> Option<Instant> {
        let Some(Retired { wire, until }) = self.retired.as_deref_mut() else { return self.patience };
        let wanted = wire.may_bring_tickets() && endpoint.is_some_and(Endpoint::has_spent_its_tickets);
        if wanted && runtime.now() < *until && wire.poll_glean(cx).is_pending() {
            return Some(*until);
        }
        wire.reset_on_drop();
        self.retired = None;
        self.patience
    }

    /// Refuses the rest of what a server's client is sending, and keeps the error. The connection
    /// ends in order, so that the client reads the reply.
    pub(in crate::io) fn refuse(
        &mut self,
        failure: DataFailure,
        error: io::Error,
        runtime: &Timed<R>,
    ) -> DataEvent {
        self.part(runtime);
        self.fail(failure, error)
    }

    /// Starts the orderly end of a server's connection.
    fn part(&mut self, runtime: &Timed<R>) {
        self.parting = self.take_wire().map(|wire| Box::new(Parting::new(wire, runtime)));
    }

    /// Continues the end of a refused connection. Returns the time for the next call, or `None`.
    pub(in crate::io) fn poll_parting(
        &mut self,
        runtime: &Timed<R>,
        cx: &mut Context<'_>,
    ) -> Option<Instant> {
        if self.parting.as_mut()?.poll(runtime, cx).is_ready() {
            self.parting = None;
        }
        self.parting.as_ref().map(|parting| parting.until())
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
    pub(in crate::io) fn look_again(&self, runtime: &Timed<R>) {
        if let State::Listening(listener) = &self.state {
            runtime.look_for_arrivals(listener);
        }
    }

    pub(in crate::io) const fn is_receiving(&self) -> bool {
        matches!(self.state, State::Receiving(..))
    }

    /// Returns whether the received bytes differ from those of the file.
    pub(in crate::io) const fn is_decoding(&self) -> bool {
        matches!(&self.state, State::Receiving(_, decoder) if !decoder.is_identity())
    }

    pub(in crate::io) const fn is_sending(&self) -> bool {
        matches!(self.state, State::Sending(..))
    }

    pub(in crate::io) const fn is_moving(&self) -> bool {
        self.is_receiving() || self.is_sending()
    }

    /// Returns whether every byte of the file that is to be sent has been accepted, even if the
    /// file continues.
    pub(in crate::io) const fn is_complete(&self) -> bool {
        self.is_sending() && self.left == 0
    }

    /// Drives the connection while no bytes of the file move: during setup, and after everything
    /// has been sent.
    pub(in crate::io) fn poll_setup(
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
                let handshake = wire.poll_handshake(cx);
                if !*told
                    && wire.has_heard_tls()
                    && wire.may_bring_tickets()
                    && !matches!(handshake, Poll::Ready(Err(_)))
                {
                    *told = true;
                    return Poll::Ready(DataEvent::Securing);
                }
                let resumed = match handshake {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(resumed)) => resumed,
                    Poll::Ready(Err(error)) => {
                        if endpoint.is_some_and(Endpoint::is_server) {
                            self.part(runtime);
                        }
                        return Poll::Ready(self.fail(DataFailure::Handshake, error));
                    }
                };
                // Data waits until the ticket that was used is replaced, since the transfer may be
                // abandoned at any time and the next one needs a ticket.
                let now = runtime.now();
                let until = *self.patience.get_or_insert(now.after(TICKET_TIME));
                let wanted = || resumed && endpoint.is_some_and(Endpoint::has_spent_its_tickets);
                if !self.ticket_timed_out && wire.poll_ticket(cx, wanted).is_pending() {
                    if now < until {
                        return Poll::Pending;
                    }
                    self.ticket_timed_out = true;
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
                        // A peer that sends without end must not keep the caller from its other
                        // tasks.
                        Ok(_) => ready!(turns.poll_next(cx)),
                        Err(error) => return Poll::Ready(self.fail(DataFailure::Broken, error)),
                    }
                }
            }
            _ => Poll::Pending,
        }
    }
}

/// Returns whether a stream ended without close_notify, so that someone may have truncated it.
fn is_cut_short(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// Returns whether the kernel cannot move this file to this socket by itself.
pub(in crate::io) fn is_unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}
