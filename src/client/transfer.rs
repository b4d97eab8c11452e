//! Transfers (RFC 959 4.1.3, 5.4): opening one, and seeing it through.
//!
//! [`Open`] sends what sets a transfer up (TYPE unless it is in force, EPSV, REST where it is needed, the command)
//! and is done when the server has said 150. Data flows while [`Complete`] waits for the two things
//! that end a transfer in either order: the end of the data, and the final reply.

use core::fmt;
use core::net::SocketAddr;

use super::channel::{Phase, Purpose};
use super::exchange::may_be_cut;
use super::file_size::{ExpectedSize, KnownSize};
use super::{Context, DataConnection, Next, Operation, Profile, ReplyTo, Sequence};
use crate::action::{DataFailure, DataId, DataOp};
use crate::codec::{
    ByteRange, Command, CommandLine, Direction, Escaped, Features, FileStructure, ProtectionBufferSize,
    ProtectionLevel, ReplyLine, RepresentationType, RestartMarker, Text, Verb, address, reply,
};
use crate::error::LocalError;
use crate::listing::Formats;
use crate::transfer::{Coding, Marker, Parameters};

/// RETR: opens the download of `path`, from byte `offset` on (RFC 3659 5). Offsets count bytes as they travel
/// in stream mode, whichever mode is in force: in TYPE A, where a line ends in two, they are not the file's.
/// See [`Operation::restart_at`](Operation<Open>::restart_at) for restart markers.
pub fn retrieve(path: Text<'_>, representation: RepresentationType, offset: u64) -> Operation<Open<'_>> {
    Open::operation(Command::Retr(path), Some(representation), offset)
}

/// RETR of a part of `path`, in TYPE I (RANG, draft-bryan-ftp-range): a server that has no RANG refuses. Where
/// the range goes on behind the end of the file, what there is comes.
pub fn retrieve_range(path: Text<'_>, range: ByteRange) -> Operation<Open<'_>> {
    let offset = range.bounds().map_or(0, |(first, _)| first);
    let open = Open::new(Command::Retr(path), Some(RepresentationType::Image), 0);
    Operation::new(Open { range: Some(range), offset, ..open })
}

/// STOR: opens an upload to `path`, which replaces what is there from byte `offset` on. A server that
/// cannot restart refuses.
pub fn store(path: Text<'_>, representation: RepresentationType, offset: u64) -> Operation<Open<'_>> {
    Open::operation(Command::Stor(path), Some(representation), offset)
}

/// APPE: opens an upload to the end of `path`, which is made when it is not there.
pub fn append(path: Text<'_>, representation: RepresentationType) -> Operation<Open<'_>> {
    Open::operation(Command::Appe(path), Some(representation), 0)
}

/// STOU: opens an upload to a name that the server chooses, from `path` where it heeds one.
pub fn store_unique(path: Option<Text<'_>>, representation: RepresentationType) -> Operation<Open<'_>> {
    Open::operation(Command::Stou(path), Some(representation), 0)
}

/// LIST: opens the listing of `path`, or of the working directory, in the server's own format. It comes in
/// whichever representation type is in force: TYPE is not sent, since no server in use converts listings.
pub fn list(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::List(path), None, 0)
}

/// NLST: opens the list of names in `path`, or in the working directory. TYPE is not sent, as for [`list`].
pub fn names(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::Nlst(path), None, 0)
}

/// Opens a list of names that nobody wants (NLST): for the TLS session of its data connection, and for drivers
/// that have none left to resume on the next one.
///
/// A TLS 1.3 ticket is good for one connection with most TLS libraries, and ProFTPD brings no new one with an
/// upload, while it refuses data connections that resume nothing (425). It refuses this one, too: behind the
/// handshake, which brings tickets that it then takes. A server that lists the names takes any connection, and
/// there is no more need of this.
pub fn renew_session() -> Operation<Open<'static>> {
    names(None)
}

/// MLSD: opens the machine-readable listing of `path`, or of the working directory (RFC 3659 7). Its
/// wire form is the same in every representation type.
pub fn machine_list(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Open::operation(Command::Mlsd(path), None, 0)
}

/// MLSD, or LIST where the server does not know that, which is remembered: [`Opened::formats`] says
/// what comes.
pub fn entries(path: Option<Text<'_>>) -> Operation<Open<'_>> {
    Operation::new(Open { fallback: Some(Command::List(path)), ..Open::new(Command::Mlsd(path), None, 0) })
}

impl<'a> Open<'a> {
    /// Opens a data connection for a command of the caller's own.
    pub(super) fn of_line(
        line: CommandLine<'a>,
        representation: Option<RepresentationType>,
        direction: Direction,
    ) -> Operation<Self> {
        Operation::new(Open { direction, ..Open::new(Command::Line(line), representation, 0) })
    }
}

impl<'a> Operation<Open<'a>> {
    /// Says how large the file of a download is, in bytes, so that one that is cut short is found out by
    /// [`complete`](super::complete()). May be called for each source.
    pub fn expect_size(mut self, expected: ExpectedSize) -> Self {
        self.sequence_mut().known_size.expect(expected);
        self
    }

    /// Begins where a restart marker came, in the stead of at an offset (RFC 959 3.5): the server is told the
    /// marker's [text](Marker::text), and the [position](Marker::position) is that of the first byte that
    /// comes or is to be sent. For a transfer in block or compressed mode, with the TYPE and STRU that the
    /// marker came with: see [`Client::last_marker`](super::Client::last_marker). What was got behind the
    /// position comes again.
    pub fn restart_at(mut self, marker: &'a Marker) -> Self {
        let open = self.sequence_mut();
        open.offset = marker.position();
        open.restart = Some(RestartMarker::Marker(marker.text()));
        self
    }
}

/// A transfer that is open, to be handed to [`complete`](super::complete()). Dropped, it makes the next operation close
/// the data connection and read what the server says to that.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a transfer that is not completed is aborted by the next operation"]
pub struct TransferId(pub(super) DataId);

/// A transfer that was opened.
#[derive(PartialEq, Eq)]
pub struct Opened<'b> {
    /// The transfer itself.
    pub transfer: TransferId,
    /// The byte it starts at: 0 where the server refused to restart a download.
    pub offset: u64,
    /// The server's hint at the size of the whole. For people: it may be wrong.
    pub size_hint: Option<u64>,
    /// The formats that the lines of a listing may have; none for a file.
    pub formats: Formats,
    /// The name that the server gave an upload by STOU, where it says so at the start.
    pub unique_name: Option<&'b [u8]>,
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("transfer", &self.transfer)
            .field("offset", &self.offset)
            .field("size_hint", &self.size_hint)
            .field("formats", &self.formats)
            .field("unique_name", &self.unique_name.map(Escaped))
            .finish()
    }
}

/// See [`retrieve`] and its like. Comes to [`Opened`].
#[derive(Debug)]
pub struct Open<'a> {
    command: Command<'a>,
    direction: Direction,
    /// What to try when the server does not know the command.
    fallback: Option<Command<'a>>,
    /// The type to transfer in; `None` for a listing, which comes in the one that is in force.
    representation: Option<RepresentationType>,
    known_size: KnownSize,
    /// The byte of the file that it begins with, and what the server is told of that.
    offset: u64,
    restart: Option<RestartMarker<'a>>,
    range: Option<ByteRange>,
    stage: Stage,
    type_sent: bool,
    restart_sent: bool,
    range_sent: bool,
    sscn_sent: bool,
    pret_sent: bool,
    command_sent: bool,
    protect: Protect,
    channel: DataId,
    /// The line that opened the transfer is as long as lines are allowed to be: its end may be missing.
    is_cut: bool,
}

/// Whether data connections have to be protected first: the server said so when it was asked for the
/// transfer, as RFC 4217 10.2 wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protect {
    No,
    Due,
    /// PBSZ was sent.
    Sized,
    /// PROT was sent, and is not sent again.
    Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The server has to be asked where to connect to.
    Address,
    /// It was asked, or told where to connect to.
    Asked,
    /// The listener is being made; then the server has to be told of it.
    Listening,
    /// The data connection is being opened.
    Connecting,
    /// It stands: the command can go.
    Command,
}

impl<'a> Open<'a> {
    fn operation(
        command: Command<'a>,
        representation: Option<RepresentationType>,
        offset: u64,
    ) -> Operation<Self> {
        Operation::new(Self::new(command, representation, offset))
    }

    fn new(command: Command<'a>, representation: Option<RepresentationType>, offset: u64) -> Self {
        let direction = command.known_verb().and_then(|verb| verb.info().data);
        Self {
            command,
            direction: direction.unwrap_or(Direction::FromServer),
            fallback: None,
            representation,
            known_size: KnownSize::default(),
            offset,
            restart: match offset {
                0 => None,
                offset => Some(RestartMarker::Offset(offset)),
            },
            range: None,
            stage: Stage::Address,
            type_sent: false,
            restart_sent: false,
            range_sent: false,
            sscn_sent: false,
            pret_sent: false,
            command_sent: false,
            protect: Protect::No,
            channel: DataId::NONE,
            is_cut: false,
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

    /// Whether it is a file, and no listing: that is what REST is for (RFC 3659 5.4).
    fn moves_file(&self) -> bool {
        self.formats().is_empty()
    }

    /// How the data travels. The structure is that of files: listings are sent in the agreed mode alone, and in
    /// TYPE A their lines are left as they are.
    fn coding(&self, client: &super::Client) -> Coding {
        if let Some(representation) = self.representation {
            return client.settings.coding(representation);
        }
        let representation = match client.settings.representation() {
            Some(ebcdic @ RepresentationType::Ebcdic(_)) => ebcdic,
            _ => RepresentationType::Image,
        };
        Coding { structure: Default::default(), ..client.settings.coding(representation) }
    }

    fn purpose(&self, client: &super::Client) -> Purpose {
        let coding = self.coding(client);
        let mut parameters = Parameters::new(coding);
        parameters.position = self.offset;
        parameters.markers = client.config.marker_interval;
        parameters.level = client.config.deflate_level;
        parameters.line_ends = client.config.line_ends;
        let is_binary =
            coding.representation == RepresentationType::Image && coding.structure == FileStructure::File;
        let from_offset = !matches!(self.restart, Some(RestartMarker::Marker(_)));
        Purpose {
            receives: self.receives(),
            lists: !self.moves_file(),
            countable: is_binary && self.range.is_none() && from_offset,
            parameters,
            known_size: self.known_size,
        }
    }

    /// The server cannot restart: the file comes from its start.
    fn start_over(&mut self, cx: &mut Context<'_, '_>) {
        (self.offset, self.restart) = (0, None);
        if let Some(channel) = &mut cx.client.channel {
            channel.purpose.parameters.position = 0;
        }
    }

    /// Says of which part of the file the command is; `false` when that has to wait.
    fn narrow(&mut self, cx: &mut Context<'_, '_>) -> Result<bool, LocalError> {
        // What is left of an earlier operation holds until it is taken back; a range can have a listing refused,
        // too. REST comes behind the one and before the other, since for some servers they replace each other.
        let kept = cx.client.settings.keeps_range() && self.range.is_none();
        if kept && !self.range_sent {
            self.range_sent = cx.send(&Command::Rang(ByteRange::WHOLE))?;
            if !self.range_sent {
                return Ok(false);
            }
        }
        let kept = self.moves_file() && cx.client.settings.keeps_offset();
        if !self.restart_sent && (self.restart.is_some() || kept) {
            self.restart_sent = cx.send(&Command::Rest(self.restart.unwrap_or(RestartMarker::Offset(0))))?;
            if !self.restart_sent {
                return Ok(false);
            }
        }
        if let (Some(range), false) = (self.range, self.range_sent) {
            self.range_sent = cx.send(&Command::Rang(range))?;
            return Ok(self.range_sent);
        }
        Ok(true)
    }

    /// EPSV or PASV did not work here: remember it, and use what else there is.
    fn fall_back(&mut self, cx: &mut Context<'_, '_>) -> bool {
        let client = &mut *cx.client;
        let passive = !client.profile.contains(Profile::NO_EPSV) && !client.peer_is_ipv6();
        let active = client.config.data_connection == DataConnection::PassiveThenActive
            && !client.profile.contains(Profile::NO_PASSIVE);
        client.profile |= match (passive, active) {
            (true, _) => Profile::NO_EPSV,
            (false, true) => Profile::NO_PASSIVE,
            (false, false) => return false,
        };
        self.stage = Stage::Address;
        true
    }

    /// The server wants data connections protected: protect them, and ask again.
    fn protect_data(&mut self, cx: &mut Context<'_, '_>) -> Next {
        cx.client.close_data(DataOp::Abort);
        self.protect = Protect::Due;
        (self.stage, self.command_sent) = (Stage::Address, false);
        (self.restart_sent, self.range_sent) = (false, false);
        Next::Continue
    }

    /// Sends PBSZ and PROT, where they are due. `false` means not yet.
    fn send_protection(&mut self, cx: &mut Context<'_, '_>) -> Result<bool, LocalError> {
        if self.protect == Protect::Due && cx.send(&Command::Pbsz(ProtectionBufferSize(0)))? {
            self.protect = Protect::Sized;
        }
        if self.protect == Protect::Sized && cx.send(&Command::Prot(ProtectionLevel::Private))? {
            self.protect = Protect::Asked;
        }
        Ok(matches!(self.protect, Protect::No | Protect::Asked))
    }

    /// Takes the part of the TLS client back from a server that has it since a transfer to another (SSCN OFF).
    /// `false` means not yet.
    fn take_tls_back(&mut self, cx: &mut Context<'_, '_>) -> Result<bool, LocalError> {
        if cx.client.settings.server_is_tls_client() && !self.sscn_sent {
            self.sscn_sent = cx.send(&Command::Sscn(Some(false)))?;
            return Ok(self.sscn_sent);
        }
        Ok(true)
    }

    /// Whether the server wants to hear of the transfer before it listens (PRET).
    fn needs_announcement(&self, client: &super::Client) -> bool {
        let offered = client.offers.is_some_and(|offers| offers.features().contains(Features::PRET));
        !self.pret_sent && (offered || client.profile.contains(Profile::NEEDS_PRET))
    }

    /// A server that refuses PASV or EPSV for want of PRET says so in its text.
    fn announce_first(&mut self, cx: &mut Context<'_, '_>, line: &ReplyLine<'_>) -> bool {
        let asks = line.text.windows(4).any(|word| word == b"PRET") && !self.pret_sent;
        if asks {
            cx.client.profile |= Profile::NEEDS_PRET;
            self.stage = Stage::Address;
        }
        asks
    }

    /// Asks the server where to connect to, or makes a listener for it.
    fn seek(&mut self, cx: &mut Context<'_, '_>) -> Result<(), LocalError> {
        let active = match cx.client.config.data_connection {
            DataConnection::Passive => false,
            DataConnection::Active => true,
            DataConnection::PassiveThenActive => cx.client.profile.contains(Profile::NO_PASSIVE),
        };
        if active {
            cx.client.listen_for_data(self.purpose(cx.client));
            self.stage = Stage::Listening;
            return Ok(());
        }
        if self.needs_announcement(cx.client) {
            self.pret_sent = cx.client.send_announcement(cx.tx, &self.command)?;
            return Ok(());
        }
        let passive = cx.client.passive_command();
        if cx.send(&passive)? {
            self.stage = Stage::Asked;
        }
        Ok(())
    }

    /// Tells the server where to connect to. PORT has no IPv6 addresses.
    fn tell(&mut self, cx: &mut Context<'_, '_>, at: SocketAddr) -> Result<(), LocalError> {
        let command = match cx.client.announced_address(at) {
            SocketAddr::V4(at) if cx.client.profile.contains(Profile::NO_EPRT) => Command::Port(at),
            at => Command::Eprt(at),
        };
        if cx.send(&command)? {
            self.stage = Stage::Asked;
        }
        Ok(())
    }

    /// EPRT was refused: remember it, and use PORT where the address is one for it.
    fn fall_back_to_port(&mut self, cx: &mut Context<'_, '_>) -> bool {
        let listening = cx.client.channel.map(|channel| channel.phase);
        let Some(Phase::Listening(at)) = listening else { return false };
        let possible =
            cx.client.announced_address(at).is_ipv4() && !cx.client.profile.contains(Profile::NO_EPRT);
        if possible {
            cx.client.profile |= Profile::NO_EPRT;
            self.stage = Stage::Listening;
        }
        possible
    }

    /// The address came: connect to it.
    fn connect(&mut self, cx: &mut Context<'_, '_>, line: &ReplyLine<'_>) -> Next {
        match address::parse_passive_reply(line) {
            Ok((host, port)) => {
                cx.client.connect_data(host, port, self.purpose(cx.client));
                self.stage = Stage::Connecting;
                Next::Continue
            }
            Err(_) if self.fall_back(cx) => Next::Continue,
            Err(_) => Next::Refused,
        }
    }

    /// 150, or 226 at once: data may flow, as soon as the connection stands.
    fn start(&mut self, cx: &mut Context<'_, '_>, line: &ReplyLine<'_>) {
        self.is_cut = may_be_cut(cx, line);
        let Some(channel) = &mut cx.client.channel else { return };
        self.channel = channel.id;
        if self.command.known_verb() == Some(Verb::Retr) {
            channel.purpose.known_size.hint(reply::size_hint(line.text));
        }
        match line.code.is_preliminary() {
            true => {
                channel.announced = true;
                cx.client.let_data_move();
            }
            false => cx.client.confirm_data(),
        }
    }
}

impl Sequence for Open<'_> {
    type Output<'b> = Opened<'b>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        if self.stage == Stage::Address && cx.client.is_data_denied() {
            return Err(LocalError::Unprotected);
        }
        if !self.type_sent && self.fallback.is_some() && cx.client.profile.contains(Profile::NO_MLSD) {
            self.command = self.fallback.take().unwrap_or(self.command);
        }
        self.type_sent = self.type_sent
            || match self.representation {
                Some(representation) => cx.set_type(representation)?,
                None => true,
            };
        if !self.type_sent {
            return Ok(Next::Continue);
        }
        if !self.send_protection(cx)? || !self.take_tls_back(cx)? {
            return Ok(Next::Continue);
        }
        if self.stage == Stage::Address {
            self.seek(cx)?;
        }
        let phase = cx.client.channel.map(|channel| channel.phase);
        match (self.stage, phase) {
            (Stage::Connecting, Some(Phase::Connecting)) | (Stage::Listening, Some(Phase::Opening)) => {}
            (Stage::Connecting, Some(Phase::Connected)) => self.stage = Stage::Command,
            (Stage::Listening, Some(Phase::Listening(at))) => self.tell(cx, at)?,
            (Stage::Listening, _) => {
                cx.client.channel = None;
                return Ok(Next::Failed(DataFailure::Unreachable.into()));
            }
            (Stage::Connecting, _) => {
                cx.client.channel = None;
                if !self.fall_back(cx) {
                    return Ok(Next::Failed(DataFailure::Unreachable.into()));
                }
                return self.advance(cx);
            }
            // No 1yz came in time.
            (Stage::Command, Some(Phase::Moving)) => {
                self.channel = cx.client.channel.map_or(DataId::NONE, |channel| channel.id);
                return Ok(Next::Done);
            }
            _ => {}
        }
        if self.stage == Stage::Command {
            let no_restart = cx.client.profile.contains(Profile::NO_RESTART);
            if self.restart.is_some() && !self.restart_sent && self.receives() && no_restart {
                self.start_over(cx);
            }
            if !self.narrow(cx)? {
                return Ok(Next::Continue);
            }
            // An upload that starts at the wrong byte destroys the file: see the answer to REST first. And
            // a download that is meant to be a part may be huge.
            let waits = self.range_sent || (self.restart_sent && !self.receives());
            let may_send = !waits || !cx.client.is_owed();
            if !self.command_sent && may_send {
                self.command_sent = cx.client.send_transfer(cx.tx, &self.command, self.direction)?;
            }
        }
        Ok(Next::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        if !line.position.is_end() {
            return Next::Show;
        }
        if !line.code.is_preliminary() {
            return self.finished(cx, to, line);
        }
        if to.verb() != self.command.known_verb() {
            return Next::Continue;
        }
        self.start(cx, line);
        Next::Done
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        let granted = line.code.is_success();
        match to.verb() {
            Some(Verb::Type) if granted => Next::Continue,
            // A server that does not know PRET has no use for it.
            Some(Verb::Pret) if granted || line.code.is_unknown_command() => Next::Continue,
            Some(Verb::Pbsz) => Next::Continue,
            Some(Verb::Prot) if granted => Next::Continue,
            verb if verb == self.command.known_verb()
                && self.protect == Protect::No
                && cx.client.may_protect_data(line.code) =>
            {
                self.protect_data(cx)
            }
            Some(Verb::Type) => {
                cx.client.close_data(DataOp::Abort);
                Next::Refused
            }
            Some(Verb::Epsv | Verb::Pasv) if granted => self.connect(cx, line),
            Some(Verb::Epsv | Verb::Pasv) if self.announce_first(cx, line) || self.fall_back(cx) => {
                Next::Continue
            }
            Some(Verb::Eprt | Verb::Port) if granted => {
                self.stage = Stage::Command;
                Next::Continue
            }
            Some(Verb::Eprt) if self.fall_back_to_port(cx) => Next::Continue,
            Some(Verb::Rest) if granted || line.code.is_intermediate() => Next::Continue,
            Some(Verb::Rest) => {
                if line.code.is_unknown_command() {
                    cx.client.profile |= Profile::NO_RESTART;
                }
                // The offset of an earlier transfer is still in force, and would be taken for this one.
                let stale = self.restart.is_none() && cx.client.settings.has_unused_offset();
                if self.restart.is_none() && !stale {
                    return Next::Continue;
                }
                if self.receives() && !stale {
                    self.start_over(cx);
                    return Next::Continue;
                }
                cx.client.close_data(DataOp::Abort);
                Next::Refused
            }
            Some(Verb::Rang) if granted || line.code.is_intermediate() => Next::Continue,
            // It has none, so none is in force.
            Some(Verb::Rang) if self.range.is_none() && !cx.client.settings.keeps_range() => Next::Continue,
            // Where it is unknown, the server has not that part.
            Some(Verb::Sscn) if granted || !cx.client.settings.server_is_tls_client() => Next::Continue,
            verb if verb == self.command.known_verb() && granted => {
                self.start(cx, line);
                Next::Done
            }
            Some(Verb::Mlsd) if line.code.is_unknown_command() => {
                cx.client.profile |= Profile::NO_MLSD;
                cx.client.close_data(DataOp::Abort);
                let Some(command) = self.fallback.take() else { return Next::Refused };
                (self.command, self.stage, self.command_sent) = (command, Stage::Address, false);
                self.pret_sent = false;
                Next::Continue
            }
            _ => {
                cx.client.close_data(DataOp::Abort);
                Next::Refused
            }
        }
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        let text = last.map(|line| line.text).unwrap_or_default();
        Opened {
            transfer: TransferId(self.channel),
            offset: self.offset,
            size_hint: reply::size_hint(text),
            formats: self.formats(),
            unique_name: match self.command {
                // Half a name is another name.
                Command::Stou(_) if !self.is_cut => reply::unique_name(text),
                _ => None,
            },
        }
    }
}
