//! Giving a transfer up (RFC 959 4.1.3, ABOR): by closing its data connection, or by saying so.
//!
//! What a server answers to ABOR during a transfer varies: 426 to the transfer and 226 to ABOR, 226 and
//! 226, 226 and 225, one of them for both, or nothing. The replies are taken in order, 225 is ABOR's
//! wherever it stands, and when one has come the other is waited for only so long, once: Pure-FTPd sends
//! one to downloads, which says that ABOR succeeded, and is known by it from then on. With none the
//! connection is given up: nobody could tell what a later reply answers.

use super::expected::{ExpectedReply, Generation};
use super::fxp::Elsewhere;
use super::{
    AbortPolicy, Client, Context, Inherits, Next, Operation, Profile, ReplyTo, Sequence, TransferId,
};
use crate::action::{DataId, DataOp};
use crate::buffer::Tx;
use crate::codec::{Command, ReplyLine};
use crate::error::{Awaited, LocalError, PeerError};

/// A transfer that is being given up. ABOR goes first and the data connection after it: a server that
/// saw its end first might take the stump of an upload for the whole. And the data connection is closed
/// without waiting for an answer: a server may look at ABOR between two writes only, and would hang in
/// one that nobody reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct GivingUp {
    id: DataId,
    generation: Generation,
    synch: bool,
    sent: bool,
    /// The TLS handshake on the data connection is going on, or to come, and ends first: broken off it would have
    /// used up the ticket that it resumes with for nothing, and vsftpd ends the whole session for it.
    securing: bool,
}

impl Client {
    /// Gives up the transfer that an operation left behind.
    pub(super) fn give_up_by_policy(&mut self) {
        let Some(channel) = self.channel else {
            // There is no data connection here that could be closed instead.
            return self.give_up();
        };
        let abor = match self.config.abort {
            AbortPolicy::AborUploads => !channel.purpose.receives,
            AbortPolicy::CloseData => false,
            AbortPolicy::Abor | AbortPolicy::AborWithSynch => true,
        };
        match abor && self.expected.awaits_transfer() {
            true => self.give_up(),
            false => self.close_data(DataOp::Abort),
        }
    }

    /// Gives up the transfer by ABOR, where the server has not finished it.
    fn give_up(&mut self) {
        let elsewhere = core::mem::take(&mut self.elsewhere) != Elsewhere::No;
        let (id, securing) = match self.channel.take() {
            Some(channel) => (channel.id, self.settings.protects_data() && channel.is_to_be_secured()),
            None if elsewhere => (DataId::NONE, false),
            None => return,
        };
        let synch =
            self.config.abort == AbortPolicy::AborWithSynch && !self.profile.contains(Profile::NO_SYNCH);
        let generation = self.generation;
        self.giving_up = Some(GivingUp { id, generation, synch, sent: false, securing });
        self.clock = None;
    }

    /// Sends ABOR as soon as there is room, and closes the data connection when it is on its way.
    pub(super) fn go_on_giving_up(&mut self, tx: &mut Tx<'_>) {
        let Some(mut giving_up) = self.giving_up else { return };
        // A server that has ended the transfer does not go on with the handshake either.
        if giving_up.securing && self.expected.awaits_transfer() {
            return;
        }
        // What the server has ended by itself needs no ABOR, and 225 in answer would help nobody.
        if !giving_up.sent && self.expected.awaits_transfer() && tx.capacity() >= SYNCHED_ABORT {
            giving_up.sent = self.send_abort(tx, &giving_up);
            if !giving_up.sent {
                return;
            }
            self.giving_up = Some(giving_up);
        }
        if tx.is_empty() || !giving_up.sent {
            self.giving_up = None;
            self.abort_data(giving_up.id);
        }
    }

    fn abort_data(&mut self, id: DataId) {
        if id != DataId::NONE {
            self.order(id, DataOp::Abort);
        }
    }

    /// Whether the transfer on this data connection is being given up.
    pub(super) fn gives_up(&self, id: DataId) -> bool {
        self.giving_up.is_some_and(|giving_up| giving_up.id == id)
    }

    /// Whether the handshake of a transfer that is given up is waited for.
    pub(super) fn secures_to_abort(&self) -> bool {
        self.giving_up.is_some_and(|giving_up| giving_up.securing)
    }

    /// The handshake has ended, or its time has.
    pub(super) fn stop_securing(&mut self) {
        if let Some(giving_up) = &mut self.giving_up {
            giving_up.securing = false;
        }
    }

    fn send_abort(&mut self, tx: &mut Tx<'_>, giving_up: &GivingUp) -> bool {
        if self.expected.room() == 0 || tx.free() < SYNCHED_ABORT {
            return false;
        }
        if giving_up.synch {
            let _ = tx.put_synch();
        }
        if !self.send_during_transfer(tx, &Command::Abor) {
            return false;
        }
        self.expected.set_last_generation(giving_up.generation);
        self.abort_answered = false;
        true
    }

    /// The connection has failed. A server that closes it at the sight of Telnet's bytes, or takes no ABOR
    /// behind them for one, is known by that.
    pub(super) fn stop_giving_up(&mut self, error: PeerError) {
        if let Some(giving_up) = self.giving_up.take() {
            self.abort_data(giving_up.id);
        }
        if self.expected.awaits_abort()
            && self.config.abort == AbortPolicy::AborWithSynch
            && matches!(error, PeerError::Closed | PeerError::TimedOut(Awaited::Abort))
        {
            self.profile |= Profile::NO_SYNCH;
        }
    }

    /// A final reply came: is it one of the two that end an aborted transfer?
    ///
    /// `said` when it speaks of ABOR and of success.
    pub(super) fn note_abort(&mut self, answered: &ExpectedReply, said: bool) {
        let partner = match answered.is_abort() {
            true => self.expected.awaits_transfer(),
            false => answered.is_transfer() && self.expected.awaits_abort(),
        };
        self.abort_answered =
            partner || (self.abort_answered && !answered.is_abort() && !answered.is_transfer());
        self.abort_said = said;
        if self.abort_answered && said && self.profile.contains(Profile::ONE_ABORT_REPLY) {
            self.count_abort_as_answered();
        }
    }

    /// The one reply that has come was for ABOR and the transfer both.
    pub(super) fn count_abort_as_answered(&mut self) {
        self.expected.drop_aborted();
        self.abort_answered = false;
    }
}

/// Whether a reply's text speaks of ABOR.
pub(super) fn mentions_abort(text: &[u8]) -> bool {
    text.windows(4).any(|word| word.eq_ignore_ascii_case(b"ABOR"))
}

/// Room for IAC IP IAC DM ABOR CRLF.
const SYNCHED_ABORT: usize = 4 + 6;

/// ABOR: gives `transfer` up and reads all that the server says to that, so that the connection is good
/// for other operations. How ABOR is sent is [`Config::abort`](super::Config::abort)'s to say; a policy
/// that would merely close the data connection sends it plain here.
///
/// The server may have finished before it heard: of an upload all may be there.
pub fn abort(transfer: TransferId) -> Operation<Abort> {
    Operation::new(Abort::new(transfer.0))
}

/// See [`abort`]. Comes to the bytes that went over the wire until then.
#[derive(Debug)]
pub struct Abort {
    id: DataId,
    begun: bool,
    transferred: u64,
}

impl Abort {
    /// As [`abort`], for a transfer whose data connection is none of this client's.
    pub(super) const fn elsewhere() -> Self {
        Self::new(DataId::NONE)
    }

    const fn new(id: DataId) -> Self {
        Self { id, begun: false, transferred: 0 }
    }
}

impl Sequence for Abort {
    type Output<'b> = u64;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        if !self.begun {
            self.begun = true;
            self.transferred = cx.client.transferred();
            cx.client.give_up();
        }
        cx.client.go_on_giving_up(cx.tx);
        let over = cx.client.giving_up.is_none() && !cx.client.is_owed();
        Ok(if over { Next::Done } else { Next::Continue })
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, _: &ReplyLine<'_>) -> Next {
        Next::Continue
    }

    fn finished(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, _: &ReplyLine<'_>) -> Next {
        Next::Continue
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> u64 {
        self.transferred
    }

    fn inherits(&self) -> Inherits {
        Inherits::Transfer(self.id)
    }
}
