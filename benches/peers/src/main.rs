//! Measures FTP servers side by side: ours on each runtime, five others, and an upper bound; and FTP
//! clients in the same way. README.md says how to run it and how to read its figures.

mod account;
mod children;
mod client;
mod clients;
mod data;
mod handshake;
mod measure;
mod mini;
mod plot;
mod report;
mod run;
mod scale;
mod servers;

use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};

use crate::clients::{CLIENTS, Client};
use crate::data::Data;
use crate::measure::{Settings, TESTS, Test};
use crate::scale::Plan;
use crate::servers::{ALL, Server, Setup};

/// Our server, unless another is given.
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/release/examples/ftpd");
/// Set in the network namespace.
const INSIDE: &str = "FTP_PEERS_INSIDE";

/// Measures FTP servers side by side, and FTP clients.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Measure all servers in all tests, interleaved.
    Run(Run),
    /// Measure the cost of many sessions and of long listings.
    Scale(Scale),
    /// Measure clients: files of 1 GiB down and up, and many small files down.
    Clients(Clients),
    /// Measure the CPU time that a TLS handshake costs a server, in memory.
    Handshake {
        /// Keep all figures in this file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Write a short table of what `run` has measured (ours, the best peer, and the upper bound), or
    /// of what `clients` has.
    Table {
        /// The file that `run --json` or `clients --json` wrote.
        file: PathBuf,
    },
    /// Serve DIRECTORY by the server that is the upper bound.
    Mini { address: SocketAddr, directory: PathBuf },
}

#[derive(Args)]
struct Common {
    /// The servers of this repository's scripts to measure; empty for none [default: all, and for
    /// `clients` vsftpd,pure-ftpd]
    #[arg(long, value_name = "NAME,..")]
    servers: Option<String>,
    /// A server that runs already and serves the directory --data to the account of
    /// tests/peers/server.sh. Can be given more than once
    #[arg(long = "server", value_name = "NAME=ADDRESS:PORT,PID", requires = "data")]
    foreign: Vec<Server>,
    /// Our server, the example `ftpd`
    #[arg(long, value_name = "PATH", default_value = OURS)]
    ours: PathBuf,
    /// The directory to serve, which is filled where it lacks files, and stays [default: a
    /// temporary one]
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
    /// Do not move to a network namespace
    #[arg(long)]
    no_namespace: bool,
    /// Keep all figures in this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the tables to this file as well
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    common: Common,
    /// The tests [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = test)]
    tests: Vec<&'static Test>,
    /// The number of rounds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// The duration of each measurement, in seconds
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    seconds: f64,
    /// The size of the large file in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..1 << 20))]
    size: u64,
    /// The number of sessions whose memory is measured
    #[arg(long, value_name = "SESSIONS", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    idle: u16,
}

#[derive(Args)]
struct Scale {
    #[command(flatten)]
    common: Common,
    /// Numbers of idle sessions, rising
    #[arg(
        long,
        value_name = "NUMBER,..",
        value_delimiter = ',',
        default_value = "0,1,10,100,1000,5000,10000"
    )]
    sessions: Vec<usize>,
    /// Numbers of entries of the directories to list
    #[arg(long, value_name = "NUMBER,..", value_delimiter = ',', default_value = "10,1000,100000,1000000")]
    listings: Vec<usize>,
    /// The number of sessions that fetch files meanwhile
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..1000))]
    active: u16,
    /// The duration of each measurement, in seconds
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Draw the figures in this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Args)]
struct Clients {
    #[command(flatten)]
    common: Common,
    /// The clients [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = client)]
    clients: Vec<&'static Client>,
    /// The number of rounds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// The size of the large file in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..1 << 20))]
    size: u64,
}

fn client(name: &str) -> Result<&'static Client> {
    let names = || CLIENTS.map(|client| client.name).join(", ");
    CLIENTS.iter().find(|client| client.name == name).with_context(|| format!("the clients are {}", names()))
}

fn test(name: &str) -> Result<&'static Test> {
    let names = || TESTS.map(|test| test.name).join(", ");
    measure::named(name).with_context(|| format!("the tests are {}", names()))
}

fn seconds(text: &str) -> Result<f64> {
    let seconds: f64 = text.parse()?;
    if !(0.01..=3600.0).contains(&seconds) {
        bail!("from 0.01 to 3600");
    }
    Ok(seconds)
}

fn main() -> ExitCode {
    match start(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            children::wait_if_ending();
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(options: &Options) -> Result<()> {
    match &options.command {
        Subcommands::Mini { address, directory } => Ok(mini::serve(*address, directory)?),
        Subcommands::Table { file } => {
            let results = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            match serde_json::from_slice::<clients::Results>(&results) {
                Ok(results) => print!("{}", clients::summary(&results)),
                Err(_) => print!("{}", report::summary(&serde_json::from_slice(&results)?)),
            }
            Ok(())
        }
        Subcommands::Handshake { json } => {
            children::end_on_signals()?;
            let directory = children::Directory::new()?;
            servers::make_certificates(directory.path())?;
            let costs = handshake::measure(directory.path())?;
            write(json.as_deref(), &serde_json::to_string_pretty(&costs)?)?;
            print!("{}", handshake::markdown(&costs));
            Ok(())
        }
        Subcommands::Clients(clients) => measure_clients(clients),
        Subcommands::Run(run) => measure_all(run),
        Subcommands::Scale(scale) => measure_growth(scale),
    }
}

fn measure_all(options: &Run) -> Result<()> {
    let common = &options.common;
    let (servers, _) = prepare(common, ALL)?;
    let (setup, data) = set_up(common)?;
    let settings = Settings { size: options.size << 20, seconds: options.seconds, idle: options.idle.into() };
    let all: Vec<&Test> = TESTS.iter().collect();
    let tests = if options.tests.is_empty() { &all } else { &options.tests };
    let results = run::run(&setup, &data, &servers, tests, options.rounds.into(), settings)?;
    write(common.json.as_deref(), &serde_json::to_string_pretty(&results)?)?;
    let tables = report::markdown(&results);
    print!("{tables}");
    write(common.markdown.as_deref(), &tables)
}

fn measure_growth(options: &Scale) -> Result<()> {
    let common = &options.common;
    let (servers, descriptors) = prepare(common, ALL)?;
    let (setup, data) = set_up(common)?;
    let plan = Plan {
        sessions: options.sessions.clone(),
        listings: options.listings.clone(),
        active: options.active.into(),
        time: Duration::from_secs_f64(options.seconds),
        descriptors,
    };
    let growth = scale::scale(&setup, &data, &servers, &plan)?;
    write(common.json.as_deref(), &serde_json::to_string_pretty(&growth)?)?;
    let tables = scale::markdown(&growth);
    print!("{tables}");
    write(common.markdown.as_deref(), &tables)?;
    match &options.svg {
        Some(path) => plot::draw(&growth, path),
        None => Ok(()),
    }
}

fn measure_clients(options: &Clients) -> Result<()> {
    let common = &options.common;
    let (servers, _) = prepare(common, "vsftpd,pure-ftpd")?;
    let (setup, data) = set_up(common)?;
    let all: Vec<&Client> = CLIENTS.iter().collect();
    let clients = if options.clients.is_empty() { all } else { options.clients.clone() };
    let results =
        clients::measure(&setup, &data, &servers, clients, options.rounds.into(), options.size << 20)?;
    write(common.json.as_deref(), &serde_json::to_string_pretty(&results)?)?;
    let tables = clients::markdown(&results);
    print!("{tables}");
    write(common.markdown.as_deref(), &tables)
}

/// Returns the servers and the number of descriptors that a process may have. Without --servers,
/// the servers are those named by `default`.
fn prepare(common: &Common, default: &str) -> Result<(Vec<Server>, u64)> {
    let names = common.servers.as_deref().unwrap_or(default).split(',').filter(|name| !name.is_empty());
    let mut servers: Vec<Server> = names.map(Server::named).collect::<Result<_>>()?;
    servers.extend_from_slice(&common.foreign);
    let inside = env::var_os(INSIDE).is_some();
    if servers.is_empty() {
        bail!("no servers");
    }
    if !common.no_namespace && common.foreign.is_empty() && geteuid().is_root() && !inside {
        enter_namespace()?;
    }
    servers.retain(|server| match server.missing() {
        Some(reason) => {
            eprintln!("{} is left out: {reason}", server.name);
            false
        }
        None => true,
    });
    if servers.is_empty() {
        bail!("none of the servers is there");
    }
    let descriptors = raise_limit()?;
    account::adopt_orphans()?;
    children::end_on_signals()?;
    Ok((servers, descriptors))
}

/// Raises the limit of open files, for this program and for the servers, as far as it is allowed
/// to. Returns the limit.
fn raise_limit() -> Result<u64> {
    /// Enough for four descriptors a session.
    const ENOUGH: u64 = 1 << 17;
    let limit = getrlimit(Resource::Nofile).maximum;
    let set = |limit| setrlimit(Resource::Nofile, Rlimit { current: limit, maximum: limit });
    if limit.is_some_and(|limit| limit < ENOUGH) && set(Some(ENOUGH)).is_ok() {
        return Ok(ENOUGH);
    }
    set(limit)?;
    Ok(limit.unwrap_or(u64::MAX))
}

fn set_up(common: &Common) -> Result<(Setup, Data)> {
    let directory = children::Directory::new()?;
    let data = Data::new(&common.data.clone().unwrap_or_else(|| directory.path().join("data")))?;
    Ok((Setup::new(&common.ours, directory, &data)?, data))
}

/// Starts this program again with a loopback interface of its own, where only so many connections
/// wait in TIME_WAIT that the search for a free port stays quick. Returns only if that fails.
fn enter_namespace() -> Result<()> {
    let script = "ip link set lo up || exit
        echo 1000 2>/dev/null >/proc/sys/net/ipv4/tcp_max_tw_buckets
        exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", script, "sh"]).arg(env::current_exe()?).args(env::args_os().skip(1));
    Err(command.env(INSIDE, "1").exec()).context("cannot start unshare, which --no-namespace does without")
}

fn write(path: Option<&Path>, text: &str) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
