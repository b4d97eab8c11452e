//! The configuration of a server: what clients may do, and how the server describes itself.

use core::net::Ipv4Addr;
use core::num::{NonZeroU32, NonZeroU64};
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::codec::{
    Features, Full, HashAlgorithm, Position, ReplyCode, ReplyLine, Sink, Text, Verb, VerbSet,
};
use crate::security::{Policy, SessionBinding, TlsMode};
use crate::transfer::LineEnds;

/// Configuration of a session. The defaults are safe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Limits on what a client may send and attempt.
    pub limits: Limits,
    /// Limits on the time that a client may take.
    pub timeouts: Timeouts,
    /// TLS, and the use of connections without it.
    pub security: Security,
    /// Text of the greeting (220).
    pub greeting: Text<'static>,
    /// Reply text for SYST (RFC 959 4.1.3). Programs look for `UNIX Type: L8` to choose a listing
    /// format.
    pub system: Text<'static>,
    /// Commands that are served; all others are answered with 502. See [`Config::COMMANDS`].
    pub commands: VerbSet,
    /// Commands that the host answers itself, whether or not the session knows them. They reach the
    /// host as [`Request::Command`](super::Request::Command), after the checks that apply to every
    /// command (login, TLS policy, syntax of the argument). Commands in [`Config::OWN`] never reach
    /// the host, nor do ABOR, STAT and NOOP during a transfer or a hash computation. A command that
    /// the host answers cannot move data.
    pub overridden: VerbSet,
    /// Features that FEAT lists, restricted to those whose commands are served.
    pub features: Features,
    /// Hashes that the host can compute, for HASH and similar commands. HASH uses the first one
    /// unless the client selects another. Empty by default.
    pub hashes: &'static [HashAlgorithm],
    /// `true` if the host can combine files (COMB). `false` by default.
    pub combines: bool,
    /// Interval, in bytes of the file, between the restart markers of a download in block or
    /// compressed mode (RFC 959 3.5). `None`, the default, sends no markers.
    pub marker_interval: Option<NonZeroU32>,
    /// Compression level of MODE Z, 0 through 9, until the client selects another (OPTS MODE Z
    /// LEVEL). `None`, the default, means 6.
    pub deflate_level: Option<u8>,
    /// Treatment, when a file is retrieved in TYPE A, of lines that already end in CRLF in the
    /// file. [`LineEnds::Kept`] by default.
    pub line_ends: LineEnds,
    /// Listings that show names with a leading dot. [`DotFiles::OnRequest`] by default.
    pub dot_files: DotFiles,
    /// Limits of LIST -R.
    pub recursion: Recursion,
    /// `true` if LPRT and LPSV are served (RFC 1639), which RFC 2428 made obsolete. `false` by
    /// default.
    pub long_addresses: bool,
    /// Ports for passive data connections; 0..=0 leaves the choice to the operating system.
    pub passive_ports: RangeInclusive<u16>,
    /// Address that 227 announces, for a server that clients reach under an address other than its
    /// own.
    pub passive_address: Option<Ipv4Addr>,
    /// `true` if PORT and EPRT are served. The server connects only to ports from 1024 on, and only
    /// to the client's own host unless [`foreign_addresses`](Self::foreign_addresses) allows more
    /// (RFC 2577 3 and 8).
    pub active: bool,
    /// `true` if data connections may go to and come from hosts other than the client's, so that
    /// files can be transferred from server to server ([`fxp`](crate::client::fxp())). `false` by
    /// default: anyone who may log in could otherwise make this server connect to any port from
    /// 1024 on, on any host that it can reach (RFC 2577 3), and anyone who guesses a passive port
    /// would get the file that the legitimate client asked for (RFC 2577 4). Enable it only for
    /// trusted clients.
    pub foreign_addresses: bool,
}

impl Config {
    /// Commands that a session can serve. HASH and similar commands need a host that has
    /// [hashes](Self::hashes), and COMB needs a host that [combines](Self::combines) files.
    pub const COMMANDS: VerbSet = {
        use Verb::*;
        VerbSet::of(&[
            User, Pass, Acct, Cwd, Cdup, Rein, Quit, Port, Pasv, Type, Stru, Mode, Retr, Stor, Stou, Appe,
            Allo, Rest, Rnfr, Rnto, Abor, Dele, Rmd, Mkd, Pwd, List, Nlst, Site, Syst, Stat, Help, Noop,
            Xmkd, Xrmd, Xpwd, Xcup, Xcwd, Feat, Opts, Eprt, Epsv, Lprt, Lpsv, Lang, Mdtm, Size, Mlst, Mlsd,
            Host, Mfmt, Mfct, Mff, Hash, Rang, Xcrc, Xmd5, Xsha1, Xsha256, Xsha512, Comb, Avbl, Csid, Clnt,
            Auth, Pbsz, Prot, Ccc,
        ])
    };

    /// Commands that the state of the session depends on. The session answers them itself, whatever
    /// is [overridden](Self::overridden).
    pub const OWN: VerbSet = {
        use Verb::*;
        VerbSet::of(&[User, Pass, Rein, Quit, Abor, Auth, Adat, Pbsz, Prot, Ccc, Mic, Conf, Enc])
    };

    /// Writes the reply to a client that is turned away without a session, in place of a greeting
    /// (421, RFC 959 5.4). Writes nothing under implicit TLS, where the reply would have to be
    /// encrypted. Close the connection afterwards.
    ///
    /// # Errors
    /// Returns [`Full`] if `out` has no room.
    pub fn turn_away(&self, out: &mut impl Sink) -> Result<(), Full> {
        if self.security.tls == TlsMode::Implicit {
            return Ok(());
        }
        let text = Text::literal("Too many connections; try again later.");
        ReplyLine::encode(ReplyCode::SERVICE_NOT_AVAILABLE, Position::Single, text, out)
    }

    /// Returns whether the host answers a command itself.
    pub(super) fn overrides(&self, verb: Verb) -> bool {
        self.overridden.contains(verb) && !Self::OWN.contains(verb)
    }

    /// Returns whether the session or the host serves a command.
    pub(super) fn serves(&self, verb: Verb) -> bool {
        let served = match verb {
            Verb::Lprt | Verb::Lpsv => self.long_addresses,
            Verb::Hash => !self.hashes.is_empty(),
            Verb::Comb => self.combines,
            Verb::Auth | Verb::Pbsz | Verb::Prot | Verb::Ccc => self.security.tls != TlsMode::None,
            verb => hash_of(verb).is_none_or(|hash| self.hashes.contains(&hash)),
        };
        self.overrides(verb) || (served && self.commands.contains(verb))
    }
}

/// Returns the hash that `verb` computes if it is a command for one fixed hash, such as XCRC.
pub(super) const fn hash_of(verb: Verb) -> Option<HashAlgorithm> {
    Some(match verb {
        Verb::Xcrc => HashAlgorithm::Crc32,
        Verb::Xmd5 => HashAlgorithm::Md5,
        Verb::Xsha1 => HashAlgorithm::Sha1,
        Verb::Xsha256 => HashAlgorithm::Sha256,
        Verb::Xsha512 => HashAlgorithm::Sha512,
        _ => return None,
    })
}

/// MODE Z, if it is compiled in.
const DEFLATE: Features = if cfg!(feature = "deflate") { Features::MODE_Z } else { Features::empty() };

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            security: Security::default(),
            greeting: Text::literal("Service ready."),
            system: Text::literal("UNIX Type: L8"),
            features: Features::UTF8
                | Features::SIZE
                | Features::MDTM
                | Features::MLST
                | Features::REST_STREAM
                | Features::TVFS
                | Features::EPSV
                | Features::EPRT
                | Features::LANG
                | Features::HOST
                | Features::HASH
                | Features::RANG
                | Features::XCRC
                | Features::XMD5
                | Features::XSHA1
                | Features::XSHA256
                | Features::XSHA512
                | Features::COMB
                | Features::MFMT
                | Features::MFCT
                | Features::MFF
                | Features::AVBL
                | Features::AUTH_TLS
                | Features::PBSZ
                | Features::PROT
                | Features::CSID
                | Features::CLNT
                | DEFLATE,
            commands: Self::COMMANDS,
            overridden: VerbSet::EMPTY,
            hashes: &[],
            combines: false,
            marker_interval: None,
            deflate_level: None,
            line_ends: LineEnds::Kept,
            dot_files: DotFiles::OnRequest,
            recursion: Recursion::default(),
            long_addresses: false,
            passive_ports: 0..=0,
            passive_address: None,
            active: true,
            foreign_addresses: false,
        }
    }
}

/// The use of TLS, and of connections without it (RFC 4217 10).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// The way in which TLS is started. [`TlsMode::None`] by default, since TLS needs support from
    /// the driver.
    pub tls: TlsMode,
    /// Policy for TLS on control connections, checked at login. [`Policy::Never`] refuses AUTH;
    /// [`Policy::Prefer`] by default. With [`Policy::Require`], a server that offers no TLS refuses
    /// every login.
    pub control: Policy,
    /// Policy for TLS on data connections. [`Policy::Never`] refuses PROT P; [`Policy::Prefer`] by
    /// default.
    pub data: Policy,
    /// TLS sessions, one of which a data connection must resume, unless [`SessionBinding::Off`]
    /// says that it need not. By default, the sessions of its own control connection and of the
    /// same user's other control connections ([`SessionBinding::User`]).
    pub session_binding: SessionBinding,
    /// `true` if CCC is granted, after which the control connection continues in clear text for
    /// firewalls that inspect it (RFC 4217 5 and 15.3). `false` by default.
    pub clear_command_channel: bool,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            tls: TlsMode::None,
            control: Policy::Prefer,
            data: Policy::Prefer,
            session_binding: SessionBinding::User,
            clear_command_channel: false,
        }
    }
}

/// Listings that show names with a leading dot. This does not affect whether files with such names
/// can be retrieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DotFiles {
    /// LIST, NLST and STAT show them if the client passes `-a`, as `ls` does. MLSD always shows
    /// them: it has no options, and programs that compare or remove directories need a complete
    /// listing.
    #[default]
    OnRequest,
    /// All listings show them, as with vsftpd's `force_dot_files`. A pattern such as `*` still does
    /// not.
    Shown,
    /// Like [`OnRequest`](Self::OnRequest), except that MLSD does not show them.
    Hidden,
}

/// Limits of LIST -R, which also limit the memory that such a listing takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Recursion {
    /// Number of directory levels that are entered below the listed directory. With 0, -R has no
    /// effect. 16 by default.
    pub depth: u8,
    /// Number of entries after which no further directory is entered. A directory that was entered
    /// is listed in full; a directory that was not entered has no heading. 10,000 by default.
    pub entries: u32,
}

impl Default for Recursion {
    fn default() -> Self {
        Self { depth: 16, entries: 10_000 }
    }
}

/// Limits on what a client may send and attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Length of a command line in bytes, without its line end. The receive storage has to hold two
    /// bytes more. 2,046 by default.
    pub line: usize,
    /// Number of consecutive invalid commands that ends the session. 20 by default.
    pub bad_commands: u16,
    /// Number of failed logins that ends the session. 5 by default.
    pub login_attempts: u16,
    /// Bytes per second that a transfer has to move, averaged over each [`Timeouts::rate`]. A
    /// slower transfer is aborted, whichever side is slow. 0, the default, means no limit.
    pub minimum_rate: u32,
    /// Maximum size in bytes of a file that a client stores. The part before the offset of REST
    /// counts; the existing part of a file that APPE extends does not, since its size is not known
    /// here. An upload that exceeds the limit is aborted and answered with 552. `None`, the
    /// default, means no limit.
    pub upload_size: Option<NonZeroU64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 2046, bad_commands: 20, login_attempts: 5, minimum_rate: 0, upload_size: None }
    }
}

/// Limits on the time that a client may take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Time to log in, counted from the start of the session. 60 s by default.
    pub login: Duration,
    /// Time for a TLS handshake on the control connection, and for an orderly end of TLS. 20 s by
    /// default. A handshake on a data connection counts towards [`accept`](Self::accept).
    pub handshake: Duration,
    /// Time that may pass between commands. 5 minutes by default.
    pub idle: Duration,
    /// Time to open the data connection once a transfer was requested. A passive port without a
    /// transfer is closed after the same time, whatever other commands arrive. 30 s by default.
    pub accept: Duration,
    /// Time that may pass without a byte on the data connection. 60 s by default.
    pub stall: Duration,
    /// Period over which [`Limits::minimum_rate`] is measured. 30 s by default.
    pub rate: Duration,
    /// Time for an upload to arrive in full after the control connection has ended without QUIT;
    /// zero aborts it at once. Afterwards the host still has [`host`](Self::host) to keep the file.
    /// 2 s by default. See the [module](super) for the reasons and drawbacks.
    pub orphaned_upload: Duration,
    /// Time for the host to answer a request or to send the next entry of a directory. After that
    /// the client gets 451, or 421 in place of the greeting. 5 minutes by default.
    pub host: Duration,
    /// Delay from a failed PASS to its reply, doubled with every failure (RFC 2577 5). 1 s by
    /// default.
    pub login_delay: Duration,
    /// Upper limit of the delay after a failed PASS. 16 s by default.
    pub login_delay_most: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(60),
            handshake: Duration::from_secs(20),
            idle: Duration::from_secs(300),
            accept: Duration::from_secs(30),
            stall: Duration::from_secs(60),
            rate: Duration::from_secs(30),
            orphaned_upload: Duration::from_secs(2),
            host: Duration::from_secs(300),
            login_delay: Duration::from_secs(1),
            login_delay_most: Duration::from_secs(16),
        }
    }
}
