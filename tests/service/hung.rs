//! A file system that never answers: what waits for it is who uses it.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ftp_proto::io::{
    Access, Accounts, File, Filesystem, Guarded, Opened, Refusal, Users, VirtualPath, Visitor, Wishes,
};
use ftp_proto::listing::{Fields, OwnedEntry};

use crate::hosts;
use crate::peer::Peer;
use crate::site::{Host, Runtime, Setup, Site, directory};

/// Sessions that share threads: with one of its own each a session waits for itself alone.
const SHARED: [Runtime; 2] = [Runtime::Tokio, Runtime::Smol];

/// What hangs until the test is over.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn wait(&self) {
        let (open, changed) = &*self.0;
        drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
    }
}

/// Opens it for whoever waits, however the test ends.
struct Release(Gate);

impl Drop for Release {
    fn drop(&mut self) {
        *self.0.0.0.lock().unwrap() = true;
        self.0.0.1.notify_all();
    }
}

/// Makes directories, and hangs at everything else if it has a gate.
struct Disk(Option<Gate>);

impl Disk {
    fn reach(&self) -> Refusal {
        self.0.iter().for_each(Gate::wait);
        Refusal::NotFound
    }
}

impl Filesystem for Disk {
    type File = NoFile;
    type Entries = std::vec::IntoIter<io::Result<OwnedEntry>>;

    fn entry(&self, _: VirtualPath<'_>, _: bool) -> Result<OwnedEntry, Refusal> {
        Err(self.reach())
    }

    fn entries(&self, _: VirtualPath<'_>, _: Fields) -> Result<Self::Entries, Refusal> {
        Err(self.reach())
    }

    fn open(&self, _: VirtualPath<'_>, _: Access, _: &Wishes) -> Result<Opened<NoFile>, Refusal> {
        Err(self.reach())
    }

    fn make_directory(&self, _: VirtualPath<'_>, _: &Wishes) -> Result<(), Refusal> {
        Ok(())
    }

    fn remove_directory(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(self.reach())
    }

    fn remove_file(&self, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(self.reach())
    }

    fn rename(&self, _: VirtualPath<'_>, _: VirtualPath<'_>) -> Result<(), Refusal> {
        Err(self.reach())
    }
}

struct NoFile;

impl File for NoFile {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn finish(self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Accounts that may block, as a host's own: those of `Users`, or none at all that ever answers.
struct Own {
    users: Users<Disk>,
    hangs: Option<Gate>,
}

impl Accounts for Own {
    type Filesystem = Guarded<Disk>;

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Guarded<Disk>>, Refusal> {
        if visitor.user == b"stuck" {
            self.hangs.iter().for_each(Gate::wait);
        }
        Accounts::login(&self.users, visitor, password)
    }
}

/// `me` has a disk that hangs, `you` one that does not.
fn users(gate: &Gate) -> Users<Disk> {
    Users::new().user("me", "secret", Disk(Some(gate.clone()))).user("you", "secret", Disk(None))
}

fn serve(runtime: Runtime, accounts: impl Accounts) -> Site {
    let setup = Setup { sessions: Some(1000), ..Setup::default() };
    Site::of(runtime, setup, directory(), Host::<_, hosts::Slow>::Blocking(accounts))
}

/// Sends a command that gets no answer.
fn hang(site: &Site, count: usize) -> Vec<Peer> {
    (0..count)
        .map(|_| {
            let mut peer = Peer::new(site.address);
            peer.says_only("DELE file");
            peer
        })
        .collect()
}

/// A login and a command of another root come at once.
#[track_caller]
fn others_are_served(site: &Site) {
    let begun = Instant::now();
    let mut peer = Peer::named(site.address, "you");
    peer.says("MKD new", "257");
    drop(Peer::named(site.address, "me"));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn no_login_and_no_other_root_waits_for_a_file_system_that_hangs() {
    for runtime in SHARED {
        for blocks in [false, true] {
            let gate = Gate::default();
            let release = Release(gate.clone());
            let site = match blocks {
                false => serve(runtime, users(&gate)),
                true => serve(runtime, Own { users: users(&gate), hangs: None }),
            };
            // More than a file system has threads.
            let waiting = hang(&site, 150);
            others_are_served(&site);
            drop(release);
            for mut peer in waiting {
                peer.awaits("550");
            }
        }
    }
}

#[test]
fn no_file_waits_for_accounts_that_hang() {
    for runtime in SHARED {
        let gate = Gate::default();
        let release = Release(gate.clone());
        let site = serve(runtime, Own { users: users(&gate), hangs: Some(gate.clone()) });
        let mut peer = Peer::named(site.address, "you");
        let _waiting: Vec<_> = (0..150)
            .map(|_| {
                let mut peer = Peer::greeted(site.address);
                peer.says("USER stuck", "331");
                peer.says_only("PASS secret");
                peer
            })
            .collect();
        peer.says("MKD new", "257");
        drop(release);
    }
}

#[test]
fn a_session_leaves_so_many_calls_behind_and_is_told_then_that_its_host_is_busy() {
    for runtime in SHARED {
        let gate = Gate::default();
        let _release = Release(gate.clone());
        let site = serve(runtime, users(&gate));
        let mut peer = Peer::new(site.address);
        for _ in 0..4 {
            let _data = peer.data();
            peer.says_only("RETR file");
            // A call that has not begun is left out.
            thread::sleep(Duration::from_millis(100));
            peer.says("ABOR", "450");
            peer.awaits("226");
        }
        let _data = peer.data();
        let reply = peer.says("RETR file", "450");
        assert!(reply.contains("Busy"), "{reply}");
        // A login anew does not make it forget.
        peer.says("REIN", "220");
        peer.says("USER me", "331");
        peer.says("PASS secret", "230");
        let reply = peer.says("DELE file", "450");
        assert!(reply.contains("Busy"), "{reply}");
        others_are_served(&site);
    }
}
