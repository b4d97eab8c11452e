//! The session: interprets the commands of the machine for one client (RFC 959 4 and 5.4).
//!
//! [`Session::step`] is a loop that consults the parts of the state in order. Each part is a type
//! with private fields, in a file next to this module (`login`, `parameters`, `paths`,
//! `data_connection`, `transfer` ...), and knows neither the session nor the other parts. The files
//! below this module continue `impl Session`: `commands` has the commands, one file per group,
//! `answers` handles the host's answers, and `data`, `transfer`, `protection` and `deadline` handle
//! other events. They contain rules that concern several parts at once, such as the effect of ABOR
//! on the transfer, the data connection and the host.

mod answers;
mod commands;
mod data;
mod deadline;
mod listing;
mod orphan;
mod protection;
mod transfer;

use core::net::SocketAddr;

use super::argument::Argument;
use super::config::Config;
use super::data_connection::DataConnection;
use super::deadlines::Deadlines;
use super::ending::Ending;
use super::event::{EventKind, Events, TransferEnd, TransferOutcome};
use super::host_call::{FollowUp, HostCall};
use super::login::{Login, Stage};
use super::machine::{self, BadLine, Server, Ticket};
use super::parameters::NextTransfer;
use super::paths::{Paths, resolve_name};
use super::protection::Protection;
use super::request::{Request, VirtualPath};
use super::tickets::TicketNeed;
use super::transfer::Transfer;
use crate::action::{Action, Wait};
use crate::buffer::{RecvBuf, Rx, SendBuf, Span, Tx};
use crate::codec::{Direction, Full, Quoted, ReplyCode, ResolveError, Text};
use crate::error::{Error, LocalError, PeerError};
use crate::listing::Clock;
use crate::time::Instant;

/// An event of a session for its host. `R` is a [`Request`] of [`Text`], borrowed from the receive
/// window, which the next poll overwrites. From [`Session::step`], `R` is a request of [`Span`],
/// which does not borrow.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<R> {
    /// A task that only the host can perform. Answer it with [`Session::answer`].
    Request(Ticket, R),
    /// The client has aborted the open request, which is a request to open a file or directory, to
    /// commit an upload, to send entries, to compute a hash or to combine files. Answer the request
    /// with [`Refusal::Aborted`](super::Refusal::Aborted) if it can be stopped, or else as usual.
    Abort,
}

/// The result of [`Session::step`]. Its requests hold positions in the receive window, for
/// [`Request::resolve`].
pub type Step = Action<Event<Request<Span>>>;

/// A request for the host, or `None` if the command was answered.
type ForHost = Option<(Ticket, Request<Span>)>;

/// The two ends of the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The server's address, also used for data connections.
    pub local: SocketAddr,
    /// The client's address, the only address that data connections may go to and come from unless
    /// [`Config::foreign_addresses`] is set.
    pub peer: SocketAddr,
}

/// The session of one client.
///
/// `P` stores the paths of the session: the working directory and at most two more at a time. A
/// good size is 4 KiB. A path for which there is no room is refused.
///
/// ```
/// use ftp_proto::action::Action;
/// use ftp_proto::buffer::{RecvBuf, SendBuf};
/// use ftp_proto::server::{Answer, Config, Endpoints, Event, Request, Session};
/// use ftp_proto::time::Instant;
///
/// let endpoints = Endpoints { local: "192.0.2.1:21".parse()?, peer: "192.0.2.2:40000".parse()? };
/// let mut session = Session::new(Config::default(), endpoints, [0; 4096]);
/// let (mut rx, mut tx) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 2048]));
/// loop {
///     match session.poll(Instant::from_micros(0), &mut rx, &mut tx)? {
///         Action::Event(Event::Request(ticket, Request::Admit)) => {
///             session.answer(ticket, Answer::Done, &mut tx).map_err(|(error, _)| error)?;
///         }
///         Action::Wait(_) => break,
///         action => panic!("a new session does not ask for {action:?}"),
///     }
/// }
/// assert_eq!(tx.pending(), b"220 Service ready.\r\n");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session<P> {
    config: Config,
    pi: Server,
    endpoints: Endpoints,
    protection: Protection,
    login: Login,
    /// Number of consecutive invalid commands.
    bad_commands: u16,
    paths: Paths<P>,
    next: NextTransfer,
    argument: Argument,
    call: HostCall,
    transfer: Option<Transfer>,
    data: DataConnection,
    ticket_need: TicketNeed,
    ending: Ending,
    events: Events,
    deadlines: Deadlines,
    clock: Clock,
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Creates the session of a client whose connection is open. The session asks the host to
    /// [admit](Request::Admit) the client before it sends the greeting.
    ///
    /// The receive storage has to hold a line of [`Limits::line`](super::Limits::line) bytes and
    /// its line end, 2,048 bytes by default; the send storage,
    /// [`Server::SEND_ROOM`](super::Server::SEND_ROOM), and more if replies contain long paths.
    /// With less, polling returns a [`LocalError`](crate::error::LocalError).
    pub fn new(config: Config, endpoints: Endpoints, paths: P) -> Self {
        Self {
            pi: Server::new(config.limits.clone()),
            endpoints,
            protection: Protection::new(config.security.tls),
            login: Login::default(),
            bad_commands: 0,
            paths: Paths::new(paths),
            next: NextTransfer::default(),
            argument: Argument::new(),
            call: HostCall::new(),
            transfer: None,
            data: DataConnection::new(),
            ticket_need: TicketNeed::default(),
            ending: Ending::default(),
            events: Events::default(),
            deadlines: Deadlines::new(),
            clock: Clock::UNKNOWN,
            config,
        }
    }

    /// Returns the number of bytes that the session's paths currently take in their storage.
    #[must_use]
    pub const fn paths_in_use(&self) -> usize {
        self.paths.in_use()
    }

    /// Moves the session's paths to other storage, and returns the storage that they were in. An
    /// idle session can thus make do with little memory, and be given more before its next
    /// [`step`](Self::step): a path for which the storage has no room is refused.
    ///
    /// # Errors
    /// Returns `storage` if it is smaller than [`paths_in_use`](Self::paths_in_use).
    pub fn replace_paths(&mut self, storage: P) -> Result<P, P> {
        self.paths.replace_storage(storage)
    }

    /// Returns the path of the open request.
    #[must_use]
    pub fn path(&self) -> VirtualPath<'_> {
        match self.paths.target() {
            b"" => VirtualPath::ROOT,
            path => VirtualPath::new(path),
        }
    }

    /// Returns the source path of [`Request::Rename`].
    #[must_use]
    pub fn source_path(&self) -> VirtualPath<'_> {
        VirtualPath::new(self.paths.waiting())
    }

    /// Resolves a name relative to the working directory, for requests that carry further names.
    /// The path is written to the start of `out`, which needs room for at most the working
    /// directory, twice the name and two bytes.
    ///
    /// # Errors
    /// Fails if `out` has too little room, or if the name contains CR, LF or NUL.
    pub fn resolve<'o>(&self, name: Quoted<'_>, out: &'o mut [u8]) -> Result<VirtualPath<'o>, ResolveError> {
        let length = resolve_name(self.paths.working(), name, out)?;
        out.get(..length).map(VirtualPath::new).ok_or(ResolveError::TooLong)
    }

    /// Returns the name of the user who is logging in. Empty before USER, and after the login, when
    /// the host knows the user.
    #[must_use]
    pub fn user(&self) -> &[u8] {
        match self.login.stage() {
            Stage::Named | Stage::NeedsAccount => self.paths.waiting(),
            Stage::LoggedOut | Stage::In => b"",
        }
    }

    /// Returns the permission bits that the client wants cleared on new files and directories (SITE
    /// UMASK).
    #[must_use]
    pub const fn umask(&self) -> Option<u16> {
        self.next.umask()
    }

    /// Returns the size in bytes that the client announced for its next upload (ALLO). This is only
    /// a hint.
    #[must_use]
    pub const fn size_hint(&self) -> Option<u64> {
        self.next.size_hint()
    }

    /// Returns the number of failed logins on this connection, not counting an open
    /// [`Request::Login`].
    #[must_use]
    pub const fn failed_logins(&self) -> u16 {
        self.login.failed()
    }

    /// Returns the client's error that ended the session. Returns `None` while the session
    /// continues, after QUIT, and if the host ended the session.
    #[must_use]
    pub const fn ended_by(&self) -> Option<PeerError> {
        self.pi.failure()
    }

    /// Returns the working directory.
    #[must_use]
    pub fn working_directory(&self) -> VirtualPath<'_> {
        VirtualPath::new(self.paths.working())
    }

    /// Returns whether the client is logged in.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.login.is_in()
    }

    /// Returns whether a transfer is running. A transfer begins when the host has opened the file
    /// or directory. Returns `false` while the host commits an upload.
    #[must_use]
    pub const fn is_transferring(&self) -> bool {
        self.transfer.is_some()
    }

    /// Sets the time of day for the lines of STAT, from which it shows recent dates with the hour and
    /// others with the year, as LIST does: set it before the [answer](Self::answer) to such a
    /// request. Without a clock, all dates are shown with the year.
    pub const fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Returns the next action: a task to perform, or what to wait for.
    ///
    /// The action is stale as soon as bytes arrive or leave, or when one of these methods is
    /// called: [`answer`](Self::answer), [`send_entry`](Self::send_entry),
    /// [`data_event`](Self::data_event), [`upgraded`](Self::upgraded) and similar methods,
    /// [`shut_down`](Self::shut_down), [`close`](Self::close).
    ///
    /// # Errors
    /// Fails if the client has closed the connection or has caused the session to end, or with a
    /// [`LocalError`] if the buffers are too small.
    pub fn poll<'b, R, T>(
        &mut self,
        now: Instant,
        rx: &'b mut RecvBuf<R>,
        tx: &mut SendBuf<T>,
    ) -> Result<Action<Event<Request<Text<'b>>>>, Error>
    where
        R: AsRef<[u8]> + AsMut<[u8]>,
        T: AsRef<[u8]> + AsMut<[u8]>,
    {
        let step = self.step(now, &mut rx.view(), &mut tx.view())?;
        let rx: &'b RecvBuf<R> = rx;
        Ok(step.map(|event| match event {
            Event::Request(ticket, request) => {
                Event::Request(ticket, request.resolve(|place| rx.bytes(place)))
            }
            Event::Abort => Event::Abort,
        }))
    }

    /// Like [`poll`](Self::poll), for layers on top of the session.
    ///
    /// # Errors
    /// Fails as [`poll`](Self::poll) does.
    pub fn step(&mut self, now: Instant, rx: &mut Rx<'_>, tx: &mut Tx<'_>) -> Result<Step, Error> {
        if self.deadlines.tick(now) {
            self.call.restart(now);
        }
        loop {
            if let Some((id, op)) = self.data.next_order() {
                return Ok(Action::Data(id, op));
            }
            if self.call.take_abort() {
                return Ok(Action::Event(Event::Abort));
            }
            if self.ending == Ending::Closing {
                return Ok(Action::Close);
            }
            match self.change_protection(now, tx) {
                Ok(Some(step)) => return Ok(step),
                Ok(None) => {}
                Err(error) => return self.fail(error.into()),
            }
            if self.ending == Ending::Draining && !self.is_busy() {
                self.close(Text::literal("The server is shutting down."), &mut *tx);
                continue;
            }
            if let Some((ticket, next)) = self.call.take_next() {
                let request = match next {
                    FollowUp::Entries => self.entries_wanted(),
                    FollowUp::Reread => self.as_read(),
                };
                return Ok(self.ask(ticket, request.map(|()| Span::default()), now));
            }
            if let Some((ticket, request)) = self.advance_transfer(now, tx) {
                return Ok(self.ask(ticket, request, now));
            }
            if self.data.has_orders() {
                continue;
            }
            let (awaited, deadline) = self.deadline(now);
            if now >= deadline && !self.is_orphan_over(now) {
                if self.is_fast_enough(now) {
                    continue;
                }
                self.time_out(awaited, tx);
                self.deadlines.restart(now);
                continue;
            }
            let action = match self.pi.step(rx, tx) {
                Ok(action) => action,
                Err(error @ Error::Local(_)) => return Err(error),
                Err(error) => {
                    if let Some(until) = self.reads_on_until(now) {
                        return Ok(Action::Wait(self.orphan_wait(until.min(deadline), tx)));
                    }
                    return self.fail(error);
                }
            };
            let wait = match action.into_event() {
                Ok(machine::Event::Connected(ticket)) => return Ok(self.ask(ticket, Request::Admit, now)),
                Ok(machine::Event::BadLine(ticket, bad)) => {
                    self.heard(now);
                    self.bad_line(ticket, bad, tx);
                    continue;
                }
                Ok(machine::Event::Command(ticket, line)) => {
                    self.heard(now);
                    match self.line(ticket, line, rx, tx) {
                        Some((ticket, request)) => return Ok(self.ask(ticket, request, now)),
                        None => continue,
                    }
                }
                Err(Action::Wait(_)) if self.abort_ahead(rx, tx) => continue,
                Err(Action::Wait(wait)) => wait,
                Err(action) => return Ok(action),
            };
            let (deadline, application) = (Some(deadline), self.call.is_waiting());
            let wait = Wait { deadline, application, data: self.data.is_open(), ..wait };
            debug_assert!(!wait.is_void(), "nothing would ever wake this session");
            return Ok(Action::Wait(wait));
        }
    }

    /// Returns the error that ended the dialogue, once the data connection is closed.
    fn fail(&mut self, error: Error) -> Result<Step, Error> {
        self.forget_requests();
        self.abandon_data();
        match self.data.next_order() {
            Some((id, op)) => Ok(Action::Data(id, op)),
            None => Err(error),
        }
    }

    fn ask(&mut self, ticket: Ticket, request: Request<Span>, now: Instant) -> Step {
        self.call.ask(&ticket, request.map(|_| ()), now);
        self.pi.take_during(&ticket, request.during());
        Action::Event(Event::Request(ticket, request))
    }

    /// Returns whether a transfer is running or the host is working.
    const fn is_busy(&self) -> bool {
        self.transfer.is_some() || self.call.is_waiting()
    }

    /// Restarts the idle timeout after a line, which does not count as progress of a running
    /// transfer.
    fn heard(&mut self, now: Instant) {
        if self.transfer.is_none() {
            self.deadlines.restart(now);
        }
    }

    /// Ends the session, at once or after the running transfer. Continue to poll it until it
    /// closes.
    pub fn shut_down(&mut self) {
        self.ending.drain();
    }

    /// Ends the session at once: sends 421 and closes, aborting any running transfer.
    pub fn close<'t>(&mut self, text: Text<'_>, tx: impl Into<Tx<'t>>) {
        let tx = &mut tx.into();
        if let Some(number) = self.call.ticket().filter(|_| self.call.has_begun_entries()) {
            // 421 cannot be sent inside the multi-line reply that has begun.
            let ticket = self.pi.reissue(number);
            self.end_entries(ticket, "The listing is incomplete.", tx);
        }
        self.forget_requests();
        self.abandon_data();
        self.pi.announce_closing(text, tx);
        self.ending.close();
    }

    /// Drops the open request: its answer is no longer needed.
    fn forget_requests(&mut self) {
        if self.call.waiting() == Some(Request::Commit) {
            self.end_of_file(Direction::ToServer, TransferOutcome::Cut);
        }
        self.call.forget();
        // A delayed reply to a failed login is no longer sent.
        self.login.take_refusal();
    }

    /// Takes the oldest event. Call this after each answer and after each poll, even a failed one:
    /// only four events are kept, and the oldest is dropped first.
    pub fn take_event(&mut self) -> Option<EventKind> {
        self.events.pop()
    }

    /// Records the end of the transfer of a file.
    fn end_of_file(&mut self, direction: Direction, outcome: TransferOutcome) {
        self.end_of_data(direction, false, outcome);
    }

    fn end_of_data(&mut self, direction: Direction, listing: bool, outcome: TransferOutcome) {
        let (coding, protected) = (self.next.opened().coding, self.protects_data());
        self.events.push(EventKind::Transferred(TransferEnd {
            direction,
            listing,
            coding,
            protected,
            outcome,
        }));
    }

    /// Answers a line that the machine rejected as a command.
    fn bad_line(&mut self, ticket: Ticket, bad: BadLine, tx: &mut Tx<'_>) {
        self.paths.next_command();
        let text = match bad {
            BadLine::TooLong => Text::literal("The line is too long."),
            BadLine::Binary => Text::literal("A command must not contain NUL."),
        };
        self.bad_command(ticket, ReplyCode::SYNTAX_ERROR, text, tx);
    }

    /// Records a valid command: only consecutive invalid commands are counted.
    fn count_good_command(&mut self) {
        self.bad_commands = 0;
    }

    /// Answers an invalid command, and ends the session after too many in a row.
    fn bad_command(&mut self, ticket: Ticket, code: ReplyCode, text: Text<'_>, tx: &mut Tx<'_>) {
        self.bad_commands = self.bad_commands.saturating_add(1);
        if self.bad_commands >= self.config.limits.bad_commands {
            self.pi.fail(PeerError::TooManyBadCommands);
            return self.close(Text::literal("Too many bad commands."), tx);
        }
        self.reply(ticket, code, text, tx);
    }

    /// Queues a final reply. There is room: the machine accepts no command without room for its
    /// reply.
    fn reply(&mut self, ticket: Ticket, code: ReplyCode, text: Text<'_>, tx: &mut Tx<'_>) {
        let sent = self.pi.reply(ticket, code, text, &mut *tx);
        self.or_too_long(sent, tx);
    }

    /// Queues a final reply of one fixed line, and returns `None` since the host is not needed.
    fn answer_now(
        &mut self,
        ticket: Ticket,
        code: ReplyCode,
        text: &'static str,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        self.reply(ticket, code, Text::fixed(text), tx);
        None
    }

    /// Queues a composed reply, or a 550 if there is no room for the reply.
    fn reply_many(
        &mut self,
        ticket: Ticket,
        tx: &mut Tx<'_>,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) {
        let sent = self.pi.reply_with(ticket, &mut *tx, encode);
        self.or_too_long(sent, tx);
    }

    /// Queues a 550 instead of a reply that did not fit. Only replies that contain a path can be
    /// too long, and there is always room for the 550. A ticket that is no longer open gets no
    /// reply.
    fn or_too_long(&mut self, sent: Result<(), (LocalError, Ticket)>, tx: &mut Tx<'_>) {
        if let Err((_, ticket)) = sent {
            let sorry = Text::literal("The reply is too long.");
            let _ = self.pi.reply(ticket, ReplyCode::FILE_UNAVAILABLE, sorry, tx);
        }
    }

    /// Refuses a command with this code, or with 550 if the verb table does not allow the code for
    /// the command.
    fn refuse(&mut self, ticket: Ticket, code: ReplyCode, text: Text<'_>, tx: &mut Tx<'_>) {
        let code = if self.call.verb().allows(code) { code } else { ReplyCode::FILE_UNAVAILABLE };
        self.reply(ticket, code, text, tx);
    }

    /// Resets the parameters to their defaults and drops the login (REIN, RFC 959 4.1.1).
    fn reset(&mut self) {
        self.abandon_data();
        self.ticket_need = TicketNeed::default();
        self.events.push(EventKind::Reset);
        // Do not let a client stay connected without a login by repeating REIN.
        if self.login.reset() {
            self.deadlines.restart_login();
        }
        self.paths.reset();
        self.next = NextTransfer::default();
    }
}
