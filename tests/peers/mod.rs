//! What the interoperability tests share. They are no part of `cargo test`: they need the programs that
//! tests/peers/install.sh installs, as root on Debian. `.ci/run` runs them by name.

// Each test program uses its half.
#![allow(dead_code)]

#[macro_use]
mod table;

pub mod clients;
pub mod content;
pub mod dialogue;
pub mod process;
#[path = "../support/sequences.rs"]
mod sequences;
pub mod site;
