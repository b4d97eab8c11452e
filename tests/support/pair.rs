//! A client and a session that talk to each other over pipes. By a seed, the pipes cut and delay
//! the bytes, and reorder those of different connections. Time passes only when nothing else can
//! happen.

use super::outcome::{Outcome, Turn, digest};
use super::random::Random;
use super::tree::Host;
use ftp_proto::action::{Action, DataEvent, DataFailure, DataId, DataOp, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client, Operation, Sequence};
use ftp_proto::codec::Escaped;
use ftp_proto::server::{self, Endpoints, Session};
use ftp_proto::time::Instant;
use ftp_proto::transfer::{Decoder, Encoder, LineEnds, TransferError};
use std::collections::VecDeque;
use std::net::SocketAddr;

const SERVER: &str = "192.0.2.1:21";
const CLIENT: &str = "192.0.2.2:40000";

/// One end of the data connection.
#[derive(Debug)]
enum End {
    None,
    Listening(DataId, u16),
    Connecting(DataId),
    Arrived(DataId),
    Open(DataId),
    Receiving(DataId, Decoder),
    /// Sending, with the number of bytes of the file that may still be sent.
    Sending(DataId, Encoder, u64),
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    ended: bool,
    reset: bool,
}

pub struct Pair {
    pub client: Client,
    pub session: Session<Vec<u8>>,
    pub host: Host,
    pub now: Instant,
    /// File that the client sends next.
    pub upload: Vec<u8>,
    /// Bytes that the client received.
    pub download: Vec<u8>,
    /// Treatment of text with CRLF at both ends; literal by default, so that every file comes back.
    pub line_ends: LineEnds,
    pub transcript: Vec<String>,
    pub polls: usize,
    /// Set if every data connection fails.
    pub unreachable: bool,
    random: Random,
    crx: RecvBuf<Vec<u8>>,
    ctx: SendBuf<Vec<u8>>,
    srx: RecvBuf<Vec<u8>>,
    stx: SendBuf<Vec<u8>>,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    client_wait: Option<Wait>,
    server_wait: Option<Wait>,
    client_end: End,
    server_end: End,
    client_events: VecDeque<(DataId, DataEvent)>,
    server_events: VecDeque<(DataId, DataEvent)>,
    data_up: Pipe,
    data_down: Pipe,
    uploaded: usize,
    next_port: u16,
    closed: bool,
}

impl Pair {
    pub fn new(seed: u64) -> Self {
        Self::with(seed, client::Config::default(), server::Config::default())
    }

    pub fn with(seed: u64, client_config: client::Config, server_config: server::Config) -> Self {
        let (peer, local): (SocketAddr, SocketAddr) = (CLIENT.parse().unwrap(), SERVER.parse().unwrap());
        Self {
            crx: RecvBuf::new(vec![0; client_config.limits.line + 2]),
            ctx: SendBuf::new(vec![0; 600]),
            srx: RecvBuf::new(vec![0; server_config.limits.line + 2]),
            stx: SendBuf::new(vec![0; 4096]),
            client: Client::new(client_config, local),
            session: Session::new(server_config, Endpoints { local, peer }, vec![0; 8192]),
            host: Host::new(),
            now: Instant::from_micros(5),
            upload: Vec::new(),
            download: Vec::new(),
            line_ends: LineEnds::Literal,
            transcript: Vec::new(),
            polls: 0,
            unreachable: false,
            random: Random::new(seed),
            up: VecDeque::new(),
            down: VecDeque::new(),
            client_wait: None,
            server_wait: None,
            client_end: End::None,
            server_end: End::None,
            client_events: VecDeque::new(),
            server_events: VecDeque::new(),
            data_up: Pipe::default(),
            data_down: Pipe::default(),
            uploaded: 0,
            next_port: 5000,
            closed: false,
        }
    }

    /// Breaks the data connection.
    pub fn break_data(&mut self) {
        for pipe in [&mut self.data_up, &mut self.data_down] {
            *pipe = Pipe { ended: true, reset: true, bytes: VecDeque::new() };
        }
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

    /// Runs an operation for `polls` polls of the client. Returns `None` if it is not over then.
    #[track_caller]
    pub fn run_for<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        let mut order: [usize; 8] = std::array::from_fn(|index| index);
        let (mut left, mut idle) = (polls, 0);
        for round in 0.. {
            assert!(round < 200_000, "it goes on and on: {:#?}", self.transcript);
            self.random.shuffle(&mut order);
            let mut progress = false;
            for index in order {
                progress |= match index {
                    0 => {
                        if left == 0 {
                            return None;
                        }
                        left -= 1;
                        match self.poll_client(operation, &own) {
                            Ok(progress) => progress,
                            Err(outcome) => return Some(outcome),
                        }
                    }
                    1 => self.poll_server(),
                    2 => send(&mut self.ctx, &mut self.up, &mut self.random, "C", &mut self.transcript),
                    3 => send(&mut self.stx, &mut self.down, &mut self.random, "S", &mut self.transcript),
                    4 => receive(self.server_wait, &mut self.up, &mut self.srx, &mut self.random),
                    5 => receive(self.client_wait, &mut self.down, &mut self.crx, &mut self.random),
                    6 => self.client_data(),
                    _ => self.server_data(),
                };
            }
            // An end learns only a round later what it waits for.
            idle = if progress { 0 } else { idle + 1 };
            if idle >= 3 {
                idle = 0;
                let deadlines = [self.client_wait, self.server_wait].map(|wait| wait?.deadline);
                match deadlines.into_iter().flatten().min() {
                    Some(next) => self.now = self.now.max(next),
                    None => panic!("deadlock: {:#?}", self.transcript),
                }
            }
        }
        None
    }

    fn poll_client<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        own: &impl Fn(S::Output<'_>) -> O,
    ) -> Result<bool, Outcome<O>> {
        self.polls += 1;
        self.client_wait = None;
        let action = operation.poll(&mut self.client, self.now, &mut self.crx, &mut self.ctx);
        match digest(action, own) {
            Turn::Over(outcome) => return Err(outcome),
            Turn::Wait(wait) => {
                self.client_wait = Some(wait);
                return Ok(false);
            }
            Turn::Data(id, op) => self.client_op(id, op),
            Turn::Line(_) => {}
            Turn::Upgrade(_) | Turn::Downgrade(_) => panic!("nobody asked for TLS"),
        }
        Ok(true)
    }

    fn poll_server(&mut self) -> bool {
        if self.closed {
            return false;
        }
        let action = self.session.poll(self.now, &mut self.srx, &mut self.stx);
        self.server_wait = None;
        match action {
            Ok(Action::Wait(wait)) => {
                self.server_wait = Some(wait);
                return false;
            }
            Ok(Action::Data(id, op)) => self.server_op(id, op),
            Ok(Action::Event(server::Event::Request(ticket, request))) => {
                self.host.serve(&mut self.session, ticket, &request, &mut self.stx.view());
            }
            Ok(Action::Close) | Err(_) => {
                self.closed = true;
            }
            Ok(other) => panic!("what is {other:?}?"),
        }
        true
    }

    fn client_op(&mut self, id: DataId, op: DataOp) {
        match op {
            DataOp::Connect(to) => {
                (self.data_up, self.data_down) = (Pipe::default(), Pipe::default());
                self.uploaded = 0;
                self.client_end = End::Connecting(id);
                assert_eq!(to.ip(), SERVER.parse::<SocketAddr>().unwrap().ip());
                match self.server_end {
                    End::Listening(server, port) if port == to.port() && !self.unreachable => {
                        self.server_end = End::Arrived(server);
                        self.server_events.push_back((server, DataEvent::Arrived(CLIENT.parse().unwrap())));
                        self.client_events.push_back((id, DataEvent::Connected));
                    }
                    _ => self.client_events.push_back((id, DataEvent::Failed(DataFailure::Unreachable))),
                }
            }
            DataOp::Receive(parameters) => {
                self.client_end = End::Receiving(id, parameters.decoder().unwrap());
            }
            DataOp::Send(mut parameters) => {
                parameters.line_ends = self.line_ends;
                self.client_end = End::Sending(
                    id,
                    parameters.encoder().unwrap(),
                    parameters.limit.map_or(u64::MAX, u64::from),
                );
            }
            DataOp::Close => {
                self.client_end = End::None;
                self.data_up.ended = true;
            }
            DataOp::Abort => {
                self.client_events.clear();
                self.client_end = End::None;
                self.data_up = Pipe { ended: true, reset: true, bytes: VecDeque::new() };
            }
            other => panic!("a client does not {other:?}"),
        }
    }

    fn server_op(&mut self, id: DataId, op: DataOp) {
        match op {
            DataOp::Listen { .. } => {
                self.next_port += 1;
                let mut at: SocketAddr = SERVER.parse().unwrap();
                at.set_port(self.next_port);
                self.server_end = End::Listening(id, self.next_port);
                self.server_events.push_back((id, DataEvent::Listening(at)));
            }
            DataOp::Admit => self.server_end = End::Open(id),
            DataOp::Receive(parameters) => {
                self.server_end = End::Receiving(id, parameters.decoder().unwrap());
            }
            DataOp::Send(mut parameters) => {
                parameters.line_ends = self.line_ends;
                self.server_end = End::Sending(
                    id,
                    parameters.encoder().unwrap(),
                    parameters.limit.map_or(u64::MAX, u64::from),
                );
            }
            DataOp::Close => {
                self.server_end = End::None;
                self.data_down.ended = true;
            }
            DataOp::Abort => {
                self.server_events.clear();
                self.server_end = End::None;
                self.data_down = Pipe { ended: true, reset: true, bytes: VecDeque::new() };
            }
            other => panic!("what is {other:?}?"),
        }
    }

    fn client_data(&mut self) -> bool {
        if let Some((id, event)) = self.client_events.pop_front() {
            match event {
                DataEvent::Connected => self.client_end = End::Open(id),
                DataEvent::Marker(_) => {}
                _ => self.client_end = End::None,
            }
            self.client.data_event(id, event).unwrap();
            return true;
        }
        let (end, download) = (&mut self.client_end, &mut self.download);
        let event = match end {
            End::Receiving(id, decoder) => {
                let later = &mut self.client_events;
                pull(*id, decoder, &mut self.data_down, &mut self.random, later, |bytes| {
                    download.extend_from_slice(bytes);
                })
            }
            End::Sending(id, encoder, left) => {
                let rest = &self.upload[self.uploaded..];
                push(*id, encoder, left, rest, &mut self.data_up, self.data_down.reset, &mut self.random).map(
                    |(read, event)| {
                        self.uploaded += read;
                        event
                    },
                )
            }
            _ => None,
        };
        let Some((id, event)) = event else { return false };
        settle(&mut self.client_end, id, event);
        self.client.data_event(id, event).unwrap();
        true
    }

    fn server_data(&mut self) -> bool {
        if let Some((id, event)) = self.server_events.pop_front() {
            self.session.data_event(id, event).unwrap();
            return true;
        }
        let host = &mut self.host;
        let event = match &mut self.server_end {
            End::Receiving(id, decoder) => {
                let later = &mut self.server_events;
                pull(*id, decoder, &mut self.data_up, &mut self.random, later, |bytes| host.write(bytes))
            }
            End::Sending(id, encoder, left) => {
                let result = push(
                    *id,
                    encoder,
                    left,
                    host.rest(),
                    &mut self.data_down,
                    self.data_up.reset,
                    &mut self.random,
                );
                result.map(|(read, event)| {
                    host.read(read);
                    event
                })
            }
            _ => None,
        };
        let Some((id, event)) = event else { return false };
        settle(&mut self.server_end, id, event);
        self.session.data_event(id, event).unwrap();
        true
    }
}

/// Updates the end that had an event.
fn settle(end: &mut End, id: DataId, event: DataEvent) {
    match event {
        DataEvent::Failed(_) => *end = End::None,
        DataEvent::Eof { .. } | DataEvent::Flushed => *end = End::Open(id),
        _ => {}
    }
}

/// Moves a piece from the pipe to the file.
fn pull(
    id: DataId,
    decoder: &mut Decoder,
    pipe: &mut Pipe,
    random: &mut Random,
    later: &mut VecDeque<(DataId, DataEvent)>,
    write: impl FnOnce(&[u8]),
) -> Option<(DataId, DataEvent)> {
    if pipe.reset {
        return Some((id, DataEvent::Failed(DataFailure::Broken)));
    }
    let mut out = [0; 64];
    let room = 2 + random.below(60);
    if pipe.bytes.is_empty() {
        if !pipe.ended {
            return None;
        }
        return Some((
            id,
            match decoder.finish(&mut out) {
                Ok(0) => DataEvent::Eof { clean: true },
                Ok(count) => {
                    write(&out[..count]);
                    DataEvent::Moved(0)
                }
                Err(TransferError::Truncated) => DataEvent::Eof { clean: false },
                Err(_) => DataEvent::Failed(DataFailure::Malformed),
            },
        ));
    }
    let available = pipe.bytes.make_contiguous();
    let piece = random.piece(available.len());
    let Ok(done) = decoder.decode(&available[..piece], &mut out[..room]) else {
        return Some((id, DataEvent::Failed(DataFailure::Malformed)));
    };
    pipe.bytes.drain(..done.read);
    write(&out[..done.written]);
    later.extend(done.marker.map(|marker| (id, DataEvent::Marker(marker))));
    Some((id, DataEvent::Moved(done.read as u64)))
}

/// Moves a piece from the file to the pipe, which has a limited capacity.
fn push(
    id: DataId,
    encoder: &mut Encoder,
    left: &mut u64,
    rest: &[u8],
    pipe: &mut Pipe,
    reset: bool,
    random: &mut Random,
) -> Option<(usize, (DataId, DataEvent))> {
    const PIPE: usize = 100;
    if reset {
        return Some((0, (id, DataEvent::Failed(DataFailure::Broken))));
    }
    if pipe.bytes.len() >= PIPE {
        return None;
    }
    let mut out = [0; 64];
    let room = 2 + random.below(60);
    let rest = &rest[..rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX))];
    if rest.is_empty() {
        let count = encoder.finish(&mut out[..room]);
        pipe.bytes.extend(&out[..count]);
        pipe.ended = count == 0;
        return Some((0, (id, if pipe.ended { DataEvent::Flushed } else { DataEvent::Moved(count as u64) })));
    }
    let piece = random.piece(rest.len());
    let done = encoder.encode(&rest[..piece], &mut out[..room]);
    *left -= done.read as u64;
    pipe.bytes.extend(&out[..done.written]);
    Some((done.read, (id, DataEvent::Moved(done.written as u64))))
}

fn send(
    from: &mut SendBuf<Vec<u8>>,
    to: &mut VecDeque<u8>,
    random: &mut Random,
    who: &str,
    transcript: &mut Vec<String>,
) -> bool {
    let count = random.piece(from.pending().len());
    if count == 0 {
        return false;
    }
    transcript.push(format!("{who}: {}", Escaped(&from.pending()[..count])));
    to.extend(&from.pending()[..count]);
    from.sent(count);
    true
}

fn receive(
    wait: Option<Wait>,
    from: &mut VecDeque<u8>,
    to: &mut RecvBuf<Vec<u8>>,
    random: &mut Random,
) -> bool {
    if from.is_empty() || !wait.is_some_and(|wait| wait.readable) {
        return false;
    }
    let count = random.piece(from.len());
    let taken = to.extend(&from.make_contiguous()[..count]);
    assert!(taken > 0, "it waits for bytes and has no room for any");
    from.drain(..taken);
    true
}
