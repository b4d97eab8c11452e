//! The server's driver for any runtime: runs one session between its sockets and its host.

mod answering;
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
mod reporting;
mod transferring;

use ::std::future::Future;
use ::std::net::IpAddr;
use ::std::pin::Pin;
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};
use ::std::time::Duration;

use crate::action::Action;
use crate::codec::Text;
use crate::error::Error;
use crate::io::driver::control::{Changed, Control};
use crate::io::driver::data::Data;
use crate::io::host::{AsyncAccounts, AsyncFilesystem};
use crate::io::net::pool::Pool;
use crate::io::net::runtime::{Link, Network, Timed, Turns};
use crate::io::serve::Guesses;
use crate::io::serve::throttle::Throttle;
use crate::io::tls::Endpoint;
use crate::security::Upgrade;
use crate::server::{Config, Endpoints, Event, Session, Ticket};
use crate::time::Instant;
use asking::Asking;
use buffers::PATHS;
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

/// Number of bytes that take much longer to move than a command takes.
const MANY: u64 = 16 * 1024;

/// One client's session.
pub(in crate::io) struct Connection<R: Network, A: AsyncAccounts> {
    pub(in crate::io) runtime: Timed<R>,
    session: Session<Vec<u8>>,
    control: Control<Link<R>>,
    /// Spare buffers, shared by the sessions. The session holds none while it is `idle`.
    spares: Arc<Spares>,
    idle: bool,
    /// Maximum length of a command line.
    line: usize,
    data: Data<R>,
    accounts: Arc<A>,
    filesystem: Option<Arc<A::Filesystem>>,
    /// The virtual host that the client has chosen.
    host: Option<Vec<u8>>,
    /// The user name.
    user: Vec<u8>,
    /// The certificates from the handshake of the current TLS connection.
    certificates: Arc<[Vec<u8>]>,
    endpoints: Endpoints,
    endpoint: Option<Endpoint>,
    /// The request that the host is working on.
    asked: Option<(Ticket, Doing<A>)>,
    /// Set if the host's work has yielded and can continue at once, so that the client is served in
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
    /// The grace period of a shutdown, and the time at which that period ends.
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
    /// Sending the entries of a directory over the control connection.
    Telling(Box<Pages<<A::Filesystem as AsyncFilesystem>::Entries>>),
    /// Computing the hash of a file.
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

    /// Shares passive ports with the sessions of clients at other addresses.
    pub(in crate::io) fn share_ports(&mut self, pool: &Pool) {
        self.data.sharing = Some(pool.sharing(self.endpoints.peer.ip()));
    }

    /// Ends the session after its transfer, and at the latest when `grace` is over. Must be called
    /// at each turn from then on.
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
                // The end of the transfer is reported after its file has been aborted.
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
                    let bytes = self.reporter.bytes;
                    progress |= self.move_data(cx);
                    let hashes = ::std::mem::take(&mut self.host_moves);
                    if progress || hashes {
                        let many = self.reporter.bytes.abs_diff(bytes) > MANY;
                        ready!(turns.poll_after(hashes || many, cx));
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
}

#[cfg(test)]
mod tests;
