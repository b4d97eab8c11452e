//! A server of a directory, on a runtime and in a thread of its own.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use std::{env, fs, process, thread};

use ftp_proto::io::std::Client;
use ftp_proto::io::{
    Accounts, AsyncAccounts, Directory, Shutdown, Users, smol, std as threads, tokio as on_tokio,
};
use ftp_proto::server::Config;

use crate::hosts;

/// What runs a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    Threads,
    Tokio,
    Smol,
}

impl Runtime {
    pub(crate) const ALL: [Self; 3] = [Self::Threads, Self::Tokio, Self::Smol];
}

/// The settings of a server that differ from the defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) sessions: Option<usize>,
    pub(crate) per_address: Option<usize>,
    /// Turns the delays after failed logins on or off; `None` keeps the default.
    pub(crate) login_delays: Option<bool>,
    /// Limits that other servers may share.
    pub(crate) limits: Option<ftp_proto::io::SessionLimits>,
    pub(crate) rate: Option<NonZeroU64>,
    pub(crate) total_rate: Option<NonZeroU64>,
    pub(crate) public: Option<ftp_proto::io::PublicAddress>,
    /// The address of a client to which the server reports its own address.
    pub(crate) insider: Option<IpAddr>,
    /// `true` if sessions share passive ports.
    pub(crate) shared_ports: bool,
    /// An interval, or none.
    pub(crate) keepalive: Option<Option<Duration>>,
    #[cfg(feature = "proxy-protocol")]
    pub(crate) proxies: Option<ftp_proto::io::Proxies>,
    /// The configuration for explicit TLS.
    #[cfg(feature = "ring")]
    pub(crate) tls: Option<ftp_proto::io::tls::ServerTls>,
}

/// Whose files a server has.
pub(crate) enum Host<A, B> {
    Blocking(A),
    Async(B),
}

/// A new directory.
pub(crate) fn directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let directory = env::temp_dir().join(format!("ftp-proto-service-{}-{number}", process::id()));
    fs::create_dir(&directory).unwrap();
    directory
}

/// The methods are the same, the types are not.
macro_rules! set_up {
    ($server:expr, $setup:expr) => {{
        let (mut server, setup): (_, Setup) = ($server.unwrap(), $setup);
        server = server.with_config(setup.config);
        if let Some(limits) = setup.limits {
            server = server.with_session_limits(limits);
        }
        if let Some(sessions) = setup.sessions {
            server = server.with_max_sessions(sessions);
        }
        if let Some(sessions) = setup.per_address {
            server = server.with_max_sessions_per_address(sessions);
        }
        if let Some(delays) = setup.login_delays {
            server = server.with_login_delays(delays);
        }
        if let Some(rate) = setup.rate {
            server = server.with_max_rate(rate);
        }
        if let Some(rate) = setup.total_rate {
            server = server.with_max_total_rate(rate);
        }
        server = server.with_shared_passive_ports(setup.shared_ports);
        if let Some(public) = setup.public {
            server = server.with_public_address(public);
        }
        if let Some(insider) = setup.insider {
            server = server.with_config_for(move |endpoints, config| {
                if endpoints.peer.ip() == insider {
                    config.passive_address = None;
                }
            });
        }
        if let Some(interval) = setup.keepalive {
            server = server.with_tcp_keepalive(interval);
        }
        #[cfg(feature = "proxy-protocol")]
        if let Some(proxies) = setup.proxies {
            server = server.with_proxy_protocol(proxies);
        }
        #[cfg(feature = "ring")]
        if let Some(tls) = setup.tls {
            server = server.with_explicit_tls(tls);
        }
        server
    }};
}

pub(crate) struct Site {
    pub(crate) directory: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    ended: Receiver<()>,
}

impl Site {
    pub(crate) fn new(runtime: Runtime) -> Self {
        Self::with(runtime, Setup::default())
    }

    pub(crate) fn with(runtime: Runtime, setup: Setup) -> Self {
        let directory = directory();
        let users = Users::new().user("me", "secret", Directory::open(&directory).unwrap().writable());
        Self::of(runtime, setup, directory, Host::<_, hosts::Slow>::Blocking(users))
    }

    /// A server of this host.
    pub(crate) fn of<A: Accounts, B: AsyncAccounts>(
        runtime: Runtime,
        setup: Setup,
        directory: PathBuf,
        host: Host<A, B>,
    ) -> Self {
        let (began, begun) = mpsc::channel();
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || {
            let at = "127.0.0.1:0";
            match runtime {
                Runtime::Threads => {
                    let server = match host {
                        Host::Blocking(accounts) => threads::Server::bind(at, accounts),
                        Host::Async(accounts) => threads::Server::bind_async(at, accounts),
                    };
                    let server = set_up!(server, setup);
                    began.send((server.local_addr(), server.shutdown_handle())).unwrap();
                    server.serve().unwrap();
                }
                Runtime::Tokio => {
                    let mut builder = tokio::runtime::Builder::new_multi_thread();
                    builder.worker_threads(2).max_blocking_threads(8).enable_all();
                    builder.build().unwrap().block_on(async {
                        let server = match host {
                            Host::Blocking(accounts) => on_tokio::Server::bind(at, accounts).await,
                            Host::Async(accounts) => on_tokio::Server::bind_async(at, accounts).await,
                        };
                        let server = set_up!(server, setup);
                        began.send((server.local_addr(), server.shutdown_handle())).unwrap();
                        server.serve().await.unwrap();
                    });
                }
                Runtime::Smol => futures_lite::future::block_on(async {
                    let server = match host {
                        Host::Blocking(accounts) => smol::Server::bind(at, accounts).await,
                        Host::Async(accounts) => smol::Server::bind_async(at, accounts).await,
                    };
                    let server = set_up!(server, setup);
                    began.send((server.local_addr(), server.shutdown_handle())).unwrap();
                    server.serve().await.unwrap();
                }),
            }
            let _ = sender.send(());
        });
        let (address, shutdown) = begun.recv_timeout(Duration::from_secs(10)).unwrap();
        Self { directory, address, shutdown, ended }
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn client(&self) -> Client {
        let mut client = Client::connect(self.address).unwrap();
        client.login("me", "secret").unwrap();
        client
    }

    #[track_caller]
    pub(crate) fn ends(&self) {
        self.ended.recv_timeout(Duration::from_secs(10)).expect("the server has ended");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.shut_down(Duration::ZERO);
        let _ = fs::remove_dir_all(&self.directory);
    }
}
