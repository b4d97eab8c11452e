//! The server-PI (RFC 959 2.2): the machine that takes commands and sends replies in order, and the
//! session that reduces them to what a host can do.
//!
//! [`Server`] frames commands and gives each a [`Ticket`], which its reply uses up. [`Session`] stands
//! on it and knows FTP: who is logged in, where, with which parameters; it answers what it can by
//! itself and asks the host the rest, as [`Request`]s of a file system and an account book. An answer
//! may come at any later time.
//!
//! # Where a transfer may begin and end
//! RETR begins where REST says, in TYPE A too: there the file is read from its beginning and what the client
//! has is left out. RANG bounds a RETR or a HASH. Two things are refused (504), and nothing is changed then:
//!
//! - STOR in TYPE A after REST, in a mode without markers. The offset counts bytes as they travel, each end of
//!   a line as two (RFC 3659 5.3), and its effect is defined only at the end of what is stored. Where that is
//!   in this count nobody can tell who has not read the whole file; taken for an offset of the file, as
//!   some servers take it, it leaves the line ends that came before out of the count, and so a hole or a
//!   doubled piece. ProFTPD and Pure-FTPd refuse it too. In modes B and C what REST has is a marker of this
//!   server's, which counts bytes of the file (RFC 959 3.5), and every type restarts.
//! - STOR after RANG. The one case that has a defined effect is a file continued to its end, which REST has for
//!   every host; bytes replaced amid those that stay would be a change of a stored file in place, which
//!   cannot be given up half-way without harm to it. STOU and APPE name no place at all.

mod answer;
mod commands;
mod config;
mod data;
mod deadline;
mod extensions;
mod habit;
mod information;
mod machine;
mod note;
mod paths;
mod pending;
mod request;
mod security;
mod session;
mod transfer;

pub use config::{Config, Limits, Security, Timeouts};
pub use machine::{BadLine, Event as CommandEvent, Server, ServerStep, Ticket};
pub use note::{Change, Note, Outcome, TransferEnd};
pub use pending::Asked;
pub use request::{Access, Answer, Changes, Listing, Refusal, Request, VirtualPath};
pub use session::{Endpoints, Event, Session, SessionStep};
