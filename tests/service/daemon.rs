//! What `ftpd` does that the library leaves to programs: signals, and the limits that it sets.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use crate::peer::Peer;
use crate::site::directory;

const RUNTIMES: [&str; 3] = ["std", "tokio", "smol"];

/// The program, built now, once, unless `$FTPD_EXAMPLE` says where it is.
fn program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        if let Some(path) = env::var_os("FTPD_EXAMPLE") {
            return path.into();
        }
        // This program is TARGET/debug/deps/NAME, whatever the target directory is called.
        let target = env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
        let built = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(["build", "--quiet", "--all-features", "--example", "ftpd", "--target-dir"])
            .arg(&target)
            .arg("--manifest-path")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .status();
        assert!(built.unwrap().success());
        target.join("debug/examples/ftpd")
    };
    BUILT.get_or_init(build).clone()
}

/// One `ftpd`, with the account `me`, which ends when it is dropped.
struct Daemon {
    child: Child,
    address: SocketAddr,
    directory: PathBuf,
}

impl Daemon {
    /// As a shell starts it that has done `before`.
    fn after(before: &str, options: &[&str]) -> Self {
        let directory = directory();
        let mut child = Command::new("sh")
            .args(["-c", &format!("{before}\nexec \"$@\""), "sh"])
            .arg(program())
            .args(["--listen", "127.0.0.1:0", "--user", "me:secret"])
            .args(options)
            .arg(&directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on ").unwrap().trim().parse().unwrap();
        lines.read_line(&mut line).unwrap();
        Self { child, address, directory }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Whether it has ended within two seconds.
    fn ends(&mut self) -> bool {
        (0..100).any(|_| {
            thread::sleep(Duration::from_millis(20));
            self.child.try_wait().unwrap().is_some()
        })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn an_upload_past_the_limit_of_file_sizes_is_refused_and_ends_nothing_else() {
    for runtime in RUNTIMES {
        // In blocks of 512 bytes.
        let mut daemon = Daemon::after("ulimit -f 64", &["--runtime", runtime]);
        let mut other = Peer::new(daemon.address);
        let mut peer = Peer::new(daemon.address);
        let mut data = peer.data();
        peer.says("STOR large", "150");
        // It may be closed before all has gone.
        let _ = data.write_all(&[7; 200_000]);
        drop(data);
        peer.awaits("552");
        let mut data = peer.data();
        peer.says("STOR small", "150");
        data.write_all(b"small").unwrap();
        drop(data);
        peer.awaits("226");
        other.says("NOOP", "200");
        assert!(daemon.child.try_wait().unwrap().is_none(), "{runtime}");
    }
}

#[test]
fn a_hangup_ends_it_unless_it_was_ignored_at_the_start() {
    for runtime in RUNTIMES {
        let mut daemon = Daemon::after("", &["--runtime", runtime]);
        daemon.signal("HUP");
        assert!(daemon.ends(), "{runtime}");
        let mut daemon = Daemon::after("trap '' HUP", &["--runtime", runtime]);
        daemon.signal("HUP");
        thread::sleep(Duration::from_millis(100));
        Peer::new(daemon.address).says("NOOP", "200");
        daemon.signal("TERM");
        assert!(daemon.ends(), "{runtime}");
    }
}
