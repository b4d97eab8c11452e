//! The servers, and how each is started.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, io::Read as _, thread};

use anyhow::{Context as _, Result, bail, ensure};
use rustls::client::Resumption;
use rustls::crypto::ring::{self, cipher_suite};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};

use crate::children::{Directory, Program};
use crate::client::{PASSWORD, Target, USER};
use crate::data::Data;

/// The scripts that start the peers.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers");
/// The script that makes certificates: an authority, and those of a server with an ECDSA key (P-256).
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/peers/certificates.sh");
/// The server on libunftp, which is a package of its own.
const LIBUNFTP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/libunftp/target/release/libunftp-server");
/// The peers that have a script there.
const PEERS: [&str; 4] = ["vsftpd", "proftpd", "pure-ftpd", "pyftpdlib"];
/// Servers that are measured unless others are named.
pub const ALL: &str = "ours-std,ours-tokio,ours-smol,mini,vsftpd,proftpd,pure-ftpd,pyftpdlib,libunftp";
/// Limit of the start of a server.
const START: Duration = Duration::from_secs(15);
/// Exit code of a script whose server lacks TLS.
const LACKS: i32 = 77;

/// A server to measure.
#[derive(Clone, Debug)]
pub struct Server {
    /// The name of the server in the tables.
    pub name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Our example `ftpd` on the runtime that the name ends with.
    Ours,
    /// The one of this program.
    Mini,
    /// Started by a script.
    Peer,
    /// The one on libunftp.
    Libunftp,
    /// Somebody started it already.
    Foreign { address: SocketAddr, pid: u32 },
}

impl Server {
    /// Finds one of [`ALL`].
    pub fn named(name: &str) -> Result<Server> {
        let kind = match name {
            "ours-std" | "ours-tokio" | "ours-smol" => Kind::Ours,
            "mini" => Kind::Mini,
            "libunftp" => Kind::Libunftp,
            _ if PEERS.contains(&name) => Kind::Peer,
            _ => bail!("there is no server {name}; the servers are {ALL}, and others by --server"),
        };
        Ok(Server { name: name.to_owned(), kind })
    }

    /// Returns why the server cannot be measured here, if its program was not built.
    pub fn missing(&self) -> Option<String> {
        let is_missing = matches!(self.kind, Kind::Libunftp) && !Path::new(LIBUNFTP).exists();
        is_missing.then(|| format!("there is no {LIBUNFTP}; install.sh builds it"))
    }

    /// Returns whether it was started by somebody else.
    pub fn is_foreign(&self) -> bool {
        matches!(self.kind, Kind::Foreign { .. })
    }
}

impl FromStr for Server {
    type Err = anyhow::Error;

    /// Reads `NAME=ADDRESS:PORT,PID`.
    fn from_str(text: &str) -> Result<Server> {
        let parts = text.split_once('=').and_then(|(name, rest)| Some((name, rest.rsplit_once(',')?)));
        let (name, (address, pid)) = parts.context("not NAME=ADDRESS:PORT,PID")?;
        let kind = Kind::Foreign {
            address: address.parse().with_context(|| format!("{address} is no address with a port"))?,
            pid: pid.parse().with_context(|| format!("{pid} is no process"))?,
        };
        Ok(Server { name: name.to_owned(), kind })
    }
}

/// Names the packages of those `servers` that have one, as install.sh keeps them.
pub fn packages(servers: &[Server]) -> Vec<String> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let peers = env::var_os("FTP_PEERS").map(PathBuf::from);
    let peers = peers.or_else(|| Some(cache?.join("ftp-proto/peers")));
    let from_index = peers.as_deref().and_then(pyftpdlib_of_index);
    let entries =
        peers.into_iter().flat_map(|peers| fs::read_dir(peers.join("packages"))).flatten().flatten();
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            // NAME_VERSION_ARCHITECTURE.deb
            let file = entry.file_name().into_string().ok()?;
            let mut parts = file.split('_');
            let (name, version) = (parts.next()?, parts.next()?);
            let server = name.trim_start_matches("python3-").trim_end_matches("-core");
            servers.iter().any(|known| known.name == server).then(|| format!("{server} {version}"))
        })
        .collect();
    let known = |name| servers.iter().any(|known| known.name == name);
    if let Some(version) = from_index.filter(|_| known("pyftpdlib")) {
        found.retain(|package| !package.starts_with("pyftpdlib "));
        found.push(format!("pyftpdlib {version}"));
    }
    if known("libunftp") {
        found.extend(locked(include_str!("../libunftp/Cargo.lock"), "libunftp"));
    }
    found.sort();
    found
}

/// Returns the version of the pyftpdlib from PyPI, which tests/peers/pyftpdlib.sh prefers.
fn pyftpdlib_of_index(peers: &Path) -> Option<String> {
    let libraries = fs::read_dir(peers.join("venv/lib")).ok()?.flatten();
    let packages = libraries.flat_map(|python| fs::read_dir(python.path().join("site-packages"))).flatten();
    packages.flatten().find_map(|package| {
        let name = package.file_name().into_string().ok()?;
        Some(name.strip_prefix("pyftpdlib-")?.strip_suffix(".dist-info")?.to_owned())
    })
}

/// Returns the name and the version of `package` in a Cargo.lock.
pub fn locked(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(format!("{package} {}", rest.split_once('"')?.0))
}

/// A running server.
pub struct Running {
    /// The server as clients reach it.
    pub target: Target,
    /// The process at the root of its tree.
    pub pid: u32,
    _program: Option<Program>,
}

/// All that servers need to start.
pub struct Setup {
    /// Our example `ftpd`.
    ours: PathBuf,
    /// For logs and certificates.
    directory: Directory,
    data: PathBuf,
    tls: Arc<ClientConfig>,
}

impl Setup {
    /// Makes certificates in `directory`.
    pub fn new(ours: &Path, directory: Directory, data: &Data) -> Result<Setup> {
        make_certificates(directory.path())?;
        let authority = directory.path().join("authority.pem");
        let tls = configuration(&CertificateDer::from_pem_file(authority)?)?;
        Ok(Setup { ours: ours.to_owned(), directory, data: data.root().to_owned(), tls })
    }

    /// Returns the directory for logs, certificates and whatever else is temporary.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts `server`, with TLS demanded of its clients if `tls` is set, and waits until it
    /// greets. Fails with the reason why it does not run.
    pub fn start(&self, server: &Server, tls: bool) -> Result<Running> {
        let mut target = Target { address: free_address()?, source: None, tls: None };
        let port = target.address.port().to_string();
        let mut command;
        match &server.kind {
            Kind::Foreign { .. } | Kind::Mini if tls => bail!("no TLS"),
            Kind::Foreign { address, pid } => {
                target.address = *address;
                return Ok(Running { target, pid: *pid, _program: None });
            }
            Kind::Mini => {
                command = Command::new(env::current_exe()?);
                command.args(["mini", &target.address.to_string()]).arg(&self.data);
            }
            Kind::Ours => {
                ensure!(self.ours.exists(), "there is no {}", self.ours.display());
                command = Command::new(&self.ours);
                command.args([
                    "--listen",
                    &target.address.to_string(),
                    "--user",
                    &format!("{USER}:{PASSWORD}"),
                ]);
                command.args(["--runtime", server.name.trim_start_matches("ours-"), "--grace", "1"]);
                command.args(["--max-sessions", "20000", "--max-sessions-per-address", "20000"]);
                if tls {
                    let path = |name| self.directory.path().join(name);
                    command.args(["--require-tls", "--cert"]).arg(path("server.pem"));
                    command.arg("--key").arg(path("server.key"));
                }
                command.arg(&self.data);
            }
            Kind::Libunftp => {
                command = Command::new(LIBUNFTP);
                command.arg(target.address.to_string()).arg(&self.data);
                if tls {
                    command.arg(self.directory.path());
                }
            }
            Kind::Peer => {
                command = Command::new(Path::new(SCRIPTS).join(format!("{}.sh", server.name)));
                command.arg(port).arg(&self.data).env("BENCHMARK", "1");
                if tls {
                    command.arg("explicit").arg(self.directory.path());
                }
            }
        }
        let log = self.directory.path().join(format!("{}{}.log", server.name, if tls { "-tls" } else { "" }));
        let program = Program::start(&mut command, &log)?;
        if tls {
            target.tls = Some(Arc::clone(&self.tls));
        }
        let limit = Instant::now() + START;
        while !greets(target.address) {
            match program.ended()? {
                Some(LACKS) if tls => bail!("no TLS"),
                Some(code) => bail!("it ended with code {code}: {}", tail(&log)),
                None => ensure!(Instant::now() < limit, "it is not up after {START:?}: {}", tail(&log)),
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Running { target, pid: program.pid(), _program: Some(program) })
    }
}

/// Makes `authority.pem`, `server.pem` and `server.key` in `directory`.
pub fn make_certificates(directory: &Path) -> Result<()> {
    let made = Command::new(CERTIFICATES).arg(directory).status();
    ensure!(made.context("cannot run certificates.sh")?.success(), "certificates.sh failed");
    Ok(())
}

/// Trusts `authority`, and speaks AES-256-GCM only, so that all servers encrypt by the same cipher.
fn configuration(authority: &CertificateDer<'_>) -> Result<Arc<ClientConfig>> {
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ];
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone())?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Each session that transfers data gets a store of its own.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn greets(address: SocketAddr) -> bool {
    let Ok(mut socket) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
    let mut code = [0; 3];
    socket.read_exact(&mut code).is_ok() && &code == b"220"
}

/// Returns the last line of a log.
fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().next_back().unwrap_or("it wrote nothing").to_owned()
}
