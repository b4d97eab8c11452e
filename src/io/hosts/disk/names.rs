//! Reads the names in a directory. The operating system's own interface is used where it is quicker
//! than cap-std: a name without a path in front cannot lead out of an open directory.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::{Found, Names};

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod unix;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(super) use unix::{Found, Names};

#[cfg(not(unix))]
mod portable;
#[cfg(not(unix))]
pub(super) use portable::{Found, Names};
