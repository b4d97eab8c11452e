//! What every adapter's client does, over real sockets: one suite, `suite.rs`, compiled for each runtime.
//!
//! A runtime's module says what the suite knows of it: its `Client`, how to wait for what a method gives
//! (`wait!`), how to read and write. [`world`] has the server and the ways to be connected to it.
#![cfg(all(feature = "disk", feature = "tokio", feature = "smol", feature = "ring"))]
// That is how it is written once.
#![allow(clippy::duplicate_mod)]

mod blocking;
#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod certificates;
mod dribble;
mod embedded;
mod hosts;
mod on_mio;
mod on_smol;
mod on_tokio;
mod peers;
mod proxied;
#[path = "../../examples/mio/runtime.rs"]
mod runtime;
mod slow;
#[path = "../support/socks.rs"]
mod socks;
mod tunnels;
mod world;
