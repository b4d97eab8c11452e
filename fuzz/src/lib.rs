//! Both ends of a control connection in memory, shared by the fuzz targets. Bytes from the fuzzer
//! drive each end, and the number of steps is limited, to find an end that never comes to rest.

pub mod answers;
pub mod asks;
pub mod bare;
pub mod client_end;
pub mod host;
pub mod input;
pub mod seed;
#[path = "../../tests/support/sequences.rs"]
pub mod sequences;
pub mod server_end;
pub mod settings;

use std::net::{Ipv4Addr, SocketAddr};

use ftp_proto::action::DataFailure;
use ftp_proto::codec::Sink;

/// The server's address.
pub const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 21);
/// The client's address.
pub const CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 40000);

/// The ways in which a data connection fails.
pub const FAILURES: [DataFailure; 9] = [
    DataFailure::Unreachable,
    DataFailure::Broken,
    DataFailure::Stalled,
    DataFailure::Handshake,
    DataFailure::NotResumed,
    DataFailure::Malformed,
    DataFailure::Local,
    DataFailure::StorageFull,
    DataFailure::QuotaExceeded,
];

/// Bytes from the fuzzer, used to answer questions. They repeat when they run out.
#[derive(Clone, Debug)]
pub struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Returns the next byte, or 0 if there are none at all.
    pub fn draw(&mut self) -> u8 {
        self.at += 1;
        match self.bytes {
            [] => 0,
            bytes => bytes[(self.at - 1) % bytes.len()],
        }
    }
}

/// Returns the bytes that `encode` writes.
pub fn encoded(encode: impl FnOnce(&mut Vec<u8>) -> Result<(), ftp_proto::codec::Full>) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out).expect("a Vec is never full");
    out
}

/// A sink that is full after `room` bytes.
pub struct Room(pub usize);

impl Sink for Room {
    fn put(&mut self, bytes: &[u8]) -> Result<(), ftp_proto::codec::Full> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(ftp_proto::codec::Full)?;
        Ok(())
    }
}
