//! Transfers of a client on smol: what is read and what is written.

use ::std::future::poll_fn;
use ::std::io;
use ::std::pin::Pin;
use ::std::task::{Context, Poll};

use ::futures_core::Stream;
use ::futures_io::{AsyncRead, AsyncWrite};

use super::runtime::Smol;
use crate::io::expand::asynchronous;
use crate::io::transfer::transfers;

transfers!(asynchronous, Smol);

impl AsyncRead for Retrieve<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer).map_err(Into::into)
    }
}

impl AsyncWrite for Store<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes).map_err(Into::into)
    }

    /// Does nothing: only the end of an upload makes it one.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the upload, as [`finish`](Store::finish) does, which then tells what the server said.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_finish(cx).map_err(Into::into)
    }
}

impl Entries<'_> {
    /// The next entry, or the line that is none; nothing after the last.
    pub async fn next(&mut self) -> Option<Result<ListingLine, Error>> {
        poll_fn(|cx| self.0.poll_next(cx)).await
    }
}

impl Stream for Entries<'_> {
    type Item = Result<ListingLine, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(cx)
    }
}
