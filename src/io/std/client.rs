//! A client that blocks.

use super::reactor::{Blocking, ToSocketAddrs, resolve};
use super::stop::StopHandle;
use super::transfer::{Entries, Retrieve, Store};
use crate::io::builder::builder;
use crate::io::client::Connection;
use crate::io::expand::blocking;
use crate::io::files::files;
use crate::io::moves::moves;
use crate::io::operations::operations;
use crate::io::restart::restarts;

/// A client of one server.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::std::Client;
///
/// let mut client = Client::connect("ftp.example.org:21")?;
/// client.login("anonymous", "guest@example.org")?;
/// let mut file = std::fs::File::create("README")?;
/// std::io::copy(&mut client.retrieve("/pub/README")?, &mut file)?;
/// client.quit()?;
/// # Ok(())
/// # }
/// ```
///
/// Paths are bytes (or UTF-8 strings) without CR, LF and NUL. After an error that is not
/// [fatal](Error::is_fatal) it can be used on. Another thread can stop what it does: see
/// [`stop_handle`](Self::stop_handle).
pub struct Client {
    connection: Connection<Blocking>,
}

operations!(blocking, Blocking);
moves!(blocking);
files!(blocking);
restarts!(blocking);
builder!(blocking, Blocking);

impl ClientBuilder {
    /// Lets `handle` stop the client from another thread, while it connects too.
    pub fn stop_handle(mut self, handle: StopHandle) -> Self {
        self.1.set_stop_handle(handle);
        self
    }
}

impl Client {
    /// Returns a handle by which another thread can stop this client: the one that it was built with, or
    /// else one that is made at the first call.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn stop_handle(&mut self) -> ::std::io::Result<StopHandle> {
        self.connection.runtime.stop_handle()
    }
}
