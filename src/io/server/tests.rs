//! The driver with a host that takes its time: sockets in memory, a clock that is set by hand, and gates
//! that the host waits at.

use ::std::collections::VecDeque;
use ::std::fs::File;
use ::std::future::{Future, poll_fn};
use ::std::io;
use ::std::net::SocketAddr;
use ::std::ops::RangeInclusive;
use ::std::string::{String, ToString};
use ::std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use ::std::sync::{Arc, Mutex};
use ::std::task::{Context, Poll, Wake, Waker};
use ::std::time::Duration;
use ::std::{format, thread};

use super::Connection;
use crate::codec::Text;
use crate::error::Error;
use crate::io::host::offload::Offload;
use crate::io::host::{
    Access, Accounts, AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem, Filesystem, Opened, Refusal,
    VirtualPath, Visitor, Wishes,
};
use crate::io::runtime::{Runtime, Stream, Unblock};
use crate::listing::{Entry, Kind, OwnedEntry};
use crate::server::{Config, Endpoints};
use crate::time::Instant;

// ---- Sockets and a clock ----

#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Ends>>);

#[derive(Default)]
struct Ends {
    received: VecDeque<u8>,
    ended: bool,
    broken: bool,
    sent: Vec<u8>,
    shut: bool,
}

impl Pipe {
    fn send(&self, bytes: &[u8]) {
        self.0.lock().unwrap().received.extend(bytes);
    }

    fn end(&self) {
        self.0.lock().unwrap().ended = true;
    }

    fn take(&self) -> Vec<u8> {
        ::std::mem::take(&mut self.0.lock().unwrap().sent)
    }
}

impl Stream for Pipe {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_connected(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut ends = self.0.lock().unwrap();
        match ends.received.len().min(buffer.len()) {
            0 if ends.broken => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            0 if ends.ended => Poll::Ready(Ok(0)),
            0 => Poll::Pending,
            count => {
                buffer.iter_mut().zip(ends.received.drain(..count)).for_each(|(to, byte)| *to = byte);
                Poll::Ready(Ok(count))
            }
        }
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.lock().unwrap().sent.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.poll_write(cx, &bytes)
    }

    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>> {
        self.poll_write(cx, &[byte])
    }

    fn read_urgent_in_line(&mut self) {}

    fn poll_send_file(&mut self, _: &mut Context<'_>, _: &File, _: usize) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn shut_down(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().shut = true;
        Ok(())
    }

    fn reset_on_drop(&mut self) {}
}

/// Whoever connects is the client, over this one pipe.
struct Memory {
    data: Pipe,
    clock: Arc<AtomicU64>,
}

impl Unblock for Memory {
    async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
        call()
    }
}

impl Runtime for Memory {
    type Stream = Pipe;
    type Listener = ();

    fn now(&self) -> Instant {
        Instant::from_micros(self.clock.load(Ordering::SeqCst))
    }

    fn connect(&self, _: SocketAddr) -> io::Result<Pipe> {
        Ok(self.data.clone())
    }

    fn listen(&self, at: SocketAddr, _: RangeInclusive<u16>) -> io::Result<((), SocketAddr)> {
        Ok(((), at))
    }

    fn poll_accept(&self, _: &(), _: &mut Context<'_>) -> Poll<io::Result<(Pipe, SocketAddr)>> {
        Poll::Pending
    }

    fn poll_deadline(&mut self, deadline: Instant, _: &mut Context<'_>) -> Poll<()> {
        if self.now() >= deadline { Poll::Ready(()) } else { Poll::Pending }
    }
}

// ---- A host that takes its time ----

/// What the host waits for, where it was told to: `pass` lets as many through.
#[derive(Default)]
struct Gate {
    open: AtomicUsize,
    begun: AtomicUsize,
    given_up: AtomicUsize,
}

struct Waiting<'a>(&'a Gate, bool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.given_up.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Gate {
    fn pass(&self) {
        self.open.fetch_add(1, Ordering::SeqCst);
    }

    async fn wait(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let mut waiting = Waiting(self, false);
        poll_fn(|_| {
            match self.open.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |open| open.checked_sub(1)) {
                Ok(_) => Poll::Ready(()),
                Err(_) => Poll::Pending,
            }
        })
        .await;
        waiting.1 = true;
    }
}

/// One file, one directory; every call waits at the gate.
#[derive(Default)]
struct Slow {
    gate: Gate,
    content: Mutex<Vec<u8>>,
    finished: AtomicUsize,
}

struct Site(Arc<Slow>);

impl AsyncAccounts for Site {
    type Filesystem = Site;

    async fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Site>, Refusal> {
        self.0.gate.wait().await;
        match (&visitor.user[..], password) {
            (b"me", b"secret") => Ok(Arc::new(Site(Arc::clone(&self.0)))),
            _ => Err(Refusal::Denied),
        }
    }
}

impl AsyncFilesystem for Site {
    type File = SlowFile;
    type Entries = SlowEntries;

    async fn entry(&self, path: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
        self.0.gate.wait().await;
        let kind = if path.file_name().is_none() { Kind::Directory } else { Kind::File };
        Ok(entry("it", kind))
    }

    async fn entries(&self, _: VirtualPath<'_>) -> Result<SlowEntries, Refusal> {
        Ok(SlowEntries { slow: Arc::clone(&self.0), page: 0 })
    }

    async fn open(&self, _: VirtualPath<'_>, _: Access, _: &Wishes) -> Result<Opened<SlowFile>, Refusal> {
        self.0.gate.wait().await;
        let file = SlowFile { slow: Arc::clone(&self.0), position: 0 };
        Ok(Opened { file, size: None, unique_name: None })
    }

    async fn make_directory(&self, _: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
        self.0.gate.wait().await;
        Ok(())
    }

    async fn remove_directory(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    async fn remove_file(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    async fn rename(&self, _: VirtualPath<'_>, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }
}

/// Two pages of one entry each; then it breaks.
struct SlowEntries {
    slow: Arc<Slow>,
    page: u8,
}

impl AsyncEntries for SlowEntries {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        self.slow.gate.wait().await;
        self.page += 1;
        match self.page {
            page @ 1..3 => Ok(vec![entry(&page.to_string(), Kind::File)]),
            _ => Err(io::Error::other("the disk is gone")),
        }
    }
}

struct SlowFile {
    slow: Arc<Slow>,
    position: usize,
}

impl AsyncFile for SlowFile {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.slow.gate.wait().await;
        let content = self.slow.content.lock().unwrap();
        // In small pieces.
        let rest = &content[self.position..];
        let count = rest.len().min(buffer.len()).min(4);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        Ok(count)
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.slow.gate.wait().await;
        let count = bytes.len().min(4);
        self.slow.content.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    async fn finish(self) -> Result<(), Refusal> {
        self.slow.gate.wait().await;
        self.slow.finished.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn entry(name: &str, kind: Kind<'_>) -> OwnedEntry {
    Entry::to_owned(&Entry::new(Text::new(name.as_bytes()).unwrap(), kind))
}

// ---- A client ----

struct Rig<A: AsyncAccounts> {
    connection: Connection<Memory, A>,
    control: Pipe,
    data: Pipe,
    clock: Arc<AtomicU64>,
    ended: Option<Result<(), Error>>,
}

struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<A: AsyncAccounts> Rig<A> {
    fn of(accounts: A) -> Self {
        let endpoints =
            Endpoints { local: "192.0.2.1:21".parse().unwrap(), peer: "192.0.2.2:40000".parse().unwrap() };
        let (control, data, clock) = (Pipe::default(), Pipe::default(), Arc::new(AtomicU64::new(1)));
        let runtime = Memory { data: data.clone(), clock: Arc::clone(&clock) };
        let mut config = Config::default();
        config.timeouts.login_delay = Duration::ZERO;
        let connection =
            Connection::new(runtime, control.clone(), endpoints, config, Arc::new(accounts), true, None);
        let mut rig = Self { connection, control, data, clock, ended: None };
        assert_eq!(rig.say(""), "220 Service ready.\r\n");
        rig
    }

    /// Polls for as long as it asks for that itself.
    fn poll(&mut self) {
        let again = Arc::new(Again(true.into()));
        let waker = Waker::from(Arc::clone(&again));
        while self.ended.is_none() && again.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(ended) = self.connection.poll_serve(&mut Context::from_waker(&waker)) {
                self.ended = Some(ended);
            }
        }
    }

    /// What comes at once.
    fn say(&mut self, lines: &str) -> String {
        self.control.send(lines.as_bytes());
        self.poll();
        String::from_utf8(self.control.take()).unwrap()
    }

    fn pass_time(&mut self, time: Duration) -> String {
        self.clock.fetch_add(time.as_micros() as u64, Ordering::SeqCst);
        self.say("")
    }
}

impl Rig<Site> {
    fn slow() -> (Self, Arc<Slow>) {
        let slow = Arc::new(Slow::default());
        (Self::of(Site(Arc::clone(&slow))), slow)
    }

    fn logged_in() -> (Self, Arc<Slow>) {
        let (mut rig, slow) = Self::slow();
        slow.gate.pass();
        let said = rig.say("USER me\r\nPASS secret\r\nTYPE I\r\nPORT 192,0,2,2,156,65\r\n");
        assert!(said.contains("\r\n230 ") && said.ends_with("200 Okay.\r\n"), "{said}");
        (rig, slow)
    }
}

fn codes(said: &str) -> Vec<&str> {
    said.lines().map(|line| &line[..3]).collect()
}

#[test]
fn a_slow_login_is_waited_for_and_what_follows_it_too() {
    let (mut rig, slow) = Rig::slow();
    assert_eq!(codes(&rig.say("USER me\r\nPASS secret\r\nPWD\r\n")), ["331"]);
    assert_eq!(slow.gate.begun.load(Ordering::SeqCst), 1);
    slow.gate.pass();
    assert_eq!(codes(&rig.say("")), ["230", "257"]);
}

#[test]
fn abor_gives_up_an_open_that_is_slow() {
    let (mut rig, slow) = Rig::logged_in();
    assert_eq!(rig.say("RETR /file\r\n"), "");
    assert_eq!(codes(&rig.say("ABOR\r\n")), ["450", "226"]);
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 1);
    assert_eq!(codes(&rig.say("NOOP\r\n")), ["200"]);
}

#[test]
fn noop_and_stat_are_answered_while_a_read_is_slow_and_abor_gives_it_up() {
    let (mut rig, slow) = Rig::logged_in();
    slow.content.lock().unwrap().extend_from_slice(b"0123456789");
    slow.gate.pass();
    assert_eq!(codes(&rig.say("RETR /file\r\n")), ["150"]);
    slow.gate.pass();
    assert_eq!(rig.say(""), "");
    assert_eq!(rig.data.take(), b"0123");
    assert_eq!(codes(&rig.say("NOOP\r\n")), ["200"]);
    assert!(rig.say("STAT\r\n").contains("4 bytes transferred"));
    assert_eq!(codes(&rig.say("ABOR\r\n")), ["426", "226"]);
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 1);
}

#[test]
fn a_slow_download_comes_whole() {
    let (mut rig, slow) = Rig::logged_in();
    slow.content.lock().unwrap().extend_from_slice(b"0123456789");
    assert_eq!(rig.say("RETR /file\r\n"), "");
    let mut said = String::new();
    for _ in 0..5 {
        slow.gate.pass();
        said += &rig.say("");
    }
    assert_eq!(codes(&said), ["150", "226"]);
    assert_eq!(rig.data.take(), b"0123456789");
    assert!(rig.data.0.lock().unwrap().shut);
}

#[test]
fn a_slow_upload_is_confirmed_once_all_of_it_is_kept() {
    let (mut rig, slow) = Rig::logged_in();
    slow.gate.pass();
    assert_eq!(codes(&rig.say("STOR /file\r\n")), ["150"]);
    rig.data.send(b"0123456789");
    rig.data.end();
    // Three writes, and to finish it.
    for passed in 0..4 {
        assert_eq!(rig.say(""), "", "{passed} of 4");
        assert_eq!(slow.finished.load(Ordering::SeqCst), 0);
        slow.gate.pass();
    }
    assert_eq!(codes(&rig.say("")), ["226"]);
    assert_eq!(*slow.content.lock().unwrap(), b"0123456789");
    assert_eq!(slow.finished.load(Ordering::SeqCst), 1);
}

#[test]
fn a_listing_that_breaks_off_is_no_complete_one() {
    let (mut rig, slow) = Rig::logged_in();
    for _ in 0..4 {
        slow.gate.pass();
    }
    let said = rig.say("MLSD\r\n");
    assert_eq!(codes(&said), ["150", "451"]);
    assert_eq!(rig.data.take(), b"type=file; 1\r\ntype=file; 2\r\n");
}

#[test]
fn a_directory_that_breaks_off_while_it_is_told_is_told_so() {
    let (mut rig, slow) = Rig::logged_in();
    for _ in 0..3 {
        slow.gate.pass();
    }
    let said = rig.say("STAT /\r\n");
    assert!(said.starts_with("212-") && !said.contains("\r\n212 "), "{said}");
    slow.gate.pass();
    let said = rig.say("");
    assert!(said.ends_with("212 There is more, which cannot be told.\r\n"), "{said}");
}

#[test]
fn what_the_host_takes_too_long_for_is_given_up() {
    let (mut rig, slow) = Rig::logged_in();
    assert_eq!(rig.say("MKD /new\r\n"), "");
    assert_eq!(codes(&rig.pass_time(Duration::from_secs(301))), ["451"]);
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 1);
    assert_eq!(codes(&rig.say("NOOP\r\n")), ["200"]);
}

#[test]
fn a_connection_that_breaks_has_the_host_give_up() {
    let (mut rig, slow) = Rig::logged_in();
    assert_eq!(rig.say("MKD /new\r\n"), "");
    rig.control.0.lock().unwrap().broken = true;
    rig.poll();
    assert!(matches!(rig.ended, Some(Err(_))), "{:?}", rig.ended);
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 1);
}

#[test]
fn a_client_that_only_ends_its_side_still_gets_its_answer() {
    let (mut rig, slow) = Rig::logged_in();
    rig.control.end();
    assert_eq!(rig.say("MKD /new\r\n"), "");
    slow.gate.pass();
    assert_eq!(codes(&rig.say("")), ["257"]);
    assert!(rig.ended.is_some());
}

#[test]
fn rein_forgets_who_was_logged_in() {
    let (mut rig, slow) = Rig::logged_in();
    assert!(rig.connection.filesystem.is_some());
    assert_eq!(rig.connection.visitor().user, b"me");
    assert_eq!(codes(&rig.say("REIN\r\n")), ["220"]);
    assert!(rig.connection.filesystem.is_none());
    assert_eq!(rig.connection.visitor().user, b"");
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 0);
}

// ---- A host that blocks ----

/// Somewhere else: a thread for each call.
enum Elsewhere {}

impl Unblock for Elsewhere {
    fn unblock<T: Send + 'static>(
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let caller = thread::current().id();
        let called = thread::spawn(move || (thread::current().id(), call()));
        async move {
            let (thread, result) = called.join().unwrap();
            assert_ne!(thread, caller);
            result
        }
    }
}

type Content = Arc<Mutex<Vec<u8>>>;

/// As many files as it is told, and then, maybe, an error.
struct Shelf {
    files: usize,
    breaks: bool,
    content: Content,
}

struct ShelfFile(Content, usize);

impl crate::io::host::File for ShelfFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let content = self.0.lock().unwrap();
        let count = content[self.1..].len().min(buffer.len()).min(7);
        buffer[..count].copy_from_slice(&content[self.1..][..count]);
        self.1 += count;
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(7);
        self.0.lock().unwrap().extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn finish(self) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Filesystem for Shelf {
    type File = ShelfFile;
    type Entries = ::std::vec::IntoIter<io::Result<OwnedEntry>>;

    fn entry(&self, _: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
        Ok(entry("it", Kind::Directory))
    }

    fn entries(&self, _: VirtualPath<'_>) -> Result<Self::Entries, Refusal> {
        let files = (0..self.files).map(|number| Ok(entry(&format!("{number}"), Kind::File)));
        let broken = self.breaks.then(|| Err(io::Error::other("the disk is gone")));
        Ok(files.chain(broken).collect::<Vec<_>>().into_iter())
    }

    fn open(&self, _: VirtualPath<'_>, _: Access, _: &Wishes) -> Result<Opened<ShelfFile>, Refusal> {
        Ok(Opened { file: ShelfFile(Arc::clone(&self.content), 0), size: None, unique_name: None })
    }

    fn make_directory(&self, _: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    fn remove_directory(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    fn remove_file(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }

    fn rename(&self, _: VirtualPath<'_>, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(Refusal::Denied)
    }
}

struct Everybody(Arc<Shelf>);

impl Accounts for Everybody {
    type Filesystem = Shelf;

    fn login(&self, _: &Visitor, _: &[u8]) -> Result<Arc<Shelf>, Refusal> {
        Ok(Arc::clone(&self.0))
    }
}

fn elsewhere(files: usize, breaks: bool) -> (Rig<Offload<Everybody, Elsewhere>>, Content) {
    let content = Arc::default();
    let shelf = Shelf { files, breaks, content: Arc::clone(&content) };
    let mut rig = Rig::of(Offload::new(Everybody(Arc::new(shelf))));
    let said = rig.say("USER me\r\nPASS secret\r\nTYPE I\r\nPORT 192,0,2,2,156,65\r\n");
    assert_eq!(codes(&said), ["331", "230", "200", "200"]);
    (rig, content)
}

#[test]
fn a_directory_of_a_host_that_blocks_comes_whole_in_pages_of_any_number() {
    for (files, breaks) in
        [0, 1, 127, 128, 129, 256, 1000].into_iter().flat_map(|files| [(files, false), (files, true)])
    {
        let (mut rig, _) = elsewhere(files, breaks);
        let ending = if breaks { "451" } else { "226" };
        assert_eq!(codes(&rig.say("NLST\r\n")), ["150", ending], "{files}");
        let expected: String = (0..files).map(|number| format!("{number}\r\n")).collect();
        assert_eq!(String::from_utf8(rig.data.take()).unwrap(), expected);
    }
}

#[test]
fn a_file_of_a_host_that_blocks_is_written_and_read_elsewhere() {
    let (mut rig, content) = elsewhere(0, false);
    let bytes: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
    rig.data.send(&bytes);
    rig.data.end();
    assert_eq!(codes(&rig.say("STOR /file\r\n")), ["150", "226"]);
    assert_eq!(*content.lock().unwrap(), bytes);
    content.lock().unwrap().truncate(1000);
    assert_eq!(codes(&rig.say("PORT 192,0,2,2,156,65\r\nRETR /file\r\n")), ["200", "150", "226"]);
    assert_eq!(rig.data.take(), bytes[..1000]);
}
