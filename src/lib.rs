//! The File Transfer Protocol as sans-IO state machines, for both roles, with thin adapters for
//! real sockets: to FTP what rustls is to TLS.
//!
//! ```text
//! bytes                values                 decisions                    sockets
//! buffer  ───────────► codec ───────────────► client / server ───────────► io::{std, tokio, smol}
//! RecvBuf SendBuf      Command Reply ...      the protocol interpreters    drivers: no FTP in them
//!                      listing  transfer      and what is built on them
//! └────────────── core: no_std, no alloc, no unsafe, no I/O ─────────────┘ └── std ──────────────┘
//! ```
//!
//! The **core** owns no buffers, sockets or clock. Its caller lends it buffers and reports events;
//! the core answers with the next action. It allocates nothing, and nothing that a peer sends makes
//! it panic or grow.
//!
//! - [`codec`]: commands, replies and everything in them, parsed and encoded, zero-copy;
//! - [`buffer`]: the two buffers of a control connection;
//! - [`client`]: the user-PI, and operations such as [`client::login`] and [`client::retrieve`];
//! - [`server`]: the server-PI, and the session that reduces FTP to requests to a file system;
//! - [`listing`]: parsers and writers for the output of LIST, NLST and MLSD;
//! - [`transfer`]: representation types, structures and modes as byte transformers;
//! - [`action`], [`security`], [`error`], [`time`]: the interface between machines and drivers.
//!
#![cfg_attr(feature = "std", doc = "The **adapters** are in [`io`]: if threads will do, begin with")]
#![cfg_attr(feature = "std", doc = "[`io::std::Client`] and [`io::std::Server`].")]
//! The [`guide`] shows step by step how to write a driver or a host. Whole programs are in
//! `docs/recipes.md` of the package: downloads and copies of trees that resume, and a server that
//! requires TLS.
//!
//! # The driving loop
//!
//! Every driver, whatever its runtime, runs the same loop: poll, perform the action, report the
//! result. With a blocking stream, and for an operation that needs no data connection:
//!
//! ```
//! use ftp_proto::action::Action;
//! use ftp_proto::buffer::{RecvBuf, SendBuf};
//! use ftp_proto::client::{Client, Event, Operation, Sequence};
//! use ftp_proto::time::Instant;
//! # use std::io::{self, Read, Write};
//!
//! fn run<S: Sequence>(
//!     mut operation: Operation<S>,
//!     client: &mut Client,
//!     rx: &mut RecvBuf<[u8; 4096]>,
//!     tx: &mut SendBuf<[u8; 4096]>,
//!     stream: &mut (impl Read + Write),
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let start = std::time::Instant::now();
//!     loop {
//!         let now = Instant::from_micros(start.elapsed().as_micros() as u64);
//!         let wait = match operation.poll(client, now, rx, tx)? {
//!             Action::Event(Event::Done(_)) => return Ok(()),
//!             Action::Event(Event::Refused(refusal)) => return Err(refusal.to_string().into()),
//!             Action::Wait(wait) => wait,
//!             _ => continue, // a line to show; all other actions concern data connections
//!         };
//!         if wait.writable {
//!             let sent = stream.write(tx.pending())?;
//!             tx.sent(sent);
//!         } else if wait.deadline.is_none_or(|deadline| deadline > now) {
//!             match stream.read(rx.spare())? {
//!                 0 => rx.eof(),
//!                 count => rx.filled(count),
//!             }
//!         } // else the deadline has passed: a driver would read without blocking, then poll again
//!     }
//! }
//! # use ftp_proto::client::{self, Config};
//! # use ftp_proto::codec::{Secret, Text};
//! # struct Server(std::vec::IntoIter<&'static [u8]>);
//! # impl Read for Server {
//! #     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
//! #         self.0.next().unwrap_or_default().read(buf)
//! #     }
//! # }
//! # impl Write for Server {
//! #     fn write(&mut self, buf: &[u8]) -> io::Result<usize> { Ok(buf.len()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! # let mut client = Client::new(Config::default(), "192.0.2.1:21".parse().unwrap());
//! # let (mut rx, mut tx) = (RecvBuf::new([0; 4096]), SendBuf::new([0; 4096]));
//! # let replies = vec![&b"220 hello\r\n"[..], b"331 password?\r\n", b"230-welcome\r\n230 in\r\n"];
//! # let mut stream = Server(replies.into_iter());
//! # run(client::greeting(), &mut client, &mut rx, &mut tx, &mut stream).unwrap();
//! # let login = client::login(Text::literal("me"), Secret::new(Text::literal("sesame")), None);
//! # run(login, &mut client, &mut rx, &mut tx, &mut stream).unwrap();
//! ```
//!
//! An operation that moves data also returns [`Action::Data`](action::Action::Data), which asks the
//! driver to open, use or close a data connection. The driver reports the result with
//! [`client::Client::data_event`].
//!
//! The [contract](guide::contract) of a driver has every operation, and what a driver does until a
//! deadline.
//!
//! # Features
//!
//! | feature | what it adds | needs |
//! |---|---|---|
//! | (none) | the core, `no_std` without an allocator | nom, memchr, bitflags, arrayvec |
//! | `alloc` | owned copies of borrowed values | |
//! | `testing` | in-memory peers and hosts for tests, `testing`; implies `alloc` | |
//! | `std` (default) | the blocking adapter, `io::std` | rustix, socket2 |
//! | `tokio` | the adapter for tokio, `io::tokio`; implies `std` | tokio |
//! | `smol` | the adapter for smol, `io::smol`; implies `std` | async-executor, async-io, async-net, blocking, futures-io |
//! | `proxy-protocol` | servers behind proxies, `io::Proxies`; implies `std` | proxy-header |
//! | `disk` | a directory as a server's file system; no path leads out of it | cap-std |
//! | `embedded` | a client without an allocator over any asynchronous network stack, `embedded` | embedded-io-async, embedded-nal-async |
//! | `deflate` | MODE Z | miniz_oxide |
//! | `serde` | serialization of owned listing entries; implies `alloc` | serde |
//! | `arbitrary` | values from the bytes of a fuzzer (`arbitrary::Arbitrary`), of `codec`: `Verb`, `VerbSet`, `ReplyCode`, `Position`, `EndRule`, `NameCase`, `FormatControl`, `FileStructure`, `TransferMode`, `ProtectionLevel`, `HashAlgorithm`, `RepresentationType`, `ProtectionBufferSize`, `Allocation`, `ByteRange`, `NetworkProtocol`, `EpsvArgument`, `Timestamp`, `FactSet`, `FactChoice`, `Permissions`, `Digest`, `Text`, `FactValue`, `RestartMarker`, `Kind`, `FactValues`; of `listing`: `Format`, `Formats`, `DateOrder`, `Fields`, `Precision`, `Modified`, `Device`, `Kind`, `Entry`, `OwnedEntry`; of `transfer`: `Coding`, `LineEnds`, `Marker`; implies `alloc`, and needs a target with the standard library | arbitrary |
//! | `rustls` | FTPS, `io::tls`; implies `std` | rustls |
//! | `ring`, `aws-lc-rs` | `rustls`, and a crypto provider for processes that have installed none | ring, aws-lc-rs |
//! | `platform-verifier` | `rustls`, and certificate verification by the operating system | rustls-platform-verifier |
//! | `hash` | file hashes that a server computes; implies `std` | sha2, sha1, md-5, crc32fast |
//! | `password-hash` | users whose passwords a server keeps only as hashes (PHC strings); implies `std` | password-hash |
//! | `tracing` | spans of sessions and transfers; implies `std` | tracing |
//!
//! # Standards
//!
//! RFC 959 and its successors: RFC 775, 1123, 1639, 2228, 2389, 2428, 2577, 2640, 3659, 4217, 7151
//! and draft-somers-ftp-mfxx. The crate also accommodates the behaviour of servers and clients in
//! common use. The README lists what works today.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations, unreachable_pub)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(all(test, not(feature = "std")))]
extern crate std;

pub mod action;
pub mod buffer;
pub mod client;
pub mod codec;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
// Its programs are tested with the standard library, and are there to read without it.
#[cfg(any(doc, all(doctest, feature = "std")))]
pub mod guide;
#[cfg(feature = "std")]
pub mod io;
pub mod listing;
pub mod security;
pub mod server;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod transfer;
