//! A transfer seen through to its end: its data and its final reply, in either order (RFC 959 5.4).

use super::channel::{Channel, Phase};
use super::{Context, Inherits, Next, Operation, Sequence, TransferId};
use crate::action::{DataFailure, DataId, DataOp};
use crate::codec::{Command, ReplyCode, ReplyLine, Verb};
use crate::error::LocalError;

/// Sees the transfer through to its end. What the server says of restart markers meanwhile (110, RFC 959 3.5)
/// is shown as [`Event::Line`](super::Event::Line), and kept as
/// [`Client::last_marker`](super::Client::last_marker).
pub fn complete(transfer: TransferId) -> Operation<Complete> {
    Operation::new(Complete { id: transfer.0, transferred: 0, asks: false })
}

/// A transfer that was completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completed<'b> {
    /// Bytes that went over the wire.
    pub transferred: u64,
    /// The server's final reply, where it came last.
    pub reply: Option<ReplyLine<'b>>,
}

/// See [`complete`]. Comes to [`Completed`].
#[derive(Debug)]
pub struct Complete {
    id: DataId,
    transferred: u64,
    /// STAT is to be sent.
    asks: bool,
}

impl Operation<Complete> {
    /// Asks the server how far the transfer is (STAT, RFC 959 4.1.3): each line of its answer is shown as
    /// [`Event::Line`](super::Event::Line), unless the server answers after the transfer only, as some do.
    /// Nothing is asked once the server has finished.
    pub fn ask_status(&mut self) {
        self.sequence_mut().asks = true;
    }

    /// Gives the transfer back, to be given up by [`abort`](super::abort()).
    pub fn into_transfer(self) -> TransferId {
        TransferId(self.sequence().id)
    }
}

impl Complete {
    /// Whether both ends have come, the good one or the bad one.
    fn verdict(&self, owed: bool, channel: &Channel) -> Next {
        match channel.phase {
            Phase::Ended if channel.confirmed => Next::Done,
            // An empty directory: some servers say 226 and never touch the data connection.
            Phase::Failed(_) if channel.confirmed && !channel.announced && channel.moved == 0 => Next::Done,
            // What the server says of it comes first, whatever that is.
            Phase::Failed(failure) if !owed => Next::Failed(failure),
            _ => Next::Continue,
        }
    }

    fn conclude(&mut self, cx: &mut Context<'_, '_>) -> Next {
        let Some(channel) = cx.client.channel.filter(|channel| channel.id == self.id) else {
            return Next::Failed(DataFailure::Broken);
        };
        let next = self.verdict(cx.client.owes_transfer(), &channel);
        if next != Next::Continue {
            self.transferred = channel.moved;
            cx.client.close_data(DataOp::Close);
        }
        next
    }
}

impl Sequence for Complete {
    type Output<'b> = Completed<'b>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        if self.asks && cx.client.owes_transfer() {
            self.asks = !cx.client.send_beside(cx.tx, &Command::Stat(None));
        }
        Ok(self.conclude(cx))
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, verb: Option<Verb>, line: &ReplyLine<'_>) -> Next {
        match verb {
            Some(Verb::Stat) => Next::Show,
            Some(Verb::Noop) => Next::Continue,
            _ if line.code == ReplyCode::RESTART_MARKER => Next::Show,
            _ if line.is_final() => self.finished(cx, verb, line),
            _ => Next::Continue,
        }
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, _: Option<Verb>, line: &ReplyLine<'_>) -> Next {
        if !line.code.is_success() {
            cx.client.close_data(DataOp::Abort);
            return Next::Refused;
        }
        if let Some(channel) = &mut cx.client.channel {
            channel.confirmed = true;
        }
        self.conclude(cx)
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Completed<'b> {
        Completed { transferred: self.transferred, reply: last }
    }

    fn inherits(&self) -> Inherits {
        Inherits::Transfer(self.id)
    }
}
