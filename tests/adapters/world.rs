//! A server of a directory in a thread, and the ways to be connected to it.

use ftp_proto::client::{Config, DataConnection};
use ftp_proto::io::std::{Server, Shutdown};
use ftp_proto::io::{Directory, Users};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{env, fs, io, process, thread};

/// How a client and a server are connected: a point on every axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wiring {
    pub(crate) security: Security,
    pub(crate) data_connection: DataConnection,
    pub(crate) address: &'static str,
}

/// What the connection is protected by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Security {
    /// Nothing.
    Plain,
}

impl Wiring {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Security::Plain].into_iter().flat_map(|security| {
            [DataConnection::Passive, DataConnection::Active].into_iter().flat_map(move |data_connection| {
                ["127.0.0.1:0", "[::1]:0"].map(|address| Self { security, data_connection, address })
            })
        })
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::default();
        config.data_connection = self.data_connection;
        config
    }
}

/// A server that runs, and its directory, which ends with it.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) root: PathBuf,
    shutdown: Shutdown,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl World {
    pub(crate) fn new(wiring: Wiring) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = env::temp_dir().join(format!("ftp-proto-adapters-{}-{number}", process::id()));
        fs::create_dir(&root).unwrap();
        let users = Users::new().user("me", "secret", Directory::open(&root).unwrap().writable());
        let server = match wiring.security {
            Security::Plain => Server::bind(wiring.address, users).unwrap(),
        };
        let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
        let thread = Some(thread::spawn(|| server.serve()));
        Self { address, root, shutdown, thread }
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.join(name)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.shut_down(Duration::from_secs(1));
        let served = self.thread.take().map(JoinHandle::join);
        let _ = fs::remove_dir_all(&self.root);
        if !thread::panicking() {
            served.unwrap().unwrap().unwrap();
        }
    }
}

/// A future that can move to another thread.
pub(crate) fn sendable<F: Future + Send>(future: F) -> F {
    future
}

/// Bytes that do not repeat early.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
