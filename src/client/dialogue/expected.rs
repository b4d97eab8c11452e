//! The replies that the server still owes, in the order of the commands, and which of them a reply answers
//! (RFC 959 4.2 and 5.4, RFC 1123 4.1.2.11).
//!
//! A reply is held against the command that it would answer. [`VerbInfo::is_answered_by`] says which codes
//! can; a reply that cannot is a *stray*: a server that answers twice, or answers something that was never
//! asked, would otherwise shift every later answer by one. So is a reply that began to come before the end of its
//! command was sent. Strays are skipped. The command then has
//! [`Timeouts::stray`](super::Timeouts::stray) left to get its own reply.
//!
//! After the first stray of a session the client makes sure of what matters: see `doubt.rs`.
//!
//! [`VerbInfo::is_answered_by`]: crate::codec::VerbInfo::is_answered_by

use arrayvec::ArrayVec;

use super::doubt::Doubt;
use super::expected_reply::{Accepts, ExpectedReply};
use crate::client::reply_to::{Generation, ReplyTo};
use crate::codec::{ReplyCode, Verb};

/// The largest number of commands on their way at once. Operations send at most three together.
pub(super) const IN_FLIGHT: usize = 8;

/// Bytes of a stray reply's text that are kept for the error message.
const QUOTE: usize = 48;

/// The start of a stray reply, for the error message.
#[derive(Clone, Debug)]
pub(super) struct Stray {
    code: ReplyCode,
    text: ArrayVec<u8, QUOTE>,
}

impl Stray {
    pub(super) const fn code(&self) -> ReplyCode {
        self.code
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }
}

/// The replies that are owed, oldest first.
#[derive(Debug)]
pub(super) struct ExpectedReplies {
    queue: ArrayVec<ExpectedReply, IN_FLIGHT>,
    /// The current operation.
    generation: Generation,
    /// The stray that came last, in this session, and how many came.
    last_stray: Option<Stray>,
    strays: u32,
    doubt: Doubt,
    /// Strays that had come when the oldest command was sent, or got the last reply that answers it.
    strays_before: u32,
    /// The next reply began to come before the whole command was sent, so that it cannot answer it.
    skips_next: bool,
    /// The transfer that was answered last, while its data has not come to an end.
    last_transfer: Option<ExpectedReply>,
}

impl ExpectedReplies {
    /// The replies that a server owes to a new connection: its greeting.
    pub(super) fn new() -> Self {
        let mut queue = ArrayVec::new();
        queue.push(ExpectedReply::new(ReplyTo::Greeting, Accepts::Any));
        Self {
            queue,
            generation: 0,
            last_stray: None,
            strays: 0,
            doubt: Doubt::new(),
            strays_before: 0,
            skips_next: false,
            last_transfer: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Returns the number of commands that may still be sent.
    pub(super) fn room(&self) -> usize {
        self.queue.remaining_capacity()
    }

    pub(super) fn first(&self) -> Option<&ExpectedReply> {
        self.queue.first()
    }

    /// Returns whether the server still has to greet.
    pub(super) fn awaits_greeting(&self) -> bool {
        self.first().is_some_and(ExpectedReply::is_greeting)
    }

    /// Returns whether the server still has to say how the transfer ended.
    pub(super) fn awaits_transfer(&self) -> bool {
        self.queue.iter().any(ExpectedReply::is_transfer)
    }

    /// Returns whether ABOR, sent during a transfer, was not answered yet.
    pub(super) fn awaits_abort(&self) -> bool {
        self.queue.iter().any(ExpectedReply::is_abort)
    }

    /// Returns whether a transfer is owed next that may carry data.
    pub(super) fn is_transferring(&self) -> bool {
        self.first().is_some_and(ExpectedReply::is_moving)
    }

    /// Returns whether this reply was one of the two to an aborted transfer and its ABOR, and the other is still owed.
    pub(super) fn owes_other_of_abort(&self, answered: &ExpectedReply) -> bool {
        match answered.is_abort() {
            true => self.awaits_transfer(),
            false => answered.is_transfer() && self.awaits_abort(),
        }
    }

    /// Returns whether every reply that is owed belongs to this operation.
    pub(super) fn all_belong_to(&self, generation: Generation) -> bool {
        self.queue.iter().all(|expected| expected.generation() == generation)
    }

    /// A command was sent; `within_line` when a part of a line is in the receive window already. There has to be
    /// [`room`](Self::room).
    pub(super) fn sent(&mut self, expected: ExpectedReply, within_line: bool) {
        if self.queue.is_empty() {
            self.strays_before = self.strays;
            self.skips_next = within_line;
        }
        self.doubt.sent();
        if !expected.is_during_transfer() {
            self.last_transfer = None;
        }
        self.queue.push(expected);
    }

    /// The current operation.
    pub(super) const fn generation(&self) -> Generation {
        self.generation
    }

    /// Begins a new operation, which takes over those replies that `takes` says. Returns its number.
    pub(super) fn begin(&mut self, takes: impl Fn(&ExpectedReply) -> bool) -> Generation {
        // Never the generation of no operation.
        let generation = self.generation.checked_add(1).unwrap_or(1);
        self.generation = generation;
        for expected in self.queue.iter_mut().filter(|expected| takes(expected)) {
            expected.adopt(generation);
        }
        self.doubt.adopt(generation);
        generation
    }

    /// A reply begins to come, while so many commands have not gone out whole. It answers none of those.
    pub(super) fn began(&mut self, unsent: usize) {
        self.skips_next |= unsent > 0 && self.queue.len() <= unsent;
    }

    /// Finds the owed reply that one with this code is; `None` for a stray. In order, but for what was sent
    /// during a transfer: some servers answer that at once, and others after the transfer, so the code tells
    /// (200 is NOOP's, 211 to 213 are STAT's, 225 is ABOR's; what refuses a command refuses the later one).
    pub(super) fn find(&mut self, code: ReplyCode) -> Option<usize> {
        let skips = core::mem::take(&mut self.skips_next);
        if self.queue.iter().all(ExpectedReply::is_probe) {
            // It is not the probe's, even if it came before that was sent.
            if let Some(refused) = self.doubt.refused(code).filter(|_| !self.queue.is_full()) {
                self.queue.insert(0, refused);
                return Some(0);
            }
        }
        if skips {
            return None;
        }
        let mut place = 0;
        if self.queue.first()?.is_moving() {
            let later = |verb: Option<Verb>| {
                self.queue.iter().position(|expected| {
                    expected.is_during_transfer() && (verb.is_none() || expected.verb() == verb)
                })
            };
            place = match code.get() {
                200 => later(Some(Verb::Noop)),
                211..=213 => later(Some(Verb::Stat)),
                225 => later(Some(Verb::Abor)),
                202 | 500..=503 => later(None),
                _ => None,
            }
            .unwrap_or(0);
        }
        self.queue.get(place)?.is_answered_by(code).then_some(place)
    }

    /// Returns one of them, by its place.
    pub(super) fn get(&self, place: usize) -> Option<&ExpectedReply> {
        self.queue.get(place)
    }

    /// Counts a preliminary reply. `moved` is whether data has moved, after which they are not counted. Returns
    /// how many there were.
    pub(super) fn preliminary(&mut self, place: usize, moved: bool) -> u32 {
        self.strays_before = self.strays;
        self.queue.get_mut(place).map_or(0, |expected| expected.preliminary(moved))
    }

    /// A final reply came: what it answers is no longer owed.
    /// `more` when something else has come behind it.
    pub(super) fn answered(&mut self, place: usize, code: ReplyCode, more: bool) -> Option<ExpectedReply> {
        let answered = self.queue.pop_at(place)?;
        self.strays_before = self.strays;
        self.doubt.answered(&answered, code, self.queue.is_empty(), more);
        if answered.is_transfer() && code.is_success() {
            self.last_transfer = Some(answered);
        }
        Some(answered)
    }

    /// The transfer that was said to have ended has not: more was said of it, and its end is owed again.
    pub(super) fn reopen_transfer(&mut self) -> bool {
        let Some(transfer) = self.last_transfer.take() else { return false };
        self.doubt.set_aside();
        let mut expected = transfer.owed_to(self.generation);
        expected.begun();
        self.queue.is_empty() && self.queue.try_push(expected).is_ok()
    }

    /// The transfer begins, although the server has not said so.
    pub(super) fn assume_begun(&mut self) {
        if let Some(first) = self.queue.first_mut() {
            first.begun();
        }
    }

    /// One reply has answered both the transfer and the ABOR that ended it.
    pub(super) fn drop_aborted(&mut self) {
        self.queue.retain(|expected| !expected.is_transfer() && expected.verb() != Some(Verb::Abor));
    }

    /// The connection has failed: nothing will come.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    /// A reply came that answers nothing.
    pub(super) fn stray(&mut self, code: ReplyCode, text: &[u8]) {
        let text = text.iter().copied().take(QUOTE).collect();
        self.last_stray = Some(Stray { code, text });
        self.strays = self.strays.wrapping_add(1);
        if self.queue.is_empty() {
            self.strays_before = self.strays;
        }
        self.doubt.stray();
    }

    /// A line came that is no reply at all, while none was owed.
    pub(super) fn stray_line(&mut self) {
        let is_pending = self.strays != self.strays_before;
        self.strays = self.strays.wrapping_add(1);
        if !is_pending {
            self.strays_before = self.strays;
        }
        self.doubt.stray();
    }

    /// The stray after which the oldest command still waits for its reply.
    pub(super) fn pending_stray(&self) -> Option<&Stray> {
        self.last_stray.as_ref().filter(|_| self.strays != self.strays_before)
    }

    /// The stray that came last.
    pub(super) const fn last_stray(&self) -> Option<&Stray> {
        self.last_stray.as_ref()
    }

    /// Returns the number of strays that have come.
    pub(super) const fn strays(&self) -> u32 {
        self.strays
    }

    /// Returns the probe to send before a command, to be sure that nothing else is on its way.
    pub(super) fn probe_before(&self, verb: Option<Verb>) -> Option<Verb> {
        self.doubt.probe_before(verb).filter(|_| self.queue.is_empty())
    }

    /// Returns whether the success that was told last is to be confirmed before it is reported.
    pub(super) const fn is_unconfirmed(&self) -> bool {
        self.doubt.is_unconfirmed()
    }

    /// Returns the probe to send to confirm it.
    pub(super) fn confirmation(&mut self) -> Option<Verb> {
        self.doubt.confirmation()
    }

    /// A probe was sent.
    pub(super) fn probe_sent(&mut self, probe: Verb, within_line: bool) {
        let doubt = self.doubt.probing();
        self.sent(ExpectedReply::new(ReplyTo::Command(probe), Accepts::Row), within_line);
        self.doubt = doubt;
    }

    /// Returns whether a stray shows that a success was none.
    pub(super) fn is_contradicted_by(&self, code: ReplyCode) -> bool {
        self.doubt.is_contradicted_by(code)
    }

    /// A new operation begins, which does not carry on the one before.
    pub(super) fn set_aside(&mut self) {
        self.doubt.set_aside();
    }
}
