//! A pool of sessions whose calls block.

use ::std::future::ready;

use super::super::reactor::block_on_woken;
use super::Client;
use crate::io::client::{FRESH, Pooling, Turn};
use crate::io::{Error, Pool, Pooled};

impl Pooling for Client {
    fn is_over(&self) -> bool {
        self.0.is_over()
    }

    fn alterations(&self) -> u32 {
        self.0.alterations()
    }
}

impl Pool<Client> {
    /// Creates a pool whose sessions are opened by `open`: connected, logged in and set up. Its
    /// sessions are for blocking calls, from any thread.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ftp_proto::io::{Pool, std::Client};
    ///
    /// let pool = Pool::blocking(|| {
    ///     let mut client = Client::connect("ftp.example.org:21")?;
    ///     client.login("alice", "correct horse")?;
    ///     Ok(client)
    /// });
    /// println!("{}", pool.wait()?.size("/in/order")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking(open: impl Fn() -> Result<Client, Error> + Send + Sync + 'static) -> Self {
        Self::opened_by(move || Box::pin(ready(open())))
    }

    /// Returns a session that is idle or newly opened, as [`Pool::get`] does. Blocks while the pool
    /// has as many sessions as it may have and all of them are in use.
    ///
    /// # Errors
    /// The error of the function that opens sessions, and [`Error::Connect`] if the system has no
    /// descriptors left.
    pub fn wait(&self) -> Result<Pooled<Client>, Error> {
        loop {
            let opened = match block_on_woken(self.slots().turn()).map_err(Error::Connect)? {
                Turn::Idle(mut client, idle) => {
                    if idle <= FRESH || client.noop().is_ok() {
                        return Ok(client);
                    }
                    continue;
                }
                Turn::Open(opening) => {
                    opening.opened(block_on_woken(self.opening()).map_err(Error::Connect)?)
                }
            };
            if let Some(opened) = opened.transpose() {
                return opened;
            }
        }
    }
}
