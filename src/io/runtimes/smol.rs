//! The adapter for [smol](https://docs.rs/smol). It needs only smol's reactor: its futures run on
//! any executor.
//!
//! The client and the server are those of [`io::std`](super::std), but their methods are
//! asynchronous. Futures are `Send`, and any of them may be dropped at any point: the next
//! operation ends whatever the dropped one began.

mod client;
mod runtime;
mod server;

pub use crate::io::serve::Shutdown;
pub use client::{Adapted, Client, ClientBuilder, Downloads, Entries, Retrieve, Store};
pub use runtime::Smol;
pub use server::Server;
