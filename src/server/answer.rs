//! The host's answers, and the replies that are made of them.

use super::information::framed;
use super::machine::{Ticket, append_reply};
use super::note::{Change, Note, Outcome};
use super::pending::{FollowUp, Pending, Purpose};
use super::request::{Answer, Listing, Refusal};
use super::session::{Login, Session};
use super::transfer::Transfer;
use crate::action::DataOp;
use crate::buffer::Tx;
use crate::codec::{
    Direction, Full, NameCase, Permissions, Position, ReplyCode as Code, ReplyLine, Sink, Text, pathname,
};
use crate::error::{LocalError, PeerError};
use crate::listing::{Clock, Entry, Kind, ListingWriter};

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Answers a request, at once or at any later time. `tx` is what is polled with, a `&mut SendBuf` or the
    /// `&mut Tx` of a layer.
    ///
    /// A request borrows from the receive buffer: whoever answers it at once, while he reads it, keeps his files
    /// in another value than session and buffers, for he cannot borrow all of one whose part is lent.
    ///
    /// # Errors
    /// Gives the ticket back: with [`LocalError::WrongAnswer`] when the answer is none to the request that
    /// waits; with [`LocalError::Ended`] when nobody waits for it any more, since it came too late
    /// ([`Timeouts::host`](super::Timeouts::host)) or the session has ended. Whatever was opened or logged
    /// in for it is then of no use.
    pub fn answer<'t>(
        &mut self,
        ticket: Ticket,
        answer: Answer<'_>,
        tx: impl Into<Tx<'t>>,
    ) -> Result<(), (LocalError, Ticket)> {
        self.take_answer(ticket, answer, &mut tx.into())
    }

    /// Apart, so that it is there once and not for each kind of storage.
    fn take_answer(
        &mut self,
        ticket: Ticket,
        answer: Answer<'_>,
        tx: &mut Tx<'_>,
    ) -> Result<(), (LocalError, Ticket)> {
        let waiting = self.pending.filter(|_| ticket.number() == self.asked);
        let Some(pending) = waiting else { return Err((LocalError::Ended, ticket)) };
        match (pending, answer) {
            (_, Answer::Refused(refusal)) => self.refused(ticket, pending, refusal, tx),
            (Pending::Admit, Answer::Done) => {
                self.reply(ticket, Code::SERVICE_READY, self.config.greeting, tx)
            }
            (Pending::Login | Pending::Account, Answer::Done) => self.logged_in(ticket, Code::LOGGED_IN, tx),
            (Pending::Identify, Answer::Done) => {
                self.logged_in(ticket, Code::LOGGED_IN_BY_SECURITY_EXCHANGE, tx);
            }
            (Pending::ChangeDirectory, Answer::Done) => {
                self.paths.enter();
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Directory changed."), tx);
            }
            (Pending::MakeDirectory, Answer::Done) => {
                self.note(Note::Changed(Change::DirectoryMade));
                self.made_directory(ticket, tx);
            }
            (what @ (Pending::RemoveDirectory | Pending::Delete), Answer::Done) => {
                self.note(Note::Changed(match what {
                    Pending::Delete => Change::FileRemoved,
                    _ => Change::DirectoryRemoved,
                }));
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Removed."), tx);
            }
            (Pending::Rename, Answer::Done) => {
                self.note(Note::Changed(Change::Renamed));
                self.paths.forget_waiting();
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Renamed."), tx);
            }
            (Pending::Stat(purpose), Answer::Entry(entry)) => self.entry(ticket, purpose, entry, tx),
            (Pending::Open(_), Answer::Opened { size: Some(size), .. })
                if self.opening.skip > most_in_stream(size) =>
            {
                self.refused(ticket, pending, Refusal::BadOffset, tx);
            }
            (Pending::Open(_) | Pending::List(_), Answer::Opened { size, unique_name }) => {
                self.opened(ticket, size, unique_name);
            }
            (Pending::Commit, Answer::Done) => {
                self.note_transfer(Direction::ToServer, false, Outcome::Complete);
                self.committed(ticket, tx);
            }
            (Pending::Entries { .. }, Answer::Done) => self.end_entries(ticket, "End.", tx),
            (Pending::Change(changes), Answer::Done) => {
                self.note(Note::Changed(Change::FactsSet));
                self.changed(ticket, changes, tx);
            }
            (Pending::Digest { algorithm, .. }, Answer::Digest { digest, range }) => {
                self.digest_reply(ticket, algorithm, digest, range, tx);
            }
            (Pending::Available, Answer::Count(bytes)) => {
                self.reply_many(ticket, tx, |tx| tx.put_fmt(format_args!("213 {bytes}\r\n")));
            }
            (Pending::Combine, Answer::Done) => {
                self.note(Note::Changed(Change::Combined));
                self.reply(ticket, Code::FILE_ACTION_OKAY, Text::literal("Put together."), tx);
            }
            (Pending::Symlink, Answer::Done) => {
                self.note(Note::Changed(Change::Linked));
                self.reply(ticket, Code::COMMAND_OKAY, Text::literal("The link was made."), tx);
            }
            (Pending::Host, Answer::Done) => {
                self.reply(ticket, Code::SERVICE_READY, Text::literal("Host accepted."), tx);
            }
            (Pending::Site | Pending::Command, Answer::Reply(code, lines))
                if self.verb.allows(code) && !code.is_preliminary() =>
            {
                self.reply_many(ticket, tx, |tx| append_reply(code, tx, |tx| encode_lines(code, lines, tx)));
            }
            _ => return Err((LocalError::WrongAnswer, ticket)),
        }
        self.settle(tx);
        Ok(())
    }

    /// Whether a request still waits for its answer: not once the client was told that it takes too long.
    #[must_use]
    pub fn awaits(&self, ticket: &Ticket) -> bool {
        self.pending.is_some() && ticket.number() == self.asked
    }

    /// The host has answered, or was given up.
    fn settle(&mut self, tx: &mut Tx<'_>) {
        self.tell_abort = false;
        self.pending = None;
        self.progress = true;
        match self.aborting.take() {
            // The host has opened it all the same.
            Some(ticket) if self.transfer.is_some() => self.abort(ticket, tx),
            Some(ticket) => {
                self.reply(ticket, Code::CLOSING_DATA_CONNECTION, Text::literal("Abort done."), tx)
            }
            None => {}
        }
    }

    /// The host has had its time: 451, which any command may get.
    pub(super) fn unanswered(&mut self, tx: &mut Tx<'_>) {
        let Some(pending) = self.pending else { return };
        let ticket = self.pi.reissue(self.asked);
        match pending {
            Pending::Identify | Pending::Login | Pending::Account | Pending::Host => {
                if pending != Pending::Host {
                    self.forget_login();
                }
                self.reply(
                    ticket,
                    Code::LOCAL_ERROR,
                    Text::literal("That takes too long; try again later."),
                    tx,
                );
            }
            pending => self.refused(ticket, pending, Refusal::Failed, tx),
        }
        self.settle(tx);
    }

    fn logged_in(&mut self, ticket: Ticket, code: Code, tx: &mut Tx<'_>) {
        self.login = Login::In;
        self.paths.forget_waiting();
        self.note(Note::LoggedIn);
        self.reply(ticket, code, Text::literal("Logged in."), tx);
    }

    /// The login has come to nothing: it begins with a user again, unless somebody was logged in before.
    fn forget_login(&mut self) {
        if self.login != Login::In {
            self.login = Login::Nobody;
            self.paths.forget_waiting();
        }
    }

    fn refused(&mut self, ticket: Ticket, pending: Pending, refusal: Refusal, tx: &mut Tx<'_>) {
        match pending {
            Pending::Admit => {
                self.reply(ticket, Code::SERVICE_NOT_AVAILABLE, Text::literal("Try again later."), tx);
                self.closing = true;
            }
            Pending::Host => {
                self.reply(ticket, Code::PARAMETER_NOT_IMPLEMENTED, Text::literal("No such host here."), tx);
            }
            Pending::Identify | Pending::Login if refusal == Refusal::NeedsAccount => {
                self.login = Login::NeedsAccount;
                self.reply(ticket, Code::NEED_ACCOUNT, Text::literal("Send the account."), tx);
            }
            // The password has the last word: it counts as no failure.
            Pending::Identify => self.need_password(ticket, tx),
            Pending::Account if self.login == Login::In && refusal == Refusal::Unsupported => {
                self.reply(ticket, Code::SUPERFLUOUS, Text::literal("No account is needed."), tx);
            }
            // Nobody has looked at what was sent: it counts as no failure.
            Pending::Login | Pending::Account if refusal == Refusal::Busy => {
                self.forget_login();
                self.reply(ticket, Code::LOCAL_ERROR, Text::literal("Busy; try again later."), tx);
            }
            Pending::Login | Pending::Account => {
                self.forget_login();
                self.note(Note::LoginFailed);
                self.failed_logins = self.failed_logins.saturating_add(1);
                self.refusing = Some((ticket, None));
            }
            pending if self.reads_on(pending, refusal) => self.follow_up = Some((ticket, FollowUp::AsRead)),
            Pending::Entries { .. } if self.entries_begun => {
                self.end_entries(ticket, "There is more, which cannot be told.", tx);
            }
            pending => {
                if matches!(pending, Pending::Open(_) | Pending::List(_)) {
                    self.size_hint = None;
                    // The port stays for the next transfer (RFC 959 3.2), of which a client may think it the first.
                    if !self.channel.is_expected() {
                        self.close_channel(DataOp::Close);
                    }
                }
                if pending == Pending::Commit {
                    self.note_transfer(
                        Direction::ToServer,
                        false,
                        match refusal {
                            Refusal::Aborted => Outcome::Aborted,
                            refusal => Outcome::Refused(refusal),
                        },
                    );
                }
                if pending == Pending::Rename {
                    self.paths.forget_waiting();
                }
                let (code, text) = match (pending, refusal.reply()) {
                    // RFC 3659 7.2.1.
                    (Pending::List(Listing::Machine(_)), (_, text)) if refusal == Refusal::NotADirectory => {
                        (Code::ARGUMENT_SYNTAX_ERROR, text)
                    }
                    // RFC 959 appendix II.
                    (Pending::MakeDirectory, (_, text)) if refusal == Refusal::Exists => {
                        (Code::DIRECTORY_EXISTS, text)
                    }
                    (_, reply) => reply,
                };
                self.refuse(ticket, code, text, tx);
            }
        }
    }

    /// Tells of a failed login, which is held back so that nobody can try many.
    pub(super) fn refuse_login(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        if self.failed_logins < self.config.limits.login_attempts {
            return self.reply(ticket, Code::NOT_LOGGED_IN, Text::literal("Login incorrect."), tx);
        }
        self.pi.fail(PeerError::TooManyLogins);
        self.reply(ticket, Code::SERVICE_NOT_AVAILABLE, Text::literal("Too many failed logins."), tx);
        self.closing = true;
    }

    /// Refuses a command with this code, or with the plain 550 where the command may not get it.
    pub(super) fn refuse(&mut self, ticket: Ticket, code: Code, text: Text<'_>, tx: &mut Tx<'_>) {
        let code = if self.verb.allows(code) { code } else { Code::FILE_UNAVAILABLE };
        self.reply(ticket, code, text, tx);
    }

    fn made_directory(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let Self { pi, paths, .. } = self;
        if let Err((_, ticket)) = pi.reply_with(ticket, &mut *tx, |tx| quoted(paths.target(), tx)) {
            self.reply(ticket, Code::PATHNAME, Text::literal("The directory was made."), tx);
        }
    }

    /// PWD.
    pub(super) fn directory_reply(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let Self { pi, paths, .. } = self;
        if let Err((_, ticket)) = pi.reply_with(ticket, &mut *tx, |tx| quoted(paths.working(), tx)) {
            self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("The path is too long to tell."), tx);
        }
    }

    /// The upload lasts. STOU's name is told again: who has missed it in the 150 has it here.
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

    /// Queues a reply that is put together, or an apology when it finds no room.
    pub(super) fn reply_many(
        &mut self,
        ticket: Ticket,
        tx: &mut Tx<'_>,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) {
        let sent = self.pi.reply_with(ticket, &mut *tx, encode);
        self.or_too_long(sent, tx);
    }

    /// The apology for a reply that found no room: there is always room for that.
    pub(super) fn or_too_long(&mut self, sent: Result<(), (LocalError, Ticket)>, tx: &mut Tx<'_>) {
        if let Err((_, ticket)) = sent {
            self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("The answer is too long."), tx);
        }
    }

    fn opened(&mut self, ticket: Ticket, size: Option<u64>, unique_name: Option<Text<'_>>) {
        if let Some(name) = unique_name {
            self.paths.name_with(name.as_bytes());
        }
        self.size_hint = None;
        let size = size.map(|size| self.opening.limit.map_or(size, |limit| size.min(limit.get())));
        self.transfer = Some(Transfer::new(ticket, self.verb, size));
    }

    /// An entry in a reply of many lines, under its whole path: the host need not have given it a name,
    /// and what has none gives no line.
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
            self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("The path is too long to tell."), tx);
        }
    }

    fn entry(&mut self, ticket: Ticket, purpose: Purpose, entry: &Entry<'_>, tx: &mut Tx<'_>) {
        let is_file = entry.kind == Kind::File;
        match purpose {
            Purpose::RenameFrom
                if entry.permissions.is_some_and(|may| !may.contains(Permissions::RENAME)) =>
            {
                self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("Permission denied."), tx);
            }
            Purpose::RenameFrom => {
                self.paths.keep_waiting();
                self.renaming = true;
                self.reply(ticket, Code::FILE_ACTION_PENDING, Text::literal("Send RNTO now."), tx);
            }
            Purpose::Size => match entry.size.filter(|_| is_file) {
                Some(size) => self.reply_many(ticket, tx, |tx| tx.put_fmt(format_args!("213 {size}\r\n"))),
                None => self.no_file(ticket, tx),
            },
            Purpose::ModificationTime => match entry.modified.filter(|_| is_file) {
                Some(modified) => self.reply_many(ticket, tx, |tx| {
                    tx.put(b"213 ")?;
                    modified.in_zone(0).shown().encode(tx)?;
                    tx.put(b"\r\n")
                }),
                None => self.no_file(ticket, tx),
            },
            Purpose::Facts => {
                let writer = ListingWriter::mlst(self.facts);
                self.entry_reply(ticket, Code::FILE_ACTION_OKAY, "Facts:", writer, entry, tx);
            }
            Purpose::Status { all } if entry.kind.is_directory() => {
                self.entries_begun = false;
                let all = self.shows_dot_files(Listing::Names { all });
                self.follow_up = Some((ticket, FollowUp::Entries { all }));
            }
            Purpose::Status { .. } => {
                let writer = ListingWriter::list(Clock::UNKNOWN);
                self.entry_reply(ticket, Code::FILE_STATUS, "Status:", writer, entry, tx);
            }
        }
    }

    fn no_file(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        self.reply(ticket, Code::FILE_UNAVAILABLE, Text::literal("Not a plain file."), tx);
    }

    /// OPTS MLST: the facts that are sent from now on (RFC 3659 7.9).
    pub(super) fn facts_reply(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let facts = self.facts;
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

/// How many bytes a file of this size has as a stream at most: each of its own may become two, which is what text does
/// to line ends.
const fn most_in_stream(size: u64) -> u64 {
    size.saturating_mul(2)
}

/// A reply of any number of lines.
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

/// `257 "path"`.
fn quoted(path: &[u8], tx: &mut Tx<'_>) -> Result<(), Full> {
    Code::PATHNAME.encode(tx)?;
    tx.put(b" ")?;
    pathname::encode_quoted(Text::new(path).unwrap_or_default(), tx)?;
    tx.put(b"\r\n")
}
