//! Computes the hash of a file for a host that does not compute it. The file is read and hashed in
//! pieces, so that the session can handle commands in between, and the client can abort the work.

use ::std::io;
use ::std::mem::replace;
use ::std::task::{Context, Poll, ready};

use super::Work;
use crate::io::host::{AsyncFile, ByteRange, Digest, Refusal};
use crate::io::hosts::hasher::Hasher;

/// Number of bytes read at a time. Hashing them takes a millisecond at most.
const PIECE: usize = 128 * 1024;

/// A hash in progress.
pub(super) struct Hashing<F: AsyncFile> {
    state: State<F>,
    /// `None` once the hash has been returned.
    hasher: Option<Hasher>,
    /// The position of the first byte.
    start: u64,
    /// Maximum number of bytes still to be hashed.
    left: u64,
    hashed: u64,
}

enum State<F> {
    Idle(F, Vec<u8>),
    Reading(Work<(F, Vec<u8>, io::Result<usize>)>),
    Over,
}

impl<F: AsyncFile> Hashing<F> {
    /// Starts to hash `range` of `file`, whose position is the first byte of the range.
    pub(super) fn new(file: F, hasher: Hasher, range: ByteRange) -> Self {
        let (start, last) = range.bounds().unwrap_or((0, u64::MAX));
        let left = (last - start).saturating_add(1);
        Self { state: State::Idle(file, Vec::new()), hasher: Some(hasher), start, left, hashed: 0 }
    }

    /// Hashes a piece. Returns `None` while there is more to hash.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Digest, Refusal>>> {
        let piece = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        self.state = match replace(&mut self.state, State::Over) {
            State::Idle(file, mut buffer) if piece > 0 => {
                buffer.resize(piece, 0);
                State::Reading(Box::pin(file.read_owned(buffer)))
            }
            state => state,
        };
        if let State::Reading(work) = &mut self.state {
            let (file, buffer, read) = ready!(work.as_mut().poll(cx));
            let Ok(count) = read else { return Poll::Ready(Some(Err(Refusal::Failed))) };
            let read = buffer.get(..count).unwrap_or(&buffer);
            if let (Some(hasher), false) = (&mut self.hasher, read.is_empty()) {
                hasher.update(read);
                (self.left, self.hashed) = (self.left - read.len() as u64, self.hashed + read.len() as u64);
                self.state = State::Idle(file, buffer);
                return Poll::Ready(None);
            }
        }
        Poll::Ready(Some(match self.hasher.take() {
            Some(hasher) => Ok(Digest {
                bytes: hasher.finish().as_bytes().to_vec(),
                range: (self.start, self.start + self.hashed),
            }),
            None => Err(Refusal::Failed),
        }))
    }
}
