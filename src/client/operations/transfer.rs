//! The operations that open the transfers of RFC 959 4.1.3: see [`Open`].

use super::open::Open;
use crate::client::Operation;
use crate::codec::{ByteRange, Command, RepresentationType, Text};

/// RETR: opens the download of `path`, from byte `offset` on (RFC 3659 5). Offsets count bytes as
/// stream mode sends them, whatever mode is in force: in TYPE A, where a line ends in two bytes,
/// these offsets differ from offsets in the file. See
/// [`Operation::restart_at`](Operation<Open>::restart_at) for restart markers.
pub fn retrieve(path: Text<'_>, representation: RepresentationType, offset: u64) -> Operation<Open<'_>> {
    Open::operation(Command::Retr(path), Some(representation), offset)
}

/// RETR: opens the download of a part of `path`, in TYPE I (RANG, draft-bryan-ftp-range). The
/// operation is refused if the server does not know RANG. If the range extends beyond the end of
/// the file, the transfer ends there.
pub fn retrieve_range(path: Text<'_>, range: ByteRange) -> Operation<Open<'_>> {
    Open::of_range(Command::Retr(path), range)
}

/// STOR: opens an upload to `path`, which replaces the content from byte `offset` on. The operation
/// is refused if `offset` is not 0 and the server cannot restart.
pub fn store(path: Text<'_>, representation: RepresentationType, offset: u64) -> Operation<Open<'_>> {
    Open::operation(Command::Stor(path), Some(representation), offset)
}

/// APPE: opens an upload to the end of `path`, which is created if it does not exist.
pub fn append(path: Text<'_>, representation: RepresentationType) -> Operation<Open<'_>> {
    Open::operation(Command::Appe(path), Some(representation), 0)
}

/// STOU: opens an upload to a name that the server chooses, based on `path` if the server heeds it.
pub fn store_unique(path: Option<Text<'_>>, representation: RepresentationType) -> Operation<Open<'_>> {
    Open::operation(Command::Stou(path), Some(representation), 0)
}

/// LIST: opens the listing of `path`, or of the working directory, in the server's own format. The
/// listing arrives in the representation type that is in force: TYPE is not sent, since no server
/// in use converts listings.
pub fn list(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::List(path), None, 0)
}

/// NLST: opens the list of names in `path`, or in the working directory. TYPE is not sent, as with
/// [`list`].
pub fn names(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::Nlst(path), None, 0)
}

/// Opens an NLST only to obtain TLS tickets, for drivers that have none left to resume the next
/// data connection with.
///
/// Most TLS libraries use a TLS 1.3 ticket for one connection only, and ProFTPD sends no new ticket
/// with an upload, yet refuses data connections that resume no session (425). It refuses this NLST
/// too, but only after the handshake, which brings tickets that ProFTPD accepts afterwards. A
/// server that does list the names accepts any connection, so no further tickets are needed.
pub fn renew_session() -> Operation<Open<'static>> {
    names(None)
}

/// MLSD: opens the machine-readable listing of `path`, or of the working directory (RFC 3659 7).
/// The listing is the same on the wire in every representation type.
pub fn machine_list(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::Mlsd(path), None, 0)
}

/// MLSD: opens a listing as [`machine_list`] does, or with LIST if the server does not know MLSD,
/// which the client remembers. [`Opened::formats`](crate::client::Opened::formats) says which one
/// arrives.
pub fn entries(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::with_fallback(Command::Mlsd(path), Command::List(path))
}
