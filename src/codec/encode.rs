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
