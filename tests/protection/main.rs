//! TLS as the machines see it (RFC 4217): what is asked, granted and refused, and what never goes in the
//! clear. The handshakes are told, not made; tests/tls makes them.

mod client;
mod server;
#[path = "../support/mod.rs"]
mod support;
