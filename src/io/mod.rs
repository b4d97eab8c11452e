//! Adapters: what puts the machines on real sockets.
//!
//! Each is a driver that does what the [actions](crate::action) say. None knows FTP: no verb and no
//! reply code is named here, in the core alone. What is not a runtime's own is written once, over the
//! small `Runtime` trait: the control connection, the data connection, the client's and the server's
//! driver.
//!
//! - [`std`]: blocking, for programs with threads;
#![cfg_attr(feature = "tokio", doc = "- [`tokio`]: asynchronous, on tokio;")]
#![cfg_attr(feature = "smol", doc = "- [`smol`]: asynchronous, on smol, or anything else that runs futures.")]

mod accounts;
mod builder;
mod client;
mod collect;
mod control;
mod data;
#[cfg(feature = "disk")]
mod disk;
mod error;
mod expand;
mod files;
mod forward;
mod fxp;
mod guarded;
#[cfg(feature = "hash")]
mod hasher;
#[cfg(not(feature = "hash"))]
#[path = "no_hasher.rs"]
mod hasher;
mod host;
mod local;
mod login;
mod moves;
mod names;
mod operations;
mod outcome;
mod pool;
mod recoded;
mod remove;
mod restart;
mod runtime;
mod server;
mod service;
mod shared;
#[cfg(feature = "smol")]
pub mod smol;
mod socket;
#[cfg(feature = "tracing")]
mod spans;
#[cfg(not(feature = "tracing"))]
#[path = "no_spans.rs"]
mod spans;
pub mod std;
mod throttle;
#[cfg(feature = "rustls")]
pub mod tls;
#[cfg(not(feature = "rustls"))]
#[path = "no_tls.rs"]
mod tls;
#[cfg(feature = "tokio")]
pub mod tokio;
mod transfer;
mod virtual_hosts;
mod walk;
mod wire;

pub use accounts::Users;
pub use collect::ListingLimits;
pub use control::Direction;
#[cfg(feature = "disk")]
pub use disk::{Directory, DiskEntries, DiskFile};
pub use error::{Error, Refused};
pub use fxp::FxpError;
pub use guarded::{Guarded, GuardedEntries};
#[cfg(feature = "hash")]
pub use hasher::HASHES;
pub use host::{
    Access, Accounts, AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem, ByteRange, Changes, Digest,
    File, Filesystem, HashAlgorithm, HostReply, Opened, Refusal, VirtualPath, Visitor, Wishes,
};
pub use local::local_name;
pub use outcome::Reply;
pub use recoded::{Recoded, RecodedEntries};
pub use remove::{Removal, Removed, Unseen};
pub use server::{Closed, Happening, SessionEvent, Transferred, XferlogLine};
#[cfg(feature = "proxy-protocol")]
pub use service::Proxies;
pub use service::{PublicAddress, Shutdown};
pub use shared::IntoShared;
pub use virtual_hosts::VirtualHosts;
pub use walk::{Listed, Walker};
