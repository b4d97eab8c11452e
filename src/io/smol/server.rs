//! A server on smol, with a task for each session.

use ::std::future::Future;
use ::std::io;
use ::std::pin::Pin;

use ::async_executor::Executor;

use super::runtime::{Smol, ToSocketAddrs, resolve};
use crate::io::expand::asynchronous;
use crate::io::service::Service;
use crate::io::service::setup::setup;

/// A server that listens, and serves each client in a task of its own.
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

setup!(asynchronous, Smol);

impl Server {
    /// Serves until it is [shut down](crate::io::Shutdown::shut_down) and the last session has ended. The sessions run
    /// as part of this future, so on one thread; dropped, it takes them with it.
    ///
    /// # Errors
    /// When the listener is gone. Nothing less ends it: a connection that breaks before it is accepted is passed
    /// over, and a lack of descriptors or memory is waited out.
    pub async fn serve(self) -> io::Result<()> {
        let executor = Executor::new();
        let spawn = |session| executor.spawn(session).detach();
        executor.run(self.service.serve(Smol::new(), spawn)).await
    }

    /// As [`serve`](Self::serve), with each session run by `spawn`: on an executor of several threads, it may be.
    /// Dropped, it ends its sessions without any grace.
    ///
    /// # Errors
    /// When the listener is gone. Nothing less ends it: a connection that breaks before it is accepted is passed
    /// over, and a lack of descriptors or memory is waited out.
    pub async fn serve_with(
        self,
        spawn: impl FnMut(Pin<Box<dyn Future<Output = ()> + Send>>),
    ) -> io::Result<()> {
        self.service.serve(Smol::new(), spawn).await
    }
}
