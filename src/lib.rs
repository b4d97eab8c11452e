//! The File Transfer Protocol as sans-IO state machines, for both roles.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(all(test, not(feature = "std")))]
extern crate std;

pub mod action;
pub mod buffer;
pub mod client;
pub mod codec;
pub mod error;
#[cfg(feature = "std")]
pub mod io;
pub mod listing;
pub mod server;
pub mod time;
pub mod transfer;
