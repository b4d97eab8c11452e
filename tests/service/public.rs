//! The address that a server reports when it is not its own.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ftp_proto::io::PublicAddress;

use crate::peer::Peer;
use crate::site::{Runtime, Setup, Site};

/// The configured address, reported while no other is known.
const CONFIGURED: &str = "203.0.113.9";

fn site(runtime: Runtime, public: PublicAddress) -> Site {
    let mut setup = Setup { public: Some(public), ..Setup::default() };
    setup.config.passive_address = Some(CONFIGURED.parse().unwrap());
    Site::with(runtime, setup)
}

/// Returns the address that PASV reports to a new session of this client.
fn named_to(peer: &mut Peer) -> String {
    let reply = peer.says("PASV", "227");
    let numbers = reply.split_once('(').unwrap().1;
    numbers.split(',').take(4).collect::<Vec<_>>().join(".")
}

fn named(site: &Site) -> String {
    named_to(&mut Peer::new(site.address))
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(198, 51, 100, last).into()
}

#[test]
fn a_name_is_looked_up_and_an_address_is_itself() {
    for runtime in Runtime::ALL {
        for (name, expected) in [
            ("localhost", "127.0.0.1"),
            ("198.51.100.7", "198.51.100.7"),
            ("no-such-host.invalid", CONFIGURED),
            ("2001:db8::1", CONFIGURED),
        ] {
            let site = site(runtime, PublicAddress::named(name));
            assert_eq!(named(&site), expected, "{runtime:?} {name}");
            // EPSV reports no address and is not affected.
            Peer::new(site.address).data();
        }
    }
}

#[test]
fn an_address_is_looked_up_again_every_so_often_and_holds_until_another_is_known() {
    for runtime in Runtime::ALL {
        let calls = Arc::new(AtomicU8::new(0));
        let count = Arc::clone(&calls);
        let look = move || match count.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(vec!["2001:db8::1".parse().unwrap(), address(1), address(2)]),
            // Only the order changes.
            1 => Ok(vec![address(2), address(1)]),
            2 => Err(io::ErrorKind::TimedOut.into()),
            3 => Ok(Vec::new()),
            4 => panic!("this is part of the test"),
            _ => Ok(vec![address(3)]),
        };
        let site = site(runtime, PublicAddress::by(look).every(Duration::from_millis(150)));
        let start = Instant::now();
        let mut long = Peer::new(site.address);
        let mut seen = vec![named_to(&mut long)];
        while start.elapsed() < Duration::from_secs(20) && calls.load(Ordering::SeqCst) < 7 {
            seen.push(named(&site));
            thread::sleep(Duration::from_millis(5));
        }
        let most = 1 + start.elapsed().as_millis() / 150;
        let calls = u128::from(calls.load(Ordering::SeqCst));
        assert!(calls <= most, "{runtime:?}: {calls} and not {most}");
        seen.push(named(&site));
        seen.dedup();
        assert_eq!(seen, ["198.51.100.1", "198.51.100.3"], "{runtime:?}");
        assert_eq!(named_to(&mut long), "198.51.100.1", "a session keeps what it began with");
    }
}

#[test]
fn a_look_up_that_hangs_keeps_nobody_for_long_and_no_session_that_runs() {
    for runtime in Runtime::ALL {
        let (release, hold) = mpsc::channel::<()>();
        let (hold, calls) = (Mutex::new(hold), Arc::new(AtomicU8::new(0)));
        let count = Arc::clone(&calls);
        let look = move || {
            count.fetch_add(1, Ordering::SeqCst);
            let _ = hold.lock().unwrap().recv();
            Ok(vec![address(1)])
        };
        let site = site(runtime, PublicAddress::by(look).every(Duration::ZERO));
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..8 {
                let address = site.address;
                scope.spawn(move || assert_eq!(named_to(&mut Peer::new(address)), CONFIGURED));
            }
        });
        assert!(start.elapsed() < Duration::from_secs(6), "{runtime:?}: {:?}", start.elapsed());
        assert_eq!(calls.load(Ordering::SeqCst), 1, "one at a time");
        // A late answer wakes the session that waits for it.
        let waiter = thread::spawn({
            let address = site.address;
            move || named_to(&mut Peer::new(address))
        });
        thread::sleep(Duration::from_millis(100));
        drop(release);
        assert_eq!(waiter.join().unwrap(), "198.51.100.1");
    }
}

#[test]
fn a_client_within_is_told_another_address_than_those_without() {
    for runtime in Runtime::ALL {
        let insider: IpAddr = "127.0.0.2".parse().unwrap();
        let public = Some(PublicAddress::named("198.51.100.7"));
        let site = Site::with(runtime, Setup { public, insider: Some(insider), ..Setup::default() });
        assert_eq!(named(&site), "198.51.100.7");
        #[cfg(target_os = "linux")]
        assert_eq!(named_to(&mut Peer::from(insider, site.address)), "127.0.0.1");
    }
}
