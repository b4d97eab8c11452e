//! Uploads that replace a file when they are complete, over the network.

use std::fs;
use std::io::{Read, Write};
use std::time::Duration;

use ftp_proto::io::{Directory, Users};

use crate::hosts;
use crate::peer::Peer;
use crate::site::{Host, Runtime, Setup, Site, directory};

/// More bytes than are copied at a time.
const SIZE: usize = 20 << 20;

fn site(runtime: Runtime) -> Site {
    let directory = directory();
    let files = Directory::open(&directory).unwrap().writable().atomic_uploads(true);
    let users = Users::new().user("me", "secret", files);
    Site::of(runtime, Setup::default(), directory, Host::<_, hosts::Slow>::Blocking(users))
}

/// Returns whether the directory has `count` names within five seconds.
fn comes_to(site: &Site, count: usize) -> bool {
    (0..250).any(|_| {
        let there = fs::read_dir(&site.directory).unwrap().count();
        if there != count {
            std::thread::sleep(Duration::from_millis(20));
        }
        there == count
    })
}

#[test]
fn an_atomic_upload_replaces_a_file_at_its_end_and_leaves_it_when_it_is_given_up() {
    for runtime in Runtime::ALL {
        let site = site(runtime);
        fs::write(site.path("file"), b"old").unwrap();
        for whole in [false, true] {
            let mut peer = Peer::new(site.address);
            let mut data = peer.data();
            peer.says("STOR file", "150");
            data.write_all(b"new").unwrap();
            assert!(comes_to(&site, 2), "{runtime:?}");
            let mut other = Peer::new(site.address);
            let mut listing = other.data();
            other.says("NLST -a", "150");
            let mut names = String::new();
            listing.read_to_string(&mut names).unwrap();
            assert_eq!(names, "file\r\n", "{runtime:?}");
            assert_eq!(fs::read(site.path("file")).unwrap(), b"old");
            if whole {
                drop(data);
                peer.awaits("226");
            } else {
                peer.says("ABOR", "426");
                peer.awaits("226");
            }
            assert!(comes_to(&site, 1), "{runtime:?}");
            let expected = if whole { b"new" } else { b"old" };
            assert_eq!(fs::read(site.path("file")).unwrap(), expected, "{runtime:?}");
        }
    }
}

#[cfg(feature = "deflate")]
#[test]
fn an_upload_that_fails_is_dropped_at_once_and_not_with_its_session() {
    for runtime in Runtime::ALL {
        let site = site(runtime);
        let mut peer = Peer::new(site.address);
        peer.says("MODE Z", "200");
        let mut data = peer.data();
        peer.says("STOR file", "150");
        assert!(comes_to(&site, 1), "{runtime:?}");
        data.write_all(b"no zlib stream").unwrap();
        peer.awaits("426");
        assert!(comes_to(&site, 0), "{runtime:?}");
        peer.says("NOOP", "200");
    }
}

#[test]
fn an_atomic_upload_after_rest_keeps_what_was_there() {
    for runtime in Runtime::ALL {
        let site = site(runtime);
        let content: Vec<u8> = (0..SIZE).map(|n| (n / 1000) as u8).collect();
        fs::write(site.path("file"), &content).unwrap();
        let mut peer = Peer::new(site.address);
        peer.says(&format!("REST {}", SIZE + 1), "350");
        let _unused = peer.data();
        peer.says("STOR file", "554");
        peer.says(&format!("REST {}", SIZE - 1), "350");
        let mut data = peer.data();
        peer.says("STOR file", "150");
        data.write_all(b"end").unwrap();
        drop(data);
        peer.awaits("226");
        let stored = fs::read(site.path("file")).unwrap();
        assert!(stored == [&content[..SIZE - 1], b"end"].concat(), "{runtime:?}");
        assert!(comes_to(&site, 1));
    }
}
