//! The network: what a runtime has to provide, and all operations on sockets on top of that.

pub(in crate::io) mod intake;
pub(in crate::io) mod lane;
pub(in crate::io) mod pool;
pub(in crate::io) mod runtime;
pub(in crate::io) mod socket;
