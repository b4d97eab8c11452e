//! The File Transfer Protocol as sans-IO state machines, for both roles.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod action;
pub mod buffer;
pub mod client;
pub mod codec;
pub mod error;
pub mod listing;
pub mod server;
pub mod time;
pub mod transfer;
