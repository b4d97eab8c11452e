//! A client: its operations, and the ways it disconnects.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ftp_proto::client::{Config, Timeouts};
use ftp_proto::io::Error;
use ftp_proto::io::std::Client as Ftp;

use crate::figures::Counts;
use crate::server::{DIRECTORIES, Site, content};
use ftp_proto::testing::Random;

/// Maximum size of a file, in bytes.
const LARGEST: usize = 300_000;
/// Maximum number of files that a client keeps.
const FILES: usize = 8;

pub struct Client {
    site: Arc<Site>,
    index: u64,
    random: Random,
    /// The client's files, each with the seed of its content and its size.
    files: Vec<(String, u64, usize)>,
    /// Number of names used so far.
    names: u64,
    counts: Counts,
}

/// The state of a session after an operation.
enum Next {
    More,
    /// The client has disconnected in the middle of an operation.
    Gone,
}

impl Client {
    pub fn new(site: Arc<Site>, index: u64, seed: u64) -> Self {
        let random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(index));
        Self { site, index, random, files: Vec::new(), names: 0, counts: Counts::default() }
    }

    /// Runs one session after another.
    pub fn run(&mut self, end: Instant) -> Counts {
        while Instant::now() < end {
            self.counts.sessions += 1;
            let visited = match self.random.below(8) {
                0 => self.leave_early().map_err(|error| error.to_string()),
                _ => self.visit(end),
            };
            if let Err(failure) = visited {
                if self.counts.failures.is_empty() {
                    self.counts.failures.push(format!("client {}: {failure}", self.index));
                }
            }
        }
        std::mem::take(&mut self.counts)
    }

    /// Connects and leaves without logging in, after sending something or nothing.
    fn leave_early(&mut self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(self.site.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let said: &[u8] = match self.random.below(4) {
            0 => b"",
            1 => b"USER me\r\nPASS sec",
            2 => b"AUTH TLS\r\n",
            _ => b"USER me\r\nPASS secret\r\nEPSV\r\nLIST\r\n",
        };
        if self.random.below(2) == 0 {
            let _ = stream.read(&mut [0; 200]);
        }
        match stream.write_all(said) {
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    fn connect(&mut self) -> Result<Ftp, Error> {
        // Many sessions share few processors, and slowness is not tested here.
        let mut config = Config::default();
        config.timeouts = Timeouts::all(Duration::from_secs(120));
        let builder = Ftp::builder().config(config).active(self.random.below(4) == 0);
        let builder = match self.index % 2 {
            0 => builder,
            _ => builder.explicit_tls(self.site.tls.clone(), "localhost")?,
        };
        let mut client = builder.connect(self.site.address)?;
        client.login("me", "secret")?;
        Ok(client)
    }

    fn visit(&mut self, end: Instant) -> Result<(), String> {
        let mut client = self.connect().map_err(|error| format!("connect: {error}"))?;
        for _ in 0..1 + self.random.below(20) {
            if Instant::now() >= end {
                break;
            }
            self.counts.operations += 1;
            if let Next::Gone = self.act(&mut client)? {
                return Ok(());
            }
        }
        match self.random.below(3) {
            0 => drop(client),
            _ => client.quit().map_err(|error| format!("QUIT: {error}"))?,
        }
        Ok(())
    }

    fn act(&mut self, client: &mut Ftp) -> Result<Next, String> {
        let what = self.random.below(12);
        let failed = |error: Error| format!("operation {what}: {error}");
        let pick = self.random.below(self.files.len());
        match what {
            0..=3 => self.upload(client).map(|()| Next::More),
            4 | 5 => match self.files.get(pick).cloned() {
                Some((name, seed, size)) => {
                    let mut bytes = Vec::new();
                    client
                        .retrieve(&name)
                        .map_err(failed)?
                        .read_to_end(&mut bytes)
                        .map_err(|e| e.to_string())?;
                    self.counts.bytes += bytes.len() as u64;
                    match bytes == content(seed, size) {
                        true => Ok(Next::More),
                        false => Err(format!("{name} has come wrong")),
                    }
                }
                None => client.noop().map(|()| Next::More).map_err(failed),
            },
            6 if !self.files.is_empty() => {
                let (from, seed, size) = self.files.swap_remove(pick);
                let to = self.name("moved");
                self.site.forget(&from);
                client.rename(&from, &to).map_err(failed)?;
                self.site.confirm(&to, seed, size)?;
                self.files.push((to, seed, size));
                Ok(Next::More)
            }
            7 if !self.files.is_empty() => {
                self.remove(client, pick).map_err(failed)?;
                Ok(Next::More)
            }
            8 => {
                // Other clients' changes may show in the listing; none of that is an error.
                let wanted = self.random.below(50);
                let mut entries = client.list(self.directory()).map_err(failed)?;
                for entry in entries.by_ref().take(wanted) {
                    entry.map_err(failed)?;
                }
                Ok(Next::More)
            }
            9 => self.cut(client),
            10 => match self.files.get(pick).cloned() {
                Some((name, ..)) => {
                    // Abandons a download and continues the session.
                    let mut some = [0; 1000];
                    let mut retrieve = client.retrieve(&name).map_err(failed)?;
                    let _ = retrieve.read(&mut some);
                    drop(retrieve);
                    Ok(Next::More)
                }
                None => Ok(Next::More),
            },
            _ => client.noop().map(|()| Next::More).map_err(failed),
        }
    }

    fn upload(&mut self, client: &mut Ftp) -> Result<(), String> {
        if self.files.len() >= FILES {
            let oldest = self.random.below(FILES);
            self.remove(client, oldest).map_err(|error| format!("DELE: {error}"))?;
        }
        let (name, seed) = (self.name("file"), self.random.next());
        let size = self.random.below(LARGEST) >> self.random.below(12);
        self.store(client, &name, seed, size)?;
        self.counts.confirmed += 1;
        self.counts.bytes += size as u64;
        self.site.confirm(&name, seed, size)?;
        self.files.push((name, seed, size));
        Ok(())
    }

    fn store(&self, client: &mut Ftp, name: &str, seed: u64, size: usize) -> Result<(), String> {
        let mut store = client.store(name).map_err(|error| format!("STOR: {error}"))?;
        store.write_all(&content(seed, size)).map_err(|error| format!("STOR, its data: {error}"))?;
        store.finish().map_err(|error| format!("STOR, its end: {error}"))?;
        Ok(())
    }

    fn remove(&mut self, client: &mut Ftp, index: usize) -> Result<(), Error> {
        let (name, ..) = self.files.swap_remove(index);
        self.site.forget(&name);
        client.delete(&name)?;
        assert!(!self.site.exists(&name), "{name} was removed");
        Ok(())
    }

    /// Ends an upload halfway: aborts it, or disconnects.
    fn cut(&mut self, client: &mut Ftp) -> Result<Next, String> {
        self.counts.cut += 1;
        let (name, seed) = (format!("{}/cut-{}", self.directory(), self.index), self.random.next());
        let size = self.random.below(LARGEST);
        let mut store = client.store(&name).map_err(|error| format!("STOR: {error}"))?;
        store.write_all(&content(seed, size)).map_err(|error| format!("STOR: {error}"))?;
        match self.random.below(2) {
            0 => {
                store.abort().map_err(|error| format!("ABOR: {error}"))?;
                Ok(Next::More)
            }
            _ => Ok(Next::Gone),
        }
    }

    /// Returns a name that was never used.
    fn name(&mut self, what: &str) -> String {
        static RUN: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        self.names += 1;
        let unique = RUN.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        format!("{}/{what}-{}-{unique}", self.directory(), self.index)
    }

    /// Returns the directory for the client's files, shared with some other clients.
    fn directory(&self) -> String {
        (self.index % DIRECTORIES).to_string()
    }
}
