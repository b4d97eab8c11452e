//! CPU time and memory of a server: of its process and all that descend from it, as /proc has
//! them.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context as _, Result};

/// A process as /proc/PID/stat has it.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Time of its start in clock ticks since boot, by which a reused number is recognized.
    pub start: u64,
    parent: u32,
    /// CPU time in clock ticks: its own, and that of the children that it has waited for.
    ticks: u64,
}

impl Process {
    /// Reads the process `pid`, unless it has ended.
    pub fn read(pid: u32) -> Option<Process> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is a name in parentheses, which may contain anything.
        let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
        let number = |nth: usize| fields.get(nth)?.parse::<u64>().ok();
        Some(Process {
            pid,
            start: number(19)?,
            parent: u32::try_from(number(1)?).ok()?,
            ticks: (11..=14).map(number).sum::<Option<u64>>()?,
        })
    }

    /// Returns whether the process still runs under its number.
    pub fn runs(&self) -> bool {
        Process::read(self.pid).is_some_and(|now| now.start == self.start)
    }
}

/// Returns the process `root` and all that descend from it.
pub fn tree(root: u32) -> Vec<Process> {
    let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(process) = pid.and_then(Process::read) {
            children.entry(process.parent).or_default().push(process);
        }
    }
    let mut found: Vec<Process> = Process::read(root).into_iter().collect();
    let mut next = 0;
    while let Some(process) = found.get(next) {
        found.extend(children.remove(&process.pid).unwrap_or_default());
        next += 1;
    }
    found
}

/// Returns the CPU time in seconds that the tree of `root` has used so far.
pub fn cpu(root: u32) -> f64 {
    let ticks: u64 = tree(root).iter().map(|process| process.ticks).sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Returns the memory of the tree of `root` in KiB, with shared pages divided among those that
/// share them (PSS).
pub fn memory(root: u32) -> Result<u64> {
    let mut sum = 0;
    for process in tree(root) {
        // A process that ends while this reads has no memory any more.
        let Ok(rollup) = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)) else { continue };
        sum += field(&rollup, "Pss:").unwrap_or(0);
    }
    (sum > 0).then_some(sum).with_context(|| format!("cannot read the memory of process {root}"))
}

/// Returns the machine's available memory in KiB.
pub fn available() -> Result<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo")?;
    field(&meminfo, "MemAvailable:").context("/proc/meminfo has no MemAvailable")
}

/// Returns the number behind `name` at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}
