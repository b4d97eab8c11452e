//! The simulation: sessions of machines, of peers that misbehave, and of a network and hosts that do as they like.
//! Whatever they do: nothing hangs, allocates or panics, each command has one final reply in its turn, what a client
//! calls done is done, and the tree of a server is what its replies say.
//!
//! | test | who | file |
//! |---|---|---|
//! | `sessions_come_to_a_good_end` | a client and a session with its host | `play` |
//! | `whatever_a_misbehaving_server` | a client and a server that lies | `liar` |
//! | `whatever_a_misbehaving_client` | a session and a client that does as it likes | `rogue` |
//! | `two_servers_and` | a client of two sessions, and a transfer from one to the other | `between` |
//!
//! All are driven by one driver (`world`) over one network (`network`). Everything that may go one way or another is
//! a number from one list (`choices`), which a seed draws. A session that fails is repeated with shorter and smaller
//! lists until none is found that fails at the same place (`shrink`), and is then shown as a dialogue with virtual
//! times, with the commands that repeat it.
//!
//! | variable | meaning |
//! |---|---|
//! | `SIMULATION_SESSIONS=n` | the number of sessions, of all kinds together; otherwise 10,000 |
//! | `SIMULATION_START=n` | the first seed; otherwise 0 |
//! | `SIMULATION_SEED=n` | one session, which is shown; to be used with the name of a test and `--nocapture` |
//! | `SIMULATION_CHOICES="n n n"` | the same, of a list of choices |
//!
//! `SIMULATION_SEED=7 cargo test --test simulation -- --nocapture sessions_come_to` shows one session.

mod between;
mod choices;
mod combinations;
mod host;
mod latency;
mod liar;
mod model;
mod network;
mod play;
mod rogue;
#[path = "../support/sequences.rs"]
#[allow(dead_code, reason = "the comparison with the table of commands uses the rest")]
mod sequences;
mod shrink;
#[path = "../support/mod.rs"]
mod support;
mod trace;
mod wire;
mod world;

use choices::Choices;
use ftp_proto::client::{self, AbortPolicy};
use ftp_proto::codec::RepresentationType;
use ftp_proto::server;
use network::Plan;
use play::Play;
use shrink::Kind;
use support::{secret, t};
use world::World;

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

fn session(choices: Choices) -> Tally {
    let mut play = Play::new(&choices);
    play.run();
    play.tally
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().expect(name))
}

#[test]
fn sessions_come_to_a_good_end() {
    let Some((sessions, tally)) = Kind { test: "sessions_come_to_a_good_end", session }.run(3000) else {
        return;
    };
    let Tally { done, refused, failed, lost, dropped, aborted, moved, begun_anew } = tally;
    for count in [done, refused, failed, lost, dropped, aborted, moved, begun_anew] {
        assert!(count as u64 >= sessions / 50, "no longer everything is simulated: {tally:?}");
    }
}

#[test]
fn a_large_transfer_aborted_at_any_of_twenty_points_leaves_a_usable_connection() {
    use AbortPolicy::{Abor, AborUploads, AborWithSynch, CloseData};
    for seed in 0..20 {
        let choices = Choices::unrecorded(seed);
        let mut random = ftp_proto::testing::Random::new(seed);
        let large: Vec<u8> = (0..200_000).map(|_| random.below(256) as u8).collect();
        for (policy, uploads) in [Abor, AborUploads, AborWithSynch, CloseData]
            .into_iter()
            .flat_map(|policy| [(policy, false), (policy, true)])
        {
            let mut config = client::Config::default();
            config.abort = policy;
            let plan = Plan { delay: 2000, piece: 1000, window: 8000, ..Plan::calm() };
            let mut world = World::pair(&choices, plan, seed % 2 == 1, config, server::Config::default());
            world.run(&mut client::greeting(), |_| ()).done();
            world.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
            world.put_file("/large", &large);
            world.files().upload.clone_from(&large);
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
                    assert!(world.served().dialogue.is_settled(), "{:?}", world.served().dialogue);
                }
                let stored = world.served().host.tree.file("/up");
                assert!(stored.is_none_or(|bytes| bytes == large), "the stump of an upload was stored");
            }
            let id = world.run(&mut client::retrieve(t("/large"), image, 0), |opened| opened.transfer).done();
            world.run(&mut client::complete(id), |_| ()).done();
            assert!(world.files().download == large, "what came after the abort is not the file");
            let id = world.run(&mut client::store(t("/again"), image, 0), |opened| opened.transfer).done();
            world.run(&mut client::complete(id), |_| ()).done();
            assert!(
                world.served().host.tree.file("/again") == Some(&large),
                "what was stored is not what was sent"
            );
            world.run(&mut client::quit(), |_| ()).done();
            assert!(world.served().dialogue.is_settled(), "{:?}", world.served().dialogue);
        }
    }
}
