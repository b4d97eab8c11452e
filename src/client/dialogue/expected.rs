//! The replies that the server still owes, in the order of the commands, and the matching of
//! received replies to commands (RFC 959 4.2 and 5.4, RFC 1123 4.1.2.11).
//!
//! Each reply is checked against the command that it would answer. [`VerbInfo::is_answered_by`]
//! says which codes can answer that command. A reply with another code is a *stray*: a server that
//! answers twice, or answers something that was never asked, would otherwise shift every later
//! answer by one. A reply that began to arrive before its whole command was sent is a stray too.
//! Strays are skipped. The command then has [`Timeouts::stray`](crate::client::Timeouts::stray)
//! left to get its own reply.
//!
//! After the first stray of a session the client confirms what matters: see `doubt.rs`.
//!
//! [`VerbInfo::is_answered_by`]: crate::codec::VerbInfo::is_answered_by

use arrayvec::ArrayVec;

use super::doubt::Doubt;
use super::expected_reply::{Accepts, ExpectedReply};
use crate::client::reply_to::{Generation, ReplyTo};
use crate::codec::{ReplyCode, Verb};

/// Maximum number of commands in flight. Operations send at most three together.
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

/// The owed replies, oldest first.
#[derive(Debug)]
pub(super) struct ExpectedReplies {
    queue: ArrayVec<ExpectedReply, IN_FLIGHT>,
    /// Current operation.
    generation: Generation,
    /// Last stray of this session; `strays` counts them.
    last_stray: Option<Stray>,
    strays: u32,
    doubt: Doubt,
    /// Strays counted when the oldest command was sent, or when it last got a reply that answers
    /// it.
    strays_before: u32,
    /// Set if the next reply began to arrive before the whole command was sent, so that it cannot
    /// answer that command.
    skips_next: bool,
    /// Transfer that was answered last. Until another command is sent, more replies to it may
    /// arrive.
    last_transfer: Option<ExpectedReply>,
}

impl ExpectedReplies {
    /// Creates the replies owed on a new connection: the greeting.
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

    /// Returns how many more commands may be sent.
    pub(super) fn room(&self) -> usize {
        self.queue.remaining_capacity()
    }

    pub(super) fn first(&self) -> Option<&ExpectedReply> {
        self.queue.first()
    }

    /// Returns whether the greeting is still owed.
    pub(super) fn awaits_greeting(&self) -> bool {
        self.first().is_some_and(ExpectedReply::is_greeting)
    }

    /// Returns whether the server still has to report the end of the transfer.
    pub(super) fn awaits_transfer(&self) -> bool {
        self.queue.iter().any(ExpectedReply::is_transfer)
    }

    /// Returns whether an ABOR that was sent during a transfer is unanswered.
    pub(super) fn awaits_abort(&self) -> bool {
        self.queue.iter().any(ExpectedReply::is_abort)
    }

    /// Returns whether the reply owed next is that of a transfer that may carry data.
    pub(super) fn is_transferring(&self) -> bool {
        self.first().is_some_and(ExpectedReply::is_moving)
    }

    /// Returns whether this reply was one of the two to an aborted transfer and its ABOR, and the
    /// other is still owed.
    pub(super) fn owes_other_of_abort(&self, answered: &ExpectedReply) -> bool {
        match answered.is_abort() {
            true => self.awaits_transfer(),
            false => answered.is_transfer() && self.awaits_abort(),
        }
    }

    /// Returns whether the reply to a command that was sent ahead is owed.
    pub(super) fn owes_ahead(&self) -> bool {
        self.queue.iter().any(ExpectedReply::is_ahead)
    }

    /// Returns whether the answer to a probe is owed.
    pub(super) fn is_probing(&self) -> bool {
        self.queue.iter().any(ExpectedReply::is_probe)
    }

    /// Returns whether a reply at this place comes before that of a transfer whose command was sent
    /// earlier.
    pub(super) fn is_early(&self, place: usize) -> bool {
        self.queue.iter().take(place).any(ExpectedReply::is_transfer)
    }

    /// Returns whether a reply with this code may be one more reply to the last transfer: no other
    /// reply is owed, or only that to a command that was sent ahead and does not get replies with
    /// this code, while the code is about data connections (x2z) or files (x5z, RFC 959 4.2.1).
    pub(super) fn may_be_of_last_transfer(&self, code: ReplyCode) -> bool {
        let concerns_data = matches!(code.get() / 10 % 10, 2 | 5);
        self.queue.iter().all(|expected| {
            let lists = expected.verb().is_some_and(|verb| verb.info().failure.contains(&code));
            expected.is_ahead() && concerns_data && !lists
        })
    }

    /// Returns whether every reply that is owed belongs to this operation.
    pub(super) fn all_belong_to(&self, generation: Generation) -> bool {
        self.queue.iter().all(|expected| expected.generation() == generation)
    }

    /// Records that a command was sent. `within_line` says whether part of a line is in the receive
    /// window already. There has to be [`room`](Self::room).
    pub(super) fn sent(&mut self, expected: ExpectedReply, within_line: bool) {
        if self.queue.is_empty() {
            self.strays_before = self.strays;
            self.skips_next = within_line;
        }
        self.doubt.sent();
        if !expected.is_during_transfer() {
            self.last_transfer = None;
        }
        let added = self.queue.try_push(expected);
        debug_assert!(added.is_ok(), "no more commands are sent than replies can be awaited");
    }

    /// Returns the current operation.
    pub(super) const fn generation(&self) -> Generation {
        self.generation
    }

    /// Begins a new operation, which takes over the replies that `takes` selects. Returns its
    /// number.
    pub(super) fn begin(&mut self, takes: impl Fn(&ExpectedReply) -> bool) -> Generation {
        // Zero is the generation of no operation.
        let generation = self.generation.checked_add(1).unwrap_or(1);
        self.generation = generation;
        for expected in self.queue.iter_mut().filter(|expected| takes(expected)) {
            expected.adopt(generation);
        }
        self.doubt.adopt(generation);
        generation
    }

    /// Records that a reply begins to arrive while this many commands are not completely sent. The
    /// reply answers none of those commands.
    pub(super) fn began(&mut self, unsent: usize) {
        self.skips_next |= unsent > 0 && self.queue.len() <= unsent;
    }

    /// Finds the owed reply that a reply with this code answers; `None` for a stray. Replies are
    /// matched in order, except those to commands sent during a transfer: some servers answer such
    /// commands at once and others after the transfer, so the code decides (200 is NOOP's, 211 to
    /// 213 are STAT's, 225 is ABOR's; a reply that refuses a command refuses the later one). So it
    /// does for commands that were sent ahead, although a server should answer them after the
    /// transfer. `text` is that of the reply.
    pub(super) fn find(&mut self, code: ReplyCode, text: &[u8]) -> Option<usize> {
        let skips = core::mem::take(&mut self.skips_next);
        if self.queue.iter().all(ExpectedReply::is_probe) {
            // The reply is not the probe's, even if it arrived before the probe was sent.
            if let Some(refused) = self.doubt.refused(code).filter(|_| !self.queue.is_full()) {
                self.queue.insert(0, refused);
                return Some(0);
            }
        }
        if skips {
            return None;
        }
        let place = self.later(code, text).unwrap_or(0);
        self.queue.get(place)?.is_answered_by(code).then_some(place)
    }

    /// Finds an owed reply, other than the oldest, that a reply with this code and text answers
    /// although the oldest is unanswered.
    fn later(&self, code: ReplyCode, text: &[u8]) -> Option<usize> {
        let first = self.queue.first()?;
        let position = |is_wanted: &dyn Fn(&ExpectedReply) -> bool| self.queue.iter().position(is_wanted);
        let ahead = |verb| position(&|expected| expected.is_ahead() && expected.verb() == Some(verb));
        let during = |verb: Option<Verb>| {
            position(&|expected| {
                (expected.is_during_transfer() || expected.is_ahead())
                    && (verb.is_none() || expected.verb() == verb)
            })
        };
        if first.is_ahead() && !first.is_answered_by(code) {
            // The server has dropped the command that was sent ahead, or answers it later.
            return match code.get() {
                225 | 226 => position(&ExpectedReply::is_abort),
                257 => position(&ExpectedReply::is_probe),
                _ => None,
            };
        }
        if !first.is_transfer() {
            return None;
        }
        match (code.get(), first.is_moving()) {
            (215, _) => ahead(Verb::Syst),
            (227 | 229, _) => ahead(Verb::Epsv).or_else(|| ahead(Verb::Pasv)),
            (257, _) => position(&ExpectedReply::is_probe),
            (_, false) => None,
            (200, true) => during(Some(Verb::Noop)),
            (211..=213, true) => during(Some(Verb::Stat)),
            (225, true) => during(Some(Verb::Abor)),
            (202 | 500..=503, true) => during(None),
            // ProFTPD names the command that it refuses during a transfer.
            (400.., true) => position(&|expected| expected.is_ahead() && expected.is_named_by(text)),
            _ => None,
        }
    }

    /// Returns the owed reply at this place.
    pub(super) fn get(&self, place: usize) -> Option<&ExpectedReply> {
        self.queue.get(place)
    }

    /// Counts a preliminary reply, and returns the number counted so far. `moved` says whether data
    /// has moved, after which preliminary replies are not counted.
    pub(super) fn preliminary(&mut self, place: usize, moved: bool) -> u32 {
        self.strays_before = self.strays;
        self.queue.get_mut(place).map_or(0, |expected| expected.preliminary(moved))
    }

    /// Records a final reply, and removes the owed reply that it answers. `more` says whether more
    /// has arrived behind it.
    pub(super) fn answered(&mut self, place: usize, code: ReplyCode, more: bool) -> Option<ExpectedReply> {
        let answered = self.queue.pop_at(place)?;
        self.strays_before = self.strays;
        self.doubt.answered(&answered, code, self.queue.is_empty(), more);
        if answered.is_transfer() && code.is_success() {
            self.last_transfer = Some(answered);
        }
        Some(answered)
    }

    /// Makes the end of the last transfer owed again, because another reply to it arrived; returns
    /// whether that was possible.
    pub(super) fn reopen_transfer(&mut self) -> bool {
        let Some(transfer) = self.last_transfer.take() else { return false };
        self.doubt.set_aside();
        let mut expected = transfer.owed_to(self.generation);
        expected.begun();
        self.queue.iter().all(ExpectedReply::is_ahead) && self.queue.try_insert(0, expected).is_ok()
    }

    /// Marks the transfer as begun, although the server has not said so.
    pub(super) fn assume_begun(&mut self) {
        if let Some(first) = self.queue.first_mut() {
            first.begun();
        }
    }

    /// Removes both the transfer and the ABOR that ended it, because one reply has answered both.
    pub(super) fn drop_aborted(&mut self) {
        self.queue.retain(|expected| !expected.is_transfer() && expected.verb() != Some(Verb::Abor));
    }

    /// Removes the owed replies before this place, because they will not come. Returns whether that
    /// of a transfer was among them.
    pub(super) fn drop_before(&mut self, place: usize) -> bool {
        let drops_transfer = self.is_early(place);
        let mut index = 0;
        self.queue.retain(|_| {
            index += 1;
            index > place
        });
        drops_transfer
    }

    /// Removes all owed replies, because the connection has failed.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    /// Records a reply that answers nothing.
    pub(super) fn stray(&mut self, code: ReplyCode, text: &[u8]) {
        let text = text.iter().copied().take(QUOTE).collect();
        self.last_stray = Some(Stray { code, text });
        self.strays = self.strays.wrapping_add(1);
        if self.queue.is_empty() {
            self.strays_before = self.strays;
        }
        self.doubt.stray();
    }

    /// Records that a reply may come to a command that is no longer waited for.
    pub(super) fn expect_strays(&mut self) {
        self.doubt.stray();
    }

    /// Records a line that is not a reply at all, and that arrived while no reply was owed.
    pub(super) fn stray_line(&mut self) {
        let is_pending = self.strays != self.strays_before;
        self.strays = self.strays.wrapping_add(1);
        if !is_pending {
            self.strays_before = self.strays;
        }
        self.doubt.stray();
    }

    /// Returns the stray after which the oldest command still waits for its reply.
    pub(super) fn pending_stray(&self) -> Option<&Stray> {
        self.last_stray.as_ref().filter(|_| self.strays != self.strays_before)
    }

    /// Returns the last stray.
    pub(super) const fn last_stray(&self) -> Option<&Stray> {
        self.last_stray.as_ref()
    }

    /// Returns the number of strays so far.
    pub(super) const fn strays(&self) -> u32 {
        self.strays
    }

    /// Returns the probe to send before a command, to make sure that no other reply is in flight.
    pub(super) fn probe_before(&self, verb: Option<Verb>) -> Option<Verb> {
        self.doubt.probe_before(verb).filter(|_| self.queue.is_empty())
    }

    /// Returns whether the last success has to be confirmed before it is reported.
    pub(super) const fn is_unconfirmed(&self) -> bool {
        self.doubt.is_unconfirmed()
    }

    /// Returns the probe that confirms the last success.
    pub(super) fn confirmation(&mut self) -> Option<Verb> {
        self.doubt.confirmation()
    }

    /// Records that a probe was sent.
    pub(super) fn probe_sent(&mut self, probe: Verb, within_line: bool) {
        let doubt = self.doubt.probing();
        self.sent(ExpectedReply::new(ReplyTo::Command(probe), Accepts::Row), within_line);
        self.doubt = doubt;
    }

    /// Returns whether a stray shows that the unconfirmed success was a failure.
    pub(super) fn is_contradicted_by(&self, code: ReplyCode) -> bool {
        self.doubt.is_contradicted_by(code)
    }

    /// Gives up confirming the last success, because a new operation begins that does not continue
    /// the last one.
    pub(super) fn set_aside(&mut self) {
        self.doubt.set_aside();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Direction;

    /// Returns the replies owed after the greeting: to RETR, if `transfer` says so, for operation 1.
    fn owed(transfer: bool) -> ExpectedReplies {
        let mut replies = ExpectedReplies::new();
        replies.clear();
        if transfer {
            let retr = ReplyTo::Command(Verb::Retr);
            let expected = ExpectedReply::transfer(retr, Accepts::Row, Direction::FromServer);
            replies.sent(expected.owed_to(1), false);
        }
        replies
    }

    const fn plain(verb: Verb) -> ExpectedReply {
        ExpectedReply::new(ReplyTo::Command(verb), Accepts::Row)
    }

    #[test]
    fn replies_belong_to_one_operation_or_not() {
        let mut replies = owed(true);
        assert!(replies.all_belong_to(1) && !replies.all_belong_to(2));
        replies.sent(plain(Verb::Noop).owed_to(2), false);
        assert!(!replies.all_belong_to(1) && !replies.all_belong_to(2));
    }

    #[test]
    fn a_transfer_moves_once_it_was_announced_or_is_assumed_to_have_begun() {
        type Step = fn(&mut ExpectedReplies);
        let steps: [(Step, bool); 3] = [
            (|_| {}, false),
            (|replies| assert_eq!(replies.preliminary(0, false), 1), true),
            (ExpectedReplies::assume_begun, true),
        ];
        for (step, moves) in steps {
            let mut replies = owed(true);
            step(&mut replies);
            assert_eq!(replies.is_transferring(), moves);
        }
        assert!(!owed(false).is_transferring());
    }

    #[test]
    fn a_second_end_belongs_to_the_last_transfer_until_another_command_is_sent() {
        let stat = ExpectedReply::during_transfer(ReplyTo::Command(Verb::Stat));
        for (transfer, number, then, reopened) in [
            (true, 226, None, true),
            (true, 226, Some((stat, 211)), true),
            (true, 226, Some((plain(Verb::Noop), 200)), false),
            (true, 426, None, false),
            (false, 226, Some((plain(Verb::Noop), 200)), false),
        ] {
            let mut replies = owed(transfer);
            if transfer {
                replies.answered(0, ReplyCode::literal(number), false);
            }
            if let Some((expected, number)) = then {
                replies.sent(expected, false);
                replies.answered(0, ReplyCode::literal(number), false);
            }
            assert_eq!(replies.reopen_transfer(), reopened, "{number} {then:?}");
            assert_eq!(replies.awaits_transfer(), reopened);
        }
    }

    #[test]
    fn a_line_that_is_no_reply_leaves_it_open_whether_a_stray_is_pending() {
        let stray = |replies: &mut ExpectedReplies| replies.stray(ReplyCode::literal(250), b"again");
        let mut pending = owed(true);
        stray(&mut pending);
        let mut settled = owed(false);
        stray(&mut settled);
        settled.sent(plain(Verb::Noop), false);
        for (mut replies, is_pending) in [(pending, true), (settled, false)] {
            assert_eq!(replies.pending_stray().is_some(), is_pending);
            replies.stray_line();
            assert_eq!(replies.pending_stray().is_some(), is_pending);
        }
    }

    #[test]
    fn a_success_that_is_set_aside_is_not_confirmed() {
        let mut replies = owed(false);
        replies.stray(ReplyCode::literal(250), b"again");
        replies.sent(plain(Verb::Dele).owed_to(1), false);
        replies.answered(0, ReplyCode::literal(250), false);
        assert!(replies.is_unconfirmed());
        replies.set_aside();
        assert!(!replies.is_unconfirmed());
    }
}
