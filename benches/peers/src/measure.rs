//! The tests, each of which measures one server once.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::account;
use crate::client::{Session, Target};
use crate::data::{self, SMALL, SMALL_SIZE};

/// Limit of one transfer.
const TRANSFER: Duration = Duration::from_secs(60);
/// Size of what the client reads and writes at a time.
const CHUNK: usize = 256 * 1024;
/// Entries of the directory that is listed.
pub const ENTRIES: usize = 10_000;
/// Time for a server to do what its clients no longer wait for, such as ending sessions.
const SETTLE: Duration = Duration::from_millis(500);

/// A test.
#[derive(Debug)]
pub struct Test {
    /// The name of the test on the command line.
    pub name: &'static str,
    /// The name of the test in tables.
    pub title: &'static str,
    /// Unit of its value.
    pub unit: &'static str,
    /// Unit of the server's CPU time, or an empty string if that is not measured.
    pub cpu_unit: &'static str,
    /// Clients and servers speak TLS.
    pub tls: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Retrieve,
    Store,
    /// Small files, by that many sessions.
    Small(usize),
    /// Logins, that many at once.
    Login(usize),
    /// NOOP, that many in flight.
    Noop(usize),
    /// Listings by a command.
    List(&'static str),
    Idle,
}

impl Test {
    /// The smaller value is the better one.
    pub fn is_cost(&self) -> bool {
        self.kind == Kind::Idle
    }

    /// A server that has served before may have kept memory, so that this needs a new one.
    pub fn needs_fresh_server(&self) -> bool {
        self.kind == Kind::Idle
    }
}

const fn test(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    cpu_unit: &'static str,
    kind: Kind,
) -> Test {
    // Names that begin so are those of tests with TLS.
    let tls = matches!(name.as_bytes(), [b't', b'l', b's', b'-', ..]);
    Test { name, title, unit, cpu_unit, tls, kind }
}

/// All tests in their order.
#[rustfmt::skip]
pub const TESTS: [Test; 16] = [
    test("retr",      "RETR, one large file",            "MB/s",        "s/GB",       Kind::Retrieve),
    test("stor",      "STOR, one large file",            "MB/s",        "s/GB",       Kind::Store),
    test("small1",    "RETR of 1 KiB files, 1 session",  "files/s",     "µs/file",    Kind::Small(1)),
    test("small8",    "RETR of 1 KiB files, 8 sessions", "files/s",     "µs/file",    Kind::Small(8)),
    test("login1",    "logins, one after another",       "logins/s",    "µs/login",   Kind::Login(1)),
    test("login8",    "logins, 8 at once",               "logins/s",    "µs/login",   Kind::Login(8)),
    test("noop1",     "NOOP, one after another",         "commands/s",  "µs/command", Kind::Noop(1)),
    test("noop64",    "NOOP, 64 pipelined",              "commands/s",  "µs/command", Kind::Noop(64)),
    test("nlst",      "NLST of 10,000 entries",          "listings/s",  "µs/listing", Kind::List("NLST")),
    test("list",      "LIST of 10,000 entries",          "listings/s",  "µs/listing", Kind::List("LIST")),
    test("mlsd",      "MLSD of 10,000 entries",          "listings/s",  "µs/listing", Kind::List("MLSD")),
    test("idle",      "memory of an idle session",       "KiB",         "",           Kind::Idle),
    test("tls-retr",  "TLS: RETR, one large file",       "MB/s",        "s/GB",       Kind::Retrieve),
    test("tls-stor",  "TLS: STOR, one large file",       "MB/s",        "s/GB",       Kind::Store),
    test("tls-login", "TLS: logins, one after another",  "logins/s",    "µs/login",   Kind::Login(1)),
    test("tls-idle",  "TLS: memory of an idle session",  "KiB",         "",           Kind::Idle),
];

/// Finds a test by its name.
pub fn named(name: &str) -> Option<&'static Test> {
    TESTS.iter().find(|test| test.name == name)
}

/// Settings of all tests.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Size of the large file in bytes.
    pub size: u64,
    /// Duration of each measurement in seconds.
    pub seconds: f64,
    /// Number of sessions whose memory is measured.
    pub idle: usize,
}

/// The result of a measurement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figure {
    /// In the unit of the test.
    pub value: f64,
    /// The server's CPU time in the test's unit for it.
    pub cpu: Option<f64>,
    /// A remark, such as the negotiated TLS.
    pub note: Option<String>,
}

/// Adds up time and the server's CPU time, while it runs.
struct Meter {
    pid: u32,
    elapsed: Duration,
    cpu: f64,
}

impl Meter {
    fn new(pid: u32) -> Meter {
        Meter { pid, elapsed: Duration::ZERO, cpu: 0.0 }
    }

    /// Measures `work`.
    fn run<T>(&mut self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let cpu = account::cpu(self.pid);
        let start = Instant::now();
        let result = work()?;
        self.elapsed += start.elapsed();
        self.cpu += account::cpu(self.pid) - cpu;
        Ok(result)
    }

    /// The figure for `count` operations, with CPU time for each in units of 1 / `scale` seconds.
    fn figure(&self, count: f64, scale: f64) -> Figure {
        let value = count / self.elapsed.as_secs_f64();
        Figure { value, cpu: Some((self.cpu / count * scale).max(0.0)), note: None }
    }
}

/// Measures the server behind `target` once.
pub fn measure(test: &Test, target: &Target, pid: u32, settings: &Settings) -> Result<Figure> {
    let time = Duration::from_secs_f64(settings.seconds);
    match test.kind {
        Kind::Retrieve => retrieve(target, pid, settings.size, time),
        Kind::Store => store(target, pid, settings.size, time),
        Kind::Small(sessions) => small(target, pid, sessions, time),
        Kind::Login(threads) => login(target, pid, threads, time),
        Kind::Noop(depth) => noop(target, pid, depth, time),
        Kind::List(command) => list(target, pid, command, time),
        Kind::Idle => idle(target, pid, settings.idle),
    }
}

/// Opens a session. A second try is allowed: with AUTH TLS some servers lose one now and then.
pub fn open(target: &Target) -> Result<Session> {
    Session::open(target).or_else(|_| Session::open(target))
}

fn retrieve(target: &Target, pid: u32, size: u64, time: Duration) -> Result<Figure> {
    let mut session = open(target)?;
    let (mut meter, mut buffer, mut sum) = (Meter::new(pid), vec![0; CHUNK], 0);
    while meter.elapsed < time {
        renew(&mut session, target)?;
        let received = meter.run(|| session.receive("RETR big", &mut buffer, TRANSFER, |_| {}))?;
        ensure!(received == size, "it sent {received} bytes of {size}");
        sum += received;
    }
    let note = session.tls();
    session.quit();
    Ok(bulk(&meter, sum, note))
}

/// Opens a new session under TLS. Servers want data connections to resume a TLS session, and not all
/// of them give new tickets after those of the control connection.
fn renew(session: &mut Session, target: &Target) -> Result<()> {
    if target.tls.is_some() {
        std::mem::replace(session, open(target)?).quit();
    }
    Ok(())
}

fn store(target: &Target, pid: u32, size: u64, time: Duration) -> Result<Figure> {
    let mut session = open(target)?;
    let (mut meter, chunk, mut sum) = (Meter::new(pid), data::noise(CHUNK), 0);
    let name = format!("/up/{}", target.address.port());
    while meter.elapsed < time {
        renew(&mut session, target)?;
        if target.tls.is_some() {
            // Our server holds back the reply to the first upload for 50 ms, to learn whether the
            // client needs tickets early. That is no part of the rate.
            session.store(&name, 1, &chunk, TRANSFER)?;
        }
        meter.run(|| session.store(&name, size, &chunk, TRANSFER))?;
        sum += size;
        let stored = session.expect(&format!("SIZE {name}"), 2);
        if let Ok(stored) = stored {
            ensure!(stored.ends_with(&format!(" {size}")), "of {size} bytes it stored {stored}");
        }
        session.expect(&format!("DELE {name}"), 2)?;
    }
    let note = session.tls();
    session.quit();
    Ok(bulk(&meter, sum, note))
}

fn bulk(meter: &Meter, bytes: u64, note: Option<String>) -> Figure {
    let per_byte = meter.figure(bytes as f64, 1e9);
    Figure { value: per_byte.value / 1e6, note, ..per_byte }
}

fn small(target: &Target, pid: u32, sessions: usize, time: Duration) -> Result<Figure> {
    let mut sessions: Vec<Session> = (0..sessions).map(|_| open(target)).collect::<Result<_>>()?;
    let mut meter = Meter::new(pid);
    let latencies = meter.run(|| small_files(&mut sessions, time))?;
    sessions.into_iter().for_each(Session::quit);
    Ok(meter.figure(latencies.len() as f64, 1e6))
}

/// Fetches small files in all sessions at once until `time` has passed, at least one in each.
/// Returns the duration of each fetch, from EPSV to the last reply.
pub fn small_files(sessions: &mut [Session], time: Duration) -> Result<Vec<Duration>> {
    let end = Instant::now() + time;
    let fetch = |nth: usize, session: &mut Session| -> Result<Vec<Duration>> {
        let (mut latencies, mut buffer) = (Vec::new(), vec![0; 8 * SMALL_SIZE]);
        loop {
            let start = Instant::now();
            let number = (latencies.len() * 7 + nth * 131) % SMALL;
            let received = session.receive(&format!("RETR small/{number}"), &mut buffer, TRANSFER, |_| {})?;
            ensure!(received == SMALL_SIZE as u64, "it sent {received} bytes of {SMALL_SIZE}");
            latencies.push(start.elapsed());
            if Instant::now() >= end {
                return Ok(latencies);
            }
        }
    };
    thread::scope(|scope| {
        let fetch = &fetch;
        let threads: Vec<_> = sessions
            .iter_mut()
            .enumerate()
            .map(|(nth, session)| scope.spawn(move || fetch(nth, session)))
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().expect("no panic")?);
        }
        Ok(all)
    })
}

fn login(target: &Target, pid: u32, threads: usize, time: Duration) -> Result<Figure> {
    let (start, cpu) = (Instant::now(), account::cpu(pid));
    // Number of logins that succeeded, the failures, and the TLS.
    let counts = Mutex::new((0_u32, 0_u32, None, None));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut failed = 0;
                while start.elapsed() < time && failed < 20 {
                    let visit = Session::visit(target);
                    let mut counts = counts.lock().expect("no panic");
                    match visit {
                        Ok(tls) => {
                            counts.0 += 1;
                            counts.3 = tls;
                        }
                        Err(error) => {
                            failed += 1;
                            counts.1 += 1;
                            counts.2 = Some(error);
                        }
                    }
                }
            });
        }
    });
    let elapsed = start.elapsed();
    let (count, failed, error, tls) = counts.into_inner().expect("no panic");
    if count == 0 {
        return Err(error.context("no login at all")?);
    }
    // Processes that are still ending count as well.
    thread::sleep(SETTLE);
    let meter = Meter { pid, elapsed, cpu: account::cpu(pid) - cpu };
    let failures = error.map(|error| format!("{failed} of {} logins failed: {error:#}", count + failed));
    Ok(Figure { note: failures.or(tls), ..meter.figure(f64::from(count), 1e6) })
}

fn noop(target: &Target, pid: u32, depth: usize, time: Duration) -> Result<Figure> {
    let mut session = open(target)?;
    let commands = b"NOOP\r\n".repeat(depth);
    let mut meter = Meter::new(pid);
    let count = meter.run(|| {
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < time {
            session.send_bytes(&commands)?;
            session.replies(depth, 2)?;
            count += depth;
        }
        Ok(count)
    })?;
    session.quit();
    Ok(meter.figure(count as f64, 1e6))
}

fn list(target: &Target, pid: u32, command: &str, time: Duration) -> Result<Figure> {
    let mut session = open(target)?;
    session.expect(&format!("CWD /list-{ENTRIES}"), 2)?;
    let (mut meter, mut count) = (Meter::new(pid), 0);
    while meter.elapsed < time {
        let entries = meter.run(|| entries(&mut session, command, TRANSFER))?;
        // Some count the directory itself and its parent.
        ensure!(entries >= ENTRIES, "it listed {entries} entries of {ENTRIES}");
        count += 1;
    }
    session.quit();
    Ok(meter.figure(f64::from(count), 1e6))
}

/// Lists the working directory and returns the number of lines.
pub fn entries(session: &mut Session, command: &str, limit: Duration) -> Result<usize> {
    let (mut lines, mut buffer) = (0, vec![0; 64 * 1024]);
    session.receive(command, &mut buffer, limit, |bytes| {
        lines += bytes.iter().filter(|&&byte| byte == b'\n').count();
    })?;
    Ok(lines)
}

fn idle(target: &Target, pid: u32, count: usize) -> Result<Figure> {
    // Not the first: what a server sets up once is no part of a session.
    open(target)?.quit();
    thread::sleep(SETTLE);
    let before = account::memory(pid)?;
    let mut sessions = Vec::new();
    let start = Instant::now();
    while sessions.len() < count {
        let session = open(target).with_context(|| format!("after {} sessions", sessions.len()))?;
        sessions.push(session);
        ensure!(start.elapsed() < TRANSFER, "{} sessions in {TRANSFER:?}", sessions.len());
    }
    let note = sessions.first().and_then(Session::tls);
    thread::sleep(SETTLE);
    let after = account::memory(pid)?;
    sessions.into_iter().for_each(Session::quit);
    Ok(Figure { value: (after as f64 - before as f64) / count as f64, cpu: None, note })
}
