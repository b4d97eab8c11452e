//! Commands (RFC 959 5.3): a verb and its typed argument.

use core::fmt;
use core::net::{SocketAddr, SocketAddrV4};

use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::combinator::{opt, rest};
use nom::sequence::preceded;
use nom::{IResult, Parser};

mod line;

pub use line::CommandLine;

use super::features::on_or_off;
use super::{
    Allocation, ByteRange, EpsvArgument, ExtendedError, Facts, FileStructure, Full, Invalid, OptsArgument,
    ProtectionBufferSize, ProtectionLevel, RepresentationType, RestartMarker, Secret, Sink, Text, Timestamp,
    TransferMode, Verb, VerbSet, address,
};

/// The reason why a line is not a command, or why its argument is not valid for the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandError {
    /// The line does not begin with a word, or the word is unknown and CR, LF or NUL follow: 500.
    NotACommand,
    /// The command takes an argument: 501.
    MissingArgument(Verb),
    /// The command takes no argument: 501.
    UnexpectedArgument(Verb),
    /// The argument violates the command's grammar: 501.
    BadArgument(Verb, Invalid),
    /// The argument names a network protocol that is neither IPv4 nor IPv6: 522 to EPRT, 521 to
    /// LPRT.
    UnknownFamily(Verb),
}

impl CommandError {
    /// Returns the command that the line named, if that command is known.
    #[must_use]
    pub const fn verb(&self) -> Option<Verb> {
        match self {
            Self::NotACommand => None,
            Self::MissingArgument(verb)
            | Self::UnexpectedArgument(verb)
            | Self::BadArgument(verb, _)
            | Self::UnknownFamily(verb) => Some(*verb),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACommand => f.write_str(
                "not a command: it begins with a word of printable ASCII, and holds no CR, LF or NUL",
            ),
            Self::MissingArgument(verb) => write!(f, "{verb} needs an argument"),
            Self::UnexpectedArgument(verb) => write!(f, "{verb} takes no argument"),
            Self::BadArgument(verb, invalid) => write!(f, "the argument of {verb}: {invalid}"),
            Self::UnknownFamily(verb) => {
                write!(f, "the argument of {verb} names a network protocol that is neither IPv4 nor IPv6")
            }
        }
    }
}

impl core::error::Error for CommandError {}

/// A type for the arguments of commands.
trait Parameter<'a>: Sized {
    fn read(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError>;

    /// Appends the argument, preceded by a space.
    fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full>;
}

/// Defines the enum of commands from a list of verbs and their argument types.
macro_rules! commands {
    ($($variant:ident $(($parameter:ty))?),* $(,)?) => {
        /// A command with its argument, which borrows from the parsed line or from the caller.
        ///
        /// The docs of each [`Verb`] explain its command. `Debug` hides the arguments of PASS,
        /// ACCT, ADAT, MIC, CONF and ENC.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Command<'a> {
            $(#[doc = concat!("See [`Verb::", stringify!($variant), "`].")] $variant $(($parameter))?,)*
            /// A command that the verb table does not list. Only [`Command::unknown`] creates this
            /// variant, so it never names a known command and cannot bypass the decisions made for
            /// known commands.
            #[non_exhaustive]
            Unknown {
                /// The first word as it was sent: printable ASCII, no space.
                verb: Text<'a>,
                /// The text after the verb, which is not empty.
                argument: Option<Text<'a>>,
            },
            /// A line that is sent as it was written. No parser creates this variant.
            Line(CommandLine<'a>),
            /// The form of MDTM (in no document) that sets a file's modification time, as MFMT
            /// does. No parser creates this variant, since a file name may look like its argument.
            SetMdtm(TimedPath<'a>),
        }

        impl<'a> Command<'a> {
            /// Returns the verb, or `None` for one that the verb table does not list.
            #[must_use]
            pub const fn known_verb(&self) -> Option<Verb> {
                Some(match self {
                    $(Self::$variant { .. } => Verb::$variant,)*
                    Self::Unknown { .. } => return None,
                    Self::Line(line) => return line.verb(),
                    Self::SetMdtm(_) => Verb::Mdtm,
                })
            }

            #[inline(always)]
            fn typed(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
                Ok(match verb {
                    $(Verb::$variant => commands!(@read $variant $(($parameter))?, verb, argument),)*
                })
            }

            fn write_argument<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
                match self {
                    $(commands!(@pattern $variant argument $(($parameter))?) => {
                        commands!(@write sink argument $(($parameter))?)
                    })*
                    Self::Unknown { argument, .. } => argument.write(sink),
                    Self::Line(_) => Ok(()),
                    Self::SetMdtm(argument) => argument.write(sink),
                }
            }
        }
    };
    (@read $variant:ident ($parameter:ty), $verb:ident, $argument:ident) => {
        Self::$variant(<$parameter as Parameter<'a>>::read($verb, $argument)?)
    };
    (@read $variant:ident, $verb:ident, $argument:ident) => {{
        <() as Parameter<'a>>::read($verb, $argument)?;
        Self::$variant
    }};
    (@pattern $variant:ident $argument:ident ($parameter:ty)) => { Self::$variant($argument) };
    (@pattern $variant:ident $argument:ident) => { Self::$variant };
    (@write $sink:ident $argument:ident ($parameter:ty)) => { $argument.write($sink) };
    (@write $sink:ident $argument:ident) => { Ok(()) };
}

commands! {
    // RFC 959 4.1.1: access control
    User(Text<'a>), Pass(Secret<'a>), Acct(Secret<'a>), Cwd(Text<'a>), Cdup, Smnt(Text<'a>), Rein, Quit,
    // RFC 959 4.1.2: transfer parameters
    Port(SocketAddrV4), Pasv, Type(RepresentationType), Stru(FileStructure), Mode(TransferMode),
    // RFC 959 4.1.3: service
    Retr(Text<'a>), Stor(Text<'a>), Stou(Option<Text<'a>>), Appe(Text<'a>), Allo(Allocation),
    Rest(RestartMarker<'a>), Rnfr(Text<'a>), Rnto(Text<'a>), Abor, Dele(Text<'a>), Rmd(Text<'a>),
    Mkd(Text<'a>), Pwd, List(Option<Text<'a>>), Nlst(Option<Text<'a>>), Site(Text<'a>), Syst,
    Stat(Option<Text<'a>>), Help(Option<Text<'a>>), Noop,
    // RFC 775
    Xmkd(Text<'a>), Xrmd(Text<'a>), Xpwd, Xcup, Xcwd(Text<'a>),
    // RFC 2228
    Auth(Text<'a>), Adat(Secret<'a>), Pbsz(ProtectionBufferSize), Prot(ProtectionLevel), Ccc,
    Mic(Secret<'a>), Conf(Secret<'a>), Enc(Secret<'a>),
    // RFC 2389
    Feat, Opts(OptsArgument<'a>),
    // RFC 2428
    Eprt(SocketAddr), Epsv(EpsvArgument),
    // RFC 1639
    Lprt(LongAddress), Lpsv,
    // RFC 2640
    Lang(Option<Text<'a>>),
    // RFC 3659
    Mdtm(Text<'a>), Size(Text<'a>), Mlst(Option<Text<'a>>), Mlsd(Option<Text<'a>>),
    // RFC 7151
    Host(Text<'a>),
    // draft-somers-ftp-mfxx
    Mfmt(TimedPath<'a>), Mfct(TimedPath<'a>), Mff(MffArgument<'a>),
    // draft-ietf-ftpext2-hash, draft-bryan-ftp-range
    Hash(Text<'a>), Rang(ByteRange),
    // In common use, in no RFC
    Xcrc(Text<'a>), Xmd5(Text<'a>), Xsha1(Text<'a>), Xsha256(Text<'a>), Xsha512(Text<'a>), Comb(Text<'a>),
    Sscn(Option<bool>),
    Avbl(Option<Text<'a>>), Csid(Text<'a>), Clnt(Text<'a>), Dsiz(Option<Text<'a>>), Rmda(Text<'a>),
    Thmb(Text<'a>), Pret(Text<'a>),
}

/// The address in LPRT's argument, IPv4 or IPv6 (RFC 1639).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LongAddress(pub SocketAddr);

/// A time and the path to set it on: the argument of MFMT and MFCT (draft-somers-ftp-mfxx 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedPath<'a> {
    /// The time, in UTC.
    pub time: Timestamp,
    /// The path.
    pub path: Text<'a>,
}

/// The facts that MFF sets and the path to set them on (draft-somers-ftp-mfxx 5). The text is
/// checked on creation but parsed only on request, so that a [`Command`] carries only the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MffArgument<'a>(Text<'a>);

/// A verb and the text after the space that follows it.
type Words<'l> = (&'l [u8], Option<&'l [u8]>);

// command  = verb [SP argument]         ; without its CRLF
// verb     = 1*%d33-126
// argument = *OCTET                     ; no CR, LF, NUL
fn words(line: &[u8]) -> IResult<&[u8], Words<'_>> {
    let verb = take_while1(|byte: u8| byte.is_ascii_graphic());
    (verb, opt(preceded(char(' '), rest))).parse_complete(line)
}

impl<'a> Command<'a> {
    /// Parses a line without its line end. A command that the verb table does not list is
    /// [`Unknown`](Self::Unknown), not an error.
    ///
    /// Trailing spaces and tabs, which some clients send, are dropped from commands whose argument
    /// cannot end in them, such as `TYPE I ` and `PWD `. They are kept in paths, names and
    /// passwords.
    ///
    /// # Errors
    /// Fails when the line is not a command, or its argument is not valid for the command.
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        let (verb, argument) = match Verb::split_from(line) {
            Some((verb, [])) => (verb, None),
            Some((verb, [b' ', argument @ ..])) => match Text::new(without_trailing_blanks(verb, argument)) {
                Ok(text) => (verb, Some(text).filter(|text| !text.is_empty())),
                Err(invalid) => return Err(CommandError::BadArgument(verb, invalid)),
            },
            _ => return Self::parse_unknown(line),
        };
        Self::typed(verb, argument)
    }

    fn parse_unknown(line: &'a [u8]) -> Result<Self, CommandError> {
        let Ok((b"", (verb, argument))) = words(line) else {
            return Err(CommandError::NotACommand);
        };
        match (Text::new(verb), argument.map(Text::new).transpose()) {
            (Ok(verb), Ok(argument)) => Self::unknown(verb, argument).map_err(|_| CommandError::NotACommand),
            _ => Err(CommandError::NotACommand),
        }
    }

    /// Creates a command that the verb table does not list. An empty argument counts as none.
    ///
    /// ```
    /// use ftp_proto::codec::{Command, Text};
    ///
    /// let frob = Command::unknown(Text::literal("FROB"), Some(Text::literal("x")));
    /// assert_eq!(frob, Ok(Command::parse(b"FROB x")?));
    /// assert!(Command::unknown(Text::literal("PASS"), Some(Text::literal("x"))).is_err());
    /// # Ok::<(), ftp_proto::codec::CommandError>(())
    /// ```
    ///
    /// There is no other way to create this variant:
    ///
    /// ```compile_fail,E0639
    /// # use ftp_proto::codec::{Command, Text};
    /// let password = Command::Unknown { verb: Text::literal("PASS"), argument: None };
    /// ```
    ///
    /// # Errors
    /// Fails when `verb` is not printable ASCII without a space, and when it names a [`Verb`],
    /// since each of these has a variant of its own.
    pub fn unknown(verb: Text<'a>, argument: Option<Text<'a>>) -> Result<Self, Invalid> {
        let is_word = matches!(words(verb.as_bytes()), Ok((b"", (_, None))));
        match is_word && Verb::from_bytes(verb.as_bytes()).is_none() {
            true => Ok(Self::Unknown { verb, argument: argument.filter(|argument| !argument.is_empty()) }),
            false => Err(Invalid::new("a word of printable ASCII that is no known command")),
        }
    }

    /// Appends the line, without its CRLF.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match (self, self.known_verb()) {
            (Self::Unknown { verb, .. }, _) => verb.encode(sink)?,
            (Self::Line(line), _) => return line.encode(sink),
            (_, Some(verb)) => sink.put(verb.as_str().as_bytes())?,
            (_, None) => {}
        }
        self.write_argument(sink)
    }
}

/// The commands that take no argument, or whose argument is a number, a keyword of the protocol or
/// an address.
const NEVER_END_IN_BLANK: VerbSet = {
    use Verb::*;
    VerbSet::of(&[
        Cdup, Rein, Quit, Port, Pasv, Type, Stru, Mode, Allo, Rest, Abor, Pwd, Syst, Noop, Xpwd, Xcup, Pbsz,
        Prot, Ccc, Feat, Eprt, Epsv, Lprt, Lpsv, Rang, Sscn,
    ])
};

/// Returns `argument` without trailing blanks if the argument of `verb` cannot end in a blank, and
/// unchanged otherwise.
fn without_trailing_blanks(verb: Verb, argument: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    match argument.last().is_some_and(is_blank) && NEVER_END_IN_BLANK.contains(verb) {
        true => {
            let end = argument.iter().rposition(|byte| !is_blank(byte)).map_or(0, |last| last + 1);
            argument.get(..end).unwrap_or_default()
        }
        false => argument,
    }
}

fn spaced<S: Sink + ?Sized>(text: Text<'_>, sink: &mut S) -> Result<(), Full> {
    sink.put(b" ")?;
    text.encode(sink)
}

fn required(verb: Verb, argument: Option<Text<'_>>) -> Result<Text<'_>, CommandError> {
    argument.ok_or(CommandError::MissingArgument(verb))
}

impl<'a> Parameter<'a> for () {
    fn read(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
        match argument {
            None => Ok(()),
            Some(_) => Err(CommandError::UnexpectedArgument(verb)),
        }
    }

    fn write<S: Sink + ?Sized>(&self, _: &mut S) -> Result<(), Full> {
        Ok(())
    }
}

impl<'a> Parameter<'a> for Text<'a> {
    fn read(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
        required(verb, argument)
    }

    fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        spaced(*self, sink)
    }
}

impl<'a> Parameter<'a> for Option<Text<'a>> {
    fn read(_: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
        Ok(argument)
    }

    fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match self {
            Some(text) if !text.is_empty() => spaced(*text, sink),
            _ => Ok(()),
        }
    }
}

// switch = "ON" / "OFF"                 ; SSCN, in common use, in no RFC
impl<'a> Parameter<'a> for Option<bool> {
    fn read(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
        let switch = argument.map(|text| on_or_off(text.as_bytes())).transpose();
        switch.map_err(|invalid| CommandError::BadArgument(verb, invalid))
    }

    fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match self {
            Some(true) => sink.put(b" ON"),
            Some(false) => sink.put(b" OFF"),
            None => Ok(()),
        }
    }
}

/// Accepts an empty password, since anonymous logins send `PASS` alone.
impl<'a> Parameter<'a> for Secret<'a> {
    fn read(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
        match (argument, verb) {
            (None, Verb::Pass) => Ok(Self::default()),
            (argument, verb) => required(verb, argument).map(Self::new),
        }
    }

    fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        spaced(self.reveal(), sink)
    }
}

impl<'a> Parameter<'a> for EpsvArgument {
    fn read(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
        let bytes = argument.unwrap_or_default();
        Self::parse(bytes.as_bytes()).map_err(|invalid| CommandError::BadArgument(verb, invalid))
    }

    fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        if *self != Self::Unspecified {
            sink.put(b" ")?;
        }
        self.encode(sink)
    }
}

/// Implements `Parameter` for values with a grammar of their own.
macro_rules! values {
    ($($parameter:ty: $parse:expr, $encode:expr;)*) => {$(
        impl<'a> Parameter<'a> for $parameter {
            fn read(verb: Verb, argument: Option<Text<'a>>) -> Result<Self, CommandError> {
                let parse: fn(&'a [u8]) -> Result<Self, ArgumentError> = $parse;
                parse(required(verb, argument)?.as_bytes()).map_err(|error| error.of(verb))
            }

            fn write<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
                sink.put(b" ")?;
                let encode: fn(&Self, &mut S) -> Result<(), Full> = $encode;
                encode(self, sink)
            }
        }
    )*};
}

values! {
    SocketAddrV4: |bytes| Ok(address::parse_host_port(bytes)?), |this, sink| address::encode_host_port(*this, sink);
    SocketAddr: |bytes| Ok(address::parse_extended(bytes)?), |this, sink| address::encode_extended(*this, sink);
    LongAddress: |bytes| Ok(Self(address::parse_long(bytes)?)), |this, sink| address::encode_long(this.0, sink);
    RepresentationType: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    FileStructure: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    TransferMode: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    ProtectionBufferSize: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    ProtectionLevel: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    Allocation: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    ByteRange: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    RestartMarker<'a>: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    OptsArgument<'a>: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    MffArgument<'a>: |bytes| Ok(Self::parse(bytes)?), Self::encode;
    TimedPath<'a>: |bytes| Ok(Self::parse(bytes)?), Self::encode;
}

/// The errors of all argument parsers.
enum ArgumentError {
    Invalid(Invalid),
    Family,
}

impl ArgumentError {
    const fn of(self, verb: Verb) -> CommandError {
        match self {
            Self::Invalid(invalid) => CommandError::BadArgument(verb, invalid),
            Self::Family => CommandError::UnknownFamily(verb),
        }
    }
}

impl From<Invalid> for ArgumentError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<ExtendedError> for ArgumentError {
    fn from(error: ExtendedError) -> Self {
        match error {
            ExtendedError::Syntax => Self::Invalid(Invalid::new("an address and a port")),
            ExtendedError::Family => Self::Family,
        }
    }
}

impl<'a> TimedPath<'a> {
    // timed-path = time-val SP pathname
    /// Parses a time, a space and a path.
    ///
    /// # Errors
    /// Fails when `bytes` has any other form.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        const EXPECTED: Invalid = Invalid::new("a time, a space and a path");
        let at = memchr::memchr(b' ', bytes).ok_or(EXPECTED)?;
        let (time, path) = (&bytes[..at], &bytes[at + 1..]);
        if path.is_empty() {
            return Err(EXPECTED);
        }
        Ok(Self { time: Timestamp::parse(time)?, path: Text::new(path)? })
    }

    /// Appends the time, a space and the path.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        self.time.encode(sink)?;
        spaced(self.path, sink)
    }
}

impl<'a> MffArgument<'a> {
    // mff-argument = 1*( fact ";" ) SP pathname    ; fact as in RFC 3659 7.2
    //   also in use: no ";" after the last
    /// Creates the argument from `bytes`: facts, a space and a path.
    ///
    /// # Errors
    /// Fails like [`Facts::parse_exact`], and when there is no fact or no path.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        let facts = Facts::parse_exact(bytes)?;
        if facts.iter().next().is_none() || facts.name.is_empty() {
            return Err(Invalid::new("facts, a space and a path"));
        }
        Text::new(bytes).map(Self)
    }

    /// Parses the facts and the path.
    ///
    /// # Errors
    /// Never fails, since [`parse`](Self::parse) succeeded.
    pub fn facts(&self) -> Result<Facts<'a>, Invalid> {
        Facts::parse(self.0.as_bytes())
    }

    /// Appends the argument unchanged.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        self.0.encode(sink)
    }
}

#[cfg(test)]
mod tests;
