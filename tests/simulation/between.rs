//! Transfers from one server to another (RFC 959 2.3): a client of both, two sessions with a host each, and one
//! data connection between them. Whatever they do: nothing hangs, what is called done is, whoever is to blame is
//! named, no stump is stored, and both control connections are good for more.

use super::choices::Choices;
use super::network::{Plan, SECOND};
use super::shrink::Kind;
use super::support::client::fxp::FxpOutcome;
use super::support::outcome::code;
use super::support::{secret, t};
use super::world::{Side, Step, World};
use ftp_proto::client::{self, Fxp, FxpAction, Party};
use ftp_proto::codec::{RepresentationType, Verb};
use ftp_proto::server;
use ftp_proto::time::Instant;
use std::net::SocketAddr;

/// The clients of the source and of the target, each with its server behind it.
const CLIENTS: [usize; 2] = [0, 2];
const SERVERS: [usize; 2] = [1, 3];

const POLLS: usize = 100_000;

fn world(choices: &Choices, foreign: [bool; 2]) -> World {
    let peer: SocketAddr = "192.0.2.2:40000".parse().unwrap();
    let mut sides = Vec::new();
    for (address, foreign) in ["192.0.2.1:21", "192.0.2.9:21"].into_iter().zip(foreign) {
        let local = address.parse().unwrap();
        let mut config = client::Config::default();
        config.pipelining = choices.below(3) != 0;
        let mut serves = server::Config::default();
        serves.foreign_addresses = foreign;
        match choices.below(5) {
            4 => serves.commands = serves.commands.without(Verb::Epsv),
            3 => serves.commands = serves.commands.without(Verb::Eprt),
            _ => {}
        }
        sides.push(Side::client(config, "192.0.2.2", local, choices));
        sides.push(Side::session(serves, local, peer, choices));
    }
    let delay = choices.one(&[0, 100, 20_000, SECOND]);
    let plan = Plan { delay, host_delay: delay, piece: 200, window: 4000, ..Plan::default() };
    let mut world = World::new(choices, plan, sides);
    for side in CLIENTS {
        world.rest(side);
    }
    // Nothing goes wrong before both are logged in.
    for side in CLIENTS {
        world.run_at(side, &mut client::greeting(), POLLS, |_| ()).unwrap().done();
        let mut login = client::login(t("me"), secret("secret"), None);
        world.run_at(side, &mut login, POLLS, |_| ()).unwrap().done();
    }
    world
}

/// Runs a transfer for so many polls.
#[track_caller]
fn transfer(world: &mut World, fxp: &mut Fxp<'_>, polls: usize) -> Option<FxpOutcome> {
    for side in CLIENTS {
        world.wake(side);
    }
    for _ in 0..polls.min(POLLS) {
        let mut steps = 0..POLLS;
        while steps.next().is_some() {
            match world.step() {
                Step::Poll(_) => break,
                Step::Progress => {}
                Step::Rest => panic!("a deadlock: {:?}", world.waits()),
            }
        }
        let now = Instant::from_micros(world.net.now);
        let (source, target) = world.sides.split_at_mut(CLIENTS[1]);
        let [source, target] = [&mut source[0], &mut target[0]].map(|side| {
            let (client, rx, tx) = side.parts().expect("a client");
            Party { client, rx, tx }
        });
        let waits = match fxp.poll(now, source, target) {
            Err(error) => return Some(FxpOutcome::Error(error)),
            Ok(FxpAction::Done) => return Some(FxpOutcome::Done),
            Ok(FxpAction::Aborted) => return Some(FxpOutcome::Aborted),
            Ok(FxpAction::Refused(side, refusal)) => {
                assert!(!refusal.text.is_empty(), "the text is kept");
                return Some(FxpOutcome::Refused(side, code(refusal.code)));
            }
            Ok(FxpAction::Wait { source, target }) => [source, target],
            Ok(other) => panic!("unknown: {other:?}"),
        };
        for (side, wait) in CLIENTS.into_iter().zip(waits) {
            match wait.deadline {
                Some(_) => world.check_wait(side, wait),
                None => world.sides[side].wait = Some(wait),
            }
        }
    }
    assert!(polls < POLLS, "it goes on and on");
    None
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    done: u64,
    refused: u64,
    /// Refused, with one server alone to blame.
    named: u64,
    given_up: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.named += other.named;
        self.given_up += other.given_up;
    }
}

fn session(choices: Choices) -> Tally {
    let some = |most: usize| if choices.below(2) == 1 { choices.below(most) } else { 0 };
    let (refusals, resets, local) = (some(400), some(40), some(40));
    let foreign = [choices.below(8) < 7, choices.below(8) < 7];
    let mut world = world(&choices, foreign);
    let file = choices.content(4000);
    let put = |world: &mut World, at: usize, path: &str, bytes: &[u8]| {
        let served = world.served_at(at);
        served.host.tree.put_file(path, bytes);
        served.model.put_file(path.as_bytes(), bytes);
    };
    put(&mut world, SERVERS[0], "/f", &file);
    put(&mut world, SERVERS[1], "/g", b"old");
    let calm = core::mem::take(&mut world.net.plan);
    world.net.plan = Plan { refusals, resets, local, ..calm.clone() };
    let polls = if choices.below(4) == 3 { choices.below(200) } else { usize::MAX };
    let mut fxp = client::fxp(t("/f"), t("/g"), RepresentationType::Image, 0);
    let mut outcome = transfer(&mut world, &mut fxp, polls);
    if outcome.is_none() && choices.below(2) == 0 {
        fxp.abort();
        outcome = transfer(&mut world, &mut fxp, usize::MAX);
        assert_eq!(outcome, Some(FxpOutcome::Aborted));
    }
    drop(fxp);
    world.net.note(|| format!("-- {outcome:?}"));
    let blame = SERVERS.map(|side| world.sides[side].to_blame);
    let broken = world.net.broken;
    let stored = world.served_at(SERVERS[1]).host.tree.file("/g").map(<[u8]>::to_vec);
    let mut tally = Tally::default();
    match outcome {
        Some(FxpOutcome::Done) => {
            tally.done = 1;
            assert!(stored.as_ref() == Some(&file), "it is done, and is not there");
        }
        Some(FxpOutcome::Refused(side, code)) => {
            let explained = blame != [false; 2] || broken || foreign != [true; 2];
            assert!(explained, "refused for nothing: {side:?} {code}");
            let tells = !broken && foreign == [true; 2] && blame[0] != blame[1];
            assert!(!tells || blame[side as usize], "the other one is to blame than {side:?}: {code}");
            (tally.refused, tally.named) = (1, u64::from(tells));
        }
        Some(FxpOutcome::Error(error)) => panic!("{error}"),
        Some(FxpOutcome::Aborted) | None => tally.given_up = 1,
    }
    world.net.plan = calm;
    for side in CLIENTS {
        world.rest(side);
    }
    for (client, server) in CLIENTS.into_iter().zip(SERVERS) {
        world.run_at(client, &mut client::noop(), POLLS, |_| ()).unwrap().done();
        let dialogue = &world.served_at(server).dialogue;
        assert!(dialogue.is_settled(), "{dialogue:?}");
    }
    // What was given up may have been complete by then.
    let stored = world.served_at(SERVERS[1]).host.tree.file("/g").map(<[u8]>::to_vec);
    assert!(stored.as_ref().is_some_and(|stored| *stored == file || stored == b"old"), "a stump is stored");
    for (client, server) in CLIENTS.into_iter().zip(SERVERS) {
        world.run_at(client, &mut client::quit(), POLLS, |_| ()).unwrap().done();
        assert!(!world.has_end(server), "a data connection outlives its session");
    }
    tally
}

#[test]
fn two_servers_and_whatever_goes_wrong_between_them_come_to_a_good_end() {
    let Some((sessions, tally)) = Kind { test: "two_servers_and", session }.run(1500) else { return };
    let Tally { done, refused, named, given_up } = tally;
    for count in [done, refused, named, given_up] {
        assert!(count > sessions / 20, "no longer everything is simulated: {tally:?}");
    }
}
