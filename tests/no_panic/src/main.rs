//! Calls the parsers, writers and codings of the core, every operation and the session with bytes
//! and choices that the compiler cannot know, so that every call that could panic and that the
//! compiler could not rule out is in the program. `search.sh` looks for them.
//!
//! The program is built for x86-64 and for a microcontroller, whose `usize` has 32 bits. It never
//! runs on either.

#![cfg_attr(target_os = "none", no_std, no_main)]

mod client_end;
mod formats;
mod server_end;

use core::hint::black_box;

/// Where bytes and choices come from.
pub(crate) struct Input {
    bytes: [u8; 4096],
    at: usize,
}

impl Input {
    pub(crate) fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    pub(crate) fn number(&mut self) -> u64 {
        u64::from_le_bytes(core::array::from_fn(|_| self.byte()))
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

fn run() {
    let mut input = Input { bytes: black_box([0; 4096]), at: 0 };
    match input.byte() % 4 {
        0 => client_end::run(&mut input),
        1 => server_end::run(&mut input),
        2 => formats::run(&mut input),
        _ => panic_on_purpose(&input),
    }
}

/// Has the one call that panics and that the search has to find: a search that misses it would miss
/// others too.
#[inline(never)]
fn panic_on_purpose(input: &Input) {
    black_box(input.bytes[input.at]);
}

#[cfg(not(target_os = "none"))]
fn main() {
    run();
}

#[cfg(target_os = "none")]
#[cortex_m_rt::entry]
fn main() -> ! {
    run();
    loop {}
}

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
