//! Transfers of a client that blocks: what is read and what is written.

use ::std::future::poll_fn;
use ::std::io::{self, Read, Write};

use super::reactor::{Blocking, block_on};
use crate::io::expand::blocking;
use crate::io::transfer::transfers;

transfers!(blocking, Blocking);

impl Read for Retrieve<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(block_on(poll_fn(|cx| self.0.poll_read(cx, buffer)))?)
    }
}

impl Write for Store<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(block_on(poll_fn(|cx| self.0.poll_write(cx, bytes)))?)
    }

    /// Does nothing: only the end of an upload makes it one.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<ListingLine, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        block_on(poll_fn(|cx| self.0.poll_next(cx)))
    }
}
