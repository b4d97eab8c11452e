//! `peers run`: all tests at all servers, in rounds.

use std::collections::HashMap;
use std::{fs, thread};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::children;
use crate::data::Data;
use crate::handshake::{self, Cost};
use crate::measure::{self, ENTRIES, Figure, Settings, Test};
use crate::servers::{self, Running, Server, Setup};

/// All that was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Results {
    /// The machine, in words.
    pub machine: String,
    /// Settings of the tests.
    pub settings: Settings,
    /// Names of the servers, in the order of columns.
    pub servers: Vec<String>,
    /// Names of the tests, in the order of rows.
    pub tests: Vec<String>,
    /// Costs of TLS handshakes, if there were tests with TLS.
    #[serde(default)]
    pub handshakes: Vec<Cost>,
    /// Measurements, in the order in which they were made.
    pub samples: Vec<Sample>,
}

/// A measurement that was made or tried.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Name of the server.
    pub server: String,
    /// Name of the test.
    pub test: String,
    /// Number of the round, from 0.
    pub round: usize,
    /// The measurement, if it succeeded.
    pub figure: Option<Figure>,
    /// The reason why there is no figure.
    pub failure: Option<String>,
}

/// Measures all `tests` at all `servers`: in each round each test, and in each test each server,
/// in an order that rotates. So a disturbance of some seconds hits one round of a test at most.
pub fn run(
    setup: &Setup,
    data: &Data,
    servers: &[Server],
    tests: &[&Test],
    rounds: usize,
    settings: Settings,
) -> Result<Results> {
    data.make_big(settings.size)?;
    data.make_small()?;
    data.make_list(ENTRIES)?;
    let mut results = Results {
        machine: machine(servers),
        settings,
        servers: servers.iter().map(|server| server.name.clone()).collect(),
        tests: tests.iter().map(|test| test.name.to_owned()).collect(),
        handshakes: Vec::new(),
        samples: Vec::new(),
    };
    if tests.iter().any(|test| test.tls) {
        results.handshakes = handshake::measure(setup.directory())?;
    }
    let mut running = HashMap::new();
    for server in servers {
        for tls in [false, true] {
            if tests.iter().any(|test| test.tls == tls && !test.needs_fresh_server()) {
                running.insert((&server.name, tls), start(setup, server, tls));
            }
        }
    }
    for round in 0..rounds {
        for (nth, test) in tests.iter().enumerate() {
            for turn in 0..servers.len() {
                let server = &servers[(turn + round + nth) % servers.len()];
                let mut fresh = None;
                let chosen = match running.get(&(&server.name, test.tls)) {
                    Some(chosen) if server.is_foreign() || !test.needs_fresh_server() => chosen,
                    _ => fresh.insert(start(setup, server, test.tls)),
                };
                let outcome = match chosen {
                    Ok(server) => measure::measure(test, &server.target, server.pid, &settings)
                        .map_err(|error| format!("{error:#}")),
                    Err(reason) => Err(reason.clone()),
                };
                children::wait_if_ending();
                if let Err(reason) = &outcome
                    && reason != "no TLS"
                {
                    eprintln!("{} at {}: {reason}", test.name, server.name);
                }
                results.samples.push(Sample {
                    server: server.name.clone(),
                    test: test.name.to_owned(),
                    round,
                    failure: outcome.as_ref().err().cloned(),
                    figure: outcome.ok(),
                });
            }
        }
        eprintln!("round {} of {rounds} is done", round + 1);
    }
    Ok(results)
}

fn start(setup: &Setup, server: &Server, tls: bool) -> Result<Running, String> {
    setup.start(server, tls).map_err(|error| format!("{error:#}"))
}

/// Describes the machine, and the versions of the peers.
pub fn machine(servers: &[Server]) -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let processors = thread::available_parallelism().map_or(0, usize::from);
    let (kernel, load) = (read("/proc/sys/kernel/osrelease"), read("/proc/loadavg"));
    let mut packages = servers::packages(servers).join(", ");
    if !packages.is_empty() {
        packages.insert_str(0, "; ");
    }
    format!(
        "{processors} processors ({}), Linux {}, load {} at the start{packages}",
        model.map_or("unknown", |(_, model)| model),
        kernel.trim(),
        load.split(' ').next().unwrap_or("unknown")
    )
}
