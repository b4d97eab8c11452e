//! The session: what the machine's commands mean for one client (RFC 959 4 and 5.4).

use core::net::SocketAddr;
use core::num::NonZeroU32;

use arrayvec::ArrayVec;

use super::Config;
use super::data::Channel;
use super::deadline::Epoch;
use super::habit::Habit;
use super::machine::{self, BadLine, Server, Ticket};
use super::note::{Note, Outcome};
use super::paths::{Paths, resolve_name};
use super::pending::{Asked, FollowUp, Pending};
use super::request::{Request, VirtualPath};
use super::security::Shield;
use super::selection::Reading;
use super::transfer::Transfer;
use crate::action::{Action, DataId, DataOp, Wait};
use crate::buffer::{RecvBuf, Rx, SendBuf, Span, Tx};
use crate::codec::{
    ByteRange, Command, Direction, FactSet, HashAlgorithm, Quoted, ReplyCode, ResolveError, Text, Verb,
};
use crate::error::{Error, PeerError};
use crate::time::Instant;
use crate::transfer::{Coding, Parameters};

/// The facts that MLST and MLSD tell, as far as the host knows them (RFC 3659 7.5).
pub(super) const SERVED_FACTS: FactSet = FactSet::TYPE
    .union(FactSet::SIZE)
    .union(FactSet::MODIFY)
    .union(FactSet::PERM)
    .union(FactSet::UNIQUE)
    .union(FactSet::UNIX_MODE)
    .union(FactSet::UNIX_OWNER)
    .union(FactSet::UNIX_GROUP);

/// What a session tells its host. `R` is a [`Request`], which borrows from the receive window (the next poll
/// overwrites it), or, from [`Session::step`], an [`Asked`], which does not.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<R> {
    /// Something that only the host can do; see [`Session::answer`].
    Request(Ticket, R),
    /// The client wants the request that waits given up, which was to open something, to keep an upload, to
    /// tell entries or to compute: answer it with [`Refusal::Aborted`](super::Refusal::Aborted) if that can
    /// be done, or as it comes.
    Abort,
}

/// What [`Session::step`] yields: a request without what it borrows, for [`Asked::resolve`].
pub type Step = Action<Event<Asked>>;

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
    /// The password was right, and an account is wanted too.
    NeedsAccount,
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
    pub(super) shield: Shield,
    pub(super) login: Login,
    pub(super) failed_logins: u16,
    pub(super) bad_commands: u16,
    pub(super) paths: Paths<P>,
    pub(super) renaming: bool,
    pub(super) restart: u64,
    pub(super) coding: Coding,
    pub(super) facts: FactSet,
    pub(super) extended_only: bool,
    /// How hard MODE Z tries (OPTS MODE Z LEVEL).
    pub(super) level: Option<u8>,
    /// What HASH computes (OPTS HASH).
    pub(super) hash: Option<HashAlgorithm>,
    /// Of which bytes the next RETR or HASH is (RANG).
    pub(super) range: ByteRange,
    /// What the client wants taken from the permissions of what it makes (SITE UMASK).
    pub(super) umask: Option<u16>,
    /// How many seconds it wants to be let idle (SITE IDLE).
    pub(super) idle: Option<NonZeroU32>,
    /// An ABOR that waits for the host to give up what it does.
    pub(super) aborting: Option<Ticket>,
    /// The host is yet to be told so.
    pub(super) tell_abort: bool,
    pub(super) pending: Option<Pending>,
    /// The ticket that it was asked with, and when.
    pub(super) asked: u32,
    pub(super) asked_at: Instant,
    /// What it is to be asked next, for the same command.
    pub(super) follow_up: Option<(Ticket, FollowUp)>,
    /// The command that asked for a listing last.
    pub(super) listing: Verb,
    /// How the argument is read that the paths keep.
    pub(super) reading: Reading,
    /// Entries of a directory were told already.
    pub(super) entries_begun: bool,
    /// A failed login that is yet to be told, and when.
    pub(super) refusing: Option<(Ticket, Option<Instant>)>,
    /// How many bytes the next upload has (ALLO).
    pub(super) size_hint: Option<u64>,
    /// The command that the host was asked for last.
    pub(super) verb: Verb,
    /// The parameters of the transfer that runs, or that the host was asked to open.
    pub(super) opening: Parameters,
    pub(super) channel: Channel,
    pub(super) habit: Habit,
    pub(super) transfer: Option<Transfer>,
    pub(super) last_data: DataId,
    pub(super) ops: ArrayVec<(DataId, DataOp), 4>,
    pub(super) closing: bool,
    /// What the owner has not been told.
    pub(super) notes: ArrayVec<Note, 4>,
    /// No command is taken any more: the session ends with the transfer that runs.
    draining: bool,
    /// The clock starts anew at the next poll.
    pub(super) progress: bool,
    pub(super) since: Instant,
    /// When the time for a login began, or that of an upload whose control connection has ended.
    pub(super) epoch: Epoch,
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// The session of a client whose connection stands. It asks the host to [admit](Request::Admit) it
    /// before it greets.
    ///
    /// Its receive storage has to hold a line of [`Limits::line`](super::Limits::line) bytes and its end, 2,048
    /// bytes by default; its send storage [`Server::SEND_ROOM`](super::Server::SEND_ROOM), and more where replies
    /// tell long paths. Less is a [`LocalError`](crate::error::LocalError) when it is polled.
    pub fn new(config: Config, endpoints: Endpoints, paths: P) -> Self {
        Self {
            pi: Server::new(config.limits.clone()),
            endpoints,
            shield: Shield::new(config.security.tls),
            login: Login::Nobody,
            failed_logins: 0,
            bad_commands: 0,
            paths: Paths::new(paths),
            renaming: false,
            restart: 0,
            coding: Coding::default(),
            facts: SERVED_FACTS,
            extended_only: false,
            level: config.deflate_level,
            hash: None,
            range: ByteRange::WHOLE,
            umask: None,
            idle: None,
            aborting: None,
            tell_abort: false,
            pending: None,
            asked: 0,
            asked_at: Instant::default(),
            follow_up: None,
            listing: Verb::List,
            reading: Reading::Whole,
            entries_begun: false,
            refusing: None,
            size_hint: None,
            verb: Verb::Noop,
            opening: Parameters::new(Coding::default()),
            channel: Channel::None,
            habit: Habit::default(),
            transfer: None,
            last_data: DataId::NONE,
            ops: ArrayVec::new(),
            closing: false,
            notes: ArrayVec::new(),
            draining: false,
            progress: true,
            since: Instant::default(),
            epoch: Epoch::Unset,
            config,
        }
    }

    /// The path of the request that waits for an answer.
    #[must_use]
    pub fn path(&self) -> VirtualPath<'_> {
        match self.paths.target() {
            b"" => VirtualPath::ROOT,
            path => VirtualPath::new(path),
        }
    }

    /// Where [`Request::Rename`] moves from.
    #[must_use]
    pub fn source_path(&self) -> VirtualPath<'_> {
        VirtualPath::new(self.paths.waiting())
    }

    /// The path that a name leads to, seen from the working directory: for requests that have more names than
    /// one. It is written to the start of `out`, which needs room for the working directory, twice the name
    /// and two bytes at most.
    ///
    /// # Errors
    /// When there is not enough.
    pub fn resolve<'o>(&self, name: Quoted<'_>, out: &'o mut [u8]) -> Result<VirtualPath<'o>, ResolveError> {
        let length = resolve_name(self.paths.working(), name, out)?;
        out.get(..length).map(VirtualPath::new).ok_or(ResolveError::TooLong)
    }

    /// The user who wants to log in, until that is done. Afterwards the host knows who it is.
    #[must_use]
    pub fn user(&self) -> &[u8] {
        match self.login {
            Login::Named | Login::NeedsAccount => self.paths.waiting(),
            Login::Nobody | Login::In => b"",
        }
    }

    /// What the client wants taken from the permissions of what it makes (SITE UMASK).
    #[must_use]
    pub const fn umask(&self) -> Option<u16> {
        self.umask
    }

    /// How many bytes the client has said that its next upload has (ALLO). Nobody needs to believe it.
    #[must_use]
    pub const fn size_hint(&self) -> Option<u64> {
        self.size_hint
    }

    /// How many logins have failed on this connection, [`Request::Login`] that waits not counted.
    #[must_use]
    pub const fn failed_logins(&self) -> u16 {
        self.failed_logins
    }

    /// What ended the session, when it was the client or what it did; none while it goes on, after QUIT, and
    /// when the host has ended it.
    #[must_use]
    pub const fn ended_by(&self) -> Option<PeerError> {
        self.pi.failure()
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
    ) -> Result<Action<Event<Request<'b>>>, Error>
    where
        R: AsRef<[u8]> + AsMut<[u8]>,
        T: AsRef<[u8]> + AsMut<[u8]>,
    {
        let step = self.step(now, &mut rx.view(), &mut tx.view())?;
        let rx: &'b RecvBuf<R> = rx;
        Ok(step.map(|event| match event {
            Event::Request(ticket, asked) => Event::Request(ticket, asked.resolve(|span| rx.bytes(span))),
            Event::Abort => Event::Abort,
        }))
    }

    /// As [`poll`](Self::poll), for layers on top of it.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    pub fn step(&mut self, now: Instant, rx: &mut Rx<'_>, tx: &mut Tx<'_>) -> Result<Step, Error> {
        if core::mem::take(&mut self.progress) {
            self.since = now;
            // A failed login is told so long after its PASS.
            if self.refusing.is_none() {
                self.asked_at = now;
            }
        }
        loop {
            if let Some((id, op)) = self.ops.pop_at(0) {
                return Ok(Action::Data(id, op));
            }
            if core::mem::take(&mut self.tell_abort) {
                return Ok(Action::Event(Event::Abort));
            }
            if self.closing {
                return Ok(Action::Close);
            }
            if let Some(step) = self.change_protection(now, tx)? {
                return Ok(step);
            }
            if self.draining && self.transfer.is_none() && self.pending.is_none() {
                self.close(Text::literal("The server is shutting down."), &mut *tx);
                continue;
            }
            if let Some((ticket, what)) = self.follow_up.take() {
                let what = match what {
                    FollowUp::Entries { all } => Pending::Entries { all },
                    FollowUp::AsRead => self.as_read(),
                };
                return Ok(self.ask(ticket, what, Span::default(), now));
            }
            if let Some((ticket, asked)) = self.advance_transfer(now, tx) {
                return Ok(self.ask(ticket, asked.what, asked.argument, now));
            }
            if !self.ops.is_empty() {
                continue;
            }
            let (awaited, deadline) = self.deadline(now);
            if now >= deadline && !self.is_orphan_over(now) {
                if self.is_fast_enough(now) {
                    continue;
                }
                self.time_out(awaited, tx);
                self.since = now;
                continue;
            }
            let action = match self.pi.step(rx, tx) {
                Ok(action) => action,
                Err(error @ Error::Local(_)) => return Err(error),
                Err(error) => {
                    if let Some(until) = self.reads_on_until(now) {
                        return Ok(Action::Wait(self.orphan_wait(until.min(deadline), tx)));
                    }
                    self.forget_requests();
                    self.abandon_data();
                    if let Some((id, op)) = self.ops.pop_at(0) {
                        return Ok(Action::Data(id, op));
                    }
                    return Err(error);
                }
            };
            let wait = match action.into_event() {
                Ok(machine::Event::Connected(ticket)) => {
                    return Ok(self.ask(ticket, Pending::Admit, Span::default(), now));
                }
                Ok(machine::Event::BadLine(ticket, bad)) => {
                    self.heard(now);
                    self.bad_line(ticket, bad, tx);
                    continue;
                }
                Ok(machine::Event::Command(ticket, line)) => {
                    self.heard(now);
                    match self.line(ticket, line, rx, tx) {
                        Some((ticket, asked)) => {
                            return Ok(self.ask(ticket, asked.what, asked.argument, now));
                        }
                        None => continue,
                    }
                }
                Err(Action::Wait(wait)) => wait,
                Err(action) => return Ok(action),
            };
            let (deadline, application) = (Some(deadline), self.pending.is_some());
            let wait = Wait { deadline, application, data: self.channel.is_open(), ..wait };
            debug_assert!(!wait.is_void(), "nothing would ever wake this session");
            return Ok(Action::Wait(wait));
        }
    }

    fn ask(&mut self, ticket: Ticket, what: Pending, argument: Span, now: Instant) -> Step {
        (self.asked, self.asked_at) = (ticket.number(), now);
        self.pending = Some(what);
        self.pi.take_beside(&ticket, what.beside());
        Action::Event(Event::Request(ticket, Asked { what, argument }))
    }

    /// A line came. That does not count as progress of a transfer.
    fn heard(&mut self, now: Instant) {
        if self.transfer.is_none() {
            self.since = now;
        }
    }

    /// Lets the session end: at once, or with the transfer that is running. Poll it on.
    pub fn shut_down(&mut self) {
        self.draining = true;
    }

    /// Ends the session: tells the client 421 and closes, with whatever transfer is running.
    pub fn close<'t>(&mut self, text: Text<'_>, tx: impl Into<Tx<'t>>) {
        let tx = &mut tx.into();
        if self.entries_begun {
            // 421 is no line of the reply that has begun.
            let ticket = self.pi.reissue(self.asked);
            self.end_entries(ticket, "There is more.", tx);
        }
        self.forget_requests();
        self.abandon_data();
        self.pi.announce_closing(text, tx);
        self.closing = true;
    }

    /// What the host was asked needs no answer any more.
    fn forget_requests(&mut self) {
        if self.pending == Some(Pending::Commit) {
            self.note_transfer(Direction::ToServer, false, Outcome::Cut);
        }
        (self.pending, self.follow_up, self.refusing, self.aborting) = (None, None, None, None);
        self.tell_abort = false;
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
        if let Err((_, ticket)) = self.pi.reply(ticket, code, text, &mut *tx) {
            // Only what quotes a path can be too long for the room that was kept.
            let sorry = Text::literal("The answer is too long.");
            let _ = self.pi.reply(ticket, ReplyCode::FILE_UNAVAILABLE, sorry, tx);
        }
    }

    /// The parameters go back to their defaults, and nobody is logged in (RFC 959 4.1.1, REIN).
    pub(super) fn reset(&mut self) {
        self.abandon_data();
        self.habit = Habit::default();
        self.note(Note::Reset);
        // Nobody stays without a login by sending REIN again and again.
        if self.login == Login::In {
            self.epoch = Epoch::Unset;
        }
        self.login = Login::Nobody;
        self.paths.reset();
        self.renaming = false;
        self.restart = 0;
        self.coding = Coding::default();
        self.facts = SERVED_FACTS;
        self.extended_only = false;
        self.level = self.config.deflate_level;
        self.hash = None;
        self.range = ByteRange::WHOLE;
        self.umask = None;
        self.size_hint = None;
        self.idle = None;
    }

    /// Parses a line's command, for the layer that was given a span.
    pub(super) fn parse<'r>(rx: &'r Rx<'_>, line: Span) -> Result<Command<'r>, crate::codec::CommandError> {
        Command::parse(rx.bytes(line))
    }
}
