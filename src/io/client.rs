//! The client, on any runtime: one type for a session, with a method for each request to a server.
//!
//! | Module | What it has |
//! |---|---|
//! | `builder`, `setup` | how a client is set up, and how it connects |
//! | `session` | methods of the session: login, TLS, features, QUIT |
//! | `files` | methods for files and directories that move no data |
//! | `transfers` | methods that open a data connection |
//! | `retrieve`, `store`, `entries`, `transfer` | a transfer that is open |
//! | `downloads` | downloads of many files |
//! | `collect`, `walk`, `remove` | whole listings, trees, and their removal |
//! | `replace` | uploads of which nobody sees a part |
//! | `fxp` | transfers between two servers |
//! | `transport`, `dialer` | connections through proxies, in tunnels or in memory |
//! | `pool` | sessions that are opened in the same way, and shared |
//! | `connection` | the driver below all of them |

mod builder;
mod collect;
mod connection;
mod dialer;
mod downloads;
mod entries;
mod files;
mod fxp;
mod local;
mod outcome;
mod pool;
mod remove;
mod replace;
mod retrieve;
mod session;
mod setup;
mod store;
mod transfer;
mod transfers;
mod transport;
mod walk;

use ::std::fmt;
use ::std::time::Duration;

use super::error::Error;
use super::net::runtime::Runtime;
use crate::client::{Offers, Operation, Profile, Protected};
use crate::codec::ReplyLine;
use crate::transfer::Marker;
pub use builder::ClientBuilder;
pub use collect::ListingLimits;
use connection::Connection;
pub use downloads::Downloads;
pub use entries::Entries;
pub use fxp::FxpError;
pub use local::local_name;
use outcome::Outcome;
pub use outcome::Reply;
pub(in crate::io) use pool::{FRESH, Pooling, Turn};
pub use pool::{Pool, Pooled};
pub use remove::{Removal, Removed, Unseen};
pub use replace::Replaced;
pub use retrieve::Retrieve;
pub use store::Store;
pub use transport::{ByteStream, Destination, Purpose, Transport};
pub use walk::{Listed, Walker};

/// A client of one server, on the runtime `R`.
///
/// Most programs name it by the alias of their runtime, `io::tokio::Client` or `io::smol::Client`,
/// or use the blocking [`io::std::Client`](crate::io::std::Client), which has the same methods. On
/// a runtime of your own, implement [`Runtime`] and start with [`ClientBuilder::new`].
///
/// Paths are bytes (or UTF-8 strings) without CR, LF and NUL. The client remains usable after an
/// error that is not [fatal](Error::is_fatal), and after the future of any of its methods is
/// dropped, which cancels the call. Futures are `Send` where the runtime's types are.
///
/// ```
/// use ftp_proto::io::{Client, Error, Runtime};
///
/// /// Renames a file if it has this size, on whatever runtime.
/// async fn release<R: Runtime>(client: &mut Client<R>, size: u64) -> Result<(), Error> {
///     match client.size("upload.part").await? {
///         found if found == size => client.rename("upload.part", "upload").await,
///         _ => client.delete("upload.part").await,
///     }
/// }
/// ```
pub struct Client<R: Runtime> {
    connection: Box<Connection<R>>,
}

impl<R: Runtime> Client<R> {
    /// Sets the total time that one call may take from now on; see
    /// [`ClientBuilder::operation_timeout`].
    pub const fn set_operation_timeout(&mut self, timeout: Option<Duration>) {
        self.connection.set_operation_timeout(timeout);
    }

    /// Returns what is known about the server so far.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.connection.profile()
    }

    /// Returns the last restart marker of the last transfer in block or compressed mode, from which
    /// [`retrieve_at`](Self::retrieve_at) and [`store_at`](Self::store_at) continue after a
    /// failure. Returns `None` if the transfer had no restart marker.
    #[must_use]
    pub const fn last_marker(&self) -> Option<Marker> {
        self.connection.last_marker()
    }

    /// Returns which parts of the connection TLS protects.
    #[must_use]
    pub fn protection(&self) -> Protected {
        self.connection.protection()
    }

    /// Returns what the server last said it supports; see [`setup`](Self::setup). Returns `None` if
    /// the server has not been asked.
    #[must_use]
    pub const fn offers(&self) -> Option<Offers> {
        self.connection.offers()
    }

    /// Returns the runtime that the client uses.
    pub(super) fn runtime(&mut self) -> &mut R {
        &mut self.connection.runtime.runtime
    }

    async fn run<S: Outcome>(&mut self, operation: Operation<S>) -> Result<S::Owned, Error> {
        self.connection.run(operation).await
    }

    async fn run_with<S: Outcome>(
        &mut self,
        operation: Operation<S>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<S::Owned, Error> {
        self.connection.run_with(operation, on_line).await
    }
}

impl<R: Runtime> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("profile", &self.profile()).finish_non_exhaustive()
    }
}
