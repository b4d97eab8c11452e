//! The destination of encoders: anything that takes bytes or reports that it is full.

use core::fmt;

use arrayvec::ArrayVec;

/// The sink ran out of room. Its contents are then unspecified; a
/// [`SendBuf`](crate::buffer::SendBuf) removes the partial encoding.
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

    /// Appends the formatted `args`, mostly numbers.
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

    /// Returns the bytes written, for as long as the memory is borrowed.
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

#[cfg(test)]
mod tests {
    use super::*;

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
