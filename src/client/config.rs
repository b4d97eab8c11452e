//! What a client allows its server, and what it remembers of it.

use core::net::IpAddr;
use core::num::NonZeroU32;
use core::ops::RangeInclusive;
use core::time::Duration;

use bitflags::bitflags;

use crate::codec::EndRule;
use crate::security::{Policy, TlsMode};
use crate::transfer::LineEnds;

/// How a client behaves. The defaults are safe and work with the servers that are in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How much a server may send.
    pub limits: Limits,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// Whether TLS is used, and whether anything may go without.
    pub security: Security,
    /// Which line ends a reply of many lines.
    pub end_of_reply: EndRule,
    /// Which side opens data connections.
    pub data_connection: DataConnection,
    /// How the server is let connect, in active mode.
    pub active: Active,
    /// How a transfer is given up that was dropped before its end.
    pub abort: AbortPolicy,
    /// Send NOOP so often while a transfer runs, so that what keeps state on the way (address
    /// translation, firewalls) does not take the control connection for dead. Never by default: some
    /// servers cannot take it.
    pub keepalive: Option<Duration>,
    /// After how many bytes of a file, each time, an upload in block or compressed mode gets a restart
    /// marker (RFC 959 3.5), which the server then tells its own of. None, the default: never.
    pub marker_interval: Option<NonZeroU32>,
    /// How hard MODE Z tries at uploads, 0 through 9. None, the default: 6. The server is told of its side by
    /// [`deflate_level`](super::deflate_level).
    pub deflate_level: Option<u8>,
    /// How the lines of text end that are uploaded in TYPE A. By default a CRLF that is there already stays one,
    /// and a lone LF becomes CRLF.
    pub line_ends: LineEnds,
    /// Where to connect to when PASV names an address.
    pub passive_address: PassiveAddress,
    /// Sends commands together where an operation allows it, which saves round trips. Off by default: a
    /// command then goes when the one before it is answered. Commands in one segment break firewalls that
    /// look at its start only (Linux's `nf_conntrack_ftp`: every active transfer), servers that take what one
    /// read gives for one command, and servers that answer out of order. After a reply that answers nothing
    /// it is off for the server: [`Profile::NO_PIPELINING`].
    pub pipelining: bool,
}

/// Whether TLS is used, and whether anything may go without (RFC 4217 10.3 and 10.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// How TLS comes about. Not at all by default: what follows means nothing then.
    pub tls: TlsMode,
    /// Whether the dialogue may go without. What is required is never found out too late: no name, no
    /// password and no transfer is sent before (CVE-2021-22946). Required by default.
    pub control: Policy,
    /// Whether files and listings may go without. Required by default.
    pub data: Policy,
}

impl Security {
    /// TLS by AUTH, for the dialogue and the data.
    #[must_use]
    pub const fn explicit() -> Self {
        Self { tls: TlsMode::Explicit, control: Policy::Require, data: Policy::Require }
    }

    /// TLS from the first byte on, for the dialogue and the data.
    #[must_use]
    pub const fn implicit() -> Self {
        Self { tls: TlsMode::Implicit, ..Self::explicit() }
    }
}

/// How much a server may send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in a line, its end not counted; the text of a longer one is cut. Receive storage has to
    /// hold two more. 2,046 by default.
    pub line: usize,
    /// Lines in a reply. 10,000 by default.
    pub reply_lines: u32,
    /// Bytes in a reply. 1 MiB by default.
    pub reply_bytes: u32,
    /// Preliminary replies to one command before any data has moved; restart markers (110) in block and
    /// compressed mode are not counted. 100 by default.
    pub preliminary_replies: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 2046, reply_lines: 10_000, reply_bytes: 1 << 20, preliminary_replies: 100 }
    }
}

/// How long a server may take. Each clock runs only while the client is polled and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For its greeting. 60 s by default.
    pub greeting: Duration,
    /// For a TLS handshake, on the control connection or on a data connection, and for the orderly end of
    /// TLS. 20 s by default.
    pub handshake: Duration,
    /// For the next line of a reply. Preliminary replies do not restart it. 60 s by default.
    pub reply: Duration,
    /// For the reply to a command after a reply came that cannot answer it. The operation fails then, with
    /// [`PeerError::UnexpectedReply`](crate::error::PeerError::UnexpectedReply). 10 s by default.
    pub stray: Duration,
    /// For the next line of a reply whose last line would have ended it, had it begun with the same code:
    /// after that time it is taken for the end, and the server for one that ends replies so
    /// ([`Profile::ANY_CODE_ENDS`]). 20 s by default.
    pub end_of_reply: Duration,
    /// For the next line of the reply to a command that makes the server read a whole file: HASH, XCRC and its
    /// like. 10 minutes by default.
    pub digest: Duration,
    /// For a data connection to stand. 20 s by default.
    pub connect: Duration,
    /// In active mode, for the server to connect once it has said that the transfer begins. 60 s by
    /// default: some say so first, and try long.
    pub accept: Duration,
    /// For the 1yz reply to a download whose data connection stands. After it, data is read without: some
    /// servers never say it. 10 s by default.
    pub preliminary: Duration,
    /// Without a byte on the data connection. 60 s by default.
    pub data_idle: Duration,
    /// For the first byte of a download or listing, once its final reply has come and the data connection is
    /// open; and for the server to close the data connection of an upload that only a final reply speaks of.
    /// 10 s by default.
    pub first_byte: Duration,
    /// For the reply that ends a transfer, once its data has ended. 2 minutes by default: a server may have
    /// much to flush; and where the tail of an upload is lost on the way, it finds that out only when the
    /// data has stalled (after a minute here, [`Timeouts::stall`](crate::server::Timeouts::stall)). Who gives
    /// up before that never hears that the file is not whole.
    pub final_reply: Duration,
    /// For all of a transfer between two servers ([`fxp`](super::fxp())), whose data the client does not see.
    /// Once one of them has told its end the other has [`final_reply`](Self::final_reply) for its own. 12
    /// hours by default.
    pub elsewhere: Duration,
    /// For each reply that is due after ABOR. When one of the two has come, it is taken for both after
    /// that time; when none has, the connection is given up. 10 s by default.
    pub abort: Duration,
}

impl Timeouts {
    /// The same time for everything that should come soon and whose lack is a failure. Where the client goes on
    /// in another way ([`end_of_reply`](Self::end_of_reply), [`preliminary`](Self::preliminary),
    /// [`abort`](Self::abort)), or where the server is known to be wrong ([`stray`](Self::stray),
    /// [`first_byte`](Self::first_byte)), it is no longer than by default, and where the server has work to do
    /// ([`digest`](Self::digest), [`elsewhere`](Self::elsewhere)) no shorter.
    #[must_use]
    pub fn all(limit: Duration) -> Self {
        let usual = Self::default();
        Self {
            greeting: limit,
            reply: limit,
            stray: limit.min(usual.stray),
            end_of_reply: limit.min(usual.end_of_reply),
            digest: limit.max(usual.digest),
            handshake: limit,
            connect: limit,
            accept: limit,
            preliminary: limit.min(usual.preliminary),
            data_idle: limit,
            first_byte: limit.min(usual.first_byte),
            final_reply: limit,
            elsewhere: limit.max(usual.elsewhere),
            abort: limit.min(usual.abort),
        }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self {
            greeting: minute,
            handshake: Duration::from_secs(20),
            reply: minute,
            stray: Duration::from_secs(10),
            end_of_reply: Duration::from_secs(20),
            digest: 10 * minute,
            connect: Duration::from_secs(20),
            accept: minute,
            preliminary: Duration::from_secs(10),
            data_idle: minute,
            first_byte: Duration::from_secs(10),
            final_reply: 2 * minute,
            elsewhere: 12 * 60 * minute,
            abort: Duration::from_secs(10),
        }
    }
}

/// Which side opens data connections (RFC 959 3.2, RFC 1579).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataConnection {
    /// The client connects: EPSV, or PASV where that does not work. Right behind firewalls and address
    /// translation on the client's side.
    #[default]
    Passive,
    /// The server connects: EPRT, or PORT where that is refused.
    Active,
    /// The client connects; where neither EPSV nor PASV works the server does, which is remembered.
    PassiveThenActive,
}

/// How the server is let connect, in active mode.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Active {
    /// The ports to listen on. 0..=0, the default: any that the system has for it.
    pub ports: RangeInclusive<u16>,
    /// The address to name to the server, where the listener's own is of no use to it: behind address
    /// translation.
    pub address: Option<IpAddr>,
}

impl Default for Active {
    fn default() -> Self {
        Self { ports: 0..=0, address: None }
    }
}

/// How a transfer is given up (RFC 959 4.1.3, ABOR).
///
/// The data connection is closed in any case, by a reset where the system has one, and at once. That
/// alone is not enough: an upload whose end is seen as an orderly one is a file for the server, whole as
/// far as it can tell; and Pure-FTPd says nothing at all when a download's data connection goes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbortPolicy {
    /// By ABOR.
    #[default]
    Abor,
    /// By ABOR for uploads; for downloads the data connection is merely closed.
    AborUploads,
    /// The data connection is closed and nothing said.
    CloseData,
    /// By ABOR with Telnet's IP and Synch before it (RFC 959 4.1.3), for servers that look at the control
    /// connection during a transfer only when interrupted. Some close the connection at the sight of it, or
    /// (Pure-FTPd) say nothing to it ever: [`Profile::NO_SYNCH`].
    AborWithSynch,
}

/// Where to connect to when PASV names an address (CVE-2020-8284: a hostile server makes its clients
/// scan other hosts' ports).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassiveAddress {
    /// To the host that the control connection goes to; only the port counts. Right behind address
    /// translation too, where the named address is a private one.
    #[default]
    ControlPeer,
    /// To the address named, whichever that is.
    AsNamed,
}

bitflags! {
    /// What was learnt of a server. Small enough to keep a database of.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Profile: u16 {
        /// EPSV is refused, or its ports cannot be reached: PASV is used.
        const NO_EPSV = 1;
        /// Commands sent together confuse it: one at a time.
        const NO_PIPELINING = 1 << 1;
        /// MLSD is refused, whatever FEAT says.
        const NO_MLSD = 1 << 2;
        /// REST is refused.
        const NO_RESTART = 1 << 3;
        /// EPRT is refused: PORT is used.
        const NO_EPRT = 1 << 4;
        /// Neither EPSV nor PASV works: active mode is used where it is allowed.
        const NO_PASSIVE = 1 << 5;
        /// It closes the connection at Telnet's Synch, or does not know ABOR behind it: ABOR goes plain.
        const NO_SYNCH = 1 << 6;
        /// It answers ABOR and the download that it ends with one reply for both, which speaks of ABOR.
        const ONE_ABORT_REPLY = 1 << 7;
        /// It ends replies of many lines with another code than they began with: [`EndRule::AnyCode`].
        const ANY_CODE_ENDS = 1 << 8;
        /// It wants to be told of a transfer before PASV or EPSV (PRET).
        const NEEDS_PRET = 1 << 9;
        /// It sets when a file was modified by MDTM with a time before the name, and has no MFMT.
        const TIME_BY_MDTM = 1 << 10;
        /// It sets when a file was modified by SITE UTIME, and neither by MFMT nor by MDTM.
        const TIME_BY_UTIME = 1 << 11;
        /// PWD answers with a path that does not begin with a slash: `./` is no prefix of paths there.
        const NO_DOT_PATHS = 1 << 12;
    }
}
