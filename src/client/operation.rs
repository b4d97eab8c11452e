//! What every operation has in common: commands sent when they may be, replies handed to whom they
//! belong, the outcome lent to the caller.

use super::expected::Generation;
use super::sending::Listening;
use super::{Client, ReplySpan, ReplyTo, Step, TransferFailure};
use crate::action::{Action, DataId, DataOp, Wait};
use crate::buffer::{RecvBuf, Rx, SendBuf, Tx};
use crate::codec::{Command, Escaped, ReplyCode, ReplyLine, RepresentationType, SiteCommand};
use crate::error::{Error, LocalError};
use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;

/// What an operation tells. Borrows from the receive window: the next poll overwrites it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'b, T> {
    /// A line of a reply that is for people, or one entry of many. More follows.
    Line(ReplyLine<'b>),
    /// It is done.
    Done(T),
    /// The server refused. The connection is good for other operations.
    Refused(Refusal<'b>),
    /// The transfer failed without a refusal. The connection is good for other operations.
    Failed(TransferFailure),
}

/// A server's refusal: the last line of its reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal<'b> {
    /// What was refused: a command, or the connection itself.
    pub to: ReplyTo,
    /// The reply's code.
    pub code: ReplyCode,
    /// What the server says about it.
    pub text: &'b [u8],
}

impl Refusal<'_> {
    /// Whether the same may be granted later (RFC 959 4.2.1: 4yz), be it that the server says so in
    /// words only: 530 and `too many connections`.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        const HINTS: [&[u8]; 5] = [b"too many", b"try again", b"maximum", b"limit", b"later"];
        let says = |hint: &[u8]| self.text.windows(hint.len()).any(|part| part.eq_ignore_ascii_case(hint));
        self.code.is_transient()
            || (self.code == ReplyCode::NOT_LOGGED_IN && HINTS.iter().any(|hint| says(hint)))
    }
}

impl Refusal<'_> {
    /// Whether the server closes the connection with it (421, RFC 959 4.2.2), whatever it answers.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.code == ReplyCode::SERVICE_NOT_AVAILABLE
    }

    /// Whether the server wants the TLS session of the control connection resumed by data connections, and
    /// saw it not (522, 425 or 450: RFC 4217 10.2).
    #[must_use]
    pub fn wants_session_reuse(&self) -> bool {
        const HINTS: [&[u8]; 3] = [b"reuse", b"resum", b"TLS negotiation failed"];
        let says = |hint: &[u8]| self.text.windows(hint.len()).any(|part| part.eq_ignore_ascii_case(hint));
        matches!(self.code.get(), 425 | 450 | 522) && HINTS.iter().any(|hint| says(hint))
    }
}

impl core::fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Refusal")
            .field("to", &self.to)
            .field("code", &self.code)
            .field("text", &Escaped(self.text))
            .finish()
    }
}

impl core::fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.to {
            ReplyTo::Command(verb) => write!(f, "{verb} refused: ")?,
            ReplyTo::Greeting => f.write_str("the server refused the connection: ")?,
            ReplyTo::Other => f.write_str("the server refused the command: ")?,
        }
        write!(f, "{} {}", self.code, Escaped(self.text))
    }
}

/// What a sequence wants after it was asked to go on, or was given a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    Continue,
    /// Go on, and show the caller this line.
    Show,
    /// It is done.
    Done,
    /// This reply refuses it.
    Refused,
    /// The transfer failed without a refusal.
    Failed(TransferFailure),
}

/// What a sequence carries on that was begun before it. All else is brought to an end before it sends
/// its first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inherits {
    /// Nothing.
    Nothing,
    /// The greeting, while it has not come.
    Greeting,
    /// The transfer on this data connection, and what is said of it.
    Transfer(DataId),
}

/// The sequence of commands of one operation. Implement it to make an operation of your own.
///
/// It may be dropped between any two calls.
pub trait Sequence {
    /// What comes of it, which may borrow from the last reply.
    type Output<'b>;

    /// Sends what can be sent now. Called at the start and after every event, so it has to know what
    /// it has sent. Only `Continue`, `Done` and `Failed` make sense here.
    ///
    /// # Errors
    /// When a command cannot be sent at all.
    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError>;

    /// Takes a line of a reply to one of its commands: each line of a preliminary or final reply, in
    /// order. By default the ends matter only: see [`Sequence::finished`].
    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        match line.is_final() {
            true => self.finished(cx, to, line),
            false => Next::Show,
        }
    }

    /// Takes the last line of a final reply.
    fn finished(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next;

    /// The outcome, asked for once after `Done`. `last` is the line that brought it, if one did.
    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b>;

    /// What it carries on that was begun before it.
    fn inherits(&self) -> Inherits {
        Inherits::Nothing
    }
}

/// What a sequence may do: send commands, and order about the data connection.
#[derive(Debug)]
pub struct Context<'c, 't> {
    pub(super) client: &'c mut Client,
    pub(super) tx: &'c mut Tx<'t>,
}

impl Context<'_, '_> {
    /// Queues a command. `false` means not yet: the queue is full, a reply is owed, or the driver has yet to
    /// read what the server has sent. Try again when next asked to advance.
    ///
    /// # Errors
    /// When the command is too long for the send storage.
    pub fn send(&mut self, command: &Command<'_>) -> Result<bool, LocalError> {
        self.client.send(self.tx, command)
    }

    /// As [`send`](Self::send), for a SITE command.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_site(&mut self, command: &SiteCommand<'_>) -> Result<bool, LocalError> {
        self.client.send_site(self.tx, command)
    }

    /// Queues TYPE unless it is in force already; `false` means not yet, as for [`send`](Self::send).
    /// A refusal comes as the reply to TYPE.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn set_type(&mut self, representation: RepresentationType) -> Result<bool, LocalError> {
        Ok(self.client.settings.has_type(representation) || self.send(&Command::Type(representation))?)
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.client
    }
}

/// An operation under way: poll it until it is done, refused or failed.
#[derive(Debug)]
#[must_use = "an operation does nothing unless it is polled"]
pub struct Operation<S> {
    sequence: S,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    New,
    Running(Generation),
    /// The operation is done unless a probe shows that the reply that said so was not its own.
    Confirming(Option<ReplySpan>),
    /// It is over; data connections are still to be closed, then this is told.
    Ending(Outcome),
    Over,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Done(Option<ReplySpan>),
    Refused(ReplySpan),
    Failed(TransferFailure),
}

impl Outcome {
    fn reply(&mut self) -> Option<&mut ReplySpan> {
        match self {
            Self::Done(reply) => reply.as_mut(),
            Self::Refused(reply) => Some(reply),
            Self::Failed(_) => None,
        }
    }
}

/// What [`Operation::step`] came to, with places in the receive window in the stead of bytes.
#[derive(Debug)]
pub enum OperationStep {
    /// As [`Action::Data`].
    Data(DataId, DataOp),
    /// As [`Action::UpgradeControl`].
    Upgrade(Upgrade),
    /// As [`Action::DowngradeControl`].
    Downgrade(Downgrade),
    /// As [`Action::Close`].
    Close,
    /// As [`Action::Wait`].
    Wait(Wait),
    /// As [`Event::Line`].
    Line(ReplySpan),
    /// As [`Event::Done`]: ask for the [`output`](Operation::output).
    Done(Option<ReplySpan>),
    /// As [`Event::Refused`].
    Refused(ReplySpan),
    /// As [`Event::Failed`].
    Failed(TransferFailure),
}

impl<S: Sequence> Operation<S> {
    /// An operation that runs `sequence`.
    pub const fn new(sequence: S) -> Self {
        Self { sequence, state: State::New }
    }

    pub(super) const fn sequence(&self) -> &S {
        &self.sequence
    }

    pub(super) const fn sequence_mut(&mut self) -> &mut S {
        &mut self.sequence
    }

    /// Goes on with it. Each call takes something in, gives something to do, or says what to wait for.
    ///
    /// # Errors
    /// The peer's, after which the connection is of no more use; or yours, when the operation is over
    /// or the buffers are too small for it.
    pub fn poll<'b, R, T>(
        &mut self,
        client: &mut Client,
        now: Instant,
        rx: &'b mut RecvBuf<R>,
        tx: &mut SendBuf<T>,
    ) -> Result<Action<Event<'b, S::Output<'b>>>, Error>
    where
        R: AsRef<[u8]> + AsMut<[u8]>,
        T: AsRef<[u8]> + AsMut<[u8]>,
    {
        let step = self.step(client, now, &mut rx.view(), &mut tx.view())?;
        let rx: &'b RecvBuf<R> = rx;
        let line = |reply: ReplySpan| reply.resolve(|span| rx.bytes(span));
        Ok(match step {
            OperationStep::Data(id, op) => Action::Data(id, op),
            OperationStep::Upgrade(token) => Action::UpgradeControl(token),
            OperationStep::Downgrade(token) => Action::DowngradeControl(token),
            OperationStep::Close => Action::Close,
            OperationStep::Wait(wait) => Action::Wait(wait),
            OperationStep::Line(reply) => Action::Event(Event::Line(line(reply))),
            OperationStep::Done(reply) => Action::Event(Event::Done(self.output(reply.map(line)))),
            OperationStep::Refused(reply) => {
                let ReplyLine { code, text, .. } = line(reply);
                Action::Event(Event::Refused(Refusal { to: reply.to, code, text }))
            }
            OperationStep::Failed(failure) => Action::Event(Event::Failed(failure)),
        })
    }

    /// The outcome, after [`OperationStep::Done`] and with its line.
    pub fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> S::Output<'b> {
        self.sequence.output(last)
    }

    /// As [`poll`](Self::poll), for layers on top of it.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    pub fn step(
        &mut self,
        client: &mut Client,
        now: Instant,
        rx: &mut Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<OperationStep, Error> {
        let needed = client.config.limits.line + 2;
        if rx.capacity() < needed {
            return Err(LocalError::RecvBufTooSmall { needed }.into());
        }
        let generation = match self.state {
            State::New => client.begin(self.sequence.inherits()),
            State::Running(generation) => generation,
            State::Confirming(_) => client.generation,
            State::Ending(outcome) => return Ok(self.end(outcome, true, client, rx)),
            State::Over => return Err(LocalError::OperationOver.into()),
        };
        if let State::New = self.state {
            self.state = State::Running(generation);
        }
        let step = self.go_on(client, generation, now, rx, tx);
        if !matches!(client.listening, Listening::Reading { .. }) {
            client.listening = Listening::No;
        }
        step
    }

    fn go_on(
        &mut self,
        client: &mut Client,
        generation: Generation,
        now: Instant,
        rx: &mut Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<OperationStep, Error> {
        loop {
            if let Some((id, op)) = client.next_op() {
                return Ok(OperationStep::Data(id, op));
            }
            if let State::Confirming(_) = self.state {
                client.confirm(tx)?;
            }
            // What came while nothing was asked answers nothing: it must not be taken for an answer to
            // the command that is sent next.
            let before = client.expected.strays();
            let mut step = match client.is_owed() {
                true => None,
                false => Some(client.step(now, rx, tx)?),
            };
            let heard = client.expected.strays() != before;
            match step {
                Some(Step::Wait(_) | Step::Changed) => step = None,
                // The driver has to do that first, and reads again afterwards.
                Some(_) => client.listening = Listening::No,
                None => {}
            }
            if client.listen(now, heard, rx.pending()) {
                return Ok(OperationStep::Wait(listening(now, rx, tx)));
            }
            let mut next = Next::Continue;
            if step.is_none() && client.is_settled(generation) {
                next = match self.state {
                    State::Confirming(_) if client.confirm(tx)? => Next::Done,
                    State::Confirming(_) => Next::Continue,
                    _ => self.sequence.advance(&mut Context { client, tx })?,
                };
            }
            if next == Next::Continue && client.listen(now, false, rx.pending()) {
                return Ok(OperationStep::Wait(listening(now, rx, tx)));
            }
            let mut reply = None;
            // Nothing else makes sense where there is no reply.
            if !matches!(next, Next::Done | Next::Failed(_)) {
                let step = match step {
                    Some(step) => step,
                    None => client.step(now, rx, tx)?,
                };
                match step {
                    Step::Data(id, op) => return Ok(OperationStep::Data(id, op)),
                    Step::Upgrade(token) => return Ok(OperationStep::Upgrade(token)),
                    Step::Downgrade(token) => return Ok(OperationStep::Downgrade(token)),
                    Step::Wait(wait) => return Ok(OperationStep::Wait(wait)),
                    Step::Close => return Ok(OperationStep::Close),
                    Step::Changed => continue,
                    Step::Reply(owed) if owed.generation() != generation => continue,
                    Step::Reply(owed) => {
                        self.state = State::Running(generation);
                        let line = owed.resolve(|span| rx.bytes(span));
                        client.learn_paths(owed.to, &line);
                        next = match owed.is_final() && line.code == ReplyCode::SERVICE_NOT_AVAILABLE {
                            true => Next::Refused,
                            false => self.sequence.reply(&mut Context { client, tx }, owed.to, &line),
                        };
                        reply = Some(owed);
                    }
                }
            }
            if next == Next::Done && client.needs_confirmation() {
                self.state = State::Confirming(reply.map(ReplySpan::without_text));
                continue;
            }
            let reply = match self.state {
                State::Confirming(told) if next == Next::Done => told,
                _ => reply,
            };
            let outcome = match (next, reply) {
                (Next::Continue, _) | (Next::Show | Next::Refused, None) => continue,
                (Next::Show, Some(reply)) => return Ok(OperationStep::Line(reply)),
                (Next::Done, reply) => Outcome::Done(reply),
                (Next::Refused, Some(reply)) => Outcome::Refused(reply),
                (Next::Failed(failure), _) => Outcome::Failed(failure),
            };
            return Ok(self.end(outcome, false, client, rx));
        }
    }

    /// The outcome comes last: a driver that has it has nothing more to do for the operation.
    fn end(
        &mut self,
        mut outcome: Outcome,
        kept: bool,
        client: &mut Client,
        rx: &mut Rx<'_>,
    ) -> OperationStep {
        let op = client.next_op();
        if let Some(reply) = outcome.reply() {
            match (kept, &op) {
                (false, Some(_)) => client.keep(rx, reply),
                (true, None) => *reply = client.kept(rx, *reply),
                _ => {}
            }
        }
        if let Some((id, op)) = op {
            self.state = State::Ending(outcome);
            return OperationStep::Data(id, op);
        }
        self.state = State::Over;
        match outcome {
            Outcome::Done(reply) => OperationStep::Done(reply),
            Outcome::Refused(reply) => OperationStep::Refused(reply),
            Outcome::Failed(failure) => OperationStep::Failed(failure),
        }
    }
}

/// To be polled again at once, but not before the driver has read what there is.
fn listening(now: Instant, rx: &Rx<'_>, tx: &Tx<'_>) -> Wait {
    Wait {
        readable: !rx.is_eof(),
        writable: !tx.is_empty(),
        application: false,
        data: false,
        deadline: Some(now),
    }
}
