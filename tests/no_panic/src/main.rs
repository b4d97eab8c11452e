//! Calls the parsers, writers and codings of the core, every operation and the session with bytes
//! and choices that the compiler cannot know, so that every call that could panic and that the
//! compiler could not rule out is in the program. `run.sh` looks for them.

#![forbid(unsafe_code)]

mod client_end;
mod formats;
mod server_end;

use std::io::Read;

/// Where bytes and choices come from.
pub(crate) struct Input {
    bytes: Vec<u8>,
    at: usize,
}

impl Input {
    pub(crate) fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    pub(crate) fn number(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Returns at most `most` bytes, which are never the same for the compiler.
    pub(crate) fn some(&mut self, most: usize) -> &[u8] {
        let start = self.at.min(self.bytes.len());
        let end =
            self.bytes.len().min(start + most.min(usize::from(self.bytes.get(start).copied().unwrap_or(0))));
        self.at = end;
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

fn main() {
    let mut bytes = Vec::new();
    if std::io::stdin().read_to_end(&mut bytes).is_err() {
        return;
    }
    let mut input = Input { bytes, at: 0 };
    match input.byte() % 3 {
        0 => client_end::run(&mut input),
        1 => server_end::run(&mut input),
        _ => formats::run(&mut input),
    }
}
