//! A client and a session, and whatever lies between them. A history is a sequence of moves, each of
//! which lets one part take one step. Every move checks what has to hold after it.

mod ending;

use super::data::{End, Link, PIECE, PIECES};
use super::moves::{Fault, Move, Scenario, Side};
use super::storage::{Digest, Storage};
use super::task::{Ask, Task};
use super::wire::Dialogue;
use ftp_proto::action::{Action, DataEvent, DataId, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client};
use ftp_proto::error::{Error, LocalError};
use ftp_proto::server::{self, Access, Answer, Endpoints, Event, Refusal, Request, Session, Ticket};
use ftp_proto::testing::{Outcome, Turn};
use ftp_proto::time::Instant;
use std::collections::VecDeque;

/// A request that the host has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Admit,
    Read,
    Write,
    List,
    Commit,
    Other,
}

/// One direction of the control connection.
#[derive(Debug, Default)]
struct Channel {
    bytes: Vec<u8>,
    ended: bool,
    /// Set once the receiver knows of the end.
    known: bool,
}

pub struct World {
    scenario: Scenario,
    now: u64,
    client: Client,
    session: Session<Storage>,
    rx: [RecvBuf<Storage>; 2],
    tx: [SendBuf<Storage>; 2],
    wait: [Option<Wait>; 2],
    pub gone: [bool; 2],
    /// The control connection, by the side that it leads to.
    control: [Channel; 2],
    muted: bool,
    task: Option<Task>,
    ask: Ask,
    begun: usize,
    outcome: Option<Outcome<()>>,
    asked: Option<(Ticket, Asked)>,
    silent: bool,
    pub ends: [Option<(DataId, End)>; 2],
    pub due: [VecDeque<(DataId, DataEvent)>; 2],
    pub links: Vec<Link>,
    pub port: u16,
    /// Pieces that the client and the host have received.
    pub received: usize,
    pub uploaded: usize,
    committed: bool,
    faults: usize,
    /// Set after the first fault.
    pub harmed: bool,
    /// Set after a fault after which the connection may be of no more use.
    doomed: bool,
    dialogue: Dialogue,
    history: Vec<Move>,
    /// Set during a move and what is checked after it.
    moving: bool,
}

impl Drop for World {
    fn drop(&mut self) {
        if self.moving && std::thread::panicking() {
            eprintln!("{}: {:?}\n{:?}", self.scenario.name, self.history, self.wait);
        }
    }
}

impl World {
    pub fn new(scenario: &Scenario) -> Self {
        let mut server = server::Config::default();
        server.timeouts.login_delay = Default::default();
        let storage = [scenario.client.limits.line, server.limits.line];
        let endpoints = Endpoints { local: Side::Server.address(), peer: Side::Client.address() };
        let mut world = Self {
            now: 5,
            client: Client::new(scenario.client.clone(), Side::Server.address()),
            session: Session::new(server, endpoints, Storage::new(64)),
            rx: storage.map(|line| RecvBuf::new(Storage::new(line + 2))),
            tx: [600, 1200].map(|length| SendBuf::new(Storage::new(length))),
            wait: [None; 2],
            gone: [false; 2],
            control: Default::default(),
            muted: false,
            task: None,
            ask: Ask::Noop,
            begun: 0,
            outcome: None,
            asked: None,
            silent: false,
            ends: [None; 2],
            due: Default::default(),
            links: Vec::new(),
            port: 5000,
            received: 0,
            uploaded: 0,
            committed: false,
            faults: 0,
            harmed: false,
            doomed: false,
            dialogue: Dialogue::new(),
            history: Vec::new(),
            moving: false,
            scenario: scenario.clone(),
        };
        if !scenario.anew {
            world.log_in();
        }
        if let Some((ask, moves)) = scenario.lead {
            world.take(Move::Begin(ask));
            for _ in 0..moves {
                let next = world.fair_move().expect("an operation that is not over");
                world.take(next);
            }
        }
        world
    }

    /// Logs both sides in, each against what the other one would say. This saves most of the moves
    /// of a history that has to be repeated.
    fn log_in(&mut self) {
        let [greeting, user, password] = [&b"220 Hello\r\n"[..], b"331 Password\r\n", b"230 In\r\n"];
        self.rx[0].extend(greeting);
        self.dialogue.replies(greeting, |_, _, _| ());
        let mut answers = [user, password].into_iter();
        for ask in [Ask::Greeting, Ask::Login] {
            self.begin(ask);
            while self.task.is_some() {
                self.poll_client();
                if !self.tx[0].is_empty() {
                    let answer = answers.next().expect("two commands");
                    self.dialogue.commands(self.tx[0].pending());
                    self.dialogue.replies(answer, |_, _, _| ());
                    self.rx[1].extend(self.tx[0].pending());
                    self.tx[0].sent(usize::MAX);
                    self.rx[0].extend(answer);
                }
            }
        }
        while self.wait[1].is_none() {
            self.poll_server();
            if self.asked.is_some() {
                self.answer(None);
            }
        }
        assert!(self.session.is_logged_in());
        self.tx[1].sent(usize::MAX);
        (self.begun, self.wait) = (0, [None; 2]);
    }

    /// Returns a hash of everything on which the future depends.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest::new(self.now);
        digest.add(&(&self.client, &self.session, &self.task, self.wait, self.gone, &self.control));
        for side in Side::BOTH {
            digest.add_unread(&self.rx[side as usize]);
            digest.add(&(self.tx[side as usize].pending(), self.end_state(side)));
        }
        digest.add(&(self.muted, self.ask, self.begun, &self.outcome, &self.asked, self.silent));
        digest.add(&(self.received, self.uploaded, self.committed));
        digest.add(&(self.faults, self.harmed, self.doomed, &self.dialogue));
        digest.finish()
    }

    /// Returns all that can happen next.
    pub fn moves(&self) -> Vec<Move> {
        let mut moves = self.natural();
        let next = self.next_deadline();
        match moves.is_empty() {
            true => moves.extend(next.map(|_| Move::Time)),
            false if self.faults < self.scenario.faults => {
                moves.extend(next.map(|_| Move::Fault(Fault::Early)));
            }
            false => {}
        }
        if self.faults < self.scenario.faults {
            moves.extend(self.possible_faults().into_iter().map(Move::Fault));
        }
        moves
    }

    /// Returns what can happen next without a fault and without time passing.
    fn natural(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        for side in Side::BOTH {
            if self.is_ready(side) {
                moves.push(Move::Poll(side));
            }
            if !self.tx[side as usize].is_empty() && !self.gone[side as usize] {
                moves.push(Move::Write(side));
            }
            let (channel, wait) = (&self.control[side as usize], self.wait[side as usize]);
            let reads = wait.is_some_and(|wait| wait.readable) && !self.muted && !self.gone[side as usize];
            if reads && (!channel.bytes.is_empty() || (channel.ended && !channel.known)) {
                moves.push(Move::Deliver(side));
                if channel.bytes.iter().filter(|byte| **byte == b'\n').count() > 1 {
                    moves.push(Move::Line(side));
                }
            }
            if self.next_event(side).is_some() {
                moves.push(Move::Data(side));
            }
        }
        if self.asked.is_some() && !self.silent {
            moves.push(Move::Answer);
        }
        if self.task.is_none() && !self.gone[Side::Client as usize] {
            let left = self.begun < self.scenario.count + 2 * usize::from(self.scenario.anew);
            let asks = match (self.scenario.anew, self.begun) {
                (true, 0) => &[Ask::Greeting],
                (true, 1) => &[Ask::Login],
                _ if left => self.scenario.asks,
                _ => &[Ask::Quit],
            };
            moves.extend(asks.iter().map(|ask| Move::Begin(*ask)));
        }
        moves
    }

    fn is_ready(&self, side: Side) -> bool {
        let due = |wait: Wait| wait.deadline.is_some_and(|deadline| deadline.as_micros() <= self.now);
        let runs = side == Side::Server || self.task.is_some();
        runs && !self.gone[side as usize] && self.wait[side as usize].is_none_or(due)
    }

    fn next_deadline(&self) -> Option<u64> {
        let waits = Side::BOTH.into_iter().filter(|side| !self.gone[*side as usize]);
        let waits = waits.filter(|side| *side == Side::Server || self.task.is_some());
        let deadlines = waits.filter_map(|side| Some(self.wait[side as usize]?.deadline?.as_micros()));
        deadlines.filter(|deadline| *deadline > self.now).min()
    }

    fn possible_faults(&self) -> Vec<Fault> {
        let mut faults = self.data_faults();
        if !self.silent && self.asked.is_some() {
            faults.extend([Fault::Refuse, Fault::Silence]);
        }
        if !self.muted && !self.control.iter().any(|channel| channel.ended) {
            faults.extend([Fault::Cut, Fault::Mute]);
        }
        match &self.task {
            Some(Task::Complete(_)) => faults.extend([Fault::Abort, Fault::Drop, Fault::Status]),
            Some(Task::Open(_) | Task::Abort(_) | Task::Enter(_)) => faults.push(Fault::Drop),
            _ => {}
        }
        faults
    }

    /// Takes a step, and checks what has to hold after it.
    pub fn take(&mut self, step: Move) {
        self.history.push(step);
        self.moving = true;
        match step {
            Move::Poll(Side::Client) => self.poll_client(),
            Move::Poll(Side::Server) => self.poll_server(),
            Move::Write(side) => self.write(side),
            Move::Line(side) => {
                let bytes = &self.control[side as usize].bytes;
                let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line");
                self.deliver(side, end + 1);
            }
            Move::Deliver(side) => self.deliver(side, usize::MAX),
            Move::Data(side) => self.happen(side),
            Move::Answer => self.answer(None),
            Move::Begin(ask) => self.begin(ask),
            Move::Time | Move::Fault(Fault::Early) => {
                self.now = self.next_deadline().expect("a deadline");
                self.doomed |= step != Move::Time;
            }
            Move::Fault(fault) => self.go_wrong_by(fault),
        }
        if let Move::Fault(_) = step {
            (self.faults, self.harmed) = (self.faults + 1, true);
        }
        self.check_turns();
        self.moving = false;
    }

    fn go_wrong_by(&mut self, fault: Fault) {
        match fault {
            Fault::Refuse => self.answer(Some(Refusal::Denied)),
            Fault::Silence => (self.silent, self.doomed) = (true, true),
            Fault::Mute => (self.muted, self.doomed) = (true, true),
            Fault::Cut => {
                self.control.iter_mut().for_each(|channel| channel.ended = true);
                self.doomed = true;
            }
            Fault::Drop => self.task = None,
            Fault::Abort => {
                let Some(Task::Complete(task)) = self.task.take() else { panic!("no transfer") };
                self.task = Some(Task::Abort(client::abort(task.into_transfer())));
                self.wait[Side::Client as usize] = None;
            }
            Fault::Status => {
                let Some(Task::Complete(task)) = &mut self.task else { panic!("no transfer") };
                task.ask_status();
                self.wait[Side::Client as usize] = None;
            }
            fault => self.go_wrong(fault),
        }
    }

    pub fn begin(&mut self, ask: Ask) {
        (self.task, self.ask, self.outcome) = (Some(Task::new(ask)), ask, None);
        self.begun += 1;
        self.wait[Side::Client as usize] = None;
    }

    fn poll_client(&mut self) {
        let now = Instant::from_micros(self.now);
        let Some(mut task) = self.task.take() else { panic!("nothing to poll") };
        self.wait[Side::Client as usize] = None;
        loop {
            match task.poll(&mut self.client, now, &mut self.rx[0], &mut self.tx[0]) {
                Turn::Line(_) => continue,
                Turn::Wait(wait) => self.waits(Side::Client, wait),
                Turn::Data(id, op) => self.order(Side::Client, id, op),
                Turn::Over(outcome) => return self.over(&task, outcome),
                Turn::Upgrade(_) | Turn::Downgrade(_) => panic!("nobody asked for TLS"),
            }
            self.task = Some(task);
            return;
        }
    }

    fn over(&mut self, task: &Task, outcome: Outcome<Option<client::TransferId>>) {
        if !self.harmed {
            assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?} although nothing was wrong");
        }
        // What was dropped is given up by then.
        let open = matches!(outcome, Outcome::Done(Some(_))) || self.ends[0].is_none();
        assert!(open, "a data connection outlives its operation");
        let outcome = match outcome {
            Outcome::Done(Some(transfer)) => {
                self.task = Some(Task::Complete(client::complete(transfer)));
                return;
            }
            outcome => outcome.and_then(|_| Outcome::Done(())),
        };
        if let (Task::Complete(_), Outcome::Done(())) = (task, &outcome) {
            match self.ask {
                Ask::Store => assert!(self.committed, "an upload is called complete that was not stored"),
                _ => assert_eq!(self.received, PIECES, "a part of a file is called complete"),
            }
        }
        let leaves = self.ask == Ask::Quit || matches!(outcome, Outcome::Close | Outcome::Error(_));
        assert!(!matches!(outcome, Outcome::Error(Error::Local(_))), "{outcome:?}");
        self.outcome = Some(outcome);
        if leaves {
            self.leave(Side::Client);
        }
    }

    /// Closes a side's connections, as an operating system does for a process that has ended.
    fn leave(&mut self, side: Side) {
        self.gone[side as usize] = true;
        self.control[side.other() as usize].ended = true;
        self.due[side as usize].clear();
        if let Some((_, end)) = self.ends[side as usize].take() {
            self.close(side, end, true);
        }
    }

    fn waits(&mut self, side: Side, wait: Wait) {
        let deadline = wait.deadline.expect("a wait that may never end").as_micros();
        // Before it sends a command, a client has everything read that has arrived.
        let reads = wait.readable || self.control[side as usize].known;
        let listens = side == Side::Client && deadline == self.now && reads;
        assert!(listens || deadline > self.now, "{side:?} waits for the past: {wait:?}");
        self.wait[side as usize] = Some(wait);
    }

    fn wake(&mut self, side: Side, why: impl Fn(Wait) -> bool) {
        self.wait[side as usize].take_if(|wait| why(*wait));
    }

    fn poll_server(&mut self) {
        self.wait[Side::Server as usize] = None;
        let now = Instant::from_micros(self.now);
        match self.session.poll(now, &mut self.rx[1], &mut self.tx[1]) {
            Ok(Action::Wait(wait)) => self.waits(Side::Server, wait),
            Ok(Action::Data(id, op)) => self.order(Side::Server, id, op),
            Ok(Action::Event(Event::Request(ticket, request))) => {
                let asked = match request {
                    Request::Admit => Asked::Admit,
                    Request::Open(Access::Read { .. }) => Asked::Read,
                    Request::Open(_) => Asked::Write,
                    Request::List(_) => Asked::List,
                    Request::Commit => Asked::Commit,
                    _ => Asked::Other,
                };
                assert!(self.asked.is_none() || self.silent, "two requests at once");
                (self.asked, self.silent) = (Some((ticket, asked)), false);
            }
            Ok(Action::Event(Event::Abort)) => {}
            Ok(Action::Close) | Err(Error::Peer(_)) => {
                assert_eq!(self.ends[Side::Server as usize], None, "data connections outlive the session");
                while !self.tx[1].is_empty() {
                    self.write(Side::Server);
                }
                self.asked = None;
                self.leave(Side::Server);
            }
            Ok(other) => panic!("unknown: {other:?}"),
            Err(error) => panic!("{error}"),
        }
    }

    fn write(&mut self, side: Side) {
        let tx = &mut self.tx[side as usize];
        let bytes = tx.pending().to_vec();
        tx.sent(bytes.len());
        if side == Side::Server {
            self.dialogue.replies(&bytes, |_, _, _| ());
        }
        self.control[side.other() as usize].bytes.extend(bytes);
        self.wake(side, |wait| wait.writable);
    }

    fn deliver(&mut self, side: Side, most: usize) {
        let channel = &mut self.control[side as usize];
        let bytes: Vec<u8> = channel.bytes.drain(..most.min(channel.bytes.len())).collect();
        let taken = self.rx[side as usize].extend(&bytes);
        assert_eq!(taken, bytes.len(), "the buffers of this test are too small");
        if bytes.is_empty() {
            channel.known = true;
            self.rx[side as usize].eof();
        }
        if side == Side::Server {
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                let name = line.strip_prefix(b"\xff\xf4\xff\xf2").unwrap_or(line).get(..4);
                let waits = !matches!(name, Some(b"ABOR" | b"STAT" | b"NOOP"));
                let ordered = self.dialogue.is_settled() || self.scenario.client.pipelining || self.doomed;
                assert!(ordered || !waits, "{} comes out of turn", line.escape_ascii());
                self.dialogue.commands(line);
            }
        }
        self.wake(side, |wait| wait.readable);
    }

    pub fn report(&mut self, side: Side, id: DataId, event: DataEvent) {
        let taken = match side {
            Side::Client => self.client.data_event(id, event),
            Side::Server => self.session.data_event(id, event),
        };
        taken.unwrap_or_else(|error| panic!("{side:?} rejects {event:?}: {error}"));
        self.wake(side, |wait| wait.data);
    }

    fn answer(&mut self, refusal: Option<Refusal>) {
        let (ticket, asked) = self.asked.take().expect("a request");
        let size = (asked == Asked::Read).then_some(PIECE * PIECES as u64);
        let answer = match (refusal, asked) {
            (Some(refusal), _) => {
                self.doomed |= asked == Asked::Admit;
                Answer::Refused(refusal)
            }
            (_, Asked::Read | Asked::Write | Asked::List) => Answer::Opened { size, unique_name: None },
            _ => Answer::Done,
        };
        if asked == Asked::Commit {
            assert_eq!(self.uploaded, PIECES, "a part of a file is to be stored");
        }
        match self.session.answer(ticket, answer, &mut self.tx[1]) {
            Ok(()) => {
                if asked == Asked::Write {
                    (self.uploaded, self.committed) = (0, false);
                }
                self.committed |= asked == Asked::Commit && refusal.is_none();
                self.wake(Side::Server, |wait| wait.application);
            }
            // The host was too slow.
            Err((LocalError::Ended, _)) if self.doomed => {}
            Err((error, _)) => panic!("the host answers in vain: {error}"),
        }
    }

    /// Checks that something happens next, and that no side waits for the other while that waits for
    /// it.
    fn check_turns(&self) {
        let natural = self.natural();
        let ends = self.gone == [true; 2] || !natural.is_empty() || self.next_deadline().is_some();
        assert!(ends, "a deadlock: nothing will ever happen");
        let [Some(client), Some(_)] = self.wait else { return };
        if self.muted || natural.iter().any(|step| !matches!(step, Move::Begin(_))) {
            return;
        }
        let owes = !self.dialogue.is_settled();
        let works = self.asked.is_some() || self.session.is_transferring();
        assert!(works || !owes, "the server waits for a command, and owes a reply: {:?}", self.dialogue);
        let waits = self.task.is_some() && !client.data;
        assert!(owes || !waits, "the client waits for a reply, and the server owes none");
    }
}
