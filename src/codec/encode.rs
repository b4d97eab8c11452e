//! The destination of encoders: anything that takes bytes or reports that it is full.

use core::fmt;

use arrayvec::ArrayVec;

/// An error for a sink that ran out of room. The contents of the sink are then unspecified, except
/// that a [`SendBuf`](crate::buffer::SendBuf) removes the partial encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no room left for the encoding")
    }
}

impl core::error::Error for Full {}

/// A destination for encoded bytes. Nothing is allocated unless the sink is a `Vec`.
pub trait Sink {
    /// Appends all of `bytes`, or fails and appends nothing.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full>;

    /// Appends the formatted `args`. Encoders use it mostly for numbers.
    fn put_fmt(&mut self, args: fmt::Arguments<'_>) -> Result<(), Full> {
        struct Adapter<'s, S: ?Sized>(&'s mut S);
        impl<S: Sink + ?Sized> fmt::Write for Adapter<'_, S> {
            fn write_str(&mut self, s: &str) -> fmt::Result {
                self.0.put(s.as_bytes()).map_err(|Full| fmt::Error)
            }
        }
        fmt::write(&mut Adapter(self), args).map_err(|fmt::Error| Full)
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        (**self).put(bytes)
    }
}

impl<const N: usize> Sink for ArrayVec<u8, N> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.try_extend_from_slice(bytes).map_err(|_| Full)
    }
}

#[cfg(feature = "alloc")]
impl Sink for alloc::vec::Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// A destination for encoded bytes in memory that the caller owns, without an allocator.
///
/// ```
/// use ftp_proto::codec::{Command, SliceSink, Text};
///
/// let mut memory = [0; 16];
/// let mut sink = SliceSink::new(&mut memory);
/// Command::Retr(Text::literal("file")).encode(&mut sink)?;
/// assert_eq!(sink.as_bytes(), b"RETR file");
/// assert!(Command::Retr(Text::literal("other")).encode(&mut sink).is_err());
/// # Ok::<(), ftp_proto::codec::Full>(())
/// ```
#[derive(Debug)]
pub struct SliceSink<'m> {
    memory: &'m mut [u8],
    length: usize,
}

impl<'m> SliceSink<'m> {
    /// Creates an empty sink that writes to the front of `memory`.
    #[must_use]
    pub const fn new(memory: &'m mut [u8]) -> Self {
        Self { memory, length: 0 }
    }

    /// Returns the bytes written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.memory.get(..self.length).unwrap_or_default()
    }

    /// Consumes the sink and returns the bytes written, which may outlive the sink.
    #[must_use]
    pub fn into_bytes(self) -> &'m mut [u8] {
        self.memory.get_mut(..self.length).unwrap_or_default()
    }

    /// Discards the bytes written, so that the memory can be used again.
    pub const fn clear(&mut self) {
        self.length = 0;
    }
}

impl Sink for SliceSink<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let end = self.length.checked_add(bytes.len()).ok_or(Full)?;
        self.memory.get_mut(self.length..end).ok_or(Full)?.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }
}

/// The digits of a number. Faster than [`fmt`], which matters for the many numbers of a listing.
#[derive(Clone, Copy)]
pub(crate) struct Digits {
    bytes: [u8; Self::MOST],
    length: usize,
}

impl Digits {
    /// The number of digits of the largest number in the smallest base.
    const MOST: usize = 22;

    /// Converts a number to its digits in a base from 8 to 16.
    #[inline]
    pub(crate) fn new<const BASE: u64>(value: u64) -> Self {
        Self::padded::<BASE>(value, 0, b' ')
    }

    /// Converts a number like [`new`](Self::new), with `fill` in front of it up to `width` bytes, or
    /// up to 22 if `width` is greater.
    #[inline]
    pub(crate) fn padded<const BASE: u64>(mut value: u64, width: usize, fill: u8) -> Self {
        const { assert!(8 <= BASE && BASE <= 16) }
        let (mut bytes, mut length) = ([fill; Self::MOST], 0);
        for slot in bytes.iter_mut().rev() {
            let digit = (value % BASE) as u8;
            *slot = if digit < 10 { b'0' + digit } else { b'a' - 10 + digit };
            value /= BASE;
            length += 1;
            if value == 0 {
                break;
            }
        }
        Self { bytes, length: width.max(length).min(Self::MOST) }
    }

    /// Returns the digits, most significant first.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(Self::MOST - self.length..).unwrap_or_default()
    }
}

/// Returns the two decimal digits of a number below 100.
#[inline]
pub(crate) const fn two_digits(value: u8) -> [u8; 2] {
    [b'0' + value / 10 % 10, b'0' + value % 10]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::format;

    proptest! {
        #[test]
        fn digits_are_those_of_the_standard_library(value: u64, shift in 0..64_u32, width in 0..23_usize) {
            for value in [value, value >> shift, 0, u64::MAX] {
                let (decimal, octal, hex) = (Digits::new::<10>(value), Digits::new::<8>(value), Digits::new::<16>(value));
                for (digits, expected) in [
                    (decimal, format!("{value}")),
                    (octal, format!("{value:o}")),
                    (hex, format!("{value:x}")),
                    (Digits::padded::<10>(value, width, b'0'), format!("{value:0width$}")),
                    (Digits::padded::<8>(value, width, b' '), format!("{value:width$o}")),
                ] {
                    prop_assert_eq!(digits.as_bytes(), expected.as_bytes());
                }
            }
        }

        #[test]
        fn two_digits_are_those_of_the_standard_library(value in 0..100_u8) {
            prop_assert_eq!(two_digits(value).to_vec(), format!("{value:02}").into_bytes());
        }
    }

    #[test]
    fn a_slice_takes_what_fits_and_nothing_of_the_rest() {
        let mut memory = [b'-'; 5];
        let mut sink = SliceSink::new(&mut memory);
        for (bytes, taken, content) in [
            (&b"ab"[..], Ok(()), &b"ab"[..]),
            (b"", Ok(()), b"ab"),
            (b"cdef", Err(Full), b"ab"),
            (b"cde", Ok(()), b"abcde"),
            (b"f", Err(Full), b"abcde"),
            (b"", Ok(()), b"abcde"),
        ] {
            assert_eq!((sink.put(bytes), sink.as_bytes()), (taken, content));
        }
        sink.clear();
        assert_eq!(sink.put_fmt(format_args!("{}{}", 12, 3)), Ok(()));
        assert_eq!(sink.into_bytes(), b"123");
        assert_eq!(memory, *b"123de", "bytes behind the written ones changed");
        assert_eq!(SliceSink::new(&mut []).put(b"a"), Err(Full));
    }
}
