//! A gateway for FTP: an application-level proxy in front of one server.
//!
//! ```text
//! gateway ftp.example.org:21                                      # data connections through the gateway
//! gateway --cert chain.pem --key key.pem old.example.org:21       # adds TLS for clients
//! gateway --tls-upstream explicit ftp.example.org:21              # adds TLS towards the server
//! gateway --allow RETR,LIST,MLSD,NLST,SIZE,CWD,PWD host:21        # read-only
//! UPSTREAM_PASSWORD=x gateway --upstream-user robot --user me host:21   # $GATEWAY_PASSWORD is me's
//! ```
//!
//! Both directions of the control connection are read with the codec of the crate, one command at a
//! time, and nothing that it does not understand is passed on. The gateway is in the middle of each
//! data connection, which may be passive on one side and active on the other, and under TLS on
//! either.
//!
//! The modules: [`session`] follows a control connection, [`login`] begins one and changes
//! credentials, [`address`] sets up data connections, [`transfer`] follows a transfer, [`data`] moves
//! its bytes, [`wire`] reads and sends lines, and [`stream`] is a connection with or without TLS.

mod address;
mod data;
mod login;
mod session;
mod stream;
mod transfer;
mod wire;

use std::error::Error;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use ftp_proto::codec::{ReplyCode, Verb, VerbSet};
use ftp_proto::io::tls::{ClientTls, ServerTls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::{TcpListener, TcpStream};

use session::Session;
use stream::Stream;
use wire::Wire;

/// Relays FTP to a server, with its data connections.
///
/// With --cert, clients can use TLS, which ends at the gateway. With --tls-passthrough, AUTH goes to
/// the server instead, and from its 234 on the gateway only relays the bytes of that connection: it
/// can then neither log, filter nor rewrite anything, and data connections go past it, to the
/// address that the server gives to the client.
///
/// Passwords are in the environment: $UPSTREAM_PASSWORD for --upstream-user, $GATEWAY_PASSWORD for
/// --user.
#[derive(Debug, Parser)]
#[command(name = "gateway", version)]
struct Options {
    /// The server, as HOST:PORT.
    upstream: String,
    /// The address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2121")]
    listen: SocketAddr,
    /// The IPv4 address that PASV reports to clients, if it is not the one they connect to.
    #[arg(long, value_name = "ADDRESS")]
    public_address: Option<std::net::Ipv4Addr>,
    /// The ports that clients connect to for data [default: any]
    #[arg(long, value_name = "LOW-HIGH", value_parser = ports)]
    passive_ports: Option<(u16, u16)>,
    /// The data connections between gateway and server: like those of the client, always passive, or
    /// always active.
    #[arg(long, value_name = "HOW", default_value = "same")]
    upstream_data: UpstreamData,
    /// The gateway's certificate, followed by those that signed it, in a PEM file: offers AUTH TLS.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert, in a PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Pass on AUTH and the TLS behind it untouched: see above.
    #[arg(long, conflicts_with_all = ["cert", "tls_upstream"])]
    tls_passthrough: bool,
    /// TLS towards the server, on control and data connections.
    #[arg(long, value_name = "HOW", default_value = "off")]
    tls_upstream: TlsUpstream,
    /// Trust servers with certificates signed by those in this PEM file, instead of those that the
    /// system trusts.
    #[arg(long, value_name = "FILE")]
    upstream_ca: Option<PathBuf>,
    /// The name in the server's certificate, if it is not its host name.
    #[arg(long, value_name = "NAME")]
    upstream_name: Option<String>,
    /// Log in to the server as this user, whatever the client says.
    #[arg(long, value_name = "NAME")]
    upstream_user: Option<String>,
    /// With --upstream-user: the only user that clients may log in as. Without it, anyone who reaches
    /// the gateway becomes the upstream user.
    #[arg(long, value_name = "NAME", requires = "upstream_user")]
    user: Option<String>,
    /// Begin connections to the server with a header of the PROXY protocol, version 2, that has the
    /// client's address. Data connections to the server are then passive.
    #[arg(long)]
    proxy_protocol: bool,
    /// Pass on only these commands, besides those that every session needs (login, parameters, data
    /// addresses, ABOR, NOOP, QUIT).
    #[arg(long, value_name = "COMMAND", value_delimiter = ',', value_parser = verb)]
    allow: Vec<Verb>,
    /// Pass on all commands but these. The gateway answers 502.
    #[arg(long, value_name = "COMMAND", value_delimiter = ',', value_parser = verb)]
    deny: Vec<Verb>,
    /// The time limit in seconds for each step of the server or of a transfer.
    #[arg(long, overrides_with = "timeout", value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// The time in seconds after which a client that sends nothing is disconnected.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    idle_timeout: u64,
    /// The most clients at a time.
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    max_clients: usize,
    /// Do not log the dialogues.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum UpstreamData {
    Same,
    Passive,
    Active,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TlsUpstream {
    Off,
    Explicit,
}

fn verb(name: &str) -> Result<Verb, String> {
    Verb::from_bytes(name.as_bytes()).ok_or_else(|| "no such command".into())
}

fn ports(range: &str) -> Result<(u16, u16), String> {
    let (low, high) = range.split_once('-').ok_or("not LOW-HIGH")?;
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) if 0 < low && low <= high => Ok((low, high)),
        _ => Err("not two ports in order".into()),
    }
}

/// The settings that all sessions share.
struct Settings {
    upstream: String,
    public_address: Option<std::net::Ipv4Addr>,
    passive_ports: Option<(u16, u16)>,
    upstream_data: UpstreamData,
    client_tls: Option<ServerTls>,
    passes_tls_through: bool,
    server_tls: Option<(ClientTls, ServerName<'static>)>,
    /// The user and password towards the server, if they are not the client's.
    upstream_login: Option<(String, String)>,
    /// The user and password of clients, if they are checked here.
    login: Option<(String, String)>,
    sends_proxy_header: bool,
    allowed: Option<VerbSet>,
    denied: VerbSet,
    limit: Duration,
    idle: Duration,
    is_quiet: bool,
}

/// The commands that no `--allow` has to list.
#[rustfmt::skip]
const NEEDED: VerbSet = {
    use Verb::*;
    VerbSet::of(&[
        User, Pass, Acct, Auth, Pbsz, Prot, Feat, Opts, Syst, Type, Stru, Mode, Pasv, Epsv, Port, Eprt, Abor, Noop,
        Quit,
    ])
};

impl Settings {
    fn new(options: Options) -> Result<Self, Box<dyn Error>> {
        let password = |name: &str| std::env::var(name).map_err(|error| format!("${name}: {error}"));
        let login = |user: Option<String>, variable| {
            user.map(|user| Ok::<_, String>((user, password(variable)?))).transpose()
        };
        let client_tls = match (&options.cert, &options.key) {
            (Some(cert), Some(key)) => {
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| format!("{}: {error}", key.display()))?;
                Some(ServerTls::new(certificates(cert)?, key)?)
            }
            _ => None,
        };
        let server_tls = match options.tls_upstream {
            TlsUpstream::Off => None,
            TlsUpstream::Explicit => {
                let builder = ClientTls::builder();
                let builder = match &options.upstream_ca {
                    Some(path) => builder.roots(certificates(path)?),
                    None => builder.platform_roots(),
                };
                let host = options.upstream.rsplit_once(':').map_or("", |(host, _)| host);
                let name = options.upstream_name.as_deref().unwrap_or(host.trim_matches(['[', ']']));
                Some((builder.build()?, ServerName::try_from(name.to_owned())?))
            }
        };
        let set = |verbs: &[Verb]| {
            // A command and its older names are the same.
            let is_meant = |verb: &Verb| verbs.iter().any(|meant| meant.canonical() == verb.canonical());
            Verb::ALL.iter().copied().filter(is_meant).fold(VerbSet::EMPTY, VerbSet::with)
        };
        Ok(Self {
            upstream: options.upstream,
            public_address: options.public_address,
            passive_ports: options.passive_ports,
            upstream_data: options.upstream_data,
            client_tls,
            passes_tls_through: options.tls_passthrough,
            server_tls,
            upstream_login: login(options.upstream_user, "UPSTREAM_PASSWORD")?,
            login: login(options.user, "GATEWAY_PASSWORD")?,
            sends_proxy_header: options.proxy_protocol,
            allowed: (!options.allow.is_empty()).then(|| set(&options.allow)),
            denied: set(&options.deny),
            limit: Duration::from_secs(options.timeout),
            idle: Duration::from_secs(options.idle_timeout),
            is_quiet: options.quiet,
        })
    }

    /// Returns whether clients may use a command.
    fn admits(&self, verb: Verb) -> bool {
        let is_listed = |set: VerbSet| set.contains(verb);
        !is_listed(self.denied) && self.allowed.is_none_or(|allowed| is_listed(allowed) || is_listed(NEEDED))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (listen, most) = (options.listen, options.max_clients);
    let run = || {
        let settings = Arc::new(Settings::new(options)?);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(serve(listen, most, settings))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gateway: {error}");
            ExitCode::from(2)
        }
    }
}

/// Counts a session for as long as it lasts.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves until the process is ended.
async fn serve(listen: SocketAddr, most: usize, settings: Arc<Settings>) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    io::stdout().flush()?;
    let taken = Arc::new(AtomicUsize::new(0));
    let mut number = 0_u64;
    loop {
        let tcp = match listener.accept().await {
            Ok((tcp, _)) => tcp,
            Err(error) => {
                // Such as too many open files, which passes.
                eprintln!("gateway: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        number += 1;
        let is_full = taken.fetch_add(1, Ordering::Relaxed) >= most;
        let place = Place(Arc::clone(&taken));
        let settings = Arc::clone(&settings);
        tokio::spawn(async move {
            let _place = place;
            let result = session(tcp, number, is_full, &settings).await;
            if let (Err(error), false) = (result, settings.is_quiet) {
                eprintln!("[{number}] ended: {error}");
            }
        });
    }
}

/// Serves one client.
async fn session(tcp: TcpStream, number: u64, is_full: bool, settings: &Arc<Settings>) -> io::Result<()> {
    let log = (!settings.is_quiet).then(|| format!("[{number}] client"));
    let mut client = Wire::new(Stream::new(tcp), settings.limit, log)?;
    if is_full {
        return client.reply(ReplyCode::SERVICE_NOT_AVAILABLE, "Too many users. Try again later.").await;
    }
    let address: IpAddr = client.ip();
    if !settings.is_quiet {
        eprintln!("[{number}] from {address}");
    }
    let server = match login::reach(&client, number, settings).await {
        Ok(server) => server,
        Err(error) => {
            client.reply(ReplyCode::SERVICE_NOT_AVAILABLE, "The server cannot be reached.").await?;
            return Err(error);
        }
    };
    let mut session = Session::new(client, server, Arc::clone(settings));
    let result = session.run().await;
    session.part(result).await
}
