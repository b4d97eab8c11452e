//! The script of a server: the expected commands and their answers.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::script_error::Fault;
use crate::action::DataFailure;

/// Telnet's Interrupt Process and Synch in front of ABOR (RFC 959 4.1.3), escaped.
const SYNCH: &str = "\\xff\\xf4\\xff\\xf2";

/// A step of the server.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Sends these lines and a line end.
    Reply(String),
    /// Sends these bytes unchanged.
    Bytes(Vec<u8>),
    /// Sends these bytes over the data connection, then closes the connection.
    Data(Vec<u8>),
    /// Connects to the client's listener from this address.
    Connect(SocketAddr),
    /// Breaks the data connection.
    Break(DataFailure),
    /// Closes the server's side of the data connection.
    CloseData,
    /// Waits until the client has finished the data connection.
    AfterData,
    /// Drops all further steps.
    DropRest,
    /// Closes the control connection.
    Close,
    /// Stays silent for this long.
    Silence(Duration),
}

/// The answers to one command, used in order; the last one repeats.
type Answers = VecDeque<Vec<Act>>;

/// The position in the script to which the next step is added.
#[derive(Clone, Debug, Default)]
enum Place {
    #[default]
    Opening,
    Expected,
    Whenever(String),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    opening: Vec<Act>,
    opened: bool,
    expected: VecDeque<(String, Vec<Act>)>,
    whenever: BTreeMap<String, Answers>,
    defaults: bool,
    place: Place,
}

impl Script {
    pub(super) fn expect(&mut self, line: &str) {
        self.expected.push_back((line.to_owned(), Vec::new()));
        self.place = Place::Expected;
    }

    pub(super) fn whenever(&mut self, command: &str) {
        self.whenever.entry(command.to_owned()).or_default().push_back(Vec::new());
        self.place = Place::Whenever(command.to_owned());
    }

    pub(super) const fn use_defaults(&mut self) {
        self.defaults = true;
    }

    pub(super) fn add(&mut self, act: Act) {
        let acts = match &self.place {
            Place::Opening => Some(&mut self.opening),
            Place::Expected => self.expected.back_mut().map(|(_, acts)| acts),
            Place::Whenever(command) => self.whenever.get_mut(command).and_then(VecDeque::back_mut),
        };
        if let Some(acts) = acts {
            acts.push(act);
        }
    }

    /// Takes the first steps of the server, before any command.
    pub(super) fn open(&mut self) -> Vec<Act> {
        if core::mem::replace(&mut self.opened, true) {
            return Vec::new();
        }
        match self.opening.is_empty() && self.defaults {
            true => [Act::Reply("220 ready".to_owned())].into(),
            false => core::mem::take(&mut self.opening),
        }
    }

    /// Returns the next expected command.
    pub(super) fn awaited(&self) -> Option<&str> {
        self.expected.front().map(|(line, _)| line.as_str())
    }

    /// Returns the answer to a command. `listening` is set if the server has to connect for data.
    pub(super) fn answer(&mut self, line: &str, listening: bool) -> Result<Vec<Act>, Fault> {
        let line = line.strip_prefix(SYNCH).unwrap_or(line);
        if self.awaited() == Some(line) {
            return Ok(self.expected.pop_front().map(|(_, acts)| acts).unwrap_or_default());
        }
        let verb = line.split(' ').next().unwrap_or_default();
        for key in [line, verb] {
            let Some(answers) = self.whenever.get_mut(key) else { continue };
            let answer = match answers.len() {
                0 | 1 => answers.front().cloned(),
                _ => answers.pop_front(),
            };
            return Ok(answer.unwrap_or_default());
        }
        match self.defaults && self.expected.is_empty() {
            true => Ok(default_answer(verb, listening)),
            false => Err(Fault::Unexpected {
                expected: self.awaited().map(ToOwned::to_owned),
                received: line.to_owned(),
            }),
        }
    }
}

/// Returns the answer of a server that has one small file and grants everything.
fn default_answer(verb: &str, listening: bool) -> Vec<Act> {
    let reply = |line: &str| Act::Reply(line.to_owned());
    let line = match verb {
        "USER" => "331 password",
        "PASS" => "230 in",
        "ACCT" => "202 none needed",
        "TYPE" | "NOOP" | "PORT" | "EPRT" => "200 okay",
        "ABOR" => "226 closed",
        "STAT" => "211-so far\r\n 3 bytes\r\n211 end",
        "EPSV" => "229 go (|||5000|)",
        "PASV" => "227 go (192,0,2,1,19,136)",
        "REST" | "RNFR" => "350 go on",
        "CWD" | "CDUP" | "RMD" | "DELE" | "RNTO" => "250 done",
        "PWD" => "257 \"/here\"",
        "MKD" => "257 \"/made\"",
        "SIZE" => "213 3",
        "MDTM" => "213 20240229123456",
        "MLST" => "250-facts\r\n type=file;size=3; f\r\n250 end",
        "FEAT" => "211-features\r\n MDTM\r\n SIZE\r\n211 end",
        "AUTH" => "234 begin",
        "PBSZ" => "200 PBSZ=0",
        "PROT" | "CCC" => "200 okay",
        "SYST" => "215 UNIX Type: L8",
        "QUIT" => "221 bye",
        "RETR" | "LIST" | "NLST" | "MLSD" | "STOR" | "APPE" | "STOU" => {
            let stores = matches!(verb, "STOR" | "APPE" | "STOU");
            let mut acts = Vec::new();
            if listening {
                acts.push(Act::Connect(SocketAddr::from(([192, 0, 2, 1], 20))));
            }
            acts.push(reply(if stores { "150 go" } else { "150 here" }));
            if !stores {
                acts.push(Act::Data(b"abc".to_vec()));
            }
            acts.push(Act::AfterData);
            acts.push(reply(if stores { "226 got it" } else { "226 sent" }));
            return acts;
        }
        _ => "502 what",
    };
    [reply(line)].into()
}
