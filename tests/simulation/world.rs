//! The driver: machines and peers, and what is between them. Every session is driven by it. It takes one step at a
//! time; the choices say which. A machine is polled when something has happened that it waits for, and only then;
//! time passes only when nothing else can happen.
//!
//! After every step: a machine that waits says how long; it allocates nothing; a session holds one data connection and
//! one request at most; each command has one final reply in its turn, which a document has; and the tree is what the
//! replies say.

mod control;
mod data;
mod served;

use super::choices::Choices;
use super::liar::Liar;
use super::network::{Net, Plan, SECOND};
use super::rogue::Rogue;
use super::support::client::{Outcome, Turn};
use control::Layer;
pub use control::{CLIENT_HELLO, SERVER_HELLO};
use data::End;
use ftp_proto::action::{DataEvent, DataId, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client, Operation, Sequence};
use ftp_proto::codec::{FileStructure, TransferMode};
use ftp_proto::error::{Error, LocalError, PeerError};
use ftp_proto::server;
use ftp_proto::time::Instant;
pub use served::Served;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The sides where there are but two.
pub const CLIENT: usize = 0;
pub const SERVER: usize = 1;

/// How many steps there may be without time passing.
const ROUNDS: usize = 100_000;

/// How much is sent and received at most by one step of the control connection.
const BUFFER: [usize; 2] = [600, 4096];

/// Names of the sides in traces.
const NAMES: [&str; 4] = ["C", "S", "C'", "S'"];

/// What a side is.
pub enum Machine {
    Client(Box<Client>),
    Served(Box<Served>),
    Liar(Box<Liar>),
    Rogue(Box<Rogue>),
}

/// What a client sends and receives.
#[derive(Debug, Default)]
pub struct Files {
    /// The file that is sent next.
    pub upload: Vec<u8>,
    /// What was received last.
    pub download: Vec<u8>,
    /// The file that is being sent, and how much of it was.
    uploading: Vec<u8>,
    uploaded: usize,
}

pub struct Side {
    pub machine: Machine,
    pub files: Files,
    address: IpAddr,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    /// What the machine waits for; nothing when it is to be polled.
    pub wait: Option<Wait>,
    /// Set while a client's application has nothing for it to do.
    idle: bool,
    layer: Layer,
    end: Option<(DataId, End)>,
    due: VecDeque<(u64, DataId, DataEvent)>,
    /// How much of what is queued was looked at.
    seen: usize,
    /// How many more bytes may be received.
    room: u64,
    /// The data connection that was opened last.
    last: Option<super::network::Socket>,
    /// It knows that the peer has closed the control connection.
    told_end: bool,
    /// It has closed the control connection.
    pub gone: bool,
    /// It has refused something, or its file has failed.
    pub to_blame: bool,
}

/// A client, with its buffers.
type Parts<'a> = (&'a mut Client, &'a mut RecvBuf<Vec<u8>>, &'a mut SendBuf<Vec<u8>>);

impl Side {
    fn new(machine: Machine, address: &str, line: usize, send: usize) -> Self {
        Self {
            machine,
            files: Files::default(),
            address: address.parse().unwrap(),
            rx: RecvBuf::new(vec![0; line + 2]),
            tx: SendBuf::new(vec![0; send]),
            wait: None,
            idle: false,
            layer: Layer::Clear,
            end: None,
            due: VecDeque::new(),
            seen: 0,
            room: u64::MAX,
            last: None,
            told_end: false,
            gone: false,
            to_blame: false,
        }
    }

    pub fn client(config: client::Config, address: &str, server: SocketAddr, choices: &Choices) -> Self {
        let (line, send) = (config.limits.line, BUFFER[0] - choices.below(400));
        Self::new(Machine::Client(Box::new(Client::new(config, server))), address, line, send)
    }

    pub fn session(config: server::Config, local: SocketAddr, peer: SocketAddr, choices: &Choices) -> Self {
        let (line, send) = (config.limits.line, BUFFER[1] - choices.below(3000));
        let served = Box::new(Served::new(config, local, peer));
        Self::new(Machine::Served(served), &local.ip().to_string(), line, send)
    }

    pub fn liar(liar: Liar) -> Self {
        Self::new(Machine::Liar(Box::new(liar)), "192.0.2.1", 0, 0)
    }

    pub fn rogue(rogue: Rogue) -> Self {
        Self::new(Machine::Rogue(Box::new(rogue)), "192.0.2.2", 0, 0)
    }

    fn wake(&mut self, why: impl Fn(&Wait) -> bool) {
        self.wait = self.wait.take().filter(|wait| !why(wait));
    }

    /// Returns the client, if this side is one.
    pub fn as_client(&self) -> Option<&Client> {
        match &self.machine {
            Machine::Client(client) => Some(client),
            _ => None,
        }
    }

    /// Returns the client, to be polled, with its buffers.
    pub fn parts(&mut self) -> Option<Parts<'_>> {
        match &mut self.machine {
            Machine::Client(client) => Some((client, &mut self.rx, &mut self.tx)),
            _ => None,
        }
    }
}

/// Runs a step of a machine, which may not allocate.
fn measured<T>(step: impl FnOnce() -> T) -> T {
    let mut result = None;
    let step = AssertUnwindSafe(step);
    let info = allocation_counter::measure(|| result = Some(catch_unwind(step)));
    let result = result.expect("it was run").unwrap_or_else(|panic| resume_unwind(panic));
    assert_eq!(info.count_total, 0, "a machine allocates");
    result
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This client is to be polled.
    Poll(usize),
    Progress,
    /// Nothing can happen any more.
    Rest,
}

pub struct World {
    pub net: Net,
    pub sides: Vec<Side>,
    /// STRU and MODE, which the client leaves to its driver.
    pub layout: (FileStructure, TransferMode),
    /// The lines that were shown of the last operation.
    pub shown: Vec<String>,
    /// The longest that an operation took in virtual time, and the most often that one was polled.
    pub longest: u64,
    pub polls: usize,
    /// The longest that an operation may take.
    pub patience: u64,
    /// Time does not pass beyond this.
    until: u64,
    rounds: usize,
}

impl World {
    pub fn new(choices: &Choices, plan: Plan, sides: Vec<Side>) -> Self {
        Self {
            net: Net::new(choices.clone(), plan, sides.len()),
            sides,
            layout: (FileStructure::File, TransferMode::Stream),
            shown: Vec::new(),
            longest: 0,
            polls: 0,
            patience: 3600 * SECOND,
            until: u64::MAX,
            rounds: 0,
        }
    }

    /// Creates a client and a session.
    pub fn pair(
        choices: &Choices,
        plan: Plan,
        six: bool,
        client_config: client::Config,
        server_config: server::Config,
    ) -> Self {
        let [client, server] = if six { ["2001:db8::2", "2001:db8::1"] } else { ["192.0.2.2", "192.0.2.1"] };
        let local = SocketAddr::new(server.parse().unwrap(), 21);
        let peer = SocketAddr::new(client.parse().unwrap(), 40_000);
        let sides = vec![
            Side::client(client_config, client, local, choices),
            Side::session(server_config, local, peer, choices),
        ];
        Self::new(choices, plan, sides)
    }

    pub fn client(&mut self) -> &mut Client {
        self.sides[CLIENT].parts().expect("a client").0
    }

    pub fn served(&mut self) -> &mut Served {
        self.served_at(SERVER)
    }

    pub fn served_at(&mut self, side: usize) -> &mut Served {
        match &mut self.sides[side].machine {
            Machine::Served(served) => served,
            _ => panic!("no session"),
        }
    }

    pub fn liar(&self) -> &Liar {
        match &self.sides[SERVER].machine {
            Machine::Liar(liar) => liar,
            _ => panic!("no liar"),
        }
    }

    pub fn rogue(&self) -> &Rogue {
        match &self.sides[CLIENT].machine {
            Machine::Rogue(rogue) => rogue,
            _ => panic!("no rogue"),
        }
    }

    /// Returns what a client sends and receives.
    pub fn files(&mut self) -> &mut Files {
        &mut self.sides[CLIENT].files
    }

    /// Puts a file into the tree of the session, and into what it has to be.
    pub fn put_file(&mut self, path: &str, content: &[u8]) {
        let served = self.served();
        served.host.tree.put_file(path, content);
        served.model.put_file(path.as_bytes(), content);
    }

    pub fn remove(&mut self, path: &[u8]) {
        let served = self.served();
        served.host.tree.remove(path);
        served.model.remove(path);
    }

    /// Returns whether a side has a data connection.
    pub fn has_end(&self, side: usize) -> bool {
        self.sides[side].end.is_some()
    }

    /// Runs an operation to its end.
    #[track_caller]
    pub fn run<S: Sequence, O: std::fmt::Debug>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Outcome<O> {
        self.run_at(CLIENT, operation, usize::MAX, own).expect("polls without end")
    }

    /// Runs an operation for so many polls.
    #[track_caller]
    pub fn run_for<S: Sequence, O: std::fmt::Debug>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        self.run_at(CLIENT, operation, polls, own)
    }

    /// Runs an operation of a side's client for so many polls.
    #[track_caller]
    pub fn run_at<S: Sequence, O: std::fmt::Debug>(
        &mut self,
        side: usize,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        self.shown.clear();
        self.wake(side);
        let start = self.net.now;
        let mut left = polls;
        while left > 0 {
            match self.step() {
                Step::Poll(polled) if polled == side => left -= 1,
                // The other one has nothing to do.
                Step::Poll(other) => {
                    self.rest(other);
                    continue;
                }
                Step::Progress => {
                    let took = self.net.now - start;
                    assert!(took <= self.patience, "it takes {} s", took / SECOND);
                    continue;
                }
                Step::Rest => panic!("a deadlock: {:?}", self.waits()),
            }
            if let Some(outcome) = self.poll_client(side, operation, &own) {
                self.net.note(|| format!("-- {outcome:?}"));
                self.longest = self.longest.max(self.net.now - start);
                self.polls = self.polls.max(polls - left);
                self.check_end(side, &outcome);
                self.rest(side);
                return Some(outcome);
            }
        }
        self.net.note(|| "-- dropped".to_owned());
        self.rest(side);
        None
    }

    /// A client's application has nothing for it to do: it is not polled.
    pub fn rest(&mut self, side: usize) {
        (self.sides[side].wait, self.sides[side].idle) = (Some(Wait::default()), true);
    }

    /// A client's application has something for it to do.
    pub fn wake(&mut self, side: usize) {
        (self.sides[side].wait, self.sides[side].idle) = (None, false);
    }

    pub fn waits(&self) -> Vec<Option<Wait>> {
        self.sides.iter().map(|side| side.wait).collect()
    }

    /// Polls a client once. Returns the outcome of the operation if it is over.
    fn poll_client<S: Sequence, O>(
        &mut self,
        side: usize,
        operation: &mut Operation<S>,
        own: &impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        let now = Instant::from_micros(self.net.now);
        let (client, rx, tx) = self.sides[side].parts().expect("a client");
        let action = measured(|| operation.poll(client, now, rx, tx));
        match Turn::of(action, own) {
            Turn::Over(outcome) => return Some(outcome),
            Turn::Wait(wait) => {
                let listens = wait.deadline == Some(now);
                if !listens && self.net.choices.below(16) == 15 {
                    let (client, rx, tx) = self.sides[side].parts().expect("a client");
                    let again = operation.poll(client, now, rx, tx);
                    let waits = matches!(again, Ok(ftp_proto::action::Action::Wait(_)));
                    assert!(waits, "it waits, and then does not");
                }
                self.check_wait(side, wait);
            }
            Turn::Data(id, op) => self.order(side, id, op),
            Turn::Line(line) => self.shown.push(line),
            Turn::Upgrade(token) => self.sides[side].layer = Layer::upgrade(token),
            Turn::Downgrade(token) => self.sides[side].layer = Layer::downgrade(token),
        }
        None
    }

    /// Takes what a machine waits for.
    pub fn check_wait(&mut self, side: usize, wait: Wait) {
        let deadline = wait.deadline.expect("a machine that waits says how long");
        self.sides[side].wait = Some(wait);
        if deadline.as_micros() == self.net.now && side % 2 == CLIENT {
            // Before it sends a command it reads what is there, and is polled at once.
            assert!(wait.readable || self.sides[side].told_end, "it listens");
            self.receive(side);
            self.sides[side].wait = None;
            return;
        }
        assert!(deadline.as_micros() > self.net.now, "it waits for what has passed");
    }

    /// Lets the others go on for so many steps, or for 20 seconds.
    pub fn idle(&mut self, steps: usize) {
        self.idle_until(steps, self.net.now + 20 * SECOND);
    }

    /// Lets the others go on.
    pub fn idle_until(&mut self, steps: usize, until: u64) {
        self.rest(CLIENT);
        self.until = until;
        let mut steps = 0..steps;
        while steps.next().is_some() && self.step() != Step::Rest {}
        self.until = u64::MAX;
    }

    /// The client closes the control connection; lets the server see to its end.
    pub fn hang_up(&mut self) {
        self.sides[CLIENT].gone = true;
        self.rest(CLIENT);
        self.net.hang_up(SERVER);
        let start = self.net.now;
        while !self.sides[SERVER].gone {
            assert!(self.net.now - start <= self.patience, "the session takes long to end");
            assert_ne!(self.step(), Step::Rest, "the session does not end: {:?}", self.waits());
        }
    }

    /// Takes one step. If nothing can happen, time passes.
    pub fn step(&mut self) -> Step {
        const TASKS: usize = 5;
        let tasks = TASKS * self.sides.len();
        let first = self.net.choices.below(tasks);
        for task in (first..tasks).chain(0..first) {
            let side = task / TASKS;
            let progress = match task % TASKS {
                0 => match self.sides[side].machine {
                    Machine::Client(_) if self.sides[side].wait.is_none() => return Step::Poll(side),
                    Machine::Client(_) => false,
                    Machine::Served(_) => self.poll_session(side),
                    Machine::Liar(_) | Machine::Rogue(_) => self.act(side),
                },
                1 => self.send(side),
                2 => self.receive(side),
                3 => self.data(side),
                _ => self.answer(side),
            };
            if progress {
                self.rounds += 1;
                assert!(self.rounds < ROUNDS, "it goes on and on");
                return Step::Progress;
            }
        }
        self.rounds = 0;
        self.pass_time()
    }

    /// A peer that is no machine does something.
    fn act(&mut self, side: usize) -> bool {
        let Self { net, sides, .. } = self;
        match &mut sides[side].machine {
            Machine::Liar(liar) => liar.receive(net) || liar.step(net),
            Machine::Rogue(rogue) => rogue.step(net),
            _ => false,
        }
    }

    /// Goes on to the next thing that happens.
    fn pass_time(&mut self) -> Step {
        let now = self.net.now;
        let sides = self.sides.iter().filter(|side| !side.gone);
        let times = sides.flat_map(|side| {
            let wait = side.wait.and_then(|wait| wait.deadline).map(Instant::as_micros);
            let own = match &side.machine {
                Machine::Served(served) => served.next(),
                Machine::Liar(liar) => liar.next(now),
                Machine::Rogue(rogue) => rogue.next(),
                Machine::Client(_) => None,
            };
            [wait, own].into_iter().flatten().chain(side.due.iter().map(|(at, ..)| *at))
        });
        let next = times.chain(self.net.next()).filter(|at| *at > now && *at < u64::MAX).min();
        let Some(mut next) = next.filter(|at| *at < self.until) else {
            self.net.now = if self.until < u64::MAX { self.until.max(now) } else { now };
            return Step::Rest;
        };
        if self.net.plan.jumps > 0 && self.net.choices.chance(self.net.plan.jumps, 1000) {
            next += self.net.choices.below(600) as u64 * SECOND;
            (self.net.harm.fatal, self.net.harm.mild) = (self.net.harm.fatal + 1, self.net.harm.mild + 1);
            self.net.note(|| "-- time has passed unseen".to_owned());
        }
        self.net.now = next;
        for side in &mut self.sides {
            side.wake(|wait| wait.deadline.is_some_and(|deadline| deadline.as_micros() <= next));
        }
        Step::Progress
    }

    /// Checks how an operation may end.
    #[track_caller]
    fn check_end<O: std::fmt::Debug>(&mut self, side: usize, outcome: &Outcome<O>) {
        let Outcome::Error(error) = outcome else { return };
        // The application wanted to send a secret in the clear.
        if *error == Error::Local(LocalError::Unprotected) {
            return;
        }
        let lies = matches!(self.sides[side + 1].machine, Machine::Liar(_));
        assert!(lies || self.net.harm.fatal > 0, "an end that nothing explains: {error:?}");
        let client = self.sides[side].as_client().expect("a client");
        assert!(client.is_closed(), "an error, and it is not closed");
        assert!(self.sides[side].end.is_none(), "a data connection outlives the client");
        let Error::Peer(error) = error else { panic!("misuse: {error}") };
        assert!(lies || *error != PeerError::MalformedReply, "{error:?}");
    }
}
