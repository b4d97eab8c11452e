//! The session's requests to the host, and the host's answers.

use ::std::task::{Context, Poll, ready};

use super::asking::{self, Told};
use super::pages::Pages;
use super::{Connection, Doing};
use crate::buffer::Span;
use crate::codec::Text;
use crate::error::LocalError;
use crate::io::host::{AsyncAccounts, AsyncFilesystem, Refusal};
use crate::io::net::runtime::Network;
use crate::server::{Answer, Request, Ticket};

impl<R: Network, A: AsyncAccounts> Connection<R, A> {
    /// Passes a request to the host.
    pub(super) fn request(&mut self, ticket: Ticket, asked: Request<Span>) {
        let rx = &self.control.rx;
        let request = asked.resolve(|place| rx.bytes(place));
        self.reporter.visitor = self.visitor();
        // A commit concerns the upload that was opened before.
        if !matches!(request, Request::Commit) {
            self.reporter.asked(self.session.path(), self.session.source_path());
        }
        self.held = None;
        let work = match request {
            Request::Admit => {
                let admitted = if self.admitted { Ok(Told::Done) } else { Err(Refusal::Busy) };
                return self.answer(ticket, admitted);
            }
            Request::Commit => asking::finish(self.moving.take().map(|moving| *moving)),
            Request::Identify => asking::ask_accounts(&self.accounts, self.visitor(), &Request::Identify),
            request @ (Request::Login { .. } | Request::Account { .. } | Request::Host(_)) => {
                if let (Some(guesses), false) = (&self.guesses, matches!(request, Request::Host(_))) {
                    let now = self.runtime.now();
                    self.held = Some(now.after(guesses.delay(self.endpoints.peer.ip(), now)));
                }
                asking::ask_accounts(&self.accounts, self.visitor(), &request)
            }
            request => match &self.filesystem {
                Some(filesystem) if self.session.is_logged_in() => {
                    asking::ask(filesystem, &self.session, &request)
                }
                _ => asking::ask_accounts(&self.accounts, self.visitor(), &request),
            },
        };
        self.asked = Some((ticket, Doing::Asking(work)));
    }

    /// Continues the host's work on a request.
    pub(super) fn poll_host(&mut self, cx: &mut Context<'_>) {
        // If the session no longer waits for the answer, the work is dropped.
        let Some((ticket, mut doing)) = self.asked.take() else { return };
        let told = match &mut doing {
            _ if !self.session.awaits(&ticket) => return,
            _ if self.held.is_some_and(|until| self.runtime.poll_deadline(until, cx).is_pending()) => {
                Poll::Pending
            }
            Doing::Asking(work) => match work.as_mut().poll(cx) {
                Poll::Ready(Ok(Told::Entries(mut pages))) => {
                    let told = self.poll_tell(&ticket, &mut pages, cx);
                    doing = Doing::Telling(Box::new(pages));
                    told
                }
                Poll::Ready(Ok(Told::Hashing(hashing))) => {
                    doing = Doing::Hashing(hashing);
                    self.host_moves = true;
                    Poll::Pending
                }
                told => told,
            },
            Doing::Hashing(hashing) => match hashing.poll_piece(cx) {
                Poll::Ready(Some(digest)) => Poll::Ready(digest.map(Told::Digest)),
                more => {
                    self.host_moves = more.is_ready();
                    Poll::Pending
                }
            },
            Doing::Telling(pages) => self.poll_tell(&ticket, pages, cx),
        };
        match told {
            Poll::Ready(told) => self.answer(ticket, told),
            Poll::Pending => self.asked = Some((ticket, doing)),
        }
    }

    /// Sends the entries of a directory, as far as there is room.
    pub(super) fn poll_tell(
        &mut self,
        ticket: &Ticket,
        pages: &mut Pages<<A::Filesystem as AsyncFilesystem>::Entries>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Told<A::Filesystem>, Refusal>> {
        self.session.set_clock(asking::clock());
        loop {
            let owned = match ready!(pages.poll_next(cx)) {
                Some(Ok(owned)) => owned,
                Some(Err(_)) => return Poll::Ready(Err(Refusal::Failed)),
                None => return Poll::Ready(Ok(Told::Done)),
            };
            match self.session.send_entry(ticket, &owned.entry(), &mut self.control.tx) {
                Ok(()) => {}
                Err(LocalError::NoRoom) => {
                    pages.put_back(owned);
                    return Poll::Pending;
                }
                Err(_) => return Poll::Ready(Err(Refusal::Failed)),
            }
        }
    }

    /// Passes the host's answer to the session, and keeps the file or login that came with it.
    pub(super) fn answer(&mut self, ticket: Ticket, told: Result<Told<A::Filesystem>, Refusal>) {
        let (entry, lines, user);
        user = self.session.user().to_vec();
        let answer = match &told {
            Ok(Told::Done | Told::LoggedIn(_) | Told::Host(_) | Told::Entries(_) | Told::Hashing(_)) => {
                Answer::Done
            }
            Ok(Told::Entry(owned)) => {
                self.session.set_clock(asking::clock());
                entry = owned.entry();
                Answer::Entry(&entry)
            }
            Ok(Told::Opened { size, unique_name, .. }) => {
                let unique_name = unique_name.as_deref().and_then(|name| Text::new(name).ok());
                Answer::Opened { size: *size, unique_name }
            }
            Ok(Told::Digest(digest)) => Answer::Digest { digest: &digest.bytes, range: digest.range },
            Ok(Told::Count(count)) => Answer::Count(*count),
            Ok(Told::Reply(reply)) => {
                lines = reply.texts();
                Answer::Reply(reply.code, &lines)
            }
            Err(refusal) => Answer::Refused(*refusal),
        };
        let answered = match self.session.answer(ticket, answer, &mut self.control.tx) {
            // This command may not get the reply that the host has chosen.
            Err((LocalError::WrongAnswer, ticket)) => {
                let failed = Answer::Refused(Refusal::Failed);
                self.session.answer(ticket, failed, &mut self.control.tx)
            }
            answered => answered,
        };
        debug_assert!(answered.is_ok(), "{answered:?}");
        match told {
            // The session may still refuse a file after the host has opened it.
            Ok(Told::Opened { moving, unique_name, .. }) => {
                self.moving = Some(Box::new(moving));
                if answered.is_ok() && self.session.is_transferring() {
                    self.reporter.opened(unique_name.as_deref(), self.runtime.now());
                } else {
                    self.cut();
                }
            }
            _ if answered.is_err() => {}
            Ok(Told::LoggedIn(filesystem)) => {
                if !user.is_empty() {
                    self.user = user;
                }
                self.filesystem = Some(filesystem);
            }
            Ok(Told::Host(name)) => self.host = Some(name),
            _ => {}
        }
        self.take_events();
    }
}
