//! What happened in a session, line by line with its virtual time. It is recorded only when it is to be read.

use std::cell::RefCell;

/// The most lines that are kept.
const LINES: usize = 20_000;

thread_local! {
    static TRACE: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Records what happens from now on in this thread.
pub fn begin() {
    TRACE.set(Some(Vec::new()));
}

/// Returns what was recorded, and records no more.
pub fn take() -> Vec<String> {
    TRACE.take().unwrap_or_default()
}

pub fn note(now: u64, line: impl FnOnce() -> String) {
    TRACE.with_borrow_mut(|trace| {
        if let Some(trace) = trace.as_mut().filter(|trace| trace.len() < LINES) {
            trace.push(format!("{:>5}.{:06} {}", now / 1_000_000, now % 1_000_000, line()));
        }
    });
}

/// Records a line unless the last one says the same.
pub fn note_once(now: u64, line: &str) {
    let again = TRACE.with_borrow(|trace| {
        trace.as_ref().is_none_or(|trace| trace.last().is_some_and(|last| last.ends_with(line)))
    });
    if !again {
        note(now, || line.to_owned());
    }
}
