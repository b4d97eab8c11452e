//! How a server ends: with the transfers that are running, told to whoever waits, and in bounded time.
#![cfg(all(feature = "std", feature = "disk"))]

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use ftp_proto::io::std::{Client, Server, Shutdown};
use ftp_proto::io::{Directory, Users};

/// More than all buffers between a client and a server hold.
const SIZE: usize = 64 << 20;
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

struct Site {
    directory: PathBuf,
    address: SocketAddr,
    shutdown: Shutdown,
    ended: Receiver<()>,
}

impl Site {
    fn new(name: &str) -> Self {
        let directory = env::temp_dir().join(format!("ftp-proto-{name}-{}", process::id()));
        fs::create_dir(&directory).unwrap();
        let users = Users::new().user("me", "secret", Directory::open(&directory).unwrap().writable());
        let server = Server::bind("127.0.0.1:0", users).unwrap();
        let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || {
            server.serve().unwrap();
            sender.send(()).unwrap();
        });
        Self { directory, address, shutdown, ended }
    }

    fn client(&self) -> Client {
        let mut client = Client::connect(self.address).unwrap();
        client.login("me", "secret").unwrap();
        client
    }

    fn shut_down(&self, grace: Duration) {
        let shutdown = self.shutdown.clone();
        thread::spawn(move || shutdown.shut_down(grace));
    }

    #[track_caller]
    fn ends(&self) {
        self.ended.recv_timeout(Duration::from_secs(10)).expect("the server has ended");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn a_download_that_runs_is_finished() {
    let site = Site::new("download");
    fs::write(site.directory.join("file"), vec![7; SIZE]).unwrap();
    let mut client = site.client();
    let mut download = client.retrieve("file").unwrap();
    let mut received = vec![0; 1000];
    download.read_exact(&mut received).unwrap();
    site.shut_down(LONG);
    thread::sleep(SHORT);
    download.read_to_end(&mut received).unwrap();
    assert!(received.len() == SIZE && received.iter().all(|byte| *byte == 7));
    site.ends();
}

#[test]
fn an_upload_that_runs_is_finished() {
    let site = Site::new("upload");
    let mut client = site.client();
    let mut upload = client.store("file").unwrap();
    upload.write_all(b"first").unwrap();
    site.shut_down(LONG);
    thread::sleep(SHORT);
    upload.write_all(b", last").unwrap();
    upload.finish().unwrap();
    assert_eq!(fs::read(site.directory.join("file")).unwrap(), b"first, last");
    site.ends();
}

#[test]
fn whoever_waits_is_told_and_nobody_new_gets_in() {
    let site = Site::new("idle");
    let mut client = site.client();
    let start = Instant::now();
    site.shut_down(LONG);
    site.ends();
    assert!(start.elapsed() < LONG / 2);
    let error = client.noop().unwrap_err();
    assert!(error.to_string().contains("421"), "{error}");
    Client::connect(site.address).unwrap_err();
}

#[test]
fn a_transfer_that_outlasts_the_grace_is_cut() {
    let site = Site::new("cut");
    fs::write(site.directory.join("file"), vec![7; SIZE]).unwrap();
    let mut client = site.client();
    let mut download = client.retrieve("file").unwrap();
    download.read_exact(&mut [0; 1000]).unwrap();
    // It reads no more.
    site.shut_down(SHORT);
    site.ends();
    let error = download.read_to_end(&mut Vec::new()).unwrap_err();
    assert_ne!(error.kind(), ErrorKind::InvalidInput, "{error}");
}
