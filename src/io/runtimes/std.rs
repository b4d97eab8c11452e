//! The blocking adapter: a client and a server for programs with threads.
//!
//! A call blocks until it is done. It watches the control and data connections together over
//! non-blocking sockets, and the deadlines of the machine's configuration bound every wait. A call
//! can be given an overall time limit ([`ClientBuilder::operation_timeout`]), and another thread
//! can stop it ([`StopHandle`]).

mod client;
mod reactor;
mod server;
mod stop;
#[cfg(test)]
mod tests;

pub use crate::io::serve::Shutdown;
pub use client::{Client, ClientBuilder, Downloads, Entries, Retrieve, Store};
pub use reactor::Blocking;
pub use server::Server;
pub use stop::StopHandle;
