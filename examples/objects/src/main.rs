//! An FTP server on object storage: many of them can serve one store, since none keeps anything of
//! its own. `docs/scale.md` has what stands before and behind them.
//!
//! ```text
//! objects --user me:secret s3://bucket/prefix --option region=eu-central-1
//! objects --user me:secret s3://bucket --option endpoint=http://127.0.0.1:5000 --option region=us-east-1
//! objects --anonymous fs:///srv/files --option atomic_write_dir=/srv/parts
//! objects --anonymous memory:///
//! ```
//!
//! The store is one that OpenDAL knows, with its options there: for S3, keys also come from the
//! environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`).
//!
//! Objects are stored and replaced as a whole, so this server does not have APPE and STOR behind
//! REST (504). A file is renamed by copying it, and a directory not at all (504). An upload is seen
//! once it is complete.

mod listing;
mod object;
mod store;

use clap::Parser;
use ftp_proto::io::tls::ServerTls;
use ftp_proto::io::{Proxies, PublicAddress, Users, tokio::Server};
use ftp_proto::security::Policy;
use ftp_proto::server::Config;
use opendal::layers::{RetryLayer, TimeoutLayer};
use opendal::{HttpTransporter, Operator};
use opendal_http_transport_reqwest::ReqwestTransport;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use store::Store;
use tokio::signal::unix::{SignalKind, signal};

/// Serves the objects of a store over FTP.
#[derive(Debug, Parser)]
#[command(name = "objects", version)]
struct Options {
    /// The address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2121")]
    listen: SocketAddr,
    /// A user who may read and write. Can be given more than once.
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = pair::<':'>)]
    users: Vec<(String, String)>,
    /// Admit anybody as the user `anonymous`, who may read and write, too.
    #[arg(long)]
    anonymous: bool,
    /// An option of the store, as OpenDAL names it. Can be given more than once.
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = pair::<'='>)]
    options: Vec<(String, String)>,
    /// The server's certificate, followed by those that signed it, in a PEM file: requires TLS.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert, in a PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The ports for passive data connections [default: any]
    #[arg(long, value_name = "LOW-HIGH", value_parser = ports)]
    passive_ports: Option<RangeInclusive<u16>>,
    /// The address that clients see, if it is not this machine's own, or a name for it.
    #[arg(long, value_name = "NAME|ADDRESS")]
    public_address: Option<String>,
    /// A balancer that says whom it brings by the PROXY protocol. Can be given more than once.
    #[arg(long = "proxy", value_name = "ADDRESS")]
    proxies: Vec<IpAddr>,
    /// The store: s3://BUCKET/PREFIX, fs:///DIRECTORY, memory:/// or any other URI of OpenDAL that
    /// this build has.
    store: String,
}

fn pair<const SEPARATOR: char>(argument: &str) -> Result<(String, String), String> {
    match argument.split_once(SEPARATOR) {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err(format!("two values, separated by `{SEPARATOR}`")),
    }
}

fn ports(argument: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let (low, high) = argument.split_once('-').unwrap_or((argument, argument));
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) if 0 < low && low <= high => Ok(low..=high),
        _ => Err("two numbers from 1 to 65535, the lower one first: 50000-50100"),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match serve(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("objects: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("objects: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> Result<(), Box<dyn Error>> {
    // The provider of HTTPS, too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    HttpTransporter::install_default(ReqwestTransport::default());
    opendal::init_default_registry();
    let store = Store::new(open(options).await?);
    let mut users = Users::new();
    for (name, password) in &options.users {
        users = users.user(&**name, &**password, store.clone());
    }
    if options.anonymous {
        users = users.anonymous(store);
    } else if options.users.is_empty() {
        return Err("nobody could log in: give --user or --anonymous".into());
    }
    let mut config = Config::default();
    if let Some(ports) = &options.passive_ports {
        config.passive_ports = ports.clone();
    }
    let mut server = Server::bind_async(options.listen, users).await?;
    if let (Some(cert), Some(key)) = (&options.cert, &options.key) {
        (config.security.control, config.security.data) = (Policy::Require, Policy::Require);
        let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<_, _>>);
        let chain = chain.map_err(|error| format!("{}: {error}", cert.display()))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
        server = server.with_explicit_tls(ServerTls::new(chain, key)?);
    }
    if let Some(name) = &options.public_address {
        server = server.with_public_address(PublicAddress::named(name));
    }
    if !options.proxies.is_empty() {
        server = server.with_proxy_protocol(Proxies::at(options.proxies.iter().copied()));
    }
    let server = server.with_config(config);
    let shutdown = server.shutdown_handle();
    let mut ended = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = ended.recv() => {}
        }
        shutdown.shut_down(Duration::from_secs(30));
    });
    println!("listening on {}", server.local_addr());
    server.serve().await?;
    Ok(())
}

/// Opens the store, and looks whether it is there.
async fn open(options: &Options) -> Result<Operator, Box<dyn Error>> {
    let has = |name: &str| options.options.iter().any(|(option, _)| option == name);
    // Without it, a file that is being uploaded can be seen, and remains if the upload is cut off.
    if options.store.starts_with("fs:") && !has("atomic_write_dir") {
        return Err("a directory needs --option atomic_write_dir=ANOTHER, on the same file system".into());
    }
    let operator = Operator::from_uri((&*options.store, options.options.iter().cloned()))?;
    let operator = operator
        .layer(
            TimeoutLayer::new()
                .with_timeout(Duration::from_secs(20))
                .with_io_timeout(Duration::from_secs(20)),
        )
        .layer(RetryLayer::new().with_max_times(3).with_jitter());
    operator.check().await.map_err(|error| format!("{}: {error}", options.store))?;
    Ok(operator)
}
