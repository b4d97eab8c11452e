//! The network: what a runtime has to provide, and everything that is done to sockets on top of it.

pub(in crate::io) mod intake;
pub(in crate::io) mod lane;
pub(in crate::io) mod pool;
pub(in crate::io) mod runtime;
pub(in crate::io) mod socket;
