//! A client whose calls block. Its methods are those of [`io::Client`](crate::io::Client), run to
//! completion in the calling thread.

mod files;
mod pool;
mod session;
mod transfer;
mod transfers;

use ::std::io;
use ::std::net::SocketAddr;
use ::std::time::Duration;

use super::reactor::{Blocking, ToSocketAddrs, block_on, resolve};
use super::stop::StopHandle;
use crate::client::{Offers, Profile, Protected};
use crate::io::{self as adapters, Error, Transport};
use crate::transfer::Marker;
pub use transfer::{Downloads, Entries, Retrieve, Store};

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
/// Paths are bytes (or UTF-8 strings) without CR, LF and NUL. The client remains usable after an
/// error that is not [fatal](Error::is_fatal). Another thread can stop its calls; see
/// [`stop_handle`](Self::stop_handle).
#[derive(Debug)]
pub struct Client(adapters::Client<Blocking>);

/// The settings of a client before it connects.
pub type ClientBuilder = adapters::ClientBuilder<Blocking>;

impl Client {
    /// Returns the default settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new(Blocking::new())
    }

    /// Connects with the default settings.
    ///
    /// # Errors
    /// Those of [`ClientBuilder::connect`].
    pub fn connect(server: impl ToSocketAddrs) -> Result<Self, Error> {
        Self::builder().connect(server)
    }

    /// Connects to the first of `addresses` that can be reached, and reads the greeting.
    ///
    /// # Errors
    /// Those of [`io::Client::open`](adapters::Client::open).
    pub fn open(builder: ClientBuilder, addresses: &[SocketAddr]) -> Result<Self, Error> {
        block_on(adapters::Client::open(builder, addresses)).map(Self)
    }

    /// Connects to a host with the builder's [connector](adapters::ClientBuilder::connector), which
    /// gets the name of the host. The future of the connector may block.
    ///
    /// # Errors
    /// Those of [`io::Client::open_host`](adapters::Client::open_host).
    pub fn open_host(builder: ClientBuilder, host: &str, port: u16) -> Result<Self, Error> {
        block_on(adapters::Client::open_host(builder, host, port)).map(Self)
    }

    /// Takes a control connection that is already open, and reads the greeting; see
    /// [`io::Client::from_stream`](adapters::Client::from_stream).
    ///
    /// # Errors
    /// Those of [`io::Client::from_stream`](adapters::Client::from_stream).
    pub fn from_stream(builder: ClientBuilder, transport: Transport) -> Result<Self, Error> {
        block_on(adapters::Client::from_stream(builder, transport)).map(Self)
    }

    /// Sets the total time that one call may take from now on; see
    /// [`ClientBuilder::operation_timeout`](adapters::ClientBuilder::operation_timeout).
    pub const fn set_operation_timeout(&mut self, timeout: Option<Duration>) {
        self.0.set_operation_timeout(timeout);
    }

    /// Returns a handle with which another thread can stop this client: the handle that the client
    /// was built with, or one that the first call of this method creates.
    ///
    /// # Errors
    /// Fails if the system has no descriptors left.
    pub fn stop_handle(&mut self) -> io::Result<StopHandle> {
        self.0.runtime().stop_handle()
    }

    /// Returns what is known about the server so far.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.0.profile()
    }

    /// Returns the last restart marker of the last transfer; see
    /// [`io::Client::last_marker`](adapters::Client::last_marker).
    #[must_use]
    pub const fn last_marker(&self) -> Option<Marker> {
        self.0.last_marker()
    }

    /// Returns which parts of the connection TLS protects.
    #[must_use]
    pub fn protection(&self) -> Protected {
        self.0.protection()
    }

    /// Returns what the server last said it supports; see [`setup`](Self::setup). Returns `None` if
    /// the server has not been asked.
    #[must_use]
    pub const fn offers(&self) -> Option<Offers> {
        self.0.offers()
    }
}

impl ClientBuilder {
    /// Lets `handle` stop the client from another thread, including while it connects.
    pub fn stop_handle(mut self, handle: StopHandle) -> Self {
        self.runtime.set_stop_handle(handle);
        self
    }

    /// Connects to the first of the server's addresses that can be reached, and reads its greeting.
    ///
    /// # Errors
    /// Fails if no address can be reached, if what answers is not an FTP server, or if the server
    /// refuses.
    pub fn connect(self, server: impl ToSocketAddrs) -> Result<Client, Error> {
        block_on(self.connect_by(resolve(server))).map(Client)
    }
}
