//! The adapter for [tokio](https://docs.rs/tokio).
//!
//! The same client and server as [`io::std`](super::std)'s, their methods asynchronous. Futures are `Send`, and any of
//! them may be dropped at any point: the next operation ends what it began. They need a runtime with I/O and
//! time enabled.

mod client;
mod runtime;
mod server;
mod transfer;

pub use crate::io::service::Shutdown;
pub use client::{Client, ClientBuilder};
pub use runtime::Tokio;
pub use server::Server;
pub use transfer::{Entries, Retrieve, Store};
