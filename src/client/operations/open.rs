//! Opens a transfer (RFC 959 4.1.3, 5.4): sends the commands that set it up, step by step.
//!
//! ```text
//!                                   ┌──────────────────── MLSD is unknown: LIST
//!                                   ▼
//!   Type ──► TlsRole ──► Announcement ──► Address ─┬──► Asked ──► Connecting ─┬─► Command ──► Sent
//!   TYPE     SSCN        PRET      ▲      EPSV     │     ▲                    │   RANG, REST,
//!                                  │      PASV     └► Listening ──► Asked ────┘   RETR and the like
//!   Buffer ──► Level ──────────────┼───────▲            EPRT, PORT
//!   PBSZ       PROT                │       └─── EPSV or PASV did not work
//!   ▲                              └─── the server asks for PRET
//!   └── the server wants data connections protected
//! ```
//!
//! In a [series](Operation::in_series) of transfers, the address may have been requested by the
//! transfer before. Then the command is sent at once, while the data connection is being opened:
//! the server waits for the connection. If the connection fails, the address is requested again,
//! and the command is sent once the connection is open.
//!
//! A step that needs no command is skipped. [`Open`] is done when the server has sent 150. Data
//! flows while [`Complete`](crate::client::Complete) waits for the two events that end a transfer,
//! in either order: the end of the data, and the final reply.

mod hasty;

use core::net::SocketAddr;

use super::exchange::is_as_long_as;
use super::narrowing::{Narrowing, Progress};
use super::opened::{Opened, TransferId};
use super::series::{Haste, Series};
use crate::action::{DataFailure, DataId, DataOp};
use crate::client::dialogue::{
    Ahead, Approach, Content, Finding, Inherits, Outgoing, Phase, Purpose, TransferUpdate,
};
use crate::client::file_size::{ExpectedSize, KnownSize};
use crate::client::{
    Advance, Client, Context, DataConnection, Operation, Profile, ReplyTo, Sequence, Verdict,
};
use crate::codec::{
    ByteRange, Command, CommandLine, Direction, Features, FileStructure, ProtectionBufferSize,
    ProtectionLevel, ReplyCode, ReplyLine, RepresentationType, RestartMarker, Verb, address, reply,
};
use crate::error::LocalError;
use crate::listing::Formats;
use crate::transfer::{Coding, Marker, Parameters};

/// The operation of [`retrieve`](crate::client::retrieve) and the like. Its output is [`Opened`].
#[derive(Debug)]
pub struct Open<'a> {
    command: Command<'a>,
    direction: Direction,
    /// Command to try if the server does not know `command`.
    fallback: Option<Command<'a>>,
    /// Type of the transfer; `None` for a listing, which arrives in the type that is in force.
    representation: Option<RepresentationType>,
    known_size: KnownSize,
    /// Byte of the file at which the transfer begins.
    offset: u64,
    narrowing: Narrowing<'a>,
    series: Series,
    haste: Haste,
    step: Step,
    channel: DataId,
    /// Limit on the length of a line, in bytes: a line of that length may have been truncated.
    line_limit: usize,
}

/// The next step, in the order of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The representation type has to be set.
    Type,
    /// The server may have to be made the TLS server of its data connections again, if it was the
    /// TLS client in a transfer between two servers.
    TlsRole,
    /// PBSZ is due: the server refuses transfers until data connections are protected (RFC 4217
    /// 10.2).
    Buffer,
    /// PROT is due.
    Level,
    /// The transfer may have to be announced before the server listens.
    Announcement,
    /// The server has to be asked for an address, or a listener has to be opened.
    Address,
    /// The listener is being opened; its address is announced next.
    Listening,
    /// The address was requested or announced.
    Asked,
    /// The data connection is being opened.
    Connecting,
    /// The data connection is open, or the server will open it: the command can be sent.
    Command,
    /// The command was sent.
    Sent,
}

impl<'a> Open<'a> {
    pub(super) fn operation(
        command: Command<'a>,
        representation: Option<RepresentationType>,
        offset: u64,
    ) -> Operation<Self> {
        Operation::new(Self::new(command, representation, offset))
    }

    fn new(command: Command<'a>, representation: Option<RepresentationType>, offset: u64) -> Self {
        let direction = command.known_verb().and_then(|verb| verb.info().data);
        let restart = match offset {
            0 => None,
            offset => Some(RestartMarker::Offset(offset)),
        };
        Self {
            command,
            direction: direction.unwrap_or(Direction::FromServer),
            fallback: None,
            representation,
            known_size: KnownSize::default(),
            offset,
            narrowing: Narrowing::new(restart, None),
            series: Series::Alone,
            haste: Haste::None,
            step: Step::Type,
            channel: DataId::NONE,
            line_limit: usize::MAX,
        }
    }

    fn formats(&self) -> Formats {
        match self.command.known_verb() {
            Some(Verb::Mlsd) => Formats::MLSD,
            Some(Verb::List) => Formats::LIST,
            Some(Verb::Nlst) => Formats::NLST,
            _ => Formats::empty(),
        }
    }

    fn receives(&self) -> bool {
        self.direction == Direction::FromServer
    }

    /// Returns whether the transfer moves a file rather than a listing.
    fn moves_file(&self) -> bool {
        self.formats().is_empty()
    }

    /// Returns the coding of the data. Listings always have file structure and use the mode in
    /// force, and in TYPE A their lines are left as they are.
    fn coding(&self, client: &Client) -> Coding {
        if let Some(representation) = self.representation {
            return client.settings().coding(representation);
        }
        let representation = match client.settings().representation() {
            Some(ebcdic @ RepresentationType::Ebcdic(_)) => ebcdic,
            _ => RepresentationType::Image,
        };
        Coding { structure: Default::default(), ..client.settings().coding(representation) }
    }

    fn purpose(&self, client: &Client) -> Purpose {
        let coding = self.coding(client);
        let mut parameters = Parameters::new(coding);
        parameters.position = self.offset;
        parameters.markers = client.config().marker_interval;
        parameters.level = client.config().deflate_level;
        parameters.line_ends = client.config().line_ends;
        let is_binary =
            coding.representation == RepresentationType::Image && coding.structure == FileStructure::File;
        let from_offset = !matches!(self.narrowing.restart(), Some(RestartMarker::Marker(_)));
        let content = match self.moves_file() {
            false => Content::Listing,
            true if is_binary && self.narrowing.range().is_none() && from_offset => Content::CountableFile,
            true => Content::File,
        };
        Purpose::new(self.direction, content, parameters, self.known_size)
    }

    /// Begins at the start of the file, because the server cannot restart.
    fn start_over(&mut self, cx: &mut Context<'_, '_>) {
        self.offset = 0;
        self.narrowing.start_over();
        cx.client_mut().update_transfer(TransferUpdate::StartsOver);
    }

    /// Falls back to the next way to connect and remembers that EPSV or PASV did not work here;
    /// returns `false` if no other way is left.
    fn fall_back(&mut self, cx: &mut Context<'_, '_>) -> bool {
        let client = cx.client();
        let passive = !client.profile().contains(Profile::NO_EPSV) && !client.peer_is_ipv6();
        let active = client.config().data_connection == DataConnection::PassiveThenActive
            && !client.profile().contains(Profile::NO_PASSIVE);
        let property = match (passive, active) {
            (true, _) => Profile::NO_EPSV,
            (false, true) => Profile::NO_PASSIVE,
            (false, false) => return false,
        };
        cx.client_mut().note(Finding::Is(property));
        self.step = Step::Address;
        true
    }

    /// Returns whether the server connects to the client.
    fn is_active(client: &Client) -> bool {
        match client.config().data_connection {
            DataConnection::Passive => false,
            DataConnection::Active => true,
            DataConnection::PassiveThenActive => client.profile().contains(Profile::NO_PASSIVE),
        }
    }

    /// Returns whether the server requires PRET before it listens.
    fn needs_announcement(client: &Client) -> bool {
        let offered = client.offers().is_some_and(|offers| offers.features().contains(Features::PRET));
        offered || client.profile().contains(Profile::NEEDS_PRET)
    }

    /// Falls back to announcing the transfer if the text of the server's refusal of PASV or EPSV
    /// asks for PRET.
    fn announce_first(&mut self, cx: &mut Context<'_, '_>, line: &ReplyLine<'_>) -> bool {
        let asks = line.text.windows(4).any(|word| word == b"PRET") && !Self::needs_announcement(cx.client());
        if asks {
            cx.client_mut().note(Finding::Is(Profile::NEEDS_PRET));
            self.step = Step::Announcement;
        }
        asks
    }

    /// Falls back to PORT and remembers that EPRT was refused; returns `false` if PORT cannot name
    /// the address or was tried already.
    fn fall_back_to_port(&mut self, cx: &mut Context<'_, '_>) -> bool {
        let Some(Phase::Listening(at)) = cx.client().data().phase() else { return false };
        let possible =
            cx.client().announced_address(at).is_ipv4() && !cx.client().profile().contains(Profile::NO_EPRT);
        if possible {
            cx.client_mut().note(Finding::Is(Profile::NO_EPRT));
            self.step = Step::Listening;
        }
        possible
    }

    /// Connects to the address that the server named.
    fn connect(&mut self, cx: &mut Context<'_, '_>, line: &ReplyLine<'_>) -> Verdict {
        match address::parse_passive_reply(line) {
            Ok((host, port)) => {
                let (target, purpose) = (cx.client().passive_target(host, port), self.purpose(cx.client()));
                cx.client_mut().open_data(Approach::Connect(target), purpose);
                self.step = Step::Connecting;
                Verdict::Continue
            }
            Err(_) if self.fall_back(cx) => Verdict::Continue,
            Err(_) => Verdict::Refused,
        }
    }

    /// Takes 150, or 226 at once: data may flow as soon as the connection is open.
    fn start(&mut self, cx: &mut Context<'_, '_>, line: &ReplyLine<'_>) {
        self.line_limit = cx.client().config().limits.line;
        if cx.client().data().connection().is_none() {
            return;
        }
        self.channel = cx.client().data().id();
        let is_file = self.command.known_verb() == Some(Verb::Retr);
        let hint = reply::size_hint(line.text).filter(|_| is_file);
        match line.code.is_preliminary() {
            true => cx.client_mut().update_transfer(TransferUpdate::Announced(hint)),
            false => cx.client_mut().update_transfer(TransferUpdate::Confirmed(hint)),
        }
    }

    /// Aborts the data connection of a refused transfer.
    fn refused(cx: &mut Context<'_, '_>) -> Verdict {
        cx.client_mut().close_data(Some(DataOp::Abort));
        Verdict::Refused
    }

    /// Takes the next step and returns the one after it; `None` if nothing can be done yet.
    fn step(&mut self, cx: &mut Context<'_, '_>) -> Result<Option<Step>, LocalError> {
        let sent = |sent: bool, next: Step| sent.then_some(next);
        Ok(match self.step {
            Step::Type => {
                if cx.client().profile().contains(Profile::NO_MLSD) {
                    self.command = self.fallback.take().unwrap_or(self.command);
                }
                match self.representation {
                    Some(representation) => sent(cx.set_type(representation)?, Step::TlsRole),
                    None => Some(Step::TlsRole),
                }
            }
            Step::TlsRole if cx.client().settings().server_is_tls_client() => {
                sent(cx.send(&Command::Sscn(Some(false)))?, Step::Announcement)
            }
            Step::TlsRole => Some(Step::Announcement),
            Step::Buffer => sent(cx.send(&Command::Pbsz(ProtectionBufferSize(0)))?, Step::Level),
            Step::Level => sent(cx.send(&Command::Prot(ProtectionLevel::Private))?, Step::Address),
            Step::Announcement if Self::needs_announcement(cx.client()) && !Self::is_active(cx.client()) => {
                sent(cx.send_outgoing(Outgoing::Announcement(&self.command))?, Step::Address)
            }
            Step::Announcement => Some(Step::Address),
            Step::Address if Self::is_active(cx.client()) => {
                let ports = cx.client().config().active.ports.clone();
                let purpose = self.purpose(cx.client());
                cx.client_mut().open_data(Approach::Listen(ports), purpose);
                Some(Step::Listening)
            }
            Step::Address => match self.haste == Haste::None {
                true if matches!(cx.client().ahead(), Ahead::Requested | Ahead::Known(..)) => self.hasten(cx),
                _ => {
                    let command = cx.client().passive_command();
                    sent(cx.send(&command)?, Step::Asked)
                }
            },
            Step::Listening => match cx.client().data().phase() {
                Some(Phase::Listening(at)) => self.announce_listener(cx, at)?,
                _ => None,
            },
            Step::Connecting => match cx.client().data().phase() {
                Some(Phase::Connecting) => None,
                _ => Some(Step::Command),
            },
            Step::Command => self.command(cx)?,
            Step::Asked | Step::Sent => None,
        })
    }

    /// Announces the address of the listener to the server.
    fn announce_listener(
        &mut self,
        cx: &mut Context<'_, '_>,
        at: SocketAddr,
    ) -> Result<Option<Step>, LocalError> {
        let command = cx.client().active_command(cx.client().announced_address(at));
        Ok(cx.send(&command)?.then_some(Step::Asked))
    }

    /// Sends the command, once the server knows which part of the file to transfer.
    fn command(&mut self, cx: &mut Context<'_, '_>) -> Result<Option<Step>, LocalError> {
        loop {
            if self.receives() && self.narrowing.is_restart_refused(cx) {
                self.start_over(cx);
            }
            match self.narrowing.advance(cx, self.moves_file())? {
                Progress::Waits => return Ok(None),
                Progress::Made => {}
                Progress::Over => break,
            }
        }
        if self.narrowing.waits_for_answers(self.receives()) && cx.client().is_owed() {
            return Ok(None);
        }
        if !cx.send_outgoing(Outgoing::Transfer(&self.command, self.direction))? {
            return Ok(None);
        }
        let client = cx.client();
        if self.series == Series::Goes && !Self::is_active(client) && !Self::needs_announcement(client) {
            cx.send_ahead();
        }
        Ok(Some(Step::Sent))
    }

    /// Returns whether the data connection could not be opened.
    fn is_unreachable(&self, cx: &Context<'_, '_>) -> bool {
        let phase = cx.client().data().phase();
        match self.step {
            Step::Listening => !matches!(phase, Some(Phase::Opening | Phase::Listening(_))),
            Step::Connecting => !matches!(phase, Some(Phase::Connecting | Phase::Connected)),
            _ => false,
        }
    }
}

impl<'a> Open<'a> {
    /// Opens a data connection for a command written by the caller.
    pub(super) fn of_line(
        line: CommandLine<'a>,
        representation: Option<RepresentationType>,
        direction: Direction,
    ) -> Operation<Self> {
        Operation::new(Open { direction, ..Open::new(Command::Line(line), representation, 0) })
    }

    /// Opens the download of a part of a file.
    pub(super) fn of_range(command: Command<'a>, range: ByteRange) -> Operation<Self> {
        let offset = range.bounds().map_or(0, |(first, _)| first);
        let narrowing = Narrowing::new(None, Some(range));
        let open = Open::new(command, Some(RepresentationType::Image), 0);
        Operation::new(Open { narrowing, offset, ..open })
    }

    /// Opens a listing with `command`, or with `fallback` if the server does not know `command`.
    pub(super) fn with_fallback(command: Command<'a>, fallback: Command<'a>) -> Operation<Self> {
        Operation::new(Open { fallback: Some(fallback), ..Open::new(command, None, 0) })
    }
}

impl<'a> Operation<Open<'a>> {
    /// Sets the size of the file of a download, in bytes, so that
    /// [`complete`](crate::client::complete()) detects a truncated download. A longer one is not an
    /// error, since the file may have grown, unless it began at an offset. May be called once for
    /// each source of the size.
    pub fn expect_size(mut self, expected: ExpectedSize) -> Self {
        self.sequence_mut().known_size.expect(expected);
        self
    }

    /// Starts at a restart marker instead of an offset (RFC 959 3.5): the marker's
    /// [text](Marker::text) is sent to the server, and its [position](Marker::position) is the
    /// position of the first byte to be received or sent. Valid for transfers in block or
    /// compressed mode, with the TYPE and STRU that the marker came with: see
    /// [`Client::last_marker`](crate::client::Client::last_marker). Data received beyond the
    /// position arrives again.
    pub fn restart_at(mut self, marker: &'a Marker) -> Self {
        let open = self.sequence_mut();
        open.offset = marker.position();
        open.narrowing.restart_at(RestartMarker::Marker(marker.text()));
        self
    }
}

impl Sequence for Open<'_> {
    type Output<'b> = Opened<'b>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        loop {
            if self.step <= Step::Address && cx.client().is_data_denied() {
                return Err(LocalError::Unprotected);
            }
            if self.is_unreachable(cx) {
                cx.client_mut().close_data(None);
                if self.step == Step::Listening || !self.fall_back(cx) {
                    return Ok(Advance::Failed(DataFailure::Unreachable.into()));
                }
            }
            if self.has_begun(cx.client()) {
                self.channel = cx.client().data().id();
                return Ok(Advance::Done);
            }
            if self.is_lost(cx.client()) && !self.begin_again(cx) {
                cx.client_mut().close_data(None);
                return Ok(Advance::Failed(DataFailure::Broken.into()));
            }
            // What was sent ahead is answered before anything else is sent.
            if self.series != Series::Alone && self.step < Step::Asked && cx.client().owes_ahead() {
                return Ok(Advance::Continue);
            }
            match self.step(cx)? {
                Some(step) => self.step = step,
                None => return Ok(Advance::Continue),
            }
        }
    }

    fn inherits(&self) -> Inherits {
        match self.series {
            Series::Alone => Inherits::Nothing,
            Series::Goes | Series::Ends => Inherits::Address,
        }
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.position.is_end() {
            return Verdict::Show;
        }
        if line.code.is_preliminary() {
            if to.verb() != self.command.known_verb() {
                return Verdict::Continue;
            }
            return self.started(cx, line);
        }
        let (code, granted) = (line.code, line.code.is_success());
        match to.verb() {
            Some(Verb::Type) if granted => Verdict::Continue,
            // A server that does not know PRET does not need it.
            Some(Verb::Pret) if granted || code.is_unknown_command() => Verdict::Continue,
            Some(Verb::Pbsz) => Verdict::Continue,
            Some(Verb::Prot) if granted => Verdict::Continue,
            // The server has waited for a data connection that could not be opened.
            verb if verb == self.command.known_verb()
                && code.is_transient()
                && (code == ReplyCode::CANNOT_OPEN_DATA_CONNECTION || Self::has_failed(cx.client()))
                && self.begin_again(cx) =>
            {
                Verdict::Continue
            }
            // The server requires protected data connections: protect them, and send the command
            // again.
            verb if verb == self.command.known_verb() && cx.client().may_protect_data(code) => {
                cx.client_mut().close_data(Some(DataOp::Abort));
                self.narrowing.begin_again();
                self.step = Step::Buffer;
                Verdict::Continue
            }
            Some(Verb::Epsv | Verb::Pasv) if granted => self.connect(cx, line),
            Some(Verb::Epsv | Verb::Pasv) if self.announce_first(cx, line) || self.fall_back(cx) => {
                Verdict::Continue
            }
            Some(Verb::Eprt | Verb::Port) if granted => {
                self.step = Step::Command;
                Verdict::Continue
            }
            Some(Verb::Eprt) if self.fall_back_to_port(cx) => Verdict::Continue,
            Some(Verb::Rest) if granted || code.is_intermediate() => Verdict::Continue,
            Some(Verb::Rest) => {
                if code.is_unknown_command() {
                    cx.client_mut().note(Finding::Is(Profile::NO_RESTART));
                }
                // The offset of an earlier transfer is still in force and would apply to this one.
                let restarts = self.narrowing.restart().is_some();
                let stale = !restarts && cx.client().settings().has_unused_offset();
                match (restarts, stale) {
                    (false, false) => {}
                    (true, false) if self.receives() => self.start_over(cx),
                    _ => return Self::refused(cx),
                }
                Verdict::Continue
            }
            Some(Verb::Rang) if self.narrowing.range_answered(cx, code) => Verdict::Continue,
            // A server that does not know SSCN is never a TLS client.
            Some(Verb::Sscn) if granted || !cx.client().settings().server_is_tls_client() => {
                Verdict::Continue
            }
            verb if verb == self.command.known_verb() && granted => self.started(cx, line),
            Some(Verb::Mlsd) if code.is_unknown_command() => {
                cx.client_mut().note(Finding::Is(Profile::NO_MLSD));
                let Some(command) = self.fallback.take() else { return Self::refused(cx) };
                cx.client_mut().close_data(Some(DataOp::Abort));
                (self.command, self.step) = (command, Step::Announcement);
                self.narrowing.begin_again();
                Verdict::Continue
            }
            _ => Self::refused(cx),
        }
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        let line = last.unwrap_or(ReplyLine::EMPTY);
        Opened {
            transfer: TransferId::new(self.channel),
            offset: self.offset,
            size_hint: match self.haste {
                Haste::Announced(hint) => hint,
                _ => reply::size_hint(line.text),
            },
            formats: self.formats(),
            unique_name: match self.command {
                // A truncated name is the name of another file.
                Command::Stou(_) if !is_as_long_as(self.line_limit, &line) => reply::unique_name(line.text),
                _ => None,
            },
        }
    }
}
