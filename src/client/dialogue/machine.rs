//! The dialogue on one control connection (RFC 959 5.4): the loop that calls its parts in order.

mod series;
mod waiting;

use core::net::SocketAddr;

use super::abort::{Abort, Step, mentions_abort};
use super::ahead::Ahead;
use super::connection::{Connection, Purpose, TransferUpdate};
use super::data::{Approach, Data};
use super::deadlines::Deadlines;
use super::ending::Ending;
use super::expected::ExpectedReplies;
use super::expected_reply::ExpectedReply;
use super::incoming::{Incoming, named_marker};
use super::listening::{Listened, Listening};
use super::machine_event::{Inherits, MachineEvent};
use super::outgoing::Outgoing;
use super::session::{Finding, Session};
use crate::action::{Action, DataEvent, DataId, DataOp};
use crate::buffer::{Frame, Rx, Span, Tx};
use crate::client::config::{AbortPolicy, Config, Profile};
use crate::client::event::ReceivedLine;
use crate::client::listing_replies::says_not_listed;
use crate::client::reply_to::Generation;
use crate::codec::{Command, ReplyCode, ReplyLine, Verb};
use crate::error::{Awaited, LocalError, PeerError};
use crate::security::{Downgrade, Upgrade};
use crate::time::Instant;

#[doc = include_str!("machine.md")]
#[derive(Debug)]
pub struct Client {
    config: Config,
    peer: SocketAddr,
    session: Session,
    expected: ExpectedReplies,
    incoming: Incoming,
    listening: Listening,
    data: Data,
    ahead: Ahead,
    abort: Abort,
    deadlines: Deadlines,
    ending: Ending,
}

impl Client {
    /// Creates a client on a control connection to `peer`.
    ///
    /// Its receive storage has to hold a line of [`Limits::line`](crate::client::Limits::line)
    /// bytes and its end, 2,048 bytes by default. Its send storage has to hold a whole command, and
    /// should hold all commands that are sent together: 512 bytes are enough if paths are short.
    /// Smaller storage is a [`LocalError`] when the operation is polled.
    #[must_use]
    pub fn new(config: Config, peer: SocketAddr) -> Self {
        Self {
            session: Session::new(config.security.tls),
            config,
            peer,
            expected: ExpectedReplies::new(),
            incoming: Incoming::default(),
            listening: Listening::default(),
            data: Data::new(),
            ahead: Ahead::default(),
            abort: Abort::new(),
            deadlines: Deadlines::default(),
            ending: Ending::Open,
        }
    }

    /// Sets what is known about the server, for example from an earlier connection.
    pub const fn set_profile(&mut self, profile: Profile) {
        self.session.given(profile);
    }

    pub(in crate::client) const fn config(&self) -> &Config {
        &self.config
    }

    pub(in crate::client) const fn data(&self) -> &Data {
        &self.data
    }

    pub(in crate::client) const fn ahead(&self) -> Ahead {
        self.ahead
    }

    pub(super) const fn expected(&self) -> &ExpectedReplies {
        &self.expected
    }

    pub(super) const fn abort(&self) -> &Abort {
        &self.abort
    }

    pub(super) const fn ending(&self) -> &Ending {
        &self.ending
    }

    pub(super) const fn session(&self) -> &Session {
        &self.session
    }

    pub(super) const fn peer(&self) -> SocketAddr {
        self.peer
    }

    pub(super) const fn incoming(&self) -> Incoming {
        self.incoming
    }

    /// Takes one step of the dialogue. Operations build on this function, and so can other layers.
    ///
    /// # Errors
    /// If the server broke the dialogue or ended it; every later call returns the same error.
    pub fn step(
        &mut self,
        now: Instant,
        rx: &mut Rx<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<Action<MachineEvent>, PeerError> {
        // The operation that held back a line to report it is gone.
        rx.take_held();
        loop {
            self.go_on_aborting(tx);
            if let Some((id, op)) = self.next_order() {
                return Ok(Action::Data(id, op));
            }
            if self.ending.is_leaving() && self.data.connection().is_none() {
                self.fail(PeerError::ServiceClosing);
            }
            if let Some(error) = self.ending.failure() {
                return Err(error);
            }
            let change = self.session.change_protection(now, self.config.timeouts.handshake, tx);
            if let Some(step) = change.inspect_err(|error| self.fail(*error))? {
                return Ok(step);
            }
            let within = self.incoming.is_within();
            let line = match rx.next_line(self.config.limits.line) {
                Frame::Line(line) | Frame::TooLong(line) => line,
                Frame::Binary => {
                    let greets = self.expected.awaits_greeting();
                    self.fail(if greets { PeerError::NotFtp } else { PeerError::NulInReply });
                    continue;
                }
                Frame::End { cut } if cut || within => {
                    self.fail(PeerError::ClosedInside);
                    continue;
                }
                Frame::End { .. } if self.ending.is_quitting() => return Ok(Action::Close),
                // The rest of the data may still arrive after the reply that ends a transfer.
                Frame::End { .. } if self.is_owed() || self.data.connection().is_none() => {
                    self.fail(PeerError::Closed);
                    continue;
                }
                Frame::End { .. } | Frame::Partial => {
                    if rx.pending() > 0 && !within {
                        self.expected.began(tx.unsent_lines());
                    }
                    match self.wait(now, rx, tx) {
                        Some(step) => return Ok(step),
                        None => continue,
                    }
                }
            };
            if !within && !line.is_empty() {
                self.expected.began(tx.unsent_lines());
            }
            if let Some(event) = self.line(rx, line) {
                return Ok(Action::Event(event));
            }
        }
    }

    /// Returns the next order on a data connection that waits for the driver.
    pub(in crate::client) fn next_order(&mut self) -> Option<(DataId, DataOp)> {
        self.data.next_order()
    }

    /// Begins a new operation. What an earlier one left and this one does not inherit is ended: its
    /// data connection is closed, and replies still owed are read and dropped.
    pub(in crate::client) fn begin(&mut self, inherits: Inherits) -> Generation {
        let adopted = matches!(inherits, Inherits::Transfer(id) if self.data.is_transfer(id));
        if !adopted {
            self.give_up_by_policy();
            self.expected.set_aside();
        }
        let continues = adopted || inherits == Inherits::Address;
        if !continues {
            self.ahead.give_up();
        }
        // Earlier reads no longer cover everything that arrives before the next command, and what
        // the client waited for may have arrived while it was not polled.
        self.listening.stop();
        self.deadlines.resume();
        self.expected.begin(|expected| match inherits {
            _ if expected.is_ahead() => continues,
            Inherits::Nothing | Inherits::Address => false,
            Inherits::Greeting => expected.is_greeting(),
            Inherits::Transfer(_) => adopted && (expected.is_transfer() || expected.is_during_transfer()),
        })
    }

    /// Marks the connection as no longer usable; no reply will come. A server that closes the
    /// connection when it sees Telnet's bytes, or does not recognise ABOR behind them, is
    /// remembered as such.
    fn fail(&mut self, error: PeerError) {
        self.ending.fail(error);
        if let Some(id) = self.abort.connection_failed() {
            self.data.order(id, DataOp::Abort);
        }
        let of_abort = matches!(error, PeerError::Closed | PeerError::TimedOut(Awaited::Abort));
        if of_abort && self.expected.awaits_abort() && self.config.abort == AbortPolicy::AborWithSynch {
            self.note(Finding::Is(Profile::NO_SYNCH));
        }
        self.expected.clear();
        self.data.close(Some(DataOp::Abort));
    }

    /// Takes one line, which may answer nothing.
    fn line(&mut self, rx: &Rx<'_>, line: Span) -> Option<MachineEvent> {
        if line.is_empty() && !self.incoming.is_within() {
            return None;
        }
        let bytes = rx.bytes(line);
        let Ok(parsed) = self.incoming.parse(bytes, self.end_of_reply()) else {
            // Some servers send lines after the last line of a reply, such as their list for FEAT.
            match (self.expected.is_empty(), self.expected.awaits_greeting()) {
                (true, _) => self.expected.stray_line(),
                (false, true) => self.fail(PeerError::NotFtp),
                (false, false) => self.fail(PeerError::MalformedReply),
            }
            return None;
        };
        self.reply_line(rx, bytes, &parsed, line.after(bytes.len() - parsed.text.len()))
    }

    /// Takes a line of a reply. `raw` is the whole line, and `text` the place of its text.
    fn reply_line(
        &mut self,
        rx: &Rx<'_>,
        raw: &[u8],
        line: &ReplyLine<'_>,
        text: Span,
    ) -> Option<MachineEvent> {
        let code = line.code;
        let place = self.incoming.place(|| {
            let may_go_on = self.expected.may_be_of_last_transfer(code) && self.data.may_be_reopened(code);
            if may_go_on && self.expected.reopen_transfer() {
                self.update_transfer(TransferUpdate::Reopened(code));
                self.note(Finding::Is(Profile::NO_PIPELINING));
            }
            self.expected.find(code, line.text)
        });
        // Neither preliminary replies nor strays give the server more time.
        if place.is_some() && !code.is_preliminary() {
            self.deadlines.replied();
        }
        if let Err(error) = self.incoming.take(line, raw, place, &self.config.limits) {
            self.fail(error);
            return None;
        }
        let Some((place, expected)) = place.and_then(|place| Some((place, *self.expected.get(place)?)))
        else {
            self.stray(line);
            return None;
        };
        self.session.line(&expected, line);
        if expected.is_transfer() && code.is_success() && says_not_listed(line.text) {
            self.update_transfer(TransferUpdate::NotListed);
        }
        if code.is_preliminary() {
            self.preliminary(place, &expected, line);
        } else if line.position.is_end() {
            self.answered(place, line, rx);
        }
        let to_ahead = expected.is_ahead();
        match to_ahead && (code.is_preliminary() || !line.position.is_end()) {
            true => None,
            false if to_ahead => Some(MachineEvent::Changed),
            false => {
                let (to, generation) = (expected.to(), expected.generation());
                Some(MachineEvent::Reply(ReceivedLine::new(to, code, line.position, text, generation)))
            }
        }
    }

    /// Takes a reply that answers nothing. Commands are sent one at a time from then on, since a
    /// server that answers twice would shift all later answers by one.
    fn stray(&mut self, line: &ReplyLine<'_>) {
        if !line.position.is_end() {
            return;
        }
        if line.code == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.closing(true);
            return;
        }
        self.note(Finding::Is(Profile::NO_PIPELINING));
        let contradicts = self.expected.is_contradicted_by(line.code);
        self.expected.stray(line.code, line.text);
        if contradicts {
            self.fail(PeerError::UnexpectedReply(line.code));
        }
    }

    /// Takes a line of a preliminary reply.
    fn preliminary(&mut self, place: usize, expected: &ExpectedReply, line: &ReplyLine<'_>) {
        let marks = line.code == ReplyCode::RESTART_MARKER;
        if marks && expected.is_upload() {
            self.data.marked(named_marker(line.text));
        }
        if !line.position.is_end() {
            return;
        }
        let moved = (marks && self.settings().expects_markers()) || self.data.moved() > 0;
        if self.expected.preliminary(place, moved) > self.config.limits.preliminary_replies {
            self.fail(PeerError::TooManyPreliminaryReplies);
        }
    }

    /// Takes the last line of a final reply.
    fn answered(&mut self, place: usize, line: &ReplyLine<'_>, rx: &Rx<'_>) {
        let code = line.code;
        // A 421 behind a reply says nothing about that reply.
        let more = rx.unread().iter().zip(b"421").any(|(byte, expected)| byte != expected);
        let place = self.drop_lost(place);
        let is_early = self.expected.is_early(place);
        let Some(answered) = self.expected.answered(place, code, more) else { return };
        if answered.is_transfer() {
            self.data.transfer_answered();
            self.ahead.transfer_answered();
        }
        if answered.is_ahead() {
            self.ahead_answered(&answered, line, is_early);
        }
        self.abort_answered(&answered, code.is_success() && mentions_abort(line.text));
        let answer = self.session.answered(&answered, code, rx.is_empty(), self.config.security.tls);
        answer.unwrap_or_else(|error| self.fail(error));
        if code == ReplyCode::SERVICE_NOT_AVAILABLE {
            self.closing(answered.is_ahead());
        }
    }

    /// Takes 421. `alone` says whether it answers no command of an operation: the rest of a
    /// transfer that the server has confirmed is still in transit then.
    fn closing(&mut self, alone: bool) {
        match alone && self.data.connection().is_some_and(Connection::is_confirmed) {
            true => self.ending.leave(),
            false => self.fail(PeerError::ServiceClosing),
        }
    }

    /// Records what an operation has found out about the server.
    pub(in crate::client) fn note(&mut self, finding: Finding<'_>) {
        self.session.note(finding);
    }

    /// Queues a command once the one before it is answered (unless [`Config::pipelining`] is set)
    /// and everything that the server had sent was read. Returns whether it was queued.
    pub(in crate::client) fn send(
        &mut self,
        tx: &mut Tx<'_>,
        outgoing: Outgoing<'_, '_>,
    ) -> Result<bool, LocalError> {
        let verb = outgoing.verb();
        if self.is_denied(verb) || (outgoing.is_transfer() && self.is_data_denied()) {
            return Err(LocalError::Unprotected);
        }
        if !self.may_send(tx, verb)? || !self.put(tx, outgoing)? {
            return Ok(false);
        }
        let change = self.session.sent(&outgoing);
        self.expect(outgoing.expected().owed_to(self.generation()).with_change(change));
        self.ending.sent(verb);
        Ok(true)
    }

    /// Returns whether a command may be sent now, and starts what it has to wait for.
    fn may_send(&mut self, tx: &mut Tx<'_>, verb: Option<Verb>) -> Result<bool, LocalError> {
        if !self.expected.is_empty() {
            let may_pipeline = self.pipelines() && !self.expected.owes_ahead();
            return Ok(may_pipeline && self.expected.room() > 0);
        }
        if !self.listening.may_send() {
            return Ok(false);
        }
        let probe = self.expected.probe_before(verb);
        self.send_probe(tx, probe)
    }

    /// Sends a command while a transfer is running, even if the server does not otherwise accept
    /// pipelined commands: RFC 959 allows some commands then (ABOR, STAT). The data connection is
    /// not affected.
    pub(in crate::client) fn send_during_transfer(
        &mut self,
        tx: &mut Tx<'_>,
        command: &Command<'_>,
        generation: Generation,
    ) -> bool {
        let outgoing = Outgoing::from(command);
        let sent =
            self.expected.room() > 0 && outgoing.put(self.session.server().has_dot_paths(), tx).is_ok();
        if sent {
            self.expect(outgoing.expected_during_transfer().owed_to(generation));
        }
        sent
    }

    /// Sends SYST or PWD on the client's own initiative, if one is due. Returns whether none is.
    fn send_probe(&mut self, tx: &mut Tx<'_>, probe: Option<Verb>) -> Result<bool, LocalError> {
        let Some(probe) = probe else { return Ok(true) };
        let command = if probe == Verb::Syst { Command::Syst } else { Command::Pwd };
        if self.put(tx, Outgoing::Command(&command))? {
            let within_line = self.listening.sent() && !self.incoming.is_within();
            self.expected.probe_sent(probe, within_line);
        }
        Ok(false)
    }

    /// Puts a command into the send queue; returns `false` if it does not fit yet.
    fn put(&mut self, tx: &mut Tx<'_>, outgoing: Outgoing<'_, '_>) -> Result<bool, LocalError> {
        let was_empty = tx.is_empty();
        match outgoing.put(self.session.server().has_dot_paths(), tx) {
            Ok(()) => self.deadlines.restart(),
            Err(_) if was_empty => return Err(LocalError::CommandTooLong),
            Err(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Records that the server owes this reply. A line that had arrived in part when the driver
    /// last read is not the reply, unless it belongs to a multi-line reply that had begun before.
    fn expect(&mut self, expected: ExpectedReply) {
        let within_line = self.listening.sent() && !self.incoming.is_within();
        self.expected.sent(expected, within_line);
    }

    /// Listens before a command. `heard` says whether a line has arrived since the previous call,
    /// and `pending` how many bytes of the next line have. Returns whether the driver has to read
    /// and come back.
    pub(in crate::client) fn listen(&mut self, now: Instant, heard: bool, pending: usize) -> bool {
        let stray = self.expected.last_stray().map(|stray| stray.code());
        let limit = stray.map(|_| self.config.timeouts.stray);
        match (self.listening.listen(now, heard, pending, limit), stray) {
            (Listened::TooLong, Some(code)) => {
                self.fail(PeerError::UnexpectedReply(code));
                false
            }
            (listened, _) => listened == Listened::Read,
        }
    }

    /// Stops listening: something else has to be done first, and the driver reads again later.
    pub(in crate::client) const fn stop_listening(&mut self) {
        self.listening.stop();
    }

    /// Pauses listening, unless the driver is reading: a read that was requested already is kept.
    pub(in crate::client) const fn pause_listening(&mut self) {
        self.listening.pause();
    }

    /// Sends the probe that confirms a success. Returns whether the success may be reported.
    pub(in crate::client) fn confirm(&mut self, tx: &mut Tx<'_>) -> Result<bool, LocalError> {
        if !self.expected.is_empty() {
            return Ok(false);
        }
        let probe = self.expected.confirmation();
        self.send_probe(tx, probe)
    }

    /// Reports an event on a data connection. Events of a connection given up are ignored.
    ///
    /// # Errors
    /// If no such connection was ever requested, or the event is not valid in its state.
    pub fn data_event(&mut self, id: DataId, event: DataEvent) -> Result<(), LocalError> {
        if !self.data.knows(id) {
            return Err(LocalError::UnknownData);
        }
        let peer = self.peer.ip().to_canonical();
        if let Some(orders) = self.abort.data_event(id, &event, peer) {
            orders.iter().for_each(|op| self.data.order(id, op.clone()));
        } else if self.data.event(id, event, peer, self.protects_data())? {
            self.deadlines.restart();
        }
        Ok(())
    }

    /// Requests a data connection, to be opened by `approach`.
    pub(in crate::client) fn open_data(&mut self, approach: Approach, purpose: Purpose) {
        self.data.open(approach, purpose);
    }

    /// Takes an update of the transfer, which may start the timeout for the first byte of a
    /// download.
    pub(in crate::client) fn update_transfer(&mut self, update: TransferUpdate) {
        if self.data.update(update, self.protects_data()) {
            self.deadlines.restart();
        }
    }

    /// Closes the data connection with this order; `None` if the driver has nothing left to close.
    pub(in crate::client) fn close_data(&mut self, op: Option<DataOp>) {
        self.transfer_over();
        self.data.close(op);
    }

    /// Gives up the transfer with ABOR, unless the server has finished it.
    pub(in crate::client) fn give_up(&mut self) {
        if let Some((id, is_to_be_secured)) = self.data.given_up() {
            self.abort.begin(id, self.generation(), is_to_be_secured && self.protects_data());
            self.deadlines.restart();
        }
    }

    /// Sends ABOR as soon as there is room, and closes the data connection once ABOR has been sent.
    pub(in crate::client) fn go_on_aborting(&mut self, tx: &mut Tx<'_>) {
        match self.abort.step(self.expected.awaits_transfer(), tx.capacity(), tx.is_empty()) {
            Step::Wait => {}
            Step::Close(id) => self.data.order(id, DataOp::Abort),
            Step::Send(_) if self.expected.room() == 0 || !Abort::fits(tx.free()) => {}
            Step::Send(generation) => {
                let synch = self.config.abort == AbortPolicy::AborWithSynch;
                if synch && !self.session.server().is(Profile::NO_SYNCH) {
                    let _ = tx.put_synch();
                }
                if self.send_during_transfer(tx, &Command::Abor, generation) {
                    self.abort.sent();
                }
            }
        }
    }

    /// Records a final reply, which may be one of the two that end an aborted transfer.
    fn abort_answered(&mut self, answered: &ExpectedReply, names_abort: bool) {
        let other_owed = self.expected.owes_other_of_abort(answered);
        self.abort.answered(answered.is_abort() || answered.is_transfer(), other_owed, names_abort);
        if self.abort.may_be_answered() && self.session.server().is(Profile::ONE_ABORT_REPLY) {
            self.count_abort_as_answered();
        }
    }

    /// Counts the one reply that has arrived for both ABOR and the transfer.
    fn count_abort_as_answered(&mut self) {
        self.expected.drop_aborted();
        self.abort.counted_as_answered();
    }

    /// Reports that the handshake has succeeded: everything from now on is protected. What was
    /// learnt in the clear is forgotten, since it could have come from anyone.
    pub fn upgraded(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.session.upgraded();
        self.deadlines.restart();
    }

    /// Reports that the handshake failed. The connection is no longer usable.
    pub fn upgrade_failed(&mut self, token: Upgrade) {
        let Upgrade(()) = token;
        self.session.cleared();
        self.fail(PeerError::Handshake);
    }

    /// Reports that TLS has ended cleanly. The dialogue continues in the clear.
    pub fn downgraded(&mut self, token: Downgrade) {
        let Downgrade(()) = token;
        self.session.cleared();
        self.deadlines.restart();
    }
}
