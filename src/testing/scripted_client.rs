//! The peer of a session: a client controlled by the test.

mod data;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use super::{Attempt, Pieces, SessionHost};
use crate::action::{Action, DataOp, Wait};
use crate::buffer::{RecvBuf, SendBuf};
use crate::codec::{EndRule, Reply, Text};
use crate::error::{Error, LocalError};
use crate::server::{Answer, Config, Endpoints, Event, EventKind, Request, Session, Ticket};
use crate::time::Instant;
pub use data::DataState;
use data::SessionData;

/// The default addresses of the control connection.
const ENDPOINTS: Endpoints = Endpoints {
    local: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 21),
    peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 40_000),
};

/// Number of polls after which a session is considered endless.
const ENDLESS: usize = 1_000_000;

/// A session with its buffers.
type Parts<'a> = (&'a mut Session<Vec<u8>>, &'a mut RecvBuf<Vec<u8>>, &'a mut SendBuf<Vec<u8>>);

/// The way in which a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEnd {
    /// The session closed the control connection.
    Close,
    /// The client violated the protocol, or the session was misused.
    Error(Error),
}

/// A client controlled by the test, with the session and host under test.
///
/// ```
/// use core::time::Duration;
/// use ftp_proto::server::Config;
/// use ftp_proto::testing::{MemoryHost, ScriptedClient, SessionEnd};
///
/// let host = MemoryHost::new().with_file("/f", "content");
/// let mut client = ScriptedClient::new(Config::default(), host);
/// client.send("USER me\r\nPASS sesame\r\nTYPE I\r\n");
/// assert_eq!(client.codes(), [220, 331, 230, 200]);
///
/// client.send("EPSV\r\n");
/// assert!(client.connect_data("192.0.2.2:40001".parse().unwrap()));
/// client.send("RETR f\r\n");
/// assert_eq!(client.download(), b"content");
/// assert_eq!(client.codes(), [229, 150, 226]);
///
/// client.pass(Duration::from_secs(24 * 3600));
/// assert_eq!(client.codes(), [421]);
/// assert_eq!(client.end(), Some(SessionEnd::Close));
/// ```
///
/// # Panics
/// Every method that runs the session panics if the session does not stop making progress, if it
/// contradicts itself, or if it connects to a port below 1024 (RFC 2577 3).
#[derive(Debug)]
pub struct ScriptedClient<H> {
    session: Session<Vec<u8>>,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    now: Instant,
    host: H,
    pieces: Pieces,
    upgrades: Attempt,
    /// Set if the client presents a certificate in TLS handshakes.
    certified: bool,
    /// Set if the client reads nothing.
    deaf: bool,
    /// The ticket of a request that the host has not answered.
    waiting: Option<Ticket>,
    data: SessionData,
    inbox: VecDeque<u8>,
    out: Vec<u8>,
    wait: Wait,
    end: Option<SessionEnd>,
    records: Records,
}

/// Records for tests to inspect.
#[derive(Clone, Debug, Default)]
struct Records {
    ops: Vec<DataOp>,
    notes: Vec<EventKind>,
    writes: Vec<Vec<u8>>,
    aborts: usize,
    upgrades: usize,
    downgrades: usize,
}

/// Actions of the client.
impl<H: SessionHost> ScriptedClient<H> {
    /// Creates a client at 192.0.2.2 that has connected to a session at 192.0.2.1, and runs the
    /// session until it has sent its greeting, the first of the [`replies`](Self::replies).
    #[must_use]
    pub fn new(config: Config, host: H) -> Self {
        let mut client = Self::silent(config, ENDPOINTS, host);
        client.settle();
        client
    }

    /// Creates a client and a session at these addresses without polling the session. The session
    /// sends its greeting in the first [`settle`](Self::settle).
    #[must_use]
    pub fn silent(config: Config, endpoints: Endpoints, host: H) -> Self {
        Self {
            rx: RecvBuf::new(vec![0; config.limits.line + 2]),
            tx: SendBuf::new(vec![0; 4096]),
            session: Session::new(config, endpoints, vec![0; 8192]),
            now: Instant::from_micros(1_000_000),
            host,
            pieces: Pieces::whole(),
            upgrades: Attempt::Succeeds,
            certified: false,
            deaf: false,
            waiting: None,
            data: SessionData::new(endpoints.local.ip()),
            inbox: VecDeque::new(),
            out: Vec::new(),
            wait: Wait::default(),
            end: None,
            records: Records::default(),
        }
    }

    /// Sends bytes over the control connection, not necessarily whole lines, and runs the session.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.inbox.extend(bytes.as_ref());
        self.settle();
    }

    /// Sends a line and returns the replies since the last call.
    ///
    /// # Panics
    /// Panics as [`replies`](Self::replies) does.
    #[track_caller]
    pub fn command(&mut self, line: &str) -> Vec<String> {
        self.inbox.extend(line.as_bytes());
        self.send(b"\r\n");
        self.replies()
    }

    /// Ends the client's side of the control connection.
    pub fn close(&mut self) {
        self.rx.eof();
        self.settle();
    }

    /// Advances the virtual time and runs the session.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.settle();
    }

    /// Sets the virtual time. The origin is arbitrary. Call this only before the session runs.
    pub const fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// Sets the sizes of the pieces in which the client's bytes arrive.
    pub fn set_pieces(&mut self, pieces: Pieces) {
        self.pieces = pieces;
    }

    /// Sets whether the client stops reading.
    pub const fn set_deaf(&mut self, deaf: bool) {
        self.deaf = deaf;
    }

    /// Sets whether the client presents a certificate in TLS handshakes on the control connection.
    pub const fn set_certified(&mut self, certified: bool) {
        self.certified = certified;
    }

    /// Sets the result of TLS handshakes on the control connection.
    pub const fn on_upgrade(&mut self, attempt: Attempt) {
        self.upgrades = attempt;
    }
}

/// Replies that the client received, and records of the session.
impl<H> ScriptedClient<H> {
    /// Takes the replies since the last call, with line feeds between the lines of each.
    ///
    /// # Panics
    /// Panics if the bytes are not whole replies.
    #[track_caller]
    pub fn replies(&mut self) -> Vec<String> {
        let bytes = self.output();
        let (mut rest, mut replies) = (bytes.as_slice(), Vec::new());
        while !rest.is_empty() {
            let Ok(Some((reply, more))) = Reply::parse(rest, EndRule::SameCode) else {
                panic!("the session sent no whole reply: {:?}", String::from_utf8_lossy(rest));
            };
            replies.push(String::from_utf8_lossy(reply.as_bytes()).trim_end().replace("\r\n", "\n"));
            rest = more;
        }
        replies
    }

    /// Takes the codes of the replies since the last call.
    ///
    /// # Panics
    /// Panics as [`replies`](Self::replies) does.
    #[track_caller]
    pub fn codes(&mut self) -> Vec<u16> {
        let code = |reply: &String| reply.get(..3).and_then(|code| code.parse().ok());
        self.replies().iter().filter_map(code).collect()
    }

    /// Takes the bytes received since the last call.
    pub fn output(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// Returns the bytes of each single write of the session.
    #[must_use]
    pub fn writes(&self) -> &[Vec<u8>] {
        &self.records.writes
    }

    /// Returns the number of the client's bytes that the session has not read.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.inbox.len()
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session<Vec<u8>> {
        &self.session
    }

    /// Returns the session and its buffers, for tests that poll the session themselves.
    pub const fn parts(&mut self) -> Parts<'_> {
        (&mut self.session, &mut self.rx, &mut self.tx)
    }

    /// Returns the host.
    #[must_use]
    pub const fn host(&self) -> &H {
        &self.host
    }

    /// Returns the host for modification.
    pub const fn host_mut(&mut self) -> &mut H {
        &mut self.host
    }

    /// Returns the virtual time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Returns the way in which the session ended, if it has.
    #[must_use]
    pub const fn end(&self) -> Option<SessionEnd> {
        self.end
    }

    /// Returns the conditions that the session waits for.
    #[must_use]
    pub const fn wait(&self) -> Wait {
        self.wait
    }

    /// Returns the events that the session recorded.
    #[must_use]
    pub fn notes(&self) -> &[EventKind] {
        &self.records.notes
    }

    /// Returns the data operations that the session requested.
    #[must_use]
    pub fn data_operations(&self) -> &[DataOp] {
        &self.records.ops
    }

    /// Returns the number of times that the host was notified of an abort.
    #[must_use]
    pub const fn aborts(&self) -> usize {
        self.records.aborts
    }

    /// Returns the number of times that TLS was started on the control connection and the number of
    /// times that it was removed.
    #[must_use]
    pub const fn protection_changes(&self) -> (usize, usize) {
        (self.records.upgrades, self.records.downgrades)
    }

    /// Clears the recorded writes, events, data operations and counts.
    pub fn clear_records(&mut self) {
        self.records = Records::default();
    }

    /// Returns whether a request awaits its answer.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Takes the ticket of the request that awaits its answer.
    pub const fn take_ticket(&mut self) -> Option<Ticket> {
        self.waiting.take()
    }

    /// Returns a ticket to the host, which continues with its request.
    pub fn put_ticket(&mut self, ticket: Ticket) {
        self.waiting = Some(ticket);
    }
}

/// The driver of the session.
impl<H: SessionHost> ScriptedClient<H> {
    /// Answers the request that the host has not answered.
    ///
    /// # Errors
    /// Fails as [`Session::answer`] does. The ticket is then lost.
    ///
    /// # Panics
    /// Panics if no request awaits an answer.
    #[track_caller]
    pub fn answer(&mut self, answer: Answer<'_>) -> Result<(), LocalError> {
        let Some(ticket) = self.waiting.take() else { panic!("no request waits for an answer") };
        let answered = self.session.answer(ticket, answer, &mut self.tx);
        self.settle();
        answered.map_err(|(error, _)| error)
    }

    /// Polls the session once, for tests that drive it themselves.
    ///
    /// # Errors
    /// Fails as [`Session::poll`] does.
    pub fn poll(&mut self) -> Result<Action<Event<Request<Text<'_>>>>, Error> {
        self.session.poll(self.now, &mut self.rx, &mut self.tx)
    }

    /// Runs the session until it waits for the client, for the host or for time to pass.
    pub fn settle(&mut self) {
        for _ in 0..ENDLESS {
            if self.end.is_some() {
                self.take_notes();
                return self.flush();
            }
            if let Some(ticket) = self.waiting.take() {
                self.waiting = self.host.resume(&mut self.session, ticket, &mut self.tx.view());
            }
            self.take_notes();
            match self.session.poll(self.now, &mut self.rx, &mut self.tx) {
                Err(error) => self.end = Some(SessionEnd::Error(error)),
                Ok(Action::Close) => self.end = Some(SessionEnd::Close),
                Ok(Action::Event(Event::Abort)) => {
                    self.records.aborts += 1;
                    self.host.abort();
                }
                Ok(Action::Event(Event::Request(ticket, request))) => {
                    let tx = &mut self.tx.view();
                    self.waiting = self.host.request(&mut self.session, ticket, &request, tx);
                }
                Ok(Action::Data(id, op)) => self.operate(id, op),
                Ok(Action::UpgradeControl(token)) => {
                    self.flush();
                    self.records.upgrades += 1;
                    match self.upgrades {
                        Attempt::Succeeds if self.certified => self.session.upgraded_with_certificate(token),
                        Attempt::Succeeds => self.session.upgraded(token),
                        Attempt::Fails(_) => self.session.upgrade_failed(token),
                        Attempt::Hangs => {}
                    }
                }
                Ok(Action::DowngradeControl(token)) => {
                    self.flush();
                    self.records.downgrades += 1;
                    self.session.downgraded(token);
                }
                Ok(Action::Wait(wait)) => {
                    if !self.satisfy(wait) {
                        return;
                    }
                }
            }
        }
        panic!("the session comes to no rest");
    }

    /// Fulfils one of the conditions that the session waits for, if the client can.
    fn satisfy(&mut self, wait: Wait) -> bool {
        self.wait = wait;
        let Wait { readable, writable, application, data, deadline } = wait;
        assert!(
            readable || writable || application || data || deadline.is_some(),
            "the session waits for nothing"
        );
        assert_eq!(writable, !self.tx.is_empty(), "the session does not know whether bytes are to be sent");
        if !self.deaf && writable {
            self.flush();
            return true;
        }
        if !readable || self.inbox.is_empty() {
            return false;
        }
        let available = self.inbox.make_contiguous();
        let room = self.rx.spare().len();
        assert!(room > 0, "the session waits for bytes and has no room for any");
        let count = self.pieces.take(available.len()).min(room);
        let taken = self.rx.extend(available.get(..count).unwrap_or_default());
        self.inbox.drain(..taken);
        true
    }

    /// Takes all pending output of the session.
    fn flush(&mut self) {
        while !self.tx.is_empty() {
            let pending = self.tx.pending();
            self.records.writes.push(pending.to_vec());
            self.out.extend_from_slice(pending);
            let count = pending.len();
            self.tx.sent(count);
        }
    }

    fn take_notes(&mut self) {
        self.records.notes.extend(core::iter::from_fn(|| self.session.take_event()));
    }
}
