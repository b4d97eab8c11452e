//! The server-PI (RFC 959 2.2): the machine that takes commands and sends replies in order, and the
//! session that reduces them to what a host can do.
//!
//! [`Server`] frames commands and gives each a [`Ticket`], which its reply uses up. [`Session`] is
//! built on it and knows FTP: who is logged in, where, with which parameters; it answers what it can by
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
//!
//! # How arguments of LIST, NLST and STAT are read
//! RFC 959 knows a path as the argument of LIST and NLST and nothing else. Clients send what they would give to
//! `ls`: options (`LIST -la`), and patterns (`NLST *.txt`, for `mget *.txt`). Both could be names as well, so the
//! argument is read in up to three ways, and the host decides each time whether there is such a thing:
//!
//! 1. as a name, all of it: whatever exists is listed, be its name `-la` or `[x].txt`;
//! 2. without the options at its start, as a name;
//! 3. without the options, its last component as a [`Pattern`](crate::listing::Pattern) for names in the directory
//!    before it. What matches nothing is not there (550).
//!
//! STAT reads options in the same way, and no patterns. MLSD reads a name (RFC 3659 7.1).
//!
//! Of the options, `-a` and `-A` show [names with a leading dot](DotFiles), `-R` lists the directories below as well,
//! [within bounds](Recursion) (LIST only), and all others have no effect.
//!
//! # How an upload ends
//! [`Request::Commit`] says that the data ended in order, and nothing else does: its host makes the file last then, and
//! answers. [`DataOp::Abort`](crate::action::DataOp::Abort) for its data connection, or the end of the session, says that
//! nothing more will come, and [`TransferOutcome`] says why. In stream mode without TLS a FIN without an ABOR before it is an end
//! in order, whatever the client meant by it (RFC 959 3.4.1). ALLO and [`Limits::upload_size`] are no measure of what is
//! whole: the one is a hint that counts otherwise for many clients, the other an upper bound.
//!
//! # When the control connection ends without QUIT
//! RFC 959 4.1.1 treats the end of the control connection like ABOR followed by QUIT. Downloads end so, at once. An
//! upload that is arriving does not, which is a departure from that section: a client that sends a small file and closes
//! both connections without waiting for the reply has sent all of it, and other servers keep it. The session reads on
//! for [`Timeouts::orphaned_upload`] at most, and the upload counts if its data ends in order within that time: by a
//! clean end of the stream, under TLS by close_notify, in MODE B and C by the end-of-file mark. Whatever is reset, cut
//! or late is given up, as is an upload that ABOR has ended before. The client's system ends both connections in order,
//! too, when the client is killed, and in stream mode without TLS that cannot be told from the end of the file. A server
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
pub use machine::{BadLine, Event as CommandEvent, Server, Ticket};
pub use request::{Access, Answer, Changes, Listing, Refusal, Request, VirtualPath};
pub use selection::Selection;
pub use session::{Endpoints, Event, Session, Step};
