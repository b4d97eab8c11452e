//! The client's driver, on any runtime: it carries out the actions of an operation until the
//! operation ends.

mod moving;

use ::std::borrow::Cow;
use ::std::future::poll_fn;
use ::std::io;
use ::std::net::{IpAddr, SocketAddr};
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};
use ::std::time::Duration;

use super::dialer::{Dialer, Line};
use super::outcome::{Outcome, text};
use super::transfer::Transfer;
use crate::action::{Action, DataEvent, DataId, DataOp, Wait};
use crate::client::{
    Client, Config, Event, Offers, Open, Operation, Party, Profile, Protected, change_directory,
};
use crate::codec::{Escaped, Invalid, ReplyLine};
use crate::error::{Error as CoreError, PeerError};
use crate::io::driver::control::{Changed, Control, Trace};
use crate::io::driver::data::Data;
use crate::io::driver::spans::SessionSpan;
use crate::io::error::Error;
use crate::io::names::{self, Names};
use crate::io::net::runtime::{Runtime, Timed, Turns};
use crate::io::tls::Endpoint;
use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;
use crate::transfer::Marker;

/// A client's connection: the machine, the sockets and the buffers. No call keeps state anywhere
/// else across a wait, so the future of a call may be dropped at any point.
pub(super) struct Connection<R: Runtime> {
    pub(super) runtime: Timed<Dialer<R>>,
    machine: Client,
    control: Control<Line<R>>,
    data: Data<Dialer<R>>,
    turns: Turns,
    local: IpAddr,
    endpoint: Option<Endpoint>,
    /// Set while the server may send new TLS tickets after the last ones are used up.
    may_renew: bool,
    /// Maximum total time of one call.
    operation_timeout: Option<Duration>,
    /// The deadline of the latest call.
    call_deadline: Option<Instant>,
    span: SessionSpan,
    /// The caller's working directory, while the session is in another one.
    away: Option<Vec<u8>>,
    /// Number of operations of the caller, after any of which the session may be in another
    /// directory.
    visits: u64,
    names: Option<Arc<Names>>,
}

impl<R: Runtime> Connection<R> {
    pub(super) fn new(
        runtime: Timed<Dialer<R>>,
        stream: Line<R>,
        local: IpAddr,
        peer: SocketAddr,
        config: Config,
        endpoint: Option<Endpoint>,
    ) -> Self {
        let control = Control::new(stream, config.limits.line);
        let span = SessionSpan::client(peer);
        let (machine, data, turns) = (Client::new(config, peer), Data::new(), Turns::default());
        Self {
            runtime,
            machine,
            control,
            data,
            turns,
            local,
            endpoint,
            may_renew: true,
            operation_timeout: None,
            call_deadline: None,
            span,
            away: None,
            visits: 0,
            names: None,
        }
    }

    pub(super) fn set_trace(&mut self, trace: Option<Trace>) {
        self.control.set_trace(trace);
    }

    pub(super) fn set_names(&mut self, names: Option<Arc<Names>>) {
        self.names = names;
    }

    pub(super) fn names(&self) -> Option<&Names> {
        self.names.as_deref()
    }

    /// Returns the conversion of names, to be kept while the connection is borrowed.
    pub(super) fn shared_names(&self) -> Option<Arc<Names>> {
        self.names.clone()
    }

    /// Converts a path that the caller passed to the bytes that are sent to the server.
    pub(super) fn wire_name<'p>(&self, path: &'p [u8]) -> Result<Cow<'p, [u8]>, Error> {
        names::to_wire(self.names(), path)
    }

    /// Converts a path like [`wire_name`](Self::wire_name), and refuses an empty one.
    pub(super) fn wire_path<'p>(&self, path: &'p [u8]) -> Result<Cow<'p, [u8]>, Error> {
        match path.is_empty() {
            true => Err(Error::Argument(Invalid::new("a path that is not empty"))),
            false => self.wire_name(path),
        }
    }

    /// Converts a path that the server sent to the bytes that are returned to the caller.
    pub(super) fn local_name(&self, path: Vec<u8>) -> Result<Vec<u8>, Error> {
        names::from_wire(self.names(), path)
    }

    pub(super) fn set_profile(&mut self, profile: Profile) {
        self.machine.set_profile(profile);
    }

    pub(super) const fn set_operation_timeout(&mut self, timeout: Option<Duration>) {
        self.operation_timeout = timeout;
    }

    /// Returns the deadline of a call that begins now.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.operation_timeout.map(|timeout| self.runtime.now().after(timeout))
    }

    /// Starts the time limit of a call, which may consist of several operations.
    pub(super) fn begin_call(&mut self) {
        self.call_deadline = self.deadline();
    }

    /// Fails if the client was stopped.
    pub(super) fn check_stop(&self) -> Result<(), Error> {
        if self.runtime.is_stopped() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Fails if the client was stopped, or if the deadline of a call has passed.
    pub(super) fn check(&self, deadline: Option<Instant>) -> Result<(), Error> {
        self.check_stop()?;
        match deadline {
            Some(deadline) if self.runtime.now() >= deadline => Err(Error::Deadline),
            _ => Ok(()),
        }
    }

    pub(super) const fn offers(&self) -> Option<Offers> {
        self.machine.offers()
    }

    pub(super) const fn profile(&self) -> Profile {
        self.machine.profile()
    }

    /// Returns whether every further call would fail.
    pub(super) fn is_over(&self) -> bool {
        self.machine.is_closed() || self.runtime.is_stopped()
    }

    pub(super) const fn alterations(&self) -> u32 {
        self.machine.alterations()
    }

    pub(super) const fn last_marker(&self) -> Option<Marker> {
        self.machine.last_marker()
    }

    pub(super) fn protection(&self) -> Protected {
        self.machine.protection()
    }

    /// Runs an operation. The future may be dropped at any point: the next operation ends whatever
    /// it has begun.
    pub(super) async fn run<S: Outcome>(&mut self, operation: Operation<S>) -> Result<S::Owned, Error> {
        self.run_with(operation, |_| {}).await
    }

    /// Runs an operation, and calls `on_line` with each line of a reply except the last.
    pub(super) async fn run_with<S: Outcome>(
        &mut self,
        operation: Operation<S>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<S::Owned, Error> {
        self.go_home().await?;
        self.run_here(operation, on_line).await
    }

    /// Returns the session to the caller's working directory, and starts the time limit of a call.
    pub(super) async fn go_home(&mut self) -> Result<(), Error> {
        self.visits += 1;
        self.begin_call();
        let Some(home) = self.away.clone() else { return Ok(()) };
        self.run_here(change_directory(text(&home)?), |_| {}).await?;
        self.away = None;
        Ok(())
    }

    /// Records that the session is about to leave the directory `home`.
    pub(super) fn leave(&mut self, home: Vec<u8>) {
        self.away.get_or_insert(home);
    }

    /// Records that the session did not leave.
    pub(super) fn stay(&mut self) {
        self.away = None;
    }

    /// Returns a number that changes with every operation of the caller.
    pub(super) const fn visits(&self) -> u64 {
        self.visits
    }

    /// Runs an operation in a call that ends at `deadline`.
    pub(super) async fn run_until<S: Outcome>(
        &mut self,
        deadline: Option<Instant>,
        mut operation: Operation<S>,
    ) -> Result<S::Owned, Error> {
        poll_fn(|cx| self.poll_run(&mut operation, deadline, &mut |_| {}, cx)).await
    }

    /// Opens a transfer.
    ///
    /// If all tickets of TLS 1.3 are used up and the server sent none with the last transfer, it
    /// may refuse a data connection that resumes no session. In that case, a data connection that
    /// moves nothing is opened first, for the tickets that follow its handshake.
    pub(super) async fn open(&mut self, operation: Operation<Open<'_>>) -> Result<Transfer, Error> {
        self.go_home().await?;
        self.open_here(operation).await
    }

    /// Opens a transfer like [`open`](Self::open), in the session's current directory.
    pub(super) async fn open_here(&mut self, operation: Operation<Open<'_>>) -> Result<Transfer, Error> {
        let deadline = self.call_deadline;
        if self.may_renew && self.endpoint.as_ref().is_some_and(Endpoint::has_spent_its_tickets) {
            self.may_renew = self.renew_tickets(deadline).await?;
        }
        Ok(Transfer { deadline, ..self.run_until(deadline, operation).await? })
    }

    /// Obtains new tickets. Returns whether any are available now.
    async fn renew_tickets(&mut self, deadline: Option<Instant>) -> Result<bool, Error> {
        let refused = match self.run_until(deadline, crate::client::renew_session()).await {
            Ok(transfer) => {
                let (mut transfer, mut waste) = (Transfer { deadline, ..transfer }, [0; 512]);
                poll_fn(|cx| self.poll_read(&mut transfer, &mut waste, cx)).await.map(drop)
            }
            Err(error) => Err(error),
        };
        match refused {
            Err(error @ (Error::Local(_) | Error::Peer(..) | Error::Deadline | Error::Stopped)) => Err(error),
            // The server accepts connections that resume no session.
            Ok(()) => Ok(false),
            Err(_) => {
                // The refusal may arrive before the tickets.
                poll_fn(|cx| {
                    if self.runtime.poll_stopped(cx).is_ready() {
                        return Poll::Ready(());
                    }
                    match self.data.poll_retired(&self.runtime, self.endpoint.as_ref(), cx) {
                        Some(until) => {
                            let until = deadline.map_or(until, |deadline| deadline.min(until));
                            self.runtime.poll_deadline(until, cx)
                        }
                        None => Poll::Ready(()),
                    }
                })
                .await;
                Ok(!self.endpoint.as_ref().is_some_and(Endpoint::has_spent_its_tickets))
            }
        }
    }

    /// Runs an operation like [`run_with`](Self::run_with), in the session's current directory.
    pub(super) async fn run_here<S: Outcome>(
        &mut self,
        mut operation: Operation<S>,
        mut on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<S::Owned, Error> {
        let deadline = self.call_deadline;
        poll_fn(|cx| self.poll_run(&mut operation, deadline, &mut on_line, cx)).await
    }

    /// Runs an operation to its end and returns its output. After `deadline`, returns an error
    /// instead of waiting; the operation can then be dropped.
    fn poll_run<S: Outcome>(
        &mut self,
        operation: &mut Operation<S>,
        deadline: Option<Instant>,
        on_line: &mut impl FnMut(&ReplyLine<'_>),
        cx: &mut Context<'_>,
    ) -> Poll<Result<S::Owned, Error>> {
        loop {
            self.check_stop()?;
            let now = self.runtime.now();
            let (rx, tx) = (&mut self.control.rx, &mut self.control.tx);
            let step = match operation.step(&mut self.machine, now, &mut rx.view(), &mut tx.view()) {
                Ok(step) => step,
                Err(error) => return Poll::Ready(Err(self.broken(error))),
            };
            let event = match step {
                Action::Event(event) => event,
                Action::Data(id, op) => {
                    self.act(id, op);
                    continue;
                }
                Action::UpgradeControl(token) => {
                    self.control.upgrade(token);
                    continue;
                }
                Action::DowngradeControl(token) => {
                    self.control.downgrade(token);
                    continue;
                }
                Action::Close => {
                    return Poll::Ready(Err(self.broken(PeerError::Closed.into())));
                }
                // A peer that sends a byte now and then would otherwise keep this loop going past
                // the deadline.
                Action::Wait(_) if deadline.is_some_and(|deadline| now >= deadline) => {
                    return Poll::Ready(Err(Error::Deadline));
                }
                Action::Wait(wait) => {
                    ready!(self.poll_wait(&wait, deadline, cx));
                    continue;
                }
            };
            let bytes = |span| rx.bytes(span);
            return Poll::Ready(match event {
                Event::Line(line) => {
                    on_line(&line.resolve(bytes));
                    continue;
                }
                Event::Done(last) => S::own(operation.output(last.map(|line| line.resolve(bytes)))),
                Event::Refused(refusal) => Err(Error::Refused(refusal.map(bytes).into())),
                Event::Failed(failure) => Err(Error::Data(failure, self.data.error.take())),
            });
        }
    }

    /// Waits until one of the awaited events has happened, the deadline of the call has passed, or
    /// the client was stopped.
    pub(super) fn poll_wait(
        &mut self,
        wait: &Wait,
        deadline: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.runtime.poll_stopped(cx).is_ready() {
            return Poll::Ready(());
        }
        if let Poll::Ready(changed) = self.control.poll_change(self.endpoint.as_ref(), cx) {
            match changed {
                Changed::Upgraded(token) => self.machine.upgraded(token),
                Changed::Failed(Some(token)) => self.machine.upgrade_failed(token),
                Changed::Downgraded(token) => self.machine.downgraded(token),
                Changed::Failed(None) => {}
            }
            return Poll::Ready(());
        }
        let changing = self.control.is_changing();
        if wait.deadline.is_some_and(|deadline| self.runtime.now() >= deadline) {
            // The machine decides on the basis of everything that has arrived until now.
            self.control.look_again();
        }
        let mut progress = !changing && self.control.flush(cx);
        progress |= !changing && self.control.fill(cx);
        let endpoint = self.endpoint.as_ref();
        if let (Some(id), Poll::Ready(event)) =
            (self.data.id(), self.data.poll_setup(&self.runtime, endpoint, cx))
        {
            self.tell(id, event);
            progress = true;
        }
        let retiring = self.data.poll_retired(&self.runtime, self.endpoint.as_ref(), cx);
        match [wait.deadline, retiring, deadline].into_iter().flatten().min() {
            _ if progress => self.turns.poll_next(cx),
            Some(deadline) => self.runtime.poll_deadline(deadline, cx),
            None => Poll::Pending,
        }
    }

    /// Starts TLS on the control connection, as requested by a machine.
    pub(super) fn upgrade(&mut self, token: Upgrade) {
        self.control.upgrade(token);
    }

    /// Ends TLS on the control connection, as requested by a machine.
    pub(super) fn downgrade(&mut self, token: Downgrade) {
        self.control.downgrade(token);
    }

    /// Returns the machine and its buffers, for an operation on two connections.
    pub(super) fn party(&mut self) -> Party<'_, Vec<u8>, Vec<u8>> {
        Party { client: &mut self.machine, rx: &mut self.control.rx, tx: &mut self.control.tx }
    }

    pub(super) fn act(&mut self, id: DataId, op: DataOp) {
        if let Some(event) = self.data.act(&self.runtime, self.local, self.endpoint.as_ref(), id, op) {
            self.tell(id, event);
        }
    }

    fn tell(&mut self, id: DataId, event: DataEvent) {
        let told = self.machine.data_event(id, event);
        debug_assert!(told.is_ok(), "{event:?}: {told:?}");
    }

    pub(super) fn broken(&mut self, error: CoreError) -> Error {
        match error {
            CoreError::Local(error) => Error::Local(error),
            CoreError::Peer(error @ PeerError::UnexpectedReply(_)) => {
                let text = self.machine.last_stray().map(|(_, text)| Escaped(text).to_string());
                Error::Peer(error, text.map(io::Error::other))
            }
            CoreError::Peer(error) => Error::Peer(error, self.control.error.take()),
        }
    }
}
