//! The end of an upload that was cut: its file is told, and for so long the session waits.

use ::std::task::{Context, Poll};
use ::std::time::Duration;

use super::Work;
use crate::io::runtime::Runtime;
use crate::time::Instant;

/// How long a file may take to be aborted. Afterwards it is dropped, whatever it does.
const PATIENCE: Duration = Duration::from_secs(5);

/// The file that is being aborted, if there is one.
#[derive(Default)]
pub(super) struct Cutting(Option<(Instant, Work<()>)>);

impl Cutting {
    /// Begins with what aborts a file.
    pub(super) fn begin(&mut self, abort: Work<()>, now: Instant) {
        self.0 = Some((now.after(PATIENCE), abort));
    }

    /// Ready once no file is being aborted any more: it has been, or its time is over, or that of the session.
    pub(super) fn poll<R: Runtime>(
        &mut self,
        runtime: &mut R,
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
