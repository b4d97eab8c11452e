//! Blocking and asynchronous hosts, on servers of all runtimes.

use std::future::poll_fn;
use std::io;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use ftp_proto::io::std::Client;
use ftp_proto::io::{
    Access, Accounts, AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem, Directory, Guarded, Opened,
    Refusal, Users, VirtualPath, Visitor, Wishes,
};
use ftp_proto::listing::{Fields, OwnedEntry};

use crate::peer::Peer;
use crate::site::{Host, Runtime, Setup, Site, directory};

/// Done in another thread, after a while.
async fn elsewhere() {
    let done = Arc::new(AtomicBool::new(false));
    let waker = Arc::new(Mutex::new(None));
    poll_fn(|cx| {
        if done.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        if waker.lock().unwrap().replace(cx.waker().clone()).is_none() {
            let (done, waker) = (Arc::clone(&done), Arc::clone(&waker));
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(20));
                done.store(true, Ordering::SeqCst);
                waker.lock().unwrap().take().unwrap().wake();
            });
        }
        Poll::Pending
    })
    .await;
}

/// Slow accounts and a slow file system with one endless file.
#[derive(Clone, Default)]
pub(crate) struct Slow {
    /// Number of its uploads that were aborted.
    aborted: Arc<AtomicUsize>,
}

impl AsyncAccounts for Slow {
    type Filesystem = Self;

    async fn login(&self, _: &Visitor, password: &[u8]) -> Result<Arc<Self>, Refusal> {
        elsewhere().await;
        if password == b"secret" { Ok(Arc::new(self.clone())) } else { Err(Refusal::Denied) }
    }
}

impl AsyncFilesystem for Slow {
    type File = Self;
    type Entries = Self;

    async fn entry(&self, _: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
        Err(Refusal::NotFound)
    }

    async fn entries(&self, _: VirtualPath<'_>, _: Fields) -> Result<Self, Refusal> {
        Err(Refusal::NotFound)
    }

    async fn open(&self, _: VirtualPath<'_>, _: Access, _: &Wishes) -> Result<Opened<Self>, Refusal> {
        elsewhere().await;
        Ok(Opened { file: self.clone(), size: None, unique_name: None })
    }

    async fn make_directory(&self, _: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
        Err(Refusal::Denied)
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

impl AsyncEntries for Slow {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        Ok(Vec::new())
    }
}

impl AsyncFile for Slow {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        elsewhere().await;
        buffer.fill(7);
        Ok(buffer.len())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        elsewhere().await;
        Ok(bytes.len())
    }

    async fn finish(self) -> Result<(), Refusal> {
        elsewhere().await;
        Ok(())
    }

    async fn abort(self) {
        elsewhere().await;
        self.aborted.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_host_that_waits_elsewhere_is_heard() {
    use std::io::{Read, Write};
    for runtime in Runtime::ALL {
        let site = Site::of(
            runtime,
            Setup::default(),
            directory(),
            Host::<Users<Directory>, _>::Async(Slow::default()),
        );
        let mut client = Client::connect(site.address).unwrap();
        assert!(client.login("me", "guess").is_err());
        client.login("me", "secret").unwrap();
        let mut bytes = vec![0; 1_000_000];
        client.retrieve("file").unwrap().read_exact(&mut bytes).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 7));
        let mut store = client.store("file").unwrap();
        store.write_all(&bytes).unwrap();
        store.finish().unwrap();
        client.quit().unwrap();
    }
}

/// Accounts with a fault.
struct Faulty(Users<Directory>);

impl Accounts for Faulty {
    type Filesystem = Guarded<Directory>;

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Guarded<Directory>>, Refusal> {
        assert_ne!(password, b"fault", "this is part of the test");
        self.0.login(visitor, password)
    }
}

#[test]
fn a_host_that_panics_ends_that_session_alone() {
    for runtime in Runtime::ALL {
        let directory = directory();
        let users = Users::new().user("me", "secret", Directory::open(&directory).unwrap());
        let site = Site::of(runtime, Setup::default(), directory, Host::<_, Slow>::Blocking(Faulty(users)));
        let mut other = site.client();
        let mut client = Client::connect(site.address).unwrap();
        assert!(client.login("me", "fault").is_err());
        other.noop().unwrap();
        site.client().noop().unwrap();
        site.shutdown.shut_down(Duration::ZERO);
        site.ends();
    }
}

#[test]
fn an_upload_that_is_cut_is_aborted_and_the_host_is_waited_for() {
    use std::io::Write;
    for runtime in Runtime::ALL {
        let slow = Slow::default();
        let aborted = Arc::clone(&slow.aborted);
        let mut setup = Setup::default();
        setup.config.limits.upload_size = NonZeroU64::new(100_000);
        let site = Site::of(runtime, setup, directory(), Host::<Users<Directory>, _>::Async(slow));
        let mut peer = Peer::new(site.address);
        for told in ["ABOR", ""] {
            let before = aborted.load(Ordering::SeqCst);
            let mut data = peer.data();
            peer.says("STOR file", "150");
            // Exceeding a limit aborts the upload too.
            let _ = data.write_all(&vec![7; if told.is_empty() { 200_000 } else { 50_000 }]);
            if !told.is_empty() {
                peer.says_only(told);
                peer.awaits("426");
                assert_eq!(aborted.load(Ordering::SeqCst), before + 1, "{runtime:?}");
                peer.awaits("226");
            } else {
                peer.awaits("552");
                assert_eq!(aborted.load(Ordering::SeqCst), before + 1, "{runtime:?}");
            }
        }
        // A complete upload is not aborted.
        let mut data = peer.data();
        peer.says("STOR file", "150");
        data.write_all(b"whole").unwrap();
        drop(data);
        peer.awaits("226");
        assert_eq!(aborted.load(Ordering::SeqCst), 2);
        // The client disconnects, which ends the session.
        let _data = peer.data();
        peer.says("STOR file", "150");
        drop(peer);
        for _ in 0..500 {
            if aborted.load(Ordering::SeqCst) == 3 {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(aborted.load(Ordering::SeqCst), 3, "{runtime:?}");
        site.shutdown.shut_down(Duration::ZERO);
        site.ends();
    }
}
