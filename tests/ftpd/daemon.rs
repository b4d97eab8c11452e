//! A running `ftpd` with a configuration file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, process, thread};

use password_hash::CustomizedPasswordHasher;
use password_hash::phc::PasswordHash;
use pbkdf2::{Params, Pbkdf2};

use crate::example::example;

/// The program, built now, once, unless `$FTPD_EXAMPLE` says where it is.
pub(crate) fn program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| example("ftpd")).clone()
}

/// A new directory, which everybody may enter.
pub(crate) fn directory() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let directory = env::temp_dir().join(format!("ftp-proto-ftpd-{}-{number}", process::id()));
    fs::create_dir(&directory).unwrap();
    directory
}

/// The hash of the password `secret`, which is quick to verify.
pub(crate) fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let params = Params::new(1000).unwrap();
        let hash: PasswordHash =
            Pbkdf2::SHA256.hash_password_with_params(b"secret", &[7; 16], params).unwrap();
        hash.to_string()
    })
}

/// Returns the result of a check of a file in this directory, without what it says of root.
pub(crate) fn check(directory: &Path, config: &str) -> (Output, Vec<String>) {
    let file = directory.join("ftpd.toml");
    fs::write(&file, config.replace("HASH", hash())).unwrap();
    let output = Command::new(program()).arg("--config").arg(&file).arg("--check").output().unwrap();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let said = said.replace(&format!("{}/", directory.display()), "");
    let lines = said.lines().filter(|line| !line.contains("runs as root")).map(str::to_owned).collect();
    (output, lines)
}

/// One `ftpd`, which ends when it is dropped.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    /// The addresses that it listens on.
    pub(crate) addresses: Vec<SocketAddr>,
    /// The lines of its output that follow.
    pub(crate) summary: Vec<String>,
    /// The directory of its configuration.
    pub(crate) directory: PathBuf,
}

impl Daemon {
    /// Starts it with this configuration besides an address. `HASH` is the hash of `secret`. Makes the
    /// directories `root` and `other` for it.
    pub(crate) fn new(config: &str) -> Self {
        Self::within(directory(), config)
    }

    pub(crate) fn within(directory: PathBuf, config: &str) -> Self {
        for name in ["root", "other"] {
            fs::create_dir_all(directory.join(name)).unwrap();
        }
        let file = directory.join("ftpd.toml");
        write(&directory, config);
        let mut child = Command::new(program())
            .arg("-v")
            .arg("--config")
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(File::create(directory.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut addresses, mut summary) = (Vec::new(), Vec::new());
        for line in lines.map_while(Result::ok) {
            match line.strip_prefix("listening on ") {
                Some(address) => addresses.push(address.parse().unwrap()),
                None if line.starts_with("try: ") => break,
                None => summary.push(line),
            }
        }
        let daemon = Self { child, addresses, summary, directory };
        assert!(!daemon.addresses.is_empty(), "{}", daemon.stderr());
        daemon
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.path("stderr")).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Has it read another configuration, and returns what it has said to that.
    pub(crate) fn reload(&self, config: &str) -> String {
        let before = self.stderr().len();
        write(&self.directory, config);
        self.signal("HUP");
        for _ in 0..250 {
            let said = self.stderr()[before..].to_owned();
            if said.contains("read again") || said.contains("stays in force") {
                return said;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("no reload: {}", self.stderr());
    }

    /// Returns whether it has ended within five seconds.
    pub(crate) fn ends(&mut self) -> bool {
        (0..250).any(|_| {
            thread::sleep(Duration::from_millis(20));
            self.child.try_wait().unwrap().is_some()
        })
    }
}

fn write(directory: &Path, config: &str) {
    let config = format!("listen = [\"127.0.0.1:0\"]\n{}", config.replace("HASH", hash()));
    fs::write(directory.join("ftpd.toml"), config).unwrap();
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Returns whether something becomes true within five seconds.
pub(crate) fn becomes(mut is_so: impl FnMut() -> bool) -> bool {
    (0..250).any(|_| {
        let so = is_so();
        if !so {
            thread::sleep(Duration::from_millis(20));
        }
        so
    })
}
