//! The three-digit code that begins every reply, and the meaning of each code (RFC 959 4.2).
//!
//! The first digit gives the outcome of a command ([`Severity`]), the second its subject
//! ([`Group`]), and the third distinguishes replies of one kind. Codes that no document defines are
//! kept unchanged: the first digit alone is enough to act on them.
//!
//! ```text
//! reply-code = severity group DIGIT
//! severity   = "1" / "2" / "3" / "4" / "5"     ; RFC 959 4.2
//!            / "6"                             ; RFC 2228 5.2
//! group      = DIGIT                           ; RFC 959 4.2 defines 0 to 5
//! ```

use core::fmt;
use core::num::NonZeroU16;

use super::{Full, Invalid, Sink};

/// A reply code, 100 to 699.
///
/// The constants below name the known codes and give the meaning and the source of each.
/// `Option<ReplyCode>` is no larger than a `ReplyCode`.
///
/// ```
/// use ftp_proto::codec::{ReplyCode, Severity};
///
/// let code = ReplyCode::from_digits(b"227").unwrap();
/// assert_eq!(code, ReplyCode::ENTERING_PASSIVE_MODE);
/// assert_eq!(code.severity(), Severity::PositiveCompletion);
///
/// // In no RFC, but a refusal all the same.
/// assert!(ReplyCode::from_digits(b"599").unwrap().is_permanent());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyCode(NonZeroU16);

/// The outcome of a command: the first digit of a code (RFC 959 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// 1yz: begun. Another reply to the same command follows.
    PositivePreliminary,
    /// 2yz: done.
    PositiveCompletion,
    /// 3yz: accepted. The next command must supply what is missing.
    PositiveIntermediate,
    /// 4yz: not done. The same command may work later.
    TransientNegative,
    /// 5yz: not done. The same command will fail again.
    PermanentNegative,
    /// 6yz: the text contains the actual reply, protected (RFC 2228 5.2).
    Protected,
}

/// The subject of a reply: the second digit of a code (RFC 959 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// x0z: the syntax of commands, and commands that are in no other group.
    Syntax,
    /// x1z: requested information.
    Information,
    /// x2z: the control and data connections.
    Connections,
    /// x3z: login, accounting and, since RFC 2228, protection.
    Authentication,
    /// x4z: not specified.
    Unspecified,
    /// x5z: the state of the file system.
    FileSystem,
}

/// Generates the named constants, [`ReplyCode::ALL`], `meaning` and `source` from one table.
macro_rules! reply_codes {
    ($($number:literal $name:ident $source:literal $meaning:literal;)*) => {
        /// The codes that a document defines.
        impl ReplyCode {
            $(
                #[doc = concat!("`", $number, "`: ", $meaning, " (", $source, ").")]
                pub const $name: Self = Self::literal($number);
            )*

            /// Every named code, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the meaning of the code in our words: a phrase without a full stop. Returns
            /// `None` for a code that no document defines.
            #[must_use]
            pub const fn meaning(self) -> Option<&'static str> {
                match self.get() {
                    $($number => Some($meaning),)*
                    _ => None,
                }
            }

            /// Returns the document and section that define the code, such as `RFC 959 4.2.2`.
            #[must_use]
            pub const fn source(self) -> Option<&'static str> {
                match self.get() {
                    $($number => Some($source),)*
                    _ => None,
                }
            }
        }
    };
}

reply_codes! {
//  code name                              source             meaning
    110 RESTART_MARKER                     "RFC 959 4.2.2"    "a restart marker, as `MARK yyyy = mmmm`";
    120 SERVICE_READY_SOON                 "RFC 959 4.2.2"    "the service will be ready in some minutes; wait for 220";
    125 DATA_CONNECTION_ALREADY_OPEN       "RFC 959 4.2.2"    "the transfer starts on the data connection that is open";
    150 OPENING_DATA_CONNECTION            "RFC 959 4.2.2"    "the file is in order and the data connection is about to be opened";

    200 COMMAND_OKAY                       "RFC 959 4.2.2"    "done";
    202 SUPERFLUOUS                        "RFC 959 4.2.2"    "nothing was done, since nothing need be done here";
    211 SYSTEM_STATUS                      "RFC 959 4.2.2"    "the state of the system, or help on it; the list of features (RFC 2389)";
    212 DIRECTORY_STATUS                   "RFC 959 4.2.2"    "the state of a directory";
    213 FILE_STATUS                        "RFC 959 4.2.2"    "the state of a file: its size, time or facts";
    214 HELP_MESSAGE                       "RFC 959 4.2.2"    "help, for a person to read";
    215 SYSTEM_TYPE                        "RFC 959 4.2.2"    "the name of the operating system";
    220 SERVICE_READY                      "RFC 959 4.2.2"    "ready for a new user; the host is taken (RFC 7151)";
    221 SERVICE_CLOSING                    "RFC 959 4.2.2"    "the control connection is being closed, as was asked";
    225 DATA_CONNECTION_OPEN               "RFC 959 4.2.2"    "the data connection is open and no transfer is running";
    226 CLOSING_DATA_CONNECTION            "RFC 959 4.2.2"    "the transfer or its abortion is complete and the data connection is being closed";
    227 ENTERING_PASSIVE_MODE              "RFC 959 4.2.2"    "listening for the data connection at the IPv4 address and port in the text";
    228 ENTERING_LONG_PASSIVE_MODE         "RFC 1639"         "listening for the data connection at the long address in the text";
    229 ENTERING_EXTENDED_PASSIVE_MODE     "RFC 2428 3"       "listening for the data connection at the port in the text";
    230 LOGGED_IN                          "RFC 959 4.2.2"    "logged in";
    232 LOGGED_IN_BY_SECURITY_EXCHANGE     "RFC 2228 5.1"     "logged in by what the security exchange proved; no password is needed";
    234 SECURITY_EXCHANGE_COMPLETE         "RFC 2228 5.1"     "the security mechanism is accepted and needs no more data; TLS starts (RFC 4217)";
    235 SECURITY_DATA_ACCEPTED             "RFC 2228 5.1"     "the security data is accepted and the exchange is complete";
    250 FILE_ACTION_OKAY                   "RFC 959 4.2.2"    "the action on the file is done";
    257 PATHNAME                           "RFC 959 4.2.2"    "the directory that was made, or that is current, quoted in the text";

    331 NEED_PASSWORD                      "RFC 959 4.2.2"    "the user name is accepted and a password is wanted";
    332 NEED_ACCOUNT                       "RFC 959 4.2.2"    "an account is wanted before the login is complete";
    334 NEED_SECURITY_DATA                 "RFC 2228 5.1"     "the security mechanism is accepted and wants security data";
    335 NEED_MORE_SECURITY_DATA            "RFC 2228 5.1"     "the security data is accepted and more is wanted";
    336 NEED_PASSWORD_FOR_CHALLENGE        "RFC 2228 5.1"     "a password is wanted that answers the challenge in the text";
    350 FILE_ACTION_PENDING                "RFC 959 4.2.2"    "the action on the file waits for the command that completes it";

    421 SERVICE_NOT_AVAILABLE              "RFC 959 4.2.2"    "the service is not available and the control connection is being closed";
    425 CANNOT_OPEN_DATA_CONNECTION        "RFC 959 4.2.2"    "the data connection cannot be opened";
    426 TRANSFER_ABORTED                   "RFC 959 4.2.2"    "the data connection was closed and the transfer given up";
    431 SECURITY_RESOURCE_UNAVAILABLE      "RFC 2228 5.1"     "something that the security mechanism needs is not available";
    434 HOST_UNAVAILABLE                   "drafts of RFC 7151" "the virtual host is not available; RFC 7151 itself says 504";
    450 FILE_BUSY                          "RFC 959 4.2.2"    "the file is not available for now";
    451 LOCAL_ERROR                        "RFC 959 4.2.2"    "given up after an error in the server";
    452 INSUFFICIENT_STORAGE               "RFC 959 4.2.2"    "the system has too little room left";

    500 SYNTAX_ERROR                       "RFC 959 4.2.2"    "the command is unknown or cannot be read";
    501 ARGUMENT_SYNTAX_ERROR              "RFC 959 4.2.2"    "the argument cannot be read";
    502 NOT_IMPLEMENTED                    "RFC 959 4.2.2"    "the command is known and not implemented";
    503 BAD_SEQUENCE                       "RFC 959 4.2.2"    "the command may not come here in the sequence of commands";
    504 PARAMETER_NOT_IMPLEMENTED          "RFC 959 4.2.2"    "the command is not implemented for this argument";
    521 DATA_PROTECTION_REFUSED            "RFC 4217 10.2"    "no data connection with this PROT setting; no such address family (RFC 1639); the directory exists (RFC 959 Appendix II)";
    522 NETWORK_PROTOCOL_NOT_SUPPORTED     "RFC 2428 2"       "not in this network protocol, but in those in the text; the TLS negotiation of the data connection failed (RFC 4217)";
    530 NOT_LOGGED_IN                      "RFC 959 4.2.2"    "not logged in, or the login is refused";
    532 NEED_ACCOUNT_FOR_STORING           "RFC 959 4.2.2"    "files are stored only for those who gave an account";
    533 COMMAND_PROTECTION_DENIED          "RFC 2228 5.1"     "policy forbids the command at this protection of the control connection";
    534 DENIED_BY_POLICY                   "RFC 2228 5.1"     "policy forbids the request";
    535 SECURITY_CHECK_FAILED              "RFC 2228 5.1"     "a security check failed: a checksum, a sequence, a length";
    536 PROT_LEVEL_NOT_SUPPORTED           "RFC 2228 5.1"     "the security mechanism does not have this level of protection for data";
    537 COMMAND_PROTECTION_NOT_SUPPORTED   "RFC 2228 5.1"     "the security mechanism does not have this protection for commands";
    550 FILE_UNAVAILABLE                   "RFC 959 4.2.2"    "the file is not there, or access to it is denied";
    551 PAGE_TYPE_UNKNOWN                  "RFC 959 4.2.2"    "given up at a page of an unknown type";
    552 STORAGE_EXCEEDED                   "RFC 959 4.2.2"    "given up, since the storage that was allotted is used up";
    553 NAME_NOT_ALLOWED                   "RFC 959 4.2.2"    "a file may not have this name";
    554 INVALID_RESTART                    "RFC 1123 4.1.3.4" "the transfer cannot start at the point that REST gave";
    555 TYPE_MISMATCH                      "RFC 1123 4.1.3.4" "the file has another type or structure than the transfer";
    556 HASH_REFUSED                       "draft-ietf-ftpext2-hash" "the file exists and its hash is not given";

    631 INTEGRITY_PROTECTED_REPLY          "RFC 2228 5.2"     "the text holds the reply, protected against change";
    632 CONFIDENTIAL_AND_INTEGRITY_PROTECTED_REPLY "RFC 2228 5.2" "the text holds the reply, protected against change and encrypted";
    633 CONFIDENTIAL_REPLY                 "RFC 2228 5.2"     "the text holds the reply, encrypted";
}

/// Additional names, for codes that more than one document defines.
impl ReplyCode {
    /// `521` in answer to LPRT and LPSV: the address family is not supported, but those in the text
    /// are (RFC 1639).
    pub const ADDRESS_FAMILY_NOT_SUPPORTED: Self = Self::DATA_PROTECTION_REFUSED;
    /// `521` in answer to MKD: the directory exists, and nothing was done (RFC 959 Appendix II).
    pub const DIRECTORY_EXISTS: Self = Self::DATA_PROTECTION_REFUSED;
    /// `522` in answer to a transfer, after its 1yz: the TLS negotiation of the data connection
    /// failed (RFC 4217 10.2).
    pub const DATA_TLS_FAILED: Self = Self::NETWORK_PROTOCOL_NOT_SUPPORTED;
}

impl ReplyCode {
    /// Creates the code with this number, named or not. Returns `None` unless it is 100 to 699.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        match NonZeroU16::new(number) {
            Some(code) if 100 <= number && number <= 699 => Some(Self(code)),
            _ => None,
        }
    }

    /// Parses exactly three ASCII digits, of which the first is 1 to 6; returns `None` for anything
    /// else. Used to parse reply lines, since it compiles to only a handful of instructions.
    #[inline]
    #[must_use]
    pub const fn from_digits(digits: &[u8]) -> Option<Self> {
        let [a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9'] = *digits else { return None };
        Self::new((a - b'0') as u16 * 100 + (b - b'0') as u16 * 10 + (c - b'0') as u16)
    }

    /// Parses the three digits of a code, with nothing after them.
    ///
    /// # Errors
    /// Fails when `bytes` is anything but a code of 100 to 699.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        Self::from_digits(bytes).ok_or(Invalid::new("a reply code from 100 to 699"))
    }

    /// Writes the three digits.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put(&self.as_digits())
    }

    /// Returns the code as a number, 100 to 699.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }

    /// Returns the code as three ASCII digits.
    #[must_use]
    pub const fn as_digits(self) -> [u8; 3] {
        let code = self.get();
        // Each digit is below 10, since a code is at most 699.
        [b'0' + (code / 100) as u8, b'0' + (code / 10 % 10) as u8, b'0' + (code % 10) as u8]
    }

    /// Returns the outcome of the command: the first digit.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self.get() / 100 {
            1 => Severity::PositivePreliminary,
            2 => Severity::PositiveCompletion,
            3 => Severity::PositiveIntermediate,
            4 => Severity::TransientNegative,
            5 => Severity::PermanentNegative,
            _ => Severity::Protected,
        }
    }

    /// Returns the subject of the reply: the second digit. Returns `None` for the digits 6 to 9,
    /// which are undefined.
    #[must_use]
    pub const fn group(self) -> Option<Group> {
        match self.get() / 10 % 10 {
            0 => Some(Group::Syntax),
            1 => Some(Group::Information),
            2 => Some(Group::Connections),
            3 => Some(Group::Authentication),
            4 => Some(Group::Unspecified),
            5 => Some(Group::FileSystem),
            _ => None,
        }
    }

    /// Returns whether another reply to the same command follows: 1yz.
    #[must_use]
    pub const fn is_preliminary(self) -> bool {
        matches!(self.severity(), Severity::PositivePreliminary)
    }

    /// Returns whether the command is done: 2yz.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self.severity(), Severity::PositiveCompletion)
    }

    /// Returns whether the next command must supply what is missing: 3yz.
    #[must_use]
    pub const fn is_intermediate(self) -> bool {
        matches!(self.severity(), Severity::PositiveIntermediate)
    }

    /// Returns whether the command failed but may work later: 4yz.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self.severity(), Severity::TransientNegative)
    }

    /// Returns whether the command failed and will fail again: 5yz.
    #[must_use]
    pub const fn is_permanent(self) -> bool {
        matches!(self.severity(), Severity::PermanentNegative)
    }

    /// Returns whether the server does not support the command: 500 or 502.
    #[must_use]
    pub const fn is_unknown_command(self) -> bool {
        matches!(self.get(), 500 | 502)
    }

    /// Returns whether the command failed, temporarily or permanently: 4yz or 5yz.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        self.is_transient() || self.is_permanent()
    }

    /// Returns whether the text contains the actual reply, protected: 6yz.
    #[must_use]
    pub const fn is_protected(self) -> bool {
        matches!(self.severity(), Severity::Protected)
    }

    /// Creates a code known at compile time.
    ///
    /// # Panics
    /// Panics when `number` is not 100 to 699; in a `const`, that is a compile error.
    #[must_use]
    pub const fn literal(number: u16) -> Self {
        match Self::new(number) {
            Some(code) => code,
            None => panic!("a reply code is 100 to 699"),
        }
    }
}

impl From<ReplyCode> for u16 {
    fn from(code: ReplyCode) -> Self {
        code.get()
    }
}

impl TryFrom<u16> for ReplyCode {
    type Error = Invalid;

    fn try_from(number: u16) -> Result<Self, Invalid> {
        Self::new(number).ok_or(Invalid::new("a reply code from 100 to 699"))
    }
}

impl PartialEq<u16> for ReplyCode {
    fn eq(&self, number: &u16) -> bool {
        self.get() == *number
    }
}

/// Writes the number.
impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// Writes the number and, if the code is known, its meaning.
impl fmt::Debug for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            Some(meaning) => write!(f, "{self} ({meaning})"),
            None => write!(f, "{self}"),
        }
    }
}

#[cfg(test)]
mod tests;
