//! Numbers that a seed determines.

pub use ftp_proto::testing::Random;
