//! The configuration of a server: what it allows its clients, and what it says of itself.

use core::net::Ipv4Addr;
use core::num::{NonZeroU32, NonZeroU64};
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::codec::{
    Features, Full, HashAlgorithm, Position, ReplyCode, ReplyLine, Sink, Text, Verb, VerbSet,
};
use crate::security::{Policy, SessionBinding, TlsMode};
use crate::transfer::LineEnds;

/// The behaviour of a session. The defaults are safe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Bounds of what a client may send and try.
    pub limits: Limits,
    /// Bounds of the time that it may take.
    pub timeouts: Timeouts,
    /// The use of TLS, and what goes without.
    pub security: Security,
    /// The text of the greeting.
    pub greeting: Text<'static>,
    /// The answer to SYST (RFC 959 4.1.3): programs look for `UNIX Type: L8` to choose a listing format.
    pub system: Text<'static>,
    /// The commands that are served; the others are answered 502. See [`Config::COMMANDS`].
    pub commands: VerbSet,
    /// The commands that the host answers itself, known or not to the session: they come as
    /// [`Request::Command`](super::Request::Command), once the gate of the table has let them through
    /// and their argument is of the table's grammar. Those of [`Config::OWN`] never do; nor do ABOR, STAT
    /// and NOOP while a transfer runs or a digest is at work. One that is answered by the host moves no
    /// data.
    pub overridden: VerbSet,
    /// The features that FEAT names, as far as the commands are served.
    pub features: Features,
    /// The hashes that the host can compute, for HASH and its like; the first is the one that HASH uses
    /// unless it is told otherwise. None by default.
    pub hashes: &'static [HashAlgorithm],
    /// `true` if the host can put files together (COMB). `false` by default.
    pub combines: bool,
    /// After how many bytes of a file, each time, a download in block or compressed mode gets a restart
    /// marker (RFC 959 3.5). None, the default: never.
    pub marker_interval: Option<NonZeroU32>,
    /// The effort of MODE Z, 0 through 9, until the client says otherwise (OPTS MODE Z LEVEL). `None`, the
    /// default, means 6.
    pub deflate_level: Option<u8>,
    /// The treatment of a line that ends in CRLF in the file already when it is retrieved in TYPE A.
    /// [`LineEnds::Kept`] by default.
    pub line_ends: LineEnds,
    /// The listings that show names with a leading dot. [`DotFiles::OnRequest`] by default.
    pub dot_files: DotFiles,
    /// The bounds of LIST -R.
    pub recursion: Recursion,
    /// `true` if LPRT and LPSV are served (RFC 1639), which nobody has used since RFC 2428. `false` by default.
    pub long_addresses: bool,
    /// The ports to listen at for passive data connections; 0..=0 leaves the choice to the system.
    pub passive_ports: RangeInclusive<u16>,
    /// The address that 227 names, where clients see the server under another one than it has.
    pub passive_address: Option<Ipv4Addr>,
    /// `true` if the server connects to where PORT and EPRT say (only ever to an unprivileged port, and unless
    /// [`foreign_addresses`](Self::foreign_addresses) allows more to the client's own host: RFC 2577 3 and 8).
    pub active: bool,
    /// `true` if data connections may be another host's than the client's, so that files can be transferred from
    /// server to server ([`fxp`](crate::client::fxp())). No by default: whoever may log in can then make this
    /// server connect to any port from 1024 on of any host that it can reach (RFC 2577 3), and whoever guesses a
    /// passive port gets the file that its client asked for (RFC 2577 4). Only among clients that are trusted.
    pub foreign_addresses: bool,
}

impl Config {
    /// The commands that a session can serve. HASH and its like need a host that has
    /// [hashes](Self::hashes), COMB one that [combines](Self::combines) files.
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

    /// The commands that the state of the session hangs on: it answers them itself, whatever is
    /// [overridden](Self::overridden).
    pub const OWN: VerbSet = {
        use Verb::*;
        VerbSet::of(&[User, Pass, Rein, Quit, Abor, Auth, Adat, Pbsz, Prot, Ccc, Mic, Conf, Enc])
    };

    /// Writes the reply to a client that gets no session at all, instead of a greeting (RFC 959 5.4: 421): nothing
    /// where it would have to go under TLS. The connection is to be closed then.
    ///
    /// # Errors
    /// When `out` has no room.
    pub fn turn_away(&self, out: &mut impl Sink) -> Result<(), Full> {
        if self.security.tls == TlsMode::Implicit {
            return Ok(());
        }
        let text = Text::literal("Too many are here; try again later.");
        ReplyLine::encode(ReplyCode::SERVICE_NOT_AVAILABLE, Position::Single, text, out)
    }

    /// Returns whether the host answers a command itself.
    pub(super) fn overrides(&self, verb: Verb) -> bool {
        self.overridden.contains(verb) && !Self::OWN.contains(verb)
    }

    /// Returns whether a command is served, by the session or by the host.
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

/// The hash that a command of one hash alone computes.
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

/// MODE Z is there with the feature alone.
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

/// The use of TLS, and what goes without (RFC 4217 10).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// The way in which TLS is started; none by default, since it needs a driver that has it.
    pub tls: TlsMode,
    /// The need for TLS on control connections to log in; [`Policy::Never`] refuses AUTH. Preferred by default.
    pub control: Policy,
    /// The need for TLS on data connections; [`Policy::Never`] refuses PROT P. Preferred by default.
    pub data: Policy,
    /// The TLS session that a data connection has to resume: one of its control connection or of its user's others
    /// ([`SessionBinding::User`]), by default.
    pub session_binding: SessionBinding,
    /// `true` if CCC is granted, which goes on in the clear for the sake of firewalls that look into the
    /// dialogue (RFC 4217 5 and 15.3). `false` by default.
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

/// The listings that show names with a leading dot. All of them can be retrieved, whatever is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DotFiles {
    /// LIST, NLST and STAT show them where the client asks for it by `-a`, as `ls` does; MLSD always does, since it
    /// has no options, and programs that compare or remove directories rely on its being complete.
    #[default]
    OnRequest,
    /// All listings show them, as with vsftpd's `force_dot_files`. A pattern such as `*` still does not.
    Shown,
    /// Like [`OnRequest`](Self::OnRequest), and MLSD does not show them either.
    Hidden,
}

/// Bounds of LIST -R, which also bound the memory that such a listing takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Recursion {
    /// The number of directories, one within the other, that are entered below the one that is listed. With 0, -R
    /// has no effect. 16 by default.
    pub depth: u8,
    /// The number of entries after which no further directory is entered. A directory that was entered is listed
    /// whole, and one that was not has no heading. 10,000 by default.
    pub entries: u32,
}

impl Default for Recursion {
    fn default() -> Self {
        Self { depth: 16, entries: 10_000 }
    }
}

/// Bounds of what a client may send and try.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in a command line, its end not counted. Receive storage has to hold two more. 2,046 by
    /// default.
    pub line: usize,
    /// Lines that are no commands, in a row, until the session ends. 20 by default.
    pub bad_commands: u16,
    /// Failed logins until the session ends. 5 by default.
    pub login_attempts: u16,
    /// Bytes a second that a transfer has to move, each [`Timeouts::rate`] long: a slower one is given up,
    /// whichever side is the slow one. 0, which is no limit, by default.
    pub minimum_rate: u32,
    /// Bytes that a file may have at most that a client stores; what REST leaves of it counts, what APPE adds to
    /// does not, of which nothing is known. One that comes to more is given up and answered 552. None, which is no
    /// limit, by default.
    pub upload_size: Option<NonZeroU64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 2046, bad_commands: 20, login_attempts: 5, minimum_rate: 0, upload_size: None }
    }
}

/// Bounds of the time that a client may take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// To log in, from the start. 60 s by default.
    pub login: Duration,
    /// For a TLS handshake on the control connection, and for its orderly end. 20 s by default; that of a data
    /// connection counts as part of [`accept`](Self::accept).
    pub handshake: Duration,
    /// Between commands. 5 minutes by default.
    pub idle: Duration,
    /// To open the data connection, once a transfer was asked for; and for how long a passive port is listened at
    /// without one, whatever other commands come. 30 s by default.
    pub accept: Duration,
    /// Without a byte on the data connection. 60 s by default.
    pub stall: Duration,
    /// The period over which [`Limits::minimum_rate`] is measured each time. 30 s by default.
    pub rate: Duration,
    /// For an upload to come in whole once the control connection has ended without QUIT; zero gives it up at once.
    /// The host then still has its time to keep the file. 2 s by default. Why, and what it costs: see the
    /// [module](super).
    pub orphaned_upload: Duration,
    /// For the host to answer a request, or to tell one entry after the other: the client is told 451 then.
    /// 5 minutes by default.
    pub host: Duration,
    /// From a failed PASS to its answer, doubled with every failure (RFC 2577 5). 1 s by default.
    pub login_delay: Duration,
    /// The longest that the delay becomes. 16 s by default.
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
