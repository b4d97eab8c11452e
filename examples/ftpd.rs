//! A command-line server: serves a directory, and nothing outside it.
//!
//! ```text
//! ftpd                                            # current directory, read-only, local clients
//! ftpd --user me:secret --no-anonymous /srv/files # one account with write access
//! ftpd --listen 0.0.0.0:21 --passive-ports 50000-50100 --public-address ftp.example.org /srv/files
//! ftpd --cert chain.pem --key key.pem --require-tls --user me:secret /srv/files
//! ftpd --xferlog /var/log/xferlog /srv/files      # transfer log in the format of other servers
//! ```
//!
//! Without `--require-tls`, FTP sends passwords and files in the clear, and anyone on the network
//! path can read them: use that to try things out, or in networks that you trust. Passwords on a
//! command line are visible in the list of processes, even with TLS.
//!
//! SIGTERM, SIGINT (Ctrl-C) and SIGHUP, and on Windows Ctrl-C and Ctrl-Break, end the server once running transfers are done, or after
//! `--grace` seconds, with exit code 0. A second signal ends it at once, with exit code 1. SIGHUP
//! has no effect if it was ignored when `ftpd` started, as with `nohup` (on Linux, where that can
//! be detected). The exit code is also 1 if the server cannot run, and 2 for wrong arguments.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use ftp_proto::io::tls::ServerTls;
use ftp_proto::io::{Directory, PublicAddress, SessionEvent, Shutdown, Users, XferlogLine};
use ftp_proto::io::{smol as io_smol, std as io_std, tokio as io_tokio};
use ftp_proto::security::{Policy, SessionBinding};
use ftp_proto::server::Config;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Serves a directory over FTP. Anonymous users may read; users with a password may write too.
#[derive(Debug, Parser)]
#[command(name = "ftpd", version)]
struct Options {
    /// The address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2121")]
    listen: SocketAddr,
    /// A user who may read and write. Can be given more than once.
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = user)]
    users: Vec<User>,
    /// Admit nobody without a password.
    #[arg(long, requires = "users")]
    no_anonymous: bool,
    /// The ports for passive data connections, if a firewall admits only some [default: any]
    #[arg(long, value_name = "LOW-HIGH", value_parser = ports)]
    passive_ports: Option<RangeInclusive<u16>>,
    /// Let users at different addresses share a passive port, so that a few ports are enough for
    /// many users.
    #[arg(long)]
    shared_passive_ports: bool,
    /// The address that clients see, if it is not this machine's own, or a name for it, which is
    /// looked up again every five minutes.
    #[arg(long, alias = "passive-address", value_name = "NAME|ADDRESS")]
    public_address: Option<String>,
    /// Let users have data sent to and fetched from hosts other than their own. Transfers between
    /// two servers need this, and so do attacks on other hosts.
    #[arg(long)]
    foreign_addresses: bool,
    #[command(flatten)]
    tls: TlsOptions,
    /// The runtime of the sessions: a thread for each, or tasks of an asynchronous runtime.
    #[arg(long, value_enum, default_value_t)]
    runtime: Runtime,
    /// The maximum number of sessions at once.
    #[arg(long, value_name = "NUMBER", default_value = "1000")]
    max_sessions: usize,
    /// The maximum number of them from one address, or from one IPv6 network of 64 bits [default:
    /// half]
    #[arg(long, value_name = "NUMBER")]
    max_sessions_per_address: Option<usize>,
    /// Treat each connection by itself: let one address have all sessions, and do not delay the
    /// logins of an address with many failed ones. For servers that see all clients under one
    /// address.
    #[arg(long, conflicts_with = "max_sessions_per_address")]
    no_address_limits: bool,
    /// The file to append a line to for each completed or attempted transfer [default: none]
    #[arg(long, value_name = "FILE")]
    xferlog: Option<PathBuf>,
    /// Show an upload only once it is complete: an existing file stays until then, and an upload
    /// that is cut off leaves nothing to resume. A crash leaves files called .ftp-proto-upload-*
    #[arg(long)]
    atomic_uploads: bool,
    /// The time that running transfers have after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    grace: u64,
    /// The directory to serve.
    #[arg(default_value = ".")]
    directory: PathBuf,
}

/// The TLS options. A certificate turns TLS on.
#[derive(Debug, Args)]
struct TlsOptions {
    /// The server's certificate, followed by those that signed it, in a PEM file: offers TLS.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert, in a PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The start of TLS: when the client asks for it (AUTH TLS), or at once, as on port 990.
    #[arg(long = "tls", value_name = "HOW", requires = "cert", default_value = "explicit")]
    begin: Begin,
    /// Refuse logins and data transfers without TLS.
    #[arg(long, requires = "cert")]
    require_tls: bool,
    /// Serve only clients with a certificate signed by those in this PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    client_ca: Option<PathBuf>,
    /// The TLS session that a data connection has to resume: that of any control connection of the
    /// same user and address (for anonymous users as `connection`), that of its own control
    /// connection, or none. Some clients cannot resume any; but with `off`, whoever connects first
    /// gets the data.
    #[arg(long, value_name = "WHOSE", requires = "cert", default_value = "user")]
    session_binding: Binding,
}

/// The owner of the session to resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Binding {
    User,
    Connection,
    Off,
}

impl From<Binding> for SessionBinding {
    fn from(binding: Binding) -> Self {
        match binding {
            Binding::User => Self::User,
            Binding::Connection => Self::Connection,
            Binding::Off => Self::Off,
        }
    }
}

/// The runtime of the sessions.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Runtime {
    /// A thread for each session.
    #[default]
    Std,
    Tokio,
    Smol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Begin {
    Explicit,
    Implicit,
}

#[derive(Clone)]
struct User {
    name: String,
    password: String,
}

/// Shows the name, but not the password.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.name.fmt(f)
    }
}

fn user(argument: &str) -> Result<User, &'static str> {
    match argument.split_once(':') {
        Some((name, password)) if !name.is_empty() => {
            Ok(User { name: name.into(), password: password.into() })
        }
        _ => Err("a name and a password, separated by a colon"),
    }
}

fn ports(argument: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let (low, high) = argument.split_once('-').unwrap_or((argument, argument));
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) if 0 < low && low <= high => Ok(low..=high),
        _ => Err("two numbers from 1 to 65535, the lower one first: 50000-50100"),
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err((what, error)) => {
            eprintln!("ftpd: {what}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The thing that failed, and the error.
type Failure = (String, io::Error);

fn failed<E: Into<io::Error>>(what: impl ToString) -> impl FnOnce(E) -> Failure {
    move |error| (what.to_string(), error.into())
}

fn serve(options: &Options) -> Result<(), Failure> {
    let users = accounts(options).map_err(failed(options.directory.display()))?;
    let mut config = Config::default();
    if let Some(ports) = &options.passive_ports {
        config.passive_ports = ports.clone();
    }
    config.foreign_addresses = options.foreign_addresses;
    if options.tls.require_tls {
        (config.security.control, config.security.data) = (Policy::Require, Policy::Require);
    }
    config.security.session_binding = options.tls.session_binding.into();
    let tls = options.tls.configuration()?;
    let log = options.xferlog.as_deref().map(xferlog).transpose()?;
    // The servers have the same methods, blocking or asynchronous.
    macro_rules! run {
        ($server:expr $(, $wait:ident)?) => {{
            let server = $server$(.$wait)?.map_err(failed(options.listen))?;
            let mut server = server
                .with_config(config)
                .with_max_sessions(options.max_sessions)
                .with_max_sessions_per_address(options.sessions_per_address())
                .with_login_delays(!options.no_address_limits)
                .with_shared_passive_ports(options.shared_passive_ports);
            if let Some(name) = &options.public_address {
                server = server.with_public_address(PublicAddress::named(name));
            }
            if let Some(log) = log {
                server = server.on_event(log);
            }
            let server = match (tls, options.tls.begin) {
                (None, _) => server,
                (Some(tls), Begin::Explicit) => server.with_explicit_tls(tls),
                (Some(tls), Begin::Implicit) => server.with_implicit_tls(tls),
            };
            end_by_signal(server.shutdown_handle(), Duration::from_secs(options.grace))
                .map_err(failed("signals"))?;
            let address = server.local_addr();
            println!("listening on {address}");
            println!("try: {}", options.example(address));
            server.serve()$(.$wait)?.map_err(failed(address))
        }};
    }
    match options.runtime {
        Runtime::Std => run!(io_std::Server::bind(options.listen, users)),
        Runtime::Tokio => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            let runtime = runtime.map_err(failed("tokio"))?;
            runtime.block_on(async { run!(io_tokio::Server::bind(options.listen, users), await) })
        }
        Runtime::Smol => futures_lite::future::block_on(async {
            run!(io_smol::Server::bind(options.listen, users), await)
        }),
    }
}

impl Options {
    fn sessions_per_address(&self) -> usize {
        match self.no_address_limits {
            true => usize::MAX,
            false => self.max_sessions_per_address.unwrap_or(self.max_sessions.div_ceil(2)),
        }
    }

    /// Returns a command for a client to try the server with.
    fn example(&self, address: SocketAddr) -> String {
        let shown = match address.ip().is_unspecified() {
            true => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
            false => address,
        };
        let user = match self.users.first() {
            Some(user) if self.no_anonymous => format!("--user {} ", user.name),
            _ => String::new(),
        };
        let (tls, scheme) = match (&self.tls.cert, self.tls.begin) {
            (None, _) => ("", "ftp"),
            (Some(_), Begin::Explicit) => ("--ssl-reqd ", "ftp"),
            (Some(_), Begin::Implicit) => ("", "ftps"),
        };
        format!("curl {tls}{user}{scheme}://{shown}/")
    }
}

impl TlsOptions {
    fn configuration(&self) -> Result<Option<ServerTls>, Failure> {
        let (Some(cert), Some(key)) = (&self.cert, &self.key) else { return Ok(None) };
        let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
        let mut builder = ServerTls::builder(certificates(cert)?, private);
        if let Some(authorities) = &self.client_ca {
            builder = builder.client_roots(certificates(authorities)?, true);
        }
        builder.build().map(Some).map_err(|error| failed("TLS")(io::Error::other(error)))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(pem::Error) -> Failure {
    move |error| failed(path.display())(io::Error::other(error))
}

/// Creates the accounts, each with the files that it may see.
fn accounts(options: &Options) -> io::Result<Users<Directory>> {
    let directory: &Path = &options.directory;
    let mut users = Users::new();
    if !options.no_anonymous {
        users = users.anonymous(Directory::open(directory)?);
    }
    for User { name, password } in &options.users {
        let files = Directory::open(directory)?.writable().atomic_uploads(options.atomic_uploads);
        users = users.user(&**name, &**password, files);
    }
    Ok(users)
}

/// Returns a callback that appends a line of an xferlog for each transfer of a file.
fn xferlog(path: &Path) -> Result<impl Fn(&SessionEvent<'_>) + use<>, Failure> {
    let file = File::options().append(true).create(true).open(path).map_err(failed(path.display()))?;
    let path = path.to_owned();
    Ok(move |event: &SessionEvent<'_>| {
        // A single call, so that the lines of sessions that end together do not mix.
        let line = XferlogLine::of(event).map(|line| format!("{line}\n"));
        let written = line.map_or(Ok(()), |line| (&file).write_all(line.as_bytes()));
        if let Err(error) = written {
            eprintln!("ftpd: {}: {error}", path.display());
        }
    })
}

/// Makes Ctrl-C and Ctrl-Break shut the server down. A second one ends it at once.
#[cfg(windows)]
fn end_by_signal(shutdown: Shutdown, grace: Duration) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use std::sync::atomic::{AtomicBool, Ordering};

    let (ended, at_once) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first one only arms it.
        signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&at_once))?;
        signal_hook::flag::register(signal, Arc::clone(&at_once))?;
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    thread::Builder::new().name("signals".into()).spawn(move || {
        // A handler can only set a flag there, which no thread can wait for.
        while !ended.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(100));
        }
        shutdown.shut_down(grace);
    })?;
    Ok(())
}

/// Makes SIGTERM, SIGINT and SIGHUP shut the server down. If SIGHUP was ignored at the start, it
/// stays ignored.
#[cfg(unix)]
fn end_by_signal(shutdown: Shutdown, grace: Duration) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;

    // This signal would end the process at an upload that exceeds the limit of file sizes. With it
    // handled, the upload is refused.
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let ends = [SIGTERM, SIGINT, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !ignores(SIGHUP));
    let mut signals = Signals::new(ends)?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for (count, _) in signals.forever().enumerate() {
            if count > 0 {
                std::process::exit(1);
            }
            shutdown.shut_down(grace);
        }
    })?;
    Ok(())
}

/// Returns whether a signal is ignored, as SIGHUP is under `nohup`. Linux reports that for each
/// process.
#[cfg(unix)]
fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}
