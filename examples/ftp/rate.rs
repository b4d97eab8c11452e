//! The limit of the bytes that all transfers together move in a second.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// The largest number of bytes to move at a time.
const CHUNK: usize = 256 * 1024;

/// A limit that any number of threads share.
#[derive(Debug)]
pub struct Rate {
    /// Bytes a second; `None` if there is no limit.
    limit: Option<u64>,
    /// The time when the bytes so far are paid for.
    paid: Mutex<Instant>,
}

impl Rate {
    pub fn new(limit: Option<u64>) -> Self {
        Self { limit, paid: Mutex::new(Instant::now()) }
    }

    /// Returns the number of bytes to move at a time: few enough that the pauses are short.
    pub fn chunk(&self) -> usize {
        let limit = self.limit.and_then(|limit| usize::try_from(limit / 8).ok());
        limit.unwrap_or(CHUNK).clamp(1, CHUNK)
    }

    /// Waits until so many bytes more are within the limit.
    pub fn pay(&self, bytes: usize) {
        let Some(limit) = self.limit else { return };
        let now = Instant::now();
        let begin = {
            let mut paid = self.paid.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let begin = (*paid).max(now);
            *paid = begin + Duration::from_secs_f64(bytes as f64 / limit as f64);
            begin
        };
        thread::sleep(begin.saturating_duration_since(now));
    }
}
