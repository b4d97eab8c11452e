//! Counters and measurements.

use std::iter::Sum;
use std::time::{Duration, Instant};
use std::{fmt, fs, thread};

/// The number of operations of the clients.
#[derive(Debug, Default)]
pub struct Counts {
    pub sessions: u64,
    pub operations: u64,
    pub confirmed: u64,
    pub cut: u64,
    pub bytes: u64,
    /// Unexpected failures; only the first of each client.
    pub failures: Vec<String>,
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum.sessions += one.sessions;
            sum.operations += one.operations;
            sum.confirmed += one.confirmed;
            sum.cut += one.cut;
            sum.bytes += one.bytes;
            sum.failures.extend(one.failures);
            sum
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, operations, confirmed, cut, bytes, failures } = self;
        let (mib, failures) = (bytes >> 20, failures.len());
        write!(
            f,
            "{sessions} sessions, {operations} operations, {confirmed} uploads confirmed, {cut} cut, {mib} MiB, \
             {failures} failures"
        )
    }
}

/// System resources of this process.
#[derive(Debug)]
pub struct Process {
    /// Resident memory in bytes.
    pub resident: usize,
    pub descriptors: usize,
    pub threads: usize,
}

impl Process {
    pub fn now() -> Self {
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
        Self {
            resident: pages * rustix::param::page_size(),
            descriptors: fs::read_dir("/proc/self/fd").unwrap().count(),
            threads: fs::read_dir("/proc/self/task").unwrap().count(),
        }
    }

    /// Returns the values once they no longer change, since idle threads end after a while. Waits
    /// half a minute at most.
    pub fn settled(before: Option<&Self>) -> Self {
        let (end, mut last, mut since) =
            (Instant::now() + Duration::from_secs(30), Self::now(), Instant::now());
        while Instant::now() < end {
            thread::sleep(Duration::from_millis(100));
            let now = Self::now();
            if (now.descriptors, now.threads) != (last.descriptors, last.threads) {
                since = Instant::now();
            }
            last = now;
            let is_as_before = before.is_none_or(|before| {
                last.descriptors <= before.descriptors && last.threads <= before.threads
            });
            // Longer than any thread pool keeps an idle thread.
            if is_as_before && since.elapsed() > Duration::from_secs(12) {
                break;
            }
        }
        last
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resident, descriptors, threads } = self;
        write!(f, "{} KiB, {descriptors} descriptors, {threads} threads", resident >> 10)
    }
}
