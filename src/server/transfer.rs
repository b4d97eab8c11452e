//! A transfer of the session, from its command to its last reply (RFC 959 4.1.3, 5.4).

use core::num::NonZeroU64;
use core::time::Duration;

use super::commands::Outcome as Answered;
use super::data::Channel;
use super::machine::Ticket;
use super::note::Outcome;
use super::pending::{Asked, Pending};
use super::request::{Access, Listing};
use super::session::Session;
use crate::action::{DataFailure, DataOp};
use crate::buffer::{Span, Tx};
use crate::codec::{ByteRange, Direction, FileStructure, ReplyCode as Code, Sink, Text, Verb};
use crate::time::Instant;
use crate::transfer::{Coding, Marker, Parameters};

/// Room that the send queue must have before the reply that ends a transfer is made.
pub(super) const END_ROOM: usize = 256;

/// How long after the 150 the 226 to a download comes at the earliest, unless the client has closed its end of the data
/// connection. Some clients (aria2) take both out of one read, wait for the second after it, and hang.
const REPLIES_APART: Duration = Duration::from_millis(5);

/// A transfer that the host has opened.
#[derive(Debug)]
pub(super) struct Transfer {
    ticket: Ticket,
    verb: Verb,
    state: State,
    announcement: Announcement,
    moved: u64,
    /// The last restart marker that came and was not told.
    marker: Option<Marker>,
    /// When the count for the minimum rate began, and how much had moved then.
    pub(super) measured: Option<(Instant, u64)>,
}

/// The 150.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Announcement {
    /// It is yet to be made. With the number of bytes that a download has, where the host knows.
    Due(Option<u64>),
    /// It was made then.
    Made(Instant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The host has opened it; 150 is not out yet.
    Opened,
    /// 150 is out; the data connection does not stand yet.
    Waiting,
    Moving,
    /// The last byte was sent; the client's end of the connection may still be open.
    Sent,
    /// The last byte was sent, and the client has closed its end: it has seen the 150.
    Taken,
    /// The last byte was received.
    Received,
    Failed(DataFailure),
}

impl Transfer {
    pub(super) const fn new(ticket: Ticket, verb: Verb, size: Option<u64>) -> Self {
        let announcement = Announcement::Due(size);
        Self { ticket, verb, state: State::Opened, announcement, moved: 0, marker: None, measured: None }
    }

    pub(super) fn is_moving(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting)
    }

    pub(super) const fn moved(&self) -> u64 {
        self.moved
    }

    /// More bytes went over the wire.
    pub(super) const fn count(&mut self, bytes: u64) {
        self.moved = self.moved.saturating_add(bytes);
    }

    /// A restart marker came. Where in the file an appended byte comes to lie is not known, so nobody could go on
    /// there.
    pub(super) fn mark(&mut self, marker: Marker) {
        self.marker = Some(marker).filter(|_| self.verb != Verb::Appe);
    }

    /// The client has closed its end: of an upload the last byte came, or there is no telling whether it was the last.
    /// `false` if that cannot be yet, while a download is sent.
    pub(super) fn ended(&mut self, clean: bool) -> bool {
        self.state = match self.state {
            _ if self.receives() && clean => State::Received,
            _ if self.receives() => State::Failed(DataFailure::Malformed),
            State::Sent | State::Taken => State::Taken,
            _ => return false,
        };
        true
    }

    /// The last byte was sent.
    pub(super) const fn sent(&mut self) {
        self.state = State::Sent;
    }

    /// The data connection failed. After the last byte that is one way for the client to close it.
    pub(super) fn broken(&mut self, failure: DataFailure) {
        if self.is_sent() {
            self.state = State::Taken;
        } else if !self.is_over() {
            self.state = State::Failed(failure);
        }
    }

    /// Whether all of a download was sent.
    const fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent | State::Taken)
    }

    /// Until when the final reply waits.
    pub(super) fn reply_due(&self, now: Instant) -> Option<Instant> {
        match (self.state, self.announcement) {
            (State::Sent, Announcement::Made(at)) => Some(at.after(REPLIES_APART)).filter(|due| now < *due),
            _ => None,
        }
    }

    fn is_over(&self) -> bool {
        !matches!(self.state, State::Opened | State::Waiting | State::Moving)
    }

    pub(super) fn receives(&self) -> bool {
        self.direction() == Direction::ToServer
    }

    fn direction(&self) -> Direction {
        self.verb.info().data.unwrap_or(Direction::FromServer)
    }

    fn is_listing(&self) -> bool {
        matches!(self.verb, Verb::List | Verb::Nlst | Verb::Mlsd)
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// RETR, from where REST has said or of the range that RANG has.
    pub(super) fn retrieve(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        restart: u64,
        range: ByteRange,
        tx: &mut Tx<'_>,
    ) -> Answered {
        let mut parameters = self.parameters(restart);
        if let Some((first, last)) = range.bounds() {
            if !self.coding.keeps_offsets() {
                let text = "RANG is for STRU F in TYPE I.";
                return self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, text, tx);
            }
            (parameters.position, parameters.limit) = (first, NonZeroU64::MIN.checked_add(last - first));
        } else if restart > 0 && !self.counts_from_file() {
            if self.coding.structure != FileStructure::File {
                return self.no_restart(ticket, tx);
            }
            // Which byte of the file that is shows only when it is read.
            (parameters.position, parameters.skip) = (0, restart);
        }
        self.open(ticket, path, Access::Read { offset: parameters.position }, parameters, tx)
    }

    /// STOR, from where REST has said. What the refusals rest on: see the [module](super).
    pub(super) fn store(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        restart: u64,
        tx: &mut Tx<'_>,
    ) -> Answered {
        if restart > 0 && !self.counts_from_file() {
            return self.no_restart(ticket, tx);
        }
        self.open(ticket, path, Access::Write { offset: restart }, self.parameters(restart), tx)
    }

    /// Whether the number that REST has is one of bytes of the file: in the modes with markers it is a
    /// marker, and those are made so (RFC 959 3.5); in the others it counts bytes as they travel in stream
    /// mode (RFC 3659 5.3).
    pub(super) fn counts_from_file(&self) -> bool {
        self.coding.has_markers() || self.coding.keeps_offsets()
    }

    fn no_restart(&mut self, ticket: Ticket, tx: &mut Tx<'_>) -> Answered {
        let text = match self.coding.structure {
            FileStructure::File => "An offset in TYPE A is none of the stored file: use TYPE I or MODE B.",
            _ => "An offset counts no records and pages: use STRU F or MODE B.",
        };
        self.answer_now(ticket, Code::PARAMETER_NOT_IMPLEMENTED, text, tx)
    }

    /// A file is moved as was agreed, from this byte of it on.
    fn parameters(&self, position: u64) -> Parameters {
        let mut parameters = Parameters::new(self.coding);
        (parameters.position, parameters.level) = (position, self.level);
        (parameters.markers, parameters.line_ends) = (self.config.marker_interval, self.config.line_ends);
        parameters
    }

    pub(super) fn open(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        access: Access,
        mut parameters: Parameters,
        tx: &mut Tx<'_>,
    ) -> Answered {
        if let (Some(most), Some(begin)) = (self.config.limits.upload_size, access.first_stored()) {
            // What ALLO has said is a hint, and so as good a reason as the size itself would be.
            let left = most.get().checked_sub(begin).and_then(NonZeroU64::new);
            if left.is_none_or(|left| self.size_hint.is_some_and(|size| size > left.get())) {
                self.size_hint = None;
                let text = "A file may not be that large here.";
                return self.answer_now(ticket, Code::STORAGE_EXCEEDED, text, tx);
            }
            parameters.limit = left;
        }
        self.ask_for_transfer(ticket, path, Pending::Open(access), parameters, tx)
    }

    pub(super) fn list(
        &mut self,
        ticket: Ticket,
        argument: Option<Text<'_>>,
        listing: Listing,
        tx: &mut Tx<'_>,
    ) -> Answered {
        // A listing's lines end in CRLF whatever the type; they travel in the mode that was agreed.
        let mut parameters = Parameters::new(Coding { mode: self.coding.mode, ..Coding::IDENTITY });
        parameters.level = self.level;
        self.listing = self.verb;
        self.ask_for_transfer(ticket, argument.unwrap_or_default(), Pending::List(listing), parameters, tx)
    }

    fn ask_for_transfer(
        &mut self,
        ticket: Ticket,
        path: Text<'_>,
        what: Pending,
        parameters: Parameters,
        tx: &mut Tx<'_>,
    ) -> Answered {
        if !self.channel.is_open() {
            let text = "Send EPSV, PASV or PORT first.";
            return self.answer_now(ticket, Code::CANNOT_OPEN_DATA_CONNECTION, text, tx);
        }
        self.opening = parameters;
        match what {
            Pending::List(_) => self.ask_reading(ticket, path, what, tx),
            _ => self.ask_about(ticket, path, what, tx),
        }
    }

    /// Does what the events have made possible. Gives out the request that an upload that has come in
    /// whole makes.
    pub(super) fn advance_transfer(&mut self, now: Instant, tx: &mut Tx<'_>) -> Option<(Ticket, Asked)> {
        if tx.free() < END_ROOM {
            return None;
        }
        self.tell_passive_address(tx);
        self.tell_marker(tx);
        if tx.free() < END_ROOM {
            return None;
        }
        if self.announcement_waits().is_some() {
            return None;
        }
        self.announce(tx);
        let protects_data = self.protects_data();
        let transfer = self.transfer.as_mut()?;
        if let Announcement::Due(_) = transfer.announcement {
            transfer.announcement = Announcement::Made(now);
        }
        match (transfer.state, &self.channel) {
            // PROT P came when the connection stood already.
            (State::Waiting, Channel::Ready(id)) if protects_data => {
                let id = *id;
                self.connection_stands(id);
            }
            (State::Waiting, Channel::Failed(failure)) => {
                let failure = *failure;
                self.transfer_failed(failure, tx);
            }
            (State::Waiting, Channel::Ready(id) | Channel::Secured(id)) => {
                let id = *id;
                transfer.state = State::Moving;
                let op = match transfer.receives() {
                    true => DataOp::Receive(self.opening),
                    false => DataOp::Send(self.opening),
                };
                self.order(id, op);
            }
            (State::Waiting, Channel::Address(address)) => {
                let address = *address;
                let id = self.new_channel();
                self.channel = Channel::Connecting(id);
                self.order(id, DataOp::Connect(address));
            }
            (State::Opened | State::Waiting | State::Moving, _) => {}
            (State::Sent, _) if transfer.reply_due(now).is_some() => {}
            (State::Sent | State::Taken, _) => self.transfer_done(tx),
            (State::Received, _) => {
                let transfer = self.transfer.take()?;
                self.verb = transfer.verb;
                self.pi.end_transfer();
                self.close_channel(DataOp::Close);
                return Some((transfer.ticket, Asked { what: Pending::Commit, argument: Span::default() }));
            }
            (State::Failed(failure), _) => self.transfer_failed(failure, tx),
        }
        None
    }

    /// Says that the transfer begins, unless that was said: 150.
    pub(super) fn announce(&mut self, tx: &mut Tx<'_>) {
        let Some(transfer) = &mut self.transfer else { return };
        if transfer.state != State::Opened {
            return;
        }
        transfer.state = State::Waiting;
        self.progress = true;
        let size = match transfer.announcement {
            Announcement::Due(size) => size,
            Announcement::Made(_) => None,
        };
        let (verb, name) = (transfer.verb, self.paths.name());
        let sent = self.pi.preliminary_with(&transfer.ticket, &mut *tx, |tx| {
            Code::OPENING_DATA_CONNECTION.encode(tx)?;
            match (verb, size) {
                // RFC 1123 4.1.2.9 wants exactly this.
                (Verb::Stou, _) if !name.is_empty() => {
                    tx.put(b" FILE: ")?;
                    tx.put(name)?;
                }
                (Verb::Retr, Some(size)) => {
                    tx.put_fmt(format_args!(" Opening the data connection ({size} bytes)."))?;
                }
                _ => tx.put(b" Opening the data connection.")?,
            }
            tx.put(b"\r\n")
        });
        if sent.is_err() {
            // The name alone can be that long.
            let text = Text::default();
            let _ = self.pi.preliminary(&transfer.ticket, Code::OPENING_DATA_CONNECTION, text, tx);
        }
    }

    /// The client is told of the last restart marker and of what it is here (RFC 959 3.5): 110. While the
    /// transfer runs it waits until all before it has left, so that a client that does not listen has few.
    fn tell_marker(&mut self, tx: &mut Tx<'_>) {
        let Some(transfer) = &mut self.transfer else { return };
        if !tx.is_empty() && !transfer.is_over() {
            return;
        }
        let Some(marker) = transfer.marker.take() else { return };
        // It is shorter than the room that is there.
        let _ = self.pi.preliminary_with(&transfer.ticket, tx, |tx| {
            Code::RESTART_MARKER.encode(tx)?;
            tx.put(b" MARK ")?;
            marker.text().encode(tx)?;
            tx.put_fmt(format_args!(" = {}\r\n", marker.position()))
        });
    }

    fn transfer_done(&mut self, tx: &mut Tx<'_>) {
        self.close_channel(DataOp::Close);
        if let Some(transfer) = self.end_transfer(Outcome::Complete) {
            self.reply(
                transfer.ticket,
                Code::CLOSING_DATA_CONNECTION,
                Text::literal("Transfer complete."),
                tx,
            );
        }
    }

    /// Takes the transfer, if there is one, and notes what became of it.
    fn end_transfer(&mut self, outcome: Outcome) -> Option<Transfer> {
        let transfer = self.transfer.take()?;
        self.note_transfer(transfer.direction(), transfer.is_listing(), outcome);
        Some(transfer)
    }

    pub(super) fn transfer_failed(&mut self, failure: DataFailure, tx: &mut Tx<'_>) {
        self.announce(tx);
        // The codes for want of room are for what is stored (RFC 959 5.4).
        let receives = self.transfer.as_ref().is_some_and(Transfer::receives);
        if receives && failure == DataFailure::Broken {
            self.upload_has_broken();
        }
        let (code, text) = match failure {
            DataFailure::Unreachable => {
                (Code::CANNOT_OPEN_DATA_CONNECTION, Text::literal("The data connection could not be opened."))
            }
            DataFailure::Stalled => {
                (Code::TRANSFER_ABORTED, Text::literal("The data connection stalled; transfer aborted."))
            }
            DataFailure::Handshake => (Code::DATA_TLS_FAILED, Text::literal("The TLS handshake failed.")),
            DataFailure::NotResumed => (
                Code::DATA_TLS_FAILED,
                Text::literal("Resume the TLS session of the control connection: session reuse is required."),
            ),
            DataFailure::Broken => (Code::TRANSFER_ABORTED, Text::literal("The data connection broke.")),
            DataFailure::Malformed => {
                (Code::TRANSFER_ABORTED, Text::literal("The data is malformed or ends in its middle."))
            }
            DataFailure::StorageFull if receives => {
                (Code::INSUFFICIENT_STORAGE, Text::literal("No room left."))
            }
            DataFailure::QuotaExceeded if receives => {
                (Code::STORAGE_EXCEEDED, Text::literal("Storage allocation exceeded."))
            }
            DataFailure::Local | DataFailure::StorageFull | DataFailure::QuotaExceeded => {
                (Code::LOCAL_ERROR, Text::literal("Local error; transfer aborted."))
            }
        };
        self.close_channel(DataOp::Abort);
        if let Some(transfer) = self.end_transfer(Outcome::Failed(failure)) {
            self.reply(transfer.ticket, code, text, tx);
        }
    }

    /// ABOR (RFC 959 4.1.3): 426 for the transfer that it ends, then its own reply.
    pub(super) fn abort(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        if self.pending.is_some() {
            (self.aborting, self.tell_abort) = (Some(ticket), true);
            return;
        }
        self.announce(tx);
        if self.transfer.as_ref().is_some_and(Transfer::is_sent) {
            // There is nothing left to abort but the wait for the client to close its end.
            self.transfer_done(tx);
        }
        let Some(transfer) = self.end_transfer(Outcome::Aborted) else {
            return self.reply(
                ticket,
                Code::DATA_CONNECTION_OPEN,
                Text::literal("No transfer is running."),
                tx,
            );
        };
        self.close_channel(DataOp::Abort);
        self.reply(transfer.ticket, Code::TRANSFER_ABORTED, Text::literal("Transfer aborted."), tx);
        self.reply(ticket, Code::CLOSING_DATA_CONNECTION, Text::literal("Abort done."), tx);
    }

    /// Whether the client was told that a transfer begins.
    pub(super) fn is_announced(&self) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.state != State::Opened)
    }

    /// Whether an upload was opened of which the client was not told that it begins.
    pub(super) fn is_unannounced_upload(&self) -> bool {
        let opened = |transfer: &Transfer| transfer.state == State::Opened && transfer.receives();
        self.transfer.as_ref().is_some_and(opened)
    }

    /// Bytes of the running transfer, for STAT.
    pub(super) fn moved(&self) -> Option<u64> {
        self.transfer.as_ref().map(|transfer| transfer.moved)
    }

    /// Gives up the data connection, and the transfer on it unanswered: the session ends or begins
    /// anew.
    pub(super) fn abandon_data(&mut self) {
        // What was sent in whole may still be on its way, which a reset would end.
        let (outcome, op) = match &self.transfer {
            Some(transfer) if transfer.is_sent() => (Outcome::Complete, DataOp::Close),
            _ => (Outcome::Cut, DataOp::Abort),
        };
        self.end_transfer(outcome);
        self.close_channel(op);
    }
}
