//! The guide, for those who write a driver or a host of their own.
//!
//! | chapter | covers |
//! |---|---|
//! | [`contract`] | the duties of a driver: each operation on a data connection, the events that answer it, the end of a connection, deadlines, buffers |
//! | [`client_driver`] | a [`Client`](crate::client::Client) on your own event loop, step by step |
//! | [`server_driver`] | a [`Session`](crate::server::Session) likewise, and the life of an open file |
#![cfg_attr(feature = "rustls", doc = "| [`tls`] | TLS on the control connection and on data connections |")]
#![cfg_attr(
    feature = "std",
    doc = "| [`host`] | a file system and accounts of your own, blocking and asynchronous |"
)]
//!
#![cfg_attr(
    feature = "std",
    doc = "Programs that can use threads, tokio or smol need none of this but the last chapter: the adapters in [`io`](crate::io) are such drivers. A runtime of your own needs only an implementation of [`io::Runtime`](crate::io::Runtime); `examples/mio` has one."
)]
#![cfg_attr(
    not(feature = "std"),
    doc = "With the feature `std` there are drivers for threads, tokio and smol, and a chapter on hosts."
)]
//!
//! The programs in these chapters are compiled and run as tests. They use `mio` for its `poll`; any
//! other way to wait for two sockets and a moment does as well.

/// A driver's duties.
#[doc = include_str!("guide/contract.md")]
pub mod contract {}

/// A client's driver, step by step.
#[doc = include_str!("guide/client_driver.md")]
pub mod client_driver {}

/// A server's driver, and the life of an open file.
#[doc = include_str!("guide/server_driver.md")]
pub mod server_driver {}

/// TLS in a driver.
#[cfg(feature = "rustls")]
#[doc = include_str!("guide/tls.md")]
pub mod tls {}

/// A host: files and accounts for a server.
#[cfg(feature = "std")]
#[doc = include_str!("guide/host.md")]
pub mod host {}

// The recipes, and the pages for those who come from elsewhere, are compiled too.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../docs/recipes.md")]
    mod recipes {}
    #[doc = include_str!("../docs/from-suppaftp.md")]
    mod from_suppaftp {}
    #[doc = include_str!("../docs/from-libunftp.md")]
    mod from_libunftp {}
    #[doc = include_str!("../docs/from-ftplib-and-curl.md")]
    mod from_ftplib_and_curl {}
}
