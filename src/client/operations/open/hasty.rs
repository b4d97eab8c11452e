//! A transfer of a series: the use of an address that the transfer before has requested.

use super::{Open, Step};
use crate::action::DataOp;
use crate::client::dialogue::{Approach, Phase};
use crate::client::operations::series::{Haste, Series};
use crate::client::{Client, Context, Operation, Verdict};
use crate::codec::{ReplyLine, reply};

impl Open<'_> {
    /// Connects to the address that was requested ahead, and goes on at once.
    pub(super) fn hasten(&mut self, cx: &mut Context<'_, '_>) -> Option<Step> {
        let target = cx.client_mut().take_ahead()?;
        let purpose = self.purpose(cx.client());
        cx.client_mut().open_data(Approach::Connect(target), purpose);
        self.haste = Haste::Hasty;
        Some(Step::Command)
    }

    /// Begins again at the address, if the one that was requested ahead did not work: the data
    /// connection has failed, or the server did not accept it.
    pub(super) fn begin_again(&mut self, cx: &mut Context<'_, '_>) -> bool {
        let is_hasty = matches!(self.haste, Haste::Hasty | Haste::Announced(_));
        if is_hasty {
            cx.client_mut().close_data(Some(DataOp::Abort));
            cx.client_mut().give_up_order();
            self.narrowing.begin_again();
            (self.haste, self.step) = (Haste::InVain, Step::Announcement);
        }
        is_hasty
    }

    /// Returns whether the address that was requested ahead did not work, and no reply to the
    /// command will come.
    pub(super) fn is_lost(&self, client: &Client) -> bool {
        let has_failed = matches!(client.data().phase(), None | Some(Phase::Failed(_)));
        let is_unsent = self.step == Step::Command && self.haste == Haste::Hasty;
        has_failed && (is_unsent || (self.step == Step::Sent && !client.awaits_transfer()))
    }

    /// Returns whether the transfer has begun. In haste, the announcement may come before the data
    /// connection is open, and it may still fail.
    pub(super) fn has_begun(&self, client: &Client) -> bool {
        let phase = client.data().phase();
        match self.haste {
            Haste::Announced(_) => !matches!(phase, None | Some(Phase::Connecting | Phase::Failed(_))),
            // The 1yz did not arrive in time, and data moves without it.
            _ => self.step == Step::Sent && phase == Some(Phase::Moving),
        }
    }

    /// Takes 150, or 226 at once, and decides whether the transfer is open.
    pub(super) fn started(&mut self, cx: &mut Context<'_, '_>, line: &ReplyLine<'_>) -> Verdict {
        self.start(cx, line);
        let is_hasty = matches!(self.haste, Haste::Hasty | Haste::Announced(_));
        match is_hasty && matches!(cx.client().data().phase(), Some(Phase::Connecting | Phase::Failed(_))) {
            true => {
                self.haste = Haste::Announced(reply::size_hint(line.text));
                Verdict::Continue
            }
            false => Verdict::Done,
        }
    }

    /// Returns whether the data connection has failed.
    pub(super) fn has_failed(client: &Client) -> bool {
        matches!(client.data().phase(), Some(Phase::Failed(_)))
    }
}

impl Operation<Open<'_>> {
    /// Makes the transfer part of a series, in which the transfers follow each other without any
    /// operation between them; `more` says whether another one follows.
    ///
    /// With [`Config::pipelining`](crate::client::Config::pipelining), in passive mode, a transfer
    /// then requests the address of the next data connection (EPSV, RFC 2428 3, or PASV) in the
    /// segment of its own command. The command of the next transfer is sent as soon as that address
    /// is known, while the data connection is being opened. A transfer costs the control connection
    /// one round trip instead of two. TCP's handshake on the data connection takes another one, as
    /// before. Otherwise this has no effect.
    ///
    /// The first transfers find out whether the server takes its commands in order
    /// ([`Profile::IN_ORDER`](crate::client::Profile::IN_ORDER)): SYST is sent instead, until its
    /// reply has followed that of a transfer with data. To any other server, and after anything
    /// has gone wrong with a command that was sent ahead
    /// ([`Profile::OUT_OF_ORDER`](crate::client::Profile::OUT_OF_ORDER),
    /// [`Profile::NO_PIPELINING`](crate::client::Profile::NO_PIPELINING)), the client sends one
    /// command at a time. A transfer that a server ends because of such a command fails.
    pub fn in_series(mut self, more: bool) -> Self {
        self.sequence_mut().series = if more { Series::Goes } else { Series::Ends };
        self
    }
}
