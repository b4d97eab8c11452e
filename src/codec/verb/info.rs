//! What a row of the table of commands holds, and what every command has in common (RFC 959 5.3.1 and
//! 5.4).

use super::Verb;
use crate::codec::ReplyCode;

/// The replies of one outcome, as a column of the table.
macro_rules! codes {
    ($($code:literal)*) => { const { &[$(ReplyCode::literal($code)),*] } };
}
pub(super) use codes;

/// What the table says of a command: its row.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct VerbInfo {
    /// The name, in upper case.
    pub name: &'static str,
    /// The document and section that define it, such as `RFC 959 4.1.1`; `no document` for
    /// a command that is merely in use.
    pub source: &'static str,
    /// What it does, in our words: a sentence without its full stop, for HELP and for documentation.
    pub summary: &'static str,
    /// Whether it takes an argument, and which.
    pub argument: Argument,
    /// Whether the argument must not be shown: not in a log, a trace or a `Debug`.
    pub secret: bool,
    /// Whether it may come before the login.
    pub login: LoginGate,
    /// Whether it is answered while a transfer is running.
    pub transfer: TransferGate,
    /// Which way the file or listing goes, where the command opens a data connection.
    pub data: Option<Direction>,
    /// Whether only the codes of the row ([`success`](Self::success), [`intermediate`](Self::intermediate),
    /// [`seen`](Self::seen)) grant the command. The others are granted by any 2yz or 3yz that is not
    /// another command's own: see [`is_answered_by`](Self::is_answered_by).
    pub exact: bool,
    /// Whether the command removes, renames, stores or protects something. A client that has met a stray
    /// reply first makes sure that no other one is on its way.
    pub irrevocable: bool,
    /// Whether the command's success changes files or directories, or what later commands mean. A client that has
    /// reason to doubt such a success confirms it before it reports it.
    pub changes: bool,
    /// Whether the reply carries a value that is asked of many files, so that the reply to another command of the
    /// same kind could be taken for it.
    pub tells: bool,
    /// The command that this is an older name of: XMKD is MKD.
    pub alias_of: Option<Verb>,
    /// The 1yz replies it may get.
    pub preliminary: &'static [ReplyCode],
    /// The 2yz replies it may get.
    pub success: &'static [ReplyCode],
    /// The 3yz replies it may get.
    pub intermediate: &'static [ReplyCode],
    /// The 4yz and 5yz replies it may get, besides those that any command may get.
    pub failure: &'static [ReplyCode],
    /// Those of its replies that its own document does not list and a later one adds: RFC 1123
    /// 4.1.3.4, RFC 2228 8.2, RFC 4217 10.2.
    pub additions: &'static [ReplyCode],
    /// Those of its replies, and of [`ANY`](Self::ANY), that no document lists for it (of RFC 959, no
    /// table but 5.4 is meant) and that we give nonetheless, as servers in use do.
    pub departures: &'static [ReplyCode],
    /// The 2yz and 3yz replies that real servers send besides those of the row. Clients accept them; our
    /// server does not send them.
    pub seen: &'static [ReplyCode],
}

/// The argument of a command, with its syntax as RFC 959 5.3.1 would write it, such as
/// `<SP> <pathname>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// There is none.
    None,
    /// There may be one.
    Optional(&'static str),
    /// There has to be one.
    Required(&'static str),
}

/// When, as to the login, a command is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoginGate {
    /// Before the login as well as after it.
    Anytime,
    /// After the login. Before it, the answer is 530.
    LoggedIn,
}

/// When a command that comes during a transfer is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferGate {
    /// At once.
    Now,
    /// In its turn, when the transfer has had its last reply.
    Waits,
}

/// Which way the data connection of a command carries data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the server to the user: a retrieval or a listing.
    FromServer,
    /// From the user to the server: a store.
    ToServer,
}

impl VerbInfo {
    /// What any command may get, without its row saying so: the connection is closing, the command or
    /// its argument is bad or not supported, there was no login.
    pub const ANY: &'static [ReplyCode] = codes![421 500 501 502 504 530];

    /// What any command may get where a security mechanism of RFC 2228 protects the control connection:
    /// the demand to protect the command (3), and protected replies (8.2).
    pub const PROTECTED: &'static [ReplyCode] = codes![533 631 632 633];

    /// What a new connection may get before any command, besides 421 (RFC 959 5.4).
    pub const GREETING: &'static [ReplyCode] = codes![120 220];

    /// What any command may get from us when nobody behind the server answers it. A departure: RFC 959
    /// has no reply for that, and 451 is a local error.
    pub const UNANSWERED: ReplyCode = ReplyCode::LOCAL_ERROR;

    /// A row with nothing in it: no argument, no reply, after the login, not during a transfer.
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
        tells: false,
        alias_of: None,
        preliminary: &[],
        success: &[],
        intermediate: &[],
        failure: &[],
        additions: &[],
        departures: &[],
        seen: &[],
    };

    /// The 2yz and 3yz replies that belong to some command, or to the greeting: a reply with such a code
    /// answers no command whose row does not have it. The other codes (200, 202, 232, 250 ...) are sent
    /// for almost anything.
    pub const OWN: &'static [ReplyCode] =
        codes![211 213 214 215 220 221 225 226 227 228 229 230 234 257 331 332 334 350];

    /// The replies of the row, of every outcome: without those that any command may get.
    pub fn replies(&self) -> impl Iterator<Item = ReplyCode> + use<> {
        let outcomes = [self.preliminary, self.success, self.intermediate, self.failure];
        outcomes.into_iter().flatten().copied()
    }

    /// Whether the row has this 2yz or 3yz reply, or servers were seen to send it.
    #[must_use]
    pub fn has_own(&self, code: ReplyCode) -> bool {
        [self.success, self.intermediate, self.seen].into_iter().flatten().any(|own| *own == code)
    }

    /// Whether a final reply with `code` can be the answer to this command, as a client has to judge it. A
    /// reply that cannot is a stray: it answers something else, or nothing.
    ///
    /// A failure answers whatever was asked first. So does a success, by its first digit (RFC 1123
    /// 4.1.2.11), unless the code is [another command's own](Self::OWN) or the row demands its own
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

    /// Whether a server may answer the command with `code`: it is in the row, or any command may get it.
    #[must_use]
    pub fn allows(&self, code: ReplyCode) -> bool {
        code == Self::UNANSWERED
            || Self::ANY.contains(&code)
            || Self::PROTECTED.contains(&code)
            || self.replies().any(|reply| reply == code)
    }
}

impl Argument {
    /// The syntax, with its leading `<SP>` and in brackets when it is optional; empty when there is no
    /// argument. For HELP: `RETR <SP> <pathname>` is name, space, syntax.
    #[must_use]
    pub const fn syntax(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Optional(syntax) | Self::Required(syntax) => syntax,
        }
    }
}
