//! The dialogue: commands out, replies in, matched in order (RFC 959 5.4).

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;

use arrayvec::ArrayVec;

use super::{Config, Inherits, PassiveAddress, Profile};
use crate::action::{DataEvent, DataFailure, DataId, DataOp, Wait};
use crate::buffer::{Frame, Rx, Span, Tx};
use crate::codec::{Command, EndRule, Position, ReplyCode, ReplyLine, RepresentationType, Sink, Verb};
use crate::error::{Awaited, LocalError, PeerError};
use crate::time::Instant;

/// How many commands may be on their way at once. Operations send at most three together.
const IN_FLIGHT: usize = 8;

/// Which operation a command belongs to.
pub(super) type Generation = u32;

/// A client's side of one control connection.
///
/// Made for a connection that stands, the server's greeting not yet read. It is driven through
/// [`Operation`](super::Operation)s.
#[derive(Debug)]
pub struct Client {
    pub(super) config: Config,
    pub(super) profile: Profile,
    /// What the server takes data to be, as far as is known.
    pub(super) representation: Option<RepresentationType>,
    /// REST was sent, and no transfer has used it up: servers keep the offset for the next one.
    pub(super) offset_kept: bool,
    pub(super) channel: Option<Channel>,
    peer: SocketAddr,
    owed: ArrayVec<Owed, IN_FLIGHT>,
    /// The greeting has come: until then it is what is owed first.
    greeted: bool,
    generation: Generation,
    reply: ReplyProgress,
    last_data: DataId,
    ops: ArrayVec<(DataId, DataOp), 4>,
    clock: Option<(Awaited, Instant)>,
    failed: Option<PeerError>,
    /// QUIT was sent, and nothing after it.
    quitting: bool,
    /// The text of a reply that an operation is still to tell is held in the receive window.
    keeping: bool,
}

/// A reply that the server owes: to a command, or its greeting.
#[derive(Clone, Copy, Debug)]
struct Owed {
    verb: Option<Verb>,
    generation: Generation,
    /// The command's data connection may now carry data: no reply is due before that ends.
    transferring: bool,
}

/// How much came of the reply that is being received.
#[derive(Clone, Copy, Debug, Default)]
struct ReplyProgress {
    within: Option<ReplyCode>,
    lines: u32,
    bytes: u32,
}

/// The data connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub(super) id: DataId,
    pub(super) phase: Phase,
    pub(super) moved: u64,
    /// The server has said 1yz to the transfer.
    pub(super) announced: bool,
    /// The final reply has come, and was good.
    pub(super) confirmed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Connecting,
    Connected,
    Moving,
    Ended,
    Failed(DataFailure),
}

/// What [`Client::step`] came to.
#[derive(Debug)]
pub enum Step {
    /// Something to do on a data connection.
    Data(DataId, DataOp),
    /// A line of a reply.
    Reply(ReplySpan),
    /// The server ended the dialogue as it was asked to: close.
    Close,
    /// Nothing to do.
    Wait(Wait),
}

/// A reply line as a place in the receive window.
#[derive(Clone, Copy, Debug)]
pub struct ReplySpan {
    /// The command that it answers; none for the greeting.
    pub verb: Option<Verb>,
    /// Its code.
    pub code: ReplyCode,
    /// Where the line stands in its reply.
    pub position: Position,
    text: Span,
    generation: Generation,
}

impl ReplySpan {
    /// The line, borrowed from the window that it came from.
    #[must_use]
    pub fn resolve<'b>(&self, bytes: impl FnOnce(Span) -> &'b [u8]) -> ReplyLine<'b> {
        ReplyLine { code: self.code, position: self.position, text: bytes(self.text) }
    }

    /// Whether the reply is complete, and no preliminary one.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.position.is_end() && !self.code.is_preliminary()
    }

    pub(super) const fn generation(&self) -> Generation {
        self.generation
    }
}

impl Client {
    /// A client on a control connection to `peer`.
    #[must_use]
    pub fn new(config: Config, peer: SocketAddr) -> Self {
        Self {
            config,
            profile: Profile::empty(),
            representation: None,
            offset_kept: false,
            channel: None,
            peer,
            owed: [Owed { verb: None, generation: 0, transferring: false }].into_iter().collect(),
            greeted: false,
            generation: 0,
            reply: ReplyProgress::default(),
            last_data: DataId::NONE,
            ops: ArrayVec::new(),
            clock: None,
            failed: None,
            quitting: false,
            keeping: false,
        }
    }

    /// Takes over what is known of the server.
    pub const fn set_profile(&mut self, profile: Profile) {
        self.profile = profile;
    }

    /// What was learnt of the server: worth keeping for the next connection to it.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// Bytes that went over the running transfer's data connection.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.channel.map_or(0, |channel| channel.moved)
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.failed.is_some()
    }

    /// Tells what happened on a data connection. Events of one that is no longer wanted are ignored.
    ///
    /// # Errors
    /// When no such connection was ever asked for, or the event makes no sense in its state.
    pub fn data_event(&mut self, id: DataId, event: DataEvent) -> Result<(), LocalError> {
        if id == DataId::NONE || id > self.last_data {
            return Err(LocalError::UnknownData);
        }
        let Some(channel) = self.channel.as_mut().filter(|channel| channel.id == id) else {
            return Ok(());
        };
        match (event, channel.phase) {
            // Its end was told, or the time for it had run out.
            (_, Phase::Ended | Phase::Failed(_)) => return Ok(()),
            (DataEvent::Moved(count), _) => channel.moved = channel.moved.saturating_add(count),
            (DataEvent::Connected, Phase::Connecting) => channel.phase = Phase::Connected,
            (DataEvent::Eof { clean: true } | DataEvent::Flushed, Phase::Moving) => {
                channel.phase = Phase::Ended
            }
            (DataEvent::Eof { clean: false }, Phase::Moving) => {
                channel.phase = Phase::Failed(DataFailure::Malformed);
            }
            (DataEvent::Failed(failure), _) => channel.phase = Phase::Failed(failure),
            _ => return Err(LocalError::UnexpectedDataEvent),
        }
        self.clock = None;
        Ok(())
    }

    /// One step of the dialogue, below any operation: for those who build layers of their own.
    ///
    /// # Errors
    /// When the server broke the dialogue or ended it; the same again at every later call.
    pub fn step(&mut self, now: Instant, rx: &mut Rx<'_>, tx: &mut Tx<'_>) -> Result<Step, PeerError> {
        if core::mem::take(&mut self.keeping) {
            // Whoever wanted to tell it is gone.
            let _ = rx.next_line(usize::MAX);
        }
        loop {
            if let Some((id, op)) = self.next_op() {
                return Ok(Step::Data(id, op));
            }
            if let Some(error) = self.failed {
                return Err(error);
            }
            let line = match rx.next_line(self.config.limits.line) {
                Frame::Line(line) | Frame::TooLong(line) => line,
                Frame::Binary => {
                    self.fail(self.malformed());
                    continue;
                }
                Frame::End { cut } if cut || self.reply.within.is_some() => {
                    self.fail(PeerError::ClosedInside);
                    continue;
                }
                Frame::End { .. } if self.quitting => return Ok(Step::Close),
                // After the reply that ends a transfer the rest of the data may still come.
                Frame::End { .. } if self.is_owed() || self.channel.is_none() => {
                    self.fail(PeerError::Closed);
                    continue;
                }
                Frame::End { .. } | Frame::Partial => match self.wait(now, rx, tx) {
                    Some(wait) => return Ok(Step::Wait(wait)),
                    None => continue,
                },
            };
            if let Some(reply) = self.line(rx, line) {
                return Ok(Step::Reply(reply));
            }
        }
    }

    /// One line, which may be nothing to anybody.
    fn line(&mut self, rx: &Rx<'_>, line: Span) -> Option<ReplySpan> {
        if line.is_empty() && self.reply.within.is_none() {
            return None;
        }
        self.clock = None;
        let bytes = rx.bytes(line);
        let rule = self.config.end_of_reply;
        let Ok(parsed) = ReplyLine::parse(bytes, self.reply.within, rule) else {
            self.fail(self.malformed());
            return None;
        };
        let text = line.after(bytes.len() - parsed.text.len());
        let (code, position) = (parsed.code, parsed.position);
        if !self.count(position, code, bytes.len()) {
            self.fail(PeerError::ReplyTooLong);
            return None;
        }
        let Some(owed) = self.owed.first_mut() else {
            if code == ReplyCode::SERVICE_NOT_AVAILABLE && position.is_end() {
                self.fail(PeerError::ServiceClosing);
            }
            // A reply to nothing: a server that answers twice would shift all later answers by one
            // if commands were sent together.
            self.profile |= Profile::NO_PIPELINING;
            return None;
        };
        let reply = ReplySpan { verb: owed.verb, code, position, text, generation: owed.generation };
        if code.is_preliminary() {
            owed.transferring |= owed.verb.is_some_and(Verb::opens_data_connection);
        } else if position.is_end() {
            self.owed.remove(0);
            if reply.verb == Some(Verb::Type) && !code.is_success() {
                self.representation = None;
            }
            self.greeted = true;
            if code == ReplyCode::SERVICE_NOT_AVAILABLE {
                self.fail(PeerError::ServiceClosing);
            }
        }
        Some(reply)
    }

    /// What a line that is no reply says of the server.
    fn malformed(&self) -> PeerError {
        if self.greeted { PeerError::MalformedReply } else { PeerError::NotFtp }
    }

    /// Holds a reply against the limits.
    fn count(&mut self, position: Position, code: ReplyCode, bytes: usize) -> bool {
        if position.is_end() {
            self.reply = ReplyProgress::default();
            return true;
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let progress = &mut self.reply;
        progress.within = Some(code);
        progress.lines = progress.lines.saturating_add(1);
        progress.bytes = progress.bytes.saturating_add(bytes);
        progress.lines <= self.config.limits.reply_lines && progress.bytes <= self.config.limits.reply_bytes
    }

    /// What to wait for; nothing when a deadline has passed and something is to do about it.
    fn wait(&mut self, now: Instant, rx: &Rx<'_>, tx: &Tx<'_>) -> Option<Wait> {
        let mut wait = Wait { readable: !rx.is_eof(), writable: !tx.is_empty(), ..Wait::default() };
        let Some((awaited, limit)) = self.awaited() else {
            self.clock = None;
            wait.application = true;
            return Some(wait);
        };
        let since = match self.clock {
            Some((same, since)) if same == awaited => since,
            _ => now,
        };
        self.clock = Some((awaited, since));
        let deadline = since.after(limit);
        if now < deadline {
            wait.data = self.channel.is_some();
            wait.deadline = Some(deadline);
            return Some(wait);
        }
        self.clock = None;
        let failure = match awaited {
            Awaited::DataConnection => Some(DataFailure::Unreachable),
            Awaited::Data => Some(DataFailure::Stalled),
            _ => None,
        };
        match (failure, &mut self.channel) {
            (Some(failure), Some(channel)) => {
                channel.phase = Phase::Failed(failure);
                let id = channel.id;
                self.order(id, DataOp::Abort);
            }
            _ => self.fail(PeerError::TimedOut(awaited)),
        }
        None
    }

    /// What the server has to do next, and how long it may take.
    fn awaited(&self) -> Option<(Awaited, Duration)> {
        let timeouts = &self.config.timeouts;
        let phase = self.channel.map(|channel| channel.phase);
        Some(match (phase, self.owed.first()) {
            (Some(Phase::Connecting), _) => (Awaited::DataConnection, timeouts.connect),
            (Some(Phase::Moving), _) => (Awaited::Data, timeouts.data_idle),
            (_, Some(owed)) if owed.transferring => (Awaited::FinalReply, timeouts.final_reply),
            (_, Some(_)) if !self.greeted => (Awaited::Greeting, timeouts.greeting),
            (_, Some(_)) => (Awaited::Reply, timeouts.reply),
            (_, None) => return None,
        })
    }

    /// The connection is of no more use, and no reply will come.
    fn fail(&mut self, error: PeerError) {
        self.failed = Some(error);
        self.owed.clear();
        self.close_data(DataOp::Abort);
    }

    // What operations use.

    /// A new operation begins. What an earlier one left and this one does not inherit is not its own: a
    /// data connection is closed, and replies still owed are read and dropped.
    pub(super) fn begin(&mut self, inherits: Inherits) -> Generation {
        let adopted = self.channel.is_some_and(|channel| inherits == Inherits::Transfer(channel.id));
        if !adopted {
            self.close_data(DataOp::Abort);
        }
        self.generation = self.generation.wrapping_add(1);
        for owed in &mut self.owed {
            let taken = match inherits {
                Inherits::Nothing => false,
                Inherits::Greeting => !self.greeted,
                Inherits::Transfer(_) => adopted && owed.verb.is_some_and(Verb::opens_data_connection),
            };
            if taken {
                owed.generation = self.generation;
            }
        }
        self.generation
    }

    /// Whether every reply still owed is owed to this operation.
    pub(super) fn is_settled(&self, generation: Generation) -> bool {
        self.owed.iter().all(|owed| owed.generation == generation)
    }

    /// Whether a reply is owed.
    pub(super) fn is_owed(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Whether a command may be sent while replies are owed.
    pub(super) fn may_pipeline(&self) -> bool {
        !self.config.one_command_at_a_time && !self.profile.contains(Profile::NO_PIPELINING)
    }

    /// Queues a command, or says that there is no room for it yet.
    pub(super) fn send(&mut self, tx: &mut Tx<'_>, command: &Command<'_>) -> Result<bool, LocalError> {
        if self.owed.is_full() || (self.is_owed() && !self.may_pipeline()) {
            return Ok(false);
        }
        let was_empty = tx.is_empty();
        let queued = tx.append(|tx| {
            command.encode(tx)?;
            tx.put(b"\r\n")
        });
        if queued.is_err() {
            return match was_empty {
                true => Err(LocalError::CommandTooLong),
                false => Ok(false),
            };
        }
        match command {
            Command::Type(representation) => self.representation = Some(*representation),
            // A new login begins with the defaults, and not every server's are RFC 959's.
            Command::Rein | Command::User(_) => self.representation = None,
            Command::Rest(marker) => self.offset_kept = marker.offset() != Some(0),
            Command::Retr(_) | Command::Stor(_) | Command::Appe(_) | Command::Stou(_) => {
                self.offset_kept = false;
            }
            _ => {}
        }
        self.quitting = command.known_verb() == Some(Verb::Quit);
        self.owed.push(Owed { verb: command.known_verb(), generation: self.generation, transferring: false });
        self.clock = None;
        Ok(true)
    }

    /// Asks for a data connection to `port` of the control peer, or to `address` where the policy
    /// says so.
    pub(super) fn connect_data(&mut self, named: Option<Ipv4Addr>, port: u16) {
        let mut target = self.peer;
        target.set_port(port);
        // 0.0.0.0 names no host, but says that the server does not know its own address.
        let named = named.filter(|address| !address.is_unspecified());
        if let (Some(address), PassiveAddress::AsNamed) = (named, self.config.passive_address) {
            target.set_ip(address.into());
        }
        self.last_data = self.last_data.next();
        let id = self.last_data;
        self.channel =
            Some(Channel { id, phase: Phase::Connecting, moved: 0, announced: false, confirmed: false });
        self.order(id, DataOp::Connect(target));
    }

    pub(super) fn peer_is_ipv6(&self) -> bool {
        match self.peer {
            SocketAddr::V4(_) => false,
            SocketAddr::V6(peer) => peer.ip().to_ipv4_mapped().is_none(),
        }
    }

    pub(super) fn order(&mut self, id: DataId, op: DataOp) {
        if matches!(op, DataOp::Abort) {
            self.ops.retain(|(other, _)| *other != id);
        }
        // Four are never waiting: an operation orders one at a time, and an abort replaces them.
        let _ = self.ops.try_push((id, op));
    }

    /// Closes the data connection that the operation opened.
    pub(super) fn close_data(&mut self, op: DataOp) {
        if let Some(channel) = self.channel.take() {
            self.order(channel.id, op);
        }
    }

    /// Keeps the text of a reply while the driver does something else.
    pub(super) fn keep(&mut self, rx: &mut Rx<'_>, reply: &ReplySpan) {
        rx.hold(reply.text);
        self.keeping = true;
    }

    /// The reply whose text was kept.
    pub(super) fn kept(&mut self, rx: &mut Rx<'_>, reply: ReplySpan) -> ReplySpan {
        self.keeping = false;
        match rx.next_line(usize::MAX) {
            Frame::Line(text) => ReplySpan { text, ..reply },
            _ => reply,
        }
    }

    /// A data operation that waits to be handed out.
    pub(super) fn next_op(&mut self) -> Option<(DataId, DataOp)> {
        self.ops.pop_at(0)
    }

    /// Which rule ends a reply of many lines.
    #[must_use]
    pub const fn end_of_reply(&self) -> EndRule {
        self.config.end_of_reply
    }
}
