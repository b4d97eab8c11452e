//! A transfer from one server to another (RFC 959 2.3, figure 2): two control connections, one
//! operation.
//!
//! ```text
//!                  this client
//!       RETR  ◄──────┘     └──────►  STOR
//!      source ══════ data ═══════► target
//! ```
//!
//! One server listens, and the other connects to it. The target listens first: the client can then
//! wait until RETR has begun before it sends STOR, so a source that refuses does not damage a file
//! on the target. If one of the servers refuses its role (most refuse to connect to a host other
//! than their client, RFC 2577 3), the roles are swapped and both commands are sent at once,
//! because a listening source might not begin before the target connects.
//!
//! If both servers protect their data (PROT P), each would take the other for a client of its own
//! and wait for it to begin TLS: RFC 4217 makes no provision for this. SSCN, which no document
//! specifies but which is in wide use, makes one server the TLS client on its data connections
//! until it is revoked. The target takes that role unless it is known to lack SSCN: a TLS 1.3
//! server sends tickets to its client, and a TLS client that only sends leaves them unread, so that
//! its close becomes a reset.

mod part;

use core::convert::Infallible;

use crate::action::{Action, DataId, DataOp, Wait};
use crate::buffer::{RecvBuf, Rx, SendBuf, Span, Tx};
use crate::client::dialogue::{ServerToServer, TlsRole, TransferUpdate};
use crate::client::{Client, Event, Operation, Refusal};
use crate::codec::{Command, Features, RepresentationType, Text, Verb};
use crate::error::{Error, LocalError};
use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;
use part::{End, Part, Withdrawal, is_of_connection, withdraw};

/// One of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The server that sends the file.
    Source,
    /// The server that stores the file.
    Target,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Source, Self::Target];

    /// Returns the other server.
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
    /// Receive window of the client.
    pub rx: &'p mut RecvBuf<R>,
    /// Send queue of the client.
    pub tx: &'p mut SendBuf<T>,
}

/// The next action of a transfer between servers: a request to its driver, or an outcome.
#[derive(Debug)]
#[must_use = "an action is returned once: carry it out now or keep it for later"]
#[non_exhaustive]
pub enum FxpAction<'b> {
    /// Both servers report that the transfer is complete.
    Done,
    /// This server refused, and the transfer was also ended at the other one: both clients can be
    /// used for other operations. The target decides how much of the file it keeps. The refusal
    /// reported is the first one, unless that refusal said only that the data connection failed
    /// (425, 426) and the other server gave a reason.
    Refused(Side, Refusal<&'b [u8]>),
    /// The transfer was given up, as [`Fxp::abort`] asked.
    Aborted,
    /// An order on a data connection of this client, left behind by an earlier operation.
    Data(Side, DataId, DataOp),
    /// Like [`Action::UpgradeControl`](crate::action::Action::UpgradeControl), left behind by an
    /// earlier operation of this client.
    UpgradeControl(Side, Upgrade),
    /// Like [`Action::DowngradeControl`](crate::action::Action::DowngradeControl), left behind by
    /// an earlier operation of this client.
    DowngradeControl(Side, Downgrade),
    /// Close this control connection.
    Close(Side),
    /// Nothing to do until one of these events happens, on either side.
    Wait {
        /// Events at the source to wait for.
        source: Wait,
        /// Events at the target to wait for.
        target: Wait,
    },
}

/// The failure of one side: its connection is no longer usable, or its client was misused. The
/// other side can still be used: its next operation first gives up the transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FxpError {
    /// Side that failed.
    pub side: Side,
    /// Error of that side.
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

/// Sends RETR of `from` to one server and STOR to `to` to another, so that the data goes from the
/// first server to the second, from byte `offset` on (by REST at both).
///
/// Both clients have to be logged in, and have to use the same mode and structure. Either both
/// protect their data connections (PROT P), or neither does and neither is required to; otherwise
/// the operation fails before anything is sent, with [`LocalError::DataProtected`] or
/// [`LocalError::Unprotected`]. The control connections may be protected in any case.
///
/// If both protect their data connections, one server is asked to be the TLS client on the data
/// connection (SSCN ON): the target, unless its FEAT does not list SSCN, and if that server
/// refuses, the other one. If neither supports SSCN, the operation fails with
/// [`LocalError::DataProtected`]. The role is remembered, and revoked before the next transfer
/// between that server and its own client. The servers check each other's certificates as they are
/// configured to, if at all. A server that requires data connections to resume the TLS session of
/// its control connection can only be the TLS client: the other server has no session of this
/// client to resume.
///
/// By default, servers refuse such transfers because neither server is the other's client; see
/// [`foreign_addresses`](crate::server::Config::foreign_addresses) for this crate's server, which
/// has no SSCN.
pub fn fxp<'a>(from: Text<'a>, to: Text<'a>, representation: RepresentationType, offset: u64) -> Fxp<'a> {
    let commands = [Command::Retr(from), Command::Stor(to)];
    let mut fxp = Fxp {
        commands,
        representation,
        offset,
        listener: Side::Target,
        halves: [Half::Over, Half::Over],
        tls_client: TlsClient::Open,
        ending: Ending::Done,
    };
    fxp.begin();
    fxp
}

/// The operation of [`fxp`]. If it is dropped, the next operation of each client gives the transfer
/// up (ABOR).
#[derive(Debug)]
#[must_use = "an operation does nothing unless it is polled"]
pub struct Fxp<'a> {
    commands: [Command<'a>; 2],
    representation: RepresentationType,
    offset: u64,
    /// Side that listens: the target at first, and the source once the roles are swapped.
    listener: Side,
    halves: [Half<'a>; 2],
    tls_client: TlsClient,
    /// Outcome to report when both halves are over.
    ending: Ending,
}

/// The choice of the side that becomes the TLS client, if data is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TlsClient {
    /// No server has been asked yet, or data is not protected.
    Open,
    /// This side becomes the TLS client, or the other if this side refuses.
    First(Side),
    /// This side becomes the TLS client, because the other has refused.
    Second(Side),
}

impl TlsClient {
    /// Returns the TLS role that a server has to take.
    fn role_of(self, side: Side) -> Option<TlsRole> {
        match self {
            Self::Open => None,
            Self::First(client) | Self::Second(client) if client == side => Some(TlsRole::Client),
            Self::First(_) | Self::Second(_) => Some(TlsRole::Server),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Done,
    Refused(Side, Refusal<Span>),
    Aborted,
    /// Everything was reported, or one side's connection has failed.
    Over,
}

#[derive(Debug)]
enum Half<'a> {
    Part(Operation<Part<'a>>),
    Abort(Operation<Withdrawal>),
    Over,
}

/// A client and its buffers, as the steps use them.
struct View<'v> {
    client: &'v mut Client,
    rx: Rx<'v>,
    tx: Tx<'v>,
}

/// The result of a step, with spans instead of bytes.
enum Step {
    Ended(Ending),
    Of(Side, Action<Infallible>),
    Wait([Wait; 2]),
}

/// The event that a half has advanced, so that the other half may be able to advance too.
struct Changed;

impl<'a> Fxp<'a> {
    /// Advances the transfer. Each call takes in some input on either side, returns something to
    /// do, or returns what to wait for.
    ///
    /// # Errors
    /// If one side's connection breaks or its client is misused. The operation is then over.
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
        if let Ending::Over = self.ending {
            return Err(FxpError { side: Side::Source, error: LocalError::OperationOver.into() });
        }
        let mut views = [
            View { client: source.client, rx: source.rx.view(), tx: source.tx.view() },
            View { client: target.client, rx: target.rx.view(), tx: target.tx.view() },
        ];
        let step = self.step(now, &mut views);
        if matches!(step, Err(_) | Ok(Step::Ended(_) | Step::Of(_, Action::Close))) {
            self.ending = Ending::Over;
        }
        Ok(match step? {
            Step::Ended(Ending::Done | Ending::Over) => FxpAction::Done,
            Step::Ended(Ending::Aborted) => FxpAction::Aborted,
            Step::Ended(Ending::Refused(side, refusal)) => {
                let rx: &'b RecvBuf<R> = match side {
                    Side::Source => source.rx,
                    Side::Target => target.rx,
                };
                FxpAction::Refused(side, refusal.map(|span| rx.bytes(span)))
            }
            Step::Of(side, Action::Data(id, op)) => FxpAction::Data(side, id, op),
            Step::Of(side, Action::UpgradeControl(token)) => FxpAction::UpgradeControl(side, token),
            Step::Of(side, Action::DowngradeControl(token)) => FxpAction::DowngradeControl(side, token),
            Step::Of(side, _) => FxpAction::Close(side),
            Step::Wait([source, target]) => FxpAction::Wait { source, target },
        })
    }

    /// Gives up the transfer with ABOR at both servers: keep polling until [`FxpAction::Aborted`].
    /// The target may have the whole file by then.
    pub fn abort(&mut self) {
        if let Ending::Over = self.ending {
            return;
        }
        self.ending = Ending::Aborted;
        for half in &mut self.halves {
            half.abort();
        }
    }

    /// Starts both halves anew.
    fn begin(&mut self) {
        for ((side, half), command) in Side::BOTH.into_iter().zip(&mut self.halves).zip(&self.commands) {
            let end = if side == self.listener { End::Listens } else { End::Connects };
            *half = Half::Part(Operation::new(Part::new(*command, self.representation, self.offset, end)));
        }
        self.assign_tls();
    }

    fn step(&mut self, now: Instant, views: &mut [View<'_>; 2]) -> Result<Step, FxpError> {
        let [source, target] = &*views;
        if agreed_differs(source.client, target.client) {
            return Err(FxpError { side: Side::Target, error: LocalError::CodingsDiffer.into() });
        }
        let protects = views.each_ref().map(|view| view.client.protects_data());
        for (side, view) in Side::BOTH.into_iter().zip(&*views) {
            let error = match protects {
                [true, true] => break,
                _ if protects[side as usize] => LocalError::DataProtected,
                _ if view.client.is_denied(Some(Verb::Retr)) => LocalError::Unprotected,
                _ => continue,
            };
            return Err(FxpError { side, error: error.into() });
        }
        if protects == [true, true] && self.tls_client == TlsClient::Open {
            self.tls_client = TlsClient::First(tls_client(target.client));
            self.assign_tls();
        }
        loop {
            let mut waits = [Wait::default(); 2];
            let mut changed = false;
            for (side, wait) in Side::BOTH.into_iter().zip(&mut waits) {
                let step = self.half_step(side, now, views).map_err(|error| FxpError { side, error })?;
                match step.into_event() {
                    Ok(Changed) => changed = true,
                    Err(Action::Wait(one)) => *wait = one,
                    Err(action) => return Ok(Step::Of(side, action)),
                }
            }
            changed |= self.coordinate(views);
            if self.halves.iter().all(|half| matches!(half, Half::Over)) {
                if let Ending::Refused(side, refusal) = &mut self.ending {
                    let rx = &mut views[*side as usize].rx;
                    refusal.text = rx.take_held().unwrap_or(refusal.text);
                }
                return Ok(Step::Ended(self.ending));
            }
            if !changed {
                return Ok(Step::Wait(waits));
            }
        }
    }

    /// Assigns each half its TLS role.
    fn assign_tls(&mut self) {
        for (side, half) in Side::BOTH.into_iter().zip(&mut self.halves) {
            if let Half::Part(part) = half {
                part.sequence_mut().assign(self.tls_client.role_of(side));
            }
        }
    }

    fn half_step(
        &mut self,
        side: Side,
        now: Instant,
        views: &mut [View<'_>; 2],
    ) -> Result<Action<Changed>, Error> {
        let View { client, rx, tx } = &mut views[side as usize];
        let half = &mut self.halves[side as usize];
        let step = match half {
            Half::Part(part) => part.step(client, now, rx, tx)?,
            Half::Abort(abort) => abort.step(client, now, rx, tx)?,
            Half::Over => return Ok(Action::Wait(Wait::default())),
        };
        let event = match step.into_event() {
            Ok(event) => event,
            Err(action) => return Ok(action),
        };
        match event {
            Event::Line(line) => {
                // This refusal is the reason why the other side's data connection broke.
                if matches!(&self.ending, Ending::Refused(_, first) if is_of_connection(first.code)) {
                    self.refuse(side, line.into_refusal(), rx);
                }
            }
            Event::Done(_) | Event::Failed(_) => *half = Half::Over,
            Event::Refused(refusal) if declines_tls(&refusal) => {
                let TlsClient::First(refuses) = self.tls_client else {
                    return Err(LocalError::DataProtected.into());
                };
                self.tls_client = TlsClient::Second(refuses.other());
                self.begin();
            }
            Event::Refused(refusal) if self.listener == Side::Target && concerns_address(&refusal) => {
                self.listener = Side::Source;
                self.begin();
            }
            Event::Refused(refusal) => self.refuse(side, refusal, rx),
        }
        Ok(Action::Event(Changed))
    }

    /// Records the refusal of one side, and stops the other. If ABOR was sent to the other side,
    /// that client's next operation reads the replies still owed to it.
    fn refuse(&mut self, side: Side, refusal: Refusal<Span>, rx: &mut Rx<'_>) {
        // The other side may take its time, and the driver may read more.
        rx.hold(refusal.text);
        self.ending = Ending::Refused(side, refusal);
        self.halves[side as usize] = Half::Over;
        self.halves[side.other() as usize].abort();
    }

    /// Passes each half the progress of the other; returns whether that changes anything.
    fn coordinate(&mut self, views: &mut [View<'_>; 2]) -> bool {
        let mut changed = false;
        let [source, target] = &mut self.halves;
        if let (Half::Part(source), Half::Part(target)) = (&mut *source, &mut *target) {
            let (source, target) = (source.sequence_mut(), target.sequence_mut());
            let address = if source.listens() { source.address() } else { target.address() };
            changed |= source.learn_address(address) | target.learn_address(address);
            if source.has_asked() && target.has_asked() {
                changed |= source.begin(source.is_ready() && !target.is_asking());
                changed |= target.begin(source.listens() || source.has_begun());
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
            views[other].client.update_transfer(TransferUpdate::ServerToServer(ServerToServer::Ending));
        }
        changed
    }
}

impl Half<'_> {
    fn abort(&mut self) {
        if matches!(self, Self::Part(_)) {
            *self = Self::Abort(withdraw());
        }
    }
}

/// Returns whether a refusal concerns the way in which the servers find each other, so that another
/// way may work.
fn concerns_address(refusal: &Refusal<Span>) -> bool {
    !refusal.is_fatal()
        && matches!(refusal.to.verb(), Some(Verb::Epsv | Verb::Pasv | Verb::Eprt | Verb::Port))
}

/// Returns the side that is asked first to be the TLS client; `target` is the target's client.
fn tls_client(target: &Client) -> Side {
    match target.offers() {
        Some(offers) if !offers.features().contains(Features::SSCN) => Side::Source,
        _ => Side::Target,
    }
}

/// Returns whether a refusal concerns the TLS role, so that the other side may take it.
fn declines_tls(refusal: &Refusal<Span>) -> bool {
    !refusal.is_fatal() && refusal.to.verb() == Some(Verb::Sscn)
}

/// Returns whether two clients have agreed with their servers on different structures or modes.
fn agreed_differs(one: &Client, other: &Client) -> bool {
    let image = RepresentationType::Image;
    one.settings().coding(image) != other.settings().coding(image)
}
