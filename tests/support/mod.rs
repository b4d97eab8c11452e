//! Support shared by the tests of the machines: drivers without sockets and without a clock of
//! their own.
//!
//! - [`client`]: a client, and a server that answers from a table;
//! - [`server`]: a session with a host in memory, whose client is the test itself;
//! - [`pair`]: a client and a session that talk to each other;
//! - [`outcome`]: results of operations;
//! - [`tree`]: the host in memory.

// Each test program uses only a part.
#![allow(dead_code, unused_imports)]

pub mod client;
pub mod outcome;
pub mod pair;
pub mod server;
pub mod tree;

use ftp_proto::codec::{Secret, Text};
use std::time::Duration;

/// Creates text from a literal.
pub const fn t(text: &'static str) -> Text<'static> {
    Text::literal(text)
}

pub const fn secret(text: &'static str) -> Secret<'static> {
    Secret::new(t(text))
}

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
