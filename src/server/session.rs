//! The session: what the machine's commands mean for one client (RFC 959 4 and 5.4).

use core::net::SocketAddr;
use core::time::Duration;

use arrayvec::ArrayVec;

use super::Config;
use super::data::{Channel, END_ROOM, Transfer};
use super::machine::{BadLine, Server, ServerStep, Ticket};
use super::paths::Paths;
use super::request::{Access, Changes, Listing, Request, VirtualPath};
use crate::action::{Action, DataId, DataOp, Wait};
use crate::buffer::{RecvBuf, Rx, SendBuf, Span, Tx};
use crate::codec::{ByteRange, Command, FactSet, HashAlgorithm, ReplyCode, Secret, Text, Verb};
use crate::error::{Awaited, Error, LocalError, PeerError};
use crate::time::Instant;
use crate::transfer::Coding;

/// The facts that MLST and MLSD tell, as far as the host knows them (RFC 3659 7.5).
pub(super) const SERVED_FACTS: FactSet = FactSet::TYPE
    .union(FactSet::SIZE)
    .union(FactSet::MODIFY)
    .union(FactSet::PERM)
    .union(FactSet::UNIQUE)
    .union(FactSet::UNIX_MODE)
    .union(FactSet::UNIX_OWNER)
    .union(FactSet::UNIX_GROUP);

/// What a session tells its host. Borrows from the receive window: the next poll overwrites it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'b> {
    /// Something that only the host can do; see [`Session::answer`].
    Request(Ticket, Request<'b>),
    /// The client wants the request that waits given up: answer it with
    /// [`Refusal::Aborted`](super::Refusal::Aborted) if that can be done, or as it comes.
    Abort,
}

/// What [`Session::step`] came to, with a place in the receive window in the stead of bytes.
#[derive(Debug)]
pub enum SessionStep {
    /// As [`Event::Request`], for [`Asked::resolve`].
    Request(Ticket, Asked),
    /// As [`Event::Abort`].
    Abort,
    /// As [`Action::Data`].
    Data(DataId, DataOp),
    /// As [`Action::Close`].
    Close,
    /// As [`Action::Wait`].
    Wait(Wait),
}

/// A [`Request`] that does not borrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub(super) what: Pending,
    pub(super) argument: Span,
}

impl Asked {
    /// The request, with what it borrows.
    #[must_use]
    pub fn resolve<'b>(&self, bytes: impl FnOnce(Span) -> &'b [u8]) -> Request<'b> {
        match self.what {
            Pending::Admit => Request::Admit,
            Pending::Login => Request::Login { password: Secret::new(text(bytes(self.argument))) },
            Pending::ChangeDirectory => Request::ChangeDirectory,
            Pending::MakeDirectory => Request::MakeDirectory,
            Pending::RemoveDirectory => Request::RemoveDirectory,
            Pending::Delete => Request::Delete,
            Pending::Rename => Request::Rename,
            Pending::Stat(purpose) => Request::Stat { follow: purpose.follows() },
            Pending::Open(access) => Request::Open(access),
            Pending::List(listing) => Request::List(listing),
            Pending::Commit => Request::Commit,
            Pending::Change(changes) => Request::Change(changes),
            Pending::Digest { algorithm, range } => Request::Digest { algorithm, range },
            Pending::Available => Request::Available,
            Pending::Symlink => Request::Symlink { target: text(bytes(self.argument)) },
            Pending::Host => Request::Host(text(bytes(self.argument))),
            Pending::Site => Request::Site(text(bytes(self.argument))),
            Pending::Command => {
                Request::Command(Command::parse(bytes(self.argument)).unwrap_or(Command::Noop))
            }
        }
    }
}

/// An argument again, which was text when it was asked about.
fn text(bytes: &[u8]) -> Text<'_> {
    Text::new(bytes).unwrap_or_default()
}

/// What the host was asked and has not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Admit,
    Login,
    ChangeDirectory,
    MakeDirectory,
    RemoveDirectory,
    Delete,
    Rename,
    Stat(Purpose),
    Open(Access),
    List(Listing),
    Commit,
    Change(Changes),
    Digest { algorithm: HashAlgorithm, range: ByteRange },
    Available,
    Symlink,
    Host,
    Site,
    Command,
}

/// What an entry is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    RenameFrom,
    Size,
    ModificationTime,
    Facts,
    Status,
}

impl Purpose {
    /// Renaming moves the link, and the facts are its own; all else looks where it leads.
    const fn follows(self) -> bool {
        matches!(self, Self::Size | Self::ModificationTime)
    }
}

/// The two ends of the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The server's own address, which data connections use too.
    pub local: SocketAddr,
    /// The client's address: the only one that data connections go to and come from.
    pub peer: SocketAddr,
}

/// How far the client got with its login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// It has not named a user.
    Nobody,
    /// It has, and a password is wanted.
    Named,
    /// It is logged in.
    In,
}

/// One client's session, as a host sees it.
///
/// `P` stores its paths: the working directory and two more at a time, 4 KiB say. A path that finds no
/// room is refused.
#[derive(Debug)]
pub struct Session<P> {
    pub(super) config: Config,
    pub(super) pi: Server,
    pub(super) endpoints: Endpoints,
    pub(super) login: Login,
    pub(super) failed_logins: u16,
    pub(super) bad_commands: u16,
    pub(super) paths: Paths<P>,
    pub(super) renaming: bool,
    pub(super) restart: u64,
    pub(super) coding: Coding,
    pub(super) facts: FactSet,
    pub(super) extended_only: bool,
    /// What HASH computes (OPTS HASH), and of which bytes (RANG).
    pub(super) hash: Option<HashAlgorithm>,
    pub(super) range: ByteRange,
    /// What the client wants taken from the permissions of what it makes (SITE UMASK).
    pub(super) umask: Option<u16>,
    /// How long it wants to be let idle (SITE IDLE).
    pub(super) idle: Duration,
    /// An ABOR that waits for the host to give up what it does.
    pub(super) aborting: Option<Ticket>,
    /// The host is yet to be told so.
    pub(super) tell_abort: bool,
    pub(super) pending: Option<Pending>,
    /// The command that the host was asked for last.
    pub(super) verb: Verb,
    /// How the transfer that the host was asked to open is coded.
    pub(super) opening: Coding,
    pub(super) channel: Channel,
    pub(super) transfer: Option<Transfer>,
    pub(super) last_data: DataId,
    pub(super) ops: ArrayVec<(DataId, DataOp), 4>,
    pub(super) closing: bool,
    /// No command is taken any more: the session ends with the transfer that runs.
    draining: bool,
    /// The clock starts anew at the next poll.
    pub(super) progress: bool,
    since: Instant,
    /// When the time for a login began.
    started: Option<Instant>,
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// The session of a client whose connection stands. It asks the host to [admit](Request::Admit) it
    /// before it greets.
    pub fn new(config: Config, endpoints: Endpoints, paths: P) -> Self {
        Self {
            pi: Server::new(config.limits.clone()),
            endpoints,
            login: Login::Nobody,
            failed_logins: 0,
            bad_commands: 0,
            paths: Paths::new(paths),
            renaming: false,
            restart: 0,
            coding: Coding::default(),
            facts: SERVED_FACTS,
            extended_only: false,
            hash: None,
            range: ByteRange::WHOLE,
            umask: None,
            idle: config.timeouts.idle,
            aborting: None,
            tell_abort: false,
            pending: None,
            verb: Verb::Noop,
            opening: Coding::default(),
            channel: Channel::None,
            transfer: None,
            last_data: DataId::NONE,
            ops: ArrayVec::new(),
            closing: false,
            draining: false,
            progress: true,
            since: Instant::default(),
            started: None,
            config,
        }
    }

    /// The path of the request that waits for an answer.
    #[must_use]
    pub fn path(&self) -> VirtualPath<'_> {
        VirtualPath::new(self.paths.target())
    }

    /// Where [`Request::Rename`] moves from.
    #[must_use]
    pub fn source_path(&self) -> VirtualPath<'_> {
        VirtualPath::new(self.paths.waiting())
    }

    /// The user who wants to log in, while [`Request::Login`] waits for an answer. Afterwards the host
    /// knows who it is.
    #[must_use]
    pub fn user(&self) -> &[u8] {
        match self.login {
            Login::Named => self.paths.waiting(),
            _ => b"",
        }
    }

    /// What the client wants taken from the permissions of what it makes (SITE UMASK).
    #[must_use]
    pub const fn umask(&self) -> Option<u16> {
        self.umask
    }

    /// The working directory.
    #[must_use]
    pub fn working_directory(&self) -> VirtualPath<'_> {
        VirtualPath::new(self.paths.working())
    }

    /// Whether the client is logged in.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.login == Login::In
    }

    /// Whether a transfer was asked for and has not come to its end.
    #[must_use]
    pub const fn is_transferring(&self) -> bool {
        self.transfer.is_some()
    }

    /// Goes on. Each call gives something out or says what to wait for.
    ///
    /// # Errors
    /// When the client closed the connection; or yours, when the buffers are too small.
    pub fn poll<'b, R, T>(
        &mut self,
        now: Instant,
        rx: &'b mut RecvBuf<R>,
        tx: &mut SendBuf<T>,
    ) -> Result<Action<Event<'b>>, Error>
    where
        R: AsRef<[u8]> + AsMut<[u8]>,
        T: AsRef<[u8]> + AsMut<[u8]>,
    {
        let step = self.step(now, &mut rx.view(), &mut tx.view())?;
        let rx: &'b RecvBuf<R> = rx;
        Ok(match step {
            SessionStep::Request(ticket, asked) => {
                Action::Event(Event::Request(ticket, asked.resolve(|span| rx.bytes(span))))
            }
            SessionStep::Abort => Action::Event(Event::Abort),
            SessionStep::Data(id, op) => Action::Data(id, op),
            SessionStep::Close => Action::Close,
            SessionStep::Wait(wait) => Action::Wait(wait),
        })
    }

    /// As [`poll`](Self::poll), for layers on top of it.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    pub fn step(&mut self, now: Instant, rx: &mut Rx<'_>, tx: &mut Tx<'_>) -> Result<SessionStep, Error> {
        if core::mem::take(&mut self.progress) {
            self.since = now;
        }
        loop {
            if let Some((id, op)) = self.ops.pop_at(0) {
                return Ok(SessionStep::Data(id, op));
            }
            if core::mem::take(&mut self.tell_abort) {
                return Ok(SessionStep::Abort);
            }
            if self.closing {
                return Ok(SessionStep::Close);
            }
            if self.draining && self.transfer.is_none() && self.pending.is_none() {
                self.close(Text::literal("The server is shutting down."), tx);
                continue;
            }
            if let Some((ticket, asked)) = self.advance_transfer(tx) {
                return Ok(SessionStep::Request(ticket, asked));
            }
            if !self.ops.is_empty() {
                continue;
            }
            let (awaited, deadline) = self.deadline(now);
            if deadline.is_some_and(|deadline| now >= deadline) {
                self.time_out(awaited, tx);
                self.since = now;
                continue;
            }
            let wait = match self.pi.step(rx, tx) {
                Ok(ServerStep::Wait(wait)) => wait,
                Ok(ServerStep::Connected(ticket)) => {
                    return Ok(self.ask(ticket, Pending::Admit, Span::default()));
                }
                Ok(ServerStep::BadLine(ticket, bad)) => {
                    self.heard(now);
                    self.bad_line(ticket, bad, tx);
                    continue;
                }
                Ok(ServerStep::Line(ticket, line)) => {
                    self.heard(now);
                    match self.line(ticket, line, rx, tx) {
                        Some((ticket, asked)) => return Ok(self.ask(ticket, asked.what, asked.argument)),
                        None => continue,
                    }
                }
                Err(error @ Error::Local(_)) => return Err(error),
                Err(error) => {
                    self.abandon_data();
                    if let Some((id, op)) = self.ops.pop_at(0) {
                        return Ok(SessionStep::Data(id, op));
                    }
                    return Err(error);
                }
            };
            let wait = Wait { deadline, data: self.channel.is_open(), ..wait };
            debug_assert!(!wait.is_void(), "nothing would ever wake this session");
            return Ok(SessionStep::Wait(wait));
        }
    }

    fn ask(&mut self, ticket: Ticket, what: Pending, argument: Span) -> SessionStep {
        self.pending = Some(what);
        SessionStep::Request(ticket, Asked { what, argument })
    }

    /// A line came. That does not count as progress of a transfer.
    fn heard(&mut self, now: Instant) {
        if self.transfer.is_none() {
            self.since = now;
        }
    }

    /// What the client, or its data connection, has to do next, and until when.
    fn deadline(&mut self, now: Instant) -> (Awaited, Option<Instant>) {
        let timeouts = &self.config.timeouts;
        let started = *self.started.get_or_insert(now);
        match (&self.transfer, self.login) {
            _ if self.pending.is_some() => (Awaited::Command, None),
            (Some(transfer), _) if transfer.is_moving() => {
                (Awaited::Data, Some(self.since.after(timeouts.stall)))
            }
            (Some(_), _) => (Awaited::DataConnection, Some(self.since.after(timeouts.accept))),
            (None, Login::In) => (Awaited::Command, Some(self.since.after(self.idle))),
            (None, _) => (Awaited::Login, Some(started.after(timeouts.login))),
        }
    }

    fn time_out(&mut self, awaited: Awaited, tx: &mut Tx<'_>) {
        match awaited {
            // It does not even take its replies.
            _ if tx.free() < END_ROOM => {
                self.close(Text::literal("Timed out; closing the connection."), tx);
                self.pi.fail(PeerError::TimedOut(awaited));
            }
            Awaited::Data => self.transfer_failed(crate::action::DataFailure::Stalled, tx),
            Awaited::DataConnection => self.transfer_failed(crate::action::DataFailure::Unreachable, tx),
            awaited => {
                self.close(Text::literal("Timed out; closing the connection."), tx);
                self.pi.fail(PeerError::TimedOut(awaited));
            }
        }
    }

    /// Lets the session end: at once, or with the transfer that is running. Poll it on.
    pub fn shut_down(&mut self) {
        self.draining = true;
    }

    /// Ends the session: tells the client 421 and closes, with whatever transfer is running.
    pub fn close(&mut self, text: Text<'_>, tx: &mut Tx<'_>) {
        self.abandon_data();
        self.pi.announce_closing(text, tx);
        self.closing = true;
    }

    /// A line that the machine could not make a command of.
    fn bad_line(&mut self, ticket: Ticket, bad: BadLine, tx: &mut Tx<'_>) {
        self.renaming = false;
        let text = match bad {
            BadLine::TooLong => Text::literal("The line is too long."),
            BadLine::Binary => Text::literal("A command holds no NUL."),
        };
        self.bad_command(ticket, ReplyCode::SYNTAX_ERROR, text, tx);
    }

    /// Answers what is no command; too many of them in a row are no FTP client.
    pub(super) fn bad_command(&mut self, ticket: Ticket, code: ReplyCode, text: Text<'_>, tx: &mut Tx<'_>) {
        self.bad_commands = self.bad_commands.saturating_add(1);
        if self.bad_commands >= self.config.limits.bad_commands {
            self.pi.fail(PeerError::TooManyBadCommands);
            return self.close(Text::literal("Too many bad commands."), tx);
        }
        self.reply(ticket, code, text, tx);
    }

    /// Queues a final reply. The machine takes no command unless there is room for its reply.
    pub(super) fn reply(&mut self, ticket: Ticket, code: ReplyCode, text: Text<'_>, tx: &mut Tx<'_>) {
        if let Err((_, ticket)) = self.pi.reply(ticket, code, text, tx) {
            // Only what quotes a path can be too long for the room that was kept.
            let sorry = Text::literal("The answer is too long.");
            let _ = self.pi.reply(ticket, ReplyCode::FILE_UNAVAILABLE, sorry, tx);
        }
    }

    /// The parameters go back to their defaults, and nobody is logged in (RFC 959 4.1.1, REIN).
    pub(super) fn reset(&mut self) {
        self.abandon_data();
        // Nobody stays without a login by sending REIN again and again.
        if self.login == Login::In {
            self.started = None;
        }
        self.login = Login::Nobody;
        self.paths.reset();
        self.renaming = false;
        self.restart = 0;
        self.coding = Coding::default();
        self.facts = SERVED_FACTS;
        self.extended_only = false;
        self.hash = None;
        self.range = ByteRange::WHOLE;
        self.umask = None;
        self.idle = self.config.timeouts.idle;
    }

    /// Parses a line's command, for the layer that was given a span.
    pub(super) fn parse<'r>(rx: &'r Rx<'_>, line: Span) -> Result<Command<'r>, crate::codec::CommandError> {
        Command::parse(rx.bytes(line))
    }
}

/// For answers that do not fit a request.
pub(super) fn wrong(ticket: Ticket) -> (LocalError, Ticket) {
    (LocalError::WrongAnswer, ticket)
}
