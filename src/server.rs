//! The server-PI (RFC 959 2.2): a machine that takes commands and sends replies in order, and a
//! session on top of it that turns commands into requests to a host.
//!
//! [`Server`] frames commands and issues a [`Ticket`] for each, which its reply consumes.
//! [`Session`] is built on it and implements FTP: it tracks the login, the working directory and
//! the transfer parameters, answers what it can by itself, and asks the host for the rest with
//! [`Request`]s about files and accounts. The host may answer at any later time.
//!
//! | part | decides |
//! |---|---|
//! | `machine` | the framing of commands, the order of replies |
//! | `gate` | whether a command may run now |
//! | `session::commands` | what a command does: one file for each group, `site` for SITE |
//! | `request`, `host_call`, `session::answers` | the requests to the host, and the replies to the client that result from its answers |
//! | `parameters` | TYPE, REST, UMASK and the like, and which transfer uses them up |
//! | `data_connection`, `transfer`, `session::transfer` | the data connection and the transfer on it, with ABOR |
//! | `argument`, `paths` | how an argument is read, and which path it names |
//! | `selection`, `lister` | the entries that a listing shows |
//! | `login`, `protection`, `tickets` | who the client is, and how its connections are protected |
//! | `deadlines`, `ending` | when to give up, and how a session ends |
//!
//! # Where a transfer may begin and end
//! REST applies to the next command that opens a data connection, whatever the outcome of that
//! command. ABOR does not use up the offset.
//!
//! RETR begins at the offset of REST, in TYPE A too: in that case the file is read from its
//! beginning, and the part that the client already has is skipped. RANG bounds a RETR or a HASH.
//! Two combinations are refused with 504 and change nothing:
//!
//! - STOR in TYPE A after REST, in a mode without markers. The offset counts bytes on the wire, two
//!   for each line end (RFC 3659 5.3), and its effect is defined only at the end of the stored
//!   file. Locating that end in wire bytes would require reading the whole file. Some servers treat
//!   the offset as an offset in the file instead; they then do not account for the line ends before
//!   it, which leaves a hole or duplicates data. ProFTPD and Pure-FTPd refuse this combination too.
//!   In modes B and C the argument of REST is one of this server's markers, which counts bytes of
//!   the file (RFC 959 3.5), so every type can be restarted.
//! - STOR after RANG. The only case with a defined effect is continuing a file to its end, which
//!   REST covers for every host. Replacing bytes in the middle would modify a stored file in place,
//!   and aborting halfway would damage it. STOU and APPE take no position at all.
//!
//! # How arguments of LIST, NLST and STAT are read
//! RFC 959 allows only a path as the argument of LIST and NLST. Clients send what they would pass
//! to `ls`: options (`LIST -la`) and patterns (`NLST *.txt`, for `mget *.txt`). Either could also
//! be a file name, so the argument is read in up to three ways, and the host decides each time
//! whether there is such a file:
//!
//! 1. as a name, in full, so that a file named `-la` or `[x].txt` can be listed;
//! 2. as a name, without the options at its start;
//! 3. without the options, with its last component as a [`Pattern`](crate::listing::Pattern) for
//!    names in the directory before it. A pattern that matches nothing is refused as not found
//!    (550).
//!
//! STAT accepts options in the same way, but no patterns. MLSD accepts only a name (RFC 3659 7.1).
//!
//! `-a` and `-A` show [names with a leading dot](DotFiles), `-R` (LIST only) also lists the
//! subdirectories, [within bounds](Recursion), and other options have no effect.
//!
//! # How an upload ends
//! Only [`Request::Commit`] means that the data ended cleanly; the host then makes the file
//! permanent and answers. [`DataOp::Abort`](crate::action::DataOp::Abort) for the data connection,
//! or the end of the session, means that no more data will arrive, and [`TransferOutcome`] gives
//! the reason. In stream mode without TLS, a FIN without a preceding ABOR is an orderly end,
//! whatever the client meant by it (RFC 959 3.4.1). Neither ALLO nor [`Limits::upload_size`] says
//! whether a file is complete: ALLO is a hint that many clients compute differently, and the limit
//! is only an upper bound.
//!
//! # When the control connection ends without QUIT
//! RFC 959 4.1.1 treats the end of the control connection like ABOR followed by QUIT. Downloads
//! therefore end at once. An upload in progress does not; this departs from that section, because a
//! client that sends a small file and closes both connections without waiting for the reply has
//! sent the whole file, and other servers keep it. The session continues to receive for at most
//! [`Timeouts::orphaned_upload`] and keeps the upload if its data ends cleanly within that time:
//! with a clean end of the stream, with close_notify under TLS, or with the end-of-file mark in
//! MODE B and C. An upload that is reset, truncated or late is abandoned, and so is one that ABOR
//! has already ended. When a client is killed, its operating system also closes both connections in
//! order, which in stream mode without TLS is indistinguishable from the end of the file. A server
//! that must not keep such a file sets the timeout to zero.

mod argument;
mod config;
mod data_connection;
mod deadlines;
mod ending;
mod event;
mod gate;
mod host_call;
#[cfg(feature = "alloc")]
mod lister;
mod login;
mod machine;
mod parameters;
mod paths;
mod protection;
mod request;
mod selection;
mod session;
mod tickets;
mod transfer;

pub use config::{Config, DotFiles, Limits, Recursion, Security, Timeouts};
pub use event::{EventKind, TransferEnd, TransferOutcome, TreeChange};
#[cfg(feature = "alloc")]
pub use lister::Lister;
pub use login::is_anonymous_name;
pub use machine::{BadLine, Event as CommandEvent, Server, Ticket};
pub use request::{Access, Answer, Changes, Listing, Refusal, Request, VirtualPath};
pub use selection::Selection;
pub use session::{Endpoints, Event, Session, Step};
