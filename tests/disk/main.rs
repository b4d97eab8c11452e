//! A directory on disk as a file system, through what the crate exports: that no path leaves it, and that
//! each thing that can go wrong has its refusal.
#![cfg(all(feature = "disk", unix))]

mod atomic;
mod entries;
mod files;
mod links;
mod refusals;
mod scratch;
