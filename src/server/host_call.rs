//! The request that the host is at work on, and the one that follows it.

use super::machine::Ticket;
use super::request::Request;
use crate::codec::Verb;
use crate::time::Instant;

/// An ABOR that came while the host was at work.
#[derive(Debug)]
enum Abort {
    /// None has come.
    Unasked,
    /// The client has sent it, and the host is to be told.
    Asked(Ticket),
    /// The host was told.
    Told(Ticket),
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Waiting {
    request: Request<()>,
    /// The number of its ticket.
    ticket: u32,
    since: Instant,
    abort: Abort,
    /// Entries of a directory were sent, and so the reply has begun.
    entries_begun: bool,
}

/// The request that follows, once the host has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FollowUp {
    /// The entries of the directory that STAT has found.
    Entries,
    /// The same again, with the argument read in another way.
    Reread,
}

/// The state of the host's work.
#[derive(Debug, Default)]
enum State {
    /// The host was asked nothing.
    #[default]
    Idle,
    /// The host is at work.
    Waiting(Waiting),
    /// The host has answered, and is to be asked something else for the same command.
    Next(Ticket, FollowUp),
}

/// The part of the current command that is the host's.
#[derive(Debug)]
pub(super) struct HostCall {
    verb: Verb,
    state: State,
}

impl HostCall {
    pub(super) const fn new() -> Self {
        Self { verb: Verb::Noop, state: State::Idle }
    }

    /// Returns the command that is being carried out, or was last.
    pub(super) const fn verb(&self) -> Verb {
        self.verb
    }

    /// Begins a command. One that comes while the host is at work on another changes nothing.
    pub(super) const fn begin(&mut self, verb: Verb) {
        if !self.is_waiting() {
            self.verb = verb;
        }
    }

    /// Records what the host was asked.
    pub(super) fn ask(&mut self, ticket: &Ticket, request: Request<()>, now: Instant) {
        let (ticket, abort) = (ticket.number(), Abort::Unasked);
        self.state = State::Waiting(Waiting { request, ticket, since: now, abort, entries_begun: false });
    }

    /// Returns whether a request waits for its answer.
    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting(_))
    }

    /// Returns the request that waits for its answer.
    pub(super) fn waiting(&self) -> Option<Request<()>> {
        self.current().map(|waiting| waiting.request)
    }

    /// Returns the request that waits for its answer, if it was asked with this ticket.
    pub(super) fn waiting_with(&self, ticket: &Ticket) -> Option<Request<()>> {
        let asked = self.current().filter(|waiting| waiting.ticket == ticket.number());
        asked.map(|waiting| waiting.request)
    }

    /// Returns the number of the ticket with which the request was asked that waits for its answer.
    pub(super) fn ticket(&self) -> Option<u32> {
        self.current().map(|waiting| waiting.ticket)
    }

    /// Returns when the request was asked, or last made progress.
    pub(super) fn since(&self) -> Option<Instant> {
        self.current().map(|waiting| waiting.since)
    }

    /// Gives the host its whole time again, since it has made progress.
    pub(super) const fn restart(&mut self, now: Instant) {
        if let State::Waiting(waiting) = &mut self.state {
            waiting.since = now;
        }
    }

    /// Records that the client wants the request given up.
    ///
    /// # Errors
    /// Gives the ticket of the ABOR back where no request waits.
    pub(super) fn abort(&mut self, ticket: Ticket) -> Result<(), Ticket> {
        match &mut self.state {
            State::Waiting(waiting) => {
                waiting.abort = Abort::Asked(ticket);
                Ok(())
            }
            State::Idle | State::Next(..) => Err(ticket),
        }
    }

    /// Returns whether the client wants the request given up.
    pub(super) fn is_aborting(&self) -> bool {
        self.current().is_some_and(|waiting| !matches!(waiting.abort, Abort::Unasked))
    }

    /// Returns whether the host is to be told now that the client wants the request given up: once.
    pub(super) fn take_abort(&mut self) -> bool {
        let State::Waiting(Waiting { abort, .. }) = &mut self.state else { return false };
        match core::mem::replace(abort, Abort::Unasked) {
            Abort::Asked(ticket) => {
                *abort = Abort::Told(ticket);
                true
            }
            other => {
                *abort = other;
                false
            }
        }
    }

    /// Records that an entry was sent.
    pub(super) const fn entry_sent(&mut self) {
        if let State::Waiting(waiting) = &mut self.state {
            waiting.entries_begun = true;
        }
    }

    /// Returns whether the reply has begun.
    pub(super) fn has_begun_entries(&self) -> bool {
        self.current().is_some_and(|waiting| waiting.entries_begun)
    }

    /// Ends the request that waits, which nobody wants given up, and has the host asked something else.
    pub(super) fn then(&mut self, ticket: Ticket, next: FollowUp) {
        self.state = State::Next(ticket, next);
    }

    /// Takes what the host is to be asked next.
    pub(super) fn take_next(&mut self) -> Option<(Ticket, FollowUp)> {
        match core::mem::take(&mut self.state) {
            State::Next(ticket, next) => Some((ticket, next)),
            state => {
                self.state = state;
                None
            }
        }
    }

    /// Ends the request that waits: the host has answered, or had its time. Returns the ticket of an ABOR that came
    /// meanwhile.
    pub(super) fn end(&mut self) -> Option<Ticket> {
        match core::mem::take(&mut self.state) {
            State::Waiting(Waiting { abort: Abort::Asked(ticket) | Abort::Told(ticket), .. }) => Some(ticket),
            State::Waiting(_) | State::Idle => None,
            next @ State::Next(..) => {
                self.state = next;
                None
            }
        }
    }

    /// Forgets what the host was asked and is to be asked: nothing of it needs an answer any more.
    pub(super) fn forget(&mut self) {
        self.state = State::Idle;
    }

    const fn current(&self) -> Option<&Waiting> {
        match &self.state {
            State::Waiting(waiting) => Some(waiting),
            State::Idle | State::Next(..) => None,
        }
    }
}
