//! A server with a thread for each session.

use ::std::io;
use ::std::thread;

use super::reactor::{Blocking, ToSocketAddrs, block_on_woken, resolve};
use crate::io::expand::blocking;
use crate::io::service::Service;
use crate::io::service::setup::setup;

/// A server that listens, and serves each client in a thread of its own.
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
///
/// # Signals
///
/// The library handles none. Where the size of files is limited (`RLIMIT_FSIZE`, systemd's `LimitFSIZE=`), an upload
/// past the limit raises SIGXFSZ, which ends the process with all its sessions unless the program ignores it
/// (`signal(SIGXFSZ, SIG_IGN)`): the client is then told 552, and nothing else happens.
#[derive(Debug)]
#[must_use = "a server does nothing until it serves"]
pub struct Server {
    service: Service,
}

setup!(blocking, Blocking);

impl Server {
    /// Serves until it is [shut down](crate::io::Shutdown::shut_down) and the last session has ended.
    ///
    /// # Errors
    /// When the listener is gone. Nothing less ends it: a connection that breaks before it is accepted is passed
    /// over, and a lack of descriptors or memory is waited out.
    pub fn serve(self) -> io::Result<()> {
        block_on_woken(self.service.serve(Blocking::new(), |session| {
            // Without a thread to be had the client is dropped, and others are served on.
            let _ = thread::Builder::new().spawn(|| block_on_woken(session));
        }))?
    }
}
