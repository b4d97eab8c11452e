//! A directory on disk as a file system, through the public API: no path leaves it, and each
//! possible error has its refusal.
#![cfg(all(feature = "disk", unix))]

mod atomic;
mod cached;
mod entries;
mod files;
mod links;
mod refusals;
mod scratch;
