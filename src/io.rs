//! Adapters that drive the machines over real sockets, and a server framework on top of them.
//!
//! An adapter is a driver: it carries out the [actions](crate::action) of a machine and reports
//! what has happened. It interprets no commands and no reply codes. Everything that is not specific
//! to a runtime is written once, generic over the trait [`Runtime`]:
//!
//! | Module | What it has |
//! |---|---|
//! | `net` | [`Runtime`] and [`Socket`], and all operations on sockets |
//! | `tls` | TLS on any stream, with rustls |
//! | `driver` | the control connection and the data connection |
//! | `client` | [`Client`]: a method for each thing that can be asked of a server |
//! | `server` | the driver of one session of a server |
//! | `host` | the traits between a server and its files and accounts |
//! | `hosts` | ready-made hosts: users, a directory on disk, wrappers of file systems |
//! | `serve` | the server framework: [`Server`] accepts connections, limits and throttles sessions, and shuts down gracefully |
//! | `runtimes` | the adapters below: only the code that is specific to each runtime |
//!
//! The adapters are:
//!
//! - [`std`]: blocking calls, for programs with threads;
#![cfg_attr(feature = "tokio", doc = "- [`tokio`]: futures on tokio;")]
#![cfg_attr(feature = "smol", doc = "- [`smol`]: futures on smol, or on anything else that runs futures;")]
//! - one of your own: implement [`Runtime`].

mod client;
mod driver;
mod error;
mod host;
mod hosts;
mod names;
mod net;
mod runtimes;
mod serve;
mod server;
#[cfg(feature = "rustls")]
pub mod tls;
#[cfg(not(feature = "rustls"))]
#[path = "io/tls/absent.rs"]
mod tls;

pub use client::{
    ByteStream, Client, ClientBuilder, Destination, Downloads, Entries, FxpError, Listed, ListingLimits,
    Pool, Pooled, Purpose, Removal, Removed, Replaced, Reply, Retrieve, Store, Transport, Unseen, Walker,
    local_name,
};
pub use driver::control::Direction;
pub use error::{Error, Refused, Remedy};
pub use host::{
    Access, Accounts, AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem, ByteRange, Changes, Digest,
    DirectoryEntries, File, Filesystem, HashAlgorithm, HostReply, Opened, Refusal, VirtualPath, Visitor,
    Wishes,
};
#[cfg(feature = "disk")]
pub use hosts::{Directory, DiskEntries, DiskFile};
pub use hosts::{Guarded, GuardedEntries, IntoShared, Recoded, RecodedEntries, Users, VirtualHosts};
#[cfg(feature = "hash")]
pub use hosts::{HASHES, Hasher};
pub use net::runtime::{Interest, Runtime, Socket};
#[cfg(feature = "smol")]
pub use runtimes::smol;
pub use runtimes::std;
#[cfg(feature = "tokio")]
pub use runtimes::tokio;
#[cfg(feature = "proxy-protocol")]
pub use serve::Proxies;
pub use serve::{PublicAddress, Server, SessionLimits, Shutdown};
pub use server::{Closed, Happening, SessionEvent, Transferred, XferlogLine};
