//! What is compared of a state: a hash of everything that can make a difference later.

use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};

use ftp_proto::buffer::{Frame, RecvBuf};

/// Bytes of a buffer, of which only those in use are part of a state.
#[derive(Clone)]
pub struct Storage(Vec<u8>);

impl Storage {
    pub fn new(length: usize) -> Self {
        Self(vec![0; length])
    }
}

impl AsRef<[u8]> for Storage {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsMut<[u8]> for Storage {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("storage")
    }
}

/// A hash of `Debug` output in which points in time count from now, since only differences of time
/// make a difference to a machine.
pub struct Digest {
    hasher: DefaultHasher,
    now: u64,
    /// Set after the name of the type, and then after the parenthesis behind it.
    instant: (bool, bool),
}

impl Digest {
    pub fn new(now: u64) -> Self {
        Self { hasher: DefaultHasher::new(), now, instant: (false, false) }
    }

    pub fn add(&mut self, value: &impl fmt::Debug) {
        write!(self, "{value:?};").expect("a hasher takes everything");
    }

    /// Adds what a machine has not read yet.
    pub fn add_unread(&mut self, rx: &RecvBuf<Storage>) {
        let mut rx = rx.clone();
        rx.spare();
        self.add(&rx);
        while let Frame::Line(line) | Frame::TooLong(line) = rx.view().next_line(usize::MAX) {
            self.hasher.write(rx.bytes(line));
        }
    }

    pub fn finish(&self) -> u64 {
        self.hasher.finish()
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match (self.instant, text.parse::<u64>()) {
            ((_, true), Ok(time)) => self.hasher.write_u64(time.wrapping_sub(self.now)),
            _ => self.hasher.write(text.as_bytes()),
        }
        self.instant = (text == "Instant", self.instant.0 && text == "(");
        Ok(())
    }
}
