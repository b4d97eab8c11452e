//! A server on smol.

use ::std::io;

use ::async_executor::Executor;

use super::runtime::{Smol, ToSocketAddrs, resolve};
use crate::io::{self as adapters, Accounts, AsyncAccounts};

/// A listening server that serves each client in a task of its own.
///
/// ```no_run
/// # #[cfg(feature = "disk")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::{Directory, Users, smol::Server};
///
/// let users = Users::new().anonymous(Directory::open("/srv/ftp")?);
/// let server = Server::bind("127.0.0.1:2121", users).await?;
/// println!("listening on {}", server.local_addr());
/// server.serve().await?;
/// # Ok(())
/// # }
/// ```
pub type Server = adapters::Server<Smol>;

impl Server {
    /// Listens at `address`, for clients of a host that may block, such as a `Directory` with
    /// [`Users`](crate::io::Users). Calls of the host are made in threads where they delay nobody.
    ///
    /// # Errors
    /// Fails if the address is not available.
    pub async fn bind(address: impl ToSocketAddrs, accounts: impl Accounts) -> io::Result<Self> {
        Self::listen(Smol::new(), &resolve(address).await?, accounts)
    }

    /// Listens at `address`, for clients of a host that never blocks.
    ///
    /// # Errors
    /// Fails if the address is not available.
    pub async fn bind_async(address: impl ToSocketAddrs, accounts: impl AsyncAccounts) -> io::Result<Self> {
        Self::listen_async(Smol::new(), &resolve(address).await?, accounts)
    }

    /// Serves until the server is [shut down](crate::io::Shutdown::shut_down) and the last session
    /// has ended. Sessions run as part of this future, and therefore in one thread; dropping the
    /// future ends them. To run them elsewhere, see [`serve_with`](Self::serve_with).
    ///
    /// # Errors
    /// Fails if the listener fails. A connection that breaks before it is accepted is skipped, and
    /// a lack of descriptors or memory is waited out.
    pub async fn serve(self) -> io::Result<()> {
        let executor = Executor::new();
        let spawn = |session| executor.spawn(session).detach();
        executor.run(self.serve_with(spawn)).await
    }
}
