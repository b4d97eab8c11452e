//! The blocking adapter: a client and a server for programs with threads.
//!
//! A call blocks until it is done, watching the control and the data connection together over sockets
//! that do not block, with every wait bounded by the deadlines of the machine's configuration.

mod builder;
mod client;
mod reactor;
mod restart;
mod server;
mod transfer;

pub use builder::ClientBuilder;
pub use client::Client;
pub use server::{Server, Shutdown};
pub use transfer::{Entries, Retrieve, Store};
