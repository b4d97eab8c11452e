//! Uploads by clients that close both connections at once, without waiting for a reply.

use std::fs;
use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use crate::peer::Peer;
use crate::site::{Runtime, Setup, Site};

const CONTENT: [u8; 100] = [7; 100];

/// Returns whether the file has this content within five seconds.
fn comes_to(path: &std::path::Path, content: &[u8]) -> bool {
    (0..250).any(|_| {
        let is_there = fs::read(path).is_ok_and(|found| found == content);
        if !is_there {
            thread::sleep(Duration::from_millis(20));
        }
        is_there
    })
}

/// The state in which a client leaves.
#[derive(Clone, Copy, Debug)]
enum Leaves {
    /// The client has read the 150.
    Knowing,
    /// The client has not read the 150, so that its system resets the control connection.
    Unread,
}

#[test]
fn a_burst_of_small_uploads_closed_at_once_is_all_there() {
    for runtime in Runtime::ALL {
        for leaves in [Leaves::Knowing, Leaves::Unread] {
            let site = Site::new(runtime);
            let peers: Vec<_> = (0..20)
                .map(|number| {
                    let mut peer = Peer::new(site.address);
                    let data = peer.data();
                    (number, peer, data)
                })
                .collect();
            for (number, mut peer, mut data) in peers {
                match leaves {
                    Leaves::Knowing => drop(peer.says(&format!("STOR file{number}"), "150")),
                    Leaves::Unread => peer.says_only(&format!("STOR file{number}")),
                }
                data.write_all(&CONTENT).unwrap();
                drop((peer, data));
            }
            let there = (0..20).filter(|number| comes_to(&site.path(format!("file{number}")), &CONTENT));
            assert_eq!(there.count(), 20, "{runtime:?} {leaves:?}");
        }
    }
}

#[test]
fn an_upload_that_goes_on_after_its_control_connection_has_its_two_seconds_and_no_more() {
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        let mut peer = Peer::new(site.address);
        let mut data = peer.data();
        peer.says("STOR file", "150");
        drop(peer);
        thread::sleep(Duration::from_millis(300));
        data.write_all(&CONTENT).unwrap();
        data.shutdown(Shutdown::Write).unwrap();
        assert!(comes_to(&site.path("file"), &CONTENT), "{runtime:?}");

        let mut peer = Peer::new(site.address);
        let mut data = peer.data();
        peer.says("STOR late", "150");
        drop(peer);
        let begun = Instant::now();
        // The server resets an upload that it gives up.
        while data.write_all(&[7]).is_ok() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{runtime:?}");
            thread::sleep(Duration::from_millis(20));
        }
        assert!(begun.elapsed() >= Duration::from_millis(1900), "{runtime:?}: {:?}", begun.elapsed());
    }
}

#[test]
fn an_upload_without_its_control_connection_lasts_no_longer_than_a_shutdown_allows() {
    for runtime in Runtime::ALL {
        let mut setup = Setup::default();
        setup.config.timeouts.orphaned_upload = Duration::from_secs(60);
        let site = Site::with(runtime, setup);
        let mut peer = Peer::new(site.address);
        let _data = peer.data();
        peer.says("STOR file", "150");
        drop(peer);
        thread::sleep(Duration::from_millis(100));
        let begun = Instant::now();
        site.shutdown.shut_down(Duration::from_millis(300));
        site.ends();
        assert!(begun.elapsed() < Duration::from_secs(3), "{runtime:?}: {:?}", begun.elapsed());
    }
}
