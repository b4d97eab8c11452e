//! The adapter for [smol](https://docs.rs/smol), of which it needs the reactor alone: its futures run on any
//! executor.
//!
//! The same client and server as [`io::std`](super::std)'s, their methods asynchronous. Futures are
//! `Send`, and any of them may be dropped at any point: the next operation ends what it began.

mod client;
mod runtime;
mod server;

pub use crate::io::serve::Shutdown;
pub use client::{Adapted, Client, ClientBuilder, Entries, Retrieve, Store};
pub use runtime::Smol;
pub use server::Server;
