//! The columns of the table of commands, and the replies that all commands share (RFC 959 5.3.1 and
//! 5.4).

use super::Verb;
use crate::codec::ReplyCode;

/// The replies of one outcome, as a column of the table.
macro_rules! codes {
    ($($code:literal)*) => { const { &[$(ReplyCode::literal($code)),*] } };
}
pub(super) use codes;

/// The row of a command in the table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct VerbInfo {
    /// The name, in upper case.
    pub name: &'static str,
    /// The document and section that define the command, such as `RFC 959 4.1.1`, or `no document`
    /// for a command that is in common use but that no document defines.
    pub source: &'static str,
    /// A summary of the command in our words: a sentence without its full stop, for HELP and the
    /// docs.
    pub summary: &'static str,
    /// The argument of the command.
    pub argument: Argument,
    /// `true` if the argument must not be shown in a log, a trace or a `Debug`.
    pub secret: bool,
    /// The gate that decides whether the command is allowed before login.
    pub login: LoginGate,
    /// The gate that decides whether the command is answered during a transfer.
    pub transfer: TransferGate,
    /// The direction of the file or listing, if the command opens a data connection.
    pub data: Option<Direction>,
    /// `true` if only the codes of the row ([`success`](Self::success),
    /// [`intermediate`](Self::intermediate), [`seen`](Self::seen)) count as positive replies to the
    /// command. If `false`, any 2yz or 3yz counts, unless it belongs to another command: see
    /// [`is_answered_by`](Self::is_answered_by).
    pub exact: bool,
    /// `true` if the command removes, renames, stores or protects something. A client that has
    /// received a stray reply first makes sure that no other stray reply is in flight, and only
    /// then sends such a command.
    pub irrevocable: bool,
    /// `true` if the command's success changes files or directories, or the meaning of later
    /// commands. A client that has reason to doubt such a success confirms it before reporting
    /// success.
    pub changes: bool,
    /// `true` if the reply carries a value of a kind that clients request for many files, so that
    /// the reply to one command could be mistaken for the reply to another of the same kind.
    pub carries_value: bool,
    /// The command for which this one is an older name: MKD in the row of XMKD.
    pub alias_of: Option<Verb>,
    /// The 1yz replies that the command may get.
    pub preliminary: &'static [ReplyCode],
    /// The 2yz replies that the command may get.
    pub success: &'static [ReplyCode],
    /// The 3yz replies that the command may get.
    pub intermediate: &'static [ReplyCode],
    /// The 4yz and 5yz replies that the command may get, in addition to those that any command may
    /// get.
    pub failure: &'static [ReplyCode],
    /// The replies that the command's own document does not list but a later one adds: RFC 1123
    /// 4.1.3.4, RFC 2228 8.2, RFC 4217 10.2.
    pub additions: &'static [ReplyCode],
    /// The replies, including those of [`ANY`](Self::ANY), that no document lists for the command
    /// (of RFC 959, only the table in 5.4 counts) but that our server sends, as other servers do.
    pub departures: &'static [ReplyCode],
    /// The 2yz and 3yz replies that real servers send in addition to those of the row. Clients
    /// accept them; our server does not send them.
    pub seen: &'static [ReplyCode],
}

/// The argument of a command, with its syntax in the notation of RFC 959 5.3.1, such as
/// `<SP> <pathname>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// The command takes no argument.
    None,
    /// The argument is optional.
    Optional(&'static str),
    /// The argument is required.
    Required(&'static str),
}

/// The login state in which a command is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginGate {
    /// Before login as well as after it.
    Anytime,
    /// Only after login. Before that, the answer is 530.
    LoggedIn,
}

/// The time at which a command that arrives during a transfer is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferGate {
    /// Immediately, while the transfer continues.
    Now,
    /// In order, after the final reply of the transfer.
    Waits,
}

/// The direction of data on a command's data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the server to the user: a retrieval or a listing.
    FromServer,
    /// From the user to the server: a store.
    ToServer,
}

impl VerbInfo {
    /// The replies that any command may get without listing them in its row: the connection is
    /// closing, the command or its argument is invalid or not supported, or the client is not
    /// logged in.
    pub const ANY: &'static [ReplyCode] = codes![421 500 501 502 504 530];

    /// The replies that any command may get where a security mechanism of RFC 2228 protects the
    /// control connection: the demand to protect the command (section 3), and protected replies
    /// (section 8.2).
    pub const PROTECTED: &'static [ReplyCode] = codes![533 631 632 633];

    /// The replies that a new connection may get before any command, besides 421 (RFC 959 5.4).
    pub const GREETING: &'static [ReplyCode] = codes![120 220];

    /// The reply of our server to any command that its host does not answer. This is a departure:
    /// RFC 959 defines no reply for that case; 451 means a local error.
    pub const UNANSWERED: ReplyCode = ReplyCode::LOCAL_ERROR;

    /// An empty row: no argument, no replies, allowed only after login and not during a transfer.
    pub(super) const PLAIN: Self = Self {
        name: "",
        source: "",
        summary: "",
        argument: Argument::None,
        secret: false,
        login: LoginGate::LoggedIn,
        transfer: TransferGate::Waits,
        data: None,
        exact: false,
        irrevocable: false,
        changes: false,
        carries_value: false,
        alias_of: None,
        preliminary: &[],
        success: &[],
        intermediate: &[],
        failure: &[],
        additions: &[],
        departures: &[],
        seen: &[],
    };

    /// The 2yz and 3yz replies that belong to some command or to the greeting: a reply with such a
    /// code answers no command whose row lacks it. The other codes (200, 202, 232, 250 ...) are
    /// sent for almost anything.
    pub const OWN: &'static [ReplyCode] =
        codes![211 213 214 215 220 221 225 226 227 228 229 230 234 257 331 332 334 350];

    /// Yields the replies of the row for every outcome, without those that any command may get.
    pub fn replies(&self) -> impl Iterator<Item = ReplyCode> + use<> {
        let outcomes = [self.preliminary, self.success, self.intermediate, self.failure];
        outcomes.into_iter().flatten().copied()
    }

    /// Returns whether the row lists this 2yz or 3yz reply, including those that only real servers
    /// send ([`seen`](Self::seen)).
    #[must_use]
    pub fn has_own(&self, code: ReplyCode) -> bool {
        [self.success, self.intermediate, self.seen].into_iter().flatten().any(|own| *own == code)
    }

    /// Returns whether a final reply with `code` can be the answer to this command, from a client's
    /// point of view. Any other reply is a stray: it answers another command, or none.
    ///
    /// A failure answers any command. So does a success, by its first digit (RFC 1123 4.1.2.11),
    /// unless the code [belongs to another command](Self::OWN) or the row requires its own codes
    /// ([`exact`](Self::exact)). A preliminary reply is never final.
    #[must_use]
    pub fn is_answered_by(&self, code: ReplyCode) -> bool {
        if code.is_preliminary() {
            return false;
        }
        if !(code.is_success() || code.is_intermediate()) {
            return true;
        }
        self.has_own(code) || !(self.exact || Self::OWN.contains(&code))
    }

    /// Returns whether a server may answer the command with `code`: the row lists it, or any
    /// command may get it.
    #[must_use]
    pub fn allows(&self, code: ReplyCode) -> bool {
        code == Self::UNANSWERED
            || Self::ANY.contains(&code)
            || Self::PROTECTED.contains(&code)
            || self.replies().any(|reply| reply == code)
    }
}

impl Argument {
    /// Returns the syntax, which has a leading `<SP>`, is in brackets when the argument is
    /// optional, and is empty when there is no argument. In HELP, `RETR <SP> <pathname>` is the
    /// name, a space and the syntax.
    #[must_use]
    pub const fn syntax(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Optional(syntax) | Self::Required(syntax) => syntax,
        }
    }
}
