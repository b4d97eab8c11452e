//! A client, and a server that answers from a table, in virtual time, which passes only when
//! nothing else can happen.

pub mod fxp;
mod server;

use super::chunks::Chunks;
pub use super::outcome::{Outcome, Turn, digest};
use ftp_proto::action::{DataEvent, DataFailure, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{Client, Config, Operation, Profile, Sequence};
use ftp_proto::codec::Escaped;
use ftp_proto::time::Instant;
pub use server::Act;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

/// The client's end of the data connection, as the driver sees it.
#[derive(Clone, Debug, PartialEq)]
enum DataEnd {
    None,
    Connecting(DataId),
    Opening(DataId),
    Listening(DataId),
    Arrived(DataId),
    Open(DataId),
    Securing(DataId),
    Receiving(DataId),
    Sending(DataId),
    /// Everything was sent, and the client waits for the server to close its side.
    AwaitingClose(DataId),
}

pub struct Rig {
    pub client: Client,
    pub rx: RecvBuf<Vec<u8>>,
    pub tx: SendBuf<Vec<u8>>,
    pub now: Instant,
    /// Sizes of the pieces in which the server's bytes arrive.
    pub chunks: Chunks,
    /// Set if data events come before control bytes.
    pub data_first: bool,
    /// Result of connecting to the server's data ports; `None` hangs.
    pub connects: Option<Result<(), DataFailure>>,
    /// Result of TLS handshakes on the control connection, and below on data connections; `None`
    /// hangs.
    pub handshakes: Option<bool>,
    pub data_handshakes: Option<bool>,
    /// Address of the client's listeners; `None` if none can be opened.
    pub listens_at: Option<SocketAddr>,
    /// Addresses that will connect to the client's listener, in this order.
    pub arrivals: VecDeque<SocketAddr>,
    /// Set if the server answers NOOP, STAT and ABOR during a transfer.
    pub attentive: bool,
    /// Sizes of the pieces that make up an upload.
    pub upload: Vec<u64>,
    /// Everything that is said, with `C: ` and `S: ` in front.
    pub transcript: Vec<String>,
    /// Reply lines that the operation showed.
    pub shown: Vec<String>,
    /// Data operations that the client asked for.
    pub ops: Vec<DataOp>,
    pub dialled: Vec<SocketAddr>,
    /// Number of times the client waited for the server with nothing under way.
    pub round_trips: usize,
    /// Number of polls since the start.
    pub polls: usize,
    answers: HashMap<String, VecDeque<Vec<Act>>>,
    to_server: Vec<u8>,
    to_client: VecDeque<u8>,
    acts: VecDeque<Act>,
    commands: VecDeque<String>,
    until: Option<Instant>,
    hung_up: bool,
    gone: bool,
    data: DataEnd,
    served: Option<&'static [u8]>,
    broken: Option<DataFailure>,
    finished: bool,
    aborted: bool,
    /// Set once the server has closed its side of the data connection.
    closes_data: bool,
}

/// Telnet's Interrupt Process and Synch, as the transcript shows them.
pub const SYNCH: &str = "\\xff\\xf4\\xff\\xf2";

pub const PEER: &str = "192.0.2.1:21";
pub const PEER_V6: &str = "[2001:db8::1]:21";

impl Rig {
    /// Creates a client of a server that follows RFC 959 throughout and has not sent its greeting
    /// yet.
    pub fn new() -> Self {
        Self::with(Config::default(), PEER)
    }

    pub fn with(config: Config, peer: &str) -> Self {
        let mut rig = Self {
            rx: RecvBuf::new(vec![0; config.limits.line + 2]),
            tx: SendBuf::new(vec![0; 512]),
            client: Client::new(config, peer.parse().unwrap()),
            now: Instant::from_micros(1_000_000),
            chunks: Chunks::whole(),
            data_first: false,
            connects: Some(Ok(())),
            handshakes: Some(true),
            data_handshakes: Some(true),
            listens_at: Some("192.0.2.77:1025".parse().unwrap()),
            attentive: false,
            arrivals: VecDeque::new(),
            upload: vec![3],
            transcript: Vec::new(),
            shown: Vec::new(),
            ops: Vec::new(),
            dialled: Vec::new(),
            round_trips: 0,
            polls: 0,
            answers: HashMap::new(),
            to_server: Vec::new(),
            to_client: VecDeque::new(),
            acts: VecDeque::new(),
            commands: VecDeque::new(),
            until: None,
            hung_up: false,
            gone: false,
            data: DataEnd::None,
            served: None,
            broken: None,
            finished: false,
            aborted: false,
            closes_data: false,
        };
        rig.acts.push_back(Act::Say("220 ready"));
        rig
    }

    /// Creates a client that has received the greeting.
    pub fn greeted() -> Self {
        Self::new().greet()
    }

    pub fn greet(mut self) -> Self {
        self.run(&mut ftp_proto::client::greeting(), |_| ()).done();
        self.reset_counts();
        self
    }

    pub fn profile(mut self, profile: Profile) -> Self {
        self.client.set_profile(profile);
        self
    }

    /// Sets the server's first steps, instead of its greeting.
    pub fn opening(mut self, acts: impl Into<VecDeque<Act>>) -> Self {
        self.acts = acts.into();
        self
    }

    /// Adds the server's answer to a command, which is given by its verb or as a whole line.
    /// Answers to the same command are used in order, and the last one repeats for ever.
    pub fn on(mut self, command: &str, acts: impl Into<Vec<Act>>) -> Self {
        self.answers.entry(command.to_owned()).or_default().push_back(acts.into());
        self
    }

    /// Adds a reply as the whole answer to a command, like [`on`](Self::on).
    pub fn says(self, command: &str, reply: &'static str) -> Self {
        self.on(command, [Act::Say(reply)])
    }

    pub fn reset_counts(&mut self) {
        self.transcript.clear();
        self.shown.clear();
        self.ops.clear();
        self.dialled.clear();
        (self.round_trips, self.polls) = (0, 0);
    }

    /// Returns the commands that the server received.
    pub fn commands(&self) -> Vec<&str> {
        self.transcript.iter().filter_map(|line| line.strip_prefix("C: ")).collect()
    }

    /// Runs an operation to its end.
    #[track_caller]
    pub fn run<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Outcome<O> {
        self.run_for(operation, usize::MAX, own).expect("it has no end")
    }

    /// Runs an operation for `polls` polls. Returns `None` if it is not over then.
    #[track_caller]
    pub fn run_for<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        for turn in 0..polls {
            assert!(turn < 100_000, "it goes on and on: {:#?}", self.transcript.last());
            self.polls += 1;
            let action = operation.poll(&mut self.client, self.now, &mut self.rx, &mut self.tx);
            let wait = match digest(action, &own) {
                Turn::Over(outcome) => return Some(outcome),
                Turn::Line(line) => {
                    self.shown.push(line);
                    continue;
                }
                Turn::Data(id, op) => {
                    self.act(id, op);
                    continue;
                }
                Turn::Upgrade(token) => {
                    while self.flush() {}
                    self.transcript.push("TLS".to_owned());
                    match self.handshakes {
                        Some(true) => self.client.upgraded(token),
                        Some(false) => self.client.upgrade_failed(token),
                        None => {}
                    }
                    continue;
                }
                Turn::Downgrade(token) => {
                    while self.flush() {}
                    self.transcript.push("clear".to_owned());
                    self.client.downgraded(token);
                    continue;
                }
                Turn::Wait(wait) => wait,
            };
            assert!(
                wait.readable || wait.writable || wait.data || wait.deadline.is_some(),
                "an operation waits for nothing: {wait:?}"
            );
            assert_eq!(wait.writable, !self.tx.is_empty());
            if self.flush() {
                continue;
            }
            if self.data_first && wait.data && self.data_event() {
                continue;
            }
            if wait.readable && self.deliver() {
                continue;
            }
            if wait.data && self.data_event() {
                continue;
            }
            if self.serve() {
                self.round_trips += 1;
                continue;
            }
            let next = [wait.deadline, self.until].into_iter().flatten().min();
            match next {
                Some(next) => self.now = self.now.max(next),
                None => panic!("deadlock: {:#?}", self.transcript),
            }
        }
        None
    }

    fn act(&mut self, id: DataId, op: DataOp) {
        self.ops.push(op.clone());
        match (op, &self.data) {
            (DataOp::Connect(to), _) => {
                self.dialled.push(to);
                self.data = DataEnd::Connecting(id);
                (self.finished, self.aborted) = (false, false);
            }
            (DataOp::Listen { .. }, _) => {
                self.data = DataEnd::Opening(id);
                self.arrivals.clear();
                (self.finished, self.aborted) = (false, false);
            }
            (DataOp::Admit, DataEnd::Arrived(arrived)) if *arrived == id => self.data = DataEnd::Open(id),
            (DataOp::Reject, DataEnd::Arrived(arrived)) if *arrived == id => {
                self.data = DataEnd::Listening(id);
            }
            (DataOp::StartTls, DataEnd::Open(open)) if *open == id => self.data = DataEnd::Securing(id),
            (DataOp::Receive(_), DataEnd::Open(open)) if *open == id => self.data = DataEnd::Receiving(id),
            (DataOp::Send(_), DataEnd::Open(open)) if *open == id => self.data = DataEnd::Sending(id),
            (DataOp::AwaitClose, DataEnd::Open(open)) if *open == id => {
                self.data = DataEnd::AwaitingClose(id);
            }
            (DataOp::Close | DataOp::Abort, DataEnd::None) => {}
            (DataOp::Close, _) => {
                self.data = DataEnd::None;
                self.finished = true;
            }
            (DataOp::Abort, _) => {
                self.data = DataEnd::None;
                (self.served, self.broken) = (None, None);
                self.aborted = !self.finished;
            }
            (op, data) => panic!("{op:?} while {data:?}"),
        }
    }

    /// Sends a piece of what the client queued.
    fn flush(&mut self) -> bool {
        if self.tx.is_empty() {
            return false;
        }
        let count = self.chunks.take(self.tx.pending().len());
        self.to_server.extend_from_slice(&self.tx.pending()[..count]);
        self.tx.sent(count);
        while let Some(end) = self.to_server.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.to_server.drain(..=end).collect();
            let line = line.strip_suffix(b"\r\n").expect("a command ends in CRLF");
            let line = Escaped(line).to_string();
            self.transcript.push(format!("C: {line}"));
            self.commands.push_back(line);
        }
        true
    }

    /// Delivers a piece of what the server sent.
    fn deliver(&mut self) -> bool {
        if self.to_client.is_empty() {
            if self.hung_up {
                self.hung_up = false;
                self.rx.eof();
                return true;
            }
            return false;
        }
        let available = self.to_client.make_contiguous();
        let room = self.rx.spare().len();
        assert!(room > 0, "the client waits for bytes and has no room for any");
        let count = self.chunks.take(available.len()).min(room);
        assert_eq!(self.rx.extend(&available[..count]), count);
        self.to_client.drain(..count);
        true
    }

    /// Reports one event of the data connection.
    fn data_event(&mut self) -> bool {
        let (id, event) = match self.data {
            DataEnd::Connecting(id) => match self.connects {
                None => return false,
                Some(Ok(())) => {
                    self.data = DataEnd::Open(id);
                    (id, DataEvent::Connected)
                }
                Some(Err(failure)) => {
                    self.data = DataEnd::None;
                    (id, DataEvent::Failed(failure))
                }
            },
            DataEnd::Securing(id) => match self.data_handshakes {
                None => return false,
                Some(true) => {
                    self.data = DataEnd::Open(id);
                    (id, DataEvent::Secured { resumed: true })
                }
                Some(false) => {
                    self.data = DataEnd::None;
                    self.finished = true;
                    (id, DataEvent::Failed(DataFailure::Handshake))
                }
            },
            DataEnd::Opening(id) => match self.listens_at {
                Some(at) => {
                    self.data = DataEnd::Listening(id);
                    (id, DataEvent::Listening(at))
                }
                None => {
                    self.data = DataEnd::None;
                    (id, DataEvent::Failed(DataFailure::Unreachable))
                }
            },
            DataEnd::Listening(id) => match self.arrivals.pop_front() {
                Some(from) => {
                    self.data = DataEnd::Arrived(id);
                    (id, DataEvent::Arrived(from))
                }
                None => return false,
            },
            DataEnd::Receiving(id) | DataEnd::Sending(id) if self.broken.is_some() => {
                self.data = DataEnd::None;
                self.finished = true;
                (id, DataEvent::Failed(self.broken.take().unwrap()))
            }
            DataEnd::Receiving(id) => match self.served {
                None => return false,
                Some([]) => {
                    self.served = None;
                    self.data = DataEnd::Open(id);
                    self.finished = true;
                    (id, DataEvent::Eof { clean: true })
                }
                Some(data) => {
                    self.served = Some(&[]);
                    (id, DataEvent::Moved(data.len() as u64))
                }
            },
            DataEnd::Sending(id) => match self.upload.pop() {
                Some(piece) => (id, DataEvent::Moved(piece)),
                None => {
                    self.data = DataEnd::Open(id);
                    self.finished = true;
                    (id, DataEvent::Flushed)
                }
            },
            DataEnd::AwaitingClose(id) if self.closes_data => {
                self.closes_data = false;
                self.data = DataEnd::Open(id);
                (id, DataEvent::Eof { clean: true })
            }
            DataEnd::None | DataEnd::Open(_) | DataEnd::Arrived(_) | DataEnd::AwaitingClose(_) => {
                return false;
            }
        };
        self.client.data_event(id, event).unwrap();
        true
    }
}
