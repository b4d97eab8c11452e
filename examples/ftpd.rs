//! A server for the command line: serves a directory, and nothing outside of it.
//!
//! ```text
//! ftpd                                            # the current directory, read-only, for anybody on this machine
//! ftpd --user me:secret --no-anonymous /srv/files # one account, which may write
//! ftpd --listen 0.0.0.0:21 --passive-ports 50000-50100 --passive-address 203.0.113.7 /srv/files
//! ```
//!
//! FTP sends passwords and files as they are: anybody on the way can read them. Passwords on a command line can be
//! read in the list of processes too. This is for trying things out, and for networks that you trust.
//!
//! SIGTERM and Ctrl-C end it once the transfers that are running are done, or after `--grace` seconds; a second
//! one ends it at once. The exit code is 0 then, 1 if it cannot serve, 2 for a wrong call.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use ftp_proto::io::std::Server;
use ftp_proto::io::{Directory, Users};
use ftp_proto::server::Config;

/// Serves a directory by FTP. Anonymous users may read, users with a password may write too.
#[derive(Debug, Parser)]
#[command(name = "ftpd", version)]
struct Options {
    /// The address to listen at; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2121")]
    listen: SocketAddr,
    /// A user who may read and write; can be given more than once.
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = user)]
    users: Vec<User>,
    /// Let nobody in without a password.
    #[arg(long, requires = "users")]
    no_anonymous: bool,
    /// The ports for passive data connections, where a firewall lets them through [default: any]
    #[arg(long, value_name = "LOW-HIGH", value_parser = ports)]
    passive_ports: Option<RangeInclusive<u16>>,
    /// The address that clients see, where that is another one than this machine's.
    #[arg(long, value_name = "ADDR")]
    passive_address: Option<Ipv4Addr>,
    /// How many sessions there may be at once.
    #[arg(long, value_name = "NUMBER", default_value = "1000")]
    max_sessions: usize,
    /// How long transfers may go on after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    grace: u64,
    /// The directory to serve.
    #[arg(default_value = ".")]
    directory: PathBuf,
}

#[derive(Clone)]
struct User {
    name: String,
    password: String,
}

/// No password.
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
        _ => Err("a name and a password, with a colon between"),
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

fn serve(options: &Options) -> Result<(), (String, io::Error)> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error| (what, error)
    };
    let users = accounts(options).map_err(failed(&options.directory.display().to_string()))?;
    let mut config = Config::default();
    if let Some(ports) = &options.passive_ports {
        config.passive_ports = ports.clone();
    }
    config.passive_address = options.passive_address;
    let server = Server::bind(options.listen, users)
        .map_err(failed(&options.listen.to_string()))?
        .with_config(config)
        .with_max_sessions(options.max_sessions);
    end_by_signal(&server, Duration::from_secs(options.grace))
        .map_err(|error| ("signals".into(), io::Error::other(error)))?;

    let address = server.local_addr();
    println!("listening on {address}");
    let shown = match address.ip().is_unspecified() {
        true => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        false => address,
    };
    match options.users.first() {
        Some(user) if options.no_anonymous => println!("try: curl --user {} ftp://{shown}/", user.name),
        _ => println!("try: curl ftp://{shown}/"),
    }
    server.serve().map_err(failed(&address.to_string()))
}

/// Who sees what.
fn accounts(options: &Options) -> io::Result<Users<Directory>> {
    let directory: &Path = &options.directory;
    let mut users = Users::new();
    if !options.no_anonymous {
        users = users.anonymous(Directory::open(directory)?);
    }
    for User { name, password } in &options.users {
        users = users.user(&**name, &**password, Directory::open(directory)?.writable());
    }
    Ok(users)
}

/// Lets SIGTERM, SIGINT and SIGHUP, or what the system has in their place, shut the server down.
fn end_by_signal(server: &Server, grace: Duration) -> Result<(), ctrlc::Error> {
    let shutdown = server.shutdown_handle();
    let asked = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::SeqCst) {
            exit(1);
        }
        shutdown.shut_down(grace);
    })
}
