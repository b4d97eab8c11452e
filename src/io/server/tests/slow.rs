//! Tests with a slow host, whose calls wait at a gate.

use ::std::future::poll_fn;
use ::std::io;
use ::std::string::{String, ToString};
use ::std::sync::atomic::{AtomicUsize, Ordering};
use ::std::sync::{Arc, Mutex};
use ::std::task::Poll;
use ::std::time::Duration;

use super::{Rig, codes, entry};
use crate::io::host::{
    Access, AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem, Opened, Refusal, VirtualPath, Visitor,
    Wishes,
};
use crate::listing::{Fields, Kind, OwnedEntry};

/// A gate for the host's calls. Each `pass` lets one of them through.
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

/// A host with one file and one directory. Every call waits at the gate.
#[derive(Default)]
struct Slow {
    gate: Gate,
    content: Mutex<Vec<u8>>,
    finished: AtomicUsize,
    aborted: AtomicUsize,
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

    async fn entries(&self, _: VirtualPath<'_>, _: Fields) -> Result<SlowEntries, Refusal> {
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

/// A directory of two pages with one entry each, followed by an error.
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
        // Reads are in small pieces.
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

    async fn abort(self) {
        self.slow.gate.wait().await;
        self.slow.aborted.fetch_add(1, Ordering::SeqCst);
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
        assert!(said.contains("\r\n230 ") && said.ends_with("200 OK.\r\n"), "{said}");
        (rig, slow)
    }
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
    // Three writes and `finish`.
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
    assert!(said.ends_with("212 The listing is incomplete.\r\n"), "{said}");
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

#[test]
fn an_upload_that_is_cut_is_aborted_before_the_client_hears_of_it() {
    let (mut rig, slow) = Rig::logged_in();
    slow.gate.pass();
    assert_eq!(codes(&rig.say("STOR /file\r\n")), ["150"]);
    assert_eq!(rig.say("ABOR\r\nNOOP\r\n"), "", "the file is not aborted yet");
    slow.gate.pass();
    assert_eq!(codes(&rig.say("")), ["426", "226", "200"]);
    assert_eq!(slow.aborted.load(Ordering::SeqCst), 1);
    assert_eq!(slow.finished.load(Ordering::SeqCst), 0);
}

#[test]
fn a_write_that_is_under_way_ends_before_the_abort() {
    let (mut rig, slow) = Rig::logged_in();
    slow.gate.pass();
    assert_eq!(codes(&rig.say("STOR /file\r\n")), ["150"]);
    rig.data.send(b"0123");
    assert_eq!(rig.say("ABOR\r\n"), "");
    slow.gate.pass();
    assert_eq!(rig.say(""), "");
    assert_eq!(*slow.content.lock().unwrap(), b"0123");
    slow.gate.pass();
    assert_eq!(codes(&rig.say("")), ["426", "226"]);
    assert_eq!(slow.aborted.load(Ordering::SeqCst), 1);
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 0);
}

#[test]
fn an_abort_has_its_time_and_is_given_up_then() {
    let (mut rig, slow) = Rig::logged_in();
    slow.gate.pass();
    assert_eq!(codes(&rig.say("STOR /file\r\n")), ["150"]);
    assert_eq!(rig.say("ABOR\r\n"), "");
    assert_eq!(rig.pass_time(Duration::from_secs(4)), "");
    assert_eq!(codes(&rig.pass_time(Duration::from_secs(2))), ["426", "226"]);
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 1);
    assert_eq!(codes(&rig.say("NOOP\r\n")), ["200"]);
}

#[test]
fn the_end_of_a_session_waits_for_the_abort_of_its_upload() {
    let (mut rig, slow) = Rig::logged_in();
    slow.gate.pass();
    assert_eq!(codes(&rig.say("STOR /file\r\n")), ["150"]);
    rig.control.0.lock().unwrap().broken = true;
    // The upload may still end cleanly.
    rig.poll();
    assert_eq!(slow.gate.given_up.load(Ordering::SeqCst), 0);
    rig.pass_time(Duration::from_secs(2));
    assert!(rig.ended.is_none());
    slow.gate.pass();
    rig.poll();
    assert!(matches!(rig.ended, Some(Err(_))), "{:?}", rig.ended);
    assert_eq!(slow.aborted.load(Ordering::SeqCst), 1);
}
