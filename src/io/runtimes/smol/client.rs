//! A client on smol.

use ::std::io;
use ::std::pin::Pin;
use ::std::task::{Context, Poll};

use ::futures_core::Stream;
use ::futures_io::{AsyncRead, AsyncWrite};

use super::runtime::{Smol, ToSocketAddrs, resolve};
use crate::io::{self as adapters, ByteStream, Error};
use crate::listing::ListingLine;

/// A client of one server.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::smol::Client;
/// use futures_lite::AsyncReadExt;
///
/// let mut client = Client::connect("ftp.example.org:21").await?;
/// client.login("anonymous", "guest@example.org").await?;
/// let mut entries = client.list("/pub").await?;
/// while let Some(entry) = entries.next().await {
///     println!("{:?}", entry?);
/// }
/// let mut readme = Vec::new();
/// client.retrieve("/pub/README").await?.read_to_end(&mut readme).await?;
/// client.quit().await?;
/// # Ok(())
/// # }
/// ```
pub type Client = adapters::Client<Smol>;

/// The settings of a client before it connects.
pub type ClientBuilder = adapters::ClientBuilder<Smol>;

/// A download, which implements [`AsyncRead`].
pub type Retrieve<'c> = adapters::Retrieve<'c, Smol>;

/// An upload, which implements [`AsyncWrite`].
pub type Store<'c> = adapters::Store<'c, Smol>;

/// The entries of a listing, as they arrive: a [`Stream`].
pub type Entries<'c> = adapters::Entries<'c, Smol>;

/// The downloads of many files; see [`io::Downloads`](adapters::Downloads).
pub type Downloads<'c, I> = adapters::Downloads<'c, Smol, I>;

impl Client {
    /// Returns the default settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new(Smol::new())
    }

    /// Connects with the default settings.
    ///
    /// # Errors
    /// Those of [`ClientBuilder::connect`].
    pub async fn connect(server: impl ToSocketAddrs) -> Result<Self, Error> {
        Self::builder().connect(server).await
    }
}

impl ClientBuilder {
    /// Connects to the first of the server's addresses that can be reached, and reads its greeting.
    ///
    /// # Errors
    /// Fails if no address can be reached, if what answers is not an FTP server, or if the server
    /// refuses.
    pub async fn connect(self, server: impl ToSocketAddrs) -> Result<Client, Error> {
        self.connect_by(resolve(server)).await
    }
}

impl AsyncRead for Retrieve<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Self::poll_read(&mut self, cx, buffer).map_err(Into::into)
    }
}

impl AsyncWrite for Store<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Self::poll_write(&mut self, cx, bytes).map_err(Into::into)
    }

    /// Does nothing: an upload is complete only once it has been finished.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the upload like [`finish`](Store::finish), which can be called afterwards to obtain the
    /// server's reply.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_finish(cx).map_err(Into::into)
    }
}

impl Stream for Entries<'_> {
    type Item = Result<ListingLine, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Self::poll_next(&mut self, cx)
    }
}

/// A stream other than a TCP connection, for a [connector](adapters::ClientBuilder::connector):
/// anything that implements [`AsyncRead`] and [`AsyncWrite`].
#[derive(Debug)]
pub struct Adapted<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for Adapted<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
