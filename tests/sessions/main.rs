//! What clients offer on top of single requests: pools of sessions, and uploads that nobody sees a part of.

#![cfg(all(feature = "std", feature = "tokio"))]

mod pool;
mod replaced;
mod server;
