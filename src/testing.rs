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
//!
//! # Fuzzing
//!
//! With the feature `arbitrary`, a fuzzer makes values of [`codec`](crate::codec),
//! [`listing`](crate::listing) and [`transfer`](crate::transfer) from its bytes, all of which are
//! valid; the table of [features](crate#features) lists their types. [`Pieces`] cuts a stream as TCP
//! may. A parser of replies, and a target for it: after `cargo fuzz init`, with the features
//! `arbitrary` and `testing` of this crate in `fuzz/Cargo.toml`, `fuzz_target!` is that of
//! libfuzzer-sys.
//!
//! ```
//! # #[cfg(feature = "arbitrary")]
//! # mod target {
//! use ftp_proto::codec::{EndRule, Position, Reply, ReplyCode, ReplyLine, Text};
//! use ftp_proto::testing::Pieces;
//! # macro_rules! fuzz_target {
//! #     (|$data:ident: $type:ty| $body:block) => { fn target($data: $type) $body };
//! # }
//!
//! /// The code under test: returns the codes of the replies in a stream.
//! fn codes(mut stream: &[u8], mut pieces: Pieces) -> Vec<ReplyCode> {
//!     let (mut arrived, mut codes) = (Vec::new(), Vec::new());
//!     while !stream.is_empty() {
//!         let (piece, rest) = stream.split_at(pieces.take(stream.len()));
//!         arrived.extend_from_slice(piece);
//!         stream = rest;
//!         while let Ok(Some((reply, rest))) = Reply::parse(&arrived, EndRule::SameCode) {
//!             codes.push(reply.code());
//!             arrived = rest.to_vec();
//!         }
//!     }
//!     codes
//! }
//!
//! fuzz_target!(|input: (Vec<u8>, Vec<(ReplyCode, Position, Text<'_>)>, &[u8])| {
//!     let (sizes, lines, noise) = input;
//!     let mut stream = Vec::new();
//!     for (code, position, text) in lines {
//!         ReplyLine::encode(code, position, text, &mut stream).unwrap();
//!     }
//!     stream.extend_from_slice(noise);
//!     let sizes: Vec<usize> = sizes.into_iter().map(usize::from).collect();
//!     assert_eq!(codes(&stream, Pieces::of(&sizes)), codes(&stream, Pieces::whole()));
//! });
//! # pub fn run() {
//! #     let mut random = ftp_proto::testing::Random::new(1);
//! #     for length in 0..500 {
//! #         let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
//! #         target(arbitrary::Arbitrary::arbitrary_take_rest(arbitrary::Unstructured::new(&bytes)).unwrap());
//! #     }
//! # }
//! # }
//! # #[cfg(feature = "arbitrary")]
//! # target::run();
//! ```
//!
//! A dictionary takes a fuzzer past the first bytes of raw commands and replies. This one is for
//! `cargo fuzz run TARGET -- -dict=ftp.dict`:
//!
//! ```
//! use ftp_proto::codec::{ReplyCode, Verb};
//!
//! let verbs = Verb::ALL.iter().map(|verb| format!("\"{}\"\n", verb.as_str()));
//! let codes = ReplyCode::ALL.iter().flat_map(|code| [format!("\"{code} \"\n"), format!("\"{code}-\"\n")]);
//! let dictionary: String = verbs.chain(codes).collect();
//! # assert!(["\"RETR\"\n", "\"226 \"\n", "\"211-\"\n"].iter().all(|line| dictionary.contains(line)));
//! # mod fs { pub fn write(_: &str, _: String) -> std::io::Result<()> { Ok(()) } }
//! fs::write("ftp.dict", dictionary)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! In the repository, `fuzz` has the targets of the crate itself, with their dictionary and seeds.

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
