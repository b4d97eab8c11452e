//! The runtimes that this crate comes with. Each module has only what is particular to its runtime.

#[cfg(feature = "smol")]
pub mod smol;
pub mod std;
#[cfg(feature = "tokio")]
pub mod tokio;
