//! Replies in: each line matched to the command that it answers (RFC 959 4.2 and 5.4).

use super::abort::mentions_abort;
use super::fxp::Elsewhere;
use super::machine::Generation;
use super::{Client, Profile};
use crate::buffer::{Frame, Rx, Span};
use crate::codec::{EndRule, Position, ReplyCode, ReplyLine, RestartMarker, Verb, reply};
use crate::error::{Awaited, PeerError};
use crate::transfer::{Coding, Marker};

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
    /// One line, which may be nothing to anybody.
    pub(super) fn line(&mut self, rx: &Rx<'_>, line: Span) -> Option<ReplySpan> {
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
                (Some(Verb::Sscn), true) => self.sscn_kept = self.sscn_asked,
                (Some(Verb::Sscn), false) => {
                    let unknown = matches!(code, ReplyCode::SYNTAX_ERROR | ReplyCode::NOT_IMPLEMENTED);
                    self.sscn_kept &= !unknown;
                    self.sscn_asked = self.sscn_kept;
                }
                (Some(Verb::Rein), true) => {
                    self.sscn_kept = false;
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
    pub(super) fn malformed(&self) -> PeerError {
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
