//! How a server ends: with the transfers that are running, told to whoever waits, and in bounded time.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use ftp_proto::io::std::Client;

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
        let mut client = site.client();
        let mut download = client.retrieve("file").unwrap();
        let mut received = vec![0; 1000];
        download.read_exact(&mut received).unwrap();
        site.shutdown.shut_down(LONG);
        thread::sleep(SHORT);
        download.read_to_end(&mut received).unwrap();
        assert!(received.len() == SIZE && received.iter().all(|byte| *byte == 7));
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
