//! What each of the two servers is told, and how one is made to stop.

use core::net::SocketAddr;

use super::Elsewhere;
use crate::client::abort::Abort;
use crate::client::{Client, Context, Inherits, Next, Operation, Profile, ReplyTo, Sequence};
use crate::codec::{
    ByteRange, Command, Direction, ReplyCode, ReplyLine, RepresentationType, RestartMarker, Verb, address,
};
use crate::error::LocalError;

/// What one of the two servers is told.
#[derive(Debug)]
pub(super) struct Part<'a> {
    command: Command<'a>,
    representation: RepresentationType,
    offset: u64,
    /// It listens, and the other connects.
    pub(super) listens: bool,
    /// Where: told by this server or, through [`Fxp::coordinate`], by the other.
    pub(super) address: Option<SocketAddr>,
    /// It is the TLS client on the data connection; nothing where that is in the clear.
    pub(super) tls_client: Option<bool>,
    type_sent: bool,
    sscn_sent: bool,
    /// An earlier operation's range was taken back.
    range_sent: bool,
    restart_sent: bool,
    pub(super) stage: Stage,
    may_begin: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
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

impl<'a> Part<'a> {
    pub(super) const fn new(
        command: Command<'a>,
        representation: RepresentationType,
        offset: u64,
        listens: bool,
    ) -> Self {
        Self {
            command,
            representation,
            offset,
            listens,
            address: None,
            tls_client: None,
            type_sent: false,
            sscn_sent: false,
            range_sent: false,
            restart_sent: false,
            stage: Stage::Address,
            may_begin: false,
        }
    }

    /// Which way the server's data goes.
    const fn direction(&self) -> Direction {
        match self.command {
            Command::Retr(_) => Direction::FromServer,
            _ => Direction::ToServer,
        }
    }

    /// Lets the transfer begin; says whether it may only now.
    pub(super) fn begin(&mut self, may: bool) -> bool {
        may && !core::mem::replace(&mut self.may_begin, true)
    }

    /// Whether the server has the part in TLS that it is to have; tells it by SSCN where it has not.
    fn takes_part(&mut self, cx: &mut Context<'_, '_>) -> Result<bool, LocalError> {
        let Some(on) = self.tls_client.filter(|on| *on != cx.client.settings.server_is_tls_client()) else {
            return Ok(true);
        };
        self.sscn_sent = self.sscn_sent || cx.send(&Command::Sscn(Some(on)))?;
        Ok(false)
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
        if self.type_sent && self.stage == Stage::Address && self.takes_part(cx)? {
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
        if !self.range_sent && cx.client.settings.keeps_range() {
            self.range_sent = cx.send(&Command::Rang(ByteRange::WHOLE))?;
        } else if !self.restart_sent && (self.offset > 0 || cx.client.settings.keeps_offset()) {
            self.restart_sent = cx.send(&Command::Rest(RestartMarker::Offset(self.offset)))?;
        } else if cx.client.send_transfer(cx.tx, &self.command, self.direction())? {
            cx.client.elsewhere = Elsewhere::Moving;
            self.stage = Stage::Sent;
        }
        Ok(Next::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        if line.is_final() {
            return self.finished(cx, to, line);
        }
        if line.position.is_end() && to.verb() == self.command.known_verb() {
            self.stage = Stage::Begun;
        }
        Next::Continue
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        let (granted, verb) = (line.code.is_success(), to.verb());
        match verb {
            Some(Verb::Epsv | Verb::Pasv) if granted => match address::parse_passive_reply(line) {
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
            Some(Verb::Rang) if !cx.client.settings.keeps_range() => Next::Continue,
            // Where it is unknown, the server is none.
            Some(Verb::Sscn)
                if granted || self.tls_client == Some(cx.client.settings.server_is_tls_client()) =>
            {
                Next::Continue
            }
            Some(Verb::Rest) if granted || line.code.is_intermediate() => Next::Continue,
            verb if verb == self.command.known_verb() && granted => Next::Done,
            _ => Next::Refused,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
}

/// Gives the server's part up. It shows the refusal that names a cause, where one was on its way already.
#[derive(Debug)]
pub(super) struct Withdrawal(Abort);

pub(super) fn withdraw() -> Operation<Withdrawal> {
    Operation::new(Withdrawal(Abort::elsewhere()))
}

/// Whether a refusal says that the data connection failed, which the other side may have done: by a refusal of
/// its own, first of all.
pub(super) const fn is_of_connection(code: ReplyCode) -> bool {
    matches!(code, ReplyCode::CANNOT_OPEN_DATA_CONNECTION | ReplyCode::TRANSFER_ABORTED)
}

impl Sequence for Withdrawal {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        self.0.advance(cx)
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        let refuses = line.position.is_end() && line.code.is_failure() && !is_of_connection(line.code);
        match to.verb() {
            Some(Verb::Retr | Verb::Stor) if refuses => Next::Show,
            _ => Next::Continue,
        }
    }

    fn finished(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, _: &ReplyLine<'_>) -> Next {
        Next::Continue
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}

    fn inherits(&self) -> Inherits {
        self.0.inherits()
    }
}
