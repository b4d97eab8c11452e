//! The File Transfer Protocol as sans-IO state machines, for both roles, with thin adapters for real
//! sockets: to FTP what rustls is to TLS.
//!
//! ```text
//! bytes                values                 decisions                    sockets
//! buffer  ───────────► codec ───────────────► client / server ───────────► io::{std, tokio, smol}
//! RecvBuf SendBuf      Command Reply ...      the protocol interpreters    drivers: no FTP in them
//!                      listing  transfer      and what is built of them
//! └────────────── core: no_std, no alloc, no unsafe, no I/O ─────────────┘ └── std ──────────────┘
//! ```
//!
//! The **core** owns no bytes, no sockets and no clock: it is lent buffers, told what happened, and says
//! what to do. It allocates nothing, and nothing that a peer sends makes it panic or grow.
//!
//! - [`codec`]: commands, replies and everything in them, parsed and encoded, zero-copy;
//! - [`buffer`]: the two buffers of a control connection;
//! - [`client`]: the user-PI, and operations such as [`client::login`] and [`client::retrieve`];
//! - [`server`]: the server-PI, and the session that reduces FTP to requests of a file system;
//! - [`listing`]: what LIST, NLST and MLSD send, read and written;
//! - [`transfer`]: representation types, structures and modes as byte transformers;
//! - [`action`], [`security`], [`error`], [`time`]: how machines and their drivers talk.
//!
#![cfg_attr(feature = "std", doc = "The **adapters** are in [`io`]: if threads will do, begin with")]
#![cfg_attr(feature = "std", doc = "[`io::std::Client`] and [`io::std::Server`].")]
//!
//! # The driving loop
//!
//! Whatever the runtime, it is this: poll; do what the action says; tell what came of it. Here with a
//! blocking stream, for an operation that needs no data connection:
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
//!             _ => continue, // a line to show; what else there is concerns data connections
//!         };
//!         if wait.writable {
//!             let sent = stream.write(tx.pending())?;
//!             tx.sent(sent);
//!         } else if wait.deadline.is_none_or(|deadline| deadline > now) {
//!             match stream.read(rx.spare())? {
//!                 0 => rx.eof(),
//!                 count => rx.filled(count),
//!             }
//!         } // else read what is there without waiting, which this stream cannot
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
//! An operation that moves data also gives [`Action::Data`](action::Action::Data): connect here, send or
//! receive there; what happens goes back with [`client::Client::data_event`].
//!
//! # Features
//!
//! | feature | what it adds | needs |
//! |---|---|---|
//! | (none) | the core, `no_std` without an allocator | nom, memchr, bitflags, arrayvec |
//! | `alloc` | owned copies of what is borrowed otherwise | |
//! | `std` (default) | the blocking adapter, `io::std` | rustix |
//! | `tokio` | the adapter for tokio, `io::tokio`; implies `std` | tokio |
//! | `smol` | the adapter for smol, `io::smol`; implies `std` | async-executor, async-io, async-net, blocking, futures-io |
//! | `proxy-protocol` | servers behind proxies, `io::Proxies`; implies `std` | proxy-header |
//! | `disk` | a directory as a server's file system, which no path leaves | cap-std |
//! | `deflate` | MODE Z | miniz_oxide |
//! | `serde` | owned entries of listings, stored and sent; implies `alloc` | serde |
//! | `rustls` | FTPS, `io::tls`; implies `std` | rustls |
//! | `ring`, `aws-lc-rs` | `rustls`, and a crypto provider for it where the process has installed none | ring, aws-lc-rs |
//! | `platform-verifier` | `rustls`, and certificates verified as the operating system does | rustls-platform-verifier |
//! | `hash` | hashes that a server computes of any file; implies `std` | sha2, sha1, md-5, crc32fast |
//! | `password-hash` | users of whose passwords a server keeps hashes (PHC strings); implies `std` | password-hash |
//! | `tracing` | spans of sessions and transfers; implies `std` | tracing |
//!
//! # What it follows
//!
//! RFC 959 and what grew on it: RFC 775, 1123, 1639, 2228, 2389, 2428, 2577, 2640, 3659, 4217, 7151,
//! draft-somers-ftp-mfxx; and what servers and clients in use really do. The README says how much of it
//! works today.
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
pub mod error;
#[cfg(feature = "std")]
pub mod io;
pub mod listing;
pub mod security;
pub mod server;
pub mod time;
pub mod transfer;
