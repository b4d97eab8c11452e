//! CPU time and memory of a server: of its process and all that descend from it, as /proc has
//! them.

use std::collections::HashMap;
use std::{fs, process};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, WaitOptions, getpid, waitpid};

/// A process as /proc/PID/stat has it.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// The number of the process.
    pub pid: u32,
    /// Time of its start in clock ticks since boot, by which a reused number is recognized.
    pub start: u64,
    parent: u32,
    group: u32,
    ended: bool,
    /// CPU time in clock ticks: its own, and that of the children that it has waited for.
    own: u64,
    children: u64,
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
            group: u32::try_from(number(2)?).ok()?,
            ended: *fields.first()? == "Z",
            own: number(11)? + number(12)?,
            children: number(13)? + number(14)?,
        })
    }

    /// Returns whether the process still runs under its number.
    pub fn runs(&self) -> bool {
        Process::read(self.pid).is_some_and(|now| now.start == self.start)
    }
}

fn all() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?))
}

/// Returns the process `root` and all that descend from it.
pub fn tree(root: u32) -> Vec<Process> {
    let mut children: HashMap<u32, Vec<Process>> = HashMap::new();
    for process in all() {
        children.entry(process.parent).or_default().push(process);
    }
    let mut found: Vec<Process> = Process::read(root).into_iter().collect();
    let mut next = 0;
    while let Some(process) = found.get(next) {
        found.extend(children.remove(&process.pid).unwrap_or_default());
        next += 1;
    }
    found
}

/// Makes orphans of the servers children of this process, so that their CPU time is not lost.
pub fn adopt_orphans() -> Result<()> {
    rustix::process::set_child_subreaper(Some(getpid())).context("cannot adopt orphans")
}

/// Returns the CPU time in seconds that the tree of `root` has used so far, and all orphans that
/// this process has adopted: a difference of two results counts the orphans of any server.
pub fn cpu(root: u32) -> f64 {
    let this = process::id();
    // The leaders of groups are our own programs, which others wait for.
    for orphan in all().filter(|process| process.parent == this && process.ended) {
        if orphan.pid != orphan.group
            && let Some(pid) = i32::try_from(orphan.pid).ok().and_then(Pid::from_raw)
        {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
    // A process that ended has its time added to its parent's with more precision than a tick.
    let adopted = Process::read(this).map_or(0, |this| this.children);
    let ticks: u64 = tree(root).iter().map(|process| process.own + process.children).sum();
    (ticks + adopted) as f64 / rustix::param::clock_ticks_per_second() as f64
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
