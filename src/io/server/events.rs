//! Events that a server reports to its owner, for statistics and logs.

use ::std::fmt;
use ::std::net::IpAddr;
use ::std::sync::Arc;
use ::std::sync::atomic::{AtomicU64, Ordering};
use ::std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::codec::{Direction, Redacted, RepresentationType, Timestamp};
use crate::error::PeerError;
use crate::io::driver::control::{Direction as Dialogue, Trace};
use crate::io::driver::spans::{SessionSpan, TransferSpan};
use crate::io::host::{OwnedPath, VirtualPath, Visitor};
use crate::server::{Endpoints, TransferEnd, TransferOutcome, TreeChange, is_anonymous_name};
use crate::time::Instant;

/// An event of a session. It contains no password and no account.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SessionEvent<'a> {
    /// Number of the session, which is unique in this process.
    pub session: u64,
    /// Time of the event.
    pub at: SystemTime,
    /// The client. Before login, its user name is empty or the one that was attempted.
    pub visitor: &'a Visitor,
    /// The kind of event, with its details.
    pub what: Happening<'a>,
}

/// The kind of a [`SessionEvent`], with its details.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Happening<'a> {
    /// A client has connected: the first event of every session.
    Opened,
    /// The control connection is now protected by TLS.
    Secured,
    /// TLS was removed from the control connection.
    Cleared,
    /// A login has succeeded, or an account was accepted later.
    LoggedIn,
    /// A login was refused.
    LoginFailed,
    /// The session was reset to the state before login (REIN, or AUTH).
    Reset,
    /// A transfer has ended.
    Transferred(Transferred<'a>),
    /// The client has changed the directory tree.
    Changed {
        /// The kind of change.
        change: TreeChange,
        /// The path that was changed, or the new path after a rename.
        path: VirtualPath<'a>,
        /// The old path of a rename.
        from: Option<VirtualPath<'a>>,
    },
    /// The session has ended. This is its last event.
    Closed(Closed),
}

/// A transfer that has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Transferred<'a> {
    /// The path of the file or directory, from the root of the account.
    pub path: VirtualPath<'a>,
    /// Number of bytes of the file that were read or written, before encoding.
    pub bytes: u64,
    /// Time from opening the file to the end of the transfer.
    pub duration: Duration,
    /// Direction, coding and outcome. See [`File`](crate::io::File#when-an-upload-is-complete) for
    /// the meaning of each outcome of an upload.
    pub end: TransferEnd,
}

/// The reason for the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// The client sent QUIT.
    Left,
    /// An error on the client's side, or the loss of its connection.
    Peer(PeerError),
    /// The server did not admit the client, or was shut down.
    Server,
}

type OnEvent = Arc<dyn Fn(&SessionEvent<'_>) + Send + Sync>;
type OnLine = Arc<dyn Fn(u64, Dialogue, Redacted<'_>) + Send + Sync>;

/// The callbacks of a server's owner.
#[derive(Clone, Default)]
pub(in crate::io) struct Hooks {
    event: Option<OnEvent>,
    line: Option<OnLine>,
}

impl Hooks {
    pub(in crate::io) fn on_event(&mut self, hook: impl Fn(&SessionEvent<'_>) + Send + Sync + 'static) {
        self.event = Some(Arc::new(hook));
    }

    pub(in crate::io) fn on_line(
        &mut self,
        hook: impl Fn(u64, Dialogue, Redacted<'_>) + Send + Sync + 'static,
    ) {
        self.line = Some(Arc::new(hook));
    }
}

/// Reports the events of one session: [`Opened`](Happening::Opened) when it begins, and
/// [`Closed`](Happening::Closed) when it is dropped, for whatever reason.
pub(super) struct Reporter {
    session: u64,
    hooks: Hooks,
    span: SessionSpan,
    transfer: Option<TransferSpan>,
    pub(super) visitor: Visitor,
    pub(super) closed: Closed,
    /// The path of the last request to the host.
    path: OwnedPath,
    /// The old path, if that request is a rename.
    from: OwnedPath,
    /// The time at which the transfer was opened.
    opened: Instant,
    /// Number of bytes of the file moved since the transfer was opened.
    pub(super) bytes: u64,
}

impl Reporter {
    pub(super) fn new(endpoints: Endpoints) -> Self {
        let visitor = Visitor::new([], endpoints.peer, endpoints.local);
        static LAST: AtomicU64 = AtomicU64::new(0);
        let session = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let root = || OwnedPath::from(VirtualPath::ROOT);
        Self {
            session,
            span: SessionSpan::server(endpoints.peer, session),
            transfer: None,
            hooks: Hooks::default(),
            visitor,
            closed: Closed::Server,
            path: root(),
            from: root(),
            opened: Instant::default(),
            bytes: 0,
        }
    }

    pub(super) fn begin(&mut self, hooks: Hooks) {
        self.hooks = hooks;
        self.report(Happening::Opened);
    }

    /// Records the paths of a request to the host, to which later events refer.
    pub(super) fn asked(&mut self, path: VirtualPath<'_>, from: VirtualPath<'_>) {
        (self.path, self.from) = (path.into(), from.into());
    }

    /// Records the beginning of a transfer.
    pub(super) fn opened(&mut self, unique_name: Option<&[u8]>, now: Instant) {
        (self.opened, self.bytes) = (now, 0);
        if let Some(name) = unique_name {
            self.path = self.path.with_unique_name(name);
        }
        self.transfer = Some(self.span.transfer(Some(self.path.lent().as_bytes())));
    }

    /// Returns the callback for the lines of this session's dialogue, if there is one.
    pub(super) fn trace(&self) -> Option<Trace> {
        let (hook, session) = (self.hooks.line.clone()?, self.session);
        Some(Box::new(move |direction, line| hook(session, direction, line)))
    }

    pub(super) fn report(&self, what: Happening<'_>) {
        if let Happening::LoggedIn = what {
            self.span.user(&self.visitor.user);
        }
        self.span.event(&what);
        if let Some(hook) = &self.hooks.event {
            let (session, visitor) = (self.session, &self.visitor);
            hook(&SessionEvent { session, at: SystemTime::now(), visitor, what });
        }
    }

    pub(super) fn changed(&self, change: TreeChange) {
        let from = (change == TreeChange::Renamed).then(|| self.from.lent());
        self.report(Happening::Changed { change, path: self.path.lent(), from });
    }

    pub(super) fn transferred(&mut self, end: TransferEnd, now: Instant) {
        if let Some(mut span) = self.transfer.take() {
            span.direction(end.direction);
            span.set_bytes(self.bytes);
            span.end(&format_args!("{:?}", end.outcome));
        }
        let (path, bytes, duration) = (self.path.lent(), self.bytes, now.since(self.opened));
        self.report(Happening::Transferred(Transferred { path, bytes, duration, end }));
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.report(Happening::Closed(self.closed));
    }
}

/// A line of an `xferlog`, without its line end. wu-ftpd introduced this format, and ProFTPD,
/// vsftpd and Pure-FTPd write it too. Times are in UTC. In names, spaces and bytes other than
/// printable ASCII become underscores.
///
/// ```text
/// Thu Feb 29 12:34:56 2024 1 192.0.2.2 5 /pub/file b _ o a anonymous ftp 0 * c
/// ```
#[derive(Clone, Copy, Debug)]
pub struct XferlogLine<'a> {
    at: SystemTime,
    peer: IpAddr,
    user: &'a [u8],
    transferred: Transferred<'a>,
}

impl<'a> XferlogLine<'a> {
    /// Creates the line for an event. Returns `None` unless the event is the transfer of a file.
    #[must_use]
    pub fn of(event: &SessionEvent<'a>) -> Option<Self> {
        match event.what {
            Happening::Transferred(transferred) if !transferred.end.listing => Some(Self {
                at: event.at,
                peer: event.visitor.peer.ip().to_canonical(),
                user: &event.visitor.user,
                transferred,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for XferlogLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transferred { path, bytes, duration, end } = self.transferred;
        let text =
            matches!(end.coding.representation, RepresentationType::Ascii(_) | RepresentationType::Ebcdic(_));
        // The format has whole seconds, rounded up.
        let seconds = duration.as_micros().div_ceil(1_000_000);
        write_date(self.at, f)?;
        write!(f, " {seconds} {} {bytes} ", self.peer)?;
        write_word(path.as_bytes(), f)?;
        write!(
            f,
            " {} _ {} {} ",
            if text { 'a' } else { 'b' },
            if end.direction == Direction::ToServer { 'i' } else { 'o' },
            if is_anonymous_name(self.user) { 'a' } else { 'r' },
        )?;
        write_word(self.user, f)?;
        write!(f, " ftp 0 * {}", if end.outcome == TransferOutcome::Complete { 'c' } else { 'i' })
    }
}

/// Writes a time like C's `ctime`.
fn write_date(at: SystemTime, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_unix(seconds, 0).ok());
    let Some(time) = time else { return Err(fmt::Error) };
    // 1 January 1970 was a Thursday.
    let day = DAYS[(seconds / 86_400 % 7) as usize];
    let month = MONTHS.get(usize::from(time.month()).saturating_sub(1)).unwrap_or(&"Jan");
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    write!(f, "{day} {month} {:2} {hour:02}:{minute:02}:{second:02} {}", time.day(), time.year())
}

/// Writes a name as one word, or `-` if it is empty.
fn write_word(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;
    if bytes.is_empty() {
        return f.write_str("-");
    }
    bytes
        .iter()
        .try_for_each(|byte| f.write_char(if byte.is_ascii_graphic() { char::from(*byte) } else { '_' }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::Coding;
    use ::std::string::ToString;

    #[test]
    fn a_line_of_an_xferlog_has_its_eighteen_words() {
        let peer = "[::ffff:192.0.2.2]:40000".parse().unwrap();
        for (user, path, coding, direction, outcome, millis, expected) in [
            (
                "anonymous",
                "/pub/file",
                Coding::IDENTITY,
                Direction::FromServer,
                TransferOutcome::Complete,
                1,
                "Thu Feb 29 12:34:56 2024 1 192.0.2.2 5 /pub/file b _ o a anonymous ftp 0 * c",
            ),
            (
                "al ice",
                "/a b\u{e4}",
                Coding::default(),
                Direction::ToServer,
                TransferOutcome::Aborted,
                1001,
                "Thu Feb 29 12:34:56 2024 2 192.0.2.2 5 /a_b__ a _ i r al_ice ftp 0 * i",
            ),
        ] {
            let end = TransferEnd { direction, listing: false, coding, protected: false, outcome };
            let path = VirtualPath::parse(path.as_bytes()).unwrap();
            let transferred = Transferred { path, bytes: 5, duration: Duration::from_millis(millis), end };
            let mut event = SessionEvent {
                session: 1,
                at: UNIX_EPOCH + Duration::from_secs(1_709_210_096),
                visitor: &Visitor::new(user, peer, peer),
                what: Happening::Transferred(transferred),
            };
            assert_eq!(XferlogLine::of(&event).unwrap().to_string(), expected);
            event.what = Happening::Transferred(Transferred {
                end: TransferEnd { listing: true, ..end },
                ..transferred
            });
            assert!(XferlogLine::of(&event).is_none(), "a listing is no file");
            event.what = Happening::Opened;
            assert!(XferlogLine::of(&event).is_none());
        }
    }
}
