//! The session, and the machine under it, against what RFC 959 5.4 and the other documents say: a client
//! that is the test itself, a host in memory, virtual time.

mod support;

#[path = "server/apart.rs"]
mod apart;
#[path = "server/buffers.rs"]
mod buffers;
#[path = "server/conformance.rs"]
mod conformance;
#[path = "server/data.rs"]
mod data;
#[path = "server/during.rs"]
mod during;
#[path = "server/host.rs"]
mod host;
#[path = "server/lines.rs"]
mod lines;
#[path = "server/listings.rs"]
mod listings;
#[path = "server/login.rs"]
mod login;
#[path = "server/orphans.rs"]
mod orphans;
#[path = "server/paths.rs"]
mod paths;
#[path = "server/restart.rs"]
mod restart;
#[path = "server/splits.rs"]
mod splits;
#[path = "server/time.rs"]
mod time;
