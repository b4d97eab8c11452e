//! Commands in, replies out: framing, tickets and order (RFC 959 5.4).

use arrayvec::ArrayVec;

use super::config::Limits;
use crate::action::{Action, Wait};
use crate::buffer::{Frame, RecvBuf, Rx, SendBuf, Span, Tx};
use crate::codec::{Command, CommandError, Full, Position, ReplyCode, ReplyLine, Text, Verb};
use crate::error::{Error, LocalError, PeerError};

/// A command's right to one reply. [`Server::reply`] uses it up; it comes back if the reply could not
/// be queued.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a command that is not answered holds up all that follow it"]
pub struct Ticket(u32);

impl Ticket {
    /// Its number, which no other ticket of the session has.
    pub(super) const fn number(&self) -> u32 {
        self.0
    }
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadLine {
    /// Longer than the limit. The rest of it was skipped and is not looked at.
    TooLong,
    /// The line holds a NUL.
    Binary,
}

/// An event of the control connection. `C` is a command, or what is wrong with it, and borrows from the receive window (the next
/// poll overwrites it); from [`Server::step`] it is the line's place there, for [`Command::parse`].
#[derive(Debug)]
pub enum Event<C> {
    /// The connection is open: the ticket is for the greeting.
    Connected(Ticket),
    /// A command.
    Command(Ticket, C),
    /// A line that is no command.
    BadLine(Ticket, BadLine),
}

/// The server's side of one control connection. Poll this for the commands themselves; for a server, poll a
/// [`Session`](super::Session).
///
/// One command is given out at a time: the next stays unparsed in the window until that one is
/// answered. Once a 1yz reply was sent, commands that are answered during transfers (ABOR, STAT, NOOP)
/// are given out too; the first that is none waits, and everything behind it.
#[derive(Debug)]
pub struct Server {
    limits: Limits,
    last_ticket: u32,
    open: ArrayVec<u32, 2>,
    during: DuringTransfer,
    /// A line that came during a transfer and waits for its end, none of its bytes being kept.
    held: Option<BadLine>,
    failed: Option<PeerError>,
}

impl Server {
    /// The number of bytes that the send storage has to have at least, of this machine and of a
    /// [`Session`](super::Session): no command is taken while less of it is free, for no reply to one is longer,
    /// but for the paths in it.
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

    /// Goes on. Each call gives something out or says what to wait for.
    ///
    /// # Errors
    /// When the client has closed the connection; or yours, when the buffers are too small.
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

    /// Like [`poll`](Self::poll), for layers on top of it.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
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
        // The first ticket is the greeting's.
        if self.last_ticket == 0 {
            return Ok(Action::Event(Event::Connected(self.issue())));
        }
        // A client that does not read its replies is not read from either. While a reply waits that has to go
        // in a segment of its own, there is no room for another such reply.
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

    /// Its reply must not be taken for the running transfer's: it waits, and so does what follows it.
    fn bad_line(&mut self, bad: BadLine, rx: &Rx<'_>, tx: &Tx<'_>) -> Action<Event<Span>> {
        self.held = (self.during != DuringTransfer::Nothing).then_some(bad);
        match self.held {
            Some(_) => Action::Wait(Wait { data: true, ..wait(rx, tx) }),
            None => Action::Event(Event::BadLine(self.issue(), bad)),
        }
    }

    /// Ends the dialogue: every later step fails with `error`.
    pub(super) fn fail(&mut self, error: PeerError) -> PeerError {
        self.failed = Some(error);
        error
    }

    fn issue(&mut self) -> Ticket {
        self.last_ticket = self.last_ticket.wrapping_add(1).max(1);
        // A command is taken only while there is room: see `step`.
        let opened = self.open.try_push(self.last_ticket);
        debug_assert!(opened.is_ok(), "a ticket was dropped");
        Ticket(self.last_ticket)
    }

    /// The ticket of a command that somebody else was to answer and has not.
    pub(super) fn reissue(&self, number: u32) -> Ticket {
        Ticket(number)
    }

    /// Returns what has ended the dialogue.
    pub(super) const fn failure(&self) -> Option<PeerError> {
        self.failed
    }

    /// Queues the final reply to a command. 227, 228 and 229 go in a segment of their own
    /// ([`Tx::append_segment`]).
    ///
    /// # Errors
    /// Gives the ticket back when there is no room, and when its command was answered by other means.
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

    /// Queues a final reply of many lines, or one whose text is put together: whatever `encode`
    /// writes, all of it or nothing. One that names the address of a data connection (227, 228, 229) is
    /// written with [`Tx::append_segment`].
    ///
    /// # Errors
    /// Gives the ticket back when there is no room.
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

    /// Queues a 1yz reply: the command's final one is still to come, and meanwhile the commands that
    /// are answered during a transfer are given out.
    ///
    /// # Errors
    /// When there is no room.
    pub fn preliminary<'t>(
        &mut self,
        ticket: &Ticket,
        code: ReplyCode,
        text: Text<'_>,
        tx: impl Into<Tx<'t>>,
    ) -> Result<(), LocalError> {
        self.preliminary_with(ticket, tx, |tx| ReplyLine::encode(code, Position::Single, text, tx))
    }

    /// Like [`preliminary`](Self::preliminary), with whatever `encode` writes.
    ///
    /// # Errors
    /// When there is no room.
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

    /// Gives out these commands while this one is at work, too.
    pub(super) fn take_during(&mut self, ticket: &Ticket, during: DuringTransfer) {
        if self.open.first() == Some(&ticket.0) {
            self.during = during;
        }
    }

    /// The transfer is as good as over: what comes in now waits for its final reply.
    pub(super) fn end_transfer(&mut self) {
        self.during = DuringTransfer::Nothing;
    }

    /// Queues 421, which answers no command (RFC 959 4.2.2), where there is room for it.
    pub(super) fn announce_closing(&mut self, text: Text<'_>, tx: &mut Tx<'_>) {
        let _ =
            tx.append(|tx| ReplyLine::encode(ReplyCode::SERVICE_NOT_AVAILABLE, Position::Single, text, tx));
    }
}

/// Appends the reply that `encode` writes: in a segment of its own if its code says where the client is to
/// connect to, for the firewalls on the way read that.
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

/// Waits for the peer, as far as there is room for what it sends.
fn wait(rx: &Rx<'_>, tx: &Tx<'_>) -> Wait {
    Wait { readable: rx.has_room() && !rx.is_eof(), writable: !tx.is_empty(), ..Wait::default() }
}

/// The commands that are given out while another one is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DuringTransfer {
    /// Nothing: replies come in the order of their commands.
    Nothing,
    /// ABOR, which ends the work and is answered behind it.
    Abort,
    /// The commands that are answered during a transfer, at once.
    Instant,
}

impl DuringTransfer {
    /// Returns whether a line is such a command.
    fn takes(self, line: &[u8]) -> bool {
        let name = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        Verb::from_bytes(name).is_some_and(|verb| match self {
            Self::Nothing => false,
            Self::Abort => verb == Verb::Abor,
            Self::Instant => verb.answers_during_transfer(),
        })
    }
}

/// Encodes a reply of many lines: a first and a last line around the lines that `encode` writes.
pub(super) fn framed(
    code: ReplyCode,
    title: &'static str,
    tx: &mut Tx<'_>,
    encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
) -> Result<(), Full> {
    ReplyLine::encode(code, Position::First, Text::literal(title), tx)?;
    encode(tx)?;
    ReplyLine::encode(code, Position::Last, Text::literal("End."), tx)
}
