//! Work that clients can ask for and that brings them nothing.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use crate::peer::Peer;
use crate::site::{Runtime, Setup, Site};

/// More than is read in any time, and takes no room.
const SPARSE: u64 = 1 << 40;

#[test]
fn text_that_begins_far_behind_the_end_is_refused() {
    for runtime in Runtime::ALL {
        let site = Site::new(runtime);
        File::create(site.path("sparse")).unwrap().set_len(SPARSE).unwrap();
        let mut peer = Peer::new(site.address);
        peer.says("TYPE A", "200");
        let _data = peer.data();
        peer.says(&format!("REST {}", 2 * SPARSE + 1), "350");
        peer.says("RETR sparse", "554");
        peer.says("NOOP", "200");
    }
}

#[test]
fn text_that_is_read_and_not_sent_stalls_in_its_time_and_others_are_served_meanwhile() {
    for runtime in Runtime::ALL {
        let mut setup = Setup::default();
        setup.config.timeouts.stall = Duration::from_secs(1);
        let site = Site::with(runtime, setup);
        File::create(site.path("sparse")).unwrap().set_len(SPARSE).unwrap();
        let mut peer = Peer::new(site.address);
        peer.says("TYPE A", "200");
        let mut data = peer.data();
        peer.says(&format!("REST {SPARSE}"), "350");
        let begun = Instant::now();
        peer.says("RETR sparse", "150");
        let mut other = Peer::new(site.address);
        other.says("NOOP", "200");
        peer.awaits("426");
        assert!(begun.elapsed() < Duration::from_secs(5), "{runtime:?}: {:?}", begun.elapsed());
        assert!(!matches!(data.read(&mut [0]), Ok(1..)));
    }
}
