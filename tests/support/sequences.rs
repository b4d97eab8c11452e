//! The legal replies to each command, written from the text of the documents and not from the
//! crate's table of commands, and a checker that follows a dialogue by them.
//!
//! In a row, the final replies come first. Behind `after` are preliminary replies, and behind `:`
//! the final replies that may follow one of them. RFC 959 5.4 makes this distinction; the crate's
//! own table does not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

const TEXT: &str = "
RFC 959 5.4, access control
greeting  220 421 after 120: 220
USER      230 530 500 501 421 331 332
PASS      230 202 530 500 501 503 421 332
ACCT      230 202 530 500 501 503 421
CWD       250 500 501 502 421 530 550
CDUP      200 500 501 502 421 530 550
SMNT      202 250 500 501 502 421 530 550
REIN      220 421 500 502 after 120: 220
QUIT      221 500

RFC 959 5.4, transfer parameters
PORT      200 500 501 421 530
PASV      227 500 501 502 421 530
MODE      200 500 501 504 421 530
TYPE      200 500 501 504 421 530
STRU      200 500 501 504 421 530

RFC 959 5.4, file actions
ALLO      200 202 500 501 504 421 530
REST      500 501 502 421 530 350
STOR      532 450 452 553 500 501 421 530 after 125 150 110: 226 250 425 426 451 551 552
STOU      532 450 452 553 500 501 421 530 after 125 150 110: 226 250 425 426 451 551 552
RETR      450 550 500 501 421 530 after 125 150 110: 226 250 425 426 451
LIST      450 500 501 502 421 530 after 125 150: 226 250 425 426 451
NLST      450 500 501 502 421 530 after 125 150: 226 250 425 426 451
APPE      532 450 550 452 553 500 501 502 421 530 after 125 150 110: 226 250 425 426 451 551 552
RNFR      450 550 500 501 502 421 530 350
RNTO      250 532 553 500 501 502 503 421 530
DELE      250 450 550 500 501 502 421 530
RMD       250 500 501 502 421 530 550
MKD       257 500 501 502 421 530 550
PWD       257 500 501 502 421 550
ABOR      225 226 500 501 502 421

RFC 959 5.4, information and miscellaneous
SYST      215 500 501 502 421
STAT      211 212 213 450 500 501 502 421 530
HELP      211 214 500 501 502 421
SITE      200 202 500 501 530
NOOP      200 500 421

RFC 2228 6, new commands
AUTH      234 334 502 504 534 431 500 501 421
ADAT      235 335 503 501 535 500 421
PBSZ      200 503 500 501 421 530
PROT      200 504 536 503 534 431 500 501 421 530
MIC       535 533 500 501 421
CONF      535 533 500 501 421
ENC       535 533 500 501 421

RFC 2228 6, new replies to commands of RFC 959; RFC 4217 8 and 13
USER      232 336
STOR      534 535 522 after 125 150: 522
STOU      534 535 522 after 125 150: 522
RETR      534 535 522 after 125 150: 522
LIST      534 535 522 after 125 150: 522
NLST      534 535 522 after 125 150: 522
APPE      534 535 522 after 125 150: 522
CCC       200 533 534 500 502

RFC 2389 3.2 and 4
FEAT      211 500 502 501
OPTS      200 451 501 500 502

RFC 2428 2 and 3
EPRT      200 522 500 501
EPSV      229 522 500 501

RFC 3659 3, 4, 5 and 7.2.1
MDTM      213 550 500 501
SIZE      213 550 500 501
MLST      250 550 500 501 530 553 503 504 450
MLSD      550 500 501 530 553 503 504 450 after 125 150: 226 250 425 426 451

RFC 7151 3
HOST      220 500 501 502 503 504
";

/// The replies to one command.
#[derive(Clone, Debug, Default)]
pub struct Legal {
    pub direct: Vec<u16>,
    pub preliminary: Vec<u16>,
    pub after: Vec<u16>,
}

static TABLE: LazyLock<BTreeMap<&'static str, Legal>> = LazyLock::new(|| {
    let mut table = BTreeMap::<_, Legal>::new();
    for row in TEXT.lines().filter(|row| !row.starts_with("RFC ") && !row.is_empty()) {
        let numbers = |text: &str| -> Vec<u16> {
            text.split_whitespace().map(|code| code.parse().unwrap_or_else(|_| panic!("{row}"))).collect()
        };
        let (command, rest) = row.split_once(' ').unwrap();
        let (direct, after) = rest.split_once(" after ").unwrap_or((rest, ""));
        let (preliminary, after) = after.split_once(':').unwrap_or_default();
        let legal = table.entry(command).or_default();
        legal.direct.extend(numbers(direct));
        legal.preliminary.extend(numbers(preliminary));
        legal.after.extend(numbers(after));
    }
    table
});

/// Returns the replies to a command of these documents.
pub fn legal(command: &str) -> Option<&'static Legal> {
    TABLE.get(command)
}

/// Returns all commands of these documents, without the greeting.
pub fn commands() -> impl Iterator<Item = (&'static str, &'static Legal)> {
    TABLE.iter().map(|(command, legal)| (*command, legal)).filter(|(command, _)| *command != "greeting")
}

/// A reply that the documents do not list where it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Departure {
    pub command: String,
    /// Set if a preliminary reply had come before it.
    pub begun: bool,
    pub code: u16,
}

/// Compares one reply with the documents. `command` is `greeting` for the replies before any.
pub fn departure(command: &str, begun: bool, code: u16) -> Option<Departure> {
    let legal = legal(command)?;
    let listed = match (begun, code / 100) {
        (_, 1) => &legal.preliminary,
        (true, _) => &legal.after,
        (false, _) => &legal.direct,
    };
    // The end of the service may be announced in reply to anything (RFC 959 4.2.2).
    (code != 421 && !listed.contains(&code)).then(|| Departure { command: command.into(), begun, code })
}

/// The departures of our server from the documents: commands (`*` is any), `true` behind a preliminary
/// reply, the codes, and the reason.
pub const OURS: &[(&str, bool, &[u16], &str)] = &[
    ("*", false, &[501, 502, 503, 504], "RFC 959 4.2.2 defines them for any command; 5.4 leaves some out"),
    ("*", false, &[530], "no command but those of the login is served before it"),
    ("*", false, &[451], "the host has failed; as common as 450 in servers in use"),
    ("USER", false, &[534], "policy requires TLS before a login (RFC 2228 5.1 has the code, for no command)"),
    ("CDUP", false, &[250], "RFC 959 4.1.1 demands the replies of CWD, 5.4 lists 200"),
    ("PASV EPSV", false, &[425], "no port is left; servers in use answer so"),
    (
        "RETR STOR STOU APPE LIST NLST MLSD",
        false,
        &[425],
        "no address was agreed on, or its listener has timed out",
    ),
    (
        "RETR STOR STOU APPE LIST NLST MLSD",
        false,
        &[521],
        "policy requires PROT P (RFC 4217 10.2 has the code, and no table of replies)",
    ),
    ("MKD", false, &[521], "the directory exists (RFC 959 appendix II)"),
    ("STOR STOU APPE LIST NLST RNTO STAT SITE", false, &[550], "the path is refused as it is to RETR"),
    ("STOR STOU APPE ALLO", false, &[552], "the quota is exceeded before anything is stored"),
    ("STOR STOU APPE RETR", false, &[554], "REST was out of range (RFC 1123 4.1.3.4)"),
    ("SITE", false, &[214], "SITE HELP, which is answered as HELP is"),
    ("SIZE MDTM", false, &[450], "the file is busy"),
    ("MLSD", true, &[522], "TLS failed on the data connection, as for LIST (RFC 4217 10.2)"),
    (
        "STOR STOU APPE",
        true,
        &[450, 452, 504, 532, 550, 553, 554],
        "the host refuses to keep what has arrived",
    ),
];

/// Returns whether the departure is one of [`OURS`].
pub fn is_ours(departure: &Departure) -> bool {
    OURS.iter().any(|(commands, begun, codes, _)| {
        let named = *commands == "*" || commands.split(' ').any(|command| command == departure.command);
        named && *begun == departure.begun && codes.contains(&departure.code)
    })
}

/// Follows a dialogue line by line, and collects what no document has.
#[derive(Debug)]
pub struct Follower {
    /// The commands that are not answered, and whether a preliminary reply has come to each.
    open: VecDeque<(String, bool)>,
    /// The code of the reply of many lines that has begun.
    within: Option<u16>,
    pub departures: Vec<Departure>,
    /// Commands sent before the reply to another one, except for those that may be sent during a
    /// transfer.
    pub out_of_turn: Vec<String>,
    /// Codes of replies to nothing.
    pub strays: Vec<u16>,
}

impl Default for Follower {
    fn default() -> Self {
        Self {
            open: [("greeting".to_owned(), false)].into(),
            within: None,
            departures: Vec::new(),
            out_of_turn: Vec::new(),
            strays: Vec::new(),
        }
    }
}

impl Follower {
    /// Takes a line of the client, without its end.
    pub fn command(&mut self, line: &[u8]) {
        // Telnet's Interrupt Process and Synch may come before ABOR.
        let mut line = line;
        while let [0xff, 0xf0..=0xfa, rest @ ..] = line {
            line = rest;
        }
        // A blank line is no command.
        if line.is_empty() {
            return;
        }
        let name = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        let name = String::from_utf8_lossy(name).to_ascii_uppercase();
        // RFC 1123 4.1.3.1: names of RFC 775 for commands of RFC 959.
        let name = match &*name {
            "XMKD" | "XRMD" | "XPWD" => name[1..].to_owned(),
            "XCUP" => "CDUP".to_owned(),
            _ => name,
        };
        let during = self.open.iter().any(|(_, begun)| *begun);
        if !(self.open.is_empty() || during && matches!(&*name, "ABOR" | "STAT" | "NOOP")) {
            self.out_of_turn.push(name.clone());
        }
        self.open.push_back((name, false));
    }

    /// Takes a line of the server, without its end.
    pub fn reply(&mut self, line: &[u8]) {
        let code = line.get(..3).and_then(|code| std::str::from_utf8(code).ok()?.parse::<u16>().ok());
        let (Some(code), ends) = (code, line.get(3) != Some(&b'-')) else { return };
        if self.within.is_some_and(|within| !ends || code != within) {
            return;
        }
        self.within = (!ends).then_some(code);
        if ends && code != 421 {
            self.whole_reply(code);
        }
    }

    /// Returns the commands that have no final reply.
    pub fn unanswered(&self) -> impl Iterator<Item = &str> {
        self.open.iter().map(|(command, _)| &**command)
    }

    fn whole_reply(&mut self, code: u16) {
        let fits = |(command, begun): &(String, bool)| departure(command, *begun, code).is_none();
        // Only behind a transfer that has begun may another command be answered first.
        let whose = match self.open.front() {
            None => return self.strays.push(code),
            Some(first) if first.1 && !fits(first) => self.open.iter().position(fits).unwrap_or(0),
            Some(_) => 0,
        };
        let (command, begun) = &mut self.open[whose];
        self.departures.extend(departure(command, *begun, code));
        match code / 100 {
            1 => *begun = true,
            _ => drop(self.open.remove(whose)),
        }
    }
}
