//! Ready-made hosts: users, a directory on disk, and file systems that wrap others.

mod accounts;
#[cfg(feature = "disk")]
mod disk;
mod forward;
mod guarded;
#[cfg(feature = "hash")]
pub(in crate::io) mod hasher;
#[cfg(not(feature = "hash"))]
#[path = "hosts/no_hasher.rs"]
pub(in crate::io) mod hasher;
mod recoded;
mod shared;
mod virtual_hosts;

pub use accounts::Users;
#[cfg(feature = "disk")]
pub use disk::{Directory, DiskEntries, DiskFile};
pub use guarded::{Guarded, GuardedEntries};
#[cfg(feature = "hash")]
pub use hasher::{HASHES, Hasher};
pub use recoded::{Recoded, RecodedEntries};
pub use shared::IntoShared;
pub use virtual_hosts::VirtualHosts;
