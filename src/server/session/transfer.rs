//! The running transfer: its next steps after events, its replies, and its end (RFC 959 4.1.3,
//! 5.4).

use super::{ForHost, Session};
use crate::action::{DataFailure, DataOp};
use crate::buffer::{Rx, Tx};
use crate::codec::{ReplyCode as Code, Sink, Text, Verb};
use crate::server::data_connection::Readiness;
use crate::server::event::TransferOutcome;
use crate::server::machine::{Server, Ticket};
use crate::server::request::Request;
use crate::server::transfer::{END_ROOM, State, Transfer};
use crate::time::Instant;

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Takes the next steps after events of the data connection. Returns the commit request of an
    /// upload that has arrived in full.
    pub(super) fn advance_transfer(&mut self, now: Instant, tx: &mut Tx<'_>) -> ForHost {
        if tx.free() < END_ROOM {
            return None;
        }
        self.answer_passive(tx);
        self.send_marker(tx);
        if tx.free() < END_ROOM {
            return None;
        }
        if self.announcement_waits().is_some() {
            return None;
        }
        self.announce(tx);
        let protects_data = self.protects_data();
        let transfer = self.transfer.as_mut()?;
        transfer.announced(now);
        match (transfer.state(), self.data.readiness()) {
            // PROT P arrived after the connection was opened.
            (State::Waiting, Readiness::Clear) if protects_data => self.data.protect(),
            (State::Waiting, Readiness::Failed(failure)) => self.transfer_failed(failure, tx),
            (State::Waiting, Readiness::Clear | Readiness::Protected) => {
                self.data.begin(transfer.begin(self.next.opened()))
            }
            (State::Waiting, Readiness::Connects) => self.data.connect(),
            (State::Opened | State::Waiting | State::Moving, _) => {}
            (State::Sent, _) if transfer.reply_due(now).is_some() => {}
            (State::Sent | State::Taken, _) => self.transfer_done(tx),
            (State::Received, _) => {
                let transfer = self.transfer.take()?;
                self.call.begin(transfer.verb());
                self.pi.end_transfer();
                self.data.close(DataOp::Close);
                return Some((transfer.into_ticket(), Request::Commit));
            }
            (State::Failed(failure), _) => self.transfer_failed(failure, tx),
        }
        None
    }

    /// Announces the transfer (150), once.
    pub(super) fn announce(&mut self, tx: &mut Tx<'_>) {
        let Some(transfer) = &mut self.transfer else { return };
        let Some(size) = transfer.announce() else { return };
        self.deadlines.progressed();
        let (verb, name) = (transfer.verb(), self.paths.name());
        let sent = self.pi.preliminary_with(transfer.ticket(), &mut *tx, |tx| {
            Code::OPENING_DATA_CONNECTION.encode(tx)?;
            match (verb, size) {
                // RFC 1123 4.1.2.9 requires exactly this format.
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
            // Only a long name can be the cause: the caller has checked that there is room for
            // anything else.
            let text = Text::default();
            let _ = self.pi.preliminary(transfer.ticket(), Code::OPENING_DATA_CONNECTION, text, tx);
        }
    }

    /// Reports the last restart marker and its position in the stored file to the client (110, RFC
    /// 959 3.5). During the transfer the report waits until the send queue is empty, so that
    /// replies do not pile up for a client that does not read.
    fn send_marker(&mut self, tx: &mut Tx<'_>) {
        let Some(transfer) = &mut self.transfer else { return };
        if !tx.is_empty() && !transfer.is_over() {
            return;
        }
        let Some(marker) = transfer.take_marker() else { return };
        // There is room for this reply.
        let _ = self.pi.preliminary_with(transfer.ticket(), tx, |tx| {
            Code::RESTART_MARKER.encode(tx)?;
            tx.put(b" MARK ")?;
            marker.text().encode(tx)?;
            tx.put_fmt(format_args!(" = {}\r\n", marker.position()))
        });
    }

    /// Answers a download that was sent in full.
    fn transfer_done(&mut self, tx: &mut Tx<'_>) {
        self.data.close(DataOp::Close);
        if let Some(transfer) = self.end_transfer(TransferOutcome::Complete) {
            self.reply(
                transfer.into_ticket(),
                Code::CLOSING_DATA_CONNECTION,
                Text::literal("Transfer complete."),
                tx,
            );
        }
    }

    /// Takes the transfer, if there is one, and records its result.
    fn end_transfer(&mut self, outcome: TransferOutcome) -> Option<Transfer> {
        let transfer = self.transfer.take()?;
        self.end_of_data(transfer.direction(), transfer.is_listing(), outcome);
        Some(transfer)
    }

    /// Answers a transfer that has failed.
    pub(super) fn transfer_failed(&mut self, failure: DataFailure, tx: &mut Tx<'_>) {
        self.announce(tx);
        // The codes for lack of space apply only to uploads (RFC 959 5.4).
        let receives = self.transfer.as_ref().is_some_and(Transfer::receives);
        if receives && failure == DataFailure::Broken {
            self.ticket_need.upload_has_broken();
        }
        let (code, text) = match failure {
            DataFailure::Unreachable => {
                (Code::CANNOT_OPEN_DATA_CONNECTION, Text::fixed("The data connection could not be opened."))
            }
            DataFailure::Stalled => {
                (Code::TRANSFER_ABORTED, Text::fixed("The data connection stalled; transfer aborted."))
            }
            DataFailure::Handshake => (Code::DATA_TLS_FAILED, Text::fixed("The TLS handshake failed.")),
            DataFailure::NotResumed => (
                Code::DATA_TLS_FAILED,
                Text::fixed("Resume the TLS session of the control connection: session reuse is required."),
            ),
            DataFailure::Broken => (Code::TRANSFER_ABORTED, Text::fixed("Data connection lost.")),
            DataFailure::Malformed => {
                (Code::TRANSFER_ABORTED, Text::fixed("The data is malformed or truncated."))
            }
            DataFailure::StorageFull if receives => {
                (Code::INSUFFICIENT_STORAGE, Text::fixed("Insufficient storage space."))
            }
            DataFailure::QuotaExceeded if receives => {
                (Code::STORAGE_EXCEEDED, Text::fixed("Storage allocation exceeded."))
            }
            DataFailure::Local | DataFailure::StorageFull | DataFailure::QuotaExceeded => {
                (Code::LOCAL_ERROR, Text::fixed("Local error; transfer aborted."))
            }
        };
        self.data.close(DataOp::Abort);
        if let Some(transfer) = self.end_transfer(TransferOutcome::Failed(failure)) {
            self.reply(transfer.into_ticket(), code, text, tx);
        }
    }

    /// Executes ABOR (RFC 959 4.1.3): sends 426 for the transfer that it ends, then the reply to
    /// ABOR.
    pub(super) fn abort(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let Err(ticket) = self.call.abort(ticket) else { return };
        let (code, text) = match self.abort_transfer(tx) {
            true => (Code::CLOSING_DATA_CONNECTION, Text::literal("Abort successful.")),
            false => (Code::DATA_CONNECTION_OPEN, Text::literal("No transfer to abort.")),
        };
        self.reply(ticket, code, text, tx);
    }

    /// Ends the running transfer with 426. Returns whether there was one.
    fn abort_transfer(&mut self, tx: &mut Tx<'_>) -> bool {
        self.announce(tx);
        if self.transfer.as_ref().is_some_and(Transfer::is_sent) {
            // Nothing is left to abort except the wait for the client to close its end.
            self.transfer_done(tx);
        }
        let Some(transfer) = self.end_transfer(TransferOutcome::Aborted) else { return false };
        self.data.close(DataOp::Abort);
        self.reply(transfer.into_ticket(), Code::TRANSFER_ABORTED, Text::literal("Transfer aborted."), tx);
        true
    }

    /// Ends the running transfer if ABOR stands behind commands that wait for its end, and none of
    /// those is a transfer, which ABOR would be for. ABOR itself is answered in its turn. Returns
    /// whether there was such a transfer.
    pub(super) fn abort_ahead(&mut self, rx: &Rx<'_>, tx: &mut Tx<'_>) -> bool {
        let mut verbs = rx.waiting_lines().filter_map(Verb::split_from).map(|(verb, _)| verb);
        let is_due = self.transfer.is_some()
            && !self.call.is_waiting()
            && tx.free() >= Server::SEND_ROOM
            && verbs.find(|verb| *verb == Verb::Abor || verb.opens_data_connection()) == Some(Verb::Abor);
        if is_due {
            self.abort_transfer(tx);
        }
        is_due
    }

    /// Drops the data connection and the transfer on it without a reply, because the session ends
    /// or is reset.
    pub(super) fn abandon_data(&mut self) {
        // Data that was sent in full may still be in transit; a reset would discard it.
        let (outcome, op) = match &self.transfer {
            Some(transfer) if transfer.is_sent() => (TransferOutcome::Complete, DataOp::Close),
            _ => (TransferOutcome::Cut, DataOp::Abort),
        };
        self.end_transfer(outcome);
        self.data.close(op);
    }
}
