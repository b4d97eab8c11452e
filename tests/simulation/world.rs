//! The two machines, what drives them, and what is between them. A machine is polled when something has
//! happened that it waits for, and only then; time passes only when nothing else can happen. What goes over
//! data connections has a file of its own.

mod data;

use super::host::{Host, Kept, Told, refusal};
use super::network::{Pipe, Plan};
use super::support::client::{Outcome, Turn};
use super::wire::Dialogue;
use data::End;
use ftp_proto::action::{Action, DataEvent, DataId, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client, Operation, Sequence};
use ftp_proto::codec::{Escaped, FileStructure, TransferMode};
use ftp_proto::error::{Error, PeerError};
use ftp_proto::server::{self, Endpoints, Refusal, Session, Ticket};
use ftp_proto::testing::Random;
use ftp_proto::time::Instant;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

pub const CLIENT: usize = 0;
pub const SERVER: usize = 1;
const NAMES: [&str; 2] = ["C", "S"];

/// How many rounds there may be without time passing.
const ROUNDS: usize = 100_000;

struct Side {
    address: IpAddr,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    /// What the machine waits for; nothing when it is to be polled.
    wait: Option<Wait>,
    ends: Vec<(DataId, End)>,
    due: Vec<(u64, DataId, DataEvent)>,
    /// It has closed the control connection.
    gone: bool,
}

impl Side {
    fn wake(&mut self, why: impl Fn(&Wait) -> bool) {
        self.wait = self.wait.take().filter(|wait| !why(wait));
    }
}

/// What has gone wrong, so that what comes of it is no surprise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// To data connections and to answers of the host.
    pub mild: usize,
    /// To the control connection, or to a peer's patience.
    pub fatal: usize,
}

pub struct World {
    pub seed: u64,
    pub client: Client,
    pub session: Session<Vec<u8>>,
    pub host: Host,
    pub plan: Plan,
    pub random: Random,
    pub harm: Harm,
    pub dialogue: Dialogue,
    /// What the client sends next.
    pub upload: Vec<u8>,
    /// What it has received last.
    pub download: Vec<u8>,
    pub lines: usize,
    /// STRU and MODE, which the client leaves to its driver.
    pub layout: (FileStructure, TransferMode),
    now: u64,
    /// What it sends now, and how much of it is sent.
    uploading: Vec<u8>,
    uploaded: usize,
    trace: VecDeque<String>,
    sides: [Side; 2],
    /// The control connection; each pipe named after where it leads.
    control: [Pipe; 2],
    links: Vec<[Pipe; 2]>,
    asked: Option<(u64, Ticket, Kept)>,
    next_port: u16,
    rounds: usize,
    /// How long the client may be idle.
    until: u64,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for line in &self.trace {
                eprintln!("{line}");
            }
            eprintln!("{:?}\n{:?}", self.plan, self.harm);
            eprintln!("SIMULATION_SEED={} cargo test --test simulation", self.seed);
        }
    }
}

impl World {
    pub fn new(
        seed: u64,
        plan: Plan,
        six: bool,
        client_config: client::Config,
        server_config: server::Config,
    ) -> Self {
        let mut random = Random::new(seed);
        let addresses = if six { ["2001:db8::2", "2001:db8::1"] } else { ["192.0.2.2", "192.0.2.1"] };
        let [peer, local] = addresses.map(|address| address.parse::<IpAddr>().unwrap());
        let rx = [client_config.limits.line, server_config.limits.line].map(|line| line + 2);
        let tx = [64 + random.below(600), 1024 + random.below(4096)];
        let side = |address, which: usize| Side {
            address,
            rx: RecvBuf::new(vec![0; rx[which]]),
            tx: SendBuf::new(vec![0; tx[which]]),
            wait: None,
            ends: Vec::new(),
            due: Vec::new(),
            gone: false,
        };
        let mut host = Host::new();
        host.checks_commits = !plan.no_resets;
        let endpoints = Endpoints { local: SocketAddr::new(local, 21), peer: SocketAddr::new(peer, 40_000) };
        Self {
            seed,
            client: Client::new(client_config, endpoints.local),
            session: Session::new(server_config, endpoints, vec![0; 1000]),
            host,
            plan,
            random,
            harm: Harm::default(),
            dialogue: Dialogue::new(),
            upload: Vec::new(),
            download: Vec::new(),
            lines: 0,
            layout: (FileStructure::File, TransferMode::Stream),
            now: 5,
            uploading: Vec::new(),
            uploaded: 0,
            trace: VecDeque::new(),
            sides: [side(peer, CLIENT), side(local, SERVER)],
            control: Default::default(),
            links: Vec::new(),
            asked: None,
            next_port: 5000,
            rounds: 0,
            until: u64::MAX,
        }
    }

    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if self.trace.len() >= 4000 {
            self.trace.pop_front();
        }
        let line = format!("{:>12} {}", self.now, line());
        self.trace.push_back(line);
    }

    fn chance(&mut self, of: usize, among: usize) -> bool {
        of > 0 && self.random.below(among) < of
    }

    /// The time that has passed, in microseconds.
    pub const fn now(&self) -> u64 {
        self.now
    }

    fn delay(&mut self) -> u64 {
        if let Some(latency) = self.plan.latency {
            return latency.one_way;
        }
        match self.random.below(3) {
            0 => 0,
            _ => self.random.below(self.plan.delay as usize + 1) as u64,
        }
    }

    /// The data connections that a side has.
    pub fn ends(&self, side: usize) -> usize {
        self.sides[side].ends.len()
    }

    /// Runs an operation to its end.
    #[track_caller]
    pub fn run<S: Sequence, O: std::fmt::Debug>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Outcome<O> {
        self.run_for(operation, usize::MAX, own).unwrap()
    }

    /// Runs an operation for so many polls.
    #[track_caller]
    pub fn run_for<S: Sequence, O: std::fmt::Debug>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        let mut left = polls;
        self.sides[CLIENT].wait = None;
        loop {
            if left == 0 {
                self.note(|| "-- dropped".to_owned());
                return None;
            }
            let mut outcome = None;
            self.round(|world| {
                left -= 1;
                match world.poll_client(operation, &own) {
                    Ok(()) => left > 0,
                    Err(over) => {
                        outcome = Some(over);
                        false
                    }
                }
            });
            if let Some(outcome) = outcome {
                self.note(|| format!("-- {outcome:?}"));
                self.check_end(&outcome);
                return Some(outcome);
            }
        }
    }

    /// Lets the others go on for so many rounds.
    pub fn idle(&mut self, rounds: usize) {
        self.until = self.now.saturating_add(20_000_000);
        self.idle_on(rounds);
        self.until = u64::MAX;
    }

    fn idle_on(&mut self, rounds: usize) {
        self.sides[CLIENT].wait = Some(Wait::default());
        for _ in 0..rounds {
            if !self.round(|_| unreachable!("an idle client is not polled")) {
                break;
            }
        }
    }

    /// The client closes the control connection; lets the server see to its end.
    pub fn hang_up(&mut self) {
        let delay = self.delay();
        self.sides[CLIENT].gone = true;
        self.control[SERVER].end(self.now, delay);
        while !self.sides[SERVER].gone {
            self.idle_on(1);
        }
    }

    /// A round of everything that can happen now; time passes when that is nothing. Says whether anything
    /// can happen at all.
    fn round(&mut self, mut poll_client: impl FnMut(&mut Self) -> bool) -> bool {
        let mut order: [usize; 9] = std::array::from_fn(|index| index);
        self.random.shuffle(&mut order);
        let mut progress = false;
        for task in order {
            progress |= match task {
                0 if self.sides[CLIENT].wait.is_none() => {
                    if !poll_client(self) {
                        return true;
                    }
                    true
                }
                0 => false,
                1 => self.poll_server(),
                2 | 3 => self.send(task - 2),
                4 | 5 => self.receive(task - 4),
                6 | 7 => self.data(task - 6),
                _ => self.answer(),
            };
        }
        if progress {
            self.rounds += 1;
            assert!(self.rounds < ROUNDS, "it goes on and on");
            return true;
        }
        self.rounds = 0;
        self.pass_time()
    }

    /// Goes on to the next thing that happens. With a machine waiting for nothing that ever will it is a
    /// deadlock.
    fn pass_time(&mut self) -> bool {
        let now = self.now;
        let waits = self.sides.iter().filter_map(|side| side.wait?.deadline);
        let due = self.sides.iter().flat_map(|side| side.due.iter().map(|(at, ..)| *at));
        let arrivals = self.sides.iter().flat_map(|side| &side.ends).filter_map(|(_, end)| match end {
            End::Listening { arrivals, .. } => arrivals.front().map(|(at, ..)| *at),
            _ => None,
        });
        let pipes = self.links.iter().flatten().chain(&self.control).filter_map(|pipe| pipe.next(now));
        let answer = self.asked.as_ref().map(|(at, ..)| *at);
        let next = waits.map(Instant::as_micros).chain(due).chain(arrivals).chain(pipes).chain(answer);
        let Some(next) = next.filter(|at| *at > now && *at < self.until).min() else {
            let idle = self.sides[CLIENT].wait == Some(Wait::default());
            assert!(idle, "deadlock: {:?}", self.sides.each_ref().map(|side| side.wait));
            return false;
        };
        self.now = next;
        for side in &mut self.sides {
            side.wake(|wait| wait.deadline.is_some_and(|deadline| deadline.as_micros() <= next));
        }
        true
    }

    fn check_wait(&mut self, side: usize, wait: Wait) {
        let deadline = wait.deadline.expect("a machine that waits says how long");
        self.sides[side].wait = Some(wait);
        if deadline.as_micros() == self.now && side == CLIENT {
            // Before it sends a command it reads what is there, and is polled at once.
            assert!(wait.readable, "it listens");
            self.receive(CLIENT);
            self.sides[side].wait = None;
            return;
        }
        assert!(deadline.as_micros() > self.now, "it waits for what has passed");
    }

    fn poll_client<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        own: &impl Fn(S::Output<'_>) -> O,
    ) -> Result<(), Outcome<O>> {
        let now = Instant::from_micros(self.now);
        let side = &mut self.sides[CLIENT];
        match Turn::of(operation.poll(&mut self.client, now, &mut side.rx, &mut side.tx), own) {
            Turn::Over(outcome) => return Err(outcome),
            Turn::Wait(wait) => {
                let listens = wait.deadline == Some(now);
                if !listens && self.random.below(8) == 0 {
                    let side = &mut self.sides[CLIENT];
                    let again = operation.poll(&mut self.client, now, &mut side.rx, &mut side.tx);
                    assert!(matches!(again, Ok(Action::Wait(_))), "it waits, and then does not");
                }
                self.check_wait(CLIENT, wait);
            }
            Turn::Data(id, op) => self.order(CLIENT, id, op),
            Turn::Line(_) => self.lines += 1,
            Turn::Upgrade(_) | Turn::Downgrade(_) => panic!("nobody asked for TLS"),
        }
        Ok(())
    }

    fn poll_server(&mut self) -> bool {
        let side = &mut self.sides[SERVER];
        if side.wait.is_some() || side.gone {
            return false;
        }
        let action = self.session.poll(Instant::from_micros(self.now), &mut side.rx, &mut side.tx);
        match action {
            Ok(Action::Wait(wait)) => self.check_wait(SERVER, wait),
            Ok(Action::Data(id, op)) => self.order(SERVER, id, op),
            Ok(Action::Event(server::Event::Request(ticket, request))) => {
                let kept = Kept::of(&request);
                let text = format!("{request:?} {:?}", self.session.path());
                self.note(|| format!("host: {text}"));
                let others = self.asked.take();
                assert!(others.is_none_or(|(at, ..)| at == u64::MAX), "two requests at once");
                let mut at = self.now + self.random.below(self.plan.host_delay as usize + 1) as u64;
                if self.chance(self.plan.silence, 1000) {
                    self.harm.fatal += 1;
                    self.harm.mild += 1;
                    self.note(|| "host: never answers".to_owned());
                    at = u64::MAX;
                }
                self.asked = Some((at, ticket, kept));
            }
            Ok(Action::Event(server::Event::Abort)) => {
                self.note(|| "host: is to give up".to_owned());
                if self.random.below(2) == 0 {
                    let (_, ticket, kept) = self.asked.take().expect("something to give up");
                    self.tell(ticket, kept, Some(Refusal::Aborted));
                }
            }
            Ok(Action::Close) => {
                assert!(self.sides[SERVER].ends.is_empty(), "data connections outlive the session");
                self.note(|| "S: closes".to_owned());
                while !self.sides[SERVER].tx.is_empty() {
                    let rest = self.sides[SERVER].tx.pending().len();
                    self.pass_on(SERVER, rest);
                }
                self.leave(SERVER);
            }
            Err(error) => {
                assert!(self.sides[SERVER].ends.is_empty(), "data connections outlive the session");
                self.note(|| format!("S: {error:?}"));
                self.leave(SERVER);
            }
            Ok(other) => panic!("what is {other:?}?"),
        }
        true
    }

    fn leave(&mut self, side: usize) {
        self.sides[side].gone = true;
        self.sides[side].wait = Some(Wait::default());
        let delay = self.delay();
        self.control[1 - side].end(self.now, delay);
        if side == SERVER {
            self.asked = None;
        }
    }

    fn answer(&mut self) -> bool {
        let Some((at, ticket, kept)) = self.asked.take() else { return false };
        if at > self.now {
            self.asked = Some((at, ticket, kept));
            return false;
        }
        let refuses = !matches!(kept, Kept::Admit) && self.chance(self.plan.refusals, 1000);
        let refusal = refuses.then(|| refusal(&mut self.random));
        self.tell(ticket, kept, refusal);
        true
    }

    fn tell(&mut self, ticket: Ticket, kept: Kept, refusal: Option<Refusal>) {
        if refusal.is_some() {
            self.harm.mild += 1;
            self.note(|| format!("host: {refusal:?}"));
        }
        let side = &mut self.sides[SERVER];
        let told = self.host.answer(&mut self.session, ticket, &kept, refusal, &mut side.tx.view());
        if let Told::More(ticket) = told {
            self.asked = Some((self.now + 1000, ticket, kept));
        }
        side.wake(|wait| wait.application);
    }

    /// Puts bytes on the control connection.
    fn pass_on(&mut self, side: usize, count: usize) {
        let delay = self.delay();
        let bytes = self.sides[side].tx.pending()[..count].to_vec();
        self.note(|| format!("{}: {}", NAMES[side], Escaped(&bytes)));
        if side == SERVER {
            self.dialogue.replies(&bytes);
        }
        self.control[1 - side].send(self.now, delay, &bytes);
        self.sides[side].tx.sent(count);
        self.sides[side].wake(|wait| wait.writable);
    }

    fn send(&mut self, side: usize) -> bool {
        let pending = self.sides[side].tx.pending().len();
        let may = self.sides[side].wait.is_none_or(|wait| wait.writable);
        if pending == 0 || !may || self.sides[side].gone {
            return false;
        }
        if self.chance(self.plan.control_resets, 100_000) {
            self.note(|| "-- the control connection breaks".to_owned());
            self.harm.fatal += 1;
            let delays = [self.delay(), self.delay()];
            for (pipe, delay) in self.control.iter_mut().zip(delays) {
                pipe.end(self.now, delay);
            }
        }
        if self.chance(self.plan.control_stalls, 100_000) {
            self.note(|| "-- the control connection is cut".to_owned());
            self.harm.fatal += 1;
            self.control[self.random.below(2)].swallows = true;
        }
        let count = self.random.piece(pending);
        self.pass_on(side, count);
        true
    }

    fn receive(&mut self, to: usize) -> bool {
        let side = &mut self.sides[to];
        let pipe = &mut self.control[to];
        if side.gone || !side.wait.is_some_and(|wait| wait.readable) {
            return false;
        }
        let arrived = pipe.arrived(self.now);
        if arrived.is_empty() {
            if pipe.is_over(self.now) {
                side.rx.eof();
                side.wait = None;
                return true;
            }
            return false;
        }
        let count = self.random.piece(arrived.len());
        let taken = side.rx.extend(&arrived[..count]);
        assert!(taken > 0, "it waits for bytes and has no room for any");
        if to == SERVER {
            self.dialogue.commands(&arrived[..taken]);
        }
        pipe.take(taken);
        side.wait = None;
        true
    }

    /// How an operation may end.
    #[track_caller]
    fn check_end<O: std::fmt::Debug>(&mut self, outcome: &Outcome<O>) {
        let Outcome::Error(error) = outcome else { return };
        assert!(self.harm.fatal > 0, "an end that nothing explains: {error:?}");
        assert!(self.client.is_closed(), "an error, and it is not closed");
        assert_eq!(self.ends(CLIENT), 0, "data connections outlive the client");
        let Error::Peer(error) = error else { panic!("misuse: {error}") };
        assert_ne!(*error, PeerError::MalformedReply);
    }
}
