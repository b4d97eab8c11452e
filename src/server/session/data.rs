//! Events of the data connection, and the reply that announces its listener (RFC 959 3.2 and 3.3).

use core::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use core::time::Duration;

use super::Session;
use crate::action::{DataEvent, DataId};
use crate::buffer::Tx;
use crate::codec::{ReplyCode as Code, Sink, Text, address};
use crate::error::LocalError;
use crate::server::data_connection::{Handshake, Passive, PassiveReply};
use crate::server::machine::append_reply;
use crate::server::transfer::Transfer;

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Reports an event of a data connection. Events of connections that are no longer current are
    /// ignored.
    ///
    /// # Errors
    /// Fails if the connection was never requested, if the event is not valid in its state, or if
    /// the operations that resulted from earlier events have not been polled.
    pub fn data_event(&mut self, id: DataId, event: DataEvent) -> Result<(), LocalError> {
        if !self.data.was_issued(id) {
            return Err(LocalError::UnknownData);
        }
        if !self.data.is_current(id) {
            return Ok(());
        }
        let (name, state) = (event.name(), self.data_state());
        let unexpected = move || LocalError::UnexpectedDataEvent { event: name, state };
        let is_opening =
            matches!(event, DataEvent::Arrived(_) | DataEvent::Connected | DataEvent::Secured { .. });
        if is_opening && !self.data.has_room() {
            let state = "waiting for queued operations";
            return Err(LocalError::UnexpectedDataEvent { event: name, state });
        }
        let stranger = matches!(event, DataEvent::Arrived(peer) if !self.may_share_data(peer.ip()));
        // Work that moves no byte over the wire does not extend the deadline.
        if !stranger && !matches!(event, DataEvent::Moved(0) | DataEvent::Decoded(_)) {
            self.deadlines.progressed();
        }
        match event {
            DataEvent::Listening(address) => self.data.bound(address).map_err(|_| unexpected())?,
            DataEvent::Arrived(_) if stranger => self.data.intruded(id),
            DataEvent::Arrived(_) => self.data.arrived(id, self.protects_data()),
            DataEvent::Connected => {
                self.data.connected(self.protects_data()).map_err(|_| unexpected())?;
            }
            DataEvent::Securing => self.data.securing().map_err(|_| unexpected())?,
            DataEvent::Secured { resumed } if resumed || self.takes_any_tls_session() => {
                let begun = self.data.secured().map_err(|_| unexpected())?;
                if self.ticket_need.secured(begun) {
                    self.data.send_tickets();
                }
            }
            DataEvent::Secured { .. } => self.data.not_resumed().map_err(|_| unexpected())?,
            DataEvent::Ahead if self.transfer.as_ref().is_some_and(Transfer::is_announced) => {}
            DataEvent::Ahead => self.ticket_need.sent_ahead(),
            DataEvent::Moved(count) => self.transfer.as_mut().ok_or_else(unexpected)?.count(count),
            // Not needed here: a server counts only bytes on the wire.
            DataEvent::Decoded(_) => {}
            DataEvent::Marker(marker) => {
                let transfer = self.transfer.as_mut().filter(|transfer| transfer.receives());
                transfer.ok_or_else(unexpected)?.mark(marker);
            }
            DataEvent::Eof { clean } => {
                if !self.transfer.as_mut().ok_or_else(unexpected)?.ended(clean) {
                    return Err(unexpected());
                }
            }
            DataEvent::Flushed => self.transfer.as_mut().ok_or_else(unexpected)?.sent(),
            DataEvent::Failed(failure) => {
                let broken = self.data.failed(failure);
                if let Some(transfer) = self.transfer.as_mut().filter(|_| broken) {
                    transfer.broken(failure);
                }
            }
        }
        Ok(())
    }

    /// Completes the sentence "the data connection is ...".
    fn data_state(&self) -> &'static str {
        match (self.data.describe(), &self.transfer) {
            (Some(state), _) => state,
            (None, None) => "open, without a transfer",
            (None, Some(transfer)) if transfer.receives() => "receiving",
            (None, Some(_)) => "sending",
        }
    }

    /// Returns whether data connections to and from an address are allowed: the client's own, also
    /// in its IPv4-mapped form, or any if the configuration allows it.
    pub(super) fn may_share_data(&self, address: IpAddr) -> bool {
        self.config.foreign_addresses || address.to_canonical() == self.endpoints.peer.ip().to_canonical()
    }

    /// Answers PASV, LPSV or EPSV once the listener is open.
    pub(super) fn answer_passive(&mut self, tx: &mut Tx<'_>) {
        match self.data.take_passive() {
            Some(Passive::Bound { ticket, reply, address: bound }) => {
                let named = self.named_address(bound);
                let long = match bound.ip().to_canonical() {
                    IpAddr::V4(_) => named.into(),
                    IpAddr::V6(_) => bound,
                };
                let code = match reply {
                    PassiveReply::Plain => Code::ENTERING_PASSIVE_MODE,
                    PassiveReply::Long => Code::ENTERING_LONG_PASSIVE_MODE,
                    PassiveReply::Extended => Code::ENTERING_EXTENDED_PASSIVE_MODE,
                };
                let encode = |tx: &mut Tx<'_>| {
                    code.encode(tx)?;
                    tx.put(b" ")?;
                    match reply {
                        PassiveReply::Plain => address::encode_pasv_reply(named, tx)?,
                        PassiveReply::Long => address::encode_lpsv_reply(long, tx)?,
                        PassiveReply::Extended => address::encode_epsv_reply(bound.port(), tx)?,
                    }
                    tx.put(b"\r\n")
                };
                self.reply_many(ticket, tx, |tx| append_reply(code, tx, encode));
            }
            Some(Passive::Unbound { ticket }) => {
                let text = Text::literal("No passive port available.");
                self.reply(ticket, Code::CANNOT_OPEN_DATA_CONNECTION, text, tx);
            }
            None => {}
        }
    }

    /// Returns the address that 227 announces: the configured one, else that of the listener, else
    /// that of the control connection.
    fn named_address(&self, listener: SocketAddr) -> SocketAddrV4 {
        let own = [listener.ip(), self.endpoints.local.ip()].map(|ip| ip.to_canonical());
        let ip = self.config.passive_address.or_else(|| {
            own.iter().find_map(|ip| match ip {
                IpAddr::V4(ip) if !ip.is_unspecified() => Some(*ip),
                _ => None,
            })
        });
        SocketAddrV4::new(ip.unwrap_or(Ipv4Addr::UNSPECIFIED), listener.port())
    }

    /// Returns how long, counted from the last progress, the 150 to an upload is held back to see
    /// how the client behaves without it.
    pub(super) fn announcement_waits(&self) -> Option<Duration> {
        let unannounced = |transfer: &Transfer| !transfer.is_announced() && transfer.receives();
        if self.takes_any_tls_session() || !self.transfer.as_ref().is_some_and(unannounced) {
            return None;
        }
        match self.data.handshake()? {
            Handshake::Awaited => self.ticket_need.wait_before_handshake(),
            Handshake::Begun => self.ticket_need.wait_during_handshake(),
            Handshake::Done => self.ticket_need.wait_after_handshake(),
        }
    }

    /// Handles the end of the wait during which the 150 to an upload was held back.
    pub(super) fn announcement_has_waited(&mut self) {
        if self.data.handshake() == Some(Handshake::Done) {
            self.data.send_tickets();
            self.ticket_need.waited_after_handshake();
        } else {
            self.ticket_need.waited_for_handshake();
        }
    }
}
