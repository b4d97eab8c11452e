//! The dialogue: commands out, replies in, matched in order (RFC 959 5.4).

use core::net::SocketAddr;

use arrayvec::ArrayVec;

use super::abort::GivingUp;
use super::abort::mentions_abort;
use super::channel::Channel;
use super::fxp::Elsewhere;
use super::secure::Shield;
use super::{Config, Inherits, Offers, Profile};
use crate::action::{DataId, DataOp, Wait};
use crate::buffer::{Frame, Rx, Span, Tx};
use crate::codec::{EndRule, Position, ReplyCode, ReplyLine, RepresentationType, RestartMarker, Verb, reply};
use crate::error::{Awaited, PeerError};
use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;
use crate::transfer::{Coding, Marker};

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
    /// What the caller knew of the server.
    pub(super) given_profile: Profile,
    pub(super) shield: Shield,
    /// What the server takes data to be, as far as is known.
    pub(super) representation: Option<RepresentationType>,
    /// The structure and mode that are in force, and those that were asked for last.
    pub(super) agreed: Coding,
    pub(super) asked: Coding,
    /// REST was sent, and no transfer has used it up: servers keep the offset for the next one.
    pub(super) offset_kept: bool,
    /// RANG was granted, and nothing has used it up; and whether one that was sent asks for that.
    pub(super) range_kept: bool,
    pub(super) range_asked: bool,
    /// The last restart marker of the last transfer.
    pub(super) last_marker: Option<Marker>,
    pub(super) channel: Option<Channel>,
    pub(super) peer: SocketAddr,
    pub(super) owed: ArrayVec<Owed, IN_FLIGHT>,
    /// The greeting has come: until then it is what is owed first.
    pub(super) greeted: bool,
    /// The greeting was 230: there is nothing to log in for.
    pub(super) logged_in: bool,
    /// What FEAT has named, once it was answered; and what its answer has named so far.
    offers: Option<Offers>,
    naming: Offers,
    pub(super) generation: Generation,
    pub(super) reply: ReplyProgress,
    pub(super) last_data: DataId,
    pub(super) ops: ArrayVec<(DataId, DataOp), 4>,
    pub(super) clock: Option<(Awaited, Instant)>,
    /// When the control connection was last used to keep it alive.
    pub(super) kept_alive: Option<Instant>,
    /// The transfer that is owed goes on between this server and another.
    pub(super) elsewhere: Elsewhere,
    /// The transfer that is being given up.
    pub(super) giving_up: Option<GivingUp>,
    /// Of the two replies to a transfer and the ABOR that ends it, one has come.
    pub(super) abort_answered: bool,
    /// That answer spoke of ABOR and of success: the transfer may have none of its own.
    pub(super) abort_said: bool,
    failed: Option<PeerError>,
    /// The server has taken its leave, and the transfer that it has confirmed is still to be seen through.
    leaving: bool,
    /// QUIT was sent, and nothing after it.
    pub(super) quitting: bool,
    /// The text of a reply that an operation is still to tell is held in the receive window.
    keeping: bool,
}

/// A reply that the server owes: to a command, or its greeting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owed {
    pub(super) verb: Option<Verb>,
    pub(super) generation: Generation,
    /// The command's data connection may now carry data: no reply is due before that ends.
    pub(super) transferring: bool,
    /// The command was sent while a transfer was running: its reply may come before the transfer's.
    pub(super) beside: bool,
}

impl Owed {
    pub(super) fn is_transfer(&self) -> bool {
        self.verb.is_some_and(Verb::opens_data_connection)
    }

    fn uploads(&self) -> bool {
        matches!(self.verb, Some(Verb::Stor | Verb::Appe | Verb::Stou))
    }

    fn moves_file(&self) -> bool {
        self.uploads() || self.verb == Some(Verb::Retr)
    }
}

/// How much came of the reply that is being received.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReplyProgress {
    pub(super) within: Option<ReplyCode>,
    /// Which of the owed replies it is.
    whose: usize,
    lines: u32,
    bytes: u32,
    /// Its last line would have ended it, but for the code.
    pub(super) may_be_over: bool,
    /// It did, as time has shown.
    is_over: bool,
}

/// What [`Client::step`] came to.
#[derive(Debug)]
pub enum Step {
    /// Something to do on a data connection.
    Data(DataId, DataOp),
    /// The control connection is to be put under TLS.
    Upgrade(Upgrade),
    /// The control connection is to go on in the clear.
    Downgrade(Downgrade),
    /// A line of a reply.
    Reply(ReplySpan),
    /// The server ended the dialogue as it was asked to: close.
    Close,
    /// What is owed has changed without a reply: ask the operation again.
    Changed,
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
    ///
    /// Its receive storage has to hold a line of [`Limits::line`](super::Limits::line) bytes and its end, 2,048
    /// bytes by default; its send storage a whole command, and better those that travel together: 512 bytes do
    /// where paths are short. Less is a [`LocalError`](crate::error::LocalError) when the operation is polled.
    #[must_use]
    pub fn new(config: Config, peer: SocketAddr) -> Self {
        Self {
            shield: Shield::new(config.security.tls),
            config,
            profile: Profile::empty(),
            given_profile: Profile::empty(),
            representation: None,
            agreed: Coding::default(),
            asked: Coding::default(),
            offset_kept: false,
            range_kept: false,
            range_asked: false,
            last_marker: None,
            channel: None,
            peer,
            owed: [Owed { verb: None, generation: 0, transferring: false, beside: false }]
                .into_iter()
                .collect(),
            greeted: false,
            logged_in: false,
            offers: None,
            naming: Offers::default(),
            generation: 0,
            reply: ReplyProgress::default(),
            last_data: DataId::NONE,
            ops: ArrayVec::new(),
            clock: None,
            kept_alive: None,
            elsewhere: Elsewhere::No,
            giving_up: None,
            abort_answered: false,
            abort_said: false,
            failed: None,
            leaving: false,
            quitting: false,
            keeping: false,
        }
    }

    /// Takes over what is known of the server.
    pub const fn set_profile(&mut self, profile: Profile) {
        self.profile = profile;
        self.given_profile = profile;
    }

    /// What was learnt of the server: worth keeping for the next connection to it.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// What the server said that it can do, when it was last asked by FEAT and answered; nothing before
    /// that, and after what makes it void (AUTH, REIN).
    #[must_use]
    pub const fn offers(&self) -> Option<Offers> {
        self.offers
    }

    /// Bytes that went over the running transfer's data connection.
    #[must_use]
    pub fn transferred(&self) -> u64 {
        self.channel.map_or(0, |channel| channel.moved)
    }

    /// From where the last transfer in block or compressed mode can go on, should it not have come to its
    /// end (RFC 959 3.5): the server's marker, for [`Operation::<Open>::restart_at`], at a position of one's
    /// own file. None where there was no marker in it.
    ///
    /// [`Operation::<Open>::restart_at`]: super::Operation::restart_at
    #[must_use]
    pub const fn last_marker(&self) -> Option<Marker> {
        self.last_marker
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.failed.is_some()
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
            self.go_on_giving_up(tx);
            if let Some((id, op)) = self.next_op() {
                return Ok(Step::Data(id, op));
            }
            if self.leaving && self.channel.is_none() {
                self.fail(PeerError::ServiceClosing);
            }
            if let Some(error) = self.failed {
                return Err(error);
            }
            if let Some(step) = self.change_protection(now, tx) {
                return step;
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
                    Some(step) => return Ok(step),
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
        // Whether data moves is not said by replies.
        if !matches!(self.clock, Some((Awaited::Data | Awaited::DataConnection, _))) {
            self.clock = None;
        }
        let bytes = rx.bytes(line);
        let rule = self.end_of_reply();
        let Ok(mut parsed) = ReplyLine::parse(bytes, self.reply.within, rule) else {
            self.fail(self.malformed());
            return None;
        };
        if core::mem::take(&mut self.reply.is_over) {
            parsed.position = Position::Last;
        }
        let text = line.after(bytes.len() - parsed.text.len());
        let (code, position) = (parsed.code, parsed.position);
        let whose = match self.reply.within {
            Some(_) => self.reply.whose,
            None => self.whose(code),
        };
        if !self.count(position, code, bytes.len()) {
            self.fail(PeerError::ReplyTooLong);
            return None;
        }
        self.reply.whose = whose;
        self.reply.may_be_over = position == Position::Middle
            && ReplyLine::parse(bytes, self.reply.within, EndRule::AnyCode)
                .is_ok_and(|line| line.position.is_end());
        let Some(owed) = self.owed.get_mut(whose) else {
            if code == ReplyCode::SERVICE_NOT_AVAILABLE && position.is_end() {
                // What it has sent of a transfer that it has confirmed is still on its way.
                match self.channel.is_some_and(|channel| channel.confirmed) {
                    true => self.leaving = true,
                    false => self.fail(PeerError::ServiceClosing),
                }
                return None;
            }
            // A reply to nothing: a server that answers twice would shift all later answers by one
            // if commands were sent together.
            self.profile |= Profile::NO_PIPELINING;
            return None;
        };
        let reply = ReplySpan { verb: owed.verb, code, position, text, generation: owed.generation };
        let (moves_file, uploads) = (owed.moves_file(), owed.uploads());
        if moves_file && (code.is_preliminary() || code.is_success()) {
            self.range_kept = false;
        }
        if reply.verb == Some(Verb::Feat) {
            self.naming.take(&parsed);
        }
        if code.is_preliminary() {
            owed.transferring |= owed.is_transfer();
            if uploads && code == ReplyCode::RESTART_MARKER {
                self.last_marker = told_marker(parsed.text).or(self.last_marker);
            }
        } else if position.is_end() {
            let answered = self.owed.remove(whose);
            if answered.is_transfer() {
                self.elsewhere = Elsewhere::No;
            }
            self.note_abort(&answered, code.is_success() && mentions_abort(parsed.text));
            match (reply.verb, code.is_success()) {
                (Some(Verb::Type), false) => self.representation = None,
                (Some(Verb::Stru), true) => self.agreed.structure = self.asked.structure,
                (Some(Verb::Mode), true) => self.agreed.mode = self.asked.mode,
                (Some(Verb::Hash), true) => self.range_kept = false,
                (Some(Verb::Rang), _) if code.is_success() || code.is_intermediate() => {
                    self.range_kept = self.range_asked;
                }
                (Some(Verb::Rang), _) => {
                    let unknown = matches!(code, ReplyCode::SYNTAX_ERROR | ReplyCode::NOT_IMPLEMENTED);
                    self.range_kept &= !unknown;
                }
                (Some(Verb::Rein), true) => {
                    self.agreed = Coding::default();
                    self.begin_downgrade(Verb::Rein);
                }
                (Some(Verb::Prot), true) => self.shield.data = self.shield.asked,
                (Some(Verb::Ccc), true) => self.begin_downgrade(Verb::Ccc),
                (Some(Verb::Auth), granted) if granted || code.is_intermediate() => self.begin_upgrade(rx),
                _ => {}
            }
            self.note_session(reply.verb, code);
            if code == ReplyCode::SERVICE_NOT_AVAILABLE {
                self.fail(PeerError::ServiceClosing);
            }
        }
        Some(reply)
    }

    /// What a final reply changes in what is known of the session.
    fn note_session(&mut self, verb: Option<Verb>, code: ReplyCode) {
        match verb {
            Some(Verb::Feat) if code.is_success() => self.offers = Some(self.naming),
            // What was said in the clear counts no more (RFC 4217 4); 334 grants AUTH too.
            Some(Verb::Auth | Verb::Rein) if code.is_success() || code.is_intermediate() => {
                (self.logged_in, self.offers) = (false, None);
            }
            _ if !self.greeted => self.logged_in = code == ReplyCode::LOGGED_IN,
            _ => {}
        }
        self.greeted = true;
    }

    /// The reply that does not end has ended with the line before, by the lenient rule. That line was shown, and
    /// is gone from the window: the end is told without text.
    pub(super) fn resynchronise(&mut self, rx: &Rx<'_>) -> Option<ReplySpan> {
        self.profile |= Profile::ANY_CODE_ENDS;
        self.reply.is_over = true;
        self.line(rx, Span::default())
    }

    /// Which of the owed replies one with this code is. In order, but for what was sent while a transfer
    /// is running: some servers answer that at once, and others after the transfer, so the code tells
    /// (200 is NOOP's, 211 to 213 are STAT's, 225 is ABOR's; what refuses a command refuses the later one).
    fn whose(&self, code: ReplyCode) -> usize {
        if !self.owed.first().is_some_and(|owed| owed.transferring) {
            return 0;
        }
        let beside = |verb: Option<Verb>| {
            self.owed.iter().position(|owed| owed.beside && (verb.is_none() || owed.verb == verb))
        };
        match code.get() {
            200 => beside(Some(Verb::Noop)),
            211..=213 => beside(Some(Verb::Stat)),
            225 => beside(Some(Verb::Abor)),
            202 | 500..=503 => beside(None),
            _ => None,
        }
        .unwrap_or(0)
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

    /// The connection is of no more use, and no reply will come.
    pub(super) fn fail(&mut self, error: PeerError) {
        self.failed = Some(error);
        self.stop_giving_up(error);
        self.owed.clear();
        self.close_data(DataOp::Abort);
    }

    // What operations use.

    /// A new operation begins. What an earlier one left and this one does not inherit is not its own: a
    /// data connection is closed, and replies still owed are read and dropped.
    pub(super) fn begin(&mut self, inherits: Inherits) -> Generation {
        let adopted = match inherits {
            // One between two servers has no data connection here.
            Inherits::Transfer(DataId::NONE) => self.elsewhere != Elsewhere::No,
            Inherits::Transfer(id) => self.channel.is_some_and(|channel| channel.id == id),
            Inherits::Nothing | Inherits::Greeting => false,
        };
        if !adopted {
            self.give_up_by_policy();
        }
        self.generation = self.generation.wrapping_add(1);
        for owed in &mut self.owed {
            let taken = match inherits {
                Inherits::Nothing => false,
                Inherits::Greeting => !self.greeted,
                Inherits::Transfer(_) => adopted && (owed.is_transfer() || owed.beside),
            };
            if taken {
                owed.generation = self.generation;
            }
        }
        self.generation
    }

    /// Whether every reply still owed is owed to this operation, and nothing keeps it from sending.
    pub(super) fn is_settled(&self, generation: Generation) -> bool {
        self.owed.iter().all(|owed| owed.generation == generation) && !self.shield.is_changing()
    }

    /// Whether a reply is owed.
    pub(super) fn is_owed(&self) -> bool {
        !self.owed.is_empty()
    }

    pub(super) fn peer_is_ipv6(&self) -> bool {
        match self.peer {
            SocketAddr::V4(_) => false,
            SocketAddr::V6(peer) => peer.ip().to_ipv4_mapped().is_none(),
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

    /// Which rule ends a reply of many lines.
    #[must_use]
    pub const fn end_of_reply(&self) -> EndRule {
        match self.profile.contains(Profile::ANY_CODE_ENDS) {
            true => EndRule::AnyCode,
            false => self.config.end_of_reply,
        }
    }
}

/// The marker that 110 tells: what the server calls the place, at the position that ours says.
fn told_marker(text: &[u8]) -> Option<Marker> {
    let (ours, servers) = reply::restart_markers(text)?;
    let position = RestartMarker::parse(ours.as_bytes()).ok()?.offset()?;
    Marker::new(servers.as_bytes(), position)
}
