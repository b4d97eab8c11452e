//! `peers clients`: clients side by side, each as a program of its own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde::{Deserialize, Serialize};

use crate::children::{self, Program};
use crate::client::{PASSWORD, USER};
use crate::data::{Data, SMALL, SMALL_SIZE};
use crate::report::{Notes, heading, median, number, range, row};
use crate::run::machine;
use crate::servers::{Running, Server, Setup, locked};

/// The programs on our clients and on suppaftp's, which are a package of their own.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/target/release");
/// Limit of one run of a client.
const LIMIT: Duration = Duration::from_secs(60);

/// A client.
#[derive(Debug)]
pub struct Client {
    /// The name of the client on the command line.
    pub name: &'static str,
    /// The name of the client in tables.
    title: &'static str,
    program: By,
}

#[derive(Debug)]
enum By {
    /// A program of the package clients, and its second argument.
    Ours(&'static str, &'static str),
    Lftp,
    Curl,
}

const fn client(name: &'static str, title: &'static str, program: By) -> Client {
    Client { name, title, program }
}

/// All clients in their order.
#[rustfmt::skip]
pub const CLIENTS: [Client; 8] = [
    client("ours-std",        "ours, std: `receive_into`, `send_file`",   By::Ours("ours-std", "file")),
    client("ours-std-copy",   "ours, std: `io::copy`",                    By::Ours("ours-std", "copy")),
    client("ours-tokio",      "ours, tokio: `receive_into`, `send_file`", By::Ours("ours-tokio", "file")),
    client("ours-tokio-copy", "ours, tokio: `io::copy`",                  By::Ours("ours-tokio", "copy")),
    client("suppaftp",        "suppaftp, std",                            By::Ours("suppaftp-std", "copy")),
    client("suppaftp-tokio",  "suppaftp, tokio",                          By::Ours("suppaftp-tokio", "copy")),
    client("lftp",            "lftp",                                     By::Lftp),
    client("curl",            "curl",                                     By::Curl),
];

/// The transfers that each client makes at each server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Task {
    /// Fetch the large file to a file.
    Down,
    /// Send the large file.
    Up,
    /// Fetch all small files to files, in one session.
    Small,
}

const TASKS: [Task; 3] = [Task::Down, Task::Up, Task::Small];

/// All that was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Results {
    /// The machine, in words.
    machine: String,
    /// Size of the large file in bytes.
    size: u64,
    /// Names of the servers, in the order of columns.
    servers: Vec<String>,
    /// Names of the clients, in the order of rows.
    clients: Vec<String>,
    /// Measurements, in the order in which they were made.
    runs: Vec<Run>,
}

/// A run of a client that was made or tried.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    client: String,
    server: String,
    task: Task,
    /// Number of the round, from 0.
    round: usize,
    /// The measurement, if the client has done its task.
    figure: Option<Figure>,
    /// The reason why there is no figure.
    failure: Option<String>,
}

/// The time that a run of a client took, from its start to its end.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Figure {
    /// Time in seconds.
    wall: f64,
    /// CPU time of the client in seconds, that of the kernel on its behalf included.
    cpu: f64,
}

/// Measures all `clients` at all `servers`: in each round each task, and in each task each client,
/// in an order that rotates. Clients that are not installed are left out.
pub fn measure(
    setup: &Setup,
    data: &Data,
    servers: &[Server],
    mut clients: Vec<&Client>,
    rounds: usize,
    size: u64,
) -> Result<Results> {
    clients.retain(|client| match client.version() {
        Ok(_) => true,
        Err(error) => {
            eprintln!("{} is left out: {error:#}", client.name);
            false
        }
    });
    ensure!(!clients.is_empty(), "none of the clients is there");
    data.make_big(size)?;
    data.make_small()?;
    let mut versions: Vec<String> = clients.iter().filter_map(|client| client.version().ok()).collect();
    versions.retain(|version| !version.is_empty());
    versions.dedup();
    let mut results = Results {
        machine: format!("{}; {}", machine(servers), versions.join(", ")),
        size,
        servers: servers.iter().map(|server| server.name.clone()).collect(),
        clients: clients.iter().map(|client| client.name.to_owned()).collect(),
        runs: Vec::new(),
    };
    let running: Vec<Result<Running, String>> = servers
        .iter()
        .map(|server| setup.start(server, false).map_err(|error| format!("{error:#}")))
        .collect();
    for round in 0..rounds {
        for (server, running) in servers.iter().zip(&running) {
            for (nth, task) in TASKS.into_iter().enumerate() {
                for turn in 0..clients.len() {
                    let client = clients[(turn + round + nth) % clients.len()];
                    let outcome = match running {
                        Ok(running) => client
                            .run(task, running, setup.directory(), data.root(), size)
                            .map_err(|error| format!("{error:#}")),
                        Err(reason) => Err(reason.clone()),
                    };
                    children::wait_if_ending();
                    if let Err(reason) = &outcome {
                        eprintln!("{task:?} by {} at {}: {reason}", client.name, server.name);
                    }
                    results.runs.push(Run {
                        client: client.name.to_owned(),
                        server: server.name.clone(),
                        task,
                        round,
                        failure: outcome.as_ref().err().cloned(),
                        figure: outcome.ok(),
                    });
                }
            }
        }
        eprintln!("round {} of {rounds} is done", round + 1);
    }
    Ok(results)
}

impl Client {
    /// Returns the name and the version, or an empty string for ours. Fails if there is no such
    /// program.
    fn version(&self) -> Result<String> {
        let program = match self.program {
            By::Ours(program, _) => {
                let path = Path::new(PROGRAMS).join(program);
                ensure!(path.exists(), "there is no {}; install.sh builds it", path.display());
                let suppaftp = || locked(include_str!("../clients/Cargo.lock"), "suppaftp");
                return Ok(Some(())
                    .filter(|()| program.starts_with("suppaftp"))
                    .and_then(|()| suppaftp())
                    .unwrap_or_default());
            }
            By::Lftp => "lftp",
            By::Curl => "curl",
        };
        let output = Command::new(program).arg("--version").output();
        let output = output.with_context(|| format!("cannot start {program}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        Ok(format!("{program} {}", version.unwrap_or("unknown")))
    }

    /// Runs the client once.
    fn run(&self, task: Task, server: &Running, directory: &Path, root: &Path, size: u64) -> Result<Figure> {
        let (to, upload) = (directory.join("fetched"), root.join("up/client"));
        for found in [fs::remove_dir_all(&to), fs::remove_file(&upload)] {
            if let Err(error) = found {
                ensure!(error.kind() == std::io::ErrorKind::NotFound, "cannot remove files: {error}");
            }
        }
        fs::create_dir(&to)?;
        let mut command = self.command(task, &server.target.address.to_string(), &to, &root.join("big"));
        // Without settings of the user's.
        command.env("HOME", directory);
        let log = directory.join("client.log");
        let (before, start) = (cpu()?, Instant::now());
        let program = Program::start(&mut command, &log)?;
        let code = program.wait(LIMIT)?;
        let wall = start.elapsed().as_secs_f64();
        // A program that still runs is ended here.
        drop(program);
        let figure = Figure { wall, cpu: cpu()? - before };
        match code {
            None => bail!("not done after {} s", LIMIT.as_secs()),
            Some(0) => {}
            Some(code) => {
                let log = fs::read_to_string(&log).unwrap_or_default();
                bail!("it ended with code {code}: {}", log.lines().next_back().unwrap_or("it wrote nothing"));
            }
        }
        let length = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
        match task {
            Task::Down => check("bytes", size, length(&to.join("big")))?,
            Task::Up => check("bytes", size, length(&upload))?,
            Task::Small => {
                let whole = (0..SMALL).filter(|nth| length(&to.join(nth.to_string())) == SMALL_SIZE as u64);
                check("files", SMALL as u64, whole.count() as u64)?;
            }
        }
        // Or the disk has to write them.
        fs::remove_dir_all(&to)?;
        let _ = fs::remove_file(&upload);
        Ok(figure)
    }

    /// The command for a task, with results in the directory `to`, and `big` as the file to send.
    fn command(&self, task: Task, server: &str, to: &Path, big: &Path) -> Command {
        let (to, big) = (to.display(), big.display());
        match self.program {
            By::Ours(program, way) => {
                let mut command = Command::new(Path::new(PROGRAMS).join(program));
                command.args([server, way]);
                match task {
                    Task::Down => command.args(["down", &format!("{to}/big")]),
                    Task::Up => command.args(["up", &big.to_string()]),
                    Task::Small => command.args(["small", &to.to_string(), &SMALL.to_string()]),
                };
                command
            }
            By::Lftp => {
                let task = match task {
                    Task::Down => format!("get big -o {to}/big"),
                    Task::Up => format!("put {big} -o up/client"),
                    Task::Small => format!("mget -O {to} small/*"),
                };
                let mut command = Command::new("lftp");
                command.arg("-c").arg(format!(
                    "set ftp:ssl-allow no; set net:max-retries 1; set cmd:fail-exit yes; \
                     open -u {USER},{PASSWORD} ftp://{server}; {task}"
                ));
                command
            }
            By::Curl => {
                let url = format!("ftp://{USER}:{PASSWORD}@{server}");
                let mut command = Command::new("curl");
                command.arg("--silent").arg("--show-error");
                match task {
                    Task::Down => command.args(["-o", &format!("{to}/big"), &format!("{url}/big")]),
                    Task::Up => command.args(["-T", &big.to_string(), &format!("{url}/up/client")]),
                    Task::Small => {
                        command.args(["-o", &format!("{to}/#1"), &format!("{url}/small/[0-{}]", SMALL - 1)])
                    }
                };
                command
            }
        }
    }
}

fn check(what: &str, wanted: u64, found: u64) -> Result<()> {
    ensure!(found == wanted, "{found} {what} of {wanted} have arrived");
    Ok(())
}

/// Returns the CPU time in seconds of all programs that this one has waited for.
fn cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6)
}

/// Writes a table of medians, with the range, for each server.
pub fn markdown(results: &Results) -> String {
    let mut out = caption(results);
    let mut notes = Notes::default();
    let columns = TASKS.map(|task| task.title(results.size));
    for server in &results.servers {
        heading(&mut out, &format!("from and to {server}: s (CPU time of the client, s)"), &columns);
        for client in known(results) {
            let cells = TASKS.into_iter().map(|task| {
                let figures = results.figures(client, server, task);
                let [wall, cpu] = &figures;
                if wall.is_empty() {
                    let failure = results.failures(client, server, task).last();
                    return notes.refer(failure.unwrap_or("not measured"));
                }
                let failed = results.failures(client, server, task).count();
                let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
                let shown = |values: &[f64]| format!("{}{}", number(median(values)), range(values));
                format!("**{}** ({}){failed}", shown(wall), shown(cpu))
            });
            row(&mut out, client.title, cells);
        }
        out.push('\n');
    }
    notes.write(&mut out);
    out
}

/// Writes one table of medians.
pub fn summary(results: &Results) -> String {
    let mut out = caption(results);
    let columns: Vec<String> = results
        .servers
        .iter()
        .flat_map(|server| TASKS.map(|task| format!("{server}: {}", task.title(results.size))))
        .collect();
    heading(&mut out, "s (CPU time of the client, s)", &columns);
    for client in known(results) {
        let servers = results.servers.iter();
        let cells = servers.flat_map(|server| {
            TASKS.map(|task| match results.figures(client, server, task) {
                [wall, cpu] if !wall.is_empty() => {
                    format!("{} ({})", number(median(&wall)), number(median(&cpu)))
                }
                _ => "-".into(),
            })
        });
        row(&mut out, client.title, cells);
    }
    out
}

fn caption(results: &Results) -> String {
    let rounds = results.runs.iter().map(|run| run.round + 1).max().unwrap_or(0);
    format!("{}. Medians of {rounds} rounds.\n\n", results.machine)
}

fn known(results: &Results) -> impl Iterator<Item = &'static Client> {
    results.clients.iter().filter_map(|name| CLIENTS.iter().find(|client| client.name == name))
}

impl Task {
    fn title(self, size: u64) -> String {
        let size = if size.is_multiple_of(1 << 30) {
            format!("{} GiB", size >> 30)
        } else {
            format!("{} MiB", size >> 20)
        };
        match self {
            Task::Down => format!("{size} down"),
            Task::Up => format!("{size} up"),
            Task::Small => format!("{} files of 1 KiB down", number(SMALL as f64)),
        }
    }
}

impl Results {
    fn of(&self, client: &Client, server: &str, task: Task) -> impl DoubleEndedIterator<Item = &Run> {
        let runs = self.runs.iter().filter(move |run| run.client == client.name && run.task == task);
        runs.filter(move |run| run.server == server)
    }

    /// Returns the times, and the CPU times.
    fn figures(&self, client: &Client, server: &str, task: Task) -> [Vec<f64>; 2] {
        let figures = || self.of(client, server, task).filter_map(|run| run.figure);
        [figures().map(|figure| figure.wall).collect(), figures().map(|figure| figure.cpu).collect()]
    }

    fn failures(&self, client: &Client, server: &str, task: Task) -> impl DoubleEndedIterator<Item = &str> {
        self.of(client, server, task).filter_map(|run| run.failure.as_deref())
    }
}
