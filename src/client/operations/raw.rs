//! Commands sent as the caller writes them (QUOTE; RFC 1123 4.1.3.2), and a table of those that
//! only their own operations may send.

use core::fmt;

use super::exchange::{Exchange, RawAnswer};
use super::open::Open;
use crate::client::Operation;
use crate::codec::{Command, CommandLine, Direction, RepresentationType, Text, Verb};

/// A command that [`raw`] does not send.
struct Instead {
    verb: Verb,
    /// Operations of this crate that send the command.
    operations: &'static str,
    /// Methods of the clients in `io` that send the command; empty if they have the same names.
    methods: &'static str,
}

/// The commands that change the state a client keeps of its session, or that open a data
/// connection. If such a command bypassed the client's own bookkeeping, the client would take the
/// wrong reply for an answer, or send in the clear what has to be protected.
const INSTEAD: &[Instead] = {
    const fn row(verb: Verb, operations: &'static str, methods: &'static str) -> Instead {
        Instead { verb, operations, methods }
    }
    const SAME: &str = "";
    const TRANSFERS: &str = "retrieve, store or list";
    &[
        // The session (RFC 959).
        row(Verb::User, "login", SAME),
        row(Verb::Pass, "login", SAME),
        row(Verb::Acct, "account", SAME),
        row(Verb::Rein, "reinitialize", SAME),
        row(Verb::Quit, "quit", SAME),
        row(Verb::Host, "host", SAME),
        row(Verb::Opts, "options", SAME),
        // The encoding of data on the wire.
        row(Verb::Type, "retrieve, store or list", "retrieve_as or store_as"),
        row(Verb::Stru, "structure", "set_structure"),
        row(Verb::Mode, "mode", "set_mode"),
        // The addresses of data connections.
        row(Verb::Port, TRANSFERS, SAME),
        row(Verb::Eprt, TRANSFERS, SAME),
        row(Verb::Lprt, TRANSFERS, SAME),
        row(Verb::Pasv, TRANSFERS, SAME),
        row(Verb::Epsv, TRANSFERS, SAME),
        row(Verb::Lpsv, TRANSFERS, SAME),
        row(Verb::Pret, TRANSFERS, SAME),
        // Protection.
        row(Verb::Auth, "secure", SAME),
        row(Verb::Pbsz, "secure or protect_data", SAME),
        row(Verb::Prot, "protect_data or unprotect_data", SAME),
        row(Verb::Ccc, "clear_command_channel", SAME),
        row(Verb::Sscn, "fxp", "transfer_to"),
        // The part of a file that the next transfer moves, and its end.
        row(Verb::Rest, "retrieve or store", "retrieve_from or store_from"),
        row(Verb::Rang, "retrieve_range", SAME),
        row(Verb::Abor, "abort", SAME),
        // Commands that open a data connection.
        row(Verb::Retr, "retrieve", SAME),
        row(Verb::Stor, "store", SAME),
        row(Verb::Appe, "append", SAME),
        row(Verb::Stou, "store_unique", SAME),
        row(Verb::List, "list", "list or list_raw"),
        row(Verb::Nlst, "names", SAME),
        row(Verb::Mlsd, "machine_list or entries", "list"),
    ]
};

/// The reason why [`raw`] does not send a line. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RawError {
    /// The line contains no command.
    Blank,
    /// The command changes what the client knows about its session, so the client itself has to
    /// send it.
    HasOperation {
        /// Verb of the command.
        verb: Verb,
        /// Operations of [`client`](crate::client) that send the command, such as
        /// `retrieve or store`.
        operations: &'static str,
        /// Methods of the clients in `io` that send the command.
        methods: &'static str,
    },
    /// The command opens a data connection: [`receive_raw`] or [`send_raw`] sends it.
    OpensDataConnection(Verb),
    /// The command opens no data connection, or one for the other direction.
    NoSuchData(Verb),
}

impl fmt::Display for RawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("there is no command in a blank line"),
            Self::HasOperation { verb, operations, methods } => {
                write!(
                    f,
                    "{verb} is not sent as a raw command, since the client keeps track of it: use {methods}"
                )?;
                if operations == methods {
                    return Ok(());
                }
                write!(f, " (operations: {operations})")
            }
            Self::OpensDataConnection(verb) => {
                write!(f, "{verb} opens a data connection: use receive_raw or send_raw")
            }
            Self::NoSuchData(verb) => {
                write!(f, "{verb} does not transfer data in this direction")
            }
        }
    }
}

impl core::error::Error for RawError {}

/// Opens a download or listing with a command that the caller writes, such as `XDAT report` or
/// `LIST -la`: `line` is sent as written once the data connection is open. If `representation` is
/// `None`, the type in force is kept. Otherwise this works like
/// [`retrieve`](crate::client::retrieve).
///
/// # Errors
/// If the line is blank, or its command is known to send no data to the client.
pub fn receive_raw(
    line: Text<'_>,
    representation: Option<RepresentationType>,
) -> Result<Operation<Open<'_>>, RawError> {
    Ok(Open::of_line(data_line(line, Direction::FromServer)?, representation, Direction::FromServer))
}

/// Opens an upload with a command that the caller writes, as [`receive_raw`] opens a download.
///
/// # Errors
/// If the line is blank, or its command is known to take no data.
pub fn send_raw(
    line: Text<'_>,
    representation: Option<RepresentationType>,
) -> Result<Operation<Open<'_>>, RawError> {
    Ok(Open::of_line(data_line(line, Direction::ToServer)?, representation, Direction::ToServer))
}

fn data_line(line: Text<'_>, direction: Direction) -> Result<CommandLine<'_>, RawError> {
    let line = CommandLine::new(line).map_err(|_| RawError::Blank)?;
    match line.verb() {
        Some(verb) if verb.info().data != Some(direction) => Err(RawError::NoSuchData(verb)),
        _ => Ok(line),
    }
}

/// Sends `line` as written, whether or not a document defines the command, without changing its
/// case, its spaces or its argument (`NOOP 1`, `SITE`, `pwd`). The output is the reply as it was
/// received; 2yz and 3yz are successes, and anything else is a refusal with the server's code and
/// text.
///
/// Only the command is sent: `CWD` works this way too, but without the rest of what its operation
/// does.
///
/// # Errors
/// If the line is blank, or if its command is one that the client has to keep track of or that
/// opens a data connection: the error names the operation to use. Therefore nothing that
/// [`Policy::Require`](crate::security::Policy::Require) forbids is sent this way.
///
/// ```
/// use ftp_proto::client::raw;
/// use ftp_proto::codec::Text;
///
/// assert!(raw(Text::literal("NOOP 1")).is_ok());
/// let error = raw(Text::literal("rest 100")).unwrap_err();
/// assert!(error.to_string().contains("retrieve_from"));
/// ```
pub fn raw(line: Text<'_>) -> Result<Operation<Exchange<'_, RawAnswer>>, RawError> {
    let line = CommandLine::new(line).map_err(|_| RawError::Blank)?;
    if let Some(verb) = line.verb() {
        if let Some(Instead { operations, methods, .. }) = INSTEAD.iter().find(|row| row.verb == verb) {
            let methods = if methods.is_empty() { operations } else { methods };
            return Err(RawError::HasOperation { verb, operations, methods });
        }
        if verb.opens_data_connection() {
            return Err(RawError::OpensDataConnection(verb));
        }
    }
    Ok(Exchange::new(Command::Line(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_table_is_there() {
        let operations = include_str!("../../client.rs");
        let methods = [
            include_str!("../../io/client/session.rs"),
            include_str!("../../io/client/files.rs"),
            include_str!("../../io/client/transfers.rs"),
            include_str!("../../io/client/retrieve.rs"),
        ]
        .concat();
        let names = |list: &'static str| list.split([' ', ',']).filter(|word| !["", "or"].contains(word));
        for row in INSTEAD {
            for name in names(row.operations) {
                let at = operations.find("pub use").unwrap();
                let mut words = operations[at..].split(|c: char| !c.is_alphanumeric() && c != '_');
                assert!(words.any(|word| word == name), "{}: {name}", row.verb);
            }
            for name in names(if row.methods.is_empty() { row.operations } else { row.methods }) {
                assert!(methods.contains(&std::format!("async fn {name}(")), "{}: {name}", row.verb);
            }
        }
    }

    #[test]
    fn every_command_that_opens_a_data_connection_is_refused() {
        for verb in Verb::ALL.iter().filter(|verb| verb.opens_data_connection()) {
            assert!(raw(Text::literal(verb.as_str())).is_err(), "{verb}");
        }
    }
}
