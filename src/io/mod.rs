//! Adapters: what puts the machines on real sockets.
//!
//! Each is a driver that does what the [actions](crate::action) say. None knows FTP: no verb and no
//! reply code is named here, in the core alone. What is not a runtime's own is written once, over the
//! small `Runtime` trait: the control connection, the data connection, the client's and the server's
//! driver.
//!
//! - [`std`]: blocking, for programs with threads.

mod accounts;
mod client;
mod control;
mod data;
#[cfg(feature = "disk")]
mod disk;
mod error;
mod guarded;
mod host;
mod runtime;
mod server;
pub mod std;
#[cfg(feature = "rustls")]
pub mod tls;
#[cfg(not(feature = "rustls"))]
#[path = "no_tls.rs"]
mod tls;
mod wire;

pub use accounts::Users;
pub use client::Reply;
pub use control::Direction;
#[cfg(feature = "disk")]
pub use disk::{Directory, DiskEntries, DiskFile};
pub use error::{Error, Refused};
pub use guarded::{Guarded, GuardedEntries};
pub use host::{
    Access, Accounts, ByteRange, Changes, Digest, File, Filesystem, HashAlgorithm, Opened, Refusal,
    VirtualPath,
};
