//! The adapter for [smol](https://docs.rs/smol), of which it needs the reactor alone: its futures run on any
//! executor.
//!
//! The same client and server as [`io::std`](super::std)'s, their methods asynchronous. Futures are `Send`, and any of
//! them may be dropped at any point: the next operation ends what it began.

mod client;
mod runtime;
mod server;
mod transfer;

pub use crate::io::service::Shutdown;
pub use client::{Client, ClientBuilder};
pub use runtime::Smol;
pub use server::Server;
pub use transfer::{Entries, Retrieve, Store};
