//! How many are served, and how fast.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

use ftp_proto::codec::TransferMode;
use ftp_proto::io::SessionLimits;
use ftp_proto::io::std::Client;

use crate::peer::Peer;
use crate::site::{Runtime, Setup, Site};

const RATE: Option<NonZeroU64> = NonZeroU64::new(1 << 20);

#[track_caller]
fn refused(site: &Site) {
    let error = Client::connect(site.address).map(drop).unwrap_err();
    assert!(error.to_string().contains("421"), "{error}");
}

/// Places are free a moment after a client has gone.
#[track_caller]
fn let_in(site: &Site) -> Client {
    (0..100)
        .find_map(|_| {
            thread::sleep(Duration::from_millis(20));
            Client::connect(site.address).ok()
        })
        .expect("a place has become free")
}

#[test]
fn one_session_too_many_is_refused() {
    let of_all = Setup { sessions: Some(2), ..Setup::default() };
    let of_address = Setup { per_address: Some(2), ..Setup::default() };
    for runtime in Runtime::ALL {
        for setup in [&of_all, &of_address] {
            let site = Site::with(runtime, setup.clone());
            let (first, second) = (site.client(), site.client());
            refused(&site);
            refused(&site);
            drop(first);
            let _third = let_in(&site);
            refused(&site);
            drop(second);
        }
    }
}

#[test]
fn servers_share_limits_that_change_while_they_serve() {
    for runtime in Runtime::ALL {
        let limits = SessionLimits::new();
        let setup = Setup { limits: Some(limits.clone()), sessions: Some(2), ..Setup::default() };
        let (one, other) = (Site::with(runtime, setup.clone()), Site::with(runtime, setup));
        let (mut first, mut second) = (one.client(), other.client());
        refused(&one);
        refused(&other);
        limits.set_max_sessions(3);
        let third = let_in(&one);
        refused(&other);
        limits.set_max_sessions_per_address(1);
        drop(third);
        refused(&one);
        assert!(limits.sessions() >= 2, "{runtime:?}");
        // No change ends a session.
        first.noop().unwrap();
        second.noop().unwrap();
    }
}

#[test]
fn a_rate_that_is_set_later_holds_for_later_sessions() {
    let limits = SessionLimits::new();
    let site = Site::with(Runtime::Tokio, Setup { limits: Some(limits.clone()), ..Setup::default() });
    fs::write(site.path("file"), vec![7; 1 << 19]).unwrap();
    for set in [SessionLimits::set_max_rate, SessionLimits::set_max_total_rate] {
        set(&limits, RATE);
        let mut client = site.client();
        set(&limits, None);
        takes_half_a_second("limited", || {
            let mut received = Vec::new();
            client.retrieve("file").unwrap().read_to_end(&mut received).unwrap();
            assert_eq!(received.len(), 1 << 19);
        });
    }
}

/// Runs a transfer at 1 MiB/s that has half a MiB to move.
#[track_caller]
fn takes_half_a_second(what: &str, transfer: impl FnOnce()) {
    let start = Instant::now();
    transfer();
    let time = start.elapsed();
    assert!((Duration::from_millis(400)..Duration::from_secs(3)).contains(&time), "{what}: {time:?}");
}

#[test]
fn a_session_keeps_to_its_rate() {
    let content: Vec<u8> = (0..1 << 19).map(|n: u32| n.wrapping_mul(0x9E37_79B9).to_be_bytes()[0]).collect();
    for runtime in Runtime::ALL {
        let site = Site::with(runtime, Setup { rate: RATE, ..Setup::default() });
        fs::write(site.path("file"), &content).unwrap();
        let mut client = site.client();
        for mode in [TransferMode::Stream, TransferMode::Block] {
            client.set_mode(mode).unwrap();
            takes_half_a_second("down", || {
                let mut received = Vec::new();
                client.retrieve("file").unwrap().read_to_end(&mut received).unwrap();
                assert!(received == content);
            });
            takes_half_a_second("up", || {
                let mut store = client.store("back").unwrap();
                store.write_all(&content).unwrap();
                store.finish().unwrap();
            });
            assert!(fs::read(site.path("back")).unwrap() == content);
        }
    }
}

#[test]
fn all_sessions_keep_to_their_rate_and_each_gets_its_share() {
    for runtime in Runtime::ALL {
        let site = Site::with(runtime, Setup { total_rate: RATE, ..Setup::default() });
        fs::write(site.path("file"), vec![7; 1 << 17]).unwrap();
        takes_half_a_second("four", || {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let mut client = site.client();
                    thread::spawn(move || {
                        let mut received = Vec::new();
                        client.retrieve("file").unwrap().read_to_end(&mut received).unwrap();
                        assert_eq!(received.len(), 1 << 17);
                        Instant::now()
                    })
                })
                .collect();
            let ends: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            let spread = *ends.iter().max().unwrap() - *ends.iter().min().unwrap();
            assert!(spread < Duration::from_millis(300), "{spread:?}");
        });
    }
}

#[test]
fn a_passive_port_is_given_back_in_its_time_whatever_is_said_meanwhile() {
    for runtime in Runtime::ALL {
        let mut setup = Setup::default();
        setup.config.timeouts.accept = Duration::from_millis(300);
        let site = Site::with(runtime, setup);
        let mut peer = Peer::new(site.address);
        let reply = peer.says("EPSV", "229");
        let port: u16 = reply.split('|').nth(3).unwrap().parse().unwrap();
        for _ in 0..12 {
            thread::sleep(Duration::from_millis(50));
            peer.says("NOOP", "200");
        }
        TcpStream::connect(("127.0.0.1", port)).unwrap_err();
        peer.says("RETR file", "425");
    }
}

#[test]
fn an_upload_that_is_too_large_is_given_up_and_so_is_one_that_is_too_slow() {
    for runtime in Runtime::ALL {
        for mode in ["S", "Z"] {
            let mut setup = Setup::default();
            setup.config.limits.upload_size = NonZeroU64::new(100_000);
            let site = Site::with(runtime, setup);
            let mut client = site.client();
            if mode == "Z" {
                client.set_mode(TransferMode::Deflate).unwrap();
            }
            for (size, fits) in [(100_000, true), (100_001, false), (5_000_000, false)] {
                let mut store = client.store("file").unwrap();
                let written = store.write_all(&vec![7; size]).map(|()| store.finish().is_ok());
                assert_eq!(matches!(written, Ok(true)), fits, "{runtime:?} {mode} {size}");
                assert!(fs::metadata(site.path("file")).unwrap().len() <= 100_000);
            }
            client.noop().unwrap();
        }
        let mut setup = Setup::default();
        setup.config.limits.minimum_rate = 1000;
        setup.config.timeouts.rate = Duration::from_millis(500);
        let site = Site::with(runtime, setup);
        let mut peer = Peer::new(site.address);
        let mut data = peer.data();
        peer.says("STOR file", "150");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) && data.write_all(&[7; 10]).is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
        assert!(begun.elapsed() < Duration::from_secs(3));
        peer.awaits("426");
    }
}

/// A reset would make these writes fail, and clients that see one begin again.
#[track_caller]
fn sends_on(data: &mut TcpStream, what: &str) {
    for _ in 0..10 {
        thread::sleep(Duration::from_millis(10));
        data.write_all(&[7; 64_000]).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[test]
fn a_client_whose_data_has_no_meaning_may_send_on_until_it_has_read_why() {
    for runtime in Runtime::ALL {
        let site = Site::with(runtime, Setup::default());
        for (command, malformed) in [
            // A descriptor with bits that have no meaning.
            ("MODE B", &[0x0f, 0, 1, 7][..]),
            ("MODE C", &[0, 0x0f]),
            // An escape before what is none.
            ("STRU R", &[0xff, 9]),
            ("MODE Z", &[0xff; 16]),
        ] {
            let mut peer = Peer::new(site.address);
            peer.says(command, "200");
            let mut data = peer.data();
            peer.says("STOR file", "150");
            data.write_all(malformed).unwrap();
            peer.awaits("426");
            sends_on(&mut data, &format!("{runtime:?} {command}"));
            drop(data);
            peer.says("NOOP", "200");
        }
    }
}

#[test]
fn a_client_whose_upload_is_refused_may_send_on_until_it_has_read_why() {
    for runtime in Runtime::ALL {
        let mut setup = Setup::default();
        setup.config.limits.upload_size = NonZeroU64::new(100_000);
        let site = Site::with(runtime, setup);
        let mut peer = Peer::new(site.address);
        let mut data = peer.data();
        peer.says("STOR file", "150");
        data.write_all(&[7; 200_000]).unwrap();
        peer.awaits("552");
        sends_on(&mut data, &format!("{runtime:?}"));
        drop(data);
        peer.says("NOOP", "200");
        // The server does not listen for ever to somebody who does not stop.
        let mut data = peer.data();
        peer.says("STOR file", "150");
        data.write_all(&[7; 200_000]).unwrap();
        peer.awaits("552");
        let begun = Instant::now();
        while data.write_all(&[7; 1000]).is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{runtime:?}");
            thread::sleep(Duration::from_millis(10));
        }
        peer.says("NOOP", "200");
    }
}
