//! The server's driver, over any runtime: one session, between its sockets and its host.

use ::std::io;
use ::std::sync::Arc;
use ::std::task::{Context, Poll};
use ::std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::control::{Changed, Control};
use super::data::{CHUNK, Data, is_unsupported};
use super::host::{Access, Accounts, Digest, File, Filesystem, Opened, Refusal};
use super::runtime::Runtime;
use super::tls::Endpoint;
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::codec::Text;
use crate::error::{Error, LocalError};
use crate::listing::{Clock, Kind, ListingWriter, OwnedEntry};
use crate::server::{Answer, Asked, Config, Endpoints, Listing, Request, Session, SessionStep, Ticket};
use crate::time::Instant;

/// How long a client may take to see the last reply and to close its side.
const LINGER: Duration = Duration::from_secs(2);
/// Room for a session's paths.
const PATHS: usize = 8 * 1024;

/// One client's session.
pub(super) struct Connection<R: Runtime, A: Accounts> {
    pub(super) runtime: R,
    session: Session<Vec<u8>>,
    control: Control<R::Stream>,
    data: Data<R>,
    accounts: Arc<A>,
    filesystem: Option<Arc<A::Filesystem>>,
    endpoints: Endpoints,
    endpoint: Option<Endpoint>,
    job: Job<A::Filesystem>,
    telling: Option<Telling>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    admitted: bool,
    /// The dialogue is over: until when the connection may still take to close in order.
    closing: Option<Instant>,
}

/// A directory that is told over the control connection.
struct Telling {
    ticket: Ticket,
    entries: Box<dyn Iterator<Item = OwnedEntry> + Send>,
    /// The one that had no room.
    next: Option<OwnedEntry>,
}

/// The host's side of a transfer.
enum Job<F: Filesystem> {
    None,
    /// A file, sent or received.
    File {
        file: F::File,
        kernel: bool,
        ended: bool,
    },
    /// A listing, sent.
    Entries {
        entries: Box<dyn Iterator<Item = OwnedEntry> + Send>,
        writer: ListingWriter,
        all: bool,
        ended: bool,
    },
}

impl<R: Runtime, A: Accounts> Connection<R, A> {
    pub(super) fn new(
        runtime: R,
        stream: R::Stream,
        endpoints: Endpoints,
        config: Config,
        accounts: Arc<A>,
        admitted: bool,
        endpoint: Option<Endpoint>,
    ) -> Self {
        Self {
            runtime,
            control: Control::new(stream, config.limits.line),
            session: Session::new(config, endpoints, vec![0; PATHS]),
            data: Data::new(),
            accounts,
            filesystem: None,
            endpoints,
            endpoint,
            job: Job::None,
            telling: None,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            admitted,
            closing: None,
        }
    }

    /// Lets the session end once its transfer has; `now` ends that too.
    pub(super) fn shut_down(&mut self, now: bool) {
        match now {
            true => {
                self.session.close(Text::literal("The server is shutting down."), &mut self.control.tx.view())
            }
            false => self.session.shut_down(),
        }
    }

    /// Serves the client until the session is over.
    pub(super) fn poll_serve(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let deadline = loop {
            if let Some(deadline) = self.closing {
                break deadline;
            }
            self.tell_entries();
            let now = self.runtime.now();
            let (rx, tx) = (&mut self.control.rx, &mut self.control.tx);
            let step = match self.session.step(now, &mut rx.view(), &mut tx.view()) {
                Ok(step) => step,
                Err(error) => {
                    self.job = Job::None;
                    return Poll::Ready(Err(error));
                }
            };
            match step {
                SessionStep::Request(ticket, asked) => self.request(ticket, asked),
                SessionStep::Upgrade(token) => self.control.upgrade(token),
                SessionStep::Downgrade(token) => self.control.downgrade(token),
                SessionStep::Data(id, op) => self.act(id, op),
                // This host does all it is asked before it listens again.
                SessionStep::Abort => {}
                SessionStep::Close => {
                    self.end_job();
                    self.closing = Some(now.after(LINGER));
                }
                SessionStep::Wait(wait) => {
                    if let Poll::Ready(changed) = self.control.poll_change(self.endpoint.as_ref(), cx) {
                        match changed {
                            Changed::Upgraded(token) => self.session.upgraded(token),
                            Changed::Failed(Some(token)) => self.session.upgrade_failed(token),
                            Changed::Downgraded(token) => self.session.downgraded(token),
                            Changed::Failed(None) => {}
                        }
                        continue;
                    }
                    let changing = self.control.is_changing();
                    let mut progress = !changing && self.control.flush(cx);
                    progress |= !changing && self.control.fill(cx);
                    progress |= self.move_data(cx);
                    if progress {
                        continue;
                    }
                    match wait.deadline {
                        Some(deadline) if self.runtime.poll_deadline(deadline, cx).is_ready() => {}
                        _ => return Poll::Pending,
                    }
                }
            }
        };
        match self.control.poll_close(cx) {
            Poll::Pending => self.runtime.poll_deadline(deadline, cx).map(Ok),
            Poll::Ready(()) => Poll::Ready(Ok(())),
        }
    }

    fn act(&mut self, id: DataId, op: DataOp) {
        if matches!(op, DataOp::Abort) {
            // What was received so far stays with the host, unfinished.
            self.end_job();
        }
        let local = self.endpoints.local.ip();
        if let Some(event) = self.data.act(&self.runtime, local, self.endpoint.as_ref(), id, op) {
            self.tell(id, event);
        }
    }

    fn end_job(&mut self) {
        self.job = Job::None;
        (self.buffer, self.start, self.end) = (Vec::new(), 0, 0);
    }

    fn tell(&mut self, id: DataId, event: DataEvent) {
        let told = self.session.data_event(id, event);
        debug_assert!(told.is_ok(), "{event:?}: {told:?}");
    }

    /// Tells what is in a directory, as far as there is room.
    fn tell_entries(&mut self) {
        let Some(telling) = &mut self.telling else { return };
        let tx = &mut self.control.tx;
        while let Some(owned) = telling.next.take().or_else(|| telling.entries.next()) {
            match self.session.tell_entry(&telling.ticket, &owned.entry(), &mut tx.view()) {
                Ok(()) => {}
                Err(LocalError::NoRoom) => {
                    telling.next = Some(owned);
                    return;
                }
                Err(_) => {
                    self.telling = None;
                    return;
                }
            }
        }
        if let Some(Telling { ticket, .. }) = self.telling.take() {
            // Nobody may wait for it any more.
            let _ = self.session.answer(ticket, Answer::Done, &mut tx.view());
        }
    }

    /// Asks the host, and hands its answer on.
    fn request(&mut self, ticket: Ticket, asked: Asked) {
        let rx = &self.control.rx;
        let told = match asked.resolve(|span| rx.bytes(span)) {
            Request::Admit if self.admitted => Ok(Told::Done),
            Request::Admit => Err(Refusal::Busy),
            Request::Login { password } => {
                let password = password.reveal().as_bytes();
                self.accounts.login(self.session.user(), password, self.endpoints.peer).map(|filesystem| {
                    self.filesystem = Some(filesystem);
                    Told::Done
                })
            }
            Request::Host(name) => {
                self.accounts.host(name.as_bytes(), self.endpoints.peer).map(|()| Told::Done)
            }
            Request::Commit => match ::std::mem::replace(&mut self.job, Job::None) {
                Job::File { file, .. } => file.finish().map(|()| Told::Done),
                _ => Err(Refusal::Failed),
            },
            Request::Entries { .. } => {
                let path = self.session.path();
                let entries = self.filesystem.as_ref().ok_or(Refusal::Denied);
                match entries.and_then(|filesystem| filesystem.entries(path)) {
                    Ok(entries) => {
                        self.telling = Some(Telling { ticket, entries: Box::new(entries), next: None });
                        return;
                    }
                    Err(refusal) => Err(refusal),
                }
            }
            request => match &self.filesystem {
                Some(filesystem) => ask(&**filesystem, &self.session, &request, &mut self.job),
                None => Err(Refusal::Denied),
            },
        };
        let (kept, entry, unique_name, digest);
        let answer = match told {
            Ok(Told::Done) => Answer::Done,
            Ok(Told::Entry(owned)) => {
                kept = owned;
                entry = kept.entry();
                Answer::Entry(&entry)
            }
            Ok(Told::Opened { size, unique_name: name }) => {
                unique_name = name.unwrap_or_default();
                Answer::Opened { size, unique_name: Text::new(&unique_name).ok() }
            }
            Ok(Told::Digest(told)) => {
                digest = told;
                Answer::Digest { digest: &digest.bytes, range: digest.range }
            }
            Ok(Told::Count(count)) => Answer::Count(count),
            Err(refusal) => Answer::Refused(refusal),
        };
        let answered = self.session.answer(ticket, answer, &mut self.control.tx.view());
        debug_assert!(answered.is_ok(), "{answered:?}");
    }

    /// Moves bytes between the host and the data connection, or brings that about. `true` when
    /// something happened.
    fn move_data(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(id) = self.data.id() else { return false };
        let event = if self.data.is_sending() {
            self.poll_send(cx)
        } else if self.data.is_receiving() {
            self.poll_receive(cx)
        } else {
            self.data.poll_setup(&self.runtime, self.endpoint.as_ref(), cx)
        };
        match event {
            Poll::Ready(event) => {
                self.tell(id, event);
                true
            }
            Poll::Pending => false,
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<DataEvent> {
        if let Job::File { file, kernel: kernel @ true, ended: ended @ false } = &mut self.job {
            match file.as_file().map(|file| self.data.poll_send_file(cx, file)) {
                Some(Poll::Pending) => return Poll::Pending,
                Some(Poll::Ready(Ok(0))) => *ended = true,
                Some(Poll::Ready(Ok(count))) => return Poll::Ready(DataEvent::Moved(count as u64)),
                // Not this file, not this socket, not this coding: by hand, then.
                Some(Poll::Ready(Err(error))) if is_unsupported(&error) => *kernel = false,
                Some(Poll::Ready(Err(error))) => {
                    return Poll::Ready(self.data.fail(DataFailure::Broken, error));
                }
                None => *kernel = false,
            }
        }
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if let Err(error) = self.refill() {
                return Poll::Ready(self.data.fail(DataFailure::Local, error));
            }
        }
        if self.start == self.end {
            return self.data.poll_finish(cx);
        }
        self.data.poll_send(cx, &self.buffer[self.start..self.end]).map(|(count, event)| {
            self.start += count;
            event
        })
    }

    /// Takes more from the host; nothing more at its end.
    fn refill(&mut self) -> io::Result<()> {
        match &mut self.job {
            Job::None => {}
            Job::File { ended: true, .. } | Job::Entries { ended: true, .. } => {}
            Job::File { file, ended, .. } => {
                self.buffer.resize(CHUNK, 0);
                self.end = file.read(&mut self.buffer)?;
                *ended = self.end == 0;
            }
            Job::Entries { entries, writer, all, ended } => {
                self.buffer.clear();
                while self.buffer.len() < CHUNK / 8 {
                    let Some(owned) = entries.next() else {
                        *ended = true;
                        break;
                    };
                    let entry = owned.entry();
                    if *all || !entry.name.as_bytes().starts_with(b".") {
                        // A vector is never full.
                        let _ = writer.write(&entry, &mut self.buffer);
                    }
                }
                self.end = self.buffer.len();
            }
        }
        Ok(())
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<DataEvent> {
        self.buffer.resize(CHUNK, 0);
        let received = ::std::task::ready!(self.data.poll_receive(cx, &mut self.buffer));
        let mut bytes = &self.buffer[..received.bytes];
        let Job::File { file, .. } = &mut self.job else {
            let error = io::Error::other("nothing to write to");
            return Poll::Ready(self.data.fail(DataFailure::Local, error));
        };
        while !bytes.is_empty() {
            match file.write(bytes) {
                Ok(0) => {
                    let error = io::ErrorKind::WriteZero.into();
                    return Poll::Ready(self.data.fail(DataFailure::Local, error));
                }
                Ok(count) => bytes = &bytes[count.min(bytes.len())..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let failure = match error.kind() {
                        io::ErrorKind::StorageFull => DataFailure::StorageFull,
                        io::ErrorKind::QuotaExceeded => DataFailure::QuotaExceeded,
                        _ => DataFailure::Local,
                    };
                    return Poll::Ready(self.data.fail(failure, error));
                }
            }
        }
        Poll::Ready(received.event)
    }
}

/// What a host says, before it is lent to the session.
enum Told {
    Done,
    Entry(Box<OwnedEntry>),
    Opened { size: Option<u64>, unique_name: Option<Vec<u8>> },
    Digest(Digest),
    Count(u64),
}

/// Asks the file system.
fn ask<F: Filesystem>(
    filesystem: &F,
    session: &Session<Vec<u8>>,
    request: &Request<'_>,
    job: &mut Job<F>,
) -> Result<Told, Refusal> {
    let path = session.path();
    match request {
        Request::ChangeDirectory => match filesystem.entry(path, true)?.entry().kind {
            Kind::Directory => Ok(Told::Done),
            _ => Err(Refusal::NotADirectory),
        },
        Request::MakeDirectory => filesystem.make_directory(path).map(|()| Told::Done),
        Request::RemoveDirectory => filesystem.remove_directory(path).map(|()| Told::Done),
        Request::Delete => filesystem.remove_file(path).map(|()| Told::Done),
        Request::Rename => filesystem.rename(session.source_path(), path).map(|()| Told::Done),
        Request::Stat { follow } => filesystem.entry(path, *follow).map(|entry| Told::Entry(Box::new(entry))),
        Request::Open(access) => {
            let Opened { file, size, unique_name } = filesystem.open(path, *access)?;
            let kernel = matches!(access, Access::Read { .. }) && file.as_file().is_some();
            *job = Job::File { file, kernel, ended: false };
            Ok(Told::Opened { size, unique_name })
        }
        Request::List(listing) => {
            let what = filesystem.entry(path, true)?;
            let is_directory = what.entry().kind == Kind::Directory;
            let entries: Box<dyn Iterator<Item = OwnedEntry> + Send> = match listing {
                _ if is_directory => Box::new(filesystem.entries(path)?),
                Listing::Machine(_) => return Err(Refusal::NotADirectory),
                _ => Box::new(::std::iter::once(what)),
            };
            *job =
                Job::Entries { entries, writer: listing.writer(clock()), all: listing.all(), ended: false };
            Ok(Told::Opened { size: None, unique_name: None })
        }
        Request::Change(changes) => filesystem.change(path, changes).map(|()| Told::Done),
        Request::Symlink { target } => filesystem.symlink(path, target.as_bytes()).map(|()| Told::Done),
        Request::Available => filesystem.available(path).map(Told::Count),
        Request::Digest { algorithm, range } => filesystem.digest(path, *algorithm, *range).map(Told::Digest),
        _ => Err(Refusal::Unsupported),
    }
}

fn clock() -> Clock {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).map_or(Clock::UNKNOWN, |now| Clock::at(now).with_zone(0))
}
