//! A server whose sessions have a thread each.

use ::std::boxed::Box;
use ::std::io;

use super::reactor::{Blocking, ToSocketAddrs, block_on, block_on_woken, resolve};
use crate::io::net::lane::Lane;
use crate::io::{self as adapters, Accounts, AsyncAccounts};

/// A listening server that serves each client in a thread of its own.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(feature = "disk")] {
/// use ftp_proto::io::{Directory, Users, std::Server};
///
/// let users = Users::new().anonymous(Directory::open("/srv/ftp")?);
/// let server = Server::bind("127.0.0.1:2121", users)?;
/// println!("listening on {}", server.local_addr());
/// server.serve()?;
/// # }
/// # Ok(())
/// # }
/// ```
pub type Server = adapters::Server<Blocking>;

impl Server {
    /// Listens at `address`, for clients of a host that may block, such as a `Directory` with
    /// [`Users`](crate::io::Users). Calls of the host are made in threads where they delay nobody.
    ///
    /// # Errors
    /// Fails if the address is not available.
    pub fn bind(address: impl ToSocketAddrs, accounts: impl Accounts) -> io::Result<Self> {
        Self::listen(Blocking::new(), &block_on(resolve(address))?, accounts)
    }

    /// Listens at `address`, for clients of a host that never blocks.
    ///
    /// # Errors
    /// Fails if the address is not available.
    pub fn bind_async(address: impl ToSocketAddrs, accounts: impl AsyncAccounts) -> io::Result<Self> {
        Self::listen_async(Blocking::new(), &block_on(resolve(address))?, accounts)
    }

    /// Serves until the server is [shut down](crate::io::Shutdown::shut_down) and the last session
    /// has ended.
    ///
    /// # Errors
    /// Fails if the listener fails. A connection that breaks before it is accepted is skipped, and
    /// a lack of descriptors or memory is waited out.
    pub fn serve(self) -> io::Result<()> {
        // A thread that has served a client serves the next one, which costs less than a new thread.
        let threads = Lane::unlimited();
        block_on_woken(self.serve_with(|session| {
            // If no thread is available, this client is dropped and others are served.
            threads.submit(Box::new(|| drop(block_on_woken(session))));
        }))?
    }
}
