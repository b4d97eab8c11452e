//! Signals, and the limits that the flags of `ftpd` set.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::daemon::{directory, program};
use crate::peer::Peer;

const RUNTIMES: [&str; 3] = ["std", "tokio", "smol"];

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

/// Returns whether this process ignores SIGHUP, as under `nohup`. The programs that it starts inherit that.
fn hangups_are_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn a_hangup_ends_it_unless_it_was_ignored_at_the_start() {
    for runtime in RUNTIMES {
        let mut daemon = Daemon::after("", &["--runtime", runtime]);
        daemon.signal("HUP");
        assert_eq!(daemon.ends(), !hangups_are_ignored(), "{runtime}");
        let mut daemon = Daemon::after("trap '' HUP", &["--runtime", runtime]);
        daemon.signal("HUP");
        thread::sleep(Duration::from_millis(100));
        Peer::new(daemon.address).says("NOOP", "200");
        daemon.signal("TERM");
        assert!(daemon.ends(), "{runtime}");
    }
}

/// How many of so many new clients are greeted.
fn greeted(address: SocketAddr, count: usize) -> usize {
    let all: Vec<_> = (0..count)
        .map(|_| {
            let stream = std::net::TcpStream::connect(address).unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            (stream, line)
        })
        .collect();
    all.iter().filter(|(_, line)| line.starts_with("220")).count()
}

#[test]
fn one_address_has_half_of_the_sessions_unless_it_is_told_otherwise() {
    for runtime in RUNTIMES {
        for (options, expected) in
            [(&[][..], 4), (&["--max-sessions-per-address", "2"], 2), (&["--no-address-limits"], 7)]
        {
            let options = [&["--runtime", runtime, "--max-sessions", "7"], options].concat();
            let daemon = Daemon::after("", &options);
            assert_eq!(greeted(daemon.address, 10), expected, "{options:?}");
        }
    }
}

/// How long a right login takes after failed ones, each on a connection of its own.
fn login_after_failures(address: SocketAddr, failures: usize) -> Duration {
    let threads: Vec<_> = (0..failures)
        .map(|_| {
            thread::spawn(move || {
                let mut peer = Peer::greeted(address);
                peer.says("USER me", "331");
                peer.says("PASS wrong", "530");
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let begun = std::time::Instant::now();
    drop(Peer::new(address));
    begun.elapsed()
}

#[test]
fn failed_logins_slow_down_those_of_their_address_and_never_refuse_a_right_one() {
    for runtime in RUNTIMES {
        let daemon = Daemon::after("", &["--runtime", runtime]);
        let slow = login_after_failures(daemon.address, 7);
        assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&slow), "{runtime}: {slow:?}");
        let daemon = Daemon::after("", &["--runtime", runtime, "--no-address-limits"]);
        let fast = login_after_failures(daemon.address, 7);
        assert!(fast < Duration::from_secs(1), "{runtime}: {fast:?}");
    }
}
