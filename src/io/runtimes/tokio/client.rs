//! A client on tokio.

use ::std::io;
use ::std::pin::Pin;
use ::std::task::{Context, Poll, ready};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::runtime::{ToSocketAddrs, Tokio, resolve};
use crate::io::{self as adapters, ByteStream, Error};

/// A client of one server.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::tokio::Client;
/// use tokio::io::AsyncReadExt;
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
pub type Client = adapters::Client<Tokio>;

/// The settings of a client before it connects.
pub type ClientBuilder = adapters::ClientBuilder<Tokio>;

/// A download, which implements [`AsyncRead`].
pub type Retrieve<'c> = adapters::Retrieve<'c, Tokio>;

/// An upload, which implements [`AsyncWrite`].
pub type Store<'c> = adapters::Store<'c, Tokio>;

/// The entries of a listing, as they arrive.
pub type Entries<'c> = adapters::Entries<'c, Tokio>;

/// The downloads of many files; see [`io::Downloads`](adapters::Downloads).
pub type Downloads<'c, I> = adapters::Downloads<'c, Tokio, I>;

impl Client {
    /// Returns the default settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new(Tokio::new())
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
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = ready!(Self::poll_read(&mut self, cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
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
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_finish(cx).map_err(Into::into)
    }
}

/// A stream other than a TCP connection, for a [connector](adapters::ClientBuilder::connector):
/// anything that implements [`AsyncRead`] and [`AsyncWrite`].
#[derive(Debug)]
pub struct Adapted<S>(pub S);

impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for Adapted<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
