//! The request that the host is working on, and its follow-up.

use super::machine::Ticket;
use super::request::Request;
use crate::codec::Verb;
use crate::time::Instant;

/// An ABOR that arrived while the host was working.
#[derive(Debug)]
enum Abort {
    /// No ABOR has arrived.
    Unasked,
    /// An ABOR has arrived, and the host has not been notified.
    Asked(Ticket),
    /// The host was notified of the ABOR.
    Told(Ticket),
}

/// A request that awaits its answer.
#[derive(Debug)]
struct Waiting {
    request: Request<()>,
    /// Number of the request's ticket.
    ticket: u32,
    since: Instant,
    abort: Abort,
    /// Set once an entry of a directory was sent, which begins the reply.
    entries_begun: bool,
}

/// The request that follows for the same command once the host has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FollowUp {
    /// Requests the entries of the directory that STAT found.
    Entries,
    /// Repeats the request with another reading of the argument.
    Reread,
}

/// The state of the call.
#[derive(Debug, Default)]
enum State {
    /// No request is open.
    #[default]
    Idle,
    /// The host is working on a request.
    Waiting(Waiting),
    /// The host has answered, and a follow-up for the same command is due.
    Next(Ticket, FollowUp),
}

/// The host's part in the current command.
#[derive(Debug)]
pub(super) struct HostCall {
    verb: Verb,
    state: State,
}

impl HostCall {
    pub(super) const fn new() -> Self {
        Self { verb: Verb::Noop, state: State::Idle }
    }

    /// Returns the current command, or the latest one.
    pub(super) const fn verb(&self) -> Verb {
        self.verb
    }

    /// Begins a command. Has no effect while the host is working on another one.
    pub(super) const fn begin(&mut self, verb: Verb) {
        if !self.is_waiting() {
            self.verb = verb;
        }
    }

    /// Records a request that is being sent to the host.
    pub(super) fn ask(&mut self, ticket: &Ticket, request: Request<()>, now: Instant) {
        let (ticket, abort) = (ticket.number(), Abort::Unasked);
        self.state = State::Waiting(Waiting { request, ticket, since: now, abort, entries_begun: false });
    }

    /// Returns whether a request awaits its answer.
    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting(_))
    }

    /// Returns the request that awaits its answer.
    pub(super) fn waiting(&self) -> Option<Request<()>> {
        self.current().map(|waiting| waiting.request)
    }

    /// Returns the request that awaits its answer, if it was sent with this ticket.
    pub(super) fn waiting_with(&self, ticket: &Ticket) -> Option<Request<()>> {
        let asked = self.current().filter(|waiting| waiting.ticket == ticket.number());
        asked.map(|waiting| waiting.request)
    }

    /// Returns the ticket number of the request that awaits its answer.
    pub(super) fn ticket(&self) -> Option<u32> {
        self.current().map(|waiting| waiting.ticket)
    }

    /// Returns the time at which the request was sent or last made progress.
    pub(super) fn since(&self) -> Option<Instant> {
        self.current().map(|waiting| waiting.since)
    }

    /// Restarts the host's timeout after progress.
    pub(super) const fn restart(&mut self, now: Instant) {
        if let State::Waiting(waiting) = &mut self.state {
            waiting.since = now;
        }
    }

    /// Records an ABOR for the open request.
    ///
    /// # Errors
    /// Returns the ticket of the ABOR if no request is open.
    pub(super) fn abort(&mut self, ticket: Ticket) -> Result<(), Ticket> {
        match &mut self.state {
            State::Waiting(waiting) => {
                waiting.abort = Abort::Asked(ticket);
                Ok(())
            }
            State::Idle | State::Next(..) => Err(ticket),
        }
    }

    /// Returns whether the client has aborted the request.
    pub(super) fn is_aborting(&self) -> bool {
        self.current().is_some_and(|waiting| !matches!(waiting.abort, Abort::Unasked))
    }

    /// Returns whether the host has to be notified of an ABOR: `true` once per ABOR.
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

    /// Returns whether an entry was sent, and with it the beginning of the reply.
    pub(super) fn has_begun_entries(&self) -> bool {
        self.current().is_some_and(|waiting| waiting.entries_begun)
    }

    /// Ends the open request, which must not have been aborted, and schedules its follow-up.
    pub(super) fn then(&mut self, ticket: Ticket, next: FollowUp) {
        self.state = State::Next(ticket, next);
    }

    /// Takes the follow-up that is due.
    pub(super) fn take_next(&mut self) -> Option<(Ticket, FollowUp)> {
        match core::mem::take(&mut self.state) {
            State::Next(ticket, next) => Some((ticket, next)),
            state => {
                self.state = state;
                None
            }
        }
    }

    /// Ends the open request after its answer or its timeout. Returns the ticket of an ABOR that
    /// arrived meanwhile.
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

    /// Drops the open request and its follow-up, neither of which needs an answer any more.
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
