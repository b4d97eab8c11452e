//! The simulation: a client and a session over a network, with a host, that do as a seed says. They cut
//! what they carry, delay it, reorder what goes over different connections, refuse, break and fall
//! silent. Whatever they do: nothing hangs, each command has one final reply in its turn, what both sides
//! call complete is, and unless the connection was told to be lost it is good for more.
//!
//! `SIMULATION_SEED=n cargo test --test simulation` runs one session, and shows what happened in it where
//! it fails; `SIMULATION_SESSIONS=n` runs so many.

mod between;
mod combinations;
mod host;
mod latency;
mod misbehaving;
mod network;
mod play;
#[path = "../support/sequences.rs"]
#[allow(dead_code, reason = "the comparison with the table of commands uses the rest")]
mod sequences;
#[path = "../support/mod.rs"]
mod support;
mod wire;
mod world;

use ftp_proto::client::{self, AbortPolicy};
use ftp_proto::codec::RepresentationType;
use ftp_proto::server;
use ftp_proto::testing::Random;
use network::Plan;
use play::Play;
use support::{secret, t};
use world::{Harm, World};

/// What came of operations: a simulation in which one of these is missing does not simulate it.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    done: usize,
    refused: usize,
    failed: usize,
    lost: usize,
    dropped: usize,
    aborted: usize,
    moved: usize,
    begun_anew: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.refused += other.refused;
        self.failed += other.failed;
        self.lost += other.lost;
        self.dropped += other.dropped;
        self.aborted += other.aborted;
        self.moved += other.moved;
        self.begun_anew += other.begun_anew;
    }
}

fn session(seed: u64) -> Tally {
    let mut random = Random::new(seed ^ 0x0070_1a2b);
    let mut play = Play::new(seed, Plan::draw(&mut random));
    play.run();
    play.tally
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().expect(name))
}

#[test]
fn a_thousand_sessions_come_to_a_good_end() {
    if let Some(seed) = number("SIMULATION_SEED") {
        session(seed);
        return;
    }
    let sessions = number("SIMULATION_SESSIONS").unwrap_or(1000);
    let mut tally = Tally::default();
    for seed in 0..sessions {
        tally += session(seed);
    }
    println!("{sessions} sessions: {tally:?}");
    let Tally { done, refused, failed, lost, dropped, aborted, moved, begun_anew } = tally;
    for count in [done, refused, failed, lost, dropped, aborted, moved, begun_anew] {
        assert!(count as u64 > sessions / 50, "what is simulated no more? {tally:?}");
    }
}

#[test]
fn a_large_transfer_aborted_at_any_of_twenty_points_leaves_a_usable_connection() {
    use AbortPolicy::{Abor, AborUploads, AborWithSynch, CloseData};
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let large: Vec<u8> = (0..200_000).map(|_| random.below(256) as u8).collect();
        for (policy, uploads) in [Abor, AborUploads, AborWithSynch, CloseData]
            .into_iter()
            .flat_map(|policy| [(policy, false), (policy, true)])
        {
            let mut config = client::Config::default();
            config.abort = policy;
            let plan = Plan { delay: 2000, piece: 1000, window: 8000, ..Plan::calm() };
            let mut world = World::new(seed, plan, seed % 2 == 1, config, server::Config::default());
            world.run(&mut client::greeting(), |_| ()).done();
            world.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
            world.host.tree.put_file("/large", large.clone());
            world.upload.clone_from(&large);
            world.host.sent.push(large.clone());
            let image = RepresentationType::Image;
            let mut open = match uploads {
                true => client::store(t("/up"), image, 0),
                false => client::retrieve(t("/large"), image, 0),
            };
            let id = world.run(&mut open, |opened| opened.transfer).done();
            let mut complete = client::complete(id);
            let polls = random.below(400);
            if world.run_for(&mut complete, polls, |_| ()).is_none() {
                if random.below(2) == 0 {
                    world.run(&mut client::abort(complete.into_transfer()), |_| ()).done();
                    assert!(world.dialogue.is_settled(), "{:?}", world.dialogue);
                }
                let stored = world.host.tree.file("/up");
                assert!(stored.is_none_or(|bytes| bytes == large), "the stump of an upload was stored");
            }
            let id = world.run(&mut client::retrieve(t("/large"), image, 0), |opened| opened.transfer).done();
            world.run(&mut client::complete(id), |_| ()).done();
            assert!(world.download == large, "what came after the abort is not the file");
            world.host.sent.push(large.clone());
            let id = world.run(&mut client::store(t("/again"), image, 0), |opened| opened.transfer).done();
            world.run(&mut client::complete(id), |_| ()).done();
            assert!(world.host.tree.file("/again") == Some(&large), "what was stored is not what was sent");
            world.run(&mut client::quit(), |_| ()).done();
            assert!(world.dialogue.is_settled(), "{:?}", world.dialogue);
        }
    }
}
