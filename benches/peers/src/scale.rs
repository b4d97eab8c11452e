//! `peers scale`: the growth of cost with the number of sessions and of entries.

use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
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
/// Number of idle sessions from one address. Each takes a port of the address for good, of which the
/// system gives about 28,000.
const PER_ADDRESS: usize = 5000;
/// Number of sessions that a server which takes no more has to take besides the active ones.
const ROOM: usize = 16;
/// Pause between two looks at a server's memory.
const PAUSE: Duration = Duration::from_millis(5);
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
    /// Memory of the server in KiB, with the idle sessions alone.
    pub memory: f64,
    /// Memory in KiB that each idle session takes, if there are any.
    pub each: Option<f64>,
    /// Number of idle sessions.
    pub idle: usize,
    /// The reason why these are fewer than wanted.
    pub short: Option<String>,
}

/// Measured while a directory is listed again and again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listings {
    /// Entries per second.
    pub entries: f64,
    /// Median of the duration of a listing in milliseconds.
    pub median: f64,
    /// Duration in milliseconds that 99 % of the listings do not exceed.
    pub p99: f64,
    /// The highest memory of the server in KiB, less that before the first listing.
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
    /// Duration of each measurement in seconds.
    pub seconds: f64,
    /// By number of idle sessions.
    pub sessions: Vec<Point<Load>>,
    /// By number of entries.
    pub listings: Vec<Point<Listings>>,
}

/// Measures one server after another.
pub fn scale(setup: &Setup, data: &Data, servers: &[Server], plan: &Plan) -> Result<Growth> {
    data.make_small()?;
    let mut growth = Growth {
        machine: machine(servers),
        servers: servers.iter().map(|server| server.name.clone()).collect(),
        active: plan.active,
        seconds: plan.time.as_secs_f64(),
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
        let last: Option<&Point<Load>> = points.last();
        if last.is_some_and(|last| last.figure.as_ref().is_none_or(|load| load.short.is_some())) {
            break;
        }
        let outcome = match &running {
            Err(error) => Err(anyhow!("{error:#}")),
            Ok(running) => step(&running.target, running.pid, &mut idle, count, plan, &mut before),
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
    let present = idle.len();
    let short = match open_up_to(target, idle, count) {
        Ok(()) => None,
        // The server takes no more. Some are closed again, to make room for the active ones.
        Err(error) if idle.len() > present + plan.active + ROOM => {
            idle.truncate(idle.len() - plan.active - ROOM);
            Some(format!("with {} idle sessions: {error:#}", idle.len()))
        }
        Err(error) => return Err(error),
    };
    thread::sleep(Duration::from_millis(500));
    let memory = account::memory(pid)? as f64;
    let each = (!idle.is_empty()).then(|| (memory - before as f64) / idle.len() as f64);
    let mut active = Vec::new();
    open_up_to(target, &mut active, plan.active)?;
    let start = Instant::now();
    let mut latencies = small_files(&mut active, plan.time)?;
    let elapsed = start.elapsed().as_secs_f64();
    active.into_iter().for_each(Session::quit);
    for (nth, session) in idle.iter_mut().enumerate() {
        session.expect("NOOP", 2).map_err(|error| anyhow!("idle session {nth}: {error:#}"))?;
    }
    let files = latencies.len() as f64 / elapsed;
    let [median, p99] = quantiles(&mut latencies);
    Ok(Load { files, median, p99, memory, each, idle: idle.len(), short })
}

/// Returns the median and the 99th percentile in milliseconds. There is one duration at least.
fn quantiles(durations: &mut [Duration]) -> [f64; 2] {
    durations.sort();
    [0.5, 0.99].map(|share| {
        let at = (durations.len() as f64 * share) as usize;
        durations[at.min(durations.len() - 1)].as_secs_f64() * 1e3
    })
}

/// Opens sessions until there are `count`.
fn open_up_to(target: &Target, sessions: &mut Vec<Session>, count: usize) -> Result<()> {
    let end = Instant::now() + LIMIT;
    let is_local = target.address.ip() == Ipv4Addr::LOCALHOST;
    let present = sessions.len();
    let missing = Mutex::new(count.saturating_sub(present));
    let opened = Mutex::new(Vec::new());
    let open = || -> Result<()> {
        loop {
            let source = {
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
                source(present + *missing).filter(|_| is_local)
            };
            let target = Target { source, ..target.clone() };
            let session = measure::open(&target).inspect_err(|_| *missing.lock().expect("no panic") = 0)?;
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

/// Returns the address from which the session with the number `nth` connects: 127.0.0.1, which the
/// system chooses by itself, and others where there are many.
fn source(nth: usize) -> Option<Ipv4Addr> {
    let last = u8::try_from(1 + nth / PER_ADDRESS).unwrap_or(u8::MAX);
    (last > 1).then_some(Ipv4Addr::new(127, 0, 0, last))
}

/// Measures LIST.
fn listing(
    setup: &Setup,
    server: &Server,
    directory: &str,
    count: usize,
    time: Duration,
) -> Result<Listings> {
    let running = setup.start(server, false)?;
    let mut session = measure::open(&running.target)?;
    session.expect(&format!("CWD /{directory}"), 2)?;
    let mut list = || {
        let start = Instant::now();
        let found = entries(&mut session, "LIST", LIMIT)?;
        // Some count the directory itself and its parent.
        ensure!(found >= count, "it lists only {found} of {count} entries");
        Ok(start.elapsed())
    };
    // The memory first, since a server may keep what it has once used.
    let before = account::memory(running.pid)? as f64;
    let memory = highest_memory(running.pid, &mut list)? - before;
    let (start, mut durations) = (Instant::now(), Vec::new());
    while durations.is_empty() || start.elapsed() < time {
        durations.push(list()?);
    }
    let entries = (count * durations.len()) as f64 / start.elapsed().as_secs_f64();
    let [median, p99] = quantiles(&mut durations);
    session.quit();
    Ok(Listings { entries, median, p99, memory })
}

/// Returns the highest memory of a server in KiB, as far as it is seen, while `work` is done.
fn highest_memory(pid: u32, work: impl FnOnce() -> Result<Duration>) -> Result<f64> {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| -> Result<u64> {
            let mut highest = 0;
            loop {
                let is_last = is_done.load(Ordering::Relaxed);
                highest = highest.max(account::memory(pid)?);
                if is_last {
                    return Ok(highest);
                }
                thread::sleep(PAUSE);
            }
        });
        let result = work();
        is_done.store(true, Ordering::Relaxed);
        let highest = watch.join().expect("no panic")?;
        result.map(|_| highest as f64)
    })
}

/// A quantity: its title and how to get it.
type Quantity<T> = (&'static str, fn(&T) -> Option<f64>);

/// A measurement that may not be the one that was wanted.
trait Short {
    /// Returns the difference.
    fn short(&self) -> Option<&str> {
        None
    }
}

impl Short for Listings {}

impl Short for Load {
    fn short(&self) -> Option<&str> {
        self.short.as_deref()
    }
}

/// Writes a table for each quantity.
pub fn markdown(growth: &Growth) -> String {
    let mut out = format!(
        "# Growth\n\nOne run of `peers scale`, {} s a measurement.\n\n{}. {} active sessions.\n\n",
        growth.seconds, growth.machine, growth.active
    );
    let mut notes = Notes::default();
    let by_sessions: [Quantity<Load>; 5] = [
        ("1 KiB files/s, by idle sessions", |load| Some(load.files)),
        ("median of a fetch, ms", |load| Some(load.median)),
        ("99th percentile of a fetch, ms", |load| Some(load.p99)),
        ("memory of the server, KiB", |load| Some(load.memory)),
        ("memory of each idle session, KiB", |load| load.each),
    ];
    for (title, quantity) in by_sessions {
        table(&mut out, title, growth, &growth.sessions, quantity, &mut notes);
    }
    let by_entries: [Quantity<Listings>; 4] = [
        ("LIST, entries/s, by entries", |listings| Some(listings.entries)),
        ("median of a listing, ms", |listings| Some(listings.median)),
        ("99th percentile of a listing, ms", |listings| Some(listings.p99)),
        ("memory that a listing takes at most, KiB", |listings| Some(listings.memory)),
    ];
    for (title, quantity) in by_entries {
        table(&mut out, title, growth, &growth.listings, quantity, &mut notes);
    }
    let is_full = |point: &Point<Load>| point.figure.as_ref().is_some_and(|load| load.short.is_none());
    if !growth.sessions.iter().all(is_full) {
        out.push_str("A server that failed or refused sessions was not measured with more.\n");
    }
    notes.write(&mut out);
    out
}

fn table<T: Short>(
    out: &mut String,
    title: &str,
    growth: &Growth,
    points: &[Point<T>],
    value: impl Fn(&T) -> Option<f64>,
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
                Some(Point { figure: Some(figure), .. }) => {
                    let value = value(figure).map_or("-".into(), number);
                    figure.short().map_or(value.clone(), |short| format!("{value} {}", notes.mark(short)))
                }
                Some(Point { failure: Some(reason), .. }) => notes.refer(reason),
                // The server has failed with fewer sessions.
                _ => "-".into(),
            }
        });
        row(out, &count.to_string(), cells);
    }
    out.push('\n');
}
