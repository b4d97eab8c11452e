//! The entries of a directory, one after the other, of a host that has them by pages.

use ::std::io;
use ::std::task::{Context, Poll};
use ::std::vec::Vec;

use super::Work;
use crate::io::host::AsyncEntries;
use crate::listing::OwnedEntry;

/// A directory as it is read.
pub(super) struct Pages<E> {
    /// Backwards.
    page: Vec<OwnedEntry>,
    next: Next<E>,
}

/// What comes after the page.
enum Next<E> {
    Nothing,
    Failed(io::Error),
    Unasked(E),
    Asked(Work<(E, io::Result<Vec<OwnedEntry>>)>),
}

impl<E: AsyncEntries> Pages<E> {
    pub(super) fn of(entries: E) -> Self {
        Self { page: Vec::new(), next: Next::Unasked(entries) }
    }

    /// One entry, which is all there is.
    pub(super) fn single(entry: OwnedEntry) -> Self {
        Self { page: vec![entry], next: Next::Nothing }
    }

    /// The entry is the next one once more.
    pub(super) fn put_back(&mut self, entry: OwnedEntry) {
        self.page.push(entry);
    }

    /// So is the error.
    pub(super) fn put_back_error(&mut self, error: io::Error) {
        self.next = Next::Failed(error);
    }

    /// The next entry; `None` at the end, which an error is too.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<OwnedEntry>>> {
        loop {
            if let Some(entry) = self.page.pop() {
                return Poll::Ready(Some(Ok(entry)));
            }
            match ::std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Nothing => return Poll::Ready(None),
                Next::Failed(error) => return Poll::Ready(Some(Err(error))),
                Next::Unasked(mut entries) => {
                    self.next = Next::Asked(Box::pin(async move {
                        let page = entries.next_page().await;
                        (entries, page)
                    }));
                }
                Next::Asked(mut work) => {
                    let Poll::Ready((entries, page)) = work.as_mut().poll(cx) else {
                        self.next = Next::Asked(work);
                        return Poll::Pending;
                    };
                    match page {
                        Ok(page) if page.is_empty() => {}
                        Ok(mut page) => {
                            page.reverse();
                            (self.page, self.next) = (page, Next::Unasked(entries));
                        }
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
            }
        }
    }
}
