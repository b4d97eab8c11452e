//! Exploration: the product of a client, a session and what lies between them, in every order in
//! which things can happen, breadth first and up to a depth. A few operations, a host that answers
//! or refuses, and a file of two pieces stand for all others.
//!
//! A state is the history that leads to it, since machines cannot be copied: it is reached by taking
//! its moves again. States are the same if a hash of everything that makes a difference is. In each
//! state, nothing panics and no wait is endless, no side waits for the other while that waits for
//! it, no command comes out of turn, and what is called complete is. From each state, a fair
//! schedule brings both sides to their ends in a limited number of moves; unless time has run out
//! too early or the control connection was lost, a further transfer succeeds before that.
//!
//! `EXPLORATION_DEPTH=n` and `EXPLORATION_FAULTS=n` set the length of the histories (otherwise
//! unlimited) and the number of moves in them that need not happen (otherwise one): a refusal, a
//! broken connection, a timeout that comes too early, an operation that is dropped.
//! `EXPLORATION_FAULTS=1 cargo test --release --test exploration` explores all histories with one.

mod data;
mod moves;
#[path = "../support/sequences.rs"]
#[allow(dead_code, reason = "the comparison with the table of commands uses the rest")]
mod sequences;
mod storage;
mod task;
#[path = "../simulation/wire.rs"]
#[allow(dead_code, reason = "the simulation counts the commands")]
mod wire;
mod world;

use ftp_proto::client::{AbortPolicy, Config, DataConnection};
use moves::{Move, Scenario};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use task::Ask;
use world::World;

/// Number of moves in histories with a fault, from within a transfer; from the beginning, twice as
/// many.
const DEPTH: usize = 8;

/// Points of a transfer, in moves from its beginning, from which its faults are explored.
const LEADS: [usize; 2] = [30, 40];

/// A state: the last move of its history, and the state before it.
struct Node {
    before: usize,
    last: Option<Move>,
    /// The state that a fair schedule leads to next, if it was explored.
    fair: Option<usize>,
    /// The world in this state, until it goes on from there.
    world: Option<Box<World>>,
}

/// The size of an exploration.
#[derive(Debug, Default)]
struct Figures {
    states: usize,
    transitions: usize,
    depth: usize,
    /// Set if no history is longer.
    complete: bool,
    longest_end: usize,
    time: Duration,
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|number| number.parse().expect(name))
}

fn replay(scenario: &Scenario, nodes: &[Node], mut at: usize) -> Box<World> {
    let mut moves = Vec::new();
    while let Some(last) = nodes[at].last {
        moves.push(last);
        at = nodes[at].before;
    }
    let mut world = Box::new(World::new(scenario));
    moves.into_iter().rev().for_each(|step| world.take(step));
    world
}

/// Explores every history in which nothing goes wrong; and, with one fault, the histories of some
/// length from the beginning and from several points of a transfer. The environment may say that it
/// is to be from the beginning only, as far as it says.
fn explore(scenario: Scenario) {
    let limits = (number("EXPLORATION_DEPTH"), number("EXPLORATION_FAULTS"));
    if limits != (None, None) {
        explore_to(limits.0.unwrap_or(usize::MAX), limits.1.unwrap_or(1), scenario);
        return;
    }
    // How a transfer is aborted makes no difference where none is.
    if scenario.client.abort == AbortPolicy::default() {
        assert!(explore_to(usize::MAX, 0, scenario.clone()).complete);
        explore_to(2 * DEPTH, 1, scenario.clone());
    }
    for ask in scenario.asks.iter().filter(|ask| matches!(ask, Ask::Retrieve | Ask::Series | Ask::Store)) {
        for moves in LEADS {
            explore_to(DEPTH, 1, Scenario { lead: Some((*ask, moves)), ..scenario.clone() });
        }
    }
}

fn explore_to(depth: usize, faults: usize, scenario: Scenario) -> Figures {
    let scenario = Scenario { faults, ..scenario };
    let begin = Instant::now();
    let mut figures = Figures::default();
    let first = World::new(&scenario);
    let mut seen = HashMap::from([(first.digest(), 0)]);
    let mut nodes = vec![Node { before: 0, last: None, fair: None, world: Some(Box::new(first)) }];
    let mut frontier = 0..1;
    while figures.depth < depth && !frontier.is_empty() {
        figures.depth += 1;
        for before in frontier.clone() {
            let mut world = nodes[before].world.take();
            let (moves, fair) = world.as_ref().map(|world| (world.moves(), world.fair_move())).unwrap();
            for step in moves {
                let mut next = world.take().unwrap_or_else(|| replay(&scenario, &nodes, before));
                next.take(step);
                figures.transitions += 1;
                let state = *seen.entry(next.digest()).or_insert(nodes.len());
                if state == nodes.len() {
                    nodes.push(Node { before, last: Some(step), fair: None, world: Some(next) });
                }
                if fair == Some(step) {
                    nodes[before].fair = Some(state);
                }
            }
        }
        frontier = frontier.end..nodes.len();
    }
    figures.complete = frontier.is_empty();
    figures.longest_end = check_ends(&scenario, &nodes);
    (figures.states, figures.time) = (nodes.len(), begin.elapsed());
    println!("{} {:?} with {} faults: {figures:?}", scenario.name, scenario.lead, scenario.faults);
    figures
}

/// Checks that a fair schedule ends from each state, and returns its greatest length. Schedules
/// that meet go on together, so that only their last parts have to be played.
fn check_ends(scenario: &Scenario, nodes: &[Node]) -> usize {
    let mut lengths = vec![None; nodes.len()];
    for start in 0..nodes.len() {
        let mut path = vec![start];
        let mut length = loop {
            let at = path[path.len() - 1];
            match (lengths[at], nodes[at].fair) {
                (Some(length), _) => break length,
                (None, Some(next)) => path.push(next),
                (None, None) => break replay(scenario, nodes, at).finish(),
            }
            if path.len() > nodes.len() {
                let _ = replay(scenario, nodes, start).finish();
                unreachable!("a fair schedule that goes in a circle ends");
            }
        };
        for at in path.into_iter().rev() {
            length += usize::from(lengths[at].is_none() && nodes[at].fair.is_some());
            lengths[at] = Some(length);
        }
    }
    lengths.into_iter().flatten().max().unwrap_or(0)
}

fn scenario(name: &'static str, asks: &'static [Ask]) -> Scenario {
    let client = Config::default();
    Scenario { name, asks, count: 1, anew: false, lead: None, client, faults: 0 }
}

#[test]
fn a_login() {
    explore(Scenario { anew: true, count: 0, ..scenario("login", &[]) });
}

#[test]
fn transfers_over_passive_connections() {
    explore(scenario("passive", &[Ask::Retrieve, Ask::Store, Ask::List]));
}

#[test]
fn transfers_over_active_connections() {
    let mut active = scenario("active", &[Ask::Retrieve, Ask::Store]);
    active.client.data_connection = DataConnection::Active;
    explore(active);
}

#[test]
fn commands_sent_together() {
    let mut pipelined = scenario("pipelined", &[Ask::Enter, Ask::Retrieve, Ask::Store]);
    pipelined.client.pipelining = true;
    explore(pipelined);
}

#[test]
fn addresses_requested_ahead() {
    let mut series = scenario("series", &[Ask::Series, Ask::Retrieve]);
    series.client.pipelining = true;
    explore(series);
}

#[test]
fn other_ways_to_abort() {
    for policy in [AbortPolicy::AborUploads, AbortPolicy::CloseData, AbortPolicy::AborWithSynch] {
        let mut aborted = scenario("aborted", &[Ask::Retrieve, Ask::Store]);
        aborted.client.abort = policy;
        explore(aborted);
    }
}
