//! Sizes of the pieces of a stream.

pub use ftp_proto::testing::Pieces as Chunks;
