//! Failed logins of each address, counted across its connections. Clients that guess passwords are
//! delayed for longer and longer.

use ::std::collections::HashMap;
use ::std::net::IpAddr;
use ::std::sync::{Mutex, PoisonError};
use ::std::time::Duration;

use super::limits::network;
use crate::time::Instant;

/// The failed logins of each IPv4 address and each IPv6 network of 64 bits. A failure counts for
/// less as time passes.
#[derive(Debug, Default)]
pub(in crate::io) struct Guesses(Mutex<HashMap<IpAddr, Failures>>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: f64,
    at: Instant,
}

/// Number of failures that cause no delay.
const FREE: f64 = 5.0;
/// Time after which a failure counts for half.
const HALF_LIFE: Duration = Duration::from_secs(600);
/// Maximum delay.
const LONGEST: Duration = Duration::from_secs(16);
/// Maximum number of addresses remembered. Those with the fewest failures are forgotten first.
const ADDRESSES: usize = 4096;

impl Failures {
    fn left(self, now: Instant) -> f64 {
        let half_lives = now.since(self.at).as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.count * 0.5_f64.powf(half_lives)
    }
}

impl Guesses {
    /// Counts a failed login from this address.
    pub(in crate::io) fn failed(&self, from: IpAddr, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = network(from);
        if known.len() >= ADDRESSES && !known.contains_key(&from) {
            known.retain(|_, failures| failures.left(now) >= 1.0);
            let fewest =
                known.iter().min_by(|(_, one), (_, other)| one.left(now).total_cmp(&other.left(now)));
            let fewest = fewest.map(|(address, _)| *address);
            if let Some(fewest) = fewest.filter(|_| known.len() >= ADDRESSES) {
                known.remove(&fewest);
            }
        }
        let count = known.get(&from).map_or(0.0, |failures| failures.left(now)) + 1.0;
        known.insert(from, Failures { count, at: now });
    }

    /// Returns how long a login from this address waits before it is checked, whether the password
    /// is right or wrong.
    pub(in crate::io) fn delay(&self, from: IpAddr, now: Instant) -> Duration {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = known.get(&network(from)).map_or(0.0, |failures| failures.left(now));
        if count < FREE {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(0.5 * (count - FREE).min(10.0).exp2()).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> Instant {
        Instant::from_micros(secs * 1_000_000)
    }

    #[test]
    fn each_failure_beyond_some_doubles_the_delay_of_its_network_alone() {
        let guesses = Guesses::default();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut delays = Vec::new();
        for _ in 0..20 {
            guesses.failed(address("192.0.2.1"), at(0));
            delays.push(guesses.delay(address("::ffff:192.0.2.1"), at(0)).as_secs_f64());
        }
        assert_eq!(delays[..11], [0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0]);
        assert!(delays.iter().all(|delay| *delay <= 16.0));
        assert_eq!(guesses.delay(address("192.0.2.2"), at(0)), Duration::ZERO);
        for host in 0..9 {
            guesses.failed(address(&format!("2001:db8::{host}")), at(0));
        }
        assert!(guesses.delay(address("2001:db8::77"), at(0)) > Duration::ZERO);
        assert_eq!(guesses.delay(address("2001:db8:0:1::1"), at(0)), Duration::ZERO);
    }

    #[test]
    fn failures_are_forgotten() {
        let guesses = Guesses::default();
        let address = "192.0.2.1".parse().unwrap();
        for _ in 0..8 {
            guesses.failed(address, at(0));
        }
        assert!(guesses.delay(address, at(1)) > Duration::from_secs(3));
        assert!(guesses.delay(address, at(300)) < Duration::from_secs(1));
        assert_eq!(guesses.delay(address, at(600)), Duration::ZERO);
        // An address that keeps failing is not forgiven.
        for second in 600..700 {
            guesses.failed(address, at(second));
        }
        assert_eq!(guesses.delay(address, at(700)), LONGEST);
    }

    #[test]
    fn no_number_of_addresses_takes_more_than_its_room_and_the_worst_are_remembered() {
        let guesses = Guesses::default();
        let worst = "192.0.2.1".parse().unwrap();
        for _ in 0..12 {
            guesses.failed(worst, at(0));
        }
        for n in 0..ADDRESSES as u32 * 2 {
            guesses.failed(IpAddr::from((n + (10 << 24)).to_be_bytes()), at(1));
        }
        assert!(guesses.0.lock().unwrap().len() <= ADDRESSES);
        assert!(guesses.delay(worst, at(1)) > Duration::from_secs(10));
    }
}
