//! A control connection: commands from the client, one at a time, and the server's replies to them.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ftp_proto::codec::{
    Command, CommandError, Position, ProtectionLevel, ReplyCode, TransferMode, Verb, VerbSet,
};
use ftp_proto::io::tls::{ClientSessions, ServerSessions};

use super::Settings;
use super::data::{self, Halves};
use super::login::Upstream;
use super::stream::within;
use super::wire::{Heard, Said, Wire};

/// The most lines of a client that are no commands, or commands that it may not use.
const MOST_REFUSED: u32 = 100;

/// Commands that the gateway refuses to all: it could not follow the session any more.
#[rustfmt::skip]
const REFUSED: VerbSet = {
    use Verb::*;
    VerbSet::of(&[Rein, Lprt, Lpsv, Adat, Ccc, Mic, Conf, Enc, Sscn, Pret])
};

/// Features that are the gateway's own, or that it does not have, whatever the server says.
const OWN_FEATURES: VerbSet = REFUSED.with(Verb::Auth).with(Verb::Pbsz).with(Verb::Prot);

/// The continuation of a session after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Go,
    /// The session is over.
    End,
    /// TLS was passed through, and ends with the connection.
    Tunnel,
}

pub struct Session {
    pub client: Wire,
    pub server: Wire,
    pub settings: Arc<Settings>,
    greeting: Vec<Said>,
    /// The TLS sessions with the client, once there is TLS.
    pub client_sessions: Option<ServerSessions>,
    pub server_sessions: Option<ClientSessions>,
    /// `true` after PROT P.
    pub protects: bool,
    /// The data connection that was set up.
    pub halves: Option<Halves>,
    pub is_epsv_only: bool,
    /// `true` once the server has refused EPSV or EPRT.
    pub lacks_extended: bool,
    /// The user who has sent no password yet.
    pub name: Option<Vec<u8>>,
    pub failed_logins: u32,
    refused: u32,
    /// A command that waits for the end of a transfer.
    pub held: Option<Vec<u8>>,
}

impl Session {
    pub fn new(client: Wire, upstream: Upstream, settings: Arc<Settings>) -> Self {
        let Upstream { wire: server, sessions: server_sessions, greeting } = upstream;
        Self {
            client,
            server,
            settings,
            greeting,
            client_sessions: None,
            server_sessions,
            protects: false,
            halves: None,
            is_epsv_only: false,
            lacks_extended: false,
            name: None,
            failed_logins: 0,
            refused: 0,
            held: None,
        }
    }

    /// Serves the client until one side has enough.
    pub async fn run(&mut self) -> io::Result<Next> {
        for said in std::mem::take(&mut self.greeting) {
            self.client.pass_on(&said.line).await?;
            if said.position.is_end() && !said.code.is_success() && !said.code.is_preliminary() {
                return Ok(Next::End);
            }
        }
        // Every step has its time limit, and that of an idle client ends the session.
        loop {
            let line = match self.held.take() {
                Some(line) => line,
                None => match self.next_line().await? {
                    Some(line) => line,
                    None => return Ok(Next::End),
                },
            };
            let next = self.command(&line).await?;
            if next != Next::Go {
                return Ok(next);
            }
            if self.refused > MOST_REFUSED {
                self.client.reply(ReplyCode::SERVICE_NOT_AVAILABLE, "Too many refused commands.").await?;
                return Ok(Next::End);
            }
        }
    }

    /// Ends the session, or goes on without understanding it.
    pub async fn part(mut self, result: io::Result<Next>) -> io::Result<()> {
        match result {
            Ok(Next::Tunnel) => {
                // Bytes behind the 234, on either side, are TLS already.
                let (Some(from_client), Some(from_server)) =
                    (self.client.take_unframed(), self.server.take_unframed())
                else {
                    return Err(io::Error::other("TLS began in the middle of a line"));
                };
                let limit = self.settings.limit;
                let (mut client, mut server) = (self.client.stream, self.server.stream);
                server.write_all(&from_client, limit).await?;
                client.write_all(&from_server, limit).await?;
                data::tunnel(client, server, self.settings.idle).await
            }
            Ok(_) => {
                self.client.stream.end(Duration::from_secs(5)).await?;
                self.client.stream.drain(Duration::from_secs(2)).await;
                Ok(())
            }
            Err(error) => {
                // Nobody may be there to read it.
                let _ = self.client.reply(ReplyCode::SERVICE_NOT_AVAILABLE, "The session has failed.").await;
                let _ = self.client.stream.end(Duration::from_secs(1)).await;
                Err(error)
            }
        }
    }

    /// Returns the next line of the client. `None` if the session is over.
    async fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        enum Event {
            Client(io::Result<Heard>),
            Server(io::Result<Said>),
        }
        loop {
            let next = poll_fn(|cx| {
                if let Poll::Ready(heard) = self.client.poll_line(cx) {
                    return Poll::Ready(Ok(Event::Client(heard)));
                }
                self.server.poll_said(cx).map(|said| Ok(Event::Server(said)))
            });
            match within(self.settings.idle, next).await {
                Ok(Event::Client(heard)) => match heard? {
                    Heard::Line(line) => return Ok(Some(line)),
                    Heard::End => return Ok(None),
                    Heard::Unreadable => {
                        self.refuse(ReplyCode::SYNTAX_ERROR, "Not a command, or too long.").await?;
                        if self.refused > MOST_REFUSED {
                            return Ok(None);
                        }
                    }
                },
                Ok(Event::Server(said)) => {
                    // Nothing was asked, so only the end of the connection matters.
                    let said = said?;
                    if said.code == ReplyCode::SERVICE_NOT_AVAILABLE {
                        self.client.pass_on(&said.line).await?;
                        if said.position.is_end() {
                            return Ok(None);
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    self.client.reply(ReplyCode::SERVICE_NOT_AVAILABLE, "Idle for too long.").await?;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Answers a command that is not passed on.
    pub async fn refuse(&mut self, code: ReplyCode, text: &str) -> io::Result<Next> {
        self.refused += 1;
        self.client.reply(code, text).await?;
        Ok(Next::Go)
    }

    /// Returns the code and text for a line that is no command that the client may use here.
    pub fn judge(&self, parsed: &Result<Command<'_>, CommandError>) -> Option<(ReplyCode, &'static str)> {
        let verb = match parsed {
            Ok(command) => command.known_verb(),
            Err(CommandError::NotACommand) => return Some((ReplyCode::SYNTAX_ERROR, "Not a command.")),
            Err(error) => error.verb(),
        };
        match (verb, parsed) {
            (None, _) => Some((ReplyCode::NOT_IMPLEMENTED, "The gateway does not know this command.")),
            (Some(verb), _) if REFUSED.contains(verb) || !self.settings.admits(verb) => {
                Some((ReplyCode::NOT_IMPLEMENTED, "The gateway does not pass this command on."))
            }
            (Some(Verb::Eprt), Err(CommandError::UnknownFamily(_))) => {
                Some((ReplyCode::NETWORK_PROTOCOL_NOT_SUPPORTED, "Network protocol not supported, use (1,2)"))
            }
            (Some(_), Err(_)) => Some((ReplyCode::ARGUMENT_SYNTAX_ERROR, "The argument is not valid.")),
            (Some(_), Ok(Command::Mode(TransferMode::Block | TransferMode::Compressed))) => {
                // Their data connections do not end with the file.
                Some((ReplyCode::PARAMETER_NOT_IMPLEMENTED, "The gateway has no such mode."))
            }
            (Some(_), Ok(_)) => None,
        }
    }

    async fn command(&mut self, line: &[u8]) -> io::Result<Next> {
        let parsed = Command::parse(line);
        if let Some((code, text)) = self.judge(&parsed) {
            return self.refuse(code, text).await;
        }
        let Ok(command) = parsed else { return Ok(Next::Go) };
        let direction = command.known_verb().and_then(|verb| verb.info().data);
        let has_own_login = self.settings.upstream_login.is_some();
        match (command, direction) {
            (Command::User(name), _) if has_own_login => self.user(name.as_bytes()).await,
            (Command::Pass(password), _) if has_own_login => {
                self.password(password.reveal().as_bytes()).await
            }
            (Command::Auth(mechanism), _) => self.auth(mechanism.as_bytes(), line).await,
            (Command::Pbsz(_) | Command::Prot(_), _) => self.protection(&command).await,
            (Command::Pasv | Command::Epsv(_) | Command::Port(_) | Command::Eprt(_), _) => {
                self.set_up(&command).await
            }
            (Command::Feat, _) => self.features(line).await,
            (_, Some(direction)) => self.transfer(line, direction).await,
            (Command::Quit, _) => {
                self.server.pass_on(line).await?;
                self.pass_reply().await?;
                Ok(Next::End)
            }
            _ => {
                self.server.pass_on(line).await?;
                self.pass_reply().await.map(next)
            }
        }
    }

    /// Passes on the reply to a command, and returns its final code.
    async fn pass_reply(&mut self) -> io::Result<ReplyCode> {
        loop {
            let said = self.server.said().await?;
            self.client.pass_on(&said.line).await?;
            if said.position.is_end() && !said.code.is_preliminary() {
                return Ok(said.code);
            }
        }
    }

    /// Passes on the server's features, without those that the gateway does not let through, and
    /// adds its own.
    async fn features(&mut self, line: &[u8]) -> io::Result<Next> {
        self.server.pass_on(line).await?;
        loop {
            let said = self.server.said().await?;
            let name = said.line.trim_ascii_start().split(|byte| *byte == b' ').next().unwrap_or_default();
            let hidden = Verb::from_bytes(name)
                .is_some_and(|verb| OWN_FEATURES.contains(verb) || !self.settings.admits(verb));
            if said.position == Position::Middle && hidden && !self.settings.passes_tls_through {
                continue;
            }
            if said.position == Position::Last && self.settings.client_tls.is_some() {
                for feature in [&b" AUTH TLS"[..], b" PBSZ", b" PROT"] {
                    self.client.pass_on(feature).await?;
                }
            }
            self.client.pass_on(&said.line).await?;
            if said.position.is_end() {
                return Ok(next(said.code));
            }
        }
    }

    /// Takes AUTH: TLS ends here, or goes through to the server.
    async fn auth(&mut self, mechanism: &[u8], line: &[u8]) -> io::Result<Next> {
        if self.settings.passes_tls_through {
            self.server.pass_on(line).await?;
            let code = self.pass_reply().await?;
            return Ok(if code == ReplyCode::SECURITY_EXCHANGE_COMPLETE { Next::Tunnel } else { next(code) });
        }
        let Some(tls) = self.settings.client_tls.clone() else {
            return self.refuse(ReplyCode::NOT_IMPLEMENTED, "The gateway has no TLS.").await;
        };
        if self.client.stream.is_secure() {
            return self.refuse(ReplyCode::BAD_SEQUENCE, "There is TLS already.").await;
        }
        if ![&b"TLS"[..], b"TLS-C", b"SSL"].iter().any(|known| mechanism.eq_ignore_ascii_case(known)) {
            return self.refuse(ReplyCode::PARAMETER_NOT_IMPLEMENTED, "AUTH TLS only.").await;
        }
        // Unencrypted bytes behind AUTH may be anybody's.
        if self.client.has_more() {
            return Err(io::Error::other("bytes behind AUTH"));
        }
        self.client.reply(ReplyCode::SECURITY_EXCHANGE_COMPLETE, "TLS begins.").await?;
        let sessions = tls.sessions();
        let connection = sessions.accept().map_err(io::Error::other)?;
        self.client.stream.start_tls(connection.into(), false).await?;
        self.client_sessions = Some(sessions);
        (self.name, self.halves, self.protects) = (None, None, false);
        Ok(Next::Go)
    }

    /// Takes PBSZ and PROT, which concern the client's data connections only.
    async fn protection(&mut self, command: &Command<'_>) -> io::Result<Next> {
        if self.client_sessions.is_none() {
            return self.refuse(ReplyCode::BAD_SEQUENCE, "AUTH TLS first.").await;
        }
        let text = match command {
            Command::Prot(ProtectionLevel::Private) => "Data connections are protected.",
            Command::Prot(ProtectionLevel::Clear) => "Data connections are not protected.",
            Command::Prot(_) => {
                return self.refuse(ReplyCode::PROT_LEVEL_NOT_SUPPORTED, "TLS has PROT C and P only.").await;
            }
            _ => "PBSZ=0",
        };
        if let Command::Prot(level) = command {
            self.protects = *level == ProtectionLevel::Private;
            // The data connection was set up for the other level.
            self.halves = None;
        }
        self.client.reply(ReplyCode::COMMAND_OKAY, text).await?;
        Ok(Next::Go)
    }
}

/// Returns what comes after a final reply.
pub fn next(code: ReplyCode) -> Next {
    if code == ReplyCode::SERVICE_NOT_AVAILABLE { Next::End } else { Next::Go }
}
