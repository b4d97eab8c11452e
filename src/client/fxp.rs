//! A transfer from one server to another (RFC 959 2.3, figure 2): two control connections, one operation.
//!
//! ```text
//!                  this client
//!       RETR  ◄──────┘     └──────►  STOR
//!      source ══════ data ═══════► target
//! ```
//!
//! One server is made to listen, and the other to connect to it. The target listens first: then RETR can be
//! seen to begin before STOR is sent, and a source that refuses harms no file of the target's. Where one of
//! them refuses that (most refuse to connect to another host than their client, RFC 2577 3), it is tried the
//! other way round, with both commands sent at once: a listening source may not begin before the target
//! connects.

use core::net::SocketAddr;

use super::abort::{Abort, abort_elsewhere};
use super::channel::parse_passive;
use super::{Client, Context, Next, Operation, OperationStep, Profile, Refusal, ReplySpan, Sequence};
use crate::action::{DataId, DataOp, Wait};
use crate::buffer::{RecvBuf, Rx, SendBuf, Tx};
use crate::codec::{ByteRange, Command, ReplyCode, ReplyLine, RepresentationType, RestartMarker, Text, Verb};
use crate::error::{Error, LocalError};
use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;

/// Whether the transfer that a server is busy with goes to or comes from another server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Elsewhere {
    #[default]
    No,
    Moving,
    /// The other server has told its end.
    Ending,
}

/// One of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that sends the file.
    Source,
    /// The one that stores it.
    Target,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Source, Self::Target];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Source => Self::Target,
            Self::Target => Self::Source,
        }
    }
}

/// A client of one of the two servers, with its buffers.
#[derive(Debug)]
pub struct Party<'p, R, T> {
    /// The client.
    pub client: &'p mut Client,
    /// Its receive window.
    pub rx: &'p mut RecvBuf<R>,
    /// Its send queue.
    pub tx: &'p mut SendBuf<T>,
}

/// What a transfer between servers asks of its driver, or tells.
#[derive(Debug)]
#[must_use = "an action comes once: what is not done now has to be remembered"]
#[non_exhaustive]
pub enum FxpAction<'b> {
    /// Both servers say that the file is there.
    Done,
    /// This server refused, and the other was brought to its end too: both clients are good for other
    /// operations. What the target has of the file by then is its own matter.
    Refused(Side, Refusal<'b>),
    /// It was given up, as [`Fxp::abort`] asked.
    Aborted,
    /// Something to do on a data connection of this client's, which an earlier operation of its own left
    /// behind.
    Data(Side, DataId, DataOp),
    /// As [`Action::UpgradeControl`](crate::action::Action::UpgradeControl), which an earlier operation of this
    /// client's left behind.
    UpgradeControl(Side, Upgrade),
    /// As [`Action::DowngradeControl`](crate::action::Action::DowngradeControl), likewise.
    DowngradeControl(Side, Downgrade),
    /// Close this control connection.
    Close(Side),
    /// Nothing to do until one of these, on either side.
    Wait {
        /// On the source's.
        source: Wait,
        /// On the target's.
        target: Wait,
    },
}

/// One side's connection is of no more use, or was misused. The other's is: its next operation gives the
/// transfer up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FxpError {
    /// The side.
    pub side: Side,
    /// What happened.
    pub error: Error,
}

impl core::fmt::Display for FxpError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let side = match self.side {
            Side::Source => "the source",
            Side::Target => "the target",
        };
        write!(f, "{side}: {}", self.error)
    }
}

impl core::error::Error for FxpError {}

/// RETR of `from` at one server and STOR to `to` at another, whose data goes from the one to the other. From
/// byte `offset` on, by REST at both.
///
/// Both clients are logged in, and in the same mode and structure. Neither may protect its data connections:
/// each server would take the other for a client of its own. That the target is the source's client as little
/// as the source is the target's is what servers refuse by default; see
/// [`foreign_addresses`](crate::server::Config::foreign_addresses) for ours.
pub fn fxp<'a>(from: Text<'a>, to: Text<'a>, representation: RepresentationType, offset: u64) -> Fxp<'a> {
    let commands = [Command::Retr(from), Command::Stor(to)];
    let mut fxp = Fxp {
        commands,
        representation,
        offset,
        listener: Side::Target,
        halves: [Half::Over, Half::Over],
        swapped: false,
        ending: Ending::Done,
        over: false,
    };
    fxp.begin();
    fxp
}

/// See [`fxp`]. Dropped, it makes the next operation of each client give the transfer up (ABOR).
#[derive(Debug)]
#[must_use = "an operation does nothing unless it is polled"]
pub struct Fxp<'a> {
    commands: [Command<'a>; 2],
    representation: RepresentationType,
    offset: u64,
    listener: Side,
    halves: [Half<'a>; 2],
    /// It is tried the other way round.
    swapped: bool,
    /// What is told when both halves are over.
    ending: Ending,
    over: bool,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Done,
    Refused(Side, ReplySpan),
    Aborted,
}

#[derive(Debug)]
enum Half<'a> {
    Part(Operation<Part<'a>>),
    Abort(Operation<Abort>),
    Over,
}

/// A client as the steps see it.
struct View<'v> {
    client: &'v mut Client,
    rx: Rx<'v>,
    tx: Tx<'v>,
}

/// What a step came to, with places in the receive window in the stead of bytes.
enum Step {
    Ended(Ending),
    Of(Side, HalfStep),
    Wait([Wait; 2]),
}

impl<'a> Fxp<'a> {
    /// Goes on with it. Each call takes something in on either side, gives something to do, or says what to
    /// wait for.
    ///
    /// # Errors
    /// When one side's connection breaks or is misused. It is over then.
    pub fn poll<'b, R, T>(
        &mut self,
        now: Instant,
        source: Party<'b, R, T>,
        target: Party<'b, R, T>,
    ) -> Result<FxpAction<'b>, FxpError>
    where
        R: AsRef<[u8]> + AsMut<[u8]>,
        T: AsRef<[u8]> + AsMut<[u8]>,
    {
        if core::mem::replace(&mut self.over, true) {
            return Err(FxpError { side: Side::Source, error: LocalError::OperationOver.into() });
        }
        let mut views = [
            View { client: source.client, rx: source.rx.view(), tx: source.tx.view() },
            View { client: target.client, rx: target.rx.view(), tx: target.tx.view() },
        ];
        let step = self.step(now, &mut views)?;
        self.over = matches!(step, Step::Ended(_) | Step::Of(_, HalfStep::Close));
        Ok(match step {
            Step::Ended(Ending::Done) => FxpAction::Done,
            Step::Ended(Ending::Aborted) => FxpAction::Aborted,
            Step::Ended(Ending::Refused(side, reply)) => {
                let rx: &'b RecvBuf<R> = match side {
                    Side::Source => source.rx,
                    Side::Target => target.rx,
                };
                let ReplyLine { code, text, .. } = reply.resolve(|span| rx.bytes(span));
                FxpAction::Refused(side, Refusal { verb: reply.verb, code, text })
            }
            Step::Of(side, HalfStep::Data(id, op)) => FxpAction::Data(side, id, op),
            Step::Of(side, HalfStep::Upgrade(token)) => FxpAction::UpgradeControl(side, token),
            Step::Of(side, HalfStep::Downgrade(token)) => FxpAction::DowngradeControl(side, token),
            Step::Of(side, _) => FxpAction::Close(side),
            Step::Wait([source, target]) => FxpAction::Wait { source, target },
        })
    }

    /// Gives the transfer up, by ABOR at both servers: poll on until [`FxpAction::Aborted`]. The target may
    /// have all of the file by then.
    pub fn abort(&mut self) {
        self.ending = Ending::Aborted;
        for half in &mut self.halves {
            half.abort();
        }
    }

    /// Both halves, from the start.
    fn begin(&mut self) {
        for ((side, half), command) in Side::BOTH.into_iter().zip(&mut self.halves).zip(&self.commands) {
            *half = Half::Part(Operation::new(Part {
                command: *command,
                representation: self.representation,
                offset: self.offset,
                listens: side == self.listener,
                address: None,
                type_sent: false,
                range_sent: false,
                restart_sent: false,
                stage: Stage::Address,
                may_begin: false,
            }));
        }
    }

    fn step(&mut self, now: Instant, views: &mut [View<'_>; 2]) -> Result<Step, FxpError> {
        let [source, target] = &*views;
        if source.client.agreed_differs(target.client) {
            return Err(FxpError { side: Side::Target, error: LocalError::CodingsDiffer.into() });
        }
        for (side, view) in Side::BOTH.into_iter().zip(&*views) {
            if view.client.protects_data() {
                return Err(FxpError { side, error: LocalError::DataProtected.into() });
            }
        }
        loop {
            let mut waits = [Wait::default(); 2];
            let mut changed = false;
            for (side, wait) in Side::BOTH.into_iter().zip(&mut waits) {
                match self.half_step(side, now, views).map_err(|error| FxpError { side, error })? {
                    HalfStep::Changed => changed = true,
                    HalfStep::Wait(one) => *wait = one,
                    step => return Ok(Step::Of(side, step)),
                }
            }
            changed |= self.coordinate(views);
            if self.halves.iter().all(|half| matches!(half, Half::Over)) {
                if let Ending::Refused(side, reply) = &mut self.ending {
                    let View { client, rx, .. } = &mut views[*side as usize];
                    *reply = client.kept(rx, *reply);
                }
                return Ok(Step::Ended(self.ending));
            }
            if !changed {
                return Ok(Step::Wait(waits));
            }
        }
    }

    fn half_step(&mut self, side: Side, now: Instant, views: &mut [View<'_>; 2]) -> Result<HalfStep, Error> {
        let View { client, rx, tx } = &mut views[side as usize];
        let half = &mut self.halves[side as usize];
        let step = match half {
            Half::Part(part) => part.step(client, now, rx, tx)?,
            Half::Abort(abort) => abort.step(client, now, rx, tx)?,
            Half::Over => return Ok(HalfStep::Wait(Wait::default())),
        };
        Ok(match step {
            OperationStep::Data(id, op) => HalfStep::Data(id, op),
            OperationStep::Upgrade(token) => HalfStep::Upgrade(token),
            OperationStep::Downgrade(token) => HalfStep::Downgrade(token),
            OperationStep::Close => HalfStep::Close,
            OperationStep::Wait(wait) => HalfStep::Wait(wait),
            OperationStep::Line(_) => HalfStep::Changed,
            OperationStep::Done(_) | OperationStep::Failed(_) => {
                *half = Half::Over;
                HalfStep::Changed
            }
            OperationStep::Refused(reply) if !self.swapped && seeks(&reply) => {
                (self.swapped, self.listener) = (true, self.listener.other());
                self.begin();
                HalfStep::Changed
            }
            OperationStep::Refused(reply) => {
                // The other side may take its time, and the driver read more.
                client.keep(rx, &reply);
                *half = Half::Over;
                self.ending = Ending::Refused(side, reply);
                self.halves[side.other() as usize].abort();
                HalfStep::Changed
            }
        })
    }

    /// Tells each half what the other has come to; says whether that changes anything.
    fn coordinate(&mut self, views: &mut [View<'_>; 2]) -> bool {
        let mut changed = false;
        let [source, target] = &mut self.halves;
        if let (Half::Part(source), Half::Part(target)) = (&mut *source, &mut *target) {
            let (source, target) = (source.sequence_mut(), target.sequence_mut());
            let address = if source.listens { source.address } else { target.address };
            for part in [&mut *source, &mut *target] {
                changed |= part.address != address;
                part.address = address;
            }
            if source.stage != Stage::Address && target.stage != Stage::Address {
                changed |= source.begin(source.stage == Stage::Ready && target.stage != Stage::Asked);
                changed |= target.begin(source.listens || source.stage == Stage::Begun);
            }
        }
        for side in Side::BOTH {
            let (half, other) = (side as usize, side.other() as usize);
            if !matches!(self.halves[half], Half::Over) {
                continue;
            }
            if let Half::Part(other) = &mut self.halves[other] {
                changed |= other.sequence_mut().begin(true);
            }
            let elsewhere = &mut views[other].client.elsewhere;
            if *elsewhere == Elsewhere::Moving {
                *elsewhere = Elsewhere::Ending;
            }
        }
        changed
    }
}

impl Half<'_> {
    fn abort(&mut self) {
        if matches!(self, Self::Part(_)) {
            *self = Self::Abort(abort_elsewhere());
        }
    }
}

enum HalfStep {
    Data(DataId, DataOp),
    Upgrade(Upgrade),
    Downgrade(Downgrade),
    Close,
    Changed,
    Wait(Wait),
}

/// Whether a refusal is of the way that the servers are to find each other, and there may be another.
fn seeks(reply: &ReplySpan) -> bool {
    reply.code != ReplyCode::SERVICE_NOT_AVAILABLE
        && matches!(reply.verb, Some(Verb::Epsv | Verb::Pasv | Verb::Eprt | Verb::Port))
}

impl Client {
    fn agreed_differs(&self, other: &Self) -> bool {
        (self.agreed.mode, self.agreed.structure) != (other.agreed.mode, other.agreed.structure)
    }
}

/// What one of the two servers is told.
#[derive(Debug)]
struct Part<'a> {
    command: Command<'a>,
    representation: RepresentationType,
    offset: u64,
    /// It listens, and the other connects.
    listens: bool,
    /// Where: told by this server or, through [`Fxp::coordinate`], by the other.
    address: Option<SocketAddr>,
    type_sent: bool,
    /// An earlier operation's range was taken back.
    range_sent: bool,
    restart_sent: bool,
    stage: Stage,
    may_begin: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The address is to be asked for, or to be told as soon as it is known.
    Address,
    /// It was asked for, or told.
    Asked,
    /// It was granted.
    Ready,
    /// The command was sent.
    Sent,
    /// The server has said that the transfer begins.
    Begun,
}

impl Part<'_> {
    /// Lets the transfer begin; says whether it may only now.
    fn begin(&mut self, may: bool) -> bool {
        may && !core::mem::replace(&mut self.may_begin, true)
    }

    /// What asks for the address, or tells it.
    fn seek(&self, client: &Client) -> Option<Command<'static>> {
        if self.listens {
            return Some(client.passive_command());
        }
        Some(match self.address? {
            SocketAddr::V4(at) if client.profile.contains(Profile::NO_EPRT) => Command::Port(at),
            at => Command::Eprt(SocketAddr::new(at.ip().to_canonical(), at.port())),
        })
    }

    /// EPSV or EPRT was refused: remember it, and use the older command where that can name the address.
    fn fall_back(&mut self, client: &mut Client, verb: Verb) -> Next {
        let (flag, possible) = match verb {
            Verb::Epsv => (Profile::NO_EPSV, !client.peer_is_ipv6()),
            Verb::Eprt => (Profile::NO_EPRT, self.address.is_some_and(|at| at.ip().to_canonical().is_ipv4())),
            _ => return Next::Refused,
        };
        if !possible || client.profile.contains(flag) {
            return Next::Refused;
        }
        client.profile |= flag;
        self.stage = Stage::Address;
        Next::Continue
    }
}

impl Sequence for Part<'_> {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        self.type_sent = self.type_sent || cx.set_type(self.representation)?;
        if self.type_sent && self.stage == Stage::Address {
            if let Some(command) = self.seek(cx.client) {
                if cx.send(&command)? {
                    self.stage = Stage::Asked;
                }
            }
        }
        // What follows waits for the answers: nothing of it can be taken back.
        if self.stage != Stage::Ready || !self.may_begin || cx.client.is_owed() {
            return Ok(Next::Continue);
        }
        if !self.range_sent && cx.client.range_kept {
            self.range_sent = cx.send(&Command::Rang(ByteRange::WHOLE))?;
        } else if !self.restart_sent && (self.offset > 0 || cx.client.offset_kept) {
            self.restart_sent = cx.send(&Command::Rest(RestartMarker::Offset(self.offset)))?;
        } else if cx.send(&self.command)? {
            cx.client.elsewhere = Elsewhere::Moving;
            self.stage = Stage::Sent;
        }
        Ok(Next::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, verb: Option<Verb>, line: &ReplyLine<'_>) -> Next {
        if line.position.is_end() && !line.code.is_preliminary() {
            return self.finished(cx, verb, line);
        }
        if line.position.is_end() && verb == self.command.known_verb() {
            self.stage = Stage::Begun;
        }
        Next::Continue
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, verb: Option<Verb>, line: &ReplyLine<'_>) -> Next {
        let granted = line.code.is_success();
        match verb {
            Some(Verb::Epsv | Verb::Pasv) if granted => match parse_passive(line) {
                Ok((named, port)) => {
                    self.address = Some(cx.client.passive_target(named, port));
                    self.stage = Stage::Ready;
                    Next::Continue
                }
                Err(_) => self.fall_back(cx.client, verb.unwrap_or(Verb::Pasv)),
            },
            Some(Verb::Eprt | Verb::Port) if granted => {
                self.stage = Stage::Ready;
                Next::Continue
            }
            Some(verb @ (Verb::Epsv | Verb::Eprt)) => self.fall_back(cx.client, verb),
            Some(Verb::Type | Verb::Noop) if granted || verb == Some(Verb::Noop) => Next::Continue,
            // Where it is unknown none can be in force.
            Some(Verb::Rang) if !cx.client.range_kept => Next::Continue,
            Some(Verb::Rest) if granted || line.code.is_intermediate() => Next::Continue,
            verb if verb == self.command.known_verb() && granted => Next::Done,
            _ => Next::Refused,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
}
