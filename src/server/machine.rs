//! The state machine of the control connection: frames commands, issues tickets and keeps replies
//! in order (RFC 959 5.4).

use arrayvec::ArrayVec;

use super::config::Limits;
use crate::action::{Action, Wait};
use crate::buffer::{Frame, RecvBuf, Rx, SendBuf, Span, Tx};
use crate::codec::{Command, CommandError, Full, Position, ReplyCode, ReplyLine, Text, Verb};
use crate::error::{Error, LocalError, PeerError};

/// Permission to send one reply to a command. [`Server::reply`] consumes it, and returns it if the
/// reply could not be queued.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a command that is not answered holds up all that follow it"]
pub struct Ticket(u32);

impl Ticket {
    /// Returns the number of the ticket, which is unique in the session.
    pub(super) const fn number(&self) -> u32 {
        self.0
    }
}

/// The reason why a line is not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadLine {
    /// The line is longer than the limit. The rest of the line was skipped unread.
    TooLong,
    /// The line holds a NUL.
    Binary,
}

/// An event of the control connection. `C` is a parsed command or its error, borrowed from the
/// receive window, which the next poll overwrites. From [`Server::step`], `C` is the position of
/// the line in that window, for [`Command::parse`].
#[derive(Debug)]
pub enum Event<C> {
    /// The connection is open. The ticket is for the greeting.
    Connected(Ticket),
    /// A command arrived.
    Command(Ticket, C),
    /// A line arrived that is not a command.
    BadLine(Ticket, BadLine),
}

/// The server's side of one control connection. Use it to handle commands yourself; to build a
/// server, use a [`Session`](super::Session).
///
/// Commands are returned one at a time: the next one stays unparsed in the window until the current
/// one is answered. After a 1yz reply, commands that are answered during transfers (ABOR, STAT,
/// NOOP) are returned too; the first other command, and everything after it, waits.
///
/// ```
/// use ftp_proto::action::Action;
/// use ftp_proto::buffer::{RecvBuf, SendBuf};
/// use ftp_proto::codec::{Command, ReplyCode, Text};
/// use ftp_proto::server::{CommandEvent, Limits, Server};
///
/// let mut server = Server::new(Limits::default());
/// let (mut rx, mut tx) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 2048]));
/// rx.extend(b"NOOP\r\nCWD /pub\r\n");
/// loop {
///     let (ticket, code) = match server.poll(&mut rx, &mut tx)? {
///         Action::Event(CommandEvent::Connected(ticket)) => (ticket, ReplyCode::SERVICE_READY),
///         Action::Event(CommandEvent::Command(ticket, Ok(Command::Noop))) => (ticket, ReplyCode::COMMAND_OKAY),
///         Action::Event(CommandEvent::Command(ticket, _)) => (ticket, ReplyCode::NOT_IMPLEMENTED),
///         Action::Event(CommandEvent::BadLine(ticket, _)) => (ticket, ReplyCode::SYNTAX_ERROR),
///         _ => break,
///     };
///     server.reply(ticket, code, Text::literal("So be it."), &mut tx).map_err(|(error, _)| error)?;
/// }
/// assert_eq!(tx.pending(), b"220 So be it.\r\n200 So be it.\r\n502 So be it.\r\n");
/// # Ok::<(), ftp_proto::error::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    limits: Limits,
    last_ticket: u32,
    open: ArrayVec<u32, 2>,
    during: DuringTransfer,
    /// A bad line that arrived during a transfer and is reported once the transfer has ended. The
    /// bytes of the line are not kept.
    held: Option<BadLine>,
    failed: Option<PeerError>,
}

impl Server {
    /// Minimum size in bytes of the send storage of this machine and of a
    /// [`Session`](super::Session). No command is accepted while less than this is free, since no
    /// reply is longer, apart from the paths in it.
    pub const SEND_ROOM: usize = 1024;

    /// Creates the machine for a connection that is open.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            last_ticket: 0,
            open: ArrayVec::new(),
            during: DuringTransfer::Nothing,
            held: None,
            failed: None,
        }
    }

    /// Returns the next action: an event to handle, or what to wait for.
    ///
    /// # Errors
    /// Fails if the client has closed the connection, or with a [`LocalError`] if the buffers are
    /// too small.
    pub fn poll<'b, R, T>(
        &mut self,
        rx: &'b mut RecvBuf<R>,
        tx: &mut SendBuf<T>,
    ) -> Result<Action<Event<Result<Command<'b>, CommandError>>>, Error>
    where
        R: AsRef<[u8]> + AsMut<[u8]>,
        T: AsRef<[u8]> + AsMut<[u8]>,
    {
        let step = self.step(&mut rx.view(), &mut tx.view())?;
        Ok(step.map(|event| match event {
            Event::Connected(ticket) => Event::Connected(ticket),
            Event::Command(ticket, line) => Event::Command(ticket, Command::parse(rx.bytes(line))),
            Event::BadLine(ticket, bad) => Event::BadLine(ticket, bad),
        }))
    }

    /// Like [`poll`](Self::poll), for layers on top of this machine.
    ///
    /// # Errors
    /// Fails as [`poll`](Self::poll) does.
    pub fn step(&mut self, rx: &mut Rx<'_>, tx: &mut Tx<'_>) -> Result<Action<Event<Span>>, Error> {
        let needed = self.limits.line + 2;
        if rx.capacity() < needed {
            return Err(LocalError::RecvBufTooSmall { needed }.into());
        }
        if tx.capacity() < Self::SEND_ROOM {
            return Err(LocalError::SendBufTooSmall { needed: Self::SEND_ROOM }.into());
        }
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        // The first ticket is for the greeting.
        if self.last_ticket == 0 {
            return Ok(Action::Event(Event::Connected(self.issue())));
        }
        // Do not read from a client that does not read its replies. While a reply that needs a
        // segment of its own is pending, there is no room for another such reply.
        if tx.free() < Self::SEND_ROOM || tx.has_segment() {
            return Ok(Action::Wait(Wait { writable: !tx.is_empty(), ..Wait::default() }));
        }
        let during = self.during != DuringTransfer::Nothing;
        let may_take = self.open.len() <= usize::from(during);
        if !may_take {
            return Ok(Action::Wait(Wait { application: true, ..wait(rx, tx) }));
        }
        if let Some(bad) = self.held {
            return Ok(self.bad_line(bad, rx, tx));
        }
        // A blank line gets no reply.
        let frame = loop {
            match rx.next_line(self.limits.line) {
                Frame::Line(line) if line.is_empty() => {}
                frame => break frame,
            }
        };
        Ok(match frame {
            Frame::Line(line) if during && !self.during.takes(rx.bytes(line)) => {
                rx.hold(line);
                Action::Wait(Wait { data: true, ..wait(rx, tx) })
            }
            Frame::Line(line) => Action::Event(Event::Command(self.issue(), line)),
            Frame::TooLong(_) => self.bad_line(BadLine::TooLong, rx, tx),
            Frame::Binary => self.bad_line(BadLine::Binary, rx, tx),
            Frame::Partial => Action::Wait(Wait { data: during, ..wait(rx, tx) }),
            Frame::End { cut } => {
                let error = if cut { PeerError::ClosedInside } else { PeerError::Closed };
                return Err(self.fail(error).into());
            }
        })
    }

    /// Reports a bad line. During a transfer the line is held, and everything after it waits, so
    /// that the reply to the line is not mistaken for that of the transfer.
    fn bad_line(&mut self, bad: BadLine, rx: &Rx<'_>, tx: &Tx<'_>) -> Action<Event<Span>> {
        self.held = (self.during != DuringTransfer::Nothing).then_some(bad);
        match self.held {
            Some(_) => Action::Wait(Wait { data: true, ..wait(rx, tx) }),
            None => Action::Event(Event::BadLine(self.issue(), bad)),
        }
    }

    /// Ends the dialogue: every later step returns `error`.
    pub(super) fn fail(&mut self, error: PeerError) -> PeerError {
        self.failed = Some(error);
        error
    }

    fn issue(&mut self) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1).max(1);
        // `step` accepts a command only while there is room.
        let opened = self.open.try_push(self.last_ticket);
        debug_assert!(opened.is_ok(), "a ticket was dropped");
        Ticket(self.last_ticket)
    }

    /// Recreates the ticket of a command that the holder of the original has not answered.
    pub(super) fn reissue(&self, number: u32) -> Ticket {
        Ticket(number)
    }

    /// Returns the error that ended the dialogue, if any.
    pub(super) const fn failure(&self) -> Option<PeerError> {
        self.failed
    }

    /// Queues the final reply to a command. 227, 228 and 229 go in a segment of their own
    /// ([`Tx::append_segment`]).
    ///
    /// # Errors
    /// Returns the ticket if there is no room, or if its command was already answered.
    pub fn reply<'t>(
        &mut self,
        ticket: Ticket,
        code: ReplyCode,
        text: Text<'_>,
        tx: impl Into<Tx<'t>>,
    ) -> Result<(), (LocalError, Ticket)> {
        self.reply_with(ticket, tx, |tx| {
            append_reply(code, tx, |tx| ReplyLine::encode(code, Position::Single, text, tx))
        })
    }

    /// Queues the final reply that `encode` writes, in full or not at all, for replies of several
    /// lines or with composed text. Write replies with the address of a data connection (227, 228,
    /// 229) with [`Tx::append_segment`].
    ///
    /// # Errors
    /// Returns the ticket if there is no room, or if its command was already answered.
    pub fn reply_with<'t>(
        &mut self,
        ticket: Ticket,
        tx: impl Into<Tx<'t>>,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) -> Result<(), (LocalError, Ticket)> {
        let tx = &mut tx.into();
        if !self.open.contains(&ticket.0) {
            return Err((LocalError::Ended, ticket));
        }
        if tx.append(encode).is_err() {
            return Err((LocalError::NoRoom, ticket));
        }
        if self.open.first() == Some(&ticket.0) {
            self.during = DuringTransfer::Nothing;
        }
        self.open.retain(|open| *open != ticket.0);
        Ok(())
    }

    /// Queues a 1yz reply. The command still needs a final reply; until then, commands that are
    /// answered during a transfer are returned.
    ///
    /// # Errors
    /// Fails if there is no room.
    pub fn preliminary<'t>(
        &mut self,
        ticket: &Ticket,
        code: ReplyCode,
        text: Text<'_>,
        tx: impl Into<Tx<'t>>,
    ) -> Result<(), LocalError> {
        self.preliminary_with(ticket, tx, |tx| ReplyLine::encode(code, Position::Single, text, tx))
    }

    /// Like [`preliminary`](Self::preliminary), with the reply that `encode` writes.
    ///
    /// # Errors
    /// Fails if there is no room.
    pub fn preliminary_with<'t>(
        &mut self,
        ticket: &Ticket,
        tx: impl Into<Tx<'t>>,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) -> Result<(), LocalError> {
        let tx = &mut tx.into();
        tx.append(encode)?;
        self.take_during(ticket, DuringTransfer::Instant);
        Ok(())
    }

    /// Sets the commands that are returned while the command of this ticket is unanswered.
    pub(super) fn take_during(&mut self, ticket: &Ticket, during: DuringTransfer) {
        if self.open.first() == Some(&ticket.0) {
            self.during = during;
        }
    }

    /// Makes all further commands wait for the final reply of the transfer, which is almost over.
    pub(super) fn end_transfer(&mut self) {
        self.during = DuringTransfer::Nothing;
    }

    /// Queues 421, which is not a reply to a command (RFC 959 4.2.2), if there is room.
    pub(super) fn announce_closing(&mut self, text: Text<'_>, tx: &mut Tx<'_>) {
        let _ =
            tx.append(|tx| ReplyLine::encode(ReplyCode::SERVICE_NOT_AVAILABLE, Position::Single, text, tx));
    }
}

/// Appends the reply that `encode` writes. It gets a segment of its own if it announces the address
/// of a listener, because firewalls on the path inspect such replies.
pub(super) fn append_reply(
    code: ReplyCode,
    tx: &mut Tx<'_>,
    encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
    match code {
        ReplyCode::ENTERING_PASSIVE_MODE
        | ReplyCode::ENTERING_LONG_PASSIVE_MODE
        | ReplyCode::ENTERING_EXTENDED_PASSIVE_MODE => tx.append_segment(encode),
        _ => tx.append(encode),
    }
}

/// Returns a wait for the peer: to read if there is room, and to write if anything is pending.
fn wait(rx: &Rx<'_>, tx: &Tx<'_>) -> Wait {
    Wait { readable: rx.has_room() && !rx.is_eof(), writable: !tx.is_empty(), ..Wait::default() }
}

/// The commands that are returned while another one is unanswered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DuringTransfer {
    /// None: replies are sent in the order of their commands.
    Nothing,
    /// ABOR, which ends the other command and is answered after it.
    Abort,
    /// The commands that are answered immediately during a transfer.
    Instant,
}

impl DuringTransfer {
    /// Returns whether a line holds one of these commands.
    fn takes(self, line: &[u8]) -> bool {
        let name = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        Verb::from_bytes(name).is_some_and(|verb| match self {
            Self::Nothing => false,
            Self::Abort => verb == Verb::Abor,
            Self::Instant => verb.answers_during_transfer(),
        })
    }
}

/// Encodes a multi-line reply: a first and a last line around the lines that `encode` writes.
pub(super) fn framed(
    code: ReplyCode,
    title: &'static str,
    tx: &mut Tx<'_>,
    encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
    ReplyLine::encode(code, Position::First, Text::fixed(title), tx)?;
    encode(tx)?;
    ReplyLine::encode(code, Position::Last, Text::literal("End."), tx)
}
