//! Errors of scripts.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::action::DataOp;
use crate::error::LocalError;

/// The reason why a dialogue did not go as the script says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// This command was expected, or none, and another came.
    Unexpected { expected: Option<String>, received: String },
    /// The script goes on, and the client does not.
    Unmet { expected: String },
    /// Neither side has anything to do, and no deadline is left.
    Deadlock,
    /// The operation is polled for ever.
    Endless,
    /// The operation asked for something that makes no sense for its data connection.
    Misplaced { op: DataOp, state: &'static str },
    /// The machine did not take an event that it had asked for.
    Rejected(LocalError),
    /// The machine broke the rules for machines.
    Machine(&'static str),
}

/// A dialogue that did not go as the script says. Its `Display` says what was expected, what came, and
/// shows the dialogue.
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

    /// Returns the command that came instead of the expected one, if one did.
    #[must_use]
    pub fn received(&self) -> Option<&str> {
        match &self.fault {
            Fault::Unexpected { received, .. } => Some(received),
            _ => None,
        }
    }

    /// Returns the dialogue up to there, with `C: ` and `S: ` in front of its lines.
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
