//! The adapter for [tokio](https://docs.rs/tokio).
//!
//! The same client and server as [`io::std`](super::std)'s, their methods asynchronous. Futures are
//! `Send`, and any of them may be dropped at any point: the next operation ends what it began. They
//! need a runtime with I/O and time enabled.

mod client;
mod runtime;
mod server;

pub use crate::io::serve::Shutdown;
pub use client::{Adapted, Client, ClientBuilder, Entries, Retrieve, Store};
pub use runtime::Tokio;
pub use server::Server;
