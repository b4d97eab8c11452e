//! ABOR as an operation (RFC 959 4.1.3).

use super::opened::TransferId;
use crate::action::DataId;
use crate::client::{Advance, Context, Inherits, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::ReplyLine;
use crate::error::LocalError;

/// ABOR: gives up `transfer` and reads all replies about it, so that the connection can be used for
/// other operations. [`Config::abort`](crate::client::Config::abort) decides how ABOR is sent; a
/// policy that would only close the data connection sends a plain ABOR here.
///
/// The server may have finished before ABOR reached it, so an upload may be complete.
pub fn abort(transfer: TransferId) -> Operation<Abort> {
    Operation::new(Abort::new(transfer.id()))
}

/// The operation of [`abort`]. Its output is the number of bytes that had been transferred over the
/// wire when the abort began.
#[derive(Debug)]
pub struct Abort {
    id: DataId,
    /// Bytes transferred over the wire when the abort began.
    transferred: Option<u64>,
}

impl Abort {
    /// Creates the abort of a transfer between two servers.
    pub(super) const fn server_to_server() -> Self {
        Self::new(DataId::NONE)
    }

    const fn new(id: DataId) -> Self {
        Self { id, transferred: None }
    }
}

impl Sequence for Abort {
    type Output<'b> = u64;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if self.transferred.is_none() {
            self.transferred = Some(cx.client().transferred());
            cx.client_mut().give_up();
        }
        cx.go_on_aborting();
        Ok(if cx.client().is_given_up() { Advance::Done } else { Advance::Continue })
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, _: &ReplyLine<'_>) -> Verdict {
        Verdict::Continue
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> u64 {
        self.transferred.unwrap_or(0)
    }

    fn inherits(&self) -> Inherits {
        Inherits::Transfer(self.id)
    }
}
