//! The servers that the rows run on.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{env, fs, process, thread};

use ftp_proto::io::std::{Server, Shutdown};
use ftp_proto::io::tls::ServerTls;
use ftp_proto::io::{Directory, HASHES, Users, VirtualHosts};
use ftp_proto::security::Policy;
use ftp_proto::server::Config;
use ftp_proto::transfer::LineEnds;

use crate::certificates::certificate;

/// The configuration of a server. All but [`ReadOnly`](Self::ReadOnly) allow writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    ReadOnly,
    /// One client at a time is allowed.
    Full,
    /// The only passive port is in use.
    NoPort,
    /// The server listens at an IPv6 address.
    Ipv6,
    /// TYPE A is literal (RFC 959).
    Literal,
    /// LPRT and LPSV are enabled.
    Long,
    /// Uploads are limited to ten bytes.
    Small,
    /// AUTH TLS is offered, and CCC enabled.
    Tls,
    /// AUTH TLS and PROT P are required.
    TlsOnly,
    /// Control connections begin with a TLS handshake.
    Implicit,
    /// AUTH is refused.
    NoTls,
    /// PROT P is refused.
    ClearData,
    /// The virtual host `example.org` exists.
    Hosts,
    /// The directory is `/proc/self`, where some files can be opened but not read.
    Proc,
}

pub struct Site {
    pub kind: Kind,
    pub address: SocketAddr,
    pub root: PathBuf,
    shutdown: Shutdown,
    thread: Option<JoinHandle<()>>,
    _taken: Option<TcpListener>,
}

impl Site {
    /// Starts a server with a `file` of seven bytes, `big`, and a directory `dir`. Returns `None`
    /// if this machine does not support it.
    pub fn start(kind: Kind) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = env::temp_dir().join(format!("ftp-proto-replies-{}-{number}", process::id()));
        fs::create_dir_all(root.join("dir/empty")).unwrap();
        fs::write(root.join("file"), "content").unwrap();
        fs::write(root.join("dir/inner"), "inner").unwrap();
        fs::write(root.join("big"), vec![0; 8 << 20]).unwrap();

        let mut config = Config::default();
        config.hashes = HASHES;
        config.combines = true;
        config.timeouts.login_delay = Duration::ZERO;
        let mut taken = None;
        match kind {
            Kind::NoPort => {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = listener.local_addr().unwrap().port();
                config.passive_ports = port..=port;
                taken = Some(listener);
            }
            Kind::Literal => config.line_ends = LineEnds::Literal,
            Kind::Long => config.long_addresses = true,
            Kind::Small => config.limits.upload_size = NonZeroU64::new(10),
            Kind::Tls => config.security.clear_command_channel = true,
            Kind::TlsOnly => {
                (config.security.control, config.security.data) = (Policy::Require, Policy::Require)
            }
            Kind::NoTls => config.security.control = Policy::Never,
            Kind::ClearData => config.security.data = Policy::Never,
            _ => {}
        }
        let directory = match kind {
            Kind::Proc if cfg!(target_os = "linux") => Directory::open("/proc/self").unwrap(),
            Kind::Proc => return None,
            _ => Directory::open(&root).unwrap(),
        };
        let directory = if kind == Kind::ReadOnly { directory } else { directory.writable() };
        let users = Users::new().user("me", "secret", directory);
        let at = if kind == Kind::Ipv6 { "[::1]:0" } else { "127.0.0.1:0" };
        let server = match kind {
            Kind::Hosts => {
                let other = Users::new().user("me", "other", Directory::open(&root).unwrap());
                Server::bind(at, VirtualHosts::new(users).host("example.org", other))
            }
            _ => Server::bind(at, users),
        };
        // Some machines lack IPv6.
        let mut server = match server {
            Err(_) if kind == Kind::Ipv6 => return None,
            server => server.unwrap().with_config(config),
        };
        if kind == Kind::Full {
            server = server.with_max_sessions(1);
        }
        let tls = || {
            let (chain, key) = certificate();
            ServerTls::new(chain, key).unwrap()
        };
        server = match kind {
            Kind::Tls | Kind::TlsOnly | Kind::NoTls | Kind::ClearData => server.with_explicit_tls(tls()),
            Kind::Implicit => server.with_implicit_tls(tls()),
            _ => server,
        };
        let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
        let thread = Some(thread::spawn(|| server.serve().unwrap()));
        Some(Self { kind, address, root, shutdown, thread, _taken: taken })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.shut_down(Duration::ZERO);
        let ended = self.thread.take().map(JoinHandle::join);
        let _ = fs::remove_dir_all(&self.root);
        if !thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}
