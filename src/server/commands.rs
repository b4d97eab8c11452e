//! One command: the gate, what the session answers by itself, what it asks of the host.

use core::net::{IpAddr, SocketAddr};

use super::config::hash_of;
use super::data::PassiveReply;
use super::machine::Ticket;
use super::note::Note;
use super::pending::{Asked, Pending, Purpose};
use super::request::{Access, Changes, Listing};
use super::selection::Reading;
use super::session::{Login, Session};
use crate::action::DataOp;
use crate::buffer::{Rx, Span, Tx};
use crate::codec::{
    ByteRange, Command, CommandError, EpsvArgument, NetworkProtocol, ReplyCode as Code, ResolveError, Text,
    TimedPath, Verb,
};
use crate::error::{PeerError, Protocol};
use crate::transfer::Coding;

/// A request for the host, or nothing where the command is answered.
pub(super) type Outcome = Option<(Ticket, Asked)>;

/// What HTTP clients and the like begin with (CVE-2021-3618: one protocol's bytes sent to another's
/// server).
const OTHER_PROTOCOLS: [(Protocol, &[&[u8]]); 2] = [
    (Protocol::Http, &[b"GET", b"POST", b"PUT", b"HEAD", b"CONNECT", b"OPTIONS", b"PATCH"]),
    (Protocol::Smtp, &[b"EHLO", b"HELO"]),
];

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Takes a command line. Whatever it asks for passes the gate first: before a login nothing is
    /// told of what this server can do.
    pub(super) fn line(&mut self, ticket: Ticket, line: Span, rx: &Rx<'_>, tx: &mut Tx<'_>) -> Outcome {
        let command = Self::parse(rx, line);
        let renaming = matches!(command, Ok(Command::Rnto(_))) && self.renaming;
        // NOOP and STAT ask about the session itself and change nothing: what RNFR has named waits on.
        let keeps = matches!(command, Ok(Command::Noop | Command::Stat(_)));
        if !keeps && core::mem::take(&mut self.renaming) && !renaming {
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
        if self.login != Login::In && !verb.is_some_and(Verb::is_allowed_before_login) {
            self.bad_command(
                ticket,
                Code::NOT_LOGGED_IN,
                Text::literal("Log in with USER and PASS first."),
                tx,
            );
            return None;
        }
        // These get the answer that comes before a security mechanism was chosen, served or not.
        let protected = |verb| matches!(verb, Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc);
        if verb.is_some_and(|verb| !self.config.serves(verb) && !protected(verb)) {
            // A client that asks is no bad one: it may well ask for every file of a directory.
            return self.answer_now(ticket, Code::NOT_IMPLEMENTED, "Not implemented here.", tx);
        }
        if let Some((code, text)) = verb.and_then(|verb| self.protection_denied(verb)) {
            return self.answer_now(ticket, code, text, tx);
        }
        let command = match command {
            Ok(command) => command,
            Err(error) => {
                self.bad_argument(ticket, error, tx);
                return None;
            }
        };
        self.bad_commands = 0;
        // What comes while the host is at work is none of that.
        if self.pending.is_none() {
            self.verb = verb.unwrap_or(Verb::Noop);
        }
        // What is answered beside a transfer is answered at once: the host is asked one thing at a time.
        let beside = self.transfer.is_some() || self.pending.is_some();
        if !beside && self.config.overrides(self.verb) {
            // No path is concerned but the working directory.
            let _ = self.paths.aim(b"");
            return Some((ticket, asked(Pending::Command, line)));
        }
        // RNFR holds until the next command but NOOP and STAT; REST until a transfer, since many clients set up the data
        // connection in between (RFC 959 4.1.3 wants the transfer at once).
        let restart = match self.verb.opens_data_connection() {
            true => core::mem::take(&mut self.restart),
            false => 0,
        };
        let range = match self.verb.opens_data_connection() {
            true => core::mem::replace(&mut self.range, ByteRange::WHOLE),
            false => ByteRange::WHOLE,
        };
        if range != ByteRange::WHOLE && self.verb != Verb::Retr {
            let text = match self.verb {
                Verb::Stor => "A file is stored from an offset to its end: send REST for RANG.",
                _ => "RANG is for RETR and HASH only.",
            };
            return self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, text, tx);
        }
        let argument = |text: Text<'_>| line.after(line.len() - text.len());
        match command {
            Command::User(name) => self.user_command(ticket, name, tx),
            Command::Pass(password) => match self.login {
                Login::Named => Some((ticket, asked(Pending::Login, argument(password.reveal())))),
                Login::Nobody => self.answer_now(ticket, Code::BAD_SEQUENCE, "Send USER first.", tx),
                Login::NeedsAccount => self.answer_now(ticket, Code::BAD_SEQUENCE, "Send ACCT now.", tx),
                Login::In => self.answer_now(ticket, Code::SUPERFLUOUS, "Logged in already.", tx),
            },
            Command::Acct(account) => match self.login {
                Login::NeedsAccount | Login::In => {
                    Some((ticket, asked(Pending::Account, argument(account.reveal()))))
                }
                _ => self.answer_now(ticket, Code::BAD_SEQUENCE, "Send USER and PASS first.", tx),
            },
            Command::Rein => {
                self.reset();
                self.reset_protection();
                self.answer_now(ticket, Code::SERVICE_READY, "Ready for a new user.", tx)
            }
            Command::Quit => {
                self.reply(ticket, Code::SERVICE_CLOSING, Text::literal("Goodbye."), tx);
                self.abandon_data();
                self.note(Note::Left);
                self.closing = true;
                None
            }

            Command::Type(representation) => {
                self.set_coding(ticket, Coding { representation, ..self.coding }, "Type set.", tx)
            }
            Command::Stru(structure) => {
                self.set_coding(ticket, Coding { structure, ..self.coding }, "Structure set.", tx)
            }
            Command::Mode(mode) => self.set_coding(ticket, Coding { mode, ..self.coding }, "Mode set.", tx),
            Command::Port(address) => self.active(ticket, address.into(), tx),
            Command::Eprt(address) => self.active(ticket, address, tx),
            Command::Pasv if self.extended_only => self.only_extended(ticket, tx),
            Command::Pasv if self.is_ipv6() => {
                self.answer_now(ticket, Code::CANNOT_OPEN_DATA_CONNECTION, "Use EPSV here.", tx)
            }
            Command::Pasv => self.listen(ticket, PassiveReply::Plain),
            Command::Epsv(EpsvArgument::All) => {
                self.extended_only = true;
                self.answer_now(ticket, Code::COMMAND_OKAY, "EPSV only from now on.", tx)
            }
            Command::Epsv(argument) if !self.speaks(argument) => {
                let text = if self.is_ipv6() { "Use (2)." } else { "Use (1)." };
                self.answer_now(ticket, Code::NETWORK_PROTOCOL_NOT_SUPPORTED, text, tx)
            }
            Command::Epsv(_) => self.listen(ticket, PassiveReply::Extended),
            Command::Allo(allocation) => {
                self.size_hint = Some(allocation.bytes);
                self.answer_now(ticket, Code::SUPERFLUOUS, "Nothing needs to be allocated.", tx)
            }
            Command::Rest(marker) if marker.offset().is_some() => {
                // Each says where to begin: what was sent last counts.
                (self.restart, self.range) = (marker.offset().unwrap_or_default(), ByteRange::WHOLE);
                self.answer_now(ticket, Code::FILE_ACTION_PENDING, "Send the transfer command now.", tx)
            }
            Command::Rest(_) => {
                self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "A byte offset is needed.", tx)
            }

            Command::Retr(path) => self.retrieve(ticket, path, restart, range, tx),
            Command::Stor(path) => self.store(ticket, path, restart, tx),
            Command::Appe(_) if restart > 0 => {
                self.answer_now(ticket, Code::FILE_BUSY, "APPE needs no REST; send it again.", tx)
            }
            Command::Appe(path) => self.open(ticket, path, Access::Append, self.coding.into(), tx),
            Command::Stou(path) => {
                let path = path.unwrap_or(Text::literal("unnamed"));
                self.open(ticket, path, Access::Unique, self.coding.into(), tx)
            }
            Command::List(argument) => {
                self.list(ticket, argument, Listing::Unix { all: false, recursive: false }, tx)
            }
            Command::Nlst(argument) => self.list(ticket, argument, Listing::Names { all: false }, tx),
            Command::Mlsd(path) => self.list(ticket, path, Listing::Machine(self.facts), tx),

            Command::Cwd(path) | Command::Xcwd(path) => {
                self.ask_about(ticket, path, Pending::ChangeDirectory, tx)
            }
            Command::Cdup | Command::Xcup => {
                self.ask_about(ticket, Text::literal(".."), Pending::ChangeDirectory, tx)
            }
            Command::Pwd | Command::Xpwd => {
                self.directory_reply(ticket, tx);
                None
            }
            Command::Mkd(path) | Command::Xmkd(path) => {
                self.ask_about(ticket, path, Pending::MakeDirectory, tx)
            }
            Command::Rmd(path) | Command::Xrmd(path) => {
                self.ask_about(ticket, path, Pending::RemoveDirectory, tx)
            }
            Command::Dele(path) => self.ask_about(ticket, path, Pending::Delete, tx),
            Command::Rnfr(path) => self.ask_about(ticket, path, Pending::Stat(Purpose::RenameFrom), tx),
            Command::Rnto(path) if renaming => self.ask_about(ticket, path, Pending::Rename, tx),
            Command::Rnto(_) => self.answer_now(ticket, Code::BAD_SEQUENCE, "Send RNFR first.", tx),
            Command::Size(path) => match self.coding.counts_file_bytes() {
                true => self.ask_about(ticket, path, Pending::Stat(Purpose::Size), tx),
                false => self.answer_now(ticket, Code::FILE_UNAVAILABLE, "SIZE is told in TYPE I only.", tx),
            },
            Command::Mdtm(argument) => {
                self.ask_reading(ticket, argument, Pending::Stat(Purpose::ModificationTime), tx)
            }
            Command::Mlst(path) => {
                self.ask_about(ticket, path.unwrap_or_default(), Pending::Stat(Purpose::Facts), tx)
            }

            Command::Abor => {
                self.abort(ticket, tx);
                None
            }
            Command::Stat(None) => {
                self.status(ticket, tx);
                None
            }
            Command::Stat(Some(_)) if self.transfer.is_some() || self.pending.is_some() => {
                self.answer_now(ticket, Code::FILE_BUSY, "Not during a transfer.", tx)
            }
            Command::Stat(argument) => {
                let what = Pending::Stat(Purpose::Status { all: false });
                self.ask_reading(ticket, argument.unwrap_or_default(), what, tx)
            }
            Command::Syst => {
                self.reply(ticket, Code::SYSTEM_TYPE, self.config.system, tx);
                None
            }
            Command::Help(topic) => {
                self.help(ticket, topic, tx);
                None
            }
            Command::Noop => self.answer_now(ticket, Code::COMMAND_OKAY, "Okay.", tx),
            Command::Site(site) => self.site(ticket, site, argument(site), tx),
            Command::Feat => {
                self.features(ticket, tx);
                None
            }
            Command::Opts(option) => self.option(ticket, option, tx),
            Command::Lprt(address) => self.active(ticket, address.0, tx),
            Command::Lpsv if self.extended_only => self.only_extended(ticket, tx),
            Command::Lpsv => self.listen(ticket, PassiveReply::Long),
            Command::Lang(tag) => self.language(ticket, tag, tx),
            Command::Host(_) if self.login == Login::In => {
                self.answer_now(ticket, Code::BAD_SEQUENCE, "Logged in already.", tx)
            }
            Command::Host(name) => Some((ticket, asked(Pending::Host, argument(name)))),
            Command::Mfmt(TimedPath { time, path }) => {
                let changes = Changes { modified: Some(time), ..Changes::default() };
                self.ask_about(ticket, path, Pending::Change(changes), tx)
            }
            Command::Mfct(TimedPath { time, path }) => {
                let changes = Changes { created: Some(time), ..Changes::default() };
                self.ask_about(ticket, path, Pending::Change(changes), tx)
            }
            Command::Mff(argument) => self.change_facts(ticket, argument, tx),
            Command::Hash(path) => self.digest(ticket, path, None, tx),
            Command::Xcrc(path)
            | Command::Xmd5(path)
            | Command::Xsha1(path)
            | Command::Xsha256(path)
            | Command::Xsha512(path) => self.digest(ticket, path, hash_of(self.verb), tx),
            Command::Comb(names) => self.combine(ticket, names, argument(names), tx),
            Command::Rang(range) => {
                (self.restart, self.range) = (0, range);
                self.answer_now(ticket, Code::FILE_ACTION_PENDING, "Send the command that it is for.", tx)
            }
            Command::Auth(mechanism) => self.authenticate(ticket, mechanism, rx, tx),
            Command::Pbsz(_) => self.size_protection_buffer(ticket, tx),
            Command::Prot(level) => self.protect(ticket, level, tx),
            Command::Ccc => self.clear_control(ticket, tx),
            Command::Adat(_) => self.security_data(ticket, tx),
            Command::Mic(_) | Command::Conf(_) | Command::Enc(_) => self.protected_command(ticket, tx),
            Command::Avbl(path) => self.ask_about(ticket, path.unwrap_or_default(), Pending::Available, tx),
            Command::Clnt(_) => self.answer_now(ticket, Code::COMMAND_OKAY, "Noted.", tx),
            Command::Csid(_) => self.answer_now(
                ticket,
                Code::COMMAND_OKAY,
                concat!("Name=ftp-proto; Version=", env!("CARGO_PKG_VERSION"), ";"),
                tx,
            ),
            _ => self.answer_now(ticket, Code::NOT_IMPLEMENTED, "Not implemented here.", tx),
        }
    }

    fn unknown(&mut self, ticket: Ticket, verb: &[u8], tx: &mut Tx<'_>) {
        let begins = |words: &[&[u8]]| words.iter().any(|word| verb.eq_ignore_ascii_case(word));
        if let Some((protocol, _)) = OTHER_PROTOCOLS.iter().find(|(_, words)| begins(words)) {
            self.pi.fail(PeerError::OtherProtocol(*protocol));
            return self.close(Text::literal("This is FTP."), tx);
        }
        match self.login {
            Login::In => self.bad_command(ticket, Code::SYNTAX_ERROR, Text::literal("Unknown command."), tx),
            _ => {
                let text = Text::literal("Log in with USER and PASS first.");
                self.bad_command(ticket, Code::NOT_LOGGED_IN, text, tx);
            }
        }
    }

    fn bad_argument(&mut self, ticket: Ticket, error: CommandError, tx: &mut Tx<'_>) {
        let (code, text) = match error {
            CommandError::NotACommand => (Code::SYNTAX_ERROR, "Not a command."),
            CommandError::MissingArgument(_) => (Code::ARGUMENT_SYNTAX_ERROR, "An argument is missing."),
            CommandError::UnexpectedArgument(_) => {
                (Code::ARGUMENT_SYNTAX_ERROR, "There is no argument to this.")
            }
            CommandError::UnknownFamily(Verb::Lprt) => {
                (Code::ADDRESS_FAMILY_NOT_SUPPORTED, if self.is_ipv6() { "Use (6)." } else { "Use (4)." })
            }
            CommandError::UnknownFamily(_) if self.is_ipv6() => {
                (Code::NETWORK_PROTOCOL_NOT_SUPPORTED, "Use (2).")
            }
            CommandError::UnknownFamily(_) => (Code::NETWORK_PROTOCOL_NOT_SUPPORTED, "Use (1)."),
            // RFC 2228 3: it is a level that this server does not know.
            CommandError::BadArgument(Verb::Prot, _) => {
                (Code::PARAMETER_NOT_IMPLEMENTED, "TLS has levels C and P.")
            }
            CommandError::BadArgument(..) => (Code::ARGUMENT_SYNTAX_ERROR, "The argument cannot be read."),
        };
        self.bad_command(ticket, code, Text::literal(text), tx);
    }

    fn user_command(&mut self, ticket: Ticket, name: Text<'_>, tx: &mut Tx<'_>) -> Outcome {
        if self.login == Login::In {
            return self.answer_now(ticket, Code::NOT_LOGGED_IN, "Logged in already; REIN begins anew.", tx);
        }
        if !self.paths.wait_with(name.as_bytes()) {
            self.login = Login::Nobody;
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "The name is too long.", tx);
        }
        self.login = Login::Named;
        if self.is_certified() {
            return Some((ticket, asked(Pending::Identify, Span::default())));
        }
        self.need_password(ticket, tx);
        None
    }

    /// Asks for the password: with the same answer whether there is such a user or not (RFC 2577 6).
    pub(super) fn need_password(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        self.reply(ticket, Code::NEED_PASSWORD, Text::literal("Send the password."), tx);
    }

    fn set_coding(&mut self, ticket: Ticket, coding: Coding, done: &'static str, tx: &mut Tx<'_>) -> Outcome {
        if !coding.is_supported() {
            return self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, "Not supported here.", tx);
        }
        self.coding = coding;
        self.answer_now(ticket, Code::COMMAND_OKAY, done, tx)
    }

    fn only_extended(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> Outcome {
        self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Only EPSV after EPSV ALL.", tx)
    }

    /// PORT and EPRT: never to another host than the client's, never to a privileged port (RFC 2577).
    fn active(&mut self, ticket: Ticket, mut address: SocketAddr, tx: &mut Tx<'_>) -> Outcome {
        if self.extended_only {
            return self.only_extended(ticket, tx);
        }
        if !self.config.active {
            return self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, "Use EPSV or PASV here.", tx);
        }
        if address.ip().is_unspecified() {
            // What lftp's listener is bound to, which it names over IPv6.
            address.set_ip(self.endpoints.peer.ip());
        }
        if !self.may_share_data(address.ip()) || address.port() < 1024 {
            return self.answer_now(
                ticket,
                Code::PARAMETER_NOT_IMPLEMENTED,
                "Only to your own host, at a port of 1024 or more.",
                tx,
            );
        }
        self.connect_at_transfer(address);
        self.answer_now(ticket, Code::COMMAND_OKAY, "Okay.", tx)
    }

    /// Asks the host something about a path.
    pub(super) fn ask_about(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        what: Pending,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        let aimed = self.paths.aim(path.as_bytes());
        self.ask_aimed(ticket, aimed, what, tx)
    }

    /// As [`ask_about`](Self::ask_about), with an argument that may have to be read in another way if there is
    /// nothing by that name.
    pub(super) fn ask_reading(
        &mut self,
        ticket: Ticket,
        argument: Text<'_>,
        what: Pending,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        self.reading = Reading::Whole;
        let aimed = self.paths.keep_argument(argument.as_bytes());
        self.ask_aimed(ticket, aimed, what, tx)
    }

    fn ask_aimed(
        &mut self,
        ticket: Ticket,
        aimed: Result<(), ResolveError>,
        what: Pending,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        match aimed {
            Ok(()) => Some((ticket, asked(what, Span::default()))),
            Err(_) => {
                self.refuse(ticket, Code::NAME_NOT_ALLOWED, Text::literal("The path is too long."), tx);
                None
            }
        }
    }

    pub(super) fn answer_now(
        &mut self,
        ticket: Ticket,
        code: Code,
        text: &'static str,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        self.reply(ticket, code, Text::literal(text), tx);
        None
    }

    fn is_ipv6(&self) -> bool {
        matches!(self.endpoints.local.ip().to_canonical(), IpAddr::V6(_))
    }

    fn speaks(&self, argument: EpsvArgument) -> bool {
        let own = if self.is_ipv6() { NetworkProtocol::IPV6 } else { NetworkProtocol::IPV4 };
        !matches!(argument, EpsvArgument::Protocol(protocol) if protocol != own)
    }

    /// Ends the use of whatever data connection there was, for a new one or none.
    pub(super) fn order(&mut self, id: crate::action::DataId, op: DataOp) {
        let _ = self.ops.try_push((id, op));
    }
}

pub(super) fn asked(what: Pending, argument: Span) -> Asked {
    Asked { what, argument }
}
