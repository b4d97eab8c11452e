//! A server under load for any length of time. Many sessions, half of them under TLS, run random
//! operations and disconnect at random. No confirmed upload may be lost, and when all clients are
//! gone, no descriptors, threads or memory may remain in use.
//!
//! ```text
//! SOAK_RUNTIME=tokio SOAK_SESSIONS=300 SOAK_SECONDS=60 cargo test --all-features --test soak -- --nocapture
//! ```
//!
//! | variable | | default |
//! |---|---|---|
//! | `SOAK_RUNTIME` | `threads`, `tokio` or `smol` | `tokio` |
//! | `SOAK_SESSIONS` | sessions at once | 300 |
//! | `SOAK_SECONDS` | how long, in four rounds behind one more to warm up | 20 |
//! | `SOAK_SEED` | determines what each session does, not when | of the clock, and printed |
#![cfg(target_os = "linux")]

#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod certificates;
mod figures;
mod server;
mod visit;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use std::{env, thread};

use figures::{Counts, Process};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::Site;
use visit::Client;

/// Number of parts of a run.
const ROUNDS: u32 = 4;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Runs `sessions` clients for `time`.
fn run(site: &Arc<Site>, sessions: u64, seed: u64, time: Duration) -> Counts {
    let end = Instant::now() + time;
    let clients: Vec<_> = (0..sessions)
        .map(|index| {
            let mut client = Client::new(Arc::clone(site), index, seed);
            // A small stack is enough for a client.
            let thread = thread::Builder::new().stack_size(512 * 1024);
            thread.spawn(move || client.run(end)).unwrap()
        })
        .collect();
    clients.into_iter().map(|client| client.join().expect("a client has failed")).sum()
}

#[test]
fn nothing_confirmed_is_lost_and_nothing_is_left_behind() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let runtime = env::var("SOAK_RUNTIME").unwrap_or_else(|_| "tokio".to_owned());
    // A session needs up to five descriptors, a data connection and a file, and its client five.
    let most = limit.maximum.map_or(u64::MAX, |most| most.saturating_sub(64) / 12);
    let sessions = number("SOAK_SESSIONS", 300).min(most);
    let time = Duration::from_secs(number("SOAK_SECONDS", 20));
    let clock = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed = number("SOAK_SEED", clock);
    println!(
        "SOAK_RUNTIME={runtime} SOAK_SESSIONS={sessions} SOAK_SECONDS={} SOAK_SEED={seed}",
        time.as_secs()
    );

    let site = Arc::new(Site::new(&runtime, usize::try_from(sessions).unwrap()));
    run(&site, sessions, seed, time / ROUNDS);
    let before = Process::settled(None);
    // A leak shows as memory that grows with each round.
    let (mut counts, mut resident) = (Counts::default(), Vec::new());
    for round in 1..=ROUNDS {
        counts =
            [counts, run(&site, sessions, seed.wrapping_add(round.into()), time / ROUNDS)].into_iter().sum();
        resident.push(Process::now().resident >> 10);
    }
    let after = Process::settled(Some(&before));
    println!("{runtime}: {counts}; before {before}; KiB after each round {resident:?}; after {after}");
    site.sessions_are_over();
    let lost = site.verify();
    assert!(counts.failures.is_empty(), "{:#?}", counts.failures);
    assert!(lost.is_empty(), "lost: {lost:#?}");
    assert_eq!(after.descriptors, before.descriptors);
    assert!(after.threads <= before.threads, "{after}, and before {before}");
    // The allocator keeps an amount that varies between runs and with the number of sessions.
    let kept = (16 << 20) + usize::try_from(sessions).unwrap() * (64 << 10);
    assert!(after.resident < before.resident + kept, "{after}, and before {before}");
    Arc::into_inner(site).expect("all clients are gone").end();
}
