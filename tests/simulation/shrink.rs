//! Runs sessions on all processors. A session that fails is shrunk to the shortest list of choices that is found for
//! the same failure, and shown.

use super::choices::Choices;
use super::trace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, Once};
use std::time::{Duration, Instant};

/// The most attempts to shrink one failure, and the time for them.
const ATTEMPTS: usize = 6000;
const TIME: Duration = Duration::from_secs(40);

/// The most choices that are printed as a list.
const PRINTED: usize = 600;

/// A failed assertion: where, and its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub place: String,
    pub message: String,
}

thread_local! {
    /// Set while panics of this thread are failures of a session: the first of them.
    static CAUGHT: RefCell<Option<Option<Failure>>> = const { RefCell::new(None) };
}

/// Keeps panics of sessions from being printed, and records where they are.
fn catch_quietly() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let is_session = CAUGHT.with_borrow_mut(|caught| {
                let Some(caught) = caught else { return false };
                let place = info.location().map(Location::to_string).unwrap_or_default();
                let payload = info.payload();
                let text = payload.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
                let message = text.unwrap_or_default().to_owned();
                caught.get_or_insert(Failure { place, message });
                true
            });
            if !is_session {
                usual(info);
            }
        }));
    });
}

/// Runs one session. Returns what it returns, or its failure.
pub fn attempt<T>(session: impl FnOnce(Choices) -> T, choices: &Choices) -> Result<T, Failure> {
    catch_quietly();
    CAUGHT.set(Some(None));
    let result = catch_unwind(AssertUnwindSafe(|| session(choices.clone())));
    let caught = CAUGHT.take().flatten();
    result.map_err(|_| caught.expect("a panic is recorded"))
}

/// Returns the shortest and smallest list that is found for which a session fails at the same place.
pub fn shrink<T>(session: impl Fn(Choices) -> T, list: Vec<u32>, failure: &Failure) -> Vec<u32> {
    let begun = Instant::now();
    let (mut best, mut attempts) = (list, 0);
    let mut fails = |list: &[u32]| {
        attempts += 1;
        let over = attempts > ATTEMPTS || begun.elapsed() > TIME;
        let again =
            !over && attempt(&session, &Choices::listed(list)).is_err_and(|f| f.place == failure.place);
        (again, over)
    };
    loop {
        let before = best.clone();
        // The end, which zeros replace.
        let (mut low, mut high) = (0, best.len());
        while low < high {
            let middle = low.midpoint(high);
            match fails(&best[..middle]) {
                (_, true) => return best,
                (true, _) => high = middle,
                (false, _) => low = middle + 1,
            }
        }
        if fails(&best[..high]).0 {
            best.truncate(high);
        }
        // Anything in between: left out, or zero.
        let mut size = best.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < best.len() {
                let end = (at + size).min(best.len());
                let without = [&best[..at], &best[end..]].concat();
                let mut zeros = best.clone();
                zeros[at..end].fill(0);
                let outcome = fails(&without);
                if outcome.1 {
                    return best;
                }
                if outcome.0 {
                    best = without;
                    continue;
                }
                if zeros != best && fails(&zeros).0 {
                    best = zeros;
                }
                at = end;
            }
            size /= 2;
        }
        // Smaller numbers.
        for at in 0..best.len() {
            for smaller in [1, best[at] / 2, best[at].saturating_sub(1)] {
                let mut list = best.clone();
                list[at] = smaller;
                if smaller < best[at] && fails(&list).0 {
                    best = list;
                }
            }
        }
        while best.last() == Some(&0) {
            best.pop();
        }
        if best == before {
            return best;
        }
    }
}

/// A kind of session, by the name of the test that runs it.
pub struct Kind<T> {
    pub test: &'static str,
    pub session: fn(Choices) -> T,
}

impl<T: Default + std::ops::AddAssign + std::fmt::Debug + Send> Kind<T> {
    /// Runs as many sessions as the environment says, or the default number. Returns their number and the sum of
    /// what they returned; `None` if the environment asked for a single session, which is shown, or for
    /// fewer than the default number, which may leave out what is rare.
    pub fn run(&self, usual: u64) -> Option<(u64, T)> {
        if let Ok(list) = std::env::var("SIMULATION_CHOICES") {
            let list: Vec<u32> = list.split_whitespace().map(|n| n.parse().expect("a number")).collect();
            self.show(&list);
            return None;
        }
        if let Some(seed) = super::number("SIMULATION_SEED") {
            let choices = Choices::drawn(seed);
            trace::begin();
            let result = attempt(self.session, &choices);
            let lines = trace::take();
            match result {
                Ok(tally) => println!("{}\n{tally:?}", lines.join("\n")),
                Err(failure) => self.fail(seed, choices.list(), &failure),
            }
            return None;
        }
        // The usual numbers are parts of ten thousand.
        let sessions =
            super::number("SIMULATION_SESSIONS").map_or(usual, |all| (all * usual).div_ceil(10_000));
        let first = super::number("SIMULATION_START").unwrap_or(0);
        let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
        let (total, failed) = (Mutex::new(T::default()), Mutex::new(None::<(u64, Failure)>));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut sum = T::default();
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= first + sessions || stop.load(Ordering::Relaxed) {
                            break;
                        }
                        match attempt(self.session, &Choices::drawn(seed)) {
                            Ok(tally) => sum += tally,
                            Err(failure) => {
                                stop.store(true, Ordering::Relaxed);
                                let mut failed = failed.lock().unwrap();
                                if failed.as_ref().is_none_or(|(other, _)| seed < *other) {
                                    *failed = Some((seed, failure));
                                }
                            }
                        }
                    }
                    *total.lock().unwrap() += sum;
                });
            }
        });
        if let Some((seed, failure)) = failed.into_inner().unwrap() {
            let choices = Choices::drawn(seed);
            let again = attempt(self.session, &choices).err();
            assert_eq!(again.as_ref(), Some(&failure), "seed {seed} does something else the second time");
            self.fail(seed, choices.list(), &failure);
        }
        let total = total.into_inner().unwrap();
        println!("{}: {sessions} sessions from seed {first}: {total:?}", self.test);
        (sessions >= usual).then_some((sessions, total))
    }

    /// Shrinks a failure, and panics with what is left of it.
    fn fail(&self, seed: u64, list: Vec<u32>, failure: &Failure) -> ! {
        println!("seed {seed}, {} choices, at {}: {}", list.len(), failure.place, failure.message);
        let short = shrink(self.session, list, failure);
        println!("shrunk to {} choices:", short.len());
        if short.len() <= PRINTED {
            let list: Vec<String> = short.iter().map(u32::to_string).collect();
            let list = list.join(" ");
            println!(
                "SIMULATION_CHOICES=\"{list}\" cargo test --test simulation -- --nocapture {}",
                self.test
            );
        }
        println!("SIMULATION_SEED={seed} cargo test --test simulation -- --nocapture {}", self.test);
        self.show(&short);
        unreachable!("seed {seed} fails, and what it was shrunk to does not");
    }

    /// Runs a list of choices, and prints what happens.
    fn show(&self, list: &[u32]) {
        trace::begin();
        let result = attempt(self.session, &Choices::listed(list));
        println!("{}", trace::take().join("\n"));
        match result {
            Ok(tally) => println!("{tally:?}"),
            Err(failure) => panic!("{}: {}", failure.place, failure.message),
        }
    }
}

#[test]
fn a_failure_shrinks_to_the_choices_that_it_takes() {
    let session = |choices: Choices| {
        let mut sum = 0;
        for _ in 0..200 {
            let (one, other) = (choices.below(100), choices.below(100));
            sum += usize::from(one > 90 && other > 50);
            assert!(sum < 3, "three of them");
        }
    };
    let choices = (0..1000).map(Choices::drawn).find(|choices| attempt(session, choices).is_err()).unwrap();
    let failure = attempt(session, &Choices::listed(&choices.list())).unwrap_err();
    let short = shrink(session, choices.list(), &failure);
    assert_eq!(short, [91, 51, 91, 51, 91, 51], "{failure:?}");
}

#[test]
fn a_list_of_choices_repeats_the_session_that_drew_them() {
    let session = |choices: Choices| (0..50).map(|bound| choices.below(bound)).collect::<Vec<_>>();
    let choices = Choices::drawn(7);
    let drawn = attempt(session, &choices).unwrap();
    assert_eq!(attempt(session, &Choices::listed(&choices.list())).unwrap(), drawn);
}
