//! A listing in transit to the client: has the host write the lines of directories.

use ::std::boxed::Box;
use ::std::io;
use ::std::task::{Context, Poll};
use ::std::vec::Vec;

use super::Work;
use super::pages::Pages;
use crate::io::driver::data::CHUNK;
use crate::io::host::{AsyncEntries, AsyncFilesystem, Refusal};
use crate::server::Lister;

/// Number of bytes of a listing that are written at a time.
pub(super) const LISTING_CHUNK: usize = CHUNK / 4;

/// Number of steps after which what was written is sent.
const STEPS_AT_ONCE: u32 = 64;

/// A function that opens a directory below the one that is listed.
pub(super) type Below<F> =
    Box<dyn Fn(&[u8]) -> Work<Result<<F as AsyncFilesystem>::Entries, Refusal>> + Send>;

/// A listing in progress.
pub(super) struct Listed<F: AsyncFilesystem> {
    open: Below<F>,
    state: State<F::Entries>,
}

/// The result of [`AsyncEntries::next_lines`].
type Lines<E> = io::Result<(Option<E>, Lister, Vec<u8>)>;

enum State<E> {
    /// The heading is to be written next, and then the entries.
    Begun(Lister, Pages<E>),
    /// The host is writing the next lines.
    Writing(Work<Lines<E>>),
    /// The host has written these lines ahead.
    Written(Lines<E>),
    /// The next directory is being opened.
    Opening(Lister, Work<Result<E, Refusal>>),
    Failed(io::Error),
    Ended,
}

impl<F: AsyncFilesystem> Listed<F> {
    pub(super) fn new(pages: Pages<F::Entries>, lister: Lister, open: Below<F>) -> Self {
        Self { open, state: State::Begun(lister, pages) }
    }

    /// Has the host write the next lines while the last ones are sent.
    pub(super) fn write_ahead(&mut self, cx: &mut Context<'_>) {
        if let State::Writing(work) = &mut self.state {
            if let Poll::Ready(lines) = work.as_mut().poll(cx) {
                self.state = State::Written(lines);
            }
        }
    }

    /// Appends lines to `out`: a full chunk, or those that are available. Returns whether the
    /// listing is complete.
    pub(super) fn poll_lines(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<io::Result<bool>> {
        for _ in 0..STEPS_AT_ONCE {
            match self.poll_step(cx, out) {
                Poll::Ready(Ok(true)) if out.len() < LISTING_CHUNK => {}
                Poll::Ready(Ok(more)) => return Poll::Ready(Ok(!more)),
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Ready(Err(error)) if out.is_empty() => return Poll::Ready(Err(error)),
                Poll::Ready(Err(error)) => {
                    self.state = State::Failed(error);
                    return Poll::Ready(Ok(false));
                }
                Poll::Pending => return Poll::Ready(Ok(false)),
            }
        }
        if out.is_empty() {
            // Yields, so that the session can handle commands, such as ABOR.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(false))
    }

    /// Takes one step, which may append lines. Returns whether more are to follow.
    fn poll_step(&mut self, cx: &mut Context<'_>, out: &mut Vec<u8>) -> Poll<io::Result<bool>> {
        let lines = match ::std::mem::replace(&mut self.state, State::Ended) {
            State::Begun(mut lister, pages) => {
                // Writing to a vector does not fail.
                let is_single = pages.is_single();
                if !is_single {
                    let _ = lister.heading(out);
                }
                let (known, unread) = pages.into_parts();
                for owned in known {
                    let _ = match is_single {
                        true => lister.write_itself(&owned.entry(), out),
                        false => lister.write(&owned.entry(), out),
                    };
                }
                return Poll::Ready(Ok(self.go_on(unread, lister, Vec::new())));
            }
            State::Opening(lister, mut work) => match work.as_mut().poll(cx) {
                Poll::Pending => {
                    self.state = State::Opening(lister, work);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(entries)) => {
                    self.state = State::Begun(lister, Pages::of(entries));
                    return Poll::Ready(Ok(true));
                }
                // The directory may have been removed, or may be closed to this client. The listing
                // continues without it.
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(self.go_on(None, lister, Vec::new()))),
            },
            State::Writing(mut work) => match work.as_mut().poll(cx) {
                Poll::Pending => {
                    self.state = State::Writing(work);
                    return Poll::Pending;
                }
                Poll::Ready(lines) => lines,
            },
            State::Written(lines) => lines,
            State::Failed(error) => return Poll::Ready(Err(error)),
            State::Ended => return Poll::Ready(Ok(false)),
        };
        let (unread, lister, mut lines) = match lines {
            Ok(lines) => lines,
            Err(error) => return Poll::Ready(Err(error)),
        };
        // Two buffers take turns.
        match out.is_empty() {
            true => ::std::mem::swap(out, &mut lines),
            false => out.append(&mut lines),
        }
        let is_unfinished = unread.is_some();
        let more = self.go_on(unread, lister, lines);
        if is_unfinished {
            if out.is_empty() {
                // None of these entries is shown. Yields, so that the session can handle commands.
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        Poll::Ready(Ok(more))
    }

    /// Continues with the `unread` entries, or with the next directory. Returns whether there are
    /// any. `spare` is an empty buffer.
    fn go_on(&mut self, unread: Option<F::Entries>, mut lister: Lister, spare: Vec<u8>) -> bool {
        if let Some(entries) = unread {
            self.state = State::Writing(Box::pin(entries.next_lines(lister, spare)));
        } else if let Some(work) = lister.next_directory().map(&self.open) {
            self.state = State::Opening(lister, work);
        } else {
            return false;
        }
        true
    }
}
