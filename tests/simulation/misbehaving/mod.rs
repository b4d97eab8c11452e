//! A server that misbehaves, and a client that must not be deceived.
//!
//! The server is a model of one session: a tree, and the commands that a client of this crate sends. Its replies
//! may come twice, late, or not at all; others may come among them; data may be short, not end, or not be
//! accepted; anything may be refused, before or after it was done. Whatever it does, an operation that is called
//! done was done, by its own command, and what it came to is true.
//!
//! `MISBEHAVING_SEED=n cargo test --test simulation misbehav` runs one session, and shows the dialogue where it
//! fails; `MISBEHAVING_SESSIONS=n` runs so many.

mod dialogue;
mod faults;
mod net;
mod play;
mod script;
mod server;
mod world;

use super::number;
use super::support::random::Random;
use play::Play;

/// What came of operations.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    done: usize,
    refused: usize,
    failed: usize,
    lost: usize,
    dropped: usize,
    aborted: usize,
    moved: usize,
    whole: usize,
    /// A wrong download that nothing could tell from a right one.
    unknowable: usize,
    /// What was called done, and was not, since a reply was misleading.
    misled: usize,
    faults: usize,
    one_fault: usize,
    longest: u64,
    polls: usize,
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
        self.whole += other.whole;
        self.unknowable += other.unknowable;
        self.misled += other.misled;
        self.faults += other.faults;
        self.one_fault += other.one_fault;
        self.longest = self.longest.max(other.longest);
        self.polls = self.polls.max(other.polls);
    }
}

fn session(seed: u64) -> Tally {
    let mut play = Play::new(seed);
    play.run();
    if std::env::var("MISBEHAVING_TRACE").is_ok() {
        for line in play.world.net.trace() {
            println!("{line}");
        }
    }
    play.tally
}

#[test]
fn whatever_a_misbehaving_server_says_only_what_it_did_is_called_done() {
    if let Some(seed) = number("MISBEHAVING_SEED") {
        println!("{:?}", session(seed));
        return;
    }
    let sessions = number("MISBEHAVING_SESSIONS").unwrap_or(1000);
    let mut tally = Tally::default();
    if std::env::var("MISBEHAVING_SURVEY").is_ok() {
        for seed in 0..sessions {
            match std::panic::catch_unwind(|| session(seed)) {
                Ok(one) => tally += one,
                Err(why) => println!("SEED {seed}: {:?}", why.downcast_ref::<String>()),
            }
        }
        println!("{tally:?}");
        return;
    }
    for seed in 0..sessions {
        tally += session(seed);
    }
    println!("{sessions} sessions: {tally:?}");
}
