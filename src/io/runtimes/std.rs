//! The blocking adapter: a client and a server for programs with threads.
//!
//! A call blocks until it is done, watching the control and the data connection together over
//! sockets that do not block, with every wait bounded by the deadlines of the machine's
//! configuration. A call can be given an overall time limit ([`ClientBuilder::operation_timeout`]),
//! and another thread can stop it ([`StopHandle`]).

mod client;
mod reactor;
mod server;
mod stop;
#[cfg(test)]
mod tests;

pub use crate::io::serve::Shutdown;
pub use client::{Client, ClientBuilder, Entries, Retrieve, Store};
pub use reactor::Blocking;
pub use server::Server;
pub use stop::StopHandle;
