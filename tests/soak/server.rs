//! The server, and the files expected on its disk.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{env, fs, process, thread};

use ftp_proto::io::tls::{ClientTls, ServerTls};
use ftp_proto::io::{
    Directory, Happening, SessionEvent, Shutdown, Users, smol, std as threads, tokio as on_tokio,
};

use crate::certificates::{certificate, trusting};

/// Number of directories that the clients use.
pub const DIRECTORIES: u64 = 16;

pub struct Site {
    pub address: SocketAddr,
    pub tls: ClientTls,
    root: PathBuf,
    shutdown: Shutdown,
    thread: JoinHandle<()>,
    open: Arc<AtomicI64>,
    /// The confirmed files, with the seed of their content and their size.
    confirmed: Mutex<HashMap<String, (u64, usize)>>,
}

/// Returns the content of a file.
pub fn content(seed: u64, size: usize) -> Vec<u8> {
    let mut random = ftp_proto::testing::Random::new(seed);
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&random.next().to_be_bytes());
    }
    bytes.truncate(size);
    bytes
}

impl Site {
    pub fn new(runtime: &str, sessions: usize) -> Self {
        let root = env::temp_dir().join(format!("ftp-proto-soak-{}", process::id()));
        fs::create_dir(&root).unwrap();
        for number in 0..DIRECTORIES {
            fs::create_dir(root.join(number.to_string())).unwrap();
        }
        let users = Users::new().user("me", "secret", Directory::open(&root).unwrap().writable());
        let (chain, key) = certificate();
        let tls = ServerTls::new(chain, key).unwrap();
        let open = Arc::new(AtomicI64::new(0));
        let count = Arc::clone(&open);
        let (began, begun) = mpsc::channel();
        let runtime = runtime.to_owned();
        let thread = thread::spawn(move || {
            let on_event = move |event: &SessionEvent<'_>| {
                match event.what {
                    Happening::Opened => count.fetch_add(1, Ordering::SeqCst),
                    Happening::Closed(_) => count.fetch_sub(1, Ordering::SeqCst),
                    _ => 0,
                };
            };
            macro_rules! serve {
                ($server:expr $(, $wait:ident)?) => {{
                    let server = $server$(.$wait)?.unwrap();
                    // New sessions may begin while those that have just ended are still counted.
                    let server = server.with_max_sessions(2 * sessions + 16).with_explicit_tls(tls).on_event(on_event);
                    began.send((server.local_addr(), server.shutdown_handle())).unwrap();
                    server.serve()$(.$wait)?.unwrap();
                }};
            }
            let at = "127.0.0.1:0";
            match &*runtime {
                "threads" => serve!(threads::Server::bind(at, users)),
                "tokio" => tokio::runtime::Builder::new_multi_thread()
                    .enable_all()
                    .build()
                    .unwrap()
                    .block_on(async { serve!(on_tokio::Server::bind(at, users), await) }),
                "smol" => {
                    futures_lite::future::block_on(async { serve!(smol::Server::bind(at, users), await) })
                }
                other => panic!("there is no runtime {other:?}"),
            }
        });
        let (address, shutdown) = begun.recv_timeout(Duration::from_secs(10)).unwrap();
        let tls = trusting().build().unwrap();
        Self { address, tls, root, shutdown, thread, open, confirmed: Mutex::default() }
    }

    /// Records an upload that the server has confirmed: the file must exist now, and stay.
    pub fn confirm(&self, name: &str, seed: u64, size: usize) -> Result<(), String> {
        self.confirmed.lock().unwrap().insert(name.to_owned(), (seed, size));
        self.compare(name, seed, size)
    }

    /// Removes a file from the record, before or after it is moved or removed.
    pub fn forget(&self, name: &str) {
        self.confirmed.lock().unwrap().remove(name);
    }

    pub fn exists(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }

    fn compare(&self, name: &str, seed: u64, size: usize) -> Result<(), String> {
        match fs::read(self.root.join(name)) {
            Ok(bytes) if bytes == content(seed, size) => Ok(()),
            Ok(bytes) => {
                Err(format!("{name}: {size} bytes were confirmed, and other {} are there", bytes.len()))
            }
            Err(error) => Err(format!("{name}: {error}")),
        }
    }

    /// Returns the confirmed files that are missing or damaged.
    pub fn verify(&self) -> Vec<String> {
        let confirmed = self.confirmed.lock().unwrap();
        confirmed.iter().filter_map(|(name, (seed, size))| self.compare(name, *seed, *size).err()).collect()
    }

    /// Checks that every session that was opened has ended.
    pub fn sessions_are_over(&self) {
        assert_eq!(self.open.load(Ordering::SeqCst), 0);
    }

    pub fn end(self) {
        self.shutdown.shut_down(Duration::from_secs(5));
        self.thread.join().unwrap();
        fs::remove_dir_all(&self.root).unwrap();
    }
}
