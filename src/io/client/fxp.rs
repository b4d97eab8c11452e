//! Transfers between two servers: one driver for both control connections.

use ::std::fmt;
use ::std::future::poll_fn;
use ::std::task::{Context, Poll};

use super::connection::Connection;
use crate::client::{self, Fxp, FxpAction, Side};
use crate::error::PeerError;
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;
use crate::time::Instant;

/// The error of a transfer between two servers. Both sessions continue, unless the error is
/// [fatal](Error::is_fatal) to the session on its side.
#[derive(Debug)]
pub struct FxpError {
    /// The side that refused or failed.
    pub side: Side,
    /// The error on that side.
    pub error: Error,
}

impl fmt::Display for FxpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.side {
            Side::Source => write!(f, "the source: {}", self.error),
            Side::Target => write!(f, "the target: {}", self.error),
        }
    }
}

/// Returns the source of [`error`](Self::error), since `Display` already includes `error` itself.
impl ::std::error::Error for FxpError {
    fn source(&self) -> Option<&(dyn ::std::error::Error + 'static)> {
        self.error.source()
    }
}

/// Runs a transfer between two servers. The future may be dropped at any point: the next operation
/// of each client then ends the transfer.
pub(super) async fn run<R: Runtime>(
    source: &mut Connection<R>,
    target: &mut Connection<R>,
    mut fxp: Fxp<'_>,
) -> Result<(), FxpError> {
    // The earlier of the two deadlines applies to both clients.
    let deadlines = [(Side::Source, source.deadline()), (Side::Target, target.deadline())];
    let first = deadlines
        .into_iter()
        .filter_map(|(side, deadline)| Some((side, deadline?)))
        .min_by_key(|(_, deadline)| *deadline);
    poll_fn(|cx| poll_run(source, target, &mut fxp, first, cx)).await
}

fn poll_run<R: Runtime>(
    source: &mut Connection<R>,
    target: &mut Connection<R>,
    fxp: &mut Fxp<'_>,
    deadline: Option<(Side, Instant)>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), FxpError>> {
    let failed = |side, error| Poll::Ready(Err(FxpError { side, error }));
    loop {
        for side in [Side::Source, Side::Target] {
            if let Err(error) = of(side, source, target).check_stop() {
                return failed(side, error);
            }
        }
        let now = source.runtime.now();
        let action = fxp.poll(now, source.party(), target.party());
        match action {
            Ok(FxpAction::Done) => return Poll::Ready(Ok(())),
            Ok(FxpAction::Refused(side, refusal)) => return failed(side, Error::Refused(refusal.into())),
            Ok(FxpAction::Data(side, id, op)) => of(side, source, target).act(id, op),
            Ok(FxpAction::UpgradeControl(side, token)) => of(side, source, target).upgrade(token),
            Ok(FxpAction::DowngradeControl(side, token)) => of(side, source, target).downgrade(token),
            Ok(FxpAction::Wait { source: first, target: second }) => {
                let late = deadline.filter(|(_, until)| now >= *until);
                if let Some((side, _)) = late {
                    return failed(side, Error::Deadline);
                }
                let until = deadline.map(|(_, until)| until);
                let ready = source.poll_wait(&first, until, cx).is_ready();
                if !(target.poll_wait(&second, until, cx).is_ready() || ready) {
                    return Poll::Pending;
                }
            }
            Ok(FxpAction::Close(side)) => {
                return failed(side, of(side, source, target).broken(PeerError::Closed.into()));
            }
            // This driver never requests an abort.
            Ok(FxpAction::Aborted) => return Poll::Ready(Ok(())),
            Err(client::FxpError { side, error }) => {
                return failed(side, of(side, source, target).broken(error));
            }
        }
    }
}

fn of<'c, R: Runtime>(
    side: Side,
    source: &'c mut Connection<R>,
    target: &'c mut Connection<R>,
) -> &'c mut Connection<R> {
    match side {
        Side::Source => source,
        Side::Target => target,
    }
}
