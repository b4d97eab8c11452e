//! A server of either kind over a directory of its own, and a place for the client's files.

use super::process::Program;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

/// The account that may write, at every server here.
pub const USER: &str = "ftptest";
/// Its password.
pub const PASSWORD: &str = "ftppass";
/// The real servers that tests/peers/install.sh brings.
pub const SERVERS: [&str; 3] = ["vsftpd", "proftpd", "pure-ftpd"];

/// How long a server may take to start, or to end.
const START: Duration = Duration::from_secs(10);

/// A running server.
pub struct Site {
    // Dropped in this order: the server ends before its files go.
    /// The server's process.
    pub program: Program,
    /// The port that it listens on, on 127.0.0.1.
    pub port: u16,
    /// The directory that it serves.
    pub root: Directory,
    /// An empty directory for what a client reads and writes.
    pub local: Directory,
    /// Who owns what is in `root`: a real server writes as an account of its own.
    owner: Option<u32>,
}

impl Site {
    /// Our own `ftpd` with an account that may write, and `options` besides.
    #[track_caller]
    pub fn ours(options: &[&str]) -> Site {
        let root = Directory::new();
        let mut command = Command::new(example("ftpd"));
        command.args(["--listen", "127.0.0.1:0", "--user", &format!("{USER}:{PASSWORD}")]);
        let mut program = Program::start(command.args(options).arg(&root.0), Stdio::piped());
        let line = program.first_line(START);
        let port = line.trim().strip_prefix("listening on 127.0.0.1:").and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("not the line that says where ftpd listens: {line:?}"));
        Site { program, port, root, local: Directory::new(), owner: None }
    }

    /// One of [`SERVERS`].
    #[track_caller]
    pub fn theirs(server: &str) -> Site {
        let root = Directory::new();
        let port = free_port();
        let mut command = Command::new(peers().join(format!("{server}.sh")));
        let mut program = Program::start(command.arg(port.to_string()).arg(&root.0), Stdio::null());
        let start = Instant::now();
        while !greets(port) {
            if let Some(status) = program.wait(Duration::ZERO) {
                panic!("{server} has ended: {status}");
            }
            assert!(start.elapsed() < START, "{server} does not greet after {START:?}");
            thread::sleep(Duration::from_millis(20));
        }
        Site { program, port, root, local: Directory::new(), owner: Some(2121) }
    }

    /// The URL of `path`, with the account in it.
    pub fn url(&self, path: &str) -> String {
        format!("ftp://{USER}:{PASSWORD}@127.0.0.1:{}/{}", self.port, percent_encoded(path))
    }

    /// The URL of `path` for whoever has no account.
    pub fn anonymous_url(&self, path: &str) -> String {
        format!("ftp://127.0.0.1:{}/{}", self.port, percent_encoded(path))
    }

    /// Puts a file into the served directory, which the server's account may change.
    #[track_caller]
    pub fn seed(&self, path: &str, content: &[u8]) {
        self.own(self.root.write(path, content));
    }

    /// Puts a directory into the served directory.
    #[track_caller]
    pub fn seed_directory(&self, path: &str) {
        let path = self.root.0.join(path);
        fs::create_dir(&path).unwrap();
        self.own(path);
    }

    fn own(&self, path: PathBuf) {
        if let Some(id) = self.owner {
            chown(path, Some(id), Some(id)).unwrap();
        }
    }
}

/// A directory that goes with the value.
pub struct Directory(pub PathBuf);

impl Directory {
    /// An empty directory that every account may enter.
    pub fn new() -> Directory {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("ftp-proto-{}-{number}", process::id()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    /// The path of `name` in here.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, and says where.
    #[track_caller]
    pub fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        path
    }

    /// Whether there is anything of this name.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Panics unless the file holds exactly `content`.
    #[track_caller]
    pub fn holds(&self, name: &str, content: &[u8]) {
        let found = fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        if found != content {
            let split = found.iter().zip(content).take_while(|(a, b)| a == b).count();
            panic!(
                "{name:?}: {} bytes, wanted {}; the first other byte is at {split}",
                found.len(),
                content.len()
            );
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Where the scripts of tests/peers are.
pub fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

/// The program of examples/`name`: `$FTP_EXAMPLE` or `$FTPD_EXAMPLE` if it is set, else built now, once.
#[track_caller]
pub fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if let Some(path) = env::var_os(format!("{}_EXAMPLE", name.to_uppercase())) {
        return path.into();
    }
    let build = || {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo.args(["build", "--release", "--all-features", "--example", "ftp", "--example", "ftpd"]);
        cargo.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        // This program is TARGET/debug/deps/NAME, whatever the target directory is called.
        let target = env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
        let output = cargo.arg("--target-dir").arg(&target).output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(target.join("release/examples")),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    };
    match BUILT.get_or_init(build) {
        Ok(examples) => examples.join(name),
        Err(error) => panic!("the examples do not build:\n{error}"),
    }
}

/// A port that nothing listened on a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Whether a server says its 220 on this port.
fn greets(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut code = [0; 3];
    let greeted = stream.read_exact(&mut code).is_ok() && code == *b"220";
    let _ = stream.write_all(b"QUIT\r\n");
    // Read to the end, so that the server sees no reset.
    let _ = stream.read_to_end(&mut Vec::new());
    greeted
}

/// RFC 3986: everything but the unreserved characters and `/` is encoded.
pub fn percent_encoded(path: &str) -> String {
    let mut encoded = String::new();
    for &byte in path.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(byte.into())
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
