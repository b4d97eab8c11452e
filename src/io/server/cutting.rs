//! Aborting a file whose upload was cut off. The session waits for this, for a limited time.

use ::std::task::{Context, Poll};
use ::std::time::Duration;

use super::Work;
use crate::io::net::runtime::{Network, Timed};
use crate::time::Instant;

/// Maximum time for a host to abort a file, which is dropped after that time.
const PATIENCE: Duration = Duration::from_secs(5);

/// The file that is being aborted, if any, and its deadline.
#[derive(Default)]
pub(super) struct Cutting(Option<(Instant, Work<()>)>);

impl Cutting {
    /// Starts to run `abort`.
    pub(super) fn begin(&mut self, abort: Work<()>, now: Instant) {
        self.0 = Some((now.after(PATIENCE), abort));
    }

    /// Waits until no file is being aborted: until the host has finished, or the time for this or
    /// for the session is over.
    pub(super) fn poll<N: Network>(
        &mut self,
        runtime: &mut Timed<N>,
        end: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Some((until, abort)) = &mut self.0 else { return Poll::Ready(()) };
        let until = end.map_or(*until, |end| end.min(*until));
        if abort.as_mut().poll(cx).is_pending() && runtime.poll_deadline(until, cx).is_pending() {
            return Poll::Pending;
        }
        self.0 = None;
        Poll::Ready(())
    }
}
