//! Reads the names in a directory. The operating system's own interface is used where it is quicker
//! than cap-std: a name without a path in front cannot lead out of an open directory.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(super) use unix::{Found, Names};

#[cfg(not(unix))]
mod portable;
#[cfg(not(unix))]
pub(super) use portable::{Found, Names};
