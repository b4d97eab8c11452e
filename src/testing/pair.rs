//! A client and a session connected to each other.

mod data;

use alloc::borrow::ToOwned;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::script_error::Fault;
use super::{Outcome, Random, ScriptError, SessionHost, Turn};
use crate::action::{Action, DataEvent, DataId, Wait};
use crate::buffer::{RecvBuf, SendBuf};
use crate::client::{self, Client, Operation, Sequence};
use crate::codec::Escaped;
use crate::server::{self, Endpoints, Session, Ticket};
use crate::time::Instant;
use crate::transfer::LineEnds;
use data::{End, Pipe};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 21);
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 40_000);

/// Number of rounds after which an operation is considered endless.
const ENDLESS: usize = 200_000;

/// A client and a session with a host, connected by pipes. A seed determines how the pipes split
/// and delay bytes and reorder the bytes of different connections. The same seed gives the same
/// dialogue.
///
/// A pair has no TLS, and its data connections are passive.
///
/// ```
/// use ftp_proto::client;
/// use ftp_proto::codec::{RepresentationType, Secret, Text};
/// use ftp_proto::testing::{MemoryHost, Pair};
///
/// for seed in 0..10 {
///     let mut pair = Pair::new(seed, MemoryHost::new().with_file("/f", "content"));
///     pair.run(&mut client::greeting(), |_| ()).done();
///     let secret = Secret::new(Text::literal("sesame"));
///     pair.run(&mut client::login(Text::literal("me"), secret, None), |_| ()).done();
///
///     let mut retrieve = client::retrieve(Text::literal("f"), RepresentationType::Image, 0);
///     let transfer = pair.run(&mut retrieve, |opened| opened.transfer).done();
///     pair.run(&mut client::complete(transfer), |_| ()).done();
///     assert_eq!(pair.take_received(), b"content");
///
///     pair.upload("new");
///     let mut store = client::store(Text::literal("g"), RepresentationType::Image, 0);
///     let transfer = pair.run(&mut store, |opened| opened.transfer).done();
///     pair.run(&mut client::complete(transfer), |_| ()).done();
///     assert_eq!(pair.host().file("/g"), Some(&b"new"[..]));
/// }
/// ```
#[derive(Debug)]
pub struct Pair<H> {
    client: Client,
    session: Session<Vec<u8>>,
    host: H,
    now: Instant,
    line_ends: LineEnds,
    unreachable: bool,
    random: Random,
    crx: RecvBuf<Vec<u8>>,
    ctx: SendBuf<Vec<u8>>,
    srx: RecvBuf<Vec<u8>>,
    stx: SendBuf<Vec<u8>>,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    client_wait: Option<Wait>,
    server_wait: Option<Wait>,
    /// The ticket of a request that the host has not answered.
    waiting: Option<Ticket>,
    client_end: End,
    server_end: End,
    client_events: VecDeque<(DataId, DataEvent)>,
    server_events: VecDeque<(DataId, DataEvent)>,
    data_up: Pipe,
    data_down: Pipe,
    /// The file that the client sends next.
    upload: Vec<u8>,
    received: Vec<u8>,
    transcript: Vec<String>,
    polls: usize,
    next_port: u16,
    /// Set once the session has closed the control connection.
    closed: bool,
}

impl<H: SessionHost> Pair<H> {
    /// Creates a client and a session with the default configurations and this seed.
    #[must_use]
    pub fn new(seed: u64, host: H) -> Self {
        Self::with(seed, client::Config::default(), server::Config::default(), host)
    }

    /// Creates a client and a session with these configurations.
    #[must_use]
    pub fn with(seed: u64, client_config: client::Config, server_config: server::Config, host: H) -> Self {
        Self {
            crx: RecvBuf::new(vec![0; client_config.limits.line + 2]),
            ctx: SendBuf::new(vec![0; 600]),
            srx: RecvBuf::new(vec![0; server_config.limits.line + 2]),
            stx: SendBuf::new(vec![0; 4096]),
            client: Client::new(client_config, SERVER),
            session: Session::new(server_config, Endpoints { local: SERVER, peer: CLIENT }, vec![0; 8192]),
            host,
            now: Instant::from_micros(5),
            line_ends: LineEnds::Literal,
            unreachable: false,
            random: Random::new(seed),
            up: VecDeque::new(),
            down: VecDeque::new(),
            client_wait: None,
            server_wait: None,
            waiting: None,
            client_end: End::Idle,
            server_end: End::Idle,
            client_events: VecDeque::new(),
            server_events: VecDeque::new(),
            data_up: Pipe::default(),
            data_down: Pipe::default(),
            upload: Vec::new(),
            received: Vec::new(),
            transcript: Vec::new(),
            polls: 0,
            next_port: 5000,
            closed: false,
        }
    }

    /// Sets the file that the client sends next.
    pub fn upload(&mut self, bytes: impl Into<Vec<u8>>) {
        self.upload = bytes.into();
    }

    /// Takes the bytes that the client has received over data connections, decoded.
    pub fn take_received(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.received)
    }

    /// Sets the treatment of CRLF in files sent as text, at both ends. Literal by default, so that
    /// every file arrives unchanged.
    pub const fn set_line_ends(&mut self, line_ends: LineEnds) {
        self.line_ends = line_ends;
    }

    /// Sets whether connections of the client to the session's data ports fail.
    pub const fn set_unreachable(&mut self, unreachable: bool) {
        self.unreachable = unreachable;
    }

    /// Resets the data connection.
    pub fn break_data(&mut self) {
        self.data_up.reset();
        self.data_down.reset();
    }

    /// Returns the client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the client for modification.
    pub const fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session<Vec<u8>> {
        &self.session
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

    /// Returns the pieces sent over the control connection, each prefixed with `C: ` or `S: `.
    #[must_use]
    pub fn transcript(&self) -> &[String] {
        &self.transcript
    }

    /// Returns the number of polls of the client.
    #[must_use]
    pub const fn polls(&self) -> usize {
        self.polls
    }

    /// Runs an operation to its end. `own` converts its output to an owned value.
    ///
    /// # Panics
    /// Panics with the dialogue if the operation does not end.
    #[track_caller]
    pub fn run<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Outcome<O> {
        match self.run_for(operation, usize::MAX, own) {
            Some(outcome) => outcome,
            None => panic!("{}", ScriptError::new(Fault::Endless, &self.transcript)),
        }
    }

    /// Runs an operation for `polls` polls of the client. Returns `None` if it has not ended by
    /// then.
    ///
    /// # Panics
    /// Panics as [`run`](Self::run) does.
    #[track_caller]
    pub fn run_for<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        match self.drive(operation, polls, &own) {
            Ok(outcome) => outcome,
            Err(fault) => panic!("{}", ScriptError::new(fault, &self.transcript)),
        }
    }

    fn drive<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: &impl Fn(S::Output<'_>) -> O,
    ) -> Result<Option<Outcome<O>>, Fault> {
        let mut order: [usize; 8] = core::array::from_fn(|index| index);
        let (mut left, mut idle) = (polls, 0);
        for _ in 0..ENDLESS {
            self.random.shuffle(&mut order);
            let mut progress = false;
            for index in order {
                progress |= match index {
                    0 => {
                        if left == 0 {
                            return Ok(None);
                        }
                        left -= 1;
                        match self.poll_client(operation, own)? {
                            Ok(progress) => progress,
                            Err(outcome) => return Ok(Some(outcome)),
                        }
                    }
                    1 => self.poll_server()?,
                    2 => send(&mut self.ctx, &mut self.up, &mut self.random, "C", &mut self.transcript),
                    3 => send(&mut self.stx, &mut self.down, &mut self.random, "S", &mut self.transcript),
                    4 => receive(self.server_wait, &mut self.up, &mut self.srx, &mut self.random)?,
                    5 => receive(self.client_wait, &mut self.down, &mut self.crx, &mut self.random)?,
                    6 => self.client_data()?,
                    _ => self.server_data()?,
                };
            }
            // A machine is polled in the round after the event that it waits for, so time passes
            // only after several idle rounds.
            idle = if progress { 0 } else { idle + 1 };
            if idle >= 3 {
                idle = 0;
                let deadlines = [self.client_wait, self.server_wait].map(|wait| wait?.deadline);
                let next = deadlines.into_iter().flatten().min().ok_or(Fault::Deadlock)?;
                self.now = self.now.max(next);
            }
        }
        Err(Fault::Endless)
    }

    fn poll_client<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        own: &impl Fn(S::Output<'_>) -> O,
    ) -> Result<Result<bool, Outcome<O>>, Fault> {
        self.polls += 1;
        self.client_wait = None;
        let action = operation.poll(&mut self.client, self.now, &mut self.crx, &mut self.ctx);
        match Turn::of(action, own) {
            Turn::Over(outcome) => return Ok(Err(outcome)),
            Turn::Wait(wait) => {
                self.client_wait = Some(wait);
                return Ok(Ok(false));
            }
            Turn::Data(id, op) => self.client_op(id, op)?,
            Turn::Line(_) => {}
            Turn::Upgrade(_) | Turn::Downgrade(_) => return Err(Fault::Machine("a pair knows no TLS")),
        }
        Ok(Ok(true))
    }

    fn poll_server(&mut self) -> Result<bool, Fault> {
        if self.closed {
            return Ok(false);
        }
        if let Some(ticket) = self.waiting.take() {
            self.waiting = self.host.resume(&mut self.session, ticket, &mut self.stx.view());
        }
        let action = self.session.poll(self.now, &mut self.srx, &mut self.stx);
        self.server_wait = None;
        match action {
            Ok(Action::Wait(wait)) => {
                self.server_wait = Some(wait);
                return Ok(false);
            }
            Ok(Action::Data(id, op)) => self.server_op(id, op)?,
            Ok(Action::Event(server::Event::Request(ticket, request))) => {
                let tx = &mut self.stx.view();
                self.waiting = self.host.request(&mut self.session, ticket, &request, tx);
            }
            Ok(Action::Event(server::Event::Abort)) => self.host.abort(),
            Ok(Action::Close) | Err(_) => self.closed = true,
            Ok(Action::UpgradeControl(_) | Action::DowngradeControl(_)) => {
                return Err(Fault::Machine("a pair knows no TLS"));
            }
        }
        Ok(true)
    }
}

/// Moves a piece of a machine's pending output. Returns whether there was any.
fn send(
    from: &mut SendBuf<Vec<u8>>,
    to: &mut VecDeque<u8>,
    random: &mut Random,
    who: &str,
    transcript: &mut Vec<String>,
) -> bool {
    let count = random.piece(from.pending().len());
    let piece = from.pending().get(..count).unwrap_or_default();
    if piece.is_empty() {
        return false;
    }
    transcript.push(who.to_owned() + &format!(": {}", Escaped(piece)));
    to.extend(piece);
    from.sent(count);
    true
}

/// Moves a piece to a machine that waits for bytes. Returns whether there was any.
fn receive(
    wait: Option<Wait>,
    from: &mut VecDeque<u8>,
    to: &mut RecvBuf<Vec<u8>>,
    random: &mut Random,
) -> Result<bool, Fault> {
    if from.is_empty() || !wait.is_some_and(|wait| wait.readable) {
        return Ok(false);
    }
    let count = random.piece(from.len());
    let taken = to.extend(from.make_contiguous().get(..count).unwrap_or_default());
    if taken == 0 {
        return Err(Fault::Machine("a machine waits for bytes and has no room for any"));
    }
    from.drain(..taken);
    Ok(true)
}
