//! Transfers from one server to another (RFC 959 2.3): a client of both, two sessions with a host each, and one
//! data connection between them, which do as a seed says. Whatever they do: nothing hangs, what is called done is,
//! whoever is to blame is named, no stump is stored, and both control connections are good for more.

use super::host::{Host, Kept, Told, refusal};
use super::network::Pipe;
use super::support::client::fxp::FxpOutcome;
use super::support::outcome::{Outcome, Turn, code};
use super::support::{secret, t};
use super::wire::Dialogue;
use ftp_proto::action::{Action, DataEvent, DataFailure, DataId, DataOp, Wait};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client, Fxp, FxpAction, Operation, Party, Sequence, Side};
use ftp_proto::codec::{Escaped, RepresentationType, Verb};
use ftp_proto::server::{self, Endpoints, Refusal, Session, Ticket};
use ftp_proto::testing::Random;
use ftp_proto::time::Instant;
use ftp_proto::transfer::{Decoder, Encoder};
use std::fmt::Debug;
use std::net::SocketAddr;

const SIDES: [Side; 2] = [Side::Source, Side::Target];
const SERVERS: [&str; 2] = ["192.0.2.1", "192.0.2.9"];
const ROUNDS: usize = 100_000;

fn address(server: usize, port: u16) -> SocketAddr {
    SocketAddr::new(SERVERS[server].parse().unwrap(), port)
}

/// A server's end of the data connection; the number is the link's.
enum End {
    Listening { port: u16, offered: Option<usize> },
    Connecting,
    Open(usize),
    Receiving(usize, Decoder),
    Sending(usize, Encoder),
    Over(usize),
}

/// One of the two servers, and the client's connection to it.
struct Half {
    client: Client,
    /// The client's buffers, and the server's.
    near: (RecvBuf<Vec<u8>>, SendBuf<Vec<u8>>),
    far: (RecvBuf<Vec<u8>>, SendBuf<Vec<u8>>),
    session: Session<Vec<u8>>,
    host: Host,
    /// To the server, and to the client.
    up: Pipe,
    down: Pipe,
    dialogue: Dialogue,
    asked: Option<(u64, Ticket, Kept)>,
    end: Option<(DataId, End)>,
    due: Vec<(u64, DataId, DataEvent)>,
    /// What the client and the session wait for.
    waits: [Wait; 2],
    closed: bool,
    /// It has refused something, or its file has failed.
    to_blame: bool,
}

/// Of a thousand: requests that the hosts refuse, pieces with which the data connection breaks, and with which a
/// file fails.
#[derive(Clone, Copy, Debug, Default)]
struct Mishaps {
    refusals: usize,
    breaks: usize,
    failures: usize,
}

struct Scene {
    seed: u64,
    random: Random,
    delay: usize,
    mishaps: Mishaps,
    now: u64,
    halves: [Half; 2],
    links: Vec<[Pipe; 2]>,
    /// The data connection broke for no fault of either.
    broken: bool,
    trace: Vec<String>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n{:?}", self.trace.join("\n"), self.mishaps);
            eprintln!("SIMULATION_SEED={} cargo test --test simulation between", self.seed);
        }
    }
}

impl Scene {
    fn new(seed: u64, mishaps: Mishaps, foreign: [bool; 2]) -> Self {
        let mut random = Random::new(seed ^ 0x0f_7700);
        let delay = [1, 100, 20_000, 1_000_000][random.below(4)];
        let halves = [0, 1].map(|side| {
            let mut config = client::Config::default();
            config.pipelining = random.below(3) != 0;
            let mut serves = server::Config::default();
            serves.foreign_addresses = foreign[side];
            match random.below(5) {
                0 => serves.commands = serves.commands.without(Verb::Epsv),
                1 => serves.commands = serves.commands.without(Verb::Eprt),
                _ => {}
            }
            let buffers = |line: usize| (RecvBuf::new(vec![0; line + 2]), SendBuf::new(vec![0; 4096]));
            let (near, far) = (buffers(config.limits.line), buffers(serves.limits.line));
            let local = address(side, 21);
            let endpoints = Endpoints { local, peer: "192.0.2.2:40000".parse().unwrap() };
            Half {
                client: Client::new(config, local),
                near,
                far,
                session: Session::new(serves, endpoints, vec![0; 1000]),
                host: Host::new(),
                up: Pipe::default(),
                down: Pipe::default(),
                dialogue: Dialogue::new(),
                asked: None,
                end: None,
                due: Vec::new(),
                waits: [Wait::default(); 2],
                closed: false,
                to_blame: false,
            }
        });
        let (links, trace) = (Vec::new(), Vec::new());
        Self { seed, random, delay, mishaps: Mishaps::default(), now: 5, halves, links, broken: false, trace }
            .logged_in(mishaps)
    }

    /// Nothing goes wrong before both are.
    fn logged_in(mut self, mishaps: Mishaps) -> Self {
        for side in 0..2 {
            self.run(side, &mut client::greeting()).done();
            self.run(side, &mut client::login(t("me"), secret("secret"), None)).done();
        }
        self.mishaps = mishaps;
        self
    }

    fn note(&mut self, side: usize, what: impl Debug) {
        self.trace.push(format!("{:>12} {:?}: {what:?}", self.now, SIDES[side]));
    }

    fn chance(&mut self, of: usize) -> bool {
        of > 0 && self.random.below(1000) < of
    }

    fn later(&mut self) -> u64 {
        self.random.below(self.delay) as u64
    }

    /// Runs an operation of one of the clients to its end.
    #[track_caller]
    fn run<S: Sequence>(&mut self, side: usize, operation: &mut Operation<S>) -> Outcome<()> {
        for _ in 0..ROUNDS {
            let now = Instant::from_micros(self.now);
            let half = &mut self.halves[side];
            let (rx, tx) = &mut half.near;
            let waits = match Turn::of(operation.poll(&mut half.client, now, rx, tx), &|_| ()) {
                Turn::Over(outcome) => return outcome,
                Turn::Wait(wait) => wait,
                Turn::Line(_) => continue,
                Turn::Data(..) | Turn::Upgrade(_) | Turn::Downgrade(_) => panic!("no data comes by here"),
            };
            half.waits[0] = waits;
            self.halves[1 - side].waits[0] = Wait::default();
            self.go_on();
        }
        panic!("it goes on and on");
    }

    /// Runs the transfer for so many polls.
    #[track_caller]
    fn transfer(&mut self, fxp: &mut Fxp<'_>, polls: usize) -> Option<FxpOutcome> {
        for _ in 0..polls.min(ROUNDS) {
            let now = Instant::from_micros(self.now);
            let [source, target] =
                self.halves.each_mut().map(|Half { client, near: (rx, tx), .. }| Party { client, rx, tx });
            let waits = match fxp.poll(now, source, target) {
                Err(error) => return Some(FxpOutcome::Error(error)),
                Ok(FxpAction::Done) => return Some(FxpOutcome::Done),
                Ok(FxpAction::Aborted) => return Some(FxpOutcome::Aborted),
                Ok(FxpAction::Refused(side, refusal)) => {
                    assert!(!refusal.text.is_empty(), "the text is kept");
                    return Some(FxpOutcome::Refused(side, code(refusal.code)));
                }
                Ok(FxpAction::Wait { source, target }) => [source, target],
                Ok(other) => panic!("what is {other:?}?"),
            };
            for (half, wait) in self.halves.iter_mut().zip(waits) {
                half.waits[0] = wait;
            }
            self.go_on();
        }
        assert!(polls < ROUNDS, "it goes on and on");
        None
    }

    /// What can happen now, happens; if that is nothing, time passes.
    fn go_on(&mut self) {
        let mut progress = false;
        for side in 0..2 {
            progress |= self.serve(side) | self.answer(side) | self.carry(side) | self.data(side);
        }
        if progress {
            return;
        }
        let now = self.now;
        // Before it sends a command a client reads what is there, and is polled at once.
        let listens =
            |half: &Half| half.waits[0].deadline.is_some_and(|deadline| deadline.as_micros() <= now);
        if self.halves.iter().any(listens) {
            return;
        }
        let next = self.halves.iter().flat_map(|half| {
            let deadlines = half.waits.iter().filter_map(|wait| wait.deadline.map(Instant::as_micros));
            let due = half.due.iter().map(|(at, ..)| *at).chain(half.asked.as_ref().map(|(at, ..)| *at));
            deadlines.chain(due).chain(half.up.next(now)).chain(half.down.next(now))
        });
        let links = self.links.iter().flatten().filter_map(|pipe| pipe.next(now));
        self.now = next.chain(links).filter(|at| *at > now).min().expect("a deadlock");
    }

    fn serve(&mut self, side: usize) -> bool {
        let now = Instant::from_micros(self.now);
        let half = &mut self.halves[side];
        if half.closed {
            return false;
        }
        let (rx, tx) = &mut half.far;
        match half.session.poll(now, rx, tx) {
            Ok(Action::Wait(wait)) => {
                half.waits[1] = wait;
                return false;
            }
            Ok(Action::Data(id, op)) => self.order(side, id, op),
            Ok(Action::Event(server::Event::Request(ticket, request))) => {
                let kept = Kept::of(&request);
                self.note(side, &kept);
                let at = self.now + self.later();
                self.halves[side].asked = Some((at, ticket, kept));
            }
            Ok(Action::Event(server::Event::Abort)) => {
                if let Some((_, ticket, kept)) = half.asked.take() {
                    self.tell(side, ticket, &kept, Some(Refusal::Aborted));
                }
            }
            Ok(Action::Close) => half.closed = true,
            other => panic!("what is {other:?}?"),
        }
        true
    }

    fn answer(&mut self, side: usize) -> bool {
        let now = self.now;
        let Some((_, ticket, kept)) = self.halves[side].asked.take_if(|(at, ..)| *at <= now) else {
            return false;
        };
        let refuses = self.chance(self.mishaps.refusals);
        let refusal = refuses.then(|| refusal(&mut self.random));
        self.halves[side].to_blame |= refuses;
        self.tell(side, ticket, &kept, refusal);
        true
    }

    fn tell(&mut self, side: usize, ticket: Ticket, kept: &Kept, refusal: Option<Refusal>) {
        self.note(side, refusal);
        let Half { host, session, far, to_blame, .. } = &mut self.halves[side];
        let before = host.refused();
        let told = host.answer(session, ticket, kept, refusal, &mut far.1.view());
        *to_blame |= host.refused() > before && refusal.is_none();
        assert!(!matches!(told, Told::More(_)), "nothing is listed here");
    }

    /// The control connection, both ways.
    fn carry(&mut self, side: usize) -> bool {
        let (delays, pieces) = ([self.later(), self.later()], [self.random.next(), self.random.next()]);
        let now = self.now;
        let half = &mut self.halves[side];
        let mut progress = false;
        let mut lines = Vec::new();
        let ways = [
            (&mut half.near.1, &mut half.up, &mut half.far.0, half.waits[1]),
            (&mut half.far.1, &mut half.down, &mut half.near.0, half.waits[0]),
        ];
        for (way, (tx, pipe, rx, wait)) in ways.into_iter().enumerate() {
            let count = Random::new(pieces[way]).piece(tx.pending().len());
            if count > 0 {
                let bytes = tx.pending()[..count].to_vec();
                if way == 1 {
                    half.dialogue.replies(&bytes);
                }
                pipe.send(now, delays[way], &bytes);
                tx.sent(count);
                lines.push(format!("{} {}", ["C", "S"][way], Escaped(&bytes)));
                progress = true;
            }
            let arrived = pipe.arrived(now);
            if wait.readable && !arrived.is_empty() {
                let count = Random::new(pieces[way] + 1).piece(arrived.len());
                let taken = rx.extend(&arrived[..count]);
                if way == 0 {
                    half.dialogue.commands(&arrived[..taken]);
                }
                pipe.take(taken);
                progress |= taken > 0;
            }
        }
        lines.into_iter().for_each(|line| self.note(side, line));
        progress
    }

    fn order(&mut self, side: usize, id: DataId, op: DataOp) {
        self.note(side, &op);
        let (at, aborts) = (self.now + self.later(), op == DataOp::Abort);
        let half = &mut self.halves[side];
        match (op, half.end.as_mut().filter(|(other, _)| *other == id).map(|(_, end)| end)) {
            (DataOp::Listen { .. }, None) => {
                let port = 5000 + side as u16;
                half.end = Some((id, End::Listening { port, offered: None }));
                half.due.push((at, id, DataEvent::Listening(address(side, port))));
            }
            (DataOp::Connect(to), None) => {
                half.end = Some((id, End::Connecting));
                let other = &mut self.halves[1 - side];
                let listener = match &mut other.end {
                    Some((id, End::Listening { port, offered: offered @ None }))
                        if address(1 - side, *port) == to =>
                    {
                        Some((*id, offered))
                    }
                    _ => None,
                };
                let Some((listener, offered)) = listener else {
                    let failed = DataEvent::Failed(DataFailure::Unreachable);
                    return self.halves[side].due.push((at, id, failed));
                };
                *offered = Some(self.links.len());
                self.links.push(Default::default());
                other.due.push((at, listener, DataEvent::Arrived(address(side, 40_001))));
                self.halves[side].due.push((at, id, DataEvent::Connected));
            }
            (DataOp::Admit, Some(end @ End::Listening { offered: Some(_), .. })) => {
                let End::Listening { offered: Some(link), .. } = *end else { unreachable!() };
                *end = End::Open(link);
            }
            (DataOp::Reject, Some(End::Listening { offered, .. })) => {
                let link = offered.take().expect("somebody to reject");
                self.links[link][1 - side].reset(self.now, 0);
            }
            (DataOp::Receive(parameters), Some(end @ End::Open(_))) => {
                let End::Open(link) = *end else { unreachable!() };
                *end = End::Receiving(link, parameters.decoder().unwrap());
            }
            (DataOp::Send(parameters), Some(end @ End::Open(_))) => {
                let End::Open(link) = *end else { unreachable!() };
                *end = End::Sending(link, parameters.encoder().unwrap());
            }
            (DataOp::Close | DataOp::Abort, Some(_)) => {
                half.due.retain(|(_, other, _)| *other != id);
                let end = half.end.take().map(|(_, end)| end);
                self.leave(side, end, aborts);
            }
            // It has failed already.
            (DataOp::Close | DataOp::Abort, None) => {}
            (other, None) => {
                assert!(self.broken || self.halves.iter().any(|half| half.to_blame), "{other:?} of nothing")
            }
            (other, Some(_)) => panic!("what is {other:?}?"),
        }
    }

    /// The other side sees the end, or a reset.
    fn leave(&mut self, side: usize, end: Option<End>, aborts: bool) {
        let (link, resets) = match end {
            Some(End::Listening { offered: Some(link), .. }) => (link, true),
            Some(End::Open(link) | End::Over(link)) => (link, aborts),
            Some(End::Receiving(link, _) | End::Sending(link, _)) => (link, true),
            Some(End::Listening { offered: None, .. } | End::Connecting) | None => return,
        };
        let delay = self.later();
        let unread = self.links[link][side].unread() > 0;
        let pipe = &mut self.links[link][1 - side];
        match resets || unread {
            true => pipe.reset(self.now, delay),
            false => pipe.end(self.now, delay),
        }
    }

    fn data(&mut self, side: usize) -> bool {
        let now = self.now;
        let half = &mut self.halves[side];
        if let Some(at) = half.due.iter().position(|(at, ..)| *at <= now) {
            // In the order in which they fell due: an end is listening before anybody comes.
            let (_, id, event) = half.due.remove(at);
            match (event, &mut half.end) {
                (DataEvent::Connected, Some((_, end))) => *end = End::Open(self.links.len() - 1),
                (DataEvent::Failed(_), end) => *end = None,
                _ => {}
            }
            self.tell_event(side, id, event);
            return true;
        }
        let Some((id, mut end)) = half.end.take() else { return false };
        let event = self.move_data(side, &mut end);
        match event {
            Some(DataEvent::Failed(_) | DataEvent::Eof { .. }) => {
                let aborts = matches!(event, Some(DataEvent::Failed(_)));
                let end = match (aborts, end) {
                    (false, End::Receiving(link, _)) => End::Over(link),
                    (_, end) => end,
                };
                self.leave(side, Some(end), aborts);
            }
            _ => self.halves[side].end = Some((id, end)),
        }
        event.into_iter().for_each(|event| self.tell_event(side, id, event));
        event.is_some()
    }

    fn tell_event(&mut self, side: usize, id: DataId, event: DataEvent) {
        self.note(side, event);
        self.halves[side].session.data_event(id, event).unwrap();
    }

    fn move_data(&mut self, side: usize, end: &mut End) -> Option<DataEvent> {
        let (now, delay) = (self.now, self.later());
        let piece = 1 + self.random.below(200);
        let (End::Receiving(link, _) | End::Sending(link, _)) = *end else { return None };
        let [to_source, to_target] = &mut self.links[link];
        let (inward, outward) = if side == 0 { (to_source, to_target) } else { (to_target, to_source) };
        if inward.is_reset(now) {
            return Some(DataEvent::Failed(DataFailure::Broken));
        }
        let (host, mut out) = (&mut self.halves[side].host, [0; 1000]);
        let event = match end {
            End::Receiving(_, decoder) => {
                let arrived = inward.arrived(now);
                if arrived.is_empty() {
                    let over = inward.is_over(now);
                    return over.then(|| {
                        let count = decoder.finish(&mut out).expect("stream mode has no marks");
                        host.write(&out[..count]);
                        DataEvent::Eof { clean: true }
                    });
                }
                let done = decoder.decode(&arrived[..arrived.len().min(piece)], &mut out).unwrap();
                host.write(&out[..done.written]);
                inward.take(done.read);
                DataEvent::Moved(done.read as u64)
            }
            End::Sending(link, encoder) => {
                let rest = host.rest();
                let done = encoder.encode(&rest[..rest.len().min(piece)], &mut out);
                let over = rest.is_empty();
                host.read(done.read);
                outward.send(now, delay, &out[..done.written]);
                if over {
                    outward.end(now, delay);
                    *end = End::Over(*link);
                    return Some(DataEvent::Flushed);
                }
                DataEvent::Moved(done.written as u64)
            }
            _ => return None,
        };
        if self.chance(self.mishaps.breaks) {
            self.broken = true;
            self.links[link].iter_mut().for_each(|pipe| pipe.reset(now, delay));
        }
        if self.chance(self.mishaps.failures) {
            self.halves[side].to_blame = true;
            return Some(DataEvent::Failed(if side == 1 {
                DataFailure::StorageFull
            } else {
                DataFailure::Local
            }));
        }
        Some(event)
    }
}

/// What came of it, and whether it was to be told who is to blame.
fn session(seed: u64) -> (Option<FxpOutcome>, bool) {
    let mut random = Random::new(seed);
    let mut some = |most: usize| if random.below(2) == 0 { random.below(most) } else { 0 };
    let mishaps = Mishaps { refusals: some(400), breaks: some(40), failures: some(40) };
    let foreign = [random.below(8) > 0, random.below(8) > 0];
    let mut scene = Scene::new(seed, mishaps, foreign);
    let file: Vec<u8> = (0..random.below(4000)).map(|_| random.below(256) as u8).collect();
    scene.halves[0].host.tree.put_file("/f", file.clone());
    scene.halves[1].host.tree.put_file("/g", b"old".to_vec());
    scene.halves[1].host.sent.push(file.clone());
    let polls = if random.below(4) == 0 { random.below(200) } else { usize::MAX };
    let mut fxp = client::fxp(t("/f"), t("/g"), RepresentationType::Image, 0);
    let mut outcome = scene.transfer(&mut fxp, polls);
    if outcome.is_none() && random.below(2) == 0 {
        fxp.abort();
        outcome = scene.transfer(&mut fxp, usize::MAX);
        assert_eq!(outcome, Some(FxpOutcome::Aborted));
    }
    drop(fxp);
    let stored = scene.halves[1].host.tree.file("/g").map(<[u8]>::to_vec);
    let blame = scene.halves.each_ref().map(|half| half.to_blame);
    let mut tells = false;
    match outcome {
        Some(FxpOutcome::Done) => assert!(stored.as_ref() == Some(&file), "it is done, and is not there"),
        Some(FxpOutcome::Refused(side, code)) => {
            let explained = blame != [false; 2] || scene.broken || foreign != [true; 2];
            assert!(explained, "refused for nothing: {side:?} {code}");
            tells = !scene.broken && foreign == [true; 2] && blame[0] != blame[1];
            assert!(!tells || blame[side as usize], "the other one is to blame than {side:?}: {code}");
        }
        Some(FxpOutcome::Error(error)) => panic!("{error}"),
        Some(FxpOutcome::Aborted) | None => {}
    }
    scene.mishaps = Mishaps::default();
    for side in 0..2 {
        scene.run(side, &mut client::noop()).done();
        assert!(scene.halves[side].dialogue.is_settled(), "{:?}", scene.halves[side].dialogue);
    }
    // What was given up may have been complete by then.
    let stored = scene.halves[1].host.tree.file("/g").map(<[u8]>::to_vec);
    assert!(stored.as_ref().is_some_and(|stored| *stored == file || stored == b"old"), "a stump is stored");
    for side in 0..2 {
        scene.run(side, &mut client::quit()).done();
        assert!(scene.halves[side].end.is_none(), "a data connection outlives its session");
    }
    (outcome, tells)
}

#[test]
fn two_servers_and_whatever_goes_wrong_between_them_come_to_a_good_end() {
    if let Some(seed) = super::number("SIMULATION_SEED") {
        session(seed);
        return;
    }
    let sessions = super::number("SIMULATION_SESSIONS").unwrap_or(1000);
    let (mut done, mut refused, mut named, mut given_up) = (0, 0, 0, 0);
    for seed in 0..sessions {
        let (outcome, tells) = session(seed);
        named += u64::from(tells);
        match outcome {
            Some(FxpOutcome::Done) => done += 1,
            Some(FxpOutcome::Refused(..)) => refused += 1,
            _ => given_up += 1,
        }
    }
    println!(
        "{sessions} transfers: {done} done, {refused} refused, {named} with one to blame, {given_up} given up"
    );
    for count in [done, refused, named, given_up] {
        assert!(count > sessions / 20, "what is simulated no more?");
    }
}
