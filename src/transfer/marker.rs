//! Restart markers (RFC 959 3.5): checkpoints that travel with the data in block and compressed
//! mode.
//!
//! A marker is meaningful to its sender alone. Ours are the decimal number of bytes of the file
//! before them, so they need no table. Ours are set only where nothing is held back that depends on
//! what follows: not after a CR in an ASCII text, and not inside a page. A marker from another
//! sender that arrives while something is held back is not reported, since no transfer could
//! restart there.

use core::fmt;
use core::num::NonZeroU64;

use arrayvec::ArrayVec;

use super::TransferError;
use crate::codec::slices;
use crate::codec::{Escaped, Text};

/// Length of the longest marker that is kept, in bytes. This limit makes [`Marker`] 48 bytes long.
const LONGEST: usize = 39;

/// A restart marker that arrived with the data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Marker {
    bytes: [u8; LONGEST],
    len: u8,
    position: u64,
}

impl Marker {
    /// Creates a marker with this text at `position` in the file. Returns `None` if the text is
    /// empty, longer than 39 bytes, or contains unprintable characters or spaces.
    #[must_use]
    pub fn new(text: &[u8], position: u64) -> Option<Self> {
        let mut incoming = Incoming::default();
        incoming.put(text).ok()?;
        Some(incoming.finish().ok()??.at(position))
    }

    /// Returns the sender's text: 1 through 39 printable characters without spaces. Pass it to
    /// `REST` to resume a transfer from this sender. The text is also the sender's half of reply
    /// 110, `MARK yyyy = mmmm`.
    #[must_use]
    pub fn text(&self) -> Text<'_> {
        Text::new(self.bytes()).unwrap_or_default()
    }

    /// Returns the number of bytes of the file before the marker, including those that were there
    /// when the transfer [began](super::Decoder::starting_at). This number is the receiver's half
    /// of reply 110, and the length to truncate the file to before the transfer resumes.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Marker({} at {})", Escaped(self.bytes()), self.position)
    }
}

/// A marker while it is being received.
#[derive(Clone, Debug, Default)]
pub(super) struct Incoming {
    bytes: ArrayVec<u8, LONGEST>,
    is_too_long: bool,
}

impl Incoming {
    // marker = 1*pr-char                                   ; RFC 959 5.3.2
    // pr-char = %d33-126
    /// Adds bytes to the marker.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), TransferError> {
        if !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(TransferError::Marker);
        }
        self.is_too_long |= self.bytes.try_extend_from_slice(bytes).is_err();
        Ok(())
    }

    /// Completes the marker. Returns `None` if it is too long to be kept, which costs only the
    /// chance to restart there.
    pub(super) fn finish(&mut self) -> Result<Option<Marker>, TransferError> {
        let Self { bytes, is_too_long } = core::mem::take(self);
        match (is_too_long, bytes.is_empty()) {
            (true, _) => Ok(None),
            (false, true) => Err(TransferError::Marker),
            (false, false) => {
                let mut marker = Marker { bytes: [0; LONGEST], len: bytes.len() as u8, position: 0 };
                slices::copy(&bytes, &mut marker.bytes);
                Ok(Some(marker))
            }
        }
    }
}

impl Marker {
    pub(super) fn at(self, position: u64) -> Self {
        Self { position, ..self }
    }
}

/// Schedule by which the encoder sets markers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    every: NonZeroU64,
    next: u64,
}

impl Schedule {
    /// Creates a schedule with a marker at every multiple of `every` bytes of a file that is sent
    /// from `position` on.
    pub(super) fn new(every: NonZeroU64, position: u64) -> Self {
        let mut schedule = Self { every, next: 0 };
        schedule.done(position);
        schedule
    }

    /// Returns how many bytes may be sent before a marker is due, which is 0 if one is due now.
    pub(super) const fn ahead(&self, position: u64) -> u64 {
        self.next.saturating_sub(position)
    }

    /// Records that a marker was set at `position`.
    pub(super) fn done(&mut self, position: u64) {
        self.next = (position - position % self.every).saturating_add(self.every.get());
    }
}

/// Text of a marker that is sent.
pub(super) type Digits = ArrayVec<u8, 20>;

/// Returns the decimal digits of a number.
pub(super) fn digits(mut number: u64) -> Digits {
    let mut digits = ArrayVec::new();
    loop {
        digits.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            digits.reverse();
            return digits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn digits_are_those_of_the_number() {
        for number in [0, 9, 10, 1234, u64::MAX] {
            assert_eq!(&digits(number)[..], number.to_string().as_bytes());
        }
    }

    #[test]
    fn a_marker_is_1_through_39_printable_characters_without_spaces() {
        for text in [&b"7"[..], b"007", b"A.7=x", &[b'!'; LONGEST], b"18446744073709551615"] {
            let marker = Marker::new(text, 9).unwrap();
            assert_eq!((marker.text().as_bytes(), marker.position()), (text, 9));
        }
        for text in [&b""[..], b"a b", b"\r", b"\x7f", b"\xe9", &[b'!'; LONGEST + 1]] {
            assert_eq!(Marker::new(text, 9), None, "{text:?}");
        }
        assert_eq!(size_of::<Option<Marker>>(), 56);
    }

    #[test]
    fn a_marker_is_due_after_each_interval() {
        let every = NonZeroU64::new(10).unwrap();
        let mut schedule = Schedule::new(every, 25);
        assert_eq!((schedule.ahead(25), schedule.ahead(30), schedule.ahead(31)), (5, 0, 0));
        schedule.done(31);
        assert_eq!(schedule.ahead(31), 9);
        assert_eq!(Schedule::new(every, u64::MAX).ahead(u64::MAX), 0);
    }
}
