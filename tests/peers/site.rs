//! A server of either kind over a directory of its own, and a place for the client's files.

use super::dialogue::Recorder;
use super::process::{Program, run};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
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
pub const VSFTPD: &str = "vsftpd";
pub const PROFTPD: &str = "proftpd";
pub const PURE_FTPD: &str = "pure-ftpd";
/// GNU ftpd. It does not chroot: the directory that it serves is the login directory, and no root.
pub const INETUTILS: &str = "inetutils-ftpd";
pub const PYFTPDLIB: &str = "pyftpdlib";
/// Our own example, for tables of all servers.
pub const OURS: &str = "ftpd";

/// The two ways to this machine.
pub const IPV4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub const IPV6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// How long a server may take to start, or to end.
const START: Duration = Duration::from_secs(10);

/// A running server.
pub struct Site {
    // Dropped in this order: the server ends before its files go.
    /// Stands before the server, and follows its dialogues.
    recorder: Option<Recorder>,
    /// The server's process.
    pub program: Program,
    /// Where clients find it, unless they are told otherwise.
    pub host: IpAddr,
    /// The port that it listens on.
    pub port: u16,
    /// The directory that it serves.
    pub root: Directory,
    /// An empty directory for what a client reads and writes.
    pub local: Directory,
    /// How it speaks TLS, and its certificate, where it has one.
    tls: Option<(Tls, Directory)>,
    /// Who owns what is in `root`: a real server writes as an account of its own.
    owner: Option<u32>,
    /// Which server it is.
    name: String,
}

impl Site {
    /// Our own `ftpd` with an account that may write, and `options` besides.
    #[track_caller]
    pub fn ours(options: &[&str]) -> Site {
        Site::ours_at(IPV4, options)
    }

    /// As [`ours`](Self::ours), at an address of this machine, or at all.
    #[track_caller]
    pub fn ours_at(host: IpAddr, options: &[&str]) -> Site {
        Site::start_ours(host, None, options)
    }

    /// As [`ours`](Self::ours), with TLS demanded of logins and data, and sessions resumed by data connections.
    /// [`authority`](Self::authority) is where its certificate hangs from.
    #[track_caller]
    pub fn ours_by_tls(tls: Tls, options: &[&str]) -> Site {
        Site::start_ours(IPV4, Some(tls), options)
    }

    #[track_caller]
    fn start_ours(host: IpAddr, tls: Option<Tls>, options: &[&str]) -> Site {
        let root = Directory::new();
        let tls = tls.map(|tls| (tls, certificates()));
        let mut command = Command::new(example("ftpd"));
        let listen = SocketAddr::new(host, 0).to_string();
        command.args(["--listen", &listen, "--user", &format!("{USER}:{PASSWORD}")]);
        if let Some((tls, certificates)) = &tls {
            command.args(["--require-tls", "--tls", tls.mode()]);
            command.arg("--cert").arg(certificates.path("server.pem"));
            command.arg("--key").arg(certificates.path("server.key"));
        }
        command.args(options).arg(&root.0);
        Site::listening(host, tls, root, &mut command)
    }

    /// Our own `ftpd` with a configuration file, with TLS demanded of logins and data, an account that may write, and `settings` of
    /// the account besides.
    #[track_caller]
    pub fn ours_by_file(tls: Tls, settings: &str) -> Site {
        let (root, certificates) = (Directory::new(), certificates());
        let (explicit, implicit) = match tls {
            Tls::Explicit => ("\"127.0.0.1:0\"", ""),
            Tls::Implicit => ("", "\"127.0.0.1:0\""),
        };
        let config = format!(
            "listen = [{explicit}]\n[tls]\nimplicit = [{implicit}]\nrequire = [\"login\", \"data\"]\n\
             certificate = \"server.pem\"\nkey = \"server.key\"\n\
             [[account]]\nname = \"{USER}\"\npassword = \"{}\"\nroot = \"{}\"\n{settings}",
            hash(),
            root.0.display()
        );
        let file = certificates.write("ftpd.toml", config.as_bytes());
        let mut command = Command::new(example("ftpd"));
        command.arg("--config").arg(file);
        Site::listening(IPV4, Some((tls, certificates)), root, &mut command)
    }

    #[track_caller]
    fn listening(
        host: IpAddr,
        tls: Option<(Tls, Directory)>,
        root: Directory,
        command: &mut Command,
    ) -> Site {
        let mut program = Program::start(command, Stdio::piped());
        let line = program.first_line(START);
        let address: Option<SocketAddr> =
            line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
        let port = match address {
            Some(address) if address.ip() == host => address.port(),
            _ => panic!("not the line that says where ftpd listens: {line:?}"),
        };
        Site {
            recorder: None,
            program,
            host,
            port,
            root,
            local: Directory::new(),
            tls,
            owner: None,
            name: OURS.into(),
        }
    }

    /// One of the real servers, at both [`IPV4`] and [`IPV6`].
    #[track_caller]
    pub fn theirs(server: &str) -> Site {
        Site::start(server, None, |_| {})
    }

    /// One of the real servers, or [`OURS`].
    #[track_caller]
    pub fn any(server: &str) -> Site {
        match server {
            OURS => Site::ours(&[]),
            server => Site::theirs(server),
        }
    }

    /// As [`theirs`](Self::theirs), with TLS demanded of logins and data, in `version` only (`TLSv1.2`, `TLSv1.3`)
    /// if there is one, and sessions resumed by data connections where the server knows that rule.
    /// [`authority`](Self::authority) is where its certificate hangs from.
    #[track_caller]
    pub fn theirs_by_tls(server: &str, tls: Tls, version: Option<&str>) -> Site {
        Site::start(server, Some(tls), |command| {
            _ = version.map(|version| command.env("TLS_VERSION", version))
        })
    }

    /// As [`theirs`](Self::theirs), willing to exchange data with other hosts than the client's.
    #[track_caller]
    pub fn theirs_for_fxp(server: &str) -> Site {
        Site::start(server, None, |command| _ = command.env("FOREIGN_ADDRESSES", "1"))
    }

    /// As [`theirs_by_tls`](Self::theirs_by_tls) and [`theirs_for_fxp`](Self::theirs_for_fxp) at once, explicit, and
    /// without the rule that data connections resume the session of their control connection: another server cannot.
    #[track_caller]
    pub fn theirs_for_fxp_by_tls(server: &str, version: &str) -> Site {
        Site::start(server, Some(Tls::Explicit), |command| {
            command.env("FOREIGN_ADDRESSES", "1").env("TLS_VERSION", version);
        })
    }

    #[track_caller]
    fn start(server: &str, tls: Option<Tls>, set_up: impl FnOnce(&mut Command)) -> Site {
        let root = Directory::new();
        let port = free_port();
        let tls = tls.map(|tls| (tls, certificates()));
        let mut command = Command::new(peers().join(format!("{server}.sh")));
        command.arg(port.to_string()).arg(&root.0);
        if let Some((tls, certificates)) = &tls {
            command.arg(tls.mode()).arg(&certificates.0);
        }
        set_up(&mut command);
        let mut program = Program::start(&mut command, Stdio::null());
        let start = Instant::now();
        for host in [IPV4, IPV6] {
            while !is_up(SocketAddr::new(host, port), !matches!(tls, Some((Tls::Implicit, _)))) {
                if let Some(status) = program.wait(Duration::ZERO) {
                    panic!("{server} has ended: {status}");
                }
                assert!(start.elapsed() < START, "{server} is not up at {host} after {START:?}");
                thread::sleep(Duration::from_millis(20));
            }
        }
        let name = server.into();
        Site {
            recorder: None,
            program,
            host: IPV4,
            port,
            root,
            local: Directory::new(),
            tls,
            owner: Some(2121),
            name,
        }
    }

    /// It, with its dialogues compared with the documents when it is dropped. Clients reach it at
    /// another port.
    #[track_caller]
    pub fn recorded(mut self) -> Site {
        let recorder = Recorder::start(self.address());
        self.port = recorder.port;
        self.recorder = Some(recorder);
        self
    }

    /// It, with clients sent to another of the addresses where it listens.
    pub fn at(mut self, host: IpAddr) -> Site {
        self.host = host;
        self
    }

    /// Which server it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// How it speaks TLS, if it does.
    pub fn tls(&self) -> Option<Tls> {
        self.tls.as_ref().map(|(tls, _)| *tls)
    }

    /// The certificate that the server's hangs from, in PEM.
    #[track_caller]
    pub fn authority(&self) -> PathBuf {
        self.tls.as_ref().expect("a server that speaks TLS").1.path("authority.pem")
    }

    /// The URL of `path`, with the account in it.
    pub fn url(&self, path: &str) -> String {
        self.url_at(self.host, path)
    }

    /// As [`url`](Self::url), at one of the addresses where the server listens.
    pub fn url_at(&self, host: IpAddr, path: &str) -> String {
        let address = SocketAddr::new(host, self.port);
        format!("{}://{USER}:{PASSWORD}@{address}/{}", self.scheme(), percent_encoded(path))
    }

    /// The URL of `path` for whoever has no account.
    pub fn anonymous_url(&self, path: &str) -> String {
        format!("{}://{}/{}", self.scheme(), self.address(), percent_encoded(path))
    }

    fn scheme(&self) -> &'static str {
        match self.tls {
            Some((Tls::Implicit, _)) => "ftps",
            _ => "ftp",
        }
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

/// The hash of the account's password, by `ftpd` itself.
fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let mut command = Command::new(example("ftpd"));
        command.arg("--hash-password").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    })
}

/// What certificates.sh makes.
#[track_caller]
fn certificates() -> Directory {
    let directory = Directory::new();
    run(Command::new(peers().join("certificates.sh")).arg(&directory.0), START).succeeds();
    directory
}

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// When the client asks for it (RFC 4217).
    Explicit,
    /// At once. Pure-FTPd has none.
    Implicit,
}

impl Tls {
    fn mode(self) -> &'static str {
        match self {
            Tls::Explicit => "explicit",
            Tls::Implicit => "implicit",
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

/// A port that nothing listened on a moment ago, at either address.
pub fn free_port() -> u16 {
    for _ in 0..100 {
        let port = TcpListener::bind((IPV4, 0)).unwrap().local_addr().unwrap().port();
        if TcpListener::bind((IPV6, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free at both addresses");
}

/// Whether a server is there, and says its 220 where it speaks first.
fn is_up(address: SocketAddr, speaks_first: bool) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    if !speaks_first {
        return true;
    }
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
