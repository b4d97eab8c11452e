//! The runtimes that this crate comes with. Each module has only the code specific to its runtime.

#[cfg(feature = "smol")]
pub mod smol;
pub mod std;
#[cfg(feature = "tokio")]
pub mod tokio;
