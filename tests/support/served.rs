//! A server of a temporary directory, on its own thread until it is dropped.

// Each test program uses only a part.
#![allow(dead_code)]

use ftp_proto::io::std::{Server, Shutdown};
use ftp_proto::io::{Directory, Users};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{env, fs, process, thread};

pub struct Served {
    pub address: SocketAddr,
    pub root: PathBuf,
    shutdown: Shutdown,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Starts a server at `address`, where `me` with the password `secret` has full access.
    pub fn at(address: &str, set_up: impl FnOnce(Server) -> Server) -> Self {
        Self::to(|directory| Users::new().user("me", "secret", directory.writable()), address, set_up)
    }

    /// Starts a server at `address` for the users that `users` creates.
    pub fn to(
        users: impl FnOnce(Directory) -> Users<Directory>,
        address: &str,
        set_up: impl FnOnce(Server) -> Server,
    ) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = env::temp_dir().join(format!("ftp-proto-served-{}-{number}", process::id()));
        fs::create_dir(&root).unwrap();
        let users = users(Directory::open(&root).unwrap());
        let server = set_up(Server::bind(address, users).unwrap());
        let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
        let thread = Some(thread::spawn(|| server.serve().unwrap()));
        Self { address, root, shutdown, thread }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.shut_down(Duration::from_secs(5));
        let ended = self.thread.take().map(JoinHandle::join);
        let _ = fs::remove_dir_all(&self.root);
        if !thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// Generates bytes that do not repeat early.
pub fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
