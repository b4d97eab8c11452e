//! A server under TLS, over a directory of its own.

use crate::certificates::certificate;
use ftp_proto::io::std::{Client, ClientBuilder, Server, Shutdown};
use ftp_proto::io::tls::{ClientTls, ServerTls};
use ftp_proto::io::{Directory, Users};
use ftp_proto::security::TlsMode;
use ftp_proto::server::Config;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{env, fs, io, process, thread};

pub fn bytes(count: usize) -> Vec<u8> {
    (0..count as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// A server that runs until it is dropped.
pub struct Served {
    pub address: SocketAddr,
    pub root: PathBuf,
    mode: TlsMode,
    shutdown: Shutdown,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Served {
    pub fn start(mode: TlsMode, config: Config) -> Self {
        let (chain, key) = certificate();
        Self::with(mode, config, ServerTls::new(chain, key).unwrap())
    }

    pub fn with(mode: TlsMode, config: Config, tls: ServerTls) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = env::temp_dir().join(format!("ftp-proto-tls-{}-{number}", process::id()));
        fs::create_dir(&root).unwrap();
        let users = Users::new().user("me", "secret", Directory::open(&root).unwrap().writable());
        let server = Server::bind("127.0.0.1:0", users).unwrap().with_config(config);
        let server = match mode {
            TlsMode::None => server,
            TlsMode::Explicit => server.with_explicit_tls(tls),
            TlsMode::Implicit => server.with_implicit_tls(tls),
        };
        let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
        let thread = Some(thread::spawn(|| server.serve()));
        Self { address, root, mode, shutdown, thread }
    }

    pub fn builder(&self, tls: ClientTls) -> ClientBuilder {
        self.builder_for(self.mode, tls)
    }

    pub fn builder_for(&self, mode: TlsMode, tls: ClientTls) -> ClientBuilder {
        let builder = Client::builder();
        match mode {
            TlsMode::None => builder,
            TlsMode::Explicit => builder.explicit_tls(tls, "localhost").unwrap(),
            TlsMode::Implicit => builder.implicit_tls(tls, "localhost").unwrap(),
        }
    }

    pub fn client(&self, tls: ClientTls) -> Client {
        let mut client = self.builder(tls).connect(self.address).unwrap();
        client.login("me", "secret").unwrap();
        client
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.shutdown.shut_down(Duration::from_secs(5));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = fs::remove_dir_all(&self.root);
    }
}
