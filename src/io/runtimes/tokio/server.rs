//! A server on tokio.

use ::std::io;

use super::runtime::{ToSocketAddrs, Tokio, resolve};
use crate::io::{self as adapters, Accounts, AsyncAccounts};

/// A listening server that serves each client in a task of its own.
///
/// ```no_run
/// # #[cfg(feature = "disk")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::{Directory, Users, tokio::Server};
///
/// let users = Users::new().anonymous(Directory::open("/srv/ftp")?);
/// let server = Server::bind("127.0.0.1:2121", users).await?;
/// println!("listening on {}", server.local_addr());
/// server.serve().await?;
/// # Ok(())
/// # }
/// ```
pub type Server = adapters::Server<Tokio>;

impl Server {
    /// Listens at `address`, for clients of a host that may block, such as a `Directory` with
    /// [`Users`](crate::io::Users). Calls of the host are made in threads where they delay nobody.
    ///
    /// # Errors
    /// Fails if the address is not available.
    pub async fn bind(address: impl ToSocketAddrs, accounts: impl Accounts) -> io::Result<Self> {
        Self::listen(Tokio::new(), &resolve(address).await?, accounts)
    }

    /// Listens at `address`, for clients of a host that never blocks.
    ///
    /// # Errors
    /// Fails if the address is not available.
    pub async fn bind_async(address: impl ToSocketAddrs, accounts: impl AsyncAccounts) -> io::Result<Self> {
        Self::listen_async(Tokio::new(), &resolve(address).await?, accounts)
    }

    /// Serves until the server is [shut down](crate::io::Shutdown::shut_down) and the last session
    /// has ended. Dropping this future ends all sessions without grace.
    ///
    /// # Errors
    /// Fails if the listener fails. A connection that breaks before it is accepted is skipped, and
    /// a lack of descriptors or memory is waited out.
    pub async fn serve(self) -> io::Result<()> {
        self.serve_with(|session| drop(::tokio::spawn(session))).await
    }
}
