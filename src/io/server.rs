//! The server's driver for any runtime: runs one session between its sockets and its host.

mod asking;
mod buffers;
mod cutting;
mod events;
mod hashing;
mod listed;
pub(in crate::io) mod login;
mod moving;
pub(in crate::io) mod offload;
mod pages;

use ::std::future::Future;
use ::std::net::IpAddr;
use ::std::num::NonZeroU64;
use ::std::pin::Pin;
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};
use ::std::time::Duration;

use crate::action::{Action, DataEvent, DataId, DataOp};
use crate::buffer::Span;
use crate::codec::Text;
use crate::error::{Error, LocalError};
use crate::io::driver::control::{Changed, Control};
use crate::io::driver::data::Data;
use crate::io::host::{AsyncAccounts, AsyncFilesystem, Refusal, Visitor};
use crate::io::net::pool::Pool;
use crate::io::net::runtime::{Link, Network, Timed, Turns};
use crate::io::serve::Guesses;
use crate::io::serve::throttle::Throttle;
use crate::io::server::login::Login;
use crate::io::tls::Endpoint;
use crate::security::Upgrade;
use crate::server::{Answer, Config, Endpoints, Event, EventKind, Request, Session, Ticket};
use crate::time::Instant;
use asking::{Asking, Told};
use buffers::{Buffers, PATHS};
use cutting::Cutting;
use events::Reporter;
use hashing::Hashing;
use moving::Moving;
use pages::Pages;

pub(in crate::io) use buffers::Spares;
pub(in crate::io) use events::Hooks;
pub use events::{Closed, Happening, SessionEvent, Transferred, XferlogLine};

/// A call to the host. Dropping it cancels the call.
type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Maximum time for a client to read the last reply and close its side.
const LINGER: Duration = Duration::from_secs(2);

/// One client's session.
pub(in crate::io) struct Connection<R: Network, A: AsyncAccounts> {
    pub(in crate::io) runtime: Timed<R>,
    session: Session<Vec<u8>>,
    control: Control<Link<R>>,
    /// The buffers of sessions that work. The session has none of its own while it is `idle`.
    spares: Arc<Spares>,
    idle: bool,
    /// Maximum length of a command line.
    line: usize,
    data: Data<R>,
    accounts: Arc<A>,
    filesystem: Option<Arc<A::Filesystem>>,
    /// The virtual host that the client has chosen, and the user.
    host: Option<Vec<u8>>,
    user: Vec<u8>,
    /// The certificates from the handshake of the current TLS connection.
    certificates: Arc<[Vec<u8>]>,
    endpoints: Endpoints,
    endpoint: Option<Endpoint>,
    /// The request that the host is working on.
    asked: Option<(Ticket, Doing<A>)>,
    /// Set if the host's work yielded and can go on at once, so that the client is served in
    /// between.
    host_moves: bool,
    moving: Option<Box<Moving<A::Filesystem>>>,
    /// The file of an upload that was cut off, while the host aborts it.
    cutting: Cutting,
    admitted: bool,
    /// The rate limits of the session's transfers.
    pub(in crate::io) throttle: Throttle,
    /// The failed logins of all connections, if they are counted.
    pub(in crate::io) guesses: Option<Arc<Guesses>>,
    /// Time until which a login is delayed before the host is asked.
    held: Option<Instant>,
    /// The address of the proxy that forwards the client's connections, if any.
    pub(in crate::io) proxy: Option<IpAddr>,
    /// Set during a shutdown: its grace period, and the end of that.
    ending: Option<(Duration, Instant)>,
    /// Set once the dialogue is over: the deadline for an orderly close.
    closing: Option<Instant>,
    /// The result with which the dialogue ended.
    ended: Result<(), Error>,
    reporter: Reporter,
}

/// The work on a request.
enum Doing<A: AsyncAccounts> {
    Asking(Asking<A::Filesystem>),
    /// The entries of a directory are sent over the control connection.
    Telling(Pages<<A::Filesystem as AsyncFilesystem>::Entries>),
    /// The hash of a file is computed.
    Hashing(Box<Hashing<<A::Filesystem as AsyncFilesystem>::File>>),
}

impl<R: Network, A: AsyncAccounts> Connection<R, A> {
    pub(in crate::io) fn new(
        runtime: Timed<R>,
        stream: Link<R>,
        endpoints: Endpoints,
        config: Config,
        accounts: Arc<A>,
        admitted: bool,
        endpoint: Option<Endpoint>,
    ) -> Self {
        Self {
            runtime,
            control: Control::new(stream, config.limits.line),
            line: config.limits.line,
            session: Session::new(config, endpoints, vec![0; PATHS]),
            spares: Arc::default(),
            idle: false,
            data: Data::new(),
            accounts,
            filesystem: None,
            host: None,
            user: Vec::new(),
            certificates: Arc::default(),
            endpoints,
            endpoint,
            asked: None,
            host_moves: false,
            moving: None,
            cutting: Cutting::default(),
            admitted,
            throttle: Throttle::default(),
            guesses: None,
            held: None,
            proxy: None,
            ending: None,
            closing: None,
            ended: Ok(()),
            reporter: Reporter::new(endpoints),
        }
    }

    /// Reports the session to the server's owner, beginning with its opening.
    pub(in crate::io) fn with_hooks(mut self, hooks: Hooks) -> Self {
        self.reporter.begin(hooks);
        self.control.set_trace(self.reporter.trace());
        self
    }

    /// Shares the memory for buffers with the other sessions of the server.
    pub(in crate::io) fn share_buffers(&mut self, spares: &Arc<Spares>) {
        self.spares = Arc::clone(spares);
    }

    /// Shares passive ports with the sessions of clients at other addresses.
    pub(in crate::io) fn share_ports(&mut self, pool: &Pool) {
        self.data.sharing = Some(pool.sharing(self.endpoints.peer.ip()));
    }

    /// Ends the session after its transfer, and at the latest when `grace` is over. Has to be
    /// called at each turn from then on.
    pub(in crate::io) fn shut_down(&mut self, grace: Duration, cx: &mut Context<'_>) {
        let now = self.runtime.now();
        let end = match self.ending {
            Some((before, end)) if before == grace => end,
            _ => now.after(grace),
        };
        self.ending = Some((grace, end));
        self.take_buffers();
        if let Some(closing) = &mut self.closing {
            // The session is ending already.
            *closing = end.min(*closing);
        } else if now >= end || self.runtime.poll_deadline(end, cx).is_ready() {
            self.session.close(Text::literal("The server is shutting down."), &mut self.control.tx);
        } else {
            self.session.shut_down();
        }
    }

    /// Serves the client until the session is over. A session that only waits for its client's next
    /// command holds no buffers.
    pub(in crate::io) fn poll_serve(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.take_buffers();
        let served = self.poll_turns(cx);
        if served.is_pending() {
            self.give_up_buffers();
        }
        served
    }

    /// Takes buffers if the session has none.
    fn take_buffers(&mut self) {
        if !::std::mem::take(&mut self.idle) {
            return;
        }
        let Buffers { control, paths } = self.spares.take(self.line);
        // The connection was idle, and the paths were no longer than this.
        let _ = self.control.replace_storage(control);
        let _ = self.session.replace_paths(paths);
    }

    /// Gives the buffers up if nothing is in them and nothing is being done.
    fn give_up_buffers(&mut self) {
        let works = self.asked.is_some() || self.moving.is_some() || self.control.is_changing();
        if works || self.closing.is_some() {
            return;
        }
        let Some(control) = self.control.give_up_storage() else { return };
        let own = vec![0; self.session.paths_in_use()];
        let paths = self.session.replace_paths(own).unwrap_or_default();
        self.spares.put(self.line, Buffers { control, paths });
        self.idle = true;
    }

    fn poll_turns(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut turns = Turns::default();
        let deadline = loop {
            self.cut_what_is_over();
            ready!(self.cutting.poll(&mut self.runtime, self.ending.map(|(_, end)| end), cx));
            if let Some(deadline) = self.closing {
                break deadline;
            }
            self.poll_host(cx);
            let now = self.runtime.now();
            let (rx, tx) = (&mut self.control.rx, &mut self.control.tx);
            let step = match self.session.step(now, &mut rx.view(), &mut tx.view()) {
                Ok(step) => step,
                Err(error) => {
                    self.take_events();
                    if let Some(error) = self.session.ended_by() {
                        self.reporter.closed = Closed::Peer(error);
                    }
                    self.asked = None;
                    self.cut();
                    // The peer may have half-closed: what is queued can still arrive.
                    self.ended = Err(error);
                    self.linger(now);
                    continue;
                }
            };
            self.take_events();
            match step {
                Action::Event(Event::Request(ticket, asked)) => self.request(ticket, asked),
                Action::UpgradeControl(token) => self.control.upgrade(token),
                Action::DowngradeControl(token) => self.control.downgrade(token),
                Action::Data(id, op) => {
                    self.act(id, op);
                    // The awaited data may already be there, and precedes the client's next
                    // command.
                    self.move_data(cx);
                }
                Action::Event(Event::Abort) => self.give_up(),
                Action::Close => {
                    if let Some(error) = self.session.ended_by() {
                        self.reporter.closed = Closed::Peer(error);
                    }
                    self.asked = None;
                    self.cut();
                    self.linger(now);
                }
                // The end of the transfer is reported after its file was aborted.
                Action::Wait(_) if self.cut_what_is_over() => {}
                Action::Wait(wait) => {
                    if let Poll::Ready(changed) = self.control.poll_change(self.endpoint.as_ref(), cx) {
                        match changed {
                            Changed::Upgraded(token) => self.upgraded(token),
                            Changed::Failed(Some(token)) => self.session.upgrade_failed(token),
                            Changed::Downgraded(token) => self.session.downgraded(token),
                            Changed::Failed(None) => {}
                        }
                        continue;
                    }
                    let changing = self.control.is_changing();
                    let mut progress = !changing && self.control.flush(cx);
                    if !changing && self.control.fill(cx) {
                        // Connections made before this command was sent are accepted first.
                        self.data.look_again(&self.runtime);
                        progress = true;
                    }
                    if self.control.error.is_some() && !self.session.is_storing() {
                        // The reply can no longer reach the client.
                        self.give_up();
                    }
                    progress |= self.move_data(cx);
                    progress |= ::std::mem::take(&mut self.host_moves);
                    if progress {
                        ready!(turns.poll_next(cx));
                        continue;
                    }
                    match wait.deadline {
                        Some(deadline) if self.runtime.poll_deadline(deadline, cx).is_ready() => {}
                        _ => return Poll::Pending,
                    }
                }
            }
        };
        if self.control.poll_close(cx).is_pending() {
            ready!(self.runtime.poll_deadline(deadline, cx));
        }
        Poll::Ready(::std::mem::replace(&mut self.ended, Ok(())))
    }

    /// Sets the deadline for an orderly close after the end of the dialogue.
    fn linger(&mut self, now: Instant) {
        let linger = now.after(LINGER);
        self.closing = Some(self.ending.map_or(linger, |(_, end)| linger.min(end)));
    }

    fn upgraded(&mut self, token: Upgrade) {
        self.certificates = self.control.peer_certificates().into();
        match *self.certificates {
            [] => self.session.upgraded(token),
            [..] => self.session.upgraded_with_certificate(token),
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.session.take_event() {
            self.event(event);
        }
    }

    fn event(&mut self, event: EventKind) {
        if event == EventKind::Reset {
            (self.filesystem, self.host, self.user) = (None, None, Vec::new());
        }
        self.tell_login(&event);
        let certificates = self.certificates();
        let reporter = &mut self.reporter;
        // A failed login is reported under the name that was refused.
        if !matches!(event, EventKind::LoginFailed) {
            reporter.visitor.user.clone_from(&self.user);
        }
        reporter.visitor.host.clone_from(&self.host);
        reporter.visitor.secured = self.session.is_secured();
        reporter.visitor.failed_logins = self.session.failed_logins();
        reporter.visitor.set_certificates(certificates);
        match event {
            EventKind::Secured => reporter.report(Happening::Secured),
            EventKind::Cleared => reporter.report(Happening::Cleared),
            EventKind::LoggedIn => reporter.report(Happening::LoggedIn),
            EventKind::LoginFailed => {
                if let Some(guesses) = &self.guesses {
                    guesses.failed(self.endpoints.peer.ip(), self.runtime.now());
                }
                reporter.report(Happening::LoginFailed);
                reporter.visitor.user.clone_from(&self.user);
            }
            EventKind::Reset => reporter.report(Happening::Reset),
            EventKind::Transferred(end) => {
                reporter.transferred(end, self.runtime.now());
            }
            EventKind::Changed(change) => reporter.changed(change),
            EventKind::Left => reporter.closed = Closed::Left,
        }
    }

    /// Reports logins to the TLS layer, which shares sessions between the connections of a user.
    fn tell_login(&self, event: &EventKind) {
        let Some(endpoint) = &self.endpoint else { return };
        endpoint.tell_login(match event {
            EventKind::LoggedIn
                if self.session.shares_tls_sessions() && !self.accounts.is_anonymous(&self.visitor()) =>
            {
                let address = self.endpoints.peer.ip();
                Login::User { host: self.host.as_deref(), name: &self.user, address }
            }
            EventKind::LoggedIn => Login::Unshared,
            EventKind::Reset => Login::Nobody,
            _ => return,
        });
    }

    fn act(&mut self, id: DataId, op: DataOp) {
        if matches!(op, DataOp::Abort) {
            self.cut();
        }
        if let (DataOp::Receive(parameters), Some(moving)) = (&op, &mut self.moving) {
            moving.begin(parameters.limit.map_or(u64::MAX, NonZeroU64::get));
        }
        let local = self.endpoints.local.ip();
        if let Some(event) = self.data.act(&self.runtime, local, self.endpoint.as_ref(), id, op) {
            self.tell(id, event);
        }
    }

    /// Ends a transfer early. The file of an upload is aborted before anything else happens.
    fn cut(&mut self) {
        if let Some(abort) = self.moving.take().and_then(|moving| moving.abort()) {
            self.cutting.begin(abort, self.runtime.now());
        }
    }

    /// Calls [`cut`](Self::cut) if the machine has ended the transfer. Returns whether it had.
    fn cut_what_is_over(&mut self) -> bool {
        let is_over = self.moving.is_some() && !self.session.is_transferring();
        if is_over {
            self.cut();
        }
        is_over
    }

    fn tell(&mut self, id: DataId, event: DataEvent) {
        let told = self.session.data_event(id, event);
        debug_assert!(told.is_ok(), "{event:?}: {told:?}");
    }

    /// Passes a request to the host.
    fn request(&mut self, ticket: Ticket, asked: Request<Span>) {
        let rx = &self.control.rx;
        let request = asked.resolve(|place| rx.bytes(place));
        self.reporter.visitor = self.visitor();
        // A commit concerns the upload that was opened before.
        if !matches!(request, Request::Commit) {
            self.reporter.asked(self.session.path(), self.session.source_path());
        }
        self.held = None;
        let work = match request {
            Request::Admit => {
                let admitted = if self.admitted { Ok(Told::Done) } else { Err(Refusal::Busy) };
                return self.answer(ticket, admitted);
            }
            Request::Commit => asking::finish(self.moving.take().map(|moving| *moving)),
            Request::Identify => asking::ask_accounts(&self.accounts, self.visitor(), &Request::Identify),
            request @ (Request::Login { .. } | Request::Account { .. } | Request::Host(_)) => {
                if let (Some(guesses), false) = (&self.guesses, matches!(request, Request::Host(_))) {
                    let now = self.runtime.now();
                    self.held = Some(now.after(guesses.delay(self.endpoints.peer.ip(), now)));
                }
                asking::ask_accounts(&self.accounts, self.visitor(), &request)
            }
            request => match &self.filesystem {
                Some(filesystem) if self.session.is_logged_in() => {
                    asking::ask(filesystem, &self.session, &request)
                }
                _ => asking::ask_accounts(&self.accounts, self.visitor(), &request),
            },
        };
        self.asked = Some((ticket, Doing::Asking(work)));
    }

    /// Returns what is known of the client, with the attempted user name before login.
    fn visitor(&self) -> Visitor {
        let logged_in = self.session.is_logged_in();
        let user = if logged_in { self.user.clone() } else { self.session.user().to_vec() };
        let mut visitor = Visitor::new(user, self.endpoints.peer, self.endpoints.local);
        visitor.secured = self.session.is_secured();
        visitor.host.clone_from(&self.host);
        visitor.failed_logins = self.session.failed_logins();
        visitor.set_certificates(self.certificates());
        visitor
    }

    /// Returns the client's certificates, while the TLS connection that verified them is in use.
    fn certificates(&self) -> Arc<[Vec<u8>]> {
        if self.session.is_certified() { Arc::clone(&self.certificates) } else { Arc::default() }
    }

    /// Continues the host's work on a request.
    fn poll_host(&mut self, cx: &mut Context<'_>) {
        // If the session no longer waits for the answer, the work is dropped.
        let Some((ticket, mut doing)) = self.asked.take() else { return };
        let told = match &mut doing {
            _ if !self.session.awaits(&ticket) => return,
            _ if self.held.is_some_and(|until| self.runtime.poll_deadline(until, cx).is_pending()) => {
                Poll::Pending
            }
            Doing::Asking(work) => match work.as_mut().poll(cx) {
                Poll::Ready(Ok(Told::Entries(mut pages))) => {
                    let told = self.poll_tell(&ticket, &mut pages, cx);
                    doing = Doing::Telling(pages);
                    told
                }
                Poll::Ready(Ok(Told::Hashing(hashing))) => {
                    doing = Doing::Hashing(hashing);
                    self.host_moves = true;
                    Poll::Pending
                }
                told => told,
            },
            Doing::Hashing(hashing) => match hashing.poll_piece(cx) {
                Poll::Ready(Some(digest)) => Poll::Ready(digest.map(Told::Digest)),
                more => {
                    self.host_moves = more.is_ready();
                    Poll::Pending
                }
            },
            Doing::Telling(pages) => self.poll_tell(&ticket, pages, cx),
        };
        match told {
            Poll::Ready(told) => self.answer(ticket, told),
            Poll::Pending => self.asked = Some((ticket, doing)),
        }
    }

    /// Sends the entries of a directory, as far as there is room.
    fn poll_tell(
        &mut self,
        ticket: &Ticket,
        pages: &mut Pages<<A::Filesystem as AsyncFilesystem>::Entries>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Told<A::Filesystem>, Refusal>> {
        loop {
            let owned = match ready!(pages.poll_next(cx)) {
                Some(Ok(owned)) => owned,
                Some(Err(_)) => return Poll::Ready(Err(Refusal::Failed)),
                None => return Poll::Ready(Ok(Told::Done)),
            };
            match self.session.send_entry(ticket, &owned.entry(), &mut self.control.tx) {
                Ok(()) => {}
                Err(LocalError::NoRoom) => {
                    pages.put_back(owned);
                    return Poll::Pending;
                }
                Err(_) => return Poll::Ready(Err(Refusal::Failed)),
            }
        }
    }

    /// Passes the host's answer to the session, and keeps the file or login that came with it.
    fn answer(&mut self, ticket: Ticket, told: Result<Told<A::Filesystem>, Refusal>) {
        let (entry, lines, user);
        user = self.session.user().to_vec();
        let answer = match &told {
            Ok(Told::Done | Told::LoggedIn(_) | Told::Host(_) | Told::Entries(_) | Told::Hashing(_)) => {
                Answer::Done
            }
            Ok(Told::Entry(owned)) => {
                entry = owned.entry();
                Answer::Entry(&entry)
            }
            Ok(Told::Opened { size, unique_name, .. }) => {
                let unique_name = unique_name.as_deref().and_then(|name| Text::new(name).ok());
                Answer::Opened { size: *size, unique_name }
            }
            Ok(Told::Digest(digest)) => Answer::Digest { digest: &digest.bytes, range: digest.range },
            Ok(Told::Count(count)) => Answer::Count(*count),
            Ok(Told::Reply(reply)) => {
                lines = reply.texts();
                Answer::Reply(reply.code, &lines)
            }
            Err(refusal) => Answer::Refused(*refusal),
        };
        let answered = match self.session.answer(ticket, answer, &mut self.control.tx) {
            // The host's own reply is not one that this command may get.
            Err((LocalError::WrongAnswer, ticket)) => {
                let failed = Answer::Refused(Refusal::Failed);
                self.session.answer(ticket, failed, &mut self.control.tx)
            }
            answered => answered,
        };
        debug_assert!(answered.is_ok(), "{answered:?}");
        match told {
            // The session may still refuse a file after the host has opened it.
            Ok(Told::Opened { moving, unique_name, .. }) => {
                self.moving = Some(Box::new(moving));
                if answered.is_ok() && self.session.is_transferring() {
                    self.reporter.opened(unique_name.as_deref(), self.runtime.now());
                } else {
                    self.cut();
                }
            }
            _ if answered.is_err() => {}
            Ok(Told::LoggedIn(filesystem)) => {
                if !user.is_empty() {
                    self.user = user;
                }
                self.filesystem = Some(filesystem);
            }
            Ok(Told::Host(name)) => self.host = Some(name),
            _ => {}
        }
        self.take_events();
    }

    /// Cancels the host's work on a request whose answer the client no longer wants.
    fn give_up(&mut self) {
        if let Some((ticket, _)) = self.asked.take() {
            self.answer(ticket, Err(Refusal::Aborted));
        }
    }

    /// Moves bytes between the host and the data connection, or sets the connection up. Returns
    /// whether anything happened.
    fn move_data(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(until) = self.data.poll_parting(&self.runtime, cx) {
            if self.runtime.poll_deadline(until, cx).is_ready() {
                let _ = self.data.poll_parting(&self.runtime, cx);
            }
        }
        let Some(id) = self.data.id() else { return false };
        if self.data.is_moving() {
            match self.throttle.poll_allowance(&mut self.runtime, cx) {
                Poll::Ready(allowance) => self.data.allowance = allowance,
                Poll::Pending => return false,
            }
        }
        let event = match &mut self.moving {
            Some(moving) if self.data.is_sending() => moving.poll_send(&mut self.data, cx),
            Some(moving) if self.data.is_receiving() => moving.poll_receive(&mut self.data, cx),
            _ => self.data.poll_setup(&self.runtime, self.endpoint.as_ref(), cx),
        };
        let Poll::Ready(mut event) = event else { return false };
        let moved = self.moving.as_ref().map_or(self.reporter.bytes, |moving| moving.moved());
        let worked = moved.saturating_sub(::std::mem::replace(&mut self.reporter.bytes, moved));
        match &mut event {
            DataEvent::Flushed => {
                self.moving = None;
                // The reply may have to wait until the client closes the connection.
                self.act(id, DataOp::AwaitClose);
            }
            DataEvent::Moved(0) => self.throttle.worked(self.runtime.now(), worked),
            DataEvent::Moved(bytes) => self.throttle.spend(*bytes),
            // The proxy vouches for its own connections.
            DataEvent::Arrived(from) if self.proxy.is_some_and(|proxy| is_same(proxy, from.ip())) => {
                *from = self.endpoints.peer;
            }
            _ => {}
        }
        self.tell(id, event);
        true
    }
}

/// Returns whether two addresses are the same. An IPv4-mapped address is the same as the IPv4
/// address.
fn is_same(one: IpAddr, other: IpAddr) -> bool {
    one.to_canonical() == other.to_canonical()
}

#[cfg(test)]
mod tests;
