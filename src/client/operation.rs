//! Drives one operation: calls its [`Sequence`] when commands may be sent, routes replies to it,
//! and returns the outcome after queued data-connection work.

use super::dialogue::{Client, Finding, Inherits, MachineEvent, Outgoing};
use super::event::{Event, ReceivedLine};
use super::failure::TransferFailure;
use super::reply_to::{Generation, ReplyTo};
use crate::action::{Action, Wait};
use crate::buffer::{RecvBuf, Rx, SendBuf, Span, Tx};
use crate::codec::{Command, ReplyCode, ReplyLine, RepresentationType, SiteCommand};
use crate::error::{Error, LocalError};
use crate::time::Instant;

/// The decision of a sequence that was asked to advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advance {
    /// The operation continues: it waits for a reply, for its data connection, or until it can
    /// send.
    Continue,
    /// The operation is done.
    Done,
    /// The transfer failed.
    Failed(TransferFailure),
}

/// The decision of a sequence about a line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The operation continues.
    Continue,
    /// The operation continues, and the caller is shown this line.
    Show,
    /// The operation is done, and this line is passed to [`Sequence::output`].
    Done,
    /// This reply refuses the operation.
    Refused,
    /// The transfer failed, although this reply does not refuse it.
    Failed(TransferFailure),
}

impl From<Advance> for Verdict {
    fn from(advance: Advance) -> Self {
        match advance {
            Advance::Continue => Self::Continue,
            Advance::Done => Self::Done,
            Advance::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// The command sequence of one operation. Implement this trait to define an operation of your own.
///
/// A sequence may be dropped between any two calls.
///
/// ```
/// use ftp_proto::client::{Advance, Context, Operation, ReplyTo, Sequence, Verdict};
/// use ftp_proto::codec::{Command, ReplyLine};
/// use ftp_proto::error::LocalError;
/// use ftp_proto::testing::ScriptedServer;
///
/// /// NOOP, so many times.
/// struct Noops {
///     unsent: u32,
///     unanswered: u32,
/// }
///
/// impl Sequence for Noops {
///     type Output<'b> = ();
///
///     fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
///         while self.unsent > 0 && cx.send(&Command::Noop)? {
///             self.unsent -= 1;
///         }
///         Ok(Advance::Continue)
///     }
///
///     fn reply(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
///         self.unanswered -= u32::from(line.is_final());
///         if self.unanswered == 0 { Verdict::Done } else { Verdict::Continue }
///     }
///
///     fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
/// }
///
/// let mut server = ScriptedServer::new().with_default_replies();
/// server.run(&mut Operation::new(Noops { unsent: 3, unanswered: 3 }), |()| ()).done();
/// assert_eq!(server.commands(), ["NOOP"; 3]);
/// ```
pub trait Sequence {
    /// The outcome, which may borrow from the last reply.
    type Output<'b>;

    /// Sends the commands that can be sent now. Called at the start and after every event, so the
    /// sequence has to keep track of what it has sent.
    ///
    /// # Errors
    /// If a command cannot be sent at all.
    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError>;

    /// Takes a line of a reply to one of the sequence's commands: each line of every preliminary
    /// and final reply, in order. [`ReplyLine::is_final`] distinguishes the last line of a final
    /// reply from all other lines.
    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict;

    /// Returns the outcome; called once, after [`Advance::Done`] or [`Verdict::Done`]. `last` is
    /// the line that completed the operation, if there was one.
    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b>;

    /// Returns the earlier work that the sequence continues.
    fn inherits(&self) -> Inherits {
        Inherits::Nothing
    }
}

/// The client as a sequence uses it: to send commands and to control the data connection.
#[derive(Debug)]
pub struct Context<'c, 't> {
    client: &'c mut Client,
    tx: &'c mut Tx<'t>,
}

impl Context<'_, '_> {
    /// Queues a command. Returns `false` if the command cannot be sent yet, because the queue is
    /// full, a reply is owed, or the driver has yet to read what the server has sent. Try again at
    /// the next call of [`Sequence::advance`].
    ///
    /// # Errors
    /// If the command is too long for the send storage.
    pub fn send(&mut self, command: &Command<'_>) -> Result<bool, LocalError> {
        self.send_outgoing(command.into())
    }

    /// Queues a SITE command, like [`send`](Self::send).
    ///
    /// # Errors
    /// The same as for [`send`](Self::send).
    pub fn send_site(&mut self, command: &SiteCommand<'_>) -> Result<bool, LocalError> {
        self.send_outgoing(Outgoing::Site(command))
    }

    /// Queues TYPE unless that type is in force or requested already. Returns `false` if TYPE
    /// cannot be sent yet, like [`send`](Self::send). A refusal arrives as the reply to TYPE.
    ///
    /// # Errors
    /// The same as for [`send`](Self::send).
    pub fn set_type(&mut self, representation: RepresentationType) -> Result<bool, LocalError> {
        Ok(self.client.settings().has_type(representation) || self.send(&Command::Type(representation))?)
    }

    /// Returns the client.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.client
    }

    /// Returns the client, to pass it the findings and decisions of the operation.
    pub(super) fn client_mut(&mut self) -> &mut Client {
        self.client
    }

    /// Queues something other than a plain command, like [`send`](Self::send).
    pub(super) fn send_outgoing(&mut self, outgoing: Outgoing<'_, '_>) -> Result<bool, LocalError> {
        self.client.send(self.tx, outgoing)
    }

    /// Sends a command during a transfer; returns `false` if there is no room for it.
    pub(super) fn send_during_transfer(&mut self, command: &Command<'_>) -> bool {
        self.client.send_during_transfer(self.tx, command, self.client.generation())
    }

    /// Requests the address of the next data connection right behind the command of a transfer, if
    /// the caller and the server allow that.
    pub(super) fn send_ahead(&mut self) {
        self.client.send_ahead(self.tx);
    }

    /// Continues an abort that has begun.
    pub(super) fn go_on_aborting(&mut self) {
        self.client.go_on_aborting(self.tx);
    }
}

/// An operation in progress. Poll it until it is done, refused or failed.
///
/// ```
/// use ftp_proto::action::Action;
/// use ftp_proto::buffer::{RecvBuf, SendBuf};
/// use ftp_proto::client::{self, Client, Config, Event};
/// use ftp_proto::codec::Text;
/// use ftp_proto::time::Instant;
///
/// # let mut client = Client::new(Config::default(), "192.0.2.1:21".parse()?);
/// # let (mut rx, mut tx) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 512]));
/// # rx.extend(b"220 ready\r\n");
/// # let mut greeting = client::greeting();
/// # assert!(matches!(greeting.poll(&mut client, Instant::from_micros(0), &mut rx, &mut tx)?, Action::Event(Event::Done(_))));
/// let (mut size, mut found) = (client::size(Text::literal("file")), None);
/// for micros in 1..20 {
///     match size.poll(&mut client, Instant::from_micros(micros), &mut rx, &mut tx)? {
///         Action::Event(Event::Done(bytes)) => {
///             found = Some(bytes?);
///             break;
///         }
///         Action::Wait(wait) if wait.writable => {
///             let reply = match tx.pending() {
///                 b"TYPE I\r\n" => &b"200 done\r\n"[..],
///                 b"SIZE file\r\n" => b"213 1234\r\n",
///                 other => panic!("{other:?}"),
///             };
///             tx.sent(usize::MAX); // it was sent
///             rx.extend(reply); // and this was received
///         }
///         Action::Wait(_) => {} // read without blocking what there is, then poll again
///         action => panic!("SIZE needs no {action:?}"),
///     }
/// }
/// assert_eq!(found, Some(1234));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
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
    /// The operation is done unless a probe shows that the last reply was not its own.
    Confirming(Option<ReceivedLine<Span>>),
    /// The outcome is known, and is returned once data connections are closed and TLS has begun or
    /// ended on the control connection.
    Ending(Outcome),
    Over,
}

/// The end of an operation.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Done(Option<ReceivedLine<Span>>),
    Refused(ReceivedLine<Span>),
    Failed(TransferFailure),
}

impl Outcome {
    fn reply(&mut self) -> Option<&mut ReceivedLine<Span>> {
        match self {
            Self::Done(reply) => reply.as_mut(),
            Self::Refused(reply) => Some(reply),
            Self::Failed(_) => None,
        }
    }
}

/// The events that [`Operation::poll`] returns for the sequence `S`.
pub type Polled<'b, S> = Event<&'b [u8], <S as Sequence>::Output<'b>>;

/// The action that [`Operation::step`] returns: like that of `poll`, with spans of the receive
/// window instead of bytes. After [`Event::Done`], pass its line to [`Operation::output`] for the
/// outcome.
pub type Step = Action<Event<Span, Option<ReceivedLine<Span>>>>;

impl<S: Sequence> Operation<S> {
    /// Creates an operation that runs `sequence`.
    pub const fn new(sequence: S) -> Self {
        Self { sequence, state: State::New }
    }

    pub(super) const fn sequence(&self) -> &S {
        &self.sequence
    }

    pub(super) const fn sequence_mut(&mut self) -> &mut S {
        &mut self.sequence
    }

    /// Advances the operation. Each call takes in some input, returns something to do, or returns
    /// what to wait for.
    ///
    /// # Errors
    /// A peer error, after which the connection is no longer usable; or a local error, if the
    /// operation is over or the buffers are too small for it.
    pub fn poll<'b, R, T>(
        &mut self,
        client: &mut Client,
        now: Instant,
        rx: &'b mut RecvBuf<R>,
        tx: &mut SendBuf<T>,
    ) -> Result<Action<Polled<'b, S>>, Error>
    where
        R: AsRef<[u8]> + AsMut<[u8]>,
        T: AsRef<[u8]> + AsMut<[u8]>,
    {
        let step = self.step(client, now, &mut rx.view(), &mut tx.view())?;
        let rx: &'b RecvBuf<R> = rx;
        Ok(step.map(|event| match event {
            Event::Line(line) => Event::Line(line.map(|span| rx.bytes(span))),
            Event::Done(last) => {
                Event::Done(self.output(last.map(|line| line.resolve(|span| rx.bytes(span)))))
            }
            Event::Refused(refusal) => Event::Refused(refusal.map(|span| rx.bytes(span))),
            Event::Failed(failure) => Event::Failed(failure),
        }))
    }

    /// Returns the outcome. Call this after [`Event::Done`], with the line of that event.
    pub fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> S::Output<'b> {
        self.sequence.output(last)
    }

    /// Like [`poll`](Self::poll), for layers on top of it: the result borrows nothing.
    ///
    /// A driver that keeps the machine and its buffers in one value, and is generic over the
    /// operation, needs this: the result of [`poll`](Self::poll) keeps the receive window borrowed
    /// in every arm of a `match`.
    ///
    /// ```
    /// use ftp_proto::action::Action;
    /// use ftp_proto::buffer::{RecvBuf, SendBuf};
    /// use ftp_proto::client::{Client, Event, Operation, Sequence, Step};
    /// use ftp_proto::error::Error;
    /// use ftp_proto::time::Instant;
    ///
    /// struct Driver {
    ///     client: Client,
    ///     rx: RecvBuf<Vec<u8>>,
    ///     tx: SendBuf<Vec<u8>>,
    /// }
    ///
    /// impl Driver {
    ///     /// Runs the operation, and converts its outcome into an owned value.
    ///     fn run<S: Sequence, T>(
    ///         &mut self,
    ///         mut operation: Operation<S>,
    ///         own: impl FnOnce(S::Output<'_>) -> T,
    ///     ) -> Result<T, Error> {
    ///         loop {
    ///             let (now, mut rx, mut tx) = (self.now(), self.rx.view(), self.tx.view());
    ///             let step = operation.step(&mut self.client, now, &mut rx, &mut tx)?;
    ///             match step.into_event() {
    ///                 Ok(Event::Done(last)) => {
    ///                     let last = last.map(|line| line.resolve(|span| self.rx.bytes(span)));
    ///                     return Ok(own(operation.output(last)));
    ///                 }
    ///                 Ok(event) => panic!("a real driver shows or reports {event:?}"),
    ///                 Err(action) => self.act(action),
    ///             }
    ///         }
    ///     }
    ///
    ///     /// Carries out the actions that are the same for every operation.
    ///     fn act(&mut self, action: Step) {
    ///         match action {
    ///             Action::UpgradeControl(token) => self.client.upgraded(token),
    ///             Action::Data(id, op) => panic!("a real driver does {op:?} on {id:?}"),
    ///             action => panic!("a real driver does {action:?}"),
    ///         }
    ///     }
    /// #   fn now(&self) -> Instant { Instant::default() }
    /// }
    /// ```
    ///
    /// # Errors
    /// The same as for [`poll`](Self::poll).
    pub fn step(
        &mut self,
        client: &mut Client,
        now: Instant,
        rx: &mut Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<Step, Error> {
        let needed = client.config().limits.line + 2;
        if rx.capacity() < needed {
            return Err(LocalError::RecvBufTooSmall { needed }.into());
        }
        let generation = match self.state {
            State::New => client.begin(self.sequence.inherits()),
            State::Running(generation) => generation,
            State::Confirming(_) => client.generation(),
            State::Ending(outcome) => return self.end(outcome, true, client, now, rx, tx),
            State::Over => return Err(LocalError::OperationOver.into()),
        };
        if let State::New = self.state {
            self.state = State::Running(generation);
        }
        let step = self.go_on(client, generation, now, rx, tx);
        client.pause_listening();
        step
    }

    fn go_on(
        &mut self,
        client: &mut Client,
        generation: Generation,
        now: Instant,
        rx: &mut Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<Step, Error> {
        loop {
            if let Some((id, op)) = client.next_order() {
                return Ok(Action::Data(id, op));
            }
            if let State::Confirming(_) = self.state {
                client.confirm(tx)?;
            }
            // A reply that arrived while no command was unanswered answers nothing: it must not be
            // taken for an answer to the next command.
            let before = client.strays();
            let mut step = match client.is_owed() {
                true => None,
                false => Some(client.step(now, rx, tx)?),
            };
            let heard = client.strays() != before;
            match step {
                Some(Action::Wait(_) | Action::Event(MachineEvent::Changed)) => step = None,
                // The driver has to perform this action first, and reads again afterwards.
                Some(_) => client.stop_listening(),
                None => {}
            }
            if client.listen(now, heard, rx.pending()) {
                return Ok(Action::Wait(listening(now, rx, tx)));
            }
            let mut advance = Advance::Continue;
            if step.is_none() && client.is_settled(generation) {
                advance = match self.state {
                    State::Confirming(_) if client.confirm(tx)? => Advance::Done,
                    State::Confirming(_) => Advance::Continue,
                    _ => self.sequence.advance(&mut Context { client, tx })?,
                };
            }
            if advance == Advance::Continue && client.listen(now, false, rx.pending()) {
                return Ok(Action::Wait(listening(now, rx, tx)));
            }
            let outcome = match advance {
                Advance::Continue => {
                    let step = match step {
                        Some(step) => step,
                        None => client.step(now, rx, tx)?,
                    };
                    let owed = match step.into_event() {
                        Err(action) => return Ok(action),
                        Ok(MachineEvent::Reply(owed)) if owed.belongs_to(generation) => owed,
                        Ok(_) => continue,
                    };
                    self.state = State::Running(generation);
                    match self.judge(owed, client, rx, tx) {
                        Verdict::Continue => continue,
                        Verdict::Show => return Ok(Action::Event(Event::Line(owed))),
                        Verdict::Done => Outcome::Done(Some(owed)),
                        Verdict::Refused => Outcome::Refused(owed),
                        Verdict::Failed(failure) => Outcome::Failed(failure),
                    }
                }
                Advance::Done => Outcome::Done(None),
                Advance::Failed(failure) => Outcome::Failed(failure),
            };
            let outcome = match (outcome, self.state) {
                (Outcome::Done(reply), _) if client.needs_confirmation() => {
                    self.state = State::Confirming(reply.map(|line| line.map(|_| Span::default())));
                    continue;
                }
                (Outcome::Done(_), State::Confirming(reply)) => Outcome::Done(reply),
                (outcome, _) => outcome,
            };
            return self.end(outcome, false, client, now, rx, tx);
        }
    }

    /// Passes a line of a reply to the sequence, and returns its verdict. A final 421 counts as a
    /// refusal of any operation.
    fn judge(
        &mut self,
        owed: ReceivedLine<Span>,
        client: &mut Client,
        rx: &Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Verdict {
        let line = owed.resolve(|span| rx.bytes(span));
        client.note(Finding::Said(owed.to.verb(), &line));
        match owed.is_final() && line.code == ReplyCode::SERVICE_NOT_AVAILABLE {
            true => Verdict::Refused,
            false => self.sequence.reply(&mut Context { client, tx }, owed.to, &line),
        }
    }

    /// Returns what is left to do for the operation, or else the outcome. The outcome comes last:
    /// once a driver has received it, the application may be idle for a long time. If REIN ends
    /// TLS, for example, the server gives up soon unless the client ends it too.
    fn end(
        &mut self,
        mut outcome: Outcome,
        kept: bool,
        client: &mut Client,
        now: Instant,
        rx: &mut Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<Step, Error> {
        let text = outcome.reply().map(|reply| &mut reply.text);
        let held = if kept { rx.take_held() } else { None };
        let text = text.map(|text| {
            *text = held.unwrap_or(*text);
            *text
        });
        let left = match client.next_order() {
            Some((id, op)) => Some(Action::Data(id, op)),
            None if client.is_changing_protection() => client.step(now, rx, tx)?.into_event().err(),
            None => None,
        };
        if let Some(action) = left {
            if let Some(text) = text {
                rx.hold(text);
            }
            self.state = State::Ending(outcome);
            return Ok(action);
        }
        self.state = State::Over;
        Ok(Action::Event(match outcome {
            Outcome::Done(reply) => Event::Done(reply),
            Outcome::Refused(reply) => Event::Refused(reply.into_refusal()),
            Outcome::Failed(failure) => Event::Failed(failure),
        }))
    }
}

/// Returns a wait that ends at once, but not before the driver has read what is available.
fn listening(now: Instant, rx: &Rx<'_>, tx: &Tx<'_>) -> Wait {
    Wait {
        readable: !rx.is_eof(),
        writable: !tx.is_empty(),
        application: false,
        data: false,
        deadline: Some(now),
    }
}
