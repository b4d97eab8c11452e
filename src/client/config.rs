//! The configuration of a client, and the [`Profile`] of what it has learnt about its server.

use core::net::IpAddr;
use core::num::NonZeroU32;
use core::ops::RangeInclusive;
use core::time::Duration;

use bitflags::bitflags;

use crate::codec::EndRule;
use crate::security::{Policy, TlsMode};
use crate::transfer::LineEnds;

/// Configures a client. The defaults are safe and work with the servers in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Limits on the size of replies.
    pub limits: Limits,
    /// Time that the server has for each step.
    pub timeouts: Timeouts,
    /// Use of TLS, and what may go unencrypted.
    pub security: Security,
    /// Rule that ends a multi-line reply.
    pub end_of_reply: EndRule,
    /// Side that opens data connections.
    pub data_connection: DataConnection,
    /// Listener settings for active mode.
    pub active: Active,
    /// Way to abort a transfer that was dropped before its end.
    pub abort: AbortPolicy,
    /// Interval at which NOOP is sent during a transfer, so that stateful devices on the path
    /// (address translation, firewalls) do not consider the control connection dead. `None`, the
    /// default, sends no NOOP: some servers cannot handle it.
    pub keepalive: Option<Duration>,
    /// Number of file bytes between the restart markers (RFC 959 3.5) that an upload in block or
    /// compressed mode sends; the server answers each with a marker of its own. `None`, the
    /// default, sends no markers.
    pub marker_interval: Option<NonZeroU32>,
    /// Compression level of uploads in MODE Z, 0 through 9. `None`, the default, means 6. The
    /// server's own level is set by [`deflate_level`](super::deflate_level).
    pub deflate_level: Option<u8>,
    /// Conversion of line ends in uploads in TYPE A. By default an existing CRLF is kept and a lone
    /// LF becomes CRLF.
    pub line_ends: LineEnds,
    /// Address to connect to when the reply to PASV names one.
    pub passive_address: PassiveAddress,
    /// Lets operations send commands together, which saves round trips. Off by default: each
    /// command waits for the reply to the one before it. Several commands in one segment break
    /// firewalls that look only at the start of a segment (with Linux's `nf_conntrack_ftp`, every
    /// active transfer fails), servers that take the result of one read for one command, and
    /// servers that answer out of order. After a reply that answers nothing, the client no longer
    /// pipelines to that server: [`Profile::NO_PIPELINING`].
    ///
    /// In a [series](super::Operation::in_series) of transfers, a transfer then also requests the
    /// address of the next data connection.
    pub pipelining: bool,
}

/// Use of TLS, and what may go unencrypted (RFC 4217 10.3 and 10.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// Way in which TLS is set up. The default is no TLS, and then the other fields have no effect.
    pub tls: TlsMode,
    /// Policy for the control connection. Required by default: no user name and no password is sent
    /// before TLS is in place (CVE-2021-22946).
    pub control: Policy,
    /// Policy for files and listings. Required by default: no data connection is opened before its
    /// protection is agreed on.
    pub data: Policy,
}

impl Security {
    /// Requires TLS by AUTH, for the control connection and the data.
    #[must_use]
    pub const fn explicit() -> Self {
        Self { tls: TlsMode::Explicit, control: Policy::Require, data: Policy::Require }
    }

    /// Requires TLS from the first byte on, for the control connection and the data.
    #[must_use]
    pub const fn implicit() -> Self {
        Self { tls: TlsMode::Implicit, ..Self::explicit() }
    }
}

/// Limits on the size of replies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum bytes in a line, not counting its end; the text of a longer line is truncated.
    /// Receive storage has to hold two bytes more. 2,046 by default.
    pub line: usize,
    /// Maximum lines in a reply. 10,000 by default.
    pub reply_lines: u32,
    /// Maximum bytes in a reply. 1 MiB by default.
    pub reply_bytes: u32,
    /// Maximum preliminary replies to one command before any data has moved; restart markers (110)
    /// in block and compressed mode do not count. 100 by default.
    pub preliminary_replies: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 2046, reply_lines: 10_000, reply_bytes: 1 << 20, preliminary_replies: 100 }
    }
}

/// Time that the server has for each step. Each clock runs only while the client is polled and
/// waits; what is owed to an operation that was dropped is still waited for by the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Time for the greeting. 60 s by default.
    pub greeting: Duration,
    /// Time for a TLS handshake, on the control connection or on a data connection, and for the
    /// orderly end of TLS. 20 s by default.
    pub handshake: Duration,
    /// Time for the next line of a reply. Preliminary replies do not restart this clock. 60 s by
    /// default.
    pub reply: Duration,
    /// Time for the reply to a command once a reply that cannot answer that command has arrived.
    /// When the time runs out, the operation fails with
    /// [`PeerError::UnexpectedReply`](crate::error::PeerError::UnexpectedReply). 10 s by default.
    pub stray: Duration,
    /// Time for the next line after a line that would end the reply if it had the code that the
    /// reply began with. When the time runs out, that line counts as the end, and the server is
    /// remembered as one that ends replies this way ([`Profile::ANY_CODE_ENDS`]). 20 s by default.
    pub end_of_reply: Duration,
    /// Time for the next line of the reply to a command that makes the server read a whole file:
    /// HASH, XCRC and the like. 10 minutes by default.
    pub digest: Duration,
    /// Time for a data connection to open. 20 s by default.
    pub connect: Duration,
    /// Time for the server to connect in active mode, once it has announced the transfer. 60 s by
    /// default: some servers announce first and then try for a long time.
    pub accept: Duration,
    /// Time for the 1yz reply to a download whose data connection is open. When the time runs out,
    /// data is read without that reply: some servers never send it. 10 s by default.
    pub preliminary: Duration,
    /// Longest time without a byte on the data connection. 60 s by default.
    pub data_idle: Duration,
    /// Time for the first byte of a download or listing once its final reply has arrived, and
    /// before that for the data connection to be opened and secured; and for the server to close
    /// the data connection of an upload that only a final reply has confirmed. 10 s by default.
    pub first_byte: Duration,
    /// Time for the reply that ends a transfer, once its data has ended. 2 minutes by default: a
    /// server may have much to flush; and if the tail of an upload is lost in transit, the server
    /// notices only when the data has stalled (after a minute in this crate's server,
    /// [`Timeouts::stall`](crate::server::Timeouts::stall)). A client that gives up earlier never
    /// learns that the file is incomplete.
    pub final_reply: Duration,
    /// Time for a whole transfer between two servers ([`fxp`](super::fxp())), whose data the client
    /// does not see. Once one server has reported the end, the other has
    /// [`final_reply`](Self::final_reply) for its own report. 12 hours by default.
    pub server_to_server: Duration,
    /// Time to wait for each of the two replies that are due after ABOR. If only one has arrived
    /// when the time runs out, it counts for both; if neither has, the connection is abandoned. 10
    /// s by default.
    pub abort: Duration,
}

impl Timeouts {
    /// Sets `limit` for every step that should happen soon and whose delay is a failure. The
    /// timeouts after which the client continues in another way
    /// ([`end_of_reply`](Self::end_of_reply), [`preliminary`](Self::preliminary),
    /// [`abort`](Self::abort)), or that apply once the server is known to misbehave
    /// ([`stray`](Self::stray), [`first_byte`](Self::first_byte)), are at most their defaults;
    /// those that leave the server time to work ([`digest`](Self::digest),
    /// [`server_to_server`](Self::server_to_server)) are at least their defaults.
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
            server_to_server: limit.max(usual.server_to_server),
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
            server_to_server: 12 * 60 * minute,
            abort: Duration::from_secs(10),
        }
    }
}

/// The side that opens data connections (RFC 959 3.2, RFC 1579).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataConnection {
    /// The client connects: EPSV, or PASV if that does not work. Suits clients behind firewalls and
    /// address translation.
    #[default]
    Passive,
    /// The server connects: EPRT, or PORT if that is refused.
    Active,
    /// The client connects; if neither EPSV nor, over IPv4, PASV works, the server connects
    /// instead, and this is remembered ([`Profile::NO_PASSIVE`]).
    PassiveThenActive,
}

/// Listener settings for active mode.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Active {
    /// Ports to listen on. The default, 0..=0, lets the system choose one.
    pub ports: RangeInclusive<u16>,
    /// Address to announce if the server cannot reach the listener's own address, as behind address
    /// translation.
    pub address: Option<IpAddr>,
}

impl Default for Active {
    fn default() -> Self {
        Self { ports: 0..=0, address: None }
    }
}

/// The way to abort a transfer (RFC 959 4.1.3, ABOR).
///
/// The data connection is closed at once in any case, by a reset if the system can send one. That
/// alone is not enough: the server takes an upload that seems to end cleanly for a complete file,
/// and Pure-FTPd sends no reply at all when a download's data connection goes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbortPolicy {
    /// Sends ABOR.
    #[default]
    Abor,
    /// Sends ABOR for uploads; for downloads, only closes the data connection.
    AborUploads,
    /// Closes the data connection and sends nothing.
    CloseData,
    /// Sends Telnet's IP and Synch before ABOR (RFC 959 4.1.3), for servers that look at the
    /// control connection during a transfer only when interrupted. Some servers close the
    /// connection when they see the Synch, or (Pure-FTPd) never answer the ABOR behind it:
    /// [`Profile::NO_SYNCH`].
    AborWithSynch,
}

/// The address to connect to when the reply to PASV names one. By naming other hosts, a hostile
/// server makes its clients scan their ports (CVE-2020-8284).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassiveAddress {
    /// The host of the control connection; only the port of the reply counts. This also works
    /// behind address translation, where the named address is a private one.
    #[default]
    ControlPeer,
    /// The address that the reply names, whatever it is.
    AsNamed,
}

bitflags! {
    /// The properties learnt about a server, small enough to store for many servers.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Profile: u16 {
        /// EPSV is refused, or its ports cannot be reached; PASV is used.
        const NO_EPSV = 1;
        /// Commands sent together confuse the server; one is sent at a time.
        const NO_PIPELINING = 1 << 1;
        /// MLSD is refused, even if FEAT lists it.
        const NO_MLSD = 1 << 2;
        /// REST is refused.
        const NO_RESTART = 1 << 3;
        /// EPRT is refused; PORT is used.
        const NO_EPRT = 1 << 4;
        /// Neither EPSV nor PASV works; active mode is used if it is allowed.
        const NO_PASSIVE = 1 << 5;
        /// The server closes the connection when it sees Telnet's Synch, or does not recognise ABOR
        /// behind it; ABOR is sent without the Synch.
        const NO_SYNCH = 1 << 6;
        /// The server sends a single reply, which names ABOR, for both ABOR and the download that
        /// ABOR ends.
        const ONE_ABORT_REPLY = 1 << 7;
        /// The server ends multi-line replies with a code other than the one they began with:
        /// [`EndRule::AnyCode`].
        const ANY_CODE_ENDS = 1 << 8;
        /// The server requires PRET before PASV or EPSV.
        const NEEDS_PRET = 1 << 9;
        /// The server sets modification times by MDTM with a time before the name, and has no MFMT.
        const TIME_BY_MDTM = 1 << 10;
        /// The server sets modification times by SITE UTIME, and neither by MFMT nor by MDTM.
        const TIME_BY_UTIME = 1 << 11;
        /// PWD answers with a path that does not begin with a slash, so `./` is not a valid prefix.
        const NO_DOT_PATHS = 1 << 12;
        /// The server answered a command that was sent right behind that of a transfer after the
        /// transfer. In a [series](super::Operation::in_series), the address of the next data
        /// connection is requested ahead.
        const IN_ORDER = 1 << 13;
        /// The server answers commands during a transfer, or data connections fail whose address
        /// was requested ahead. No address is requested ahead.
        const OUT_OF_ORDER = 1 << 14;
    }
}
