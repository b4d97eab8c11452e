//! The adapter for [tokio](https://docs.rs/tokio).
//!
//! The client and the server are those of [`io::std`](super::std), but their methods are
//! asynchronous. Futures are `Send`, and any of them may be dropped at any point: the next
//! operation ends whatever the dropped one began. Futures need a tokio runtime with I/O and time
//! enabled.

mod client;
mod runtime;
mod server;

pub use crate::io::serve::Shutdown;
pub use client::{Adapted, Client, ClientBuilder, Downloads, Entries, Retrieve, Store};
pub use runtime::Tokio;
pub use server::Server;
