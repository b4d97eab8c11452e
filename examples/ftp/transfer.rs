//! The parts that downloads and uploads have in common.

use std::io::{self, ErrorKind, Read, Write};
use std::time::SystemTime;

use ftp_proto::client::ExpectedSize;

use crate::client::Client;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::rate::Rate;
use crate::session::Patience;

/// The name of standard input and output in messages.
pub const STANDARD: &str = "-";

/// The options of a transfer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ways {
    /// Set to resume an earlier transfer.
    pub resume: bool,
    /// Set to give downloaded files the modification times that they have on the server.
    pub times: bool,
}

/// The facts that a listing reported about a file to be downloaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// The size in bytes, as far as a listing can tell.
    pub size: Option<u64>,
    /// The size, if a machine-readable listing reports it as a fact about a file. A download has to
    /// bring that many bytes.
    pub expected: Option<ExpectedSize>,
    /// The time of the last change.
    pub modified: Option<SystemTime>,
}

/// The progress of a file from one attempt to the next.
#[derive(Debug, Default)]
pub struct Attempt {
    /// The byte at which the attempt began to write, if it did.
    offset: Option<u64>,
    farthest: u64,
}

impl Attempt {
    /// Records that the target is being written from this byte on.
    pub fn begins(&mut self, offset: u64) {
        self.offset = Some(offset);
    }

    /// Returns whether an attempt has begun to write.
    pub const fn has_begun(&self) -> bool {
        self.offset.is_some()
    }

    /// Records that the attempt failed, and renews the patience if there was progress. Returns
    /// whether the target holds what this call has written, which is then continued, whatever the
    /// options say about the files of earlier calls.
    pub fn ends(&mut self, patience: &mut Patience) -> bool {
        let Some(offset) = self.offset else { return false };
        if offset > self.farthest {
            self.farthest = offset;
            patience.renew();
        }
        true
    }
}

/// Returns the size of the remote file, if it exists and the server can tell.
pub fn size_there(client: &mut Client, remote: &[u8]) -> Result<Option<u64>, Failure> {
    match client.size(remote) {
        Ok(size) => Ok(Some(size)),
        Err(error) if !error.is_fatal() => Ok(None),
        Err(error) => Err(Failure::remote(remote)(error)),
    }
}

/// Copies all bytes, and returns their number. An error is attributed to the side that failed.
pub fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    bar: &mut Bar<'_>,
    rate: &Rate,
    reading: impl FnOnce(io::Error) -> Failure,
    writing: impl FnOnce(io::Error) -> Failure,
) -> Result<u64, Failure> {
    let mut buffer = vec![0; rate.chunk()];
    let mut total = 0;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(reading(error)),
        };
        if let Err(error) = to.write_all(&buffer[..count]) {
            return Err(writing(error));
        }
        total += count as u64;
        bar.advance(count as u64);
        rate.pay(count);
    }
}
