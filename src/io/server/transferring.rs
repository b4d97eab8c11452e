//! The data connection of a session, and the file that moves over it.

use ::std::net::IpAddr;
use ::std::num::NonZeroU64;
use ::std::task::{Context, Poll};

use super::Connection;
use crate::action::{DataEvent, DataId, DataOp};
use crate::io::host::{AsyncAccounts, Refusal};
use crate::io::net::runtime::Network;

impl<R: Network, A: AsyncAccounts> Connection<R, A> {
    pub(super) fn act(&mut self, id: DataId, op: DataOp) {
        if matches!(op, DataOp::Abort) {
            self.cut();
        }
        if let (DataOp::Receive(parameters), Some(moving)) = (&op, &mut self.moving) {
            moving.begin(parameters.limit.map_or(u64::MAX, NonZeroU64::get));
        }
        let local = self.endpoints.local.ip();
        if let Some(event) = self.data.act(&self.runtime, local, self.endpoint.as_ref(), id, op) {
            self.tell(id, event);
        }
    }

    /// Ends a transfer early. The file of an upload is aborted before anything else happens.
    pub(super) fn cut(&mut self) {
        if let Some(abort) = self.moving.take().and_then(|moving| moving.abort()) {
            self.cutting.begin(abort, self.runtime.now());
        }
    }

    /// Calls [`cut`](Self::cut) if the machine has ended the transfer. Returns whether it had.
    pub(super) fn cut_what_is_over(&mut self) -> bool {
        let is_over = self.moving.is_some() && !self.session.is_transferring();
        if is_over {
            self.cut();
        }
        is_over
    }

    pub(super) fn tell(&mut self, id: DataId, event: DataEvent) {
        let told = self.session.data_event(id, event);
        debug_assert!(told.is_ok(), "{event:?}: {told:?}");
    }

    /// Cancels the host's work on a request whose answer the client no longer wants.
    pub(super) fn give_up(&mut self) {
        if let Some((ticket, _)) = self.asked.take() {
            self.answer(ticket, Err(Refusal::Aborted));
        }
    }

    /// Moves bytes between the host and the data connection, or sets the connection up. Returns
    /// whether anything happened.
    pub(super) fn move_data(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(until) = self.data.poll_parting(&self.runtime, cx) {
            if self.runtime.poll_deadline(until, cx).is_ready() {
                let _ = self.data.poll_parting(&self.runtime, cx);
            }
        }
        let Some(id) = self.data.id() else { return false };
        if self.data.is_moving() {
            match self.throttle.poll_allowance(&mut self.runtime, cx) {
                Poll::Ready(allowance) => self.data.allowance = allowance,
                Poll::Pending => return false,
            }
        }
        let event = match &mut self.moving {
            Some(moving) if self.data.is_sending() => moving.poll_send(&mut self.data, cx),
            Some(moving) if self.data.is_receiving() => {
                moving.poll_receive(&mut self.data, &self.runtime, cx)
            }
            _ => self.data.poll_setup(&self.runtime, self.endpoint.as_ref(), cx),
        };
        let Poll::Ready(mut event) = event else { return false };
        let moved = self.moving.as_ref().map_or(self.reporter.bytes, |moving| moving.moved());
        let worked = moved.saturating_sub(::std::mem::replace(&mut self.reporter.bytes, moved));
        match &mut event {
            DataEvent::Flushed => {
                self.moving = None;
                // The reply may have to wait until the client closes the connection.
                self.act(id, DataOp::AwaitClose);
            }
            DataEvent::Moved(0) => self.throttle.worked(self.runtime.now(), worked),
            DataEvent::Moved(bytes) => self.throttle.spend(*bytes),
            // The proxy vouches for its own connections.
            DataEvent::Arrived(from) if self.proxy.is_some_and(|proxy| is_same(proxy, from.ip())) => {
                *from = self.endpoints.peer;
            }
            _ => {}
        }
        self.tell(id, event);
        true
    }
}

/// Returns whether two addresses are the same. An IPv4-mapped address is the same as the IPv4
/// address.
fn is_same(one: IpAddr, other: IpAddr) -> bool {
    one.to_canonical() == other.to_canonical()
}
