//! A listing in transit to the client: reads directories from the host and writes their lines.

use ::std::boxed::Box;
use ::std::io;
use ::std::task::{Context, Poll};
use ::std::vec::Vec;

use super::Work;
use super::pages::{PASSED_AT_ONCE, Pages};
use crate::io::driver::data::CHUNK;
use crate::io::host::{AsyncFilesystem, Refusal};
use crate::server::Lister;

/// Number of bytes of a listing that are written at a time.
const LISTING_CHUNK: usize = CHUNK / 8;

/// A function that opens a directory below the one that is listed.
pub(super) type Below<F> =
    Box<dyn Fn(&[u8]) -> Work<Result<<F as AsyncFilesystem>::Entries, Refusal>> + Send>;

/// A listing in progress.
pub(super) struct Listed<F: AsyncFilesystem> {
    lister: Lister,
    open: Below<F>,
    state: State<F::Entries>,
}

enum State<E> {
    /// The heading is to be written next, and then the entries.
    Begun(Pages<E>),
    Reading(Pages<E>),
    /// The next directory is being opened.
    Opening(Work<Result<E, Refusal>>),
    Ended,
}

impl<F: AsyncFilesystem> Listed<F> {
    pub(super) fn new(pages: Pages<F::Entries>, lister: Lister, open: Below<F>) -> Self {
        Self { lister, open, state: State::Begun(pages) }
    }

    /// Appends lines to `out`: a full chunk, or those that are available. Returns whether the
    /// listing is complete.
    pub(super) fn poll_lines(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<io::Result<bool>> {
        for _ in 0..PASSED_AT_ONCE {
            match self.poll_line(cx, out) {
                Poll::Ready(Some(Ok(()))) if out.len() < LISTING_CHUNK => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(true)),
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Ready(Some(Ok(()))) | Poll::Pending => return Poll::Ready(Ok(false)),
            }
        }
        if out.is_empty() {
            // Yields, so that the session can handle commands, such as ABOR.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(false))
    }

    /// Takes one step, which may append a line; `None` at the end. An error is held back until
    /// `out` is empty.
    fn poll_line(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<Option<io::Result<()>>> {
        // Writing to a vector does not fail.
        match ::std::mem::replace(&mut self.state, State::Ended) {
            State::Begun(pages) => {
                if !pages.is_single() {
                    let _ = self.lister.heading(out);
                }
                self.state = State::Reading(pages);
            }
            State::Reading(mut pages) => match pages.poll_next(cx) {
                Poll::Pending => {
                    self.state = State::Reading(pages);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(owned))) => {
                    let _ = match pages.is_single() {
                        true => self.lister.write_itself(&owned.entry(), out),
                        false => self.lister.write(&owned.entry(), out),
                    };
                    self.state = State::Reading(pages);
                }
                Poll::Ready(Some(Err(error))) if !out.is_empty() => {
                    pages.put_back_error(error);
                    self.state = State::Reading(pages);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => match self.lister.next_directory() {
                    Some(path) => self.state = State::Opening((self.open)(path)),
                    None => return Poll::Ready(None),
                },
            },
            State::Opening(mut work) => match work.as_mut().poll(cx) {
                Poll::Pending => {
                    self.state = State::Opening(work);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(entries)) => self.state = State::Begun(Pages::of(entries)),
                // The directory may have been removed, or may be closed to this client. The listing
                // continues without it.
                Poll::Ready(Err(_)) => match self.lister.next_directory() {
                    Some(path) => self.state = State::Opening((self.open)(path)),
                    None => return Poll::Ready(None),
                },
            },
            State::Ended => return Poll::Ready(None),
        }
        Poll::Ready(Some(Ok(())))
    }
}
