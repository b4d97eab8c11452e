//! Errors of scripts.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::action::DataOp;
use crate::error::LocalError;

/// The reason why a dialogue departed from its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A command arrived that was not the expected one, or a command arrived when none was
    /// expected.
    Unexpected { expected: Option<String>, received: String },
    /// The script continues, but the client sends nothing more.
    Unmet { expected: String },
    /// Neither side has anything to do, and no deadline is left.
    Deadlock,
    /// The operation does not end.
    Endless,
    /// The operation requested a data operation that is not valid in the state of the data
    /// connection.
    Misplaced { op: DataOp, state: &'static str },
    /// The machine did not accept an event that it had requested.
    Rejected(LocalError),
    /// The machine violated the rules for state machines.
    Machine(&'static str),
}

/// A dialogue that departed from its script. The `Display` form gives the expected and received
/// commands and the dialogue.
///
/// ```
/// use ftp_proto::client;
/// use ftp_proto::testing::ScriptedServer;
///
/// let mut server = ScriptedServer::new().reply("220 ready").expect("NOOP").reply("200 okay");
/// server.run(&mut client::greeting(), |_| ()).done();
/// let error = server.try_run(&mut client::system(), |_| ()).unwrap_err();
/// assert_eq!(error.expected(), Some("NOOP"));
/// assert_eq!(error.received(), Some("SYST"));
/// assert_eq!(
///     error.to_string(),
///     "the client was to send `NOOP` and sent `SYST`\nthe dialogue:\n  S: 220 ready\n  C: SYST",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    fault: Fault,
    transcript: Vec<String>,
}

impl ScriptError {
    pub(super) fn new(fault: Fault, transcript: &[String]) -> Self {
        Self { fault, transcript: transcript.to_vec() }
    }

    /// Returns the command that was expected, if one was.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        match &self.fault {
            Fault::Unexpected { expected, .. } => expected.as_deref(),
            Fault::Unmet { expected } => Some(expected),
            _ => None,
        }
    }

    /// Returns the command that arrived instead of the expected one, if one did.
    #[must_use]
    pub fn received(&self) -> Option<&str> {
        match &self.fault {
            Fault::Unexpected { received, .. } => Some(received),
            _ => None,
        }
    }

    /// Returns the lines of the dialogue up to the error, each prefixed with `C: ` or `S: `.
    #[must_use]
    pub fn transcript(&self) -> &[String] {
        &self.transcript
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Unexpected { expected: Some(expected), received } => {
                write!(f, "the client was to send `{expected}` and sent `{received}`")
            }
            Fault::Unexpected { expected: None, received } => {
                write!(f, "the script has no more commands, and the client sent `{received}`")
            }
            Fault::Unmet { expected } => {
                write!(f, "the client was to send `{expected}` and sent nothing more")
            }
            Fault::Deadlock => {
                f.write_str("client and server wait for each other: does the script lack a reply?")
            }
            Fault::Endless => f.write_str("the operation comes to no end"),
            Fault::Misplaced { op, state } => {
                write!(f, "the client asked for {op:?} while its data connection is {state}")
            }
            Fault::Rejected(error) => write!(f, "the client did not take an event: {error}"),
            Fault::Machine(rule) => f.write_str(rule),
        }?;
        f.write_str("\nthe dialogue:")?;
        self.transcript.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl core::error::Error for ScriptError {}
