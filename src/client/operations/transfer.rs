//! The transfers of RFC 959 4.1.3, each as an operation that opens it: see [`Open`].

use super::open::Open;
use crate::client::Operation;
use crate::codec::{ByteRange, Command, RepresentationType, Text};

/// RETR: opens the download of `path`, from byte `offset` on (RFC 3659 5). Offsets count bytes as they travel
/// in stream mode, whichever mode is in force: in TYPE A, where a line ends in two, they are not the file's.
/// See [`Operation::restart_at`](Operation<Open>::restart_at) for restart markers.
pub fn retrieve(path: Text<'_>, representation: RepresentationType, offset: u64) -> Operation<Open<'_>> {
    Open::operation(Command::Retr(path), Some(representation), offset)
}

/// RETR of a part of `path`, in TYPE I (RANG, draft-bryan-ftp-range): a server that has no RANG refuses. Where
/// the range goes on behind the end of the file, what there is comes.
pub fn retrieve_range(path: Text<'_>, range: ByteRange) -> Operation<Open<'_>> {
    Open::of_range(Command::Retr(path), range)
}

/// STOR: opens an upload to `path`, which replaces what is there from byte `offset` on. A server that
/// cannot restart refuses.
pub fn store(path: Text<'_>, representation: RepresentationType, offset: u64) -> Operation<Open<'_>> {
    Open::operation(Command::Stor(path), Some(representation), offset)
}

/// APPE: opens an upload to the end of `path`, which is made when it is not there.
pub fn append(path: Text<'_>, representation: RepresentationType) -> Operation<Open<'_>> {
    Open::operation(Command::Appe(path), Some(representation), 0)
}

/// STOU: opens an upload to a name that the server chooses, from `path` where it heeds one.
pub fn store_unique(path: Option<Text<'_>>, representation: RepresentationType) -> Operation<Open<'_>> {
    Open::operation(Command::Stou(path), Some(representation), 0)
}

/// LIST: opens the listing of `path`, or of the working directory, in the server's own format. It comes in
/// whichever representation type is in force: TYPE is not sent, since no server in use converts listings.
pub fn list(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::List(path), None, 0)
}

/// NLST: opens the list of names in `path`, or in the working directory. TYPE is not sent, as for [`list`].
pub fn names(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::Nlst(path), None, 0)
}

/// Opens a list of names that nobody wants (NLST): for the TLS session of its data connection, and for drivers
/// that have none left to resume on the next one.
///
/// A TLS 1.3 ticket is good for one connection with most TLS libraries, and ProFTPD brings no new one with an
/// upload, while it refuses data connections that resume nothing (425). It refuses this one, too: behind the
/// handshake, which brings tickets that it then takes. A server that lists the names takes any connection, and
/// there is no more need of this.
pub fn renew_session() -> Operation<Open<'static>> {
    names(None)
}

/// MLSD: opens the machine-readable listing of `path`, or of the working directory (RFC 3659 7). Its
/// wire form is the same in every representation type.
pub fn machine_list(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::Mlsd(path), None, 0)
}

/// MLSD, or LIST where the server does not know that, which is remembered:
/// [`Opened::formats`](crate::client::Opened::formats) says what comes.
pub fn entries(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::with_fallback(Command::Mlsd(path), Command::List(path))
}
