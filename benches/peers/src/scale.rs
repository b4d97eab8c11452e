//! `peers scale`: the growth of cost with the number of sessions and of entries.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

use crate::account;
use crate::children;
use crate::client::{Session, Target};
use crate::data::Data;
use crate::measure::{self, entries, small_files};
use crate::report::{Notes, heading, number, row};
use crate::run::machine;
use crate::servers::{Server, Setup};

/// Limit of the time to open the sessions of a step, and of a listing.
const LIMIT: Duration = Duration::from_secs(60);
/// Number of sessions that are opened at once.
const OPENERS: usize = 16;
/// Memory of the machine in KiB below which no more sessions are opened.
const RESERVE: u64 = 1024 * 1024;

/// The steps to measure, and the limits.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Numbers of idle sessions, rising.
    pub sessions: Vec<usize>,
    /// Numbers of entries of the directories to list.
    pub listings: Vec<usize>,
    /// Number of sessions that fetch files at once.
    pub active: usize,
    /// Duration of each measurement.
    pub time: Duration,
    /// Number of descriptors that a process may have.
    pub descriptors: u64,
}

/// A measurement, or the reason why there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point<T> {
    /// Name of the server.
    pub server: String,
    /// Number of idle sessions, or of entries.
    pub count: usize,
    /// The measurement, if it succeeded.
    pub figure: Option<T>,
    /// The reason why there is no figure.
    pub failure: Option<String>,
}

/// Measured with a number of idle sessions open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    /// Files per second that the active sessions fetch.
    pub files: f64,
    /// Median of the duration of a fetch in milliseconds.
    pub median: f64,
    /// Duration in milliseconds that 99 % of the fetches do not exceed.
    pub p99: f64,
    /// Memory of the idle sessions in KiB.
    pub memory: f64,
}

/// All that was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Growth {
    /// The machine, in words.
    pub machine: String,
    /// Names of the servers.
    pub servers: Vec<String>,
    /// Number of active sessions.
    pub active: usize,
    /// By number of idle sessions.
    pub sessions: Vec<Point<Load>>,
    /// Entries per second, by number of entries.
    pub listings: Vec<Point<f64>>,
}

/// Measures one server after another.
pub fn scale(setup: &Setup, data: &Data, servers: &[Server], plan: &Plan) -> Result<Growth> {
    data.make_small()?;
    let mut growth = Growth {
        machine: machine(servers),
        servers: servers.iter().map(|server| server.name.clone()).collect(),
        active: plan.active,
        sessions: Vec::new(),
        listings: Vec::new(),
    };
    for server in servers {
        growth.sessions.extend(sessions(setup, server, plan));
        eprintln!("sessions at {} are done", server.name);
    }
    for &count in &plan.listings {
        let directory = data.make_list(count)?;
        for server in servers {
            let outcome = listing(setup, server, &directory, count, plan.time);
            children::wait_if_ending();
            growth.listings.push(Point::new(server, count, outcome));
        }
        eprintln!("listings of {count} entries are done");
    }
    Ok(growth)
}

impl<T> Point<T> {
    fn new(server: &Server, count: usize, outcome: Result<T>) -> Point<T> {
        let failure = outcome.as_ref().err().map(|error| format!("{error:#}"));
        Point { server: server.name.clone(), count, figure: outcome.ok(), failure }
    }
}

/// Opens more and more idle sessions, and measures at each step. A server that fails once is not
/// asked for more.
fn sessions(setup: &Setup, server: &Server, plan: &Plan) -> Vec<Point<Load>> {
    let mut points = Vec::new();
    let running = setup.start(server, false);
    let mut idle = Vec::new();
    let mut before = None;
    for &count in &plan.sessions {
        let outcome = match (&running, points.last()) {
            (Err(error), _) => Err(anyhow!("{error:#}")),
            (_, Some(Point::<Load> { figure: None, .. })) => break,
            (Ok(running), _) => step(&running.target, running.pid, &mut idle, count, plan, &mut before),
        };
        children::wait_if_ending();
        points.push(Point::new(server, count, outcome));
    }
    // They end with their connections, which is quicker than QUIT for each.
    drop(idle);
    points
}

fn step(
    target: &Target,
    pid: u32,
    idle: &mut Vec<Session>,
    count: usize,
    plan: &Plan,
    before: &mut Option<u64>,
) -> Result<Load> {
    // Control and data connections of the active sessions, and some for the rest of this program.
    let wanted = (count + 2 * plan.active + 64) as u64;
    ensure!(wanted <= plan.descriptors, "the limit of open files, {}, is too low", plan.descriptors);
    let before = match *before {
        Some(before) => before,
        None => {
            // Not the first: what a server sets up once is no part of a session.
            measure::open(target)?.quit();
            thread::sleep(Duration::from_millis(500));
            *before.insert(account::memory(pid)?)
        }
    };
    open_up_to(target, idle, count)?;
    thread::sleep(Duration::from_millis(500));
    let memory = account::memory(pid)? as f64 - before as f64;
    let mut active = Vec::new();
    open_up_to(target, &mut active, plan.active)?;
    let start = Instant::now();
    let mut latencies = small_files(&mut active, plan.time)?;
    let elapsed = start.elapsed().as_secs_f64();
    active.into_iter().for_each(Session::quit);
    for (nth, session) in idle.iter_mut().enumerate() {
        session.expect("NOOP", 2).map_err(|error| anyhow!("idle session {nth} of {count}: {error:#}"))?;
    }
    latencies.sort();
    let quantile = |share: f64| {
        let at = (latencies.len() as f64 * share) as usize;
        latencies[at.min(latencies.len() - 1)].as_secs_f64() * 1e3
    };
    let files = latencies.len() as f64 / elapsed;
    Ok(Load { files, median: quantile(0.5), p99: quantile(0.99), memory })
}

/// Opens sessions until there are `count`.
fn open_up_to(target: &Target, sessions: &mut Vec<Session>, count: usize) -> Result<()> {
    let end = Instant::now() + LIMIT;
    let missing = Mutex::new(count.saturating_sub(sessions.len()));
    let opened = Mutex::new(Vec::new());
    let open = || -> Result<()> {
        loop {
            {
                let mut missing = missing.lock().expect("no panic");
                if *missing == 0 {
                    return Ok(());
                }
                ensure!(Instant::now() < end, "{} s were not enough", LIMIT.as_secs());
                ensure!(
                    !missing.is_multiple_of(100) || account::available()? > RESERVE,
                    "the machine is short of memory"
                );
                *missing -= 1;
            }
            let session = measure::open(target).inspect_err(|_| *missing.lock().expect("no panic") = 0)?;
            opened.lock().expect("no panic").push(session);
        }
    };
    let result: Result<()> = thread::scope(|scope| {
        let threads: Vec<_> = (0..OPENERS).map(|_| scope.spawn(open)).collect();
        // Each is joined by the scope, also those after the first failure.
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    });
    sessions.append(&mut opened.into_inner().expect("no panic"));
    result.map_err(|error| anyhow!("only {} of {count} sessions: {error:#}", sessions.len()))
}

/// Returns the entries per second of LIST.
fn listing(setup: &Setup, server: &Server, directory: &str, count: usize, time: Duration) -> Result<f64> {
    let running = setup.start(server, false)?;
    let mut session = measure::open(&running.target)?;
    session.expect(&format!("CWD /{directory}"), 2)?;
    let (start, mut sum) = (Instant::now(), 0);
    while sum == 0 || start.elapsed() < time {
        let found = entries(&mut session, "LIST", LIMIT)?;
        // Some count the directory itself and its parent.
        ensure!(found >= count, "it lists only {} of {count} entries", found);
        sum += count;
    }
    let rate = sum as f64 / start.elapsed().as_secs_f64();
    session.quit();
    Ok(rate)
}

/// A quantity of [`Load`]: its title and how to get it.
type Quantity = (&'static str, fn(&Load) -> f64);

/// Writes a table for each quantity.
pub fn markdown(growth: &Growth) -> String {
    let mut out = format!("{}. {} active sessions.\n\n", growth.machine, growth.active);
    let mut notes = Notes::default();
    let quantities: [Quantity; 4] = [
        ("1 KiB files/s, by idle sessions", |load| load.files),
        ("median of a fetch, ms", |load| load.median),
        ("99th percentile of a fetch, ms", |load| load.p99),
        ("memory of the idle sessions, KiB", |load| load.memory),
    ];
    for (title, quantity) in quantities {
        table(&mut out, title, growth, &growth.sessions, quantity, &mut notes);
    }
    table(&mut out, "LIST, entries/s, by entries", growth, &growth.listings, |&rate| rate, &mut notes);
    if growth.sessions.iter().any(|point| point.figure.is_none()) {
        out.push_str("A dash stands behind a failure with fewer sessions.\n");
    }
    notes.write(&mut out);
    out
}

fn table<T>(
    out: &mut String,
    title: &str,
    growth: &Growth,
    points: &[Point<T>],
    value: impl Fn(&T) -> f64,
    notes: &mut Notes,
) {
    let mut counts: Vec<usize> = points.iter().map(|point| point.count).collect();
    counts.sort_unstable();
    counts.dedup();
    if counts.is_empty() {
        return;
    }
    heading(out, title, &growth.servers);
    for count in counts {
        let cells = growth.servers.iter().map(|server| {
            let point = points.iter().find(|point| point.server == *server && point.count == count);
            match point {
                Some(Point { figure: Some(figure), .. }) => number(value(figure)),
                Some(Point { failure: Some(reason), .. }) => notes.refer(reason),
                // The server has failed with fewer sessions.
                _ => "-".into(),
            }
        });
        row(out, &count.to_string(), cells);
    }
    out.push('\n');
}
