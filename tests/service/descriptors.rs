//! A server that runs out of descriptors, and the line of those who wait to be taken in.

use std::fs;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use ftp_proto::io::std::Server;
use ftp_proto::io::{Directory, Users};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::child::Served;
use crate::site::{Runtime, Setup};

fn limit_descriptors(count: u64) {
    let limit = Rlimit { current: Some(count), maximum: Some(count) };
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[test]
fn out_of_descriptors_a_new_client_is_told_so_and_the_server_lives_on() {
    const TEST: &str = "descriptors::out_of_descriptors_a_new_client_is_told_so_and_the_server_lives_on";
    for runtime in Runtime::ALL {
        // What the process has open besides is more than the server has left to it.
        let mut others = Vec::new();
        let mut served = Served::by(TEST, runtime, Setup::default(), || {
            limit_descriptors(48);
            others.extend((0..24).map(|_| fs::File::open("/dev/null").unwrap()));
        });
        if served.is_elsewhere() {
            continue;
        }
        for _ in 0..3 {
            let (mut all, mut refused) = (Vec::new(), 0);
            for _ in 0..60 {
                let (stream, code) = served.greeting();
                assert!(code == "220" || code == "421", "{runtime:?}: {code}, after {}", all.len());
                refused += usize::from(code == "421");
                all.push(stream);
            }
            assert!((1..60).contains(&refused), "{runtime:?}: {refused}");
            drop(all);
            served.is_alive();
            let let_in = (0..100).any(|_| {
                thread::sleep(Duration::from_millis(20));
                served.greeting().1 == "220"
            });
            assert!(let_in, "{runtime:?}");
        }
    }
}

#[test]
fn sessions_fit_the_descriptors_that_the_process_may_have() {
    const TEST: &str = "descriptors::sessions_fit_the_descriptors_that_the_process_may_have";
    for runtime in Runtime::ALL {
        let served = Served::by(TEST, runtime, Setup::default(), || limit_descriptors(132));
        if served.is_elsewhere() {
            continue;
        }
        // A hundred for sessions, each of which has enough for a transfer.
        let expected = if runtime == Runtime::Threads { 25 } else { 33 };
        let all: Vec<_> = (0..60).map(|_| served.greeting()).collect();
        let greeted = all.iter().filter(|(_, code)| code == "220").count();
        let refused = all.iter().filter(|(_, code)| code == "421").count();
        assert_eq!((greeted, refused), (expected, 60 - expected), "{runtime:?}");
    }
}

#[test]
fn the_limit_of_descriptors_is_raised_for_the_sessions_where_it_may_be() {
    const TEST: &str = "descriptors::the_limit_of_descriptors_is_raised_for_the_sessions_where_it_may_be";
    for runtime in Runtime::ALL {
        let served = Served::by(TEST, runtime, Setup::default(), || {
            let limit = Rlimit { current: Some(64), ..getrlimit(Resource::Nofile) };
            setrlimit(Resource::Nofile, limit).unwrap();
        });
        if served.is_elsewhere() {
            continue;
        }
        let all: Vec<_> = (0..100).map(|_| served.greeting()).collect();
        assert!(all.iter().all(|(_, code)| code == "220"), "{runtime:?}");
    }
}

#[test]
fn as_many_wait_to_be_taken_in_as_the_system_lets_wait() {
    let most: usize = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let server = Server::bind("127.0.0.1:0", Users::<Directory>::new()).unwrap();
    // Nobody accepts. 128 is what others have.
    let waiting: Vec<_> = (0..most.min(300))
        .map_while(|_| TcpStream::connect_timeout(&server.local_addr(), Duration::from_millis(500)).ok())
        .collect();
    assert_eq!(waiting.len(), most.min(300));
}
