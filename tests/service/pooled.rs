//! Passive ports shared by sessions.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::peer::{Peer, connect_from};
use crate::site::{Runtime, Setup, Site};

/// Returns a free port.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn site(runtime: Runtime, change: impl FnOnce(&mut Setup)) -> (Site, u16) {
    let port = free_port();
    let mut setup = Setup { shared_ports: true, ..Setup::default() };
    setup.config.passive_ports = port..=port;
    change(&mut setup);
    (Site::with(runtime, setup), port)
}

fn host(number: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, number).into()
}

/// Sends EPSV and returns the port.
fn passive(peer: &mut Peer) -> u16 {
    peer.says("EPSV", "229").split('|').nth(3).unwrap().parse().unwrap()
}

fn data(from: u8, port: u16) -> TcpStream {
    connect_from(host(from), SocketAddr::new(host(1), port)).unwrap()
}

/// Waits until nobody listens at the port.
#[track_caller]
fn is_closed(port: u16) {
    let start = Instant::now();
    while connect_from(host(9), SocketAddr::new(host(1), port)).is_ok() {
        assert!(start.elapsed() < Duration::from_secs(5));
        thread::sleep(Duration::from_millis(20));
    }
}

fn read(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Reads to the end, which may be a reset.
fn read_what_came(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
    bytes
}

fn is_dropped(mut stream: TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn clients_of_different_addresses_have_one_port_and_each_its_own_bytes() {
    for runtime in Runtime::ALL {
        let (site, port) = site(runtime, |_| {});
        for number in 1..=3u8 {
            fs::write(site.path(format!("down-{number}")), vec![number; 200_000]).unwrap();
        }
        let mut peers: Vec<_> =
            (1..=3u8).map(|number| (number, Peer::from(host(number), site.address))).collect();
        for round in 0..4 {
            // All sessions wait at once, and their clients connect in another order.
            for (_, peer) in &mut peers {
                assert_eq!(passive(peer), port);
            }
            peers.rotate_left(round % 3);
            let mut connections: Vec<_> = peers.iter().map(|(number, _)| data(*number, port)).collect();
            for (number, peer) in &mut peers {
                peer.says(&format!("RETR down-{number}"), "150");
            }
            for (number, peer) in peers.iter_mut().rev() {
                let received = read(connections.pop().unwrap());
                assert!(received == vec![*number; 200_000], "{runtime:?} {number}");
                peer.awaits("226");
            }

            for (_, peer) in &mut peers {
                assert_eq!(passive(peer), port);
            }
            for (number, peer) in &mut peers {
                peer.says_only(&format!("STOR up-{number}"));
                peer.awaits("150");
            }
            let connections: Vec<_> = peers.iter().rev().map(|(number, _)| data(*number, port)).collect();
            for ((number, _), mut connection) in peers.iter().rev().zip(connections) {
                connection.write_all(&vec![number + 100; 100_000]).unwrap();
            }
            for (number, peer) in &mut peers {
                peer.awaits("226");
                let kept = fs::read(site.path(format!("up-{number}"))).unwrap();
                assert!(kept == vec![*number + 100; 100_000], "{runtime:?} {number}");
            }

            // A listing meanwhile, in one of the sessions.
            let (number, peer) = &mut peers[0];
            let port = passive(peer);
            let connection = data(*number, port);
            peer.says("NLST", "150");
            assert!(String::from_utf8(read(connection)).unwrap().contains("up-"));
            peer.awaits("226");
        }
    }
}

#[test]
fn many_transfers_at_once_share_three_ports() {
    const CLIENTS: u8 = 24;
    for runtime in Runtime::ALL {
        let mut low = free_port();
        while low > u16::MAX - 3 {
            low = free_port();
        }
        let (site, _) = site(runtime, |setup| setup.config.passive_ports = low..=low + 2);
        thread::scope(|scope| {
            for number in 1..=CLIENTS {
                let address = site.address;
                scope.spawn(move || {
                    let mut peer = Peer::from(host(number), address);
                    for round in 0..15u8 {
                        let content = vec![number.wrapping_mul(round); 20_000];
                        let port = passive(&mut peer);
                        assert!((low..=low + 2).contains(&port));
                        let mut connection = data(number, port);
                        peer.says(&format!("STOR {number}"), "150");
                        connection.write_all(&content).unwrap();
                        drop(connection);
                        peer.awaits("226");
                        let port = passive(&mut peer);
                        let connection = data(number, port);
                        peer.says(&format!("RETR {number}"), "150");
                        assert!(read(connection) == content, "{runtime:?} {number} {round}");
                        peer.awaits("226");
                    }
                });
            }
        });
    }
}

#[test]
fn one_address_needs_a_port_for_each_of_its_sessions() {
    for runtime in Runtime::ALL {
        let (site, port) = site(runtime, |_| {});
        let mut first = Peer::from(host(1), site.address);
        let mut second = Peer::from(host(1), site.address);
        assert_eq!(passive(&mut first), port);
        second.says("EPSV", "425");
        second.says("PASV", "425");
        // The port is available as soon as the first session no longer waits.
        let connection = data(1, port);
        first.says("NLST", "150");
        drop(connection);
        first.awaits("226");
        assert_eq!(passive(&mut second), port);
        // A session that listens again is not blocked by its own use of the port.
        assert_eq!(passive(&mut second), port);
    }
}

#[test]
fn a_stranger_is_dropped_and_the_others_wait_on() {
    for runtime in Runtime::ALL {
        let (site, port) = site(runtime, |_| {});
        fs::write(site.path("file"), b"content").unwrap();
        let mut first = Peer::from(host(1), site.address);
        let mut second = Peer::from(host(2), site.address);
        for peer in [&mut first, &mut second] {
            assert_eq!(passive(peer), port);
        }
        for _ in 0..20 {
            assert!(is_dropped(data(9, port)));
        }
        for (number, peer) in [(2, &mut second), (1, &mut first)] {
            let connection = data(number, port);
            peer.says("RETR file", "150");
            assert_eq!(read(connection), b"content");
            peer.awaits("226");
        }
    }
}

#[test]
fn a_connection_that_nobody_wanted_is_not_the_next_transfers() {
    for runtime in Runtime::ALL {
        let (site, port) = site(runtime, |_| {});
        fs::write(site.path("file"), b"content").unwrap();
        let mut other = Peer::from(host(2), site.address);
        let mut peer = Peer::from(host(1), site.address);
        // The other session keeps the listener open throughout.
        assert_eq!(passive(&mut other), port);
        assert_eq!(passive(&mut peer), port);
        // Either of the two may be accepted, since sessions that share a port pass connections on.
        let both = [data(1, port), data(1, port)];
        peer.says("RETR file", "150");
        peer.awaits("226");
        assert_eq!(passive(&mut peer), port);
        let mut got = both.map(read_what_came);
        got.sort();
        assert_eq!(got, [&b""[..], b"content"], "{runtime:?}");
        let next = data(1, port);
        peer.says("RETR file", "150");
        assert_eq!(read(next), b"content");
        peer.awaits("226");
    }
}

#[test]
fn a_place_at_a_port_is_given_back_in_its_time_and_the_port_with_the_last() {
    for runtime in Runtime::ALL {
        let (site, port) = site(runtime, |setup| setup.config.timeouts.accept = Duration::from_millis(300));
        let mut first = Peer::from(host(1), site.address);
        let mut second = Peer::from(host(2), site.address);
        assert_eq!(passive(&mut first), port);
        assert_eq!(passive(&mut second), port);
        is_closed(port);
        first.says("NLST", "425");
        // The port is free for others.
        drop(TcpListener::bind((host(1), port)).unwrap());
        // A session that ends while it waits gives up its place too.
        assert_eq!(passive(&mut first), port);
        drop(first);
        is_closed(port);
    }
}

#[test]
fn who_takes_data_from_anywhere_shares_nothing() {
    for runtime in Runtime::ALL {
        let (site, port) = site(runtime, |setup| setup.config.foreign_addresses = true);
        let mut first = Peer::from(host(1), site.address);
        let mut second = Peer::from(host(2), site.address);
        assert_eq!(passive(&mut first), port);
        second.says("EPSV", "425");
    }
}
