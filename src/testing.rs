//! Peers and hosts for tests: FTP code runs against them without sockets, in virtual time.
//!
//! The crate's own tests use them.
//!
//! | to test | use |
//! |---|---|
//! | code over [`client::Client`](crate::client::Client), such as an [operation](crate::client::Sequence) | [`ScriptedServer`], which answers as a script says; [`run_fxp`] with two of them |
//! | a host over [`server::Session`](crate::server::Session) | [`ScriptedClient`], which sends lines and bytes as the test says |
//! | both at once | [`Pair`], which cuts and delays the bytes between them as a seed determines |
//! | something that needs a host | [`MemoryHost`], a file system in memory |
//!
//! Time is virtual: it passes only when nothing else can happen, and then only up to the next
//! deadline. A test of a timeout of five minutes takes no time.
//!
//! These are tools for tests, so a dialogue that is not the expected one panics, with the dialogue
//! in the message. Where a method panics, its documentation says so.

mod fxp;
mod host;
mod memory_host;
mod outcome;
mod pair;
mod pieces;
mod pipe;
mod random;
mod script;
mod script_error;
mod scripted_client;
mod scripted_server;

pub use fxp::{FxpOutcome, run_fxp};
pub use host::SessionHost;
pub use memory_host::MemoryHost;
pub use outcome::{Outcome, Turn};
pub use pair::Pair;
pub use pieces::Pieces;
pub use random::Random;
pub use script_error::ScriptError;
pub use scripted_client::{DataState, ScriptedClient, SessionEnd};
pub use scripted_server::ScriptedServer;

use crate::action::DataFailure;

/// The result, decided by the test, of an attempt to connect, to listen or to perform a TLS
/// handshake.
///
/// ```
/// use ftp_proto::client;
/// use ftp_proto::codec::{RepresentationType, Text};
/// use ftp_proto::action::DataFailure;
/// use ftp_proto::testing::{Attempt, ScriptedServer};
///
/// let mut server = ScriptedServer::new().with_default_replies();
/// server.on_connect(Attempt::Fails(DataFailure::Unreachable));
/// server.run(&mut client::greeting(), |_| ()).done();
/// let mut retrieve = client::retrieve(Text::literal("f"), RepresentationType::Image, 0);
/// // The port of EPSV is dead, so the client tries PASV before it gives up.
/// assert!(!matches!(server.run(&mut retrieve, |_| ()), ftp_proto::testing::Outcome::Done(())));
/// assert_eq!(server.commands(), ["TYPE I", "EPSV", "PASV"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The attempt succeeds.
    Succeeds,
    /// The attempt fails for this reason, which a control connection ignores.
    Fails(DataFailure),
    /// The attempt neither succeeds nor fails, so that a deadline decides.
    Hangs,
}
