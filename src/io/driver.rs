//! The parts of a driver that the client and the server share: a control connection, a data
//! connection, and the stream below both, plain or under TLS.

pub(in crate::io) mod control;
pub(in crate::io) mod data;
#[cfg(feature = "tracing")]
pub(in crate::io) mod spans;
#[cfg(not(feature = "tracing"))]
#[path = "driver/no_spans.rs"]
pub(in crate::io) mod spans;
pub(in crate::io) mod wire;
