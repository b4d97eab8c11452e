//! A session and its host in memory, in virtual time. The client is the test: it sends bytes, and
//! it is the other end of the data connections.

use super::chunks::Chunks;
use super::tree::Host;
use ftp_proto::action::{Action, DataEvent, DataFailure, DataId, DataOp, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::{EndRule, Reply};
use ftp_proto::error::{Error, LocalError};
use ftp_proto::server::{Answer, Config, Endpoints, Event, EventKind, Request, Session, Ticket};
use ftp_proto::time::Instant;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

pub const LOCAL: &str = "192.0.2.1:21";
pub const PEER: &str = "192.0.2.2:40000";
/// Address of the client's end of a data connection.
pub const PEER_DATA: &str = "192.0.2.2:40001";
pub const STRANGER: &str = "192.0.2.66:40001";

/// End of the session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Close,
    Error(Error),
}

/// Returns the configuration of a server that reports a failed login at once.
pub fn prompt() -> Config {
    let mut config = Config::default();
    config.timeouts.login_delay = Duration::ZERO;
    config
}

/// Requests that a host takes its time over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slow {
    Never,
    Digests,
    Everything,
}

/// The server's end of the data connection, as the driver sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum DataEnd {
    None,
    Binding(DataId),
    Listening(DataId),
    Arrived(DataId),
    Connecting(DataId, SocketAddr),
    Open(DataId),
    Sending(DataId),
    Receiving(DataId),
}

pub struct Rig {
    pub session: Session<Vec<u8>>,
    pub rx: RecvBuf<Vec<u8>>,
    pub tx: SendBuf<Vec<u8>>,
    pub now: Instant,
    pub host: Host,
    pub chunks: Chunks,
    /// Requests whose tickets the host keeps instead of answering.
    pub slow: Slow,
    /// Ticket of a request that the host has not answered.
    pub kept: Option<Ticket>,
    /// Ticket of a directory that the host is listing.
    telling: Option<Ticket>,
    /// Number of times the host was told to give up.
    pub aborts: usize,
    /// Set if the client takes nothing.
    pub deaf: bool,
    /// Set if the system provides listeners.
    pub ports: bool,
    /// Set if the system opens connections.
    pub connects: bool,
    /// Result of TLS handshakes on the control connection; `None` hangs.
    pub handshakes: Option<bool>,
    /// `true` if handshakes on data connections resume a session; `None` hangs until the test
    /// reports a result.
    pub resumes: Option<bool>,
    /// Set if the client shows a certificate in them.
    pub certified: bool,
    /// Number of times TLS was put on the control connection, and taken off.
    pub changes: (usize, usize),
    pub data: DataEnd,
    pub ops: Vec<DataOp>,
    pub end: Option<End>,
    /// Notes that the owner received.
    pub notes: Vec<EventKind>,
    /// Condition that the session waits for.
    pub wait: Wait,
    /// Bytes of each single write.
    pub writes: Vec<Vec<u8>>,
    inbox: VecDeque<u8>,
    out: Vec<u8>,
}

impl Rig {
    /// Creates a client that has connected and received the greeting.
    pub fn new() -> Self {
        Self::with(prompt())
    }

    pub fn with(config: Config) -> Self {
        Self::between(config, LOCAL, PEER)
    }

    pub fn between(config: Config, local: &str, peer: &str) -> Self {
        let mut rig = Self::silent(config, local, peer);
        rig.pump();
        assert_eq!(rig.codes(), [220]);
        rig
    }

    /// Creates a session that has not been polled.
    pub fn silent(config: Config, local: &str, peer: &str) -> Self {
        let endpoints = Endpoints { local: local.parse().unwrap(), peer: peer.parse().unwrap() };
        Self {
            rx: RecvBuf::new(vec![0; config.limits.line + 2]),
            tx: SendBuf::new(vec![0; 4096]),
            session: Session::new(config, endpoints, vec![0; 8192]),
            now: Instant::from_micros(1_000_000),
            host: Host::new(),
            chunks: Chunks::whole(),
            slow: Slow::Never,
            kept: None,
            telling: None,
            aborts: 0,
            deaf: false,
            ports: true,
            connects: true,
            handshakes: Some(true),
            certified: false,
            resumes: Some(true),
            changes: (0, 0),
            data: DataEnd::None,
            ops: Vec::new(),
            end: None,
            notes: Vec::new(),
            wait: Wait::default(),
            inbox: VecDeque::new(),
            writes: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Creates a client that is logged in.
    pub fn logged_in() -> Self {
        Self::new().login()
    }

    pub fn login(mut self) -> Self {
        assert_eq!(self.say("USER me"), [331]);
        assert_eq!(self.say("PASS secret"), [230]);
        self.host.requests.clear();
        self
    }

    /// Sends a line and returns the codes of the replies.
    pub fn say(&mut self, line: &str) -> Vec<u16> {
        self.send(format!("{line}\r\n").as_bytes());
        self.codes()
    }

    /// Sends a line and returns the replies, each whole, with line feeds between its lines.
    pub fn ask(&mut self, line: &str) -> Vec<String> {
        self.send(format!("{line}\r\n").as_bytes());
        self.replies()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.inbox.extend(bytes);
        self.pump();
    }

    pub fn hang_up(&mut self) {
        self.rx.eof();
        self.pump();
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.pump();
    }

    /// Takes the replies that came since the last time, all of which must be complete.
    pub fn replies(&mut self) -> Vec<String> {
        let bytes = std::mem::take(&mut self.out);
        let (mut rest, mut replies) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let reply = Reply::parse(rest, EndRule::SameCode).expect("a reply");
            let (reply, more) = reply.unwrap_or_else(|| panic!("half a reply: {:?}", text(rest)));
            replies.push(text(reply.as_bytes()).trim_end().replace("\r\n", "\n"));
            rest = more;
        }
        replies
    }

    pub fn codes(&mut self) -> Vec<u16> {
        self.replies().iter().map(|reply| reply[..3].parse().unwrap()).collect()
    }

    /// Answers the pending request.
    pub fn answer(&mut self, answer: Answer<'_>) -> Result<(), LocalError> {
        let ticket = self.kept.take().expect("nothing waits");
        let answered = self.session.answer(ticket, answer, &mut self.tx);
        self.pump();
        answered.map_err(|(error, _)| error)
    }

    /// Takes the bytes that came since the last time.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Returns the number of bytes that the session has not read.
    pub fn unread(&self) -> usize {
        self.inbox.len()
    }

    /// Polls until there is nothing to do.
    pub fn pump(&mut self) {
        for turn in 0.. {
            assert!(turn < 1_000_000, "it goes on and on");
            if self.end.is_some() {
                self.notes.extend(std::iter::from_fn(|| self.session.take_event()));
                return self.flush();
            }
            if let Some(ticket) = self.telling.take() {
                self.telling = self.host.tell(&mut self.session, ticket, &mut self.tx.view());
            }
            self.notes.extend(std::iter::from_fn(|| self.session.take_event()));
            let action = match self.session.poll(self.now, &mut self.rx, &mut self.tx) {
                Ok(action) => action,
                Err(error) => {
                    self.end = Some(End::Error(error));
                    continue;
                }
            };
            match action {
                Action::Event(Event::Abort) => self.aborts += 1,
                Action::Event(Event::Request(ticket, request))
                    if self.slow == Slow::Everything
                        || (self.slow == Slow::Digests && matches!(request, Request::Digest { .. })) =>
                {
                    self.host.requests.push(format!("{request:?}"));
                    self.kept = Some(ticket);
                }
                Action::Event(Event::Request(ticket, Request::Entries { .. }))
                    if self.slow != Slow::Everything =>
                {
                    let path = self.session.path().as_bytes().to_vec();
                    let names = self.host.tree.names(&path).into_iter();
                    self.host.untold = names.map(|(name, node)| (name, node.clone())).collect();
                    self.telling = Some(ticket);
                }
                Action::Event(Event::Request(ticket, request)) => {
                    self.host.serve(&mut self.session, ticket, &request, &mut self.tx.view());
                }
                Action::Data(id, op) => self.act(id, op),
                Action::UpgradeControl(token) => {
                    self.flush();
                    self.changes.0 += 1;
                    match self.handshakes {
                        Some(true) if self.certified => self.session.upgraded_with_certificate(token),
                        Some(true) => self.session.upgraded(token),
                        Some(false) => self.session.upgrade_failed(token),
                        None => {}
                    }
                }
                Action::DowngradeControl(token) => {
                    self.flush();
                    self.changes.1 += 1;
                    self.session.downgraded(token);
                }
                Action::Close => self.end = Some(End::Close),
                Action::Wait(wait) => {
                    self.wait = wait;
                    assert!(
                        wait.readable
                            || wait.writable
                            || wait.data
                            || wait.application
                            || wait.deadline.is_some(),
                        "a session waits for nothing: {wait:?}"
                    );
                    assert_eq!(wait.writable, !self.tx.is_empty());
                    if !self.deaf && !self.tx.is_empty() {
                        self.flush();
                        continue;
                    }
                    if !wait.readable || self.inbox.is_empty() {
                        return;
                    }
                    let available = self.inbox.make_contiguous();
                    let room = self.rx.spare().len();
                    assert!(room > 0, "the session waits for bytes and has no room for any");
                    let count = self.chunks.take(available.len()).min(room);
                    assert_eq!(self.rx.extend(&available[..count]), count);
                    self.inbox.drain(..count);
                }
                other => panic!("what is {other:?}?"),
            }
        }
    }

    pub fn flush(&mut self) {
        while !self.tx.is_empty() {
            self.writes.push(self.tx.pending().to_vec());
            self.out.extend_from_slice(self.tx.pending());
            self.tx.sent(self.tx.pending().len());
        }
    }

    fn act(&mut self, id: DataId, op: DataOp) {
        self.ops.push(op.clone());
        match (op, &self.data) {
            (DataOp::Listen { .. }, _) => {
                self.data = DataEnd::Binding(id);
                let event = match self.ports {
                    true => {
                        let mut at: SocketAddr = LOCAL.parse().unwrap();
                        at.set_port(5000);
                        self.data = DataEnd::Listening(id);
                        DataEvent::Listening(at)
                    }
                    false => {
                        self.data = DataEnd::None;
                        DataEvent::Failed(DataFailure::Unreachable)
                    }
                };
                self.session.data_event(id, event).unwrap();
            }
            (DataOp::Connect(to), _) => {
                let event = match self.connects {
                    true => {
                        self.data = DataEnd::Open(id);
                        DataEvent::Connected
                    }
                    false => DataEvent::Failed(DataFailure::Unreachable),
                };
                assert!(to.port() >= 1024);
                self.session.data_event(id, event).unwrap();
            }
            (DataOp::Admit, DataEnd::Arrived(open)) if *open == id => self.data = DataEnd::Open(id),
            (DataOp::Reject, DataEnd::Arrived(open)) if *open == id => self.data = DataEnd::Listening(id),
            (DataOp::Receive(_), DataEnd::Open(open)) if *open == id => self.data = DataEnd::Receiving(id),
            (DataOp::Send(_), DataEnd::Open(open)) if *open == id => self.data = DataEnd::Sending(id),
            (DataOp::StartTls, DataEnd::Open(open)) if *open == id => {
                if let Some(resumed) = self.resumes {
                    self.session.data_event(id, DataEvent::Secured { resumed }).unwrap();
                }
            }
            (DataOp::SendTickets, DataEnd::Open(open)) if *open == id => {}
            (DataOp::Close | DataOp::Abort, _) => self.data = DataEnd::None,
            (op, data) => panic!("{op:?} while {data:?}"),
        }
    }

    /// Connects to the passive listener. Returns whether the connection was admitted.
    pub fn arrive(&mut self, from: &str) -> bool {
        let DataEnd::Listening(id) = self.data else { panic!("nobody listens: {:?}", self.data) };
        self.data = DataEnd::Arrived(id);
        self.tell(id, DataEvent::Arrived(from.parse().unwrap()));
        !matches!(self.data, DataEnd::Arrived(_) | DataEnd::Listening(_))
    }

    pub fn tell(&mut self, id: DataId, event: DataEvent) {
        self.session.data_event(id, event).unwrap();
        self.pump();
    }

    /// Sends EPSV and connects to the port of the reply.
    pub fn passive(&mut self) {
        assert_eq!(self.say("EPSV"), [229]);
        assert!(self.arrive(PEER_DATA));
    }

    pub fn data_id(&self) -> DataId {
        match self.data {
            DataEnd::None => panic!("no data connection"),
            DataEnd::Connecting(id, _)
            | DataEnd::Binding(id)
            | DataEnd::Listening(id)
            | DataEnd::Arrived(id)
            | DataEnd::Open(id)
            | DataEnd::Sending(id)
            | DataEnd::Receiving(id) => id,
        }
    }

    /// Receives everything that the server sends.
    pub fn download(&mut self) -> Vec<u8> {
        let DataEnd::Sending(id) = self.data else { panic!("not sending: {:?}", self.data) };
        let bytes = self.host.rest().to_vec();
        self.tell(id, DataEvent::Moved(bytes.len() as u64));
        self.data = DataEnd::Open(id);
        self.tell(id, DataEvent::Flushed);
        // The client has all of it, and closes its end.
        self.tell(id, DataEvent::Eof { clean: true });
        bytes
    }

    /// Sends a file.
    pub fn upload(&mut self, bytes: &[u8]) {
        let DataEnd::Receiving(id) = self.data else { panic!("not receiving: {:?}", self.data) };
        self.host.write(bytes);
        self.tell(id, DataEvent::Moved(bytes.len() as u64));
        self.data = DataEnd::Open(id);
        self.tell(id, DataEvent::Eof { clean: true });
    }

    pub fn break_data(&mut self, failure: DataFailure) {
        let id = self.data_id();
        self.data = DataEnd::None;
        self.tell(id, DataEvent::Failed(failure));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
