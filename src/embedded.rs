//! A client for microcontrollers: no operating system, no allocator, any executor.
//!
//! [`Client`] runs over a network stack that implements `embedded-nal-async`'s `TcpConnect`, whose
//! connections are `embedded-io-async`'s `Read` and `Write`. Both crates are re-exported here. The
//! caller provides all memory: three [`Buffers`], and the slices lent to single calls.
//!
//! ```
//! use core::future::Future;
//! use core::net::SocketAddr;
//! use ftp_proto::client::{self, Config};
//! use ftp_proto::codec::{RepresentationType, Secret, Text};
//! use ftp_proto::embedded::embedded_io_async::Read;
//! use ftp_proto::embedded::embedded_nal_async::TcpConnect;
//! use ftp_proto::embedded::{Buffers, Client, Error, Timer};
//!
//! /// Logs in, downloads the settings, and uploads what `sensor` measures.
//! async fn report<N: TcpConnect, T: Timer>(
//!     network: &N,
//!     timer: T,
//!     server: SocketAddr,
//!     sensor: &mut impl Read,
//! ) -> Result<(), Error> {
//!     const IMAGE: RepresentationType = RepresentationType::Image;
//!     let (mut received, mut sent, mut chunk) = ([0; 512], [0; 256], [0; 1024]);
//!     // No buffer for encoded data: the transfers are of TYPE I in stream mode.
//!     let buffers = Buffers { received: &mut received[..], sent: &mut sent[..], encoded: &mut [] };
//!     let mut client = Client::connect(network, timer, server, Config::default(), buffers).await?;
//!     let password = Secret::new(Text::literal("sesame"));
//!     client.run(client::login(Text::literal("sensor"), password, None), |_| ()).await?;
//!
//!     let settings = client.retrieve(Text::literal("settings"), IMAGE, 0).await?;
//!     settings.read_all(&mut chunk, |bytes| println!("{} bytes", bytes.len())).await?;
//!     let samples = client.store(Text::literal("samples"), IMAGE, 0).await?;
//!     samples.write_all_from(sensor, &mut chunk).await?;
//!
//!     let size = client.run(client::size(Text::literal("samples")), |size| size).await?;
//!     println!("the server has {size:?} bytes");
//!     client.run(client::quit(), |_| ()).await
//! }
//! ```
//!
//! # Requirements on the network
//!
//! - **Reads and writes are cancel-safe**, as `embedded-io-async` recommends and as those of
//!   embassy-net are: a future of `read` or `write` that is dropped before it is ready has moved no
//!   bytes. The client watches its control connection while data moves, and drops whichever of the
//!   two futures is not ready. This also means that a future of the client may be dropped at any
//!   point, for example by a timeout; the next operation ends what the dropped one began.
//! - **Dropping a connection closes it cleanly**, after the bytes that were flushed. The traits
//!   have no other way to end an upload.
//!
//! # Limits
//!
//! - Data connections are passive, since the traits have no listener: [`Client::connect`] refuses
//!   any other configuration. There is no TLS.
//! - The traits cannot reset a connection, so a server may mistake an upload that was dropped
//!   halfway for a complete one until the next operation sends ABOR. Upload to a temporary name and
//!   rename the file, or use block mode, which marks the end.
//! - The traits cannot shut down one direction of a connection either. The connection of an upload
//!   is closed in both directions as soon as everything is flushed; an upload that the server
//!   confirms without having announced it (1yz) fails with
//!   [`TransferFailure::NotTaken`](crate::client::TransferFailure::NotTaken).

mod client;
mod data;
mod error;
mod transfer;

use core::fmt;
use core::future::Future;

use crate::time::Instant;

pub use client::{Client, Listed};
pub use error::{Error, ReplyText};
pub use transfer::{Retrieve, Store};
pub use {embedded_io_async, embedded_nal_async};

/// A monotonic clock that can also be waited on.
///
/// The machines act on the time that has passed since an event, so they need a clock.
/// `embedded-hal-async`'s `DelayNs` provides none, and a sum of its delays would miss the time
/// between them. With `embassy-time` the methods are `Instant::now().as_micros()` and
/// `Timer::at(Instant::from_micros(deadline.as_micros()))`, each converted to the types here.
pub trait Timer {
    /// Returns the time since an arbitrary but fixed origin.
    fn now(&self) -> Instant;

    /// Waits until `deadline`, or not at all if the deadline has passed. Dropping the future ends
    /// the wait.
    fn wait_until(&self, deadline: Instant) -> impl Future<Output = ()>;
}

impl<T: Timer> Timer for &T {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn wait_until(&self, deadline: Instant) -> impl Future<Output = ()> {
        (**self).wait_until(deadline)
    }
}

/// The memory of a client: arrays, or slices that the caller owns.
pub struct Buffers<B> {
    /// Received bytes of the control connection. Reply lines longer than this buffer less two bytes
    /// are truncated: 512 bytes suffice for most servers.
    pub received: B,
    /// Commands to be sent. The size of this buffer limits the length of paths.
    pub sent: B,
    /// Bytes of the data connection, when a type, a structure or a mode makes them differ from
    /// those of the file. May be empty if every transfer is of TYPE I in stream mode and file
    /// structure, where the bytes move directly from and to the caller's memory.
    pub encoded: B,
}

impl<B> fmt::Debug for Buffers<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buffers")
    }
}
