//! Iterates over the entries of a directory that the host returns in pages.

use ::std::future::poll_fn;
use ::std::io;
use ::std::task::{Context, Poll, ready};
use ::std::vec::{IntoIter, Vec};

use super::Work;
use crate::io::host::AsyncEntries;
use crate::listing::OwnedEntry;

/// Number of entries skipped before other tasks run.
pub(super) const PASSED_AT_ONCE: u32 = 1024;

/// A directory that is being read.
pub(super) struct Pages<E> {
    /// An entry that was put back, and is the next one.
    returned: Option<OwnedEntry>,
    /// The remaining entries of the page.
    page: IntoIter<OwnedEntry>,
    next: Next<E>,
    single: bool,
}

/// The state after the current page.
enum Next<E> {
    Nothing,
    Unasked(E),
    Asked(Work<(E, io::Result<Vec<OwnedEntry>>)>),
}

impl<E: AsyncEntries> Pages<E> {
    pub(super) fn of(entries: E) -> Self {
        Self { returned: None, page: Vec::new().into_iter(), next: Next::Unasked(entries), single: false }
    }

    /// Creates a list of a single entry that is not a directory.
    pub(super) fn single(entry: OwnedEntry) -> Self {
        Self { returned: Some(entry), page: Vec::new().into_iter(), next: Next::Nothing, single: true }
    }

    /// Returns whether the list is a single entry that is not a directory.
    pub(super) const fn is_single(&self) -> bool {
        self.single
    }

    /// Puts an entry back, to be returned next.
    pub(super) fn put_back(&mut self, entry: OwnedEntry) {
        self.returned = Some(entry);
    }

    /// Returns the entries at hand, and what the others are read from. No page may be awaited.
    pub(super) fn into_parts(self) -> (impl Iterator<Item = OwnedEntry>, Option<E>) {
        debug_assert!(!matches!(self.next, Next::Asked(_)));
        let unread = match self.next {
            Next::Unasked(entries) => Some(entries),
            Next::Nothing | Next::Asked(_) => None,
        };
        (self.returned.into_iter().chain(self.page), unread)
    }

    /// Reads on to the first entry whose name is `wanted`, and returns whether there is one. That
    /// entry is then the next one. Returns `false` on an error, since the caller reports that
    /// nothing was found.
    pub(super) async fn has(&mut self, wanted: impl Fn(&[u8]) -> bool) -> bool {
        let mut seen = 0_u32;
        poll_fn(|cx| {
            loop {
                match ready!(self.poll_next(cx)) {
                    Some(Ok(entry)) if wanted(entry.entry().name.as_bytes()) => {
                        self.put_back(entry);
                        return Poll::Ready(true);
                    }
                    Some(Ok(_)) => seen = seen.wrapping_add(1),
                    Some(Err(_)) | None => return Poll::Ready(false),
                }
                // Yields, so that the session can handle commands, such as ABOR.
                if seen % PASSED_AT_ONCE == 0 {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Returns the next entry, or `None` at the end. An error ends the list too.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<OwnedEntry>>> {
        loop {
            if let Some(entry) = self.returned.take().or_else(|| self.page.next()) {
                return Poll::Ready(Some(Ok(entry)));
            }
            match ::std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Nothing => return Poll::Ready(None),
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
                        Ok(page) => (self.page, self.next) = (page.into_iter(), Next::Unasked(entries)),
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    }
                }
            }
        }
    }
}
