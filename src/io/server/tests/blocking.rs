//! Tests with a blocking host, whose calls run on other threads.

use ::std::future::Future;
use ::std::io;
use ::std::string::String;
use ::std::sync::{Arc, Mutex};
use ::std::{format, thread};

use super::{Rig, codes, entry};
use crate::io::host::{Access, Accounts, File, Filesystem, Opened, Refusal, VirtualPath, Visitor, Wishes};
use crate::io::net::lane::Lane;
use crate::io::net::runtime::Unblock;
use crate::io::server::offload::Offload;
use crate::listing::{Fields, Kind, OwnedEntry};

/// Runs each call on a thread of its own.
pub(super) enum Elsewhere {}

impl Unblock for Elsewhere {
    fn unblock_in<T: Send + 'static>(
        _: &Lane,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send {
        let caller = thread::current().id();
        let called = thread::spawn(move || (thread::current().id(), call()));
        async move {
            let (thread, result) = called.join().unwrap();
            assert_ne!(thread, caller);
            Some(result)
        }
    }
}

pub(super) type Content = Arc<Mutex<Vec<u8>>>;

/// A directory with this many files, followed by an error if `breaks` is set.
pub(super) struct Shelf {
    files: usize,
    breaks: bool,
    content: Content,
}

pub(super) struct ShelfFile(Content, usize);

impl File for ShelfFile {
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

    fn entries(&self, _: VirtualPath<'_>, _: Fields) -> Result<Self::Entries, Refusal> {
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

pub(super) struct Everybody(Arc<Shelf>);

impl Accounts for Everybody {
    type Filesystem = Shelf;

    fn login(&self, _: &Visitor, _: &[u8]) -> Result<Arc<Shelf>, Refusal> {
        Ok(Arc::clone(&self.0))
    }
}

pub(super) fn elsewhere(files: usize, breaks: bool) -> (Rig<Offload<Everybody, Elsewhere>>, Content) {
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
        [0, 1, 127, 128, 129, 256, 1000, 30_000].into_iter().flat_map(|files| [(files, false), (files, true)])
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
