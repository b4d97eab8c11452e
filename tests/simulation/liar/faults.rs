//! What the server does wrong: which faults a session has, how often, and how many of them.

use super::super::choices::Choices;

/// One thing that the server does wrong with one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The final reply comes twice, in one packet.
    DoubledAtOnce,
    /// The final reply comes again some time later.
    DoubledLate,
    /// There is no final reply.
    Missing,
    /// Another command's reply, or a generic one, comes before the right one.
    ForeignBefore,
    /// It comes after the right one.
    ForeignAfter,
    /// The command is refused, and not carried out.
    Refused,
    /// 421 in place of the reply, and the connection is closed.
    Leaves,
    /// 421 after some time, whatever goes on then.
    LeavesLater,
    /// The connection is closed without a word.
    HangsUp,
    /// It is closed within the reply.
    HangsUpWithin,
    /// What is no reply comes before the right one.
    Garbage,
    /// The transfer has no 1yz.
    NoPreliminary,
    /// The final reply comes before the 1yz and the data.
    FinalFirst,
    /// The 1yz comes several times.
    PreliminaryRepeated,
    /// A download ends early, in order, and is called complete.
    Cut,
    /// The server never closes the data connection of a download, which it calls complete.
    NeverEnds,
    /// The server says nothing after the data, and keeps the data connection open.
    Hangs,
    /// The data connection is not used, and the transfer is called complete.
    NeverAccepted,
    /// REST is granted, and the file comes from its start.
    RestIgnored,
    /// The 150 names a wrong size.
    HintWrong,
    /// The transfer is refused after all the data has gone over.
    RefusedAfterData,
    /// The data connection is reset half-way, and the transfer is called failed.
    DataReset,
    /// SIZE tells a wrong size.
    SizeWrong,
    /// The passive port cannot be reached.
    Unreachable,
    /// Another reply follows the 234 in the clear, as from somebody on the path.
    Injected,
    /// The TLS handshake fails, is not answered, or ends with the connection.
    HandshakeFails,
    HandshakeHangs,
    HandshakeCloses,
}

impl Fault {
    pub const fn spoils_handshake(self) -> bool {
        matches!(self, Self::HandshakeFails | Self::HandshakeHangs | Self::HandshakeCloses)
    }
}

use Fault::*;

/// What can be done wrong with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Size,
    Rest,
    /// EPSV and PASV.
    Passive,
    Download,
    Listing,
    Upload,
    Auth,
    /// QUIT, ABOR: the server's answer is bad enough.
    Last,
}

const ALWAYS: &[Fault] = &[
    DoubledAtOnce,
    DoubledLate,
    DoubledLate,
    Missing,
    ForeignBefore,
    ForeignBefore,
    ForeignAfter,
    ForeignAfter,
    Refused,
    Leaves,
    LeavesLater,
    HangsUp,
    HangsUpWithin,
    Garbage,
    Garbage,
];

impl Kind {
    const fn own(self) -> &'static [Fault] {
        match self {
            Self::Plain | Self::Last => &[],
            Self::Size => &[SizeWrong, Refused, Refused],
            Self::Rest => &[RestIgnored, RestIgnored, RestIgnored, Refused, DoubledAtOnce, DoubledLate],
            Self::Passive => &[Unreachable],
            Self::Auth => &[Injected, HandshakeFails, HandshakeHangs, HandshakeCloses],
            Self::Download => &[
                NoPreliminary,
                FinalFirst,
                PreliminaryRepeated,
                Cut,
                Cut,
                Cut,
                NeverEnds,
                Hangs,
                NeverAccepted,
                HintWrong,
                RefusedAfterData,
                DataReset,
            ],
            Self::Listing => &[
                NoPreliminary,
                FinalFirst,
                PreliminaryRepeated,
                NeverEnds,
                Hangs,
                NeverAccepted,
                RefusedAfterData,
                DataReset,
            ],
            Self::Upload => &[
                NoPreliminary,
                FinalFirst,
                PreliminaryRepeated,
                Hangs,
                NeverAccepted,
                NeverAccepted,
                RefusedAfterData,
                RefusedAfterData,
                DataReset,
            ],
        }
    }
}

/// The faults of one session.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Of a thousand commands, with how many something is done wrong.
    rate: usize,
    /// How much more is done wrong.
    budget: usize,
    /// The only fault of the session, where it has but one kind.
    only: Option<Fault>,
    /// What was done wrong until now.
    pub fired: Vec<Fault>,
}

impl Faults {
    /// Half of the sessions have one fault at most, others a few, and some as many as can be.
    pub fn draw(choices: &Choices) -> Self {
        let (rate, budget) = match choices.below(20) {
            0 => (0, 0),
            1..=10 => (20 + choices.below(120), 1),
            11..=14 => (60 + choices.below(200), 2 + choices.below(3)),
            15..=17 => (30 + choices.below(300), usize::MAX),
            _ => (500, usize::MAX),
        };
        let only = match choices.below(5) {
            3 => Some(ALWAYS[choices.below(ALWAYS.len())]),
            4 => {
                let kinds = [Kind::Rest, Kind::Passive, Kind::Download, Kind::Upload, Kind::Size, Kind::Auth];
                let own = kinds[choices.below(kinds.len())].own();
                Some(own[choices.below(own.len())])
            }
            _ => None,
        };
        Self { rate, budget, only, fired: Vec::new() }
    }

    /// What is done wrong with the next command.
    pub fn next(&mut self, choices: &Choices, kind: Kind) -> Option<Fault> {
        // There is one AUTH a session at most.
        let rate = if self.only.is_some() || kind == Kind::Auth { self.rate.max(400) } else { self.rate };
        if kind == Kind::Last || self.budget == 0 || !choices.chance(rate, 1000) {
            return None;
        }
        let own = kind.own();
        let fault = match self.only {
            Some(only) if ALWAYS.contains(&only) || own.contains(&only) => only,
            Some(_) => return None,
            None if !own.is_empty() && choices.below(if kind == Kind::Auth { 4 } else { 2 }) != 1 => {
                own[choices.below(own.len())]
            }
            None => ALWAYS[choices.below(ALWAYS.len())],
        };
        self.budget -= 1;
        self.fired.push(fault);
        Some(fault)
    }

    /// Whether nothing was done that a client could not see through at once.
    pub fn are_harmless(&self) -> bool {
        self.fired.iter().all(|fault| matches!(fault, DoubledAtOnce | PreliminaryRepeated))
    }

    /// Whether a size in a preliminary reply may be that of the file before.
    pub fn may_misstate_sizes(&self) -> bool {
        self.fired.contains(&PreliminaryRepeated)
    }
}

/// Replies that no command of the moment has asked for.
pub const FOREIGN: &[(u16, &str)] = &[
    (200, "Command okay."),
    (200, "NOOP command successful."),
    (202, "Superfluous."),
    (211, "All is well."),
    (213, "7"),
    (213, "20240101000000"),
    (214, "Help is near."),
    (215, "FOREIGN Type: L8"),
    (220, "Welcome."),
    (221, "Goodbye."),
    (225, "Nothing to abort."),
    (226, "Transfer complete."),
    (226, "Transfer complete."),
    (227, "Entering Passive Mode (192,0,2,1,3,9)."),
    (229, "Entering Extended Passive Mode (|||777|)"),
    (230, "User logged in."),
    (250, "Requested action okay."),
    (250, "Requested action okay."),
    (250, "Requested action okay."),
    (257, "\"/foreign\" is current directory."),
    (331, "Password required."),
    (350, "Restarting at 0."),
];

/// What is no reply, each with the code that a client may read in it, or 0.
pub const GARBAGE: &[(u16, &[u8])] = &[
    (0, b"\r\n"),
    (0, b"What?\r\n"),
    (0, b"12 few digits\r\n"),
    (0, b"999 no such digit\r\n"),
    (0, b"2 6 Transfer complete.\r\n"),
    (0, b"\0\x01\x02\xfe\xff\xff\r\n"),
    (0, b"\xff\xfb\x01\xff\xfd\x03"),
    (0, b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    (226, b"226-It never ends.\r\n"),
    (250, b"250-It never ends.\r\n and goes on\r\n"),
    (226, b"226\r\n"),
    (226, b"226 Transfer complete.\n"),
];

/// What the server refuses with.
pub const REFUSALS: &[u16] = &[425, 450, 451, 452, 500, 501, 502, 504, 550, 552, 553];
