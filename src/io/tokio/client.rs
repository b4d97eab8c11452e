//! A client on tokio.

use super::runtime::{ToSocketAddrs, Tokio, resolve};
use super::transfer::{Entries, Retrieve, Store};
use crate::io::builder::builder;
use crate::io::client::Connection;
use crate::io::expand::asynchronous;
use crate::io::files::files;
use crate::io::moves::moves;
use crate::io::operations::operations;
use crate::io::restart::restarts;

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
///
/// Paths are bytes (or UTF-8 strings) without CR, LF and NUL. After an error that is not
/// [fatal](Error::is_fatal) it can be used on, and so it can after the future of any of its methods was
/// dropped: that is the way to stop a call from elsewhere.
pub struct Client {
    connection: Connection<Tokio>,
}

operations!(asynchronous, Tokio);
moves!(asynchronous);
files!(asynchronous);
restarts!(asynchronous);
builder!(asynchronous, Tokio);
