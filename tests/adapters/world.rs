//! A server of a directory, and the ways to be connected to it.

use crate::certificates::{certificate, trusting};
use crate::runtime::Mio;
use ftp_proto::client::{Config, DataConnection};
use ftp_proto::io::tls::{ClientTls, ServerTls};
use ftp_proto::io::{Directory, Shutdown, Users};
use ftp_proto::security::Policy;
use ftp_proto::server;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use std::{env, fs, io, process, thread};

/// How a client and a server are connected: a point on every axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wiring {
    pub(crate) host: Host,
    pub(crate) security: Security,
    pub(crate) data_connection: DataConnection,
    pub(crate) address: &'static str,
}

/// What the server runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Host {
    Threads,
    Tokio,
    Smol,
    /// A runtime that this crate does not know.
    Mio,
}

/// What the connection is protected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Nothing.
    Plain,
    /// TLS after AUTH.
    Explicit,
    /// TLS from the first byte on.
    Implicit,
}

impl Host {
    pub(crate) const ADAPTERS: [Self; 3] = [Self::Threads, Self::Tokio, Self::Smol];
    pub(crate) const ALL: [Self; 4] = [Self::Threads, Self::Tokio, Self::Smol, Self::Mio];
}

impl Security {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Explicit, Self::Implicit];
}

impl Wiring {
    /// The plainest.
    pub(crate) const PLAIN: Self = Self {
        host: Host::Threads,
        security: Security::Plain,
        data_connection: DataConnection::Passive,
        address: "127.0.0.1:0",
    };

    /// Every wiring with one of these servers.
    pub(crate) fn all(hosts: impl IntoIterator<Item = Host>) -> impl Iterator<Item = Self> {
        let mut all = Vec::new();
        for host in hosts {
            for security in Security::ALL {
                for data_connection in [DataConnection::Passive, DataConnection::Active] {
                    for address in ["127.0.0.1:0", "[::1]:0"] {
                        // Half of them where each connection takes its time, under Wine.
                        let is_active = data_connection == DataConnection::Active;
                        if cfg!(windows) && is_active == address.starts_with('[') {
                            continue;
                        }
                        all.push(Self { host, security, data_connection, address });
                    }
                }
            }
        }
        all.into_iter()
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
        let mut config = server::Config::default();
        if wiring.security != Security::Plain {
            (config.security.control, config.security.data) = (Policy::Require, Policy::Require);
        }
        Self::with(wiring, config)
    }

    pub(crate) fn with(wiring: Wiring, config: server::Config) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = env::temp_dir().join(format!("ftp-proto-adapters-{}-{number}", process::id()));
        fs::create_dir(&root).unwrap();
        let users = Users::new().user("me", "secret", Directory::open(&root).unwrap().writable());
        let (started, ready) = mpsc::channel();
        let thread = thread::spawn(move || {
            macro_rules! announced {
                ($server:ident) => {{
                    let server = $server.with_config(config);
                    let server = match wiring.security {
                        Security::Plain => server,
                        Security::Explicit => server.with_explicit_tls(server_tls()),
                        Security::Implicit => server.with_implicit_tls(server_tls()),
                    };
                    started.send((server.local_addr(), server.shutdown_handle())).unwrap();
                    server
                }};
            }
            match wiring.host {
                Host::Threads => {
                    let server = ftp_proto::io::std::Server::bind(wiring.address, users)?;
                    announced!(server).serve()
                }
                Host::Tokio => {
                    let runtime =
                        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
                    runtime.block_on(async {
                        let server = ftp_proto::io::tokio::Server::bind(wiring.address, users).await?;
                        announced!(server).serve().await
                    })
                }
                Host::Smol => futures_lite::future::block_on(async {
                    let server = ftp_proto::io::smol::Server::bind(wiring.address, users).await?;
                    announced!(server).serve().await
                }),
                Host::Mio => {
                    let mio = Mio::new()?;
                    let address = wiring.address.parse().unwrap();
                    let server = ftp_proto::io::Server::listen(mio.clone(), &[address], users)?;
                    mio.run(announced!(server).serve_with(|session| mio.spawn(session)))
                }
            }
        });
        let (address, shutdown) = ready.recv().unwrap();
        let thread = Some(thread);
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

fn server_tls() -> ServerTls {
    let (chain, key) = certificate();
    ServerTls::new(chain, key).unwrap()
}

/// What a client trusts that is to reach a [`World`].
pub(crate) fn client_tls() -> ClientTls {
    trusting().build().unwrap()
}

/// A future that can move to another thread.
pub(crate) fn sendable<F: Future + Send>(future: F) -> F {
    future
}

/// Bytes that do not repeat early.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
