//! How a server ends: with the transfers that are running, told to whoever waits, and in bounded time.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use ftp_proto::io::std::Client;

use crate::peer::Peer;
use crate::site::{Runtime, Site};

/// More than all buffers between a client and a server hold.
const SIZE: usize = 64 << 20;
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn everywhere(test: impl Fn(&Site)) {
    for runtime in Runtime::ALL {
        test(&Site::new(runtime));
    }
}

#[test]
fn a_download_that_runs_is_finished() {
    everywhere(|site| {
        fs::write(site.path("file"), vec![7; SIZE]).unwrap();
        let mut peer = Peer::new(site.address);
        let mut data = peer.data();
        peer.says("RETR file", "150");
        let mut received = vec![0; 1000];
        data.read_exact(&mut received).unwrap();
        site.shutdown.shut_down(LONG);
        thread::sleep(SHORT);
        data.read_to_end(&mut received).unwrap();
        assert!(received.len() == SIZE && received.iter().all(|byte| *byte == 7));
        peer.awaits("226");
        peer.awaits("421");
        drop(peer);
        site.ends();
    });
}

#[test]
fn an_upload_that_runs_is_finished() {
    everywhere(|site| {
        let mut client = site.client();
        let mut upload = client.store("file").unwrap();
        upload.write_all(b"first").unwrap();
        site.shutdown.shut_down(LONG);
        thread::sleep(SHORT);
        upload.write_all(b", last").unwrap();
        upload.finish().unwrap();
        assert_eq!(fs::read(site.path("file")).unwrap(), b"first, last");
        site.ends();
    });
}

#[test]
fn whoever_waits_is_told_and_nobody_new_gets_in() {
    everywhere(|site| {
        let mut client = site.client();
        let start = Instant::now();
        site.shutdown.shut_down(LONG);
        site.ends();
        assert!(start.elapsed() < LONG / 2);
        let error = client.noop().unwrap_err();
        assert!(error.to_string().contains("421"), "{error}");
        Client::connect(site.address).unwrap_err();
    });
}

#[test]
fn a_transfer_that_outlasts_the_grace_is_cut() {
    everywhere(|site| {
        fs::write(site.path("file"), vec![7; SIZE]).unwrap();
        let mut client = site.client();
        let mut download = client.retrieve("file").unwrap();
        download.read_exact(&mut [0; 1000]).unwrap();
        // It reads no more.
        site.shutdown.shut_down(SHORT);
        site.ends();
        let error = download.read_to_end(&mut Vec::new()).unwrap_err();
        assert_ne!(error.kind(), ErrorKind::InvalidInput, "{error}");
    });
}

#[test]
fn a_grace_can_be_cut_short() {
    everywhere(|site| {
        let mut client = site.client();
        let mut upload = client.store("file").unwrap();
        upload.write_all(b"first").unwrap();
        site.shutdown.shut_down(LONG);
        thread::sleep(SHORT);
        site.shutdown.shut_down(Duration::ZERO);
        site.ends();
        assert!(upload.finish().is_err());
    });
}

#[test]
fn nothing_comes_on_top_of_the_grace_though_a_client_never_closes() {
    everywhere(|site| {
        // Neither reads nor closes once it has begun.
        let mut idle = Peer::new(site.address);
        idle.says("NOOP", "200");
        let mut peer = Peer::new(site.address);
        let _data = peer.data();
        peer.says("STOR file", "150");
        let start = Instant::now();
        site.shutdown.shut_down(LONG / 40);
        site.ends();
        let took = start.elapsed();
        assert!(took < LONG / 20, "{took:?}");
        idle.awaits("421");
        peer.awaits("421");
    });
}
