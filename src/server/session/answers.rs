//! The host's answers, and the replies that result from them.

use super::Session;
use crate::buffer::Tx;
use crate::codec::{
    Direction, Full, NameCase, Permissions, Position, ReplyCode as Code, ReplyLine, Sink, Text, Verb,
    pathname,
};
use crate::error::{LocalError, PeerError};
use crate::listing::{Entry, Kind, ListingWriter};
use crate::server::event::{EventKind, TransferOutcome, TreeChange};
use crate::server::host_call::FollowUp;
use crate::server::machine::{Ticket, append_reply, framed};
use crate::server::request::{Answer, Listing, Refusal, Request};
use crate::server::transfer::Transfer;

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Answers a request, immediately or later. `tx` is the send buffer that the session is polled
    /// with, a `&mut SendBuf` or the `&mut Tx` of a layer.
    ///
    /// A request borrows from the receive buffer. To answer it while that borrow lasts, keep the
    /// host's state in a different value from the session and the buffers.
    ///
    /// # Errors
    /// Returns the ticket, with [`LocalError::WrongAnswer`] if the answer does not fit the open
    /// request, or with [`LocalError::Ended`] if the request is no longer open because the answer
    /// is late ([`Timeouts::host`](crate::server::Timeouts::host)) or the session has ended.
    /// Discard whatever was opened for the request then.
    pub fn answer<'t>(
        &mut self,
        ticket: Ticket,
        answer: Answer<'_>,
        tx: impl Into<Tx<'t>>,
    ) -> Result<(), (LocalError, Ticket)> {
        self.take_answer(ticket, answer, &mut tx.into())
    }

    /// Handles an answer. Not generic, so that it is compiled once for all types of `tx`.
    fn take_answer(
        &mut self,
        ticket: Ticket,
        answer: Answer<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<(), (LocalError, Ticket)> {
        let Some(request) = self.call.waiting_with(&ticket) else { return Err((LocalError::Ended, ticket)) };
        match (request, answer) {
            (_, Answer::Refused(refusal)) => self.refused(ticket, request, refusal, tx),
            (request, Answer::Done) if self.call.verb() == Verb::Site => {
                self.site_done(ticket, request, tx)?
            }
            (Request::Admit, Answer::Done) => {
                self.reply(ticket, Code::SERVICE_READY, self.config.greeting, tx)
            }
            (Request::Login { .. } | Request::Account { .. }, Answer::Done) => {
                self.logged_in(ticket, Code::LOGGED_IN, tx)
            }
            (Request::Identify, Answer::Done) => {
                self.logged_in(ticket, Code::LOGGED_IN_BY_SECURITY_EXCHANGE, tx);
            }
            (Request::ChangeDirectory, Answer::Done) => {
                self.paths.enter();
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Directory changed."), tx);
            }
            (Request::MakeDirectory, Answer::Done) => {
                self.changed(TreeChange::DirectoryMade);
                self.made_directory(ticket, tx);
            }
            (what @ (Request::RemoveDirectory | Request::Delete), Answer::Done) => {
                self.changed(match what {
                    Request::Delete => TreeChange::FileRemoved,
                    _ => TreeChange::DirectoryRemoved,
                });
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Removed."), tx);
            }
            (Request::Rename, Answer::Done) => {
                self.changed(TreeChange::Renamed);
                self.paths.forget_waiting();
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Renamed."), tx);
            }
            (Request::Stat { .. }, Answer::Entry(entry)) => self.entry(ticket, entry, tx),
            (Request::Open(_), Answer::Opened { size: Some(size), .. })
                if self.next.opened().skip > most_in_stream(size) =>
            {
                self.refused(ticket, request, Refusal::BadOffset, tx);
            }
            (Request::Open(_) | Request::List(_), Answer::Opened { size, unique_name }) => {
                self.opened(ticket, size, unique_name);
            }
            (Request::Commit, Answer::Done) => {
                self.end_of_file(Direction::ToServer, TransferOutcome::Complete);
                self.committed(ticket, tx);
            }
            (Request::Entries { .. }, Answer::Done) => self.end_entries(ticket, "End.", tx),
            (Request::Change(changes), Answer::Done) => {
                self.changed(TreeChange::FactsSet);
                self.facts_changed(ticket, changes, tx);
            }
            (Request::Digest { algorithm, .. }, Answer::Digest { digest, range }) => {
                self.digest_reply(ticket, algorithm, digest, range, tx);
            }
            (Request::Available, Answer::Count(bytes)) => {
                self.reply_many(ticket, tx, |tx| tx.put_fmt(format_args!("213 {bytes}\r\n")));
            }
            (Request::Combine { .. }, Answer::Done) => {
                self.changed(TreeChange::Combined);
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Files combined."), tx);
            }
            (Request::Host(()), Answer::Done) => {
                self.reply(ticket, Code::SERVICE_READY, Text::literal("Host accepted."), tx);
            }
            (Request::Site(()) | Request::Command(_), Answer::Reply(code, lines))
                if self.call.verb().allows(code) && !code.is_preliminary() =>
            {
                self.reply_many(ticket, tx, |tx| append_reply(code, tx, |tx| encode_lines(code, lines, tx)));
            }
            _ => return Err((LocalError::WrongAnswer, ticket)),
        }
        self.settle(tx);
        Ok(())
    }

    /// Returns whether the request of this ticket still awaits its answer. After its timeout, a
    /// request no longer does.
    #[must_use]
    pub fn awaits(&self, ticket: &Ticket) -> bool {
        self.call.waiting_with(ticket).is_some()
    }

    /// Ends the open request after its answer or timeout, and answers an ABOR that arrived
    /// meanwhile.
    fn settle(&mut self, tx: &mut Tx<'_>) {
        self.deadlines.progressed();
        match self.call.end() {
            // The host opened the file despite the ABOR.
            Some(ticket) if self.transfer.is_some() => self.abort(ticket, tx),
            Some(ticket) => {
                self.reply(ticket, Code::CLOSING_DATA_CONNECTION, Text::literal("Abort successful."), tx)
            }
            None => {}
        }
    }

    /// Answers a request that the host has not answered in time with 451, which any command may
    /// get.
    pub(super) fn unanswered(&mut self, tx: &mut Tx<'_>) {
        let (Some(request), Some(number)) = (self.call.waiting(), self.call.ticket()) else { return };
        let ticket = self.pi.reissue(number);
        match request {
            Request::Identify | Request::Login { .. } | Request::Account { .. } | Request::Host(()) => {
                if request != Request::Host(()) {
                    self.forget_login();
                }
                self.reply(
                    ticket,
                    Code::LOCAL_ERROR,
                    Text::literal("The operation timed out; try again later."),
                    tx,
                );
            }
            request => self.refused(ticket, request, Refusal::Failed, tx),
        }
        self.settle(tx);
    }

    /// Records a change that the host made to the file tree.
    pub(super) fn changed(&mut self, change: TreeChange) {
        self.events.push(EventKind::Changed(change));
    }

    fn logged_in(&mut self, ticket: Ticket, code: Code, tx: &mut Tx<'_>) {
        self.login.succeeded();
        self.paths.forget_waiting();
        self.events.push(EventKind::LoggedIn);
        self.reply(ticket, code, Text::literal("Logged in."), tx);
    }

    /// Restarts a failed login with USER, unless the client is already logged in.
    fn forget_login(&mut self) {
        if self.login.give_up() {
            self.paths.forget_waiting();
        }
    }

    fn refused(&mut self, ticket: Ticket, request: Request<()>, refusal: Refusal, tx: &mut Tx<'_>) {
        match request {
            Request::Admit => {
                self.reply(ticket, Code::SERVICE_NOT_AVAILABLE, Text::literal("Try again later."), tx);
                self.ending.close();
            }
            Request::Host(()) => {
                self.reply(ticket, Code::PARAMETER_NOT_IMPLEMENTED, Text::literal("Unknown host."), tx);
            }
            Request::Identify | Request::Login { .. } if refusal == Refusal::NeedsAccount => {
                self.login.needs_account();
                self.reply(ticket, Code::NEED_ACCOUNT, Text::literal("Account required."), tx);
            }
            // Not a failure: the password decides.
            Request::Identify => self.need_password(ticket, tx),
            Request::Account { .. } if self.login.is_in() && refusal == Refusal::Unsupported => {
                self.reply(ticket, Code::SUPERFLUOUS, Text::literal("No account required."), tx);
            }
            // Not a failure: the host did not check the password or account.
            Request::Login { .. } | Request::Account { .. } if refusal == Refusal::Busy => {
                self.forget_login();
                self.reply(ticket, Code::LOCAL_ERROR, Text::literal("Busy; try again later."), tx);
            }
            Request::Login { .. } | Request::Account { .. } => {
                self.forget_login();
                self.events.push(EventKind::LoginFailed);
                self.login.fail(ticket, self.call.since().unwrap_or_default());
            }
            request if self.reads_on(request, refusal) => self.call.then(ticket, FollowUp::Reread),
            Request::Entries { .. } if self.call.has_begun_entries() => {
                self.end_entries(ticket, "The listing is incomplete.", tx);
            }
            request => {
                if matches!(request, Request::Open(_) | Request::List(_)) {
                    self.next.forget_size_hint();
                    match refusal {
                        Refusal::Aborted => self.data.transfer_aborted(),
                        _ => self.data.transfer_refused(),
                    }
                }
                if request == Request::Commit {
                    self.end_of_file(
                        Direction::ToServer,
                        match refusal {
                            Refusal::Aborted => TransferOutcome::Aborted,
                            refusal => TransferOutcome::Refused(refusal),
                        },
                    );
                }
                if request == Request::Rename {
                    self.paths.forget_waiting();
                }
                let (code, text) = match (request, refusal.reply()) {
                    // RFC 3659 7.2.1.
                    (Request::List(Listing::Machine(_)), (_, text)) if refusal == Refusal::NotADirectory => {
                        (Code::ARGUMENT_SYNTAX_ERROR, text)
                    }
                    // RFC 959 appendix II.
                    (Request::MakeDirectory, (_, text)) if refusal == Refusal::Exists => {
                        (Code::DIRECTORY_EXISTS, text)
                    }
                    (_, reply) => reply,
                };
                self.refuse(ticket, code, text, tx);
            }
        }
    }

    /// Answers a failed login once its delay is over, and ends the session after too many failures.
    pub(super) fn refuse_login(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        if self.login.failed() < self.config.limits.login_attempts {
            return self.reply(ticket, Code::NOT_LOGGED_IN, Text::literal("Login incorrect."), tx);
        }
        self.pi.fail(PeerError::TooManyLogins);
        self.reply(ticket, Code::SERVICE_NOT_AVAILABLE, Text::literal("Too many failed logins."), tx);
        self.ending.close();
    }

    fn made_directory(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let Self { pi, paths, .. } = self;
        if let Err((_, ticket)) = pi.reply_with(ticket, &mut *tx, |tx| quoted(paths.target(), tx)) {
            self.reply(ticket, Code::PATHNAME, Text::literal("Directory created."), tx);
        }
    }

    /// Answers PWD.
    pub(super) fn directory_reply(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let Self { pi, paths, .. } = self;
        if let Err((_, ticket)) = pi.reply_with(ticket, &mut *tx, |tx| quoted(paths.working(), tx)) {
            self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("The path is too long."), tx);
        }
    }

    /// Confirms an upload. The name generated for STOU is repeated for a client that missed it in
    /// the 150.
    fn committed(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let Self { pi, paths, .. } = self;
        let sent = pi.reply_with(ticket, &mut *tx, |tx| {
            tx.put(b"226 Transfer complete.")?;
            if !paths.name().is_empty() {
                tx.put(b" FILE: ")?;
                tx.put(paths.name())?;
            }
            tx.put(b"\r\n")
        });
        if let Err((_, ticket)) = sent {
            self.reply(ticket, Code::CLOSING_DATA_CONNECTION, Text::literal("Transfer complete."), tx);
        }
    }

    fn opened(&mut self, ticket: Ticket, size: Option<u64>, unique_name: Option<Text<'_>>) {
        if let Some(name) = unique_name {
            self.paths.name_with(name.as_bytes());
        }
        self.next.forget_size_hint();
        let size = size.map(|size| self.next.opened().limit.map_or(size, |limit| size.min(limit.get())));
        self.transfer = Some(Transfer::new(ticket, self.call.verb(), size));
    }

    /// Queues a multi-line reply with one entry under its full path. The path replaces the entry's
    /// name, which the host may have left empty; without a name, no line would be written.
    fn entry_reply(
        &mut self,
        ticket: Ticket,
        code: Code,
        title: &'static str,
        writer: ListingWriter,
        entry: &Entry<'_>,
        tx: &mut Tx<'_>,
    ) {
        let Self { pi, paths, .. } = self;
        let sent = pi.reply_with(ticket, &mut *tx, |tx| {
            let mut entry = *entry;
            entry.name = Text::new(paths.target()).unwrap_or_default();
            framed(code, title, tx, |tx| writer.write(&entry, tx))
        });
        if let Err((_, ticket)) = sent {
            self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("The path is too long."), tx);
        }
    }

    /// Answers a command that needed the description of an entry.
    fn entry(&mut self, ticket: Ticket, entry: &Entry<'_>, tx: &mut Tx<'_>) {
        let is_file = entry.kind == Kind::File;
        match self.call.verb() {
            Verb::Rnfr if entry.permissions.is_some_and(|may| !may.contains(Permissions::RENAME)) => {
                self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("Permission denied."), tx);
            }
            Verb::Rnfr => {
                self.paths.keep_source();
                self.reply(ticket, Code::FILE_ACTION_PENDING, Text::literal("Ready for RNTO."), tx);
            }
            Verb::Size => match entry.size.filter(|_| is_file) {
                Some(size) => self.reply_many(ticket, tx, |tx| tx.put_fmt(format_args!("213 {size}\r\n"))),
                None => self.no_file(ticket, tx),
            },
            Verb::Mdtm => match entry.modified.filter(|_| is_file) {
                Some(modified) => self.reply_many(ticket, tx, |tx| {
                    tx.put(b"213 ")?;
                    modified.in_zone(0).shown().encode(tx)?;
                    tx.put(b"\r\n")
                }),
                None => self.no_file(ticket, tx),
            },
            Verb::Mlst => {
                let writer = ListingWriter::mlst(self.next.facts());
                self.entry_reply(ticket, Code::FILE_ACTION_OKAY, "Facts:", writer, entry, tx);
            }
            // STAT.
            _ if entry.kind.is_directory() => self.call.then(ticket, FollowUp::Entries),
            _ => {
                let writer = ListingWriter::list(self.clock);
                self.entry_reply(ticket, Code::FILE_STATUS, "Status:", writer, entry, tx);
            }
        }
    }

    fn no_file(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("Not a regular file."), tx);
    }

    /// Answers OPTS MLST with the facts that are sent from now on (RFC 3659 7.9).
    pub(super) fn facts_reply(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let facts = self.next.facts();
        self.reply_many(ticket, tx, |tx| {
            tx.put(b"200 MLST OPTS")?;
            if !facts.is_empty() {
                tx.put(b" ")?;
            }
            facts.encode(NameCase::Canonical, tx)?;
            tx.put(b"\r\n")
        });
    }
}

/// Returns the maximum length of a file of this size in stream mode: TYPE A may turn each byte into
/// two, as it does with line ends.
const fn most_in_stream(size: u64) -> u64 {
    size.saturating_mul(2)
}

/// Encodes a reply of any number of lines.
fn encode_lines(code: Code, lines: &[Text<'_>], tx: &mut Tx<'_>) -> Result<(), Full> {
    let Some((last, before)) = lines.split_last() else {
        return ReplyLine::encode(code, Position::Single, Text::default(), tx);
    };
    for (n, line) in before.iter().enumerate() {
        let position = if n == 0 { Position::First } else { Position::Middle };
        ReplyLine::encode(code, position, *line, tx)?;
    }
    ReplyLine::encode(code, Position::Last, *last, tx)
}

/// Encodes `257 "path"`.
fn quoted(path: &[u8], tx: &mut Tx<'_>) -> Result<(), Full> {
    Code::PATHNAME.encode(tx)?;
    tx.put(b" ")?;
    pathname::encode_quoted(Text::new(path).unwrap_or_default(), tx)?;
    tx.put(b"\r\n")
}
