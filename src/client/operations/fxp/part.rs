//! One server's part in a transfer between two: the commands that the server gets, and their
//! withdrawal.

use core::net::SocketAddr;

use crate::client::dialogue::{Finding, Outgoing, ServerToServer, TlsRole, TransferUpdate};
use crate::client::operations::abort::Abort;
use crate::client::operations::narrowing::{Narrowing, Progress};
use crate::client::{Advance, Client, Context, Inherits, Operation, Profile, ReplyTo, Sequence, Verdict};
use crate::codec::{
    Command, Direction, ReplyCode, ReplyLine, RepresentationType, RestartMarker, Verb, address,
};
use crate::error::LocalError;

/// One server's part in the transfer.
#[derive(Debug)]
pub(super) struct Part<'a> {
    command: Command<'a>,
    representation: RepresentationType,
    narrowing: Narrowing<'a>,
    end: End,
    /// Address of the data connection, named by this server or, through [`Fxp::coordinate`], by the
    /// other one.
    ///
    /// [`Fxp::coordinate`]: super::Fxp
    address: Option<SocketAddr>,
    /// Server's role in TLS on the data connection; `None` if the data connection is not protected.
    role: Option<TlsRole>,
    step: Step,
    /// Set once the other server is ready for the transfer to begin at this one.
    may_begin: bool,
}

/// The role of a server in opening the data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server listens.
    Listens,
    /// The server connects.
    Connects,
}

/// The next step, in the order of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The representation type has to be set.
    Type,
    /// The TLS role may have to be set.
    Role,
    /// The TLS role was requested, and the server has yet to grant it.
    RoleAsked,
    /// The address is to be requested, or announced as soon as it is known.
    Address,
    /// The address was requested or announced.
    Asked,
    /// The address was granted: the commands that narrow the transfer are next, and then the
    /// transfer command.
    Ready,
    /// The command was sent.
    Sent,
    /// The server has announced the transfer.
    Begun,
}

impl<'a> Part<'a> {
    pub(super) const fn new(
        command: Command<'a>,
        representation: RepresentationType,
        offset: u64,
        end: End,
    ) -> Self {
        let restart = if offset > 0 { Some(RestartMarker::Offset(offset)) } else { None };
        Self {
            command,
            representation,
            narrowing: Narrowing::new(restart, None),
            end,
            address: None,
            role: None,
            step: Step::Type,
            may_begin: false,
        }
    }

    /// Returns the direction of the data at this server.
    const fn direction(&self) -> Direction {
        match self.command {
            Command::Retr(_) => Direction::FromServer,
            _ => Direction::ToServer,
        }
    }

    pub(super) fn listens(&self) -> bool {
        self.end == End::Listens
    }

    /// Returns the address of the data connection, once it is known.
    pub(super) const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Sets the address of the data connection. Returns whether it changed.
    pub(super) fn learn_address(&mut self, address: Option<SocketAddr>) -> bool {
        core::mem::replace(&mut self.address, address) != address
    }

    /// Sets the TLS role that the server has to take.
    pub(super) const fn assign(&mut self, role: Option<TlsRole>) {
        self.role = role;
    }

    /// Returns whether the address was requested or announced.
    pub(super) fn has_asked(&self) -> bool {
        self.step >= Step::Asked
    }

    /// Returns whether the address was requested or announced, and the reply is still owed.
    pub(super) fn is_asking(&self) -> bool {
        self.step == Step::Asked
    }

    /// Returns whether the command can be sent.
    pub(super) fn is_ready(&self) -> bool {
        self.step == Step::Ready
    }

    /// Returns whether the server has announced the transfer.
    pub(super) fn has_begun(&self) -> bool {
        self.step == Step::Begun
    }

    /// Allows the transfer to begin, if `may`; returns whether it was not allowed before.
    pub(super) fn begin(&mut self, may: bool) -> bool {
        may && !core::mem::replace(&mut self.may_begin, true)
    }

    /// Returns the command that requests the address or announces it.
    fn address_command(&self, client: &Client) -> Option<Command<'static>> {
        match self.end {
            End::Listens => Some(client.passive_command()),
            End::Connects => self.address.map(|at| client.active_command(at)),
        }
    }

    /// Falls back to the older command if that command can name the address, and remembers that
    /// EPSV or EPRT was refused.
    fn fall_back(&mut self, client: &mut Client, verb: Verb) -> Verdict {
        let (property, possible) = match verb {
            Verb::Epsv => (Profile::NO_EPSV, !client.peer_is_ipv6()),
            Verb::Eprt => (Profile::NO_EPRT, self.address.is_some_and(|at| at.ip().to_canonical().is_ipv4())),
            _ => return Verdict::Refused,
        };
        if !possible || client.profile().contains(property) {
            return Verdict::Refused;
        }
        client.note(Finding::Is(property));
        self.step = Step::Address;
        Verdict::Continue
    }

    /// Returns whether the server has the TLS role that it has to take.
    fn has_role(&self, client: &Client) -> bool {
        self.role.is_none_or(|role| role == client.settings().tls_role())
    }

    /// Takes the next step and returns the one after it; `None` if nothing can be done yet.
    fn step(&mut self, cx: &mut Context<'_, '_>) -> Result<Option<Step>, LocalError> {
        let sent = |sent: bool, next: Step| sent.then_some(next);
        Ok(match self.step {
            Step::Type => sent(cx.set_type(self.representation)?, Step::Role),
            Step::Role | Step::RoleAsked if self.has_role(cx.client()) => Some(Step::Address),
            Step::Role => {
                let on = self.role == Some(TlsRole::Client);
                sent(cx.send(&Command::Sscn(Some(on)))?, Step::RoleAsked)
            }
            Step::Address => match self.address_command(cx.client()) {
                Some(command) => sent(cx.send(&command)?, Step::Asked),
                None => None,
            },
            // Each command waits for the reply to the one before it: none of them can be undone.
            Step::Ready if !self.may_begin || cx.client().is_owed() => None,
            Step::Ready => match self.narrowing.advance(cx, true)? {
                Progress::Waits => None,
                Progress::Made => Some(Step::Ready),
                Progress::Over => {
                    let sent = cx.send_outgoing(Outgoing::Transfer(&self.command, self.direction()))?;
                    if sent {
                        cx.client_mut()
                            .update_transfer(TransferUpdate::ServerToServer(ServerToServer::Moving));
                    }
                    sent.then_some(Step::Sent)
                }
            },
            Step::RoleAsked | Step::Asked | Step::Sent | Step::Begun => None,
        })
    }
}

impl Sequence for Part<'_> {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        while let Some(step) = self.step(cx)? {
            self.step = step;
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            if line.position.is_end() && to.verb() == self.command.known_verb() {
                self.step = Step::Begun;
            }
            return Verdict::Continue;
        }
        let (granted, verb) = (line.code.is_success(), to.verb());
        match verb {
            Some(Verb::Epsv | Verb::Pasv) if granted => match address::parse_passive_reply(line) {
                Ok((named, port)) => {
                    self.address = Some(cx.client().passive_target(named, port));
                    self.step = Step::Ready;
                    Verdict::Continue
                }
                Err(_) => self.fall_back(cx.client_mut(), verb.unwrap_or(Verb::Pasv)),
            },
            Some(Verb::Eprt | Verb::Port) if granted => {
                self.step = Step::Ready;
                Verdict::Continue
            }
            Some(verb @ (Verb::Epsv | Verb::Eprt)) => self.fall_back(cx.client_mut(), verb),
            Some(Verb::Type) if granted => Verdict::Continue,
            Some(Verb::Noop) => Verdict::Continue,
            Some(Verb::Rang) if self.narrowing.range_answered(cx, line.code) => Verdict::Continue,
            // A server that does not know SSCN is never a TLS client.
            Some(Verb::Sscn) if granted || (self.role.is_some() && self.has_role(cx.client())) => {
                Verdict::Continue
            }
            Some(Verb::Rest) if granted || line.code.is_intermediate() => Verdict::Continue,
            verb if verb == self.command.known_verb() && granted => Verdict::Done,
            _ => Verdict::Refused,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
}

/// Gives up one server's part. Shows the refusal that names a cause, if such a refusal was already
/// in flight.
#[derive(Debug)]
pub(super) struct Withdrawal(Abort);

pub(super) fn withdraw() -> Operation<Withdrawal> {
    Operation::new(Withdrawal(Abort::server_to_server()))
}

/// Returns whether a refusal says that the data connection failed, which the other side may have
/// caused, most likely by a refusal of its own.
pub(super) const fn is_of_connection(code: ReplyCode) -> bool {
    matches!(code, ReplyCode::CANNOT_OPEN_DATA_CONNECTION | ReplyCode::TRANSFER_ABORTED)
}

impl Sequence for Withdrawal {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        self.0.advance(cx)
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        let refuses = line.position.is_end() && line.code.is_failure() && !is_of_connection(line.code);
        match to.verb() {
            Some(Verb::Retr | Verb::Stor) if refuses => Verdict::Show,
            _ => Verdict::Continue,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}

    fn inherits(&self) -> Inherits {
        self.0.inherits()
    }
}
