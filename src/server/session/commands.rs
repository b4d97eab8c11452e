//! Command dispatch: passes each command through the gate, then answers it directly or produces a
//! request for the host. The commands are grouped, one file per group; each file begins with the
//! list of its commands.

mod access;
mod extensions;
mod files;
mod information;
mod parameters;
mod security;
mod site;
mod transfers;

use super::{ForHost, Session};
use crate::buffer::{Rx, Span, Tx};
use crate::codec::{Command, CommandError, ReplyCode as Code, ResolveError, Sensitive, Text, Verb};
use crate::error::{PeerError, Protocol};
use crate::server::gate::{self, Denial};
use crate::server::machine::Ticket;
use crate::server::request::Request;

/// The result of passing a command to a group: a request for the host if one is needed, or the
/// command back if it belongs to another group.
type Carried<'r> = Result<ForHost, (Ticket, Command<'r>)>;

/// The first words of requests in other protocols, whose bytes an attacker may redirect to this
/// server (CVE-2021-3618).
const OTHER_PROTOCOLS: [(Protocol, &[&[u8]]); 2] = [
    (Protocol::Http, &[b"GET", b"POST", b"PUT", b"HEAD", b"CONNECT", b"OPTIONS", b"PATCH"]),
    (Protocol::Smtp, &[b"EHLO", b"HELO"]),
];

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Handles a command line. Every command passes the gate first.
    pub(super) fn line(&mut self, ticket: Ticket, line: Span, rx: &Rx<'_>, tx: &mut Tx<'_>) -> ForHost {
        let command = Command::parse(rx.bytes(line));
        // NOOP and STAT change nothing, so the source that RNFR named stays usable.
        let keeps = matches!(command, Ok(Command::Noop | Command::Stat(_)));
        if !keeps && self.paths.next_command() && !matches!(command, Ok(Command::Rnto(_))) {
            self.paths.forget_waiting();
        }
        let verb = match &command {
            Ok(Command::Unknown { verb, .. }) => {
                self.unknown(ticket, verb.as_bytes(), tx);
                return None;
            }
            Ok(command) => command.known_verb(),
            Err(error) => error.verb(),
        };
        let admitted = gate::admit(verb, self.is_busy(), &self.login, &self.protection, &self.config);
        let (server, command) = match (admitted, command) {
            (Err(Denial::Login), _) => {
                self.log_in_first(ticket, tx);
                return None;
            }
            (Err(Denial::Reply(code, text)), _) => return self.answer_now(ticket, code, text, tx),
            (Ok(_), Err(error)) => {
                self.bad_argument(ticket, error, tx);
                return None;
            }
            (Ok(server), Ok(command)) => (server, command),
        };
        self.count_good_command();
        self.call.begin(verb.unwrap_or(Verb::Noop));
        match server {
            gate::Server::Host => {
                self.ask_about(ticket, Text::default(), Request::Command(Sensitive::new(line)), tx)
            }
            gate::Server::Session => self.dispatch(ticket, command, line, rx, tx),
        }
    }

    /// Passes a command to its group. `line` is its position in the receive window.
    fn dispatch(
        &mut self,
        ticket: Ticket,
        command: Command<'_>,
        line: Span,
        rx: &Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        self.access_command(ticket, command, line, tx)
            .or_else(|(ticket, command)| self.parameter_command(ticket, command, tx))
            .or_else(|(ticket, command)| self.transfer_command(ticket, command, tx))
            .or_else(|(ticket, command)| self.file_command(ticket, command, tx))
            .or_else(|(ticket, command)| self.information_command(ticket, command, tx))
            .or_else(|(ticket, command)| self.extension_command(ticket, command, line, tx))
            .or_else(|(ticket, command)| self.security_command(ticket, command, rx, tx))
            .unwrap_or_else(|(ticket, _)| {
                self.answer_now(ticket, Code::NOT_IMPLEMENTED, "Command not implemented.", tx)
            })
    }

    fn log_in_first(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let text = Text::literal("Log in with USER and PASS first.");
        self.bad_command(ticket, Code::NOT_LOGGED_IN, text, tx);
    }

    fn unknown(&mut self, ticket: Ticket, verb: &[u8], tx: &mut Tx<'_>) {
        let begins = |words: &[&[u8]]| words.iter().any(|word| verb.eq_ignore_ascii_case(word));
        if let Some((protocol, _)) = OTHER_PROTOCOLS.iter().find(|(_, words)| begins(words)) {
            self.pi.fail(PeerError::OtherProtocol(*protocol));
            return self.close(Text::literal("This is an FTP server."), tx);
        }
        if self.login.is_in() {
            self.bad_command(ticket, Code::SYNTAX_ERROR, Text::literal("Unknown command."), tx);
        } else {
            self.log_in_first(ticket, tx);
        }
    }

    fn bad_argument(&mut self, ticket: Ticket, error: CommandError, tx: &mut Tx<'_>) {
        let (code, text) = match error {
            CommandError::NotACommand => (Code::SYNTAX_ERROR, "Invalid command."),
            CommandError::MissingArgument(_) => (Code::ARGUMENT_SYNTAX_ERROR, "Missing argument."),
            CommandError::UnexpectedArgument(_) => {
                (Code::ARGUMENT_SYNTAX_ERROR, "This command takes no argument.")
            }
            CommandError::UnknownFamily(Verb::Lprt) if self.is_ipv6() => {
                (Code::ADDRESS_FAMILY_NOT_SUPPORTED, "Supported address families are (6).")
            }
            CommandError::UnknownFamily(Verb::Lprt) => {
                (Code::ADDRESS_FAMILY_NOT_SUPPORTED, "Supported address families are (4).")
            }
            CommandError::UnknownFamily(_) => (Code::NETWORK_PROTOCOL_NOT_SUPPORTED, self.own_protocol()),
            // The level is unknown to this server (RFC 2228 3).
            CommandError::BadArgument(Verb::Prot, _) => {
                (Code::PARAMETER_NOT_IMPLEMENTED, "Unsupported protection level; use C or P.")
            }
            CommandError::BadArgument(..) => (Code::ARGUMENT_SYNTAX_ERROR, "Invalid argument."),
        };
        self.bad_command(ticket, code, Text::fixed(text), tx);
    }

    /// Returns a request to the host about a path.
    fn ask_about(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        request: Request<Span>,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        let aimed = self.paths.aim(path.as_bytes());
        self.ask_aimed(ticket, aimed, request, tx)
    }

    /// Like [`ask_about`](Self::ask_about), with an argument that may be read in another way if no
    /// such name exists.
    fn ask_reading(
        &mut self,
        ticket: Ticket,
        argument: Text<'_>,
        request: Request<Span>,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        self.argument.begin();
        let aimed = self.paths.keep_argument(argument.as_bytes());
        self.ask_aimed(ticket, aimed, request, tx)
    }

    /// Passes the request to the host, unless its path could not be resolved.
    fn ask_aimed(
        &mut self,
        ticket: Ticket,
        aimed: Result<(), ResolveError>,
        request: Request<Span>,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        let text = match aimed {
            Ok(()) => return Some((ticket, request)),
            Err(ResolveError::TooLong) => Text::literal("The path is too long."),
            Err(ResolveError::Forbidden) => Text::literal("File name not allowed."),
        };
        self.refuse(ticket, Code::NAME_NOT_ALLOWED, text, tx);
        None
    }
}

/// Returns the position of an argument that extends to the end of its line.
fn place(line: Span, argument: Text<'_>) -> Span {
    line.after(line.len() - argument.len())
}
