//! Replies in: each line matched to the command that it answers (RFC 959 4.2 and 5.4).

use super::abort::mentions_abort;
use super::expected::ExpectedReply;
use super::fxp::Elsewhere;
use super::listing_replies::says_not_listed;
use super::login::LoginState;
use super::{Client, Profile, ReceivedLine};
use crate::buffer::{Frame, Rx, Span};
use crate::codec::{EndRule, Position, ReplyCode, ReplyLine, RestartMarker, TransferMode, Verb, reply};
use crate::error::{Awaited, PeerError};
use crate::transfer::Marker;

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyTo {
    /// The connection itself: the reply is the server's greeting.
    Greeting,
    /// A command of the table.
    Command(Verb),
    /// A line that was sent as the caller wrote it, and that names no command of the table.
    Other,
}

impl ReplyTo {
    /// The command, if it is one of the table.
    #[must_use]
    pub const fn verb(self) -> Option<Verb> {
        match self {
            Self::Command(verb) => Some(verb),
            Self::Greeting | Self::Other => None,
        }
    }
}

/// How much came of the reply that is being received.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReplyProgress {
    pub(super) within: Option<ReplyCode>,
    /// Which of the owed replies it is; `None` for a stray.
    whose: Option<usize>,
    lines: u32,
    bytes: u32,
    /// Its last line would have ended it, but for the code.
    pub(super) may_be_over: bool,
    /// It did, as time has shown.
    is_over: bool,
}

impl Client {
    /// One line, which may be nothing to anybody.
    pub(super) fn line(&mut self, rx: &Rx<'_>, line: Span) -> Option<ReceivedLine<Span>> {
        if line.is_empty() && self.reply.within.is_none() {
            return None;
        }
        let bytes = rx.bytes(line);
        let rule = self.end_of_reply();
        let Ok(mut parsed) = ReplyLine::parse(bytes, self.reply.within, rule) else {
            // What follows the last line of a reply (the list of some servers' FEAT) is none either.
            match self.expected.is_empty() {
                true => self.expected.stray_line(),
                false => self.fail(self.malformed()),
            }
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
        // Neither preliminary replies nor strays give the server more time, and replies do not say whether data
        // moves.
        let counts = whose.is_some() && !code.is_preliminary();
        if counts && !matches!(self.clock, Some((Awaited::Data | Awaited::DataConnection, _))) {
            self.clock = None;
        }
        if !self.count(position, code, bytes.len()) {
            self.fail(PeerError::ReplyTooLong);
            return None;
        }
        self.reply.whose = whose;
        self.reply.may_be_over = position == Position::Middle
            && ReplyLine::parse(bytes, self.reply.within, EndRule::AnyCode)
                .is_ok_and(|line| line.position.is_end());
        let Some((place, expected)) = whose.and_then(|place| Some((place, *self.expected.get_mut(place)?)))
        else {
            self.stray(&parsed);
            return None;
        };
        let reply = ReceivedLine { to: expected.to, code, position, text, generation: expected.generation };
        if expected.moves_file() && (code.is_preliminary() || code.is_success()) {
            self.settings.restart_used();
        }
        if expected.verb() == Some(Verb::Feat) {
            self.naming.take(&parsed);
        }
        if expected.is_transfer() && code.is_success() && says_not_listed(parsed.text) {
            if let Some(channel) = self.channel.as_mut().filter(|channel| channel.purpose.lists) {
                channel.says_not_listed = true;
            }
        }
        if code.is_preliminary() {
            self.preliminary(place, &expected, &parsed);
        } else if position.is_end() {
            self.answered(place, &parsed, rx);
        }
        Some(reply)
    }

    /// A reply to nothing that was asked: a server that answers twice would shift all later answers by one if
    /// commands were sent together.
    fn stray(&mut self, line: &ReplyLine<'_>) {
        if !line.position.is_end() {
            return;
        }
        if line.code == ReplyCode::SERVICE_NOT_AVAILABLE {
            // The rest of a transfer that the server has confirmed is still on its way.
            match self.channel.is_some_and(|channel| channel.confirmed) {
                true => self.leaving = true,
                false => self.fail(PeerError::ServiceClosing),
            }
            return;
        }
        self.profile |= Profile::NO_PIPELINING;
        let contradicts = self.expected.is_contradicted_by(line.code);
        self.expected.stray(line.code, line.text);
        if contradicts {
            self.fail(PeerError::UnexpectedReply(line.code));
        }
    }

    /// A line of a preliminary reply.
    fn preliminary(&mut self, place: usize, expected: &ExpectedReply, line: &ReplyLine<'_>) {
        let marker = line.code == ReplyCode::RESTART_MARKER;
        if expected.is_upload() && marker {
            self.last_marker = told_marker(line.text).or(self.last_marker);
        }
        if !line.position.is_end() {
            return;
        }
        let mode = self.settings.coding(Default::default()).mode;
        let expects_markers = marker && matches!(mode, TransferMode::Block | TransferMode::Compressed);
        let moved = expects_markers || self.channel.is_some_and(|channel| channel.moved > 0);
        if self.expected.preliminary(place, moved) > self.config.limits.preliminary_replies {
            self.fail(PeerError::TooManyPreliminaryReplies);
        }
    }

    /// The last line of a final reply.
    fn answered(&mut self, place: usize, line: &ReplyLine<'_>, rx: &Rx<'_>) {
        let code = line.code;
        // A server that takes its leave says nothing about what it did.
        let more = rx.unread().iter().zip(b"421").any(|(byte, expected)| byte != expected);
        let Some(answered) = self.expected.answered(place, code, more) else { return };
        if answered.is_transfer() {
            self.elsewhere = Elsewhere::No;
        }
        self.note_abort(&answered, code.is_success() && mentions_abort(line.text));
        self.settings.answered(answered.verb(), answered.change, code);
        match answered.verb() {
            Some(verb @ (Verb::Rein | Verb::Ccc)) if code.is_success() => self.begin_downgrade(verb),
            Some(Verb::Auth) if code.is_success() || code.is_intermediate() => self.begin_upgrade(rx),
            _ => {}
        }
        self.note_session(answered.to, code);
        if code == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.fail(PeerError::ServiceClosing);
        }
    }

    /// What a final reply changes in what is known of the session.
    fn note_session(&mut self, to: ReplyTo, code: ReplyCode) {
        match to {
            ReplyTo::Greeting if code == ReplyCode::LOGGED_IN => self.login = LoginState::ByGreeting,
            ReplyTo::Command(Verb::User | Verb::Pass | Verb::Acct) if code.is_success() => {
                self.login = LoginState::Done;
            }
            ReplyTo::Command(Verb::Feat) if code.is_success() => self.offers = Some(self.naming),
            // What was said in the clear counts no more (RFC 4217 4); 334 grants AUTH too.
            ReplyTo::Command(Verb::Auth | Verb::Rein) if code.is_success() || code.is_intermediate() => {
                (self.login, self.offers) = (LoginState::No, None);
            }
            _ => {}
        }
    }

    /// The reply that does not end has ended with the line before, by the lenient rule. That line was shown, and
    /// is gone from the window: the end is told without text.
    pub(super) fn resynchronise(&mut self, rx: &Rx<'_>) -> Option<ReceivedLine<Span>> {
        self.profile |= Profile::ANY_CODE_ENDS;
        self.reply.is_over = true;
        self.line(rx, Span::default())
    }

    /// Which of the owed replies one with this code is.
    fn whose(&mut self, code: ReplyCode) -> Option<usize> {
        // A transfer whose data has not ended can still be said to begin, or to have failed, whatever was said
        // before.
        if let Some(channel) = self.channel.as_mut().filter(|channel| channel.confirmed) {
            let more = (code.is_preliminary() && !channel.announced)
                || (code.is_failure() && code != ReplyCode::SERVICE_NOT_AVAILABLE);
            if more && self.expected.is_empty() && self.expected.reopen_transfer(self.generation) {
                channel.reopen(code.is_preliminary());
                self.profile |= Profile::NO_PIPELINING;
            }
        }
        self.expected.find(code)
    }

    /// What a line that is no reply says of the server.
    pub(super) fn malformed(&self) -> PeerError {
        match self.expected.awaits_greeting() {
            true => PeerError::NotFtp,
            false => PeerError::MalformedReply,
        }
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
    pub(super) fn keep(&mut self, rx: &mut Rx<'_>, text: Span) {
        rx.hold(text);
        self.keeping = true;
    }

    /// The text that was kept.
    pub(super) fn kept(&mut self, rx: &mut Rx<'_>) -> Option<Span> {
        self.keeping = false;
        match rx.next_line(usize::MAX) {
            Frame::Line(text) => Some(text),
            _ => None,
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
